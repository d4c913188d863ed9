"""Squared distances to fixed codes, the last layer of LeNet-5."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from striate.errors import GraphError
from striate.nn._checks import require_channels, require_whole


class RadialBasis(nn.Module):
    """How far each example is from the code of each class: squared Euclidean distances.

    N×features to N×classes; the smallest one wins. Codes are made of -1 and 1 and stay as they
    are, so there are no parameters: row k of a Walsh matrix for class k, any two of which differ
    in about half of the places. (LeCun et al. drew pictures of the digits instead, and name codes
    that correct errors as the other choice.)

    Raises:
        GraphError: nn-whole-number; nn-channels, other features; nn-codes, more classes than codes.

    Source: LeCun, Bottou, Bengio and Haffner, "Gradient-Based Learning Applied to Document
    Recognition", 1998, equation 7.

    >>> RadialBasis(3, 2).codes.tolist()
    [[-1.0, 1.0, -1.0], [1.0, -1.0, -1.0]]
    """

    codes: Tensor

    def __init__(self, features: int, classes: int) -> None:
        super().__init__()
        require_whole("RadialBasis", "features", features)
        require_whole("RadialBasis", "classes", classes)
        most = 2 ** features.bit_length() - 1
        if classes > most:
            raise GraphError.of(
                "nn-codes",
                f"RadialBasis: {features} features have no {classes} different codes",
                f"at most {most} classes, or more features",
            )
        walsh = torch.ones(1, 1)
        for _ in range(classes.bit_length()):
            walsh = torch.cat((walsh.repeat(1, 2), torch.cat((walsh, -walsh), 1)))
        rows = walsh.repeat(1, features // len(walsh) + 1)
        codes = rows[1 : classes + 1, 1 : features + 1]
        self.register_buffer("codes", codes, persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        """Distances of the examples of x."""
        require_channels("RadialBasis", x, self.codes.shape[1])
        return (x.unsqueeze(1) - self.codes).square().sum(2)

    def extra_repr(self) -> str:
        """Settings."""
        classes, features = self.codes.shape
        return f"{features}, {classes}"
