# SPDX-License-Identifier: GPL-3.0-or-later
"""Many inputs and where their results go: order, worker counts, lists of names, links, statuses of mixed fortunes, a broken stdout."""
import json
import os
import pty
import re
import shutil
import subprocess

from support import PLETH, check, check_message, finish, read, run, simulate, tree, workplace, write


def prepare(folder):
    for seed in range(1, 6):
        simulate(f"{folder}/leg{seed}.csv", "stand_s=120", seed=seed)
    write(f"{folder}/bad.csv", b"\x00\xff\xfe rubbish \x01")
    return [f"leg{seed}.csv" for seed in range(1, 6)]


def json_names(text):
    return [json.loads(line)["input"]["name"] for line in text.splitlines()]


def test_same_bytes_for_any_number_of_workers(folder, legs):
    seen = {}
    for workers in (1, 2, 7):
        out = f"{folder}/out{workers}"
        os.mkdir(out)
        words = [*legs[:2], "bad.csv", *legs[2:], "-o", out, "-j", workers]
        table = run("analyze", *words, cwd=folder)
        lines = run("analyze", *words, "--json", cwd=folder)
        side = run("analyze", *words, f"--json={folder}/side{workers}.json", cwd=folder)
        check(table.returncode == lines.returncode == side.returncode == 1, f"-j {workers}: one bad file among good ones is status 1")
        check(json_names(lines.out) == legs, f"-j {workers}: one object a line, in input order: {json_names(lines.out)}")
        check(side.out == table.out, f"-j {workers}: the table with --json=FILE is the table without")
        check(read(f"{folder}/side{workers}.json").decode() == lines.out, f"-j {workers}: --json=FILE holds what --json prints")
        check_message(lines, 1, r"^pleth analyze: bad\.csv: ", f"-j {workers}")
        check(tree(out) == {name.replace(".csv", ".pleth.h5") for name in legs}, f"-j {workers}: {tree(out)}")
        seen[workers] = (table.out.replace(out, "OUT"), lines.out, {name: read(f"{out}/{name}") for name in tree(out)})
    check(seen[1] == seen[2] == seen[7], "the same bytes for 1, 2 and 7 workers")
    alone = run("analyze", legs[0], "--json", "-o", "alone.h5", cwd=folder)
    check(seen[1][1].startswith(alone.out), "alone or among others: the same JSON")
    check(seen[1][2]["leg1.pleth.h5"] == read(f"{folder}/alone.h5"), "alone or among others: the same report")


def test_names_from_a_list(folder, legs):
    write(f"{folder}/list.txt", "\n".join([legs[2], "", legs[0]]))
    from_file = run("analyze", "--json", "--files-from", "list.txt", legs[4], cwd=folder)
    check(json_names(from_file.out) == [legs[4], legs[2], legs[0]], f"operands first, then the list: {from_file.out[:200]}")
    piped = run("info", "--json", "--files-from", "-", cwd=folder, stdin=None, input=f"{legs[0]}\n{legs[1]}\n".encode())
    check([json.loads(line)["name"] for line in piped.out.splitlines()] == legs[:2], "--files-from - reads stdin")
    check_message(run("info", "--files-from", "-", cwd=folder, stdin=None, input=b"a\0b\n"), 2, "a NUL byte", "NUL in a list")
    write(f"{folder}/pause.csv", "time (s),a (mL),b (mmHg)\n" + "".join(f"{t},{t},1\n" for t in (*range(9), *range(90, 99))))
    pause = run("info", "pause.csv", cwd=folder).out
    check(pause.count("all channels") == 2 and "segment of" in pause and " mmHg " in pause, f"pauses of all channels are told once: {pause}")
    crlf = run("info", "--json", "--files-from", "-", cwd=folder, stdin=None, input=f"{legs[0]}\r\n\r\n{legs[1]}\r\n".encode())
    check([json.loads(line)["name"] for line in crlf.out.splitlines()] == legs[:2], f"a list with CR LF: {crlf.err}")


