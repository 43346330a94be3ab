"""A picture over the painting, beside it, or in a window of its own; before and after."""
