#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Accuracy of `pleth analyze` on many simulated legs whose truth is known.

Every case is one `pleth simulate apg.stand` and one `pleth analyze --json`. Physics, schedule and disturbances are drawn from the case's
seed; sampling rate, phenotype and events are dealt out evenly. Printed: error percentiles of each measure, by level, rate, physics and
events; how often the truth lies in the interval; the worst cases with the command that makes them.

    tests/support/validate.py --pleth build/cli/pleth -n 200 --level realistic
    tests/support/validate.py --pleth build/cli/pleth -n 100 --level hard --worst 5
    tests/support/validate.py --pleth build/cli/pleth -n 40 --keep DIR      # the recordings and truths stay in DIR

Exit status 1 when a level's 95th percentile misses its goal or a measure is null without a flag.
"""
import argparse
import collections
import csv
import json
import math
import multiprocessing
import os
import signal
import subprocess
import sys
import tempfile

PHENOTYPES = ("healthy", "high_inflow", "mild_superficial", "marked_superficial", "deep_reflux", "severe_deep", "weak_pump", "obstruction",
              "obstruction_deep", "healthy_stocking")
CLOSED = ("mono", "biexp", "linear", "ramp", "recursion")
RATES = (10, 20, 25, 40, 50, 100)
# measure: (kind of error, {level: goal of the 95th percentile})
GOALS = {
    "VV": ("%", {"none": 1, "realistic": 2, "hard": 5}),
    "VFI": ("%", {"none": 2, "realistic": 4, "hard": 10, "cut": 12}),
    "EF": ("points", {"none": 1, "realistic": 2, "hard": 4}),
    "RVF": ("points", {"none": 1, "realistic": 2, "hard": 4}),
    "V0": ("mL", {}), "EV": ("mL", {}), "RV": ("mL", {}), "VFT90": ("%", {}), "VFI.fit": ("%", {}), "T50": ("%", {}),
    "TREFILL": ("%", {}), "PUMP.e": ("%", {}), "PUMP.I": ("%", {}), "PUMP.capacity": ("%", {}), "PUMP.sustained": ("%", {}),
}
MAIN = ("VV", "VFI", "EF", "RVF")
# landmark of a report: landmark of the truth
LANDMARKS = {"stand_onset": "stand_onset", "contraction": "tiptoe", "series_start": "series_start", "series_last": None, "supine_return": "supine"}


def case_settings(index, level, first_seed):
    """Name, seed and settings of one case; the same index gives the same case."""
    seed = first_seed + index
    events = index % 2
    rate = RATES[(index // 2) % len(RATES)]
    model = index % 3 != 2  # two thirds two-compartment, one third closed form
    physics = PHENOTYPES[(index // 3) % 10] if model else CLOSED[(index // 3) % 5]
    settings = {"randomise": 1, "rate_hz": rate, "events": events, "side": "any",
                "nuisance": "realistic" if level == "cut" else level,
                "generator": "compartment" if model else physics}
    if model:
        settings["phenotype"] = physics
    if level == "cut":
        settings["stand_cut"] = 1.15
    comma = level == "hard" and index % 4 >= 2
    return seed, settings, physics, comma


def run_case(job):
    index, level, args = job
    seed, settings, physics, comma = case_settings(index, level, args.seed)
    folder = args.keep or tempfile.mkdtemp(prefix="pleth-validate-")
    stem = os.path.join(folder, f"{level}-{index:05d}")
    drawn = ["--seed", str(seed)] + (["--decimal-comma"] if comma else [])
    for name, value in settings.items():
        drawn += ["--set", f"sim.apg.stand.{name}={value}"]
    command = [args.pleth, "simulate", "apg.stand", "-q", "-o", stem + ".csv", "--truth", stem + ".truth.json"] + drawn
    case = {"index": index, "level": level, "physics": physics, "rate": settings["rate_hz"], "events": bool(settings["events"]),
            "command": "pleth simulate apg.stand -o case.csv --truth case.json " + " ".join(drawn)}
    try:
        subprocess.run(command, check=True, capture_output=True, cwd=folder)
        with open(stem + ".truth.json", encoding="utf-8") as f:
            case["truth"] = json.load(f)
        if not args.make_only:
            analyze = [args.pleth, "analyze", "-q", stem + ".csv", "-o", stem + ".pleth.h5", "--json"]
            for setting in args.set or []:
                analyze += ["--set", setting]
            done = subprocess.run(analyze, capture_output=True, cwd=folder)
            case["status"], case["stderr"] = done.returncode, done.stderr.decode("utf-8", "replace")
            case["report"] = json.loads(done.stdout) if done.returncode == 0 else None
    except (subprocess.CalledProcessError, ValueError, OSError) as error:
        case["status"], case["report"] = 99, None
        case["stderr"] = str(error) + (error.stderr.decode() if getattr(error, "stderr", None) else "")
    finally:
        if not args.keep:
            for suffix in (".csv", ".pleth.json", ".truth.json", ".pleth.h5"):
                if os.path.exists(stem + suffix):
                    os.unlink(stem + suffix)
            os.rmdir(folder)
    return case


def measures_of(case):
    if not case.get("report") or not case["report"].get("tests"):
        return {}
    return {m["id"]: m for m in case["report"]["tests"][0]["measures"]}


def error_of(kind, value, truth):
    return 100 * (value - truth) / truth if kind == "%" else value - truth


def percentile(values, share):
    """Smallest value that at least `share` of all do not exceed: never flattering."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)] if ordered else float("nan")


