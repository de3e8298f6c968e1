"""An accounting ledger that follows Voronka's orders and payments on Kafka, and can prove that it agrees."""
