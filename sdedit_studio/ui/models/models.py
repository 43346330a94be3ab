"""The models on this machine and the chosen one; adding, fetching and removing go on while the window is used."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from pathlib import Path
from time import perf_counter
from typing import Any

from PySide6.QtCore import QObject, Signal

from sdedit_studio.engine.engine import Engine
from sdedit_studio.engine.job import DetailInfo, InstallProgress, ModelDetails, ModelInfo, ModelRefused, Phase, Status
from sdedit_studio.parameters import Parameters, Refine
from sdedit_studio.ui.document.session import Session

OWN = ("model", "condition", "prompt", "guidance", "solver", "calls", "t0", "refine", "detail")
"""The parameters that belong to a model, and go with it."""


@dataclass(frozen=True)
class Work:
    """The installation of a model. `seconds_left` is None until it can be estimated."""

    title: str
    step: InstallProgress
    seconds_left: float | None = None


class Models(QObject):
    """Needs a running asyncio loop from the first `add`, `download` or `remove` on.

    `changed()` when any property here may read differently; `added(str)` with the name of a model or an upscaler just
    added.
    """

    changed = Signal()
    added = Signal(str)

    def __init__(self, session: Session, engine: Engine) -> None:
        super().__init__(session)
        self._session, self._engine = session, engine
        self._installed = {model.name: model for model in engine.models()}
        self._networks = {network.name: network for network in engine.detail_networks()}
        self._details: dict[str, ModelDetails] = {}
        self._parameters = session.parameters
        self._usable: Parameters | None = None
        self._prompt: str | None = None
        self._work: Work | None = None
        self._task: asyncio.Task[None] | None = None
        self._refusal = ""
        self._attended = False
        self._warming_up = False
        self._begun: tuple[float, float] | None = None
        self._unwatch = engine.watch(self._status_changed)
        self._status_changed(engine.status)
        session.parameters_changed.connect(self._parameters_changed)

    @property
    def installed(self) -> list[ModelInfo]:
        """The shipped ones first."""
        return list(self._installed.values())

    @property
    def chosen(self) -> ModelInfo | None:
        """The model that edits are made with; None when it is not installed."""
        return self._installed.get(self._session.parameters.model)

    @property
    def detail_networks(self) -> list[DetailInfo]:
        """Those that models bring, the shipped ones first, then the upscalers."""
        return list(self._networks.values())

    @property
    def upscalers(self) -> list[DetailInfo]:
        """The detail networks that were added by themselves."""
        return [network for network in self._networks.values() if network.upscaler]

    @property
    def detail(self) -> DetailInfo | None:
        """The detail network that edits are made with; None for edits without one, or when it is not installed."""
        parameters = self._session.parameters
        if parameters.refine is not Refine.DETAIL:
            return None
        if parameters.detail is None:
            return self.chosen.detail if self.chosen else None
        return self._networks.get(parameters.detail)

    @property
    def warming_up(self) -> bool:
        """Whether the chosen model is being made ready."""
        return self._warming_up

    @property
    def work(self) -> Work | None:
        """The installation or removal in progress."""
        return self._work

    @property
    def refusal(self) -> str:
        """Why the latest work came to nothing, in one sentence; else empty."""
        return self._refusal

    def choose(self, name: str, condition: str | None = None) -> None:
        """Edit with this model from now on, with its own defaults if it was another one before.

        `condition`: one of its classes; None for any, or for the first where it must be told one.
        """
        model = self._installed[name]
        if condition is None and not model.knows_any:
            condition = model.classes[0]
        if name == self._session.parameters.model:
            self._session.set_parameters(condition=condition)
            return
        self._session.set_parameters(
            model=name,
            condition=condition,
            prompt=self._prompt if model.takes_prompt else None,
            guidance=model.default_guidance,
            solver=model.default_solver,
            calls=model.default_calls,
            t0=model.default_t0,
            **self._refined_with(model),
        )

    def choose_refine(self, refine: Refine) -> None:
        """Refine in this way from now on. A model without a detail network uses the bundled one."""
        detail, model = self._session.parameters.detail, self.chosen
        if refine is Refine.DETAIL and detail is None and (model is None or model.detail is None):
            detail = next((network.name for network in self._networks.values() if network.bundled), None)
        self._session.set_parameters(refine=refine, detail=detail)

    def choose_detail(self, name: str) -> None:
        """Refine by this detail network from now on."""
        own = self.chosen.detail if self.chosen else None
        self._session.set_parameters(refine=Refine.DETAIL, detail=None if own and own.name == name else name)
        self.changed.emit()

    def _refined_with(self, model: ModelInfo) -> dict[str, Any]:
        """As the model does it by default, unless that was switched off or is done by an upscaler."""
        parameters = self._session.parameters
        if parameters.refine is Refine.OFF:
            return {}
        if parameters.refine is Refine.DETAIL and parameters.detail in {network.name for network in self.upscalers}:
            return {}
        return {"refine": model.default_refine, "detail": None}

    def known_details(self, name: str) -> ModelDetails | None:
        """All there is to tell of a model, if it was read before."""
        return self._details.get(name)

    async def details(self, name: str) -> ModelDetails:
        """All there is to tell of a model. Raises ModelRefused when it cannot be read."""
        if name not in self._details:
            self._details[name] = await self._engine.model_details(name)
        return self._details[name]

    def add(self, path: Path) -> None:
        """Add a model or an upscaler from a file or a folder, unless other work is under way."""
        self._begin(f"Adding {path.name}", lambda: self._engine.add_model(path, self._step))

    def download(self, repository: str) -> None:
        """Fetch a model from Hugging Face, unless other work is under way."""
        self._begin(f"Downloading {repository}", lambda: self._engine.download_model(repository, self._step))

    def remove(self, name: str) -> None:
        """Delete a model or an upscaler. If it is the chosen one, the first of the others takes its place."""
        title = {**self._networks, **self._installed}[name].title

        async def remove() -> None:
            await self._engine.remove_model(name)
            self._refresh()
            if name == self._session.parameters.model and self._installed:
                self.choose(next(iter(self._installed)))
            if name == self._session.parameters.detail:
                self._session.set_parameters(detail=None)
                self.choose_refine(self._session.parameters.refine)

        self._begin(f"Removing {title}", remove)

    def cancel(self) -> bool:
        """Give up the work. Returns whether there was any."""
        if self._task is None:
            return False
        self._task.cancel()
        return True

    def dismiss_refusal(self) -> None:
        self._refusal = ""
        self.changed.emit()

    def dialog_opened(self) -> None:
        """From now on the dialog shows progress and failures."""
        self._attended = True

    def dialog_closed(self) -> None:
        """The work goes on, and from now on the window shows how it ends."""
        self._attended, self._refusal = False, ""
        if self._work is not None:
            self._session.notices.tell(f"{self._work.title} goes on; the models dialog shows how far it is.")

    def close(self) -> None:
        """Give up the work and let go of the engine, before the window goes."""
        self._unwatch()
        self.cancel()

    def _begin(self, title: str, work: Callable[[], Awaitable[str | None]]) -> None:
        if self._task is None:
            self._refusal, self._begun, self._work = "", None, Work(title, InstallProgress(""))
            self._task = asyncio.ensure_future(self._carry_out(work))
            self.changed.emit()

    async def _carry_out(self, work: Callable[[], Awaitable[str | None]]) -> None:
        added = None
        try:
            added = await work()
        except ModelRefused as refused:
            self._tell(str(refused))
        finally:
            self._task = self._work = None
            self._refresh()
        if here := self._installed.get(added or "") or self._networks.get(added or ""):
            self._session.notices.tell(f"Added {here.title}.")
            self.added.emit(here.name)

    def _step(self, step: InstallProgress) -> None:
        if self._work is not None:
            self._work = replace(self._work, step=step, seconds_left=self._seconds_left(step.part))
            self.changed.emit()

    def _seconds_left(self, part: float | None) -> float | None:
        """From how fast it went so far; a download that was resumed did not begin at nothing."""
        now = perf_counter()
        if part is None:
            self._begun = None
        elif self._begun is None:
            self._begun = (now, part)
        elif part > self._begun[1] and now > self._begun[0] + 1:
            return (1 - part) * (now - self._begun[0]) / (part - self._begun[1])
        return None

    def _refresh(self) -> None:
        missing = self.chosen is None
        self._installed = {model.name: model for model in self._engine.models()}
        self._networks = {network.name: network for network in self._engine.detail_networks()}
        self._details.clear()
        if missing and self.chosen is not None:  # a document had asked for it
            self._engine.prepare(self._parameters.model)
            self._session.parameters_changed.emit()
        self.changed.emit()

    def _parameters_changed(self) -> None:
        before, self._parameters = self._parameters, self._session.parameters
        if (model := self.chosen) and model.takes_prompt:
            self._prompt = self._parameters.prompt
        if before.model != self._parameters.model:
            if self.chosen is not None:
                self._engine.prepare(self._parameters.model)
            self.changed.emit()
        elif self._usable is not None and self._usable.model == self._parameters.model:
            self._usable = self._parameters

    def _tell(self, refusal: str) -> None:
        if self._attended:
            self._refusal = refusal
        else:
            self._session.notices.warn(refusal)

    def _status_changed(self, status: Status) -> None:
        about_chosen = status.model == self._parameters.model
        before, self._warming_up = self._warming_up, about_chosen and status.phase is Phase.WARMING_UP
        if self._warming_up != before:
            self.changed.emit()
        if about_chosen and status.phase in (Phase.READY, Phase.BUSY):
            self._usable = self._parameters
        elif about_chosen and status.phase is Phase.BROKEN:
            self._go_back(status)

    def _go_back(self, status: Status) -> None:
        """The chosen model cannot be used, so the one before is."""
        usable, self._usable = self._usable, None
        if usable is not None and usable.model != status.model and usable.model in self._installed:
            title = self._installed[usable.model].title
            self._session.set_parameters(**{name: getattr(usable, name) for name in OWN})
            self._tell(f"{status.message} {title} is used as before.")
            self.changed.emit()
