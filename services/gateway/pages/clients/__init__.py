"""Pages of clients: the list, a client, the palette."""
