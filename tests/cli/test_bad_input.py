# SPDX-License-Identifier: GPL-3.0-or-later
"""Bad input, one test each: the exit status, one line that says what, where and what was expected, and nothing left behind.

usage: test_bad_input.py NAME | --list
"""
import json
import os
import resource
import shutil
import subprocess
import sys

from support import PLETH, check, check_message, finish, read, run, simulate, skip, tree, workplace, write

HEADER = "time (s),volume (mL)\n"
ROWS = [f"{i / 10},{0 if i < 300 else min(100, (i - 300) / 5)}\n" for i in range(3000)]
GOOD = HEADER + "".join(ROWS)
SIDECAR = '"schema": "pleth-sidecar/1", "protocol": "apg.stand"'
CHANNEL = '{"column": "volume", "role": "volume"}'
CASES = {}


def case(function):
    CASES[function.__name__] = function
    return function


def with_row(number, text):
    """The good recording with another row; `number` counts lines from 1."""
    return HEADER + "".join(ROWS[: number - 2]) + text + "".join(ROWS[number - 1:])


def refused(folder, data, pattern, status=3, sidecar=None):
    """`analyze` refuses leg.csv: an old report of the same name is untouched, and no other file appears."""
    write(f"{folder}/leg.csv", data)
    if sidecar is not None:
        write(f"{folder}/leg.pleth.json", sidecar)
    write(f"{folder}/leg.pleth.h5", b"an old report")
    before = tree(folder)
    check_message(run("analyze", "leg.csv", cwd=folder), status, r"^pleth analyze: leg\.csv: " + pattern, "analyze")
    check(read(f"{folder}/leg.pleth.h5") == b"an old report", "the old report is untouched")
    check(tree(folder) == before, f"left behind: {tree(folder) - before}")


def flagged(folder, data, *flags, sidecar=None):
    """`analyze` gives every measure as null, with a flag that says why."""
    write(f"{folder}/leg.csv", data)
    if sidecar is not None:
        write(f"{folder}/leg.pleth.json", sidecar)
    done = run("analyze", "--json", "leg.csv", cwd=folder)
    check(done.returncode == 0 and done.err == "", f"flagged: status {done.returncode}, {done.err!r}")
    measures = json.loads(done.out)["tests"][0]["measures"] if done.out else []
    check(len(measures) > 10, f"every measure is there: {len(measures)}")
    for measure in measures:
        check(measure["value"] is None and not measure["valid"], f"{measure['id']} is null: {measure['value']}")
        check(set(flags) & set(measure["flags"]), f"{measure['id']}: {flags} among {measure['flags']}")


@case
def empty_file(folder):
    refused(folder, b"", r"an empty file; expected ")


@case
def header_only(folder):
    refused(folder, HEADER, r"no row .*; expected rows with numbers")


@case
def binary_rubbish(folder):
    state, data = 1, bytearray()
    for _ in range(5000):
        state = state * 6364136223846793005 + 1442695040888963407 & (1 << 64) - 1
        data.append(state >> 56)
    refused(folder, bytes(data), r".+; expected ")


@case
def million_columns(folder):
    refused(folder, ",".join(["1"] * 1000000) + "\n" + ",".join(["2"] * 1000000) + "\n", r".*cap of \d+.*; expected ")


@case
def many_columns_in_short_lines(folder):
    refused(folder, ",".join(["1"] * 5000) + "\n" + ",".join(["2"] * 5000) + "\n", r".*(cap|more than).*\d+.*; expected ")


@case
def nul_bytes(folder):
    refused(folder, with_row(502, "50.0,\0\0\0\n"), r"byte \d+ \(line 502\): a NUL byte; expected text")


@case
def truncated_utf16(folder):
    refused(folder, GOOD.encode("utf-16")[:-1], r"byte \d+: UTF-16 text that is cut .*; expected an even number of bytes")


@case
def text_in_a_number_column(folder):
    refused(folder, with_row(502, "50.0,broken\n"), r'line 502, column 2: "broken"; expected a number')


@case
def all_nan(folder):
    flagged(folder, HEADER + "".join(f"{i / 10},nan\n" for i in range(3000)), "no_data")


@case
def constant(folder):
    flagged(folder, HEADER + "".join(f"{i / 10},5\n" for i in range(3000)), "constant_signal")


@case
def one_sample(folder):
    refused(folder, HEADER + "0,1\n", r"one row of data; expected at least two rows")


@case
def two_samples(folder):
    flagged(folder, HEADER + "0,1\n0.1,2\n", "recording_too_short", "no_stand")


