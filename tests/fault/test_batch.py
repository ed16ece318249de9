# SPDX-License-Identifier: GPL-3.0-or-later
"""A batch under fire: kills of workers and of the program, a full disk, a folder that is locked or taken away, inputs that change: nothing that
was done is lost, nothing is half there, and the next run gives what an undisturbed one gives, to the byte."""
import os
import random
import shutil
import signal
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.environ["PLETH_SOURCE"], "tests", "cli"))
from support import PLETH, check, check_message, finish, read, run, simulate, simulate_small, tree, workplace, write  # noqa: E402

LONG = bool(os.environ.get("PLETH_LONG"))
SEALED = "seal       on\n" in run("--version", "-v").out
FILES, KILLS = (500 if SEALED else 60), (50 if LONG else 10)
SEED = 20240302


def prepare(folder):
    """Many recordings that differ, made of a few; some that cannot be read."""
    os.makedirs(f"{folder}/in/deep")
    legs = [read(simulate_small(f"{folder}/leg{i}.csv", seed=i)) for i in range(3)]
    sidecar = read(f"{folder}/leg0.pleth.json")
    for i in range(FILES):
        name = f"{folder}/in/{'deep/' if i % 5 == 0 else ''}leg{i:04}"
        write(f"{name}.csv", b"not a recording\n" if i % 50 == 7 else legs[i % 3] + b"# %d\n" % i)
        write(f"{name}.pleth.json", sidecar)


def batch(folder, *words, **options):
    return run("batch", "in", "-j", 2, *words, cwd=folder, **options)


