"""What crosses a boundary between services: events, commands, documents, money, ids and problems."""
