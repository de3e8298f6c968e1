"""The stays of a deal or an order in its stages, in order and without a gap (DEFINITIONS, funnel). Pure."""

from __future__ import annotations

from contracts.base import Event
from contracts.pipeline.facts import Visit


def entered(stage_id: str, event: Event) -> tuple[Visit, ...]:
    """Return the first stay."""
    return (Visit(stage_id=stage_id, entered_at=event.occurred_at, imputed=event.imputed),)


def moved(visits: tuple[Visit, ...], stage_id: str, event: Event) -> tuple[Visit, ...]:
    """Return the stays after the present one was left for another; imputed if entering or leaving it was."""
    *past, last = visits
    left = Visit(
        stage_id=last.stage_id,
        entered_at=last.entered_at,
        left_at=event.occurred_at,
        imputed=last.imputed or event.imputed,
    )
    return (*past, left, *entered(stage_id, event))
