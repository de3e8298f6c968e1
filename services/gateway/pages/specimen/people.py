"""Invented clients for the specimen page: short, long, in several scripts, with and without what a client may have."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

CURRENCY = "UAH"


@dataclass(frozen=True)
class Person:
    """A client. Sums in minor units of CURRENCY."""

    number: int
    name: str
    email: str
    phone: str
    where: str
    status: str
    temperature: str
    note: str
    priority: str
    discount: str
    sales: tuple[int, int]
    in_work: tuple[int, int]
    refused: tuple[int, int]
    balance: int

    @property
    def average(self) -> int:
        """Average check (S1.6)."""
        return self.sales[1] // self.sales[0] if self.sales[0] else 0


PEOPLE: Sequence[Person] = (
    Person(
        2041, "Зоря & Co", "office@zorya.example", "+380 44 555 01 23", "Київ, вул. Ґалаґанівська, 7", "current", "hot",
        "Чекають на рахунок до п'ятниці, просили знижку 10 %", "high", "0.1",
        (24, 128_450_000), (2, 9_600_000), (1, 1_250_000), -4_812_50,
    ),
    Person(
        1187, "Northwind Traders", "anna.lindqvist@northwind.example", "+46 8 555 0142", "Stockholm, Sveavägen 12",
        "current", "warm", "Prefers calls before noon", "none", "", (11, 64_120_050), (0, 0), (0, 0), 0,
    ),
    Person(
        3310, "ООО «Северный ветер»", "zakaz@severveter.example", "+7 812 555-01-77",
        "Санкт-Петербург, наб. реки Фонтанки, 118", "current", "cold", "Перенесли поставку на весну", "medium", "0.05",
        (6, 18_904_090), (1, 3_300_000), (3, 7_000_000), 250_000,
    ),
    Person(
        4102, "Міжрегіональне науково-виробниче об'єднання «Електротехнічні системи та комплекси автоматизації»",
        "zakupivli.viddil-materialno-tekhnichnoho@elektrotekhnichni-systemy.example", "+380 57 555 01 09",
        "Харків, просп. Незалежності, 5, корпус 12, офіс 431", "current", "warm",
        "Договір на підписі в юридичному відділі, обіцяли відповісти протягом двох тижнів після наради", "medium", "",
        (2, 999_999_999_99), (1, 1), (0, 0), -999_999_999_99,
    ),
    Person(
        4410, "شركة النور للتجارة", "info@alnoor.example", "+971 4 555 0188", "دبي", "potential", "hot",
        "طلبوا عرض سعر", "high", "", (0, 0), (1, 12_000_000), (0, 0), 0,
    ),
    Person(
        4415, "Петренко Олена", "", "+380 67 555 01 44", "", "potential", "warm", "", "none", "",
        (0, 0), (0, 0), (0, 0), 0,
    ),
    Person(
        4423, "Brightside Coffee", "hello@brightside.example", "", "Lviv", "potential", "cold",
        "Wrote at the fair in May", "none", "", (0, 0), (0, 0), (2, 840_000), 0,
    ),
    Person(
        4431, "ФОП Ївженко Є. І.", "fop@yivzhenko.example", "+380 50 555 01 71", "Одеса", "potential", "not_interested",
        "Обрали іншого постачальника", "none", "", (0, 0), (0, 0), (1, 55_000), 0,
    ),
)  # fmt: skip


def sought(text: str) -> list[Person]:
    """Return those whose name or number has the text in it."""
    wanted = text.casefold().removeprefix("#").strip()
    return [person for person in PEOPLE if wanted in person.name.casefold() or wanted in str(person.number)]
