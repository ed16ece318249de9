# SPDX-License-Identifier: GPL-3.0-or-later
"""A standing air plethysmogram from CSV to an HDF5 report with NumPy, SciPy and h5py: the yardstick of the benchmarks, which does the work
that the program does, step for step, and no step in a slower way than these libraries allow (samples are never touched one by one).
  read      the bytes once for SHA-256, once by numpy.loadtxt; delimiter, decimal sign and unit found; the side-car; the clock judged
  condition spikes by a Hampel filter where the trace moves fast enough for one, gaps bridged, 15 Hz and 5 Hz by a triangular mean
  phases    posture and onset found in the trace and held against the marks; contractions counted
  noise     autoregression at rest (order by Akaike's criterion); every reading is a regression under it
  drift     level before and after and of the plateaus, ridge fit of line and warming, taken out
  filling   regression spline, plateau test, exponential asymptotes, crossings at 90 and 50 %; done before and after the drift is known
  dips      one contraction and the last of ten: line before, cubic after, kink of a bulge and of the refill by least squares over a grid
  pump      ten-step staircase; refill by the filling's code
  report    16 measures with 95 % intervals by the delta method, grades, landmarks, phases, flags, details, JSON and the conditioned trace
It is spared: recordings without marks, repeats, syringe steps, what goes wrong in a file, and the 400 lines of protocol that decide about it.
usage: apg_scipy.py RECORDING.csv OUT.h5     (events from RECORDING.pleth.json)"""
import hashlib
import json
import sys

import numpy as np
from scipy import interpolate, linalg, ndimage, optimize, signal

import apg_scipy_report

ORDER_MAX = 30


class Trace:
    def __init__(self, x, rate, offset=0.0):
        self.x, self.rate = x, rate
        self.t = np.arange(len(x)) / rate + offset

    def span(self, t0, t1):
        return slice(max(0, round(t0 * self.rate)), min(len(self.x), round(t1 * self.rate)))


def read(path):
    raw = open(path, "rb").read()
    digest = hashlib.sha256(raw).hexdigest()
    side = json.load(open(path.rsplit(".", 1)[0] + ".pleth.json", encoding="utf-8"))
    header = raw[:raw.index(b"\n")].decode("utf-8-sig").strip()
    delimiter = max(";\t,", key=header.count)
    comma = delimiter == ";" and b"," in raw[len(header):len(header) + 200]
    names = [cell.strip() for cell in header.split(delimiter)]
    units = [name[name.rindex("(") + 1:name.rindex(")")] for name in names]
    table = np.loadtxt(path, delimiter=delimiter, skiprows=1, converters=(lambda s: float(s.replace(",", "."))) if comma else None)
    if units != ["s", "mL"]:
        raise ValueError("time in s and one volume in mL are wanted")
    t, x = table[:, 0] - table[0, 0], table[:, 1]
    index = np.arange(len(t)) - (len(t) - 1) / 2
    slope = index @ t / (index @ index)
    rate = 1 / slope
    rate = round(rate) if abs(rate - round(rate)) < 1e-3 * rate else rate
    if np.any(np.abs(t - t.mean() - slope * index) > 0.3 / rate):
        grid = np.arange(0, t[-1], 1 / rate)
        x = np.interp(grid, t, x)
    return digest, side, names[1], x, rate, table[0, 0]


