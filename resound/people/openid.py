"""Signing in elsewhere: OpenID Connect, authorization code flow with PKCE (OpenID Connect Core 1.0, RFC 7636).

Nothing is kept here between the two halves of a sign-in: state, nonce and code verifier are derived from a random token
in the visitor's own cookie, so that an answer fits only the browser that asked.
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from resound.errors import ResoundError, SignInError
from resound.people.roles import read_login, read_name
from resound.people.tokens import derive, is_same
from resound.settings import is_safe_address
from resound.texts import N_

if TYPE_CHECKING:
    from authlib.integrations.requests_client import OAuth2Session

log = logging.getLogger(__name__)
SECONDS = 10.0
"""How long one answer of the provider is waited for."""
_CLOCKS_DIFFER = 120
# None of the signatures that anybody can make who knows the client's secret, and never `none`.
_SIGNATURES = ("RS256", "PS256", "ES256", "RS384", "PS384", "ES384", "RS512", "PS512", "ES512", "EdDSA")
_ENDPOINTS = ("authorization_endpoint", "token_endpoint", "jwks_uri", "userinfo_endpoint")
NO_ANSWER = N_(
    "The place where you sign in does not answer as it should. Try again, or sign in with a password."
)
NOT_DONE = N_("You were not signed in there. Try again.")


@dataclass(frozen=True, slots=True)
class Claims:
    """What a provider vouches for. `email` only where it says that the address was verified."""

    subject: str
    """The issuer and its own name for the person; it never changes and is never given to another."""
    email: str | None
    name: str


@dataclass(frozen=True, slots=True)
class Provider:
    """One OpenID provider, as the settings name it."""

    issuer: str
    client_id: str
    secret: str = field(repr=False)

    def begin(self, token: str, back: str) -> str:
        """Where to send the visitor, whose cookie holds `token`; they come back to `back`.

        Raises:
            SignInError: the provider does not answer as it should.
        """
        with _one_sentence(), self._client(back) as client:
            address, _ = client.create_authorization_url(
                self._metadata(client)["authorization_endpoint"],
                state=derive(token, "state"),
                nonce=derive(token, "nonce"),
                code_verifier=derive(token, "verifier"),
            )
        return str(address)

    def finish(self, token: str, *, code: str, state: str, back: str, now: datetime) -> Claims:
        """Who it is that came back with a code.

        Raises:
            SignInError: it is not the browser that began, or the provider's word does not hold.
        """
        if not is_same(state, derive(token, "state")):
            raise SignInError(NOT_DONE)
        with _one_sentence(), self._client(back) as client:
            metadata = self._metadata(client)
            found = client.fetch_token(
                metadata["token_endpoint"],
                code=code,
                code_verifier=derive(token, "verifier"),
                allow_redirects=False,
                timeout=SECONDS,
            )
            keys = _fetch(client, metadata["jwks_uri"])
            claims = self._check(found, keys, nonce=derive(token, "nonce"), now=now)
            if "email" not in claims and "userinfo_endpoint" in metadata:
                more = _fetch(client, metadata["userinfo_endpoint"], is_ours=True)
                if (
                    more.get("sub") == claims["sub"]
                ):  # OpenID Connect Core 5.3.2: another one's must not be used
                    claims = {**more, **claims}
        return _read_claims(self.issuer, claims)

    def _client(self, back: str) -> OAuth2Session:
        from authlib.integrations.requests_client import OAuth2Session

        return OAuth2Session(
            self.client_id,
            self.secret,
            scope="openid email profile",
            redirect_uri=back,
            code_challenge_method="S256",
            leeway=0,  # some access tokens live for a minute only; it is used at once
        )

    def _metadata(self, client: OAuth2Session) -> Mapping[str, Any]:
        found = _fetch(client, f"{self.issuer.rstrip('/')}/.well-known/openid-configuration")
        if found.get("issuer") != self.issuer:  # OpenID Connect Discovery 4.3
            raise ValueError("the provider calls itself otherwise")
        unsafe = [name for name in _ENDPOINTS if name in found and not is_safe_address(str(found[name]))]
        if unsafe:
            raise ValueError(f"these are no addresses of https: {', '.join(unsafe)}")
        return found

    def _check(
        self, found: Mapping[str, Any], keys: Mapping[str, Any], *, nonce: str, now: datetime
    ) -> dict[str, Any]:
        """The claims of an ID token whose signature, issuer, audience, nonce and time are right."""
        from authlib.oidc.core import CodeIDToken
        from joserfc import jwt
        from joserfc.jwk import KeySet
        from joserfc.jws import JWSRegistry

        read = jwt.decode(
            found["id_token"],
            KeySet.import_key_set(keys),  # type: ignore[arg-type]
            registry=JWSRegistry(algorithms=list(_SIGNATURES), strict_check_header=False),
        )
        claims = CodeIDToken(
            read.claims,
            read.header,
            {
                "iss": {"essential": True, "value": self.issuer},
                "aud": {"essential": True, "value": self.client_id},
            },
            {"nonce": nonce, "client_id": self.client_id, "access_token": found.get("access_token")},
        )
        claims.validate(now=int(now.timestamp()), leeway=_CLOCKS_DIFFER)
        return dict(claims)


def is_allowed(email: str, allow: Collection[str]) -> bool:
    """Whether an address is among the allowed ones, by itself or by its domain (a subdomain is another domain)."""
    return email in allow or email.rpartition("@")[2] in allow


def _read_claims(issuer: str, claims: Mapping[str, Any]) -> Claims:
    email = None
    if claims.get("email_verified") in (True, "true") and "@" in str(claims.get("email", "")):
        try:
            email = read_login(str(claims["email"]))
        except ResoundError:
            email = None  # an address that can be nobody's login here
    names = (claims.get("name"), claims.get("preferred_username"), email, "?")
    return Claims(f"{issuer} {claims['sub']}", email, _first_name(names))


def _first_name(names: Collection[Any]) -> str:
    for name in names:
        try:
            return read_name(str(name or ""))
        except ResoundError:
            continue
    return "?"


def _fetch(client: OAuth2Session, address: str, *, is_ours: bool = False) -> dict[str, Any]:
    """A JSON object of the provider. `is_ours`: with the access token, as the person who signed in."""
    answer = client.request(
        "GET", address, withhold_token=not is_ours, timeout=SECONDS, allow_redirects=False
    )
    answer.raise_for_status()
    found = answer.json()
    if not isinstance(found, dict):
        raise TypeError("no JSON object")
    return found


@contextmanager
def _one_sentence() -> Iterator[None]:
    """Whatever a provider does wrong becomes one sentence; the log has the cause."""
    from authlib.common.errors import AuthlibBaseError
    from joserfc.errors import JoseError
    from requests import RequestException

    try:
        yield
    except (AuthlibBaseError, JoseError, RequestException, ValueError, KeyError, TypeError) as err:
        log.warning("signing in elsewhere failed: %s", err)
        raise SignInError(NO_ANSWER) from err
