# SPDX-License-Identifier: GPL-3.0-or-later
"""The prefix tells the room: libpleth-dsp exports dsp_* only, libpleth-formats fmt_* only; and each exported name stands in a public header.
Of functions in several versions (DSP_LANES) clang 14 makes the choosing part global, static or not: their names are unique."""
import os
import re
import subprocess

from common import files, text, verdict

public = "\n".join(text(n) for n in files(".h") if n.startswith(("libdsp/dsp/", "formats/fmt/")))
declared = set(re.findall(r"\b(?:dsp|fmt)_\w+", public))

findings, seen = [], 0
for variable, prefixes in (("PLETH_LIBDSP", ("dsp_",)), ("PLETH_LIBFMT", ("fmt_",))):
    library = os.environ[variable]
    listing = subprocess.run(["nm", "--dynamic", "--defined-only", "--extern-only", "--format=posix", library],
                             capture_output=True, text=True, check=True).stdout
    for name, kind in (line.split()[:2] for line in listing.splitlines()):
        if kind in "wWvV" or name.startswith(("__asan", "__ubsan", "__sanitizer", "__odr_asan")):
            continue
        seen += 1
        if not name.startswith(prefixes):
            findings.append(f"{os.path.basename(library)}: {name}: wrong prefix")
        elif name not in declared:
            findings.append(f"{os.path.basename(library)}: {name}: exported, but in no public header")
lanes = {}
for source in files(".c"):
    for name in re.findall(r"^DSP_LANES static [\w ]+?\**(\w+)\(", text(source), re.M) if source.startswith("libdsp/") else ():
        seen += 1
        if name in lanes:
            findings.append(f"{source}: {name}: also in {lanes[name]}; clang 14 cannot link two of one name")
        lanes[name] = source
verdict(findings, seen)
