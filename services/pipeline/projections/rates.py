"""Exchange rates as they are shown and edited: one document a currency and day (P10)."""

from __future__ import annotations

from typing import Any

import msgspec

from contracts.envelope import RecordedEvent
from contracts.pipeline.events import RateSet
from services.kit.documents import Collection
from services.kit.projection import Context, Projection


class Rate(msgspec.Struct, frozen=True):
    """Units of `currency` for one unit of `base` on that UTC day, decimal text; `set_at` UTC ms."""

    currency: str
    day: str
    base: str
    rate: str
    set_at: int


RATES = Projection(
    "rates",
    1,
    [Collection("rates", Rate, {"currency": "text", "day": "text"}, (("currency", "day"), ("day", "currency")))],
)


@RATES.on(RateSet)
def _set(ctx: Context, data: Any, event: RecordedEvent) -> None:
    rate = Rate(data.currency, data.day, data.base, data.rate, event.occurred_at)
    ctx.put("rates", f"{data.currency}:{data.day}", rate)
