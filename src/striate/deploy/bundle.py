"""A trained network with all that is needed to use it, read from files that hold no code."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from torch import Tensor, nn

from striate.data import Advance, Preprocessing, load_manifest, silent
from striate.deploy.predict import Belief, Prediction, belief, predict
from striate.errors import BundleError, StriateError, did_you_mean
from striate.evaluate import Calibration
from striate.files import Json
from striate.networks import Network
from striate.quantities import dimensions
from striate.train import MANIFEST, NETWORK, load_checkpoint
from striate.train.folder import read_network

KNOWN = ("best", "last")


@dataclass(frozen=True)
class Bundle:
    """A network, its weights, its class names, and how images are prepared for it.

    folder: of the run it was read from; None for a published network. name: which weights. metrics:
    as saved with the weights, on the validation images. facts: everything else that was saved.
    """

    folder: Path | None
    name: str
    network: Network
    tensors: dict[str, Tensor]
    classes: tuple[str, ...]
    preprocessing: Preprocessing
    metrics: dict[str, float]
    facts: dict[str, Json]

    def module(self) -> nn.Module:
        """The network as a torch module with these weights, in evaluation mode; built once."""
        return self._module

    @cached_property
    def _module(self) -> nn.Module:
        module = self.network.module()
        try:
            module.load_state_dict(self.tensors)
        except RuntimeError as mismatch:
            raise BundleError.of(
                "weights-mismatch",
                f"the weights {self.name} in {self.folder} do not fit {NETWORK}",
                *str(mismatch).splitlines()[1:4],
                f"{NETWORK} was changed after the training: restore it, or train again",
            ) from mismatch
        return module.eval()

    @cached_property
    def calibration(self) -> Calibration | None:
        """What the validation images told of how far it may be believed; None if nothing did.

        Raises:
            BundleError: what is stored is damaged.
        """
        stored = self.facts.get("calibration")
        if stored is None:
            return None
        try:
            return Calibration.from_json(stored)
        except BundleError as damage:
            assert self.folder is not None
            raise _damaged(self.folder, self.name, damage.diagnostics[0].reason) from damage

    @cached_property
    def is_multilabel(self) -> bool:
        """Whether images may have several of its classes, or none."""
        if self.calibration is not None:
            return self.calibration.thresholds is not None
        if self.folder is None or not (self.folder / MANIFEST).exists():
            return False
        return load_manifest(self.folder / MANIFEST).is_multilabel

    def predict(
        self,
        files: Sequence[str | Path],
        *,
        top: int = 5,
        precision: float | None = None,
        coverage: float | None = None,
        advance: Advance = silent,
    ) -> list[Prediction]:
        """The most probable classes of each file, in the order of the files.

        A file that cannot be read gives a prediction with an error and no classes. precision,
        coverage: share of the answers that are to be right, or of the files that are to be
        answered; the others are said to be of none of the classes.

        Raises:
            UsageError: there is no such threshold, or nothing is known of the validation images.
        """
        believed = self.belief(precision=precision, coverage=coverage)
        return predict(
            self.module(),
            self.preprocessing,
            self.classes,
            files,
            top=top,
            believed=believed,
            advance=advance,
        )

    def belief(self, *, precision: float | None = None, coverage: float | None = None) -> Belief:
        """How far to believe it; see `predict`."""
        return belief(
            self.calibration,
            precision=precision,
            coverage=coverage,
            is_multilabel=self.is_multilabel,
        )


def load(path: str | Path, weights: str = "best") -> Bundle:
    """The network in a run folder, with the weights `best` or `last`; runs no code from it.

    Raises:
        BundleError: there is no such folder, or a file of it is missing, damaged or of another
            version.
    """
    folder = Path(path)
    if weights not in KNOWN:
        raise BundleError.of(
            "unknown-weights",
            f"a run has no weights '{weights}'{did_you_mean(weights, KNOWN)}",
            f"there are: {', '.join(KNOWN)}",
        )
    if not folder.is_dir():
        raise _no_folder(folder)
    if not any((folder / name).exists() for name in (NETWORK, "best.json", "last.json")):
        raise _no_run(folder)
    if weights == "best" and not (folder / "best.json").exists() and _has_last(folder):
        raise BundleError.of(
            "no-best-weights",
            f"{folder} has no best weights: its training stopped in the first epoch",
            "train again; what there is can be used with --weights last",
        )
    checkpoint = load_checkpoint(folder, weights)
    facts = checkpoint.facts
    try:
        classes, metrics = facts["classes"], facts["metrics"]
        preprocessing = facts["preprocessing"]
    except KeyError as missing:
        raise _damaged(folder, weights, f"{missing} is missing") from missing
    if not (isinstance(classes, list) and isinstance(metrics, dict)):
        raise _damaged(folder, weights, "classes or metrics are not what they should be")
    if not isinstance(preprocessing, dict):
        raise _damaged(folder, weights, "the preprocessing record is not an object")
    chosen = read_network(folder)
    names = len(set(map(str, classes)))
    if chosen.output != (names,):
        ends = f"but {NETWORK} ends in {dimensions(chosen.output)}"
        raise _damaged(folder, weights, f"{names} different class names, {ends}")
    return Bundle(
        folder=folder,
        name=weights,
        network=chosen,
        tensors=checkpoint.tensors,
        classes=tuple(map(str, classes)),
        preprocessing=Preprocessing.from_json(preprocessing),
        metrics={
            key: float(value) for key, value in metrics.items() if isinstance(value, int | float)
        },
        facts=facts,
    )


def _has_last(folder: Path) -> bool:
    return (folder / "last.json").exists()


def _no_folder(folder: Path) -> StriateError:
    runs = Path("runs")
    near = [str(child) for child in runs.iterdir()] if runs.is_dir() else []
    return BundleError.of(
        "run-not-found",
        f"there is no run folder {folder}{did_you_mean(str(folder), near)}",
        "RUN is a folder that striate fit made, such as runs/photos-resnet18-1",
    )


def _no_run(folder: Path) -> StriateError:
    return BundleError.of(
        "no-run",
        f"{folder} is no run folder: {NETWORK} and best.json are missing",
        "name a folder that striate fit made, such as runs/photos-resnet18-1",
    )


def _damaged(folder: Path, name: str, what: str) -> StriateError:
    return BundleError.of(
        "bundle-facts",
        f"{folder / name}.json: {what}",
        "restore the file from where it came, or train again",
    )
