# SPDX-License-Identifier: GPL-3.0-or-later
"""A whole analysis of a 700 s, 100 Hz recording: `pleth analyze` as a process against the SciPy script as a process and in-process.
The script (apg_scipy.py) does the same work: digest, side-car, spikes, drift, noise model, every measure with its interval, landmarks, flags,
JSON and the whole report, which both sync to the disk before it gets its name. Beside it runs the plain script (apg_scipy_plain.py), which
does a fraction of that: no drift, no artefacts, no intervals, eleven numbers instead of a report. The process race includes the
interpreter's start (told apart below): it is the price of a script, not of its arithmetic. The share of syncing is told by a run into memory
(/dev/shm)."""
import contextlib
import json
import os
import pathlib
import subprocess
import sys
import tempfile

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # before NumPy is loaded: matrices are small, threads only spin
import apg_scipy
import apg_scipy_plain
from race import processor_ms, race, ratio

IMPORTS = "h5py, numpy, scipy.interpolate, scipy.linalg, scipy.ndimage, scipy.optimize, scipy.signal"
pleth = os.environ["PLETH"]
script = str(pathlib.Path(__file__).with_name("apg_scipy.py"))

with contextlib.ExitStack() as stack:
    folder = stack.enter_context(tempfile.TemporaryDirectory())
    path, truth_path = os.path.join(folder, "leg.csv"), os.path.join(folder, "truth.json")
    subprocess.run([pleth, "simulate", "apg.stand", "-o", path, "--truth", truth_path, "--seed", "7", "--set", "sim.apg.stand.rate_hz=100"],
                   check=True, stdout=subprocess.DEVNULL)
    info = json.loads(subprocess.run([pleth, "info", "--json", path], check=True, capture_output=True, text=True).stdout)
    print(f"recording: {info['duration_s']:.0f} s, {[c['rate_hz'] for c in info['channels']]} Hz, {os.path.getsize(path) / 1e6:.2f} MB")
    ours_out, theirs_out = os.path.join(folder, "ours.h5"), os.path.join(folder, "theirs.h5")
    analyze = [pleth, "analyze", path, "-o", ours_out]

    # The answers first: both must find the truth of the simulator, within the limits that the program is held to.
    report = json.loads(subprocess.run(analyze + ["--json"], check=True, capture_output=True, text=True).stdout)
    mine = {m["id"]: m["value"] for m in report["tests"][0]["measures"]}
    truth = json.load(open(truth_path, encoding="utf-8"))["values"]
    theirs = {m["id"]: m["value"] for m in apg_scipy.analyze(path, theirs_out)["tests"][0]["measures"]}
    assert list(theirs) == list(mine), "the script does not give the same measures"
    for name, within in (("VV", 0.02 * truth["VV"]), ("VFI", 0.04 * truth["VFI"]), ("EF", 2.0), ("RVF", 2.0)):
        print(f"  {name:<4} truth {truth[name]:8.3f}   pleth {mine[name]:8.3f}   script {theirs[name]:8.3f}   limit {within:.3f}")
        assert abs(mine[name] - truth[name]) < within, f"{name}: pleth misses the truth"
        assert abs(theirs[name] - truth[name]) < within, f"{name}: the script misses the truth"

    def process(command):
        return lambda: subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stdin=subprocess.DEVNULL).returncode

    runners = {
        "pleth analyze, process": process(analyze),
        "SciPy script, process": process([sys.executable, script, path, theirs_out]),
        "SciPy script, in-process": lambda: apg_scipy.analyze(path, theirs_out) is None,
        "plain script, in-process": lambda: apg_scipy_plain.analyze(path, theirs_out) is None,
        "interpreter and imports alone, process": process([sys.executable, "-c", f"import {IMPORTS}"]),
        "pleth --version, process": process([pleth, "--version"]),
        "pleth info (read, nothing analysed)": process([pleth, "info", path])}
    unsynced = "pleth analyze, report into memory"
    if os.access("/dev/shm", os.W_OK):
        memory = stack.enter_context(tempfile.TemporaryDirectory(dir="/dev/shm"))
        runners[unsynced] = process(analyze[:-1] + [os.path.join(memory, "ours.h5")])
    median = race("CSV to HDF5 report, 700 s at 100 Hz", runners, 15)
    spent = {name: processor_ms(runners[name], 20) for name in ("pleth analyze, process", "SciPy script, process", "SciPy script, in-process")}
ours = median["pleth analyze, process"]
ratio("script as a process / pleth", median["SciPy script, process"] / ours, 50)
ratio("script in-process / pleth", median["SciPy script, in-process"] / ours, 4)
own = spent["pleth analyze, process"]
print("  -> processor time alone: " + ", ".join(f"{name} {took:.1f} ms ({took / own:.1f} x)" for name, took in spent.items()))
if unsynced in median:
    print(f"  -> syncing and renaming on this disk: {(ours - median[unsynced]) * 1e3:.1f} ms of {ours * 1e3:.1f} ms")
