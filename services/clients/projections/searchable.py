"""What a search over people looks in (S3.5, S0.39, P21)."""

from __future__ import annotations

from collections.abc import Iterable


def searchable(number: int, *texts: str | None, phones: Iterable[str | None] = ()) -> str:
    """Return the texts that are there in lines, phones also as digits alone, and the number as `#123`."""
    lines = [f"#{number}", *(text for text in texts if text)]
    for phone in phones:
        if phone:
            lines += [phone, "".join(sign for sign in phone if sign.isdigit())]
    return "\n".join(lines)
