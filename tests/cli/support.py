# SPDX-License-Identifier: GPL-3.0-or-later
"""What the tests of the program share: run it, look at what it said, and at what it left behind."""
import os
import re
import shlex
import subprocess
import sys
import tempfile

PLETH = os.environ.get("PLETH", "pleth")
TIMEOUT_S = 60
SKIP = 77

failures = []


def check(condition, what):
    if not condition:
        failures.append(what)
        print("FAIL", what)


def finish():
    print(f"{len(failures)} failures")
    sys.exit(1 if failures else 0)


def skip(why):
    print("SKIP", why)
    sys.exit(SKIP)


def run(*arguments, cwd=None, **options):
    """Run pleth; bytes in, texts out. `arguments` as separate words."""
    options.setdefault("stdin", subprocess.DEVNULL)
    if "stdout" not in options:
        options["stdout"] = subprocess.PIPE
    if "stderr" not in options:
        options["stderr"] = subprocess.PIPE
    environment = {name: value for name, value in os.environ.items() if name != "NO_COLOR"}
    environment.update(options.pop("env", {}))
    done = subprocess.run([options.pop("program", PLETH), *map(str, arguments)], cwd=cwd, timeout=TIMEOUT_S, env=environment, **options)
    done.out = (done.stdout or b"").decode()
    done.err = (done.stderr or b"").decode()
    return done


def command(words, cwd=None, **options):
    return run(*shlex.split(words), cwd=cwd, **options)


def check_message(done, status, pattern, what):
    """The exit status, and exactly one line on stderr in the form `pleth VERB: ...` that matches `pattern`."""
    lines = done.err.splitlines()
    check(done.returncode == status, f"{what}: status {done.returncode}, expected {status}; stderr {done.err!r}")
    check(len(lines) == 1, f"{what}: {len(lines)} lines on stderr, expected 1: {done.err!r}")
    check(re.match(r"pleth( \w+)?: ", done.err) is not None, f"{what}: not a message of pleth: {done.err!r}")
    check(re.search(pattern, done.err) is not None, f"{what}: {done.err!r} does not match {pattern!r}")


def tree(folder):
    """Every name below a folder, with what a link points at."""
    names = set()
    for path, folders, files in os.walk(folder):
        names |= {os.path.relpath(os.path.join(path, name), folder) for name in folders + files}
    return names


def simulate(path, *settings, seed=1, protocol="apg.stand"):
    rate = ["rate_hz=10"] if protocol == "apg.stand" else []
    words = [word for setting in (*rate, *settings) for word in ("--set", f"sim.{protocol}.{setting}")]
    done = run("simulate", protocol, "-o", path, "--seed", seed, *words)
    assert done.returncode == 0, done.err
    return path


def simulate_small(path, seed=1):
    """The recording that takes the least work, for tests that need hundreds: pulse volume for some seconds."""
    return simulate(path, "nuisance=custom", "white=0.01", "rate_hz=50", "duration_s=12", seed=seed, protocol="pvr")


def read(path):
    with open(path, "rb") as file:
        return file.read()


def write(path, data):
    with open(path, "wb") as file:
        file.write(data if isinstance(data, bytes) else data.encode())
    return path


def workplace():
    """A folder of its own for one test, gone afterwards."""
    return tempfile.TemporaryDirectory(prefix="pleth-test-")
