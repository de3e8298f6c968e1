"""Freezes one stored event per released type: `python -m tests.contracts.make_golden` adds what is missing.

A file that exists is never rewritten: it stands for events that lie in somebody's log and must be readable for ever."""

import json
from hashlib import sha256
from pathlib import Path
from typing import Any

from contracts import ids
from contracts.base import ENVELOPE_FIELDS, Event
from contracts.envelope import Origin, RecordedEvent, cloud_event
from contracts.registry import EVENTS
from tests.contracts.keyring import FakeKeyring, encoded

FOLDER = Path(__file__).parent / "golden"
OCCURRED_AT = 1_780_219_800_123  # 2026-05-31T09:30:00.123Z
_DAY = 86_400_000


def golden_id(kind: str, number: int = 1) -> str:
    """Return the id of a thing that the golden events tell about."""
    return ids.created_id("golden", f"{kind}-{number}")


_IMPORT = golden_id("import")
_DEAL_LINES = [
    {"product_id": golden_id("product"), "quantity": "12", "total": 1_185_000, "unit_cost": "712.5040", "cost": 20_726},
    {"product_id": golden_id("product", 2), "quantity": "0.750", "total": 65_050, "unit_cost": None, "cost": None},
]
_ORDER_LINES = [
    {
        "line_no": 1, "product_id": golden_id("product"), "quantity": "12", "unit_price": "1039.47", "discount": "0.05",
        "total": 1_184_996, "unit_cost": "712.5040", "cost": 855_005,
    },
    {
        "line_no": 2, "product_id": golden_id("product", 2), "quantity": "0.750", "unit_price": "867.333",
        "discount": "0", "total": 65_050, "unit_cost": None, "cost": None,
    },
]  # fmt: skip
_VISITS = [
    {
        "stage_id": golden_id("stage"), "entered_at": OCCURRED_AT - 30 * _DAY, "left_at": OCCURRED_AT - 9 * _DAY,
        "imputed": True,
    },
    {"stage_id": golden_id("stage", 2), "entered_at": OCCURRED_AT - 9 * _DAY, "left_at": None, "imputed": False},
]  # fmt: skip
_SHIPMENT = {
    "shipped_at": OCCURRED_AT - 2 * _DAY, "branch": "Одеса", "manager_id": golden_id("employee", 2), "goods": 30_305,
    "cost": 20_726, "shipping": 1_200,
}  # fmt: skip

