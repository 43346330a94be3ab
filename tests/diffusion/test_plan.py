"""The passes of an edit."""

from itertools import pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from sdedit_studio.diffusion.plan import (
    DETAIL_CALLS,
    DETAIL_LEVEL,
    MOST_SQUARES,
    Detail,
    Pass,
    forgets_guide,
    native_size,
    plan,
    sigma_of_t0,
)
from sdedit_studio.parameters import Parameters, Refine

MODEL = {"native": 96, "stride": 16}
MODELS = [(96, 16), (64, 8), (256, 32), (512, 64)]
sides = st.integers(1, 3000)


def sizes(passes):
    return [(stage.width, stage.height) for stage in passes]


def test_the_default_canvas():
    passes = plan(768, 512, Parameters(t0=0.4, refine=Refine.SDE), **MODEL)
    assert sizes(passes) == [(144, 96), (336, 224), (768, 512)]
    assert passes[0] == Pass(144, 96, sigma_of_t0(0.4), 8)
    assert [stage.sigma for stage in passes[1:]] == sorted((stage.sigma for stage in passes[1:]), reverse=True)


def test_a_detail_network_carries_up_a_quarter_of_the_frame():
    first, base, detail = plan(768, 512, Parameters(t0=0.4), **MODEL)
    assert (first.width, first.height, base.width, base.height) == (144, 96, 192, 128)
    assert (base.sigma, base.calls) == (DETAIL_LEVEL, DETAIL_CALLS)
    assert detail == Detail(768, 512, (192, 128), 4) and detail.pixels == 192 * 128 and detail.model_calls == 1


@pytest.mark.parametrize(
    ("frame", "expected"),
    [
        ((96, 96), [(96, 96)]),
        ((384, 256), [(144, 96), (384, 256)]),
        ((1000, 700), [(144, 96), (256, 176), (1000, 700)]),
        ((2048, 1366), [(144, 96), (288, 192), (512, 342), (2048, 1366)]),
        ((4096, 2730), [(144, 96), (288, 192), (1024, 683), (4096, 2730)]),
    ],
)
def test_frames_of_other_ratios(frame, expected):
    """A first pass that is a quarter already is not made again, and large frames take a second call."""
    assert sizes(plan(*frame, Parameters(), **MODEL)) == expected


@pytest.mark.parametrize("frame", [(768, 512), (4096, 2730), (4000, 100), (300, 200)])
def test_a_sketch_takes_one_call_of_the_detail_network_at_most_four_times_the_first_pass(frame):
    first, detail = plan(*frame, Parameters(), **MODEL, sketch=True)
    assert isinstance(first, Pass) and isinstance(detail, Detail)
    assert detail.base == (first.width, first.height) == native_size(*frame, 96, 16)
    assert (detail.width, detail.height) == tuple(
        min(whole, 4 * side) for whole, side in zip(frame, detail.base, strict=True)
    )


@pytest.mark.parametrize(
    ("t0", "refine", "forgets"),
    [
        (0.4, Refine.DETAIL, True),
        (0.25, Refine.DETAIL, True),
        (0.18, Refine.DETAIL, False),  # some of the guide's own detail stays
        (0.18, Refine.SDE, True),
        (0.1, Refine.DETAIL, False),  # it begins at a later pass, from the guide
        (0.1, Refine.SDE, False),
        (0, Refine.SDE, False),
    ],
)
def test_where_later_passes_go_on_from_the_first_one_alone(t0, refine, forgets):
    assert forgets_guide(plan(768, 512, Parameters(t0=t0, refine=refine), **MODEL), (144, 96)) is forgets


def test_a_network_that_doubles_is_called_more_often():
    assert sizes(plan(768, 512, Parameters(), **MODEL, factor=2)) == [(144, 96), (288, 192), (384, 256), (768, 512)]


def test_a_low_t0_begins_where_a_detail_network_takes_over():
    assert sizes(plan(768, 512, Parameters(t0=0.1), **MODEL)) == [(192, 128), (768, 512)]


