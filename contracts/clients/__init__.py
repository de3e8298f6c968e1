"""Contracts of the clients service: who we work with."""
