# SPDX-License-Identifier: GPL-3.0-or-later
"""`pleth batch` as a laboratory uses it: what is taken below folders, what is said on a terminal and elsewhere, JSON lines, and what becomes of files that
are broken in ten ways."""
import csv
import json
import os
import pty
import re
import shutil
import subprocess

from support import PLETH, check, check_message, finish, read, run, simulate, simulate_small, tree, workplace, write


def rows(folder, out="out"):
    """Every recording of summary.csv with its first row, in order."""
    with open(f"{folder}/{out}/summary.csv", encoding="utf-8", newline="") as file:
        found = {}
        for row in csv.DictReader(file):
            found.setdefault(row["recording"], row)
        return found


def legs(folder, names):
    leg, sidecar = read(simulate_small(f"{folder}/leg.csv")), read(f"{folder}/leg.pleth.json")
    for name in names:
        os.makedirs(os.path.dirname(f"{folder}/{name}"), exist_ok=True)
        write(f"{folder}/{name}.csv", leg)
        write(f"{folder}/{name}.pleth.json", sidecar)


def test_what_is_taken(folder):
    legs(folder, ["in/a", "in/b", "in/deep/c", "in/.hidden/d", "in/.e"])
    shutil.copy(f"{folder}/in/a.csv", f"{folder}/in/odd.data")
    os.symlink("nowhere.csv", f"{folder}/in/gone.csv")
    done = run("batch", "in", "-o", "out", cwd=folder)
    check(list(rows(folder)) == ["in/a.csv", "in/b.csv", "in/deep/c.csv", "in/gone.csv"], f"{list(rows(folder))}")
    check(done.returncode == 1 and "cannot open" in rows(folder)["in/gone.csv"]["reason"], f"a link to nothing is a row: {done.err}")
    for words, wanted in ((["--include", "a*"], ["in/a.csv"]), (["--include", "*"], ["in/a.csv", "in/b.csv", "in/deep/c.csv", "in/gone.csv", "in/odd.data"]),
                          (["--exclude", "deep", "--exclude", "gone*"], ["in/a.csv", "in/b.csv"]), (["--include", "in/deep/*"], ["in/deep/c.csv"]),
                          (["--include", "*.csv", "--include", ".e*", "--exclude", "*/deep"], ["in/.e.csv", "in/a.csv", "in/b.csv", "in/gone.csv"])):
        run("batch", "in", "-q", "-o", "chosen", *words, cwd=folder)
        check(list(rows(folder, "chosen")) == wanted, f"{words}: {list(rows(folder, 'chosen'))}")
    check_message(run("batch", "in", "-o", "out", "--map", "none.json", cwd=folder), 2, "none.json: cannot open", "a map that is not there is said once")
    # A batch within the folder that it is about, and another one after it.
    for out in ("in/first", "in/second"):
        run("batch", "in", "-q", "-o", out, cwd=folder)
        check(list(rows(folder, out)) == list(rows(folder)), f"what batches write is no recording: {list(rows(folder, out))}")
    for names in (["in/a.csv", "./in/a.csv"], ["in", ".//in/a.csv"]):
        check_message(run("batch", *names, "-o", "twice", cwd=folder), 2, "this input is named twice; name it once", f"{names}")
    legs(folder, ["up/x", "root/x", "inner/up/x", "inner/y", "up_/x"])
    run("batch", "up", "up_", "root", "inner", "-q", "-o", "names", cwd=folder)
    run("batch", "../up", "../root", f"{folder}/root/x.csv", "y.csv", "-q", "-o", "../names", cwd=f"{folder}/inner")
    reports = [name for name in tree(f"{folder}/names/reports") if name.endswith(".h5")]
    check(len(reports) == 9, f"no two recordings share a report: {sorted(reports)}")
    for out in ("out", "chosen", "names", "in/first", "in/second"):
        shutil.rmtree(f"{folder}/{out}")


