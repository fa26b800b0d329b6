"""Peers get as many threads as perpcore: one, unless a benchmark says otherwise."""

import os

os.environ.setdefault("POLARS_MAX_THREADS", "1")
