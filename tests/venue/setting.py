"""A venue to test with: tick 0.5, lot 0.1, 5 % initial and 1 % maintenance margin: figures are checked by head."""

from typing import Any

import perpcore as pc

HOUR = 3_600_000_000_000
NOW = 1_799_971_200_000_000_000  # 2027-01-15T00:00:00Z, no other instant of a day

RULES = """
name = "test-venue"
[venue]
settlement = "USD"
conversion_order = ["EUR"]
client_id_window = { time = "1h", per_account = 20 }
rates = { max_age = "1d" }
fees = { standard = { maker = "0.1%", taker = "0.2%" }, free = { maker = 0, taker = 0 } }
[asset.USD]
class = "fiat"
eligible = true
[asset.EUR]
class = "fiat"
eligible = true
haircut = [["rest", "10%"]]
close_cost = "1%"
[asset.COIN]
class = "virtual_asset"
eligible = false
underlying = "X"
[underlying.X]
[underlying.Y]
sources = [{ id = "a", group = "A" }, { id = "b", group = "B" }, { id = "c", group = "C" }]
[instrument.X-PERP]
underlying = "X"
tick = 0.5
lot = 0.1
min_size = 0.5
max_size = 1000
tiers = [["rest", "1%", 20]]
collar = { width = "50%" }
limits = { position = 2000, open_orders = 50 }
[instrument.Y-PERP]
underlying = "Y"
tick = 0.5
lot = 0.1
tiers = [["rest", "1%", 20]]
"""


def rulebook(**changes: Any) -> pc.Rulebook:
    """The rules, some of them changed: by dotted path, with `__` for a dot and `_PERP` for the instrument X-PERP."""
    paths = {path.replace("__", ".").replace("X_PERP", "X-PERP"): value for path, value in changes.items()}
    return pc.Rulebook.parse(RULES).edit(paths)


def opened(venue: pc.Venue, accounts: str = "AB", money: int = 10_000) -> pc.Venue:
    """X-PERP open at 100, each account with money."""
    venue.advance_time(NOW)
    for account in accounts:
        venue.open_account(account)
        venue.deposit(account, "USD", money)
    venue.index("X", 100)
    venue.mark("X-PERP", 100)
    venue.enter_phase("X-PERP", "open")
    return venue


def made(**changes: Any) -> pc.Venue:
    """An open venue under the rules with some of them changed."""
    return opened(pc.Venue(rulebook(**changes)))


def trade(venue: pc.Venue, buyer: str, seller: str, quantity: float, price: float, **more: Any) -> list[pc.Event]:
    """A trade in which the seller waits; what the buyer's order did."""
    venue.place(seller, "X-PERP", -quantity, price, **more)
    return venue.place(buyer, "X-PERP", quantity, price, **more)


def told(events: list[pc.Event]) -> list[tuple[str, str | None]]:
    """Kinds and codes."""
    return [(event.kind, event.code) for event in events]


def refused(events: list[pc.Event], code: str) -> pc.Event:
    """The refusal of a command: its last event."""
    event = events[-1]
    assert (event.kind, event.code) == ("rejected", code), events
    return event
