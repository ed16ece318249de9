# SPDX-License-Identifier: GPL-3.0-or-later
"""The committed documentation of the report is what its schema table makes, and a written report holds exactly what the table names."""
import json
import pathlib
import re
import subprocess
import sys
import tempfile

import csv
import h5py

source, tool = pathlib.Path(sys.argv[1]), sys.argv[2]
TYPES = {"f8": "f64", "u4": "u32", "i4": "i32", "u1": "u8"}
# What makes a dataset a dimension scale is HDF5's own specification, not ours.
SCALE = {"CLASS", "NAME", "DIMENSION_LIST", "REFERENCE_LIST"}


def word(dtype):
    return "text" if dtype.kind == "S" else TYPES.get(dtype.str[1:], dtype.str)


def pattern(path):
    path = re.sub(r"^/results/\d+", "/results/<n>", path)
    return re.sub(r"/series/[^/]+", "/series/<name>", path)


def objects(file):
    found = set()

    def add(path, item):
        path = pattern(path)
        kind = "group" if isinstance(item, h5py.Group) else "table" if item.dtype.names else "dataset"
        found.add((path, "", kind, word(item.dtype) if kind == "dataset" else ""))
        for name in set(item.attrs) - SCALE:
            found.add((path, name, "attribute", word(h5py.h5a.open(item.id, name.encode()).get_type().dtype)))
        if kind == "table":
            found.update((path, name, "column", word(item.dtype[name])) for name in item.dtype.names)

    add("/", file["/"])
    file.visititems(lambda path, item: add("/" + path, item))
    return found


def keys(value, path="$"):
    found = set()
    if isinstance(value, list):
        for item in value:
            found |= keys(item, path + "[]")
    if isinstance(value, dict) and path not in ("$.provenance.parameters", "$.provenance.libraries"):
        for key, item in value.items():
            found |= {(path, key)} | keys(item, f"{path}.{key}")
    return found


with open(source / "docs/report-schema.csv", newline="", encoding="utf-8") as file:
    rows = list(csv.DictReader(file))
made = subprocess.run([sys.executable, source / "formats/writers/report_schema.py", "md", source / "docs/report-schema.csv"],
                      check=True, capture_output=True, text=True).stdout
assert made == (source / "docs/report-schema.md").read_text(encoding="utf-8"), \
    "docs/report-schema.md is stale: run formats/writers/report_schema.py md docs/report-schema.csv > docs/report-schema.md"

with tempfile.TemporaryDirectory() as folder:
    h5, js = folder + "/two.h5", folder + "/two.json"
    subprocess.run([tool, "make", "two", h5, js], check=True, capture_output=True)
    with h5py.File(h5, "r") as file:
        written = objects(file)
    described = {(r["path"], r["name"], r["kind"], r["type"]) for r in rows if r["kind"] != "key"}
    assert written == described, f"only in the file: {sorted(written - described)}; only in the table: {sorted(described - written)}"
    written = keys(json.load(open(js, encoding="utf-8")))
    described = {(r["path"], r["name"]) for r in rows if r["kind"] == "key"}
    assert written == described, f"only in the JSON: {sorted(written - described)}; only in the table: {sorted(described - written)}"
print(len(rows), "rows of the schema, each found in a report and no more")
