# SPDX-License-Identifier: GPL-3.0-or-later
"""MATLAB files as SciPy writes them, in the layouts of LabChart, AcqKnowledge and of anybody, and byte by byte with each fault."""
import io
import struct
import zlib

import numpy as np
import scipy.io


def mat(level="5", compressed=False, **variables):
    out = io.BytesIO()
    scipy.io.savemat(out, variables, format=level, do_compression=compressed)
    body = out.getvalue()
    return body if level == "4" else b"MATLAB 5.0 MAT-file, composed".ljust(116) + body[116:]  # without the date


LABCHART = dict(data=np.array([[10., 20, 30, 40, 1, 2, 3, 50, 60]]), datastart=np.array([[1., 8], [5, -1]]), dataend=np.array([[4., 9], [7, -1]]),
                samplerate=np.array([[4., 4], [2, 0]]), tickrate=np.array([[4., 4]]), blocktimes=np.array([[738000.5, 738000.5 + 60 / 86400]]),
                titles=np.array(["APG L calf", "Cuff      "]), unittext=np.array(["mL  ", "mmHg"]), unittextmap=np.array([[1., 1], [2, -1]]),
                com=np.array([[-1., 1, 2, 1, 1], [1, 2, 4, 1, 2]]), comtext=np.array(["supine ", "stand  "]))
INTEGERS = dict(data=np.array([[100, -100, 7]], dtype=np.int16), datastart=np.array([[1.]]), dataend=np.array([[3.]]), samplerate=np.array([[10.]]),
                scaleunits=np.array([[0.5]]), scaleoffset=np.array([[4.]]), titles=np.array(["volume"]), unittext=np.array(["mL"]),
                unittextmap=np.array([[1.]]))
ACQ = dict(data=np.array([[1., 6], [2, 7], [3, 8]]), units=np.array(["mL  ", "mmHg"]), labels=np.array(["SGP calf     ", "Cuff pressure"]),
           isi=np.array([[20.]]), isi_units=np.array(["ms"]), start_sample=np.array([[50.]]))
OWN = dict(t=np.arange(5.) / 20 + 1, X=np.array([1., 2, 3, 4, np.nan]), note=np.array(["by hand"]))
KINDS = {k: np.array([[0, 1, 100]], dtype=k) for k in ("int8", "uint8", "int16", "uint16", "int32", "uint32", "int64", "uint64", "float32", "float64")}

GOOD = {
    "labchart.mat": mat(**LABCHART), "labchart_packed.mat": mat(compressed=True, **LABCHART), "labchart_integers.mat": mat(**INTEGERS),
    "acq.mat": mat(**ACQ), "acq_khz.mat": mat(**{**ACQ, "isi": np.array([[0.05]]), "isi_units": np.array(["kHz"])}),
    "own_clock.mat": mat(**OWN), "own_level4.mat": mat("4", **OWN), "own_rate.mat": mat(X=np.array([[1., 2, 3], [4, 5, 6]]), Fs=np.array([[2.]])),
    "kinds.mat": mat(fs=np.array([[10.]]), **KINDS), "kinds_packed.mat": mat(compressed=True, fs=np.array([[10.]]), **KINDS),
    "milliseconds.mat": mat(time_ms=np.arange(5.) * 20, X=np.arange(5.)), "stated.mat": mat(X=np.array([1., 2, 3])), "big_endian.mat": b"", "columns.mat": mat(X=np.arange(6.).reshape(3, 2), fs=np.array([[1.]])),
}


def big_endian():
    """One double array and a rate, highest byte first."""
    def array(name, values):
        flags = struct.pack(">4I", 6, 8, 6, 0)
        dims = struct.pack(">2I2i", 5, 8, 1, len(values))
        label = struct.pack(">2I", 1, len(name)) + name + bytes(-len(name) % 8)
        real = struct.pack(f">2I{len(values)}d", 9, 8 * len(values), *values)
        body = flags + dims + label + real
        return struct.pack(">2I", 14, len(body)) + body
    return b"MATLAB 5.0 MAT-file, composed".ljust(124) + b"\1\0MI" + array(b"X", [1., 2., 3.]) + array(b"fs", [4.])


