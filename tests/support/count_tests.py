# SPDX-License-Identifier: GPL-3.0-or-later
"""Count a test run from the log that `meson test` wrote: the last line is `N passed, N failed, N skipped`."""
import glob
import json
import sys

PASSED, SKIPPED = {"OK", "EXPECTEDFAIL"}, {"SKIP"}


def main(folder):
    passed, skipped, failed = [], [], []
    for path in glob.glob(folder + "/testlog*.json"):
        for line in open(path, encoding="utf-8"):
            test = json.loads(line)
            (passed if test["result"] in PASSED else skipped if test["result"] in SKIPPED else failed).append(test["name"])
    for name in skipped:
        print("skipped:", name)
    for name in failed:
        print("FAILED:", name)
    print(f"{len(passed)} passed, {len(failed)} failed, {len(skipped)} skipped")
    return 0 if passed and not failed else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
