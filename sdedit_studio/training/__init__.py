"""Training: pictures, losses, EMA and the trainer, on one process or under torchrun. Never imports Qt."""
