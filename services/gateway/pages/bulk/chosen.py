"""What a form for many records says: to whom it is done (#5)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from hashlib import sha256

from contracts.ids import created_id
from contracts.problem import Invalid
from services.gateway.pages.bulk.kind import Wanted

_ID = re.compile(r"[A-Za-z0-9_.:-]{1,64}").fullmatch


def picked(form: Mapping[str, str]) -> list[str]:
    """Return the ids of the rows that were chosen, each once; what is no id is left out."""
    return list(dict.fromkeys(id for id in form.get("ids", "").split(",") if _ID(id)))


def some(ids: list[str]) -> list[str]:
    """Return the ids. Raises Invalid of the field `ids` if there are none."""
    if not ids:
        raise Invalid("choose records first", field="ids")
    return ids


def id_of(actor: str, key: str, what: Wanted, ids: list[str]) -> str:
    """Return the id of the act: the same for the same form sent again, another for other records."""
    whom = sha256(",".join(ids).encode()).hexdigest()
    return created_id(actor, f"bulk:{key}:{what.action}:{what.value}:{whom}")
