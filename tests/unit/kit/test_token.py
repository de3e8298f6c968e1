"""Consistency tokens (DESIGN 7)."""

from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.problem import Gone, Invalid
from services.kit.token import Token

places = st.lists(st.tuples(st.text(max_size=30), st.integers(-1, 11), st.integers(0, 2**63 - 1)), max_size=5)


@given(st.text(max_size=40), places)
@settings(max_examples=80, derandomize=True)
def test_what_is_written_is_read(log_id, where):
    token = Token(log_id, where)
    assert Token.parse(str(token)) == token
    assert "=" not in str(token)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a",
        "!!!",
        "bm90IGpzb24",
        "W10",
        "WyJsb2ciXQ",
        "WyJsb2ciLCBbWyJ0IiwgMV1dXQ",
        "WyJsb2ciLCA1XQ",
        "é",
        "A" * 999,
    ],
)
def test_what_is_no_token_is_refused(text):
    with pytest.raises(Invalid) as refused:
        Token.parse(text)
    assert refused.value.field == "after"


@given(st.text(max_size=60))
@settings(max_examples=150, derandomize=True)
def test_any_text_is_a_token_or_refused(text):
    with suppress(Invalid):
        assert isinstance(Token.parse(text), Token)


def test_a_token_of_another_log_is_gone():
    Token("log", []).check("log")
    with pytest.raises(Gone):
        Token("log", []).check("other")
