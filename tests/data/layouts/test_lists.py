"""Lists of files with their labels become a manifest, or say which line is wrong."""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from striate.data import Loader, Preprocessing, contents, index, refuse_many
from striate.errors import DataError, UsageError
from tests.data.pictures import noise, png, write

FILES = ("a/1.png", "a/2.png", "b c/3.png", "é.png")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for number, name in enumerate(FILES):
        write(tmp_path / name, png(noise(number)))
    return tmp_path


def listed(root: Path, *lines: str, name: str = "list.csv") -> Path:
    return write(root / name, "\n".join(lines).encode())


def refusal(data: Path, **options: str) -> str:
    with pytest.raises((DataError, UsageError)) as caught:
        index(data, **options)  # type: ignore[arg-type]
    return str(caught.value)


def test_a_list_gives_paths_labels_splits_and_groups(root: Path) -> None:
    data = listed(
        root,
        "path,label,split,group",
        "a/1.png,cat,train,p1",
        '"b c/3.png",dog,Validation,p2',
        "é.png,cat,TEST,",
    )
    found = index(data)
    assert found.classes == ("cat", "dog")
    assert found.column("path").tolist() == ["a/1.png", "b c/3.png", "é.png"]
    assert found.labels.tolist() == [0, 1, 0]
    assert found.splits.tolist() == ["train", "val", "test"]
    assert found.groups.tolist() == ["p1", "p2", None]
    assert found.column("bytes").tolist() == [len(png(noise(number))) for number in (0, 2, 3)]
    assert contents(found)(1) == png(noise(2))


@pytest.mark.parametrize("path", ["path", "File", "filename", "file_name", "image", "image_path"])
@pytest.mark.parametrize("label", ["label", "Class", "labels", "category"])
def test_columns_are_found_by_their_usual_names(root: Path, path: str, label: str) -> None:
    found = index(listed(root, f"{label},extra,{path}", "cat,9,a/1.png", "dog,9,a/2.png"))
    assert (found.classes, found.labels.tolist()) == (("cat", "dog"), [0, 1])


@pytest.mark.parametrize(("name", "mark"), [("l.tsv", "\t"), ("l.csv", ";"), ("l.csv", "\t")])
def test_other_separators_are_seen_in_the_first_line(root: Path, name: str, mark: str) -> None:
    lines = [mark.join(row) for row in (("path", "label"), ("a/1.png", "x"), ("a/2.png", "y, z"))]
    assert index(listed(root, *lines, name=name)).classes == ("x", "y, z")


def test_a_mark_of_byte_order_and_empty_lines_do_not_matter(root: Path) -> None:
    data = write(root / "l.csv", "\ufeffpath,label\r\n\r\na/1.png,x\r\na/2.png,y\r\n".encode())
    assert index(data).labels.tolist() == [0, 1]


def test_json_lines_may_have_text_numbers_or_lists_as_labels(root: Path) -> None:
    rows = [
        {"file_name": "a/1.png", "label": "x"},
        {"file_name": "a/2.png", "label": 3},
        {"file_name": "é.png", "label": ["x", "y"]},
    ]
    found = index(listed(root, *map(json.dumps, rows), name="metadata.jsonl"))
    assert found.classes == ("3", "x", "y")
    assert found.label_lists == [[1], [0], [1, 2]]


def test_several_labels_are_kept_and_told_where_one_is_needed(root: Path) -> None:
    found = index(listed(root, "path,labels", "a/1.png,cat|dog", "a/2.png, dog ", "é.png,dog|dog"))
    assert found.is_multilabel
    assert found.label_lists == [[0, 1], [1], [1]]
    assert found.counts().tolist() == [1, 3]
    with pytest.raises(DataError) as caught:
        _ = found.labels
    assert str(caught.value) == (
        f"error: 1 of 3 images of {root} have several labels or none; a/1.png has: cat, dog"
        "  [several-labels]\n"
        "   = help: here each image must have one label: give each one, or train a network on "
        "such data"
    )


