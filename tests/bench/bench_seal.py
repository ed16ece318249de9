# SPDX-License-Identifier: GPL-3.0-or-later
"""What the seal costs a file: small recordings read by `pleth info`, each in a sealed process of its own; by the same program built without the
seal (a process a file all the same); and in one process by the library alone."""
import os
import subprocess
import sys
import tempfile

from race import race, ratio

unsealed, in_process = sys.argv[1:]
FILES = 300

with tempfile.TemporaryDirectory() as folder:
    names = [f"{i}.csv" for i in range(FILES)]
    for name in names:
        with open(os.path.join(folder, name), "w", encoding="ascii") as file:
            file.write("time (s),volume (mL)\n" + "".join(f"{i},{i % 7}\n" for i in range(50)))

    def process(*command):
        return lambda: subprocess.run([*command, *names], cwd=folder, check=True, stdout=subprocess.DEVNULL).returncode

    median = race(f"reading {FILES} small files", {
        "pleth info, a sealed process a file": process(os.environ["PLETH"], "info", "-q"),
        "the same without the seal": process(unsealed, "info", "-q"),
        "library alone, one process": process(in_process)}, 15)
sealed, bare, alone = median.values()
print(f"  -> a file: {(sealed - bare) / FILES * 1e3:.3f} ms for the seal, {(bare - alone) / FILES * 1e3:.3f} ms for the process and its pipe")
ratio("all of it, in ms a file", (sealed - alone) / FILES * 1e3, 2, at_least=False)
