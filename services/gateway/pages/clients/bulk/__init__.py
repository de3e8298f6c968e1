"""Changing many clients of the table at once: what is asked, how far it is, what came of it, its undo (ADR 0032)."""
