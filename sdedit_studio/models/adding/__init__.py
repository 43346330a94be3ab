"""Importing models of any known format into the one that `catalogue` reads: model.json, config.json, safetensors."""
