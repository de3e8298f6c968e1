"""The aggregates of the gateway service; pure."""
