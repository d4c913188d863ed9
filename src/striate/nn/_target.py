"""The size to bring an input to, of which exactly one source is to be given."""

from __future__ import annotations

from torch import Tensor

from striate.errors import GraphError
from striate.nn._checks import Sizes, per_axis, spatial_rank


def require_one_target(layer: str, **settings: object) -> None:
    """Exactly one of the settings is not None.

    Raises:
        GraphError: nn-one-target.
    """
    given = [name for name, value in settings.items() if value is not None]
    if len(given) != 1:
        raise GraphError.of(
            "nn-one-target",
            f"{layer}: got {' and '.join(given) or 'none'} of {', '.join(settings)}, "
            "expected exactly one",
            "`like` is the second input of the layer; the others are its settings",
        )


def target_size(layer: str, size: Sizes | None, like: Tensor | None, rank: int) -> tuple[int, ...]:
    """The given size per axis, or the spatial sizes of `like`.

    Raises:
        GraphError: nn-one-target, nn-rank, nn-axes.
    """
    require_one_target(layer, size=size, like=like)
    if size is not None:
        return per_axis(layer, "size", size, rank)
    assert like is not None
    spatial_rank(f"{layer} like", like, rank)
    return tuple(like.shape[2:])
