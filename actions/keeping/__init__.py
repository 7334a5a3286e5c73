"""Safe keeping: everything in one file that either database reads, and back again."""
