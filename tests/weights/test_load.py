"""Weights go where they belong: by name, by order, with another head; what is odd is told."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path

import pytest
import torch
from torch import Tensor

from striate import network
from striate.errors import UsageError
from striate.weights import Weights
from tests.weights.files import equal, numbered, saved, text

Tensors = dict[str, Tensor]


@pytest.fixture
def tensors() -> Tensors:
    return numbered(network(text()).module())


@pytest.mark.parametrize("file", ["a.safetensors", "a.pt", "a.pth"])
def test_weights_of_the_same_names_are_taken_as_they_are(
    file: str, tensors: Tensors, tmp_path: Path
) -> None:
    made = network(text()).module(weights=saved(tensors, tmp_path / file))
    assert equal(made, tensors)
    assert made.loaded is not None
    assert (made.loaded.notes, made.loaded.fresh) == ((), ())


def test_a_file_in_the_old_format_of_torch_is_read(tensors: Tensors, tmp_path: Path) -> None:
    torch.save(tensors, tmp_path / "old.pth", _use_new_zipfile_serialization=False)
    assert equal(network(text()).module(weights=tmp_path / "old.pth"), tensors)


@pytest.mark.parametrize(
    "wrap",
    [
        lambda state: {"state_dict": state, "epoch": 3},
        lambda state: {"model": {f"module.{key}": tensor for key, tensor in state.items()}},
        lambda state: {f"_orig_mod.module.{key}": tensor for key, tensor in state.items()},
        lambda state: {"model_ema": {**state, "n_averaged": torch.tensor(4)}, "model": {}},
        lambda state: {**state, "stem.conv.total_ops": torch.zeros(1)},
        lambda state: {"state_dict": state, "args": Namespace(lr=0.1, data="x")},
    ],
)
def test_what_programs_wrap_around_weights_is_taken_off(
    wrap: object, tensors: Tensors, tmp_path: Path
) -> None:
    assert callable(wrap)
    torch.save(wrap(tensors), tmp_path / "a.pt")
    assert equal(network(text()).module(weights=tmp_path / "a.pt"), tensors)


def test_averaged_weights_are_preferred_and_that_is_told(tensors: Tensors, tmp_path: Path) -> None:
    raw = {key: torch.zeros_like(tensor) for key, tensor in tensors.items()}
    torch.save({"state_dict": raw, "state_dict_ema": tensors}, tmp_path / "a.pt")
    made = network(text()).module(weights=tmp_path / "a.pt")
    assert equal(made, tensors)
    assert made.loaded is not None
    assert made.loaded.notes == ("the averaged weights in it ('state_dict_ema') are taken",)


def test_counters_that_a_file_lacks_start_at_zero(tensors: Tensors, tmp_path: Path) -> None:
    plain = {key: tensor for key, tensor in tensors.items() if "num_batches" not in key}
    made = network(text()).module(weights=saved(plain, tmp_path / "a.safetensors"))
    assert equal(made, tensors | {key: torch.tensor(0) for key in tensors.keys() - plain.keys()})
    assert made.loaded is not None
    assert made.loaded.notes == (
        "it does not say how many batches were seen (num_batches_tracked): counted from 0",
    )


def test_another_number_of_classes_keeps_a_fresh_last_layer(
    tensors: Tensors, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    file = saved(tensors, tmp_path / "a.safetensors")
    torch.manual_seed(1)
    fresh = network(text(7)).module().state_dict()
    torch.manual_seed(1)
    made = network(text(7)).module(weights=file)
    kept = {key: fresh[key] for key in ("head.weight", "head.bias")}
    assert equal(made, tensors | kept)
    said = "the last layer, head, is new, with 7 outputs (it has 5 outputs): it must be trained"
    assert made.loaded is not None
    assert made.loaded.notes == (said,)
    assert made.loaded.fresh == ("head.weight", "head.bias")
    assert caplog.messages == [f"{file}: {said}"]


def test_weights_without_a_last_layer_are_taken_for_the_rest(
    tensors: Tensors, tmp_path: Path
) -> None:
    rest = {key: tensor for key, tensor in tensors.items() if "head" not in key}
    made = network(text()).module(weights=saved(rest, tmp_path / "a.pt"))
    assert made.loaded is not None
    assert made.loaded.fresh == ("head.weight", "head.bias")
    assert torch.equal(made.state_dict()["body.conv.weight"], rest["body.conv.weight"])


@pytest.mark.parametrize("file", ["a.safetensors", "a.pt"])
def test_other_names_are_matched_by_order_and_shape(
    file: str, tensors: Tensors, tmp_path: Path
) -> None:
    """In `.safetensors` files names are sorted: fc1 comes before layers, `a` after nothing."""
    names = {"stem.conv": "layers.0.z", "stem.bn": "layers.0.norm", "head": "fc1"}
    names |= {"body.conv": "layers.1.z", "body.bn": "layers.1.norm"}
    other = {
        f"{names[key.rpartition('.')[0]]}.{key.rpartition('.')[2]}": tensor
        for key, tensor in tensors.items()
    }
    made = network(text()).module(weights=saved(other, tmp_path / file))
    assert equal(made, tensors)
    assert made.loaded is not None
    assert made.loaded.notes == (
        "its names differ (layers.0.z.weight there, stem.conv.weight here): "
        "matched by order and shape",
    )


def test_by_order_a_last_layer_for_other_classes_is_replaced(
    tensors: Tensors, tmp_path: Path
) -> None:
    other = {f"x{key}".replace("head", "fc"): tensor for key, tensor in tensors.items()}
    made = network(text(9)).module(weights=saved(other, tmp_path / "a.pt"))
    assert made.loaded is not None
    assert made.loaded.fresh == ("head.weight", "head.bias")
    assert torch.equal(made.state_dict()["body.conv.weight"], tensors["body.conv.weight"])


def test_a_convolution_over_the_whole_plane_is_a_linear_layer(tmp_path: Path) -> None:
    net = network("input(3, 4, 4) -> fc1: fc(6) -> relu -> fc2: fc(2)")
    state = numbered(net.module())
    planes = {
        **state,
        "fc1.weight": state["fc1.weight"].reshape(6, 3, 4, 4),
        "fc2.weight": state["fc2.weight"].reshape(2, 6, 1, 1),
    }
    made = net.module(weights=saved(planes, tmp_path / "a.pt"))
    assert equal(made, state)
    assert made.loaded is not None
    assert made.loaded.notes == ("reshaped to fit: fc1.weight, fc2.weight",)


def test_heads_of_training_that_the_network_lacks_are_left_out(
    tensors: Tensors, tmp_path: Path
) -> None:
    more = tensors | {"aux1.fc.weight": torch.zeros(5, 4), "AuxLogits.bias": torch.zeros(5)}
    made = network(text()).module(weights=saved(more, tmp_path / "a.pt"))
    assert equal(made, tensors)
    assert made.loaded is not None
    assert made.loaded.notes == ("left out: AuxLogits, aux1, used in training only and not here",)


def test_heads_of_training_that_the_file_lacks_start_afresh(tmp_path: Path) -> None:
    whole = network("googlenet(heads=1)", input=(3, 64, 64)).module(device="meta")
    names = [key for key in whole.state_dict() if not key.startswith("aux")]
    plain = {key: torch.ones(whole.state_dict()[key].shape) for key in names}
    made = network("googlenet(heads=1)", input=(3, 64, 64)).module(
        weights=saved(plain, tmp_path / "a.safetensors")
    )
    assert made.loaded is not None
    assert made.loaded.notes == ("aux1, aux2, used in training only, is not in it: starts afresh",)
    assert {key.partition(".")[0] for key in made.loaded.fresh} == {"aux1", "aux2"}


def test_a_part_of_a_network_takes_its_part(tensors: Tensors, tmp_path: Path) -> None:
    file = saved(tensors, tmp_path / "a.safetensors")
    part = network(text()).module(outputs=["stem"], weights=file)
    assert equal(part, {key: one for key, one in tensors.items() if key.startswith("stem")})


def test_a_wrong_shape_inside_is_refused_and_shown(tensors: Tensors, tmp_path: Path) -> None:
    tensors["body.conv.weight"] = torch.zeros(4, 4, 1, 1)
    file = saved(tensors, tmp_path / "a.pt")
    with pytest.raises(UsageError) as caught:
        network(text()).module(weights=file)
    assert str(caught.value) == (
        f"error: {file} does not fit network: 1 of the same name has another shape  "
        "[weights-do-not-fit]\n"
        "   = help: first difference: body.conv.weight is 4x4x3x3 here and 4x4x1x1 there\n"
        "   = help: body               here     there\n"
        "   = help: * conv.weight      4x4x3x3  4x4x1x1\n"
        "   = help:   bn.weight        4        4\n"
        "   = help:   bn.bias          4        4\n"
        "   = help:   bn.running_mean  4        4\n"
        "   = help:   bn.running_var   4        4\n"
        "   = help: by order and shape they do not fit either: are they of another network or "
        "variant?"
    )


def test_a_missing_name_is_shown_with_the_nearest(tensors: Tensors, tmp_path: Path) -> None:
    tensors["body.convolution.weight"] = tensors.pop("body.conv.weight")
    tensors["body.extra.weight"] = torch.zeros(1)
    file = saved(tensors, tmp_path / "a.safetensors")
    with pytest.raises(UsageError) as caught:
        network(text()).module(weights=file)
    lines = str(caught.value).splitlines()
    assert lines[:2] == [
        f"error: {file} does not fit network: 1 of the 12 tensors here are not in it; 2 of the 13 "
        "in it are unknown here  [weights-do-not-fit]",
        "   = help: first difference: body.conv.weight is 4x4x3x3 here, and missing there; nearest "
        "there: body.convolution.weight (4x4x3x3)",
    ]


def test_weights_of_another_network_are_refused(tmp_path: Path) -> None:
    other = network("input(3, 8, 8) -> conv(8) -> relu -> gap -> fc(5)").module()
    file = saved(numbered(other), tmp_path / "a.pt")
    with pytest.raises(UsageError, match="does not fit network") as caught:
        network(text()).module(weights=file)
    assert caught.value.code == "weights-do-not-fit"


def test_tensors_at_hand_need_no_file(tensors: Tensors) -> None:
    made = network(text()).module(weights=Weights("memory", tensors))
    assert equal(made, tensors)


def test_the_network_itself_still_draws_nothing_from_weights(tensors: Tensors) -> None:
    assert network(text()).module().loaded is None
