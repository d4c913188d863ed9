"""Feeds wrong texts to the language and reports every answer that is not a located message.

    python scripts/fuzz.py --count 1000000

Each input goes through parsing and elaboration; one in ten through counting as well. A right answer
is a network or a `TextError` whose every mistake has a place. Anything else is a finding: another
exception, more than a second, or a message without a place. Inputs are made by seed, so a finding
is reproduced by its number: `--first 12345 --count 1`.

Memory is bounded by `ulimit` inside each worker (1 GiB of address space above what it starts with);
running into it is a finding too, since it shows as a MemoryError.
"""

from __future__ import annotations

import argparse
import multiprocessing
import random
import re
import resource
import sys
import time
import traceback
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from striate.errors import StriateError, TextError
from striate.ir import TensorType
from striate.notation import program
from striate.source import Source

PROJECT = Path(__file__).resolve().parents[1]
STATEMENT = re.compile(r"\n(?=[A-Za-z])")
SLOWEST_SECONDS = 1.0
MEMORY_BYTES = 1 << 30
CHUNK = 2_000

TOKENS = (
    "-> + | & * / // % ^ ( ) [ ] { } , ; : := :: = == != <= >= < > .. . .0 .1 @x @in _ ? - not and "
    "or if then else for in where as use set conv bn relu maxpool gap fc dw id none take input "
    "split cat add up c size w s k x 0 1 2 3 16 64 0.5 1e-3 1e9 1000000000 3x3 1x7 64x?x? 'b' # "
    "→ ⟶ × ⊕ ∥ ⊙ div8 sum zip enum len N M K CONV RELU POOL FC INPUT f(x)= a: layer{i+1}: @a.b.0"
).split(" ")
TOKENS += ["\n", "\t", "\n\n", "\0", "\ufeff", '"l{i}":', '"a.cnn"']


