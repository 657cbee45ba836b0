"""Settings: read once, at the edge, from the environment (`RESOUND_…`) and from the command line, then passed down.

| variable | meaning |
|---|---|
| `RESOUND_DATA` | folder of everything that is kept: store, index, evidence (default `resound-data`) |
| `RESOUND_STORE_URL` | SQLAlchemy URL of the store, where it is not the SQLite file in that folder |
| `RESOUND_STORE_URL_FILE` | the same, read from a file: it may hold a password |
| `RESOUND_ELASTICSEARCH` | URL of Elasticsearch (several parted by commas), or `cloud:` and a cloud id; unset: the embedded index |
| `RESOUND_ELASTICSEARCH_API_KEY` `…_USERNAME` `…_PASSWORD` | how to sign in there: a key, or name and password |
| `RESOUND_ELASTICSEARCH_API_KEY_FILE` `…_PASSWORD_FILE` | the same two, read from a file |
| `RESOUND_ELASTICSEARCH_CA_FILE` | certificate of the authority that signed the server's, where it is a private one |
| `RESOUND_ELASTICSEARCH_PREFIX` | what the names of its indexes begin with (default `resound`) |
| `RESOUND_ELASTICSEARCH_TIMEOUT` | seconds after which a search is given up (default 10) |
| `RESOUND_CONTACT` | e-mail or web address that the crawler names to the sites it reads |
| `RESOUND_ALLOW` | addresses outside the public internet that may be connected to, parted by commas |
| `RESOUND_PORTS` | ports that may be connected to, parted by commas (default 80,443) |
| `RESOUND_MAX_BYTES` `RESOUND_MAX_REDIRECTS` `RESOUND_DEADLINE` | bounds of one fetch: decompressed bytes, hops, seconds |
| `RESOUND_PROFILE` | which language models are used, where not the one that `resound models use` chose |
| `RESOUND_MODELS` | folder of the language models (default: `models` in the data folder) |
| `RESOUND_ENGINE` | auto (the fast engines where a model has them), fast, torch |
| `RESOUND_THREADS` | threads that a model may take (default 0: one for each core) |
| `RESOUND_MODEL_SECONDS` | how long a model may take over one article before it is left for later (default 300) |
| `RESOUND_ENRICH` | matched (translate, judge and tag what matches a campaign) or all (everything that is read) |
| `RESOUND_EXPIRE_UNMATCHED_DAYS` | `resound evidence expire` removes the records of unmatched articles this many days after they were fetched (default: never) |
| `RESOUND_PUBLIC_URL` | the address under which people reach the pages, for links in mail and behind a proxy (https://resound.example.org) |
| `RESOUND_HOSTS` | further host names that the pages answer to, parted by commas |
| `RESOUND_PROXIES` | addresses of proxies whose `X-Forwarded-…` headers are believed, parted by commas |
| `RESOUND_MAX_UPLOAD` | bytes that one uploaded file may have (default 50,000,000) |
| `RESOUND_OIDC_ISSUER` `RESOUND_OIDC_CLIENT_ID` | people sign in at this OpenID provider, too (docs/people.md) |
| `RESOUND_OIDC_CLIENT_SECRET` `…_CLIENT_SECRET_FILE` | what Resound proves itself with there; or a file that holds it |
| `RESOUND_OIDC_ALLOW` | e-mail addresses and domains, parted by commas, whose owners get an account by themselves (default: nobody) |
| `RESOUND_OIDC_ROLE` | the role of those accounts: none, reader, coder, editor, admin (default reader) |
| `RESOUND_SMTP_URL` | the mail server: smtp://name@host:587 (STARTTLS), smtps://name@host:465, smtp://host:25?starttls=no; unset: no mail |
| `RESOUND_SMTP_PASSWORD` `…_PASSWORD_FILE` | how to sign in there, where the address holds a name; or a file that holds it |
| `RESOUND_SMTP_CA_FILE` | certificate of the authority that signed its certificate, where it is a private one |
| `RESOUND_SMTP_TIMEOUT` | seconds after which an answer of it is given up (default 30) |
| `RESOUND_MAIL_FROM` | who mail is from: Resound <press@example.org> |
| `RESOUND_ALERTS_TO` | addresses, parted by commas, that are written to when something needs a person |
| `RESOUND_CRAWL_EVERY` `…PROCESS_EVERY` `…INDEX_EVERY` `…SEND_EVERY` `…DIGEST_EVERY` `…HEALTH_EVERY` | seconds between two runs of a job of `resound run` (default 600, 30, 30, 30, 60, 3600) |
| `RESOUND_CODER` | the name written beside decisions (default: the login name) |
| `RESOUND_LANGUAGE` | interface language: en, zh-Hant, vi (default: from the locale) |
| `RESOUND_TIMEZONE` | the zone in which pages and alert mails show moments: Asia/Taipei (default UTC); what is handed on keeps UTC |
"""

