"""RULES §7 `index.state`: live, thin, protected, frozen, halted; and `settle.price`, which reads what was accepted."""

from __future__ import annotations

from ..grid import GRID
from .rules import HOUR, IndexRules


class Market:
    """One market. `time_passes` precedes every sample and every command."""

    def __init__(self, rules: IndexRules, state: str = "frozen") -> None:
        self.rules = rules
        self.state = state
        self.since: int | None = None
        self.held: int | None = None
        self.window: list[tuple[int, int]] = []  # (time, value) accepted: live or thin
        self.run: list[tuple[int, int, int]] = []  # (time, value, groups) of the last samples of at least two groups
        self.latest: int | None = None  # while halted: the value of the latest sample, if that was in quorum
        self.in_quorum: list[tuple[int, int]] = []  # (time, value) accepted while live

    def enter(self, state: str, since: int) -> None:
        """Every change of state passes here."""
        self.state = state
        self.since = since
        if state == "halted":
            self.latest = None

    def time_passes(self, now: int) -> None:
        """Protected for long is frozen, frozen for longer is halted; both may happen at once."""
        if self.since is None:
            self.since = now
        if self.state == "protected" and now - self.since >= self.rules.protected_for:
            self.enter("frozen", self.since + self.rules.protected_for)
        if self.state == "frozen" and now - self.since > self.rules.halt_after:
            self.enter("halted", self.since + self.rules.halt_after)

    def sample(self, now: int, value: int | None, groups: int, quoted: bool = True) -> None:
        """What a sample of so many groups does. Without a quote of a source that counts it can only take away."""
        quorum = value is not None and groups >= self.rules.min_sources
        if not quoted and self.state in ("protected", "frozen", "halted"):
            if quorum:
                return
            self.run = []
        if self.state == "halted":
            self.latest = value if quorum else None
        elif groups < 2 or value is None:
            self.run = []
            if self.state != "frozen":
                self.enter("frozen", now)
        elif self.state in ("live", "thin"):
            self.priced_sample(now, value, groups)
        elif quoted:
            self.unpriced_sample(now, value, groups)

    def priced_sample(self, now: int, value: int, groups: int) -> None:
        """While live or thin: accepted, or held back as a jump."""
        if self.jumps(now, value):
            self.enter("protected", now)
            self.run = [(now, value, groups)]
            return
        self.window.append((now, value))
        self.accept(now, value, "live" if groups >= self.rules.min_sources else "thin")

    def unpriced_sample(self, now: int, value: int, groups: int) -> None:
        """While protected or frozen: out after so many samples that agree."""
        count = self.rules.agree_samples
        # of one moment only the last word counts
        before = [sample for sample in self.run if sample[0] < now]
        self.run = [*before, (now, value, groups)][-count:]
        values = [value for _, value, _ in self.run]
        agree = len(values) == count and max(values) * GRID <= (GRID + self.rules.max_jump) * min(values)
        quorum = all(groups >= self.rules.min_sources for _, _, groups in self.run)
        if agree and (quorum or self.state == "frozen"):
            self.window = [(now, value)]
            self.accept(now, value, "live" if quorum else "thin")

    def accept(self, now: int, value: int, state: str) -> None:
        """The value becomes that of the market."""
        if state != self.state:
            self.enter(state, now)
        self.held = value
        self.run = []
        if state == "live":
            self.in_quorum.append((now, value))

    def jumps(self, now: int, value: int) -> bool:
        """More than max_jump from any value accepted within the window, its beginning included."""
        for time, accepted in self.window:
            if time >= now - self.rules.jump_window and abs(value - accepted) * GRID > self.rules.max_jump * accepted:
                return True
        return False

    def halt(self, now: int) -> None:
        """By command, from any state. A market that is halted stays so; its quorum must be fresh again."""
        self.enter("halted", now)

    def resume(self, now: int) -> bool:
        """Only out of halted, and only on a quorum that was seen since."""
        if self.state != "halted" or self.latest is None:
            return False
        value = self.latest
        self.window = [(now, value)]
        self.accept(now, value, "live")
        return True

    def restart(self, now: int) -> None:
        """Frozen since now; halted stays halted. The value is kept, the samples are not."""
        self.enter("halted" if self.state == "halted" else "frozen", now)
        self.run = []
        self.window = []

    def settle_price(self, now: int, price: int | None = None, approval: bool = False) -> int | None:
        """The last in-quorum value; another needs approval and lies within those of the last hour. None: refused."""
        last = self.in_quorum[-1][1] if self.in_quorum else None
        if price is None or price == last:
            return last
        hour = [value for time, value in self.in_quorum if now - HOUR <= time <= now]
        if approval and hour and min(hour) <= price <= max(hour):
            return price
        return None
