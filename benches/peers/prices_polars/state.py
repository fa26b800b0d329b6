"""`index.state`."""

from __future__ import annotations

from collections import deque

from ...tape import Terms

LIVE, THIN, PROTECTED, FROZEN, HALTED = range(5)
# What is as far as a limit is not beyond it, whatever the last bit of a float64.
EXACTLY = 1 + 1e-12


class State:
    """`index.state`, a sample after the other."""

    def __init__(self, terms: Terms) -> None:
        self._terms = terms
        self.code = FROZEN
        self.held: float | None = None
        self._since: int | None = None
        self._accepted: tuple[int, float] | None = None
        self._run: deque[tuple[float, int]] = deque(maxlen=terms.agree_samples)

    def accept(self, now: int, value: float, sampled: bool = True) -> None:
        self.held = value
        self._accepted = (now, value) if sampled else None

    def advance(self, now: int) -> None:
        if self._since is None:
            self._since = now
        if self.code == PROTECTED and now - self._since >= self._terms.protected_for:
            self._enter(FROZEN, self._since + self._terms.protected_for)
        if self.code == FROZEN and now - self._since > self._terms.halt_after:
            self._enter(HALTED, self._since + self._terms.halt_after)

    def sample(self, now: int, value: float, groups: int, quoted: bool) -> None:
        terms = self._terms
        if self.code == HALTED or (not quoted and self.code > THIN and groups >= terms.min_sources):
            return
        if groups < 2:
            self._run.clear()
            if self.code != FROZEN:
                self._enter(FROZEN, now)
        elif self.code <= THIN:
            if self._accepted is not None and self._accepted[0] >= now - 1:
                before = self._accepted[1]
                if abs(value - before) > terms.max_jump * before * EXACTLY:
                    self._run.clear()
                    self._run.append((value, groups))
                    self._enter(PROTECTED, now)
                    return
            self._enter(LIVE if groups >= terms.min_sources else THIN, now)
            self.accept(now, value)
        else:
            self._run.append((value, groups))
            values = [each for each, _ in self._run]
            if len(values) < terms.agree_samples or max(values) > (1 + terms.max_jump) * min(values) * EXACTLY:
                return
            quorum = all(each >= terms.min_sources for _, each in self._run)
            if quorum or self.code == FROZEN:
                self._run.clear()
                self._enter(LIVE if quorum else THIN, now)
                self.accept(now, value)

    def _enter(self, code: int, since: int) -> None:
        self.code, self._since = code, since
