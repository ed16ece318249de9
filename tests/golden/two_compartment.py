#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The two-compartment leg of `pleth simulate` against the same equations solved by SciPy (LSODA, restarted at every corner of the drive).

Compared: every sample of the undisturbed recording, and the truth with a plain reading of SciPy's solution.
"""
import json
import os
import subprocess
import sys
import tempfile

import numpy as np
from scipy.integrate import solve_ivp

PLETH = os.environ["PLETH"]
DEFAULTS = dict(vvt=120, deep=0.75, ph=70, p0=35, pe=-15, pa=95, ra=130, rej=0.55, rdr=1.2, rrd=1e9, rrs=1e9, rp=14, pm=250, vc=10, share=0.25)
CASES = {
    "healthy": ({}, 1.0, 0.6),
    "high_inflow": (dict(ra=60), 1.2, 0.5),
    "mild_superficial": (dict(vvt=150, deep=0.65, rrs=25, rp=12), 0.8, 0.9),
    "marked_superficial": (dict(vvt=200, deep=0.5, rrs=8, rp=8), 1.0, 0.4),
    "deep_reflux": (dict(vvt=180, deep=0.65, rrd=7, rrs=12, pm=170), 1.0, 0.6),
    "severe_deep": (dict(vvt=170, deep=0.65, rrd=3, rrs=6, pm=150), 1.3, 0.3),
    "weak_pump": (dict(pm=85, rp=20), 1.0, 0.6),
    "obstruction": (dict(vvt=100, rej=1.8, rdr=6), 1.0, 0.6),
    "obstruction_deep": (dict(vvt=120, deep=0.65, rej=1.8, rdr=5, rrd=8, rrs=14, pm=170), 0.7, 0.8),
    "healthy_stocking": (dict(vvt=100, rej=0.5), 1.0, 0.6),
}
SUPINE, STAND, REST, REFILL, LIE, RISE, LOWER, COUNT, RATE = 20.0, 150.0, 60.0, 60.0, 30.0, 3.0, 1.5, 10, 50.0
WORST_ML = 0.01  # largest distance of a sample
WORST_TRUTH = 2e-4  # relative


def pressure(v, vm, p0):
    return -p0 * np.log1p(-min(max(v, 0.0), 0.9999 * vm) / vm)


def rates(state, leg, upright, drain, muscle):
    """Flows in mL/s; `drain` is the outflow resistance in force."""
    vm = leg["vvt"] / (1 - np.exp(-leg["ph"] / leg["p0"]))
    inside = pressure(state[0], vm * leg["deep"], leg["p0"]) + muscle
    outside = pressure(state[1], vm * (1 - leg["deep"]), leg["p0"])
    column = leg["ph"] * upright + leg["pe"] * (1 - upright)

    def gate(v, c):
        return max(v, 0.0) / (max(v, 0.0) + c)

    arterial = leg["pa"] + column
    deep = (1 - leg["share"]) * max(0.0, arterial - inside) / leg["ra"] + max(0.0, column - inside) / leg["rrd"]
    deep -= gate(state[0], leg["vc"]) * max(0.0, inside - column) / drain
    skin = leg["share"] * max(0.0, arterial - outside) / leg["ra"] + max(0.0, column - outside) / leg["rrs"]
    skin -= gate(state[1], 0.4 * leg["vc"]) * max(0.0, outside - column) / (2.5 * leg["rdr"])
    across = gate(state[1], 0.4 * leg["vc"]) * max(0.0, outside - inside) / leg["rp"]
    return [deep + across, skin - across]


def solve(leg, starts, contraction, lie, end, grid):
    """Total volume on `grid`, integrated from corner to corner of the drive."""
    half = 0.5 * RISE
    corners = {0.0, SUPINE, SUPINE + half, SUPINE + RISE, lie, lie + 0.5 * LOWER, lie + LOWER, end}
    for s in starts:
        corners |= {s, s + contraction}
    corners = sorted(corners)
    state = solve_ivp(lambda t, y: rates(y, leg, 0.0, leg["rdr"], 0.0), (0, 400), [1.0, 0.5], method="LSODA", rtol=1e-9, atol=1e-9).y[:, -1]
    total = np.full(len(grid), np.nan)
    for a, b in zip(corners[:-1], corners[1:]):
        middle = 0.5 * (a + b)
        ejecting = SUPINE + half < middle < lie + 0.5 * LOWER
        active = [s for s in starts if s < middle < s + contraction]

        def upright(t):
            if middle < lie:
                return float(np.clip((t - SUPINE) / RISE, 0, 1))
            return float(np.clip(1 - (t - lie) / LOWER, 0, 1))

        def muscle(t):
            return leg["pm"] * np.sin(np.pi * (t - active[0]) / contraction) ** 2 if active else 0.0

        here = (grid >= a - 1e-9) & (grid <= b + 1e-9)
        wanted = np.clip(grid[here], a, b)
        stops = np.unique(np.append(wanted, b))
        done = solve_ivp(lambda t, y: rates(y, leg, upright(t), leg["rej"] if ejecting else leg["rdr"], muscle(t)), (a, b), state,
                         method="LSODA", rtol=1e-9, atol=1e-9, max_step=max((b - a) / 20, 1e-3), t_eval=stops)
        total[here] = done.y.sum(axis=0)[np.searchsorted(stops, wanted)]
        state = done.y[:, -1]
    return total


def simulate(phenotype, cadence, contraction, folder):
    settings = dict(phenotype=phenotype, nuisance="none", rate_hz=RATE, supine_s=SUPINE, stand_s=STAND, rest_s=REST, refill_s=REFILL, lie_s=LIE,
                    rise_s=RISE, lower_s=LOWER, cadence_hz=cadence, contraction_s=contraction, count=COUNT)
    command = [PLETH, "simulate", "apg.stand", "-q", "-o", os.path.join(folder, "leg.csv"), "--truth", os.path.join(folder, "truth.json")]
    for name, value in settings.items():
        command += ["--set", f"sim.apg.stand.{name}={value}"]
    subprocess.run(command, check=True)
    samples = np.loadtxt(os.path.join(folder, "leg.csv"), delimiter=",", skiprows=1)
    with open(os.path.join(folder, "truth.json"), encoding="utf-8") as f:
        return samples[:, 0], samples[:, 1], json.load(f)


def read(grid, v, starts, contraction, lie):
    """The measures, from a trace on a fine grid."""
    at = {t: np.argmin(abs(grid - t)) for t in (SUPINE, starts[0], lie)}
    v0, full = v[at[SUPINE]], v[at[starts[0]]]
    vv = full - v0
    filling = slice(at[SUPINE], at[starts[0]] + 1)
    below = np.nonzero(v[filling] < v0 + 0.9 * vv)[0][-1] + at[SUPINE]
    vft90 = np.interp(v0 + 0.9 * vv, v[below:below + 2], grid[below:below + 2]) - SUPINE

    def low(start):
        return v[(grid >= start) & (grid <= start + contraction + 1.5)].min()

    ev, rv = full - low(starts[0]), low(starts[-1]) - v0
    return {"V0": v0, "VV": vv, "VFT90": vft90, "VFI": 0.9 * vv / vft90, "EV": ev, "EF": 100 * ev / vv, "RV": rv, "RVF": 100 * rv / vv}


def main():
    failed = 0
    for phenotype, (changes, cadence, contraction) in CASES.items():
        leg = {**DEFAULTS, **changes}
        with tempfile.TemporaryDirectory() as folder:
            t, x, truth = simulate(phenotype, cadence, contraction, folder)
        marks = truth["landmarks"]
        starts = [marks["tiptoe"]] + [marks[f"contraction_{k:02d}"] for k in range(1, COUNT + 1)]
        lie = marks["supine"]
        # a fine grid near the minima, the recording's own elsewhere
        fine = np.concatenate([np.arange(s, s + contraction + 1.5, 0.002) for s in (starts[0], starts[-1])])
        grid = np.unique(np.round(np.concatenate([t, fine, starts, [lie]]), 6))
        v = solve(leg, starts, contraction, lie, lie + LIE, grid)
        worst = np.abs(np.interp(t, grid, v) - x).max()
        ours, theirs = truth["values"], read(grid, v, starts, contraction, lie)
        off = {name: abs(ours[name] - value) / abs(value) for name, value in theirs.items()}
        bad = worst > WORST_ML or max(off.values()) > WORST_TRUTH or not np.isfinite(v).all()
        failed += bad
        name = max(off, key=off.get)
        print(f"{'FAIL' if bad else 'ok':4} {phenotype:20} samples within {worst:.2e} mL, truth within {off[name]:.1e} ({name})")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
