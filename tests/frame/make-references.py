"""Writes references.json: what pandas makes of generated frames, for the tests beside it.

    python3 -m venv /tmp/peers && /tmp/peers/bin/pip install numpy pandas
    /tmp/peers/bin/python tests/frame/make-references.py
"""

import json
import math
from pathlib import Path

import numpy as np
import pandas as pd

FRAMES = 200
random = np.random.default_rng(11)


def maybe(value, share):
    return None if random.random() < share else value


def generated(rows: int) -> dict:
    share = random.choice([0, 0.2, 0.6])
    words = ["ant", "Bee", "", "cow's", 'do"g', "éléphant", "fox;\t", "x" * 40]
    return {
        "k": [maybe(int(random.integers(0, 4)), share / 2) for _ in range(rows)],
        "i": [maybe(int(random.integers(-5, 6)) * int(random.choice([1, 1000003])), share) for _ in range(rows)],
        "x": [maybe(float(random.integers(-40, 41)) / 8, share) for _ in range(rows)],
        "t": [maybe(str(random.choice(words)), share) for _ in range(rows)],
        "d": [maybe(f"{2019 + int(random.integers(0, 3))}-{int(random.integers(1, 13)):02}-{int(random.integers(1, 29)):02}", share) for _ in range(rows)],
        "b": [bool(random.integers(0, 2)) for _ in range(rows)],
    }


def pandas_of(columns: dict) -> pd.DataFrame:
    return pd.DataFrame({
        "k": pd.array(columns["k"], dtype="Float64").astype("float64"),
        "i": pd.array(columns["i"], dtype="Float64").astype("float64"),
        "x": pd.Series(columns["x"], dtype="float64"),
        "t": pd.Series(columns["t"], dtype="object"),
        "d": pd.to_datetime(pd.Series(columns["d"], dtype="object")),
        "b": pd.Series(columns["b"], dtype="bool"),
    })


def plain(value):
    if value is None or value is pd.NaT or value is pd.NA:
        return None
    if isinstance(value, pd.Timestamp):
        return value.strftime("%Y-%m-%d")
    if isinstance(value, (bool, np.bool_)):
        return bool(value)
    if isinstance(value, (int, float, np.integer, np.floating)):
        return None if math.isnan(value) else float(value)
    return str(value)


def rows_of(frame: pd.DataFrame) -> list:
    return [[plain(value) for value in row] for row in frame.astype(object).itertuples(index=False, name=None)]


def verbs(a: pd.DataFrame, b: pd.DataFrame) -> dict:
    numbers = a[["i", "x"]]
    right = b[["k", "x"]]
    by_t = a.groupby("t")
    result = {
        "tail": a.tail(2),
        "filter": a[(a.x > 0) & (a.i <= 3)],
        "sort by x, falling": a.sort_values("x", ascending=False, kind="stable"),
        "sort by t and k": a.sort_values(["t", "k"], ascending=[True, False], kind="stable"),
        "sort by d, missing first": a.sort_values("d", kind="stable", na_position="first"),
        "dropNa": a.dropna(),
        "dropNa of t": a.dropna(subset=["t"]),
        "fillNa": a.fillna({"x": 7.5, "t": "none"})[["x", "t"]],
        "dropDuplicates of t": a.drop_duplicates(subset=["t"]),
        "dropDuplicates": a[["k", "b"]].drop_duplicates(),
        "groupby agg": by_t.agg(sum=("x", "sum"), mean=("x", "mean"), count=("x", "count"), min=("x", "min"), max=("x", "max"), std=("x", "std"), median=("x", "median"), nunique=("i", "nunique"), first=("i", "first"), last=("i", "last"), day=("d", "max")).reset_index(),
        "groupby two, size": a.groupby(["k", "b"]).size().reset_index(),
        "merge inner": a[["k", "t"]].merge(right, on="k", how="inner"),
        "merge left": a[["k", "x"]].merge(right, on="k", how="left"),
        "merge right": a[["k", "x"]].merge(right, on="k", how="right"),
        "concat": pd.concat([a[["k", "t"]], b[["k", "x"]]]),
        "melt": a.melt(id_vars=["t"], value_vars=["i", "x"]),
        "shift by k": pd.DataFrame({"v": a.dropna(subset=["k"]).groupby("k").x.shift(1)}),
        "cumSum": pd.DataFrame({"v": a.x.fillna(0).cumsum()}),
        "rank": pd.DataFrame({"v": a.dropna(subset=["x"]).x.rank(method="min")}),
        "cut": pd.DataFrame({"v": pd.cut(a.x, [-5, 0, 2, 5], labels=["low", "middle", "high"]).astype(object)}),
        "text": pd.DataFrame({"u": a.t.map(lambda t: t.upper(), na_action="ignore"), "n": a.t.map(len, na_action="ignore"), "c": a.t.map(lambda t: "o" in t, na_action="ignore")}),
        "dates": pd.DataFrame({"y": a.d.dt.year, "m": a.d.dt.month, "w": a.d.dt.weekday + 1, "q": a.d.dt.quarter, "first": a.d.dt.to_period("M").dt.to_timestamp()}),
        "nunique": pd.DataFrame([a.nunique()]),
        "quantile": pd.DataFrame([numbers.quantile(0.3)]) if len(a) else pd.DataFrame([[None, None]]),
        "describe": numbers.describe(),
        "corr": numbers.corr(),
    }
    present = a.dropna(subset=["k", "x"])
    if len(present):
        result["pivot"] = present.pivot_table(index="k", columns="b", values="x", aggfunc="mean").reset_index()
    return {name: rows_of(frame) for name, frame in result.items()}


cases = []
for index in range(FRAMES):
    left = generated(0 if index == 0 else int(random.integers(1, 9)))
    right = generated(int(random.integers(0, 5)))
    cases.append({"left": left, "right": right, "verbs": verbs(pandas_of(left), pandas_of(right))})

Path(__file__).with_name("references.json").write_text("[\n" + ",\n".join(json.dumps(case, ensure_ascii=False, separators=(",", ":")) for case in cases) + "\n]\n")
