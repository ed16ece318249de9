# SPDX-License-Identifier: GPL-3.0-or-later
"""Every kernel against SciPy, or against a direct definition in NumPy where SciPy has none. Equal to the bit where that is claimed."""
from kernels import *  # before NumPy: it chooses the linear algebra

from scipy import interpolate, optimize, signal, stats


def walk(rng, n):
    return np.cumsum(rng.normal(size=n))


def design(rng, order_max, decades):
    """A random Butterworth request that SciPy designs well: band, order, cut-offs in units of Nyquist."""
    while True:
        band, order, cuts = int(rng.integers(4)), int(rng.integers(1, order_max + 1)), np.sort(10 ** rng.uniform(-decades, -0.01, 2))
        if band < 2 or cuts[1] > 1.1 * cuts[0]:
            return band, order, cuts


def scipy_butter(band, order, cuts, rate):
    return signal.butter(order, cuts if band >= 2 else cuts[0], BANDS[band], fs=rate, output="sos")


def test_butter():
    rng, worst = np.random.default_rng(1), 0.0
    for _ in range(1500):
        band, order, cuts = design(rng, 12, 2.5)
        rate = float(rng.choice([1, 50, 100, 8000, 7.3]))
        cuts = cuts * rate / 2
        mine, theirs = butter(order, band, cuts[0], cuts[1], rate), scipy_butter(band, order, cuts, rate)
        assert mine.shape == theirs.shape
        worst = max(worst, near(mine / np.max(np.abs(theirs), axis=1, keepdims=True), theirs / np.max(np.abs(theirs), axis=1, keepdims=True), 1e-12))
    return f"largest difference {worst:.1e}"


def test_sosfiltfilt_same_bits():
    rng = np.random.default_rng(2)
    for _ in range(400):
        band, order, cuts = design(rng, 8, 3.5)
        sos = scipy_butter(band, order, cuts, 2.0)
        n = padlen(sos) + int(rng.integers(1, 4000))
        x = walk(rng, n) + 5
        theirs = signal.sosfiltfilt(sos, x)
        assert np.array_equal(sosfiltfilt(sos, x), theirs)
        assert np.array_equal(sosfiltfilt(sos, x, in_place=True), theirs)


def test_sosfiltfilt_other_designs_and_padlen():
    rng, x = np.random.default_rng(3), np.random.default_rng(4).normal(size=999)
    for sos in (signal.cheby1(5, 0.5, 0.1, output="sos"), signal.ellip(6, 1, 60, [0.1, 0.3], "bandpass", output="sos"),
                signal.butter(1, 0.2, output="sos"), signal.butter(3, 0.2, "highpass", output="sos"), signal.cheby2(12, 40, 0.4, output="sos"),
                signal.butter(4, rng.uniform(1e-5, 1e-4), output="sos")):
        assert np.array_equal(sosfiltfilt(sos, x), signal.sosfiltfilt(sos, x))
        n = padlen(sos)
        refuses(BAD_INPUT, sosfiltfilt, sos, x[:n])
        assert np.array_equal(sosfiltfilt(sos, x[:n + 1]), signal.sosfiltfilt(sos, x[:n + 1]))


def odd_extension(x, pad):
    """Point reflection at both ends, again and again when the input is short."""
    n, out = len(x), []
    for i in range(-pad, n + pad):
        turn, place = divmod(i, 2 * (n - 1)) if n > 1 else (0, 0)
        out.append((x[place] if place < n else 2 * x[-1] - x[2 * (n - 1) - place]) + turn * 2 * (x[-1] - x[0]))
    return np.array(out)


