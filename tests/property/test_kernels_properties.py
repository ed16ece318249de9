# SPDX-License-Identifier: GPL-3.0-or-later
"""What must hold of the kernels whatever the numbers: linearity, shift, reversal, added constant, change of unit; and the detectors that have
no counterpart in SciPy, on traces with known truth."""
from kernels import *  # before NumPy: it chooses the linear algebra

SHIFT, UNIT = 37, 1000.0  # samples; mL in a litre


def trace(seed, n=1500):
    return np.cumsum(np.random.default_rng(seed).normal(size=n))


LINEAR = {
    "low-pass": lambda x: sosfiltfilt(butter(4, LOWPASS, 2, 0, 50), x),
    "band-stop": lambda x: sosfiltfilt(butter(2, BANDSTOP, 8, 12, 50), x),
    "decimation": lambda x: decimate(x, 7),
    "rational resampling": lambda x: resample_poly(x, 3, 2),
    "Savitzky-Golay": lambda x: savgol(x, 25, 3),
    "its derivative": lambda x: savgol(x, 25, 3, 1, 0.02),
}
ORDER = {"median": lambda x: median(x, 12), "Hampel": lambda x: hampel(x, 12, 3.0, 0.0, 4)[0],
         "regular grid": lambda x: resample_grid(np.arange(len(x)) * 0.02, x, 31.0)}
UNCHANGED_BY_A_CONSTANT = ["low-pass", "band-stop", "decimation", "Savitzky-Golay", "median", "Hampel", "regular grid"]


def test_linearity():
    a, b = trace(1), trace(2)
    for name, f in LINEAR.items():
        near(f(2.5 * a - 0.3 * b), 2.5 * f(a) - 0.3 * f(b), 1e-11, np.max(np.abs(f(a))) + np.max(np.abs(f(b))))


def test_change_of_unit():
    x = trace(3)
    for name, f in {**LINEAR, **ORDER}.items():
        near(f(UNIT * x), UNIT * f(x), 1e-12)
        near(f(-x), -f(x), 1e-12)
    assert np.array_equal(find_peaks(UNIT * x, min_prominence=3 * UNIT)["at"], find_peaks(x, min_prominence=3)["at"])
    assert find_steps(4 * x[:200], 16 * 20.0, 3) == find_steps(x[:200], 20.0, 3)
    t, v = np.linspace(0, 60, 500), 80 - 70 * np.exp(-np.linspace(0, 60, 500) / 9) + 0.2 * np.random.default_rng(4).normal(size=500)
    one, two = exponential(t, v, 1, 0.5, 600)[0], exponential(t * 1000, v / 1000, 1, 500, 600e3)[0]
    near(two / [0.001, 0.001, 1000], one, 1e-7)
    near(welch(UNIT * x, 50, 256, 128, 1), UNIT ** 2 * welch(x, 50, 256, 128, 1), 1e-12)
    a = np.c_[np.ones(1500), np.arange(1500.0), trace(5)]
    near(least_squares(a * [1, 1e-9, 1e12], x)[0] * [1, 1e-9, 1e12], least_squares(a, x)[0], 1e-10)


def test_added_constant():
    x = trace(6)
    for name in UNCHANGED_BY_A_CONSTANT:
        f = {**LINEAR, **ORDER}[name]
        near(f(x + 300), f(x) + 300, 1e-11, 300 + np.max(np.abs(x)))
    near(LINEAR["its derivative"](x + 300), LINEAR["its derivative"](x), 1e-9)
    near(sosfiltfilt(butter(4, HIGHPASS, 2, 0, 50), x + 300), sosfiltfilt(butter(4, HIGHPASS, 2, 0, 50), x), 1e-9, 300)
    assert np.array_equal(find_peaks(np.round(x) + 300)["prominence"], find_peaks(np.round(x))["prominence"])


def test_straight_line_passes():
    line_in = 3 + 0.01 * np.arange(900)
    near(decimate(line_in, 9), line_in[::9], 1e-12)
    near(savgol(line_in, 31, 2), line_in, 1e-12)
    near(resample_grid(np.arange(900) / 50, line_in, 25.0), line_in[::2], 1e-12)
    near(sosfiltfilt(butter(4, LOWPASS, 1, 0, 50), line_in)[400:500], line_in[400:500], 1e-9)


