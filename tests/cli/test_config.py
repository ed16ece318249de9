# SPDX-License-Identifier: GPL-3.0-or-later
"""Configuration in layers: system, user, project, command line; what is wrong in a file is said with the file's name."""
import json
import os

from support import check, check_message, finish, run, simulate, workplace, write


def config(path, options=None, parameters=None):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    return write(path, json.dumps({"schema": "pleth-config/1", "options": options or {}, "parameters": parameters or {}}))


def main():
    with workplace() as folder:
        simulate(f"{folder}/leg.csv", "stand_s=120")
        os.mkdir(f"{folder}/project")
        layers = {"XDG_CONFIG_DIRS": f"{folder}/system:/nowhere", "XDG_CONFIG_HOME": f"{folder}/user"}
        system = config(f"{folder}/system/pleth/config.json", {"jobs": 2, "timeout": 11, "strict": False}, {"apg.stand.plateau_s": 21, "sim.apg.stand.vv_ml": 77})
        user = config(f"{folder}/user/pleth/config.json", {"timeout": 12, "max-memory": 2000}, {"apg.stand.plateau_s": 22, "apg.stand.plateau_tolerance": 0.03})
        config(f"{folder}/project/pleth.json", {"max-memory": 3000}, {"apg.stand.plateau_s": 23})

        def pleth(*words, **options):
            return run(*words, cwd=f"{folder}/project", env=layers, **options)

        shown = json.loads(pleth("config", "show", "--json", "--timeout", 13).out)
        check(shown["schema"] == "pleth-config-show/1", str(shown)[:200])
        values = {row["name"]: (row["value"], row["from"]) for row in shown["values"]}
        for name, value, origin in (("jobs", "2", system), ("timeout", "13", "command line"), ("max-memory", "3000", "pleth.json"),
                                    ("apg.stand.plateau_s", 23, "pleth.json"), ("sim.apg.stand.vv_ml", 77, system),
                                    ("apg.stand.plateau_tolerance", 0.03, user), ("guideline", "the protocol's own", "default"),
                                    ("progress", "auto", "default"), ("strict", "false", "default"), ("quiet", "false", "default")):
            check(values.get(name) == (value, origin), f"{name}: {values.get(name)}, expected {value} from {origin}")
        check(all(value not in ("", None) for value, _ in values.values()), f"each has a value that holds: {values}")
        pleth("config", "show", "--json=shown.json", "--timeout", 13)
        with open(f"{folder}/project/shown.json", encoding="utf-8") as file:
            check(json.load(file) == shown, "--json=FILE")
        check("command line" in pleth("config", "show", "--set", "apg.stand.plateau_s=9").out, "text")
        done = pleth("analyze", "../leg.csv", "--json", "-o", "out.h5")
        check(done.returncode == 0, done.err)
        parameters = json.loads(done.out)["provenance"]["parameters"]
        check(parameters["apg.stand.plateau_s"] == 23 and parameters["apg.stand.plateau_tolerance"] == 0.03, "a report has the values that it was made with")
        done = pleth("analyze", "../leg.csv", "--json", "-o", "out.h5", "--set", "apg.stand.plateau_s=24")
        check(json.loads(done.out)["provenance"]["parameters"]["apg.stand.plateau_s"] == 24, "the command line wins")
        check(pleth("simulate", "apg.stand", "-o", "x.csv").returncode == 0, "a simulator takes its own, and is not asked for the others")
        for text, pattern in (
                ("{", r"line \d+, column \d+: "), ("[]", r"\$"), ("{}", r"\$\.schema: none; expected \"pleth-config/1\""),
                ('{"schema": "pleth-config/1", "opt": {}}', r"\$\.opt: unknown key"),
                ('{"schema": "pleth-config/1", "options": {"jobs": 1, "jobs": 2}}', "duplicate"),
                ('{"schema": "pleth-config/1", "options": {"output": "x"}}', r"\$\.options\.output: not one of them"),
                ('{"schema": "pleth-config/1", "options": {"jobs": "many"}}', r"\$\.options\.jobs: many; expected a whole number"),
                ('{"schema": "pleth-config/1", "options": {"quiet": 1}}', r"\$\.options\.quiet: 1; expected true or false"),
                ('{"schema": "pleth-config/1", "options": {"jobs": []}}', r"\$\.options\.jobs: another type"),
                ('{"schema": "pleth-config/1", "parameters": {"no.such": 1}}', r"unknown parameter \"no\.such\""),
                ('{"schema": "pleth-config/1", "parameters": {"apg.stand.plateau_s": "soon"}}', r"soon")):
            write(f"{folder}/project/pleth.json", text)
            check_message(pleth("analyze", "../leg.csv", "-o", "out.h5"), 2, r"^pleth analyze: pleth\.json: .*" + pattern, text)
        check(pleth("--version").returncode == 0 and pleth("analyze", "-h").returncode == 0, "help and version need no configuration")
        check_message(pleth("config", "shw"), 2, "did you mean show", "a slip")
    finish()


main()
