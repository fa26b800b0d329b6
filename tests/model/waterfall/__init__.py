"""RULES §10 and its neighbours as pure functions over exact integers: plan, fee, backstop, fund, ADL, last resort."""
