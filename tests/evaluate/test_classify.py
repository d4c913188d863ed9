"""What a network says about a loader's images."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from striate.data import Loader, Manifest, Preprocessing, contents, decode, index
from striate.errors import DataError
from striate.evaluate import answers
from tests.data.pictures import stripe_folder

RECORD = Preprocessing(8, 8, 3, mean=(0.5, 0.5, 0.5), deviation=(0.25, 0.25, 0.25))


@pytest.fixture
def photos(tmp_path: Path) -> Manifest:
    return index(stripe_folder(tmp_path, images=5))


def loader(photos: Manifest, batch: int) -> Loader:
    return Loader(photos, RECORD, batch, workers=1)


def network() -> nn.Sequential:
    torch.manual_seed(0)
    layers = (nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.Dropout(0.5), nn.Flatten())
    return nn.Sequential(*layers, nn.Linear(4 * 36, 2))


def test_answers_are_those_of_the_plain_network(photos: Manifest) -> None:
    module = network().eval()
    images = np.stack([decode(contents(photos)(place), RECORD) for place in range(10)])
    pixels = torch.from_numpy(images).permute(0, 3, 1, 2).double()
    with torch.no_grad():
        logits = module.double()(((pixels / 255) - 0.5) / 0.25)
    said = answers(module.float(), loader(photos, 4), RECORD)
    np.testing.assert_allclose(said.log_probabilities, logits.log_softmax(1), atol=1e-5)
    assert said.labels.tolist() == [0] * 5 + [1] * 5
    assert said.places.tolist() == list(range(10))


@pytest.mark.parametrize("batch", [1, 3, 17])
def test_the_batch_size_changes_no_answer(photos: Manifest, batch: int) -> None:
    said = answers(network(), loader(photos, batch), RECORD)
    whole = answers(network(), loader(photos, 10), RECORD)
    np.testing.assert_allclose(said.log_probabilities, whole.log_probabilities, atol=1e-5)


def test_the_network_is_left_in_training_and_unchanged(photos: Manifest) -> None:
    module = network().train()
    before = {name: tensor.clone() for name, tensor in module.state_dict().items()}
    answers(module, loader(photos, 4), RECORD)
    assert module.training
    for name, tensor in module.state_dict().items():
        assert torch.equal(tensor, before[name])


def test_it_stops_when_asked_and_counts_what_it_did(photos: Manifest) -> None:
    steps: list[int] = []
    said = answers(
        network(), loader(photos, 5), RECORD, advance=steps.append, is_stopped=lambda: True
    )
    assert steps == [5]
    assert len(said.labels) == 5


def test_half_precision_networks_are_answered_in_full(photos: Manifest) -> None:
    class Half(nn.Module):
        def forward(self, images: Tensor) -> Tensor:
            return images.mean((2, 3)).bfloat16()

    said = answers(Half(), loader(photos, 5), RECORD)
    assert said.log_probabilities.dtype == np.float32
    np.testing.assert_allclose(np.exp(said.log_probabilities).sum(1), 1, atol=1e-5)


def test_images_that_cannot_be_decoded_get_no_answer(photos: Manifest, tmp_path: Path) -> None:
    (tmp_path / "across" / "3.png").write_bytes(b"oops")
    source = loader(photos, 4)
    said = answers(network(), source, RECORD)
    assert said.places.tolist() == [0, 1, 2, 4, 5, 6, 7, 8, 9]
    assert said.labels.tolist() == [0] * 4 + [1] * 5
    assert [bad.path for bad in source.unreadable] == ["across/3.png"]


def test_a_set_of_which_nothing_can_be_decoded_is_an_error(
    photos: Manifest, tmp_path: Path
) -> None:
    for file in tmp_path.glob("*/*.png"):
        file.write_bytes(b"")
    with pytest.raises(DataError, match="10 of 10 images cannot be read"):
        answers(network(), loader(photos, 4), RECORD)
