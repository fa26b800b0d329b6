"""`<name>_e8` is int64 in units of the grid and nothing else."""

from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest

import perpcore as pc

HK = pc.Rulebook.preset("hk-vatp-perp")
DECIMALS = pa.array([Decimal("1.5"), Decimal("2.5")], pa.decimal128(28, 8))


def chunked(array: pa.Array, pieces: int) -> pa.ChunkedArray:
    return pa.chunked_array([array] if pieces == 1 else [array.slice(0, 1), array.slice(1)])


@pytest.mark.code("wrong_type")
@pytest.mark.parametrize("pieces", [1, 2])
@pytest.mark.parametrize("column", ["cost", "isolated_margin", "accrued_funding", "amount", "held"])
def test_a_decimal_is_no_raw_number(column: str, pieces: int) -> None:
    ids = chunked(pa.array(["A", "B"]), pieces)
    table: dict[str, Any] = {"account": ids, f"{column}_e8": chunked(DECIMALS, pieces)}
    if column in ("amount", "held"):
        table |= {"asset": chunked(pa.array(["USD", "USD"]), pieces)}
        table |= {} if column == "amount" else {"amount": chunked(DECIMALS, pieces)}
        tables = {"balances": pa.table(table)}
    else:
        table |= {
            "instrument": chunked(pa.array(["BTC-PERP"] * 2), pieces),
            "quantity": chunked(pa.array([0, 0]), pieces),
        }
        table |= {} if column == "cost" else {"cost": chunked(DECIMALS, pieces)}
        tables = {"positions": pa.table(table)}
    with pytest.raises(pc.errors.SchemaError) as caught:
        pc.assess(HK, **tables)
    assert (caught.value.code, caught.value.column) == ("wrong_type", column)
