# SPDX-License-Identifier: GPL-3.0-or-later
"""Waveforms as DCMTK's dcm2json reads them: names, units, rates and every sample.   usage: dicom_oracle.py MODEL-TOOL"""
import base64
import json
import pathlib
import shutil
import struct
import subprocess
import sys
import tempfile

import compose_dicom

if shutil.which("dcm2json") is None:
    print("SKIP: dcm2json (package dcmtk) is not installed")
    sys.exit(77)
CODES = {"SS": "h", "US": "H", "SL": "i", "SB": "b", "UB": "B"}
found, compared = [], 0


def first(item, tag):
    return item[tag]["Value"][0]


def channels(tree):
    """name -> (unit, rate, values) of every multiplex group."""
    for group in tree["54000100"]["Value"]:
        n, kind = first(group, "003A0005"), first(group, "54001006")
        data = base64.b64decode(group["54001010"]["InlineBinary"])
        raw = struct.unpack_from(f"<{first(group, '003A0010') * n}{CODES[kind]}", data)  # dcm2json gives little-endian
        for c, about in enumerate(group["003A0200"]["Value"]):
            scale = float(first(about, "003A0210")) * float(first(about, "003A0212"))
            values = [v * scale + float(first(about, "003A0213")) for v in raw[c::n]]
            yield first(about, "003A0203"), first(first(about, "003A0211"), "00080100"), float(first(group, "003A001A")), values


with tempfile.TemporaryDirectory() as folder:
    for name in ("explicit.dcm", "implicit.dcm", "big.dcm", "untold.dcm", "long.dcm", "two_groups.dcm", "skewed.dcm", "unsigned.dcm", "bytes.dcm"):
        path = pathlib.Path(folder) / name
        path.write_bytes(compose_dicom.GOOD[name])
        theirs = json.loads(subprocess.run(["dcm2json", path], capture_output=True, check=True).stdout)
        ours = json.loads(subprocess.run([sys.argv[1], path], capture_output=True, check=True).stdout)["channels"]
        for channel, (label, unit, rate_hz, values) in zip(ours, channels(theirs), strict=True):
            compared += len(values)
            same = len(values) == len(channel["x"]) and all(abs(a - b) <= 1e-9 * max(1, abs(a)) for a, b in zip(values, channel["x"]))
            if not same or (channel["name"], channel["unit"], channel["rate_hz"]) != (label, unit, rate_hz):
                found.append(f"{name}: {channel}\n  theirs {label} {unit} {rate_hz} {values}")
if found:
    sys.exit("\n".join(found))
print(compared, "samples as dcm2json has them")
