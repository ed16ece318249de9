# SPDX-License-Identifier: GPL-3.0-or-later
"""A batch's manifest: names that count from its folder, side-cars and protocols of single recordings, digests that must hold, mistakes refused
before any work."""
import csv
import hashlib
import os

from support import check, check_message, finish, read, run, simulate, workplace, write


def rows(folder):
    with open(f"{folder}/out/summary.csv", encoding="utf-8", newline="") as file:
        found = {}
        for row in csv.DictReader(file):
            found[row["recording"]] = row
        return found


def digest(path):
    return hashlib.sha256(read(path)).hexdigest()


def prepare(folder):
    os.makedirs(f"{folder}/study/sides")
    for i in range(4):
        simulate(f"{folder}/study/leg{i}.csv", "rate_hz=10", "stand_s=90", "supine_s=20", "rest_s=20", "refill_s=40", "lie_s=20", seed=i)
    whole = read(f"{folder}/study/leg1.pleth.json")
    write(f"{folder}/study/sides/right.json", whole.replace(b'"left"', b'"right"'))
    check(b'"left"' in whole, "the simulated leg is a left one")


def batch(folder, *words):
    return run("batch", "--manifest", "study/list.csv", "-o", "out", *words, cwd=folder)


def manifest(folder, *lines):
    write(f"{folder}/study/list.csv", "\n".join(lines).encode() + b"\n")


def test_columns(folder):
    good = digest(f"{folder}/study/leg3.csv")
    manifest(folder, "ward,recording,sidecar,protocol,sha256", f"a,leg3.csv,,,{good.upper()}", "b,leg1.csv,sides/right.json,,",
             f"c,leg2.csv,,ppg.refill,{digest(f'{folder}/study/leg2.csv')}", f"d,{folder}/study/leg0.csv,,,{good}")
    done = batch(folder)
    check(done.returncode == 1 and "column ward" in done.err, f"status {done.returncode}: {done.err}")
    found = rows(folder)
    check(list(found) == ["study/leg3.csv", "study/leg1.csv", "study/leg2.csv", f"{folder}/study/leg0.csv"], f"in its order: {list(found)}")
    check([row["status"] for row in found.values()] == ["analysed", "analysed", "failed", "failed"], f"{found}")
    check(found["study/leg3.csv"]["side"] == "left" and found["study/leg1.csv"]["side"] == "right", "its own side-car")
    check("role" in found["study/leg2.csv"]["reason"], f"its own protocol: {found['study/leg2.csv']['reason']}")
    check("SHA-256" in found[f"{folder}/study/leg0.csv"]["reason"], "another file than was meant")
    check("4 were done before" in batch(folder).out, "and that is remembered")


def test_resume(folder):
    """What the manifest says anew is done anew, and only that."""
    manifest(folder, "recording,sidecar,protocol,sha256", "leg3.csv", "leg1.csv", "leg2.csv", f"{folder}/study/leg0.csv")
    done = batch(folder)
    check(done.returncode == 0 and "4 analysed" in done.out and "; 1 were done before" in done.out, done.out)
    check(rows(folder)["study/leg1.csv"]["side"] == "left", "the side-car beside it")
    more = run("batch", "study/leg0.csv", "--manifest", "study/list.csv", "-o", "out", cwd=folder)
    check("5 recordings" in more.out and next(iter(rows(folder))) == "study/leg0.csv", "with others on the command line, these first")


def test_mistakes(folder):
    for lines, said in ((["file,protocol", "leg0.csv,"], "line 1: a column is missing; expected recording"),
                        (["recording"], "line 1: an empty table"),
                        (["recording,protocol", "leg0.csv,", ",apg.stand"], "line 3: an empty cell"),
                        (["recording,protocol", "leg0.csv,apg.stnad"], "did you mean apg.stand?"),
                        (["recording,sha256", "leg0.csv,12ab"], "line 2: 12ab; expected 64 hexadecimal digits"),
                        (["recording", "leg0.csv", "leg0.csv"], "named twice")):
        manifest(folder, *lines)
        check_message(batch(folder), 2, said, f"{lines}")
    manifest(folder, "recording,sidecar", "leg0.csv,nowhere.json")
    check_message(batch(folder), 3, "nowhere.json", "a side-car that is not there")
    os.remove(f"{folder}/study/list.csv")
    check(batch(folder).returncode == 2, "no manifest")


def main():
    with workplace() as folder:
        prepare(folder)
        test_columns(folder)
        test_resume(folder)
        test_mistakes(folder)
    finish()


main()
