# SPDX-License-Identifier: GPL-3.0-or-later
"""The seal from inside: a reader that tries everything it should not. Each attempt is stopped, is one line for its file, and harms no other."""
import ctypes
import os
import re
import resource
import struct
import sys
import time

sys.path.insert(0, os.path.join(os.environ["PLETH_SOURCE"], "tests", "cli"))
from support import check, check_message, finish, run, simulate, skip, tree, workplace, write  # noqa: E402

PROBE = sys.argv[1]
DENIED, FORBIDDEN = "Permission denied", "tried what no reader needs, and was stopped; the file may be hostile; please report it"
SLOW = r"not done after 1 s of work; if the file is sound, allow it more with --timeout"
LARGE = r"needs more than 64 MiB of memory; if the file is sound, allow it more with --max-memory"
NO_ANSWER = "gave no answer; please report this file as a fault of pleth"
# What is tried, and how the line ends that tells of it.
ATTEMPTS = {
    "open": f"open: {DENIED}", "create": f"create: {DENIED}", "look": f"look: {DENIED}", "code": f"code: {DENIED}",
    "other_descriptors": "other_descriptors: Bad file descriptor",
    "socket": FORBIDDEN, "exec": FORBIDDEN, "fork": FORBIDDEN, "kill": FORBIDDEN, "sleep": FORBIDDEN, "wait": FORBIDDEN,
    "raise_limit": DENIED + "|" + FORBIDDEN,
    "allocate": LARGE, "eat": LARGE, "eat_files": r"eat_files: Too many open files|signal 25",
    "spin": SLOW, "spin_deaf": SLOW, "print_forever": SLOW, "write_forever": NO_ANSWER, "promise": NO_ANSWER, "leave": NO_ANSWER,
    "crash": "ended by signal 11; please report this file as a fault of pleth", "abort": "ended by signal 6; please report this file as a fault of pleth",
    "recursion": "ended by signal 11; please report this file as a fault of pleth",
    "copy": "copy: Structure needs cleaning"}  # the one that must work
SMALL = ("--timeout", 1, "--max-memory", 64)


def pleth(*words, **options):
    return run(*words, program=PROBE, **options)


def test_alone(folder):
    for name, line in ATTEMPTS.items():
        if name == "spin_deaf" and not os.environ.get("PLETH_LONG"):
            continue  # stopped by the clock alone: 5 s of spinning
        write(f"{folder}/{name}.csv", f"probe {name}\n")
        before, began = tree(folder), time.monotonic()
        done = pleth("analyze", f"{name}.csv", *SMALL, cwd=folder)
        check_message(done, 3, rf"^pleth analyze: {name}\.csv: .*({line})$", name)
        check(tree(folder) == before, f"{name}: files are left behind: {tree(folder) - before}")
        check(time.monotonic() - began < 30, f"{name}: took {time.monotonic() - began:.0f} s")


def test_among_others(folder):
    """Between sound recordings, for any number of workers: theirs are analysed, and everything is the same."""
    names = ["allocate", "crash", "exec", "fork", "leave", "open", "socket", "write_forever"]
    words = []
    for i, name in enumerate(names):
        simulate(f"{folder}/leg{i}.csv", "stand_s=120", seed=i)
        words += [f"leg{i}.csv", f"{name}.csv"]
    seen = set()
    for workers in (1, 3):
        done = pleth("analyze", "--json", "-j", workers, "-o", ".", *words, *SMALL, cwd=folder)
        check(done.returncode == 1, f"-j {workers}: status {done.returncode}")
        check(re.findall(r'"name": ?"(\w+)\.csv"', done.out) == [f"leg{i}" for i in range(len(names))], f"-j {workers}: {done.out[:300]}")
        lines = done.err.splitlines()
        check([re.match(r"pleth analyze: (\w+)\.csv: ", line)[1] for line in lines] == names, f"-j {workers}: {done.err}")
        seen.add((done.out, done.err))
    check(len(seen) == 1, "the same for any number of workers")


def test_companions(folder):
    """A reader that wants further files gets those that exist in the recording's folder, and none from elsewhere."""
    write(f"{folder}/friend.dat", "the first ")
    write(f"{folder}/second.dat", "the second")
    for name, line in (("companions", "the first , the second"), ("thief", "0 companions")):
        write(f"{folder}/{name}.csv", f"probe {name}\n")
        check_message(pleth("info", f"{name}.csv", cwd=folder), 3, rf"^pleth info: {name}\.csv: {line}$", name)


class Filter(ctypes.Structure):
    _fields_ = [("n", ctypes.c_ushort), ("steps", ctypes.c_char_p)]


def lack(numbers):
    """From now on this process and its children run on a kernel without these system calls."""
    steps = [struct.pack("=HBBI", 0x20, 0, 0, 0)]  # load the number
    for number in numbers:
        steps += [struct.pack("=HBBI", 0x15, 0, 1, number), struct.pack("=HBBI", 0x06, 0, 0, 0x00050000 | 38)]  # ENOSYS
    steps.append(struct.pack("=HBBI", 0x06, 0, 0, 0x7FFF0000))
    libc, program = ctypes.CDLL(None, use_errno=True), b"".join(steps)
    fprog = Filter(len(steps), program)
    if libc.prctl(38, 1, 0, 0, 0) != 0 or libc.prctl(22, 2, ctypes.byref(fprog), 0, 0) != 0:
        os._exit(99)


def test_old_kernel(folder):
    """Without Landlock: one warning, and the other layers stand; what needs files to be opened does without."""
    done = pleth("analyze", "open.csv", "copy.csv", "socket.csv", "leg0.csv", "-q", "-o", ".", cwd=folder, preexec_fn=lambda: lack([444]))
    lines = done.err.splitlines()
    check(done.returncode == 1 and len(lines) == 4, f"status {done.returncode}: {done.err}")
    check(lines[0] == "pleth analyze: this kernel lacks Landlock; files are read without that layer of protection", done.err)
    check(lines[1].endswith(f"open: {DENIED}") and lines[2].endswith(f"copy: {DENIED}") and lines[3].endswith(FORBIDDEN), done.err)
    check("seal       partly\n           this kernel lacks Landlock\n" in pleth("--version", "-v", preexec_fn=lambda: lack([444])).out, "--version -v")


def test_limits_of_the_user(folder):
    """A limit that the user has set lower than ours is not the file's fault."""
    done = pleth("analyze", "eat.csv", cwd=folder, preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (256 << 20, 256 << 20)))
    check_message(done, 75, "eat\\.csv: out of memory; expected more memory", "the user's own limit")


def main():
    if "seal       on\n" not in pleth("--version", "--verbose").out:
        skip("this build or this kernel has not the whole seal")
    with workplace() as folder:
        test_alone(folder)
        test_among_others(folder)
        test_companions(folder)
        test_old_kernel(folder)
        test_limits_of_the_user(folder)
    finish()


main()
