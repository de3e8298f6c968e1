"""Acts on many records of a list: begun from its table, told of in it and at an address of their own (#5)."""
