# SPDX-License-Identifier: GPL-3.0-or-later
"""EDF, WFDB and WAV ingest: our reader, EDFlib, libsndfile, MNE (where it is installed), SciPy and NumPy on the same files, and the bytes alone. Debian has no
WFDB library: its place takes NumPy, which unpacks the same format as one array operation.   usage: bench_formats.py INGEST-PROGRAM"""
import json
import os
import subprocess
import sys
import tempfile

import numpy as np
import scipy.io.wavfile

from race import race

try:
    import mne
except ImportError:
    mne = None
SIGNALS, RATE, SECONDS = 4, 1000, 2500
PEERS = {"edflib": "EDFlib", "sndfile": "libsndfile"}


def field(text, width):
    return str(text).ljust(width).encode()[:width]


def make_edf(path, raw):
    head = field("0", 8) + field("X X X X", 80) + field("Startdate X X X X", 80) + b"01.01.8500.00.00" + field(256 * (SIGNALS + 1), 8) + field("", 44)
    head += field(SECONDS, 8) + field(1, 8) + field(SIGNALS, 4)
    for text, width in (("leg", 16), ("", 80), ("uV", 8), (-3276.8, 8), (3276.7, 8), (-32768, 8), (32767, 8), ("", 80), (RATE, 8), ("", 32)):
        head += b"".join(field(f"{text}{i}" if text == "leg" else text, width) for i in range(SIGNALS))
    with open(path, "wb") as f:
        f.write(head + raw.reshape(SECONDS, RATE, SIGNALS).transpose(0, 2, 1).astype("<i2").tobytes())


def make_wfdb(folder, name, raw, fmt):
    if fmt == 16:
        body = raw.astype("<i2").tobytes()
    else:
        a, b = raw.reshape(-1, 2).T & 0xFFF
        body = np.stack([a & 0xFF, (a >> 8) | (b >> 8) << 4, b & 0xFF], 1).astype(np.uint8).tobytes()
    sums = (raw.sum(0) & 0xFFFF).astype(np.uint16).astype(np.int16)
    lines = [f"{name} {SIGNALS} {RATE} {len(raw)}"] + [f"{name}.dat {fmt} 200(0)/mV 16 0 {raw[0, i]} {sums[i]} 0 leg{i}" for i in range(SIGNALS)]
    with open(os.path.join(folder, name + ".hea"), "w") as f:
        f.write("\n".join(lines) + "\n")
    with open(os.path.join(folder, name + ".dat"), "wb") as f:
        f.write(body)
    return [os.path.join(folder, name + e) for e in (".hea", ".dat")]


def numpy_wfdb(path, fmt):
    b = np.fromfile(path, np.uint8)
    if fmt == 16:
        raw = b.view("<i2").astype(float)
    else:
        t = b.reshape(-1, 3).astype(np.int16)
        raw = np.stack([t[:, 0] | (t[:, 1] & 15) << 8, t[:, 2] | (t[:, 1] & 0xF0) << 4], 1).ravel()
        raw = np.where(raw > 2047, raw - 4096, raw).astype(float)
    return raw.reshape(-1, SIGNALS).T / 200


def compete(title, program, paths, others):
    spent = {}

    def ours():
        spent.update(json.loads(subprocess.run([program, *paths], capture_output=True, check=True, text=True).stdout))
        return spent["read"] + spent["ours"]

    ours()
    runners = {"pleth: read + decode": ours, "pleth: decode alone, bytes in memory": lambda: spent["ours"], "read the bytes alone": lambda: spent["read"]}
    for peer in ("edflib", "sndfile"):
        if spent[peer] >= 0:
            assert abs(spent["sum"] - spent["their_sum"]) < 1e-6 * max(1, abs(spent["sum"])), spent
            runners[f"{PEERS[peer]}: read + decode"] = lambda peer=peer: spent[peer]
    median = race(f"{title}: {spent['n']} samples, {sum(map(os.path.getsize, paths)) / 1e6:.0f} MB in the page cache, file to numbers", runners | others, 5)
    mine = median["pleth: read + decode"]
    for name, took in median.items():
        if not name.startswith("pleth"):
            print(f"  -> {name} / pleth: {took / mine:.2f} x")


def main(program):
    raw = np.random.default_rng(1).integers(-2047, 2047, (RATE * SECONDS, SIGNALS))
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "bench.edf")
        make_edf(path, raw)
        others = {}
        if mne is None:
            print("python3-mne is not installed; left out")
        else:
            assert mne.io.read_raw_edf(path, preload=True, verbose="error").get_data().shape == (SIGNALS, RATE * SECONDS)
            others["MNE: read_raw_edf"] = lambda: mne.io.read_raw_edf(path, preload=True, verbose="error") and None
        compete("EDF ingest", program, [path], others)
        for fmt in (16, 212):
            paths = make_wfdb(folder, f"bench{fmt}", raw, fmt)
            assert np.array_equal(numpy_wfdb(paths[1], fmt)[:, 5], raw[5] / 200)
            compete(f"WFDB ingest, format {fmt}, checksums verified", program, paths, {"NumPy, no checksum": lambda p=paths[1], f=fmt: numpy_wfdb(p, f) is None and None})


    with tempfile.TemporaryDirectory() as folder:
        path, rate = os.path.join(folder, "bench.wav"), 44100
        sound = np.random.default_rng(2).normal(0, 3000, (120 * rate, 2))
        for name, kind in (("16-bit", np.int16), ("32-bit floating-point", np.float32)):
            scipy.io.wavfile.write(path, rate, (sound / (1 if kind is np.int16 else 32768)).astype(kind))
            whole = (lambda: np.divide(scipy.io.wavfile.read(path)[1], np.float32(32768)) is None and None) if kind is np.int16 else (
                lambda: scipy.io.wavfile.read(path) is None and None)
            compete(f"WAV ingest, stereo, {name}", program, [path], {"SciPy: wavfile.read, to floats": whole})


if __name__ == "__main__":
    main(sys.argv[1])
