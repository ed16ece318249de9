# SPDX-License-Identifier: GPL-3.0-or-later
"""Shards under Slurm itself: one controller and two virtual nodes on this machine, an array of shards, one worker killed, one node lost; the merge
is complete and equal to a run alone. Needs root, slurm-wlm and munge: `./run slurm` installs them. usage: slurm.py PLETH"""
import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

SOURCE = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
PLETH = os.path.abspath(sys.argv[1])
FILES, ELEMENTS, PATIENCE_S = 1500, 4, 240
started = []


def say(*words):
    print(*words, flush=True)


def run(*words, **options):
    return subprocess.run(words, check=True, capture_output=True, text=True, **options).stdout


def daemon(*words):
    child = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    started.append(child)
    return child


def wait_for(what, condition):
    deadline = time.monotonic() + PATIENCE_S
    while not condition():
        if time.monotonic() > deadline:
            raise SystemExit(f"waited too long for {what}")
        time.sleep(0.2)


def start_munge(folder):
    """A key and a socket of our own."""
    os.makedirs(f"{folder}/munge", mode=0o755)
    with open(f"{folder}/munge/key", "wb") as file:
        file.write(os.urandom(128))
    os.chmod(f"{folder}/munge/key", 0o600)
    daemon("munged", "--foreground", "--force", f"--key-file={folder}/munge/key", f"--socket={folder}/munge/socket",
           f"--pid-file={folder}/munge/pid", f"--log-file={folder}/munge/log", f"--seed-file={folder}/munge/seed")
    wait_for("munge", lambda: os.path.exists(f"{folder}/munge/socket"))


def start_slurm(folder):
    host = socket.gethostname()
    for name in ("state", "spool-n1", "spool-n2"):
        os.makedirs(f"{folder}/{name}")
    with open(f"{folder}/slurm.conf", "w", encoding="ascii") as file:
        file.write(f"""ClusterName=test
SlurmctldHost={host}(127.0.0.1)
SlurmUser=root
AuthType=auth/munge
AuthInfo=socket={folder}/munge/socket
SlurmctldPort=26817
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd-%n.pid
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool-%n
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/slurmd-%n.log
ProctrackType=proctrack/pgid
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
SelectType=select/cons_tres
SchedulerParameters=sched_interval=5
MpiDefault=none
SwitchType=switch/none
ReturnToService=0
NodeName=n[1-2] NodeHostname={host} NodeAddr=127.0.0.1 Port=[26818-26819] CPUs=1 State=UNKNOWN
PartitionName=all Nodes=ALL Default=YES MaxTime=INFINITE State=UP
""")
    os.environ["SLURM_CONF"] = f"{folder}/slurm.conf"
    daemon("slurmctld", "-D", "-c")
    nodes = {name: daemon("slurmd", "-D", "-c", "-N", name) for name in ("n1", "n2")}
    wait_for("two idle nodes", lambda: subprocess.run(["sinfo", "-h", "-N", "-o", "%T"], capture_output=True, text=True, check=False).stdout.split() == ["idle"] * 2)
    return nodes


def recordings(folder):
    settings = [word for setting in ("rate_hz=10", "stand_s=90", "supine_s=20", "rest_s=20", "refill_s=40", "lie_s=20")
                for word in ("--set", f"sim.apg.stand.{setting}")]
    run(PLETH, "simulate", "apg.stand", "-o", f"{folder}/leg.csv", *settings)
    with open(f"{folder}/leg.csv", "rb") as file:
        leg = file.read()
    os.mkdir(f"{folder}/in")
    for i in range(FILES):
        with open(f"{folder}/in/leg{i:04}.csv", "wb") as file:
            file.write(leg + b"# %d\n" % i)
        shutil.copy(f"{folder}/leg.pleth.json", f"{folder}/in/leg{i:04}.pleth.json")


