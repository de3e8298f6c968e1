"""Which version this is."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version


def product_version() -> str:
    """Return this product's version."""
    try:
        return version("voronka")
    except PackageNotFoundError:
        return "0"
