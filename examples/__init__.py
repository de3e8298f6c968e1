"""Programs of other systems that talk to Voronka from outside."""
