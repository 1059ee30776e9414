"""Writes notebooks/data/digits.csv from scikit-learn's copy of the UCI digits.

    python3 -m venv /tmp/digits && /tmp/digits/bin/pip install scikit-learn==1.9.1
    /tmp/digits/bin/python notebooks/make/digits-csv.py

1,797 rows: `label` (0 to 9) and `p00` … `p77`, the 8 x 8 pixels by row and column, 0 (paper) to 16 (ink).
"""

import csv
from pathlib import Path

from sklearn.datasets import load_digits

digits = load_digits()
target = Path(__file__).parents[1] / "data" / "digits.csv"
with target.open("w", newline="") as file:
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(["label", *(f"p{row}{column}" for row in range(8) for column in range(8))])
    for label, pixels in zip(digits.target, digits.data.astype(int)):
        writer.writerow([int(label), *pixels.tolist()])
print(f"{len(digits.target)} digits written to {target}")
