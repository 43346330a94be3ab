"""A job that asks to be judged: the same picture, and a figure for it."""

from dataclasses import replace

import numpy as np
import pytest

from sdedit_studio.engine.execute import Stopped, execute
from sdedit_studio.engine.job import Job, Pixels
from tests.engine.conftest import CARD, job


def run(job: Job, models, measured, card=CARD, cancelled=lambda: False):
    model = replace(models(card.name), card=card)
    *_, result = execute(job, model, cancelled=cancelled, measured=measured)
    return result


def test_judging_changes_nothing_but_the_figure(models, measured):
    plain, judged = job(), replace(job(), judge=True)
    without, with_figure = run(plain, models, measured), run(judged, models, measured)
    assert with_figure.picture == without.picture
    assert with_figure.calls == without.calls
    assert without.photo_distance is None and with_figure.photo_distance is not None


def test_at_0_it_is_the_guide_that_is_judged(models, measured):
    """The fake model's data are grey with a deviation of 0.32: a flat grey lacks all of it."""
    noise = np.random.default_rng(0).normal(127.5, 127.5 * 0.316, (16, 24, 3)).clip(0, 255).astype(np.uint8)
    flat = np.full((16, 24, 3), 127, np.uint8)
    distance = {
        name: run(replace(job(t0=0.0), guide=Pixels.of(guide), judge=True), models, measured).photo_distance
        for name, guide in (("typical", noise), ("flat", flat))
    }
    assert distance["flat"] > 5 * distance["typical"]


def test_it_is_seen_at_the_native_size_and_only_where_it_may_change(models, measured):
    grey = np.full((64, 96, 3), 127, np.uint8)
    grey[:, 48:] = np.random.default_rng(0).normal(127.5, 127.5 * 0.9, (64, 48, 3)).clip(0, 255)
    left = np.zeros((64, 96), np.uint8)
    left[:, :40] = 255
    whole = replace(job(t0=0.0), guide=Pixels.of(grey), judge=True)
    part = replace(whole, mask=Pixels.of(left))
    held = replace(whole, strength=Pixels.of(left))
    distances = [run(each, models, measured).photo_distance for each in (whole, part, held)]
    assert set(models.calls) == {(24, 16)}
    assert distances[0] != pytest.approx(distances[1], rel=0.05)
    assert distances[1] == pytest.approx(distances[2])


def test_a_few_step_model_cannot_judge(models, measured):
    assert run(replace(job(), judge=True), models, measured, replace(CARD, few_step=True)).photo_distance is None


def test_it_is_asked_of_any_kind_or_of_the_one_that_must_be_told(models, measured):
    asked = []
    opened = models("scenes-96")
    model = replace(opened, by_class=lambda label: asked.append(label) or opened.by_class(label))
    list(execute(replace(job(condition="lake"), judge=True), model, cancelled=lambda: False, measured=measured))
    assert asked[0] == 1 and asked[-1] == CARD.any_class
    asked.clear()
    told = replace(model, card=replace(CARD, any_class=None))
    list(execute(replace(job(condition="lake"), judge=True), told, cancelled=lambda: False, measured=measured))
    assert set(asked) == {1}


def test_judging_can_be_cancelled(models, measured):
    calls = job().parameters.calls
    with pytest.raises(Stopped):
        run(replace(job(), judge=True), models, measured, cancelled=lambda: len(models.calls) >= calls)
