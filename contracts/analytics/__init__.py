"""Contracts of the analytics service: the numbers."""
