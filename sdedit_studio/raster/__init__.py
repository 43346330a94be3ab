"""Pixels: copy-on-write tiles, blend modes, the compositor, brushes, fills, masks and transforms."""
