"""A panic of the core becomes `InternalError`, and everything goes on as if the call had not been made."""

import pickle
import re
import threading
from pathlib import Path

import pytest
from tests.process.load import figures, load

import perpcore as pc

SOURCES = Path(__file__).resolve().parents[2] / "rust" / "perpcore-py" / "src"


@pytest.mark.code("internal")
@pytest.mark.parametrize("rows", [0, 1_000_000], ids=["with the GIL", "without"])
def test_a_panic_is_an_internal_error(rows: int, capfd: pytest.CaptureFixture[str]) -> None:
    rules, book = load(200)
    result = pc.assess(rules, **book)
    wanted, lines = figures(result), result.lines()
    for _ in range(3):
        with pytest.raises(pc.errors.InternalError) as caught:
            pc._core._provoke_panic(rows)
        assert (caught.value.code, caught.value.value) == ("internal", "provoked")
        assert isinstance(caught.value, Exception)
        assert str(pickle.loads(pickle.dumps(caught.value))) == str(caught.value)
    assert figures(result) == figures(pc.assess(rules, **book)) == wanted
    assert result.lines().equals(lines)
    assert "provoked" in capfd.readouterr().err, "what the panic said is on stderr, for whoever reports it"


def test_panics_in_many_threads_at_once(capfd: pytest.CaptureFixture[str]) -> None:
    rules, book = load(200)
    wanted = figures(pc.assess(rules, **book))
    seen = []

    def work() -> None:
        for _ in range(20):
            with pytest.raises(pc.errors.InternalError):
                pc._core._provoke_panic(1_000_000)
            seen.append(figures(pc.assess(rules, **book)) == wanted)

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    capfd.readouterr()
    assert seen == [True] * 160


# What only hands out what is there.
PLAIN = {"rulebook.rs", "assessment.rs", "monitor.rs", "book.rs", "batch.rs"}
GUARDED = re.compile(r"\b(run|caught|made|under|work)\(py\b")
METHOD = re.compile(r"^    (?:pub\(crate\) )?fn (\w+).*?^    }$", re.MULTILINE | re.DOTALL)
HANDS_OUT = {
    *("name", "version", "digest", "settlement", "instruments", "assets", "fee_tiers", "underlying", "presets"),
    *("__eq__", "__hash__", "__repr__", "__reduce__", "accounts", "isolated", "num_rows", "inner"),
    *("path", "before", "after", "before_source", "after_source"),
    *("view", "accepted", "code", "held", "drop"),
}


def test_every_method_that_works_is_guarded() -> None:
    """PyO3 alone makes a panic a BaseException that `except Exception` lets through."""
    open_ = [
        f"{file}: {method[1]}"
        for file in sorted(PLAIN)
        for method in METHOD.finditer((SOURCES / file).read_text(encoding="utf-8"))
        if method[1] not in HANDS_OUT and not GUARDED.search(method[0])
    ]
    assert not open_
