"""The kernel of the common account against the plain valuation: one book, in turns, one thread, the same bits.

    python -m benches.kernel

A typed column of nulls for `accounts.leverage` says nothing, but keeps the kernel away. Both calls get an accounts
table, so that they read the same rows.
"""

import statistics
import time
from typing import Any

import pyarrow as pa

import perpcore as pc

ROUNDS = 101


def main() -> None:
    work = pc.synth.workload(accounts=25_000)
    rules = pc.Rulebook.parse(work.rulebook)
    book: dict[str, Any] = {name: table.combine_chunks() for name, table in work.book.items()}
    ids = book["positions"].column("account").combine_chunks().dictionary
    codes = pa.array(range(len(ids)), pa.int32())
    accounts = pa.table({"account": pa.DictionaryArray.from_arrays(codes, ids)})
    nothing = accounts.append_column("leverage", pa.nulls(len(ids), pa.decimal128(28, 8)))

    def timed(settings: pa.Table) -> tuple[float, Any]:
        start = time.perf_counter()
        result = pc.assess(rules, **book, accounts=settings, threads=1)
        return time.perf_counter() - start, result.accounts

    if timed(accounts)[1] != timed(nothing)[1]:
        raise SystemExit("the kernel and the plain valuation differ")
    rounds = [(timed(accounts)[0], timed(nothing)[0]) for _ in range(ROUNDS)]
    kernel, plain = (statistics.median(column) * 1e3 for column in zip(*rounds, strict=True))
    low, ratio, high = statistics.quantiles([b / a for a, b in rounds])
    print(f"25,000 accounts, {book['positions'].num_rows:,} + {book['balances'].num_rows:,} rows, {ROUNDS} rounds")
    print(f"kernel {kernel:.2f} ms, plain {plain:.2f} ms; plain ÷ kernel {ratio:.2f} (quartiles {low:.2f}–{high:.2f})")


if __name__ == "__main__":
    main()
