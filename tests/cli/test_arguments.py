# SPDX-License-Identifier: GPL-3.0-or-later
"""Good and bad command lines, each a row of a table: status, message, output; a refused one leaves nothing behind."""
import os
import re
import sys

from support import check, command, finish, run, simulate, tree, workplace


def rows(path):
    with open(path, encoding="utf-8") as file:
        for number, line in enumerate(file, 1):
            line = line.rstrip("\n")
            if line and not line.startswith("#"):
                fields = (line.split("\t") + ["", "", ""])[:4]
                yield number, int(fields[0]), fields[1], fields[2], fields[3]


def prepare(folder):
    simulate(f"{folder}/leg.csv")
    simulate(f"{folder}/short.csv", "stand_s=60")
    done = run("analyze", "leg.csv", cwd=folder)
    assert done.returncode == 0, done.err
    os.mkdir(f"{folder}/folder")
    os.mkfifo(f"{folder}/pipe")
    os.symlink("nowhere.h5", f"{folder}/dangling.h5")
    os.symlink("loop.h5", f"{folder}/loop.h5")


def matches(pattern, text):
    return re.search(pattern, text, re.M) is not None if pattern else text == ""


def main():
    with workplace() as folder:
        prepare(folder)
        before = tree(folder)
        for number, status, words, err, out in rows(sys.argv[1]):
            done = command(words, cwd=folder)
            what = f"line {number}: pleth {words}"
            check(done.returncode == status, f"{what}: status {done.returncode}, expected {status}; {done.err!r}")
            check(matches(err, done.err), f"{what}: stderr {done.err!r} does not match {err!r}")
            check(matches(out, done.out), f"{what}: stdout {done.out[:300]!r} does not match {out!r}")
            if status != 0:
                check("usage:" in err or done.err.count("\n") == 1, f"{what}: more than one line: {done.err!r}")
                check(tree(folder) == before, f"{what}: left {tree(folder) - before}")
            for name in sorted(tree(folder) - before, reverse=True):
                (os.rmdir if os.path.isdir(f"{folder}/{name}") else os.remove)(f"{folder}/{name}")
    finish()


main()
