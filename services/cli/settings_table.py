"""Keeps the manual's table of settings equal to the class: `python -m services.cli.settings_table`."""

from __future__ import annotations

from pathlib import Path
from typing import Literal, get_args, get_origin

from pydantic import SecretStr
from pydantic.fields import FieldInfo

from services.kit.settings import Settings

MANUAL = Path(__file__).parents[2] / "docs" / "distributed.md"
BEGIN, END = "<!-- settings: made by `make schemas` -->", "<!-- end of settings -->"


def table() -> str:
    """Return the settings as a Markdown table."""
    rows = ["| environment | default | |", "| --- | --- | --- |"]
    for name, field in Settings.model_fields.items():
        rows.append(f"| `VORONKA_{name.upper()}` | {_default(field)} | {_meaning(field)} |")
    return "\n".join(rows)


def with_table(manual: str) -> str:
    """Return the manual with the table as it is now. Raises ValueError if its place is missing."""
    before, rest = manual.split(BEGIN, 1)
    _, after = rest.split(END, 1)
    return f"{before}{BEGIN}\n{table()}\n{END}{after}"


def _default(field: FieldInfo) -> str:
    value = field.default
    text = value.get_secret_value() if isinstance(value, SecretStr) else str(value)
    return f"`{text}`" if text else ""


def _meaning(field: FieldInfo) -> str:
    words = [field.description] if field.description else []
    if get_origin(field.annotation) is Literal:
        words.append("one of " + ", ".join(f"`{choice}`" for choice in get_args(field.annotation)))
    if field.annotation is SecretStr:
        words.append("a secret")
    return "; ".join(words)


def main() -> None:
    """Write the manual anew if the table changed."""
    manual = MANUAL.read_text(encoding="utf-8")
    if (made := with_table(manual)) != manual:
        MANUAL.write_text(made, encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main()