@case
def decreasing_time(folder):
    refused(folder, HEADER + "".join(ROWS[:500] + ROWS[100:]), r"line 502: .*earlier.*; expected rising times")


@case
def duplicate_time(folder):
    refused(folder, HEADER + "".join(ROWS[:500] + ROWS[499:]), r"line 502: the same time .*; expected rising times")


@case
def unknown_unit(folder):
    refused(folder, GOOD.replace("mL", "furlong"), r".+; expected .*mL")


@case
def unknown_unit_of_a_volume(folder):
    refused(folder, GOOD.replace("mL", "furlong"), r".*furlong.*; expected ", sidecar=f'{{{SIDECAR}, "channels": [{CHANNEL}]}}')


@case
def unknown_unit_in_the_sidecar(folder):
    refused(folder, GOOD, r'leg\.pleth\.json: \$\.channels\[0\]\.unit.*: .*"furlong".*; expected ',
            sidecar=f'{{{SIDECAR}, "channels": [{{"column": "volume", "unit": "furlong"}}]}}')


@case
def millilitres_given_as_litres(folder):
    refused(folder, GOOD.replace("mL", "L"), r'leg\.pleth\.json: \$\.channels\[0\]\.unit: "L" in the file, "mL" in the side-car; expected ',
            sidecar=f'{{{SIDECAR}, "channels": [{{"column": "volume", "role": "volume", "unit": "mL"}}]}}')


@case
def missing_column(folder):
    refused(folder, GOOD, r'leg\.pleth\.json: \$\.channels\[0\]\.column: no column "none"; expected .*"volume"',
            sidecar=f'{{{SIDECAR}, "channels": [{{"column": "none", "role": "volume"}}]}}')


@case
def wrong_type(folder):
    refused(folder, GOOD, r"leg\.pleth\.json: \$\.channels\[0\]\.column: a number; expected a text", sidecar=f'{{{SIDECAR}, "channels": [{{"column": 3}}]}}')


@case
def duplicate_key(folder):
    refused(folder, GOOD, r'leg\.pleth\.json: .*"protocol".*; expected .*duplicate', sidecar=f'{{{SIDECAR}, "protocol": "apg.stand"}}')


@case
def sidecar_too_large(folder):
    refused(folder, GOOD, r"leg\.pleth\.json: .*1048576", sidecar="{" + " " * (1 << 20) + "}")


@case
def sidecar_is_a_directory(folder):
    os.mkdir(f"{folder}/leg.pleth.json")
    refused(folder, GOOD, r"leg\.pleth\.json: a folder; expected a regular file")


@case
def sidecar_is_a_link_to_nothing(folder):
    os.symlink("nowhere", f"{folder}/leg.pleth.json")
    refused(folder, GOOD, r"leg\.pleth\.json: cannot open: No such file or directory; expected a file that exists")


@case
def a_directory(folder):
    os.mkdir(f"{folder}/leg.csv")
    check_message(run("analyze", "leg.csv", cwd=folder), 3, r"leg\.csv: a folder; expected a regular file", "a directory")
    check(tree(folder) == {"leg.csv"}, f"left behind: {tree(folder)}")


@case
def a_pipe(folder):
    os.mkfifo(f"{folder}/leg.csv")
    check_message(run("analyze", "leg.csv", cwd=folder), 3, r"leg\.csv: a pipe; expected a regular file", "a pipe without a writer")


@case
def a_device(folder):
    check_message(run("info", "/dev/zero", cwd=folder), 3, r"/dev/zero: a device; expected a regular file", "a device")


@case
def a_link_loop(folder):
    os.symlink("leg.csv", f"{folder}/leg.csv")
    check_message(run("analyze", "leg.csv", cwd=folder), 3, r"leg\.csv: cannot open: Too many levels of symbolic links; expected ", "a link loop")


@case
def a_missing_file(folder):
    check_message(run("analyze", "leg.csv", cwd=folder), 3, r"leg\.csv: cannot open: No such file or directory; expected ", "a missing file")


@case
def dev_full(folder):
    write(f"{folder}/leg.csv", GOOD)
    check_message(run("analyze", "leg.csv", "-o", "/dev/full", cwd=folder), 4, r"/dev/full: a device; expected .*regular file", "/dev/full")


def unprivileged(folder, *arguments, **options):
    """Run pleth as a user who is not root and owns nothing."""
    os.chmod(folder, 0o755)
    program = shutil.copy(PLETH, f"{folder}/../{os.path.basename(folder)}.pleth")
    try:
        os.chmod(program, 0o755)
        user = dict(user=65534, group=65534, extra_groups=[]) if os.geteuid() == 0 else {}
        return run(*arguments, cwd=folder, program=program, **user, **options)
    finally:
        os.remove(program)


