# SPDX-License-Identifier: GPL-3.0-or-later
"""The kernels of libpleth-dsp as Python functions, for tests. A status other than the expected one raises."""
import ctypes as C
import math
import os
import sys
import traceback

# Some OpenBLAS kernels contract a product into a sum, which moves the last bit of SciPy's 2 x 2 solves and, in narrow filters, much more; the
# reference LAPACK and this kernel do not. To be set before NumPy loads.
os.environ["OPENBLAS_CORETYPE"] = "Nehalem"
import numpy as np

OK, NO_MEMORY, BAD_INPUT, BAD_OPTION, NOT_APPLICABLE, LIMIT, IO_ERROR, NO_SOLUTION = range(8)
LOWPASS, HIGHPASS, BANDPASS, BANDSTOP = range(4)
BANDS = ["lowpass", "highpass", "bandpass", "bandstop"]

dsp = C.CDLL(os.environ["PLETH_LIBDSP"])
free = C.CDLL(None).free
free.argtypes = [C.c_void_p]
real, count, whole = C.c_double, C.c_size_t, C.c_uint


class Refused(Exception):
    """A kernel answered with this status."""

    def __init__(self, status):
        super().__init__(f"status {status}")
        self.status = status


class Sos(C.Structure):
    _fields_ = [("n", count), ("s", real * 6 * 16)]


class Lsq(C.Structure):
    _fields_ = [("rank", count), ("rss", real), ("variance", real), ("condition", real)]


class Peak(C.Structure):
    _fields_ = [("at", count), ("height", real), ("prominence", real), ("left_base", count), ("right_base", count), ("width", real),
                ("left_at", real), ("right_at", real)]


class PeakRule(C.Structure):
    _fields_ = [("min_height", real), ("min_distance", real), ("min_prominence", real), ("rel_height", real), ("min_width", real)]


class Signal(C.Structure):
    _fields_ = [("x", C.c_void_p), ("n", count), ("rate_hz", real), ("t0_s", real)]


class Plateau(C.Structure):
    _fields_ = [("first", count), ("end", count), ("value", real), ("sd", real), ("se", real), ("n_eff", real), ("slope", real)]


class PlateauRule(C.Structure):
    _fields_ = [("window_s", real), ("max_slope", real), ("min_duration_s", real)]


class Onset(C.Structure):
    _fields_ = [("t_s", real), ("crossing_s", real), ("level", real), ("sigma", real), ("threshold", real), ("direction", C.c_int)]


class OnsetRule(C.Structure):
    _fields_ = [("n_sigma", real), ("floor", real), ("hold_s", real), ("direction", C.c_int)]


class Line(C.Structure):
    _fields_ = [(name, real) for name in ("intercept", "slope", "var_intercept", "var_slope", "cov", "slope_lo", "slope_hi", "sd")]


class Exponential(C.Structure):
    _fields_ = [("terms", whole), ("p", real * 5), ("cov", real * 5 * 5), ("sd", real), ("iterations", whole)]


class ExponentialRule(C.Structure):
    _fields_ = [("terms", whole), ("tau_lo", real), ("tau_hi", real), ("soft_scale", real)]


class Random(C.Structure):
    _fields_ = [("s", C.c_uint64 * 4)]


class Bootstrap(C.Structure):
    _fields_ = [("value", real), ("se", real), ("lo", real), ("hi", real), ("failed", count)]


for _name, _result in {"dsp_sosfiltfilt_padlen": count, "dsp_welch_bins": count, "dsp_student_quantile": real, "dsp_exponential_at": real, "dsp_spectrum_geometric": real,
                     "dsp_random_seeded": Random, "dsp_random_next": C.c_uint64, "dsp_random_below": C.c_uint64}.items():
    getattr(dsp, _name).restype = _result


def at(array):
    return array.ctypes.data_as(C.c_void_p)


def doubles(x):
    return np.ascontiguousarray(x, dtype=np.float64)


def must(status):
    if status != OK:
        raise Refused(status)


def owned(pointer, kind, n):
    """Copy a malloc'ed array of doubles and free it."""
    values = np.array(np.ctypeslib.as_array(C.cast(pointer, C.POINTER(kind)), (n,))) if n else np.empty(0)
    free(pointer)
    return values


