"""The aggregates of the clients service; pure."""
