"""Research checkpoints in their very layouts, imported, against the original networks' own forward pass."""

from functools import partial

import pytest
import torch

from sdedit_studio.diffusion.schedule import Betas, DiscreteVP
from sdedit_studio.models.adding import adm, checkpoint, ddpm, ncsnpp, unpickle
from sdedit_studio.models.adding.add import add
from sdedit_studio.models.adding.imported import ImportOptions
from sdedit_studio.models.catalogue import ModelProblem, Prediction, find
from sdedit_studio.models.load import load
from sdedit_studio.models.unet import build
from tests.models.adding.originals import Adm, Ddpm, Ncsnpp, randomised

CPU = torch.device("cpu")
CLOCK = DiscreteVP()
SIGMAS = (0.05, 0.7, 5.0)


@pytest.fixture(autouse=True)
def in_this_process(monkeypatch):
    """Starting a process for each checkpoint takes seconds; test_unpickle does."""
    monkeypatch.setattr(checkpoint, "unpickle", unpickle._convert)


def saved(path, content):
    torch.save(content, path)
    return path


def denoiser(models, name, condition=None):
    return load(find(name, models), CPU, torch.float32).denoiser(condition)


def close(found, expected):
    torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-4)


@torch.no_grad()
def by_noise(network, x, sigma, clock=CLOCK, **more):
    """D of a network that predicts noise, in DDPM's own coordinates."""
    kept = 1 / (1 + sigma**2)
    time = torch.full((len(x),), clock.label(sigma))
    noise = network(kept**0.5 * x, time, **more)[:, :3]
    return (kept**0.5 * x - (1 - kept) ** 0.5 * noise) / kept**0.5


@pytest.fixture
def x():
    return torch.randn(2, 3, 16, 24, generator=torch.Generator().manual_seed(7))


class TestDdpm:
    @pytest.mark.parametrize(
        "network",
        [Ddpm(), Ddpm(32, (1, 1, 2), layers=2, attentive=(1,)), Ddpm(32, (1, 2, 2), layers=1, attentive=(0, 2))],
        ids=["two levels", "three levels", "attention twice"],
    )
    def test_a_state_dict(self, network, x, tmp_path):
        network = randomised(network)
        card = add(saved(tmp_path / "ema_lsun_church.ckpt", network.state_dict()), models_dir=tmp_path / "models")
        assert (card.name, card.prediction, card.schedule) == ("ema-lsun-church", Prediction.NOISE, CLOCK)
        assert card.native == 16 * 2 ** network.attentive[0]
        assert card.stride == 2 ** (len(network.up) - 1)
        for sigma in SIGMAS:
            close(denoiser(tmp_path / "models", card.name)(x, sigma), by_noise(network, x, sigma))

    def test_a_training_file_is_a_list_whose_last_weights_are_averaged(self, x, tmp_path):
        raw, averaged = randomised(Ddpm(), 1), randomised(Ddpm(), 2)
        optimizer = torch.optim.Adam(raw.parameters())
        prefixed = {f"module.{name}": weight for name, weight in raw.state_dict().items()}
        shadow = {f"module.{name}": weight for name, weight in averaged.state_dict().items()}
        path = saved(tmp_path / "ckpt.pth", [prefixed, optimizer.state_dict(), 3, 1000, shadow])
        card = add(path, models_dir=tmp_path / "models")
        close(denoiser(tmp_path / "models", card.name)(x, 0.7), by_noise(averaged, x, 0.7))

    def test_the_old_way_of_saving(self, x, tmp_path):
        network = randomised(Ddpm())
        torch.save(network.state_dict(), tmp_path / "old.ckpt", _use_new_zipfile_serialization=False)
        card = add(tmp_path / "old.ckpt", models_dir=tmp_path / "models")
        close(denoiser(tmp_path / "models", card.name)(x, 0.7), by_noise(network, x, 0.7))


