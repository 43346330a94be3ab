"""What is saved and undone: a document is an immutable value, and history is a list of such values."""
