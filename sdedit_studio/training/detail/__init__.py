"""Making a detail network for a base model: a published one learns to take what that model makes."""
