"""Imports one spreadsheet, CSV or XLSX, of clients, contacts or notes: read, matched, checked, stored, undone (#5)."""
