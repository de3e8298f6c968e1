"""The table of clients: filters, orders, totals and pages against what each client's own answers add up to; rights."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from html import unescape
from random import Random
from typing import Any

import pytest
import pytest_asyncio

from services.kit import query
from tests.flows.test_api_page import text_of
from tests.support.app import App, running
from tests.support.staff import bearer
from tests.support.world import STAGES

pytestmark = pytest.mark.asyncio(loop_scope="module")
COUNT = 130
FIELDS = (
    "sales_count", "sales_sum", "avg_check", "in_work_count", "in_work_sum", "refused_count", "refused_sum",
)  # fmt: skip
Known = dict[str, dict[str, Any]]


@dataclass
class Shop:
    """Many clients: `known` by id, each as its own two answers tell."""

    app: App
    known: Known

    async def page(self, address: str, *, who: str = "administrator:local", status: int = 200) -> str:
        answer = await self.app.http.get(address, headers={**bearer(who), "accept-language": "en"})
        assert answer.status_code == status, answer.text[:2_000]
        return answer.text

    async def rows(self, address: str, who: str = "administrator:local") -> list[str]:
        """The ids of all rows, page after page as the links lead."""
        found: list[str] = []
        following: str | None = address
        while following:
            html = await self.page(following, who=who)
            found += re.findall(r'<tr id="client-([^"]+)"', html)
            link = re.search(r'href="([^"]+)" rel="next"', html)
            following = unescape(link[1]) if link else None
        return found


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def shop(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Shop]:
    async with running(tmp_path_factory.mktemp("table") / "data") as app:
        await app.done("/settings", {"base_currency": "EUR", "zone": "Europe/Kyiv"})
        for id, team in (("me", "north"), ("mate", "north"), ("stranger", "south")):
            await app.done("/employees", {"employee_id": id, "name": f"Name of {id}", "team": team})
        await app.done("/funnels", {"funnel_id": "f", "name": "Sales", "subject": "deal", "stages": STAGES})
        chance = Random(11)
        for number in range(COUNT):
            await _client(app, chance, f"c{number:03}")
        for id in ("c007", "c050"):
            await app.done(f"/clients/{id}/archive", {})
        await app.done("/clients/c100/erase", {})
        assert await app.engine.settle(120)
        yield Shop(app, await _known(app))


async def _client(app: App, chance: Random, id: str) -> None:
    body = {
        "client_id": id,
        "name": f"{chance.choice(['Anna', 'boris', 'Ветер', 'zet'])} {chance.randrange(40)}",
        "status": chance.choice(["current", "potential"]),
        "temperature": chance.choice(["hot", "warm", "cold", "not_interested", None]),
        "owner_id": chance.choice(["me", "mate", "stranger", None]),
        "country": chance.choice(["Україна", "Польща", None]),
        "segment": chance.choice(["A", "B"]),
        "category": chance.choice(["shop", "cafe"]),
        "tags": chance.sample(["vip", "vipers", "late"], chance.randrange(3)),
        "phones": ["+380 44 123-45-67"],
    }
    await app.done("/clients", body)
    for _ in range(chance.choice([0, 0, 1, 2])):
        deal = {"client_id": id, "funnel_id": "f", "stage_id": chance.choice(["lead", "won", "lost"])}
        await app.done("/deals", deal | {"value": chance.choice([0, 5_000, 12_345, 70_000]), "currency": "EUR"})
    if chance.random() < 0.4:
        await app.done("/payments", {"client_id": id, "amount": chance.choice([5_000, 90_000]), "currency": "EUR"})


async def _known(app: App) -> Known:
    """Each client that lists show, by its own answers, one by one."""
    found = {}
    for number in range(COUNT):
        client = (await app.get(f"/clients/c{number:03}"))["item"]
        metrics = (await app.get(f"/clients/c{number:03}/metrics"))["item"]
        if client["archived_at"] is None and not client["erased"]:
            found[client["client_id"]] = metrics | client
    assert len(found) == COUNT - 3
    return found


RANKS = ["hot", "warm", "cold", None, "not_interested"]
KEYS: dict[str, Callable[[dict[str, Any]], Any]] = {
    "name": lambda each: each["name"].casefold(),
    "status": lambda each: each["status"],
    "temperature": lambda each: RANKS.index(each["temperature"]),
    **{name: lambda each, name=name: each[name] for name in (*FIELDS, "balance")},
}


def ordered(known: Known, sort: str) -> list[str]:
    """By the column; alike, by name where it tells little, then by id."""
    column = sort.removeprefix("-")
    ids = sorted(known)
    if column in ("status", "temperature"):
        ids.sort(key=lambda each: KEYS["name"](known[each]))
    values = sorted({KEYS[column](known[id]) for id in ids}, reverse=sort.startswith("-"))
    return [id for value in values for id in ids if KEYS[column](known[id]) == value]


FILTERS: dict[str, Callable[[dict[str, Any]], bool]] = {
    "": lambda each: True,
    "status=potential&temperature=hot": lambda each: each["status"] == "potential" and each["temperature"] == "hot",
    "owner=mate": lambda each: each["owner_id"] == "mate",
    "country=%D0%A3%D0%BA%D1%80%D0%B0%D1%97%D0%BD%D0%B0": lambda each: each["country"] == "Україна",
    "segment=A&category=cafe": lambda each: each["segment"] == "A" and each["category"] == "cafe",
    "segment=A&temperature=hot": lambda each: each["segment"] == "A" and each["temperature"] == "hot",
    "tag=vip": lambda each: "vip" in each["tags"],
    "tag=vip&status=current&owner=me": lambda each: (
        "vip" in each["tags"] and each["status"] == "current" and each["owner_id"] == "me"
    ),
    "q=bor": lambda each: "bor" in each["name"].casefold(),
}
BY_NUMBERS: dict[str, Callable[[dict[str, Any]], bool]] = {
    "balance=lt:0": lambda each: each["balance"] < 0,
    "balance=ge:0": lambda each: each["balance"] >= 0,
    "balance=lt:0&owner=mate": lambda each: each["balance"] < 0 and each["owner_id"] == "mate",
    "balance=ge:0&temperature=hot": lambda each: each["balance"] >= 0 and each["temperature"] == "hot",
    "balance=lt:0&segment=A": lambda each: each["balance"] < 0 and each["segment"] == "A",
    "balance=lt:0&balance=ge:-50": lambda each: -5_000 <= each["balance"] < 0,
    "sales_count=ge:1&sales_sum=lt:123.45": lambda each: each["sales_count"] >= 1 and each["sales_sum"] < 12_345,
    "in_work_sum=eq:50&status=potential": lambda each: each["in_work_sum"] == 5_000 and each["status"] == "potential",
    "refused_count=gt:0&tag=late": lambda each: each["refused_count"] > 0 and "late" in each["tags"],
    "avg_check=le:700&q=zet": lambda each: each["avg_check"] <= 70_000 and "zet" in each["name"],
}
SORTS = [f"{sign}{name}" for name in KEYS for sign in ("", "-")]


async def check(shop: Shop, filters: str, sort: str, fits: Callable[[dict[str, Any]], bool]) -> None:
    """Rows, their order, count and totals are those of the clients that fit."""
    wanted = {id: each for id, each in shop.known.items() if fits(each)}
    address = f"/clients?view=table&sort={sort}&{filters}"
    assert await shop.rows(address) == ordered(wanted, sort), address
    html = await shop.page(address)
    if not wanted:
        assert "<table" not in html
        return
    assert re.search(rf"Clients {len(wanted)}\b", re.sub(r"\s+", " ", text_of(html))), address
    foot = html[html.index("<tfoot") : html.index("</tfoot>")]
    shown = [unescape(cell) for cell in re.findall(r'<td class="number[^"]*"[^>]*>([^<]*)</td>', foot)]
    assert shown[:-1] == totals(list(wanted.values())), address


def totals(of: list[dict[str, Any]]) -> list[str]:
    """Balance, then the seven, as English writes them."""
    added = {name: sum(each[name] for each in of) for name in (*FIELDS, "balance")}
    count, total = added["sales_count"], added["sales_sum"]
    added["avg_check"] = (2 * total + count) // (2 * count) if count else 0
    texts = []
    for name in ("balance", *FIELDS):
        value = added[name]
        text = f"{value:,}" if name.endswith("_count") else f"{abs(value) / 100:,.2f}"
        texts.append(("\u2212" if value < 0 else "") + text)
    return texts


@pytest.mark.parametrize("sort", SORTS)
async def test_each_order_is_that_of_the_values_over_all_pages(shop: Shop, sort: str):  # S1.2, S1.14
    await check(shop, "", sort, FILTERS[""])


@pytest.mark.parametrize("filters", FILTERS)
@pytest.mark.parametrize("sort", ["name", "-temperature", "-sales_sum", "balance"])
async def test_filters_combine_with_orders_and_totals_are_of_what_is_shown(shop: Shop, filters: str, sort: str):
    assert any(FILTERS[filters](each) for each in shop.known.values())
    await check(shop, filters, sort, FILTERS[filters])


@pytest.mark.parametrize("filters", BY_NUMBERS)
@pytest.mark.parametrize("sort", ["-in_work_sum", "balance"])
async def test_numbers_filter_too(shop: Shop, filters: str, sort: str):  # balance < 0
    assert any(BY_NUMBERS[filters](each) for each in shop.known.values())
    await check(shop, filters, sort, BY_NUMBERS[filters])


@pytest.mark.parametrize("records", ["own", "team", "all"])
@pytest.mark.parametrize("sort", ["name", "-sales_sum"])
@pytest.mark.parametrize("filters", ["", "segment=A", "balance=lt:0"])
async def test_rows_count_and_totals_are_of_records_within_reach(
    shop: Shop, records: str, sort: str, filters: str
):  # P17
    owners = {"own": {"me"}, "team": {"me", "mate"}, "all": {"me", "mate", "stranger", None}}[records]
    sort = "-sales_sum" if "balance" in filters else sort
    wanted = {
        id: each
        for id, each in shop.known.items()
        if each["owner_id"] in owners
        and (filters != "segment=A" or each["segment"] == "A")
        and (filters != "balance=lt:0" or each["balance"] < 0)
    }
    who, address = f"manager:me:{records}", f"/clients?view=table&sort={sort}&{filters}"
    assert await shop.rows(address, who) == ordered(wanted, sort)
    html = await shop.page(address, who=who)
    assert re.search(rf"Clients {len(wanted)}\b", re.sub(r"\s+", " ", text_of(html)))
    foot = html[html.index("<tfoot") : html.index("</tfoot>")]
    shown = [unescape(cell) for cell in re.findall(r'<td class="number[^"]*"[^>]*>([^<]*)</td>', foot)]
    assert shown[:-1] == totals(list(wanted.values()))


async def test_what_cannot_be_sorted_by_offers_no_order(shop: Shop):
    head = lambda html: html[html.index("<thead") : html.index("</thead>")]  # noqa: E731
    plain = head(await shop.page("/clients?view=table"))
    assert plain.count('class="sort"') == 3 + 8
    assert re.search(r'aria-sort="descending"><a class="sort" href="[^"]*sort=sales_sum[^"]*"', plain)
    by_numbers = head(await shop.page("/clients?view=table&balance=lt%3A0&sort=name"))
    assert by_numbers.count('class="sort"') == 8  # numbers do not know names


async def test_a_filter_by_numbers_is_a_table(shop: Shop):
    html = await shop.page("/clients?balance=lt%3A0&view=cards")
    assert "<table" in html
    assert "A filter by numbers is shown as a table" in html


async def test_without_the_right_to_numbers_none_are_shown_or_filtered_by(shop: Shop, monkeypatch: pytest.MonkeyPatch):
    from services.kit import rights

    roles = dict(rights.ROLES)
    allowed, records = roles["marketer"]
    monkeypatch.setitem(rights.ROLES, "marketer", (allowed - {"numbers"}, records))  # type: ignore[arg-type]
    html = await shop.page("/clients?view=table&balance=lt%3A0&sort=-sales_sum", who="marketer:me")
    assert "<tfoot" not in html
    assert "Average check" not in html
    assert "Left out, because the address has no sensible value for it: Balance." in text_of(html)
    assert await shop.rows("/clients?view=table&sort=-name", "marketer:me") == ordered(shop.known, "-name")


async def test_the_view_is_remembered(shop: Shop):
    answer = await shop.app.http.get("/clients?view=table")
    assert "voronka-clients=table" in answer.headers["set-cookie"]
    shop.app.http.cookies.clear()
    html = (await shop.app.http.get("/clients", headers={"cookie": "voronka-clients=table"})).text
    assert "<tfoot" in html
    assert "<tfoot" not in (await shop.app.http.get("/clients")).text


@pytest.mark.parametrize(
    ("query", "named"),
    [
        ("balance=lt:abc", "Balance"),
        ("balance=nonsense", "Balance"),
        ("sales_count=ge:1.5", "Sales, count"),
        ("sales_sum=ge:0.001", "Sales"),
        ("sales_sum=ge:99999999999999999999", "Sales"),
        ("status=nonsense", "Status"),
        ("owner=%00", "Owner"),
        ("view=nonsense", "View"),
        ("&".join(f"balance=lt:{n}" for n in range(30)), "Balance"),
    ],
)
async def test_bad_values_are_left_out_and_named(shop: Shop, query: str, named: str):
    html = await shop.page(f"/clients?view=table&{query}")
    assert f"Left out, because the address has no sensible value for it: {named}." in text_of(html)


async def test_a_broken_cursor_or_order_shows_the_first_page(shop: Shop):
    for broken in ("cursor=nonsense", "cursor=%00", "sort=nonsense"):
        html = await shop.page(f"/clients?view=table&{broken}")
        assert re.findall(r'<tr id="client-([^"]+)"', html) == ordered(shop.known, "-sales_sum")[:50]


async def test_a_filter_is_added_by_its_form(shop: Shop):
    async def added(query: str, status: int = 303, language: str = "en") -> Any:
        answer = await shop.app.http.get(f"/clients/filter?{query}", headers={"accept-language": language})
        assert answer.status_code == status, answer.text[:500]
        return answer

    answer = await added("status=potential&field=balance&op=lt&value=-1+234%2C50", language="uk")
    assert answer.headers["location"] == "/clients?status=potential&view=table&balance=lt%3A-1234.5"
    answer = await added("field=balance&op=ge&value=1%2C234.50&balance=lt%3A5000&view=table")
    assert answer.headers["location"] == "/clients?view=table&balance=lt%3A5000&balance=ge%3A1234.5"
    answer = await added("field=owner&value=mate&view=cards")
    assert answer.headers["location"] == "/clients?owner=mate&view=cards"
    for wrong, message in {
        "field=balance&op=lt&value=much": "This is not a number.",
        "field=balance&op=lt&value=0.001": "finer than the currency",
        "field=sales_count&op=lt&value=1.5": "A whole number is needed here.",
        "field=balance&op=like&value=1": "finer than the currency",
        "field=status&value=odd": "Choose or type a value.",
        "field=country&value=+": "Choose or type a value.",
    }.items():
        assert message in text_of((await added(wrong, 422)).text), wrong
    assert "<table" in (await added("field=odd&value=1&view=table", 422)).text


async def test_the_form_of_a_filter_offers_what_there_is(shop: Shop):
    html = await shop.page("/clients?add=country")
    assert '<option value="Україна">' in html
    html = await shop.page("/clients?add=owner")
    assert '<option value="mate">Name of mate</option>' in html
    assert 'id="add"' not in await shop.page("/clients?add=odd")


async def test_chips_name_filters_and_lead_to_the_list_without_them(shop: Shop):
    html = await shop.page("/clients?view=table&owner=mate&balance=lt%3A-0.5&tag=vip")
    for label, address in {
        "Owner: Name of mate": "/clients?tag=vip&view=table&balance=lt%3A-0.5",
        "Tag: vip": "/clients?owner=mate&view=table&balance=lt%3A-0.5",
        "Balance &lt; −0.5": "/clients?owner=mate&tag=vip&view=table",
    }.items():
        assert (
            f'<span class="chip-text">{label}</span><a class="chip-remove" href="{address.replace("&", "&amp;")}"'
            in html
        )
    assert 'href="/clients?view=table"' in html  # Clear filters


@pytest.mark.parametrize("view", ["cards", "table"])
async def test_a_filter_without_clients_is_named(shop: Shop, view: str):
    html = text_of(await shop.page(f"/clients?view={view}&status=potential&temperature=hot&country=Nowhere&q=x%20y"))
    assert "No Potential + Hot + Nowhere + “x y” clients." in html
    if view == "table":
        assert "No Balance &lt; −9,999,999 clients." in await shop.page("/clients?balance=lt%3A-9999999")


async def test_cards_are_filtered_by_the_same(shop: Shop):
    wanted = {each["name"] for each in shop.known.values() if "vip" in each["tags"] and each["owner_id"] == "me"}
    html = await shop.page("/clients?view=cards&tag=vip&owner=me")
    assert wanted
    assert set(re.findall(r'class="cover"[^>]*>([^<]+)</a>', html)) == wanted


async def test_a_search_that_finds_too_much_for_a_table_says_so(shop: Shop, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(query, "SEARCHED", 5)
    monkeypatch.setattr("services.analytics.reads.listed.SEARCHED", 5)
    for sort in ("name", "-sales_sum"):
        html = await shop.page(f"/clients?view=table&q=bor&sort={sort}")
        assert "More than 1,000 clients match “bor”." in text_of(html)
        assert "<table" not in html
