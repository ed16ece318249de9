# SPDX-License-Identifier: GPL-3.0-or-later
"""The linters that have to be installed (-Dlint=true, `./run lint`): clang-format, cppcheck, clang-tidy, each over all C files.
usage: tools.py clang-format|cppcheck|clang-tidy     (clang-tidy takes the command lines of the build folder, which should be clang's)"""
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile

from common import ROOT, files

SOURCES, HEADERS = files(".c"), files(".h")
JOBS = str(os.cpu_count())
# States that the analyser looks at in one function before it gives up: with a third of its default it takes half the time. `./run lint --long`
# takes the default, 225 000.
BUDGET = [] if os.environ.get("PLETH_LONG") else [f"-extra-arg={word}" for word in ("-Xclang", "-analyzer-config", "-Xclang", "max-nodes=75000")]
COMMANDS = {
    "clang-format": ["clang-format", "--dry-run", "--Werror", *SOURCES, *HEADERS],
    "cppcheck": ["cppcheck", "--std=c11", "--quiet", "--error-exitcode=1", "--inline-suppr", "--enable=warning,performance,portability",
                 "--suppressions-list=tests/lint/cppcheck.supp", "-Ilibdsp", "-Iformats", "-D_GNU_SOURCE", '-DPLETH_VERSION=""', "-j", JOBS, *SOURCES],
    "clang-tidy": ["run-clang-tidy", "-quiet", "-j", JOBS, *BUDGET, f"^{re.escape(str(ROOT))}/(libdsp|formats|cli|tests)/"],
}


def once_each(folder):
    """A source that several programs share is built, and would be looked at, once for each: here its first command line alone.
    (That is also what clang-tidy's va_list check needs: from the second look in one process on, it believes in no va_start.)"""
    lines = json.loads(pathlib.Path(os.environ["PLETH_BUILD"], "compile_commands.json").read_text(encoding="utf-8"))
    first = {line["file"]: line for line in reversed(lines)}
    pathlib.Path(folder, "compile_commands.json").write_text(json.dumps(list(first.values())), encoding="utf-8")
    return ["-p", folder]


if not SOURCES or not HEADERS:
    sys.exit("no sources found: the check itself is broken")
with tempfile.TemporaryDirectory() as scratch:
    command = COMMANDS[sys.argv[1]]
    if sys.argv[1] == "clang-tidy":
        command = command[:1] + once_each(scratch) + command[1:]
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
# run-clang-tidy names every file it looks at and counts what it suppressed; only what it found is of interest.
NOISE = re.compile(r"^clang-tidy|^\d+ warnings? generated\.$")
print("\n".join(line for line in re.sub(r"\x1b\[[0-9;]*m", "", done.stdout).splitlines() if not NOISE.match(line)))
sys.exit(1 if done.returncode else 0)
