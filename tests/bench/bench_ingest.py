# SPDX-License-Identifier: GPL-3.0-or-later
"""CSV ingest of 1e7 numbers: our reader, pandas, numpy.loadtxt, a strtod loop and a bare newline scan, on the same bytes.
usage: bench_ingest.py INGEST-PROGRAM"""
import json
import os
import subprocess
import sys
import tempfile

import numpy as np

from race import race, ratio

try:
    import pandas
except ImportError:
    sys.exit("bench_ingest: pandas is missing; `./run bench` installs it")

NUMBERS = 10_000_000


def make(path, columns):
    """A time column and volumes in mL with three decimals, as devices export them."""
    rows = NUMBERS // columns
    rng = np.random.default_rng(1)
    time_s = np.arange(rows) / 100
    block = np.column_stack([time_s] + [np.round(100 + 40 * np.sin(time_s / 100 + c) + rng.normal(0, 1, rows), 3) for c in range(1, columns)])
    header = ["time (s)"] + [f"volume {c} (mL)" for c in range(1, columns)]
    pandas.DataFrame(block, columns=header).to_csv(path, index=False, float_format="%.3f")
    return block


def compete(ingest, path, columns):
    truth = make(path, columns)
    spent, frames = {}, {}

    def ours():
        spent.update(json.loads(subprocess.run([ingest, path], capture_output=True, check=True, text=True).stdout))
        return spent["read"] + spent["ours"]

    def with_pandas():
        frames["pandas"] = pandas.read_csv(path)

    def with_numpy():
        frames["numpy"] = np.loadtxt(path, delimiter=",", skiprows=1)

    # The answers first: the same number of values, equal to the last bit to what strtod makes of the text.
    ours(), with_pandas(), with_numpy()
    assert spent["n"] == spent["n_strtod"] == NUMBERS // columns * (columns - 1), spent
    assert spent["bits"] == spent["bits_strtod"], "our reader and strtod differ in some bit"
    assert np.array_equal(frames["numpy"], truth), "numpy read something else"
    assert np.allclose(frames["pandas"].to_numpy(), truth, rtol=1e-14, atol=0), "pandas read something else"
    median = race(f"CSV ingest, time + {columns - 1}: {NUMBERS} numbers, {os.path.getsize(path) / 1e6:.0f} MB in the page cache, file to doubles", {
        "pleth: read + parse": ours,
        "pleth: read + SHA-256, nothing parsed": lambda: spent["read_digest"],
        "pleth: parse alone, bytes in memory": lambda: spent["ours"],
        "strtod loop, bytes in memory": lambda: spent["strtod"],
        "newline scan (memchr), bytes in memory": lambda: spent["scan"],
        "read the bytes alone": lambda: spent["read"],
        "pandas.read_csv": with_pandas,
        "numpy.loadtxt": with_numpy}, 5)
    mine, parse = median["pleth: read + parse"], median["pleth: parse alone, bytes in memory"]
    ratio("pandas / pleth", median["pandas.read_csv"] / mine, 5)
    ratio("pleth parse / newline scan", parse / median["newline scan (memchr), bytes in memory"], 4, at_least=False)
    print(f"  -> numpy.loadtxt / pleth: {median['numpy.loadtxt'] / mine:.2f} x;"
          f" strtod loop / pleth parse: {median['strtod loop, bytes in memory'] / parse:.2f} x")
    print(f"  -> hashing apart: {(median['pleth: read + SHA-256, nothing parsed'] - median['read the bytes alone']) * 1e3:.1f} ms")


def main(ingest):
    with tempfile.TemporaryDirectory() as folder:
        # One channel with its time, the file that an air plethysmograph gives; and a wide one.
        for columns in (2, 10):
            compete(ingest, os.path.join(folder, "bench.csv"), columns)


if __name__ == "__main__":
    main(sys.argv[1])
