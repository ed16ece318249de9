# SPDX-License-Identifier: GPL-3.0-or-later
"""Seeds of fuzz_analysis, in the byte layout that its first comment gives.   usage: make_seeds.py tests/fuzz/corpus/analysis"""
import pathlib
import struct
import sys

INT16, DOUBLE, KNOTS = 0, 1, 2
R10, R50, R100, R25, R1, R05, R1000, R0001, R1E6, ODD = range(10)
NOTE, SUPINE, STAND, TIPTOE, CALIBRATION = 0, 1, 2, 5, 17
GAP, TWEAK, PROTOCOL = 1, 2, 4  # the last times the protocol's place in the table
VOLUME, STRAIN, PPG = 0, 3, 4  # places in the target's list of roles


def head(form, rate, role=0, switches=0, events=(), tweak=()):
    body = bytes([form, rate, role, switches, len(events)])
    for kind, t_s, more in events:
        body += struct.pack("<BHB", kind, round(t_s / 0.05), more)
    return body + bytes(tweak)


def knots(points, noise=20, seed=1):
    out = bytes([noise, seed])
    for seconds, level in points:
        while seconds > 127.5:
            out += struct.pack("<BH", 255, 32768 + round(level * 100))
            seconds -= 127.5
        out += struct.pack("<BH", round(seconds * 2), 32768 + round(level * 100))
    return out


def leg(vv=120.0, cut_s=None):
    """Supine, filling, plateau, one tiptoe, refill, ten tiptoes, refill, supine."""
    points = [(30, 0)] + [(s, vv * f) for s, f in ((10, .35), (10, .6), (15, .8), (20, .92), (30, .98), (60, 1))]
    points += [(60, vv), (1, vv * .4), (2, vv * .45), (30, vv * .9), (40, vv)]
    for i in range(10):
        level = vv * (.9 * .75 ** (i + 1) + .25)
        points += [(.5, level), (.5, level + 3)]
    points += [(30, vv * .8), (60, vv), (3, 5), (30, 0)]
    return points


def cuff(height=3.0):
    """Rest, then twice: filling under a cuff, plateau, emptying."""
    return [(20, 0)] + 2 * [(10, .4 * height), (20, .8 * height), (40, height), (30, height), (1, .4 * height), (3, .1 * height), (40, 0)]


EVENTS = ((STAND, 30, 0), (TIPTOE, 235, 1), (TIPTOE, 308, 10 | 5 << 4), (SUPINE, 408, 0))
SEEDS = {
    "leg_events": head(KNOTS, R10, events=EVENTS) + knots(leg()),
    "leg_unmarked": head(KNOTS, R25) + knots(leg()),
    "leg_noiseless": head(KNOTS, R50, events=EVENTS) + knots(leg(), noise=0),
    "leg_upside_down": head(KNOTS, R10, events=EVENTS) + knots([(s, -v) for s, v in leg()]),
    "leg_gap": head(KNOTS, R10, switches=GAP, events=EVENTS) + knots(leg()),
    "leg_tweaked": head(KNOTS, R10, switches=TWEAK, events=EVENTS, tweak=(3, 255)) + knots(leg()),
    "events_reversed": head(KNOTS, R10, events=((SUPINE, 1, 0), (TIPTOE, 10, 1), (STAND, 300, 0))) + knots(leg()),
    "events_beyond_end": head(KNOTS, R10, events=((STAND, 3000, 0), (TIPTOE, 3100, 10))) + knots(leg()),
    "events_all_at_zero": head(KNOTS, R10, events=((STAND, 0, 0), (TIPTOE, 0, 1), (TIPTOE, 0, 10), (SUPINE, 0, 0))) + knots(leg()),
    "calibration": head(KNOTS, R10, events=((CALIBRATION, 5, 50), (CALIBRATION, 12, 100)) + EVENTS) + knots([(5, 0), (5, 50), (5, 100), (5, 0)] + leg()),
    "constant": head(INT16, R10, events=EVENTS) + struct.pack("<H", 32768 + 500) * 5000,
    "missing": head(INT16, R10, events=EVENTS) + struct.pack("<H", 0x8000) * 3000,
    "one_sample": head(INT16, R100) + b"\x01\x90",
    "two_samples": head(DOUBLE, R1) + struct.pack("<2d", 1.0, 2.0),
    "slow": head(KNOTS, R05, events=EVENTS) + knots(leg()),
    "very_slow": head(DOUBLE, R0001) + struct.pack("<64d", *[float(i % 7) for i in range(64)]),
    "fast": head(KNOTS, R1000, events=EVENTS) + knots([(30, 0), (60, 100)]),
    "huge": head(DOUBLE, R10, events=EVENTS) + struct.pack("<600d", *[(-1) ** i * 1e308 for i in range(600)]),
    "infinite": head(DOUBLE, R10) + struct.pack("<600d", *[float("inf") if i % 50 == 0 else float(i) for i in range(600)]),
    "tiny": head(DOUBLE, R10, events=EVENTS) + struct.pack("<600d", *[5e-324 * (i % 3) for i in range(600)]),
}
# A start for the fuzzer in each protocol: of a leg and of a cuff, under the role that it wants.
ROLES = [VOLUME, VOLUME, VOLUME, VOLUME, VOLUME, PPG] + 7 * [STRAIN]
for place, role in enumerate(ROLES):
    SEEDS[f"protocol_{place:02}"] = head(KNOTS, R10, role=role, switches=place * PROTOCOL) + knots(cuff() if role == STRAIN or place == 1 else leg())

if __name__ == "__main__":
    folder = pathlib.Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    for name, body in SEEDS.items():
        (folder / name).write_bytes(body)
