# SPDX-License-Identifier: GPL-3.0-or-later
"""A written report as other people's programs see it (h5py, xarray, h5dump, an XML parser), and `check` on reports that were tampered with."""
import csv
import io
import json
import math
import shutil
import subprocess
import sys
import tempfile
import time
import xml.etree.ElementTree as xml

import h5py
import numpy as np
import xarray

tool = sys.argv[1]
folder = tempfile.mkdtemp(prefix="pleth-report-")


def run(*args, ok=True):
    done = subprocess.run([tool, *args], capture_output=True)
    assert (done.returncode == 0) == ok and done.returncode in (0, 1), (args, done)
    return done.stdout.decode() + ("" if ok else done.stderr.decode())


def make(kind, name=None):
    h5, js = (f"{folder}/{name or kind}.{end}" for end in ("h5", "json"))
    run("make", kind, h5, js)
    return h5, open(js, encoding="utf-8").read()


def same(mine, theirs):
    """A cell of a table and a value of the JSON."""
    if isinstance(mine, bytes):
        return mine.decode() == (theirs or "")
    if theirs is None:
        return math.isnan(mine)
    return mine == theirs


def equal_values():
    h5, text = make("two")
    report = json.loads(text, parse_constant=lambda _: 1 / 0)
    assert list(report)[:6] == ["schema", "generator", "input", "tests", "warnings", "provenance"], list(report)
    assert "\n" not in text
    with h5py.File(h5, "r") as file:
        assert file.attrs["schema"] == b"pleth-report/1" and file["json"][()].decode() == text
        assert [t["trial"] for t in report["tests"]] == ["pooled", 1, 2, "pooled"]
        for n, test in enumerate(report["tests"]):
            group = file[f"results/{n}"]
            for name in ("protocol", "channel", "side", "site", "manoeuvre"):
                assert group.attrs[name].decode() == test[name]
            assert list(test["measures"][0])[:16] == ["id", "value", "unit", "lo", "hi", "se", "n", "interval", "definition", "grade", "guideline",
                                                      "limit", "flags", "valid", "t0_s", "t1_s"]
            for table in ("measures", "landmarks", "phases", "details"):
                lines = group[table][:]
                assert len(lines) == len(test[table]) > 0
                for line, item in zip(lines, test[table]):
                    for column in lines.dtype.names:
                        assert same(line[column], item[column]), (table, column, line, item)
            flags = [(line["measure"].decode(), line["code"].decode()) for line in group["flags"][:]]
            assert flags == [("", f) for f in test["quality"]["flags"]] + [(m["id"], f) for m in test["measures"] for f in m["flags"]]
            assert len(flags) == 5
        for line, event in zip(file["events"][:], report["events"]):
            assert all(same(line[c], event[c]) for c in line.dtype.names), (line, event)
        parameters = report["provenance"]["parameters"]
        assert parameters == {"apg.stand.plateau_window_s": 10, "apg.stand.vfi": "mean90", "apg.stand.third": 1 / 3}
        assert [line["value"] for line in file["provenance/parameters"][:]] == [10.0, 1.0, 1 / 3]
        libraries = {line["name"].decode(): line["version"].decode() for line in file["provenance/libraries"][:]}
        assert libraries == report["provenance"]["libraries"] and libraries["hdf5"] == "%d.%d.%d" % h5py.h5.get_libversion()


def opens_elsewhere():
    h5, _ = make("two")

    def visit(group):
        with xarray.open_dataset(h5, engine="h5netcdf", group=group.name) as data:
            names = set(data.variables)
        assert {k for k, v in group.items() if isinstance(v, h5py.Dataset)} == names, (group.name, names)
        for item in group.values():
            if isinstance(item, h5py.Group):
                visit(item)

    with h5py.File(h5, "r") as file:
        visit(file["/"])
        samples = file["results/3/series/conditioned/data"][:]
    with xarray.open_dataset(h5, engine="h5netcdf", group="/results/3/series/conditioned") as data:
        np.testing.assert_array_equal(data.data, samples)
        np.testing.assert_allclose(data.time, np.arange(17500) / 25.0, rtol=0, atol=1e-9)
        assert np.isnan(samples[5000:5100]).all() and np.isfinite(np.delete(samples, range(5000, 5100))).all()
    with xarray.open_dataset(h5, engine="h5netcdf", group="/results/0/series/fit") as data:
        np.testing.assert_allclose(data.time[:3], [60.0, 61.0, 62.0])
    dump = subprocess.run(["h5dump", h5], capture_output=True, text=True)
    assert dump.returncode == 0 and "apg.VFI.mean90" in dump.stdout and not dump.stderr, dump.stderr


