"""The values that the window and the worker thread exchange. All frozen; equal jobs give equal pictures."""

from __future__ import annotations

from dataclasses import dataclass, field, fields, replace
from enum import Enum
from pathlib import Path
from typing import Any

import numpy as np

from sdedit_studio.diffusion.pasting import coverage
from sdedit_studio.parameters import Parameters, Refine, Solver


@dataclass(frozen=True)
class Pixels:
    """An immutable 8-bit picture: `shape` is (height, width, 3) for sRGB or (height, width) for a mask."""

    data: bytes
    shape: tuple[int, ...]

    @staticmethod
    def of(array: np.ndarray) -> Pixels:
        """A value copied from a uint8 array of shape (h, w, 3) or (h, w). Raises ValueError for anything else."""
        if array.dtype != np.uint8 or not (array.ndim == 2 or (array.ndim == 3 and array.shape[2] == 3)):
            raise ValueError(f"Expected 8-bit RGB or grey pixels, not {array.dtype} of shape {array.shape}.")
        return Pixels(array.tobytes(), array.shape)

    @property
    def array(self) -> np.ndarray:
        """The pixels as a read-only array."""
        return np.frombuffer(self.data, np.uint8).reshape(self.shape)

    @property
    def width(self) -> int:
        return self.shape[1]

    @property
    def height(self) -> int:
        return self.shape[0]


class Lane(Enum):
    """How a job waits for the model.

    QUEUED: in a queue, before jobs of the other lanes. LIVE: only the latest waits. IDLE: until there is nothing else
    to do; a running one is interrupted by anything else, and starts again after it.
    """

    QUEUED = "queued"
    LIVE = "live"
    IDLE = "idle"


@dataclass(frozen=True)
class Job:
    """One edit, with everything that its result depends on.

    `guide`: the frame's composite, RGB. `mask`: coverage of the same size (0 stays, 255 is edited), or None for 255
    everywhere. `strength`: of the same size, the share of t0 that each pixel is edited from (0 none, 255 all), or None
    for 255 everywhere. `revision`: the document revision of the guide; it does not influence the picture and takes no
    part in equality. `first`: the picture of the first pass, if it was made before; then only the later passes run. It
    is ignored where its size is not that of the pass. `judge`: whether to estimate the result's distance to
    photographs. `sketch`: make a fast, rough result: the picture of the last `Progress`, at the size of its pass and
    not pasted, with one call of the detail network right after the first pass.
    """

    guide: Pixels
    parameters: Parameters
    mask: Pixels | None = None
    revision: int = field(default=0, compare=False)
    first: Pixels | None = None
    strength: Pixels | None = None
    judge: bool = False
    sketch: bool = False

    def __post_init__(self) -> None:
        if len(self.guide.shape) != 3:
            raise ValueError("The guide must be an RGB picture.")
        if self.mask is not None and self.mask.shape != self.guide.shape[:2]:
            raise ValueError(
                f"The mask is {self.mask.width} x {self.mask.height} pixels, but the guide is "
                f"{self.guide.width} x {self.guide.height}. Make them the same size."
            )
        if self.strength is not None and self.strength.shape != self.guide.shape[:2]:
            raise ValueError(
                f"The strength map is {self.strength.width} x {self.strength.height} pixels, but the guide is "
                f"{self.guide.width} x {self.guide.height}. Make them the same size."
            )
        if self.mask is not None and not self.mask.array.any():
            raise ValueError("The mask is all black, so nothing would be edited. Paint white where it may change.")

    def record(self) -> dict[str, Any]:
        """Its settings as plain JSON values, for files and metadata; of a strength map only whether there was one."""
        return self.parameters.as_dict() | ({} if self.strength is None else {"strength_map": True})

    @property
    def coverage(self) -> np.ndarray | None:
        """The coverage that the result is pasted with, by mask and strength, (h, w) uint8; None for 255 everywhere."""
        mask, strength = (None if part is None else part.array for part in (self.mask, self.strength))
        return coverage(mask, strength)


def batch_key(job: Job) -> tuple[Any, ...]:
    """A key that is equal for jobs that can run as one batch. Comparing it skips pixels that are the same object.

    Such jobs differ in seed and t0 only, and in t0 only where it changes the level of the passes and not their number:
    without refinement, and not between 0 and other values.
    """
    chosen = job.parameters
    t0 = 1.0 if chosen.t0 > 0 and chosen.refine is Refine.OFF else chosen.t0
    rest = (getattr(job, each.name) for each in fields(job) if each.compare and each.name != "parameters")
    return (replace(chosen, seed=0, t0=t0), *rest)


