# SPDX-License-Identifier: GPL-3.0-or-later
"""Shards that share a folder: the work of one that is killed is taken over, merge joins what all have done, to the byte of a run alone."""
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.environ["PLETH_SOURCE"], "tests", "cli"))
from support import PLETH, check, check_message, finish, read, run, simulate_small, workplace, write  # noqa: E402

FILES = 300


def prepare(folder):
    os.mkdir(f"{folder}/in")
    leg = read(simulate_small(f"{folder}/leg.csv"))
    sidecar = read(f"{folder}/leg.pleth.json")
    for i in range(FILES):
        write(f"{folder}/in/leg{i:04}.csv", b"not a recording\n" if i % 50 == 7 else leg + b"# %d\n" % i)
        write(f"{folder}/in/leg{i:04}.pleth.json", sidecar)
    run("batch", "in", "-q", "-o", "alone", cwd=folder)
    return tables(f"{folder}/alone")


def tables(out):
    return {name: read(f"{out}/{name}") for name in ("summary.csv", "batch.h5")}


def shard(folder, which, out, *words, **options):
    return subprocess.Popen([PLETH, "batch", "in", "-j", "1", "--shard", which, "-o", out, *words], cwd=folder, text=True, stdout=subprocess.PIPE,
                            stderr=subprocess.DEVNULL, **options)


def test_killed_shard(folder, alone):
    victim, survivor = shard(folder, "1/2", "shared"), shard(folder, "2/2", "shared", "--lease", "2")
    while victim.poll() is None and not any(name.startswith("unit-") for _, _, names in os.walk(f"{folder}/shared/.pleth-batch") for name in names):
        pass
    time.sleep(0.05)
    victim.send_signal(signal.SIGKILL)
    killed = victim.wait() == -signal.SIGKILL
    told = survivor.communicate()[0]
    check(survivor.returncode in (0, 1) and "shard 2 of 2:" in told, f"{survivor.returncode} {told}")
    check(not killed or "0 of them taken from others" not in told, f"the survivor took over: {told}")
    merged = run("merge", "shared", cwd=folder)
    check(merged.returncode == 0 and f"{FILES} recordings: {FILES - 6} analysed" in merged.out and "6 failed, 0 missing" in merged.out,
          f"{merged.returncode} {merged.out} {merged.err}")
    check(tables(f"{folder}/shared") == alone, "the tables of shards are those of a run alone")
    again = shard(folder, "1/2", "shared").communicate()[0]
    check("0 of 5 units" in again, f"nothing is left to do: {again}")


def test_lost_claims(folder):
    """The folder of claims is taken away: a shard says so and ends, it does not wait for ever."""
    lost = subprocess.Popen([PLETH, "batch", "-q", "in", "-j", "1", "--shard", "1/2", "-o", "lost"], cwd=folder, stderr=subprocess.PIPE, text=True)
    while lost.poll() is None and not os.path.exists(f"{folder}/lost/reports"):
        time.sleep(0.001)
    for name in os.listdir(f"{folder}/lost/.pleth-batch"):
        if name.startswith("claims-"):
            shutil.rmtree(f"{folder}/lost/.pleth-batch/{name}")
    try:
        said = lost.communicate(timeout=60)[1]
    except subprocess.TimeoutExpired:
        lost.kill()
        said = lost.communicate()[1]
    check(lost.returncode == 4 and re.search(r"/claims-\w+: cannot write: No such file", said) is not None, f"{lost.returncode} {said[-300:]}")


def slurm(**values):
    return {**os.environ, **{f"SLURM_ARRAY_TASK_{name.upper()}": str(value) for name, value in values.items()}}


def test_slurm_variables(folder):
    """Steps are counted out; an array with holes has no parts of its own."""
    told = shard(folder, "auto", "steps", "--no-steal", "--json", env=slurm(id=5, min=1, max=7, step=2, count=4)).communicate()[0]
    last = json.loads(told.splitlines()[-1])["shard"]
    check((last["k"], last["n"], last["units"], last["taken"], last["recordings"]) == (3, 4, 5, 1, 64), f"{last}")
    holes = slurm(id=7, min=3, max=7, step=1, count=2)
    check_message(run("batch", "in", "-o", "holes", "--shard", "auto", "--no-steal", cwd=folder, env=holes), 2, "--no-steal: array elements", "holes")
    for broken in (slurm(id=1, min=1, step=0, count=2), slurm(id="x", min=1, count=2), slurm(id=1, min=2, count=2)):
        check_message(run("batch", "in", "-o", "holes", "--shard", "auto", cwd=folder, env=broken), 2, "--shard: auto; expected k/N", "odd variables")


