"""Importing a spreadsheet in the browser: chosen, matched, taken in, taken back (#5)."""
