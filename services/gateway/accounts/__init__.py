"""Who comes in: passwords, one-time addresses, sessions and tokens (ADR 0023, 0024)."""
