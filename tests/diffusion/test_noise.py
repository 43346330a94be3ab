"""Noise by address."""

import torch

from sdedit_studio.diffusion.noise import noise_source

SIZE = (3, 16, 24)


def test_a_field_does_not_depend_on_the_order_of_drawing():
    forwards, backwards = noise_source([7], SIZE), noise_source([7], SIZE)
    one = [forwards(step) for step in range(4)]
    other = [backwards(step) for step in reversed(range(4))][::-1]
    assert all(torch.equal(a, b) for a, b in zip(one, other, strict=True))


def test_a_picture_has_its_own_noise_in_any_batch():
    batch = noise_source([3, 4, 5], SIZE)(2)
    assert all(torch.equal(batch[i : i + 1], noise_source([seed], SIZE)(2)) for i, seed in enumerate((3, 4, 5)))


def test_every_address_is_another_field():
    fields = [
        noise_source([seed], SIZE, place=(index, repeat))(step)
        for seed in (0, 1)
        for index in (0, 1)
        for repeat in (0, 1)
        for step in (0, 1)
    ]
    flat = torch.stack([field.flatten() for field in fields])
    correlation = torch.corrcoef(flat) - torch.eye(len(flat))
    assert correlation.abs().max() < 0.15


def test_it_is_standard_normal():
    field = noise_source([2**32 - 1], (3, 256, 256))(0)
    assert field.dtype == torch.float32
    assert abs(field.mean()) < 0.01
    assert abs(field.std() - 1) < 0.01
