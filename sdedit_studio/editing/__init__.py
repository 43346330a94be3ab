"""What an edit is, as values for any thread: what is sent to the model, and what its result makes of a document."""
