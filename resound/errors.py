"""One error tree. People read the sentence; logs get the cause (`raise … from err`)."""


class ResoundError(Exception):
    """Something that a person can act on. `str(error)` is a whole, helpful sentence."""


class DefinitionError(ResoundError):
    """A source, campaign or settings file is wrong. The sentence names file, line and field."""


class ConflictError(ResoundError):
    """A file differs from a version that was edited elsewhere; nothing was applied."""


class QuerySyntaxError(ResoundError):
    """A query cannot be read. `position` counts characters from 0; `expected` says what would fit there."""

    def __init__(self, message: str, *, query: str, position: int, expected: str = "") -> None:
        super().__init__(message)
        self.query = query
        self.position = position
        self.expected = expected


class StoreError(ResoundError):
    """The store cannot be opened or used."""


class SchemaTooNewError(StoreError):
    """The database was written by a newer Resound; it is refused, never changed."""


class NotFoundError(ResoundError):
    """No such article, campaign, source or decision."""


class FetchError(ResoundError):
    """A fetch did not bring a page. `reason` is one of `FETCH_REASONS`, stable for counting."""

    def __init__(self, message: str, *, reason: str) -> None:
        super().__init__(message)
        self.reason = reason


class ForbiddenAddressError(FetchError):
    """The address that would be connected to is loopback, private, reserved or otherwise not the public internet."""

    def __init__(self, message: str) -> None:
        super().__init__(message, reason="forbidden-address")


class EvidenceError(ResoundError):
    """A WARC record is missing, torn, or does not hash to what the store says."""


class ExtractError(ResoundError):
    """A page cannot be read as an article. `reason` is a short stable code for counting."""

    def __init__(self, message: str, *, reason: str) -> None:
        super().__init__(message)
        self.reason = reason
