"""Everything public is documented, and the examples of everything public run."""

import doctest
import functools
import inspect
import types
from collections.abc import Iterator
from pathlib import Path

import pytest

import perpcore as pc

OPTIONS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE


def public(owner: types.ModuleType, name: str) -> Iterator[tuple[str, object]]:
    """(dotted name, object) of all that `__all__` names, methods of classes and names of modules included."""
    own = [short for short, value in vars(owner).items() if getattr(value, "__module__", None) == owner.__name__]
    for short in getattr(owner, "__all__", [short for short in own if not short.startswith("_")]):
        value = getattr(owner, short)
        dotted = f"{name}.{short}"
        if isinstance(value, types.ModuleType):
            yield from public(value, dotted)
        elif callable(value):
            yield dotted, value
            if isinstance(value, type):
                yield from members(value, dotted)


def members(owner: type, name: str) -> Iterator[tuple[str, object]]:
    """What a class itself brings, inherited from private bases of perpcore included."""
    for base in owner.__mro__:
        if not base.__module__.startswith("perpcore") or (base is not owner and not base.__name__.startswith("_")):
            continue
        for short, value in vars(base).items():
            if not short.startswith("_") and (callable(value) or hasattr(value, "__get__")):
                yield f"{name}.{short}", value.__func__ if isinstance(value, staticmethod) else value


PUBLIC = dict(public(pc, "perpcore"))


def is_read(value: object) -> bool:
    """Whether it is read rather than called (a property, a getter, a slot): its type's example shows it."""
    return inspect.isdatadescriptor(value) or isinstance(value, functools.cached_property)


@pytest.mark.parametrize("name", PUBLIC)
def test_the_example_runs(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    value = PUBLIC[name]
    text = inspect.getdoc(value)
    assert text, f"{name} has no docstring"
    assert is_read(value) or ">>>" in text, f"{name} has no example in its docstring"
    monkeypatch.chdir(tmp_path)
    example = doctest.DocTestParser().get_doctest(text, {"pc": pc}, name, None, 0)
    said: list[str] = []
    doctest.DocTestRunner(optionflags=OPTIONS).run(example, out=said.append)
    assert not said, "\n" + "".join(said)
