# SPDX-License-Identifier: GPL-3.0-or-later
"""CSV ingest of 1e7 numbers: our reader, pandas, numpy.loadtxt, a strtod loop and a bare newline scan, on the same bytes. The race that the
goals are set for is one column of "%.5f"; a second one, apart, is time and one channel, which also has to make a clock of the time column.
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


def volume(rows, decimals):
    t = np.arange(rows) / 100
    return t, np.round(100 + 40 * np.sin(t / 100) + np.random.default_rng(1).normal(0, 1, rows), decimals)


def make(path, columns):
    """One column of volumes in mL with five decimals, or time and volume with three, as devices export them."""
    t, x = volume(NUMBERS // columns, 5 if columns == 1 else 3)
    if columns == 1:
        block, header, text = x[:, None], "volume (mL)", "%.5f"
    else:
        block, header, text = np.column_stack([t, x]), "time (s),volume (mL)", "%.3f"
    pandas.DataFrame(block, columns=header.split(",")).to_csv(path, index=False, float_format=text)
    return block


def compete(ingest, path, columns):
    truth = make(path, columns)
    spent, frames = {}, {}
    command = [ingest, path] + (["csv.rate_hz", "100"] if columns == 1 else [])

    def ours():
        spent.update(json.loads(subprocess.run(command, capture_output=True, check=True, text=True).stdout))
        return spent["read"] + spent["ours"]

    def with_pandas():
        frames["pandas"] = pandas.read_csv(path)

    def exact_pandas():
        frames["exact"] = pandas.read_csv(path, float_precision="round_trip")

    def with_numpy():
        frames["numpy"] = np.loadtxt(path, delimiter=",", skiprows=1, ndmin=2)

    # The answers first: the same number of values, equal to the last bit to what strtod makes of the text.
    ours(), with_pandas(), exact_pandas(), with_numpy()
    assert spent["n"] == spent["n_strtod"] == NUMBERS // columns, spent
    assert spent["bits"] == spent["bits_strtod"], "our reader and strtod differ in some bit"
    assert spent["bits"] == int(truth[:, -1].copy().view(np.uint64).sum(dtype=np.uint64)), "our reader read something else"
    assert np.array_equal(frames["numpy"], truth), "numpy read something else"
    assert np.array_equal(frames["exact"].to_numpy(), truth), "pandas (round_trip) read something else"
    quick = frames["pandas"].to_numpy()
    assert np.allclose(quick, truth, rtol=1e-14, atol=0), "pandas read something else"
    what = "one column" if columns == 1 else "time + 1 column"
    print(f"\noutputs compared: ours, strtod, numpy and pandas round_trip equal to the last bit;"
          f" pandas as it comes differs in {np.count_nonzero(quick != truth)} of {truth.size} numbers")
    frames.clear()
    del quick
    median = race(f"CSV ingest, {what}: {NUMBERS} numbers, {os.path.getsize(path) / 1e6:.0f} MB in the page cache, file to doubles", {
        "pleth: read + parse": ours,
        "pleth: parse alone, bytes in memory": lambda: spent["ours"],
        "newline scan (memchr), bytes in memory": lambda: spent["scan"],
        "strtod loop, bytes in memory": lambda: spent["strtod"],
        "read the bytes alone": lambda: spent["read"],
        "read + SHA-256, nothing parsed": lambda: spent["read_digest"],
        "pandas.read_csv": with_pandas,
        "pandas.read_csv, round_trip (exact, as ours)": exact_pandas,
        "numpy.loadtxt": with_numpy}, 5)
    mine, parse = median["pleth: read + parse"], median["pleth: parse alone, bytes in memory"]
    ratio("pandas / pleth", median["pandas.read_csv"] / mine, 5)
    ratio("pleth parse / newline scan", parse / median["newline scan (memchr), bytes in memory"], 4, at_least=False)
    print(f"  -> pandas round_trip / pleth: {median['pandas.read_csv, round_trip (exact, as ours)'] / mine:.2f} x;"
          f" numpy.loadtxt / pleth: {median['numpy.loadtxt'] / mine:.2f} x;"
          f" strtod loop / pleth parse: {median['strtod loop, bytes in memory'] / parse:.2f} x")
    print(f"  -> hashing apart: {(median['read + SHA-256, nothing parsed'] - median['read the bytes alone']) * 1e3:.1f} ms")


def main(ingest):
    with tempfile.TemporaryDirectory() as folder:
        for columns in (1, 2):
            compete(ingest, os.path.join(folder, "bench.csv"), columns)


if __name__ == "__main__":
    main(sys.argv[1])
