# SPDX-License-Identifier: GPL-3.0-or-later
"""Each public header compiles alone: as strict C17, and as C++ where a C++ compiler is at hand (a C++ program may use the libraries)."""
import shutil
import subprocess
import sys

from common import ROOT, files, verdict

include = ["-I" + str(ROOT / "libdsp"), "-I" + str(ROOT / "formats")]
languages = [(sys.argv[1:] + ["-std=c17", "-x", "c", "-Wmissing-prototypes", "-Wstrict-prototypes"])]
cxx = shutil.which("g++") or shutil.which("clang++")
if cxx:
    languages.append([cxx, "-std=c++17", "-x", "c++"])

findings, seen = [], 0
for name in (n for n in files(".h") if n.startswith(("libdsp/dsp/", "formats/fmt/"))):
    for command in languages:
        seen += 1
        source = f"#include <{name.split('/', 1)[1]}>\n#include <{name.split('/', 1)[1]}>\nextern int nothing;\nint nothing = 0;\n"
        done = subprocess.run(command + ["-Wall", "-Wextra", "-Wpedantic", "-Werror", "-fsyntax-only", *include, "-"], input=source,
                              capture_output=True, text=True, check=False)
        if done.returncode:
            findings.append(f"{name} ({command[0]}):\n{done.stderr.strip()}")
verdict(findings, seen)