def test_locked_folder(folder):
    """A folder that cannot be looked into is a row; the others are done."""
    legs(folder, ["locked/a", "locked/shut/b"])
    os.chmod(f"{folder}/locked/shut", 0)
    os.chmod(folder, 0o777)
    program = shutil.copy(PLETH, f"{folder}/pleth")
    nobody = {"user": 65534, "group": 65534, "extra_groups": []} if os.geteuid() == 0 else {}
    done = run("batch", "locked", "-o", "out", cwd=folder, program=program, **nobody)
    os.chmod(f"{folder}/locked/shut", 0o755)
    check(done.returncode == 1 and "2 recordings: 1 analysed" in done.out, f"{done.returncode} {done.out} {done.err}")
    check("Permission denied" in rows(folder)["locked/shut"]["reason"], f"{rows(folder)}")
    shutil.rmtree(f"{folder}/out")


def test_ten_ways(folder):
    """What is no recording is a failed row with its reason. A heading and a row or two is a recording, a short one: its values are null, with that reason."""
    simulate(f"{folder}/whole.csv", "rate_hz=50", "stand_s=90")
    whole = read(f"{folder}/whole.csv")
    os.mkdir(f"{folder}/ten")
    ways = {"empty.csv": b"", "cut.csv": whole[:40], "noise.csv": bytes(i * 197 * i % 251 for i in range(5000)), "zeros.csv": b"\0" * 5000,
            "prose.csv": b"no numbers here\n" * 100, "heading.csv": b"volume (mL)\n", "ragged.csv": b"1;2;3\n4;5\n6\n", "sidecar.csv": whole[:2000],
            "backwards.csv": b"time (s),volume (mL)\n1,2\n0,3\n", "riff.wav": b"RIFF\xff\xff\xff\x7fWAVEfmt "}
    for name, data in ways.items():
        write(f"{folder}/ten/{name}", data)
    write(f"{folder}/ten/sidecar.pleth.json", b"{not json")
    done = run("batch", "ten", "-o", "out", "--json", cwd=folder)
    found = rows(folder)
    check(sorted(found) == sorted(f"ten/{name}" for name in ways), f"all accounted for: {sorted(found)}")
    for name, row in found.items():
        if name != "ten/cut.csv":
            check(row["status"] == "failed" and len(row["reason"]) > 10, f"{name}: {row['status']} {row['reason']!r}")
    check(found["ten/cut.csv"]["status"] == "analysed" and found["ten/cut.csv"]["value"] == "n/a" and
          "recording_too_short" in found["ten/cut.csv"]["flags"], f"{found['ten/cut.csv']}")
    lines = [json.loads(line) for line in done.out.splitlines()]
    check([line["recording"] for line in lines[:-1]] == list(found), "a line for each, in order")
    check(all(line.get("reason", "") == found[line["recording"]]["reason"] for line in lines[:-1]), "with the reason of the table")
    check(lines[-1] == {"summary": {"recordings": 10, "analysed": 1, "flagged": 1, "without_values": 1, "failed": 9, "skipped": 0}}, f"{lines[-1]}")
    shutil.rmtree(f"{folder}/out")


