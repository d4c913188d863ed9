"""The folder is the list: finds and imports the public modules of a package.

Works from a zip, and for packages whose `__path__` was given a second folder from outside.
"""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from importlib.util import find_spec
from pkgutil import iter_modules
from types import ModuleType

from striate.errors import StriateError, UsageError


def public_names(package: ModuleType) -> tuple[str, ...]:
    """Names of the public modules in the folders of a package, sorted; imports nothing.

    Raises:
        UsageError: two folders of the package hold a module of the same name.
    """
    found: dict[str, str] = {}
    for folder in _folders(package):
        for _, name, _ in iter_modules([folder]):
            if name.startswith("_"):
                continue
            if name in found:
                raise UsageError.of(
                    "double-module",
                    f"{package.__name__}: '{name}' stands in {found[name]} and in {folder}",
                    "rename one of the two files: the second would hide the first",
                )
            found[name] = folder
    return tuple(sorted(found))


def load_all(package: ModuleType) -> tuple[ModuleType, ...]:
    """Every public module of a package, imported, in order of name.

    Raises:
        UsageError: two folders of the package hold a module of the same name.
        ImportError: a file breaks; `path` and the message name it, the cause is chained. A
            `StriateError` raised by a file (a double name, say) passes through as it is.
    """
    return tuple(_load(package, name) for name in public_names(package))


def _load(package: ModuleType, name: str) -> ModuleType:
    full_name = f"{package.__name__}.{name}"
    try:
        return import_module(full_name)
    except StriateError:
        raise
    except Exception as error:
        spec = find_spec(full_name)
        file = spec.origin if spec else None
        reason = f"{type(error).__name__}: {error}"
        raise ImportError(f"{file} broke on import: {reason}", name=full_name, path=file) from error


def _folders(package: ModuleType) -> Sequence[str]:
    return list(dict.fromkeys(package.__path__))
