"""Whether what tools paint on can be painted on, and what a step there is called."""

from __future__ import annotations

from sdedit_studio.document.target import Target
from sdedit_studio.ui.document.session import Session

STEPS = {Target.MASK: "Paint mask", Target.PROTECTION: "Paint protection"}


def step_name(target: Target, usual: str) -> str:
    """Name of an undo step on a target. On a layer's pixels it is `usual`."""
    return STEPS.get(target, usual)


def only_pixels(session: Session, what: str) -> bool:
    """Whether tools paint on a layer's pixels; if not, a message says that `what` needs that."""
    if session.target is Target.PIXELS:
        return True
    session.notices.tell(f"{what} only a layer’s pixels. Click the layer’s picture in the Layers panel first.")
    return False


def can_paint(session: Session) -> bool:
    """Whether paint can be seen on what tools paint on; if not, a message says what to do."""
    layer = session.document.active_layer
    if not layer.visible and session.target is not Target.PROTECTION:
        session.notices.tell(
            f"“{layer.name}” is hidden. Show it in the Layers panel to work on it, or choose another layer."
        )
        return False
    return True