def test_statuses(folder, legs):
    os.mkdir(f"{folder}/to")
    check(run("analyze", "-o", "to", "bad.csv", "none.csv", cwd=folder).returncode == 3, "none of two could be analysed: 3")
    check(run("analyze", "-o", "to", legs[0], legs[1], cwd=folder).returncode == 0, "all analysed: 0")
    check(run("info", "bad.csv", legs[0], cwd=folder).returncode == 1, "info, one of two: 1")
    write(f"{folder}/to/odd.h5", read(f"{folder}/to/leg1.pleth.h5")[:-1])
    mixed = run("check", "--json", "to/leg1.pleth.h5", "to/odd.h5", "to/leg2.pleth.h5", cwd=folder)
    check(mixed.returncode == 1 and [json.loads(line)["name"] for line in mixed.out.splitlines()] == ["leg1.pleth.h5", "leg2.pleth.h5"],
          f"check --json, one of three unreadable: {mixed.returncode} {mixed.out}")
    check(run("check", "to/leg1.pleth.h5", "to/leg2.pleth.h5", cwd=folder).returncode == 0, "two valid reports: 0")
    check(run("check", "to/leg1.pleth.h5", "bad.csv", cwd=folder).returncode == 1, "one of two not readable: 1")
    write(f"{folder}/flat.csv", "time (s),volume (mL)\n" + "".join(f"{i},5\n" for i in range(600)))
    write(f"{folder}/flat.pleth.json", '{"schema": "pleth-sidecar/1", "protocol": "apg.stand", "channels": [{"column": "volume", "role": "volume"}]}')
    check(run("analyze", "flat.csv", cwd=folder).returncode == 0, "null values with flags: 0")
    strict = run("analyze", "flat.csv", "--strict", cwd=folder)
    check_message(strict, 1, r"^pleth analyze: flat\.csv: a measure without a valid value", "--strict")
    check("n/a" in strict.out and "next:" in strict.out, "a null value is printed as n/a, with what to do next")


def test_targets(folder, legs):
    os.mkdir(f"{folder}/real")
    write(f"{folder}/real/old.h5", b"old")
    os.symlink("real/old.h5", f"{folder}/link.h5")
    check(run("analyze", legs[0], "-o", "link.h5", cwd=folder).returncode == 0, "a link to a regular file is a legal target")
    check(os.path.islink(f"{folder}/link.h5"), "the link is still a link")
    check(read(f"{folder}/real/old.h5")[:4] == b"\x89HDF", "the link's target was replaced")
    check(tree(f"{folder}/real") == {"old.h5"}, "no temporary beside the link's target")
    os.mkdir(f"{folder}/other")
    shutil.copy(f"{folder}/{legs[0]}", f"{folder}/other/{legs[0]}")
    before = tree(folder)
    clash = run("analyze", legs[0], f"other/{legs[0]}", "-o", "other", cwd=folder)
    check_message(clash, 2, r"two outputs would be this one file", "two inputs with one target")
    check(tree(folder) == before, "refused before any work")


def test_stdout(folder, legs):
    for verb in (["list", "flags"], ["analyze", legs[0]], ["analyze", legs[0], legs[1], "--json"], ["info", legs[0]], ["--help"],
                 ["report", "link.h5", "--to", "svg", "-o", "-"]):
        with open("/dev/full", "wb") as full:
            check_message(run(*verb, cwd=folder, stdout=full), 4, r"^pleth( \w+)?: stdout: cannot write: No space left", f"/dev/full: {verb}")
        closed = subprocess.run(["sh", "-c", 'exec "$0" "$@" >&-', PLETH, *verb], cwd=folder, stderr=subprocess.PIPE)
        closed.err = closed.stderr.decode()
        check_message(closed, 4, r"stdout: cannot write: Bad file descriptor", f"closed stdout: {verb}")
    for descriptors in ("<&- >/dev/null 2>&-", "<&- >&- 2>&-"):
        done = subprocess.run(["sh", "-c", f'exec "$0" "$@" {descriptors}', PLETH, "analyze", "-q", legs[0], "-o", "fds.h5"], cwd=folder)
        check(done.returncode == 0, f"nothing to print, {descriptors}: status {done.returncode}")
        check(read(f"{folder}/fds.h5") == read(f"{folder}/alone.h5"), f"a report is not mixed with messages, {descriptors}")
    reading, writing = os.pipe()
    os.close(reading)
    os.mkdir(f"{folder}/gone")
    gone = run("analyze", *legs, "-o", "gone", cwd=folder, stdout=writing)
    os.close(writing)
    check(gone.returncode == 4 and gone.err == "", f"the reader went away: status 4 without a word: {gone.returncode} {gone.err!r}")
    check(len(tree(f"{folder}/gone")) == len(legs), "and every report is written all the same")


def on_terminal(folder, words, **environment):
    """What the program writes when stdout and stderr are a terminal."""
    master, slave = pty.openpty()
    done = subprocess.Popen([PLETH, *words], cwd=folder, stdin=subprocess.DEVNULL, stdout=slave, stderr=slave,
                            env={**{k: v for k, v in os.environ.items() if k != "NO_COLOR"}, "TERM": "xterm", **environment})
    os.close(slave)
    text = b""
    try:
        while chunk := os.read(master, 65536):
            text += chunk
    except OSError:
        pass
    os.close(master)
    done.wait()
    return text.decode()


