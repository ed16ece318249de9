# SPDX-License-Identifier: GPL-3.0-or-later
"""Composed files of each format: whole ones give the recording that readers/FORMAT.json holds, imperfect ones open with the warning that tells
the fault, broken ones are refused in one line that says where.   usage: readers.py MODEL-TOOL compose_FORMAT.py [--write-golden | --seeds CORPUS]"""
import importlib
import json
import pathlib
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).parent


def parts(content):
    """A file, or a dictionary of files whose first is the one to open."""
    return content if isinstance(content, dict) else {None: content}


def read(tool, folder, name, content, options=()):
    paths = []
    for other, body in parts(content).items():
        path = pathlib.Path(folder) / (other or name)
        path.write_bytes(body)
        paths.append(path)
    return subprocess.run([tool, *options, *paths], capture_output=True, text=True, timeout=20)


def model(done):
    out = json.loads(done.stdout)
    for channel, told in zip(out["channels"], out["info"]["channels"], strict=True):
        channel |= {key: told[key] for key in ("role", "side", "site", "label") if told[key] not in (None, "unknown")}
        if told["unit"] != channel["unit"]:
            channel["told_unit"] = told["unit"]
    del out["info"]["schema"], out["info"]["channels"]  # the channels stand beside it, with their samples
    return out


def expect_samples(name, channels, wanted, found):
    """Against what was put in, where the composer says what that was: None a missing sample."""
    got = {c["name"]: c["x"] for c in channels}
    for channel, x in wanted.items():
        same = channel in got and len(got[channel]) == len(x)
        same = same and all((a is None) == (b is None) and (a is None or abs(a - b) <= 1e-9 * max(1, abs(b))) for a, b in zip(got[channel], x))
        if not same:
            found.append(f"{name}: {channel}: {got.get(channel)}, wanted {x}")


def expect_refused(name, done, found, text):
    if done.returncode != 1 or len(done.stderr.splitlines()) != 1 or text not in done.stderr:
        found.append(f"{name}: status {done.returncode}, wanted {text!r}: {done.stderr.strip()[-400:]}")


def composer(path):
    stem = pathlib.Path(path).stem
    return importlib.import_module(stem), stem.removeprefix("compose_")


def main(tool, path, golden_mode):
    composed, kind = composer(path)
    golden_path = HERE / "readers" / (kind + ".json")
    wanted = json.loads(golden_path.read_text()) if golden_path.exists() else {}
    found, got, n = [], {}, 0
    with tempfile.TemporaryDirectory() as folder:
        for name, content in composed.GOOD.items():
            options = getattr(composed, "OPTIONS", {}).get(name, ())
            done = read(tool, folder, name, content, options)
            n += 1
            if done.returncode:
                found.append(f"{name}: {done.stderr.strip()[-400:]}")
                continue
            got[name] = model(done)
            expect_samples(name, got[name]["channels"], getattr(composed, "EXPECT", {}).get(name, {}), found)
            if not golden_mode and got[name] != wanted.get(name):
                found.append(f"{name}: {json.dumps(got[name])}\n  wanted {json.dumps(wanted.get(name))}")
        for name, (content, code) in composed.IMPERFECT.items():
            done = read(tool, folder, name, content, getattr(composed, "OPTIONS", {}).get(name, ()))
            n += 1
            if done.returncode:
                found.append(f"{name}: {done.stderr.strip()[-400:]}")
                continue
            got[name] = model(done)
            expect_samples(name, got[name]["channels"], getattr(composed, "EXPECT", {}).get(name, {}), found)
            codes = [w["code"] for w in got[name]["info"]["warnings"]]
            if code not in codes and (code or codes):
                found.append(f"{name}: wanted warning {code}, not {codes}")
            if not golden_mode and got[name] != wanted.get(name):
                found.append(f"{name}: {json.dumps(got[name])}\n  wanted {json.dumps(wanted.get(name))}")
        for name, (content, text) in composed.REFUSED.items():
            n += 1
            expect_refused(name, read(tool, folder, name, content, getattr(composed, "OPTIONS", {}).get(name, ())), found, text)
    if golden_mode and not found:
        golden_path.write_text("{\n" + ",\n".join(json.dumps(k) + ": " + json.dumps(v, ensure_ascii=False) for k, v in got.items()) + "\n}\n")
    print(n, "files")
    if found:
        sys.exit("\n".join(found))


def write_seeds(path, folder):
    """Every composed file of one part as a seed of its fuzz target."""
    composed, _ = composer(path)
    pathlib.Path(folder).mkdir(parents=True, exist_ok=True)
    for group in (composed.GOOD, composed.IMPERFECT, composed.REFUSED):
        for name, entry in group.items():
            content = entry[0] if isinstance(entry, tuple) else entry
            body = composed.seed(content) if hasattr(composed, "seed") else content
            if len(body) <= 8192:  # a fuzzer wants small ones
                (pathlib.Path(folder) / name.replace(".", "_")).write_bytes(body)


if __name__ == "__main__":
    if sys.argv[3:4] == ["--seeds"]:
        sys.exit(write_seeds(sys.argv[2], sys.argv[4]))
    main(sys.argv[1], sys.argv[2], len(sys.argv) > 3 and sys.argv[3] == "--write-golden")