def records(pointer, kind, n):
    """Copy a malloc'ed array of structures into a structured array and free it."""
    values = np.frombuffer(C.string_at(pointer, n * C.sizeof(kind)), dtype=np.dtype(kind)).copy()
    free(pointer)
    return values


def butter(order, band, lo, hi, rate):
    sos = Sos()
    must(dsp.dsp_butter(C.byref(sos), order, band, real(lo), real(hi), real(rate), None))
    return np.array(sos.s)[:sos.n]


def sections(array):
    sos = Sos()
    sos.n = len(array)
    for i, row in enumerate(array):
        sos.s[i][:] = list(map(float, row))
    return sos


def padlen(array):
    return dsp.dsp_sosfiltfilt_padlen(C.byref(sections(array)))


def sosfiltfilt(array, x, in_place=False):
    x = doubles(x)
    y = x.copy() if in_place else np.empty_like(x)
    must(dsp.dsp_sosfiltfilt(C.byref(sections(array)), at(y), at(y if in_place else x), count(len(x)), None))
    return y


def _made(function, *arguments):
    pointer, n = C.c_void_p(), count()
    must(function(C.byref(pointer), C.byref(n), *arguments, None))
    return owned(pointer, real, n.value)


def decimate(x, factor):
    x = doubles(x)
    return _made(dsp.dsp_decimate, at(x), count(len(x)), whole(factor))


def resample_grid(t, x, rate):
    t, x = doubles(t), doubles(x)
    return _made(dsp.dsp_resample_grid, at(t), at(x), count(len(x)), real(rate))


def resample_poly(x, up, down):
    x = doubles(x)
    return _made(dsp.dsp_resample_poly, at(x), count(len(x)), whole(up), whole(down))


def savgol(x, window, order, deriv=0, delta=1.0):
    x = doubles(x)
    y = np.empty_like(x)
    must(dsp.dsp_savgol(at(y), at(x), count(len(x)), whole(window), whole(order), whole(deriv), real(delta), None))
    return y


def median(x, half):
    x = doubles(x)
    y = np.empty_like(x)
    must(dsp.dsp_median(at(y), at(x), count(len(x)), count(half)))
    return y


def hampel(x, half, n_sigma, floor, max_run):
    x = doubles(x)
    y, replaced = np.empty_like(x), count()
    must(dsp.dsp_hampel(at(y), C.byref(replaced), at(x), count(len(x)), count(half), real(n_sigma), real(floor), count(max_run)))
    return y, replaced.value


def welch(x, rate, length, overlap, detrend):
    x, plan = doubles(x), C.c_void_p()
    must(dsp.dsp_welch_new(C.byref(plan), count(length), count(overlap), detrend, None))
    power = np.empty(dsp.dsp_welch_bins(plan))
    status = dsp.dsp_welch_run(plan, at(power), at(x), count(len(x)), real(rate), None)
    dsp.dsp_welch_free(plan)
    must(status)
    return power


def spectrum_geometric(power):
    power = np.ascontiguousarray(power, dtype=np.float32)
    return dsp.dsp_spectrum_geometric(at(power), count(len(power)))


def find_peaks(x, min_height=-math.inf, min_distance=0.0, min_prominence=0.0, rel_height=0.0, min_width=0.0):
    x, pointer, n = doubles(x), C.c_void_p(), count()
    rule = PeakRule(min_height, min_distance, min_prominence, rel_height, min_width)
    must(dsp.dsp_find_peaks(C.byref(pointer), C.byref(n), at(x), count(len(x)), C.byref(rule), None))
    return records(pointer, Peak, n.value)


def find_plateaus(x, rate, window_s, max_slope, min_duration_s, t0=0.0):
    x, pointer, n = doubles(x), C.c_void_p(), count()
    signal, rule = Signal(at(x), len(x), rate, t0), PlateauRule(window_s, max_slope, min_duration_s)
    must(dsp.dsp_find_plateaus(C.byref(pointer), C.byref(n), C.byref(signal), C.byref(rule), None))
    return records(pointer, Plateau, n.value)


def find_onset(x, rate, base, n_sigma, floor=0.0, hold_s=0.0, direction=0, t0=0.0):
    x, onset = doubles(x), Onset()
    signal, rule = Signal(at(x), len(x), rate, t0), OnsetRule(n_sigma, floor, hold_s, direction)
    must(dsp.dsp_find_onset(C.byref(onset), C.byref(signal), count(base[0]), count(base[1]), C.byref(rule), None))
    return onset


