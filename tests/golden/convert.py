# SPDX-License-Identifier: GPL-3.0-or-later
"""Conversions there and back: samples, units, rates, gaps and events of a recording come out as they went in, whole numbers to the last one, and
what a format cannot hold is said.   usage: convert.py MODEL-TOOL"""
import json
import math
import os
import pathlib
import struct
import subprocess
import sys
import tempfile

import compose_edf
import compose_wfdb

PLETH, SAMPLES = os.environ["PLETH"], pathlib.Path(os.environ["PLETH_SOURCE"]) / "sample_data"
TOOL = sys.argv[1]
found, folder = [], None


def model(path):
    also = [p for p in folder.iterdir() if p.name.startswith(path.name.split("_physio")[0]) and p != path] if "_physio" in path.name else []
    also += [path.with_suffix(".dat")] if path.suffix == ".hea" else []
    done = subprocess.run([TOOL, path, *also], capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"{path.name}: {done.stderr}")
    return json.loads(done.stdout)


def convert(source, target, losses=0):
    done = subprocess.run([PLETH, "convert", source, target], capture_output=True, text=True)
    if done.returncode or len(done.stderr.splitlines()) != losses:
        found.append(f"{source.name} -> {target.name}: status {done.returncode}, {losses} losses wanted: {done.stderr}")
    return target


def same_x(a, b, tolerance):
    return len(a) == len(b) and all((p is None) == (q is None) and (p is None or abs(p - q) <= tolerance) for p, q in zip(a, b))


def compare(what, before, after, *, tolerance=0.0, names=True, segments=True):
    a, b = before["channels"], after["channels"]
    if len(a) != len(b):
        found.append(f"{what}: {len(b)} channels, not {len(a)}")
    for p, q in zip(a, b):
        spread = max((abs(v) for v in p["x"] if v is not None), default=0)
        if not same_x(p["x"], q["x"], tolerance * spread) or p["unit"] != q["unit"] or not math.isclose(p["rate_hz"], q["rate_hz"], rel_tol=1e-9):
            found.append(f"{what}: {p['name']}: {str(q)[:300]}\n  was {str(p)[:300]}")
        if names and p["name"] != q["name"]:
            found.append(f"{what}: {q['name']}, was {p['name']}")
        if segments and any(abs(s[0] - t[0]) > 1e-6 or s[1:] != t[1:] for s, t in zip(p["segments"], q["segments"])):
            found.append(f"{what}: {q['segments']}, was {p['segments']}")
    events = [[(round(e["t_s"], 4), e["dur_s"], e["kind"], e["count"], e["text"] if e["kind"] == "note" else "") for e in m["info"]["events"]]
              for m in (before, after)]
    if events[0] != events[1]:
        found.append(f"{what}: events {events[1]}, were {events[0]}")
    if abs(before["info"]["t_origin_s"] - after["info"]["t_origin_s"]) > 1e-7:
        found.append(f"{what}: origin {after['info']['t_origin_s']}, was {before['info']['t_origin_s']}")


def put(name, body):
    (folder / name).write_bytes(body)
    return folder / name


def there_and_back():
    for name in ("contiguous.edf", "discontinuous.edf", "bdf_plus.bdf", "plain.edf", "inverted.edf", "slow.edf"):
        source = put(name, compose_edf.GOOD[name])
        before = model(source)
        again = convert(source, folder / ("again" + source.suffix))
        compare(name + " -> itself", before, model(again), tolerance=1e-9)
        if model(again)["channels"][0]["scale"] != before["channels"][0]["scale"] and abs(
                model(again)["channels"][0]["scale"] / before["channels"][0]["scale"] - 1) > 1e-9:
            found.append(f"{name}: another scale")
        if len(model(again)["info"]["segments"]) != len(before["info"]["segments"]):
            found.append(f"{name}: other segments")
        if name in ("contiguous.edf", "bdf_plus.bdf", "inverted.edf"):
            table = convert(convert(source, folder / "sub-1_task-a_physio.tsv.gz") if name == "bdf_plus.bdf" else source, folder / "table.csv")
            if name == "bdf_plus.bdf":
                compare(name + " -> BIDS", before, model(folder / "sub-1_task-a_physio.tsv.gz"), names=False)
            lines = table.read_text().split("\n")
            if not lines[0].startswith("time (s),") or len(lines) != 2 + max(len(c["x"]) for c in before["channels"]):
                found.append(f"{name}: {lines[:3]}")


