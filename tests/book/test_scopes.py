"""Commands that name a group, and times that run back."""

import perpcore as pc

N = 1_800_000_000_000_000_000


def book() -> pc.OrderBook:
    return pc.OrderBook(pc.Rulebook.preset("hk-vatp-perp"), "BTC-PERP")


def test_a_group_is_canceled_by_its_name_and_no_other() -> None:
    ours = book()
    for account, group in (("A", "g0"), ("B", "g1"), ("C", "g2")):
        ours.open_account(account, group=group)
        ours.place(account, 1, 100)
    assert [event.account for event in ours.cancel_all(group="g1")] == ["B"]
    assert [event.account for event in ours.cancel_all(group="g2")] == ["C"]
    assert [event.account for event in ours.cancel_all(group="g0")] == ["A"]


def test_a_group_is_not_the_client_of_the_same_place_in_the_stream() -> None:
    ours = book()
    ours.open_account("P", client="c0")
    ours.open_account("Q", group="g0")
    ours.open_account("R", group="g1")
    for account in "PQR":
        ours.place(account, 1, 100)
    assert [event.account for event in ours.cancel_all(group="g1")] == ["R"]


def test_a_time_that_runs_back_is_refused_and_is_not_that_of_the_next_row() -> None:
    events = book().apply({"kind": ["mark"] * 4, "time": [N, N - 5, None, None], "price": ["58000"] * 4})
    assert events["kind"].to_pylist() == ["mark", "rejected", "mark", "mark"]
    assert events["code"].to_pylist() == [None, "time_runs_back", None, None]


def test_a_row_that_is_refused_lets_time_pass() -> None:
    ours = book()
    ours.place("A", 1, 100, tif="gtd", until=N + 70, time=N)
    events = ours.apply(
        {"kind": ["mark", "mark"], "time": [N + 100, N + 50], "quantity": ["1", None], "price": ["5", "58000"]}
    )
    assert events["kind"].to_pylist() == ["expired", "rejected", "rejected"]
    assert events["code"].to_pylist() == ["until_reached", "unused_column", "time_runs_back"]
