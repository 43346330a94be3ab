"""The list of results, and the playback and export of the steps of a run."""
