"""The aggregates of the pipeline service: one a file, pure."""
