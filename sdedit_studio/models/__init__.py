"""Models: the bundled one and those a person adds, read and loaded as denoisers. Never imports Qt."""
