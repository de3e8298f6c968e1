"""The collections and counters of the group `analytics`: what is stored, indexed and added up (DESIGN 6).

Rules-dependent rows and counters carry the id of their ruleset in `rules`, so that two versions can stand side by side
(P2). The shapes of documents: shapes.py.
"""

from __future__ import annotations

from services.analytics.projections.shapes import Fact, LaneRules, Part, Payment, Person, Row, Visit
from services.kit.documents import Collection, Counter

FACTS = Collection(
    "facts",
    Fact,
    {
        "kind": "text",
        "client_id": "text",
        "funnel_id": "text",
        "stage_id": "text",
        "owner_id": "text",
        "created_at": "int",
        "shipped_at": "int",
        "value": "int",
    },
    (("client_id", "shipped_at"), ("funnel_id", "stage_id", "created_at")),
)
PAYMENTS = Collection("payments", Payment, {"client_id": "text", "paid_at": "int"}, (("client_id", "paid_at"),))
PEOPLE = Collection("people", Person)
VISITS = Collection(
    "visits",
    Visit,
    {"funnel_id": "text", "stage_id": "text", "to_stage": "text", "owner_id": "text", "left_at": "int"},
    (("funnel_id", "stage_id", "left_at"),),
)
PARTS = Collection(
    "parts",
    Part,
    {"rules": "text", "row_id": "text", "kind": "text", "at": "int"},
    (("rules", "row_id", "kind", "at"),),
)
SORTABLE = (
    "sales_count",
    "sales_sum",
    "avg_check",
    "in_work_count",
    "in_work_sum",
    "refused_count",
    "refused_sum",
    "first_sale_at",
    "last_sale_at",
    "profit",
    "balance",
    "changed_at",
)
FILTERED = (
    *(("owner_id",), ("status", "temperature"), ("tag_words",)),
    *((each, "temperature", "status") for each in ("segment", "category")),
)
"""Of two columns behind a segment, the one that leaves fewer clients comes first."""
_KNOWN = ("segment", "category", "status", "temperature", "owner_id", "tag_words")
ROWS = Collection(
    "rows",
    Row,
    {
        "rules": "text",
        "subject": "text",
        "subject_id": "text",
        "owner_id": "text",
        "country": "text",
        "segment": "text",
        "category": "text",
        "status": "text",
        "temperature": "text",
        "tag_words": "text",
        "listed": "int",
        **dict.fromkeys(SORTABLE, "int"),
    },
    (
        *(("rules", "subject", column) for column in SORTABLE),
        *(("rules", "subject", "listed", *each) for each in FILTERED),
        ("rules", "subject", "listed", "country", *_KNOWN, *SORTABLE),
    ),
)
"""An event of a client's deals changes none of the columns that FILTERED are of, so these indexes cost it nothing. The
last index holds all that lists filter, sort and add up by: any of it is answered without reading a row (ADR 0030)."""
LANE = Collection("lane", LaneRules)

