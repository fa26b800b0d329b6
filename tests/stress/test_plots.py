"""Charts are files of their kind, the same for the same result."""

from pathlib import Path

import pytest
from tests.stress.book import BOOK, RULES

import perpcore as pc
from perpcore.plot import plot_ladder, plot_stress


def test_stress_is_drawn_with_its_scenarios(tmp_path: Path) -> None:
    names = [f"fall {at}" for at in range(50)]
    scenarios = {"scenario": names, "X": [f"-0.{at:02}" for at in range(50)]}
    told = pc.stress(pc.Rulebook.parse(RULES), BOOK, scenarios, fund=50)
    for name, head in (("a.png", b"\x89PNG"), ("a.svg", b"<?xml")):
        plot_stress(told, tmp_path / name)
        assert (tmp_path / name).read_bytes().startswith(head)
    plot_stress(pc.stress(pc.Rulebook.parse(RULES), BOOK, {"scenario": ["none"]}), tmp_path / "one.svg")
    with pytest.raises(ValueError, match="doc"):
        plot_stress(told, tmp_path / "a.doc")


def test_a_ladder_is_drawn_even_where_it_is_empty(tmp_path: Path) -> None:
    result = pc.assess(pc.Rulebook.parse(RULES), **BOOK)
    plot_ladder(result.ladder("X-PERP"), tmp_path / "ladder.png")
    empty = pc.assess(pc.Rulebook.parse(RULES), prices={"X-PERP": "100"}).ladder("X-PERP")
    plot_ladder(empty, tmp_path / "empty.svg")
    assert (tmp_path / "ladder.png").stat().st_size > 1_000
    assert (tmp_path / "empty.svg").exists()