def test_decimate():
    rng, worst = np.random.default_rng(5), 0.0
    for _ in range(60):
        n, factor = int(rng.integers(1, 900)), int(rng.integers(2, 30))
        x = walk(rng, n)
        half = int(np.ceil((81 - 7.95) / (2 * 2.285 * np.pi * 0.4) * factor))
        h = signal.firwin(2 * half + 1, 1 / factor, window=("kaiser", 0.1102 * (81 - 8.7)))
        theirs = np.convolve(odd_extension(x, half), h, "valid")[::factor]
        worst = max(worst, near(decimate(x, factor), theirs, 1e-12, np.max(np.abs(x)) + 1))
        frequency, response = signal.freqz(h, worN=1 << 14)
        frequency *= factor / np.pi
        assert np.max(np.abs(np.abs(response[frequency < 0.8]) - 1)) < 2e-4
        assert np.max(np.abs(response[frequency > 1.2])) < 1e-4
    assert np.array_equal(decimate(x, 1), x)
    assert len(decimate(np.empty(0), 3)) == 0
    return f"largest difference {worst:.1e}"


def test_resample_grid_same_bits():
    rng = np.random.default_rng(6)
    for _ in range(300):
        n, rate = int(rng.integers(2, 300)), float(rng.choice([0.3, 1, 10, 50]))
        t = np.cumsum(rng.uniform(0.001, 1, n)) + rng.uniform(-5, 100)
        x = np.round(rng.normal(size=n), int(rng.integers(0, 4)))
        mine = resample_grid(t, x, rate)
        grid = t[0] + np.arange(len(mine)) / rate
        assert grid[-1] <= t[-1] < t[0] + len(mine) / rate
        assert np.array_equal(mine, interpolate.PchipInterpolator(t, x)(grid))


def test_resample_grid_missing():
    rng = np.random.default_rng(7)
    for _ in range(100):
        n = int(rng.integers(1, 60))
        t, x = np.cumsum(rng.uniform(0.05, 1, n)), rng.normal(size=n)
        x[rng.random(n) < 0.3] = np.nan
        mine = resample_grid(t, x, 7.0)
        grid = t[0] + np.arange(len(mine)) / 7.0
        expected = np.full(len(grid), np.nan)
        edges = np.flatnonzero(np.diff(np.r_[0, ~np.isnan(x), 0]))
        for first, end in zip(edges[::2], edges[1::2]):
            inside = (grid >= t[first]) & (grid <= t[end - 1])
            if end - first > 1:
                expected[inside] = interpolate.PchipInterpolator(t[first:end], x[first:end])(grid[inside])
            else:
                expected[inside] = x[first]
        assert np.array_equal(mine, expected, equal_nan=True)


def test_resample_poly():
    rng, worst = np.random.default_rng(8), 0.0
    for _ in range(200):
        up, down, n = int(rng.integers(1, 40)), int(rng.integers(1, 40)), int(rng.integers(1, 400))
        x = rng.normal(size=n)
        worst = max(worst, near(resample_poly(x, up, down), signal.resample_poly(x, up, down), 1e-12, np.max(np.abs(x))))
    return f"largest difference {worst:.1e}"


def savgol_by_legendre(x, window, order, deriv, step):
    """The definition, in a basis that keeps its digits: SciPy's powers of the index lose up to five at order 5."""
    half, legendre = window // 2, np.polynomial.legendre
    place = np.linspace(-1, 1, window) if half else np.zeros(1)
    solve = np.linalg.pinv(legendre.legvander(place, order))
    basis = np.stack([legendre.legval(place, legendre.legder(np.eye(order + 1)[k], deriv)) for k in range(order + 1)], axis=1)
    weight = basis @ solve / (step * max(half, 1)) ** deriv
    middle = np.correlate(x, weight[half], "valid")
    return np.r_[weight[:half] @ x[:window], middle, weight[half + 1:] @ x[-window:]]


