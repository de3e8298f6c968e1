"""The read models of the pipeline service: one a file, pure folds."""
