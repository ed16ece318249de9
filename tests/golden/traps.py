# SPDX-License-Identifier: GPL-3.0-or-later
"""Does every trap in traps.tsv have its case, and every composed recording that should stand in readers/ its place there?   usage: traps.py"""
import importlib
import json
import pathlib
import re
import sys

HERE = pathlib.Path(__file__).parent
UNIT = HERE.parent / "unit"


def composed(kind):
    """Names of the files of compose_KIND.py, and of those whose recording must be kept."""
    module = importlib.import_module("compose_" + kind)
    kept = set(module.GOOD) | set(module.IMPERFECT)
    return kept | set(module.REFUSED), kept


def missing(where):
    """Why a case does not hold, or None."""
    kind, _, name = where.partition(": ")
    if kind.endswith(".c"):
        path = UNIT / kind
        return None if path.exists() and re.search(rf"START_TEST\({re.escape(name)}\)", path.read_text()) else "no such case"
    names, kept = composed(kind)
    if name not in names:
        return "no such file"
    return None if name not in kept or name in json.loads((HERE / "readers" / (kind + ".json")).read_text()) else "no recording kept"


def main():
    lines = [line.split("\t") for line in (HERE / "traps.tsv").read_text().splitlines() if not line.startswith("#")]
    wrong = [f"{row}: not three cells" for row in lines if len(row) != 3]
    for section, trap, cases in (row for row in lines[1:] if len(row) == 3):
        wrong += [f"{section}: {trap}: {where}: {why}" for where in cases.split(", ") if (why := missing(where))]
    print(len(lines) - 1, "traps")
    if wrong:
        sys.exit("\n".join(wrong))


main()
