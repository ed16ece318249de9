# SPDX-License-Identifier: GPL-3.0-or-later
"""Conversions there and back: samples, units, rates, gaps and events of a recording come out as they went in, whole numbers to the last one, and
what a format cannot hold is said.   usage: convert.py MODEL-TOOL"""
import json
import math
import os
import pathlib
import subprocess
import sys
import tempfile

import compose_edf
import compose_wfdb

PLETH, SAMPLES = os.environ["PLETH"], pathlib.Path(os.environ["PLETH_SOURCE"]) / "sample_data"
TOOL = sys.argv[1]
found, folder = [], None


def model(path):
    also = [p for p in folder.iterdir() if p.name.startswith(path.name.split("_physio")[0]) and p != path] if "_physio" in path.name else []
    also += [path.with_suffix(".dat")] if path.suffix == ".hea" else []
    done = subprocess.run([TOOL, path, *also], capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"{path.name}: {done.stderr}")
    return json.loads(done.stdout)


def convert(source, target, losses=0):
    done = subprocess.run([PLETH, "convert", source, target], capture_output=True, text=True)
    if done.returncode or len(done.stderr.splitlines()) != losses:
        found.append(f"{source.name} -> {target.name}: status {done.returncode}, {losses} losses wanted: {done.stderr}")
    return target


def same_x(a, b, tolerance):
    return len(a) == len(b) and all((p is None) == (q is None) and (p is None or abs(p - q) <= tolerance) for p, q in zip(a, b))


def compare(what, before, after, *, tolerance=0.0, names=True, segments=True):
    a, b = before["channels"], after["channels"]
    if len(a) != len(b):
        found.append(f"{what}: {len(b)} channels, not {len(a)}")
    for p, q in zip(a, b):
        spread = max((abs(v) for v in p["x"] if v is not None), default=0)
        if not same_x(p["x"], q["x"], tolerance * spread) or p["unit"] != q["unit"] or not math.isclose(p["rate_hz"], q["rate_hz"], rel_tol=1e-9):
            found.append(f"{what}: {p['name']}: {str(q)[:300]}\n  was {str(p)[:300]}")
        if names and p["name"] != q["name"]:
            found.append(f"{what}: {q['name']}, was {p['name']}")
        if segments and any(abs(s[0] - t[0]) > 1e-6 or s[1:] != t[1:] for s, t in zip(p["segments"], q["segments"])):
            found.append(f"{what}: {q['segments']}, was {p['segments']}")
    events = [[(round(e["t_s"], 4), e["dur_s"], e["kind"], e["count"], e["text"] if e["kind"] == "note" else "") for e in m["info"]["events"]]
              for m in (before, after)]
    if events[0] != events[1]:
        found.append(f"{what}: events {events[1]}, were {events[0]}")
    if abs(before["info"]["t_origin_s"] - after["info"]["t_origin_s"]) > 1e-7:
        found.append(f"{what}: origin {after['info']['t_origin_s']}, was {before['info']['t_origin_s']}")


def put(name, body):
    (folder / name).write_bytes(body)
    return folder / name


def there_and_back():
    for name in ("contiguous.edf", "discontinuous.edf", "bdf_plus.bdf", "plain.edf", "inverted.edf", "slow.edf"):
        source = put(name, compose_edf.GOOD[name])
        before = model(source)
        again = convert(source, folder / ("again" + source.suffix))
        compare(name + " -> itself", before, model(again), tolerance=1e-9)
        if model(again)["channels"][0]["scale"] != before["channels"][0]["scale"] and abs(
                model(again)["channels"][0]["scale"] / before["channels"][0]["scale"] - 1) > 1e-9:
            found.append(f"{name}: another scale")
        if len(model(again)["info"]["segments"]) != len(before["info"]["segments"]):
            found.append(f"{name}: other segments")
        if name in ("contiguous.edf", "bdf_plus.bdf", "inverted.edf"):
            table = convert(convert(source, folder / "sub-1_task-a_physio.tsv.gz") if name == "bdf_plus.bdf" else source, folder / "table.csv")
            if name == "bdf_plus.bdf":
                compare(name + " -> BIDS", before, model(folder / "sub-1_task-a_physio.tsv.gz"), names=False)
            lines = table.read_text().split("\n")
            if not lines[0].startswith("time (s),") or len(lines) != 2 + max(len(c["x"]) for c in before["channels"]):
                found.append(f"{name}: {lines[:3]}")


def missing_and_losses():
    source = put("f16.hea", compose_wfdb.one(16)["f16.hea"])
    put("f16.dat", compose_wfdb.one(16)["f16.dat"])
    before = model(source)
    compare("missing -> BIDS", before, model(convert(source, folder / "sub-2_task-b_physio.tsv.gz")), names=False)
    after = model(convert(source, folder / "f16.edf", losses=1))  # a missing sample
    if [e["text"] for e in after["info"]["events"]] != ["missing samples: calf"]:
        found.append(f"missing -> EDF: {after['info']['events']}")
    kept = [(p, q) for p, q in zip(before["channels"][0]["x"], after["channels"][0]["x"]) if p is not None]
    if any(abs(p - q) > 1e-9 for p, q in kept):
        found.append(f"missing -> EDF: {kept}")
    leg = SAMPLES / "normal_leg.csv"
    a = json.loads(subprocess.run([PLETH, "info", "--json", leg], capture_output=True, text=True).stdout)
    convert(leg, folder / "leg.bdf", losses=1)
    convert(leg, folder / "leg.csv")
    b = json.loads(subprocess.run([PLETH, "info", "--json", folder / "leg.csv"], capture_output=True, text=True).stdout)
    if [{**c, "name": ""} for c in a["channels"]] != [{**c, "name": ""} for c in b["channels"]] or len(a["events"]) != len(b["events"]):
        found.append(f"leg.csv: {b}")


def refused():
    leg = SAMPLES / "normal_leg.csv"
    (folder / "folder.csv").mkdir()
    for arguments, status in ((("convert", leg, folder / "leg.xyz"), 2), (("convert", leg, leg), 2), (("convert", leg, folder / "leg.wav"), 3),
                              (("convert", folder / "none.csv", folder / "x.csv"), 3), (("convert", leg, folder / "folder.csv"), 4), (("convert", leg), 2)):
        done = subprocess.run([PLETH, *arguments], capture_output=True, text=True)
        if done.returncode != status or len(done.stderr.splitlines()) != 1:
            found.append(f"{arguments}: status {done.returncode}, not {status}: {done.stderr}")


with tempfile.TemporaryDirectory() as name:
    folder = pathlib.Path(name)
    there_and_back()
    missing_and_losses()
    refused()
if found:
    sys.exit("\n".join(found))
print("as they went in")
