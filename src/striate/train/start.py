"""Weights from elsewhere that a training begins with."""

from __future__ import annotations

from dataclasses import dataclass, replace

from torch import nn

from striate.data import Preprocessing
from striate.networks import Network
from striate.train.reporter import Reporter
from striate.weights import Loaded, Weights, find_weights, load_into


@dataclass(frozen=True)
class Start:
    """The weights a network begins with, known to fit; None for those it is made with."""

    network: Network
    weights: Weights | None = None
    loaded: Loaded | None = None

    def module(self) -> nn.Module:
        """The network as a module with these weights; draws from torch's generator."""
        made = self.network.module()
        if self.weights is not None:
            load_into(made, self.weights, outputs=_outputs(self.network), name=self.network.name)
        return made

    def suited(self, record: Preprocessing) -> Preprocessing:
        """The record with the colours and the filter that the weights are used to.

        The crop stays that of a training, which sees the whole picture.
        """
        used = None if self.loaded is None else self.loaded.preprocessing
        if used is None or used.channels != record.channels:
            return record
        return replace(
            record, mean=used.mean, deviation=used.deviation, interpolation=used.interpolation
        )


def find_start(network: Network, source: str | bool, reporter: Reporter) -> Start:
    """The weights that `source` names, read and matched before any image is decoded.

    Raises:
        UsageError: they cannot be had, or are those of another network.
    """
    if source is False:
        return Start(network)
    weights = find_weights(source, network.card, name=network.name)
    trial = network.module(device="meta")
    loaded = load_into(trial, weights, outputs=_outputs(network), name=network.name)
    reporter.line(f"starts from {loaded.origin}")
    for note in loaded.notes:
        reporter.line(f"  {note}")
    return Start(network, weights, loaded)


def _outputs(network: Network) -> int:
    return network.output[0] or 0
