"""Where denoisers come from: the bundled model, and the folders a person adds. Never imports Qt."""
