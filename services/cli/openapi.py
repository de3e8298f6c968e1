"""Writes the committed description of the JSON API: `python -m services.cli.openapi` (part of `make schemas`)."""

from __future__ import annotations

from contracts.generate import FOLDER
from services.cli.workspace import SERVICES
from services.kit.web.openapi import document, encoded

PATH = FOLDER / "openapi.json"


def main() -> None:
    """Write contracts/schemas/openapi.json."""
    PATH.write_bytes(encoded(document(SERVICES)))


if __name__ == "__main__":
    main()
