"""Pages of contact persons: the list, a person, the forms."""