def test_time_shift():
    """Far from the ends a delayed trace gives the delayed answer."""
    x = trace(7, 4000)
    for name in ("low-pass", "band-stop", "Savitzky-Golay", "its derivative"):
        f = LINEAR[name]
        near(f(x[SHIFT:])[1000:2500], f(x)[1000 + SHIFT:2500 + SHIFT], 1e-9, np.max(np.abs(f(x))))
    near(decimate(x[7 * 5:], 7)[100:300], decimate(x, 7)[105:305], 1e-12)
    for name in ("median", "Hampel"):
        assert np.array_equal(ORDER[name](x[SHIFT:])[100:3000], ORDER[name](x)[100 + SHIFT:3000 + SHIFT])


def test_reversal():
    x = trace(8)
    for name in ("Savitzky-Golay", "median", "Hampel", "regular grid"):
        f = {**LINEAR, **ORDER}[name]
        y = x[:1498] if name == "regular grid" else x
        if name == "regular grid":
            f = lambda v: resample_grid(np.arange(len(v)) * 0.0625, v, 32.0)
        near(f(y[::-1])[::-1], f(y), 1e-10)
    for sos in (butter(4, LOWPASS, 2, 0, 50), butter(2, BANDSTOP, 8, 12, 50)):
        near(sosfiltfilt(sos, x[::-1])[::-1][300:-300], sosfiltfilt(sos, x)[300:-300], 1e-6)
    near(decimate(x[:1401][::-1], 7)[::-1], decimate(x[:1401], 7), 1e-11)
    y = np.round(trace(9), 3)
    forward, back = find_peaks(y, min_prominence=2), find_peaks(y[::-1], min_prominence=2)
    assert np.array_equal(len(y) - 1 - back["at"][::-1], forward["at"]) and np.array_equal(back["prominence"][::-1], forward["prominence"])


def test_zero_phase():
    """A pulse that is its own mirror image stays so, about the same sample."""
    x = np.exp(-((np.arange(2001) - 1000) / 40.0) ** 2)
    for f in (LINEAR["low-pass"], LINEAR["Savitzky-Golay"], ORDER["median"]):
        y = f(x)
        near(y, y[::-1], 1e-9)
        assert y[1000] == y.max()


def test_peaks_add_up():
    """Between two neighbouring kept peaks the trace falls by at least the lesser prominence."""
    x = trace(10)
    peaks = find_peaks(x, min_prominence=4)
    assert len(peaks) > 5
    for one, other in zip(peaks[:-1], peaks[1:]):
        valley = x[one["at"]:other["at"]].min()
        assert min(one["height"], other["height"]) - valley >= min(one["prominence"], other["prominence"]) - 1e-12


def protocol(rng, noise, rate=50.0):
    """Rest 40 s, exponential filling, a plateau, a drop, refilling, a plateau: the stretches that are level, in seconds."""
    t = np.arange(0, 330, 1 / rate)
    v = np.where(t < 40, 0, 100 * (1 - np.exp(-np.maximum(t - 40, 0) / 10)))
    v = np.where(t < 180, v, 40 + 60 * (1 - np.exp(-np.maximum(t - 180, 0) / 10)))
    breath, pulse = 0.6 * np.sin(2 * np.pi * 0.25 * t + rng.uniform(0, 6)), 0.3 * np.sin(2 * np.pi * 1.1 * t + rng.uniform(0, 6))
    return t, v + noise * (breath + pulse + 0.3 * rng.normal(size=t.size))


def test_plateaus():
    for seed in range(10):
        rng = np.random.default_rng(seed)
        t, v = protocol(rng, 1.0)
        found = find_plateaus(v, 50.0, 10.0, 0.25, 10.0, t0=3.0)
        assert len(found) == 3, found
        for plateau, level, last in zip(found, (0.0, 100.0, 100.0), (40, 180, 330)):
            assert abs(plateau["value"] - level) < 1.0 and plateau["se"] < 0.5
            assert abs(plateau["end"] / 50 - last) < 2.5, plateau
            assert abs(plateau["slope"]) < 0.1 and plateau["sd"] > plateau["se"]
        assert found["first"][0] == 0 and abs(found["first"][1] / 50 - 85) < 12


def test_plateau_error_is_honest():
    """Autocorrelated noise about a level: truth within 1.96 se in about 95 of 100; white noise too."""
    shares = []
    for rho, least, most in ((0.0, 0.92, 0.98), (0.7, 0.92, 0.98), (0.95, 0.91, 0.98)):
        held = 0
        for seed in range(400):
            rng = np.random.default_rng(seed)
            e = rng.normal(size=3000 + 200)
            for i in range(1, len(e)):
                e[i] += rho * e[i - 1]
            found = find_plateaus(5 + e[200:] * 0.1, 50.0, 5.0, 10.0, 5.0)
            assert len(found) == 1 and found[0]["end"] - found[0]["first"] == 3000
            held += abs(found[0]["value"] - 5) < 1.96 * found[0]["se"]
        shares.append(held / 400)
        assert least <= held / 400 <= most, (rho, held)
    return ", ".join(f"{share:.3f}" for share in shares)


