"""What a fact means for the ledger: a document as it is now, the class of a stage, or the sales rules. Pure.

Facts are fat: whatever happens to an order, its event tells the order as it is afterwards. So the newest version of a
document is all there is to know, in whichever order its facts come (they change partitions with their client)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from examples.accounting_sync.message import Message

BILLED, PAID = "billed", "paid"
BOUGHT = "bought"


class Unknown(Exception):
    """A fact about money that this program does not know: a wrong balance is worse than a late one."""


@dataclass(frozen=True, slots=True)
class Document:
    """An order, deal, client's purchase or payment after its newest fact. Money in whole minor units."""

    id: str
    kind: str
    """orders, deals, clients (purchases kept in a client funnel) or payments."""
    version: int
    client_id: str
    """Empty: nobody's."""
    currency: str
    amount: int
    """In `currency`: an order's goods, a payment's money. 0 for a payment that was reversed."""
    base_amount: int
    """In the workspace's base currency: what is billed (goods, shipping, tax) or paid."""
    funnel_id: str = ""
    stage_id: str = ""
    from_deal: bool = False
    """An order that was made from a deal."""


@dataclass(frozen=True, slots=True)
class Stage:
    """A stage came to be, with the class it has until the sales rules name it."""

    funnel_id: str
    stage_id: str
    kind: str


@dataclass(frozen=True, slots=True)
class Rules:
    """Which sources are sales, and the classes of stages: in_work, bought, refused, none."""

    version: int
    sources: frozenset[str]
    classes: dict[tuple[str, str], str]


Change = Document | Stage | Rules
_SOURCES = frozenset({"orders", "deals", "clients"})
DEFAULT = Rules(0, _SOURCES, {})
_TYPE = re.compile(r"(?P<service>[a-z]+)\.(?P<name>[A-Za-z]+)\.v(?P<version>[0-9]+)")
_SILENT = re.compile(r"(Order|Deal|Payment)LeftClient|DealTouched")
"""They say nothing of the document; whoever leaves a client joins another in the event behind it."""


def fold(message: Message) -> Change | None:
    """Return what the fact changes, None if it does not concern the ledger. Raises Unknown."""
    found = _TYPE.fullmatch(message.type)
    if found is None:
        raise Unknown(f"{message.type} is no type of event")
    name = f"{found['service']}.{found['name']}"
    kind = _kind(name)
    if not kind or _SILENT.fullmatch(found["name"]):
        return None
    if found["version"] != "1":
        raise Unknown(f"{message.type} is newer than this program: update it")
    try:
        return _change(kind, message)
    except (KeyError, TypeError, ValueError) as error:
        raise Unknown(f"{message.type} at position {message.position} lacks something: {error!r}") from error


def is_sale(document: Document, kinds: dict[tuple[str, str], str], rules: Rules) -> bool:
    """Tell whether the document is billed (P1, P2): it stands on a bought stage, of a kind that counts as a source.

    An order made from a deal counts through its deal, unless deals are no source. `kinds`: classes stages came with."""
    stage = document.funnel_id, document.stage_id
    counted = document.kind in rules.sources and not (document.from_deal and "deals" in rules.sources)
    return counted and (rules.classes.get(stage) or kinds.get(stage, "none")) == BOUGHT


def _kind(name: str) -> str:
    match name:
        case "pipeline.StageAdded":
            return "stage"
        case "analytics.SalesRulesSet":
            return "rules"
        case "clients.ClientStageChanged":
            return "clients"
        case _ if name.startswith("pipeline.Order"):
            return "orders"
        case _ if name.startswith("pipeline.Deal"):
            return "deals"
        case _ if name.startswith("pipeline.Payment"):
            return "payments"
        case _:
            return ""


def _change(kind: str, message: Message) -> Change:
    data = message.data
    match kind:
        case "stage":
            return Stage(data["funnel_id"], data["stage_id"], data["kind"])
        case "rules":
            classes = {(each["funnel_id"], each["stage_id"]): str(each["kind"]) for each in data["classes"]}
            return Rules(message.version, frozenset(data["sources"]), classes)
        case "payments":
            return _payment(message, data)
        case "orders":
            billed = data["base_total"] + data["base_shipping"] + data["base_tax"]
            return _sale(kind, message, data["total"], billed, data["status"], from_deal=bool(data.get("deal_id")))
        case "deals":
            return _sale(kind, message, data["value"], data["base_value"], data["stage_id"])
        case _:  # a client may stand in several funnels
            id = f"{message.subject}:{data['funnel_id']}"
            return _sale(kind, message, data["value"], data["base_value"], data["to_stage"], id=id)


def _payment(message: Message, data: dict[str, Any]) -> Document:
    reversed_ = message.type.startswith("pipeline.PaymentReversed") or data.get("reversed_at") is not None
    return Document(
        id=message.subject,
        kind="payments",
        version=message.version,
        client_id=data.get("client_id") or "",
        currency=data["currency"],
        amount=0 if reversed_ else int(data["amount"]),
        base_amount=0 if reversed_ else int(data["base_amount"]),
    )


def _sale(
    kind: str, message: Message, amount: int, base_amount: int, stage_id: str, *, id: str = "", from_deal: bool = False
) -> Document:
    data = message.data
    return Document(
        id=id or message.subject,
        kind=kind,
        version=message.version,
        client_id=data.get("client_id") or "",
        currency=data.get("currency") or "",
        amount=amount,
        base_amount=base_amount,
        funnel_id=data["funnel_id"],
        stage_id=stage_id,
        from_deal=from_deal,
    )
