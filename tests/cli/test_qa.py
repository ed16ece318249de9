# SPDX-License-Identifier: GPL-3.0-or-later
"""pleth qa: tolerances, missing and null values, --bless, text, JSON, JUnit XML, manifests that are none."""
import json
import xml.etree.ElementTree

from support import check, check_message, finish, read, run, simulate, workplace, write

HEADING = "file,protocol,channel,id,expected,abs_tol,rel_tol,reason\n"


def main():
    with workplace() as folder:
        simulate(f"{folder}/leg.csv", "stand_s=120")
        write(f"{folder}/bad.csv", b"rubbish")
        measures = json.loads(run("analyze", "--json", "leg.csv", cwd=folder).out)["tests"][0]["measures"]
        value = {measure["id"]: measure["value"] for measure in measures}
        vv, null = value["VV"], [name for name in value if value[name] is None]
        # What passes at the very edge of its tolerance, and what fails just beyond it.
        rows = [f"leg.csv,apg.stand,,VV,{vv!r},,,exact", f"leg.csv,,APG L calf,VV,{vv + 1!r},1.0000001,,absolute",
                f"leg.csv,,,VV,{vv * 1.01!r},0.1,0.01,the larger of two", f'leg.csv,,,EF,{value["EF"]!r},1e-9,,"a reason, with a comma"']
        bad = [f"leg.csv,,,VV,{vv + 1!r},0.9999,,too tight", "leg.csv,,,NOSUCH,1,1,,", "leg.csv,,R,VV,120,1e9,,no such channel",
               "bad.csv,,,VV,1,1,,", "none.csv,,,VV,1,1,,", *[f"leg.csv,,,{name},1,1e9,,null" for name in null[:1]]]
        write(f"{folder}/good.manifest", HEADING + "\n".join(rows) + "\n")
        write(f"{folder}/mixed.manifest", HEADING + "\n".join(rows + bad) + "\n")
        good = run("qa", "good.manifest", cwd=folder)
        check(good.returncode == 0 and good.out == "4 passed, 0 failed\n" and good.err == "", f"{good.returncode} {good.out} {good.err}")
        mixed = run("qa", "mixed.manifest", "--json=out.json", "--junit", "out.xml", "-j", 2, cwd=folder)
        check(mixed.returncode == 1 and mixed.out.endswith(f"4 passed, {len(bad)} failed\n"), mixed.out)
        check(mixed.out.count("FAIL ") == len(bad) and "no such measure" in mixed.out and "could not be analysed" in mixed.out, mixed.out)
        check("off by 1, allowed 1 (tolerance: too tight)" in mixed.out, mixed.out)
        told = json.loads(read(f"{folder}/out.json"))
        check((told["schema"], told["passed"], told["failed"]) == ("pleth-qa/1", 4, len(bad)), str(told))
        check([row["passed"] for row in told["rows"]] == [True] * 4 + [False] * len(bad), str(told))
        suite = xml.etree.ElementTree.parse(f"{folder}/out.xml").getroot().find("testsuite")
        check(suite.get("tests") == str(4 + len(bad)) and suite.get("failures") == str(len(suite.findall("testcase/failure"))) == str(len(bad)),
              str(suite.attrib))
        before = read(f"{folder}/mixed.manifest")
        check(run("qa", "mixed.manifest", cwd=folder).returncode == 1 and read(f"{folder}/mixed.manifest") == before, "nothing is blessed unasked")
        blessed = run("qa", "mixed.manifest", "--bless", cwd=folder)
        check(f"blessed leg.csv VV: {vv + 1!r} -> {vv!r}" in blessed.out and blessed.out.count("blessed leg.csv") == 1, blessed.out)
        check(blessed.returncode == 1, "what has no value cannot be blessed")
        check(blessed.out.endswith(f"4 passed, {len(bad) - 1} failed, 1 blessed\n"), blessed.out)
        write(f"{folder}/tight.manifest", HEADING + bad[0] + "\n")
        told = json.loads(run("qa", "tight.manifest", "--bless", "--json", cwd=folder).out)
        check(told["failed"] == 0 and told["blessed"] == 1, f"--bless --json is JSON alone: {told}")
        check((told["rows"][0]["expected"], told["rows"][0]["value"], told["rows"][0]["blessed"]) == (vv + 1, vv, True), f"old and new: {told}")
        simulate(f"{folder}/both.csv", "side=both", protocol="sgp.occlusion")
        found = json.loads(run("analyze", "--json", "both.csv", cwd=folder).out)["tests"]
        channels = sorted({test["channel"] for test in found})
        write(f"{folder}/both.manifest", HEADING + "both.csv,,,SVC,1,1e9,,\n" + f"both.csv,,{channels[0]},SVC,1,1e9,,\n")
        both = run("qa", "both.manifest", cwd=folder)
        check("1 passed, 1 failed" in both.out and "FAIL both.csv SVC: several channels have this measure; name one" in both.out, both.out)
        after = read(f"{folder}/mixed.manifest").decode().splitlines()
        check(after[5] == f"leg.csv,,,VV,{vv!r},0.9999,,too tight", after[5])
        check(after[:5] == before.decode().splitlines()[:5] and after[6:] == before.decode().splitlines()[6:], "the other rows are as they were")
        for text, pattern in (("", "line 1: a column is missing"), (HEADING, "an empty table"), (HEADING + "leg.csv,,,VV,many,1,,\n", "line 2: many"),
                              (HEADING + "leg.csv,,,VV,1,-1,,\n", "line 2: another tolerance"), (HEADING + ",,,VV,1,1,,\n", "line 2: an empty cell"),
                              (HEADING + "leg.csv,,,VV,,1,,\n", "line 2: .*expected a number")):
            write(f"{folder}/odd.manifest", text)
            check_message(run("qa", "odd.manifest", cwd=folder), 2, pattern, repr(text))
        check_message(run("qa", "none.manifest", cwd=folder), 2, "none.manifest: cannot open", "no manifest")
        check_message(run("qa", "good.manifest", "--junit", "good.manifest", cwd=folder), 2, "this output is also an input", "over the manifest")
    finish()


main()
