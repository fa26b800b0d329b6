"""The independent exact model of RULES §7: index, its states, mark, funding, impact and the price of `settle`.

As the rest of `tests.model`: no code shared with perpcore, integers of 10⁻⁸ and fractions of them, every rounding
once and by its name, loops spelled out. Times are whole nanoseconds.
"""

from .funding_stream import Funding, FundingRow
from .index_stream import IndexPrice, IndexRow
from .mark_stream import MarkPrice, MarkRow
from .rules import Contract, IndexRules, read_contract, read_index

__all__ = [
    "Contract",
    "Funding",
    "FundingRow",
    "IndexPrice",
    "IndexRow",
    "IndexRules",
    "MarkPrice",
    "MarkRow",
    "read_contract",
    "read_index",
]
