# SPDX-License-Identifier: GPL-3.0-or-later
"""A whole analysis of a 700 s, 100 Hz recording: `pleth analyze` as a process against the SciPy script as a process and in-process.
The process race includes the interpreter's start (told apart below): it is the price of a script, not of its arithmetic."""
import json
import os
import pathlib
import subprocess
import sys
import tempfile

import apg_scipy
from race import race, ratio

pleth = os.environ["PLETH"]
script = str(pathlib.Path(__file__).with_name("apg_scipy.py"))

with tempfile.TemporaryDirectory() as folder:
    path = os.path.join(folder, "leg.csv")
    subprocess.run([pleth, "simulate", "apg.stand", "-o", path, "--seed", "7", "--set", "sim.apg.stand.rate_hz=100"], check=True, stdout=subprocess.DEVNULL)
    info = json.loads(subprocess.run([pleth, "info", "--json", path], check=True, capture_output=True, text=True).stdout)
    print(f"recording: {info['duration_s']:.0f} s, {[c['rate_hz'] for c in info['channels']]} Hz, {os.path.getsize(path) / 1e6:.2f} MB")
    ours_out, theirs_out = os.path.join(folder, "ours.h5"), os.path.join(folder, "theirs.h5")
    analyze = [pleth, "analyze", path, "-o", ours_out]

    # The answers first: both must see the same leg, as far as a script without artefact handling can (its RVF holds the muscle's bulge).
    report = json.loads(subprocess.run(analyze + ["--json"], check=True, capture_output=True, text=True).stdout)
    mine = {m["id"]: m["value"] for m in report["tests"][0]["measures"]}
    theirs = apg_scipy.analyze(path, theirs_out)
    for name, within in (("VV", 0.05 * mine["VV"]), ("VFI", 0.15 * mine["VFI"]), ("EF", 8.0), ("RVF", 8.0)):
        print(f"  {name:<4} pleth {mine[name]:8.3f}   script {theirs[name]:8.3f}")
        assert abs(mine[name] - theirs[name]) < within, f"{name}: the two do not measure the same thing"

    def process(command):
        return lambda: subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stdin=subprocess.DEVNULL).returncode

    median = race("CSV to HDF5 report, 700 s at 100 Hz", {
        "pleth analyze, process": process(analyze),
        "SciPy script, process": process([sys.executable, script, path, theirs_out]),
        "SciPy script, in-process": lambda: apg_scipy.analyze(path, theirs_out) is None,
        "interpreter and imports alone, process": process([sys.executable, "-c", "import h5py, numpy, scipy.optimize, scipy.signal"]),
        "pleth --version, process": process([pleth, "--version"])}, 9)
ours = median["pleth analyze, process"]
ratio("script as a process / pleth", median["SciPy script, process"] / ours, 50)
ratio("script in-process / pleth", median["SciPy script, in-process"] / ours, 4)
