"""What is wrong with a field, and what to do, in plain words instead of pydantic's."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pydantic_core import ErrorDetails

_PATTERNS = {
    r"^[A-Za-z0-9_.:-]{1,64}$": "must be an id: 1 to 64 of the characters A-Z, a-z, 0-9, _ . : -",
    r"^[A-Za-z0-9_-]{1,4000}$": "must be as an answer gave it",
    r"^[A-Z]{3}$": "must be a currency code of three capital letters, such as EUR",
    r"^([a-z]{2})?$": "must be a language code such as en, or empty",
}
_SIMPLE = {
    "missing": "is missing; send it",
    "extra_forbidden": "is not known here; leave it out or correct its name",
    "string_type": "must be text",
    "int_type": "must be a whole number",
    "int_from_float": "must be a whole number",
    "int_parsing": "must be a whole number",
    "int_parsing_size": "is too large",
    "bool_type": "must be true or false",
    "bool_parsing": "must be true or false",
    "list_type": "must be a list",
    "dict_type": "must be an object",
    "model_type": "must be an object",
    "model_attributes_type": "must be an object",
    "string_unicode": "must be valid Unicode text",
}
_WITH: dict[str, Callable[[dict[str, Any]], str]] = {
    "string_too_long": lambda ctx: f"must have at most {ctx['max_length']} characters",
    "string_too_short": lambda ctx: (
        "must not be empty" if ctx["min_length"] == 1 else f"must have at least {ctx['min_length']} characters"
    ),
    "string_pattern_mismatch": lambda ctx: _PATTERNS.get(ctx["pattern"], "has a form that is not accepted here"),
    "literal_error": lambda ctx: f"must be one of {ctx['expected'].replace(' or ', ', ')}",
    "greater_than_equal": lambda ctx: f"must be at least {ctx['ge']}",
    "greater_than": lambda ctx: f"must be more than {ctx['gt']}",
    "less_than_equal": lambda ctx: f"must be at most {ctx['le']}",
    "less_than": lambda ctx: f"must be less than {ctx['lt']}",
    "value_error": lambda ctx: str(ctx["error"]),
}


def in_words(error: ErrorDetails) -> str:
    """Return what to do about one error of pydantic's list."""
    kind = error["type"]
    if kind in _SIMPLE:
        return _SIMPLE[kind]
    words = _WITH.get(kind)
    return words(error.get("ctx", {})) if words is not None else "is not accepted here; see the API's description"
