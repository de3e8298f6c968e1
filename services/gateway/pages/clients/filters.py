"""The filters of the list of clients: their names, the chips that show them, the form that adds one (S3.8, #5)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from gettext import NullTranslations
from typing import Any

from babel.numbers import NumberFormatError, parse_decimal

from services.gateway.pages.clients.asked import COMPARED, FILTERS, INDICATORS, TEXTS, Asked, Condition
from services.gateway.pages.numbers import labels
from services.gateway.pages.texts import Texts
from services.kit.rights import Denied
from services.kit.web import Asker, Sitting

_SIGNS = {"lt": "<", "le": "≤", "eq": "=", "ge": "≥", "gt": ">"}
_SUGGESTED = {"country": "/boards/countries", "segment": "/boards/segments"}
_MANY = 200


class Words:
    """What filters and their values are called."""

    def __init__(self, texts: Texts, words: NullTranslations, employees: Mapping[str, str]) -> None:
        self._texts = texts
        self._words = words
        self.employees = employees
        say = words.gettext
        self.values = {
            "status": {"current": say("Current"), "potential": say("Potential")},
            "temperature": {
                "hot": say("Hot"),
                "warm": say("Warm"),
                "cold": say("Cold"),
                "not_interested": say("Not interested"),
            },
            "owner": dict(employees),
        }
        self.names = {
            "status": say("Status"),
            "temperature": say("Temperature"),
            "owner": say("Owner"),
            "country": say("Country"),
            "segment": say("Segment"),
            "category": say("Category"),
            "tag": say("Tag"),
            **labels(words),
            "balance": say("Balance"),
            "view": say("View"),
            "q": say("Search"),
        }

    def value(self, name: str, value: str) -> str:
        """Write a filter's value."""
        return self.values.get(name, {}).get(value, value)

    def condition(self, of: Condition) -> str:
        """Write a condition on a number: Balance < 0."""
        return f"{self.names[of.name]} {_SIGNS[of.op]} {self._number(of.value)}"

    def _number(self, value: str) -> str:
        whole, _, rest = value.removeprefix("-").partition(".")
        text = self._texts.count(int(whole)) + (f"{self._texts.decimal_sign}{rest}" if rest else "")
        return f"\u2212{text}" if value.startswith("-") else text

    def together(self, asked: Asked) -> str:
        """Name all filters, as one says them: Potential + Hot."""
        said = [self.value(name, getattr(asked, name)) for name in FILTERS if getattr(asked, name)]
        said += [self.condition(each) for each in asked.where]
        if asked.q:
            said.append(self._words.gettext("“%(text)s”") % {"text": asked.q})
        return " + ".join(said)

    def chips(self, asked: Asked) -> list[tuple[str, str]]:
        """Return (label, the address without it) of the filters that have no place of their own above the list."""
        rest = [name for name in FILTERS if name not in ("status", "temperature") and getattr(asked, name)]
        made = [
            (f"{self.names[name]}: {self.value(name, getattr(asked, name))}", asked.address(**{name: ""}))
            for name in rest
        ]
        for each in asked.where:
            left = tuple(other for other in asked.where if other != each)
            made.append((self.condition(each), asked.address(where=left)))
        return made


def offered(asked: Asked, words: Words, *, numbers: bool, balance: bool) -> list[tuple[str, str, str]]:
    """Return (field, name, the address with its form open) of what one can filter by."""
    fields = [name for name in FILTERS if name != "owner" or words.employees]
    if numbers:
        fields += [name for name in INDICATORS if name != "balance" or balance]
    return [(name, words.names[name], _adding(asked, name)) for name in fields]


def _adding(asked: Asked, field: str) -> str:
    address = asked.address()
    return f"{address}{'&' if '?' in address else '?'}add={field}#add"


async def form(
    asker: Asker, sitting: Sitting, asked: Asked, words: Words, field: str, typed: Mapping[str, str], error: str
) -> dict[str, Any]:
    """Return the form that adds a filter by this field. `typed`: what a refused one held."""
    now = "" if field in INDICATORS else getattr(asked, field)
    return {
        "field": field,
        "label": words.names[field],
        "kept": [(name, value) for name, value in asked.pairs() if name != field or field in INDICATORS],
        "options": list(words.values[field].items()) if field in words.values else None,
        "suggested": await _suggested(asker, sitting, field),
        "ops": list(_SIGNS.items()) if field in INDICATORS else None,
        "op": typed.get("op", "lt"),
        "value": typed.get("value", now),
        "exactly": field in TEXTS,
        "error": error,
        "back": asked.address(),
    }


async def _suggested(asker: Asker, sitting: Sitting, field: str) -> list[str]:
    """Return values that there are."""
    if field not in _SUGGESTED:
        return []
    try:
        found = await asker.ask(sitting, _SUGGESTED[field])
    except Denied:
        return []
    return [each.value for each in found.rows if each.value][:_MANY]


def added(
    asked: Asked, texts: Texts, words: NullTranslations, form: Mapping[str, str], places: int
) -> tuple[Asked, str]:
    """Return what is asked for with the filter that a form holds, and what is wrong with it ("": nothing)."""
    field, value = form.get("field", ""), " ".join(form.get("value", "").split())
    if field not in INDICATORS:
        read = Asked.of([(field, value)], places=places, numbers=False)
        if not value or field in read.wrong or field not in FILTERS:
            return asked, words.gettext("Choose or type a value.")
        return replace(asked, **{field: getattr(read, field), "cursor": ""}), ""
    try:
        number = parse_decimal(value.replace("\u2212", "-"), locale=texts.locale)
    except NumberFormatError:
        return asked, words.gettext("This is not a number.")
    op = form.get("op", "")
    typed = Asked.of([(field, f"{op}:{number.normalize():f}")], places=places, numbers=True)
    if op not in COMPARED or typed.wrong:
        wrong = words.gettext("A whole number is needed here.") if field.endswith("_count") else ""
        return asked, wrong or words.gettext("This number is too large, or finer than the currency.")
    both = dict.fromkeys((*asked.where, *typed.where))
    return replace(asked, where=tuple(both), view="table", cursor=""), ""
