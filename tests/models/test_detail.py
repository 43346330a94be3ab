"""Detail networks: their cards, their weights, and how a model comes by one."""

import json
import shutil

import pytest
import torch
from safetensors.torch import save_file

from sdedit_studio.diffusion.detail import with_detail
from sdedit_studio.models import detail
from sdedit_studio.models.catalogue import ModelProblem, detail_networks, digest, find
from sdedit_studio.models.detail_network import load_detail
from sdedit_studio.models.load import load
from sdedit_studio.models.span import RECEPTIVE_RADIUS, Span
from sdedit_studio.parameters import Parameters, Refine

CPU = torch.device("cpu")


@pytest.fixture
def detail_models(tiny_models, tmp_path):
    """A folder of tiny models, whose one brings a detail network with random weights."""
    torch.manual_seed(0)
    models = shutil.copytree(tiny_models, tmp_path / "models")
    folder = models / "tiny" / "detail"
    folder.mkdir()
    save_file({key: value.half().contiguous() for key, value in Span().state_dict().items()}, folder / "m.safetensors")
    card = {
        "title": "Tiny detail",
        "format": "span",
        "weights": "m.safetensors",
        "factor": 4,
        "reach": RECEPTIVE_RADIUS,
    }
    (folder / "detail.json").write_text(json.dumps(card))
    return models


def test_the_bundled_one_is_named_after_its_model():
    card = find("scenes-96")
    assert card.default_refine is Refine.DETAIL
    own = card.detail(Parameters())
    assert own is not None and (own.name, own.factor, own.reach) == ("scenes-96", 4, RECEPTIVE_RADIUS)
    assert own == card.detail(Parameters(detail="scenes-96"))
    assert card.detail(Parameters(refine=Refine.SDE)) is None
    assert own.measured_as != card.name, "the times of both are kept"


def test_a_model_without_one_refines_by_itself_and_may_use_anothers(tiny_models):
    card = find("tiny", tiny_models)
    assert card.default_refine is Refine.SDE
    with pytest.raises(ModelProblem, match="tiny brings no detail network: refine by SDE, or choose one of scenes-96"):
        card.detail(Parameters())
    with pytest.raises(ModelProblem, match="no detail network called “huge”"):
        card.detail(Parameters(detail="huge"))
    borrowed = card.detail(Parameters(detail="scenes-96"))
    assert borrowed is not None and borrowed.name == "scenes-96"


def test_a_folder_brings_one(detail_models):
    card = find("tiny", detail_models)
    assert card.default_refine is Refine.DETAIL
    assert [one.name for one in detail_networks(detail_models)] == ["scenes-96", "tiny"]
    network = load(card, CPU, torch.float32).detail(Parameters())
    assert network is not None
    x = torch.rand(1, 3, 12, 20) * 2 - 1
    made = with_detail(network, x, side=288)
    assert made.shape == (1, 3, 48, 80) and made.isfinite().all()


def test_its_weights_are_not_the_models(detail_models):
    card = find("tiny", detail_models)
    before = digest(card.folder)
    (card.folder / "detail" / "m.safetensors").unlink()
    assert digest(card.folder) == before


def test_compiled_it_gives_the_same_picture(detail_models):
    card = detail.of_model(detail_models / "tiny")
    assert card is not None
    x = torch.rand(1, 3, 40, 24, generator=torch.Generator().manual_seed(0)) * 2 - 1
    in_torch, compiled = (load_detail(card, CPU, torch.float32, compiled=way).run(x) for way in (False, True))
    torch.testing.assert_close(compiled, in_torch, rtol=0, atol=1e-3)


def test_its_reach_is_what_is_said():
    torch.manual_seed(0)
    network = Span().eval()
    x = torch.zeros(1, 3, 80, 80)
    other = x.clone()
    other[..., 40, 40] = 1
    with torch.inference_mode():
        changed = (network(x) - network(other)).abs().amax((0, 1)).nonzero()
    assert changed.min() >= 4 * (40 - RECEPTIVE_RADIUS) and changed.max() < 4 * (41 + RECEPTIVE_RADIUS)


def test_it_takes_what_lies_outside_its_range_for_its_ends():
    network = Span().eval()
    with torch.inference_mode():
        assert torch.equal(network(torch.full((1, 3, 8, 8), 3.0)), network(torch.ones(1, 3, 8, 8)))


@pytest.mark.parametrize(
    ("card", "reason"),
    [
        ("{", "cannot be read"),
        ("[]", "cannot be read"),
        ('{"title": "x"}', "lacks format, weights, factor"),
        ('{"title": "x", "format": "magic", "weights": "m", "factor": 4}', "wrong"),
        ('{"title": "x", "format": "span", "weights": "m", "factor": 3}', "wrong"),
        ('{"title": "x", "format": "span", "weights": "m", "factor": 4, "reach": "far"}', "wrong"),
    ],
)
def test_a_damaged_card_is_told_and_spoils_nothing_else(detail_models, card, reason):
    (detail_models / "tiny" / "detail" / "detail.json").write_text(card)
    with pytest.raises(ModelProblem, match=reason):
        find("tiny", detail_models).detail(Parameters())
    assert [one.name for one in detail_networks(detail_models)] == ["scenes-96"]


def test_damaged_weights_are_told(detail_models):
    card = find("tiny", detail_models)
    path = card.folder / "detail" / "m.safetensors"
    save_file({"head.weight": torch.zeros(1)}, path)
    model = load(card, CPU, torch.float32)
    with pytest.raises(ModelProblem, match="its weights are not those of this network"):
        model.detail(Parameters())
    path.write_bytes(b"nothing")
    with pytest.raises(ModelProblem, match="detail network tiny cannot be loaded"):
        model.detail(Parameters())
    assert model.detail(Parameters(refine=Refine.OFF)) is None
