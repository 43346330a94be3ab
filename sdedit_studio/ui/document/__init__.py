"""The document session and its door; files, edits, layers and autosave."""