def test_a_separator_alone_says_that_an_image_has_no_label(root: Path) -> None:
    found = index(listed(root, "path,label", "a/1.png,cat", "a/2.png,|"))
    assert found.label_lists == [[0], []]
    assert found.is_multilabel


def test_a_table_of_paths_is_a_list_too(root: Path) -> None:
    table = pa.table(
        {"path": ["a/1.png", "a/2.png"], "label": ["x", "y"], "split": ["val", "test"]}
    )
    pq.write_table(table, root / "list.parquet")
    found = index(root / "list.parquet")
    assert (found.kind, found.splits.tolist()) == ("lists", ["val", "test"])


def test_paths_may_start_elsewhere_and_be_whole(root: Path, tmp_path: Path) -> None:
    data = listed(tmp_path / "lists", "path,label", "1.png,x", f"{root}/a/2.png,y")
    found = index(data, images=root / "a")
    assert found.column("path").tolist() == ["1.png", "2.png"]
    assert contents(found)(0) == png(noise(0))


def test_paths_with_backslashes_are_those_of_windows(root: Path) -> None:
    found = index(listed(root, "path,label", "a\\1.png,x", "a/2.png,y"))
    assert found.column("path").tolist() == ["a/1.png", "a/2.png"]


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("a/2.png,", "an empty label  [label-missing]"),
        ("a/2.png", "an empty label  [label-missing]"),
        ("a/2.png,x|", "an empty label  [label-missing]"),
        (",x", "no path  [path-missing]"),
        ("../a.png,x", "../a.png leads out of "),
        ("/etc/passwd,x", "/etc/passwd leads out of "),
        ("./a//1.png,dog", "a/1.png stands in line 2 already, with other words  [path-twice]"),
        ("a/2.png,x,y", "3 cells under 2 names  [list-damaged]"),
        ("a/2.png,\x07", "a label with a name with line breaks or control characters  [bad-label]"),
        (f"a/2.png,{'x' * 1001}", "a label with a name of 1,001 characters"),
    ],
)
def test_a_wrong_line_is_named(root: Path, line: str, message: str) -> None:
    data = listed(root, "path,label", "a/1.png,cat", "", line)
    assert refusal(data).startswith(f"error: {data}, line 4: {message}")


def test_an_unknown_split_names_the_known_ones(root: Path) -> None:
    data = listed(root, "path,label,split", "a/1.png,cat,dev")
    assert refusal(data) == (
        f"error: {data}, line 2: the split 'dev'; train, val and test are known  [unknown-split]"
    )


def test_many_wrong_lines_are_one_short_message(root: Path) -> None:
    data = listed(root, "path,label", *(f"../{number}.png,x" for number in range(50)))
    told = refusal(data).splitlines()
    assert told[0].startswith(f"error: {data}, line 2: ../0.png leads out of")
    assert told[1].startswith("   = help: line 3: ../1.png leads out of")
    assert told[5] == "   = help: and 45 more lines"


@pytest.mark.parametrize("name", ["list.csv", "list.jsonl"])
def test_files_that_are_not_there_are_left_out_by_name_and_counted(root: Path, name: str) -> None:
    rows = [("a/1.png", "cat"), ("gone.png", "dog"), ("a/2.png", "dog"), ("a", "cat")]
    lines = [f'{{"path": "{path}", "label": "{label}"}}' for path, label in rows]
    if name.endswith("csv"):
        lines = ["path,label", *(f"{path},{label}" for path, label in rows)]
    found = index(listed(root, *lines, name=name))
    assert found.notices == ("listed, but there is no such file, 2: gone.png, a",)
    loader = Loader(found, Preprocessing(8, 8, 3), 4)
    (batch,) = loader.batches()
    assert batch.places.tolist() == [0, 2]
    assert [bad.path for bad in loader.unreadable] == ["gone.png", "a"]
    assert loader.unreadable[0].reason == "there is no such file"
    with pytest.raises(DataError, match="2 of 4 images cannot be read"):
        refuse_many(loader.unreadable, len(found), limit=0.4)
    refuse_many(loader.unreadable, len(found), limit=0.5)