EXAMPLES: dict[str, Any] = {
    "account_id": golden_id("employee"),
    "about": golden_id("deal"),
    "address": "вул. Дерибасівська, 10, кв. 5",
    "amount": 625_023,
    "base": "EUR",
    "base_amount": 15_151,
    "base_cost": 20_726,
    "base_currency": "EUR",
    "base_shipping": 1_200,
    "base_tax": 6_061,
    "base_total": 30_305,
    "base_value": 30_305,
    "birthday": "1984-02-29",
    "branch": "Одеса",
    "branches": ["Київ", "Одеса", "Warszawa"],
    "by_link": True,
    "business_type": "Роздріб",
    "category": "VIP",
    "churn_days": 120,
    "city": "Одеса",
    "classes": [
        {"funnel_id": golden_id("funnel"), "stage_id": golden_id("stage"), "kind": "in_work"},
        {"funnel_id": golden_id("funnel"), "stage_id": golden_id("stage", 2), "kind": "bought"},
    ],
    "client_id": golden_id("client"),
    "client_kind": "person",
    "company": "ФОП Гнатюк О. В.",
    "contact_id": golden_id("contact"),
    "contact_ids": [golden_id("contact"), golden_id("contact", 2)],
    "cost": "712.5040",
    "count": 1000,
    "country": "Україна",
    "currency": "UAH",
    "day": "2026-05-31",
    "deal_id": golden_id("deal"),
    "descriptions": {"": "Electric kettle, 1.7 l", "uk": "Електрочайник «Їжак», 1,7 л"},
    "digest": sha256(b"golden").hexdigest(),
    "discount": "7.5",
    "email": "oksana.hnatiuk@example.com",
    "employee_id": golden_id("employee"),
    "export_id": golden_id("export"),
    "expires_at": OCCURRED_AT + 90 * _DAY,
    "expected_on": "2026-08-01",
    "external_id": "Гнатюк-0042",
    "filters": ["status=potential", "balance=lt:0"],
    "first": 4001,
    "format": "xlsx",
    "from_client": golden_id("client", 2),
    "from_entered_at": OCCURRED_AT - 9 * _DAY,
    "from_owner": golden_id("employee", 2),
    "from_priority": "none",
    "from_role": "manager",
    "from_stage": golden_id("stage"),
    "from_status": golden_id("stage", 3),
    "from_temperature": "cold",
    "funnel_id": golden_id("funnel"),
    "hash": "$argon2id$v=19$m=65536,t=3,p=4$Z29sZGVuLXNhbHQ$Z29sZGVuLWhhc2g",
    "kind": "company",
    "language": "uk",
    "lead_id": golden_id("lead"),
    "lines": _DEAL_LINES,
    "link_id": golden_id("link"),
    "login": "oksana@romashka.example",
    "links": ["https://example.com/romashka", "https://t.me/romashka_od"],
    "manager": "Леонід Бондаренко",
    "manager_id": golden_id("employee", 2),
    "mentions": [],
    "message": "Добрий день! Потрібно 12 чайників до п'ятниці.\nДякую",
    "name": "ТОВ «Ромашка»",
    "names": {"": "Kettle", "uk": "Чайник", "ru": "Чайник электрический"},
    "note_id": golden_id("note"),
    "number": 42,
    "opened_at": OCCURRED_AT - 30 * _DAY,
    "opened_imputed": True,
    "order_id": golden_id("order"),
    "ordered_at": OCCURRED_AT - 5 * _DAY,
    "ordered_imputed": True,
    "owner_id": golden_id("employee"),
    "paid_at": OCCURRED_AT - _DAY,
    "payment_id": golden_id("payment"),
    "phone": "+380 48 123-45-67",
    "phones": ["+380 48 123-45-67", "+380 67 765-43-21"],
    "position": 3,
    "price": "1039.47",
    "priority": "high",
    "probability": "0.35",
    "product_id": golden_id("product"),
    "promote_on_first_sale": False,
    "rate": "41.2500",
    "reason": "Перейшли до конкурента — дорого",
    "region": "Південь",
    "required_at": OCCURRED_AT + 14 * _DAY,
    "reversed_at": OCCURRED_AT - 3_600_000,
    "rights": {"records": "team", "numbers": True, "profit": False, "export": None},
    "role": "manager",
    "rules_id": "sales",
    "scopes": ["read", "numbers"],
    "segment": "Опт",
    "session_id": golden_id("session"),
    "shipment": _SHIPMENT,
    "source": "Виставка",
    "sources": ["deals", "orders"],
    "stage_id": golden_id("stage", 2),
    "status": golden_id("stage", 4),
    "subject": "order",
    "tags": ["опт", "2026"],
    "tax_id": "3012345678",
    "team": "Відділ продажів №1",
    "telegram": "@oksana_hnatiuk",
    "temperature": "hot",
    "text": "Просила передзвонити після 15:00 — 🙂",
    "title": "Чайники для готелю «Їжак»",
    "to_client": golden_id("client", 2),
    "to_owner": golden_id("employee"),
    "to_priority": "high",
    "token_id": golden_id("token"),
    "made_by": golden_id("token", 2),
    "to_role": "director",
    "to_stage": golden_id("stage", 2),
    "to_status": "current",
    "to_temperature": "not_interested",
    "total": 1_250_046,
    "touched_at": OCCURRED_AT - _DAY,
    "unit": "шт",
    "valid_from": OCCURRED_AT - _DAY,
    "value": 1_250_050,
    "what": "clients",
    "visits": _VISITS,
    "workspace_id": "workspace",
    "zone": "Europe/Kyiv",
}
"""Per field a value that a real event could have."""
_BULK = golden_id("bulk")
_VIEW = golden_id("view")
_NOT_DONE = [{"client_id": golden_id("client", 2), "why": "same"}]
_PERSON = "Оксана Гнатюк"
_ORDER = {"lines": _ORDER_LINES}
OVERRIDES: dict[str, dict[str, Any]] = {
    "ClientRegistered": {"status": "potential"},
    "ClientStatusChanged": {"from_status": "potential"},
    "ContactAdded": {"name": _PERSON, "position": "Директорка"},
    "ContactChanged": {"name": _PERSON, "position": "Директорка"},
    "LeadCaptured": {"name": _PERSON},
    "LeadConverted": {"name": _PERSON},
    "OrderPlaced": _ORDER,
    "OrderLinesChanged": _ORDER,
    "OrderShipped": _ORDER,
    "OrderJoinedClient": _ORDER,
    "FunnelDefined": {"name": "Опт", "external_id": "pipeline-1"},
    "StageAdded": {"name": "Рахунок надіслано", "kind": "in_work", "external_id": "stage-2"},
    "StageRenamed": {"name": "Рахунок надіслано"},
    "ProductAdded": {"category": "Побутова техніка", "external_id": "KET-17"},
    "ProductChanged": {"category": "Побутова техніка"},
    "EmployeeAdded": {"name": "Марко Шевченко", "external_id": "E-7"},
    "EmployeeChanged": {"name": "Марко Шевченко"},
    "WorkspaceSettingsChanged": {"name": "Ромашка Груп"},
    "AccountTokenIssued": {"name": "Бухгалтерія"},
    "NumbersReserved": {"kind": "deal"},
    "BulkClientsChosen": {"bulk_id": _BULK, "client_ids": [golden_id("client"), golden_id("client", 2)]},
    "BulkContactsChosen": {"bulk_id": _BULK, "contact_ids": [golden_id("contact"), golden_id("contact", 2)]},
    "BulkBegun": {"bulk_id": _BULK, "subject": "client", "action": "owner", "value": golden_id("employee"), "count": 2},
    "BulkFinished": {"bulk_id": _BULK, "changed": 1, "skipped": 1, "not_done": _NOT_DONE},
    "BulkUndoBegun": {"bulk_id": _BULK},
    "BulkUndone": {"bulk_id": _BULK, "undone": 1, "left": 1, "not_done": [{**_NOT_DONE[0], "why": "changed"}]},
    "ViewSaved": {
        "view_id": _VIEW,
        "what": "clients",
        "owner_id": golden_id("employee"),
        "name": "Гарячі боржники",
        "audience": "team",
        "query": ["temperature=hot", "view=table", "balance=lt:0"],
    },
    "ViewRemoved": {"view_id": _VIEW},
    "ViewRestored": {"view_id": _VIEW},
    "TableImportBegun": {
        "import_id": _IMPORT,
        "kind": "clients",
        "file": "Клієнти 2026.xlsx",
        "options": "0f" * 16,
        "rows": 120,
    },
    "TableRowsTaken": {
        "import_id": _IMPORT,
        "options": "0f" * 16,
        "things": [
            {"thing": "client", "id": golden_id("client"), "row": 2},
            {"thing": "note", "id": golden_id("note"), "row": 2},
        ],
    },
    "TableImportFinished": {"import_id": _IMPORT, "new": 100, "updated": 12, "skipped": 5, "refused": 3},
    "TableImportUndone": {"import_id": _IMPORT, "undone": 111, "left": 1},
}
"""By the event's name: where the field means something else, or a type of its own."""
_IMPORTED = {"DealOpened", "OrderPlaced"}


