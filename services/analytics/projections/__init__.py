"""Read models of the analytics service: pure folds, one group (DESIGN 6)."""
