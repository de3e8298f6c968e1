"""The numbers of a client that pages show, with their names (S1.4 to S1.10)."""

from __future__ import annotations

from gettext import NullTranslations


def labels(words: NullTranslations) -> dict[str, str]:
    """Return field → name, in their order; "as of", the eighth, is the same for all rows (P4)."""
    return {
        "sales_count": words.gettext("Sales, count"),
        "sales_sum": words.gettext("Sales"),
        "avg_check": words.gettext("Average check"),
        "in_work_count": words.gettext("In work, count"),
        "in_work_sum": words.gettext("In work"),
        "refused_count": words.gettext("Refused, count"),
        "refused_sum": words.gettext("Refused"),
    }


FIELDS = tuple(labels(NullTranslations()))
