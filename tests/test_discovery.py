"""The folder is the list."""

from __future__ import annotations

import sys
import zipfile
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from types import ModuleType

import pytest

from striate.discovery import load_all, public_names
from striate.errors import GraphError, UsageError


@pytest.fixture(autouse=True)
def forget() -> Iterator[None]:
    """Modules that a test makes are gone after it."""
    before, path = set(sys.modules), list(sys.path)
    yield
    sys.path[:] = path
    for name in set(sys.modules) - before:
        del sys.modules[name]


def package(folder: Path, **files: str) -> ModuleType:
    """A package `layers` in a folder, imported."""
    home = folder / "layers"
    home.mkdir(parents=True)
    for name, text in {"__init__": "", **files}.items():
        (home / f"{name}.py").write_text(text)
    sys.path.insert(0, str(folder))
    return import_module("layers")


def test_every_public_module_is_loaded_in_order_of_name(tmp_path: Path) -> None:
    layers = package(tmp_path, pooling="kind = 1", activation="kind = 2", _shared="1 / 0")
    assert [module.kind for module in load_all(layers)] == [2, 1]


def test_names_are_told_without_importing(tmp_path: Path) -> None:
    assert public_names(package(tmp_path, broken="1 / 0", _private="")) == ("broken",)


def test_a_folder_with_an_init_counts_as_one_module(tmp_path: Path) -> None:
    layers = package(tmp_path)
    (tmp_path / "layers" / "svg").mkdir()
    (tmp_path / "layers" / "svg" / "__init__.py").write_text("")
    (tmp_path / "layers" / "svg" / "inner.py").write_text("1 / 0")
    assert [module.__name__ for module in load_all(layers)] == ["layers.svg"]


def test_a_second_folder_from_outside_is_walked_too(tmp_path: Path) -> None:
    layers = package(tmp_path / "inside", conv="")
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "wavelet.py").write_text("")
    layers.__path__.append(str(outside))
    assert public_names(layers) == ("conv", "wavelet")
    assert [module.__name__ for module in load_all(layers)] == ["layers.conv", "layers.wavelet"]


def test_a_name_in_two_folders_is_an_error_that_names_both(tmp_path: Path) -> None:
    layers = package(tmp_path / "inside", conv="")
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "conv.py").write_text("")
    layers.__path__.append(str(outside))
    with pytest.raises(UsageError) as caught:
        public_names(layers)
    assert caught.value.code == "double-module"
    assert str(tmp_path / "inside" / "layers") in str(caught.value)
    assert str(outside) in str(caught.value)


def test_a_file_that_breaks_is_named(tmp_path: Path) -> None:
    layers = package(tmp_path, fine="", spoiled="1 / 0")
    file = tmp_path / "layers" / "spoiled.py"
    with pytest.raises(ImportError) as caught:
        load_all(layers)
    assert caught.value.path == str(file)
    assert str(caught.value) == f"{file} broke on import: ZeroDivisionError: division by zero"
    assert isinstance(caught.value.__cause__, ZeroDivisionError)


def test_a_mistake_that_explains_itself_passes_through(tmp_path: Path) -> None:
    raising = "from striate.errors import GraphError\nraise GraphError.of('double', 'twice')"
    with pytest.raises(GraphError, match="twice"):
        load_all(package(tmp_path, double=raising))


def test_a_package_in_a_zip_is_walked(tmp_path: Path) -> None:
    archive = tmp_path / "all.zip"
    with zipfile.ZipFile(archive, "w") as zipped:
        zipped.writestr("packed/__init__.py", "")
        zipped.writestr("packed/one.py", "kind = 1")
        zipped.writestr("packed/two.py", "kind = 2")
    sys.path.insert(0, str(archive))
    assert [module.kind for module in load_all(import_module("packed"))] == [1, 2]