def collect(cases):
    """One row a measure and case: error, in interval or not, null or not."""
    rows = []
    for case in cases:
        found = measures_of(case)
        for name, (kind, _) in GOALS.items():
            truth = case["truth"]["values"].get(name) if "truth" in case else None
            if truth is None:
                continue
            m = found.get(name)
            row = {"case": case, "name": name, "null": m is None or m["value"] is None, "flags": m["flags"] if m else [], "inside": None}
            if not row["null"]:
                row["error"] = error_of(kind, m["value"], truth)
                if m["lo"] is not None and m["hi"] is not None:
                    row["inside"] = m["lo"] <= truth <= m["hi"]
            rows.append(row)
    return rows


def print_landmarks(cases):
    """Errors in time of what was found, and how often it was not."""
    for given in (True, False):
        mine = [c for c in cases if c["events"] == given and c.get("report")]
        for name, true_name in LANDMARKS.items():
            errors, missing = [], 0
            for case in mine:
                marks = case["truth"]["landmarks"]
                wanted = marks[true_name] if true_name else marks[f"contraction_{int(case['truth']['values']['count']):02d}"]
                found = [m["t_s"] for m in case["report"]["tests"][0]["landmarks"] if m["name"] == name]
                missing += not found
                errors += [min((abs(t - wanted) for t in found))] if found else []
            if mine:
                print(f"  {name + ' (s), events ' + ('given' if given else 'none'):<34}{len(mine):6d}{missing:6d}{'':9}{percentile(errors, 0.5):9.2f}"
                      f"{percentile(errors, 0.95):9.2f}{percentile(errors, 1.0):9.2f}")


def print_flags(rows):
    for name in MAIN:
        counts = collections.Counter(flag for r in rows if r["name"] == name for flag in r["flags"])
        print(f"  flags on {name}: " + ", ".join(f"{flag} {n}" for flag, n in counts.most_common()))


def write_rows(path, rows):
    with open(path, "w", encoding="utf-8", newline="") as f:
        out = csv.writer(f, lineterminator="\n")
        out.writerow(["level", "case", "physics", "rate_hz", "events", "measure", "truth", "error", "inside", "null", "flags"])
        for r in rows:
            c = r["case"]
            out.writerow([c["level"], c["index"], c["physics"], c["rate"], c["events"], r["name"], c["truth"]["values"][r["name"]],
                          r.get("error", ""), r["inside"], r["null"], " ".join(r["flags"])])


