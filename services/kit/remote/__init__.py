"""Calls between the processes of the distributed profile (DESIGN 5, 10)."""
