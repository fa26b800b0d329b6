"""A small book as nodes of the Arrow C interface, in every layout that is read, and what it is worth."""

import struct
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from typing import Any

from tests.hostile.arrow_c import Batch, Node

import perpcore as pc

RULES = pc.Rulebook.parse("""
[venue]
settlement = "USD"
[asset.USD]
class = "fiat"
eligible = true
[asset.COIN]
class = "virtual_asset"
eligible = true
haircut = [[2, "5%"], ["rest", "20%"]]
close_cost = "1%"
[instrument.X-PERP]
underlying = "X"
tick = 0.1
lot = 0.001
tiers = [[100_000, "0.5%", 20], ["rest", "2.5%", 5]]
[instrument.Y-PERP-OF-A-LONG-NAME]
underlying = "Y"
tick = 0.01
lot = 1
tiers = [["rest", "2%", 25]]
[portfolio]
enabled = true
[portfolio.underlying.X]
range = "16%"
[portfolio.underlying.Y]
range = "20%"
""")
LONG = "Y-PERP-OF-A-LONG-NAME"


def bits(values: Iterable[bool]) -> bytes:
    """A bitmap, the first value in the lowest bit."""
    packed = bytearray()
    for at, value in enumerate(values):
        packed.extend(b"" if at % 8 else b"\0")
        packed[-1] |= value << at % 8
    return bytes(packed)


def validity(values: Sequence[Any]) -> tuple[bytes | None, int]:
    """The bitmap of what is not None, NULL where all is, and the count of None."""
    count = sum(value is None for value in values)
    return (bits(value is not None for value in values) if count else None), count


def fixed(kind: bytes, code: str, values: Sequence[Any]) -> Node:
    """Numbers of one width, `code` as in the module struct; `q2` stands for 128 bits."""
    nulls, count = validity(values)
    plain = [value or 0 for value in values]
    if code == "q2":
        data = b"".join(value.to_bytes(16, "little", signed=True) for value in plain)
    else:
        data = struct.pack(f"<{len(plain)}{code}", *plain)
    return Node(kind, length=len(values), buffers=[nulls, data], null_count=count)


def flags(values: Sequence[bool | None]) -> Node:
    nulls, count = validity(values)
    return Node(b"b", length=len(values), buffers=[nulls, bits(bool(value) for value in values)], null_count=count)


def text(values: Sequence[str | None], large: bool = False) -> Node:
    nulls, count = validity(values)
    encoded = [(value or "").encode() for value in values]
    ends = [0]
    for one in encoded:
        ends.append(ends[-1] + len(one))
    offsets = struct.pack(f"<{len(ends)}{'q' if large else 'i'}", *ends)
    kind = b"U" if large else b"u"
    return Node(kind, length=len(values), buffers=[nulls, offsets, b"".join(encoded)], null_count=count)


def view(value: bytes, buffer: int = 0, offset: int = 0) -> bytes:
    """One view: short text within, longer text by its prefix and place."""
    if len(value) <= 12:
        return struct.pack("<i", len(value)) + value.ljust(12, b"\0")
    return struct.pack("<i4sii", len(value), value[:4], buffer, offset)


def views(values: Sequence[str | None]) -> Node:
    nulls, count = validity(values)
    made, data = [], b""
    for value in values:
        encoded = (value or "").encode()
        made.append(view(encoded, 0, len(data)))
        data += encoded if len(encoded) > 12 else b""
    buffers = [nulls, b"".join(made), data, struct.pack("<q", len(data))]
    return Node(b"vu", length=len(values), buffers=buffers, null_count=count)


def dictionary(values: Sequence[str | None], words: Node, kind: bytes = b"c", code: str = "b") -> Node:
    """Indexes into the texts that `words` holds, which are given as its `listed`."""
    listed = _listed(words)
    node = fixed(kind, code, [None if value is None else listed.index(value) for value in values])
    node.dictionary = words
    return node


def _listed(words: Node) -> list[str]:
    offsets, data = words.buffers[1] or b"", words.buffers[2] or b""
    ends = struct.unpack(f"<{words.length + 1}{'i' if words.format == b'u' else 'q'}", offsets)
    return [data[at:end].decode() for at, end in pairwise(ends)]


def record(columns: Mapping[str, Node], **more: Any) -> Node:
    """A record batch."""
    for name, node in columns.items():
        node.name = name.encode()
    length = max((node.length for node in columns.values()), default=0)
    return Node(b"+s", length=length, buffers=[None], children=list(columns.values()), **more)


