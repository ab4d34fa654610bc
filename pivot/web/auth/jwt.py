"""Tokens checked here, with the cluster's key and documents: nothing else need be up.

Source: kz_auth_jwt.erl, kz_auth_identity.erl, cb_simple_authz.erl; storage_and_api 4 tells the order.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key, load_pem_public_key

from pivot.debug.names import account_database
from pivot.errors import ConfigError, StoreError
from pivot.model.json import JsonObject
from pivot.web.auth.credentials import Credentials, Kind
from pivot.web.auth.ports import DocumentReader
from pivot.web.auth.restrictions import restrictions_allow
from pivot.web.errors import (
    ApiError,
    dead_credentials,
    forbidden,
    judge_unreachable,
    no_credentials,
    unknown_account,
)
from pivot.web.time_range import gregorian

ALGORITHMS = ("RS256", "RS384", "RS512")
YEAR_9999_S = 253_402_300_799
MAX_ID_CHARS = 256


class JwtAuthenticator:
    """Signature, expiry, identity signature; then the account tree.

    Args:
        reader: the databases `accounts`, `system_auth`, `system_config` and the accounts' own.
        public_key_file: PEM of the key that tokens are signed with; empty: the cluster's, which is derived
            from the private key in `system_auth`.
    """

    def __init__(
        self, reader: DocumentReader, *, public_key_file: str = "", clock: Callable[[], float] = time.time
    ) -> None:
        self._reader = reader
        self._clock = clock
        self._keys: dict[str, RSAPublicKey] = {}
        self._fixed_key = _key_from_file(public_key_file) if public_key_file else None

    async def authorize(self, credentials: Credentials, account_id: str) -> None:
        """Check account, token, account tree and restrictions; raise ApiError on refusal."""
        try:
            account = await self._reader.document("accounts", account_id)
            if account is None or account.get("pvt_deleted") is True:
                raise unknown_account(account_id)
            claims = await self._claims(await self._token(credentials))
            caller = await self._caller(claims, credentials)
            await self._authorise(caller, claims, account_id, account)
        except StoreError as error:
            raise judge_unreachable() from error

    async def close(self) -> None:
        """Close the connections to CouchDB."""
        await self._reader.close()

    async def _token(self, credentials: Credentials) -> str:
        """The JWT; a bearer that is none names the document that holds it."""
        if credentials.kind is Kind.BEARER and credentials.text.count(".") != 2:
            if not _is_document_id(credentials.text):
                raise dead_credentials()
            holder = await self._reader.document("system_auth", credentials.text)
            token = (holder or {}).get("Token")
            if not isinstance(token, str):
                raise dead_credentials()
            return token
        if credentials.kind not in (Kind.TOKEN, Kind.BEARER):
            raise no_credentials()
        return credentials.text

    async def _claims(self, token: str) -> Mapping[str, Any]:
        try:
            header = jwt.get_unverified_header(token)
            if header.get("alg") not in ALGORITHMS:
                raise no_credentials()
            key = await self._key(header.get("kid"))
            claims = jwt.decode(
                token,
                key,
                algorithms=list(ALGORITHMS),
                issuer="kazoo",
                options={
                    "require": ["iss", "exp"],
                    "verify_exp": False,  # by our own clock, below
                    "verify_nbf": False,
                    "verify_aud": False,
                    "verify_iat": False,
                    "verify_sub": False,
                    "verify_jti": False,
                },
            )
        except jwt.PyJWTError as error:
            raise no_credentials() from error
        except (ValueError, OverflowError, RecursionError, TypeError) as error:
            raise no_credentials() from error  # what strangers put into a token need not even be JSON
        self._check_times(claims)
        await self._check_identity(claims)
        return claims

    def _check_times(self, claims: Mapping[str, Any]) -> None:
        """`exp`, and `nbf` and `iat` where they are there: plain numbers that a date can have.

        JSON readers take `NaN` and `1e400`, and no comparison with those ever says that a token is too old.
        """
        times = {name: claims[name] for name in ("exp", "nbf", "iat") if name in claims}
        if not all(_is_time(value) for value in times.values()):
            raise no_credentials()
        now_s = self._clock()
        if times["exp"] <= now_s:
            raise dead_credentials()
        if times.get("nbf", now_s) > now_s:
            raise no_credentials()

    async def _key(self, kid: object) -> RSAPublicKey:
        if self._fixed_key is not None:
            return self._fixed_key
        if not isinstance(kid, str) or not kid:
            raise no_credentials()
        if not _is_document_id(kid):
            raise dead_credentials()
        if kid not in self._keys:
            pem = await self._reader.attachment("system_auth", kid, "private_key.pem")
            if pem is None:
                raise dead_credentials()
            self._keys[kid] = _public_key(pem)
        return self._keys[kid]

    async def _check_identity(self, claims: Mapping[str, Any]) -> None:
        """The identity's own secret signs its tokens: changing it revokes them. No signature, no check."""
        signature = claims.get("identity_sig")
        if signature is None:
            return
        account_id = str(claims.get("account_id", ""))
        identity = str(claims.get("device_id") or claims.get("owner_id") or account_id)
        document = await self._reader.document(account_database(account_id), identity) or {}
        config = await self._reader.document("system_config", "auth") or {}
        secret = document.get("pvt_signature_secret")
        shared = _member(config, "default", "secret_for_user_signature")
        if not isinstance(secret, str) or not isinstance(shared, str):
            raise dead_credentials()
        wanted = hmac.new((secret + shared).encode(), identity.encode(), hashlib.sha256).digest()
        text = base64.urlsafe_b64encode(wanted).rstrip(b"=")
        if not hmac.compare_digest(text, str(signature).encode().rstrip(b"=")):
            raise no_credentials()

    async def _caller(self, claims: Mapping[str, Any], credentials: Credentials) -> JsonObject:
        """The account that the token acts for, as its document in `accounts`."""
        own_id = claims.get("account_id")
        if not isinstance(own_id, str) or credentials.account_id not in (None, own_id):
            raise no_credentials()
        own = await self._reader.document("accounts", own_id)
        if own is None or own.get("pvt_deleted") is True:
            raise dead_credentials()
        self._check_trial(own)
        acting_id = _member(claims, "as", "account_id")
        if acting_id is None:
            return {**own, "_id": own_id}
        acting = await self._reader.document("accounts", acting_id) if isinstance(acting_id, str) else None
        if acting is None or own_id not in _tree(acting):
            raise forbidden()
        return {**acting, "_id": acting_id}

    def _check_trial(self, account: JsonObject) -> None:
        expires = account.get("pvt_trial_expires")
        if isinstance(expires, int) and expires <= gregorian(self._clock()):
            cause: JsonObject = {"message": "account expired", "cause": expires}
            raise ApiError(400, "validation error", {"account": {"expired": cause}})

    async def _authorise(
        self, caller: JsonObject, claims: Mapping[str, Any], account_id: str, account: JsonObject
    ) -> None:
        if caller.get("pvt_superduper_admin") is True:
            return
        caller_id = str(caller["_id"])
        if caller_id != account_id and caller_id not in _tree(account):
            raise forbidden()
        if not await restrictions_allow(self._reader, claims, caller_id, account_id):
            data = {"cause": "access denied by token restrictions", "message": "forbidden"}
            raise ApiError(403, "forbidden", data)


