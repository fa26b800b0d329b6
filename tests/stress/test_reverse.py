"""`reverse_stress`: exact moves worked by hand, and what is refused."""

from fractions import Fraction
from typing import Any

import pytest
from tests.stress.book import BOOK, RULES

import perpcore as pc


def smallest(direction: Any, deficit: Any = 0, book: Any = BOOK) -> Fraction | None:
    return pc.reverse_stress(pc.Rulebook.parse(RULES), book, direction, deficit=deficit)


def test_the_smallest_fall_that_costs_more_than_an_amount() -> None:
    assert smallest({"X": -1}) == Fraction("0.14925")  # COIN first: 149.25 of 1,000
    assert smallest({"X": -1}, "0.5") == Fraction("0.14975")
    # from 15 % both lose: 0.75 + 2,000·(t − 15 %) = 100.75
    assert smallest({"X": -1}, "100.75") == Fraction("0.2")
    assert smallest({"X": "-0.5"}, "100.75") == Fraction("0.4")  # half as far a unit
    assert smallest({"X": 1}) == Fraction("0.05")  # the short
    assert smallest({"X": 1}, 995) is None  # ten times the price more: 1,000 − 5
    assert smallest({"X": 1}, "994.99999999") == Fraction("9.9999999999")


def test_a_depeg_alone_or_with_a_fall() -> None:
    assert smallest({"USDC": -1}) is None  # to 0: nothing left, nothing owed
    # 149.25·(1 − t) − 1,000·t = 0, before LONG owes anything
    assert smallest({"USDC": -1, "X": -1}) == Fraction(14925, 114925)
    assert smallest({}) is None


def test_a_book_that_owes_more_already_needs_no_move() -> None:
    book = {**BOOK, "prices": {"X-PERP": "70", "USDC": "1", "WX": "70"}}  # LONG 150 − 300, COIN 149.25 − 300
    assert smallest({"X": -1}, "300.74", book) == 0
    # 300.75 already; 1,400 a whole move of both
    assert smallest({"X": -1}, "300.75", book) == 0
    assert smallest({"X": -1}, "370.75", book) == Fraction("0.05")
    # upward the longs recover; the short has 35 and loses 70 a whole move
    assert smallest({"X": 1}, "300.75", book) == Fraction("335.75") / 70


def test_a_flat_stretch_counts_as_not_exceeded() -> None:
    # the short is bankrupt above 105, both longs below 85: between them nobody owes
    assert smallest({"X": 1}) == Fraction("0.05")
    nobody = {"balances": {"account": ["A"], "asset": ["USD"], "amount": ["1"]}, "prices": {"X-PERP": "1"}}
    assert smallest({"X": -1}, 0, nobody) is None


def test_arguments_are_refused() -> None:
    with pytest.raises(TypeError, match="mapping"):
        smallest([("X", -1)])
    with pytest.raises(ValueError, match="deficit"):
        smallest({"X": -1}, "-1")
    with pytest.raises(pc.errors.InputError) as refused:
        smallest({"X": "-1.5"})
    assert (refused.value.code, refused.value.column) == ("out_of_range", "X")
    with pytest.raises(pc.errors.SchemaError) as unknown:
        smallest({"Y": "-1"})
    assert unknown.value.code == "unknown_column"