def missing_and_losses():
    source = put("f16.hea", compose_wfdb.one(16)["f16.hea"])
    put("f16.dat", compose_wfdb.one(16)["f16.dat"])
    before = model(source)
    compare("missing -> BIDS", before, model(convert(source, folder / "sub-2_task-b_physio.tsv.gz")), names=False)
    after = model(convert(source, folder / "f16.edf", losses=1))  # a missing sample
    if [e["text"] for e in after["info"]["events"]] != ["missing samples: calf"]:
        found.append(f"missing -> EDF: {after['info']['events']}")
    kept = [(p, q) for p, q in zip(before["channels"][0]["x"], after["channels"][0]["x"]) if p is not None]
    if any(abs(p - q) > 1e-9 for p, q in kept):
        found.append(f"missing -> EDF: {kept}")
    leg = SAMPLES / "normal_leg.csv"
    a = json.loads(subprocess.run([PLETH, "info", "--json", leg], capture_output=True, text=True).stdout)
    convert(leg, folder / "leg.bdf", losses=1)
    convert(leg, folder / "leg.csv")
    b = json.loads(subprocess.run([PLETH, "info", "--json", folder / "leg.csv"], capture_output=True, text=True).stdout)
    if [{**c, "name": ""} for c in a["channels"]] != [{**c, "name": ""} for c in b["channels"]] or len(a["events"]) != len(b["events"]):
        found.append(f"leg.csv: {b}")


def wav_bytes(bits, rate_hz, channels, samples):
    """RIFF/WAVE as the specification of 1991 has it; `samples` one behind the other, channel by channel of each frame."""
    width = bits // 8
    body = b"".join(struct.pack("<f", v) if bits == 32 else v.to_bytes(width, "little", signed=True) for v in samples)
    head = struct.pack("<2H2I2H", 3 if bits == 32 else 1, channels, rate_hz, rate_hz * channels * width, channels * width, bits)
    chunks = b"WAVEfmt " + struct.pack("<I", len(head)) + head + b"data" + struct.pack("<I", len(body)) + body + b"\0" * (len(body) % 2)
    return b"RIFF" + struct.pack("<I", len(chunks)) + chunks


