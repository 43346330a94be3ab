"""The canvas widget: navigation, drawing of the composite, and what floats over it."""
