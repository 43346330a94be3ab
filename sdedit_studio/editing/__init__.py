"""Edits as values for any thread: the job that the model gets, and the document that its result makes."""
