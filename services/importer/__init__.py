"""Imports a canonical bundle (DEFINITIONS 1): read, checked, turned into histories, appended to the log (DESIGN 9)."""
