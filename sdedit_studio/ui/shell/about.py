"""The About dialog: the program, the work that it builds on, and its log folder."""

from __future__ import annotations

from pathlib import Path

from PySide6 import __version__ as pyside_version
from PySide6.QtCore import QUrl
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QLabel, QWidget

from sdedit_studio import __version__
from sdedit_studio.ui.base.dialog import Dialog

TEXT = """\
<p>You paint a rough picture, and a diffusion model running on your own machine turns it into a believable one, while
every pixel you did not ask to change stays as it was. Nothing leaves this computer.</p>
<p>The method is SDEdit: Meng, He, Song, Song, Wu, Zhu and Ermon, <i>SDEdit: Guided Image Synthesis and Editing with
Stochastic Differential Equations</i>, ICLR 2022.</p>
<p>The detail network’s weights are under CC BY-SA 4.0: made from 4xSPANkendata by terrainer (crustaceous-d on
OpenModelDB), trained on for this program. Its architecture is SPAN (Wan et al. 2023, Apache 2.0).</p>
<p>Icons: Lucide (ISC). Typeface: Inter (OFL). Sample photographs: Budgie Backgrounds (CC0).
Built with Qt {qt}, PyTorch and Pillow.</p>
"""


class AboutDialog(Dialog):
    def __init__(self, parent: QWidget, logs: Path) -> None:
        super().__init__(parent, "SDEdit Studio", f"Version {__version__}, under the Apache License 2.0")
        text = QLabel(TEXT.format(qt=pyside_version), wordWrap=True)
        text.setFixedWidth(440)
        self.body.addWidget(text)
        folder = self.add_button("Open log folder", at_start=True)
        folder.clicked.connect(lambda: QDesktopServices.openUrl(QUrl.fromLocalFile(str(logs))))
        self.add_button("Close", default=True).clicked.connect(self.accept)
