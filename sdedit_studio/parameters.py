"""What a person chooses about an edit. Shared by window, command line, files and engine; imports nothing of ours."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from enum import StrEnum
from typing import Any


class Refine(StrEnum):
    """How the first pass is carried up to the frame's own size.

    DETAIL: SDEdit at a fraction of the frame, then a detail network. SDE: SDEdit again and again on the enlarged
    picture, the pure method. DOUBLE: that, to twice the first pass's size at most, as in documents of earlier versions.
    OFF: not at all.
    """

    DETAIL = "detail"
    SDE = "sde"
    DOUBLE = "2"
    OFF = "off"

    @classmethod
    def _missing_(cls, value: object) -> Refine | None:
        return cls.SDE if value == "full" else None  # its name before there was DETAIL


class Solver(StrEnum):
    """Names of the reverse-time solvers, as the command line spells them; `diffusion.solver` says what each one is."""

    DPMPP_2M = "dpmpp-2m"
    DPMPP_2M_SDE = "dpmpp-2m-sde"
    ANCESTRAL = "ancestral"
    HEUN = "heun"
    EULER_MARUYAMA = "euler-maruyama"
    CONSISTENCY = "consistency"

    @classmethod
    def _missing_(cls, value: object) -> Solver | None:
        return cls.CONSISTENCY if value == "renoise" else None  # its name in earlier versions


class Sde(StrEnum):
    """The forward process whose form Euler-Maruyama discretises (the paper's Algorithms 1 and 4)."""

    VE = "ve"
    VP = "vp"


class Masking(StrEnum):
    """How the region outside the mask follows the noise level while the rest is solved.

    STEADY: along one field of noise, always at the level that the step arrives at. PAPER: fresh noise in each step, at
    the level that the step comes from (algorithms 3 and 5). OFFICIAL: the authors' code: one field, the level that
    the step comes from, and a hard mask.
    """

    STEADY = "steady"
    PAPER = "paper"
    OFFICIAL = "official"


@dataclass(frozen=True)
class Parameters:
    """One edit's settings. Two edits with equal guide, mask and parameters give equal pictures.

    `t0`: start of the reverse SDE on the paper's VP clock, 0 (the guide) to 1 (the guide forgotten).
    `calls`: model calls of the first pass. `repeats`: the paper's K. `seed`: 0 .. 2^32 - 1.
    `condition`: the class of scene by its name, or None for any. `prompt`: what a text model shall show, or None for
    nothing said. `guidance`: how far to go from the unconditional estimate to the conditional one; 1 is the
    conditional one itself, more exaggerates it. `detail`: the name of the detail network, or None for the model's own.
    `crispness`: how much of what that network adds is taken, 0 to 1.
    """

    t0: float = 0.25
    calls: int = 8
    repeats: int = 1
    refine: Refine = Refine.DETAIL
    seed: int = 1
    solver: Solver = Solver.DPMPP_2M
    sde: Sde = Sde.VP
    model: str = "scenes-96"
    condition: str | None = None
    prompt: str | None = None
    guidance: float = 1.0
    masking: Masking = Masking.STEADY
    detail: str | None = None
    crispness: float = 1.0

    def __post_init__(self) -> None:
        if not 0.0 <= self.t0 <= 1.0:
            raise ValueError(f"t0 must lie between 0 and 1, not {self.t0:g}.")
        if not 1 <= self.calls <= 1000:
            raise ValueError(f"The number of steps must lie between 1 and 1000, not {self.calls}.")
        if not 1 <= self.repeats <= 10:
            raise ValueError(f"The number of repeats must lie between 1 and 10, not {self.repeats}.")
        if not 0 <= self.seed < 2**32:
            raise ValueError(f"The seed must lie between 0 and {2**32 - 1}, not {self.seed}.")
        if not 0.0 <= self.guidance <= 30.0:
            raise ValueError(f"The guidance scale must lie between 0 and 30, not {self.guidance:g}.")
        if not 0.0 <= self.crispness <= 1.0:
            raise ValueError(f"The crispness must lie between 0 and 1, not {self.crispness:g}.")
        for name, text in (("class", self.condition), ("prompt", self.prompt), ("detail network", self.detail)):
            if text is not None and not isinstance(text, str):
                raise ValueError(f"The {name} must be text.")

    def as_dict(self) -> dict[str, Any]:
        """Plain JSON values, for files and picture metadata."""
        return asdict(self)

    @staticmethod
    def from_dict(values: Mapping[str, Any]) -> Parameters:
        """The parameters in `values`; unknown keys are ignored and missing ones take their defaults.

        Raises ValueError when a value is of the wrong kind or out of range.
        """
        known = {field.name: values[field.name] for field in fields(Parameters) if field.name in values}
        kinds = {
            "t0": float,
            "calls": int,
            "repeats": int,
            "refine": Refine,
            "seed": int,
            "solver": Solver,
            "sde": Sde,
            "model": str,
            "guidance": float,
            "masking": Masking,
            "crispness": float,
        }
        try:
            return Parameters(**{key: kinds[key](value) if key in kinds else value for key, value in known.items()})
        except (TypeError, ValueError) as error:
            raise ValueError(f"These edit settings cannot be read: {error}") from error