def shards():
    """Processes of shards: those whose command line has --shard auto."""
    found = {}
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{pid}/cmdline", "rb") as file:
                words = file.read().split(b"\0")
            with open(f"/proc/{pid}/status", encoding="ascii") as file:
                parent = int(next(line for line in file if line.startswith("PPid:")).split()[1])
        except (FileNotFoundError, ProcessLookupError):
            continue
        if words[0] == PLETH.encode() and b"--shard" in words:
            found[int(pid)] = parent
    return found


def workers(processes):
    return [pid for pid, parent in processes.items() if parent in processes]


def node_of(pid):
    with open(f"/proc/{pid}/environ", "rb") as file:
        return next((word.split(b"=")[1].decode() for word in file.read().split(b"\0") if word.startswith(b"SLURMD_NODENAME=")), "")


def lose_node(folder, node, name):
    """Its daemon and everything that it started end at once, as when the power goes."""
    node.kill()
    for pid in shards():
        try:
            if node_of(pid) == name:
                os.kill(pid, signal.SIGKILL)
        except (FileNotFoundError, ProcessLookupError):
            pass
    with open(f"{folder}/slurmctld.log", encoding="utf-8"):
        run("scontrol", "update", f"nodename={name}", "state=down", "reason=test")


def test(folder):
    recordings(folder)
    run(PLETH, "batch", "in", "-q", "-o", "alone", cwd=folder)
    start_munge(folder)
    nodes = start_slurm(folder)
    began = time.monotonic()
    run("sbatch", f"--array=1-{ELEMENTS}", "--output", f"{folder}/out-%a.txt", f"--export=ALL,PLETH={PLETH}",
        f"{SOURCE}/docs/cluster/pleth-array.sbatch", "in", "shared", "--lease", "5", cwd=folder)
    wait_for("shards on both nodes", lambda: {node_of(pid) for pid in shards()} >= {"n1", "n2"})
    wait_for("a worker", lambda: workers(shards()))
    os.kill(workers(shards())[0], signal.SIGKILL)
    say("one worker killed")
    time.sleep(0.5)
    lose_node(folder, nodes["n2"], "n2")
    say(f"node n2 lost after {time.monotonic() - began:.1f} s")
    wait_for("the others", lambda: "R" not in run("squeue", "-h", "-o", "%t").split() and not shards())
    merged = subprocess.run([PLETH, "merge", "shared"], cwd=folder, capture_output=True, text=True, check=False)
    say(merged.stdout.strip(), merged.stderr.strip(), f"[{time.monotonic() - began:.1f} s]")
    for element in range(1, ELEMENTS + 1):
        if os.path.exists(f"{folder}/out-{element}.txt"):
            with open(f"{folder}/out-{element}.txt", encoding="utf-8") as file:
                say(f"element {element}:", *file.read().splitlines()[-1:])
    # The file whose worker was killed is a row with that reason; a plain run does it again, and only it.
    again = subprocess.run([PLETH, "batch", "in", "-o", "shared"], cwd=folder, capture_output=True, text=True, check=False)
    say(again.stdout.splitlines()[0])
    for name in ("summary.csv", "batch.h5"):
        with open(f"{folder}/alone/{name}", "rb") as one, open(f"{folder}/shared/{name}", "rb") as other:
            if one.read() != other.read():
                raise SystemExit(f"{name} differs from that of a run alone")
    if merged.returncode != 0 or " 0 missing" not in merged.stdout:
        raise SystemExit("the merge is not complete")
    say("complete, and equal to a run alone")


def main():
    if os.geteuid() != 0 or not all(map(shutil.which, ("munged", "slurmctld", "slurmd"))) or pwd.getpwuid(0) is None:
        sys.exit("slurm.py needs root, slurm-wlm and munge (./run slurm)")
    with tempfile.TemporaryDirectory(prefix="pleth-slurm-") as folder:
        os.chmod(folder, 0o755)
        try:
            test(folder)
        finally:
            for child in reversed(started):
                child.kill()
                child.wait()


main()
