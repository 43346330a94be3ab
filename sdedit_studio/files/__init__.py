"""Documents and pictures on disk: OpenRaster, pictures in and out, metadata, autosave and recovery."""
