"""The settings of an edit, shared by window, command line, files and engine. Imports nothing of this package."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from enum import StrEnum
from typing import Any


class Refine(StrEnum):
    """How the result of the first pass gets to the frame's size.

    DETAIL: by SDEdit at a fraction of the frame, then a detail network. SDE: by repeated SDEdit on the enlarged
    picture. DOUBLE: like SDE, but to at most twice the size of the first pass, as in documents of earlier versions.
    OFF: not at all; the result is enlarged by interpolation.
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
    """The reverse SDE that Euler-Maruyama discretises: VE or VP (Meng et al. 2021, algorithms 1 and 4)."""

    VE = "ve"
    VP = "vp"


class Masking(StrEnum):
    """How the region outside the mask is noised in each step: guide plus level times noise field.

    STEADY: one noise field, at the level that the step ends at. PAPER: a new field in each step, at the level that the
    step starts at (Meng et al. 2021, algorithms 3 and 5). OFFICIAL: as the authors' code has it: one field, the level
    that the step starts at, and a hard mask.
    """

    STEADY = "steady"
    PAPER = "paper"
    OFFICIAL = "official"


@dataclass(frozen=True)
class Parameters:
    """One edit's settings. Two edits with equal guide, mask and parameters give equal pictures.

    `t0`: start time of the reverse SDE on the paper's VP clock, from 0 (the guide stays) to 1 (the guide is forgotten).
    `calls`: model calls of the first pass, 1 .. 1000. `repeats`: the paper's K, 1 .. 10. `seed`: 0 .. 2^32 - 1.
    `condition`: a class by its name, or a mix (see `mix`); None for any. `prompt`: for text models; None for no prompt.
    `guidance`: the scale of classifier-free guidance, 0 .. 30; 1 is the conditional estimate itself. `detail`: the name
    of the detail network; None for the model's own. `crispness`: 0 .. 1, how much of the network's detail is added.
    Raises ValueError for values out of range.
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
