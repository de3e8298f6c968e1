"""How fast the product is, beside the limit measured in the same run (BENCH.md). Never run by a test for its times."""
