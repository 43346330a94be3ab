"""The painting with several seeds."""
