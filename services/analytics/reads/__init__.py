"""Typed answers to what may be asked of the numbers over the API and by pages."""
