"""The independent model of a venue: naive, slow, and obviously what the documents say.

Matching, money, the gate, statuses and everything that is due by time, on plain dicts and lists. What an account is
worth is asked of `tests.model`, anew for everybody after every command. Integers of 10⁻⁸, κ at 10⁻¹⁶.
"""

from .rules import VenueRules, read_rules
from .venue import Venue

__all__ = ["Venue", "VenueRules", "read_rules"]
