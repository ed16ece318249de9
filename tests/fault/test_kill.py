# SPDX-License-Identifier: GPL-3.0-or-later
"""A kill at any moment leaves the old report or the new one, whole, and never stops the next run."""
import contextlib
import os
import random
import shutil
import signal
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.environ["PLETH_SOURCE"], "tests", "cli"))
from support import PLETH, check, finish, read, run, simulate, tree, workplace  # noqa: E402

KILLS = 60
SEED = 20240302


def start(folder, *words, **options):
    return subprocess.Popen([PLETH, *words], cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, **options)


def duration(folder, leg):
    began = time.monotonic()
    check(start(folder, "analyze", leg, "-o", "report.h5").wait() == 0, f"{leg} can be analysed")
    return time.monotonic() - began


def test_report_is_old_or_new(folder):
    """Two recordings take turns, so that old and new differ. Half of the kills aim at the last third, where the file is written."""
    chance = random.Random(SEED)
    whole = {}
    for leg in ("a.csv", "b.csv"):
        simulate(f"{folder}/{leg}", "rate_hz=20", seed=ord(leg[0]))
        longest = max(duration(folder, leg) for _ in range(3))
        whole[leg] = read(f"{folder}/report.h5")
    check(whole["a.csv"] != whole["b.csv"], "the two reports differ")
    killed, replaced = 0, 0
    for i in range(KILLS):
        before = read(f"{folder}/report.h5")
        child = start(folder, "analyze", ("a.csv", "b.csv")[i % 2], "-o", "report.h5")
        time.sleep(chance.uniform(0, longest) if i % 4 < 2 else chance.uniform(longest * 2 / 3, longest))
        child.send_signal(signal.SIGKILL)
        killed += child.wait() == -signal.SIGKILL
        after = read(f"{folder}/report.h5")
        replaced += after != before
        check(after in whole.values(), f"kill {i}: the report is neither the old nor the new one")
        check(run("check", "-q", "report.h5", cwd=folder).returncode == 0, f"kill {i}: the report is valid")
    print(f"{killed} of {KILLS} runs were killed before their end; {replaced} reports were replaced")
    check(killed > KILLS // 4, f"only {killed} runs of {KILLS} were killed in time")
    stale = tree(folder) - {"a.csv", "a.pleth.json", "b.csv", "b.pleth.json", "report.h5"}
    for leg, report in whole.items():
        check(run("analyze", leg, "-o", "report.h5", cwd=folder).returncode == 0, f"{leg} after the kills")
        check(read(f"{folder}/report.h5") == report, f"{leg} after the kills: the same bytes")
    left = tree(folder) - {"a.csv", "a.pleth.json", "b.csv", "b.pleth.json", "report.h5"}
    check(left <= stale, f"a finished run leaves no temporary: {left - stale}")
    for name in stale:
        os.remove(f"{folder}/{name}")


def without_names(folder):
    """Does the file system know files without a name?"""
    try:
        os.close(os.open(folder, os.O_TMPFILE | os.O_WRONLY, 0o600))
        return True
    except OSError:
        return False


def test_new_report_leaves_nothing(folder):
    """Killed before there was a report: a whole one or none, and no temporary file where the file system can do without."""
    if not without_names(folder):
        print("SKIPPED: this file system knows no files without a name")
        return
    chance = random.Random(SEED + 1)
    before = tree(folder)
    longest = max(duration(folder, "a.csv") for _ in range(3))
    whole = read(f"{folder}/report.h5")
    for i in range(KILLS // 2):
        with contextlib.suppress(FileNotFoundError):
            os.remove(f"{folder}/report.h5")
        child = start(folder, "analyze", "a.csv", "-o", "report.h5")
        time.sleep(chance.uniform(longest / 2, longest))
        child.send_signal(signal.SIGKILL)
        child.wait()
        left = tree(folder) - before
        check(not left, f"kill {i}: left behind {left}")
        check(not os.path.exists(f"{folder}/report.h5") or read(f"{folder}/report.h5") == whole, f"kill {i}: a whole report or none")


def children(pid):
    try:
        with open(f"/proc/{pid}/task/{pid}/children") as file:
            return [int(word) for word in file.read().split()]
    except FileNotFoundError:
        return []


def first_worker(parent):
    """The first process that the program starts; None when it ends without one being seen."""
    workers = []
    while not workers and parent.poll() is None:
        workers = children(parent.pid)
    return workers[0] if workers else None


def test_killed_worker(folder):
    """One worker is killed: its recording fails with a message, the others are analysed. A worker that was done before the signal came has
    lost nothing: another try."""
    legs = [f"leg{i}.csv" for i in range(4)]
    for i, leg in enumerate(legs):
        simulate(f"{folder}/{leg}", "rate_hz=1000" if i == 0 else "rate_hz=10", seed=i)
    for _ in range(20):
        with contextlib.suppress(FileNotFoundError):
            shutil.rmtree(f"{folder}/out")
        os.mkdir(f"{folder}/out")
        parent = subprocess.Popen([PLETH, "analyze", "-q", "-j", "2", "-o", "out", *legs], cwd=folder, stderr=subprocess.PIPE, text=True)
        worker = first_worker(parent)
        if worker:
            os.kill(worker, signal.SIGKILL)
        said = parent.communicate()[1]
        if parent.returncode != 0:
            break
        check(len(tree(f"{folder}/out")) == 4, "nothing is lost by a late kill")
    check(parent.returncode == 1, f"one of four failed: status {parent.returncode}")
    check(said == "pleth analyze: leg0.csv: the worker process was ended by signal 9; please report this file as a fault of pleth\n", repr(said))
    check({name for name in tree(f"{folder}/out") if name.startswith("leg")} == {leg.replace(".csv", ".pleth.h5") for leg in legs[1:]},
          f"the others are there: {tree(f'{folder}/out')}")


def test_killed_parent(folder):
    """Workers do not outlive the program, so that a report is not replaced after it seemed to be over."""
    parent = start(folder, "analyze", "-j", "2", "-o", "out", "leg0.csv", "leg1.csv")
    worker = first_worker(parent)
    time.sleep(0.05)  # it binds itself to the program first thing
    if not worker or not alive(worker):
        check(False, "no worker was seen at work")
        return
    os.kill(worker, signal.SIGSTOP)  # it cannot end by itself
    parent.kill()
    parent.wait()
    deadline = time.monotonic() + 10
    while alive(worker) and time.monotonic() < deadline:
        time.sleep(0.01)
    check(not alive(worker), "the worker ended with the program")
    if alive(worker):
        os.kill(worker, signal.SIGKILL)


def alive(pid):
    """Running, not merely waiting to be reaped by whoever inherited it."""
    try:
        with open(f"/proc/{pid}/stat") as file:
            return file.read().rsplit(")", 1)[1].split()[0] not in "ZX"
    except (FileNotFoundError, ProcessLookupError):
        return False


def main():
    with workplace() as folder:
        for test in (test_report_is_old_or_new, test_new_report_leaves_nothing, test_killed_worker, test_killed_parent):
            test(folder)
    finish()


main()
