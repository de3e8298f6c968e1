"""The default order funnel and which of its statuses may follow which (P15). Pure."""

from __future__ import annotations

from contracts.pipeline.commands import StageSpec

ORDERS = "orders"
"""Id of the default order funnel, made on first use; an import may bring others, which have no rules."""
CANCELLED = "cancelled"
STATUSES: tuple[StageSpec, ...] = (
    StageSpec(stage_id="new", name="New", kind="in_work"),
    StageSpec(stage_id="confirmed", name="Confirmed", kind="in_work"),
    StageSpec(stage_id="in_production", name="In production", kind="in_work"),
    StageSpec(stage_id="shipped", name="Shipped", kind="bought"),
    StageSpec(stage_id="completed", name="Completed", kind="bought"),
    StageSpec(stage_id=CANCELLED, name="Cancelled", kind="refused"),
)
LEGAL: dict[str, tuple[str, ...]] = {
    "new": ("confirmed", CANCELLED),
    "confirmed": ("in_production", "shipped", CANCELLED),
    "in_production": ("shipped", CANCELLED),
    "shipped": ("completed",),
    "completed": (),
    CANCELLED: ("new",),
}


def may_follow(funnel_id: str, status: str, after: str) -> bool:
    """Tell whether an order of this funnel may go to `status` after the other one. Statuses added to the default funnel
    by hand are free both ways."""
    return funnel_id != ORDERS or status not in LEGAL or after not in LEGAL or status in LEGAL[after]
