# SPDX-License-Identifier: GPL-3.0-or-later
"""`pleth batch` on many small recordings, tables and (every tenth) Doppler audio, 2 % of them broken in ten ways: speed with one and two
workers, memory as the count grows; then legs alone, a core each, beside the SciPy script (apg_scipy.py: the same measures, intervals and
reports, and a summary with a row a measure) that analyses them one after the other in one process and is spared sync and seal.
PLETH_BATCH_FILES (10000) says how many. With PLETH_BATCH_FOLDER, an empty folder, what was measured is kept there: the same command goes on
with the step that was cut off."""
import contextlib
import csv
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import time

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # before NumPy is loaded: one core each, and none spins
import apg_scipy
from race import processor_ms, race, ratio

PLETH, SOURCE = os.environ["PLETH"], pathlib.Path(os.environ["PLETH_SOURCE"])
FILES = int(os.environ.get("PLETH_BATCH_FILES", "10000"))
LEGS, SAME_LEGS = 20, 200


def make_originals(folder):
    """Twenty legs and what is shipped as audio: [(recording, side-car)]."""
    pairs = []
    for i in range(LEGS):
        path = f"{folder}/leg{i}.csv"
        subprocess.run([PLETH, "simulate", "apg.stand", "-o", path, "--seed", str(i)], check=True, stdout=subprocess.DEVNULL)
        pairs.append((path, f"{folder}/leg{i}.pleth.json"))
    for wav in sorted((SOURCE / "sample_data").glob("*.wav")):
        pairs.append((str(wav), str(wav.with_suffix(".pleth.json"))))
    return pairs


def break_it(path, kind, pair):
    """Nine ways in which a file is no recording, and one (the second, a heading and a row or two) in which it is one, too short for any value."""
    whole = open(pair[0], "rb").read()
    data = [b"", whole[:40], os.urandom(5000), b"\0" * 5000, b"no numbers here\n" * 100, b"volume (mL)\n", b"1;2;3\n4;5\n6\n",
            whole[:2000], b"time (s),volume (mL)\n1,2\n0,3\n", b"RIFF\xff\xff\xff\x7fWAVEfmt "][kind]
    with open(path + (".wav" if kind == 9 else ".csv"), "wb") as file:
        file.write(data)
    if kind == 7:
        with open(path + ".pleth.json", "wb") as file:
            file.write(b"{not json")


