"""One technology a file: what implements the ports."""
