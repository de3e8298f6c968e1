"""The services, each the owner of its own facts, and the kit they share."""
