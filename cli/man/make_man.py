# SPDX-License-Identifier: GPL-3.0-or-later
"""Fill the tables of a man page with what the program itself prints, so that no table is written twice.

usage: make_man.py PLETH PAGE.in PAGE
"""
import json
import re
import subprocess
import sys
import textwrap


def run(*arguments):
    return subprocess.run(arguments, check=True, capture_output=True, text=True).stdout


def escape(text):
    return str(text).replace("\\", "\\e").replace("-", "\\-")


def sentences(text):
    """As mdoc wants it: each sentence begins a line, lines are short, and none begins like a macro."""
    lines = []
    for sentence in re.split(r"(?<=[a-z)]\.) (?=[A-Z])", text):
        lines += textwrap.wrap(sentence, 64, break_long_words=False, break_on_hyphens=False)
    return "\n".join(("\\&" if line[:1] in ".'" else "") + escape(line) for line in lines)


def items(rows):
    lines = [".Bl -tag -width Ds"]
    for head, texts in rows:
        lines.append(".It Sy " + " ".join(f'"{escape(part)}"' if " " in part else escape(part) for part in head if part))
        lines += [sentences(text) for text in texts if text]
    return "\n".join(lines + [".El"])


def words(*pairs):
    return "; ".join(f"{name} {value}" for name, value in pairs if value not in (None, ""))


def verbs(pleth):
    names = re.findall(r"^  (\w+) ", run(pleth, "--help").split("verbs:\n")[1].split("\n\n")[0], re.M)
    lines = []
    for name in names:
        text = run(pleth, name, "--help").replace("\\", "\\e").replace("-", "\\-").replace("\n\n", "\n\\&\n").rstrip("\n")
        lines += [f".Ss {name}", ".Bd -literal", text, ".Ed"]
    return "\n".join(lines)


ROWS = {
    "readers": lambda r: ([r["id"]], [r["title"] + ".", words(("extensions", r["extensions"])) + "."]),
    "protocols": lambda r: ([r["id"]], [r["title"] + ".", "Needs " + r["needs"] + ".", "Posture: " + r["posture"], "Steps: " + r["steps"],
                                        "Side-car: " + r["sidecar"]]),
    "measures": lambda r: ([r["protocol"], r["id"]], [words(("unit", r["unit"]), ("definition", r["definition"])) + ".", r["help"], r["source"]]),
    "guidelines": lambda r: ([r["guideline"], r["measure"], r["grade"]], [words(("band", r["band"]), ("for", r["key"])) + ".", r["source"]]),
    "parameters": lambda r: ([r["id"]], [r["help"], words(("default", r["default"]), ("unit", r["unit"]), ("choices", r["choices"]),
                                                       ("from", r["min"]), ("to", r["max"])) + ".", r["source"]]),
    "flags": lambda r: ([r["id"]], [f"{r['severity']}: {r['text']}", r["next"]]),
}


def main():
    pleth, source, target = sys.argv[1:]
    text = open(source, encoding="utf-8").read()
    tables = {name: items(map(row, json.loads(run(pleth, "list", name, "--json"))[name])) for name, row in ROWS.items()}
    tables["verbs"] = verbs(pleth)
    for name, table in tables.items():
        text = text.replace(f"@{name}@", table)
    open(target, "w", encoding="utf-8").write(text)


main()
