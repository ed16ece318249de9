# SPDX-License-Identifier: GPL-3.0-or-later
"""A fair race: all runners in turn, round after round, so that a busy moment hits each alike; medians, spread and ratios."""
import os
import statistics
import sys
import time


def timed(run):
    start = time.perf_counter()
    run()
    return time.perf_counter() - start


def race(title, runners, rounds):
    """runners: {name: function() -> seconds or None (then its own duration counts)}. One warm-up round is not counted."""
    seconds = {name: [] for name in runners}
    for i in range(rounds + 1):
        for name, run in runners.items():
            start = time.perf_counter()
            own = run()
            took = own if isinstance(own, float) else time.perf_counter() - start
            if i:
                seconds[name].append(took)
    print(f"\n{title}: median of {rounds} interleaved rounds (fastest .. slowest); load average {os.getloadavg()[0]:.1f} on {os.cpu_count()} processors")
    for name, took in seconds.items():
        print(f"  {name:<44} {statistics.median(took) * 1e3:10.1f} ms   ({min(took) * 1e3:.1f} .. {max(took) * 1e3:.1f})")
    sys.stdout.flush()
    return {name: statistics.median(took) for name, took in seconds.items()}


def processor_ms(run, rounds):
    """Mean processor time of a run and its child processes: what the machine's other work hardly moves. Its clock ticks every 10 ms."""
    spent = []
    for _ in range(rounds):
        before = os.times()
        run()
        after = os.times()
        spent.append(sum(after[:4]) - sum(before[:4]))
    return statistics.fmean(spent) * 1e3


def ratio(text, value, goal, at_least=True):
    """A ratio beside its goal. It is told, never asserted: a slow machine is not a wrong program."""
    met = value >= goal if at_least else value <= goal
    print(f"  -> {text}: {value:.2f} x (goal: {'at least' if at_least else 'at most'} {goal:g} x; {'met' if met else 'not met'})")
    sys.stdout.flush()
