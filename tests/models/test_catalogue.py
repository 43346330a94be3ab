"""Which models are here, and what is said of a damaged one."""

import hashlib
import json
import shutil
import subprocess
import sys
from dataclasses import replace

import pytest

from sdedit_studio.models import catalogue
from sdedit_studio.models.catalogue import ModelProblem, digest, find, installed, read_card
from sdedit_studio.parameters import Parameters


@pytest.fixture
def models(tiny_models, tmp_path):
    """A folder of models of our own to damage."""
    shutil.copytree(tiny_models, tmp_path / "models")
    return tmp_path / "models"


def amend(models, **changes):
    path = models / "tiny" / "model.json"
    values = json.loads(path.read_text()) | changes
    path.write_text(json.dumps({key: value for key, value in values.items() if value is not ...}))


def test_the_bundled_model_comes_first(models):
    assert [card.name for card in installed(models)] == ["scenes-96", "tiny"]
    card = find("scenes-96", models)
    assert (card.native, card.stride, card.any_class) == (96, 16, 6)
    assert card.classes == ("buildings", "forest", "glacier", "mountain", "sea", "street")
    assert (card.folder / card.weights).is_file()


def test_an_added_model_is_found(models):
    card = find("tiny", models)
    assert (card.title, card.classes, card.default_t0) == ("Tiny", ("hill", "lake"), Parameters.t0)


def test_the_users_folder_is_looked_into(models, monkeypatch):
    monkeypatch.setattr(catalogue, "user_folder", lambda: models)
    assert find("tiny").folder == models / "tiny"


def test_a_missing_model_says_which_there_are(models):
    with pytest.raises(ModelProblem, match=r"no model called “huge”\. Installed: scenes-96, tiny"):
        find("huge", models)


def test_classes_by_name(models):
    card = find("tiny", models)
    assert [card.shares(name) for name in ("hill", "lake", None)] == [((0, 1.0),), ((1, 1.0),), ((2, 1.0),)]
    with pytest.raises(ModelProblem, match="no class “sea”: choose one of hill, lake, or mix them as in “hill 60, la"):
        card.shares("sea")


def test_runs_of_the_network_in_a_call(models):
    card = find("tiny", models)

    def runs(condition, guidance=1.0):
        return card.runs(Parameters(condition=condition, guidance=guidance))

    assert [runs(None), runs(None, 3.0), runs("hill"), runs("hill", 3.0), runs("hill", 0.0)] == [1, 1, 1, 2, 1]
    assert [runs("hill 60, lake 40"), runs("hill 60, lake 40", 3.0), runs("moon")] == [2, 3, 1]
    assert replace(card, any_class=None).runs(Parameters(condition="hill", guidance=3.0)) == 1


def test_mixes_of_classes(models):
    card = find("tiny", models)
    assert card.shares("hill 60, lake 40") == ((0, 0.6), (1, 0.4))
    assert card.shares("lake 1") == ((1, 1.0),)
    with pytest.raises(ModelProblem, match="no class “sea”: choose one of hill, lake"):
        card.shares("hill 60, sea 40")
    with pytest.raises(ModelProblem, match="no class “hill and lake”: choose one of hill, lake"):
        card.shares("hill and lake")
    without = replace(card, classes=(), any_class=None)
    assert without.shares(None) == ((None, 1.0),)
    with pytest.raises(ModelProblem, match="no class “hill”: it knows no classes"):
        without.shares("hill 60, lake 40")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"native": ...}, "lacks native"),
        ({"native": "96"}, "wrong value for native: '96'"),
        ({"native": True}, "wrong value for native: True"),
        ({"classes": "hill"}, "wrong value for classes"),
        ({"sigma_max": None}, "wrong value for sigma_max"),
        ({"stride": 0}, "wrong value for stride"),
    ],
)
def test_a_wrong_card_is_told_and_not_listed(models, changes, message):
    amend(models, **changes)
    with pytest.raises(ModelProblem, match=message):
        find("tiny", models)
    assert [card.name for card in installed(models)] == ["scenes-96"]


def test_what_is_shown_when_nothing_is_chosen(models):
    card = find("tiny", models)
    assert card.default_condition is None, "any class"
    assert replace(card, any_class=None).default_condition == "hill"
    assert replace(card, any_class=None, classes=()).default_condition is None


def test_the_digest_is_that_of_the_models_own_weights(models):
    folder = models / "tiny"
    weights = (folder / "model.safetensors").read_bytes()
    alone = hashlib.sha256(weights).hexdigest()
    assert digest(folder) == alone
    (folder / "reference.safetensors").write_bytes(b"pictures to compare with")
    (folder / "detail").mkdir()
    (folder / "detail" / "model.safetensors").write_bytes(b"another network")
    assert digest(folder) == alone
    (folder / "unet").mkdir()
    (folder / "unet" / "more.safetensors").write_bytes(b"more")
    lines = f"{alone}  model.safetensors\n{hashlib.sha256(b'more').hexdigest()}  unet/more.safetensors\n"
    assert digest(folder) == hashlib.sha256(lines.encode()).hexdigest()


@pytest.mark.parametrize("ends", [[1.0, 1.0], [1.0, 0.0], [0.0], [0.0, 0.5, 1.0], [0, "1"]])
def test_a_range_goes_from_a_lower_to_a_higher_end(models, ends):
    amend(models, range=[0.0, 1.0])
    assert find("tiny", models).range == (0.0, 1.0)
    amend(models, range=ends)
    with pytest.raises(ModelProblem, match="wrong value for range"):
        find("tiny", models)


@pytest.mark.parametrize("text", ["{", "[]", "\x00"])
def test_a_damaged_card_is_told(models, text):
    (models / "tiny" / "model.json").write_text(text)
    with pytest.raises(ModelProblem, match="damaged"):
        read_card(models / "tiny")


def test_it_needs_no_torch():
    code = (
        "import sys; from sdedit_studio.models import catalogue; catalogue.installed(); print('torch' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