def start(folder, *words):
    return subprocess.Popen([PLETH, "batch", "-q", "in", "-j", "2", *words], cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def outcome(out):
    """Tables and reports; not what the batch remembers, which tells how often it was begun."""
    return {name: read(f"{out}/{name}") for name in tree(out) if os.path.isfile(f"{out}/{name}") and not name.startswith(".pleth-batch")}


def children(pid):
    try:
        with open(f"/proc/{pid}/task/{pid}/children") as file:
            return [int(word) for word in file.read().split()]
    except FileNotFoundError:
        return []


def test_undisturbed(folder):
    first = run("batch", "in", "-j", 1, "-o", "good", cwd=folder)
    failed = sum(i % 50 == 7 for i in range(FILES))
    check(first.returncode == 1, f"some cannot be read: status {first.returncode}: {first.err[:300]}")
    check(f"{FILES} recordings: {FILES - failed} analysed" in first.out and f" {failed} failed; 0 were done before" in first.out, first.out)
    check(len(first.err.splitlines()) == failed, f"a line for each failure: {first.err[:500]}")
    good = outcome(f"{folder}/good")
    check(len(good) == FILES - failed + 2, f"{len(good)} files")
    again = run("batch", "in", "-j", 3, "-o", "other", cwd=folder)
    check(again.out.replace("other", "good") == first.out and outcome(f"{folder}/other") == good, "the same bytes for any -j")
    skipped = batch(folder, "-o", "good")
    check(f"; {FILES} were done before and skipped" in skipped.out, skipped.out)
    check(outcome(f"{folder}/good") == good, "a run with nothing to do changes nothing")
    check("skipped" in batch(folder, "-o", "good", "--json").out, "--json says so, too")
    return good


def test_changes(folder, good):
    """What has changed is done anew: an input, a side-car, a lost report, a parameter."""
    shutil.copytree(f"{folder}/other", f"{folder}/changed")
    kept = read(f"{folder}/in/leg0001.csv"), read(f"{folder}/in/leg0002.pleth.json")
    write(f"{folder}/in/leg0001.csv", kept[0] + b"# changed\n")
    write(f"{folder}/in/leg0002.pleth.json", kept[1] + b"\n")
    os.remove(f"{folder}/changed/reports/in/leg0003.csv.pleth.h5")
    check(f"; {FILES - 3} were done before" in batch(folder, "-o", "changed").out, "three of them are done")
    write(f"{folder}/in/leg0001.csv", kept[0])
    write(f"{folder}/in/leg0002.pleth.json", kept[1])
    check(f"; {FILES - 2} were done before" in batch(folder, "-o", "changed").out, "two of them are done")
    check(outcome(f"{folder}/changed") == good, "and back")
    few = ["in/leg0001.csv", "in/leg0002.csv"]
    check("; 0 were done before" in run("batch", *few, "-o", "changed", "--set", "apg.stand.plateau_s=31", cwd=folder).out, "another configuration")
    shutil.rmtree(f"{folder}/changed")


def logged(out):
    """Bytes that a batch has logged so far: how far it is, whatever the machine's speed."""
    try:
        return sum(os.path.getsize(f"{out}/.pleth-batch/{name}") for name in os.listdir(f"{out}/.pleth-batch") if name.startswith("log-"))
    except FileNotFoundError:
        return 0


def wait_until(program, out, bytes_logged):
    while program.poll() is None and logged(out) < bytes_logged:
        time.sleep(0.001)


def test_kills(folder, good):
    """Each kill comes a random piece further on; every fifth one right after the start, before or while the folder is looked at."""
    chance = random.Random(SEED)
    whole = logged(f"{folder}/other")
    shutil.rmtree(f"{folder}/other")
    kills = {"program": 0, "worker": 0}
    for i in range(KILLS):
        program = start(folder, "-o", "other")
        if i % 5 == 0:
            time.sleep(chance.uniform(0, 0.03))
        else:
            wait_until(program, f"{folder}/other", whole * (i + chance.uniform(-0.5, 0.5)) / (KILLS + 1))
        victims = children(program.pid)
        if i % 2 and victims:
            os.kill(chance.choice(victims), signal.SIGKILL)
            kills["worker"] += 1
            wait_until(program, f"{folder}/other", logged(f"{folder}/other") + whole * chance.uniform(0, 0.3) / KILLS)
        kills["program"] += program.poll() is None
        program.kill()
        program.wait()
        found = outcome(f"{folder}/other") if os.path.isdir(f"{folder}/other") else {}
        for name, data in found.items():
            check(name in good or name.endswith(".tmp"), f"kill {i}: a stray {name}")
            check(name not in good or name in ("summary.csv", "batch.h5") or data == good[name], f"kill {i}: {name} is not whole")
    last = batch(folder, "-o", "other")
    check(last.returncode == 1 and outcome(f"{folder}/other").items() >= good.items(), f"after {kills}: the same as undisturbed: {last.err[:300]}")
    print(f"{kills} killed; then {last.out.splitlines()[0]}")
    check(kills["program"] > KILLS * 0.8 and kills["worker"] > KILLS // 4, f"too few kills came in time: {kills}")


def test_killed_worker(folder):
    """The file that was at work is a row with its reason, and only the next run does it again."""
    os.makedirs(f"{folder}/slow")
    for i in range(8):
        simulate(f"{folder}/slow/leg{i}.csv", "rate_hz=200", seed=i)
    program = subprocess.Popen([PLETH, "batch", "slow", "-j", "2", "-o", "slow-out"], cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                               text=True)
    while program.poll() is None and len(children(program.pid)) < 2:
        pass
    time.sleep(0.01)
    os.kill(children(program.pid)[0], signal.SIGKILL)
    out, err = program.communicate()
    check(program.returncode in (0, 1), f"status {program.returncode}: {err}")
    if program.returncode == 1:
        check("ended by signal 9" in err and "crashed" in read(f"{folder}/slow-out/summary.csv").decode(), err)
    again = run("batch", "slow", "-o", "slow-out", cwd=folder)
    check(again.returncode == 0 and f"{8 - program.returncode} were done before" in again.out, again.out)


def test_hanging_worker(folder):
    """A recording that never comes to an end is given up: a row with its reason, which the next run takes up again; the others are done."""
    program = subprocess.Popen([PLETH, "batch", "slow", "-j", "1", "--timeout", "2", "-o", "hang-out"], cwd=folder, stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE, text=True)
    stopped = []
    while program.poll() is None and not stopped:
        stopped = children(program.pid)
    for worker in stopped:
        os.kill(worker, signal.SIGSTOP)
    out, err = program.communicate()
    check(program.returncode == 1 and "8 recordings: 7 analysed" in out and "not done after 2 s" in err, f"{program.returncode} {out} {err}")
    check(read(f"{folder}/hang-out/summary.csv").count(b",timeout,") == 1, "its row")
    again = run("batch", "slow", "-o", "hang-out", cwd=folder)
    check(again.returncode == 0 and "; 7 were done before" in again.out, again.out)


def test_two_at_once(folder, good):
    shutil.rmtree(f"{folder}/other")
    first = start(folder, "-o", "other")
    while first.poll() is None and not os.path.exists(f"{folder}/other/.pleth-batch/log-000000.tsv"):
        pass
    check_message(batch(folder, "-o", "other"), 75, "another batch is at work in this folder; wait for it", "the second is refused")
    check(first.wait() == 1 and outcome(f"{folder}/other") == good, "the first is not disturbed")


def test_inputs_change(folder, good):
    """A file is cut short and restored all the time: its row is what one of its states gives; the others are theirs."""
    shutil.rmtree(f"{folder}/other")
    path = f"{folder}/in/leg0011.csv"
    whole = read(path)
    program = start(folder, "-o", "other")
    while program.poll() is None:
        write(path, whole[:len(whole) // 3])
        write(path, whole)
    check(program.returncode == 1, f"status {program.returncode}")
    rows = [line for line in read(f"{folder}/other/summary.csv").splitlines() if b"leg0011" not in line]
    check(rows == [line for line in good["summary.csv"].splitlines() if b"leg0011" not in line], "the other rows")
    batch(folder, "-o", "other", "-q")
    check(outcome(f"{folder}/other") == good, "once it stands still, the next run has it")


def test_folder_taken_away(folder, good):
    shutil.rmtree(f"{folder}/other")
    program = start(folder, "-o", "other")
    while program.poll() is None and not os.path.exists(f"{folder}/other/reports"):
        pass
    os.rename(f"{folder}/other", f"{folder}/moved")
    check(program.wait() == 4, f"status {program.returncode}")
    shutil.rmtree(f"{folder}/other", ignore_errors=True)
    os.rename(f"{folder}/moved", f"{folder}/other")
    batch(folder, "-o", "other", "-q")
    check(outcome(f"{folder}/other") == good, "the next run completes")


def test_full_disk(folder, good):
    """A file system too small (5 MB for 500 recordings), mounted where no other process sees it; then more room."""
    os.mkdir(f"{folder}/small")
    script = f"""mount -t tmpfs -o size={FILES * 10}k none small || exit 77
"$0" batch -q in -j 2 -o small/out 2>err; echo "status $?"
tail -n 1 err; ls -A small/out | grep tmp
mount -o remount,size=500m small
"$0" batch -q in -j 2 -o small/out 2>/dev/null; echo "status $?"
cp -r small/out copy"""
    done = subprocess.run(["unshare", "-m", "sh", "-c", script, PLETH], cwd=folder, capture_output=True, text=True, check=False)
    if "status" not in done.stdout:
        print(f"SKIP mounting a small file system is not permitted: {done.stderr.strip()}")
        return
    lines = done.stdout.splitlines()
    check(len(lines) == 3 and lines[0] == "status 4" and lines[2] == "status 1", done.stdout)
    check("No space left on device" in lines[1], done.stdout)
    check(outcome(f"{folder}/copy") == good, "with more room the next run completes")


def test_locked_folder(folder, good):
    """Half-way the folder can no longer be written to; the user is not root."""
    if os.geteuid() != 0:
        print("SKIP needs root to become another user")
        return
    shutil.rmtree(f"{folder}/other")
    os.chmod(folder, 0o755)
    os.mkdir(f"{folder}/other")
    os.chown(f"{folder}/other", 65534, 65534)
    program_file = shutil.copy(PLETH, f"{folder}/pleth")
    program = subprocess.Popen([program_file, "batch", "-q", "in", "-o", "other"], cwd=folder, user=65534, group=65534, extra_groups=[],
                               stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    while program.poll() is None and not os.path.isdir(f"{folder}/other/reports/in/deep"):
        pass
    for path in ("reports/in/deep", "reports/in"):
        os.chmod(f"{folder}/other/{path}", 0o555)
    said = program.communicate()[1]
    check(program.returncode == 4 and "Permission denied" in said, f"status {program.returncode}: {said[-300:]}")
    for path in ("reports/in/deep", "reports/in"):
        os.chmod(f"{folder}/other/{path}", 0o755)
    batch(folder, "-o", "other", "-q")
    check(outcome(f"{folder}/other") == good, "unlocked, the next run completes")


def main():
    with workplace() as folder:
        prepare(folder)
        good = test_undisturbed(folder)
        test_changes(folder, good)
        test_kills(folder, good)
        test_killed_worker(folder)
        test_hanging_worker(folder)
        for test in (test_two_at_once, test_inputs_change, test_folder_taken_away, test_full_disk, test_locked_folder):
            test(folder, good)
    finish()


main()
