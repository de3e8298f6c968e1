"""Policies of the analytics service."""