def test_closing_words(folder):
    legs(folder, [f"many/a{i:02}" for i in range(3)])
    for i in range(12):
        write(f"{folder}/many/bad{i:02}.csv", b"rubbish\n")
    shutil.copy(f"{folder}/ten/cut.csv", f"{folder}/many/cut.csv")
    done = run("batch", "many", "-o", "out", cwd=folder)
    check("16 recordings: 4 analysed (1 of them flagged, 1 without any value), 12 failed; 0 were done before" in done.out, done.out)
    check("  and 3 more (status, reason and flags in summary.csv)\n" in done.out, done.out)
    one = run("batch", "ten/cut.csv", "-o", "one", cwd=folder)
    check("1 recording: 1 analysed" in one.out and "  ten/cut.csv: 16 of 16 values missing: recording_too_short\n" in one.out, one.out)
    told = run("batch", "many", "-o", "out", "--json=told.json", cwd=folder)
    lines = [json.loads(line) for line in read(f"{folder}/told.json").splitlines()]
    check("16 were done before and skipped" in told.out and len(lines) == 17 and lines[-1]["summary"]["skipped"] == 16, "--json=FILE, and words on stdout")
    check(run("batch", "many", "-o", "out", "--json=/dev/null", cwd=folder).returncode == 4, "not into a device")
    merged = run("merge", "out", "--json=merged.json", cwd=folder)
    check(merged.returncode == 0 and "16 recordings" in merged.out and json.loads(read(f"{folder}/merged.json"))["analysed"] == 4, merged.err)
    # What a kill in the middle of writing the tables leaves does not stay.
    write(f"{folder}/out/.pleth-77-summary.csv.tmp", b"half")
    run("batch", "many", "-q", "-o", "out", cwd=folder)
    check(not [name for name in tree(f"{folder}/out") if name.endswith(".tmp")], "no leftovers")


def test_trials_are_not_missing(folder):
    """What only the whole test has is no missing value of its trials: neither in the closing words nor for --strict."""
    sample = f"{os.environ['PLETH_SOURCE']}/sample_data/hyperaemia.csv"
    alone = run("analyze", sample, "--strict", "-q", "-o", "alone.h5", cwd=folder)
    done = run("batch", sample, "--strict", "-o", "trials", cwd=folder)
    check(alone.returncode == 0 and done.returncode == 0, f"strict: {alone.returncode} {done.returncode} {done.out}")
    check("1 analysed (0 of them flagged, 0 without any value)" in done.out, done.out)


def on_terminal(folder, *words):
    """What the program writes to a terminal that is its stderr."""
    ours, its = pty.openpty()
    child = subprocess.Popen([PLETH, *words], cwd=folder, stdout=subprocess.DEVNULL, stderr=its, stdin=subprocess.DEVNULL)
    os.close(its)
    said = b""
    while True:
        try:
            piece = os.read(ours, 65536)
        except OSError:
            break
        if not piece:
            break
        said += piece
    os.close(ours)
    child.wait()
    return said.decode()


def test_progress(folder):
    legs(folder, ["slow/quick"])
    simulate(f"{folder}/slow/leg0.csv", "rate_hz=200", seed=0)
    for i in range(1, 99):  # long enough for the bar, which is drawn ten times a second
        shutil.copy(f"{folder}/slow/leg0.csv", f"{folder}/slow/leg{i}.csv")
        shutil.copy(f"{folder}/slow/leg0.pleth.json", f"{folder}/slow/leg{i}.pleth.json")
    said = on_terminal(folder, "batch", "slow", "-j", "1", "-o", "bar")
    check(re.search(r"\[#+\.+\] \d+ of 100, \d+\.\d/s, \d+:\d\d left, 0 failed\r", said) is not None, repr(said[-300:]))
    check(said.endswith("\r\x1b[K"), f"the bar is gone at the end: {said[-60:]!r}")
    check(on_terminal(folder, "batch", "slow", "-q", "-o", "bar") == "" and on_terminal(folder, "batch", "slow", "--progress=never", "-o", "bar") == "", "none")
    check(run("batch", "slow", "-o", "bar", cwd=folder).err == "", "not into a file")
    check(re.fullmatch(r"100 of 100, \d+\.\d/s, 0:00 left, 0 failed\n", run("batch", "slow", "-o", "bar", "--progress=always", cwd=folder).err) is not None,
          "plain lines on demand")


def main():
    with workplace() as folder:
        for test in (test_what_is_taken, test_locked_folder, test_ten_ways, test_closing_words, test_trials_are_not_missing, test_progress):
            test(folder)
    finish()


main()