def audio_there_and_back():
    """Sound as a table and again as sound: the same numbers in each, and the same bytes of samples at the end."""
    top = {16: 2**15, 24: 2**23}
    for bits, names in ((16, ("table.csv", "wave.edf", "wave.bdf", "sub-3_task-c_physio.tsv.gz")), (24, ("table24.csv", "wave24.bdf", "sub-4_task-c_physio.tsv.gz"))):
        t = top[bits]
        raw = [v for k in range(800) for v in (round(0.9 * t * math.sin(k / 7)), (k * 7919 * t // 400) % (2 * t) - t if bits == 16 else k - 400)]
        raw[-1] = t - 1
        source = put(f"sound{bits}.wav", wav_bytes(bits, 8000, 2, raw))
        want = [[v / t for v in raw[c::2]] for c in (0, 1)]
        for name in names:
            # EDF's whole numbers hold every sample, but its 8 characters no limit just below 1
            table = convert(source, folder / name, losses=1 if name in ("wave.edf", "wave24.bdf") else 0)
            got = [c["x"] for c in model(table)["channels"]]
            if any(not same_x(a, b, 0 if "edf" not in name and "bdf" not in name else 1e-6) for a, b in zip(want, got)) or len(got) != 2:
                found.append(f"{source.name} -> {name}: {str(got)[:200]}\n  wanted {str(want)[:200]}")
            again = convert(table, folder / f"again{bits}.wav", losses=1 if name in ("wave.edf", "wave24.bdf") else 0).read_bytes()
            if name not in ("wave.edf", "wave24.bdf") and again[again.index(b"data"):] != source.read_bytes()[source.read_bytes().index(b"data"):]:
                found.append(f"{source.name} -> {name} -> WAV: other samples")


def channels_as_audio():
    """What is no sound keeps its values, units, names and roles through WAV and its side-car; what WAV cannot hold is refused."""
    put("leg.csv", b"time (s),APG (mL),Cuff (mmHg)\n" + b"".join(b"%g,%g,%g\n" % (k / 4, 100 + k / 8, k % 5) for k in range(40)))
    put("leg.pleth.json", b'{"schema": "pleth-sidecar/1", "channels": [{"column": "APG", "role": "volume", "side": "left", "site": "calf"}, {"column": "Cuff", "role": "cuff_pressure"}],'
        b' "events": [{"t_s": 2, "kind": "stand"}]}')
    info = lambda path: json.loads(subprocess.run([PLETH, "info", "--json", path], capture_output=True, text=True).stdout)
    before, after = info(folder / "leg.csv"), info(convert(folder / "leg.csv", folder / "heard.wav"))
    facts = lambda i: [[c[k] for k in ("unit", "rate_hz", "n", "missing", "role")] for c in i["channels"]]
    if facts(before) != facts(after) or before["events"] != after["events"]:
        found.append(f"leg -> WAV: {after}\n  was {before}")
    back = convert(folder / "heard.wav", folder / "back.csv").read_text().split("\n")
    if [[float(v) for v in line.split(",")] for line in back[1:41]] != [[k / 4, 100 + k / 8, k % 5] for k in range(40)]:
        found.append(f"leg -> WAV -> CSV: {back[:4]}")
    for name, body in (("gap.csv", b"time (s),a (V)\n0,1\n1,2\n\n9,3\n10,4\n"), ("hole.csv", b"time (s),a (V)\n0,1\n1,n/a\n2,3\n3,4\n")):
        done = subprocess.run([PLETH, "convert", put(name, body), folder / "no.wav"], capture_output=True, text=True)
        if done.returncode != 3 or len(done.stderr.splitlines()) != 1 or (folder / "no.wav").exists():
            found.append(f"{name} -> WAV: status {done.returncode}: {done.stderr}")
    convert(put("third.csv", b"time (s),a (V)\n0,0.1\n1,0.2\n2,0.3\n3,0.4\n"), folder / "third.wav", losses=1)


def words_of_events():
    """A mark keeps its own words, not just the kind that is read from them; where it cannot, that is said."""
    words = {1: "liegt", 2: "Aufstehen", 3: "10 tiptoes", 5: "Fersenstand x3"}
    marks = put("marks.csv", b"time (s),a (mL),event\n" + "".join(f"{t},{t},{words.get(t, '')}\n" for t in range(8)).encode())
    told = lambda m: [(e["t_s"], e["kind"], e["count"], e["text"]) for e in m["info"]["events"]]
    before = told(model(marks))
    if [row[3] for row in before] != list(words.values()):
        found.append(f"marks: {before}")
    for name in ("words.edf", "sub-5_task-d_physio.tsv.gz"):
        after = told(model(convert(marks, folder / name, losses=0)))
        if after != before:
            found.append(f"marks -> {name}: {after}\n  were {before}")
    put("other.csv", b"time (s),a (mL)\n0,1\n1,2\n2,3\n")
    put("other.pleth.json", b'{"events": [{"t_s": 1, "kind": "stand", "text": "held the rail"}]}')
    convert(folder / "other.csv", folder / "other.edf", losses=1)


def refused():
    leg = SAMPLES / "normal_leg.csv"
    (folder / "folder.csv").mkdir()
    for arguments, status in ((("convert", leg, folder / "leg.xyz"), 2), (("convert", leg, leg), 2), (("convert", leg, folder / "leg.ogg"), 2),
                              (("convert", folder / "none.csv", folder / "x.csv"), 3), (("convert", leg, folder / "folder.csv"), 4), (("convert", leg), 2)):
        done = subprocess.run([PLETH, *arguments], capture_output=True, text=True)
        if done.returncode != status or len(done.stderr.splitlines()) != 1:
            found.append(f"{arguments}: status {done.returncode}, not {status}: {done.stderr}")


with tempfile.TemporaryDirectory() as name:
    folder = pathlib.Path(name)
    there_and_back()
    missing_and_losses()
    audio_there_and_back()
    channels_as_audio()
    words_of_events()
    refused()
if found:
    sys.exit("\n".join(found))
print("as they went in")
