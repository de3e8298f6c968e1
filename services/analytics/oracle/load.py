"""Reads exported events (JSON lines, one CloudEvent each) into one DuckDB table: typed columns, one pass."""

from __future__ import annotations

from pathlib import Path

import duckdb

from contracts.money import EXPONENTS
from contracts.registry import REFERENCE_TYPES

_ENVELOPE = {
    "type": "VARCHAR",
    "subject": "VARCHAR",
    "time": "VARCHAR",
    "streamversion": "BIGINT",
    "imputed": "BOOLEAN",
    "position": "BIGINT",
    "actor": "VARCHAR",
}
_TEXT = (
    "client_id contact_id note_id lead_id deal_id order_id payment_id funnel_id stage_id product_id employee_id "
    "external_id name email status to_status temperature to_temperature discount owner_id to_owner country segment "
    "category text priority to_priority kind probability to_stage currency rate branch base_currency position zone "
    "value"
)
_WHOLE = "base_value total base_total base_cost base_shipping base_tax base_amount required_at"
_LINE = "STRUCT(product_id VARCHAR, quantity VARCHAR, total BIGINT, cost BIGINT)[]"
_MENTION = "STRUCT(employee_id VARCHAR)[]"
_CLASS = "STRUCT(funnel_id VARCHAR, stage_id VARCHAR, kind VARCHAR)[]"
_DATA = {
    **dict.fromkeys(_TEXT.split(), "VARCHAR"),
    **dict.fromkeys(_WHOLE.split(), "BIGINT"),
    "contact_ids": "VARCHAR[]",
    "tags": "VARCHAR[]",
    "names": "MAP(VARCHAR, VARCHAR)",
    "lines": _LINE,
    "sources": "VARCHAR[]",
    "classes": _CLASS,
    "mentions": _MENTION,
}
_EVENT = """
CREATE TABLE event AS
SELECT type, version, occurred_at, imputed, log_position, actor,
       data.* EXCLUDE (position, value),
       -- `value` is a sum, but in the gateway's events what a field is set to.
       CAST(CASE WHEN type NOT LIKE 'gateway.%' THEN data.value END AS BIGINT) AS value,
       -- `position` is a place in a stage event and a job title in a contact person's.
       CASE WHEN type LIKE 'pipeline.Stage%' THEN try_cast(data.position AS BIGINT) END AS stage_position
FROM (SELECT type, streamversion AS version, epoch_ms("time"::TIMESTAMP) AS occurred_at,
             coalesce(imputed, FALSE) AS imputed,
             position AS log_position, actor, data
      FROM read_json($files, format = 'newline_delimited', columns = $columns))
WHERE $as_of IS NULL OR occurred_at <= $as_of OR list_contains($reference, type)
"""
_NOW = "SET VARIABLE now = (SELECT coalesce($now, $as_of, max(occurred_at), 0)::BIGINT FROM event)"
_CURRENCIES = "SET VARIABLE exponents = (SELECT MAP($codes::VARCHAR[], $decimals::INTEGER[]))"


def load(base: duckdb.DuckDBPyConnection, files: list[Path], *, as_of: int | None, now: int | None) -> None:
    """Make the table `event` and the variables the scripts read.

    `as_of`: UTC ms, only events up to then, but reference events of all time (DESIGN 9). `now`: UTC ms, shown as "now";
    None: `as_of`, else the newest event's time."""
    columns = {**_ENVELOPE, "data": "STRUCT(" + ", ".join(f'"{name}" {kind}' for name, kind in _DATA.items()) + ")"}
    base.execute(
        _EVENT,
        {
            "files": [str(file) for file in files],
            "columns": columns,
            "as_of": as_of,
            "reference": sorted(REFERENCE_TYPES),
        },
    )
    base.execute(_NOW, {"now": now, "as_of": as_of})
    base.execute(_CURRENCIES, {"codes": list(EXPONENTS), "decimals": list(EXPONENTS.values())})
