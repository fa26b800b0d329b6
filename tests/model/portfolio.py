"""RULES §5: the components of a portfolio requirement and their total."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from . import margin
from .exposure import Exposure
from .grid import E16, ceil_div, half_even
from .portfolio_rules import Portfolio
from .scenarios import Scenario
from .tail import risk


@dataclass
class Components:
    """In grid units, each rounded up; `worst` attains the worst loss."""

    risk: int
    basis: int
    concentration: int
    minimum: int
    worst: str | None

    @property
    def total(self) -> int:
        """max(risk + basis + concentration, minimum)."""
        return max(self.charges, self.minimum)

    @property
    def charges(self) -> int:
        """risk + basis + concentration."""
        return self.risk + self.basis + self.concentration

    def lines(self) -> list[tuple[str, int]]:
        """(rule, amount); the minimum is the line that is missing to it."""
        return [
            ("portfolio.risk", self.risk),
            ("portfolio.basis", self.basis),
            ("portfolio.concentration", self.concentration),
            ("portfolio.minimum", self.total - self.charges),
        ]


def components(rules: Portfolio, table: Sequence[Scenario], exposures: Mapping[str, Exposure]) -> Components:
    """`portfolio.risk`, `.basis`, `.concentration` and `.minimum` of a bucket."""
    # V_u: half-even to g once
    values = {name: [half_even(side, E16) for side in of.values] for name, of in exposures.items()}
    loss, worst = risk(rules, table, values)
    basis = concentration = gross = 0
    for name, of in exposures.items():
        charges = rules.of(name)
        basis += of.gross * charges.basis
        # the larger of both sides; the book as it is lies between them
        concentration += margin.marginal(max(abs(net) for net in of.nets), charges.concentration, 0)
        gross += of.gross
    minimum = gross * rules.minimum
    return Components(loss, ceil_div(basis, E16), ceil_div(concentration, E16), ceil_div(minimum, E16), worst)
