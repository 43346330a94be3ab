"""Harmonise and Edit with strokes: the paper's masked tasks."""
