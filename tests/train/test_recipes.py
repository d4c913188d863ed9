"""Tests of recipes: settings that go together, as data."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from striate.cli.main import run
from striate.data import Preprocessing, index
from striate.errors import UsageError
from striate.train.recipes import find_recipe, read_recipe, recipes
from striate.train.settings import resolve

OWN = """
about = "for tests"

[options]
optimizer = "adamw"
lr = 0.003
weight_decay = 0.1
"""


@pytest.mark.parametrize("name", ["cifar", "finetune", "imagenet", "scratch"])
def test_a_recipe_says_what_was_seen_of_it(name: str) -> None:
    recipe = find_recipe(name)
    assert recipe.about
    assert recipe.command.startswith("striate fit ")
    assert recipe.hardware
    assert recipe.time
    assert recipe.result
    assert recipe.options


def test_the_folder_is_the_list() -> None:
    folder = Path(str(find_recipe.__code__.co_filename)).parent
    assert set(recipes()) == {path.stem for path in folder.glob("*.toml")}


def test_an_unknown_recipe_is_refused_with_the_nearest() -> None:
    with pytest.raises(UsageError, match="did you mean 'finetune'") as caught:
        find_recipe("finetun")
    assert caught.value.code == "unknown-recipe"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("options = 3", "no table"),
        ("[options", "cannot be used"),
        ("author = 'me'\n[options]", "'author'"),
        ("about = 3\n[options]", "not a text"),
        ("[options]\nrecipe = 'scratch'", "no other recipe"),
        ("[options]\nlearning_rate = 0.1", "learning_rate"),
        ("[options]\nlr = 'high'", "--lr takes"),
    ],
)
def test_a_wrong_recipe_is_refused(text: str, said: str) -> None:
    with pytest.raises(UsageError, match=said) as caught:
        read_recipe("mine", text)
    assert "the recipe 'mine' cannot be used: " in str(caught.value)


def test_a_file_is_a_recipe_and_options_come_before_it(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(OWN, "utf-8")
    settings = resolve(
        {"recipe": str(path), "weight_decay": 0.2},
        manifest=index("digits").only("train"),
        record=Preprocessing(8, 8, 1),
        pretrained=False,
        is_colour=False,
    )
    assert settings.optimizer == "adamw"
    assert settings.lr == 0.003
    assert settings.weight_decay == 0.2
    assert settings.origins["lr"] == "recipe"
    assert settings.origins["weight_decay"] == "option"
    assert settings.origins["seed"] == "default"


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot read the recipe"):
        find_recipe(str(tmp_path / "none.toml"))


def test_the_command_lists_all_recipes(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["recipes"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == sorted(recipes())


def test_the_command_prints_a_recipe_that_can_be_read_again(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert run(["recipes", "finetune"]) == 0
    text = capsys.readouterr().out
    assert read_recipe("again", text).options == find_recipe("finetune").options
    assert run(["recipes", "finetune", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["options"] == dict(find_recipe("finetune").options)
