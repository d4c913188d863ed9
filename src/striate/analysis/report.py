"""The summary of a network as aligned text, for terminals, notebooks and `print`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from typing import NamedTuple

from striate.analysis.receptive_field import Field, ReceptiveField
from striate.analysis.summary import Summary, main_field
from striate.analysis.table import Row
from striate.ir import TensorType
from striate.quantities import byte_size, exact, short

NARROWEST, DEFAULT_WIDTH, WIDEST = 60, 100, 140
BAR_COLUMNS = 8
EIGHTHS = " ▏▎▍▌▋▊▉█"
BOLD, DIM, BLUE, OFF = "\x1b[1m", "\x1b[2m", "\x1b[34m", "\x1b[0m"


class Style(NamedTuple):
    """How a report looks.

    columns: of the terminal. has_color: escape codes are welcome. has_bars: block characters are.
    """

    columns: int = DEFAULT_WIDTH
    has_color: bool = False
    has_bars: bool = True

    def paint(self, text: str, code: str) -> str:
        """The text in a colour or weight, where that is welcome."""
        return f"{code}{text}{OFF}" if self.has_color and text.strip() else text


class _Column(NamedTuple):
    title: str
    cells: list[str]
    total: str = ""
    is_left: bool = False

    @property
    def width(self) -> int:
        return max(map(len, (self.title, self.total, *self.cells)))

    def put(self, cell: str, width: int) -> str:
        cell = cell if len(cell) <= width else cell[: width - 3] + "..."
        return cell.ljust(width) if self.is_left else cell.rjust(width)


PLAIN = Style()


def report(summary: Summary, style: Style = PLAIN) -> str:
    """Table and totals of a network, no line longer than the terminal (but at least 60 columns)."""
    heading = f"{summary.name}   {_types(summary.graph.input_types)} -> "
    heading += _types(summary.graph.output_types)
    lines = [style.paint(heading, BOLD), "", *_table(summary, style), "", *_totals(summary, style)]
    return "\n".join(line.rstrip() for line in lines)


def _table(summary: Summary, style: Style) -> Iterator[str]:
    rows = [row for row in summary.table.rows if not _is_input(row, summary)]
    columns = _columns(rows, summary, style)
    widths = _fit(columns, min(max(style.columns, NARROWEST), WIDEST))
    del columns[len(widths) :]
    yield style.paint(_line(columns, widths, [one.title for one in columns]), DIM)
    for place, row in enumerate(rows):
        line = _line(columns, widths, [one.cells[place] for one in columns])
        yield style.paint(line, BLUE) if row.is_open else line
    yield style.paint(_line(columns, widths, [one.total for one in columns]), BOLD)


def _is_input(row: Row, summary: Summary) -> bool:
    return row.title.startswith("input(") and len(summary.graph.inputs) == 1


def _columns(rows: Sequence[Row], summary: Summary, style: Style) -> list[_Column]:
    """In order of importance: those that do not fit are dropped from the end."""
    total = summary.cost.total
    columns = [
        _Column("layer", [_name(row) for row in rows], "total", is_left=True),
        _Column("", [_title(row) for row in rows], is_left=True),
        _Column("output", [_types(row.outputs) for row in rows], is_left=True),
        _Column("params", [_params(row) for row in rows], exact(total.params)),
        _Column("MACs", [_macs(row) for row in rows], _count(total.macs)),
        _Column("sees", [_sees(main_field(row.fields)) for row in rows]),
        _Column("step", [_step(main_field(row.fields)) for row in rows]),
    ]
    if total.macs and style.has_bars:
        bars = ["" if row.is_open else _bar(row.cost.macs or 0, total.macs) for row in rows]
        columns.append(_Column("share", bars, is_left=True))
    return columns


def _fit(columns: list[_Column], room: int) -> list[int]:
    """Widths of the columns that fit; the widest text columns give way first."""
    widths = [one.width for one in columns]
    for least in (24, 14):
        while _sum(widths) > room and max(widths[1:3]) > least:
            widths[1 if widths[1] >= widths[2] else 2] -= 1
        if least == 24:
            while _sum(widths) > room and len(widths) > 6:
                widths.pop()
    while _sum(widths) > room and len(widths) > 4:
        widths.pop()
    widths[0] = min(widths[0], max(room // 3, 12))
    return widths


def _sum(widths: list[int]) -> int:
    return sum(widths) + 2 * len(widths)


def _line(columns: Sequence[_Column], widths: Sequence[int], cells: Sequence[str]) -> str:
    parts = (one.put(cell, width) for one, width, cell in zip(columns, widths, cells, strict=False))
    return "  " + "  ".join(parts)


def _name(row: Row) -> str:
    times = f" x{row.times}" if row.times > 1 else ""
    return "  " * (row.level - 1) + row.name + times


def _title(row: Row) -> str:
    title = "" if row.title == row.name else row.title
    return f"{title} (shared)".strip() if row.shared else title


def _params(row: Row) -> str:
    return exact(row.cost.params) if row.cost.params else "-"


def _macs(row: Row) -> str:
    return _count(row.cost.macs) if row.cost.macs != 0 else "-"


def _count(macs: int | None) -> str:
    return "?" if macs is None else short(macs)


def _types(types: Sequence[TensorType]) -> str:
    if len(types) > 2:
        return f"{types[0]} .. {types[-1]}"
    return ", ".join(map(str, types))


def _sees(field: ReceptiveField | None) -> str:
    if field is None:
        return "-"
    largest, smallest = _pixels(field.largest), _pixels(field.smallest)
    return largest if largest == smallest else f"{smallest}..{largest}"


def _pixels(field: Field) -> str:
    sizes = ["whole" if size is None else str(size) for size in field.sizes]
    return sizes[0] if len(set(sizes)) == 1 else "x".join(sizes)


def _step(field: ReceptiveField | None) -> str:
    if field is None:
        return "-"
    # Where a gate makes the largest path whole, the local path still has a step.
    steps = [_fraction(step) for step in field.smallest.steps]
    return steps[0] if len(set(steps)) == 1 else "x".join(steps)


def _fraction(step: Fraction) -> str:
    return str(step) if step else "-"


def _bar(part: int, whole: int) -> str:
    eighths = round(8 * BAR_COLUMNS * part / whole)
    eighths = max(eighths, 1 if part else 0)
    return EIGHTHS[8] * (eighths // 8) + EIGHTHS[eighths % 8].strip()


def _totals(summary: Summary, style: Style) -> Iterator[str]:
    facts = list(_facts(summary))
    width = max(len(label) for label, _ in facts)
    room = min(max(style.columns, NARROWEST), WIDEST) - width - 4
    for label, text in facts:
        first, *rest = _wrapped(text, room)
        yield f"  {style.paint(label.ljust(width), DIM)}  {first}"
        for line in rest:
            yield f"  {' ' * width}  {line}"


def _wrapped(text: str, room: int) -> list[str]:
    lines = [""]
    for word in text.split():
        if lines[-1] and len(lines[-1]) + 1 + len(word) > room:
            lines.append("")
        lines[-1] += f" {word}" if lines[-1] else word
    return lines


def _facts(summary: Summary) -> Iterator[tuple[str, str]]:
    """Label and sentence of everything below the table."""
    cost, total = summary.cost, summary.cost.total
    saved = (total.params + total.buffers) * 4
    buffers = f" and {exact(total.buffers)} buffers" if total.buffers else ""
    yield "parameters", f"{exact(total.params)}{buffers}, {byte_size(saved)} as float32"
    if total.macs is None:
        yield "work", f"unknown: the sizes of {_some(cost.unknown)} are open; give --input"
    else:
        yield "work", f"{_unit(total.macs, 'MACs')} = {_unit(total.flops or 0, 'FLOPs')} per image"
        yield "", f"({cost.convention})"
        yield (
            "not in MACs",
            f"{short(total.other or 0)} operations: norms, activations, pools, sums",
        )
    if cost.uncounted:
        yield "not counted", f"work of {_some(cost.uncounted)}: these layers do not state it"
    yield "sees", _seen(summary)
    yield from _memory(summary)
    if summary.sizes is not None:
        yield "input sizes", str(summary.sizes)
    if len(summary.graph.inputs) > 1:
        yield "inputs", _types(summary.graph.input_types)
    if summary.graph.pruned:
        yield "left out", f"{_some(summary.graph.pruned)}: no output depends on it"


def _unit(count: int, unit: str) -> str:
    number, _, scale = short(count).partition(" ")
    return f"{number} {scale}{unit}"


def _some(paths: Sequence[str], most: int = 4) -> str:
    rest = f" and {len(paths) - most} more" if len(paths) > most else ""
    return ", ".join(f"'{path}'" for path in paths[:most]) + rest


def _seen(summary: Summary) -> str:
    local, output = summary.local, summary.output
    if local is None:
        return "the whole image" if output is not None else "nothing: no output depends on an image"
    field = local.field
    if field.largest.is_whole:
        words = f"the whole image through gates; {_square(field.smallest)} px on the local path"
    else:
        words = f"{_square(field.largest)} px"
        if field.smallest.sizes != field.largest.sizes:
            words += f" ({_square(field.smallest)} on the shortest path)"
    words += f", step {_step(field)}"
    if output is not None and output.path != local.path and output.field.largest.is_whole:
        words += f" at '{local.path}'; the output sees the whole image"
    return words


def _square(field: Field) -> str:
    return "x".join("whole" if size is None else str(size) for size in field.sizes)


def _memory(summary: Summary) -> Iterator[tuple[str, str]]:
    inference, training = summary.inference, summary.training
    if inference is not None:
        activations = byte_size(inference.activations_bytes)
        yield (
            "memory",
            f"{activations} of activations at the peak (at '{inference.peak_at}'), batch "
            f"{inference.batch}, float32, nothing in place",
        )
    if training is not None:
        parts = [
            f"weights {byte_size(training.weights_bytes)}",
            f"gradients {byte_size(training.gradients_bytes)}",
            f"{training.optimizer} {byte_size(training.optimizer_bytes)}",
            f"saved for backward {byte_size(training.saved_bytes)}",
            f"workspace {byte_size(training.workspace_bytes)}",
        ]
        total = byte_size(training.total_bytes)
        yield "training", f"{total} at batch {training.batch}: {', '.join(parts)}"
