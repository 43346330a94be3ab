"""The passes of one edit: which sizes, from which noise level, in how many model calls. Loads no torch.

The guide is brought to about the model's native area and edited there. Then either the result is enlarged to a
quarter of the frame, noised a little, solved again, and a detail network carries it up; or it is enlarged about 2x,
noised and solved again and again until the frame's own size is reached.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, floor, inf, log2, sqrt

from sdedit_studio.diffusion.schedule import VP
from sdedit_studio.parameters import Parameters, Refine

REFINE_LEVELS = ((0.5, 5), (0.3, 4))
"""Noise level s and model calls of the first refine pass, and of every later one. Chosen by eye on painted guides: at
0.35 and 0.18 rock and leaves stay soft, at 0.7 and 0.5 they turn to specks.
"""

DETAIL_LEVEL, DETAIL_CALLS = 0.5, 4
"""Noise level s and model calls of the pass before a detail network: it takes the blocks out of an enlarged picture."""

REDRAWN_FROM, REDRAWN_WHOLE = 0.5 * DETAIL_LEVEL, 1.5 * DETAIL_LEVEL
"""Between these levels of an edit the detail network's detail takes the place of the guide's own."""

LARGEST_BASE = 2
"""How much longer than the first pass that pass may be. Further up a model knows no more than textures of its own
size; a detail network that is called again knows better.
"""

FEW_CALLS = 2

MOST_SQUARES = 2.5
"""What a first pass may cost at most, in squares of the model's native side: two, and what strides round up."""

Size = tuple[int, int]

_EXACT = 1e-6
"""Keeps rounding errors of a power from costing one more stride."""

CLOCK = VP()
"""The canonical clock, the paper's continuous VP SDE: the same t0 means the same noise level on every model."""


@dataclass(frozen=True)
class Pass:
    """One SDEdit at one size. `sigma`: the level s (data in [-1, 1]) that its guide is noised to.

    `calls`: model calls of one round; `repeats`: rounds, each starting from the last one's result (the paper's K).
    """

    width: int
    height: int
    sigma: float
    calls: int
    repeats: int = 1

    @property
    def pixels(self) -> int:
        return self.width * self.height

    @property
    def model_calls(self) -> int:
        return self.calls * self.repeats


@dataclass(frozen=True)
class Detail:
    """One call of a detail network that enlarges `factor` times in each direction.

    The picture is brought to `base`, (width, height), and what the network makes of it to `width` x `height`. One of
    an odd size or too large for a single call is met in that way too.
    """

    width: int
    height: int
    base: Size
    factor: int

    calls = model_calls = 1
    sigma = 0.0

    @property
    def pixels(self) -> int:
        """What the network sees, which its cost goes with."""
        return self.base[0] * self.base[1]


Stage = Pass | Detail


def sigma_of_t0(t0: float) -> float:
    """The level s at `t0` on the canonical clock: `s^2 = exp(0.1 t0 + 9.95 t0^2) - 1`; 0 at t0 = 0."""
    return CLOCK.sigma(t0)


def t0_of_sigma(sigma: float) -> float:
    """Inverse of `sigma_of_t0`."""
    return CLOCK.t(sigma)


def native_size(width: int, height: int, native: int, stride: int) -> Size:
    """The size of the first pass for a frame: the frame's aspect, short side `native`, sides multiples of `stride`.

    Frames longer than 2:1 keep the area of a 2:1 one, so that no frame costs more than `MOST_SQUARES`. Those so long
    that their short side would be a fraction of a stride are made shorter for it.
    """
    aspect = max(width, height) / min(width, height)
    short = max(stride, round(native * min(1.0, sqrt(2 / aspect)) / stride) * stride)
    longest = floor(MOST_SQUARES * native**2 / (short * stride))
    long = max(1, min(round(short * aspect / stride), longest)) * stride
    return (long, short) if width >= height else (short, long)


