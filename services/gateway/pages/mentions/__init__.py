"""Employees named in notes with @, and the bell that tells them (#5)."""
