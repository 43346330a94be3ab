"""The reference of KID: features of real pictures of the results' size, which can be stored in a file."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save

from sdedit_studio.evaluation.features import Features, extract
from sdedit_studio.evaluation.kid import FEWEST, Kid, kid
from sdedit_studio.evaluation.pictures import Pictures, Watch, list_pictures, read_pictures, unwatched
from sdedit_studio.evaluation.problem import EvaluationProblem
from sdedit_studio.models.catalogue import ModelCard

MOST = 1000
"""Pictures of a reference at most; KID draws subsets of no more."""

SUFFIX = ".safetensors"


@dataclass(frozen=True)
class Reference:
    """`features` (n, d) of pictures of `side` pixels, by the extractor called `extractor`. `source`: a description."""

    features: np.ndarray
    extractor: str
    side: int
    source: str

    def __len__(self) -> int:
        return len(self.features)


@dataclass(frozen=True)
class Realism:
    """The measure of realism: KID on `features` against a `reference` of the same features."""

    features: Features
    reference: Reference

    def measure(self, pictures: np.ndarray, watch: Watch = unwatched, label: str = "") -> Kid:
        """KID of `pictures` (n, h, w, 3) uint8. Raises ValueError when they are too few."""
        return kid(extract(self.features, pictures, watch, label), self.reference.features)


def read_reference(source: Path, features: Features, side: int, watch: Watch = unwatched) -> Reference:
    """The reference in `source`: a folder or zip of pictures (at most 1000, drawn at random), or a stored file.

    Raises EvaluationProblem when there are too few, or the file is of other features or another size than asked for.
    """
    if source.suffix == SUFFIX:
        return _load(source, features, side)
    names = list_pictures(source)
    drawn = [names[i] for i in np.random.default_rng(0).permutation(len(names))[:MOST]]
    pictures = read_pictures(source, drawn, side, watch, "Reading the reference")
    return reference_of(pictures, features, source.name, watch)


def reference_beside(card: ModelCard) -> Path | None:
    """The reference that comes with a model, or None."""
    path = card.folder / f"reference{SUFFIX}"
    return path if path.exists() else None


def reference_of(pictures: Pictures, features: Features, source: str, watch: Watch = unwatched) -> Reference:
    """The reference of `pictures`. Raises EvaluationProblem when they are too few."""
    if len(pictures) < FEWEST:
        raise EvaluationProblem(
            f"{source} leaves {len(pictures)} pictures to compare with, and KID needs at least {FEWEST}: give more."
        )
    rows = extract(features, pictures.pixels, watch, "Features of the reference")
    return Reference(rows, features.name, pictures.pixels.shape[1], f"{len(pictures)} pictures of {source}")


def as_file(reference: Reference) -> bytes:
    """The file of a reference, for `read_reference`; features are stored in half precision, finer than KID's spread."""
    facts = {"extractor": reference.extractor, "side": str(reference.side), "source": reference.source}
    return save({"features": reference.features.astype(np.float16)}, metadata=facts)


def _load(path: Path, features: Features, side: int) -> Reference:
    try:
        with safe_open(path, "numpy") as file:
            facts = file.metadata() or {}
            rows = file.get_tensor("features").astype(np.float32)
        reference = Reference(rows, facts["extractor"], int(facts["side"]), facts["source"])
    except (OSError, SafetensorError, KeyError, ValueError) as error:
        raise EvaluationProblem(f"{path} is no reference written by sdedit-studio evaluate: {error}.") from error
    if reference.extractor != features.name:
        raise EvaluationProblem(
            f"{path} holds features of {reference.extractor}, not of {features.name}, and KID cannot mix the two: "
            "give a folder or zip of pictures instead."
        )
    if reference.side != side:
        raise EvaluationProblem(
            f"{path} was made of pictures of {reference.side} px, but this model makes {side} px ones: "
            "give a folder or zip of pictures instead."
        )
    return reference
