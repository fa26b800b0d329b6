"""Misspelt names are refused with the name that was meant."""

import pytest
from tests.errors.refusals import balances, orders, positions
from tests.inputs.book import RULES

import perpcore as pc

COLUMNS = [
    ("positions", "acount", "account"),
    ("positions", "instrumnet", "instrument"),
    ("positions", "qantity", "quantity"),
    ("positions", "entry_pric", "entry_price"),
    ("positions", "isolated_margn", "isolated_margin"),
    ("balances", "amuont", "amount"),
    ("orders", "reduceonly", "reduce_only"),
    ("orders", "Price", "price"),
]


@pytest.mark.parametrize(("table", "wrong", "meant"), COLUMNS)
def test_columns(table: str, wrong: str, meant: str) -> None:
    good = {"positions": positions, "balances": balances, "orders": orders}[table]()
    given = {name: values for name, values in good.items() if name != meant} | {wrong: ["1"]}
    with pytest.raises(pc.errors.SchemaError) as caught:
        pc.assess(RULES, **{table: given})
    assert (caught.value.code, caught.value.column) == ("unknown_column", wrong)
    assert f"did you mean {meant}?" in (caught.value.accepted or "")


@pytest.mark.parametrize("wrong", ["X-PREP", "X-PER", "x-perp", "XPERP"])
def test_instruments(wrong: str) -> None:
    for book in ({"positions": positions(instrument=[wrong])}, {"orders": orders(instrument=[wrong])}):
        with pytest.raises(pc.errors.InputError) as caught:
            pc.assess(RULES, **book, prices={"X-PERP": "1"})
        assert "did you mean X-PERP?" in (caught.value.accepted or "")


@pytest.mark.parametrize(("wrong", "meant"), [("USDX", "USD"), ("usd", "USD"), ("COINS", "COIN")])
def test_assets(wrong: str, meant: str) -> None:
    with pytest.raises(pc.errors.InputError) as caught:
        pc.assess(RULES, balances=balances(asset=[wrong]))
    assert f"did you mean {meant}?" in (caught.value.accepted or "")


@pytest.mark.parametrize(
    ("text", "path", "meant"),
    [
        ('[venue]\nsettlment = "USD"', "venue.settlment", "settlement"),
        ("[vanue]\nx = 1", "vanue", "venue"),
        ("[instrument.X]\nteirs = []", "instrument.X.teirs", "tiers"),
        ("[asset.X]\nelligible = true", "asset.X.elligible", "eligible"),
        ("[venue]\ncall_facter = 1", "venue.call_facter", "call_factor"),
    ],
)
def test_rulebook_keys(text: str, path: str, meant: str) -> None:
    with pytest.raises(pc.errors.RulebookError) as caught:
        pc.Rulebook.parse(text)
    problem = next(p for p in caught.value.problems.to_pylist() if p["code"] == "unknown_key")
    assert problem["column"] == path
    assert f"did you mean {meant}?" in problem["accepted"]


def test_a_name_like_no_other_gets_the_list_instead() -> None:
    with pytest.raises(pc.errors.SchemaError) as caught:
        pc.assess(RULES, balances=balances(zzzzzzz=[1]))
    assert "did you mean" not in (caught.value.accepted or "")
    assert "account, asset, amount, held" in (caught.value.accepted or "")
