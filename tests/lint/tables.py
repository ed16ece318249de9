# SPDX-License-Identifier: GPL-3.0-or-later
"""One file plus one row: every reader, protocol, phantom and verb stands in its room's table and the reverse; every source file is listed in its
folder's meson.build; every test program has its row."""
import re

from common import files, text, verdict

# folder, the descriptor's type, the file that holds the table
TABLES = (("formats/readers/", "fmt_reader", "fmt_readers"), ("libdsp/protocols/", "dsp_protocol", "dsp_protocols"),
          ("libdsp/phantom/", "dsp_phantom", "dsp_phantoms"))

findings, seen = [], 0
sources = files(".c")
for folder, kind, table in TABLES:
    mine = [n for n in sources if n.startswith(folder)]
    bodies = {n: text(n) for n in mine}
    rows = None
    for name, body in bodies.items():
        match = re.search(rf"^const {kind} \*const {table}\[\]\s*=\s*\{{(.*?)\}};", body, re.M | re.S)
        if match:
            rows = re.findall(r"&(\w+)", match.group(1))
            if not re.search(r"NULL\s*,?\s*$", match.group(1).strip()):
                findings.append(f"{name}: {table} does not end in NULL")
    if rows is None:
        findings.append(f"{folder}: no table {table}")
        continue
    described = {}
    for name, body in bodies.items():
        for symbol in re.findall(rf"^const {kind} (\w+)\s*=", body, re.M):
            described[symbol] = name
            seen += 1
    findings += [f"{folder}: {s} ({n}) has no row in {table}" for s, n in described.items() if s not in rows]
    findings += [f"{folder}: row {r} of {table} has no file" for r in rows if r not in described]
    findings += [f"{folder}: row {r} stands twice in {table}" for r in set(rows) if rows.count(r) > 1]
    per_file = list(described.values())
    findings += [f"{n}: two descriptors in one file" for n in set(per_file) if per_file.count(n) > 1]

verbs = [n for n in sources if n.startswith("cli/verb_")]
if verbs:
    used = text("cli/main.c")
    for name in verbs:
        seen += 1
        verb = name[len("cli/verb_"):-2]
        if f'"{verb}"' not in used:
            findings.append(f"{name}: verb `{verb}` has no row in cli/main.c")

builds = set(files("meson.build"))
for name in sources + files(".py"):
    folder, _, base = name.rpartition("/")
    if not name.startswith("tests/" if name.endswith(".py") else ("libdsp/", "formats/", "cli/", "tests/")):
        continue
    seen += 1
    stem = base.rsplit(".", 1)[0]
    siblings = [n for n in files(".py") if n.startswith(folder + "/") and n != name]
    if name.endswith(".py") and any(re.search(rf"^\s*(from {stem} import|import {stem}\b)", text(n), re.M) for n in siblings):
        continue  # a module of the tests beside it
    if name == "tests/fuzz/make_seeds.py" or name.startswith("tests/support/") and name.endswith(".py"):
        continue  # called by people and by ./run
    if name.startswith("tests/support/"):
        if not any(f"support/{base}" in text(b) for b in builds):
            findings.append(f"{name}: listed in no meson.build")
        continue
    # Listed by its folder's meson.build, or with its path by one above.
    listed, above, rest = False, folder, base
    while above and not listed:
        build = above + "/meson.build"
        words = set(re.findall(r"[\w./-]+", text(build))) if build in builds else set()
        names = {rest, stem, re.sub(r"^(test|fuzz|bench)_", "", stem)} if above == folder else {rest}
        listed = bool(words & names)
        above, _, last = above.rpartition("/")
        rest = last + "/" + rest
    if not listed:
        findings.append(f"{name}: listed in no meson.build")
verdict(findings, seen)
