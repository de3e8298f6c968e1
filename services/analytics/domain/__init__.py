"""Aggregates of the analytics service. Pure."""
