"""Training, evaluation and prediction see the same numbers for every odd file that is legal."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn.modules.module import register_module_forward_pre_hook

from striate.cli.main import run
from striate.data import Loader, Manifest, Preprocessing, decode, index, network_input
from striate.deploy import Bundle, open_bundle, predict
from striate.evaluate import answers
from striate.train import Options, Silent, fit
from tests.data.faults.corpus import corpus
from tests.data.pictures import stripe_folder, write
from tests.deploy.runs import NET

# Not the size of any file, so every picture is cropped and scaled.
RECORD = Preprocessing(8, 8, 3, mean=(0.4, 0.5, 0.6), reducing_gap=2.0)
CLASSES = ("across", "upright")


class Spy(nn.Module):
    """Keeps what enters the network."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(1))
        self.seen: list[Tensor] = []

    def forward(self, images: Tensor) -> Tensor:
        self.seen.append(images.detach().clone())
        return images.mean((1, 2, 3))[:, None] * torch.tensor([[1.0, -1.0]])

    @property
    def rows(self) -> Tensor:
        """All images that were seen, N×C×H×W."""
        return torch.cat(self.seen)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """All legal files of three channels or fewer, in two classes."""
    root = tmp_path_factory.mktemp("odd")
    legal = [case for case in corpus().values() if case.pixels is not None]
    for number, case in enumerate(legal):
        write(root / CLASSES[number % 2] / case.name, case.content)
    return root


@pytest.fixture(scope="module")
def manifest(folder: Path) -> Manifest:
    return index(folder)


@pytest.fixture(scope="module")
def expected(manifest: Manifest) -> dict[str, Tensor]:
    """What `decode` makes of each file, as numbers C×H×W, by path."""
    tensors = {}
    for path in manifest.column("path").tolist():
        content = (Path(manifest.root) / path).read_bytes()
        pixels = torch.from_numpy(decode(content, RECORD, name=path).copy())
        tensors[path] = network_input(pixels[None], RECORD)[0]
    return tensors


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run whose network does not matter: a spy takes its place."""
    root = tmp_path_factory.mktemp("made")
    photos = stripe_folder(root / "photos", images=2)
    options = Options(epochs=1, val_share=0.0, cache="off")
    return fit(NET, photos, out=root / "run", reporter=Silent(), **options).folder


def test_no_legal_file_is_missing(manifest: Manifest) -> None:
    names = {Path(path).name for path in manifest.column("path").tolist()}
    assert names == {case.name for case in corpus().values() if case.pixels is not None}


def test_training_without_augmentation_sees_what_decode_gives(
    manifest: Manifest, expected: dict[str, Tensor]
) -> None:
    order = np.random.default_rng(3).permutation(len(manifest))
    with_loader(manifest, expected, order)


def test_evaluation_sees_what_decode_gives(manifest: Manifest, expected: dict[str, Tensor]) -> None:
    spy = Spy()
    said = answers(spy, Loader(manifest, RECORD, 7), RECORD)
    paths = manifest.column("path")
    assert sorted(said.places.tolist()) == list(range(len(manifest)))
    for place, row in zip(said.places.tolist(), spy.rows, strict=True):
        assert torch.equal(row, expected[paths[place]]), paths[place]


def test_prediction_sees_what_decode_gives(
    folder: Path, manifest: Manifest, expected: dict[str, Tensor]
) -> None:
    spy = Spy()
    paths = manifest.column("path").tolist()
    said = predict(spy, RECORD, CLASSES, [folder / path for path in paths])
    assert [prediction.error for prediction in said] == [None] * len(paths)
    for path, row in zip(paths, spy.rows, strict=True):
        assert torch.equal(row, expected[path]), path


def test_the_commands_eval_and_predict_see_the_same(
    folder: Path, made: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    files = sorted(map(str, folder.rglob("*.*")))
    spies = []
    for command in (["eval", str(made), str(folder)], ["predict", str(made), *files]):
        spies.append(Spy())
        monkeypatch.setattr(Bundle, "module", lambda _, spy=spies[-1]: spy)
        assert run(command) == 0, capsys.readouterr().err
    scored, said = (sorted(row.flatten().tolist() for row in spy.rows) for spy in spies)
    assert scored == said


@pytest.mark.parametrize("bands", [4, 6])
def test_many_bands_take_the_same_way(tmp_path: Path, bands: int) -> None:
    record = Preprocessing(8, 8, bands)
    names = (f"{bands}-bands.tif", f"{bands}-bands.npy")
    for name, label in zip(names, CLASSES, strict=True):
        write(tmp_path / label / name, corpus()[name].content)
    found, trained, asked = index(tmp_path), Spy(), Spy()
    files = [tmp_path / path for path in found.column("path").tolist()]
    answers(trained, Loader(found, record, 2), record)
    predict(asked, record, CLASSES, files)
    pixels = np.stack([decode(file.read_bytes(), record) for file in files])
    expected = network_input(torch.from_numpy(pixels), record)
    assert torch.equal(trained.rows, expected)
    assert torch.equal(asked.rows, expected)


def test_a_whole_training_sees_what_decode_gives(folder: Path, tmp_path: Path) -> None:
    """Without augmentation, and with the cache: the first epoch decodes, the second is told."""
    seen: list[Tensor] = []

    def remember(module: nn.Module, given: tuple[Tensor, ...]) -> None:
        if isinstance(module, nn.Conv2d) and module.training:
            seen.extend(given[0].detach().clone())

    plain = Options(epochs=2, batch=50, val_share=0.0, flip=False, padding=0, crop_scale=1.0)
    plain["cache"], plain["precision"] = str(tmp_path / "cache"), "float32"
    hook = register_module_forward_pre_hook(remember)
    try:
        done = fit(
            "input(3, 8, 8) -> conv(4) -> relu -> gap -> fc(2)",
            folder,
            out=tmp_path / "run",
            reporter=Silent(),
            **plain,
        )
    finally:
        hook.remove()
    record = open_bundle(str(done.folder)).preprocessing
    expected = []
    for path in index(folder).column("path").tolist():
        pixels = torch.from_numpy(decode((folder / path).read_bytes(), record).copy())
        expected.append(network_input(pixels[None], record)[0])
    wanted = sorted(row.flatten().tolist() for row in expected)
    for epoch in (seen[: len(expected)], seen[len(expected) :]):
        assert sorted(row.flatten().tolist() for row in epoch) == wanted


def with_loader(manifest: Manifest, expected: dict[str, Tensor], order: np.ndarray) -> None:
    loader = Loader(manifest, RECORD, 7, view=None)
    paths, labels = manifest.column("path"), manifest.labels
    places: list[int] = []
    for batch in loader.batches(order, epoch=2):
        rows = network_input(batch.images, RECORD)
        for place, row, label in zip(batch.places.tolist(), rows, batch.labels, strict=True):
            assert torch.equal(row, expected[paths[place]]), paths[place]
            assert int(label) == labels[place]
        places += batch.places.tolist()
    assert places == order.tolist()
    assert len(loader.unreadable) == 0