class TestGuidedDiffusion:
    @pytest.mark.parametrize(
        ("config", "options"),
        [
            ({}, {}),
            ({"new_order": True}, {"new_attention_order": True}),
            ({"shift": False}, {}),
            ({"resampled": False}, {}),
            ({"outputs": 3}, {}),
            ({"multipliers": (1, 1, 2), "layers": 2, "attentive": (1, 2)}, {}),
        ],
        ids=["legacy order", "new order", "no scale-shift", "convolutions resample", "no variance", "three levels"],
    )
    def test_a_state_dict(self, config, options, x, tmp_path):
        network = randomised(Adm(**config))
        path = saved(tmp_path / "256x256_diffusion_uncond.pt", network.state_dict())
        card = add(path, ImportOptions(head_channels=16, **options), tmp_path / "models")
        assert card.prediction is Prediction.NOISE
        for sigma in SIGMAS:
            close(denoiser(tmp_path / "models", card.name)(x, sigma), by_noise(network, x, sigma))

    def test_the_two_orders_are_two_networks(self, x, tmp_path):
        path = saved(tmp_path / "net.pt", randomised(Adm()).state_dict())
        one, other = (
            add(path, ImportOptions(name=str(new), head_channels=16, new_attention_order=new), tmp_path / "models").name
            for new in (False, True)
        )
        found = [denoiser(tmp_path / "models", name)(x, 0.7) for name in (one, other)]
        assert (found[0] - found[1]).abs().max() > 1e-3

    def test_classes_and_the_cosine_schedule_of_64_pixels(self, x, tmp_path):
        network = randomised(Adm(64, (1, 1, 1, 2), attentive=(3,), head_channels=64, new_order=True, classes=5))
        card = add(saved(tmp_path / "64x64_diffusion.pt", network.state_dict()), models_dir=tmp_path / "models")
        clock = DiscreteVP(betas=Betas.COSINE)
        assert (card.native, card.stride, card.schedule, card.classes) == (64, 8, clock, ("0", "1", "2", "3", "4"))
        assert card.sigma_max == clock.sigmas[998], "the last level, where the beta is capped, is left out"
        labels = torch.tensor([3, 3])
        expected = by_noise(network, x, 0.7, clock, labels=labels)
        close(denoiser(tmp_path / "models", card.name, "3")(x, 0.7), expected)
        with pytest.raises(ModelProblem, match="must be told what to show: choose one of 0, 1, 2"):
            denoiser(tmp_path / "models", card.name)

    def test_four_heads_at_128_pixels(self, x, tmp_path):
        network = randomised(Adm(32, (1, 1, 1, 2, 2), attentive=(3, 4), heads=4))
        card = add(saved(tmp_path / "128x128_diffusion.pt", network.state_dict()), models_dir=tmp_path / "models")
        x = torch.randn(1, 3, 32, 48)
        close(denoiser(tmp_path / "models", card.name)(x, 0.7), by_noise(network, x, 0.7))

    def test_consistency_networks_by_their_name(self, x, tmp_path):
        network = randomised(Adm(head_channels=64, new_order=True, outputs=3, shift=False))
        card = add(saved(tmp_path / "cd_bedroom256_l2.pt", network.state_dict()), models_dir=tmp_path / "models")
        assert (card.prediction, card.few_step, card.sigma_max) == (Prediction.CONSISTENCY, True, 80.0)
        sigma, data, low = torch.tensor(0.7), 0.5, 0.002
        with torch.no_grad():
            output = network(x / (sigma**2 + data**2).sqrt(), (1000 * 0.25 * sigma.log()).expand(2))
        skip = data**2 / ((sigma - low) ** 2 + data**2)
        expected = skip * x + (sigma - low) * data / (sigma**2 + data**2).sqrt() * output
        close(denoiser(tmp_path / "models", card.name)(x, 0.7), expected)

    def test_networks_that_do_not_fit_are_refused(self, tmp_path):
        state = Adm().state_dict()
        state["time_embed.0.weight"] = torch.zeros(128, 64)
        with pytest.raises(ModelProblem, match="512 pixel network"):
            add(saved(tmp_path / "a.pt", state), ImportOptions(head_channels=16), tmp_path / "models")
        with pytest.raises(ModelProblem, match="upsamplers cannot be used"):
            add(
                saved(tmp_path / "b.pt", Adm(inputs=6).state_dict()),
                ImportOptions(head_channels=16),
                tmp_path / "models",
            )


@torch.no_grad()
def by_score(network, x, sigma):
    """D by Tweedie's formula where the network lives: data in [0, 1], level sigma / 2."""
    u, s = (x + 1) / 2, sigma / 2
    return 2 * (u + s**2 * network(u, torch.full((len(x),), s))) - 1


