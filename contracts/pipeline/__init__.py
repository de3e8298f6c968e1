"""Contracts of the pipeline service: what we sell."""