def test_configurations(folder):
    """Shards that were begun with different parameters are not joined without a word."""
    for k, words in ((1, []), (2, ["--set", "pvr.hi_hz=11"])):
        shard(folder, f"{k}/2", "mixed", "--no-steal", *words).communicate()
    merged = run("merge", "mixed", "--json", cwd=folder)
    check("the results are of 2 configurations" in merged.err and json.loads(merged.out)["configurations"] == 2, f"{merged.err} {merged.out}")
    run("batch", "in", "-q", "-o", "mixed", cwd=folder)
    merged = run("merge", "mixed", "--json", cwd=folder)
    check(merged.err == "" and json.loads(merged.out)["configurations"] == 1, f"done anew with one: {merged.err} {merged.out}")


def test_own_folders(folder, alone):
    """No shared folder: static parts, merged from several."""
    for k in (1, 2):
        environment = {**os.environ, "SLURM_ARRAY_TASK_ID": str(k + 6), "SLURM_ARRAY_TASK_MIN": "7", "SLURM_ARRAY_TASK_COUNT": "2"}
        shard(folder, "auto", f"own{k}", "--no-steal", env=environment).communicate()
    part = run("merge", "own1", cwd=folder)
    check(part.returncode == 1 and part.err.count(": no result\n") == 10, f"half is missing, and named: {part.returncode} {part.err}")
    check(run("merge", "own1", "--allow-missing", "-q", cwd=folder).returncode == 0, "--allow-missing")
    check_message(run("merge", "own1", "own2", cwd=folder), 2, "--output: option missing", "where to?")
    both = run("merge", "own1", "own2", "-o", "all", "--json", cwd=folder)
    check(both.returncode == 0 and json.loads(both.out)["missing"] == 0, f"{both.returncode} {both.err}")
    check(tables(f"{folder}/all") == alone, "the same tables")


def change(path, old, new):
    """Another value in the record of one recording, with a proof that fits."""
    import hashlib
    whole = read(path)
    from_, to = whole.index(b"R\tin/leg0001.csv"), whole.index(b"\nE\t", whole.index(b"R\tin/leg0001.csv")) + 1
    record = whole[from_:to].replace(old, new, 1)
    check(record != whole[from_:to], "the record has the value")
    write(path, whole[:from_] + record + b"E\t" + hashlib.sha256(record).hexdigest()[:16].encode() + whole[to + 18:])


def test_twice(folder, alone):
    """What was done twice must agree."""
    shutil.copytree(f"{folder}/alone", f"{folder}/twin")
    twice = run("merge", "alone", "twin", "-o", "all", "--json", cwd=folder)
    check(twice.returncode == 0 and json.loads(twice.out)["twice"] == FILES and twice.err == "", f"{twice.returncode} {twice.out} {twice.err}")
    check(tables(f"{folder}/all") == alone, "done twice, written once")
    log = f"{folder}/twin/.pleth-batch/log-000000.tsv"
    value = next(line for line in read(log).split(b"\n") if line.startswith(b"M\tpvr\tpooled") and b"\tAMP\t" in line).split(b"\t")[7]
    nearly = repr(float(value) * (1 + 1e-12)).encode()
    change(log, value, nearly)
    near = run("merge", "alone", "twin", "-o", "all", cwd=folder)
    check(near.returncode == 0 and near.err == "pleth merge: in/leg0001.csv: done twice, with a difference below 1e-9\n", f"{near.returncode} {near.err}")
    change(log, nearly, repr(float(value) * 1.0001).encode())
    far = run("merge", "alone", "twin", "-o", "all", cwd=folder)
    check(far.returncode == 1 and far.err == "pleth merge: in/leg0001.csv: done twice, with different values\n", f"{far.returncode} {far.err}")


def test_refusals(folder, alone):
    check_message(run("batch", "in", "-o", "x", "--shard", "3/2", cwd=folder), 2, "--shard: 3/2; expected k/N", "3/2")
    check_message(run("batch", "in", "-o", "x", "--shard", "auto", cwd=folder, env={"SLURM_ARRAY_TASK_ID": ""}), 2, "--shard: auto", "no Slurm")
    check_message(run("merge", "in", cwd=folder), 3, "cannot open: No such file or directory; expected the folder of a batch", "no batch")
    check(alone == tables(f"{folder}/alone"), "merging elsewhere left it alone")


def main():
    with workplace() as folder:
        alone = prepare(folder)
        for test in (test_killed_shard, test_own_folders, test_twice, test_refusals):
            test(folder, alone)
        for test in (test_lost_claims, test_slurm_variables, test_configurations):
            test(folder)
    finish()


main()
