"""The window's docks: each panel under its title, with what it is most often asked for in the title bar."""

from __future__ import annotations

from typing import NamedTuple

from sdedit_studio.ui.base.actions import Actions
from sdedit_studio.ui.colour.panel import ColourPanel
from sdedit_studio.ui.document.layers_panel import LayersPanel
from sdedit_studio.ui.generation.panel import SdeditPanel
from sdedit_studio.ui.results.panel import ResultsPanel
from sdedit_studio.ui.widgets.action_button import ActionButton
from sdedit_studio.ui.widgets.dock import Dock


class Docks(NamedTuple):
    """From the top of the column to its foot; the results lie behind the layers."""

    sdedit: Dock
    layers: Dock
    colour: Dock
    results: Dock

    @staticmethod
    def of(
        sdedit: SdeditPanel, layers: LayersPanel, colour: ColourPanel, results: ResultsPanel, actions: Actions
    ) -> Docks:
        def buttons(*names: str) -> list[ActionButton]:
            return [ActionButton(actions, name, size=16) for name in names]

        on_layers = buttons("layer.add", "layer.add-mask", "layer.duplicate", "layer.merge-down", "layer.delete")
        stack = Dock("layers", "Layers", "layers", layers, on_layers, fills=True)
        return Docks(
            Dock(
                "sdedit",
                "SDEdit",
                "sparkles",
                sdedit,
                buttons("generate.split", "generate.results", "generate.models"),
            ),
            stack,
            Dock("colour", "Colour", "droplet", colour, buttons("edit.swap-colours", "edit.default-colours")),
            Dock("results", "Results", "history", results, [results.room], fills=True, behind=stack),
        )
