"""Documents as immutable values, their edits, and history as a list of such values."""
