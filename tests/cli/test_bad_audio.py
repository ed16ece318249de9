# SPDX-License-Identifier: GPL-3.0-or-later
"""Bad audio: the exit status and one line that says what, where and what was expected; or a report in which nothing has a value, with the reason and
the warning about the file. Nothing is left behind where there is no report."""
import json
import math
import random
import struct

from support import check, check_message, finish, run, tree, workplace, write

NOISE = random.Random(1)


def form(tag=1, channels=2, rate=8000, bits=16):
    return struct.pack("<4sIHHIIHH", b"fmt ", 16, tag, channels, rate, rate * channels * bits // 8 & 0xFFFFFFFF, channels * bits // 8 & 0xFFFF, bits)


def wav(data, promised=None, **header):
    return struct.pack("<4sI4s", b"RIFF", 36 + len(data), b"WAVE") + form(**header) + struct.pack("<4sI", b"data", promised or len(data)) + data


def rf64(data, promised):
    sizes = struct.pack("<4sIQQQI", b"ds64", 28, promised, promised, promised // 4, 0)
    return struct.pack("<4sI4s", b"RF64", 0xFFFFFFFF, b"WAVE") + sizes + form() + struct.pack("<4sI", b"data", 0xFFFFFFFF) + data


ZEROS = b"\0" * 64000
RUBBISH = bytes(NOISE.randrange(256) for _ in range(5000))
LOUD = b"".join(struct.pack("<hh", *(max(-32768, min(32767, round(NOISE.gauss(0, 60000)))) for _ in range(2))) for _ in range(40000))
MATLAB = b"MATLAB 5.0 MAT-file, Platform: GLNXA64".ljust(124) + b"\0\1IM" + struct.pack("<IIQQ", 14, 48, 6, 0)

REFUSED = {
    "rate_0.wav": (wav(ZEROS, rate=0), r"wav: byte 24: 0 samples a second; expected a sampling rate above 0"),
    "channels_1025.wav": (wav(ZEROS, channels=1025), r"wav: byte 22: 1025 channels; expected 1 to 256 channels"),
    "header_cut.wav": (wav(ZEROS)[:30], r"wav: byte \d+: .*; expected a format chunk"),
    "no_samples.wav": (wav(b"\1"), r"wav: .*without a whole frame of samples; expected samples"),
    "rubbish.au": (RUBBISH, r".*\.au.*not read; expected .*WAV or FLAC"),
    "rubbish.wav": (RUBBISH, r".+; expected "),
    "matlab.wav": (MATLAB, r"mat: byte 128: .+; expected "),
}
WITHOUT_VALUE = {
    "zeros.wav": (wav(ZEROS), None),
    "one_sample.wav": (wav(b"\1\0\1\0"), None),
    "nan.wav": (wav(struct.pack("<f", math.nan) * 80000, tag=3, bits=32), None),
    "infinite.wav": (wav(struct.pack("<f", math.inf) * 80000, tag=3, bits=32), None),
    "saturated.wav": (wav(LOUD), None),
    "cut.wav": (wav(LOUD[:9000], promised=len(LOUD)), "audio_truncated"),
    "lying.wav": (rf64(LOUD, 1 << 50), "audio_truncated"),
}


def main():
    with workplace() as folder:
        for name, (data, pattern) in REFUSED.items():
            write(f"{folder}/{name}", data)
            before = tree(folder)
            done = run("analyze", "--protocol", "duplex.reflux", name, cwd=folder)
            check_message(done, 3, r"^pleth analyze: " + name.replace(".", r"\.") + ": " + pattern, name)
            check(tree(folder) == before, f"{name}: left behind {tree(folder) - before}")
        for name, (data, warning) in WITHOUT_VALUE.items():
            write(f"{folder}/{name}", data)
            done = run("analyze", "--protocol", "duplex.reflux", "--json", "-q", name, cwd=folder)
            check(done.returncode == 0, f"{name}: status {done.returncode}, {done.err!r}")
            report = json.loads(done.out) if done.out else {"tests": [], "warnings": []}
            measures = [measure for test in report["tests"] for measure in test["measures"]]
            check(len(measures) > 10, f"{name}: {len(measures)} measures")
            for measure in measures:
                check(measure["value"] is None and not measure["valid"] and measure["flags"], f"{name}: {measure}")
            codes = [entry["code"] for entry in report["warnings"]]
            check(warning is None or warning in codes, f"{name}: {warning} among {codes}")
    finish()


main()