GOOD["big_endian.mat"] = big_endian()
OPTIONS = {"stated.mat": ("-s", "mat.rate_hz=50")}
EXPECT = {
    "labchart.mat": {"APG L calf": [10, 20, 30, 40, 50, 60], "Cuff": [1, 2, 3]}, "labchart_packed.mat": {"APG L calf": [10, 20, 30, 40, 50, 60]},
    "labchart_integers.mat": {"volume": [52, -48, 5.5]}, "acq.mat": {"SGP calf": [1, 2, 3], "Cuff pressure": [6, 7, 8]},
    "own_clock.mat": {"X": [1, 2, 3, 4, None]}, "own_level4.mat": {"X": [1, 2, 3, 4, None]}, "own_rate.mat": {"X.1": [1, 2, 3], "X.2": [4, 5, 6]},
    "kinds.mat": {k: [0, 1, 100] for k in KINDS}, "kinds_packed.mat": {k: [0, 1, 100] for k in KINDS}, "stated.mat": {"X": [1, 2, 3]},
    "milliseconds.mat": {"X": [0, 1, 2, 3, 4]}, "big_endian.mat": {"X": [1, 2, 3]}, "columns.mat": {"X.1": [0, 2, 4], "X.2": [1, 3, 5]},
}
IMPERFECT = {
    "gap.mat": (mat(**LABCHART), "gap"), "structure.mat": (mat(**OWN, s={"a": 1.0}), "column_dropped"),
    "complex.mat": (mat(**OWN, z=np.array([1j, 2])), "column_dropped"),
    "irregular.mat": (mat(t=np.array([0, 1, 2.4, 3, 4]), X=np.arange(5.)), "resampled"),
}
PLAIN, PACKED = GOOD["own_rate.mat"], GOOD["labchart_packed.mat"]


def altered(body, at, value):
    return body[:at] + value + body[at + len(value):]


REFUSED = {
    "structure_alone.mat": (mat(s={"X": np.arange(9.), "fs": 50.}), "-struct"), "cells_and_rate.mat": (mat(c=np.array([np.arange(9.)], dtype=object), fs=50.), "-struct"),
    "rows_without_columns.mat": (struct.pack("<5I", 1, 2**27, 0, 0, 2) + b"t\0", "without times"),
    "cut.mat": (PLAIN[:-20], "beyond its end"), "cut_packed.mat": (PACKED[:400], "byte"), "seven_three.mat": (altered(PLAIN, 124, b"\0\2"), "-v7"),
    "bad_sum.mat": (PLAIN[:128] + struct.pack("<2I", 15, 40) + zlib.compress(PLAIN[128:])[:36] + b"junk", "compressed"),
    "bomb.mat": (PLAIN[:128] + struct.pack("<2I", 15, len(zlib.compress(bytes(50_000_000), 9))) + zlib.compress(bytes(50_000_000), 9), "compressed"),
    "huge_dims.mat": (altered(PLAIN, 160, struct.pack("<2i", 2**30, 2**30)), "dimension"), "negative_dims.mat": (altered(PLAIN, 160, struct.pack("<2i", -1, 3)), "dimension"),
    "other_dims.mat": (altered(PLAIN, 160, struct.pack("<2i", 2, 300)), "as many bytes"), "flags.mat": (altered(PLAIN, 136, struct.pack("<I", 9)), "flags"),
    "empty.mat": (PLAIN[:128], "no variable"), "no_rate.mat": (mat(X=np.arange(9.)), "mat.rate_hz"), "words.mat": (mat(a=np.array(["b"])), "without times"),
    "zero_based.mat": (mat(**{**LABCHART, "datastart": LABCHART["datastart"] - 1}), "from 1 on"),
    "beyond.mat": (mat(**{**LABCHART, "dataend": LABCHART["dataend"] + 5}), "within data"),
    "no_blocktimes.mat": (mat(**{k: v for k, v in LABCHART.items() if k != "blocktimes"}), "blocktimes"),
    "rate_changes.mat": (mat(**{**LABCHART, "samplerate": np.array([[4., 8], [2, 0]])}), "rate"),
    "no_isi.mat": (mat(**{**ACQ, "isi": np.array([[0.]])}), "isi"), "level4_cut.mat": (GOOD["own_level4.mat"][:60], "beyond"),
}