def test_terminal(folder, legs):
    bold, count = "\x1b[1m", "1 of 2"
    check(bold in on_terminal(folder, ["analyze", legs[0]]), "colour on a terminal")
    for words, environment in ((["--no-color"], {}), ([], {"NO_COLOR": "1"}), ([], {"TERM": "dumb"})):
        check("\x1b" not in on_terminal(folder, ["analyze", legs[0], *words], **environment), f"no colour with {words} {environment}")
    check("\x1b" not in run("analyze", legs[0], cwd=folder).out, "no colour into a pipe")
    check(count in on_terminal(folder, ["info", legs[0], legs[1]]), "progress on a terminal")
    check(count not in on_terminal(folder, ["info", legs[0], legs[1], "--progress=never"]), "no progress with never")
    check(count not in on_terminal(folder, ["info", "-q", legs[0], legs[1]]), "no progress with -q")
    check(count in run("info", legs[0], legs[1], "--progress=always", cwd=folder).err, "progress into a pipe with always")
    check(run("info", legs[0], legs[1], cwd=folder).err == "", "no progress into a pipe")


def test_names_cannot_drive_the_terminal(folder, legs):
    evil = "evil\x1b[2J\n\u202e.csv"
    shutil.copy(f"{folder}/{legs[0]}", f"{folder}/{evil}")
    done = run("info", evil, cwd=folder)
    check(done.returncode == 0 and "\x1b" not in done.out and "\u202e" not in done.out, f"control characters in a file's name: {done.out!r}")
    missing = run("info", evil + "x", cwd=folder)
    check_message(missing, 3, r"evil\\x1b\[2J\\x0a\\xe2\\x80\\xae\.csvx: cannot open", "control characters in a message")


def rounds_to(value, text):
    """Is `text` this value, rounded to the digits that it shows?"""
    decimals = len(text.partition(".")[2])
    return abs(float(text) - value) <= 0.5000001 * 10.0 ** -decimals or "." not in text and abs(float(text) - value) <= 0.05 * abs(value)


def check_row(row, measure):
    if measure["value"] is None:
        check("n/a" in row, f"no value: {row!r}")
        return
    half = re.search(r" (-?[\d.]+) \u00b1 ([\d.]+) ", row)
    span = re.search(r" (-?[\d.]+) \((-?[\d.]+) to (-?[\d.]+)\) ", row)
    if half:
        check(rounds_to(measure["value"], half[1]), f"value of {row!r}: {measure['value']}")
        check(rounds_to((measure["hi"] - measure["lo"]) / 2, half[2]), f"half width of {row!r}: {measure['lo']} to {measure['hi']}")
        check(len(half[2].replace(".", "").lstrip("0")) >= 2, f"two digits of the interval: {row!r}")
    elif span:
        for key, text in zip(("value", "lo", "hi"), span.groups()):
            check(rounds_to(measure[key], text), f"{key} of {row!r}: {measure[key]}")
    else:
        check(measure["lo"] is None or measure["lo"] == measure["hi"], f"an interval is shown: {row!r}")
    check(measure["grade"] is None or measure["grade"] in row and measure["guideline"] in row, f"grade and guideline: {row!r}")


def test_table_says_what_json_says(folder, legs):
    texts = {flag["id"]: flag for flag in json.loads(run("list", "flags", "--json").out)["flags"]}
    for leg in legs:
        table = run("analyze", leg, "-v", cwd=folder).out
        test = json.loads(run("analyze", leg, "--json", cwd=folder).out)["tests"][0]
        for measure in test["measures"]:
            rows = [line for line in table.splitlines() if line.startswith(f"  {measure['id']} ")]
            check(len(rows) == 1, f"{leg}: one row of {measure['id']}: {rows}")
            check_row(rows[0] + " ", measure)
        for flag in {flag for measure in test["measures"] for flag in measure["flags"]} | set(test["quality"]["flags"]):
            check(f"{texts[flag]['text']} [{flag}]" in table, f"{leg}: {flag} in words")
            check(texts[flag]["severity"] == "info" or f"next: {texts[flag]['next']}" in table, f"{leg}: what to do after {flag}")
        for landmark in test["landmarks"]:
            check(f"  {landmark['name']} " in table, f"{leg}: landmark {landmark['name']}")


def test_repeated(folder, legs):
    first = run("analyze", legs[0], "-o", "again.h5", "--json", cwd=folder)
    bytes_first = read(f"{folder}/again.h5")
    second = run("analyze", legs[0], "-o", "again.h5", "--json", cwd=folder)
    check(first.out == second.out and bytes_first == read(f"{folder}/again.h5"), "the same command gives the same bytes")
    changed = run("analyze", legs[0], "-o", "again.h5", "--json", "--set", "apg.stand.plateau_s=31", cwd=folder)
    one, two = (json.loads(done.out)["provenance"] for done in (first, changed))
    check(one["config_sha256"] != two["config_sha256"], "another parameter, another digest of the configuration")
    check(two["parameters"]["apg.stand.plateau_s"] == 31, "the parameter is kept in the report")


def main():
    with workplace() as folder:
        legs = prepare(folder)
        for test in (test_same_bytes_for_any_number_of_workers, test_names_from_a_list, test_statuses, test_targets, test_stdout, test_terminal,
                     test_names_cannot_drive_the_terminal, test_table_says_what_json_says, test_repeated):
            test(folder, legs)
    finish()


main()
