"""Imports a canonical bundle (DEFINITIONS 1) into the log: read, checked, turned into histories, appended (DESIGN 9)."""
