"""Training a detail network for a base model: a published network is tuned to the pictures that the model makes."""
