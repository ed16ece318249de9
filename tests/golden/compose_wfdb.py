# SPDX-License-Identifier: GPL-3.0-or-later
"""WFDB records made from the descriptions of header(5), signal(5) and annot(5): each sample format, frames, skew, parts, annotations and faults."""
import struct

# What each format can hold; the fourth is missing, where there is a sign for it.
LEAST = {16: -2**15, 24: -2**23, 32: -2**31, 61: -2**15, 80: -2**7, 160: -2**15, 212: -2**11, 310: -2**9, 311: -2**9}
FIRST = 5  # value before the first difference of format 8


def ramp(fmt, n=11):
    low = LEAST.get(fmt, -100)
    values = [low + 1, 0, -1, low, 7, -low - 1, 100, -100, 1, 2, 3] if fmt != 8 else [4, 5, 100, 90, -20, 0, 7, 6, 5, 4, 3]
    return [values[i % 11] for i in range(n)]


def groups(values, size):
    values = list(values) + [0] * (-len(values) % size)
    return [values[i:i + size] for i in range(0, len(values), size)]


def encode(fmt, values):
    """The samples of a file, in the order in which they take turns."""
    if fmt == 8:
        return bytes((b - a) & 0xFF for a, b in zip([FIRST] + values, values))
    if fmt in (16, 61, 160):
        return struct.pack(("<" if fmt != 61 else ">") + f"{len(values)}H", *[(v + (32768 if fmt == 160 else 0)) & 0xFFFF for v in values])
    if fmt in (24, 32):
        return b"".join(struct.pack("<i", v)[:fmt // 8] for v in values)
    if fmt == 80:
        return bytes((v + 128) & 0xFF for v in values)
    if fmt == 212:
        out = b"".join(bytes([a & 0xFF, (a >> 8 & 15) | (b >> 8 & 15) << 4, b & 0xFF]) for a, b in groups(values, 2))
        return out[:len(values) * 3 // 2 + len(values) % 2]
    bits = 1023
    if fmt == 310:
        words = [((a & bits) << 1 | (c & 31) << 11, (b & bits) << 1 | (c >> 5 & 31) << 11) for a, b, c in groups(values, 3)]
        return b"".join(struct.pack("<2H", *w) for w in words)[:-(-len(values) * 4 // 6) * 2 + (2 if len(values) % 3 == 2 else 0)]
    return b"".join(struct.pack("<I", a & bits | (b & bits) << 10 | (c & bits) << 20) for a, b, c in groups(values, 3))


def checksum(values):
    total = sum(values) & 0xFFFF
    return total - 65536 if total >= 32768 else total


def signal(file, fmt, values, gain="10(0)/mL", text="calf"):
    return f"{file} {fmt} {gain} 16 0 {FIRST if str(fmt).startswith('8') and str(fmt) != '80' else values[0]} {checksum(values)} 0 {text}\n"


def one(fmt):
    values = ramp(fmt)
    return {f"f{fmt}.hea": (f"f{fmt} 1 50 11\n" + signal(f"f{fmt}.dat", fmt, values)).encode(), f"f{fmt}.dat": encode(fmt, values)}


def physical(fmt):
    return [None if fmt != 8 and v == LEAST[fmt] else v / 10 for v in ramp(fmt)]


# Two channels by turns in one file, a third at four samples a frame in another; a prolog of 6 bytes; notes; a clock.
VOLUME, CUFF, FAST = [10, 20, 30, 40], [1, 2, 3, -4], list(range(16))
TURNS = {"leg.hea": b"# before\nleg 3 0.5/100(7) 4 10:00:00 02/03/2024\n"
         + (signal("leg.dat", "212+6", VOLUME) + signal("leg.dat", "212+6", CUFF, "100/mmHg", "cuff pressure") +
            signal("fast.dat", "16x4", FAST, "200(8)/mV", "ecg lead")).encode() + b"# side: left\n",
         "leg.dat": b"prolog" + encode(212, [v for pair in zip(VOLUME, CUFF) for v in pair]), "fast.dat": encode(16, FAST)}
SKEW = {"skew.hea": ("skew 2 10 4\n" + signal("skew.dat", "16:1", VOLUME) + signal("skew.dat", 16, CUFF, text="cuff")).encode(),
        "skew.dat": encode(16, [v for pair in zip(VOLUME, CUFF) for v in pair])}


def part(name, values, gain="10(0)/mL", text="calf"):
    return {f"{name}.hea": (f"{name} 1 2 {len(values)}\n" + signal(f"{name}.dat", 16, values, gain, text)).encode(), f"{name}.dat": encode(16, values)}


def word(kind, step):
    return struct.pack("<H", kind << 10 | step)


def aux(text):
    return word(63, len(text)) + text + b"\0" * (len(text) % 2)


MARKS = (word(22, 0) + aux(b"## time resolution: 4") + word(1, 4) + word(28, 10) + aux(b"stand") + word(60, 3) + word(59, 0) +
         struct.pack("<2H", 1, 2) + word(22, 1) + aux("Fersenstand ü".encode()) + b"\0\0")
PARTS = {"multi.hea": b"multi/4 1 2 10\na 3\n~ 4\nb 2\nc 1\n", **part("a", [10, 20, 30]), **part("b", [40, 50], "100(0)/mL"), **part("c", [70])}
LAYOUT = {"var.hea": b"var/4 2 2 8\nlayout 0\na 3\nb 2\n~ 3\n",
          "layout.hea": b"layout 2 2 0\n~ 0 10/mL 16 0 0 0 0 cuff\n~ 0 10/mL 16 0 0 0 0 calf\n", **part("a", [10, 20, 30]), **part("b", [40, 50], text="cuff")}
GOOD = {f"f{fmt}.hea": one(fmt) for fmt in (8, 16, 24, 32, 61, 80, 160, 212, 310, 311)}
GOOD |= {"leg.hea": TURNS, "skew.hea": SKEW, "multi.hea": PARTS, "var.hea": LAYOUT, "dated.hea": {"dated.hea": TURNS["leg.hea"], **TURNS},
         "marked.hea": {"marked.hea": ("marked 1 50 11\n" + signal("f16.dat", 16, ramp(16))).encode(), "f16.dat": one(16)["f16.dat"], "marked.atr": MARKS},
         "bare.hea": {"bare.hea": b"bare 1\r\nf16.dat 16 100\r\n", "f16.dat": one(16)["f16.dat"]}}
OPTIONS = {"dated.hea": ("-k",)}
EXPECT = {f"f{fmt}.hea": {"calf": physical(fmt)} for fmt in (8, 16, 24, 32, 61, 80, 160, 212, 310, 311)}
EXPECT |= {"leg.hea": {"calf": [1, 2, 3, 4], "cuff pressure": [.01, .02, .03, -.04], "ecg lead": [(v - 8) / 200 for v in FAST]},
           "skew.hea": {"calf": [2, 3, 4, None], "cuff": [.1, .2, .3, -.4]}, "multi.hea": {"calf": [1, 2, 3, .4, .5, 7]},
           "var.hea": {"cuff": [4, 5], "calf": [1, 2, 3]}, "bare.hea": {"signal 0": [None if v == -32768 else v / 100 for v in ramp(16)]}}


def changed(name, content, **files):
    first = next(iter(content))
    return {name: content[first], **{k: v for k, v in content.items() if k != first}, **{k.replace("__", "."): v for k, v in files.items()}}


def header(name, text, *more):
    return {name: text, "f16.dat": one(16)["f16.dat"], **dict(more)}


IMPERFECT = {
    "sum.hea": (header("sum.hea", b"sum 1 50 11\nf16.dat 16 10/mL 16 0 -32767 1 0 calf\n"), "checksum_mismatch"),
    "first.hea": (header("first.hea", b"first 1 50 11\nf16.dat 16 10/mL 16 0 3 " + str(checksum(ramp(16))).encode() + b" 0 calf\n"), "checksum_mismatch"),
    "short.hea": (changed("short.hea", TURNS, leg__dat=TURNS["leg.dat"][:-4]), "file_truncated"),
    "gainless.hea": (header("gainless.hea", b"gainless 1 50 11\nf16.dat 16\n"), "gain_assumed"),
    "zero_gain.hea": (header("zero_gain.hea", b"zero_gain 1 50 11\nf16.dat 16 0(0)/mL\n"), "gain_assumed"),
    "marks_cut.hea": (changed("marks_cut.hea", GOOD["marked.hea"], marks_cut__atr=MARKS[:-5]), "file_truncated"),
    "gap.hea": (changed("gap.hea", PARTS), "gap"),
}
REFUSED = {
    "path.hea": (header("path.hea", b"path 1 50 11\n/etc/passwd 16 10\n"), "without a path"),
    "up.hea": (header("up.hea", b"up 1 50 11\n../f16.dat 16 10\n"), "without a path"),
    "dash.hea": (header("dash.hea", b"dash 1 50 11\n- 16 10\n"), "line 2"),
    "absent.hea": (header("absent.hea", b"absent 1 50 11\nnone.dat 16 10\n"), "none.dat"),
    "flac.hea": (header("flac.hea", b"flac 1 50 11\nf16.dat 516 10\n"), "xform"),
    "mixed.hea": (header("mixed.hea", b"mixed 2 50 5\nf16.dat 16 10\nf16.dat 212 10\n"), "different formats"),
    "rate.hea": (header("rate.hea", b"rate 1 0 11\nf16.dat 16 10\n"), "sampling rate"),
    "many.hea": (header("many.hea", b"many 5000 10 11\n"), "256"),
    "cut.hea": (header("cut.hea", b"cut 2 50 11\nf16.dat 16 10\n"), "1 of 2 signals"),
    "format.hea": (header("format.hea", b"format 1 50 11\nf16.dat 16y2 10\n"), "a format"),
    "gain.hea": (header("gain.hea", b"gain 1 50 11\nf16.dat 16 10(5/mL\n"), "baseline"),
    "tiny_gain.hea": (header("tiny_gain.hea", b"tiny_gain 1 50 11\nf16.dat 16 1e-300(1e300)\n"), "gain"),
    "no_part.hea": (header("no_part.hea", b"no_part/1 1 50 11\nf99 11\n"), "f99.hea"),
    "nested.hea": (changed("nested.hea", {"x": b"nested/1 1 2 3\nmulti 3\n", **PARTS}), "made of parts"),
    "unit_changes.hea": (changed("unit_changes.hea", {"x": b"unit_changes/2 1 2 5\na 3\nb 2\n", **part("a", [1, 2, 3]), **part("b", [4, 5], "10/V")}), "unit"),
    "empty_data.hea": (header("empty_data.hea", b"empty_data 1 50 11\nnil.dat 16 10\n", ("nil.dat", b"")), "without any"),
}


def seed(content):
    """The files in one: name, NUL, size (32 bits, little-endian), bytes."""
    return b"".join(name.encode() + b"\0" + struct.pack("<I", len(body)) + body for name, body in content.items())