def condition(x, rate, facts):
    missing = np.isnan(x)
    facts["missing"] = int(missing.sum())
    if facts["missing"]:
        x = np.interp(np.arange(len(x)), np.flatnonzero(~missing), x[~missing])
    jump = np.abs(np.diff(x))
    facts["step"] = float(jump[jump > 0].min())
    low, high = x.min(), x.max()
    facts["clipped"] = int(((x == low) | (x == high)).sum())
    half, longest, floor = int(0.25 * rate), int(0.08 * rate), max(facts["step"], 0.5)
    fast = np.flatnonzero(jump > 8 * floor / (longest + 1))
    facts["spikes"] = 0
    if len(fast) and longest >= 1:
        x = x.copy()
        for group in np.split(fast, np.flatnonzero(np.diff(fast) > 2 * half) + 1):
            a, b = max(0, group[0] - 2 * half), min(len(x), group[-1] + 2 * half)
            part, width = x[a:b], 2 * half + 1
            # Only where a window's range leaves room for an outlier, and only where the sample is one, is anything sorted.
            wide = ndimage.maximum_filter1d(part, width) - ndimage.minimum_filter1d(part, width) > 8 * floor
            at = np.flatnonzero(wide[half:-half]) if len(part) > width else []
            if len(at):
                windows = np.lib.stride_tricks.sliding_window_view(part, width)[at]
                middle = np.partition(windows, half, axis=1)[:, half]
                far = np.flatnonzero(np.abs(part[at + half] - middle) > 8 * floor)
                spread = 1.4826 * np.median(np.abs(windows[far] - middle[far, None]), axis=1)
                far = far[np.abs(part[at[far] + half] - middle[far]) > 8 * spread]
                for run in np.split(far, np.flatnonzero(np.diff(at[far]) > 1) + 1) if len(far) else []:
                    if len(run) <= longest:
                        part[at[run] + half] = middle[run]
                        facts["spikes"] += 1
    return x


