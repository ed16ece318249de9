# SPDX-License-Identifier: GPL-3.0-or-later
"""Every fuzz target until it has had its CPU time, in slices, so that it can be stopped at any moment and goes on where it was.

usage: long.py BUILD CORPUS [-j N] [--minutes M] [--table] [TARGET...]   BUILD: folder with -Dfuzz=true; CORPUS: tests/fuzz/corpus

CPU time is what the kernel charged to the fuzzer's process (rusage), not the clock's. What a target has had is kept in
BUILD/found/TARGET.spent.json, what it found in BUILD/found/TARGET. A target that crashes stops there until its finding has been mended
and moved into the corpus. The last lines are the table, and in the form that is counted "ok NAME" or "FAIL NAME"."""
import argparse
import json
import os
import pathlib
import re
import subprocess
import sys
import threading

MINUTES = 5
MORE_MINUTES = {"csv": 20, "mat": 20, "dicom": 20, "report": 20}
SLICE_S = 120


def spent_path(build, name):
    return build / "found" / f"{name}.spent.json"


def spent(build, name):
    path = spent_path(build, name)
    return json.loads(path.read_text()) if path.exists() else {"cpu_s": 0.0, "executions": 0, "edges": 0, "features": 0, "of": 0}


def findings(build, name):
    return sorted(p for kind in ("crash", "leak", "timeout", "oom") for p in (build / "found" / name).glob(kind + "-*"))


def run_slice(build, corpus, name, seconds):
    """One run of libFuzzer; its output and the CPU seconds that it used."""
    found = build / "found" / name
    found.mkdir(parents=True, exist_ok=True)
    command = [build / "tests/fuzz" / f"fuzz_{name}", f"-max_total_time={seconds}", "-timeout=20", "-rss_limit_mb=2048", "-print_final_stats=1",
               f"-artifact_prefix={found}/", found, corpus / name]
    log = build / "found" / f"{name}.log"
    with log.open("wb") as out:
        process = subprocess.Popen([str(c) for c in command], stdin=subprocess.DEVNULL, stdout=out, stderr=out)
        _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    return process.returncode, log.read_text(errors="replace"), usage.ru_utime + usage.ru_stime


def fuzz_slice(build, corpus, name):
    """One slice, added to what the target has had. False when it found something."""
    state = spent(build, name)
    status, log, cpu_s = run_slice(build, corpus, name, SLICE_S)
    executions = re.search(r"number_of_executed_units: *(\d+)", log)
    reached = re.findall(r"cov: (\d+) ft: (\d+)", log)
    counters = re.findall(r"\((\d+) inline 8-bit counters\)", log)
    state["cpu_s"] += cpu_s
    state["executions"] += int(executions.group(1)) if executions else 0
    state["of"] = sum(map(int, counters))
    if reached:
        state["edges"], state["features"] = map(int, reached[-1])
    spent_path(build, name).write_text(json.dumps(state) + "\n")
    if status:
        print(log, file=sys.stderr)
    return status == 0


def fuzz_all(build, corpus, budgets, jobs):
    """Slices by turns, the target first that has had the least of its time. What stands is {name: has its time without a finding}."""
    good = {name: not findings(build, name) for name in budgets}
    busy, lock = set(), threading.Lock()

    def due():
        share = {n: spent(build, n)["cpu_s"] / b for n, b in budgets.items() if good[n] and n not in busy}
        return min((n for n in share if share[n] < 1), key=share.get, default=None)

    def work():
        while True:
            with lock:
                name = due()
                if name is None:
                    return
                busy.add(name)
            sound = fuzz_slice(build, corpus, name)
            with lock:
                good[name] = sound and not findings(build, name)
                busy.discard(name)

    workers = [threading.Thread(target=work) for _ in range(jobs)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    return good


def print_table(build, names, budgets):
    print(f"{'target':<12} {'executions':>12} {'edges':>7} {'of':>7} {'features':>9} {'CPU s':>8} {'goal':>6}")
    for name in names:
        s = spent(build, name)
        print(f"{name:<12} {s['executions']:>12} {s['edges']:>7} {s['of']:>7} {s['features']:>9} {s['cpu_s']:>8.0f} {budgets[name]:>6.0f}")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("build", type=pathlib.Path)
    parser.add_argument("corpus", type=pathlib.Path)
    parser.add_argument("-j", type=int, default=os.cpu_count())
    parser.add_argument("--minutes", type=float, help="of CPU time for each target, instead of 5 or 20")
    parser.add_argument("--table", action="store_true", help="print what there is and run nothing")
    parser.add_argument("targets", nargs="*")
    args = parser.parse_args()
    names = args.targets or sorted(p.name[len("fuzz_"):] for p in (args.build / "tests/fuzz").glob("fuzz_*") if p.is_file())
    budgets = {n: 60 * (args.minutes if args.minutes is not None else MORE_MINUTES.get(n, MINUTES)) for n in names}
    verdicts = {}
    if not args.table:
        verdicts = fuzz_all(args.build, args.corpus, budgets, args.j)
    print_table(args.build, names, budgets)
    for name, good in verdicts.items():
        print(f"{'ok' if good else 'FAIL'} fuzz {name}")
    return 0 if all(verdicts.values()) else 1


if __name__ == "__main__":
    sys.exit(main())
