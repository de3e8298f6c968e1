"""Saved views of the list of clients: shown above it, saved, renamed, shared, removed and restored (#5)."""
