"""The foldable section for rarely changed settings: model calls, repeats, solver, SDE and detail network."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSignalBlocker, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QAbstractButton, QComboBox, QHBoxLayout, QLabel, QSizePolicy, QVBoxLayout, QWidget

from sdedit_studio.engine.job import ModelInfo
from sdedit_studio.parameters import Parameters, Refine, Sde, Solver
from sdedit_studio.ui.base import theme
from sdedit_studio.ui.base.icons import pixmap
from sdedit_studio.ui.document.session import Session
from sdedit_studio.ui.models.models import Models
from sdedit_studio.ui.models.row import MOST_GUIDANCE
from sdedit_studio.ui.widgets.buttons import SegmentedChoice
from sdedit_studio.ui.widgets.fields import ChoiceField
from sdedit_studio.ui.widgets.slider_row import SliderRow

SOLVERS = {
    Solver.DPMPP_2M: ("Fast", "DPM-Solver++ 2M: the best picture from 4 to 10 steps, closest to your strokes."),
    Solver.DPMPP_2M_SDE: ("Fresh texture", "DPM-Solver++ 2M SDE: from 20 steps on it invents more texture of its own."),
    Solver.ANCESTRAL: ("Ancestral", "DDPM's own steps, with new noise after each. Give it 50 steps or more."),
    Solver.HEUN: ("Heun", "An exact ODE solver that calls the model twice a step. Give it 20 steps or more."),
    Solver.EULER_MARUYAMA: ("The paper's", "Euler-Maruyama, as in the SDEdit paper. It wants hundreds of steps."),
    Solver.CONSISTENCY: ("Few-step", "For models made for one to four steps: each step is a picture, noised again."),
}
"""Name and purpose of each solver."""

LABEL = 62
"""Pixels for the labels, so that the rows line up with the t0 slider's."""


