"""Who we work with: clients, contact persons, notes and leads."""
