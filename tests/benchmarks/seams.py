"""How large a step in colour an edit leaves at the edge of a hard mask, before and after it is matched.

`python -m tests.benchmarks.seams`: an ellipse in each of three samples is edited by the bundled model. The step is the
difference to the guide within 6 px inside the edge, averaged over about 12 px along it: the guide goes on beyond the
edge, so that is what shows. Grey levels: mean over pixels and channels, and largest.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch
from PIL import Image, ImageDraw
from scipy.ndimage import distance_transform_edt, gaussian_filter
from torch import Tensor

from sdedit_studio import resources
from sdedit_studio.diffusion.cascade import as_pixels, edit, resized
from sdedit_studio.diffusion.seam import colour_matched
from sdedit_studio.files import openraster
from sdedit_studio.models.catalogue import find
from sdedit_studio.models.load import load
from sdedit_studio.parameters import Parameters, Refine
from sdedit_studio.raster.compositor import flatten

SIZE = (750, 500)
"""Not a multiple of the grid that seams are matched on."""

SAMPLES = {
    "mountain-lake.ora": ("mountain", (180, 60, 600, 420)),
    "evening-sea.ora": ("sea", (120, 120, 500, 460)),
    "lake-sherburne.jpg": ("mountain", (200, 80, 600, 400)),
}
BAND, ALONG, MIDDLE = 6, 12, 80
RUNS = ((0.2, Refine.SDE), (0.35, Refine.SDE), (0.5, Refine.SDE), (0.35, Refine.OFF))


def samples() -> Iterator[tuple[np.ndarray, np.ndarray, str]]:
    """Each guide with its mask and class."""
    for name, (condition, box) in SAMPLES.items():
        path = resources.path("samples") / name
        if path.suffix == openraster.SUFFIX:
            document, _ = openraster.load(path)
            picture = Image.fromarray(np.ascontiguousarray(flatten(document.layers, document.bounds)[..., 2::-1]))
        else:
            picture = Image.open(path).convert("RGB")
        guide = np.asarray(picture.resize(SIZE))
        mask = Image.new("L", SIZE)
        ImageDraw.Draw(mask).ellipse(box, fill=255)
        yield guide, np.asarray(mask), condition


def step(guide: np.ndarray, picture: np.ndarray, mask: np.ndarray) -> tuple[float, float]:
    """The mean and the largest step in grey levels."""
    inwards = distance_transform_edt(mask > 0)
    band = ((inwards > 0) & (inwards <= BAND)).astype(float)
    difference = (picture.astype(float) - guide) * band[..., None]
    low = gaussian_filter(difference, (ALONG, ALONG, 0)) / np.maximum(gaussian_filter(band, ALONG), 1e-6)[..., None]
    return float(np.abs(low[band > 0]).mean()), float(np.abs(low[band > 0]).max())


def whole(picture: Tensor) -> np.ndarray:
    return as_pixels(resized(picture, SIZE[::-1]))


def main() -> None:
    card = find("scenes-96")
    model = load(card, torch.device("cpu"), torch.float32, compiled=True)
    print("| t0 | refine | before: mean, largest | after | change further in than 80 px |\n|---|---|---|---|---|")
    for t0, refine in RUNS:
        rows = []
        for guide, mask, condition in samples():
            parameters = Parameters(t0=t0, refine=refine, seed=5, condition=condition)
            denoiser, passes = model.denoiser(condition), card.passes(*SIZE, parameters)
            *_, last = edit(denoiser, guide, mask, passes, parameters, stride=card.stride)
            before, after = whole(last.picture), whole(colour_matched(guide, last.picture, mask))
            middle = distance_transform_edt(mask > 0) > MIDDLE
            change = np.abs(after.astype(int) - before)[middle].mean()
            rows.append((*step(guide, before, mask), *step(guide, after, mask), change))
        mean, most, mean_after, most_after, change = np.mean(rows, axis=0)
        print(f"| {t0:g} | {refine} | {mean:.1f}, {most:.0f} | {mean_after:.1f}, {most_after:.0f} | {change:.2f} |")


if __name__ == "__main__":
    main()
