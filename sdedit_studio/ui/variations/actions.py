"""Actions of the variations."""

from __future__ import annotations

from sdedit_studio.ui.base.actions import Action
from sdedit_studio.ui.variations.variations import Variations


def variation_actions(variations: Variations) -> list[Action]:
    def starred() -> bool:
        return bool(variations.chosen) and all(each.starred for each in variations.chosen)

    def single_choice() -> bool:
        return variations.single_choice is not None

    return [
        Action("variations.make", "Make variations", variations.make, ("Ctrl+Shift+V",), "layout-grid"),
        Action("variations.stop", "Stop making variations", variations.stop, enabled=lambda: variations.filling),
        Action(
            "variations.work-out",
            "Work out the variation at full size",
            variations.make_full_size,
            enabled=lambda: variations.can_make_full_size,
        ),
        Action(
            "variations.more",
            "More like this variation",
            variations.more_like_this,
            (),
            "grid-2x2-plus",
            enabled=single_choice,
        ),
        Action(
            "variations.star",
            "Star the variation",
            variations.star,
            (),
            "star",
            enabled=lambda: bool(variations.chosen),
            label=lambda: "Take the star away" if starred() else "Star the variation",
        ),
        Action(
            "variations.lock",
            "Keep the variation’s seed",
            variations.lock_seed,
            (),
            "lock",
            enabled=lambda: variations.can_lock,
        ),
        Action(
            "variations.blend",
            "Blend two variations by painting",
            variations.blend,
            (),
            "blend",
            enabled=lambda: variations.can_blend,
            label=lambda: f"Blend two variations{'' if variations.can_blend else ' (Ctrl+click a second one)'}",
        ),
    ]
