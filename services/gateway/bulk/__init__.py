"""One change of many records: carried out one by one, as the log says, also after a restart (#5, ADR 0032, 0036)."""