def same_bytes():
    first, text = make("two", "first")
    time.sleep(1.1)  # times of objects have whole seconds
    second, again = make("two", "second")
    assert open(first, "rb").read() == open(second, "rb").read() and text == again
    for what in ("svg", "csv"):
        assert run(what, first) == run(what, second)


def without_names():
    h5, text = make("noname")
    report = json.loads(text)
    assert report["input"]["name"] is None and report["condition"]["label"] is None and all(e["text"] is None for e in report["events"])
    whole = open(h5, "rb").read()
    for secret in (b"normal_leg", b"treatment", b"tiptoes"):
        assert secret not in whole
    assert run("check", h5) == ""


def pictures():
    h5, _ = make("two")
    odd, _ = make("odd")
    for path, panels in ((h5, 2), (odd, 1)):
        text = run("svg", path)
        root = xml.fromstring(text)
        paths = [e for e in root.iter() if e.tag.endswith("}path") and e.get("class") == "trace"]
        assert len(paths) == panels and len(text) < 500000, (len(paths), len(text))
        words = " ".join(e.text or "" for e in root.iter() if e.tag.endswith("}text"))
        for word in ("VFI", "stand onset", "plateau", "time (s)", "Not a medical device", "Filling was not complete", "pleth "):
            assert word in words, word
        assert "nan" not in text.lower().split("</style>")[1].replace("nano", "") and "inf" not in "".join(p.get("d") for p in paths)
        assert all(0 <= float(e.get("x")) <= float(root.get("width")) and 0 <= float(e.get("y")) <= float(root.get("height"))
                   for e in root.iter() if e.tag.endswith("}text"))
        # the normal bands as the guideline words them, open and closed ends told apart, and whose they are
        for word in ("80 to 150", "\u2265 25", "< 2", "> 60", "Grades: apg.classic, Christopoulos"):
            assert word in words, word
    assert "a<b>&\"c\"" in " ".join(e.text or "" for e in xml.fromstring(run("svg", odd)).iter())
    empty, _ = make("empty")
    xml.fromstring(run("svg", empty))
    run("csv", empty, ok=False)


def traces():
    h5, _ = make("two")
    rows = list(csv.reader(io.StringIO(run("csv", h5))))
    assert rows[0] == ["time (s)", "APG L calf (mL)", "APG L calf trial 1 (mL)", "APG L calf trial 2 (mL)", "APG R calf (mL)"]
    table = np.array([[float("nan") if cell == "n/a" else float(cell) for cell in row] for row in rows[1:]])
    with h5py.File(h5, "r") as file:
        for n in range(4):
            np.testing.assert_array_equal(table[:, n + 1], file[f"results/{n}/series/conditioned/data"][:])
    np.testing.assert_array_equal(table[:, 0], np.arange(17500) / 25.0)


def delete(path):
    def change(file):
        del file[path]
    return change


def cell(path, line, column, value):
    def change(file):
        table = file[path][:]
        table[column][line] = value
        file[path][:] = table
    return change


def replace(path, data):
    def change(file):
        del file[path]
        file[path] = data(file) if callable(data) else data
    return change


def attribute(path, name, value):
    def change(file):
        file[path].attrs[name] = value
    return change


def edit_json(change):
    def tamper(file):
        report = json.loads(file["json"][()])
        change(report)
        text = json.dumps(report).encode()
        del file["json"]
        file.create_dataset("json", data=np.array(text, dtype=h5py.string_dtype("utf-8", len(text))))
    return tamper


