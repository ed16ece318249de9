#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every protocol in the program's own words and on its own simulated recording: described as a technologist performs it, a valid report,
a picture whose units are whole, the low-inflow caution on filling and refill, and no diagnosis that a volume trace cannot make."""
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as xml

PLETH = os.environ["PLETH"]
LISTS = ("readers", "protocols", "measures", "guidelines", "parameters", "flags")
# What times or rates filling: low inflow makes all of it look better.
FILLING = {"apg.stand": "VFT90 VFI VFI.fit T50 TREFILL", "apg.tilt": "VFT90 VFI", "ppg.refill": "TO TH TI FO FO.integral", "sgp.refill": "VRT T90 T50",
           "sgp.stand": "VRT T90 T50"}
CAUTIONS = {"low_inflow_possible", "inflow_unknown"}


def pleth(*args):
    return subprocess.run([PLETH, *args], check=True, capture_output=True, text=True).stdout


def words(problems):
    """No text names a diagnosis; what suggests an obstruction says what decides."""
    man = pathlib.Path(os.environ["PLETH_BUILD"]) / "cli" / "pleth.1"
    texts = {f"list {what}": pleth("list", what, "--json") for what in LISTS} | {"man page": man.read_text()}
    texts |= {str(p): p.read_text() for p in pathlib.Path(os.environ["PLETH_SOURCE"]).glob("**/*.md") if "build" not in p.parts[-2]}
    for name, text in texts.items():
        problems += [f"{name}: names a diagnosis: ...{m.group(0)}..." for m in re.finditer(r".{0,30}(\bDVT\b|thrombos|phlebothromb).{0,30}", text, re.I)]
        for m in re.finditer(r"suggests [^.;\"]*obstruction[^.\"]*", text):
            if "compression ultrasound decides" not in m.group(0):
                problems.append(f"{name}: {m.group(0)}")
    if "suggests outflow obstruction; compression ultrasound decides" not in texts["list flags"]:
        problems.append("no flag suggests an outflow obstruction")
    return texts["man page"]


def described(problems, protocol, man):
    """Posture, numbered steps and side-car, the same in the man page."""
    steps = re.findall(r"(?:^|\. )([1-9])\. ", protocol["steps"])
    if len(steps) < 3 or steps != [str(i + 1) for i in range(len(steps))]:
        problems.append(f"{protocol['id']}: steps {steps}")
    for key, at_least in (("posture", r"(?i)stand|supine|sitting|lying"), ("sidecar", r"(?i)role"), ("needs", "channel")):
        if not re.search(at_least, protocol[key]):
            problems.append(f"{protocol['id']}: {key}: {protocol[key]}")
        plain = re.sub(r"\s+", " ", man.replace("\\-", "-").replace("\\", ""))
        if re.sub(r"\s+", " ", protocol[key]) not in plain:
            problems.append(f"{protocol['id']}: the man page has not its {key}")


def performed(problems, identity, folder):
    """Simulate, analyse, check, draw."""
    names = [pathlib.Path(folder) / f"{identity}{end}" for end in (".wav" if identity == "duplex.reflux" else ".csv", ".h5", ".svg")]
    pleth("simulate", identity, "-q", "-o", names[0], "--seed", "4")
    report = json.loads(pleth("analyze", names[0], "-o", names[1], "--json"))
    pleth("check", names[1])
    pleth("report", names[1], "--to", "svg", "-o", names[2])
    test = report["tests"][0]
    values = {m["id"]: m for m in test["measures"]}
    if not any(m["valid"] for m in values.values()) or not test["landmarks"]:
        problems.append(f"{identity}: no value, or no landmark")
    for name in FILLING.get(identity, "").split():
        if values[name]["valid"] and not CAUTIONS & set(values[name]["flags"] + test["quality"]["flags"]):
            problems.append(f"{identity}: {name} without a low-inflow caution: {values[name]['flags']}")
    drawn = [e.text or "" for e in xml.fromstring(names[2].read_text()).iter()]
    problems += [f"{identity}: cut in the picture: {t}" for t in drawn if t.endswith("\u2026")]
    problems += [f"{identity}: not drawn: {name}" for name in values if name not in drawn]
    problems += [f"{identity}: a unit as machines write it: {t}" for t in drawn if "mm[Hg]" in t or "(100.mL)" in t]


def main():
    problems = []
    man = words(problems)
    protocols = json.loads(pleth("list", "protocols", "--json"))["protocols"]
    with tempfile.TemporaryDirectory() as folder:
        for protocol in protocols:
            described(problems, protocol, man)
            performed(problems, protocol["id"], folder)
    print("\n".join(problems) or f"{len(protocols)} protocols")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