def find_steps(x, penalty, min_length):
    x, pointer, n = doubles(x), C.c_void_p(), count()
    must(dsp.dsp_find_steps(C.byref(pointer), C.byref(n), at(x), count(len(x)), real(penalty), count(min_length), None))
    return list(owned(pointer, count, n.value).astype(int))


def least_squares(a, b, weight=None):
    a, b = np.asfortranarray(a, dtype=np.float64), doubles(b)
    rows, cols = a.shape
    coef, cov, info = np.empty(cols), np.empty((cols, cols)), Lsq()
    weight = None if weight is None else doubles(weight)
    must(dsp.dsp_least_squares(at(coef), at(cov), C.byref(info), at(a), count(rows), count(cols), at(b), at(weight) if weight is not None else None,
                               None))
    return coef, cov, info


def line(kind, t, y, *weight):
    """kind: least_squares, theil_sen or huber."""
    t, y, out = doubles(t), doubles(y), Line()
    extra = [at(doubles(w)) if w is not None else None for w in weight]
    must(getattr(dsp, "dsp_line_" + kind)(C.byref(out), at(t), at(y), *extra, count(len(t)), None))
    return out


def exponential(t, v, terms, tau_lo, tau_hi, soft=0.0):
    t, v, fit, rule = doubles(t), doubles(v), Exponential(), ExponentialRule(terms, tau_lo, tau_hi, soft)
    must(dsp.dsp_exponential_fit(C.byref(fit), at(t), at(v), count(len(t)), C.byref(rule), None))
    size = 1 + 2 * terms
    return np.array(fit.p)[:size], np.array(fit.cov)[:size, :size], fit


def student(p, df):
    return dsp.dsp_student_quantile(real(p), real(df))


def delta(name, *values):
    """name: ratio or product; returns value and standard error."""
    value, se = real(), real()
    getattr(dsp, "dsp_" + name)(C.byref(value), C.byref(se), *map(real, values))
    return value.value, se.value


STATISTIC = C.CFUNCTYPE(real, C.POINTER(real), count, C.c_void_p)


def bootstrap(x, block, replicates, level, statistic, seed):
    x, result, state = doubles(x), Bootstrap(), dsp.dsp_random_seeded(C.c_uint64(seed))
    call = STATISTIC(lambda v, n, _: float(statistic(np.ctypeslib.as_array(v, (n,)))))
    must(dsp.dsp_block_bootstrap(C.byref(result), C.byref(state), at(x), count(len(x)), count(block), count(replicates), real(level), call, None,
                                 None))
    return result


def refuses(status, function, *arguments, **named):
    """The call must end with this status."""
    try:
        function(*arguments, **named)
    except Refused as refused:
        assert refused.status == status, f"status {refused.status} instead of {status}"
        return
    raise AssertionError(f"accepted; expected status {status}")


def near(a, b, tolerance, scale=None):
    """|a - b| <= tolerance x scale (default: the largest |b|) everywhere; NaN only against NaN."""
    a, b = np.asarray(a, dtype=float), np.asarray(b, dtype=float)
    assert a.shape == b.shape, f"shapes {a.shape} and {b.shape}"
    assert np.array_equal(np.isnan(a), np.isnan(b)), "missing in different places"
    finite = ~np.isnan(b)
    if not finite.any():
        return 0.0
    scale = np.max(np.abs(b[finite])) if scale is None else scale
    worst = float(np.max(np.abs(a - b)[finite]))
    assert worst <= tolerance * scale, f"differs by {worst:.3g}, allowed {tolerance * scale:.3g}"
    return worst / scale if scale else 0.0


def run(tests):
    """Run every function whose name begins with test_; status 1 when one fails or there is none."""
    failed = ran = 0
    for name, test in sorted(tests.items()):
        if not name.startswith("test_"):
            continue
        ran += 1
        try:
            said = test()
            print(f"ok   {name}{': ' + said if said else ''}")
        except Exception:
            failed += 1
            print(f"FAIL {name}\n{traceback.format_exc()}")
    print(f"{ran - failed} of {ran} passed")
    sys.exit(1 if failed or not ran else 0)
