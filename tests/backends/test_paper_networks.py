"""Networks that no library has, against short functions that follow their papers.

A function takes the weights one layer after the other, in the order in which the text names them.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from striate.backends.torch_module import module
from striate.networks import network


class Weights:
    """The layers of a module with weights, in order; each is used once."""

    def __init__(self, state: dict[str, Tensor]) -> None:
        layers: dict[str, dict[str, Tensor]] = {}
        for key, tensor in state.items():
            place, _, name = key.rpartition(".")
            layers.setdefault(place, {})[name] = tensor
        self.left = list(layers.values())

    def conv(self, x: Tensor, stride: int = 1, padding: int = -1, groups: int = 1) -> Tensor:
        """A convolution, padded to the same size unless told."""
        layer = self.left.pop(0)
        padding = layer["weight"].shape[2] // 2 if padding < 0 else padding
        return functional.conv2d(x, layer["weight"], layer.get("bias"), stride, padding, 1, groups)

    def bn(self, x: Tensor) -> Tensor:
        """A batch norm by its running statistics."""
        layer = self.left.pop(0)
        affine = layer.get("weight"), layer.get("bias")
        return functional.batch_norm(x, layer["running_mean"], layer["running_var"], *affine)

    def ready(self, x: Tensor) -> Tensor:
        """Batch norm and ReLU."""
        return self.bn(x).relu()

    def fc(self, x: Tensor) -> Tensor:
        """A dense layer."""
        layer = self.left.pop(0)
        return functional.linear(x.flatten(1), layer["weight"], layer.get("bias"))


def highway(w: Weights, x: Tensor) -> Tensor:
    """Srivastava et al., equation 3; three groups of highway layers."""
    for width, count in ((32, 4), (80, 5), (128, 5)):
        x = w.conv(x).relu()
        for _ in range(count):
            h, t = w.conv(x).relu(), torch.sigmoid(w.conv(x) - 2)
            x = h * t + x * (1 - t)
        x = functional.max_pool2d(x, 2) if width < 128 else x
    return w.fc(w.conv(x).relu().mean((2, 3)))


def maxout(w: Weights, x: Tensor) -> Tensor:
    """Goodfellow et al., section 3: the largest of neighbouring linear pieces."""
    for padding, window in ((4, 4), (3, 4), (3, 2)):
        x = w.conv(x, padding=padding)
        x = torch.maximum(x[:, ::2], x[:, 1::2])
        x = functional.max_pool2d(x, window, 2, ceil_mode=True)
    x = w.fc(x)
    return w.fc(torch.stack([x[:, piece::5] for piece in range(5)]).amax(0))


def fractal(w: Weights, x: Tensor) -> Tensor:
    """Larsson et al., equation 1: f(C+1) is a convolution beside f(C) twice."""

    def unit(y: Tensor) -> Tensor:
        return w.ready(w.conv(y))

    def block(y: Tensor, columns: int) -> list[Tensor]:
        ends = [unit(y)]
        if columns > 1:
            half = torch.stack(block(y, columns - 1)).mean(0)
            ends += block(half, columns - 1)
        return ends

    for _ in range(5):
        x = functional.max_pool2d(torch.stack(block(x, 3)).mean(0), 2)
    return w.fc(x)


def deluge(w: Weights, x: Tensor) -> Tensor:
    """Kuen et al., section 3: each layer sums all earlier outputs, channel by channel."""

    def bottleneck(y: Tensor) -> Tensor:
        return w.conv(w.ready(w.conv(w.ready(w.conv(y)))))

    def summed(outputs: list[Tensor]) -> Tensor:
        return sum((w.bn(one) for one in outputs[1:]), w.bn(outputs[0]))

    def stage(first: Tensor, count: int) -> Tensor:
        outputs = [first]
        for _ in range(count):
            y = summed(outputs) if len(outputs) > 1 else first
            outputs.append(bottleneck(w.ready(y)))
        return w.bn(summed(outputs))

    x = stage(bottleneck(w.ready(w.conv(x))), 1)
    x = stage(w.conv(x, stride=2), 4)
    x = stage(w.conv(x, stride=2), 6)
    return w.fc(x.relu().mean((2, 3)))


def residual_attention(w: Weights, x: Tensor) -> Tensor:
    """Wang et al., figure 2 and equation 3, on small images."""

    def res(y: Tensor, width: int = 0, stride: int = 1) -> Tensor:
        a = w.ready(y)
        z = w.conv(w.ready(w.conv(w.ready(w.conv(a)), stride=stride)))
        return z + (w.conv(a, stride=stride) if width else y)

    def mask(y: Tensor, depth: int) -> Tensor:
        z = res(functional.max_pool2d(y, 3, 2, 1))
        if depth > 1:
            z = res(z) + mask(z, depth - 1)
        size = list(y.shape[2:])
        return functional.interpolate(res(z), size, mode="bilinear", align_corners=True)

    def attention(y: Tensor, depth: int) -> Tensor:
        y = res(y)
        trunk, soft = res(res(y)), w.ready(mask(y, depth))
        soft = torch.sigmoid(w.conv(w.ready(w.conv(soft))))
        return res((1 + soft) * trunk)

    x = w.ready(w.conv(x))
    for depth, width in ((3, 64), (2, 128), (1, 256)):
        x = attention(res(x, width, 1 if depth == 3 else 2), depth)
    return w.fc(w.ready(res(res(res(x)))).mean((2, 3)))


def inner_imaging(w: Weights, x: Tensor, kernel: int = 1) -> Tensor:
    """Hu et al., section 3: the averages of residual and identity are two rows of an image."""

    def unit(y: Tensor, is_first: bool, stride: int) -> Tensor:
        a = w.ready(y)
        f = w.conv(w.ready(w.conv(a, stride)))
        short = w.conv(a, stride) if is_first else y
        views = w.bn(w.conv(torch.stack([f.mean((2, 3)), short.mean((2, 3))], 1)[:, None], 1, 0))
        return f * torch.sigmoid(w.fc(w.fc(views.mean(1)).relu()))[:, :, None, None] + short

    x = w.bn(w.conv(w.bn(x)))
    for stage in range(3):
        for at in range(2):
            x = unit(x, at == 0, 2 if stage and at == 0 else 1)
    return w.fc(w.ready(x).mean((2, 3)))


def hourglass(w: Weights, x: Tensor, count: int = 2) -> Tensor:
    """Newell et al., figures 3 and 4: the heat maps of the last of several hourglasses."""

    def res(y: Tensor, grows: bool = False) -> Tensor:
        z = w.conv(w.ready(w.conv(w.ready(w.conv(w.ready(y))))))
        return z + (w.conv(y) if grows else y)

    def glass(y: Tensor, depth: int) -> Tensor:
        skip, low = res(y), res(functional.max_pool2d(y, 2))
        low = res(glass(low, depth - 1) if depth > 1 else res(low))
        return skip + functional.interpolate(low, scale_factor=2)

    x = res(w.ready(w.conv(x, 2)), grows=True)
    x = res(res(functional.max_pool2d(x, 2)), grows=True)
    for at in range(count):
        f = w.ready(w.conv(res(glass(x, 4))))
        heat = w.conv(f)
        x = x + w.conv(f) + w.conv(heat) if at < count - 1 else x
    return heat


def first_lenet(w: Weights, x: Tensor) -> Tensor:
    """LeCun et al., section II.B with table 1; the sign turned, so that the nearest code wins."""

    def act(y: Tensor) -> Tensor:
        return 1.7159 * torch.tanh(2 / 3 * y)

    def subsample(y: Tensor) -> Tensor:
        return act(w.conv(functional.avg_pool2d(y, 2), 1, 0, y.shape[1]))

    x = subsample(act(w.conv(x, padding=0)))
    table = "012 123 234 345 045 015 0123 1234 2345 0345 0145 0125 0134 1245 0235 012345".split()
    maps = [w.conv(x[:, [int(one) for one in row]], padding=0) for row in table]
    x = act(w.fc(act(w.conv(subsample(act(torch.cat(maps, 1))), padding=0))))
    places = torch.arange(1, 85).tolist()
    codes = [[(-1.0) ** (k & place).bit_count() for place in places] for k in range(1, 11)]
    return -torch.cdist(x, torch.tensor(codes, dtype=x.dtype)).square()


CASES: list[tuple[str, tuple[int, ...], Callable[[Weights, Tensor], Tensor]]] = [
    ("highway_19_cifar10", (3, 12, 12), highway),
    ("maxout_cifar10", (3, 32, 32), maxout),
    ("fractalnet20", (3, 32, 32), fractal),
    ("delugenet_146_cifar10(w=4, n=2)", (3, 8, 8), deluge),
    ("attention_92_cifar([1, 1, 1])", (3, 32, 32), residual_attention),
    ("cmpe_se_wrn_16_8_1x1", (3, 8, 8), inner_imaging),
    ("hourglass2(w=32, k=4)", (3, 64, 64), hourglass),
    ("lenet5_1998", (1, 32, 32), first_lenet),
]


def filled(made: nn.Module) -> nn.Module:
    """The module with weights and statistics that keep signals alive."""
    for tensor in made.state_dict().values():
        if tensor.dim() > 1:
            nn.init.kaiming_uniform_(tensor, nonlinearity="relu")
        elif tensor.dim():
            nn.init.uniform_(tensor, 0.5, 1.5)
    return made.double().eval()


@pytest.mark.parametrize(("spec", "sizes", "paper"), CASES, ids=[case[0] for case in CASES])
def test_a_network_computes_what_its_paper_says(
    spec: str, sizes: tuple[int, ...], paper: Callable[[Weights, Tensor], Tensor]
) -> None:
    made = filled(module(network(spec, input=sizes).graph))
    weights = Weights(made.state_dict())
    x = torch.randn(2, *sizes, dtype=torch.float64)
    with torch.no_grad():
        torch.testing.assert_close(made(x), paper(weights, x))
    assert not weights.left
