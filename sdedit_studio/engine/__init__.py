"""Jobs, and the worker thread that owns the model. Importing this package loads no torch; running the thread does."""