from __future__ import annotations

import difflib
import getpass
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, get_args
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import NoDecode, SettingsConfigDict

from resound import __version__
from resound.errors import DefinitionError
from resound.settings.reading import PREFIX, ExistingFile, read_secret, split_list
from resound.settings.running import RunningSettings
from resound.settings.searching import SearchSettings
from resound.zones import known_zones

UiLanguage = Literal["en", "zh-Hant", "vi"]
UI_LANGUAGES: tuple[UiLanguage, ...] = get_args(UiLanguage)
Port = Annotated[int, Field(ge=1, le=65535)]

# "press@example.org"; "https://example.org/bot"
_MAIL = re.compile(r"[^\s@<>()\"',;]+@[^\s@<>()\"',;]+\.[^\s@<>()\"',;.]+")
_WEB = re.compile(r"https?://[^\s/<>()\"',;]+[^\s<>()\"]*", re.IGNORECASE)
# "127.0.0.1:8123", "[::1]:8123", "*.example=127.0.0.1:8123", "news.example=[::1]:8123"
_ALLOW = re.compile(
    r"(?:(?:\*\.)?[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?=)?"
    r"(?P<address>\d{1,3}(?:\.\d{1,3}){3}|\[[0-9a-f:.]+\]):(?P<port>\d{1,5})",
    re.IGNORECASE,
)
# "https://resound.example.org", "http://10.0.0.5:8000/press"
_PUBLIC = re.compile(r"https?://[^\s/@?#]+(?:/[^\s?#]*)?", re.IGNORECASE)
# "cpc.example", "lin@cpc.example"
_MAIL_OR_DOMAIN = re.compile(r"(?:[^\s@,]+@)?[a-z0-9-]+(?:\.[a-z0-9-]+)+", re.IGNORECASE)


def _login_name() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):  # a container's user may have neither a name nor a home
        return f"user {os.getuid()}"


def locale_language(environment: Mapping[str, str]) -> UiLanguage:
    """The interface language that a locale (LC_ALL, LC_MESSAGES, LANG; the first that is set) asks for; else English."""
    name = next((value for key in ("LC_ALL", "LC_MESSAGES", "LANG") if (value := environment.get(key))), "")
    by_code: dict[str, UiLanguage] = {"zh": "zh-Hant", "vi": "vi"}
    return by_code.get(re.split(r"[_.@-]", name.lower(), maxsplit=1)[0], "en")


def is_safe_address(url: str) -> bool:
    """Whether nobody on the way can read or change what is sent to a web address: https, or on this machine."""
    try:
        parts = urlsplit(url)
        return bool(parts.hostname) and (
            parts.scheme == "https"
            or (parts.scheme == "http" and parts.hostname in ("localhost", "127.0.0.1", "::1"))
        )
    except ValueError:
        return False


