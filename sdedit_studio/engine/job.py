"""The values that cross between the window and the worker thread. All frozen; equal jobs give equal pictures."""

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
    """One edit, with all it depends on.

    `guide`: the frame's composite, RGB. `mask`: coverage of the same size (0 stays, 255 is edited, grey is feather),
    or None to edit all of it. `strength`: of the same size, the part of t0 that each pixel may change by (0 none of it,
    255 all of it), or None for all of it everywhere. `revision`: the document revision the guide was taken from; it
    names the job and does not influence the picture, so it takes no part in equality. `first`: the picture of the first
    pass, if it was made before: only the refine passes are left to do. One of another size than that pass would have
    is not used. `judge`: whether its result shall say how far it is from photographs. `sketch`: whether the picture is
    wanted as the last `Progress` has it, at the size of its pass and not pasted, which is there sooner; a detail
    network is then called once, right after the first pass.
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
        """Its settings as plain JSON values, for files and picture metadata; of a strength map, that there was one."""
        return self.parameters.as_dict() | ({} if self.strength is None else {"strength_map": True})

    @property
    def coverage(self) -> np.ndarray | None:
        """How much of the picture mask and strength let change, (h, w) uint8; None for all of it."""
        mask, strength = (None if part is None else part.array for part in (self.mask, self.strength))
        return coverage(mask, strength)


def batch_key(job: Job) -> tuple[Any, ...]:
    """Equal for jobs that can be made as one batch; compares no pixels that are the very same object.

    They differ in nothing but their seed and their t0; that only where it changes no more of the passes than the level:
    from 0, which has none, it differs, and a higher one may have more to refine.
    """
    chosen = job.parameters
    t0 = 1.0 if chosen.t0 > 0 and chosen.refine is Refine.OFF else chosen.t0
    rest = (getattr(job, each.name) for each in fields(job) if each.compare and each.name != "parameters")
    return (replace(chosen, seed=0, t0=t0), *rest)


@dataclass(frozen=True)
class Progress:
    """After a model call. `preview` is the x0 estimate at the size of its pass (smaller than the frame), RGB.

    `call` of `calls` counts over all passes; `pass_index` of `passes` is 0 for the first pass; the last `details` of
    them are calls of a detail network. `seconds_left` is None until a call has been measured. `sigma`: the noise level
    that the step came down to (data in [-1, 1]); `t`: the same on the clock of t0.
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
    """The job was given up between two model calls, or replaced by a later live job."""

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
    """What the worker thread is about."""

    WARMING_UP = "warming up"
    READY = "ready"
    BUSY = "busy"
    BROKEN = "broken"


@dataclass(frozen=True)
class Status:
    """The state of the engine, for the status bar and the SDEdit panel.

    `device` e.g. "CPU" or "NVIDIA H100"; `call_seconds`: the measured time of one model call at the native size, None
    until measured; `together`: as many pictures the device makes at a time in less than as many times that;
    `message`: for BROKEN, what is wrong and what to do.
    """

    phase: Phase
    model: str
    device: str = ""
    call_seconds: float | None = None
    together: int = 1
    message: str = ""


@dataclass(frozen=True)
class DetailInfo:
    """What the window needs to know of a detail network.

    `name`: what an edit's settings call it, which is the model's name for one that a model brings. `factor`: how many
    times it enlarges. `upscaler`: it was added by itself. `bundled`: it comes with the studio.
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
    """What the window needs to know of a model before it is loaded; read from its `model.json`.

    `knows_any`: it can run without a class. `takes_prompt`: it reads text. `bundled`: it comes with the studio.
    `detail`: the detail network that it brings.
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
    """What there is to tell of one model.

    `kind`: how it works, in a few words. `parameters`: numbers in its networks, 0 when unknown. `about`: the first
    paragraph of its model card, or "". `strip`: a picture of what it makes, if it has one.
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

    `details`: how many of the calls are of a detail network. `later_seconds`: of all passes but the first;
    `forgets_guide`: whether those go on from the first one alone. `sigma`: the noise level that the guide is brought to
    (data in [-1, 1]); 0 at t0 = 0.
    """

    calls: int
    seconds: float | None
    native_width: int
    native_height: int
    details: int = 0
    later_seconds: float | None = None
    forgets_guide: bool = False
    sigma: float = 0.0
