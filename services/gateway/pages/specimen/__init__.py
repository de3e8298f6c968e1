"""The specimen page: every component of the interface in every state, for development (#5)."""
