"""A risk service around one `perpcore.Monitor`: a feed of prices, a live page, metrics, order checks.

    python examples/risk_service.py --port 8000

The accounts are synthetic, the prices those of 12–13 March 2020: the recorded minutes where $PERPCORE_DATA or
../shared/data has them, else the few that the package ships. It listens on 127.0.0.1 and knows no users: whoever lets
others reach it puts a proxy with TLS and a login before it. Needs `pip install 'perpcore[service]'`.
"""

import argparse
import asyncio
import json
import logging
import socket
from collections import Counter, deque
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from itertools import cycle
from pathlib import Path
from time import monotonic, time
from typing import Any, TypeVar

import uvicorn
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Histogram, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import FileResponse, PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route

import perpcore as pc
from perpcore import demo

PAGE = Path(__file__).with_suffix(".html")
KEPT = 256  # ticks that a reader of /events may be behind
STALE = 0.5  # seconds that the list of the closest accounts may be old
BUCKETS = (25e-6, 1e-4, 4e-4, 1.6e-3, 6.4e-3, 25e-3, 0.1, 0.4)  # seconds
T = TypeVar("T")


@dataclass(frozen=True)
class State:
    """What is known after a tick. It is replaced as a whole, so whoever reads it sees one tick and not two halves."""

    tick: int
    time: str  # of the recorded price
    received: float  # seconds since 1970
    prices: dict[str, str]
    accounts: Counter[str]  # by the status of their cross account
    isolated: Counter[str]  # isolated positions by status; how many are healthy no change tells


class Service(Collector):
    """The book, and what is answered from it. The event loop never waits for the book: every call that needs it goes
    through a thread, since a tick may have to look at every account."""

    def __init__(self, accounts: int, seed: int, moments: list[demo.Moment]) -> None:
        rules = pc.Rulebook.preset("hk-vatp-perp")
        self.monitor, self.moments = pc.Monitor(rules), moments
        # What is not there counts as healthy, so the first update names everybody who is not.
        changes = self.monitor.update(**pc.synth.book(accounts, seed, rules=rules, prices=moments[0].marks()))
        self.state = State(0, "", 0, {}, Counter(healthy=self.monitor.counters()["accounts"]), Counter())
        self.state, event = self.after(moments[0], changes.to_pylist())
        self.recent = deque([(self.state.tick, event)], maxlen=KEPT)
        self.ticked, self.looking = asyncio.Condition(), asyncio.Lock()
        self.near, self.looked = list[dict[str, Any]](), -STALE
        self.refused = 0
        self.registry = CollectorRegistry()
        self.seconds = Histogram("risk_tick_seconds", "Time of a reprice.", buckets=BUCKETS, registry=self.registry)
        self.registry.register(self)

    def after(self, moment: demo.Moment, changes: list[dict[str, Any]]) -> tuple[State, str]:
        """The state after a tick, and the tick as an event. The counts go on from where they were: a tick costs what it
        changed."""
        counts = {True: self.state.accounts.copy(), False: self.state.isolated.copy()}
        for change in changes:
            counts[change["instrument"] is None].update({change["before"]: -1, change["after"]: 1})
        del counts[False]["healthy"]
        state = State(self.state.tick + 1, moment.time.isoformat(), time(), moment.marks(), counts[True], counts[False])
        return state, f"id: {state.tick}\nevent: tick\ndata: {text({**vars(state), 'changes': changes})}\n\n"

    def step(self, moment: demo.Moment) -> tuple[State, str]:
        """One tick, in a thread."""
        with self.seconds.time():
            changes = self.monitor.reprice(moment.marks())
        return self.after(moment, changes.to_pylist())

    async def feed(self, pause: float) -> None:
        """Replays the prices, over and over."""
        for moment in cycle(self.moments[1:] + self.moments[:1]):
            await asyncio.sleep(pause)
            try:
                self.state, event = await asyncio.to_thread(self.step, moment)
            except pc.errors.PerpcoreError:  # a refused tick has changed nothing, so the last figures stand
                self.refused += 1
                logging.exception("the tick of %s was refused", moment.time)
                continue
            self.recent.append((self.state.tick, event))
            async with self.ticked:
                self.ticked.notify_all()

    async def events(self, seen: int) -> AsyncIterator[str]:
        """Ticks after `seen`. Who is too far behind goes on with what is kept, and sees that numbers are missing."""
        while True:
            async with self.ticked:
                while self.state.tick <= seen:
                    await self.ticked.wait()
            for tick, event in [kept for kept in self.recent if kept[0] > seen]:
                yield event
                seen = tick

    def closest(self) -> list[dict[str, Any]]:
        """The accounts nearest to liquidation of those not yet there: this values the whole book."""
        near = demo.closest(pc.assess(self.monitor.rules, **self.monitor.snapshot()))
        found: list[dict[str, Any]] = near.select(["account", "status", "equity", "margin_ratio"]).to_pylist()
        return found

    def collect(self) -> Iterator[Metric]:
        """The metrics that are read off when Prometheus asks."""
        state, counters = self.state, self.monitor.counters()
        for name, counts in (("accounts", state.accounts), ("isolated", state.isolated)):
            gauge = GaugeMetricFamily(f"risk_{name}", f"{name} by status", labels=["status"])
            for status, count in counts.items():
                gauge.add_metric([status], count)
            yield gauge
        yield GaugeMetricFamily("risk_last_tick_timestamp_seconds", "When prices last came.", state.received)
        yield CounterMetricFamily("risk_ticks", "Ticks that were made.", state.tick)
        yield CounterMetricFamily("risk_ticks_refused", "Ticks that were refused.", self.refused)
        for name in ("visits", "sweeps", "changes"):
            yield CounterMetricFamily(f"risk_{name}", f"{name} of the monitor", counters[name])

    async def get_page(self, _: Request) -> Response:
        """GET /: the page."""
        return FileResponse(PAGE)

    async def get_state(self, _: Request) -> Response:
        """GET /state: the last tick, and the accounts closest to liquidation, at most STALE older."""
        async with self.looking:  # all who ask meanwhile are answered by one look
            if monotonic() - self.looked >= STALE:
                self.near, self.looked = await asyncio.to_thread(self.closest), monotonic()
        return Response(text({**vars(self.state), "closest": self.near}), media_type="application/json")

    async def get_events(self, request: Request) -> Response:
        """GET /events: every tick with its changes, as server-sent events; after an interruption from the last seen."""
        last, now = request.headers.get("last-event-id", ""), self.state.tick
        seen = min(int(last), now) if last.isdecimal() else now
        return StreamingResponse(self.events(seen), media_type="text/event-stream")

    async def get_account(self, request: Request) -> Response:
        """GET /accounts/{id}: the figures of an account, line by line."""
        page = await asked(lambda: f"{self.monitor.explain(request.path_params['account'])}\n")
        return PlainTextResponse(page)

    async def post_order(self, request: Request) -> Response:
        """POST /orders/check with {account, instrument, quantity, price?, reduce_only?}: nothing is reserved."""
        try:
            order = json.loads(await request.body(), parse_float=str)  # text keeps its digits
        except ValueError as error:
            raise HTTPException(400, f"the body is not JSON: {error}") from error
        if not isinstance(order, dict):
            raise HTTPException(400, "the body is a JSON object")
        answer = await asked(lambda: self.monitor.check_order(**order))
        names = ("accepted", "code", "initial_margin_after", "opening_equity")
        return Response(text({name: getattr(answer, name) for name in names}), media_type="application/json")

    async def get_metrics(self, _: Request) -> Response:
        """GET /metrics, for Prometheus."""
        return Response(generate_latest(self.registry), media_type=CONTENT_TYPE_LATEST)

    def app(self) -> Starlette:
        """The routes. Other host names are refused, so no page of another site can read here by renaming itself."""
        routes = [
            Route("/", self.get_page),
            Route("/state", self.get_state),
            Route("/events", self.get_events),
            Route("/metrics", self.get_metrics),
            Route("/accounts/{account}", self.get_account),
            Route("/orders/check", self.post_order, methods=["POST"]),
        ]
        return Starlette(routes=routes, middleware=[Middleware(TrustedHostMiddleware, ["127.0.0.1", "localhost"])])


