# SPDX-License-Identifier: GPL-3.0-or-later
"""The linters that have to be installed (-Dlint=true, `./run lint`): clang-format, cppcheck, clang-tidy, each over all C files.
usage: tools.py clang-format|cppcheck|clang-tidy     (clang-tidy takes the command lines of the build folder, which should be clang's)"""
import os
import re
import subprocess
import sys

from common import ROOT, files

SOURCES, HEADERS = files(".c"), files(".h")
JOBS = str(os.cpu_count())
COMMANDS = {
    "clang-format": ["clang-format", "--dry-run", "--Werror", *SOURCES, *HEADERS],
    "cppcheck": ["cppcheck", "--std=c11", "--quiet", "--error-exitcode=1", "--inline-suppr", "--enable=warning,performance,portability",
                 "--suppressions-list=tests/lint/cppcheck.supp", "-Ilibdsp", "-Iformats", "-D_GNU_SOURCE", '-DPLETH_VERSION=""', "-j", JOBS, *SOURCES],
    "clang-tidy": ["run-clang-tidy", "-quiet", "-p", os.environ["PLETH_BUILD"], "-j", JOBS, f"^{re.escape(str(ROOT))}/(libdsp|formats|cli|tests)/"],
}

if not SOURCES or not HEADERS:
    sys.exit("no sources found: the check itself is broken")
done = subprocess.run(COMMANDS[sys.argv[1]], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
# run-clang-tidy names every file it looks at and counts what it suppressed; only what it found is of interest.
NOISE = re.compile(r"^clang-tidy|^\d+ warnings? generated\.$")
print("\n".join(line for line in re.sub(r"\x1b\[[0-9;]*m", "", done.stdout).splitlines() if not NOISE.match(line)))
sys.exit(1 if done.returncode else 0)
