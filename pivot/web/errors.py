"""The API's refusals, in Crossbar's words.

Each is an exception that handlers raise; `app.py` turns it into an envelope. A message of Crossbar's is
kept letter by letter, unevenness included, because clients compare them.

Source: cb_context.erl, add_system_error; api_util.erl.
"""

from __future__ import annotations

from pivot.errors import PivotError
from pivot.model.json import JsonObject


class ApiError(PivotError):
    """A request that gets no data.

    Attributes:
        status: HTTP status; stands in the body too, as text.
        message: one word or phrase for programs.
        data: the body's `data`.
    """

    def __init__(self, status: int, message: str, data: JsonObject | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.data: JsonObject = {} if data is None else data


def no_credentials() -> ApiError:
    """No token, or one that is none."""
    return ApiError(401, "invalid_credentials", {"message": "invalid credentials"})


def dead_credentials() -> ApiError:
    """A well-formed token that is expired or unknown."""
    return ApiError(401, "invalid credentials", {})


def forbidden() -> ApiError:
    """403: the client may not read this account."""
    return ApiError(403, "forbidden", {"message": "forbidden"})


def unknown_account(account_id: str) -> ApiError:
    """404: there is no such account."""
    return ApiError(404, "bad_identifier", {"message": "bad identifier", "cause": account_id})


def malformed_account(account_id: str) -> ApiError:
    """404: the path has no account id."""
    return ApiError(404, "bad identifier", {"message": f"invalid account_id '{account_id}'"})


def not_found() -> ApiError:
    """404: the path has nothing, or the call is unknown."""
    return ApiError(404, "not_found", {"message": "not found"})


def faulty_request(message: str) -> ApiError:
    """404, as Crossbar has it for a query that cannot be understood."""
    return ApiError(404, "faulty_request", {"message": message})


def wrong_method() -> ApiError:
    """405: the API only reads."""
    return ApiError(405, "invalid_method", {"message": "method not allowed"})


def gone() -> ApiError:
    """410: an older version of the API."""
    return ApiError(410, "gone", {"message": "this version of the API is gone, use /v2"})


def too_many_rows(limit: int) -> ApiError:
    """416: without pages the answer would be too long."""
    message = f"more than {limit} rows: narrow the time range, or read page by page"
    return ApiError(416, "range not satisfiable", {"message": message})


def too_many_requests() -> ApiError:
    """429: the client's bucket of tokens is empty."""
    return ApiError(429, "too_many_requests", {"message": "too many requests"})


def crashed() -> ApiError:
    """500: a fault of ours; the log has it."""
    return ApiError(500, "unexpected_error", {"message": "the API failed, its log says why"})


def store_unreachable() -> ApiError:
    """503: the store of debug documents does not answer."""
    return ApiError(503, "datastore_unreachable", {"message": "datastore unreachable"})


def store_too_slow() -> ApiError:
    """503: the store of debug documents took too long."""
    return ApiError(503, "datastore_timeout", {"message": "datastore timeout"})


def judge_unreachable() -> ApiError:
    """Whoever authenticators tokens does not answer; that is no verdict about the token."""
    return ApiError(503, "auth_unreachable", {"message": "tokens cannot be checked now, try again"})