class TestNcsnpp:
    @pytest.mark.parametrize(
        "options",
        [{}, {"multipliers": (1, 4, 4), "layers": 2, "attentive": (1,)}, {"multipliers": (1, 2, 4), "attentive": (2,)}],
        ids=["two levels", "attention in the middle", "attention at the end"],
    )
    def test_the_averaged_weights_have_no_names(self, options, x, tmp_path):
        sigmas = torch.linspace(0.01, 380.0, 2000)
        raw, averaged = randomised(Ncsnpp(**options, sigmas=sigmas), 1), randomised(Ncsnpp(**options), 2)
        averaged.all_modules[0].W.copy_(raw.all_modules[0].W)
        shadow = [weight for weight in averaged.parameters() if weight.requires_grad]
        state = {f"module.{name}": weight for name, weight in raw.state_dict().items()}
        content = {
            "optimizer": torch.optim.Adam(raw.parameters()).state_dict(),
            "model": state,
            "ema": {"decay": 0.999, "num_updates": 7, "shadow_params": shadow},
            "step": 7,
        }
        card = add(saved(tmp_path / "checkpoint_127.pth", content), models_dir=tmp_path / "models")
        assert (card.prediction, card.range) == (Prediction.SCORE, (0.0, 1.0))
        assert (card.sigma_min, card.sigma_max) == (pytest.approx(0.02), 760.0), "twice those for data in [0, 1]"
        assert card.native == 16 * 2 ** averaged.attentive[0]
        for sigma in SIGMAS:
            close(denoiser(tmp_path / "models", card.name)(x, sigma), by_score(averaged, x, sigma))

    def test_levels_that_the_file_does_not_hold_are_the_papers(self, tmp_path):
        for native, highest in ((256, 348.0), (1024, 1348.0), (64, 348.0)):
            deep = (native // 16).bit_length() - 1
            with torch.device("meta"):
                state = Ncsnpp(16, (1,) * (deep + 1), attentive=(deep,)).state_dict()
                found = ncsnpp.convert(state, ImportOptions(), "net")
            assert found.config["sample_size"] == native
            assert (found.facts["sigma_min"], found.facts["sigma_max"]) == (0.02, 2 * highest)

    def test_averaged_weights_of_another_network_are_refused(self, tmp_path):
        shadow = list(Ncsnpp(16).parameters())[2:]
        content = {"model": Ncsnpp().state_dict(), "ema": {"shadow_params": shadow}}
        with pytest.raises(ModelProblem, match="averaged weights in this checkpoint do not belong"):
            add(saved(tmp_path / "a.pth", content), models_dir=tmp_path / "models")

    def test_other_networks_of_score_sde_are_refused(self, tmp_path):
        state = {"all_modules.0.weight": torch.zeros(64, 16), "all_modules.0.bias": torch.zeros(64)}
        with pytest.raises(ModelProblem, match="without Fourier features"):
            add(saved(tmp_path / "ddpmpp.pth", {"model": state}), models_dir=tmp_path / "models")


def test_it_is_kept_whatever_happens_to_the_original(x, tmp_path):
    network = randomised(Ddpm())
    path = saved(tmp_path / "net.ckpt", network.state_dict())
    card = add(path, ImportOptions(licence="MIT"), tmp_path / "models")
    path.unlink()
    again = find("net", tmp_path / "models")
    assert again == card
    assert (again.licence, again.source, again.bytes_on_disk > 100_000) == ("MIT", "net.ckpt", True)
    assert sorted(file.name for file in again.folder.iterdir()) == ["config.json", "model.json", "model.safetensors"]


@pytest.mark.parametrize(
    ("convert", "network", "native", "parameters"),
    [
        (ddpm.convert, partial(Ddpm, 128, (1, 1, 2, 2, 4, 4), 2, (4,)), 256, 113_673_219),
        (adm.convert, partial(Adm, 256, (1, 1, 2, 2, 4, 4), 2, (3, 4, 5), head_channels=64), 256, None),
        (
            adm.convert,
            partial(Adm, 192, (1, 2, 3, 4), 3, (1, 2, 3), head_channels=64, new_order=True, classes=1000),
            64,
            None,
        ),
        (adm.convert, partial(Adm, 256, (1, 1, 2, 3, 4), 2, (2, 3, 4), heads=4, classes=1000), 128, None),
        (ncsnpp.convert, partial(Ncsnpp, 128, (1, 1, 2, 2, 2, 2, 2), 2, (4,)), 256, None),
        (ncsnpp.convert, partial(Ncsnpp, 16, (1, 2, 4, 8, 16, 32, 32, 32), 1, (6,)), 1024, None),
    ],
    ids=["DDPM 256", "ADM 256", "ADM 64", "ADM 128", "NCSN++ 256", "NCSN++ 1024"],
)
def test_the_published_networks_fit(convert, network, native, parameters):
    """In name and shape, one to one; on the meta device, where they take no memory."""
    with torch.device("meta"):
        original = network()
        found = convert(original.state_dict(), ImportOptions(), "net")
        expected = build(found.config)
    assert {name: weight.shape for name, weight in found.weights.items()} == {
        name: weight.shape for name, weight in expected.state_dict().items()
    }
    assert found.config["sample_size"] == native
    if parameters is not None:
        assert sum(weight.numel() for weight in original.parameters()) == parameters
