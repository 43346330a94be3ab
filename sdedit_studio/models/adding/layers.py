"""Renaming the layers of research code to diffusers' names."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from torch import Tensor

from sdedit_studio.models.catalogue import ModelProblem

State = Mapping[str, Tensor]


class Translator:
    """Takes the layers of `state` one by one and gives them new names; what was never taken is an error in the end."""

    def __init__(self, state: State, label: str) -> None:
        self._state = dict(state)
        self._label = label
        self.weights: dict[str, Tensor] = {}

    def take(self, name: str) -> Tensor:
        """Remove and return a weight by its original name. Raises ModelProblem when it is missing."""
        if name not in self._state:
            raise ModelProblem(f"{self._label} is incomplete: it lacks {name}.")
        return self._state.pop(name)

    def put(self, name: str, weight: Tensor) -> None:
        self.weights[name] = weight

    def layer(self, source: str, target: str) -> None:
        """Rename a layer's weight and bias."""
        for part in ("weight", "bias"):
            self.put(f"{target}.{part}", self.take(f"{source}.{part}"))

    def layers(self, source: str, target: str, names: Mapping[str, str], optional: str) -> None:
        """Rename the layers of a block. `names`: new names by original ones; the layer `optional` may be missing."""
        for theirs, ours in names.items():
            if theirs != optional or f"{source}.{theirs}.weight" in self._state:
                self.layer(f"{source}.{theirs}", f"{target}.{ours}")

    def finished(self) -> dict[str, Tensor]:
        """All renamed weights. Raises ModelProblem when a weight was not taken."""
        if self._state:
            raise ModelProblem(
                f"{self._label} has {len(self._state)} weights that no known network has, such as "
                f"{next(iter(self._state))}."
            )
        return self.weights


def numbers(state: State, pattern: str) -> list[int]:
    """The numbers n, ascending, for which a key starts with `pattern` with n filled in, such as "down.{}."."""
    start = pattern.split("{}")[0]
    rest = pattern.split("{}")[1]
    return sorted({int(number) for number in _following(state, start, rest)})


def _following(state: State, start: str, rest: str) -> Iterator[str]:
    for key in state:
        number, found, _ = key.removeprefix(start).partition(rest)
        if key.startswith(start) and found and number.isdigit():
            yield number


def without_wrapper(state: State, prefixes: tuple[str, ...] = ("module.", "model.")) -> State:
    """`state` without the prefixes that all its keys share, such as wrappers for several GPUs add."""
    for prefix in prefixes:
        if state and all(key.startswith(prefix) for key in state):
            return without_wrapper({key.removeprefix(prefix): weight for key, weight in state.items()}, prefixes)
    return state
