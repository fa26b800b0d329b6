"""pandas, float64: `groupby` on one integer key, then whole columns.

Rows are grouped by account and instrument at once; netted positions are few and grouped again by account. Columns
come from Arrow and go back without a copy.
"""
