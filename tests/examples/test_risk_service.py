"""The example service does what it says: started as a program, asked over HTTP, looked at in a browser.

What it shows is compared with `assess` of the same book at the prices that it shows. Without Chromium the test of the
page skips and says so; where CI=true it fails instead.
"""

import http.client
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from tests.examples.browser import Browser, installed

import perpcore as pc
from perpcore import demo

SERVICE = Path(__file__).resolve().parents[2] / "examples" / "risk_service.py"
ACCOUNTS, SEED = 1_000, 7
RULES = pc.Rulebook.preset("hk-vatp-perp")
WAIT = 20.0

for name in ("starlette", "uvicorn"):
    pytest.importorskip(name, reason=f"no {name}: pip install 'perpcore[service]'")
parser = pytest.importorskip("prometheus_client.parser", reason="no prometheus_client: pip install 'perpcore[service]'")


class Client:
    """Asks the service; every answer has its time."""

    def __init__(self, port: int) -> None:
        self.port = port

    def ask(self, path: str, body: Any = None, **headers: str) -> tuple[int, str, str]:
        """Status, media type, text."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=WAIT)
        try:
            data = None if body is None else body if isinstance(body, str) else json.dumps(body)
            connection.request("GET" if body is None else "POST", path, data, headers)
            answer = connection.getresponse()
            return answer.status, answer.getheader("content-type", ""), answer.read().decode()
        finally:
            connection.close()

    def state(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.ask("/state")[2])
        return found

    def events(self, count: int, **headers: str) -> list[dict[str, Any]]:
        """The next events of the stream."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=WAIT)
        try:
            connection.request("GET", "/events", headers=headers)
            answer = connection.getresponse()
            assert answer.getheader("content-type", "").startswith("text/event-stream")
            found = []
            while len(found) < count:
                lines = [answer.readline().decode().rstrip("\n") for _ in range(4)]
                names = dict(line.split(": ", 1) for line in lines if line)
                assert lines[3] == ""
                assert names["event"] == "tick"
                data = json.loads(names["data"])
                assert int(names["id"]) == data["tick"]
                found.append(data)
            return found
        finally:
            connection.close()


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    """The service on a free port, over the prices that the package ships."""
    folder = tmp_path_factory.mktemp("service")
    command = [sys.executable, SERVICE, "--port", "0", "--accounts", str(ACCOUNTS), "--seed", str(SEED)]
    path = os.pathsep.join(filter(None, [str(Path(pc.__file__).parents[1]), os.environ.get("PYTHONPATH")]))
    with (folder / "log").open("w+") as log:
        process = subprocess.Popen(
            [*command, "--pause", "0.2"],
            env={**os.environ, "PERPCORE_DATA": str(folder), "PYTHONPATH": path},
            stdout=log,
            stderr=subprocess.STDOUT,
        )
        try:
            yield Client(port_of(process, folder / "log"))
            # Ctrl-C ends it without a complaint, also while streams are open.
            assert process.poll() is None, (folder / "log").read_text()
            process.send_signal(signal.SIGINT)
            assert process.wait(WAIT) == 0
            assert "Traceback" not in (folder / "log").read_text()
        finally:
            process.kill()
            process.wait(WAIT)


def port_of(process: "subprocess.Popen[bytes]", log: Path) -> int:
    """The port that it prints when it listens."""
    until = time.monotonic() + WAIT
    while time.monotonic() < until and process.poll() is None:
        if found := re.search(r"http://127\.0\.0\.1:(\d+)/\n", log.read_text()):
            return int(found[1])
        time.sleep(0.05)
    pytest.fail(f"the service did not start:\n{log.read_text()}")


@pytest.fixture(scope="module")
def book() -> dict[str, Any]:
    return pc.synth.book(ACCOUNTS, SEED, rules=RULES, prices=demo.moments()[0].marks())


def truth(book: dict[str, Any], prices: dict[str, str]) -> pc.Assessment:
    """The book valued as a whole, without a monitor, at the prices that the service shows."""
    calm = {row["symbol"]: str(Decimal(row["price_e8"]).scaleb(-8)) for row in book["prices"].to_pylist()}
    return pc.assess(RULES, **{**book, "prices": calm | prices})


