"""One change of many clients: carried out client by client, as the log says, also after a restart (#5, ADR 0032)."""
