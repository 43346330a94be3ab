"""The window. The only part of the program that knows widgets; it reaches the model through the engine."""