ADDED: dict[str, dict[str, Any]] = {
    f"clients.Note{what}.v1": {
        "text": "@Марко Шевченко, 🙂 передзвони",
        "mentions": [{"employee_id": golden_id("employee"), "start": 0, "length": 15}],
    }
    for what in ("Added", "Edited")
} | {
    "gateway.BulkBegun.v1": {"subject": "contact", "action": "remove", "value": None},
    "gateway.BulkFinished.v1": {"not_done": [{"contact_id": golden_id("contact", 2), "why": "same"}]},
    "gateway.BulkUndone.v1": {"not_done": [{"contact_id": golden_id("contact", 2), "why": "changed"}]},
}
"""Fields that a type got after its file was frozen: frozen once more, in a folder of their own."""


def example(name: str, *, added: bool = False) -> Event:
    """Return the example event of this type, with all fields set."""
    event, overrides = EVENTS[name], OVERRIDES.get(name.split(".")[1], {}) | (ADDED[name] if added else {})
    fields = [field for field in event.model_fields if field not in ENVELOPE_FIELDS]
    if unknown := [field for field in fields if field not in EXAMPLES and field not in overrides]:
        raise KeyError(f"{name}: give {unknown} a value in EXAMPLES")
    values = {field: overrides.get(field, EXAMPLES.get(field)) for field in fields}
    return event(**values, occurred_at=OCCURRED_AT, imputed=event.__name__ in _IMPORTED)


def _stream(event: Event) -> str:
    own = next(field for field in type(event).model_fields if field not in ENVELOPE_FIELDS)
    category = {"currency": "rate", "kind": "numbers", "workspace_id": "settings"}.get(own, own.removesuffix("_id"))
    return f"{category}-{getattr(event, own)}"


def frozen(name: str, *, added: bool = False) -> dict[str, Any]:
    """Return what a golden file holds: the CloudEvent as stored, and its data as it was before it was sealed."""
    event = example(name, added=added)
    origin: Origin = "import" if event.imputed else "live"
    stored = RecordedEvent(
        id=ids.event_id(golden_id("command"), 0),
        type=name,
        stream=_stream(event),
        version=3,
        position=1017,
        key=event.key(),
        occurred_at=event.occurred_at,
        recorded_at=event.occurred_at + 7,
        imputed=event.imputed,
        actor=golden_id("employee"),
        command_id=golden_id("command"),
        command_hash=sha256(name.encode()).hexdigest(),
        correlation="4bf92f3577b34da6a3ce929d0e0e4736",
        origin=origin,
        data=encoded(event, FakeKeyring(), nonce=sha256(name.encode()).digest()[:12]),
    )
    return {"event": cloud_event(stored), "plain": event.model_dump(mode="json")}


def main() -> None:
    """Add the missing files; leave the others alone."""
    FOLDER.mkdir(exist_ok=True)
    for name in EVENTS:
        _write(FOLDER / f"{name}.json", name)
    (FOLDER / "added").mkdir(exist_ok=True)
    for name in ADDED:
        _write(FOLDER / "added" / f"{name}.json", name, added=True)


def _write(path: Path, name: str, *, added: bool = False) -> None:
    if not path.exists():
        text = json.dumps(frozen(name, added=added), ensure_ascii=False, indent=2) + "\n"
        path.write_text(text, encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main()
