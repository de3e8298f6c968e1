"""The pass that a call between processes carries: who asks and what they may, signed, for one service, for a moment
(DESIGN 5)."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, TypeGuard, cast, get_args

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import OctKey

from contracts.gateway.rights import Records
from contracts.problem import Unauthorized
from services.kit.rights import ALL, Caller, Right

_ISSUER = "voronka"
_ALGORITHM = "HS256"
_RIGHTS, _RECORDS = "rts", "rec"
_REACHES = get_args(Records)
LIFE = 30
"""Seconds a pass is good for."""
MOST_LIFE = 60
"""A pass for longer, in seconds, is refused, whoever signed it."""
LEEWAY = 5
"""Seconds that two clocks may differ."""


class Passes:
    """Signs and reads passes. `secret`: the same in all processes."""

    def __init__(self, secret: str) -> None:
        self._key = OctKey.import_key(secret)

    def issue(self, caller: Caller, service: str, now: int) -> str:
        """Return a pass (a JWT) with which the service takes the caller's calls. `now`: UTC ms."""
        at = now // 1000
        claims = {
            "iss": _ISSUER,
            "aud": service,
            "sub": caller.actor,
            "iat": at,
            "exp": at + LIFE,
            _RIGHTS: " ".join(sorted(caller.rights)),
            _RECORDS: caller.records,
        }
        return jwt.encode({"alg": _ALGORITHM}, claims, self._key)

    def caller(self, text: str, services: Collection[str], now: int) -> Caller:
        """Return who asks, with the rights they have. `services`: those that may be asked here; `now`: UTC ms.

        Raises Unauthorized."""
        try:
            claims = jwt.decode(text, self._key, algorithms=[_ALGORITHM]).claims
        except (JoseError, ValueError, TypeError) as error:
            raise Unauthorized(
                "the pass of this call is none that was signed here; VORONKA_SECRET must be the same in all processes"
            ) from error
        actor, begins, ends = claims.get("sub"), claims.get("iat"), claims.get("exp")
        if claims.get("iss") != _ISSUER or not isinstance(actor, str) or not actor:
            raise Unauthorized("the pass of this call does not say that Voronka made it, and for whom")
        if claims.get("aud") not in services:
            raise Unauthorized(
                f"the pass is for {claims.get('aud')!r}; this process runs {', '.join(sorted(services))}"
            )
        if not (_whole(begins) and _whole(ends) and 0 < ends - begins <= MOST_LIFE):
            raise Unauthorized(f"the pass does not say that it ends within {MOST_LIFE} s")
        _in_time(begins, ends, now // 1000)
        return Caller(actor, *_may(claims))


def _may(claims: Mapping[str, Any]) -> tuple[frozenset[Right], Records]:
    """Return the rights and whose records are reached. A right this version does not know is none."""
    rights, records = claims.get(_RIGHTS), claims.get(_RECORDS)
    if not isinstance(rights, str) or records not in _REACHES:
        raise Unauthorized("the pass of this call does not say what the caller may; run one version in all processes")
    named = rights.split()
    return frozenset(right for right in ALL if right in named), cast(Records, records)


def _whole(value: object) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool)


def _in_time(begins: int, ends: int, now: int) -> None:
    if begins > now + LEEWAY:
        raise Unauthorized(
            f"the pass begins in {begins - now} s: the clocks of the two machines differ; synchronise them (NTP)"
        )
    if ends < now - LEEWAY:
        raise Unauthorized(
            f"the pass ended {now - ends} s ago: the call was held up, or the clocks of the two machines differ; "
            "synchronise them (NTP)"
        )
