"""The command `voronka`: runs, imports, exports, verifies, rebuilds and demonstrates the product."""
