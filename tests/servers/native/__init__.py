"""Real servers without containers, from package registries: `python -m tests.servers.native start|stop|status`."""