def column_dropped(file):
    table = file["results/0/measures"][:]
    del file["results/0/measures"]
    file["results/0/measures"] = table[[n for n in table.dtype.names if n != "hi"]]


def column_retyped(file):
    table = file["results/0/measures"][:]
    kind = [(n, "S8" if n == "value" else table.dtype[n]) for n in table.dtype.names]
    del file["results/0/measures"]
    file["results/0/measures"] = table.astype(kind)


def external(file):
    del file["events"]
    file["events"] = h5py.ExternalLink(f"{folder}/one.h5", "/events")  # a table as it should be, but not in this file


def bomb(file):
    del file["results/0/series/conditioned/data"]
    file.create_dataset("results/0/series/conditioned/data", shape=(1 << 40,), dtype="f8", chunks=(1 << 20,), compression="gzip")


def many(file):
    table = np.repeat(file["results/0/measures"][:], 400)
    del file["results/0/measures"]
    file["results/0/measures"] = table


def renumber(file):
    file.move("results/0", "results/7")


TAMPERED = [
    ("measures missing", delete("results/0/measures"), "/results/0/measures: missing"),
    ("json missing", delete("json"), "/json: missing"),
    ("provenance missing", delete("provenance"), "/provenance: missing"),
    ("time scale missing", delete("results/0/series/conditioned/time"), "/results/0/series/conditioned/time: missing"),
    ("group instead of dataset", replace("results/0/flags", lambda f: f.create_group("x")), "/results/0/flags: missing"),
    ("column dropped", column_dropped, "/results/0/measures.hi: no such column"),
    ("column of another type", column_retyped, "/results/0/measures.value: type is text; expected f64"),
    ("series of integers", replace("results/0/series/fit/data", np.arange(300)), "/results/0/series/fit/data: type is"),
    ("series of rank 2", replace("results/0/series/fit/data", np.zeros((300, 1))), "/results/0/series/fit/data: a shape"),
    ("attribute of another type", attribute("/", "schema", 1.0), "/@schema: type is f64; expected text"),
    ("attribute missing", lambda f: f["results/0"].attrs.__delitem__("side"), "/results/0@side: no such attribute"),
    ("another schema", attribute("/", "schema", np.array(b"pleth-report/9", dtype=h5py.string_dtype("utf-8", 14))), "pleth-report/9"),
    ("lo above hi", cell("results/0/measures", 4, "lo", 99.0), "VFI: lo is above hi"),
    ("value outside", cell("results/0/measures", 4, "value", 99.0), "VFI: the value lies outside"),
    ("valid NaN", cell("results/0/measures", 4, "value", np.nan), "VFI: valid without a value"),
    ("invalid value", cell("results/0/measures", 4, "valid", 0), "VFI: a value that is not valid"),
    ("one end", cell("results/0/measures", 4, "lo", np.nan), "VFI: an interval with one end"),
    ("id twice", cell("results/0/measures", 4, "id", b"VV"), "VV: the id stands twice"),
    ("unknown flag", cell("results/0/flags", 1, "code", b"no_such_flag"), "unknown flag"),
    ("flag of no measure", cell("results/0/flags", 1, "measure", b"XX"), 'flag of "XX"'),
    ("no reason", cell("results/0/flags", 4, "measure", b"VV"), "TREFILL: null without a reason"),
    ("unknown warning", cell("warnings", 0, "code", b"nonsense"), "unknown code"),
    ("phase backwards", cell("results/0/phases", 0, "t1_s", -5.0), "supine: a phase that ends"),
    ("landmark outside", cell("results/0/landmarks", 0, "t_s", 70.0), "stand_onset: the value lies outside"),
    ("landmark from nowhere", cell("results/0/landmarks", 0, "source", b"guess"), "another source"),
    ("unit differs from JSON", cell("results/0/measures", 4, "unit", b"L/s"), "$.tests[0].measures[4].unit: JSON and tables differ"),
    ("parameter differs from JSON", cell("provenance/parameters", 0, "value", 11.0), "apg.stand.plateau_window_s differs"),
    ("digest", attribute("provenance", "config_sha256", np.array(b"x", dtype=h5py.string_dtype("utf-8", 1))), "64 hexadecimal"),
    ("quality", attribute("results/0", "quality", 1.5), "a quality out of range"),
    ("series cut", replace("results/0/series/fit/time", np.arange(200, dtype="i4")), "/results/0/series/fit/time"),
    ("json value differs", edit_json(lambda r: r["tests"][0]["measures"][4].update(value=1.0)), "$.tests[0].measures[4].value: JSON and tables"),
    ("json key missing", edit_json(lambda r: r["tests"][0]["measures"][4].pop("se")), "$.tests[0].measures[4].se: no such key"),
    ("json type", edit_json(lambda r: r["tests"][0].update(trial="1")), "$.tests[0].trial: another type"),
    ("json test missing", edit_json(lambda r: r["tests"].pop()), "$.tests: JSON and tables differ"),
    ("json number as text", edit_json(lambda r: r["input"].update(duration_s="700")), "$.input.duration_s: another type"),
    ("not json", replace("json", np.array(b"{", dtype="S1")), "/json: byte 1"),
    ("external link", external, "/events: missing"),
    ("gap in the numbers", renumber, "/results: no test 0"),
    ("no end of measures", many, "measures: 4800 lines"),
    ("compression bomb", bomb, "more data than the file can honestly hold"),
]


