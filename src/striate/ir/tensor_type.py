"""What flows along an edge of the graph: channels and, behind them, a plane of some rank."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod

from striate.quantities import dimensions

Size = int | None
"""Length of one axis in pixels; None where the text leaves it open (`3x?x?`)."""


@dataclass(frozen=True, slots=True)
class TensorType:
    """Sizes of one image's tensor, channels first; the batch axis is never written.

    `[C]` is flat, `[C, L]`, `[C, H, W]` and `[C, D, H, W]` have planes of rank 1, 2 and 3.
    """

    channels: int
    plane: tuple[Size, ...] = ()

    @classmethod
    def of(cls, *sizes: Size) -> TensorType:
        """The type with these sizes, channels first; channels must be known."""
        channels, *plane = sizes
        assert channels is not None, "channels are never unknown"
        return cls(channels, tuple(plane))

    @property
    def rank(self) -> int:
        """Number of spatial axes."""
        return len(self.plane)

    @property
    def sizes(self) -> tuple[Size, ...]:
        """Channels and plane in one tuple."""
        return (self.channels, *self.plane)

    @property
    def positions(self) -> Size:
        """Pixels in the plane, 1 for a flat tensor, None when a size is unknown."""
        known = [size for size in self.plane if size is not None]
        return prod(known) if len(known) == len(self.plane) else None

    @property
    def elements(self) -> Size:
        """Numbers in the tensor of one image, None when a size is unknown."""
        return None if self.positions is None else self.channels * self.positions

    def with_channels(self, channels: int) -> TensorType:
        """The same plane with other channels."""
        return TensorType(channels, self.plane)

    def with_plane(self, *plane: Size) -> TensorType:
        """The same channels with another plane."""
        return TensorType(self.channels, plane)

    def __str__(self) -> str:
        return dimensions(self.sizes)
