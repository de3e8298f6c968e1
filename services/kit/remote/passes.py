"""The pass that a call between processes carries: who asks, signed, for one service, for a moment (DESIGN 5)."""

from __future__ import annotations

from collections.abc import Collection
from typing import TypeGuard

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import OctKey

from contracts.problem import Unauthorized

_ISSUER = "voronka"
_ALGORITHM = "HS256"
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

    def issue(self, actor: str, service: str, now: int) -> str:
        """Return a pass (a JWT) with which the service takes the actor's calls. `now`: UTC ms."""
        at = now // 1000
        claims = {"iss": _ISSUER, "aud": service, "sub": actor, "iat": at, "exp": at + LIFE}
        return jwt.encode({"alg": _ALGORITHM}, claims, self._key)

    def actor(self, text: str, services: Collection[str], now: int) -> str:
        """Return who asks. `services`: those that may be asked here; `now`: UTC ms. Raises Unauthorized."""
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
        return actor


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
