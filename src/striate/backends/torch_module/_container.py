"""Modules that hold layers: containers with a `forward` of their own, and plain holders."""

from __future__ import annotations

import linecache
import re
from collections.abc import Callable, Iterator
from hashlib import sha256
from typing import Any, ClassVar
from weakref import WeakValueDictionary, finalize

from torch import nn


class Holder(nn.Module):
    """A level of names that is never called."""


class Container(nn.Module):
    """Layers and inner containers, run by a `forward` that was written for them.

    code: the source of the `forward`, for reading.
    above: containers around this one, out of which it calls shared layers. They are not registered
        here, since every layer has one key.
    """

    code: ClassVar[str] = ""
    above: tuple[nn.Module, ...] = ()

    def __reduce_ex__(self, protocol: Any) -> tuple[Any, ...]:
        # The class was made at run time, so a copy or a pickle says how to make it again.
        return _blank, (type(self).__base__, type(self).__name__, self.code), self.__dict__


class Numbered(nn.Module):
    """Children called 0, 1, 2, ... are reached by index, as in `nn.Sequential`."""

    def __len__(self) -> int:
        return len(self._modules)

    def __iter__(self) -> Iterator[nn.Module | None]:
        return iter(self._modules.values())

    def __getitem__(self, index: int) -> nn.Module | None:
        return self._modules[self._key(index)]

    def __setitem__(self, index: int, module: nn.Module) -> None:
        self._modules[self._key(index)] = module

    def _key(self, index: int) -> str:
        """The number itself where there is such a child, or counted from the end."""
        keys = list(self._modules)
        if str(index) in keys:
            return str(index)
        if -len(keys) <= index < 0:
            return keys[index]
        raise IndexError(f"the children here are {', '.join(keys)}; there is no {index!r}")


class NumberedHolder(Numbered, Holder):
    """A holder whose children are numbered."""


class NumberedContainer(Numbered, Container):
    """A container whose children are numbered."""


def container_class(base: type[Container], title: str, code: str) -> type[Container]:
    """The class of all containers with that source.

    One class for equal blocks lets `torch.compile` translate them once.
    """
    key = (base, _class_name(title), code)
    kind = _CLASSES.get(key)
    if kind is None:
        kind = type(key[1], (base,), {"forward": _compiled(code), "code": code})
        _CLASSES[key] = kind
    return kind


_CLASSES: WeakValueDictionary[tuple[type[Container], str, str], type[Container]] = (
    WeakValueDictionary()
)


def _blank(base: type[Container], title: str, code: str) -> Container:
    kind = container_class(base, title, code)
    return kind.__new__(kind)


def _class_name(title: str) -> str:
    words = re.findall(r"[A-Za-z0-9]+", title.partition("(")[0])
    name = "".join(word[:1].upper() + word[1:] for word in words)
    return name if name.isidentifier() else "Block"


def _compiled(code: str) -> Callable[..., Any]:
    """The function of a source; tracebacks and debuggers show its lines."""
    file = f"<striate {sha256(code.encode()).hexdigest()[:12]}>"
    scope: dict[str, Any] = {}
    # Our own text: names are quoted in it, and no user code is.
    exec(compile(code, file, "exec"), scope)  # noqa: S102
    forward: Callable[..., Any] = scope["forward"]
    linecache.cache[file] = (len(code), None, code.splitlines(keepends=True), file)
    finalize(forward, linecache.cache.pop, file, None)
    return forward