def text(value: object) -> str:
    """As JSON. Amounts become text: JavaScript would read a number as a float."""
    return json.dumps(value, default=str)


async def asked(question: Callable[[], T]) -> T:
    """What the book answers, or the HTTP status for what is wrong with the question."""
    try:
        return await asyncio.to_thread(question)
    except pc.errors.StateError as error:
        raise HTTPException(404 if error.code == "unknown_account" else 503, str(error)) from error
    except (TypeError, ValueError) as error:  # SchemaError and InputError are among them
        raise HTTPException(422, str(error)) from error


async def serve(service: Service, listener: socket.socket, pause: float) -> None:
    """Until Ctrl-C. A feed that fails ends the service: better no page than one that stands still."""
    server = uvicorn.Server(uvicorn.Config(service.app(), log_level="warning", timeout_graceful_shutdown=1))
    async with asyncio.TaskGroup() as group:
        feed = group.create_task(service.feed(pause))
        await server.serve([listener])
        feed.cancel()


def main() -> None:
    """Reads the options, builds the book, serves it."""
    parser = argparse.ArgumentParser(description="A live risk page over a synthetic book, on 127.0.0.1.")
    parser.add_argument("--port", type=int, default=8000, help="0: any that is free")
    parser.add_argument("--accounts", type=int, default=25_000)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--pause", type=float, default=0.25, help="seconds from tick to tick")
    options = parser.parse_args()
    shipped = demo.moments()
    low = min(shipped, key=lambda moment: moment.btc).time
    moments = demo.minutes(low - timedelta(hours=6), low + timedelta(hours=6)) or shipped
    listener = socket.create_server(("127.0.0.1", options.port))
    service = Service(options.accounts, options.seed, moments)
    print(f"http://127.0.0.1:{listener.getsockname()[1]}/", flush=True)
    with suppress(KeyboardInterrupt):
        asyncio.run(serve(service, listener, options.pause))


if __name__ == "__main__":
    main()
