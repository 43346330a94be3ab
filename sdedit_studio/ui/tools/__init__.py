"""One module a tool; a tool turns pointer events into new documents."""
