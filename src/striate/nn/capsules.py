"""Capsules: vectors of neighbouring channels, and routing by agreement between them."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from striate.errors import GraphError
from striate.nn._checks import require_channels, require_division, require_whole, shape_text
from striate.nn._precision import working_dtype


class Squash(nn.Module):
    """Vectors shortened to a length below 1: long ones to nearly 1, short ones to nearly 0.

    N×C or N×C×… to the same shape; a vector is `dims` neighbouring channels at one position.

    Raises:
        GraphError: nn-whole-number; nn-no-channels; nn-groups, dims does not divide C.

    Source: Sabour, Frosst and Hinton, "Dynamic Routing Between Capsules", 2017, equation 1.

    >>> round(Squash(2)(torch.tensor([[3.0, 4.0]])).norm().item(), 4)  # 25 / 26
    0.9615
    """

    def __init__(self, dims: int) -> None:
        super().__init__()
        self.dims = require_whole("Squash", "dims", dims)

    def forward(self, x: Tensor) -> Tensor:
        """Squash every vector of x."""
        width = require_division("Squash", require_channels("Squash", x), self.dims, "dims")
        vectors = x.reshape(x.shape[0], width, self.dims, *x.shape[2:])
        return squashed(vectors, 2).reshape(x.shape)

    def extra_repr(self) -> str:
        """Settings."""
        return f"dims={self.dims}"


class VectorLength(nn.Module):
    """The length of each vector of `dims` neighbouring channels.

    N×C or N×C×… to N×(C/dims) or N×(C/dims)×….

    Raises:
        GraphError: nn-whole-number; nn-no-channels; nn-groups, dims does not divide C.

    Source: Sabour, Frosst and Hinton, "Dynamic Routing Between Capsules", 2017, section 3.

    >>> VectorLength(2)(torch.tensor([[3.0, 4.0, 0.0, 1.0]])).tolist()
    [[5.0, 1.0]]
    """

    def __init__(self, dims: int) -> None:
        super().__init__()
        self.dims = require_whole("VectorLength", "dims", dims)

    def forward(self, x: Tensor) -> Tensor:
        """Lengths of the vectors of x."""
        channels = require_channels("VectorLength", x)
        width = require_division("VectorLength", channels, self.dims, "dims")
        vectors = x.reshape(x.shape[0], width, self.dims, *x.shape[2:])
        length: Tensor = torch.linalg.vector_norm(vectors, dim=2)
        return length

    def extra_repr(self) -> str:
        """Settings."""
        return f"dims={self.dims}"


class LongestVector(nn.Module):
    """The longest vector stays, all others become 0; or that of the highest score.

    N×C and, if given, scores N×(C/dims), to N×C; a vector is `dims` neighbouring channels. While
    training, the scores are 1 for the true class and 0 for the others.

    Raises:
        GraphError: nn-whole-number; nn-no-channels; nn-groups, dims does not divide C.

    Source: Sabour, Frosst and Hinton, "Dynamic Routing Between Capsules", 2017, section 4.1.

    >>> LongestVector(2)(torch.tensor([[3.0, 4.0, 0.0, 1.0]])).tolist()
    [[3.0, 4.0, 0.0, 0.0]]
    """

    def __init__(self, dims: int) -> None:
        super().__init__()
        self.dims = require_whole("LongestVector", "dims", dims)

    def forward(self, x: Tensor, scores: Tensor | None = None) -> Tensor:
        """Keep one vector of x."""
        channels = require_channels("LongestVector", x)
        width = require_division("LongestVector", channels, self.dims, "dims")
        vectors = x.reshape(x.shape[0], width, self.dims)
        if scores is None:
            scores = torch.linalg.vector_norm(vectors, dim=2)
        kept = nn.functional.one_hot(scores.argmax(1), width).to(x.dtype)
        return (vectors * kept.unsqueeze(2)).reshape(x.shape)

    def extra_repr(self) -> str:
        """Settings."""
        return f"dims={self.dims}"


class CapsuleRouting(nn.Module):
    """A layer of capsules, each of which listens most to those below that agree with its sum.

    N×C or N×C×… to N×(capsules*dims). What comes in are `given_capsules` vectors, each made of
    `given_dims` neighbouring channels at one position; what comes out are `capsules` vectors of
    `dims` numbers, no longer than 1. The one weight is given_capsules×capsules×dims×given_dims: a
    matrix for each pair.

    Raises:
        GraphError: nn-whole-number; nn-no-channels; nn-groups, given_dims does not divide C;
            nn-capsules, the input has another number of vectors.

    Source: Sabour, Frosst and Hinton, "Dynamic Routing Between Capsules", 2017, equations 1 to 3
    and procedure 1.
    """

    def __init__(
        self, given_capsules: int, given_dims: int, capsules: int, dims: int, rounds: int = 3
    ) -> None:
        super().__init__()
        name = "CapsuleRouting"
        self.given_dims = require_whole(name, "given_dims", given_dims)
        self.rounds = require_whole(name, "rounds", rounds)
        pairs = (
            require_whole(name, "given_capsules", given_capsules),
            require_whole(name, "capsules", capsules),
        )
        matrix = (require_whole(name, "dims", dims), given_dims)
        self.weight = nn.Parameter(torch.empty(*pairs, *matrix).normal_(0, 0.1))

    def forward(self, x: Tensor) -> Tensor:
        """Route the capsules of x."""
        votes = torch.einsum("jndi,bji->bjnd", self.weight, self._capsules(x))
        vectors = squashed(votes.sum(1) / votes.shape[2], 2)
        agreement = torch.zeros_like(votes[..., 0])
        for _ in range(self.rounds - 1):
            agreement = agreement + (votes * vectors.unsqueeze(1)).sum(3)
            shares = agreement.softmax(2)
            vectors = squashed((votes * shares.unsqueeze(3)).sum(1), 2)
        return vectors.flatten(1)

    def _capsules(self, x: Tensor) -> Tensor:
        """The vectors of all positions in one row, N×given_capsules×given_dims."""
        channels = require_channels("CapsuleRouting", x)
        width = require_division("CapsuleRouting", channels, self.given_dims, "given_dims")
        positions, expected = math.prod(x.shape[2:]), self.weight.shape[0]
        if width * positions != expected:
            raise GraphError.of(
                "nn-capsules",
                f"CapsuleRouting: {shape_text(x.shape)} has {width * positions} vectors of "
                f"{self.given_dims} channels, expected {expected}",
                "there is a matrix for each of them, so the size of the plane is fixed",
            )
        vectors = x.reshape(x.shape[0], width, self.given_dims, positions)
        return vectors.transpose(2, 3).reshape(x.shape[0], expected, self.given_dims)

    def extra_repr(self) -> str:
        """Settings."""
        given, capsules, dims, given_dims = self.weight.shape
        return f"{given}, {given_dims}, {capsules}, {dims}, rounds={self.rounds}"


def squashed(vectors: Tensor, axis: int) -> Tensor:
    """Vectors along an axis, shortened to |s|^2 / (1 + |s|^2)."""
    exact = vectors.to(working_dtype(vectors))
    length: Tensor = torch.linalg.vector_norm(exact, dim=axis, keepdim=True)
    return (exact * (length / (1 + length * length))).to(vectors.dtype)
