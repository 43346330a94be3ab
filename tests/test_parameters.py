"""What a person chooses: ranges, and the way through JSON."""

import json
from dataclasses import replace

import pytest

from sdedit_studio.parameters import Masking, Parameters, Refine, Sde, Solver

CHOSEN = Parameters(
    t0=0.3,
    calls=4,
    repeats=2,
    refine=Refine.OFF,
    detail="finer",
    crispness=0.4,
    seed=9,
    solver=Solver.CONSISTENCY,
    sde=Sde.VE,
    model="sd",
    condition=None,
    prompt="a red hill",
    guidance=5.0,
    masking=Masking.PAPER,
)


def test_they_survive_json():
    assert Parameters.from_dict(json.loads(json.dumps(CHOSEN.as_dict()))) == CHOSEN


def test_the_ends_of_all_ranges_are_within_them():
    least = Parameters(t0=0, calls=1, repeats=1, seed=0, guidance=0, crispness=0)
    most = Parameters(t0=1, calls=1000, repeats=10, seed=2**32 - 1, guidance=30, crispness=1)
    assert (least.seed, most.seed) == (0, 4294967295)


def test_files_from_before_prompts_are_read():
    values = {key: value for key, value in CHOSEN.as_dict().items() if key not in ("prompt", "guidance", "masking")}
    assert Parameters.from_dict(values) == replace(CHOSEN, prompt=None, guidance=1.0, masking=Masking.STEADY)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"guidance": -1.0}, "guidance scale must lie between 0 and 30"),
        ({"guidance": 31.0}, "guidance scale must lie between 0 and 30"),
        ({"guidance": float("nan")}, "guidance scale must lie between 0 and 30"),
        ({"condition": ["sea"]}, "class must be text"),
        ({"prompt": 3}, "prompt must be text"),
        ({"masking": "loose"}, "not a valid Masking"),
        ({"t0": 1.1}, "t0 must lie between 0 and 1"),
        ({"calls": 0}, "number of steps"),
        ({"calls": 1001}, "number of steps"),
        ({"t0": -0.01}, "t0 must lie between 0 and 1"),
        ({"repeats": 0}, "number of repeats"),
        ({"repeats": 11}, "number of repeats"),
        ({"seed": -1}, "seed must lie between 0 and 4294967295"),
        ({"seed": 2**32}, "seed must lie between 0 and 4294967295"),
        ({"crispness": 1.01}, "crispness must lie between 0 and 1"),
    ],
)
def test_what_is_out_of_range_is_told(changes, message):
    with pytest.raises(ValueError, match=message):
        Parameters.from_dict({**CHOSEN.as_dict(), **changes})


def test_documents_of_earlier_versions_keep_what_they_were_made_with():
    assert Parameters.from_dict({"refine": "full"}).refine is Refine.SDE
    assert Parameters.from_dict({"refine": "2"}).refine is Refine.DOUBLE
    assert Parameters.from_dict({"refine": "off", "t0": 0.3}).crispness == 1
    assert Parameters.from_dict({"solver": "renoise"}).solver is Solver.CONSISTENCY
    with pytest.raises(ValueError, match="magic"):
        Parameters.from_dict({"refine": "magic"})
    with pytest.raises(ValueError, match="crispness must lie between"):
        Parameters(crispness=1.2)
