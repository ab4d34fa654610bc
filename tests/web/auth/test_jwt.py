"""Tokens checked here, with the cluster's key and documents."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import math
from pathlib import Path
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from pivot.debug.names import account_database
from pivot.errors import ConfigError, StoreError
from pivot.model.json import JsonObject
from pivot.web.auth.credentials import Credentials, Kind
from pivot.web.auth.jwt import JwtAuthenticator
from pivot.web.errors import ApiError
from tests.web.support import ALICE, BOB

NOW = 1_732_780_800
KID = "0123456789abcdef0123456789abcdef"
MASTER, RESELLER, ORPHAN = "0" * 32, "e" * 32, "d" * 32


def deep() -> str:
    """A head that no reader of JSON gets through."""
    return base64.urlsafe_b64encode(b"[" * 9000).rstrip(b"=").decode() + ".e30.e30"


def _kazoo_key() -> rsa.RSAPrivateKey:
    """An RSA key with Kazoo's public exponent, which libraries no longer make."""
    while True:
        usual = rsa.generate_private_key(65537, 2048).private_numbers()
        p, q, e = usual.p, usual.q, 2049
        try:
            d = pow(e, -1, (p - 1) * (q - 1))
        except ValueError:
            continue
        numbers = rsa.RSAPrivateNumbers(
            p, q, d, d % (p - 1), d % (q - 1), pow(q, -1, p), rsa.RSAPublicNumbers(e, p * q)
        )
        return numbers.private_key()


KEY, OTHER_KEY = _kazoo_key(), rsa.generate_private_key(65537, 2048)
PEM = KEY.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption())


class Documents:
    """Databases in memory."""

    def __init__(self) -> None:
        self.down = False
        self.found: dict[tuple[str, str], JsonObject] = {
            ("accounts", MASTER): {"pvt_superduper_admin": True, "pvt_tree": []},
            ("accounts", RESELLER): {"pvt_tree": [MASTER]},
            ("accounts", ALICE): {"pvt_tree": [MASTER, RESELLER]},
            ("accounts", BOB): {"pvt_tree": [MASTER]},
            ("accounts", ORPHAN): {"pvt_tree": [], "pvt_deleted": True},
            ("system_config", "auth"): {"default": {"secret_for_user_signature": "shared"}},
            (account_database(ALICE), "user1"): {"pvt_signature_secret": "own", "priv_level": "user"},
            (account_database(ALICE), ALICE): {"pvt_signature_secret": "account"},
        }

    async def document(self, database: str, document_id: str) -> JsonObject | None:
        if self.down:
            raise StoreError("away", retryable=True)
        return self.found.get((database, document_id))

    async def attachment(self, database: str, document_id: str, name: str) -> bytes | None:
        return PEM if (database, document_id, name) == ("system_auth", KID, "private_key.pem") else None

    async def close(self) -> None:
        return None


def token(
    key: rsa.RSAPrivateKey = KEY, alg: str = "RS256", kid: str | None = KID, **claims: Any
) -> Credentials:
    given = {"iss": "kazoo", "account_id": ALICE, "method": "cb_user_auth", "exp": NOW + 60} | claims
    shown = {name: value for name, value in given.items() if value is not None}
    return Credentials(Kind.TOKEN, jwt.encode(shown, key, alg, headers={"kid": kid} if kid else None))


def signature(secret: str, identity: str) -> str:
    mac = hmac.new(f"{secret}shared".encode(), identity.encode(), hashlib.sha256).digest()
    return base64.urlsafe_b64encode(mac).rstrip(b"=").decode()


def acting(account_id: str) -> dict[str, Any]:
    return {"as": {"account_id": account_id}}


async def verdict(
    credentials: Credentials, account_id: str = ALICE, documents: Documents | None = None
) -> str:
    """`allowed`, or status and message."""
    authenticator = JwtAuthenticator(documents or Documents(), clock=lambda: float(NOW))
    try:
        await authenticator.authorize(credentials, account_id)
    except ApiError as error:
        return f"{error.status} {error.message}"
    return "allowed"


@pytest.mark.parametrize("alg", ["RS256", "RS384", "RS512"])
async def test_a_good_token_reads_its_account(alg: str) -> None:
    """With the exponent that Kazoo's keys have."""
    assert KEY.public_key().public_numbers().e == 2049
    assert await verdict(token(alg=alg)) == "allowed"


