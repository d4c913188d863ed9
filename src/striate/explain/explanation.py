"""Why a network says what it says of an image: where it looks, and what its units see."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from striate.data import Preprocessing, decode, network_input, read_file
from striate.data.names import shown
from striate.errors import UsageError, did_you_mean, listing
from striate.explain.fields import Sight, placed, sight
from striate.explain.grad_cam import grad_cam
from striate.explain.layer import Layer, chosen_layer
from striate.explain.probe import probe_at
from striate.explain.sanity import Look, cascade
from striate.files import Json
from striate.networks import Network


@dataclass(frozen=True)
class Explanation:
    """Where a network looks on an image for one class.

    pixels: uint8, H×W×C, the image as the network sees it. target: name of the class. guesses:
    names and probabilities of the most probable classes. cam: float64, h×w, of the layer's
    positions, 0 and up. heat: the same for each pixel, H×W, 1 where it is hottest; 0 everywhere
    where nothing speaks for the class.
    """

    file: str
    pixels: np.ndarray
    layer: Layer
    target: str
    guesses: tuple[tuple[str, float], ...]
    cam: np.ndarray
    heat: np.ndarray
    sight: Sight

    def to_json(self) -> dict[str, Json]:
        """Everything but the pixels, as plain values; squares are top, left, bottom, right."""
        could, does = self.sight.could, self.sight.does
        return {
            "file": self.file,
            "class": self.target,
            "guesses": [{"class": name, "probability": p} for name, p in self.guesses],
            "layer": self.layer.name,
            "plane": list(self.layer.plane),
            "map": [[float(value) for value in row] for row in self.cam],
            "centre": list(self.sight.position),
            "receptive_field": None
            if could is None
            else [could.top, could.left, could.bottom, could.right],
            "effective_receptive_field": [does.top, does.left, does.bottom, does.right],
        }


class Explainer:
    """Explains what a network says of images, by one of its layers.

    network, module, record, classes: of a bundle. layer: its name; by default that of
    `chosen_layer`. is_multilabel: whether an image may have several labels.

    Raises:
        UsageError: there is no such layer, or none with a plane.
    """

    def __init__(
        self,
        network: Network,
        module: nn.Module,
        record: Preprocessing,
        classes: Sequence[str],
        *,
        layer: str | None = None,
        is_multilabel: bool = False,
    ) -> None:
        self.graph = network.graph
        self.record = record
        self.classes = tuple(classes)
        self.is_multilabel = is_multilabel
        self.layer = chosen_layer(self.graph, layer)
        self.probe = probe_at(self.graph, self.layer, module)

    def explain(self, file: str | Path, *, target: str | None = None, top: int = 5) -> Explanation:
        """Where the network looks on an image for a class; by default for the most probable one.

        Raises:
            UnreadableImageError: it is no image.
            UsageError: no such class; captum is not installed.
        """
        name = str(file)
        pixels = decode(read_file(Path(file), name=name), self.record, name=name)
        image = self._input(pixels)
        probabilities = self._probabilities(image)
        order = np.argsort(-probabilities, kind="stable")
        place = int(order[0]) if target is None else self.place_of(target)
        cam = grad_cam(self.probe, image, place)
        heat = placed(cam, (pixels.shape[0], pixels.shape[1]))
        return Explanation(
            file=name,
            pixels=pixels,
            layer=self.layer,
            target=self.classes[place],
            guesses=tuple((self.classes[k], float(probabilities[k])) for k in order[:top]),
            cam=cam,
            heat=heat / heat.max() if heat.max() > 0 else heat,
            sight=sight(self.graph, self.layer, self.probe, image),
        )

    def check(self, explanation: Explanation) -> list[Look]:
        """Whether the map depends on what was learned: see `cascade`."""
        place = self.place_of(explanation.target)
        return cascade(self.probe, self._input(explanation.pixels), place)

    def place_of(self, name: str) -> int:
        """Place of a class in the list, by its name or the part of it before a comma.

        Raises:
            UsageError: there is none.
        """
        if name in self.classes:
            return self.classes.index(name)
        alike = [place for place, one in enumerate(self.classes) if one.split(",")[0] == name]
        if len(alike) == 1:
            return alike[0]
        raise UsageError.of(
            "no-such-class",
            f"the network knows no class '{shown(name)}'{did_you_mean(name, self.classes)}",
            f"the classes are: {listing([shown(one) for one in self.classes])}",
        )

    def _input(self, pixels: np.ndarray) -> Tensor:
        """The image as the network takes it, 1×C×H×W, in memory of its own."""
        first = next(self.probe.parameters(), None)
        device = torch.device("cpu") if first is None else first.device
        batch = torch.from_numpy(np.array(pixels[None]))
        return network_input(batch.to(device), self.record).clone()

    def _probabilities(self, image: Tensor) -> np.ndarray:
        with torch.no_grad():
            outputs = self.probe(image)[0].float()
        found = outputs.sigmoid() if self.is_multilabel else outputs.softmax(dim=0)
        return np.asarray(found.cpu().numpy())
