"""Words of cells in English, Ukrainian and Russian (SPEC part 4) for what the contracts name by one word."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping

from contracts.money import EXPONENTS

_NOTHING = re.compile(r"[\W_]+")
_LETTERS = str.maketrans({"ё": "е", "ґ": "г"})


def key(text: str) -> str:
    """Return what two ways to write a name have in common: letters and digits alone, in one case."""
    return _NOTHING.sub("", unicodedata.normalize("NFKC", text).casefold()).translate(_LETTERS)


def _table(**names: str) -> dict[str, str]:
    return {key(each): word for word, others in names.items() for each in (word, *others.split(","))}


KINDS = _table(
    company="Компания,Компанія,Организация,Організація,Фирма,Фірма,Юрлицо,Юр. лицо,Юридическое лицо,Юрособа,"
    "Юр. особа,Юридична особа,Предприятие,Підприємство,Legal entity,Organization,Organisation,Business,B2B",
    person="Человек,Людина,Особа,Лицо,Персона,Частное лицо,Приватна особа,Физлицо,Физ. лицо,Физическое лицо,Фізособа,"
    "Фіз. особа,Фізична особа,Individual,Private person,B2C",
)
STATUSES = _table(
    current="Текущий,Текущие,Текущий клиент,Поточний,Поточні,Поточний клієнт,Активный,Активний,Active,Customer,"
    "Действующий,"
    "Діючий,Чинний,Постоянный,Постійний,Current client",
    potential="Потенциальный,Потенциальные,Потенциальный клиент,Потенційний,Потенційні,Потенційний клієнт,"
    "Prospect,Lead,Лид,"
    "Лід,Potential client",
)
TEMPERATURES = _table(
    hot="Горячий,Горячая,Гарячий,Гаряча",
    warm="Тёплый,Тёплая,Теплий,Тепла",
    cold="Холодный,Холодная,Холодний,Холодна",
    not_interested="Not interested,Не заинтересован,Не заинтересована,Не зацікавлений,Не зацікавлена,Незаинтересован",
)
LANGUAGES = _table(
    en="English,Английский,Англійська,eng",
    uk="Ukrainian,Украинский,Українська,ua,ukr,Укр",
    ru="Russian,Русский,Російська,rus,Рус",
)
PRIORITIES = _table(
    high="Высокий,Высокая,Високий,Висока,Срочно,Терміново,Urgent,Red,Красный,Червоний",
    medium="Средний,Средняя,Середній,Середня,Normal,Yellow,Жёлтый,Жовтий,Важно,Важливо",
    none="Нет,Немає,Без приоритета,Без пріоритету,Обычный,Звичайний,Low,Низкий,Низький",
)
_MONEY = {"₴": "UAH", "€": "EUR", "$": "USD", "₽": "RUB", "£": "GBP", "zł": "PLN", "₸": "KZT"} | _table(
    UAH="грн,гривна,гривня,гривны,гривні,hryvnia",
    EUR="евро,євро,euro",
    USD="доллар,долар,доллары,долари,доллар США,долар США,dollar,us dollar,dol",
    RUB="руб,рубль,рубли,рублі,rur,ruble",
    GBP="фунт,pound",
    PLN="злотый,злотий,zloty",
)


def word_of(text: str, words: Mapping[str, str], names: str) -> str:
    """Return the word that a cell means. `names`: those to choose from. Raises ValueError."""
    found = words.get(key(text))
    if found is None:
        raise ValueError(f"{text!r} is not known here; write one of {names}")
    return found


def currency(text: str) -> str:
    """Return the ISO 4217 code that a cell means. Raises ValueError."""
    code = text.strip().upper()
    found = code if code in EXPONENTS else _MONEY.get(text.strip().lower()) or _MONEY.get(key(text))
    if found is None:
        raise ValueError(f"{text!r} is no currency; write a code such as EUR, UAH or USD")
    return found
