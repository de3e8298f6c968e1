"""A double of KurrentDB for tests: the gRPC calls Voronka uses, durable on SQLite, with faults on demand."""
