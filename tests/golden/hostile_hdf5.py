# SPDX-License-Identifier: GPL-3.0-or-later
"""Public files that crash or hang HDF5 programs: `check`, `svg` and `csv` must end by themselves with a message, and take none for a report."""
import os
import pathlib
import subprocess
import sys

tool = sys.argv[1]
data = pathlib.Path(os.environ.get("PLETH_DATA", pathlib.Path(os.environ["PLETH_SOURCE"]) / "../shared/data")) / "hostile-hdf5"
files = sorted(p for p in data.rglob("*") if p.suffix in (".h5", ".hdf5", ".hdf", ".nc") or "cve" in p.name.lower()) if data.is_dir() else []
if not files:
    print("SKIP: no hostile HDF5 files at", data)
    sys.exit(77)
broken = []
for path in files:
    for what in ("check", "svg", "csv"):
        try:
            done = subprocess.run([tool, what, path], capture_output=True, timeout=20)
            accepted = done.returncode == 0 and (what != "check" or not done.stdout)
            if done.returncode not in (0, 1) or accepted:
                broken.append(f"{what} {path.name}: status {done.returncode}")
        except subprocess.TimeoutExpired:
            broken.append(f"{what} {path.name}: does not end")
assert not broken, "\n".join(broken)
print(len(files), "files, each refused")
