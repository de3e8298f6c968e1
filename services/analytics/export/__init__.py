"""The numbers as files, in the layout of DEFINITIONS part 2."""