def present(counts: dict[str, int]) -> dict[str, int]:
    return {status: count for status, count in counts.items() if count}


def test_counts_that_go_on_from_tick_to_tick_are_those_of_the_whole_book(service: Client, book: dict[str, Any]) -> None:
    # The shipped prices are 15 moments: the stream sees the whole crash, and begins again.
    before: dict[str, Any] | None = None
    events = service.events(16)
    for event in events:
        result = truth(book, event["prices"])
        assert present(event["accounts"]) == result.counts()
        isolated = Counter(row["status"] for row in result.isolated.to_pylist() if row["status"] != "healthy")
        assert present(event["isolated"]) == isolated
        if before is not None:
            assert event["tick"] == before["tick"] + 1
            changed = truth(book, before["prices"]).diff(result).to_pylist()
            names = ("account", "instrument", "before", "after")
            expected = {tuple(row[name] for name in names) for row in changed}
            assert {tuple(row[name] for name in names) for row in event["changes"]} == expected
        before = event
    assert {event["prices"]["BTC"] for event in events} == {str(moment.btc) for moment in demo.moments()}
    assert any("bankrupt" in event["accounts"] for event in events)


def test_a_reader_that_was_cut_off_gets_what_it_missed(service: Client) -> None:
    (first,) = service.events(1)
    service.events(2)
    again = service.events(2, **{"Last-Event-ID": str(first["tick"])})
    assert [event["tick"] for event in again] == [first["tick"] + 1, first["tick"] + 2]
    # From a service that ran longer, or from nobody: what comes next.
    for stranger in ("1000000", "x"):
        (event,) = service.events(1, **{"Last-Event-ID": stranger})
        assert event["tick"] > first["tick"] + 2


def test_the_state_names_who_is_closest(service: Client, book: dict[str, Any]) -> None:
    state = service.state()
    assert present(state["accounts"]) == truth(book, state["prices"]).counts()
    ratios = [row["margin_ratio"] for row in state["closest"]]
    assert len(ratios) == 10
    assert ratios == sorted(ratios, reverse=True)
    assert 0 < ratios[-1] <= ratios[0] <= 1
    # The list may be older or newer than the counts, so it is that of one of the moments.
    shown = [row["account"] for row in state["closest"]]
    results = [truth(book, moment.marks()) for moment in demo.moments()]
    assert shown in [demo.closest(result).column("account").to_pylist() for result in results]


def test_metrics_are_those_of_the_state(service: Client) -> None:
    status, kind, body = service.ask("/metrics")
    assert status == 200
    assert kind.startswith("text/plain")
    values = {
        sample.name + "".join(sample.labels.values()): sample.value
        for family in parser.text_string_to_metric_families(body)
        for sample in family.samples
    }
    assert sum(value for name, value in values.items() if name.startswith("risk_accounts")) == ACCOUNTS
    assert values["risk_ticks_total"] >= 1
    assert values["risk_ticks_refused_total"] == 0
    # Each tick but the first, with which the book came, was timed.
    assert values["risk_tick_seconds_count"] in (values["risk_ticks_total"] - 1, values["risk_ticks_total"])
    assert abs(values["risk_last_tick_timestamp_seconds"] - time.time()) < WAIT


def test_an_account_is_explained(service: Client, book: dict[str, Any]) -> None:
    # One without a balance of 0, which a resident book does not keep and `assess` has a line for.
    rows = book["balances"].to_pylist()
    account = next(
        row["account"] for row in rows if all(r["amount_e8"] for r in rows if r["account"] == row["account"])
    )
    status, kind, page = service.ask(f"/accounts/{account}")
    assert (status, kind) == (200, "text/plain; charset=utf-8")
    # Ticks go on, so it is the page at one of the moments.
    assert page in {f"{truth(book, moment.marks()).explain(account)}\n" for moment in demo.moments()}
    status, _, page = service.ask("/accounts/nobody")
    assert status == 404
    assert "unknown_account" in page


