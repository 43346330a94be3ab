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