def plan(
    width: int,
    height: int,
    parameters: Parameters,
    *,
    native: int,
    stride: int,
    sigma_max: float = inf,
    few_step: bool = False,
    factor: int = 4,
    sketch: bool = False,
) -> Sequence[Stage]:
    """The passes of an edit of a `width` x `height` frame on a model of side `native`; none at t0 = 0.

    The sizes of SDEdit grow by ratios of about 2. A t0 whose noise is no more than a later pass adds starts at that
    pass, since the smaller ones would only lose detail that such an edit is meant to keep. `sigma_max`: the highest
    level the model knows; a t0 beyond it starts there. `few_step`: it needs no more than `FEW_CALLS` calls to refine.
    `factor`: how many times the detail network enlarges. `sketch`: it shall take one call, right after the first pass,
    and no more than that enlarges.
    """
    if parameters.t0 == 0:
        return ()
    sigma, frame = min(sigma_of_t0(parameters.t0), sigma_max), (width, height)
    native_frame = native_size(width, height, native, stride)
    details: Sequence[Detail] = ()
    if parameters.refine is Refine.DETAIL:
        if sketch:
            frame = (min(width, factor * native_frame[0]), min(height, factor * native_frame[1]))
        sizes = _base_sizes(native_frame, frame, factor, stride)
        refining = [(DETAIL_LEVEL, DETAIL_CALLS)] * (len(sizes) - 1)
        details = _details(sizes[-1], frame, factor)
    else:
        sizes = _sizes(native_frame, frame, parameters.refine, stride)
        refining = [REFINE_LEVELS[min(i, len(REFINE_LEVELS) - 1)] for i in range(len(sizes) - 1)]
    levels = [(sigma, 0), *refining]
    first = max(i for i, (level, _) in enumerate(levels) if level >= sigma)
    passes = [Pass(*sizes[first], sigma, parameters.calls, parameters.repeats)]
    passes += [
        Pass(*size, level, min(calls, FEW_CALLS) if few_step else calls)
        for size, (level, calls) in zip(sizes[first + 1 :], levels[first + 1 :], strict=True)
    ]
    return [*passes, *details]


def forgets_guide(passes: Sequence[Stage], first: Size) -> bool:
    """Whether what follows the first pass, of that size, takes nothing from the guide where all of t0 may change it."""
    if not passes or (passes[0].width, passes[0].height) != first:
        return False
    return isinstance(passes[-1], Pass) or passes[0].sigma >= REDRAWN_WHOLE


def _base_sizes(first: Size, frame: Size, factor: int, stride: int) -> Sequence[Size]:
    """The first pass's size, and if it is larger that of the pass from which a detail network reaches the frame."""
    largest = [LARGEST_BASE * side for side in first]
    shrink = min(1.0, *(most * factor / whole for most, whole in zip(largest, frame, strict=True)))
    width, height = (ceil(whole * shrink / factor / stride - _EXACT) * stride for whole in frame)
    return [first] if width * height <= first[0] * first[1] else [first, (width, height)]


def _details(base: Size, frame: Size, factor: int) -> Sequence[Detail]:
    """The calls that carry a picture of size `base` up to the frame; none where that is no larger."""
    if all(whole <= side for whole, side in zip(frame, base, strict=True)):
        return ()
    before = (ceil(frame[0] / factor), ceil(frame[1] / factor))
    if all(needed <= side for needed, side in zip(before, base, strict=True)):
        return [Detail(*frame, base, factor)]
    return [*_details(base, before, factor), Detail(*frame, before, factor)]


def _sizes(first: Size, frame: Size, refine: Refine, stride: int) -> list[Size]:
    """From the native size to the last pass's, sides multiples of `stride`."""
    ratios = [whole / native for whole, native in zip(frame, first, strict=True)]
    if refine is Refine.DOUBLE:
        ratios = [min(ratio, 2.0) for ratio in ratios]
    if refine is Refine.OFF or max(ratios) <= 1:
        return [first]
    count = max(1, round(log2(max(ratios))))

    def scaled(side: int, ratio: float, step: int) -> int:
        return ceil(side * ratio ** (step / count) / stride - _EXACT) * stride

    (width, height), (across, down) = first, ratios
    return [first, *((scaled(width, across, i), scaled(height, down, i)) for i in range(1, count + 1))]
