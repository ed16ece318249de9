# SPDX-License-Identifier: GPL-3.0-or-later
"""Kernels against stored answers of Octave's signal package (tests/support/octave/make_vectors.m makes them)."""
from kernels import *  # before NumPy: it chooses the linear algebra

from pathlib import Path

VECTORS = {}
for record in (Path(os.environ["PLETH_SOURCE"]) / "tests/support/octave/vectors.txt").read_text(encoding="ascii").splitlines():
    name, size, *values = record.split(" ")
    VECTORS[name] = np.array(values, dtype=float)
    assert len(VECTORS[name]) == int(size)
x = VECTORS["x"]


def response(sos, w):
    """Frequency response of a cascade, section by section."""
    e = np.exp(-1j * w)
    return np.prod([(s[0] + s[1] * e + s[2] * e * e) / (s[3] + s[4] * e + s[5] * e * e) for s in sos], axis=0)


def test_butter():
    designs = [(4, LOWPASS, 2.0, 0, 50.0), (3, HIGHPASS, 10.0, 0, 50.0), (4, BANDPASS, 0.05, 5.0, 50.0), (2, BANDSTOP, 8.0, 12.0, 50.0),
               (7, LOWPASS, 0.3, 0, 2.0)]
    for k, design in enumerate(designs, 1):
        h = response(butter(*design), np.pi * np.arange(1, 65) / 65)
        near(h.real, VECTORS[f"butter{k}_re"], 1e-9, 1.0)
        near(h.imag, VECTORS[f"butter{k}_im"], 1e-9, 1.0)


def test_savgol():
    near(savgol(x, 11, 3), VECTORS["sgolay_3_11_0"], 1e-12)
    near(savgol(x, 25, 2), VECTORS["sgolay_2_25_0"], 1e-12)
    near(savgol(x, 11, 3, 1, 0.02), VECTORS["sgolay_3_11_1"], 1e-11)


def test_line_takes_off_what_detrend_does():
    fit = line("least_squares", np.arange(400.0), x, None)
    near(x - fit.intercept - fit.slope * np.arange(400), VECTORS["detrend"], 1e-12)


def test_peaks():
    peaks = find_peaks(x)
    assert np.array_equal(peaks["at"], VECTORS["findpeaks_at"])
    near(peaks["height"], VECTORS["findpeaks_height"], 1e-14, 5.0)


run(globals())
