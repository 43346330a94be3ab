"""Jobs, and the one thread that owns the model. Importing this package loads no torch; the thread does."""
