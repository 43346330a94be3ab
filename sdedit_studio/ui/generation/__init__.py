"""Running the model on the painting: Generate, live mode, and what follows the painting."""
