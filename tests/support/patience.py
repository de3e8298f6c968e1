"""How long a test waits for what must come before it has failed."""

PATIENCE = 240.0
"""Seconds. Nothing that works waits so long; what is slow on two cores that twelve processes share is not wrong."""
