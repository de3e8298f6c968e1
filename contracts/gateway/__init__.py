"""Contracts of the gateway service: employees and workspace settings."""