def test_a_few_step_model_needs_few_calls_before_it():
    assert [stage.calls for stage in plan(768, 512, Parameters(calls=3), **MODEL, few_step=True)] == [3, 2, 1]


def test_no_noise_no_passes():
    assert plan(768, 512, Parameters(t0=0), **MODEL) == ()


def test_refine_off_and_double():
    assert sizes(plan(768, 512, Parameters(refine=Refine.OFF), **MODEL)) == [(144, 96)]
    assert sizes(plan(768, 512, Parameters(refine=Refine.DOUBLE), **MODEL)) == [(144, 96), (288, 192)]


def test_a_low_t0_starts_where_it_loses_no_detail():
    assert sizes(plan(768, 512, Parameters(t0=0.12, refine=Refine.SDE), **MODEL)) == [(336, 224), (768, 512)]
    assert sizes(plan(768, 512, Parameters(t0=0.05, refine=Refine.SDE), **MODEL)) == [(768, 512)]


def test_levels_the_model_does_not_know_are_not_asked_for():
    (first, *_) = plan(768, 512, Parameters(t0=1), **MODEL, sigma_max=80)
    assert first.sigma == 80


def test_a_few_step_model_refines_in_few_calls():
    passes = plan(768, 512, Parameters(calls=3, refine=Refine.SDE), **MODEL, few_step=True)
    assert [stage.calls for stage in passes] == [3, 2, 2]


def test_repeats_cost_the_first_pass_only():
    one, three = (plan(768, 512, Parameters(repeats=k), **MODEL) for k in (1, 3))
    assert three[0].model_calls == 3 * one[0].model_calls
    assert three[1:] == one[1:]


@given(width=sides, height=sides, t0=st.floats(0.01, 1), refine=st.sampled_from(Refine))
def test_every_frame_has_passes_a_model_can_run(width, height, t0, refine):
    passes = plan(width, height, Parameters(t0=t0, refine=refine), **MODEL)
    solved = [stage for stage in passes if isinstance(stage, Pass)]
    assert solved and solved == passes[: len(solved)]
    assert all(stage.width % 16 == stage.height % 16 == 0 and stage.calls > 0 for stage in solved)
    assert all(stage.sigma <= sigma_of_t0(t0) for stage in passes)
    assert passes == sorted(passes, key=lambda stage: stage.width * stage.height) or refine is Refine.DETAIL
    if refine is Refine.DETAIL:
        first, last = native_size(width, height, 96, 16), solved[-1]
        assert last.width <= 2 * first[0] and last.height <= 2 * first[1]
        assert (passes[-1].width, passes[-1].height) == (width, height) or last.width >= width
        for before, after in pairwise(passes[len(solved) - 1 :]):
            assert after.base == (before.width, before.height)
            assert after.width <= 4 * after.base[0] and after.height <= 4 * after.base[1]
    if refine is Refine.SDE:
        assert passes[-1].width >= width
        assert passes[-1].height >= height


@given(width=st.integers(1, 8192), height=st.integers(1, 8192), model=st.sampled_from(MODELS))
@example(width=8192, height=1, model=(96, 16))
@example(width=256, height=8192, model=(512, 64))
def test_no_frame_costs_more_than_promised(width, height, model):
    native, stride = model
    across, down = native_size(width, height, native, stride)
    assert across % stride == down % stride == 0
    assert stride**2 <= across * down <= MOST_SQUARES * native**2
    assert (across >= down) == (width >= height) or across == down
    if max(width, height) <= 4 * min(width, height):
        assert across / down == pytest.approx(width / height, rel=0.2), "an ordinary frame keeps its shape"


@pytest.mark.parametrize("frame", [(4000, 100), (100, 4000), (300, 300), (1, 1)])
def test_no_frame_costs_more_than_a_double_square(frame):
    width, height = native_size(*frame, **MODEL)
    assert width * height <= 2.2 * 96 * 96
    assert (width >= height) == (frame[0] >= frame[1])