def test_a_list_whose_files_are_elsewhere_says_where_they_were_looked_for(root: Path) -> None:
    data = listed(root, "path,label", *(f"x/{number}.png,cat" for number in range(9)))
    assert refusal(data).splitlines() == [
        f"error: of the files that {data} lists (9) none is there: x/0.png, x/1.png, x/2.png, ... "
        "(6 more)  [files-missing]",
        f"   = help: they were looked for in {root.resolve()}",
        "   = help: paths start from the folder of the list; --images names another one",
    ]


def test_a_manifest_with_a_missing_file_is_found_again_where_it_moved(root: Path) -> None:
    folder = root / "old"
    write(folder / "a.png", png(noise(1)))
    index(listed(folder, "path,label", "a.png,cat", "gone.png,dog")).save(folder / "all.parquet")
    moved = folder.rename(root / "new")
    assert index(moved / "all.parquet").root == str(moved)


def test_a_list_without_a_column_of_labels_lists_its_columns(root: Path) -> None:
    data = listed(root, "a/1.png,cat", "a/2.png,dog")
    assert refusal(data).startswith(
        f"error: {data} has no column of paths; its columns are a/1.png, cat  [missing-column]"
    )


def test_a_column_of_labels_can_be_named(root: Path) -> None:
    data = listed(root, "path,index,name", "a/1.png,0,tench", "a/2.png,1,ray")
    assert index(data, label="name").classes == ("ray", "tench")
    assert "striate split DATA --label COLUMN -o FILE names another" in refusal(data)


def test_a_column_of_groups_can_be_named(root: Path) -> None:
    data = listed(root, "path,label,patient", "a/1.png,x,7", "a/2.png,y,8")
    assert index(data).groups.tolist() == [None, None]
    assert index(data, group="patient").groups.tolist() == ["7", "8"]
    assert refusal(data, group="patent") == (
        f"error: {data} has no column 'patent'; did you mean 'patient'?  [unknown-column]\n"
        "   = help: its columns are: path, label, patient"
    )


def test_a_group_that_is_no_text_is_an_error(root: Path) -> None:
    row = '{"path": "a/1.png", "label": "x", "group": "\\ud800"}'
    assert "line 1: a group with " in refusal(listed(root, row, name="l.jsonl"))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"path,label\na/1.png,\xff", "line 2: text that is not UTF-8"),
        (b'{"path": "a/1.png", "label": "x"}\n{"path"', "line 2: Expecting ':' delimiter"),
        (b'{"path": "a/1.png", "label": "x"}\n[1]', "line 2: an object is expected"),
        (b'{"path": "a/1.png", "label": {"x": 1}}', "line 1: {'x': 1} where text or a whole"),
        (b'{"path": "a/1.png", "label": 1.5}', "line 1: 1.5 where text or a whole number"),
        (b"[" * 100_000, "line 1: "),
        (b"", "lists no images"),
        (b"path,label\n", "lists no images"),
    ],
)
def test_a_damaged_list_is_an_error(root: Path, content: bytes, message: str) -> None:
    is_csv = content.startswith(b"path") or not content
    assert message in refusal(write(root / ("l.csv" if is_csv else "l.jsonl"), content))


def test_links_out_of_the_folder_are_left_out_unless_followed(root: Path, tmp_path: Path) -> None:
    outside = write(tmp_path.parent / f"{tmp_path.name}-outside.png", png(noise(9)))
    (root / "link.png").symlink_to(outside)
    data = listed(root, "path,label", "a/1.png,x", "link.png,y")
    found = index(data)
    assert len(found) == 1
    assert found.notices == (
        "left out, links out of the data folder, which --follow-links takes: link.png",
    )
    assert contents(index(data, follow_links=True))(1) == png(noise(9))
