"""One round of one library of Python: python contestant.py pandas|polars ROWS.csv DIMENSION.csv. Prints one line of JSON: milliseconds, and bytes."""

import json
import resource
import sys
import time

who, rows, dimension = sys.argv[1:4]
figures = {}


def timed(name, work):
    start = time.perf_counter()
    made = work()
    figures[name] = (time.perf_counter() - start) * 1000
    if name == "read":
        figures["peak"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    return made


if who == "pandas":
    import pandas as pd

    all_rows = timed("read", lambda: pd.read_csv(rows))
    right = pd.read_csv(dimension)
    timed("filter", lambda: all_rows[all_rows.x > 0.5])
    timed("sort", lambda: all_rows.sort_values("x", kind="stable"))
    timed("group", lambda: all_rows.groupby("g").agg({"x": "mean", "y": "sum"}))
    timed("join", lambda: all_rows.merge(right, on="g"))
    timed("describe", lambda: all_rows.describe())
else:
    import polars as pl

    all_rows = timed("read", lambda: pl.read_csv(rows))
    right = pl.read_csv(dimension)
    timed("filter", lambda: all_rows.filter(pl.col("x") > 0.5))
    timed("sort", lambda: all_rows.sort("x", maintain_order=True))
    timed("group", lambda: all_rows.group_by("g").agg(pl.col("x").mean(), pl.col("y").sum()).sort("g"))
    timed("join", lambda: all_rows.join(right, on="g", maintain_order="left"))
    timed("describe", lambda: all_rows.select("id", "g", "x", "y").describe())
print(json.dumps(figures))
