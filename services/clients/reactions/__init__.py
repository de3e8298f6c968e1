"""The policies of the clients service."""