@pytest.mark.parametrize(
    ("caller", "account_id", "wanted"),
    [
        (ALICE, ALICE, "allowed"),
        (ALICE, BOB, "403 forbidden"),
        (ALICE, RESELLER, "403 forbidden"),
        (RESELLER, ALICE, "allowed"),
        (RESELLER, BOB, "403 forbidden"),
        (MASTER, BOB, "allowed"),
        (ALICE, "9" * 32, "404 bad_identifier"),
        (MASTER, ORPHAN, "404 bad_identifier"),
        (ORPHAN, ALICE, "401 invalid credentials"),
    ],
)
async def test_the_account_tree_decides(caller: str, account_id: str, wanted: str) -> None:
    """Down the tree yes, up or aside no; the superduper admin everywhere."""
    assert await verdict(token(account_id=caller), account_id) == wanted


@pytest.mark.parametrize(
    ("credentials", "wanted"),
    [
        (Credentials(Kind.NONE), "401 invalid_credentials"),
        (Credentials(Kind.BASIC, "YTpi"), "401 invalid_credentials"),
        (Credentials(Kind.TOKEN, "nonsense"), "401 invalid_credentials"),
        (Credentials(Kind.TOKEN, "a.b.c"), "401 invalid_credentials"),
        (Credentials(Kind.TOKEN, "..."), "401 invalid_credentials"),
        (token(exp=NOW), "401 invalid credentials"),
        (token(exp=NOW - 5), "401 invalid credentials"),
        (token(exp=None), "401 invalid_credentials"),
        (token(exp="never"), "401 invalid_credentials"),
        (token(nbf=NOW + 1), "401 invalid_credentials"),
        (token(iss="google"), "401 invalid_credentials"),
        (token(account_id=None), "401 invalid_credentials"),
        (token(account_id=5), "401 invalid_credentials"),
        (token(OTHER_KEY), "401 invalid_credentials"),
        (token(kid=None), "401 invalid_credentials"),
        (token(kid="f" * 32), "401 invalid credentials"),
        (token(kid="../accounts/x"), "401 invalid credentials"),
        (token(kid=".."), "401 invalid credentials"),
        (Credentials(Kind.BEARER, "_all_docs"), "401 invalid credentials"),
        (Credentials(Kind.TOKEN, deep()), "401 invalid_credentials"),
        (token(owner_id="user1", identity_sig="forged"), "401 invalid_credentials"),
        (token(owner_id="unknown", identity_sig="x"), "401 invalid credentials"),
        (Credentials(Kind.TOKEN, token().text, BOB), "401 invalid_credentials"),
    ],
)
async def test_a_bad_token_is_refused(credentials: Credentials, wanted: str) -> None:
    """Broken ones and dead ones have Crossbar's two bodies."""
    assert await verdict(credentials) == wanted


@pytest.mark.parametrize("name", ["exp", "nbf", "iat"])
@pytest.mark.parametrize(
    "value",
    [math.nan, math.inf, -math.inf, True, "1", 1e300, 10**400, -1, [], {}],
    ids=lambda value: str(value)[:9],
)
async def test_a_time_is_a_plain_number(name: str, value: Any) -> None:
    """No comparison with NaN ever says that a token is too old."""
    claims: dict[str, Any] = {name: value}

    assert await verdict(token(KEY, **claims)) == "401 invalid_credentials"


@pytest.mark.parametrize("name", ["exp", "nbf", "iat"])
async def test_a_number_beyond_floats_is_no_time(name: str) -> None:
    """`1e400` is infinity to JSON readers, and no token is ever older than that."""
    text = json.dumps({"iss": "kazoo", "account_id": ALICE, "exp": NOW + 60} | {name: 5555}).replace(
        "5555", "1e400"
    )
    signed = jwt.api_jws.encode(text.encode(), KEY, algorithm="RS256", headers={"kid": KID})

    assert await verdict(Credentials(Kind.TOKEN, signed)) == "401 invalid_credentials"