def corpus() -> list[str]:
    """Right texts, to be made wrong: statements of those shipped, and one of every construct."""
    shipped = [path.read_text("utf-8") for path in (PROJECT / "src/striate").rglob("*.cnn")]
    statements = [one for text in shipped for one in STATEMENT.split(text) if one.strip()]
    return statements + [
        "input(3, 32, 32) -> conv(16) -> bn -> relu -> gap -> fc(10)",
        "input(3, 32, 32) -> ((conv({16, 32}) -> relu)*{0..3} -> maxpool?)*{1..4} -> fc(10)",
        "f(w, s=1) := (a: conv(w, 3, s) -> bn + id) -> relu\ninput(16, 8, 8) -> f(16)*2",
        "INPUT -> ((CONV -> RELU)*N -> POOL?)*M -> (FC -> RELU)*K -> FC",
        "(a: input(3, 8, 8), b: input(3, 8, 8)) -> (.0 + .1) -> x: conv(4) -> (@x | id)",
        "g(n) = if n > 0 then (conv(c) -> g(n-1)) else id\ninput(4, 8, 8) -> g(3)",
        "input(4, 8, 8) -> (m + m -> m) -> relu where m: (conv(4) -> bn), v = 3",
        "t(d) = (-> conv(w) for w in [18: [1, 2], r50: [3]][d])\ninput(1, 8, 8) -> t(18)",
    ] * (len(statements) // 8)


def random_bytes(chance: random.Random, texts: list[str]) -> str:
    """Bytes of any value, read as Latin-1."""
    return chance.randbytes(chance.randrange(1, 200)).decode("latin-1")


def token_soup(chance: random.Random, texts: list[str]) -> str:
    """Words of the language in any order."""
    words = chance.choices(TOKENS, k=chance.randrange(1, 60))
    start = "input(3, 16, 16) -> " if chance.random() < 0.5 else ""
    return start + chance.choice(["", " "]).join(words)


def truncation(chance: random.Random, texts: list[str]) -> str:
    """A right text that ends, or begins, too early."""
    text = chance.choice(texts)
    cut = chance.randrange(len(text))
    return text[:cut] if chance.random() < 0.7 else text[cut:]


def mutation(chance: random.Random, texts: list[str]) -> str:
    """A right text with a few characters or words changed, doubled, swapped or taken out."""
    text = chance.choice(texts)
    for _ in range(chance.randrange(1, 5)):
        at = chance.randrange(len(text) + 1)
        end = min(len(text), at + chance.choice((1, 1, 2, 5, 20)))
        new = chance.choice(
            ("", chance.choice(TOKENS), text[at:end] * 2, chr(chance.randrange(1, 0x250)))
        )
        text = text[:at] + new + text[end:]
    return text


def numbers(chance: random.Random, texts: list[str]) -> str:
    """A right text with some numbers replaced by huge, negative, fractional or zero ones."""
    odd = ("0", "-1", "1.5", "10^9", "1000000000", "1e300", "2^2^2^9", "(1/0)", "0..1000000", "_")
    text = chance.choice(texts)
    places = [at for at, char in enumerate(text) if char.isdigit()]
    for at in sorted(chance.sample(places, min(len(places), chance.randrange(1, 4))), reverse=True):
        text = text[:at] + chance.choice(odd) + text[at + 1 :]
    return text


def nesting(chance: random.Random, texts: list[str]) -> str:
    """Brackets, repetitions, signs or definitions inside each other."""
    depth = chance.choice((3, 30, 300, 3000))
    opening, inner, closing = chance.choice(
        (
            ("(", "conv(3)", ")"),
            ("(", "conv(3)", ")*1000"),
            ("(", "conv(3)", ")*{1..9}"),
            ("[", "1", "]"),
            ("-", "1", ""),
            ("not ", "1", ""),
            ("(id + ", "id", ")"),
            ("(-> ", "conv(3)", " for i in 1..100)"),
            ("if 1 then (", "id", ")"),
            ("a: (", "id", ")"),
            ("{", "1", "}"),
            ("conv(", "3", ")"),
            ("(id, ", "id", ")"),
        )
    )
    text = opening * depth + inner + closing * (depth if chance.random() < 0.9 else depth - 1)
    return f"input(3, 16, 16) -> {text}"


def grammar(chance: random.Random, texts: list[str]) -> str:
    """Definitions, folds, labels, references and choices, most of them legal."""
    names = ("f", "g", "h")
    lines = [_definition(chance, name) for name in chance.sample(names, chance.randrange(1, 4))]
    return "\n".join([*lines, f"input(3, 16, 16) -> {_network(chance, 3)}"])


def _definition(chance: random.Random, name: str) -> str:
    head = chance.choice((name, f"{name}(w)", f"{name}(w, n=2)"))
    return f"{head} {chance.choice(('=', ':='))} {_network(chance, 2)}"


def _network(chance: random.Random, depth: int) -> str:
    if depth == 0:
        return chance.choice(
            (
                "conv(4)",
                "relu",
                "bn",
                "id",
                "f",
                "g(8)",
                "h(c, 1)",
                "conv(w)",
                "maxpool",
                "@a",
                ".0",
            )
        )
    one, two = _network(chance, depth - 1), _network(chance, depth - 1)
    return chance.choice(
        (
            f"{one} -> {two}",
            f"({one} + {two})",
            f"({one} | {two})",
            f"({one} & {two})",
            f"({one}, {two}) -> add",
            f"({one})*{chance.choice(('2', 'n', '{0..2}', '100', '1000', 'w'))}",
            f"(-> {one} for i in 0..{chance.choice('1239')})",
            f"if {chance.choice(('c == 3', 'w > 2', 'n'))} then ({one}) else ({two})",
            f"a: ({one})",
            f"({one}) as a -> ({two} | @a)",
            f"({one})?",
            f"{{{one}, {two}}}",
        )
    )


MAKERS: tuple[Callable[[random.Random, list[str]], str], ...] = (
    random_bytes,
    token_soup,
    truncation,
    mutation,
    numbers,
    grammar,
)


def made(number: int, texts: list[str]) -> tuple[str, str]:
    """The kind and text of an input."""
    chance = random.Random(number)
    # The nested ones run into the limits, and so take longer than all others together.
    maker = nesting if number % 200 == 0 else MAKERS[number % len(MAKERS)]
    return maker.__name__, maker(chance, texts)


def problem(number: int, text: str) -> str:
    """What is wrong with the answer to a text; empty where nothing is."""
    begin = time.process_time()
    try:
        _ask(number, text)
        answer = "network"
    except TextError as error:
        places = [one.span for one in error.diagnostics]
        if None in places:
            return f"message without a place: {error}"
        answer = str(error)
        if len(answer) > 20_000:
            return f"message of {len(answer)} characters"
    except StriateError as error:
        return f"{type(error).__name__} instead of TextError: {error}"
    except BaseException:  # noqa: BLE001  (whatever it is, it is a finding)
        return traceback.format_exc(limit=-4)
    seconds = time.process_time() - begin
    return f"{seconds:.2f} s" if seconds > SLOWEST_SECONDS else ""


def _ask(number: int, text: str) -> None:
    read = program(Source("fuzz.cnn", text))
    if number % 10 == 0 and read.network is not None:
        read.pattern().count()
    read.graph((TensorType(3, (16, 16)),) if number % 3 == 0 else ())


def work(numbers_: range) -> tuple[Counter[str], list[str]]:
    """Answers of one chunk: counts by kind and the findings."""
    texts = corpus()
    counts: Counter[str] = Counter()
    findings = []
    for number in numbers_:
        kind, text = made(number, texts)
        counts[kind] += 1
        found = problem(number, text)
        if found:
            findings.append(f"input {number} ({kind}): {found}\n  {text[:300]!r}")
    return counts, findings


def limit_memory() -> None:
    """Makes running out of bounds an exception instead of a machine without memory."""
    used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (used + MEMORY_BYTES, used + MEMORY_BYTES))


def main() -> int:
    """Exit code 1 where something was found."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    options.add_argument("--count", type=int, default=100_000)
    options.add_argument("--first", type=int, default=0)
    options.add_argument("--processes", type=int, default=2)
    given = options.parse_args()
    end = given.first + given.count
    chunks = [range(at, min(at + CHUNK, end)) for at in range(given.first, end, CHUNK)]
    total: Counter[str] = Counter()
    findings: list[str] = []
    begin = time.perf_counter()
    with multiprocessing.Pool(given.processes, limit_memory) as pool:
        for counts, found in pool.imap_unordered(work, chunks):
            total.update(counts)
            findings.extend(found)
            for line in found:
                print(line, flush=True)
            if total.total() % 50_000 == 0:
                rate = total.total() / (time.perf_counter() - begin)
                print(f"{total.total():,} inputs, {rate:.0f} a second", file=sys.stderr, flush=True)
    kinds = ", ".join(f"{count:,} {kind}" for kind, count in sorted(total.items()))
    seconds = time.perf_counter() - begin
    print(f"{total.total():,} inputs ({kinds}) in {seconds:.0f} s: {len(findings)} findings")
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