_SIX = ("sales_count", "sales_sum", "in_work_count", "in_work_sum", "refused_count", "refused_sum")
TOTALS = Counter(
    "totals",
    {"rules": "text", "owner_id": "text", "attached": "int"},
    (*_SIX, "none_count", "none_sum", "profit", "billed"),
)
"""All counted facts by owner and by whether they have a client."""
CURRENCIES = Counter("currencies", {"rules": "text", "currency": "text", "owner_id": "text"}, _SIX)
MONTHS = Counter(
    "months",
    {"rules": "text", "month": "text", "owner_id": "text"},
    ("sales_count", "sales_sum", "profit", "new_clients"),
)
PRODUCTS = Counter(
    "products",
    {"rules": "text", "product_id": "text", "owner_id": "text"},
    ("sales_count", "quantity", "revenue", "revenue_micro"),
)
"""Revenue = revenue + revenue_micro / 10^6 minor units: whole and remaining millionths apart, no overflow."""
DEAL_TOTALS = Counter(
    "deal_totals",
    {"rules": "text", "funnel_id": "text", "owner_id": "text"},
    ("deals", "won", "lost", "in_work", "in_work_sum", "cycle_ms"),
)
DEAL_MONTHS = Counter(
    "deal_months",
    {"rules": "text", "month": "text", "funnel_id": "text", "owner_id": "text"},
    ("created", "won", "lost"),
)
ATTRIBUTES = Counter(
    "attributes", {"rules": "text", "name": "text", "value": "text", "owner_id": "text"}, ("clients", *_SIX)
)
"""Totals of clients by country, segment and category."""
LISTED = Counter(
    "listed",
    {"rules": "text", "owner_id": "text", "status": "text", "temperature": "text", "owes": "int"},
    ("clients", *_SIX, "balance"),
)
"""Totals of the clients that lists show, by what lists are filtered by most; `owes` 1: those with a balance below 0."""
SHIPMENTS = Counter(
    "shipments",
    {"rules": "text", "month": "text", "branch": "text", "owner_id": "text"},
    ("shipments", "goods", "cost", "shipping"),
)
CLIENT_SHIPMENTS = Counter(
    "client_shipments", {"rules": "text", "month": "text", "client_id": "text"}, ("shipments", "goods")
)
RECEIPTS = Counter(
    "receipts",
    {"rules": "text", "month": "text", "branch": "text", "owner_id": "text"},
    ("payments", "amount"),
)
STAGES = Counter(
    "stages",
    {"funnel_id": "text", "stage_id": "text", "owner_id": "text"},
    ("entered", "visits", "completed", "sum_ms", "current", "current_sum", "open_since", "subjects", "subjects_ms"),
)
"""`open_since`: sum of entry instants of those standing there, ms since 2000; `subjects_ms`: completed stays added up
per subject, `subjects` of them."""
TRANSITIONS = Counter(
    "transitions",
    {"funnel_id": "text", "from_stage": "text", "to_stage": "text", "owner_id": "text"},
    ("moves", "subjects", "timed", "sum_ms"),
)
PATHS = Counter("paths", {"funnel_id": "text", "visited": "text", "owner_id": "text"}, ("subjects",))
"""One count per set of stages visited: answers entered, both and reached for any stage order (DESIGN 6)."""
STARTS = Counter("starts", {"funnel_id": "text", "stage_id": "text", "owner_id": "text"}, ("subjects",))
FULFILMENT = Counter("fulfilment", {"owner_id": "text"}, ("orders", "shipped", "late", "required", "lead_ms"))
SEEN = Counter("seen", {"what": "text"}, ("times",))
"""Whether anything was ever stored: cost, payment, money, touched (DEFINITIONS: empty, not 0)."""
VALUES = Counter("dist_values", {"dist": "text", "value": "int", "part": "text", "owner_id": "text"}, ("count",))
BUCKETS = Counter("dist_buckets", {"dist": "text", "bucket": "int", "part": "text", "owner_id": "text"}, ("count",))
"""A distribution: how often each value occurs, and the same per bucket to find the k-th quickly."""
COUNTERS = (
    TOTALS, CURRENCIES, MONTHS, PRODUCTS, DEAL_TOTALS, DEAL_MONTHS, ATTRIBUTES, LISTED, SHIPMENTS,
    CLIENT_SHIPMENTS, RECEIPTS, STAGES, TRANSITIONS, PATHS, STARTS, FULFILMENT, SEEN, VALUES, BUCKETS,
)  # fmt: skip
RULED = (
    "parts", "rows", "totals", "currencies", "months", "products", "deal_totals", "deal_months", "attributes",
    "listed", "shipments", "client_shipments", "receipts",
)  # fmt: skip
"""What belongs to one ruleset, purged with it."""
COLLECTIONS = (FACTS, PAYMENTS, PEOPLE, VISITS, PARTS, ROWS, LANE)
