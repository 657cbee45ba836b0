"""A small OpenID provider: discovery, authorization code with PKCE, signed ID tokens, userinfo. It checks what it is sent.

What it says can be changed, so that a test can have it lie.
"""

from __future__ import annotations

import hashlib
import secrets
from base64 import b64decode, urlsafe_b64encode
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import unquote, urlencode

from fastapi import FastAPI, Request
from joserfc import jwt
from joserfc.jwk import OctKey, RSAKey
from starlette.responses import JSONResponse, RedirectResponse, Response

CLIENT, SECRET = "resound", "the client's secret"


@dataclass
class OpenIdProvider:
    """Whoever comes is `person`; `alter` changes the claims of an ID token before it is signed."""

    now: datetime
    issuer: str = ""
    person: dict[str, Any] = field(default_factory=dict)
    alter: Callable[[dict[str, Any]], dict[str, Any]] = dict
    userinfo: dict[str, Any] = field(default_factory=dict)
    signed_by: Any = None
    algorithm: str = "RS256"
    metadata: dict[str, Any] = field(default_factory=dict)
    denies: bool = False
    key: RSAKey = field(default_factory=lambda: RSAKey.generate_key(2048, {"kid": "one", "use": "sig"}))
    _begun: dict[str, dict[str, str]] = field(default_factory=dict)
    asked: list[dict[str, str]] = field(default_factory=list)

    def app(self) -> FastAPI:
        made = FastAPI()
        made.get("/.well-known/openid-configuration")(self._discover)
        made.get("/authorize")(self._authorize)
        made.post("/token")(self._token)
        made.get("/keys")(lambda: JSONResponse({"keys": [self.key.as_dict(private=False)]}))
        made.get("/userinfo")(self._userinfo)
        return made

    def _discover(self) -> Response:
        known = {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token",
            "jwks_uri": f"{self.issuer}/keys",
            "userinfo_endpoint": f"{self.issuer}/userinfo",
            "id_token_signing_alg_values_supported": ["RS256", "HS256", "none"],
        }
        return JSONResponse({**known, **self.metadata})

    def _authorize(self, request: Request) -> Response:
        asked = dict(request.query_params)
        self.asked.append(asked)
        assert asked["client_id"] == CLIENT
        assert asked["response_type"] == "code"
        assert "openid" in asked["scope"].split()
        assert asked["code_challenge_method"] == "S256"
        code = secrets.token_urlsafe(16)
        self._begun[code] = asked
        said = {"error": "access_denied"} if self.denies else {"code": code}
        return RedirectResponse(
            f"{asked['redirect_uri']}?{urlencode({**said, 'state': asked['state']})}", 303
        )

    async def _token(self, request: Request) -> Response:
        form = await request.form()
        name, _, password = (
            b64decode(request.headers["authorization"].partition(" ")[2]).decode().partition(":")
        )
        begun = self._begun.pop(str(form["code"]), None)
        verifier = hashlib.sha256(str(form["code_verifier"]).encode()).digest()
        challenge = urlsafe_b64encode(verifier).decode().rstrip("=")
        if (
            (unquote(name), unquote(password)) != (CLIENT, SECRET)
            or begun is None
            or begun["redirect_uri"] != form["redirect_uri"]
            or begun["code_challenge"] != challenge
        ):
            return JSONResponse({"error": "invalid_grant"}, 400)
        at = int(self.now.timestamp())
        claims = {"iss": self.issuer, "aud": CLIENT, "iat": at, "exp": at + 300, "nonce": begun["nonce"]}
        signed = self.alter({**claims, **self.person})
        token = jwt.encode(
            {"alg": self.algorithm, "kid": "one"},
            signed,
            self.signed_by or self.key,
            algorithms=[self.algorithm],
        )
        return JSONResponse(
            {"access_token": "at", "token_type": "Bearer", "expires_in": 60, "id_token": token}
        )

    def _userinfo(self, request: Request) -> Response:
        assert request.headers["authorization"] == "Bearer at"
        return JSONResponse(self.userinfo)


def shared_secret_key() -> OctKey:
    """What somebody who knows the client's secret could sign with."""
    return OctKey.import_key(SECRET)
