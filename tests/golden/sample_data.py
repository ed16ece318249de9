#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""sample_data/make.sh makes the shipped recordings again: recordings and side-cars to the byte (audio
to the last step of its samples), truths to 1e-9; the README's tables are theirs."""
import array
import json
import math
import os
import pathlib
import re
import subprocess
import sys
import tempfile

SHIPPED = pathlib.Path(os.environ["PLETH_SOURCE"]) / "sample_data"
# The README's tables, one a protocol: the truths behind a row's cells.
TABLES = {"apg.stand": ("V0", "VV", "VFT90", "VFI", "EF", "RVF"), "duplex.reflux": ("RT", "PRV", "PMV", "VR", "AUG.peak"),
          "sgp.occlusion": ("SVC", "MVO.first1s", "OF1s", "EV4"), "apg.outflow": ("VVOCC", "OF1s", "IPMIV"),
          "ppg.refill": ("VO", "TO", "TH"), "sgp.inflow": ("AI.exp0", "AI.line"), "sgp.hyperaemia": ("REST", "PEAK", "HALF"),
          "pvr": ("AMP", "CREST", "NOTCH"), "apg.tilt": ("WVV", "VFI", "VDI"), "sgp.compliance": ("B1", "C20", "C50"),
          "sgp.filtration": ("CFC", "PVI"), "sgp.refill": ("EV", "T90", "T50"), "sgp.stand": ("EV", "T90", "EF"),
          "volume.trend": ("MORNING", "EVENING", "CHANGE", "RATE")}
WAV_CAP_BYTES = 600 * 1024
CAP_BYTES = 5_000_000


def differences(a, b, path="$"):
    """Places where two JSON values differ; numbers by more than 1e-9 relative."""
    if isinstance(a, dict) and isinstance(b, dict):
        if list(a) != list(b):
            return [f"{path}: keys differ"]
        return [d for k in a for d in differences(a[k], b[k], f"{path}.{k}")]
    if isinstance(a, (int, float)) and isinstance(b, (int, float)):
        return [] if math.isclose(a, b, rel_tol=1e-9, abs_tol=1e-9) else [f"{path}: {a} is not {b}"]
    return [] if a == b else [f"{path}: {a} is not {b}"]


def same_audio(old, new):
    """Equal headers of 44 bytes, and 16-bit samples that differ by one step at most: the last bit of a sine may depend on the processor."""
    steps = [abs(a - b) for a, b in zip(array.array("h", old[44:]), array.array("h", new[44:]))]
    return len(old) == len(new) and old[:44] == new[:44] and max(steps) <= 1


def check_files(made):
    names = sorted(p.name for p in SHIPPED.iterdir() if p.suffix in (".csv", ".json", ".wav"))
    problems = [] if names == sorted(os.listdir(made)) and names else [f"shipped {names}, made {sorted(os.listdir(made))}"]
    for name in set(names) & set(os.listdir(made)):
        old, new = (SHIPPED / name).read_bytes(), (made / name).read_bytes()
        if name.endswith(".truth.json"):
            problems += [f"{name}: {d}" for d in differences(json.loads(old), json.loads(new))]
        elif name.endswith(".wav"):
            problems += [] if same_audio(old, new) else [f"{name}: not the same samples"]
            problems += [] if len(old) <= WAV_CAP_BYTES else [f"{name}: {len(old)} bytes, more than {WAV_CAP_BYTES}"]
        elif old != new:
            problems.append(f"{name}: not the same bytes")
    return problems


def check_readme(protocol, columns):
    problems, seen = [], set()
    shipped = {p.name.removesuffix(".pleth.json") for p in SHIPPED.glob("*.pleth.json") if json.loads(p.read_text())["protocol"] == protocol}
    cells = r"\| ([^|]+) " * len(columns)
    for row in re.findall(rf"^\| `(\w+)` \|[^|]*{cells}\|$", (SHIPPED / "README.md").read_text(), re.M):
        if row[0] not in shipped:
            continue
        truth = json.loads((SHIPPED / f"{row[0]}.truth.json").read_text())["values"]
        seen.add(row[0])
        for name, text in zip(columns, row[1:]):
            places = len(text.partition(".")[2])
            if f"{truth[name]:.{places}f}" != text:
                problems.append(f"README: {row[0]} {name} is {text}, the truth {truth[name]}")
    return problems + ([] if seen == shipped else [f"README lists {sorted(seen)}, shipped are {sorted(shipped)}"])


def main():
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([SHIPPED / "make.sh", folder], check=True)
        problems = check_files(pathlib.Path(folder)) + [d for table in TABLES.items() for d in check_readme(*table)]
    size = sum(p.stat().st_size for p in SHIPPED.iterdir())
    if size > CAP_BYTES:
        problems.append(f"the folder holds {size} bytes, more than {CAP_BYTES}")
    print("\n".join(problems) or f"{len(list(SHIPPED.glob('*.truth.json')))} recordings, {size} bytes, as made")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
