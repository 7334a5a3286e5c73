"""A business as a file: read and checked, loaded, dumped."""