E8 = 10**8


def honest() -> dict[str, Node]:
    """Three tables in which every layout stands at least once."""
    return {
        "balances": record(
            {
                "account": text(["A", "B", "C", "ü"]),
                "asset": dictionary(["USD", "COIN", "USD", "USD"], text(["COIN", "USD"])),
                "amount": fixed(b"d:38,8", "q2", [20_000 * E8, 3 * E8, 5 * E8, 7 * E8]),
                "held": fixed(b"g", "d", [1.0, None, 0.5, 2.0]),
            }
        ),
        "orders": record(
            {
                "account": dictionary(["A", "B", "A"], text(["A", "B"], large=True), b"I", "I"),
                "instrument": views(["X-PERP", LONG, LONG]),
                "quantity_e8": fixed(b"l", "q", [E8, -2 * E8, 3 * E8]),
                "price": fixed(b"d:9,2,32", "i", [10_00, 20_00, 21_00]),
                "reduce_only": flags([False, None, True]),
                "margin_mode": dictionary(["cross", None, "cross"], text(["cross", "isolated"]), b"s", "h"),
            }
        ),
        "accounts": record(
            {
                "account": views(["A", "an account of a long name"]),
                "leverage": fixed(b"d:18,0,64", "q", [10, None]),
                "model": text(["portfolio", None]),
                "client": text(["one", None], large=True),
                "investor_until": fixed(b"tsm:UTC", "q", [1_900_000_000_000, None]),
            }
        ),
        "prices": record(
            {
                "symbol": text(["X-PERP", LONG, "COIN", "ELSEWHERE"], large=True),
                "price": fixed(b"S", "H", [10, 20, 1_000, 7]),
                "time": fixed(b"l", "q", [1_900_000_000 * 10**9] * 4),
                "state": dictionary(["live", "thin", "live", None], text(["live", "thin"]), b"L", "Q"),
            }
        ),
        "scenarios": record(
            {
                "scenario": views(["calm", "a fall of everything", "rise"]),
                "X": fixed(b"d:9,4,32", "i", [0, -1_600, 1_600]),
                "Y_e8": fixed(b"l", "q", [0, -20_000_000, 20_000_000]),
                "weight": fixed(b"g", "d", [0.5, 0.25, 0.25]),
            }
        ),
    }


def honest_commands() -> dict[str, Node]:
    """Commands of every kind but one that ends trading, each column in another layout."""
    now, long = 1_900_000_000 * 10**9, "a client id of a long name"
    kinds = ["mark", "open_account", "place", "place", "amend", "place", "cancel", "phase"]
    return {
        "commands": record(
            {
                "kind": text(kinds, large=True),
                "time": fixed(b"l", "q", [now, None, now + 1, None, None, now + 2, None, now + 3]),
                "account": dictionary([None, "A", "A", "B", "A", "B", "B", None], text(["A", "B"])),
                "client": text([None, "one", *[None] * 6], large=True),
                "group": views([None, "a group of a long name", *[None] * 6]),
                "instrument": dictionary(["X-PERP", None, "X-PERP", *[None] * 5], text(["X-PERP", LONG]), b"S", "H"),
                "order": fixed(b"L", "Q", [None] * 8),
                "client_id": views([None, None, long, "b", long, "c", "c", None]),
                "quantity": fixed(b"d:38,8", "q2", [None, None, 3 * E8, -E8, 2 * E8, -5 * E8, None, None]),
                "price_e8": fixed(b"l", "q", [10 * E8, None, 10 * E8, 10 * E8, None, 11 * E8, None, None]),
                "tif": dictionary([None, None, "gtc", "ioc", *[None] * 4], text(["gtc", "ioc"]), b"I", "I"),
                "until": fixed(b"tsm:UTC", "q", [None] * 8),
                "reduce_only": flags([None, None, False, None, None, False, None, None]),
                "trigger": fixed(b"g", "d", [None] * 8),
                "stp": dictionary([None, None, "both", *[None] * 5], text(["both", "maker"], large=True), b"s", "h"),
                "class": text([None, "professional", *[None] * 6]),
                "state": text([*[None] * 7, "auction"]),
                "note": text(["anything", *[None] * 6, "ü"]),
                "leverage": fixed(b"d:18,0,64", "q", [None] * 8),
            }
        )
    }  # fmt: skip


PRICING = RULES.edit(
    {
        "underlying.X.sources": [{"id": name, "group": name} for name in ("a", "b", "a source of a long name")],
        "underlying.X.index.agree_samples": 1,
    }
)


