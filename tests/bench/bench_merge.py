# SPDX-License-Identifier: GPL-3.0-or-later
"""`pleth merge` of a million generated rows from 16 shards: time, memory, and the tables read back with h5py."""
import hashlib
import os
import resource
import subprocess
import tempfile
import time

import h5py

PLETH = os.environ["PLETH"]
RECORDINGS, MEASURES, SHARDS = 62500, 16, 16
IDS = ["V0", "VV", "VV.observed", "VFT90", "VFI", "VFI.fit", "T50", "EV", "EF", "RV", "RVF", "TREFILL", "PUMP.e", "PUMP.I", "PUMP.capacity", "PUMP.sustained"]


def record(i):
    digest = hashlib.sha256(str(i).encode()).hexdigest()
    lines = [f"R\tdata/r{i:08}.csv\t{digest[:32]}\t{digest}\tanalysed\t\tcsv\t720.98\treports/data/r{i:08}.csv.pleth.h5\t133334\n"]
    lines += [f"M\tapg.stand\tpooled\tAPG L calf\tleft\tcalf\t{name}\t{100 + i * 1e-6 + k!r}\tmL\t{99 + i * 1e-6!r}\t{101 + i * 1e-6!r}\ttrue\tnormal\t"
              f"apg.classic\tapg.{name}.mean90\tshort_plateau\n" for k, name in enumerate(IDS)]
    text = "".join(lines).encode()
    return text + b"E\t" + hashlib.sha256(text).hexdigest()[:16].encode() + b"\n"


with tempfile.TemporaryDirectory() as folder:
    os.makedirs(f"{folder}/shards/.pleth-batch")
    with open(f"{folder}/shards/.pleth-batch/inputs", "w", encoding="ascii") as file:
        file.writelines(f"data/r{i:08}.csv\n" for i in range(RECORDINGS))
    for k in range(SHARDS):
        with open(f"{folder}/shards/.pleth-batch/log-{k:06}.tsv", "wb") as file:
            file.write(b"H\tanother machine\n")
            file.writelines(record(i) for i in range(k, RECORDINGS, SHARDS))
            file.write(b"S\n")
    began = time.perf_counter()
    done = subprocess.run([PLETH, "merge", f"{folder}/shards"], check=True, capture_output=True, text=True)
    took = time.perf_counter() - began
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    print(f"merge of {RECORDINGS * MEASURES} rows from {SHARDS} shards: {took:.1f} s, peak memory {peak:.0f} MiB; {done.stdout.strip()}")
    for name in ("summary.csv", "batch.h5"):
        print(f"  {name}: {os.path.getsize(f'{folder}/shards/{name}') / 1e6:.1f} MB")
    began = time.perf_counter()
    with h5py.File(f"{folder}/shards/batch.h5") as file:
        measures = file["measures"][:]
        assert len(measures) == RECORDINGS * MEASURES and measures["id"][-1] == b"PUMP.sustained" and measures["recording"][-1] == RECORDINGS - 1
        assert abs(measures["value"][MEASURES * 5 + 1] - (101 + 5e-6)) < 1e-12
    print(f"  read back in h5py: {time.perf_counter() - began:.2f} s")
