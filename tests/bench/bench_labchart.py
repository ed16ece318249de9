# SPDX-License-Identifier: GPL-3.0-or-later
"""A LabChart text export of an hour at 1 kHz, time and two channels, a comment now and then: our reader (blocks, units, clock and comments),
pandas' fastest parser on the rows alone, and a plain read of the file.   usage: bench_labchart.py READ-ALL-PROGRAM"""
import os
import subprocess
import sys
import tempfile

import numpy as np

from race import race, ratio

try:
    import pandas
except ImportError:
    sys.exit("bench_labchart: pandas is missing; `./run bench` installs it")

ROWS = 3_600_000
HEAD = ("Interval=\t0.001 s\r\nExcelDateTime=\t4.5353416667000001e+04\t02/03/2024 10:00:00.000000\r\nTimeFormat=\tStartOfBlock\r\n"
        "ChannelTitle=\tAPG L calf\tCuff\r\nRange=\t10.000 V\t2.000 V\r\nUnitName=\tmL\tmmHg\r\n")

with tempfile.TemporaryDirectory() as folder:
    path = os.path.join(folder, "leg.txt")
    noise = np.random.default_rng(1).normal(0, 1, ROWS)
    table = pandas.DataFrame({"t": np.arange(ROWS) / 1000, "v": 100 + noise, "p": 6 + noise / 50}).round(5)
    body = table.to_csv(sep="\t", header=False, index=False, lineterminator="\r\n").splitlines(keepends=True)
    for i in range(0, ROWS, 100_000):
        body[i] = body[i].rstrip("\r\n") + "\t#* mark\r\n"
    with open(path, "w", encoding="ascii", newline="") as file:
        file.write(HEAD + "".join(body))
    skipped = HEAD.count("\n")

    def plain():
        with open(path, "rb", buffering=0) as file:
            while file.read(1 << 18):
                pass

    median = race(f"LabChart text, {ROWS} rows, {os.path.getsize(path) / 1e6:.0f} MB", {
        "our reader (a process)": lambda: subprocess.run([sys.argv[1], path], check=True).returncode,
        "pandas, C parser, rows alone": lambda: pandas.read_csv(path, sep="\t", header=None, skiprows=skipped, names=list("tvpc"), usecols=list("tvp"),
                                                                engine="c").shape[0],
        "plain read": plain}, 5)
ours, theirs, bytes_alone = median.values()
ratio("pandas' time over ours", theirs / ours, 2)
print(f"  -> ours over a plain read: {ours / bytes_alone:.1f} x")