class Settings(SearchSettings, RunningSettings):
    """One run's settings. Frozen; `load_settings` is the way to make one."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX,
        frozen=True,
        extra="forbid",
        hide_input_in_errors=True,
        env_ignore_empty=True,
        str_strip_whitespace=True,
    )

    data: Path = Path("resound-data")
    store_url: str | None = Field(default=None, repr=False, min_length=1)
    """May hold a password: never printed. `given_store_url` is what counts."""
    store_url_file: ExistingFile | None = None
    contact: str | None = None
    allow: Annotated[tuple[str, ...], NoDecode] = ()
    """`127.0.0.1:8123` (may be connected to) or `*.example=127.0.0.1:8123` (names of this pattern live there)."""
    ports: Annotated[tuple[Port, ...], NoDecode] = (80, 443)
    max_bytes: int = Field(default=10_000_000, ge=1_000, le=100_000_000)
    max_redirects: int = Field(default=5, ge=0, le=20)
    deadline: float = Field(default=60.0, gt=0, le=3600, allow_inf_nan=False)
    profile: str | None = Field(default=None, min_length=1, max_length=80)
    models: Path | None = None
    """As given; `model_folder` is where they lie."""
    engine: Literal["auto", "fast", "torch"] = "auto"
    threads: int = Field(default=0, ge=0, le=256)
    model_seconds: float = Field(default=300.0, gt=0, le=86_400, allow_inf_nan=False)
    enrich: Literal["matched", "all"] = "matched"
    expire_unmatched_days: int | None = Field(default=None, ge=1, le=36_500)
    public_url: str | None = None
    hosts: Annotated[tuple[str, ...], NoDecode] = ()
    proxies: Annotated[tuple[str, ...], NoDecode] = ()
    max_upload: int = Field(default=50_000_000, ge=1_000, le=2_000_000_000)
    oidc_issuer: str | None = None
    oidc_client_id: str | None = Field(default=None, min_length=1)
    oidc_client_secret: SecretStr | None = Field(default=None, repr=False)
    oidc_client_secret_file: ExistingFile | None = None
    oidc_allow: Annotated[tuple[str, ...], NoDecode] = ()
    oidc_role: Literal["none", "reader", "coder", "editor", "admin"] = "reader"
    coder: str = Field(default_factory=_login_name, min_length=1, max_length=200)
    language: UiLanguage = Field(default_factory=lambda: locale_language(os.environ))
    timezone: str = "UTC"

    @field_validator("data")
    @classmethod
    def _is_a_folder(cls, value: Path) -> Path:
        value = value.expanduser()
        if value.exists() and not value.is_dir():
            raise ValueError("it is a file; a folder is needed")
        return value

    @field_validator("contact")
    @classmethod
    def _can_be_written_to(cls, value: str | None) -> str | None:
        if not value:
            return None
        if not (_MAIL.fullmatch(value) or _WEB.fullmatch(value)):
            raise ValueError(
                "write an e-mail address (press@example.org) or a web address (https://example.org)"
            )
        return value

    @field_validator("timezone")
    @classmethod
    def _is_a_zone(cls, value: str) -> str:
        if value not in known_zones():
            raise ValueError("there is no such time zone; write one by its name, such as Asia/Taipei")
        return value

    @field_validator("public_url")
    @classmethod
    def _can_be_opened(cls, value: str | None) -> str | None:
        if value is None:
            return None
        if not _PUBLIC.fullmatch(value):
            raise ValueError("write an address that people can open, such as https://resound.example.org")
        return value.rstrip("/")

    @field_validator("oidc_issuer")
    @classmethod
    def _is_a_provider(cls, value: str | None) -> str | None:
        if value is not None and not is_safe_address(value):
            raise ValueError("write the provider's address as it calls itself, with https://")
        return value

    @field_validator("oidc_allow")
    @classmethod
    def _are_people(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for entry in value:
            if not _MAIL_OR_DOMAIN.fullmatch(entry):
                raise ValueError(f"{entry!r} is neither an e-mail address nor a domain of them")
        return tuple(entry.lower() for entry in value)

    @field_validator("allow", "ports", "hosts", "proxies", "oidc_allow", mode="before")
    @classmethod
    def _by_commas(cls, value: Any) -> Any:
        return split_list(value) if isinstance(value, str) else value

    @field_validator("allow")
    @classmethod
    def _are_addresses(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for entry in value:
            found = _ALLOW.fullmatch(entry)
            if found is None or not 1 <= int(found["port"]) <= 65535:
                raise ValueError(
                    f"{entry!r} is neither address:port (127.0.0.1:8123) "
                    "nor name=address:port (*.example=127.0.0.1:8123)"
                )
        return value

    @field_validator("ports")
    @classmethod
    def _has_ports(cls, value: tuple[int, ...]) -> tuple[int, ...]:
        if not value:
            raise ValueError("name at least one port")
        return tuple(dict.fromkeys(value))

    @model_validator(mode="after")
    def _has_one_store(self) -> Settings:
        if self.store_url is not None and self.store_url_file is not None:
            raise ValueError(f"set {PREFIX}STORE_URL or {PREFIX}STORE_URL_FILE, not both")
        return self

    @model_validator(mode="after")
    def _knows_its_provider(self) -> Settings:
        secrets = [self.oidc_client_secret, self.oidc_client_secret_file]
        if secrets.count(None) == 0:
            raise ValueError(f"set {PREFIX}OIDC_CLIENT_SECRET or {PREFIX}OIDC_CLIENT_SECRET_FILE, not both")
        given = [self.oidc_issuer is not None, self.oidc_client_id is not None, secrets.count(None) == 1]
        if any(given) and not all(given):
            raise ValueError(
                f"{PREFIX}OIDC_ISSUER, {PREFIX}OIDC_CLIENT_ID and {PREFIX}OIDC_CLIENT_SECRET (or its file) belong together"
            )
        return self

    @property
    def oidc_secret(self) -> str:
        """What Resound proves itself with at the OpenID provider. Not to be printed.

        Raises:
            DefinitionError: the file cannot be read, or is empty.
        """
        if self.oidc_client_secret_file is not None:
            return read_secret("OIDC_CLIENT_SECRET", self.oidc_client_secret_file)
        return self.oidc_client_secret.get_secret_value() if self.oidc_client_secret is not None else ""

    @property
    def user_agent(self) -> str:
        """What the crawler calls itself: `Resound/0.1.0 (+press@example.org)`.

        Raises:
            DefinitionError: there is no contact; nobody's site is read by an anonymous robot.
        """
        if self.contact is None:
            raise DefinitionError(
                f"The sites that are read must be able to reach you: set {PREFIX}CONTACT to an e-mail or web address, "
                f"for example `export {PREFIX}CONTACT=press@example.org`. It is sent with every request."
            )
        return f"Resound/{__version__} (+{self.contact})"

    @property
    def given_store_url(self) -> str | None:
        """The store's URL where one is set, from the environment or from its file. May hold a password.

        Raises:
            DefinitionError: the file cannot be read, or is empty.
        """
        if self.store_url_file is not None:
            return read_secret("STORE_URL", self.store_url_file)
        return self.store_url

    @property
    def store_address(self) -> str:
        """The SQLAlchemy URL of the store. May hold a password. Raises as `given_store_url` does."""
        given = self.given_store_url
        if given is not None:
            return given
        from sqlalchemy import URL  # late: only what opens the store should wait for it

        return URL.create("sqlite", database=str(self.data / "resound.sqlite")).render_as_string()

    @property
    def stronger_than_data(self) -> tuple[str, ...]:
        """The variables that are set and name a store or an index which is not in the data folder, whatever that is."""
        names = ("store_url", "store_url_file", "elasticsearch")
        return tuple(f"{PREFIX}{name.upper()}" for name in names if getattr(self, name) is not None)

    @property
    def index(self) -> Path:
        """The search index: derived, may be deleted at any time."""
        return self.data / "index.sqlite"

    @property
    def model_folder(self) -> Path:
        """Where language models lie."""
        return self.models.expanduser() if self.models is not None else self.data / "models"

    @property
    def uploads(self) -> Path:
        """Tables of clips that wait for a person's word; may be deleted at any time."""
        return self.data / "uploads"

    @property
    def evidence(self) -> Path:
        """The folder of the WARC files."""
        return self.data / "evidence"

    @property
    def attachments(self) -> Path:
        """The folder of files that came with imported clips: scans, recordings."""
        return self.evidence / "clips"