def honest_prices() -> dict[str, Node]:
    """What an index, a mark and a funding are told, each column in another layout; quotes in both forms."""
    now, second = 1_900_000_000 * 10**9, 10**9
    times = [now, now, now + second, now + 2 * second]
    return {
        "quotes": record(
            {
                "time": fixed(b"l", "q", times),
                "source": dictionary(["a", "b", "a", "b"], text(["a", "b"])),
                "price": fixed(b"d:38,8", "q2", [100 * E8, 101 * E8, -1, 7 * E8]),
                "sent": fixed(b"tsm:UTC", "q", [None, now // 10**6, None, now // 10**6]),
            }
        ),
        "quotes in columns": record(
            {
                "time": fixed(b"tsn:UTC", "q", times),
                "a_e8": fixed(b"l", "q", [100 * E8, None, 102 * E8, -(2**63)]),
                "b": fixed(b"g", "d", [100.5, float("nan"), None, 1e300]),
                "a source of a long name": views(["100", None, "101.00000001", "0.0000000000000001"]),
            }
        ),
        "tops": record(
            {
                "time": fixed(b"l", "q", times),
                "index": fixed(b"d:18,8,64", "q", [100 * E8, 101 * E8, None, 100 * E8]),
                "state": dictionary(["live", None, "thin", "live"], text(["live", "thin"], large=True), b"s", "h"),
                "bid": fixed(b"S", "H", [99, 99, None, 99]),
                "ask_e8": fixed(b"l", "q", [101 * E8, None, 101 * E8, 98 * E8]),
                "last": fixed(b"g", "d", [None, 100.25, None, float("inf")]),
                "funding_rate": text(["0.0001", None, None, "-0.0001"]),
            }
        ),
        "funding_inputs": record(
            {
                "time": fixed(b"l", "q", [now, now + 4 * second, now + 7 * second, now + 40 * second]),
                "state": text(["live", None, "thin", "live"]),
                "index": fixed(b"d:9,2,32", "i", [10_000, 10_050, None, 10_000]),
                "impact_bid": fixed(b"g", "d", [99.5, 99.75, None, 99.0]),
                "impact_ask_e8": fixed(b"l", "q", [101 * E8, None, 101 * E8, 98 * E8]),
                "mark": text(["100", None, "100.5", "-1"], large=True),
            }
        ),
        "funding_positions": record(
            {
                "account": dictionary(["A", "B", "A", "B"], text(["A", "B"], large=True), b"I", "I"),
                "quantity": fixed(b"d:9,2,32", "i", [100, -150, 50, 0]),
            }
        ),
    }  # fmt: skip


# One instrument: every attempt makes a venue anew.
VENUE = pc.Rulebook.parse("""
[venue]
settlement = "USD"
fees = { standard = { maker = 0, taker = 0 }, free = { maker = 0, taker = 0 } }
[asset.USD]
eligible = true
[asset.COIN]
eligible = true
haircut = [["rest", "20%"]]
[underlying.Y]
sources = [{ id = "a", group = "A" }, { id = "a source of a long name", group = "B" }]
[underlying.X]
[instrument.X-PERP]
underlying = "X"
tick = 0.1
lot = 0.001
tiers = [["rest", "2.5%", 5]]
""")
OF_VENUE = "commands of a venue"


def honest_venue() -> dict[str, Node]:
    """Commands that only a venue knows, each column in another layout, and an order."""
    now, long = 1_900_000_000 * 10**9, "a source of a long name"
    kinds = [
        "open_account",
        "deposit",
        "index",
        "mark",
        "quote",
        "hold",
        "withdraw",
        "confirm_withdrawal",
        "transfer",
        "top",
        "place",
        "fund_topup",
        "deadman",
        "phase",
    ]

    def at(**values: Any) -> list[Any]:
        """Nulls but in the rows of these kinds."""
        return [values.get(kind) for kind in kinds]

    return {
        OF_VENUE: record(
            {
                "kind": views(kinds),
                "time": fixed(b"tsn:UTC", "q", at(deposit=now, place=now + 5)),
                "account": views(at(open_account="an account of a long name", deposit="B", hold="B", withdraw="A",
                                    transfer="A", place="A", deadman="A")),
                "client": text(at(open_account="one"), large=True),
                "group": dictionary(at(open_account="g"), text(["g", "h"])),
                "instrument": text(at(mark="X-PERP", top="X-PERP", place="X-PERP", phase="X-PERP")),
                "order": fixed(b"L", "Q", at(confirm_withdrawal=1)),
                "client_id": text(at(place="another")),
                "quantity_e8": fixed(b"l", "q", at(place=2 * E8)),
                "price": fixed(b"d:38,8", "q2", at(index=11 * E8, mark=10 * E8, quote=-5 * E8, place=10 * E8)),
                "until": fixed(b"tss:UTC", "q", at(deadman=now // 10**9 + 60)),
                "margin_mode": dictionary(at(place="isolated"), text(["cross", "isolated"])),
                "class": text(at(open_account="market_maker")),
                "state": dictionary(
                    at(index="live", mark="live", phase="auction"), text(["live", "auction"]), b"i", "i"
                ),
                "note": text(at(fund_topup="converter", place="ü")),
                "asset": dictionary(at(deposit="COIN", withdraw="USD", transfer="USD", fund_topup="COIN"),
                                    text(["USD", "COIN"], large=True), b"S", "H"),
                "amount": fixed(b"d:28,8", "q2", at(deposit=3 * E8, withdraw=E8, transfer=E8 // 4, fund_topup=E8)),
                "to_account": dictionary(at(transfer="B"), text(["A", "B"])),
                "model": text(at(open_account="standard")),
                "leverage": fixed(b"g", "d", at(open_account=5.0)),
                "fee_tier": text(at(open_account="free"), large=True),
                "investor_until": fixed(b"l", "q", at(open_account=now)),
                "knowledge_until": fixed(b"tsu:UTC", "q", at(open_account=now // 1_000)),
                "flags": views(at(hold="no_open,no_withdraw")),
                "approval": dictionary(at(open_account="board 12"), text(["board 12"])),
                "source": dictionary(at(quote=long), text(["a", long])),
                "underlying": text(at(index="X", quote="Y")),
                "bid_e8": fixed(b"l", "q", at(top=9 * E8)),
                "ask": fixed(b"d:18,0,64", "q", at(top=11)),
                "sent": fixed(b"l", "q", at(quote=-5, place=now)),
            }
        )
    }  # fmt: skip


def priced(name: str, table: Any) -> str:
    """What a table of prices does to what takes it, of which something is known already."""
    if name == "funding_positions":
        return repr(pc.Funding(PRICING, "X-PERP").settle(table, 100, "0.001"))
    start = 1_900_000_000 * 10**9 - 1
    if name.startswith("quotes"):
        taken: Any = pc.IndexPrice(PRICING, "X")
        taken.update(start, {"a": 100, "b": 100})
    else:
        taken = (pc.MarkPrice if name == "tops" else pc.Funding)(PRICING, "X-PERP")
        taken.update(start, index=100)
    before = taken.digest
    try:
        rows = taken.run(table).to_pylist()
    except (pc.errors.SchemaError, pc.errors.InputError):
        if taken.digest != before:
            raise AssertionError("a refused table changed what it was for") from None
        raise
    return repr((rows, taken.digest, repr(taken)))


def figures(result: pc.Assessment) -> str:
    """All that a result says, memory that it still reads included."""
    return repr((result.accounts.to_pylist(), result.isolated.to_pylist(), result.lines().to_pylist()))


def book() -> pc.OrderBook:
    """A book with an order in it."""
    found = pc.OrderBook(RULES, "X-PERP")
    found.place("C", 1, "9.5", client_id="first")
    return found


def venue() -> pc.Venue:
    """A venue with an order in it."""
    found = pc.Venue(VENUE)
    found.advance_time(1_900_000_000 * 10**9)
    for account in ("A", "B"):
        found.open_account(account, client="one")
        found.deposit(account, "USD", 100)
    found.index("X", 10)
    found.mark("X-PERP", 10)
    found.enter_phase("X-PERP", "open")
    found.place("B", "X-PERP", 1, "9.5", client_id="first")
    return found


def state(found: pc.OrderBook | pc.Venue) -> str:
    """All that a book or a venue says of itself."""
    if isinstance(found, pc.Venue):
        tables = (found.accounts(), found.ledger(), found.positions(), found.l3("X-PERP"), found.orders("A"))
        return repr((found.digest, repr(found), *(table.to_pylist() for table in tables), found.verify()))
    return repr((found.digest, repr(found), found.l3().to_pylist(), found.best, found.orders("A").to_pylist()))


def assess(tables: Mapping[str, Any], **options: Any) -> pc.Assessment:
    given = {name: Batch(table) if isinstance(table, Node) else table for name, table in tables.items()}
    return pc.assess(RULES, **given, **options)