async def test_other_algorithms_are_refused() -> None:
    """Neither none nor a MAC made with the public key, which everybody may know."""
    claims = {"iss": "kazoo", "account_id": ALICE, "exp": NOW + 60}
    unsigned = jwt.encode(claims, "", algorithm="none", headers={"kid": KID})

    def part(value: bytes) -> str:
        return base64.urlsafe_b64encode(value).rstrip(b"=").decode()

    public = KEY.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    head = part(b'{"alg":"HS256","typ":"JWT","kid":"%s"}' % KID.encode()) + "." + unsigned.split(".")[1]
    confused = f"{head}.{part(hmac.new(public, head.encode(), hashlib.sha256).digest())}"

    assert await verdict(Credentials(Kind.TOKEN, unsigned)) == "401 invalid_credentials"
    assert await verdict(Credentials(Kind.TOKEN, confused)) == "401 invalid_credentials"


async def test_a_changed_signature_secret_revokes_the_users_tokens() -> None:
    """That is what the identity signature is for; the account signs when no user does."""
    documents = Documents()
    users = token(owner_id="user1", identity_sig=signature("own", "user1"))
    accounts = token(identity_sig=signature("account", ALICE))

    assert await verdict(users, documents=documents) == "allowed"
    assert await verdict(accounts, documents=documents) == "allowed"
    documents.found[account_database(ALICE), "user1"] = {"pvt_signature_secret": "changed"}
    assert await verdict(users, documents=documents) == "401 invalid_credentials"


async def test_acting_as_needs_a_descendant() -> None:
    """`as` narrows what a token may do; it never widens it."""
    assert await verdict(token(account_id=RESELLER, **acting(ALICE))) == "allowed"
    assert await verdict(token(**acting(MASTER)), BOB) == "403 forbidden"
    assert await verdict(token(account_id=MASTER, **acting(ALICE)), BOB) == "403 forbidden"


async def test_an_expired_trial_is_refused() -> None:
    """With Crossbar's validation error."""
    documents = Documents()
    documents.found["accounts", ALICE] = {"pvt_tree": [MASTER], "pvt_trial_expires": 63_900_000_000}

    assert await verdict(token(), documents=documents) == "400 validation error"


async def test_a_bearer_names_the_document_that_holds_the_token() -> None:
    """Or is the token itself, as everywhere else in the world."""
    documents = Documents()
    documents.found["system_auth", "holder"] = {"Token": token().text}

    assert await verdict(Credentials(Kind.BEARER, "holder"), documents=documents) == "allowed"
    assert await verdict(Credentials(Kind.BEARER, token().text), documents=documents) == "allowed"
    assert (
        await verdict(Credentials(Kind.BEARER, "unknown"), documents=documents) == "401 invalid credentials"
    )


@pytest.mark.parametrize(
    ("rules", "wanted"),
    [
        ({"#": ["_"]}, "allowed"),
        ({"/": ["_"]}, "403 forbidden"),
        ({"debug": ["get"]}, "allowed"),
        ({"*": ["post"]}, "403 forbidden"),
        ({}, "403 forbidden"),
    ],
)
async def test_token_restrictions_are_kept(rules: JsonObject, wanted: str) -> None:
    """Where an administrator set some, only what a rule allows is allowed."""
    documents = Documents()
    entry: JsonObject = {"allowed_accounts": ["{AUTH_ACCOUNT_ID}"], "rules": rules}
    restrictions: JsonObject = {"_": {"admin": {"pivot": [entry]}}}
    documents.found[account_database(ALICE), "token_restrictions"] = {"restrictions": restrictions}

    assert await verdict(token(), documents=documents) == wanted
    user = token(owner_id="user1", identity_sig=signature("own", "user1"))
    assert await verdict(user, documents=documents) == "403 forbidden"


async def test_documents_that_cannot_be_read_are_no_verdict() -> None:
    """503, so that clients try again instead of logging in anew."""
    documents = Documents()
    documents.down = True

    assert await verdict(token(), documents=documents) == "503 auth_unreachable"


async def test_the_public_key_may_come_from_a_file(tmp_path: Path) -> None:
    """Then nobody here needs to read the cluster's private one."""
    path = tmp_path / "public.pem"
    path.write_bytes(KEY.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
    authenticator = JwtAuthenticator(Documents(), public_key_file=str(path), clock=lambda: float(NOW))

    await authenticator.authorize(token(kid=None), ALICE)
    with pytest.raises(ApiError):
        await authenticator.authorize(token(OTHER_KEY), ALICE)
    path.write_text("no key")
    with pytest.raises(ConfigError, match=r"web\.auth\.public_key_file"):
        JwtAuthenticator(Documents(), public_key_file=str(path))