def load_settings(**overrides: Any) -> Settings:
    """Settings from the environment; `overrides` (from command-line options) win, and None means not given.

    Raises:
        DefinitionError: a value cannot be used, or a variable is misspelt. The sentence names it.
    """
    _refuse_misspelt(os.environ)
    given = {name: value for name, value in overrides.items() if value is not None}
    try:
        return Settings(**given)
    except ValidationError as err:
        raise DefinitionError(_explain(err, given)) from err


def _refuse_misspelt(environment: Mapping[str, str]) -> None:
    """A misspelt variable would be ignored in silence; what resembles no setting, and what tests are told, is another's."""
    known = [f"{PREFIX}{name.upper()}" for name in Settings.model_fields]
    for name in environment:
        if name.startswith(PREFIX) and not name.startswith(f"{PREFIX}TEST_") and name.upper() not in known:
            near = difflib.get_close_matches(name.upper(), known, n=1, cutoff=0.85)
            if near:
                raise DefinitionError(f"{name} is not a setting; did you mean {near[0]}?")


def _explain(error: ValidationError, given: Mapping[str, Any]) -> str:
    first = error.errors(include_url=False, include_context=False)[0]
    field = str(first["loc"][0]).lower() if first["loc"] else "settings"
    field = field.removeprefix(PREFIX.lower())
    name = f"{field} (as given)" if field in given else f"{PREFIX}{field.upper()}"
    value = given.get(field, os.environ.get(f"{PREFIX}{field.upper()}", ""))
    said = first["msg"].removeprefix("Value error, ")
    if not first["loc"]:
        return f"{said[0].upper()}{said[1:]}."
    known = Settings.model_fields.get(field)
    is_secret = known is not None and not known.repr
    shown = "" if is_secret else f" is {str(value)[:200]!r}"
    return f"{name}{shown}: {said}."
