"""Questions to the numbers. Every one reads one snapshot, under one ruleset, and takes `as_of` (DESIGN 6)."""
