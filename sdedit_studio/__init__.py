"""SDEdit Studio: paint a rough picture, and a diffusion model turns it into a believable one."""

__version__ = "0.1.0"
