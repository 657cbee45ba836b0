"""The settings of Elasticsearch: where it is and how to sign in there. Part of `Settings`."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Literal, Self

from pydantic import Field, SecretStr, field_validator, model_validator
from pydantic_settings import BaseSettings

from resound.settings.reading import PREFIX, ExistingFile, read_secret, split_list

# "cloud:my-deployment:dXMtZWFzdC0x…" (what the cloud's console shows behind a name)
_CLOUD = re.compile(r"cloud:\s*([^\s,]+)", re.IGNORECASE)
# "https://search.example:9200", "http://[::1]:9200/path"; with `user:password@` in front of the host it is refused
_NODE = re.compile(r"https?://(?:(?P<user>[^/\s]*)@)?[^\s/@,?#]+(?:/[^\s,?#]*)?", re.IGNORECASE)
_INDEX_PREFIX = re.compile(r"[a-z0-9][a-z0-9_-]{0,59}")


class SearchSettings(BaseSettings):
    """`resound.settings` explains each."""

    elasticsearch: str | None = Field(default=None, repr=False, min_length=1)
    """May be mistyped with a password in it: never printed. `elasticsearch_urls` and `elasticsearch_cloud` read it."""
    elasticsearch_api_key: SecretStr | None = Field(default=None, repr=False)
    elasticsearch_api_key_file: ExistingFile | None = None
    elasticsearch_username: str | None = Field(default=None, min_length=1)
    elasticsearch_password: SecretStr | None = Field(default=None, repr=False)
    elasticsearch_password_file: ExistingFile | None = None
    elasticsearch_ca_file: ExistingFile | None = None
    elasticsearch_prefix: str = "resound"
    elasticsearch_timeout: float = Field(default=10.0, gt=0, le=600, allow_inf_nan=False)

    @field_validator("elasticsearch")
    @classmethod
    def _leads_to_elasticsearch(cls, value: str | None) -> str | None:
        if value is None or _CLOUD.fullmatch(value):
            return value
        for part in split_list(value):
            found = _NODE.fullmatch(part)
            if found is None:
                raise ValueError(
                    "write http://host:9200 or https://host:9200 (several parted by commas), or cloud:ID"
                )
            if found["user"] is not None:
                raise ValueError(
                    "leave name and password out of the address: they have settings of their own "
                    f"({PREFIX}ELASTICSEARCH_USERNAME, {PREFIX}ELASTICSEARCH_PASSWORD)"
                )
        return value

    @field_validator("elasticsearch_prefix")
    @classmethod
    def _names_an_index(cls, value: str) -> str:
        if not _INDEX_PREFIX.fullmatch(value):
            raise ValueError(
                "small letters, digits, - and _ only, a letter or digit first, at most 60 of them"
            )
        return value

    @model_validator(mode="after")
    def _signs_in_one_way(self) -> Self:
        for name in ("API_KEY", "PASSWORD"):
            field = f"elasticsearch_{name.lower()}"
            if getattr(self, field) is not None and getattr(self, f"{field}_file") is not None:
                raise ValueError(
                    f"set {PREFIX}ELASTICSEARCH_{name} or {PREFIX}ELASTICSEARCH_{name}_FILE, not both"
                )
        has_key = self.elasticsearch_api_key is not None or self.elasticsearch_api_key_file is not None
        has_password = self.elasticsearch_password is not None or self.elasticsearch_password_file is not None
        if has_key and (has_password or self.elasticsearch_username is not None):
            raise ValueError(
                f"sign in at {PREFIX}ELASTICSEARCH with a key, or with name and password, not both"
            )
        if has_password != (self.elasticsearch_username is not None):
            raise ValueError(f"{PREFIX}ELASTICSEARCH_USERNAME and its password belong together")
        return self

    @property
    def elasticsearch_urls(self) -> tuple[str, ...]:
        """The nodes' addresses; none where it is a cloud id or not set."""
        if self.elasticsearch is None or self.elasticsearch_cloud is not None:
            return ()
        return split_list(self.elasticsearch)

    @property
    def elasticsearch_cloud(self) -> str | None:
        """The cloud id, where it is one."""
        found = _CLOUD.fullmatch(self.elasticsearch or "")
        return found[1] if found is not None else None

    def elasticsearch_secret(self, name: Literal["api_key", "password"]) -> str | None:
        """A secret as it is, from the environment or from its file. Not to be printed.

        Raises:
            DefinitionError: the file cannot be read, or is empty.
        """
        given: SecretStr | None = getattr(self, f"elasticsearch_{name}")
        if given is not None:
            return given.get_secret_value()
        path: Path | None = getattr(self, f"elasticsearch_{name}_file")
        if path is None:
            return None
        return read_secret(f"ELASTICSEARCH_{name.upper()}", path)
