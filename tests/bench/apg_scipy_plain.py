# SPDX-License-Identifier: GPL-3.0-or-later
"""The script that a lab writes for itself: a standing air plethysmogram from CSV to HDF5 with NumPy, SciPy and h5py. It knows no drift, no
artefacts, no missing events and no intervals: a fraction of the work, told beside the yardstick (apg_scipy.py) to show what the rest costs.
usage: apg_scipy_plain.py RECORDING.csv OUT.h5     (events from RECORDING.pleth.json)"""
import hashlib
import json
import sys

import h5py
import numpy as np
from scipy import optimize, signal


def analyze(path, out):
    raw = open(path, "rb").read()
    digest = hashlib.sha256(raw).hexdigest()
    sidecar = json.load(open(path.rsplit(".", 1)[0] + ".pleth.json", encoding="utf-8"))
    table = np.loadtxt(path, delimiter=",", skiprows=1)
    t, x = table[:, 0], table[:, 1]
    rate = (len(t) - 1) / (t[-1] - t[0])
    smooth = signal.sosfiltfilt(signal.butter(4, 1.0, fs=rate, output="sos"), x)

    events = {}
    for event in sidecar["events"]:
        events.setdefault((event["kind"], event.get("count", 0) > 1), event)
    stand = events["stand", False]["t_s"]
    single, series = events.get(("tiptoe", False)), events.get(("tiptoe", True))

    def between(a, b):
        return smooth[(t >= a) & (t < b)]

    # Filling: baseline before standing, plateau before the first tiptoe, 90 % crossing after the last sample below it.
    plateau_end = single["t_s"] if single else series["t_s"]
    v0 = np.median(between(max(0.0, stand - 15.0), stand))
    vv = np.median(between(plateau_end - 15.0, plateau_end)) - v0
    filling = (t >= stand) & (t < plateau_end)
    below = np.nonzero(smooth[filling] - v0 < 0.9 * vv)[0]
    vft90 = t[filling][below[-1]] - stand if len(below) else np.nan
    vfi = 0.9 * vv / vft90
    fit, _ = optimize.curve_fit(lambda s, a, tau: a * -np.expm1(-s / tau), t[filling] - stand, smooth[filling] - v0, p0=(vv, vft90 / 2.3))

    values = {"V0": v0, "VV": vv, "VFT90": vft90, "VFI": vfi, "VFI.fit": 0.9 * fit[0] / (2.302585 * fit[1])}
    # Lowest volumes in the 1.5 s behind the (last) contraction: during it the muscle's bulge is in the trace.
    if single:
        before = np.median(between(single["t_s"] - 5.0, single["t_s"]))
        stop = single["t_s"] + single.get("duration_s", 1.0)
        values["EV"] = before - between(stop, stop + 1.5).min()
        values["EF"] = 100.0 * values["EV"] / vv
    if series:
        stop = series["t_s"] + series.get("duration_s", 10.0)
        values["RV"] = between(stop, stop + 1.5).min() - v0
        values["RVF"] = 100.0 * values["RV"] / vv

    with h5py.File(out, "w") as file:
        file.attrs["sha256"] = digest
        file.create_dataset("raw", data=x, compression="gzip", shuffle=True)
        file.create_dataset("conditioned", data=smooth, compression="gzip", shuffle=True)
        for name, value in values.items():
            file.create_dataset("measures/" + name, data=value)
        file.attrs["json"] = json.dumps(values)
    return values


if __name__ == "__main__":
    print(json.dumps(analyze(sys.argv[1], sys.argv[2])))
