# SPDX-License-Identifier: GPL-3.0-or-later
"""The README's commands run as they stand: every block marked ```sh run, in order, in one shell, on a copy of what the README's reader has."""
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

from common import ROOT, text

readme = text("README.md")
blocks = re.findall(r"^```sh run\n(.*?)^```", readme, re.M | re.S)
commands = [line for block in blocks for line in block.splitlines() if re.match(r"pleth |export |mkdir |cat ", line)]
if len(commands) < 10:
    sys.exit(f"README.md: {len(commands)} commands marked to run; ten were promised")

# Links and pictures in the repository exist.
missing = [target for target in re.findall(r"\]\((?!https?:|#)([^)#]+)", readme) if not (ROOT / target).exists()]
if missing:
    sys.exit(f"README.md: links to what is not there: {missing}")

with tempfile.TemporaryDirectory() as folder:
    shutil.copytree(ROOT / "sample_data", pathlib.Path(folder) / "sample_data")
    (pathlib.Path(folder) / "build" / "cli").mkdir(parents=True)
    os.symlink(os.environ["PLETH"], pathlib.Path(folder) / "build" / "cli" / "pleth")
    script = "set -eux\n" + "".join(blocks)
    done = subprocess.run(["/bin/sh", "-c", script], cwd=folder, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=110, check=False)
    print(done.stderr[-3000:])
    print(f"{len(commands)} commands; status {done.returncode}")
    sys.exit(1 if done.returncode else 0)
