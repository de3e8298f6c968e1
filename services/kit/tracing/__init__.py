"""Traces (DESIGN 11, ADR 0020): which spans there are, how they find each other by the log alone, and their sending."""