class _Fold(QAbstractButton):
    """A line that opens and closes what is below it, with a summary at its right while it is closed."""

    def __init__(self, title: str) -> None:
        super().__init__()
        self.setText(title)
        self.setCheckable(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        self.summary = ""

    def sizeHint(self) -> QSize:
        return QSize(100, 22)

    def paintEvent(self, event: QPaintEvent) -> None:
        look, painter = theme.current(), QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if self.hasFocus():
            painter.setPen(QPen(look.colour("accent"), 1))
            area = QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5)
            painter.drawRoundedRect(area, theme.RADIUS_INPUT, theme.RADIUS_INPUT)
        ink = look.strong if self.underMouse() else look.secondary
        name = "chevron-down" if self.isChecked() else "chevron-right"
        painter.drawPixmap(0, (self.height() - 14) // 2, pixmap(name, ink, 14, self.devicePixelRatioF()))
        painter.setPen(ink)
        painter.drawText(self.rect().adjusted(18, 0, 0, 0), Qt.AlignmentFlag.AlignVCenter, self.text())
        if not self.isChecked():
            painter.setFont(theme.font(theme.HINT_PIXELS))
            painter.setPen(look.colour("hint"))
            right = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight
            painter.drawText(self.rect().adjusted(0, 0, -2, 0), right, self.summary)


class Advanced(QWidget):
    """Shows and sets the calls, repeats, solver and SDE of `session.parameters`, the guidance towards a class, and the
    detail network with its crispness.

    The guidance towards a prompt stands beside the prompt.
    """

    def __init__(self, session: Session, models: Models) -> None:
        super().__init__()
        self._session, self._models = session, models
        parameters = session.parameters
        self.fold = _Fold("Advanced")
        self.fold.setToolTip("Steps, repeats, solver and detail")
        self.steps = SliderRow("Steps", 1, 1000, parameters.calls, logarithmic=True)
        self.steps.track.setToolTip(
            "Model calls of the first pass. More take longer; 6 to 8 are enough for the fast solver."
        )
        self.steps.value_changed.connect(lambda calls: session.set_parameters(calls=round(calls)))
        self.repeats = SliderRow("Repeats", 1, 10, parameters.repeats)
        self.repeats.track.setToolTip(
            "How often the first pass runs, each time from its last result: more realistic, less yours."
        )
        self.repeats.value_changed.connect(lambda repeats: session.set_parameters(repeats=round(repeats)))
        self.guidance = SliderRow("Guidance", 0, MOST_GUIDANCE, parameters.guidance, decimals=1)
        self.guidance.track.setToolTip(
            "How much the picture is of the chosen kind: 1 is as the model learnt it, more exaggerates it and takes "
            "twice the model calls."
        )
        self.guidance.value_changed.connect(lambda guidance: session.set_parameters(guidance=guidance))
        self.solver = QComboBox()
        self.solver.setAccessibleName("Solver")
        for index, (name, purpose) in enumerate(SOLVERS.values()):
            self.solver.addItem(name)
            self.solver.setItemData(index, purpose, Qt.ItemDataRole.ToolTipRole)
        self.solver.activated.connect(lambda index: session.set_parameters(solver=tuple(SOLVERS)[index]))
        self.purpose = QLabel(wordWrap=True)
        self.purpose.setProperty("role", "hint")
        self.sde = SegmentedChoice(((Sde.VP, "VP"), (Sde.VE, "VE")), "SDE")
        self.sde.set_tips(
            ("Variance preserving: the paper's Algorithm 4", "Variance exploding: the paper's Algorithm 1")
        )
        self.sde.chosen.connect(lambda sde: session.set_parameters(sde=sde))
        self._sde_row = _labelled("SDE", self.sde)

        self._networks: list[str | None] = []
        self.detail = ChoiceField()
        self.detail.setAccessibleName("Detail network")
        self.detail.activated.connect(lambda index: session.set_parameters(detail=self._networks[index]))
        self._detail_row = _labelled("Detail by", self.detail)
        self.crispness = SliderRow("Crispness", 0, 100, 100, suffix=" %")
        self.crispness.track.setToolTip(
            "How much is taken of what the detail network adds: at 0 % the picture is only enlarged."
        )
        self.crispness.value_changed.connect(lambda per_cent: session.set_parameters(crispness=per_cent / 100))

        self._body = QWidget()
        rows = QVBoxLayout(self._body)
        rows.setContentsMargins(0, 0, 0, 0)
        rows.setSpacing(2 * theme.SPACE)
        for slider in (self.steps, self.repeats, self.guidance, self.crispness):
            slider.set_label_width(LABEL)
            slider.field.setFixedWidth(self.crispness.field.width())
        for row in (
            self.steps,
            self.repeats,
            self.guidance,
            _labelled("Solver", self.solver),
            self._sde_row,
            self.purpose,
            self._detail_row,
            self.crispness,
        ):
            rows.addWidget(row)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(2 * theme.SPACE)
        column.addWidget(self.fold)
        column.addWidget(self._body)
        self._body.hide()
        self.fold.toggled.connect(self._body.setVisible)
        session.parameters_changed.connect(self._show)
        models.changed.connect(self._show)
        self._show()

    def _show(self) -> None:
        parameters = self._session.parameters
        name, purpose = SOLVERS[parameters.solver]
        self.steps.set_value(parameters.calls)
        self.repeats.set_value(parameters.repeats)
        self.guidance.set_value(parameters.guidance)
        model = self._models.chosen
        self.guidance.setVisible(
            model is not None and bool(model.classes) and model.knows_any and parameters.condition is not None
        )
        self.solver.setCurrentIndex(tuple(SOLVERS).index(parameters.solver))
        self.solver.setToolTip(purpose)
        self.purpose.setText(purpose)
        self.sde.set_value(parameters.sde)
        self._sde_row.setVisible(parameters.solver is Solver.EULER_MARUYAMA)
        self._show_detail(parameters, model)
        steps = "1 step" if parameters.calls == 1 else f"{parameters.calls} steps"
        repeats = f" × {parameters.repeats}" if parameters.repeats > 1 else ""
        self.fold.summary = f"{steps}{repeats} · {name.lower()}"
        self.fold.update()

    def _show_detail(self, parameters: Parameters, model: ModelInfo | None) -> None:
        by_network = parameters.refine is Refine.DETAIL
        self._detail_row.setVisible(by_network)
        self.crispness.setVisible(by_network)
        self.crispness.set_value(100 * parameters.crispness)
        own = model.detail if model else None
        others = [network for network in self._models.detail_networks if network != own]
        names = [*([None] if own else []), *(network.name for network in others)]
        if names != self._networks:
            self._networks = names
            with QSignalBlocker(self.detail):
                self.detail.clear()
                self.detail.addItems([*(["The model's own"] if own else []), *(network.title for network in others)])
        chosen = None if own and parameters.detail == own.name else parameters.detail
        self.detail.show_unlisted(f"{chosen} (not here)" if chosen else "Choose one")
        self.detail.setCurrentIndex(self._networks.index(chosen) if chosen in self._networks else -1)
        network = self._models.detail
        self.detail.setToolTip(
            f"{network.title}: enlarges {network.factor} times. Licence: {network.licence}"
            if network
            else "Which network carries the picture to the canvas's own size"
        )


def _labelled(text: str, part: QWidget) -> QWidget:
    row = QWidget()
    line = QHBoxLayout(row)
    line.setContentsMargins(0, 0, 0, 0)
    line.setSpacing(2 * theme.SPACE)
    label = QLabel(text)
    label.setFixedWidth(LABEL)
    label.setBuddy(part)
    line.addWidget(label)
    line.addWidget(part, 1)
    return row
