"""Contact sheets: columns of pictures under headings."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from PIL import Image, ImageDraw, ImageFont

GAP = 4
HEADING = 24


def sheet(columns: Mapping[str, np.ndarray]) -> np.ndarray:
    """One column of pictures (n, h, w, 3) uint8 for each heading, side by side on white: (height, width, 3) uint8."""
    count, high, wide, _ = next(iter(columns.values())).shape
    paper = Image.new("RGB", (GAP + len(columns) * (wide + GAP), HEADING + count * (high + GAP)), "white")
    draw = ImageDraw.Draw(paper)
    font = ImageFont.load_default(12)
    for index, (heading, pictures) in enumerate(columns.items()):
        left = GAP + index * (wide + GAP)
        draw.text((left + wide / 2, HEADING / 2), heading, "black", font, anchor="mm")
        for line, picture in enumerate(pictures):
            paper.paste(Image.fromarray(picture), (left, HEADING + line * (high + GAP)))
    return np.asarray(paper)
