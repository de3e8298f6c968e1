"""Python's collector of cyclic garbage in a process that serves: measured, a full collection stopped all for 140 ms."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager

_OBJECTS = 10_000
"""New objects that a collection of the young waits for (Python's own: 700): a batch of events makes thousands, of which
hardly any is in a cycle."""


@contextmanager
def seldom() -> Iterator[None]:
    """Collect seldom, and never again walk over what is there now: modules, models, routes, templates."""
    usual = gc.get_threshold()
    gc.collect()
    gc.freeze()
    gc.set_threshold(_OBJECTS, *usual[1:])
    try:
        yield
    finally:
        gc.set_threshold(*usual)
        gc.unfreeze()
