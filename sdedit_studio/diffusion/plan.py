"""The passes of an edit: their sizes, start levels and model calls. Loads no torch.

The first pass edits the guide at about the model's native area. Then either the result is enlarged to a quarter of the
frame, noised to a low level and solved again, and a detail network enlarges it to the frame; or it is enlarged about
2x, noised and solved again until it has the frame's size.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, floor, inf, log2, sqrt

from sdedit_studio.diffusion.schedule import VP
from sdedit_studio.parameters import Parameters, Refine

REFINE_LEVELS = ((0.5, 5), (0.3, 4))
"""Noise level and model calls of the first refine pass, and of every later one. Chosen by eye on painted guides: at
0.35 and 0.18 rock and leaves stay soft, at 0.7 and 0.5 they break into specks.
"""

DETAIL_LEVEL, DETAIL_CALLS = 0.5, 4
"""Noise level and model calls of the pass before a detail network, which removes the blocks of an enlarged picture."""

REDRAWN_FROM, REDRAWN_WHOLE = 0.5 * DETAIL_LEVEL, 1.5 * DETAIL_LEVEL
"""Start levels of an edit between which the detail network's detail replaces the guide's own."""

LARGEST_BASE = 2
"""How many times as long as the first pass the pass before a detail network may be. At larger sizes a model makes only
textures of its native size; calling the detail network again gives better pictures.
"""

FEW_CALLS = 2
"""Model calls of a refine pass of a few-step model."""

MOST_SQUARES = 2.5
"""The largest area of a first pass, in squares of the model's native side: two, plus what rounding to strides adds."""

Size = tuple[int, int]

_EXACT = 1e-6
"""Keeps rounding errors of a power from adding one more stride."""

CLOCK = VP()
"""The clock of t0: the paper's VP SDE (Song et al. 2021). The same t0 is the same noise level on every model."""


@dataclass(frozen=True)
class Pass:
    """One SDEdit at `width` x `height` pixels. `sigma`: its start level, for data in [-1, 1].

    `calls`: model calls of one round; `repeats`: rounds, the paper's K, each starting from the last one's result.
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

    The picture is resized to `base`, (width, height), and the network's output to `width` x `height`, so that any size
    can be met.
    """

    width: int
    height: int
    base: Size
    factor: int

    calls = model_calls = 1
    sigma = 0.0

    @property
    def pixels(self) -> int:
        """The area of the network's input, which its cost is proportional to."""
        return self.base[0] * self.base[1]


Stage = Pass | Detail


def sigma_of_t0(t0: float) -> float:
    """The noise level at `t0` on the canonical clock: `sigma^2 = exp(0.1 t0 + 9.95 t0^2) - 1`."""
    return CLOCK.sigma(t0)


def t0_of_sigma(sigma: float) -> float:
    """Inverse of `sigma_of_t0`."""
    return CLOCK.t(sigma)


def native_size(width: int, height: int, native: int, stride: int) -> Size:
    """The size of the first pass for a frame: the frame's aspect ratio, short side `native`, multiples of `stride`.

    A frame longer than 2:1 gets the area of a 2:1 frame, at most `MOST_SQUARES`. One so long that its short side would
    be less than a stride gets a smaller aspect ratio.
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
    """The passes of an edit of a `width` x `height` frame on a model of native side `native`; none at t0 = 0.

    The sizes of SDEdit passes grow by ratios of about 2. Where the level of t0 is no higher than that of a later pass,
    the edit starts at that pass: smaller passes would only lose detail that such an edit keeps.
    `sigma_max`: the highest level of the model, which limits the start level. `few_step`: a few-step model, which takes
    at most `FEW_CALLS` model calls to refine. `factor`: of the detail network. `sketch`: the detail network is called
    once, right after the first pass, and the frame is limited to what that call gives.
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
    """Whether the passes after the first use no detail of the guide at pixels of full strength.

    `first`: the size of a first pass at the native size; False where the edit starts at a larger one.
    """
    if not passes or (passes[0].width, passes[0].height) != first:
        return False
    return isinstance(passes[-1], Pass) or passes[0].sigma >= REDRAWN_WHOLE


def _base_sizes(first: Size, frame: Size, factor: int, stride: int) -> Sequence[Size]:
    """The size of the first pass and, if it is larger, that of the pass before the detail network."""
    largest = [LARGEST_BASE * side for side in first]
    shrink = min(1.0, *(most * factor / whole for most, whole in zip(largest, frame, strict=True)))
    width, height = (ceil(whole * shrink / factor / stride - _EXACT) * stride for whole in frame)
    return [first] if width * height <= first[0] * first[1] else [first, (width, height)]


def _details(base: Size, frame: Size, factor: int) -> Sequence[Detail]:
    """The detail calls that enlarge a picture of size `base` to the frame; none where the frame is no larger."""
    if all(whole <= side for whole, side in zip(frame, base, strict=True)):
        return ()
    before = (ceil(frame[0] / factor), ceil(frame[1] / factor))
    if all(needed <= side for needed, side in zip(before, base, strict=True)):
        return [Detail(*frame, base, factor)]
    return [*_details(base, before, factor), Detail(*frame, before, factor)]


def _sizes(first: Size, frame: Size, refine: Refine, stride: int) -> list[Size]:
    """The sizes of all SDEdit passes, from the native size up; sides are multiples of `stride`."""
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