def test_savgol():
    rng, worst = np.random.default_rng(9), 0.0
    for _ in range(400):
        order, deriv, step = int(rng.integers(0, 6)), int(rng.integers(0, 4)), float(rng.choice([1, 0.02, 3]))
        window = 2 * int(rng.integers(order // 2 + 1, 40)) + 1
        x = walk(rng, int(rng.integers(window, 600)))
        mine = savgol(x, window, order, deriv, step)
        unit = np.max(np.abs(x)) / (step * max(window // 2, 1) / 25) ** deriv
        worst = max(worst, near(mine, savgol_by_legendre(x, window, order, deriv, step), 1e-12, unit))
        near(mine, signal.savgol_filter(x, window, order, deriv=deriv, delta=step), 1e-12 if order < 3 else 1e-8, unit)
    return f"largest difference {worst:.1e}"


def window_of(x, i, half):
    return x[max(0, i - half):i + half + 1]


def test_median_and_hampel():
    rng = np.random.default_rng(10)
    for _ in range(250):
        n, half = int(rng.integers(1, 200)), int(rng.integers(0, 30))
        x = rng.normal(size=n) * 10
        x = np.round(x) if rng.random() < 0.7 else x
        x[rng.random(n) < rng.choice([0, 0.1, 0.6])] = np.nan
        parts = [window_of(x, i, half) for i in range(n)]
        middle = np.array([np.nanmedian(p) if not np.isnan(p).all() else np.nan for p in parts])
        assert np.array_equal(median(x, half), middle, equal_nan=True)
        n_sigma, floor, run_max = float(rng.uniform(1, 4)), float(rng.choice([0, 0.5, 2.0])), int(rng.choice([1, 2, 1000]))
        mad = np.array([np.nanmedian(np.abs(p - m)) if not np.isnan(m) else np.nan for p, m in zip(parts, middle)])
        with np.errstate(invalid="ignore"):
            far = np.abs(x - middle) > n_sigma * np.maximum(1.4826 * mad, floor)
        expected, replaced = x.copy(), 0
        edges = np.flatnonzero(np.diff(np.r_[0, far, 0]))
        for first, end in zip(edges[::2], edges[1::2]):
            if end - first <= run_max:
                expected[first:end] = middle[first:end]
                replaced += end - first
        mine, said = hampel(x, half, n_sigma, floor, run_max)
        assert np.array_equal(mine, expected, equal_nan=True) and said == replaced


def test_welch():
    rng, worst = np.random.default_rng(11), 0.0
    for _ in range(60):
        n = int(rng.integers(20, 3000))
        length = int(rng.integers(2, min(n, 400)))
        overlap, detrend, rate, x = int(rng.integers(0, length)), int(rng.integers(3)), float(rng.choice([1, 50, 8000])), walk(rng, n)
        _, theirs = signal.welch(x, rate, window="hann", nperseg=length, noverlap=overlap, detrend=[False, "constant", "linear"][detrend],
                                 scaling="density", average="mean")
        worst = max(worst, near(welch(x, rate, length, overlap, detrend), theirs, 1e-12))
    return f"largest difference {worst:.1e}"


def test_find_peaks_same_answers():
    rng = np.random.default_rng(12)
    for kind in list(range(4)) * 600:
        n = int(rng.integers(1, 200))
        x = [rng.normal(size=n), np.round(rng.normal(size=n)), walk(rng, n),
             np.repeat(np.round(2 * rng.normal(size=n)), rng.integers(1, 4, n))[:n]][kind].astype(float)
        theirs, mine = {"rel_height": float(rng.uniform(0.05, 1)), "prominence": 0, "width": 0}, {}
        if rng.random() < 0.3:
            theirs["height"] = mine["min_height"] = float(rng.normal())
        if rng.random() < 0.3 and len(set(x)) == n:
            theirs["distance"] = mine["min_distance"] = float(rng.uniform(1, 9))
        if rng.random() < 0.5:
            theirs["prominence"] = mine["min_prominence"] = float(rng.uniform(0, 2))
        if rng.random() < 0.5:
            theirs["width"] = mine["min_width"] = float(rng.uniform(0, 4))
        places, facts = signal.find_peaks(x, **theirs)
        peaks = find_peaks(x, rel_height=theirs["rel_height"], **mine)
        assert np.array_equal(peaks["at"], places)
        for one, other in (("prominence", "prominences"), ("left_base", "left_bases"), ("right_base", "right_bases"), ("width", "widths"),
                           ("left_at", "left_ips"), ("right_at", "right_ips")):
            assert np.array_equal(peaks[one], facts[other]), one
        assert np.array_equal(peaks["height"], x[places])


def test_find_peaks_distance_ties_take_the_later():
    x = np.array([0, 1, 0, 1, 0, 1, 0], dtype=float)
    assert list(find_peaks(x, min_distance=3)["at"]) == [1, 5]
    assert list(find_peaks(x[:5], min_distance=3)["at"]) == [3]


def test_find_peaks_long_walk():
    x = walk(np.random.default_rng(13), 200_000)
    places, facts = signal.find_peaks(x, prominence=3)
    peaks = find_peaks(x, min_prominence=3)
    assert np.array_equal(peaks["at"], places) and np.array_equal(peaks["prominence"], facts["prominences"])


def best_partition(x, penalty, min_length):
    """Optimal partitioning without pruning, of equal costs the earliest start."""
    n, mean = len(x), 0.0
    for i in range(n):
        mean += (x[i] - mean) / (i + 1)
    v = x - mean
    one, two = np.r_[0, np.cumsum(v)], np.r_[0, np.cumsum(v * v)]
    best, origin = np.full(n + 1, np.inf), np.zeros(n + 1, int)
    best[0] = -penalty
    for end in range(min_length, n + 1):
        start = np.arange(0, end - min_length + 1)
        part = one[end] - one[start]
        total = best[start] + np.maximum(two[end] - two[start] - part * part / (end - start), 0) + penalty
        origin[end] = np.argmin(total)
        best[end] = total[origin[end]]
    steps, end = [], n
    while end > 0 and origin[end] > 0:
        end = origin[end]
        steps.append(int(end))
    return steps[::-1]


def test_find_steps_is_exact():
    rng, found = np.random.default_rng(14), 0
    for _ in range(250):
        n = int(rng.integers(0, 250))
        x = np.repeat(rng.normal(size=25) * 3, 10)[:n] + rng.normal(size=n) * rng.choice([0, 0.3, 1]) + rng.choice([0, 1e4])
        penalty, min_length = float(rng.choice([0.1, 1, 10, 100])), int(rng.integers(1, 8))
        mine = find_steps(x, penalty, min_length)
        assert mine == best_partition(x, penalty, min_length)
        found += len(mine)
    assert found > 500
    assert find_steps(np.zeros(50), 0.0, 1) == [], "of equal costs the earliest start"


def test_least_squares():
    rng = np.random.default_rng(15)
    for i in range(200):
        cols = int(rng.integers(1, 12))
        rows = int(rng.integers(cols, 60))
        unit = 10.0 ** rng.integers(-150, 150, cols)
        a, b = rng.normal(size=(rows, cols)), rng.normal(size=rows)
        weight = rng.random(rows) if i % 2 else None
        root = np.sqrt(weight) if i % 2 else np.ones(rows)
        coef, cov, info = least_squares(a * unit, b, weight)
        scaled, wanted = a * root[:, None], np.linalg.lstsq(a * root[:, None], b * root, rcond=None)[0]
        condition = np.linalg.cond(scaled)
        assert info.rank == cols
        near(coef * unit, wanted, 1e-14 * condition ** 2 + 1e-12)
        if rows > cols:
            rest = b * root - scaled @ wanted
            near(info.rss, rest @ rest, 1e-9 + 1e-14 * condition ** 2)
            near(cov * unit[:, None] * unit, rest @ rest / (rows - cols) * np.linalg.inv(scaled.T @ scaled), 1e-13 * condition ** 2 + 1e-10)


def test_least_squares_tells_dependent_columns():
    rng = np.random.default_rng(16)
    a = rng.normal(size=(50, 4))
    a = np.c_[a, 3 * a[:, 1] - a[:, 2], np.zeros(50)]
    coef, cov, info = least_squares(a, np.ones(50))
    assert info.rank == 4 and np.count_nonzero(coef) == 4 and np.isnan(np.diag(cov)).sum() == 2
    near(a @ coef, a @ np.linalg.lstsq(a, np.ones(50), rcond=None)[0], 1e-12)
    coef, _, info = least_squares(np.zeros((3, 1)), np.ones(3))
    assert info.rank == 0 and coef[0] == 0.0


def test_lines():
    rng = np.random.default_rng(17)
    for i in range(150):
        n = int(rng.integers(2, 60))
        t = np.sort(rng.uniform(0, 10, n)) + rng.choice([0, 1e5])
        y = 2 - 0.3 * (t - t[0]) + rng.standard_t(3, size=n)
        if i % 3 == 0:
            t, y = np.round(t), np.round(y)
        if len(set(t)) < 2:
            continue
        robust, theirs = line("theil_sen", t, y), stats.theilslopes(y, t, 0.95)
        near([robust.slope], [theirs[0]], 1e-14)
        near([robust.intercept], [theirs[1]], 1e-12)
        assert np.array_equal([robust.slope_lo, robust.slope_hi], theirs[2:4], equal_nan=True)
        if n < 6:
            continue
        plain, theirs = line("least_squares", t, y, None), stats.linregress(t, y)
        near([plain.slope, np.sqrt(plain.var_slope), np.sqrt(plain.var_intercept)], [theirs.slope, theirs.stderr, theirs.intercept_stderr], 1e-9)
        near([plain.slope_hi - plain.slope], [stats.t.ppf(0.975, n - 2) * theirs.stderr], 1e-8)
        # Huber: the score equations hold at the scale that it reports, and that scale is close to the residuals' MAD
        fit, middle = line("huber", t, y), t.mean()
        rest = (y - fit.intercept - fit.slope * middle) - fit.slope * (t - middle)
        psi = np.clip(rest / fit.sd, -1.345, 1.345) if fit.sd > 1e-9 else 0 * rest
        near([psi.sum(), (psi * (t - middle)).sum()], [0, 0], 1e-6, n * np.max(np.abs(t - middle)) + n)
        near([fit.sd], [1.4826 * np.median(np.abs(rest))], 0.05)


def test_line_weights_and_covariance():
    rng = np.random.default_rng(18)
    t, y, w = rng.uniform(50, 60, 40), rng.normal(size=40), rng.random(40)
    fit = line("least_squares", t, y, w)
    coef, cov, info = least_squares(np.c_[np.ones(40), t], y, w)
    near([fit.intercept, fit.slope, fit.var_intercept, fit.var_slope, fit.cov], [*coef, cov[0, 0], cov[1, 1], cov[0, 1]], 1e-9)
    near([fit.sd], [np.sqrt(info.variance)], 1e-12)


def test_exponential_is_the_least_squares_minimum():
    rng, worst = np.random.default_rng(19), 0.0
    for i in range(80):
        n, span = int(rng.integers(30, 2000)), 10 ** rng.uniform(0, 2.5)
        tau, t = span / 10 ** rng.uniform(-0.2, 1), np.linspace(0, span, n)
        level, amplitude = rng.normal(size=2) * 100
        noise = abs(amplitude) * 10 ** rng.uniform(-5, -1.5)
        v = level + amplitude * np.exp(-t / tau) + noise * rng.normal(size=n)
        soft = noise if i % 2 else 0.0
        if soft:
            v[rng.random(n) < 0.05] += 30 * noise
        p, cov, fit = exponential(t, v, 1, span / 1000, span * 100, soft)
        theirs = optimize.least_squares(lambda q: (q[0] + q[1] * np.exp(-t / q[2]) - v) / noise, [level, amplitude, tau],
                                        loss="soft_l1" if soft else "linear", xtol=1e-15, ftol=1e-15, gtol=1e-15,
                                        x_scale=[abs(amplitude), abs(amplitude), tau])
        worst = max(worst, np.max(np.abs(p - theirs.x) / np.sqrt(np.diag(cov))))
        if not soft:
            decay = np.exp(-t / p[2])
            jacobian = np.c_[np.ones(n), decay, p[1] * t / p[2] ** 2 * decay]
            near(cov / np.outer(p, p), np.linalg.inv(jacobian.T @ jacobian) * fit.sd ** 2 / np.outer(p, p), 1e-5)
            rest = v - p[0] - p[1] * decay
            near([fit.sd], [np.sqrt(rest @ rest / (n - 3))], 1e-9)
    assert worst < 1e-3, f"{worst:.2g} standard errors from SciPy's minimum"
    return f"at most {worst:.1e} standard errors from SciPy's minimum"


def test_exponential_intervals_hold():
    """Truth within 1.96 standard errors in 95 of 100: one and two terms, plain and soft loss with outliers. Bounds: 4 binomial sigma."""
    rng, held, of = np.random.default_rng(20), {}, {}
    for i in range(450):
        t, noise, kind = np.linspace(0, 100, 600), 10 ** rng.uniform(-2, -0.3), i % 3
        truth = [50, 30 * rng.choice([-1, 1]), 10 ** rng.uniform(0.3, 1.3)]
        v = truth[0] + truth[1] * np.exp(-t / truth[2]) + noise * rng.normal(size=t.size)
        if kind == 1:
            truth = truth[:1] + [truth[1], truth[2] / 3, 40.0, truth[2] * 2]
            v = truth[0] + truth[1] * np.exp(-t / truth[2]) + truth[3] * np.exp(-t / truth[4]) + noise * rng.normal(size=t.size)
        if kind == 2:
            v[rng.random(t.size) < 0.03] += 20 * noise * rng.choice([-1, 1])
        p, cov, _ = exponential(t, v, 2 if kind == 1 else 1, 0.1, 1000, noise if kind == 2 else 0.0)
        inside = np.abs(p - truth) < 1.96 * np.sqrt(np.diag(cov))
        held[kind], of[kind] = held.get(kind, 0) + inside[2], of.get(kind, 0) + 1
    for kind in held:
        share = held[kind] / of[kind]
        assert abs(share - 0.95) < 4 * np.sqrt(0.95 * 0.05 / of[kind]), f"kind {kind}: {share:.3f}"
    return ", ".join(f"{held[k] / of[k]:.3f}" for k in sorted(held))


def test_exponential_refuses_what_data_do_not_determine():
    n = 200
    t, rng = np.arange(float(n)), np.random.default_rng(21)
    for v in (np.zeros(n), np.full(n, 3.3), t.copy(), t ** 2, rng.normal(size=n)):
        for terms in (1, 2):
            refuses(NO_SOLUTION, exponential, t, v, terms, 0.5, 100)
    one = 5 + 3 * np.exp(-t / 20) + 0.01 * rng.normal(size=n)
    refuses(NO_SOLUTION, exponential, t, one, 1, 0.5, 10)
    refuses(NO_SOLUTION, exponential, t, one, 1, 30, 100)
    refuses(BAD_OPTION, exponential, t, one, 3, 0.5, 100)
    refuses(BAD_OPTION, exponential, t, one, 1, 0, 100)
    refuses(BAD_INPUT, exponential, t[:3], one[:3], 1, 0.5, 100)
    short, refused = np.linspace(0, 10, n), 0
    for _ in range(60):
        try:
            p, cov, _ = exponential(short, np.exp(-short / 40) + 0.03 * rng.normal(size=n), 1, 0.5, 1e4)
            assert cov[2, 2] <= p[2] ** 2
        except Refused:
            refused += 1
    assert 5 < refused < 60
    one[7] = np.nan
    refuses(BAD_INPUT, exponential, t, one, 1, 0.5, 100)


def test_exponential_without_noise():
    t = np.linspace(0, 60, 301)
    p, _, _ = exponential(t, 120 - 100 * np.exp(-t / 25.0), 1, 0.5, 600)
    near(p, [120, -100, 25], 1e-8)
    p, _, _ = exponential(t, 120 - 60 * np.exp(-t / 30.0) - 40 * np.exp(-t / 3.0), 2, 0.5, 600)
    near(p, [120, -40, 3, -60, 30], 1e-6)


def test_student_quantile():
    rng = np.random.default_rng(22)
    for _ in range(1500):
        df, p = 10 ** rng.uniform(-0.5, 6), float(rng.choice([rng.uniform(0.001, 0.499), 10 ** rng.uniform(-12, -1), 0.025]))
        t = -student(p, df)
        # SciPy's tail is good to 1e-14, its quantile only to 1e-9: the tail is the judge
        assert abs(stats.t.sf(t, df) - p) / stats.t.pdf(t, df) <= 1e-10 * abs(t), (p, df, t)
        assert student(1 - 0.025, df) > 0 and student(p, df) == -t
    near([student(0.975, np.inf)], [stats.norm.ppf(0.975)], 1e-14)
    near([student(0.9, 1)], [np.tan(np.pi * 0.4)], 1e-13)
    assert student(0.5, 3) == 0.0
    assert all(np.isnan(student(*bad)) for bad in ((0, 3), (1, 3), (0.3, 0), (np.nan, 3), (0.3, np.nan)))


def test_delta_method():
    rng = np.random.default_rng(23)
    cov = np.array([[0.04, 0.01], [0.01, 0.09]])
    draws = rng.multivariate_normal([50, 80], cov, 400_000)
    for name, values in (("ratio", draws[:, 0] / draws[:, 1]), ("product", draws[:, 0] * draws[:, 1])):
        value, se = delta(name, 50, 80, cov[0, 0], cov[1, 1], cov[0, 1])
        near([value, se], [values.mean(), values.std()], 0.01, abs(value) if name == "ratio" and se > 1 else None)
        near([se], [values.std()], 0.01)
    assert delta("ratio", 3, 3, 2, 2, 2) == (1.0, 0.0)
    assert np.isnan(delta("ratio", 3, 0, 1, 1, 0)).all()


def test_random_reference():
    """First numbers of the published algorithms, evaluated here in Python."""
    mask, seed, state = (1 << 64) - 1, 42, []
    for _ in range(4):
        seed = (seed + 0x9E3779B97F4A7C15) & mask
        z = ((seed ^ seed >> 30) * 0xBF58476D1CE4E5B9) & mask
        z = ((z ^ z >> 27) * 0x94D049BB133111EB) & mask
        state.append(z ^ z >> 31)
    rotate = lambda v, by: (v << by | v >> 64 - by) & mask
    mine = dsp.dsp_random_seeded(C.c_uint64(42))
    assert list(mine.s) == state
    for _ in range(1000):
        expected, shifted = (rotate((state[0] + state[3]) & mask, 23) + state[0]) & mask, (state[1] << 17) & mask
        state[2] ^= state[0]
        state[3] ^= state[1]
        state[1] ^= state[2]
        state[0] ^= state[3]
        state[2] ^= shifted
        state[3] = rotate(state[3], 45)
        assert dsp.dsp_random_next(C.byref(mine)) == expected
    draws = [dsp.dsp_random_below(C.byref(mine), C.c_uint64(7)) for _ in range(7000)]
    assert stats.chisquare(np.bincount(draws, minlength=7)).pvalue > 1e-3 and max(draws) == 6


def test_bootstrap():
    """White noise: the mean's error is sd / sqrt(n). AR(1), rho 0.8: blocks recover most of the threefold error that single samples miss."""
    rng = np.random.default_rng(24)
    x = rng.normal(size=400)
    white = bootstrap(x, 1, 2000, 0.95, np.mean, 1)
    near([white.se], [x.std() / 20], 0.06)
    near([white.value, white.hi - white.lo], [x.mean(), 2 * 1.96 * x.std() / 20], 0.06, 0.2)
    y = signal.lfilter([1], [1, -0.8], rng.normal(size=4000))
    single, blocks = bootstrap(y, 1, 500, 0.95, np.mean, 2), bootstrap(y, 60, 500, 0.95, np.mean, 2)
    assert 2.2 < blocks.se / single.se < 3.6
    again = bootstrap(y, 60, 500, 0.95, np.mean, 2)
    assert (again.se, again.lo, again.hi) == (blocks.se, blocks.lo, blocks.hi)
    assert bootstrap(y, 60, 500, 0.95, np.mean, 3).se != blocks.se
    refuses(NO_SOLUTION, bootstrap, x, 10, 50, 0.95, lambda v: np.nan, 1)
    refuses(BAD_OPTION, bootstrap, x, 401, 50, 0.95, np.mean, 1)


def test_geometric_end_of_a_spectrum():
    """Echo and noise with speckle, against the definition in NumPy: where the cumulative power stands highest above its chord."""
    rng = np.random.default_rng(31)
    for _ in range(300):
        n = int(rng.integers(1, 600))
        power = rng.exponential(size=n) * (np.where(np.arange(n) < rng.integers(0, n + 1), 1, 0) + 10 ** rng.uniform(-4, 1))
        power = power.astype(np.float32).astype(float)
        rise = np.concatenate([[0], np.cumsum(power)])
        wanted = int(np.argmax(rise - rise[-1] * np.arange(n + 1) / n))
        assert spectrum_geometric(power) == wanted or n < 2


def oracle_signal():
    n = np.arange(400)
    return np.sin(2 * np.pi * n / 50) + 0.3 * np.cos(2 * np.pi * n / 7) + n * 0.002


def test_recorded_values():
    """Values that SciPy 1.10.1 gave on Debian 12, written down once: they hold even where the installed SciPy is another."""
    x = oracle_signal()
    sos = butter(4, BANDPASS, 0.05, 5.0, 50.0)
    assert sos.shape == (4, 6)
    near([sos[0, 0]], [0.0046619755634463725], 1e-12)
    y, z = sosfiltfilt(sos, x), sosfiltfilt(butter(4, LOWPASS, 2.0, 0, 50.0), x)
    near(y[[0, 200, 399]], [-0.04336964654106726, 0.05915800169711488, -0.1414852185671986], 1e-9, np.max(np.abs(y)))
    near(z[[0, 200, 399]], [0.30346469371061213, 0.3999939380275627, 0.9686246876466823], 1e-9, np.max(np.abs(z)))
    power = welch(x, 50.0, 128, 64, 1)
    assert power.shape == (65,)
    near([power[3]], [0.6634966652580122], 1e-9)
    peaks = find_peaks(x, min_prominence=0.5, rel_height=0.5, min_width=2)
    assert list(peaks["at"]) == [14, 63, 112, 161, 210, 266, 315, 364]
    near([peaks["prominence"][0], peaks["width"][0]], [1.2064533584147363, 6.432672268592249], 1e-12)
    assert (peaks["left_base"][0], peaks["right_base"][0]) == (3, 38)
    smooth, slope = savgol(x, 11, 3), savgol(x, 11, 3, 1, 0.02)
    near([smooth[0], smooth[200], slope[0], slope[200]], [0.406242367988557, 0.34735493674115353, -18.174305993746994, 9.206418266805322], 1e-11)
    more = resample_poly(x, 3, 2)
    assert more.size == 600
    near(more[[0, 300, -1]], [0.3001818520661332, 0.12978796600063364, 0.689967926645439], 1e-12)


run(globals())
