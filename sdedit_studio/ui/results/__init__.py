"""What the model has made so far, and the steps of a run."""
