"""The painting at every t0."""