def test_plateau_missing_and_short():
    t, v = protocol(np.random.default_rng(1), 1.0)
    v[5000:5100] = np.nan
    assert len(find_plateaus(v, 50.0, 10.0, 0.25, 10.0)) >= 3
    assert len(find_plateaus(np.full(2000, np.nan), 50.0, 5.0, 1.0, 5.0)) == 0
    assert len(find_plateaus(np.zeros(100), 50.0, 5.0, 1.0, 5.0)) == 0
    assert len(find_plateaus(np.empty(0), 50.0, 5.0, 1.0, 5.0)) == 0
    constant = find_plateaus(np.full(1000, 7.0), 50.0, 5.0, 1.0, 5.0)
    assert len(constant) == 1 and constant[0]["value"] == 7.0 and constant[0]["se"] < 1e-12
    assert len(find_plateaus(np.arange(1000.0), 50.0, 5.0, 1.0, 5.0)) == 0
    for bad in ((0.05, 1, 1), (5, 0, 1), (5, 1, -1), (np.nan, 1, 1)):
        refuses(BAD_OPTION, find_plateaus, v, 50.0, *bad)


def test_onset():
    late = []
    for seed in range(60):
        rng = np.random.default_rng(seed)
        t = np.arange(0, 120, 0.02)
        start, sign = rng.uniform(45, 60), rng.choice([-1, 1])
        v = 5 + sign * 100 * (1 - np.exp(-np.maximum(t - start, 0) / 20)) + 0.3 * rng.normal(size=t.size)
        v[1000:1005] += sign * 40  # a movement too short to last
        v[rng.integers(2000, 6000, 50)] = np.nan
        onset = find_onset(v, 50.0, (0, 900), 5.0, hold_s=1.0, t0=2.0)
        assert onset.direction == sign and abs(onset.level - 5) < 0.1 and 0.25 < onset.sigma < 0.35
        assert onset.t_s <= onset.crossing_s
        late.append(onset.t_s - 2.0 - start)
        refuses(NO_SOLUTION, find_onset, v, 50.0, (0, 900), 5.0, hold_s=1.0, direction=int(-sign))
    assert abs(np.median(late)) < 0.1 and np.max(np.abs(late)) < 0.4
    exact = find_onset(np.r_[np.zeros(50), np.arange(1, 51.0)], 10.0, (0, 40), 3.0, floor=2.5)
    near([exact.t_s, exact.crossing_s], [4.9, 5.15], 1e-12)
    return f"median error {np.median(late):.3f} s, largest {np.max(np.abs(late)):.3f} s"


def test_onset_edges():
    refuses(NO_SOLUTION, find_onset, np.zeros(100), 10.0, (0, 50), 3.0, floor=1.0)
    refuses(BAD_INPUT, find_onset, np.zeros(100), 10.0, (0, 2), 3.0)
    refuses(BAD_INPUT, find_onset, np.zeros(100), 10.0, (50, 101), 3.0)
    refuses(BAD_OPTION, find_onset, np.zeros(100), 10.0, (0, 50), 0.0)
    refuses(BAD_OPTION, find_onset, np.zeros(100), 10.0, (0, 50), 3.0, direction=2)
    up = np.r_[np.zeros(50), np.full(10, 5.0)]
    assert find_onset(up, 10.0, (0, 50), 3.0, floor=1.0, hold_s=0.9).crossing_s > 4.8
    refuses(NO_SOLUTION, find_onset, up, 10.0, (0, 50), 3.0, floor=1.0, hold_s=1.0)


def test_outliers_do_not_move_robust_lines():
    rng = np.random.default_rng(11)
    t, y = np.linspace(0, 10, 200), 4 - 2 * np.linspace(0, 10, 200) + 0.1 * rng.normal(size=200)
    y[rng.permutation(200)[:20]] += 50
    assert abs(line("theil_sen", t, y).slope + 2) < 0.02 and abs(line("huber", t, y).slope + 2) < 0.02
    exact = line("huber", np.arange(10.0), np.r_[np.arange(9.0), 100])
    near([exact.slope, exact.intercept + 1, exact.var_slope + 1], [1, 1, 1], 1e-9)


def test_same_answer_twice():
    x = trace(12)
    assert np.array_equal(welch(x, 50, 300, 100, 2), welch(x, 50, 300, 100, 2))
    assert np.array_equal(decimate(x, 5), decimate(x, 5))


run(globals())
