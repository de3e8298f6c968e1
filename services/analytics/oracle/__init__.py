"""The independent recomputation of all numbers from exported events, by plain SQL; shares no code with the folds.

Read `sql/` in the order of SCRIPTS (run.py): events → visits → facts → the files of `expected/`."""