def _is_time(value: object) -> bool:
    """A number of seconds up to the year 9999; NaN and infinities are out of every range."""
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= YEAR_9999_S


def _is_document_id(text: str) -> bool:
    """No view, no list of all documents and no step up a path: only what names one document."""
    return 0 < len(text) <= MAX_ID_CHARS and not text.startswith(("_", "."))


def _tree(account: JsonObject) -> tuple[object, ...]:
    tree = account.get("pvt_tree")
    return tuple(tree) if isinstance(tree, list | tuple) else ()


def _member(document: Mapping[str, Any], *path: str) -> Any:
    value: Any = document
    for name in path:
        value = value.get(name) if isinstance(value, Mapping) else None
    return value


def _public_key(pem: bytes) -> RSAPublicKey:
    """From a PEM of either half. Kazoo's public exponent is 2049, which is unusual and valid."""
    try:
        if b"PRIVATE" in pem:
            private = load_pem_private_key(pem, password=None)
            key: object = private.public_key() if isinstance(private, RSAPrivateKey) else None
        else:
            key = load_pem_public_key(pem)
    except ValueError as error:
        raise StoreError("the cluster's signing key is no PEM", retryable=False) from error
    if not isinstance(key, RSAPublicKey):
        raise StoreError("the cluster's signing key is no RSA key", retryable=False)
    return key


def _key_from_file(path: str) -> RSAPublicKey:
    try:
        return _public_key(Path(path).read_bytes())
    except (OSError, StoreError) as error:
        raise ConfigError(f"web.auth.public_key_file is {path!r}: {error}") from error
