"""Shapes of the analytics read models: facts, rows, the lane's own copy of the rules, counters (DESIGN 6).

Money in integer minor units of the base currency, times UTC ms, quantities in millionths. Rules-dependent rows and
counters carry the id of their ruleset in `rules`, so that two versions can stand side by side (P2).
"""

from __future__ import annotations

import msgspec

from services.kit.documents import words

EPOCH_2000 = 946_684_800_000
"""Summed instants are counted from here (DESIGN 4: no 64-bit overflow)."""
MICRO = 1_000_000


class Stay(msgspec.Struct, frozen=True, array_like=True):
    """One stay in a stage; `left_at` None: still there. `imputed`: in no timing."""

    stage_id: str
    entered_at: int
    left_at: int | None = None
    imputed: bool = False


class FactLine(msgspec.Struct, frozen=True, array_like=True):
    """A product in a sale: quantity in millionths, revenue in millionths of minor units (None: the fact's value)."""

    product_id: str
    quantity: int
    revenue: int | None


class Fact(msgspec.Struct, frozen=True):
    """A deal, an order, or a client's way through a client funnel (P20): what the numbers are sums of (X2)."""

    id: str
    kind: str
    """deal, order or client."""
    funnel_id: str
    stage_id: str
    created_at: int
    client_id: str | None = None
    contact_ids: tuple[str, ...] = ()
    owner_id: str = ""
    imputed: bool = False
    value: int = 0
    local: int = 0
    currency: str = ""
    cost: int | None = None
    extra: int = 0
    """Shipping and tax, billed beside the goods."""
    lines: tuple[FactLine, ...] = ()
    stays: tuple[Stay, ...] = ()
    deal_id: str | None = None
    required_at: int | None = None
    shipped_at: int | None = None
    shipped: tuple[int, int | None, int] | None = None
    """Goods, cost, shipping of the shipment."""
    branch: str = ""


class Payment(msgspec.Struct, frozen=True):
    """A receipt; `reversed_at`: a negative receipt at that date."""

    id: str
    client_id: str | None
    owner_id: str
    amount: int
    paid_at: int
    branch: str = ""
    reversed_at: int | None = None


class Person(msgspec.Struct, frozen=True):
    """What boards and lists need of a client: no personal data."""

    id: str
    registered: bool = False
    registered_at: int = 0
    imputed: bool = False
    owner_id: str = ""
    country: str = ""
    segment: str = ""
    category: str = ""
    status: str = ""
    temperature: str = ""
    tags: tuple[str, ...] = ()
    archived: bool = False
    erased: bool = False


class Visit(msgspec.Struct, frozen=True):
    """A completed stay, for drill-down and explanations."""

    fact_id: str
    funnel_id: str
    stage_id: str
    to_stage: str
    owner_id: str
    entered_at: int
    left_at: int
    took_ms: int | None
    """Duration in ms; None: imputed, in no timing."""


class Part(msgspec.Struct, frozen=True):
    """What one fact gives to one row: the contribution behind the eight fields (X2)."""

    rules: str
    row_id: str
    """The subject's id."""
    kind: str
    at: int
    fact_id: str
    fact_kind: str
    value: int
    profit: int
    billed: int

    @property
    def id(self) -> str:
        """The part's document id."""
        return f"{self.rules}:{self.row_id}:{self.fact_id}"


class Row(msgspec.Struct, frozen=True):
    """The metrics of a client or of a contact person (S1.4 to S1.12, S2.9 to S2.15)."""

    rules: str
    subject: str
    """client or contact."""
    subject_id: str
    registered: bool = False
    owner_id: str = ""
    country: str = ""
    segment: str = ""
    category: str = ""
    status: str = ""
    temperature: str = ""
    tags: tuple[str, ...] = ()
    listed: int = 0
    """1: a client that lists show, registered and neither in the archive nor erased."""
    sales_count: int = 0
    sales_sum: int = 0
    avg_check: int = 0
    in_work_count: int = 0
    in_work_sum: int = 0
    refused_count: int = 0
    refused_sum: int = 0
    none_count: int = 0
    none_sum: int = 0
    first_sale_at: int | None = None
    last_sale_at: int | None = None
    profit: int = 0
    billed: int = 0
    paid: int = 0
    balance: int = 0
    first_shipment_at: int | None = None
    last_shipment_at: int | None = None
    changed_at: int = 0
    currencies: dict[str, tuple[int, int, int, int, int, int]] = {}
    """Unconverted sums per currency: count and sum of sales, in work, refused."""

    @property
    def id(self) -> str:
        """The row's document id."""
        return f"{self.rules}:{self.subject_id}"

    @property
    def tag_words(self) -> str:
        """The tags, as the condition `word` finds them."""
        return words(self.tags)


class Ruleset(msgspec.Struct, frozen=True):
    """What decides classes and months. `id` names its rows and counters: the versions of the two streams it is made
    of, so that it means the same in every lane and never comes again."""

    id: str = "0.0"
    rules_version: int = 0
    zone_version: int = 0
    zone: str = "UTC"
    sources: tuple[str, ...] = ("clients", "deals", "orders")
    classes: dict[str, str] = {}
    """`funnel\\x1fstage` → kind, as the sales rules name them."""


VOID = Ruleset(id="void")
"""Stands in while a rebuild folds facts alone: nothing is counted then, only when a row's facts last changed."""


class LaneRules(msgspec.Struct, frozen=True):
    """The lane's own copy of reference data, and how far new rules are derived (P2)."""

    stages: dict[str, str] = {}
    """`funnel\\x1fstage` → the class the stage was added with."""
    wanted: Ruleset = Ruleset()
    active: Ruleset = Ruleset()
    building: Ruleset | None = None
    phase: str = ""
    """Which collection the derivation walks now: people, facts, payments, rows."""
    cursor: str = ""
    previous: tuple[Ruleset, ...] = ()
    """Complete older rulesets, kept and kept up to date until all lanes have the active one: what all can answer under
    must stay true in every lane, however long one of them takes."""
    garbage: tuple[str, ...] = ()


def stage_key(funnel_id: str, stage_id: str) -> str:
    """Return the key of a stage in `LaneRules.stages` and `Ruleset.classes`."""
    return f"{funnel_id}\x1f{stage_id}"
