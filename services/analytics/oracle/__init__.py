"""The independent recomputation of all numbers from exported events, by plain SQL; shares no code with the folds.

Read `sql/` in the order of SCRIPTS (run.py): events → visits → facts → the files of `expected/`."""

from services.analytics.oracle.difference import Difference, Report, compare, read_report
from services.analytics.oracle.run import Oracle, recompute

__all__ = ["Difference", "Oracle", "Report", "compare", "read_report", "recompute"]
