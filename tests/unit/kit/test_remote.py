"""What goes between processes: passes, a circuit breaker, commands and refusals that arrive as they were sent (#4)."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from joserfc import jwt
from joserfc.jwk import OctKey

from contracts.generate import commands
from contracts.problem import FieldError, Invalid, MissingRate, Refusal, Unauthorized, VersionConflict
from services.clients.domain.client import ErasedClient
from services.kit.codec import Erased
from services.kit.handle import Effect, Meta, command_hash
from services.kit.remote.breaker import FAILURES, REST, Breaker
from services.kit.remote.passes import LEEWAY, LIFE, MOST_LIFE, Passes
from services.kit.remote.wire import REFUSAL, Sent, effect_of, name_of, refusal_of, sent, told
from services.kit.rights import Caller, Denied
from services.kit.web.problems import Fields, problem
from tests.contracts.strategies import models

SECRET = "one secret of at least thirty-two characters"
NOW = 1_780_000_000_000
SOON = NOW // 1000
ANN = Caller("ann", frozenset({"deals.read", "numbers"}), "team")


def signed(secret: str = SECRET, **claims: Any) -> str:
    """Return a pass with claims of our own making."""
    given = {"iss": "voronka", "aud": "pipeline", "sub": "ann", "iat": SOON, "exp": SOON + LIFE}
    given |= {"rts": "numbers deals.read", "rec": "team"} | claims
    given = {name: value for name, value in given.items() if value is not None}
    return jwt.encode({"alg": "HS256"}, given, OctKey.import_key(secret))


def test_a_pass_tells_who_asks_and_what_they_may() -> None:  # P17
    passes = Passes(SECRET)
    assert passes.caller(passes.issue(ANN, "pipeline", NOW), {"pipeline", "clients"}, NOW + 1000) == ANN


def test_a_right_that_this_version_does_not_know_is_none() -> None:
    read = Passes(SECRET).caller(signed(rts="numbers to-fly deals.read"), {"pipeline"}, NOW)
    assert read == ANN


def unsigned() -> str:
    parts = [{"alg": "none"}, {"iss": "voronka", "aud": "pipeline", "sub": "ann", "iat": SOON, "exp": SOON + LIFE}]
    return ".".join(base64.urlsafe_b64encode(json.dumps(p).encode()).decode().rstrip("=") for p in parts) + "."


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "none that was signed here"),
        ("a.b.c", "none that was signed here"),
        (unsigned(), "none that was signed here"),
        (signed("another secret of at least thirty-two char"), "VORONKA_SECRET must be the same"),
        (signed()[:-4] + "AAAA", "none that was signed here"),
        (signed(iss="somebody"), "that Voronka made it"),
        (signed(sub=None), "for whom"),
        (signed(sub=""), "for whom"),
        (signed(aud="clients"), "the pass is for 'clients'"),
        (signed(aud=None), "the pass is for None"),
        (signed(exp=None), f"within {MOST_LIFE} s"),
        (signed(exp=SOON + MOST_LIFE + 1), f"within {MOST_LIFE} s"),
        (signed(exp=SOON), f"within {MOST_LIFE} s"),
        (signed(iat="now"), f"within {MOST_LIFE} s"),
        (signed(rts=None), "what the caller may"),
        (signed(rts=["numbers"]), "what the caller may"),
        (signed(rec=None), "what the caller may"),
        (signed(rec="theirs"), "what the caller may"),
    ],
)
def test_any_other_pass_is_refused(text: str, words: str) -> None:
    with pytest.raises(Unauthorized) as refused:
        Passes(SECRET).caller(text, {"pipeline"}, NOW)
    assert words in refused.value.detail


@pytest.mark.parametrize(
    ("skew", "words"),
    [
        (-LEEWAY, None),
        (-LEEWAY - 1, f"begins in {LEEWAY + 1} s: the clocks of the two machines differ"),
        (LIFE + LEEWAY, None),
        (LIFE + LEEWAY + 1, f"ended {LEEWAY + 1} s ago"),
    ],
)
def test_clocks_may_differ_a_little_and_then_are_told_to_be_set(skew: int, words: str | None) -> None:
    def read() -> Caller:
        return Passes(SECRET).caller(signed(), {"pipeline"}, NOW + skew * 1000)

    if words is None:
        assert read() == ANN
    else:
        with pytest.raises(Unauthorized) as refused:
            read()
        assert words in refused.value.detail
        assert "NTP" in refused.value.detail


def test_a_breaker_opens_after_failures_in_a_row_and_lets_one_call_try() -> None:
    now = 0.0
    breaker = Breaker(lambda: now)
    for _ in range(FAILURES - 1):
        breaker.failed()
    breaker.succeeded()
    for _ in range(FAILURES):
        assert breaker.allows()
        breaker.failed()
    assert not breaker.allows()
    now = REST
    assert [breaker.allows(), breaker.allows()] == [True, False], "one goes first"
    breaker.failed()
    now = REST * 1.5
    assert not breaker.allows(), "it failed: rest anew"
    now = REST * 2.5
    assert breaker.allows()
    breaker.succeeded()
    assert [breaker.allows(), breaker.allows()] == [True, True]


@pytest.mark.parametrize("name", commands())
@settings(max_examples=20)
@given(data=st.data())
def test_a_command_arrives_as_it_was_sent(name: str, data: st.DataObject) -> None:
    command = data.draw(models(commands()[name]))
    meta = Meta("ann", "id", "trace", "system", 3, ANN)
    read = Sent.model_validate_json(sent(command, meta))
    again = type(command).model_validate(read.fields)
    assert again == command
    assert command_hash(again) == command_hash(command)
    assert read.meta(ANN) == meta


def test_an_effect_arrives_as_it_was_told() -> None:
    places = [("pipeline.events", 3, 17), ("gateway.events", -1, 18)]
    told_of = effect_of(told(Effect("deal-d", 2, 18, repeated=True), places))
    assert told_of == Effect("deal-d", 2, 18, [], True, places)


@pytest.mark.parametrize(
    "refusal",
    [
        Invalid("must not be empty", field="name"),
        MissingRate("there is no rate", field="currency", currency="EUR", day="2026-02-03"),
        VersionConflict("changed meanwhile", stream="deal-d", expected=1, actual=2),
        Denied("your account has no right to this", right="numbers"),
        ErasedClient("the client was erased", field="client_id"),
        Erased("the personal data was erased"),
        Fields([FieldError(field="name", message="is needed"), FieldError(field="value", message="is too large")]),
        Fields([FieldError(field="name", message="is needed")]),
    ],
)
def test_a_refusal_arrives_as_it_was_raised(refusal: Refusal) -> None:
    response = problem(refusal, "trace")
    read = refusal_of(bytes(response.body), {REFUSAL: name_of(refusal)})
    assert type(read) is type(refusal)
    assert vars(read) == vars(refusal)
    assert bytes(problem(read, "trace").body) == bytes(response.body)


def test_a_refusal_of_a_class_that_is_not_here_keeps_its_code() -> None:
    body = bytes(problem(Invalid("no", field="x"), "t").body).replace(b'"invalid"', b'"brand-new"')
    read = refusal_of(body, {REFUSAL: "services.newer.BrandNew"})
    assert (read.code, read.detail, read.field) == ("brand-new", "no", "x")
