"""DuckDB, double: one SQL statement over the Arrow tables, grouped by the integer code of the account.

Two instruments are netted by one grouping with a filter for each; with many instruments rows are grouped twice. Tiers
and haircuts are expressions; the only join is that of positions with balances: in these loads every account has both.
With two instruments the optimizer is off: it finds nothing to improve, and takes a sixth of the time of a small book.
"""

from __future__ import annotations

from typing import Any

import duckdb
import pyarrow as pa

from ..workload import Contender, Floats, Load, Terms, codes_array, dictionary, prices_of, table

# Up to so many instruments each has a column of its own.
_COLUMNS = 8


def make(load: Load, threads: int) -> Contender:
    connection = duckdb.connect(":memory:")
    connection.execute(f"SET threads = {threads}")
    connection.execute("SET preserve_insertion_order = false")
    if len(load.terms.instruments) <= _COLUMNS:
        connection.execute("PRAGMA disable_optimizer")

    def call() -> Any:
        positions, balances, prices = load.floats["positions"], load.floats["balances"], load.floats["prices"]
        instruments = dictionary(positions["instrument"]).to_pylist()
        assets = dictionary(balances["asset"]).to_pylist()
        rows = pa.table(
            {
                "account": codes_array(positions["account"]),
                "kind": codes_array(positions["instrument"]),
                "quantity": positions["quantity"],
                "entry": positions["entry_price"],
            }
        )
        lots = pa.table(
            {
                "account": codes_array(balances["account"]),
                "asset": codes_array(balances["asset"]),
                "amount": balances["amount"],
            }
        )
        connection.register("rows", rows)
        connection.register("lots", lots)
        marks = prices_of(instruments, prices)
        ladders = [int(load.terms.ladder[load.terms.instruments.index(name)]) for name in instruments]
        margins = (_in_columns if len(marks) <= _COLUMNS else _in_rows)(marks, ladders, load.terms)
        statement = _statement(margins, _owned(assets, prices_of(assets, prices), load.terms))
        return table(connection.sql(statement).to_arrow_table(), dictionary(positions["account"]))

    return call


def _cases(column: str, values: list[float]) -> str:
    *some, last = values
    if all(value == last for value in some):
        return f"{last!r}::DOUBLE"
    cases = "".join(f" WHEN {code} THEN {value!r}::DOUBLE" for code, value in enumerate(some))
    return f"CASE {column}{cases} ELSE {last!r}::DOUBLE END"


def _in_columns(marks: Floats, ladders: list[int], terms: Terms) -> str:
    each = [f"sum(CASE WHEN kind = {code} THEN quantity ELSE 0 END) AS net{code}" for code in range(len(marks))]
    sizes = [f"abs(net{code}) * {mark!r}::DOUBLE AS size{code}" for code, mark in enumerate(marks.tolist())]
    parts = [_requirements(f"size{code}", ladder, terms) for code, ladder in enumerate(ladders)]
    return f"""
        SELECT account, gain, {" + ".join(one for one, _ in parts)} AS im, {" + ".join(one for _, one in parts)} AS mm
        FROM (SELECT account, gain, {", ".join(sizes)} FROM (
            SELECT account, sum(quantity * ({_cases("kind", marks.tolist())} - entry)) AS gain, {", ".join(each)}
            FROM rows GROUP BY account))"""


def _in_rows(marks: Floats, ladders: list[int], terms: Terms) -> str:
    mark = _cases("kind", marks.tolist())
    choices = [_requirements("size", ladder, terms) for ladder in range(len(terms.caps))]
    initial, maintenance = choices[0]
    for code, ladder in enumerate(ladders):
        if ladder:
            initial = f"CASE WHEN kind = {code} THEN {choices[ladder][0]} ELSE {initial} END"
            maintenance = f"CASE WHEN kind = {code} THEN {choices[ladder][1]} ELSE {maintenance} END"
    return f"""
        SELECT account, sum(gain) AS gain, sum({initial}) AS im, sum({maintenance}) AS mm FROM (
            SELECT account, kind, mark * quantity - cost AS gain, abs(quantity) * mark AS size FROM (
                SELECT account, kind, {mark} AS mark, quantity, cost FROM (
                    SELECT account, kind, sum(quantity) AS quantity, sum(quantity * entry) AS cost
                    FROM rows GROUP BY account, kind)))
        GROUP BY account"""


def _requirements(size: str, ladder: int, terms: Terms) -> tuple[str, str]:
    """Initial margin jumps at a cap; maintenance margin is the greatest of its straight lines, its rates rising."""
    caps, slope, offset = terms.caps[ladder], terms.initial_slope[ladder], terms.initial_offset[ladder]
    steps = zip(caps.tolist(), slope.tolist()[:-1], strict=True)
    cases = "".join(f" WHEN {size} <= {cap!r}::DOUBLE THEN {size} * {rate!r}::DOUBLE" for cap, rate in steps)
    initial = f"(CASE{cases} ELSE {size} * {float(slope[-1])!r}::DOUBLE + {float(offset[-1])!r}::DOUBLE END)"
    lines = zip(terms.maintenance_slope[ladder].tolist(), terms.maintenance_offset[ladder].tolist(), strict=True)
    return initial, f"greatest({', '.join(_line(size, rate, shift) for rate, shift in lines)})"


def _line(size: str, rate: float, shift: float) -> str:
    return f"{size} * {rate!r}::DOUBLE + {shift!r}::DOUBLE"


def _owned(assets: list[str], prices: Floats, terms: Terms) -> str:
    each = [f"sum(CASE WHEN asset = {code} THEN amount ELSE 0 END) AS own{code}" for code in range(len(assets))]
    worth, counted = [], []
    for code, (name, price) in enumerate(zip(assets, prices.tolist(), strict=True)):
        at = terms.assets.index(name)
        lines = zip(terms.haircut_slope[at].tolist(), terms.haircut_offset[at].tolist(), strict=True)
        worth.append(f"own{code} * {price!r}::DOUBLE")
        counted.append(f"least({', '.join(_line(f'own{code}', rate * price, shift * price) for rate, shift in lines)})")
    return f"""
        SELECT account, {" + ".join(worth)} AS worth, {" + ".join(counted)} AS collateral
        FROM (SELECT account, {", ".join(each)} FROM lots GROUP BY account)"""


def _statement(margins: str, owned: str) -> str:
    return f"""
        SELECT account, equity, net_value, collateral AS collateral_value, gain AS unrealized_pnl,
            opening AS opening_equity, im AS initial_margin, mm AS maintenance_margin, greatest(opening - im, 0)
            AS available, greatest(opening - im, 0) AS withdrawable,
            CASE WHEN equity > 0 THEN mm / equity END AS margin_ratio,
            CASE WHEN net_value < 0 THEN 0 WHEN equity < mm THEN 1 WHEN equity < 1.25::DOUBLE * mm THEN 2
                WHEN equity < im THEN 3 ELSE 4 END::TINYINT AS status
        FROM (SELECT account, collateral, gain, im, mm, collateral + gain AS equity, worth + gain AS net_value,
                collateral + gain - greatest(gain, 0) AS opening
            FROM ({margins}) JOIN ({owned}) USING (account))"""
