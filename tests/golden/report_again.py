# SPDX-License-Identifier: GPL-3.0-or-later
"""A report as a recording: its trace analysed again gives about the same values; a report that was cut or changed, and every hostile HDF5 file
where they are at hand, is refused in one line and at once.   usage: report_again.py"""
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time

import h5py

PLETH, SOURCE = os.environ["PLETH"], pathlib.Path(os.environ["PLETH_SOURCE"])
LEG = SOURCE / "sample_data" / "normal_leg.csv"
DATA = pathlib.Path(os.environ.get("PLETH_DATA", SOURCE / "../shared/data")) / "hostile-hdf5"


def run(*arguments):
    return subprocess.run([PLETH, *arguments], capture_output=True, text=True, timeout=60)


def measures(path, target):
    test = json.loads(run("analyze", "--json", path, "-o", target).stdout)["tests"][0]
    return {m["id"]: m for m in test["measures"]}


def expect_refused(path, found):
    started = time.monotonic()
    done = run("info", path)
    lines = done.stderr.splitlines()
    if done.returncode != 3 or len(lines) != 1 or not lines[0].startswith(f"pleth info: {path}: ") or time.monotonic() - started > 10:
        found.append(f"{path}: status {done.returncode}, {time.monotonic() - started:.1f} s: {done.stderr[:300]}")


found = []
with tempfile.TemporaryDirectory() as folder:
    first, again = os.path.join(folder, "a.h5"), os.path.join(folder, "b.h5")
    once, twice = measures(LEG, first), measures(first, again)
    for name in ("VV", "VFI", "VFT90", "EF", "RVF"):
        a, b = once[name], twice[name]
        if b["value"] is None or not a["lo"] <= b["value"] <= a["hi"]:
            found.append(f"{name}: {a['value']} ({a['lo']} to {a['hi']}), from the report {b['value']}")
    info = json.loads(run("info", "--json", first).stdout)
    if info["format"] != "report" or [w["code"] for w in info["warnings"]] != ["from_report"] or len(info["events"]) != 4:
        found.append(str(info))
    image = pathlib.Path(first).read_bytes()
    for name, body in (("cut", image[:-100]), ("longer", image + b"\0"), ("headless", b"\x89HDF\r\n\x1a\n" + image), ("renamed", image.replace(b"pleth-report/1", b"pleth-report/7"))):
        path = os.path.join(folder, name + ".h5")
        pathlib.Path(path).write_bytes(body)
        expect_refused(path, found)
    changed = os.path.join(folder, "changed.h5")
    pathlib.Path(changed).write_bytes(image)
    with h5py.File(changed, "r+") as file:
        file["results/0/series/more"] = [1.0, 2.0]
    expect_refused(changed, found)
    if "changed by another program" not in run("info", changed).stderr:
        found.append(run("info", changed).stderr)
hostile = sorted(p for p in DATA.iterdir() if p.suffix == ".h5" or p.name.startswith("cve-")) if DATA.is_dir() else []
for path in hostile:
    expect_refused(path, found)
print(f"{len(hostile)} hostile files" if hostile else f"no hostile files at {DATA}; the rest was tested")
if found:
    sys.exit("\n".join(found))
