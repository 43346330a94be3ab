"""The program and its window, which puts the rooms together."""