@case
def read_only_folder(folder):
    write(f"{folder}/leg.csv", GOOD)
    os.mkdir(f"{folder}/locked")
    write(f"{folder}/locked/old.h5", b"an old report")
    os.chmod(f"{folder}/locked", 0o555)
    for target in ("new.h5", "old.h5"):
        done = unprivileged(folder, "analyze", "leg.csv", "-o", f"locked/{target}")
        check_message(done, 4, rf"locked/{target}: .*Permission denied; expected a folder that this user may write to", "a read-only folder")
    check(tree(f"{folder}/locked") == {"old.h5"} and read(f"{folder}/locked/old.h5") == b"an old report", "the folder is as it was")


@case
def unreadable_file(folder):
    write(f"{folder}/leg.csv", GOOD)
    os.chmod(f"{folder}/leg.csv", 0)
    done = unprivileged(folder, "analyze", "leg.csv", "-o", "/tmp/never-written.h5")
    check_message(done, 3, r"leg\.csv: cannot open: Permission denied; expected a file that this user may read", "an unreadable file")
    check(not os.path.exists("/tmp/never-written.h5"), "no report")


@case
def no_more_processes(folder):
    """Several inputs need worker processes: without any, try again later."""
    for name in ("a.csv", "b.csv"):
        write(f"{folder}/{name}", GOOD)
    # LeakSanitizer, where the program has it, is itself a process.
    quiet = {"ASAN_OPTIONS": os.environ.get("ASAN_OPTIONS", "") + ":detect_leaks=0"}
    done = unprivileged(folder, "info", "a.csv", "b.csv", env=quiet, preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NPROC, (0, 0)))
    check_message(done, 75, r"^pleth info: cannot start a worker process; try again later", "a limit of no processes")


@case
def full_disk(folder):
    """A file system of 64 KiB, mounted where no other process sees it."""
    simulate(f"{folder}/leg.csv", "rate_hz=100")
    os.mkdir(f"{folder}/small")
    script = """mount -t tmpfs -o size=64k none small || exit 77
printf 'an old report' > small/old.h5
"$0" analyze -q leg.csv -o small/new.h5; echo "status $?"
"$0" analyze -q leg.csv -o small/old.h5; echo "status $?"
ls -A small; cat small/old.h5"""
    done = subprocess.run(["unshare", "-m", "sh", "-c", script, PLETH], cwd=folder, capture_output=True, text=True)
    if done.returncode != 0 and "status" not in done.stdout:
        skip(f"mounting a small file system is not permitted: {done.stderr.strip()}")
    check(done.stdout == "status 4\nstatus 4\nold.h5\nan old report", f"old reports and no temporary are left: {done.stdout!r}")
    lines = done.stderr.splitlines()
    check(len(lines) == 2, f"one line each: {done.stderr!r}")
    for line, name in zip(lines, ("new", "old")):
        check(line.startswith(f"pleth analyze: small/{name}.h5: ") and line.endswith("No space left on device; expected free space for the output"), line)


@case
def file_size_limit(folder):
    """The user's limit of a file's size: as a full disk, without a file system of its own."""
    write(f"{folder}/leg.csv", GOOD)
    write(f"{folder}/old.h5", b"an old report")
    done = run("analyze", "leg.csv", "-o", "old.h5", cwd=folder, preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (8192, 8192)))
    check_message(done, 4, r"old\.h5: .*File too large", "a limit of 8 KiB")
    check(tree(folder) == {"leg.csv", "old.h5"} and read(f"{folder}/old.h5") == b"an old report", "the old report is untouched")


@case
def out_of_memory(folder):
    """Too little address space for the recording: try again later, and nothing is left."""
    if "asan" in os.environ.get("LD_PRELOAD", ""):
        skip("AddressSanitizer needs more address space than any limit")
    write(f"{folder}/leg.csv", b"volume (mL)\n" + b"1\n3\n2\n" * 1000000)
    write(f"{folder}/leg.pleth.json", f'{{{SIDECAR}, "channels": [{{"column": "volume", "role": "volume", "rate_hz": 100}}]}}')
    limit = 64 << 20
    done = run("analyze", "leg.csv", cwd=folder, preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (limit, limit)))
    check_message(done, 75, r"memory", "64 MiB of address space")
    check(tree(folder) == {"leg.csv", "leg.pleth.json"}, f"left behind: {tree(folder)}")


def main():
    if sys.argv[1] == "--list":
        print("\n".join(CASES))
        return
    with workplace() as folder:
        CASES[sys.argv[1]](folder)
    finish()


main()
