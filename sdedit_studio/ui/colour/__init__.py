"""The colours to paint with."""
