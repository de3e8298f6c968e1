"""Spreadsheets taken in while the workspace is served: what the pages of imports ask for (#5, ADR 0026)."""