def line(label, rows, goal):
    errors = [abs(r["error"]) for r in rows if "error" in r]
    inside = [r["inside"] for r in rows if r["inside"] is not None]
    bias = sum(r["error"] for r in rows if "error" in r) / len(errors) if errors else float("nan")
    cover = f"{100 * sum(inside) / len(inside):5.1f}" if inside else "    -"
    p95 = percentile(errors, 0.95)
    verdict = "" if goal is None else ("ok" if errors and p95 <= goal else "MISS")
    print(f"  {label:<34}{len(rows):6d}{sum(r['null'] for r in rows):6d}{bias:9.2f}{percentile(errors, 0.5):9.2f}{p95:9.2f}"
          f"{percentile(errors, 1.0):9.2f}{cover:>8}  {'' if goal is None else f'<= {goal:g}':>7} {verdict}")
    return verdict != "MISS"


def report_level(level, cases, rows, args):
    print(f"\n== {level} ==")
    print(f"  {'':<34}{'n':>6}{'null':>6}{'bias':>9}{'median':>9}{'p95':>9}{'max':>9}{'in CI %':>8}")
    good = True
    for name, (kind, goals) in GOALS.items():
        mine = [r for r in rows if r["name"] == name]
        if mine:
            good &= line(f"{name} ({kind})", mine, goals.get(level))
    for name in MAIN:
        mine = [r for r in rows if r["name"] == name]
        for title, key in (("events", lambda c: "given" if c["events"] else "none"), ("rate", lambda c: f"{c['rate']:3d} Hz"),
                           ("physics", lambda c: c["physics"])):
            groups = collections.defaultdict(list)
            for r in mine:
                groups[key(r["case"])].append(r)
            for group in sorted(groups):
                line(f"{name}: {title} {group}", groups[group], None)
    print_landmarks(cases)
    print_flags(rows)
    for name in MAIN:
        worst = sorted((r for r in rows if r["name"] == name and "error" in r), key=lambda r: -abs(r["error"]))[:args.worst]
        for r in worst:
            print(f"  worst {name} {r['error']:+.2f} ({r['case']['physics']}, flags {r['flags']}): {r['case']['command']}")
    return good


def check_answers(cases, rows):
    """No recording without a value or a reason; a cut stand must say so."""
    good = True
    for case in cases:
        if case["status"] != 0:
            print(f"status {case['status']}: {case['stderr'].strip()}: {case['command']}")
            good = False
    for r in rows:
        if r["null"] and r["case"]["status"] == 0 and not r["flags"]:
            print(f"{r['name']} is null without a flag: {r['case']['command']}")
            good = False
        if r["case"]["level"] == "cut" and r["name"] == "VFI" and not r["null"] and not r["flags"]:
            print(f"a cut stand without a flag: {r['case']['command']}")
            good = False
    return good


def main():
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pleth", default=os.environ.get("PLETH", "build/cli/pleth"))
    parser.add_argument("-n", type=int, default=100, help="cases a level")
    parser.add_argument("--level", action="append", choices=("none", "realistic", "hard", "cut"), help="may be repeated; default all")
    parser.add_argument("--first", type=int, default=0, help="index of the first case")
    parser.add_argument("--seed", type=int, default=1000, help="seed of case 0")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--keep", help="folder that keeps recordings, truths and reports")
    parser.add_argument("--make-only", action="store_true", help="only make recordings (with --keep)")
    parser.add_argument("--set", action="append", help="parameter for analyze")
    parser.add_argument("--rows", help="write one row a case and measure to this CSV")
    parser.add_argument("--worst", type=int, default=2, help="worst cases to name for each main measure")
    args = parser.parse_args()
    args.pleth = os.path.abspath(args.pleth)
    if args.keep:
        args.keep = os.path.abspath(args.keep)
        os.makedirs(args.keep, exist_ok=True)
    levels = args.level or ["none", "realistic", "hard", "cut"]
    jobs = [(i, level, args) for level in levels for i in range(args.first, args.first + args.n)]
    with multiprocessing.Pool(args.jobs) as pool:
        cases = pool.map(run_case, jobs, chunksize=4)
    if args.make_only:
        failed = [c for c in cases if "truth" not in c]
        print(f"{len(cases) - len(failed)} recordings in {args.keep}")
        return 1 if failed else 0
    rows = collect(cases)
    if args.rows:
        write_rows(args.rows, rows)
    good = check_answers(cases, rows)
    for level in levels:
        good &= report_level(level, [c for c in cases if c["level"] == level], [r for r in rows if r["case"]["level"] == level], args)
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