@dataclass(frozen=True)
class Progress:
    """The progress of a job after a model call.

    `call` of `calls`: counted over all passes, from 1. `pass_index` of `passes`: from 0; the last `details` passes are
    calls of a detail network. `preview`: the x0 estimate, RGB, at the size of its pass or smaller. `seconds_left`: None
    until a call was measured. `sigma`: the noise level reached, for data in [-1, 1]; `t`: its time on the VP clock.
    """

    job: Job
    call: int
    calls: int
    pass_index: int
    passes: int
    preview: Pixels
    seconds_left: float | None
    sigma: float = 0.0
    t: float = 0.0
    details: int = 0


@dataclass(frozen=True)
class Result:
    """A finished edit. `picture` has the guide's size and equals it bit for bit wherever the mask is 0; of a sketch
    neither holds, and it has the size of its last pass.

    `unpasted`: the same before the mask blended it into the guide, for a layer that has the mask itself. `seconds`:
    wall time. `calls`: model calls. `note`: a sentence for the person where it was not made as usual, or "".
    `photo_distance`: for a job with `judge`, the model's estimate of the picture's distance to photographs, 0 or more
    (`diffusion/realism.py`); None when it has none.
    """

    job: Job
    picture: Pixels
    unpasted: Pixels
    seconds: float
    calls: int
    note: str = ""
    photo_distance: float | None = None


@dataclass(frozen=True)
class Cancelled:
    """The job was cancelled, or replaced by a later live job."""

    job: Job


@dataclass(frozen=True)
class Failed:
    """The job could not be done. `message`: one sentence with what to do; `details`: the traceback."""

    job: Job
    message: str
    details: str = ""


Update = Progress | Result | Cancelled | Failed
"""What `Engine.run` yields: any number of `Progress`, then exactly one of the other three."""


class Phase(Enum):
    """The phase of the worker thread."""

    WARMING_UP = "warming up"
    READY = "ready"
    BUSY = "busy"
    BROKEN = "broken"


@dataclass(frozen=True)
class Status:
    """The state of the engine, for the status bar and the SDEdit panel.

    `device`: such as "CPU" or "NVIDIA H100". `call_seconds`: the measured time of one model call at the native size,
    None until measured. `together`: the batch size that suits the device. `message`: for BROKEN, what is wrong and what
    to do.
    """

    phase: Phase
    model: str
    device: str = ""
    call_seconds: float | None = None
    together: int = 1
    message: str = ""


@dataclass(frozen=True)
class DetailInfo:
    """What the window shows of a detail network.

    `name`: as in an edit's settings; the model's name for one that a model brings. `factor`: how many times it
    enlarges. `upscaler`: whether it was added on its own. `bundled`: whether it comes with the studio.
    """

    name: str
    title: str
    factor: int
    licence: str
    source: str
    sha256: str
    bytes_on_disk: int
    folder: Path
    upscaler: bool = False
    bundled: bool = False


@dataclass(frozen=True)
class ModelInfo:
    """What the window shows of a model before it is loaded, from its `model.json`.

    `knows_any`: whether it can run without a class. `takes_prompt`: whether it reads text. `bundled`: whether it comes
    with the studio. `detail`: the detail network that it brings.
    """

    name: str
    title: str
    native: int
    stride: int
    classes: tuple[str, ...]
    default_t0: float
    default_calls: int
    default_solver: Solver = Parameters.solver
    default_guidance: float = Parameters.guidance
    knows_any: bool = True
    takes_prompt: bool = False
    bundled: bool = False
    detail: DetailInfo | None = None

    @property
    def default_refine(self) -> Refine:
        """DETAIL where the model brings a detail network."""
        return Refine.DETAIL if self.detail else Refine.SDE


@dataclass(frozen=True)
class ModelDetails:
    """The details of one model.

    `kind`: how it works, in a few words. `parameters`: weights of its networks, 0 when unknown. `about`: the first
    paragraph of its model card, or "". `strip`: a picture of what it makes, if there is one.
    """

    kind: str
    parameters: int
    bytes_on_disk: int
    licence: str
    source: str
    sha256: str
    about: str
    strip: Path | None
    folder: Path


@dataclass(frozen=True)
class InstallProgress:
    """How far adding or downloading a model is. `words`: what is being done. `part`: 0 .. 1, or None while unknown."""

    words: str
    part: float | None = None


class ModelRefused(ValueError):
    """A model could not be added, fetched or removed; the message is one sentence that says what to do."""


@dataclass(frozen=True)
class Estimate:
    """What an edit will cost: model calls, and seconds once a call has been measured (else None).

    `details`: how many of the model calls are of a detail network. `later_seconds`: of all passes but the first.
    `forgets_guide`: whether the later passes take nothing from the guide. `sigma`: the start level, for data in
    [-1, 1]; 0 at t0 = 0.
    """

    calls: int
    seconds: float | None
    native_width: int
    native_height: int
    details: int = 0
    later_seconds: float | None = None
    forgets_guide: bool = False
    sigma: float = 0.0
