# SPDX-License-Identifier: GPL-3.0-or-later
"""Reading a composed file of each format, and converting it to each other, while every allocation fails in turn: a clean end each time.

usage: allocations_files.py ALLOCATIONS KIND    KIND: the composer tests/golden/compose_KIND.py, or `own` for sound and our reports"""
import importlib
import os
import pathlib
import subprocess
import sys
import tempfile

SOURCE = pathlib.Path(os.environ["PLETH_SOURCE"])
sys.path.insert(0, str(SOURCE / "tests" / "golden"))
FORMATS = ("-", "csv", "bids", "edf", "bdf", "wav")
tool, kind = sys.argv[1:]


def recordings(folder):
    """Lists of paths, the first of each the one to open."""
    if kind == "own":
        corpus = SOURCE / "tests" / "fuzz" / "corpus"
        return [[corpus / "report" / "small"], *([corpus / "audio" / name] for name in ("cues", "flac16", "float", "pcm24", "rf64"))]
    composed = importlib.import_module("compose_" + kind)
    made = []
    for name, entry in [*composed.GOOD.items(), *((n, e[0]) for n, e in composed.IMPERFECT.items())]:
        if name in getattr(composed, "OPTIONS", {}):
            continue
        own = folder / name.replace("/", "_")
        own.mkdir()
        paths = [own / other for other in entry] if isinstance(entry, dict) else [own / name]
        for path, body in zip(paths, entry.values() if isinstance(entry, dict) else [entry]):
            path.write_bytes(body)
        made.append(paths)
    return made


found, n = [], 0
with tempfile.TemporaryDirectory() as folder:
    for number, paths in enumerate(recordings(pathlib.Path(folder))):
        # Each writer once in a while: what readers hand over differs little.
        for target in (FORMATS[0], FORMATS[1 + number % 5]) if number > 1 else FORMATS:
            done = subprocess.run([tool, "file", target, *paths], capture_output=True, text=True)
            n += 1
            if done.returncode:
                found.append(f"{paths[0].name} to {target}: status {done.returncode}: {(done.stdout + done.stderr)[:600]}")
print(n, "ways")
if found:
    sys.exit("\n".join(found))
