# SPDX-License-Identifier: GPL-3.0-or-later
"""docs/report-schema.csv -> the table that `pleth check` runs on (C), or its documentation (Markdown), on stdout.
Usage: report_schema.py c|md report-schema.csv"""
import csv
import sys

HEADS = {"group": "Group", "attribute": "Attribute", "table": "Table", "column": "Column", "dataset": "Dataset", "key": "Key"}
INTRO = """# Schema of a report (`pleth-report/1`)

Made from `report-schema.csv` by `formats/writers/report_schema.py`; change the CSV, never this page.

An HDF5 report is one file: tables of numbers, the traces behind them, and the same report once more as JSON in `/json`, which is also what
`pleth analyze --json` prints. Texts are fixed-length UTF-8, padded with zero bytes. A missing number is NaN in HDF5 and `null` in JSON; a
missing text is empty in HDF5 and `null` in JSON. Times are seconds from the recording's first sample. Each table is its own netCDF-4
dimension, so every group opens in xarray (`engine="h5netcdf"`) as it is. Objects and keys that stand here stay; later versions may add others.
A type that ends in `?` may be `null`.
"""


def rows(path):
    with open(path, newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def quoted(text):
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def as_c(table):
    print("/* Made from docs/report-schema.csv by report_schema.py. */")
    for row in table:
        print("{%s, %s, FMT_SCHEMA_%s, %s, %s, %s}," % (
            quoted(row["path"]), quoted(row["name"]), row["kind"].upper(), quoted(row["type"]), row["rank"] or "0",
            "true" if row["required"] == "yes" else "false"))


def as_md(table):
    print(INTRO.rstrip())
    for title, keep in (("HDF5", lambda kind: kind != "key"), ("JSON", lambda kind: kind == "key")):
        print("\n## %s\n\n| path | name | kind | type | required | unit | meaning |\n| --- | --- | --- | --- | --- | --- | --- |" % title)
        for row in filter(lambda row: keep(row["kind"]), table):
            shape = row["type"] + (", rank 1" if row["rank"] == "1" and row["type"] else "")
            name = "`%s`" % row["name"] if row["name"] else ""
            print("| `%s` | %s | %s | %s | %s | %s | %s |" % (
                row["path"], name, HEADS[row["kind"]].lower(), shape, row["required"], row["unit"], row["meaning"].replace("|", "\\|")))


if __name__ == "__main__":
    {"c": as_c, "md": as_md}[sys.argv[1]](rows(sys.argv[2]))
