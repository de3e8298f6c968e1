"""Refusals and errors as RFC 9457 problems: which status, in which words (DESIGN 7)."""

from __future__ import annotations

from typing import Any

import orjson
from pydantic_core import ErrorDetails, ValidationError
from starlette.responses import Response

from contracts import problem as p
from services.kit.rights import Denied
from services.kit.web.words import in_words

PROBLEM_JSON = "application/problem+json"
_RETRY_SECONDS = "1"
_MOST_ERRORS = 50


class MissingKey(p.Refusal):
    """A command came without its Idempotency-Key."""

    code = "idempotency-key-missing"


class Malformed(p.Refusal):
    """The body is no JSON that can be read."""

    code = "malformed"


class WrongMediaType(p.Refusal):
    """The body is said to be something else than JSON."""

    code = "unsupported-media-type"


class TooLarge(p.Refusal):
    """The body is larger than any request needs."""

    code = "too-large"


class Forbidden(p.Refusal):
    """The request comes from another site, or through another name of this machine."""

    code = "forbidden"


class WrongMethod(p.Refusal):
    """The path is there, but not for this method."""

    code = "method-not-allowed"


class NotReady(p.Refusal):
    """The process is starting, or something in it stands."""

    code = "not-ready"


class Fields(p.Invalid):
    """Several fields are wrong."""

    def __init__(self, errors: list[p.FieldError]) -> None:
        what = "one field is" if len(errors) == 1 else f"{len(errors)} fields are"
        super().__init__(f"{what} not as needed; see `errors`")
        self.errors = errors

    @staticmethod
    def of(error: ValidationError) -> Fields:
        """Say what pydantic found in plain words."""
        return Fields([_field(each) for each in error.errors(include_url=False, include_input=False)[:_MOST_ERRORS]])


def _field(error: ErrorDetails) -> p.FieldError:
    path = [str(part) for part in error["loc"] if part != "[key]"]
    return p.FieldError(field=".".join(path), message=in_words(error))


STATUSES: dict[type[p.Refusal], int] = {
    MissingKey: 400,
    Malformed: 400,
    p.Unauthorized: 401,
    Forbidden: 403,
    Denied: 403,
    p.NotFound: 404,
    WrongMethod: 405,
    p.AlreadyExists: 409,
    p.VersionConflict: 409,
    p.IllegalMove: 409,
    p.Gone: 410,
    TooLarge: 413,
    WrongMediaType: 415,
    p.NotYet: 501,
    p.Unavailable: 503,
    NotReady: 503,
}
"""All other refusals are 422: understood, and wrong by what they say."""
_CODES = {"erased": 410}


def status_of(refusal: p.Refusal) -> int:
    """Return the HTTP status of a refusal."""
    if refusal.code in _CODES:
        return _CODES[refusal.code]
    return next((STATUSES[kind] for kind in type(refusal).__mro__ if kind in STATUSES), 422)


def problem(refusal: p.Refusal, trace_id: str) -> Response:
    """Return the answer to a refused request. `facts` of the refusal are in it, such as the actual version."""
    errors = refusal.errors if isinstance(refusal, Fields) else []
    if not errors and refusal.field is not None:
        errors = [p.FieldError(field=refusal.field, message=refusal.detail)]
    status = status_of(refusal)
    headers = {"retry-after": _RETRY_SECONDS} if status == 503 else {}
    if status == 401:
        headers["www-authenticate"] = "Bearer"
    actual = refusal.facts.get("actual")
    if isinstance(refusal, p.VersionConflict) and isinstance(actual, int):
        headers["etag"] = f'"{actual}"'
    facts = {name: value for name, value in refusal.facts.items() if isinstance(value, str | int)}
    return _answer(status, refusal.code, refusal.detail, trace_id, errors, headers, facts)


def crash(trace_id: str) -> Response:
    """Return the answer to a request that failed by our fault: nothing about it but where it is in the log."""
    detail = "something went wrong here; the log has the details under this trace id"
    return _answer(500, "internal", detail, trace_id, [], {}, {})


def _answer(
    status: int,
    code: str,
    detail: str,
    trace_id: str,
    errors: list[p.FieldError],
    headers: dict[str, str],
    facts: dict[str, Any],
) -> Response:
    body = p.Problem(
        type=f"urn:voronka:problem:{code}",
        title=code.replace("-", " ").capitalize(),
        status=status,
        code=code,
        detail=detail,
        errors=errors,
        trace_id=trace_id,
    ).model_dump()
    if facts:
        body["facts"] = facts
    return Response(orjson.dumps(body), status, headers, PROBLEM_JSON)
