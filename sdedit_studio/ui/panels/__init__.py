"""The dock panels: SDEdit, layers, colour."""