def make(folder, n, pairs):
    os.makedirs(folder)
    broken = 0
    for i in range(n):
        path = f"{folder}/{i % 100:02}/r{i:06}"
        os.makedirs(os.path.dirname(path), exist_ok=True)
        if i % 50 == 9:
            break_it(path, broken % 10, pairs[0])
            broken += 1
            continue
        recording, sidecar = pairs[LEGS + i // 10 % (len(pairs) - LEGS)] if i % 10 == 0 else pairs[i % LEGS]
        os.symlink(recording, path + os.path.splitext(recording)[1])
        os.symlink(sidecar, path + ".pleth.json")
    return broken


def batch(*words):
    """Seconds, largest resident set of the program in MiB, and what it said. Where stderr is a terminal, it shows how far it is."""
    began = time.perf_counter()
    child = subprocess.Popen([PLETH, "batch", *map(str, words)], stdout=subprocess.PIPE, stderr=None if sys.stderr.isatty() else subprocess.DEVNULL,
                             text=True)
    peak = 0
    os.set_blocking(child.stdout.fileno(), False)
    while child.poll() is None:
        try:
            with open(f"/proc/{child.pid}/status", encoding="ascii") as file:
                peak = max(peak, int(re.search(r"VmHWM:\s+(\d+)", file.read())[1]))
        except (FileNotFoundError, ProcessLookupError, TypeError):
            pass
        time.sleep(0.02)
    said = child.stdout.read() or ""
    return time.perf_counter() - began, peak / 1024, said


def measured(folder, name, out, *words):
    """What batch() gives, into a folder that is new; from the folder's notes if it was measured there before."""
    notes = f"{folder}/measured.json"
    known = json.load(open(notes, encoding="utf-8")) if os.path.exists(notes) else {}
    if name not in known:
        if "again" not in name:
            shutil.rmtree(out, ignore_errors=True)
        known[name] = batch(*words, "-o", out)
        with open(f"{notes}.new", "w", encoding="utf-8") as file:
            json.dump(known, file)
        os.replace(f"{notes}.new", notes)
    return known[name]


def workplace():
    kept = os.environ.get("PLETH_BATCH_FOLDER")
    return contextlib.nullcontext(kept) if kept else tempfile.TemporaryDirectory()


with workplace() as folder:
    pairs = make_originals(folder)
    seconds = {}
    for n in sorted({100, 1000, FILES} & set(range(FILES + 1))):
        shutil.rmtree(f"{folder}/in{n}", ignore_errors=True)
        broken = make(f"{folder}/in{n}", n, pairs)
        took, peak, said = measured(folder, f"{n} -j 2", f"{folder}/out{n}", f"{folder}/in{n}", "-j", 2)
        print(f"{n} recordings, -j 2: {took:.1f} s, {n / took:.0f}/s, program's peak memory {peak:.1f} MiB; {broken} made broken; {said.splitlines()[0]}",
              flush=True)
        seconds[2] = took
    took, peak, said = measured(folder, f"{FILES} again", f"{folder}/out{FILES}", f"{folder}/in{FILES}", "-j", 2)
    print(f"again, nothing to do: {took:.1f} s, {FILES / took:.0f}/s; {said.splitlines()[0]}", flush=True)
    seconds[1], peak, said = measured(folder, f"{FILES} -j 1", f"{folder}/one", f"{folder}/in{FILES}", "-j", 1)
    print(f"{FILES} recordings, -j 1: {seconds[1]:.1f} s, {FILES / seconds[1]:.0f}/s, peak memory {peak:.1f} MiB", flush=True)
    ratio(f"-j 2 over -j 1 on {os.cpu_count()} processors, load average {os.getloadavg()[0]:.1f}", seconds[1] / seconds[2], 1.8)
    shutil.rmtree(f"{folder}/one")

    # The same legs by both, one core each, in turns.
    os.makedirs(f"{folder}/legs", exist_ok=True)
    for i in range(SAME_LEGS):
        for ending in (".csv", ".pleth.json"):
            with contextlib.suppress(FileExistsError):
                os.symlink(f"{os.path.splitext(pairs[i % LEGS][0])[0]}{ending}", f"{folder}/legs/{i:03}{ending}")

    def by_script():
        os.makedirs(f"{folder}/theirs", exist_ok=True)
        with open(f"{folder}/theirs/summary.csv", "w", encoding="utf-8", newline="") as file:
            summary = csv.writer(file, lineterminator="\n")
            for i in range(SAME_LEGS):
                report = apg_scipy.analyze(f"{folder}/legs/{i:03}.csv", f"{folder}/theirs/{i:03}.pleth.h5", sync=False)
                for test in report["tests"]:
                    for row in test["measures"]:
                        summary.writerow([f"{i:03}.csv", report["input"]["sha256"], "ok", test["protocol"], test["channel"], *row.values()])

    def by_program():
        shutil.rmtree(f"{folder}/out", ignore_errors=True)
        subprocess.run([PLETH, "batch", "-q", "-j", "1", f"{folder}/legs", "-o", f"{folder}/out"], check=True)

    median = race(f"{SAME_LEGS} legs of {os.path.getsize(pairs[0][0]) / 1e6:.2f} MB, a core each", {"pleth batch -j 1": by_program, "script": by_script}, 3)
    ratio("script / pleth batch, a core each", median["script"] / median["pleth batch -j 1"], 10)
    own, theirs = processor_ms(by_program, 1), processor_ms(by_script, 1)
    print(f"  -> processor time alone: pleth batch {own / SAME_LEGS:.2f} ms a leg, script {theirs / SAME_LEGS:.2f} ms ({theirs / own:.1f} x)", flush=True)
