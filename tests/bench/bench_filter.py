# SPDX-License-Identifier: GPL-3.0-or-later
"""Zero-phase order-4 Butterworth low-pass of 1e7 samples: dsp_sosfiltfilt against scipy.signal.sosfiltfilt."""
import ctypes
import os

import numpy as np
from scipy import signal

from race import race, ratio

N, RATE, CUT = 10_000_000, 100.0, 1.0


class Sos(ctypes.Structure):
    _fields_ = [("n", ctypes.c_size_t), ("s", ctypes.c_double * 6 * 16)]


dsp = ctypes.CDLL(os.environ["PLETH_LIBDSP"])
doubles = np.ctypeslib.ndpointer(np.float64, flags="C_CONTIGUOUS")
dsp.dsp_butter.argtypes = [ctypes.POINTER(Sos), ctypes.c_uint, ctypes.c_int, ctypes.c_double, ctypes.c_double, ctypes.c_double, ctypes.c_void_p]
dsp.dsp_sosfiltfilt.argtypes = [ctypes.POINTER(Sos), doubles, doubles, ctypes.c_size_t, ctypes.c_void_p]

x = np.cumsum(np.random.default_rng(2).normal(size=N))
y = np.empty_like(x)
mine, theirs = Sos(), signal.butter(4, CUT, fs=RATE, output="sos")
assert dsp.dsp_butter(ctypes.byref(mine), 4, 0, CUT, 0.0, RATE, None) == 0


def ours():
    assert dsp.dsp_sosfiltfilt(ctypes.byref(mine), y, x, N, None) == 0


ours()
reference = signal.sosfiltfilt(theirs, x)
worst = np.max(np.abs(y - reference)) / np.max(np.abs(reference))
print(f"outputs compared: largest difference {worst:.2e} of full scale, {np.count_nonzero(y != reference)} of {N} samples differ")
assert worst <= 1e-12
median = race("zero-phase order-4 low-pass, 1e7 samples",
              {"pleth: dsp_sosfiltfilt": ours, "scipy.signal.sosfiltfilt": lambda: signal.sosfiltfilt(theirs, x) is None}, 7)
ratio("scipy / pleth", median["scipy.signal.sosfiltfilt"] / median["pleth: dsp_sosfiltfilt"], 2)