def tampered():
    h5, _ = make("one")
    assert run("check", h5) == ""
    for name, change, expected in TAMPERED:
        path = f"{folder}/tampered.h5"
        shutil.copy(h5, path)
        with h5py.File(path, "r+") as file:
            change(file)
        found = run("check", path)
        assert expected in found, f"{name}: expected {expected!r} in {found!r}"
        assert all(": " in line and "; expected " in line for line in found.splitlines()), found
        for what in ("svg", "csv"):  # made or refused, never a crash
            done = subprocess.run([tool, what, path], capture_output=True)
            assert done.returncode in (0, 1), (name, what, done)


def later_version():
    """What a later version adds is no departure from the schema."""
    h5, _ = make("one")
    with h5py.File(h5, "r+") as file:
        file["results/0"].attrs["limb_girth_cm"] = 38.0
        file["results/0/quality_steps"] = np.arange(3)
        edit_json(lambda r: r["tests"][0]["measures"][0].update(p_value=0.5))(file)
    assert run("check", h5) == ""


def truncated():
    h5, _ = make("one")
    whole = open(h5, "rb").read()
    path = f"{folder}/cut.h5"
    sizes = [0, 1, 7, 8, 47, 48, 96, 512, 2048, len(whole) // 2, len(whole) - 1]
    for size in sizes:
        with open(path, "wb") as file:
            file.write(whole[:size])
        for what in ("check", "svg", "csv"):
            assert "refused" in run(what, path, ok=False)


def damaged():
    """Flipped bytes: a message, or a report that still stands (a byte of padding); never a crash."""
    h5, _ = make("empty")
    whole = bytearray(open(h5, "rb").read())
    path, refused = f"{folder}/damaged.h5", 0
    for at in range(8, len(whole), 37):
        broken = bytearray(whole)
        broken[at] ^= 0x55
        with open(path, "wb") as file:
            file.write(broken)
        done = subprocess.run([tool, "check", path], capture_output=True)
        assert done.returncode in (0, 1), (at, done)
        refused += done.returncode == 1 or bool(done.stdout)
    assert refused > 80, refused
    h5, _ = make("one")
    whole = bytearray(open(h5, "rb").read())
    whole[len(whole) // 2] ^= 0x55
    with open(path, "wb") as file:
        file.write(whole)
    assert "refused" in run("svg", path, ok=False)  # the samples' checksum


try:
    for step in (equal_values, opens_elsewhere, same_bytes, without_names, pictures, traces, tampered, later_version, truncated, damaged):
        step()
        print(step.__name__, "ok", flush=True)
finally:
    shutil.rmtree(folder)
