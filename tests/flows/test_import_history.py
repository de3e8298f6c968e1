"""What a bundle becomes in the log, and what a second import of it, grown or changed, adds (DESIGN 9)."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from contracts.base import Command
from contracts.clients.commands import AssignClient, ChangeClientDetails, EraseClient
from contracts.ids import imported_id
from contracts.pipeline.commands import AssignDeal, MoveDeal
from services.clients.domain.client import CLIENT
from services.importer.offers import order_funnel, stage_id, status_id
from services.kit.decider import Decider
from services.kit.handle import Handler, Meta
from services.pipeline.domain.deal import DEAL
from tests.support.bundles import NOW, Log, Tables, opened, small, write

Change = Callable[[Tables], None]
DAY = 86_400_000
JANUARY = 1_767_225_600_000
"""2026-01-01, UTC ms."""
AS_OF = 1_772_323_200_000
"""2026-03-01, UTC ms."""


def customer(name: str) -> str:
    return imported_id("small", "customers", name)


def deal(name: str) -> str:
    return imported_id("small", "deals", name)


async def live(log: Log, decider: Decider[Any, Any, Any], key: str, command: Command) -> None:
    """Do what a user would do here, now."""
    handler = Handler(log.store, log.codec, lambda: NOW)
    await handler.handle(decider, key, command, Meta("olena", f"live-{command!r}"))


async def of(log: Log, stream: str) -> list[tuple[Any, ...]]:
    """Return (name of the event, time, model) of a stream."""
    events = await log.store.read(stream)
    return [(e.type.split(".")[1], e.occurred_at, log.codec.model(e)) for e in events]


def changed(*changes: Change) -> Tables:
    tables = small()
    for change in changes:
        change(tables)
    return tables


def cell(table: str, row: int, **values: str) -> Change:
    def change(tables: Tables) -> None:
        tables[table][row] |= values

    return change


# ---------------------------------------------------------------- once


async def test_a_deal_becomes_its_history(tmp_path: Path) -> None:
    async with opened(tmp_path / "data") as log:
        report = await log.take(write(tmp_path / "in", small()))
        events = await of(log, f"deal-{deal('D1')}")
        assert [(name, at) for name, at, _ in events] == [
            ("DealOpened", JANUARY),
            ("DealStageChanged", JANUARY + DAY),
            ("DealTouched", JANUARY + 2 * DAY),
            ("DealValueChanged", JANUARY + 3 * DAY),
            ("DealStageChanged", JANUARY + 3 * DAY),
        ]
        opening, last = events[0][2], events[-1][2]
        assert (opening.value, opening.base_value, opening.rate, opening.currency) == (10_000, 10_000, "1", "USD")
        assert opening.stage_id == stage_id("small", "sales", "A")
        assert [line.product_id for line in opening.lines] == [imported_id("small", "products", "P1")]
        assert (opening.number, opening.external_id) == (1, "D1")
        assert (last.value, last.stage_id) == (12_050, stage_id("small", "sales", "W"))
        assert (last.from_entered_at, last.client_id) == (JANUARY + DAY, customer("C1"))
        (lonely,) = await log.store.read(f"deal-{deal('D3')}")
        assert lonely.imputed
        assert lonely.key == deal("D3")
        assert (lonely.origin, lonely.actor) == ("import", "import:small")
        assert report.subjects["deals"] == 3
        assert report.events == len(await log.events())


async def test_an_order_pins_its_sums(tmp_path: Path) -> None:
    """100.00 EUR at 0.8 EUR for a dollar are 125.00; its cost of 60.25 EUR is 75.31; shipping and tax as they are."""
    async with opened(tmp_path / "data") as log:
        await log.take(write(tmp_path / "in", small()))
        (_, at, placed), (name, shipped_at, _) = await of(log, f"order-{imported_id('small', 'orders', 'O1')}")
        assert at == JANUARY + 31 * DAY + 10 * DAY // 24
        assert placed.imputed
        assert (placed.total, placed.base_total, placed.base_cost) == (10_000, 12_500, 7_531)
        assert (placed.base_shipping, placed.base_tax, placed.rate) == (500, 100, "0.8")
        assert [(line.total, line.cost, line.discount) for line in placed.lines] == [
            (9_000, 6_025, "0.1"),
            (1_000, None, "0"),
        ]
        assert placed.status == status_id("small", "Closed", "won")
        assert (name, shipped_at) == ("OrderShipped", JANUARY + 33 * DAY)
        ((_, _, unpriced),) = await of(log, f"order-{imported_id('small', 'orders', 'O2')}")
        assert (unpriced.total, unpriced.base_cost) == (0, None)


async def test_payments_notes_and_clients(tmp_path: Path) -> None:
    async with opened(tmp_path / "data") as log:
        await log.take(write(tmp_path / "in", small()))
        ((_, _, paid),) = await of(log, f"payment-{imported_id('small', 'payments', 'Y1')}")
        assert (paid.amount, paid.base_amount, paid.rate, paid.owner_id) == (
            6_000,
            6_000,
            "1",
            imported_id("small", "users", "U1"),
        )
        ((_, _, note),) = await of(log, f"note-{imported_id('small', 'notes', 'N1')}")
        assert (note.text, note.about) == ("Дзвонити\nпісля 10", imported_id("small", "orders", "O1"))
        first, status = await of(log, f"client-{customer('C1')}")
        assert first[1] == JANUARY - 31 * DAY
        assert (first[2].name, first[2].phones, first[2].number, first[2].imputed) == ("Acme", ["+380"], 1, False)
        assert (status[0], status[1], status[2].to_status) == ("ClientStatusChanged", JANUARY + 3 * DAY, "current")
        ((_, begin, bureau),) = await of(log, f"client-{customer('C2')}")
        assert (begin, bureau.imputed, bureau.status) == (JANUARY, True, "potential")
        ((_, begin, _),) = await of(log, f"client-{customer('C3')}")
        assert begin == AS_OF


async def test_what_is_set_up_holds_since_ever(tmp_path: Path) -> None:
    async with opened(tmp_path / "data") as log:
        await log.take(write(tmp_path / "in", small()))
        names = ["EmployeeAdded", "ProductAdded", "PriceSet", "CostSet", "FunnelDefined", "StageAdded", "RateSet"]
        names += ["SalesRulesSet", "WorkspaceSettingsChanged"]
        found = await log.events(*names)
        assert Counter(e.type.split(".")[1] for e in found) == {
            "EmployeeAdded": 2, "ProductAdded": 2, "PriceSet": 1, "CostSet": 1, "FunnelDefined": 2, "StageAdded": 6,
            "RateSet": 1, "SalesRulesSet": 1, "WorkspaceSettingsChanged": 1,
        }  # fmt: skip
        assert {(e.occurred_at, e.imputed) for e in found} == {(0, True)}
        rules: Any = log.codec.model(next(e for e in found if e.type == "analytics.SalesRulesSet.v1"))
        assert rules.sources == ["deals"]
        assert Counter(c.kind for c in rules.classes) == {"in_work": 3, "bought": 2, "refused": 1}
        funnel = await of(log, f"funnel-{imported_id('small', 'pipelines', order_funnel('small'))}")
        assert funnel[0][2].name == "Orders (small)"
        assert [(e.external_id, e.kind) for _, _, e in funnel[1:]] == [("New", "in_work"), ("Closed", "bought")]


async def test_one_status_text_in_two_kinds_is_two_statuses(tmp_path: Path) -> None:
    async with opened(tmp_path / "data") as log:
        await log.take(write(tmp_path / "in", changed(cell("orders", 2, status="Closed"))))
        funnel = await of(log, f"funnel-{imported_id('small', 'pipelines', order_funnel('small'))}")
        assert [(e.external_id, e.kind) for _, _, e in funnel[1:]] == [
            ("New", "in_work"), ("Closed", "in_work"), ("Closed", "bought"),
        ]  # fmt: skip


# ---------------------------------------------------------------- again


async def test_twice_is_once(tmp_path: Path) -> None:
    async with opened(tmp_path / "data") as log:
        bundle = write(tmp_path / "in", small())
        await log.take(bundle)
        before = await log.store.head()
        report = await log.take(bundle)
        assert (report.events, report.subjects, report.errors) == (0, {}, [])
        assert (await log.take(bundle, strict=True)).events == 0
        assert await log.store.head() == before


@pytest.mark.parametrize("cut", range(8))
async def test_any_first_part_of_the_events_then_the_whole(tmp_path: Path, cut: int) -> None:
    part = small()
    part["deal_events"] = part["deal_events"][:cut]
    async with opened(tmp_path / "data") as log, opened(tmp_path / "once") as once:
        assert (await log.take(write(tmp_path / "part", part))).errors == []
        assert (await log.take(write(tmp_path / "in", small()))).errors == []
        await once.take(write(tmp_path / "in", small()))
        assert await log.told() == await once.told()


@pytest.mark.parametrize("seed", range(5))
async def test_deals_in_another_order_are_the_same(tmp_path: Path, seed: int) -> None:
    """Rows of different deals may stand in any order; only short numbers follow the file."""
    other = small()
    chains: dict[str, list[Any]] = {}
    for row in other["deal_events"]:
        chains.setdefault(row["deal_id"], []).append(row)
    order = [row["deal_id"] for row in other["deal_events"]]
    random.Random(seed).shuffle(order)
    other["deal_events"] = [chains[name].pop(0) for name in order]
    random.Random(seed).shuffle(other["deals"])
    async with opened(tmp_path / "data") as log, opened(tmp_path / "once") as once:
        assert (await log.take(write(tmp_path / "other", other))).errors == []
        await once.take(write(tmp_path / "in", small()))
        told, expected = await log.told(), await once.told()
        assert told.keys() == expected.keys()
        for stream, events in expected.items():
            assert [{**e[-1], "number": 0} for e in told[stream]] == [{**e[-1], "number": 0} for e in events]
            assert [e[:4] for e in told[stream]] == [e[:4] for e in events]
        assert (await log.take(write(tmp_path / "in", small()))).events == 0


async def test_a_grown_file_adds_the_difference(tmp_path: Path) -> None:
    grown = small() | {"meta": {"as_of": "2026-04-01T00:00:00Z"}}
    grown["deals"].append({"deal_id": "D4", "pipeline_id": "sales", "customer_id": "C3", "currency": "USD"})
    row = {"type": "DealStageChanged", "occurred_at": "2026-03-05T00:00:00Z"}
    grown["deal_events"] += [
        row | {"seq": 8, "deal_id": "D3", "from_stage": "A", "to_stage": "B"},
        row | {"seq": 9, "deal_id": "D4", "type": "DealCreated", "to_stage": "A", "amount": "5"},
        row | {"seq": 10, "deal_id": "D4", "from_stage": "A", "to_stage": "W"},
    ]
    grown["customers"].append({"customer_id": "C4", "name": "New"})
    grown["stages"].insert(1, {"pipeline_id": "sales", "stage_id": "A2", "position": 1, "kind": "in_work"})
    grown["fx_rates"].append({"date": "2026-03-05", "currency": "EUR", "units_per_base": "0.9"})
    async with opened(tmp_path / "data") as log:
        await log.take(write(tmp_path / "in", small()))
        before = await log.store.head()
        report = await log.take(write(tmp_path / "grown", grown))
        assert report.errors == []
        new = [(e.type.split(".")[1], log.codec.model(e)) for e in await log.store.read_all(before, 1000)]
        assert Counter(name for name, _ in new) == {
            "SalesRulesSet": 1, "RateSet": 1, "StageAdded": 1, "StageMoved": 3, "NumbersReserved": 2,
            "ClientRegistered": 1, "ClientStatusChanged": 1, "DealOpened": 1, "DealStageChanged": 2,
        }  # fmt: skip
        numbers = {name: getattr(model, "number", None) for name, model in new}
        assert (numbers["ClientRegistered"], numbers["DealOpened"]) == (4, 4)
        assert (await log.take(write(tmp_path / "grown", grown))).events == 0


CHANGES: dict[str, tuple[Change, str, dict[str, Any]]] = {
    "name": (cell("customers", 0, name="Acme Ltd"), "ClientDetailsChanged", {"name": "Acme Ltd", "phones": ["+380"]}),
    "phone": (cell("customers", 0, phone="+1"), "ClientDetailsChanged", {"name": "Acme", "phones": ["+1"]}),
    "client's owner": (cell("customers", 0, owner_id="U2"), "ClientAssigned", {}),
    "client's currency": (cell("customers", 0, currency="EUR"), "ClientTermsChanged", {"currency": "EUR"}),
    "user": (cell("users", 0, team="B"), "EmployeeChanged", {"name": "Олена", "team": "B"}),
    "product": (cell("products", 0, category="Sofas"), "ProductChanged", {"category": "Sofas", "names": {"": "Chair"}}),
    "price": (cell("products", 0, list_price="55"), "PriceSet", {"price": "55", "valid_from": AS_OF}),
    "cost": (cell("products", 0, unit_cost="31"), "CostSet", {"cost": "31", "valid_from": AS_OF}),
    "probability": (cell("stages", 0, probability="0.3"), "StageProbabilityChanged", {"probability": "0.3"}),
    "kind": (cell("stages", 1, kind="won"), "SalesRulesSet", {}),
    "deal's owner": (
        cell("deals", 0, owner_id="U2"), "DealAssigned", {"from_owner": imported_id("small", "users", "U1")}),
    "deal's product": (cell("deals", 0, product_id="P2"), "DealLinesChanged", {}),
    "status": (
        cell("orders", 1, status="Closed", status_kind="won"), "OrderStatusChanged",
        {"status": status_id("small", "Closed", "won")}),
    "shipped": (cell("orders", 1, shipped_at="2026-02-20T00:00:00Z"), "OrderShipped", {}),
    "order's owner": (cell("orders", 1, owner_id="U2"), "OrderAssigned", {}),
    "lines": (
        cell("order_lines", 2, quantity="3", line_total="30.00"), "OrderLinesChanged",
        {"total": 3_000, "base_total": 3_000}),
    "text": (cell("notes", 0, text="later"), "NoteEdited", {"text": "later"}),
    "rate": (cell("fx_rates", 0, units_per_base="0.9"), "RateSet", {"rate": "0.9"}),
}  # fmt: skip


@pytest.mark.parametrize("case", CHANGES)
async def test_a_changed_row_is_a_change(tmp_path: Path, case: str) -> None:
    change, name, fields = CHANGES[case]
    async with opened(tmp_path / "data") as log:
        await log.take(write(tmp_path / "in", small()))
        before = await log.store.head()
        report = await log.take(write(tmp_path / "changed", changed(change)))
        assert report.errors == []
        new = await log.store.read_all(before, 1000)
        assert [e.type.split(".")[1] for e in new] == [name]
        assert new[0].occurred_at == (JANUARY + 50 * DAY if name == "OrderShipped" else AS_OF)
        assert not new[0].imputed
        data = log.codec.model(new[0]).model_dump()
        assert {key: data[key] for key in fields} == fields
        assert (await log.take(write(tmp_path / "changed", changed(change)))).events == 0


async def test_there_and_back_again_has_ids_of_its_own(tmp_path: Path) -> None:
    async with opened(tmp_path / "data") as log:
        other = write(tmp_path / "changed", changed(cell("deals", 0, owner_id="U2")))
        for bundle in [write(tmp_path / "in", small()), other] * 2:
            assert (await log.take(bundle)).errors == []
        ids = [e.id for e in await log.events()]
        assert len(ids) == len(set(ids))
        assert len(await log.events("DealAssigned")) == 3


async def test_a_deal_gets_another_client(tmp_path: Path) -> None:
    async with opened(tmp_path / "data") as log:
        await log.take(write(tmp_path / "in", small()))
        await log.take(write(tmp_path / "changed", changed(cell("deals", 1, customer_id="C3"))))
        left, joined = (await log.store.read(f"deal-{deal('D2')}"))[-2:]
        assert (left.key, joined.key) == (customer("C2"), customer("C3"))


@pytest.mark.parametrize(
    ("change", "place"),
    [
        (cell("deal_events", 0, amount="101"), ("deals.csv", 2)),
        (cell("deal_events", 2, occurred_at="2026-01-02T01:00:00Z"), ("deals.csv", 2)),
        (lambda tables: tables["deal_events"].pop(), ("deals.csv", 4)),
        (lambda tables: tables["deal_events"].pop(5), ("deals.csv", 2)),
        (cell("deals", 0, country="PL"), ("deals.csv", 2)),
        (cell("deals", 0, currency="EUR"), ("deals.csv", 2)),
        (cell("orders", 0, ordered_at="2026-02-01T11:00:00Z"), ("orders.csv", 2)),
        (cell("orders", 0, tax="2"), ("orders.csv", 2)),
        (cell("order_lines", 0, line_total="80"), ("orders.csv", 2)),  # it is shipped
        (cell("payments", 0, amount="61"), ("payments.csv", 2)),
        (cell("notes", 1, customer_id="C1"), ("notes.csv", 4)),
        (cell("customers", 0, created_at="2025-12-02T00:00:00Z"), ("customers.csv", 2)),
    ],
)
async def test_history_is_never_rewritten(tmp_path: Path, change: Change, place: tuple[str, int]) -> None:
    async with opened(tmp_path / "data") as log:
        await log.take(write(tmp_path / "in", small()))
        before = await log.told()
        report = await log.take(write(tmp_path / "changed", changed(change)))
        assert [(e.file, e.line) for e in report.errors] == [place]
        assert await log.told() == before


# ---------------------------------------------------------------- edited here meanwhile


async def test_what_was_edited_here_stays_if_the_row_did_not_change(tmp_path: Path) -> None:
    async with opened(tmp_path / "data") as log:
        bundle = write(tmp_path / "in", small())
        await log.take(bundle)
        owner = imported_id("small", "users", "U2")
        await live(log, CLIENT, customer("C1"), AssignClient(client_id=customer("C1"), owner_id=owner))
        await live(log, DEAL, deal("D1"), AssignDeal(deal_id=deal("D1"), owner_id=owner))
        report = await log.take(bundle)
        assert (report.events, report.errors) == (0, [])


async def test_a_changed_row_changes_only_its_columns(tmp_path: Path) -> None:
    async with opened(tmp_path / "data") as log:
        await log.take(write(tmp_path / "in", small()))
        edited = ChangeClientDetails(client_id=customer("C1"), name="Edited", phones=["+999", "+380"], tags=["vip"])
        await live(log, CLIENT, customer("C1"), edited)
        await log.take(write(tmp_path / "changed", changed(cell("customers", 0, phone="+1", city="Lviv"))))
        name, at, last = (await of(log, f"client-{customer('C1')}"))[-1]
        assert (name, at) == ("ClientDetailsChanged", NOW)
        assert (last.name, last.phones, last.tags, last.city) == ("Edited", ["+1", "+999"], ["vip"], "Lviv")


async def test_older_news_of_an_edited_deal_are_refused(tmp_path: Path) -> None:
    part = small()
    part["deal_events"] = part["deal_events"][:3]
    async with opened(tmp_path / "data") as log:
        await log.take(write(tmp_path / "part", part))
        await live(log, DEAL, deal("D1"), MoveDeal(deal_id=deal("D1"), stage_id=stage_id("small", "sales", "L")))
        before = (await log.told())[f"deal-{deal('D1')}"]
        report = await log.take(write(tmp_path / "in", small()))
        assert [(e.file, e.line) for e in report.errors] == [("deals.csv", 2)]
        assert "older" in report.errors[0].reason
        told = await log.told()
        assert told[f"deal-{deal('D1')}"] == before
        assert f"deal-{deal('D3')}" in told
        strict = await log.take(write(tmp_path / "in", small()), strict=True)
        assert strict.events == 0


async def test_newer_news_that_no_longer_follow_are_refused(tmp_path: Path) -> None:
    """Here it was moved to W; the file moves it to W later: that would be no event, and its history another one."""
    async with opened(tmp_path / "data") as log:
        await log.take(write(tmp_path / "in", small()))
        for name, stage in [("D2", "W"), ("D3", "B")]:
            await live(log, DEAL, deal(name), MoveDeal(deal_id=deal(name), stage_id=stage_id("small", "sales", stage)))
        grown = small()
        moved = {"type": "DealStageChanged", "occurred_at": "2026-05-29T00:00:00Z"}
        grown["deal_events"] += [
            moved | {"seq": 8, "deal_id": "D2", "from_stage": "L", "to_stage": "W"},
            moved | {"seq": 9, "deal_id": "D3", "from_stage": "A", "to_stage": "L"},
        ]
        report = await log.take(write(tmp_path / "grown", grown), now=NOW + 5 * DAY)
        assert [(e.file, e.line) for e in report.errors] == [("deals.csv", 3)]
        assert (await of(log, f"deal-{deal('D3')}"))[-1][2].stage_id == stage_id("small", "sales", "L")


async def test_an_erased_customer_gets_nothing_new(tmp_path: Path) -> None:
    async with opened(tmp_path / "data") as log:
        bundle = write(tmp_path / "in", small())
        await log.take(bundle)
        await live(log, CLIENT, customer("C1"), EraseClient(client_id=customer("C1")))
        await log.keyring.destroy(customer("C1"))
        assert (await log.take(bundle)).errors == []
        grown = changed(cell("customers", 0, name="Again"))
        grown["payments"].append(grown["payments"][1] | {"payment_id": "Y3"})
        for strict in (True, False):
            report = await log.take(write(tmp_path / "grown", grown), strict=strict)
            assert [(e.file, e.line) for e in report.errors] == [("customers.csv", 2), ("payments.csv", 4)]
            assert all("erased" in e.reason for e in report.errors)
            assert report.events == 0


# ---------------------------------------------------------------- several sources, settings


async def test_two_sources_in_one_workspace(tmp_path: Path) -> None:
    async with opened(tmp_path / "data") as log:
        await log.take(write(tmp_path / "in", small()))
        report = await log.take(write(tmp_path / "in", small() | {"meta": {"sales_source": "orders"}}), source="shop")
        assert report.errors == []
        rules: Any = log.codec.model((await log.events("SalesRulesSet"))[-1])
        assert rules.sources == ["deals", "orders"]
        assert len(rules.classes) == 12
        assert len(await log.events("ClientRegistered")) == 6
        numbers = [log.codec.model(e) for e in await log.events("DealOpened")]
        assert sorted(model.model_dump()["number"] for model in numbers) == [1, 2, 3, 4, 5, 6]
        for source in (None, "shop"):
            meta = {"meta": {"sales_source": "orders" if source else "deals"}}
            assert (await log.take(write(tmp_path / "in", small() | meta), source=source)).events == 0


async def test_a_client_is_current_from_its_first_sale_on(tmp_path: Path) -> None:
    """What counts as a sale is the bundle's sales_source."""
    for source, sold in [("deals", JANUARY + 3 * DAY), ("orders", JANUARY + 31 * DAY + 10 * DAY // 24)]:
        async with opened(tmp_path / source) as log:
            await log.take(write(tmp_path / "in", small() | {"meta": {"sales_source": source}}))
            (event,) = await log.events("ClientStatusChanged")
            assert (event.stream, event.occurred_at) == (f"client-{customer('C1')}", sold)


async def test_the_source_is_the_folders_name_without_a_dataset(tmp_path: Path) -> None:
    async with opened(tmp_path / "data") as log:
        report = await log.take(write(tmp_path / "acme", small() | {"meta": {"dataset": ""}}))
        assert report.source == "acme"


async def test_the_first_money_names_the_base_currency(tmp_path: Path) -> None:
    tables = small() | {"meta": {"base_currency": ""}, "fx_rates": []}
    for table in ("orders", "payments"):
        for row in tables[table]:
            row["currency"] = ""
    async with opened(tmp_path / "data") as log:
        assert (await log.take(write(tmp_path / "in", tables))).errors == []
        settings: Any = log.codec.model((await log.events("WorkspaceSettingsChanged"))[0])
        assert settings.base_currency == "USD"


# ---------------------------------------------------------------- crash


class Killed(Exception):
    """The process ends here."""


@pytest.mark.parametrize("after", [1, 2, 3, 5, 8])
async def test_killed_between_two_chunks_and_imported_again(
    tmp_path: Path, after: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.importer.sink.CHUNK", 3)
    bundle = write(tmp_path / "in", small())
    async with opened(tmp_path / "data") as log:
        store, left = log.store.append_many, [after]

        async def append_many(appends: Any) -> Any:
            left[0] -= 1
            if left[0] < 0:
                raise Killed
            return await store(appends)

        monkeypatch.setattr(log.store, "append_many", append_many)
        with pytest.raises(Killed):
            await log.take(bundle)
    async with opened(tmp_path / "data") as log, opened(tmp_path / "once") as once:
        assert len(await log.events()) > 0
        assert (await log.take(bundle)).errors == []
        await once.take(bundle)
        assert unnumbered(await log.told()) == unnumbered(await once.told())
        assert (await log.take(bundle)).events == 0
        for name in ("ClientRegistered", "DealOpened", "OrderPlaced"):
            numbers = [log.codec.model(e).model_dump()["number"] for e in await log.events(name)]
            assert len(numbers) == len(set(numbers)) == 3


def unnumbered(told: dict[str, list[tuple[Any, ...]]]) -> dict[str, list[tuple[Any, ...]]]:
    """Leave out short numbers: a block that was taken before the crash stays taken."""
    return {stream: [(*e[:-1], e[-1] | {"number": 0}) for e in events] for stream, events in told.items()}


async def test_what_is_changed_here_at_the_same_moment_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with opened(tmp_path / "data") as log:
        await log.take(write(tmp_path / "in", small()))
        store = log.store.append_many

        async def append_many(appends: Any) -> Any:
            command = AssignDeal(deal_id=deal("D1"), owner_id=None)
            await live(log, DEAL, deal("D1"), command)
            return await store(appends)

        monkeypatch.setattr(log.store, "append_many", append_many)
        report = await log.take(write(tmp_path / "changed", changed(cell("deals", 0, owner_id="U2"))))
        assert [(e.file, e.line) for e in report.errors] == [("deals.csv", 2)]
        assert "import again" in report.errors[0].reason
