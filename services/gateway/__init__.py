"""The only door; so far its employees, workspace settings and short numbers."""
