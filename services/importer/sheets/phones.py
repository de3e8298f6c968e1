"""Phone numbers of cells in one form, +380441234567: what a spreadsheet did to them is undone exactly, or refused."""

from __future__ import annotations

import re
from functools import lru_cache

import phonenumbers
from babel import Locale
from babel.core import get_global
from phonenumbers import NumberParseException, PhoneNumber, PhoneNumberFormat

_SCIENTIFIC = re.compile(r"\+?(\d)(?:[.,](\d*))?[eE]\+?(\d{1,2})").fullmatch
_FLOAT = re.compile(r"(\+?\d{5,})[.,]0+").fullmatch
_BETWEEN = re.compile(r"[;,/|\n]|\b(?:or|або|или)\b", re.IGNORECASE)
_DIGITS = re.compile(r"\d{11,15}").fullmatch

_SHORT = {
    "usa": "US",
    "сша": "US",
    "uk": "GB",
    "великобритания": "GB",
    "велика британія": "GB",
    "англия": "GB",
    "англія": "GB",
    "рф": "RU",
    "оаэ": "AE",
    "оае": "AE",
    "czech republic": "CZ",
    "чехия": "CZ",
    "чехія": "CZ",
}
"""Countries as people write them and the Unicode names do not."""


def phones(text: str, region: str | None) -> list[str]:
    """Return the phone numbers of a cell. `region`: ISO 3166 code of numbers without a country code. Raises
    ValueError."""
    whole = digits_of(text)
    parts = [whole] if whole is not None else [part.strip() for part in _BETWEEN.split(text)]
    return list(dict.fromkeys(phone(part, region) for part in parts if part))


def digits_of(text: str) -> str | None:
    """Return the digits that a spreadsheet turned into a number such as 3.80441234567E+11 or 380441234567.0; None if it
    did not. Raises ValueError if digits are lost."""
    if found := _FLOAT(text):
        return found[1]
    found = _SCIENTIFIC(text)
    if found is None:
        return None
    first, behind, power = found[1], found[2] or "", int(found[3])
    if len(behind) != power:
        raise ValueError(
            f"{text} has lost digits in the spreadsheet; format the column as text and enter the number again"
        )
    return first + behind


@lru_cache(maxsize=50_000)
def phone(text: str, region: str | None) -> str:
    """Return one phone number as +380441234567, with " ext. 12" behind it. Raises ValueError."""
    number = _parsed(text, region)
    if number is None and _DIGITS(text):
        number = _parsed("+" + text, None)
        if number is not None and not phonenumbers.is_valid_number(number):
            number = None
    if number is None:
        where = "" if region else ", with its country code, such as +380 44 123 45 67"
        raise ValueError(f"{text} is no phone number; write it in full{where}")
    plain = phonenumbers.format_number(number, PhoneNumberFormat.E164)
    return f"{plain} ext. {number.extension}" if number.extension else plain


def _parsed(text: str, region: str | None) -> PhoneNumber | None:
    try:
        number = phonenumbers.parse(text, region)
    except NumberParseException:
        return None
    return number if phonenumbers.is_possible_number(number) else None


def same_phone(text: str, region: str | None) -> str:
    """Return what two ways to write one number have in common; its digits if it is no number."""
    try:
        return phone(text, region)
    except ValueError:
        return "".join(sign for sign in text if sign.isdigit())


@lru_cache(maxsize=2_000)
def region_of(country: str) -> str | None:
    """Return the ISO 3166 code of a country named by code or in English, Ukrainian or Russian; None if it is none."""
    return _countries().get(country.strip().casefold())


@lru_cache(maxsize=1)
def _countries() -> dict[str, str]:
    found: dict[str, str] = {}
    for language in ("en", "uk", "ru"):
        for code, name in Locale(language).territories.items():
            if len(code) == 2 and code.isalpha():
                found |= {name.casefold(): code, code.casefold(): code}
    return found | _SHORT


def region_of_zone(zone: str) -> str | None:
    """Return the ISO 3166 code of the country that a time zone such as Europe/Kyiv lies in; None for UTC."""
    aliases, territories = get_global("zone_aliases"), get_global("zone_territories")
    found = territories.get(zone) or territories.get(aliases.get(zone, ""), "")
    return None if found in ("", "ZZ", "001") else str(found)
