# SPDX-License-Identifier: GPL-3.0-or-later
"""No tabs, trailing blanks, missing final newline, carriage returns or invisible characters; the licence's tag in each source; nothing
that speaks of unfinished work or of the machine it was written on."""
import re

from common import ROOT, files, text, verdict

SOURCES = (".c", ".h", ".py")
PROSE = SOURCES + (".md", ".build", ".1", ".txt", ".json", ".sh")
BARE = {"run", ".ci/run", ".clang-tidy", ".clang-format", ".gitignore"}
# Spelt in pieces, so that this file passes its own check.
UNFINISHED = re.compile(r"\b(TO" + r"DO|FIX" + r"ME|X" + r"XX|HA" + r"CK|not " + r"implemented|place" + r"holder|st" + r"ub)\b")
MACHINE = re.compile(r"(^|[\s\"'(`])(/ho" + r"me/|/ro" + r"ot/|/(wo" + r"rk|fa" + r"rm)/)|\.lib" + r"rary\b|sub-?ag" + r"ent|this ses" + r"sion", re.I)
INVISIBLE = re.compile("[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff]")
# Recordings whose very point is odd bytes.
DATA = ("sample_data/", "tests/fuzz/corpus/", "tests/golden/", "tests/unit/data/", "tests/cli/data/", "tests/data/")

findings, seen = [], 0
for name in files():
    if name == "LICENSE" or not (name.endswith(PROSE) or name in BARE) or (name.startswith(DATA) and not name.endswith(SOURCES + (".md", ".build"))):
        continue
    seen += 1
    body = text(name)
    if body and not body.endswith("\n"):
        findings.append(f"{name}: no newline at the end")
    if body.endswith("\n\n"):
        findings.append(f"{name}: blank line at the end")
    if name.endswith((".c", ".h", ".py")) and "SPDX-License-Identifier: GPL-3.0-or-later" not in body[:200]:
        findings.append(f"{name}: no SPDX line at its start")
    for i, line in enumerate(body.split("\n"), 1):
        for what, bad in (("tab", "\t" in line), ("trailing blank", line != line.rstrip(" \t")), ("carriage return", "\r" in line),
                          ("invisible character", INVISIBLE.search(line)), ("unfinished", UNFINISHED.search(line)),
                          ("path or word of one machine", MACHINE.search(line)),
                          ("over 140 columns", name.endswith((".c", ".h")) and len(line) > 140)):
            if bad:
                findings.append(f"{name}:{i}: {what}: {line.strip()[:100]}")
if not (ROOT / "LICENSE").read_text(encoding="utf-8").lstrip().startswith("GNU GENERAL PUBLIC LICENSE"):
    findings.append("LICENSE: not the GPL's text")
verdict(findings, seen)
