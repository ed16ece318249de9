# SPDX-License-Identifier: GPL-3.0-or-later
"""Grades, JSON, HDF5 report and table of the yardstick (apg_scipy.py): the same tables, series and dimension scales that the program writes,
under a temporary name, synced and renamed as it does."""
import json
import os

import h5py
import numpy as np

UNITS = {"V0": "mL", "VV": "mL", "VV.observed": "mL", "VFT90": "s", "VFI": "mL/s", "VFI.fit": "mL/s", "T50": "s", "EV": "mL", "EF": "%",
         "RV": "mL", "RVF": "%", "TREFILL": "s", "PUMP.e": "1", "PUMP.I": "mL", "PUMP.capacity": "L/h", "PUMP.sustained": "L/h"}
BANDS = {"VV": [(150, "normal"), (np.inf, "high")], "VFT90": [(10, "severe"), (25, "short"), (np.inf, "normal")],
         "VFI": [(2, "normal"), (5, "mild"), (10, "moderate"), (np.inf, "severe")], "EF": [(40, "poor"), (60, "reduced"), (np.inf, "normal")],
         "RVF": [(35, "normal"), (np.inf, "high")]}
PARAMETERS = {"work_rate_hz": 15, "level_rate_hz": 5, "bridge_s": 0.2, "baseline_s": 40, "plateau_s": 20, "plateau_tolerance": 0.02,
              "fraction": 0.9, "drift_tau_s": 220, "marker_s": 3, "count": 10, "cadence_min_hz": 0.8, "cadence_max_hz": 1.2, "delay_s": 1.5}


def number(value):
    return None if value is None or not np.isfinite(value) else float(value)


def measure_rows(measures, flags):
    for name, (value, se) in measures.items():
        grade = next((text for limit, text in BANDS.get(name, []) if value < limit), "")
        limits = [limit for limit, _ in BANDS.get(name, []) if np.isfinite(limit)]
        nearest = min(limits, key=lambda limit: abs(value - limit)) if limits else np.nan
        yield {"id": name, "value": number(value), "unit": UNITS[name], "lo": number(value - 1.96 * se), "hi": number(value + 1.96 * se),
               "se": number(se), "n": 1, "interval": "delta", "definition": f"apg.{name}", "grade": grade, "guideline": "apg.classic" if grade else "",
               "limit": number(nearest), "limit_distance": number(value - nearest), "flags": [code for of, code in flags if of == name],
               "valid": bool(np.isfinite(value))}


def records(rows):
    """A compound table with fixed-length text from dictionaries."""
    columns = {}
    for key, first in rows[0].items():
        cells = [row[key] for row in rows]
        if isinstance(first, str):
            columns[key] = np.array([cell.encode() for cell in cells])
        else:
            columns[key] = np.array([np.nan if cell is None else cell for cell in cells])
    return np.rec.fromarrays([np.where(column == b"", b"\0", column) if column.dtype.kind == "S" else column for column in columns.values()],
                             dtype=[(key, f"S{max(1, column.dtype.itemsize)}" if column.dtype.kind == "S" else column.dtype) for key, column in columns.items()])


def write(out, path, digest, side, channel, measures, flags, landmarks, phases, details, trace, duration, origin, sync):
    rows = list(measure_rows(measures, flags))
    marks = [{"name": name, "t_s": float(t), "source": source} for name, t, source in landmarks]
    stretches = [{"name": name, "t0_s": float(a), "t1_s": float(b), "level": number(v)} for name, a, b, v in phases]
    more = [{"id": name, "value": number(value), "unit": unit} for name, value, unit in details]
    limb = side["channels"][0]
    report = {"schema": "pleth-report/1", "generator": "apg_scipy",
              "input": {"name": os.path.basename(path), "sha256": digest, "format": "csv", "duration_s": duration, "t_origin_s": float(origin)},
              "tests": [{"protocol": "apg.stand", "trial": "pooled", "channel": channel, "side": limb["side"], "site": limb["site"],
                         "manoeuvre": "tiptoe", "measures": rows, "landmarks": marks, "phases": stretches, "details": more,
                         "quality": {"score": max(0.0, 1 - 0.05 * sum(not of for of, _ in flags)), "flags": [code for of, code in flags if not of]}}],
              "events": side["events"], "subject": side["subject"], "warnings": [],
              "provenance": {"parameters": PARAMETERS, "libraries": {"numpy": np.__version__, "h5py": h5py.__version__}}}
    temporary = f"{out}.{os.getpid()}.tmp"
    with h5py.File(temporary, "w", libver=("earliest", "v110")) as file:
        for key, value in report["input"].items():
            file.attrs[key] = value
        file.attrs["schema"], file.attrs["generator"] = report["schema"], report["generator"]
        file["json"] = json.dumps(report)
        file["events"] = records([{"t_s": float(e["t_s"]), "kind": e["kind"], "count": e.get("count", 0), "duration_s": float(e.get("duration_s", 0))}
                                  for e in side["events"]])
        test = file.create_group("results/0")
        for key in ("protocol", "channel", "side", "site", "manoeuvre"):
            test.attrs[key] = report["tests"][0][key]
        test.attrs["quality"] = report["tests"][0]["quality"]["score"]
        test["measures"] = records([{key: value for key, value in row.items() if key != "flags"} for row in rows])
        test["flags"] = records([{"measure": of, "code": code} for of, code in flags])
        test["landmarks"], test["phases"], test["details"] = records(marks), records(stretches), records(more)
        series = test.create_group("series/conditioned")
        series.create_dataset("time", data=np.arange(len(trace.x), dtype="<i4"), chunks=(len(trace.x),), compression="gzip", compression_opts=1,
                              shuffle=True, fletcher32=True)
        series.create_dataset("data", data=trace.x, chunks=(len(trace.x),), fletcher32=True)
        series["time"].make_scale("time")
        series["data"].dims[0].attach_scale(series["time"])
        series["time"].attrs["scale_factor"], series["data"].attrs["units"] = 1 / trace.rate, "mL"
        file["provenance/parameters"] = records([{"id": f"apg.stand.{key}", "value": float(value)} for key, value in PARAMETERS.items()])
    if sync:
        handle = os.open(temporary, os.O_RDONLY)
        os.fsync(handle)
        os.close(handle)
    os.replace(temporary, out)
    if sync:
        handle = os.open(os.path.dirname(os.path.abspath(out)), os.O_RDONLY)
        os.fsync(handle)
        os.close(handle)
    return report


def table(report):
    lines = []
    for row in report["tests"][0]["measures"]:
        half = (row["hi"] - row["lo"]) / 2 if row["se"] is not None else np.nan
        lines.append(f"{row['id']:<15} {row['value'] if row['value'] is not None else np.nan:10.4g} ± {half:<8.2g} {row['unit']:<5} {row['grade']}"
                     + (" [" + ", ".join(row["flags"]) + "]" if row["flags"] else ""))
    return "\n".join(lines)
