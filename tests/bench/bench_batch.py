# SPDX-License-Identifier: GPL-3.0-or-later
"""`pleth batch` on many small recordings, tables and (every tenth) Doppler audio, 2 % of them broken in ten ways: speed with one and two workers, memory as the
count grows, and recordings a second beside a SciPy script that does its own analysis in one process. PLETH_BATCH_FILES (10000) says how many."""
import os
import pathlib
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

import apg_scipy
from race import ratio

PLETH, SOURCE = os.environ["PLETH"], pathlib.Path(os.environ["PLETH_SOURCE"])
FILES = int(os.environ.get("PLETH_BATCH_FILES", "10000"))
LEGS = 20


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
    """Ten ways in which a file is no recording."""
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
    """Seconds, largest resident set in MiB of the program and of a worker, and what it said."""
    began = time.perf_counter()
    child = subprocess.Popen([PLETH, "batch", *map(str, words)], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
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


with tempfile.TemporaryDirectory() as folder:
    pairs = make_originals(folder)
    seconds = {}
    for n in sorted({100, 1000, FILES} & set(range(FILES + 1))):
        broken = make(f"{folder}/in{n}", n, pairs)
        took, peak, said = batch(f"{folder}/in{n}", "-j", 2, "-o", f"{folder}/out")
        print(f"{n} recordings, -j 2: {took:.1f} s, {n / took:.0f}/s, program's peak memory {peak:.1f} MiB; {broken} made broken; {said.splitlines()[0]}",
              flush=True)
        seconds[2] = took
        if n < FILES:
            shutil.rmtree(f"{folder}/out")
    took, peak, said = batch(f"{folder}/in{FILES}", "-j", 2, "-o", f"{folder}/out")
    print(f"again, nothing to do: {took:.1f} s, {FILES / took:.0f}/s; {said.splitlines()[0]}", flush=True)
    shutil.rmtree(f"{folder}/out")
    seconds[1], peak, said = batch(f"{folder}/in{FILES}", "-j", 1, "-o", f"{folder}/out")
    print(f"{FILES} recordings, -j 1: {seconds[1]:.1f} s, {FILES / seconds[1]:.0f}/s, peak memory {peak:.1f} MiB", flush=True)
    ratio(f"-j 2 over -j 1 on {os.cpu_count()} processors, load average {os.getloadavg()[0]:.1f}", seconds[1] / seconds[2], 1.8)
    shutil.rmtree(f"{folder}/out")

    # The same legs by both, one core each, in turns.
    legs = [path for path, _ in pairs[:LEGS]]
    ours, theirs = [], []
    for _ in range(5):
        began = time.perf_counter()
        subprocess.run([PLETH, "batch", "-q", "-j", "1", *legs, "-o", f"{folder}/out"], check=True)
        ours.append((time.perf_counter() - began) / LEGS)
        shutil.rmtree(f"{folder}/out")
        began = time.perf_counter()
        for leg in legs:
            apg_scipy.analyze(leg, f"{folder}/theirs.h5")
        theirs.append((time.perf_counter() - began) / LEGS)
    print(f"a leg of {os.path.getsize(legs[0]) / 1e6:.2f} MB: pleth batch {statistics.median(ours) * 1e3:.1f} ms, script in one process "
          f"{statistics.median(theirs) * 1e3:.1f} ms")
    ratio("script / pleth batch, a core each", statistics.median(theirs) / statistics.median(ours), 10)
    sys.stdout.flush()