def coarser(trace, rate):
    factor = max(1, int(trace.rate // rate))
    kernel = signal.windows.triang(2 * factor - 1)
    padded = np.pad(trace.x, factor - 1, mode="reflect", reflect_type="odd")
    return Trace(signal.upfirdn(kernel / kernel.sum(), padded, 1, factor)[2 * (factor - 1) // factor:][:-(-len(trace.x) // factor)]
                 if factor > 1 else trace.x.copy(), trace.rate / factor)


class Noise:
    """Autoregression of what a cubic leaves of the stretches at rest; order by Akaike's corrected criterion."""

    def __init__(self, trace, stretches, floor):
        order_max = int(min(ORDER_MAX, min(s.stop - s.start for s in stretches) // 6))
        r, n = np.zeros(order_max + 1), 0
        for s in stretches:
            u = np.linspace(-1, 1, s.stop - s.start)
            e = trace.x[s] - np.polynomial.polynomial.polyval(u, np.polynomial.polynomial.polyfit(u, trace.x[s], 3))
            r += signal.correlate(e, e, method="fft")[len(e) - 1:len(e) + order_max]
            n += len(e)
        r /= n
        r[0] = r[0] * 1.002 + floor**2
        self.sd0, self.a, variance, a = np.sqrt(r[0]), np.zeros(0), r[0], np.zeros(0)
        self.sd, best = self.sd0, n * np.log(r[0])
        for m in range(1, order_max + 1):
            k = (r[m] - a @ r[m - 1:0:-1]) / variance
            a = np.append(a - k * a[::-1], k)
            variance *= max(1e-12, 1 - k * k)
            criterion = n * np.log(variance) + 2 * m * n / (n - m - 2)
            if criterion < best:
                best, self.a, self.sd = criterion, a, np.sqrt(variance)
        self.filter = np.concatenate([[1.0], -self.a]) / self.sd

    def whiten(self, columns, gap=None):
        """Columns of samples, one a row; from `gap` on the noise starts anew."""
        parts = [columns] if gap is None else [columns[:, :gap], columns[:, gap:]]
        return np.concatenate([np.array([np.convolve(row, self.filter, "valid") for row in part]) for part in parts
                               if part.shape[1] > 2 * len(self.a)], axis=1)

    def regress(self, columns, y, gap=None, least=0.3):
        """Coefficients, covariance, sum of squares."""
        both = self.whiten(np.vstack([columns, y]), gap).T
        q, r = np.linalg.qr(both[:, :-1])
        g = q.T @ both[:, -1]
        rss = both[:, -1] @ both[:, -1] - g @ g
        inverse = linalg.solve_triangular(r, np.eye(len(r)))
        return inverse @ g, max(least, rss / (len(both) - len(r))) * (inverse @ inverse.T), rss


def level(trace, noise, t0, t1):
    s = trace.span(t0, t1)
    t = trace.t[s]
    c, cov, _ = noise.regress(np.stack([np.ones_like(t), t - t.mean()]), trace.x[s])
    return c[0], np.sqrt(cov[0, 0]), c[1], np.sqrt(cov[1, 1])


def exponential(trace, noise, t0, t1):
    """Asymptote, its error, time constant and how clearly the curve bends otherwise; None when no exponential fits."""
    s = trace.span(t0, t1)
    t, y = trace.t[s] - t0, trace.x[s]
    try:
        (a, b, tau), _ = optimize.curve_fit(lambda t, a, b, tau: a - b * np.exp(-t / tau), t, y, p0=(y[-1], y[-1] - y[0], (t1 - t0) / 3),
                                            jac=lambda t, a, b, tau: np.column_stack(
                                                [np.ones_like(t), -np.exp(-t / tau), -b * np.exp(-t / tau) * t / tau**2]))
    except RuntimeError:
        return None
    if not (b > 0 and tau > 0):
        return None
    misfit, error = np.inf, np.inf
    for judge in (False, True):
        x = np.exp(-t / tau)
        columns = [np.ones_like(t), -x, -b * x * t / tau] + ([b * x * (t / tau)**2] if judge else [])
        c, cov, _ = noise.regress(np.stack(columns), y - (a - b * x))
        shrink = min(1.0, 0.3 / max(abs(c[2]), 1e-9))
        a, b, tau, error = a + shrink * c[0], b + shrink * c[1], tau * np.exp(shrink * c[2]), np.sqrt(cov[0, 0])
        misfit = abs(c[3]) / np.sqrt(cov[3, 3]) if judge else misfit
    return {"a": a, "b": b, "tau": tau, "se": error, "misfit": misfit, "t0": t0}


def filling(trace, noise, t0, t1, onset, base, base_se, fraction=0.9):
    """Plateau, crossings and flow, each with its standard error, from a cubic regression spline."""
    s = trace.span(t0, t1)
    t, y = trace.t[s], trace.x[s]
    smooth = ndimage.median_filter(y, 2 * int(1.5 * trace.rate) + 1)
    window = min(20.0, 0.35 * (t1 - t0))
    rough = smooth[-int(window * trace.rate):].mean() - base
    below = np.flatnonzero(smooth - base < fraction * rough)
    time = t[below[-1]] - onset if len(below) else (t1 - t0) / 10
    breaks = onset + time * np.array([0.06, 0.12, 0.22, 0.36, 0.55, 0.8, 1.1, 1.5, 2.1, 3.0, 4.4, 6.6])
    breaks = breaks[(breaks > t[0] + max(0.8, 0.05 * time)) & (breaks < t[-1] - max(0.8, 0.05 * time))]
    knots = np.concatenate([[t[0]] * 4, breaks, [t[-1]] * 4])
    basis = interpolate.BSpline(knots, np.eye(len(knots) - 4), 3)
    design = basis(t)
    c, cov, _ = noise.regress(design.T, y)
    curve = interpolate.BSpline(knots, c, 3)
    weights = design[t >= t[-1] - window].mean(axis=0)
    slope = (curve(t[-1]) - curve(t[-1] - window)) / window
    if slope * window > 0.02 * (curve(t[-1]) - base):
        weights = design[-1]
    observed = weights @ c - base
    out = {"observed": observed, "observed_se": np.hypot(np.sqrt(weights @ cov @ weights), base_se), "slope": slope, "extrapolated": False,
           "spread": np.std(y[t >= t[-1] - window] - curve(t[t >= t[-1] - window]))}
    late = None
    for start in (0.4, 0.55, 0.7):
        late = exponential(trace, noise, onset + start * (t[-1] - onset), t1)
        if late and late["misfit"] < 3:
            break
    whole = exponential(trace, noise, t0, t1)
    rise, rise_se, gradient = observed, out["observed_se"], weights
    if late and 0.02 * observed < late["a"] - base - observed < observed and late["a"] - base - observed > 2 * late["se"]:
        rise, rise_se, gradient, out["extrapolated"] = late["a"] - base, np.hypot(late["se"], base_se), 0 * weights, True
    fine = np.linspace(t[0], t[-1], 2000)
    values, derivative = curve(fine), curve.derivative()

    def crossing(share):
        under = np.flatnonzero(values < base + share * rise)
        if not len(under) or under[-1] == len(fine) - 1:
            return np.nan, np.nan, None
        at = optimize.brentq(lambda s: curve(s) - base - share * rise, fine[under[-1]], fine[under[-1] + 1])
        here = basis(at)
        g = (share * gradient - here) / derivative(at)
        return at - onset, np.sqrt(g @ cov @ g + ((1 - share) * base_se / derivative(at))**2), g

    out["time"], out["time_se"], g = crossing(fraction)
    out["half"], out["half_se"], _ = crossing(0.5)
    out["rise"], out["rise_se"] = rise, rise_se
    out["flow"] = fraction * rise / out["time"]
    by_flow = gradient / rise - g / out["time"] if g is not None else gradient / rise
    out["flow_se"] = out["flow"] * np.sqrt(by_flow @ cov @ by_flow + (base_se / rise)**2)
    out["flow_fit"] = np.nan
    if whole and whole["a"] > base and whole["b"] > 0:
        total = whole["a"] - base
        out["flow_fit"] = fraction * total / (whole["t0"] + whole["tau"] * np.log(whole["b"] / ((1 - fraction) * total)) - onset)
    return out


def kink(noise, columns, y, gap, candidates):
    """Index of the best of the candidate columns (kinks, added, samples) and what it gains; all are whitened and judged at once."""
    q, _ = np.linalg.qr(noise.whiten(columns, gap).T)
    left = noise.whiten(y[None], gap)[0]
    left = left - q @ (q.T @ left)
    kinks, added, n = candidates.shape
    more = noise.whiten(candidates.reshape(-1, n), gap)
    more -= (more @ q) @ q.T
    gain = (more @ left).reshape(kinks, added)
    more = more.reshape(kinks, added, -1)
    gram = more @ more.transpose(0, 2, 1) + 1e-9 * np.eye(added)
    gain = np.einsum("ka,ka->k", gain, np.linalg.solve(gram, gain[..., None])[..., 0])
    best = int(np.argmax(gain))
    return best, gain[best]


def dip(trace, noise, start, last, before, until):
    """Level before a contraction, lowest level behind it and the drop between, with standard errors."""
    look = trace.span(last, last + 1.5)
    clear = trace.t[look][np.argmin(trace.x[look])]
    length = min(25.0, until - clear)
    bulge = False
    for kind in ("tail", "hinge"):
        a, b, c = trace.span(before, start - 0.25), trace.span(clear, clear + length), None
        t = np.concatenate([trace.t[a], trace.t[b]])
        y, gap = np.concatenate([trace.x[a], trace.x[b]]), a.stop - a.start
        after = (np.arange(len(t)) >= gap).astype(float)
        u = (t - clear) / length
        columns = np.stack([1 - after, (1 - after) * (t - start) / 10] + [after * u**d for d in range(4)])
        at = np.arange(clear + 0.13, last + 1.5, 0.025) if kind == "tail" else np.arange(clear + 0.2, clear + min(1.6, 0.6 * length), 0.025)
        if len(at):
            away = after * (np.maximum(0, at[:, None] - t) if kind == "tail" else np.maximum(0, t - at[:, None]))
            best, gain = kink(noise, columns, y, gap, np.stack([away, away**2], axis=1) if kind == "tail" else away[:, None])
            if gain > 20 and kind == "tail":
                clear, bulge = at[best], True
                length = min(25.0, until - clear)
            elif gain > 20:
                c = away[best]
    degree = 3
    while True:
        use = np.vstack([columns[:3 + degree]] + ([c] if c is not None else []))
        coef, cov, _ = noise.regress(use, y, gap)
        if degree == 1 or abs(coef[2 + degree]) > 1.5 * np.sqrt(cov[2 + degree, 2 + degree]):
            break
        degree -= 1
    difference = np.zeros(len(coef))
    difference[0], difference[2] = 1, -1
    timing = 0.08 * coef[3] / length
    return {"before": coef[0], "lowest": coef[2], "lowest_se": np.hypot(np.sqrt(cov[2, 2]), timing), "drop": coef[0] - coef[2], "clear": clear,
            "drop_se": np.hypot(np.sqrt(difference @ cov @ difference), timing), "bulge": bulge, "cov": cov[2, 2]}


def drift_fit(rows, values, errors, tau, t0):
    """Line and warming with prior sizes; returns d(t) and its error at times t."""
    m = np.array(rows + [[1, 0, 0], [0, 1, 0], [0, 0, 1]], float)
    w = 1 / np.array(errors + [0.02, 8.0, 1e4])
    cov = np.linalg.inv((m * w[:, None]).T @ (m * w[:, None]))
    c = cov @ ((m * w[:, None]).T @ (np.array(values + [0, 0, 0]) * w))

    def at(t):
        x = np.stack([np.asarray(t) - t0, np.exp(-t0 / tau) - np.exp(-np.asarray(t) / tau)])
        return c[:2] @ x, np.sqrt(np.einsum("i...,ij,j...->...", x, cov[:2, :2], x))
    return at


def pump(trace, start, cadence, count, base, sd):
    """Ejected fraction and inflow a step from the levels at the starts of the contractions."""
    v = np.array([np.polyval(np.polyfit(trace.t[s] - at, trace.x[s], 1), 0) - base
                  for at in start + np.arange(count) / cadence for s in [trace.span(at - 0.3, at)]])
    n = np.arange(count)
    c, cov = optimize.curve_fit(lambda n, steady, amplitude, q: steady + amplitude * q**n, n, v, p0=(v[-1], v[0] - v[-1], 0.5),
                                bounds=([-np.inf, -np.inf, 0.005], [np.inf, np.inf, 0.995]), sigma=np.full(count, max(0.5 * sd, 1e-3)))
    e, se = 1 - c[2], np.sqrt(np.diag(cov))
    return e, se[2], e * c[0], np.hypot(e * se[0], c[0] * se[2])


def posture(trace, noise):
    """Onset of standing and return to lying by the trace itself, to hold the marks against."""
    smooth = ndimage.median_filter(trace.x, 2 * int(trace.rate) + 1)
    low, high = np.median(smooth[:int(5 * trace.rate)]), np.quantile(smooth, 0.9)
    rise = int(np.argmax(smooth > low + 0.25 * (high - low)))
    window = slice(max(0, rise - int(40 * trace.rate)), rise + 2)
    t, y = trace.t[window], trace.x[window]
    at = t[-int(15 * trace.rate):-2]
    onset = at[kink(noise, np.stack([np.ones_like(t), t - t[0]]), y, None, np.maximum(0, t - at[:, None])[:, None])[0]]
    under = np.flatnonzero(smooth > low + 0.5 * (high - low))
    return onset, trace.t[under[-1]]


def falls(trace, t0, t1):
    """Times of sudden falls of 4 mL and more: contractions, marked or not."""
    s = trace.span(t0, t1)
    drop = ndimage.maximum_filter1d(trace.x[s], int(0.7 * trace.rate) + 1, origin=int(0.35 * trace.rate)) - trace.x[s]
    peaks, _ = signal.find_peaks(drop, prominence=4, distance=max(1, int(0.5 * trace.rate)))
    return trace.t[s][peaks]


def steps(trace, t0, t1, limit):
    """Does the level step anywhere by more than `limit`, and stay?"""
    width = int(2 * trace.rate)
    middle = ndimage.median_filter(trace.x[trace.span(t0, t1)], width)
    return bool(np.any(np.abs(middle[width + 2:] - middle[:-width - 2]) > limit)) if len(middle) > width + 2 else False


def analyze(path, out, sync=True):
    digest, side, channel, x, rate, origin = read(path)
    facts, events = {}, {}
    trace = coarser(Trace(condition(x, rate, facts), rate), 15)
    coarse = coarser(trace, 5)
    for event in side["events"]:
        events.setdefault((event["kind"], event.get("count", 0) > 1), event)
    onset, leave = events["stand", False]["t_s"], events["supine", False]["t_s"]
    single, series = events["tiptoe", False], events["tiptoe", True]
    cadence = series["count"] / series["duration_s"]
    last = series["t_s"] + (series["count"] - 1) / cadence
    end = coarse.t[-1]

    # Noise at rest on both traces, and the marks held against the trace.
    rest = [(0, onset - 0.5), (single["t_s"] - 40, single["t_s"] - 1), (series["t_s"] - 40, series["t_s"] - 1)]
    floor = max(facts["step"] / 3.5, 0.02)
    noise, coarse_noise = (Noise(of, [of.span(a, b) for a, b in rest], floor) for of in (trace, coarse))
    seen = posture(coarse, coarse_noise)
    contractions = [falls(trace, onset + 15, single["t_s"] - 1), falls(trace, single["t_s"] - 1, single["t_s"] + 4),
                    falls(trace, series["t_s"] - 1, last + 3)]

    def baseline():
        return level(coarse, coarse_noise, max(0, onset - 40), onset - 0.5)

    def fill():
        return filling(coarse, coarse_noise, onset + 2.5, single["t_s"] - 0.4, onset, v0, v0_se)

    # Drift: the empty leg before and after, and the plateaus, once the filling's time tells which are plateaus.
    v0, v0_se, slope, slope_se = baseline()
    mirrored = Trace(-coarse.x, coarse.rate)
    emptied = filling(mirrored, coarse_noise, leave + 2, end, leave, -coarse.x[coarse.span(leave - 1, end).start], 0.0)
    after = coarse.x[coarse.span(leave - 1, end).start] - emptied["rise"]
    filled, middle, tau = fill(), max(0, onset - 40) / 2 + (onset - 0.5) / 2, 220.0
    warm = np.exp(-middle / tau)
    rows, values, errors = [[1, warm / tau, 0], [end - 7.5 - middle, warm - np.exp(-(end - 7.5) / tau), 0]], [slope, after - v0], \
        [np.hypot(slope_se, 0.01), np.hypot(emptied["rise_se"], v0_se) + 20 * abs(emptied["slope"])]
    for since, until in ((onset, single["t_s"] - 0.4), (single["t_s"], series["t_s"] - 0.5), (last, leave - 1)):
        if until - since > max(30, 2 * filled["time"]):
            value, error, _, _ = level(coarse, coarse_noise, until - 20, until)
            rows.append([until - 10 - middle, warm - np.exp(-(until - 10) / tau), 1])
            values.append(value - v0)
            errors.append(np.hypot(error, 0.008 * filled["rise"]))
    drift = drift_fit(rows, values, errors, tau, middle)
    trace.x = trace.x - drift(trace.t)[0]
    coarse.x = coarse.x - drift(coarse.t)[0]

    v0, v0_se, slope, slope_se = baseline()
    filled = fill()
    one = dip(trace, noise, single["t_s"], single["t_s"], max(onset, single["t_s"] - 30), series["t_s"] - 1)
    ten = dip(trace, noise, series["t_s"], last, max(single["t_s"] + 20, series["t_s"] - 30), leave - 1)
    refill = filling(coarse, coarse_noise, ten["clear"] + 0.5, leave - 0.5, ten["clear"], ten["lowest"], ten["lowest_se"])
    e, e_se, inflow, inflow_se = pump(trace, series["t_s"], cadence, series["count"], v0, noise.sd0)

    # Intervals: what the regressions see, the drift's error and slow wandering.
    vv, wander = filled["rise"], np.hypot(0.6 * drift(single["t_s"])[1] / filled["rise"], 0.002)
    vv_se = np.hypot(filled["rise_se"], wander * vv)
    rv, rv_se = ten["lowest"] - v0, np.sqrt(ten["lowest_se"]**2 + v0_se**2 + drift(last)[1]**2 + (0.002 * vv)**2)
    ev, ev_se = one["drop"], one["drop_se"]
    ratio = lambda a, a_se, b, b_se: (100 * a / b, 100 * abs(a / b) * np.hypot(a_se / a, b_se / b))
    measures = {"V0": (v0, v0_se), "VV": (vv, vv_se), "VV.observed": (filled["observed"], np.hypot(filled["observed_se"], wander * vv)),
                "VFT90": (filled["time"], np.hypot(filled["time_se"], 2.7 * wander * filled["time"])),
                "VFI": (filled["flow"], np.hypot(filled["flow_se"], 2 * wander * filled["flow"])), "VFI.fit": (filled["flow_fit"], np.nan),
                "T50": (filled["half"], filled["half_se"]), "EV": (ev, ev_se), "EF": ratio(ev, ev_se, vv, vv_se), "RV": (rv, rv_se),
                "RVF": ratio(rv, rv_se, vv, vv_se), "TREFILL": (refill["time"], refill["time_se"]), "PUMP.e": (e, e_se),
                "PUMP.I": (inflow, inflow_se), "PUMP.capacity": (3.6 * ev * cadence, 3.6 * ev_se * cadence),
                "PUMP.sustained": (3.6 * inflow * cadence, 3.6 * inflow_se * cadence)}
    flags = [("", "time_unknown"), ("", "cuff_pressure_unknown"), ("EV", "single_trial"), ("VFI", "inflow_unknown")]
    for known, measure, code in (
            (filled["extrapolated"], "VV", "extrapolated"), (one["bulge"], "EV", "bulge_removed"), (ten["bulge"], "RV", "bulge_removed"),
            (abs(seen[0] - onset) > 3, "VFT90", "marker_disagrees"), (abs(seen[1] - leave) > 10, "", "marker_disagrees"),
            (abs(len(contractions[2]) - 10) > 1, "RV", "count"), (len(contractions[0]) > 0, "", "unmarked_contraction"),
            (not 0.8 <= cadence <= 1.2, "RV", "cadence"), (abs(slope) > 0.05 + 2 * slope_se, "", "baseline_unsteady"),
            (abs(after - v0) > 0.05 * vv, "", "drift_corrected"), (facts["spikes"] > 0, "", "spikes"), (facts["missing"] > 0, "", "missing"),
            (filled["spread"] > 0.05 * vv, "VV", "muscle_tension"), (abs(filled["flow_fit"] / filled["flow"] - 1) > 0.1, "VFI.fit", "fit_disagrees"),
            (steps(coarse, 5, onset - 3, max(5, 6 * noise.sd0)) or steps(coarse, series["t_s"] - 60, series["t_s"] - 3, max(5, 6 * noise.sd0)),
             "", "level_step")):
        if known:
            flags.append((measure, code))
    landmarks = [("stand_onset", onset, "event"), ("filled_90", onset + filled["time"], "detected"), ("contraction", single["t_s"], "event"),
                 ("contraction_lowest", one["clear"], "detected"), ("series_start", series["t_s"], "event"), ("series_last", last, "event"),
                 ("residual_lowest", ten["clear"], "detected"), ("supine_return", leave, "event")]
    phases = [("supine", 0, onset - 0.5, v0), ("filling", onset, single["t_s"] - 0.4, np.nan), ("plateau", single["t_s"] - 20.4,
              single["t_s"] - 0.4, v0 + vv), ("contraction", single["t_s"], one["clear"], one["lowest"]),
              ("series", series["t_s"], ten["clear"], ten["lowest"]), ("refill", ten["clear"], leave, np.nan), ("return", leave, end, np.nan)]
    details = [("drift", after - v0, "mL"), ("baseline_slope", slope, "mL/s"), ("plateau_slope", filled["slope"], "mL/s"),
               ("noise_sd", noise.sd0, "mL"), ("contractions", len(contractions[2]), "1"), ("cadence", cadence, "Hz"),
               ("detected_onset", seen[0], "s"), ("refill_rate", refill["flow"], "mL/s")]
    return apg_scipy_report.write(out, path, digest, side, channel, measures, flags, landmarks, phases, details, trace, len(x) / rate, origin, sync)


if __name__ == "__main__":
    print(apg_scipy_report.table(analyze(sys.argv[1], sys.argv[2])))
