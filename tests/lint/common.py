# SPDX-License-Identifier: GPL-3.0-or-later
"""What the lint tests share: the project's files, and a verdict that lists every finding."""
import functools
import os
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(os.environ["PLETH_SOURCE"])


@functools.cache
def every_file():
    if (ROOT / ".git").exists():
        listing = subprocess.run(["git", "-c", "safe.directory=*", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
                                 cwd=ROOT, capture_output=True, text=True, check=True)
        names = [n for n in listing.stdout.split("\0") if n and (ROOT / n).is_file()]
    else:
        names = [str(p.relative_to(ROOT)) for p in ROOT.rglob("*") if p.is_file()]
        names = [n for n in names if not n.startswith("build") and "__pycache__" not in n and not n.endswith(".pleth.h5")]
    return sorted(names)


def files(*suffixes):
    """Tracked files (all files of an exported tree, which has no .git), relative to the root, in order."""
    return [n for n in every_file() if not suffixes or n.endswith(suffixes)]


@functools.cache
def text(name):
    return (ROOT / name).read_text(encoding="utf-8")


def verdict(findings, looked_at):
    """Exit 1 with the findings, or 1 when nothing was looked at: a check of nothing proves nothing."""
    for line in findings:
        print(line)
    if not looked_at:
        print("nothing to look at: the check itself is broken")
    print(f"{looked_at} looked at, {len(findings)} findings")
    sys.exit(1 if findings or not looked_at else 0)
