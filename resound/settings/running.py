"""The settings of what runs by itself: mail, and how often each job of `resound run` is done. Part of `Settings`."""

from __future__ import annotations

from email.utils import parseaddr
from typing import Annotated, Any, Self
from urllib.parse import unquote, urlsplit

from pydantic import Field, SecretStr, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode

from resound.errors import DefinitionError
from resound.sending.addresses import read_address
from resound.settings.reading import PREFIX, ExistingFile, read_secret, split_list

Seconds = Annotated[float, Field(ge=1, le=604_800, allow_inf_nan=False)]


class RunningSettings(BaseSettings):
    """`resound.settings` explains each."""

    smtp_url: str | None = Field(default=None, repr=False, min_length=1)
    """May be mistyped with a password in it: never printed. `resound.sending.mail.mail_server` reads it."""
    smtp_password: SecretStr | None = Field(default=None, repr=False)
    smtp_password_file: ExistingFile | None = None
    smtp_ca_file: ExistingFile | None = None
    smtp_timeout: float = Field(default=30.0, gt=0, le=600, allow_inf_nan=False)
    mail_from: str | None = None
    alerts_to: Annotated[tuple[str, ...], NoDecode] = ()
    crawl_every: Seconds = 600.0
    process_every: Seconds = 30.0
    index_every: Seconds = 30.0
    send_every: Seconds = 30.0
    digest_every: Seconds = 60.0
    health_every: Seconds = 3600.0

    @field_validator("smtp_url")
    @classmethod
    def _leads_to_a_mail_server(cls, value: str | None) -> str | None:
        if value is None:
            return None
        try:
            parts = urlsplit(value)
            has_host, password, _ = bool(parts.hostname), parts.password, parts.port
        except ValueError as err:
            raise ValueError("its host or port cannot be read") from err
        if parts.scheme not in ("smtp", "smtps") or not has_host or parts.path.strip("/") or parts.fragment:
            raise ValueError(
                "write smtp://name@host:587 (STARTTLS), smtps://name@host:465 (TLS from the start), or "
                "smtp://host:25?starttls=no (no TLS; on this machine only, where a name is given)"
            )
        if password is not None:
            raise ValueError(
                "leave the password out of the address: RESOUND_SMTP_PASSWORD or RESOUND_SMTP_PASSWORD_FILE holds it"
            )
        if parts.query not in ("", "starttls=yes", "starttls=no") or (
            parts.query and parts.scheme == "smtps"
        ):
            raise ValueError("behind the ? only starttls=no is known, and only for smtp://")
        if parts.query == "starttls=no" and parts.username and not is_loopback(parts.hostname or ""):
            raise ValueError("a password is never sent without TLS: leave out starttls=no, or the name")
        return value

    @field_validator("mail_from")
    @classmethod
    def _can_be_answered(cls, value: str | None) -> str | None:
        if value is not None:
            read_address(parseaddr(value)[1] if "<" in value else value)
            if any(ord(char) < 32 for char in value):
                raise ValueError("write one line")
        return value

    @field_validator("alerts_to", mode="before")
    @classmethod
    def _parted_by_commas(cls, value: Any) -> Any:
        return split_list(value) if isinstance(value, str) else value

    @field_validator("alerts_to")
    @classmethod
    def _are_mail_addresses(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(dict.fromkeys(read_address(one) for one in value))

    @model_validator(mode="after")
    def _has_one_mail_password(self) -> Self:
        if self.smtp_password is not None and self.smtp_password_file is not None:
            raise ValueError("set RESOUND_SMTP_PASSWORD or RESOUND_SMTP_PASSWORD_FILE, not both")
        return self

    @property
    def smtp_user(self) -> str | None:
        """The name to sign in with at the mail server; None where none stands in its address."""
        name = urlsplit(self.smtp_url or "").username
        return unquote(name) if name else None

    @property
    def smtp_secret(self) -> str | None:
        """The password at the mail server; None where no name signs in there. Not to be printed.

        Raises:
            DefinitionError: there is a name and no password, or the file cannot be read or is empty.
        """
        if self.smtp_user is None:
            return None
        if self.smtp_password is not None:
            return self.smtp_password.get_secret_value()
        if self.smtp_password_file is not None:
            return read_secret("SMTP_PASSWORD", self.smtp_password_file)
        raise DefinitionError(
            f"{PREFIX}SMTP_URL names who signs in at the mail server: set {PREFIX}SMTP_PASSWORD or "
            f"{PREFIX}SMTP_PASSWORD_FILE as well."
        )


def is_loopback(host: str) -> bool:
    """Whether a host is this machine."""
    return host.lower() in ("localhost", "127.0.0.1", "::1")