def test_orders_are_checked(service: Client, book: dict[str, Any]) -> None:
    order = {"account": "C-000001", "instrument": "BTC-PERP"}
    status, _, body = service.ask("/orders/check", {**order, "quantity": "0.001"})
    assert status == 200
    assert set(json.loads(body)) == {"accepted", "code", "initial_margin_after", "opening_equity"}
    # 100 × 3,596 at the least, of which an account of a few hundred has no 5 %.
    answer = json.loads(service.ask("/orders/check", {**order, "quantity": 100, "price": 5000.5})[2])
    assert answer["accepted"] is False
    assert answer["code"] in ("insufficient_margin", "account_bankrupt")
    assert Decimal(answer["initial_margin_after"]) > Decimal(answer["opening_equity"])


@pytest.mark.parametrize(
    ("body", "status", "words"),
    [
        ("{", 400, "JSON"),
        ("[]", 400, "object"),
        ({"account": "C-000001"}, 422, "missing"),
        ({"account": "C-000001", "instrument": "NONE", "quantity": 1}, 422, "unknown_instrument"),
        ({"account": "C-000001", "instrument": "BTC-PERP", "quantity": 0}, 422, "quantity"),
        ('{"account": "C-000001", "instrument": "BTC-PERP", "quantity": 1e999999999}', 422, "quantity"),
        ({"account": "nobody", "instrument": "BTC-PERP", "quantity": 1}, 404, "unknown_account"),
    ],
)
def test_orders_that_make_no_sense_are_refused_with_words(
    service: Client, body: object, status: int, words: str
) -> None:
    found, _, text = service.ask("/orders/check", body)
    assert found == status
    assert words in text


def test_other_host_names_are_refused(service: Client) -> None:
    assert service.ask("/state", Host="example.com")[0] == 400
    assert service.ask("/state", Host=f"localhost:{service.port}")[0] == 200


def test_it_listens_on_loopback_alone(service: Client) -> None:
    for address in {found[4][0] for found in socket.getaddrinfo(socket.gethostname(), None, socket.AF_INET)}:
        if not str(address).startswith("127."):
            with pytest.raises(OSError, match="refused"):
                socket.create_connection((str(address), service.port), timeout=WAIT).close()


def test_the_page_goes_on_by_itself(service: Client, book: dict[str, Any], tmp_path: Path) -> None:
    program = installed()
    if program is None:
        message = "no Chromium, so nobody looked at the page (Debian: apt-get install chromium)"
        if os.environ.get("CI") == "true":
            pytest.fail(message)
        pytest.skip(message)
    with Browser(program, tmp_path / "profile", WAIT) as browser:
        browser.open(f"http://127.0.0.1:{service.port}/")
        browser.wait("document.body && document.body.dataset.ticks >= 2 && document.querySelector('#closest tr')")
        first = json.loads(browser.evaluate(SHOWN))
        browser.wait(f"document.body.dataset.ticks >= {first['ticks'] + 4}")
        second = json.loads(browser.evaluate(SHOWN))
        if wanted := os.environ.get("PERPCORE_SCREENSHOT"):
            browser.screenshot(Path(wanted))
    assert second["tick"] >= first["tick"] + 4
    for shown in (first, second):
        moment = next(m for m in demo.moments() if m.time.isoformat() == shown["time"])
        assert present(shown["accounts"]) == truth(book, moment.marks()).counts()
        assert f"{moment.btc:,.2f}" in shown["prices"]
        assert len(shown["closest"]) == 10
        assert all(re.fullmatch(r"[CM]-\d{6}", account) for account in shown["closest"])
        assert f"{moment.time:%Y-%m-%d %H:%M} UTC" in shown["clock"]
    assert second["changes"] > 0


# All that the page shows, read at once.
SHOWN = """
JSON.stringify({
  tick: +document.body.dataset.tick, ticks: +document.body.dataset.ticks, time: document.body.dataset.time,
  accounts: Object.fromEntries([...document.querySelectorAll("#statuses li")].map(
    item => [item.dataset.status, +item.querySelector("b").textContent.replaceAll(",", "")])),
  prices: document.getElementById("prices").textContent, clock: document.getElementById("clock").textContent,
  closest: [...document.querySelectorAll("#closest a")].map(link => link.textContent),
  changes: document.querySelectorAll("#changes tr").length,
})
"""
