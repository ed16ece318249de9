# SPDX-License-Identifier: GPL-3.0-or-later
"""Doppler audio, one hour of stereo at 44.1 kHz in frames of 512 every 220 samples: the spectrogram against SciPy's in single precision and
against nothing but FFTW's transforms of as many frames; the whole analysis against decoding, digest and those transforms; peak memory for a
minute, an hour and a day (a file with holes). Files go to a temporary folder and are removed."""
import ctypes
import os
import pathlib
import struct
import subprocess
import sys
import tempfile
import time

import numpy as np
from scipy import signal

from race import race, ratio

RATE, LENGTH, HOP, HOUR_S, BATCH = 44100, 512, 220, 3600, 32
FRAMES = (HOUR_S * RATE - LENGTH) // HOP + 1
BLOCK = 1 << 14  # frames a call
PLETH = os.environ["PLETH"]
ROUNDS = int(sys.argv[1]) if len(sys.argv) > 1 else 3

dsp = ctypes.CDLL(os.environ["PLETH_LIBDSP"])
fftw = ctypes.CDLL("libfftw3f.so.3")
sndfile = ctypes.CDLL("libsndfile.so.1")
nettle = ctypes.CDLL("libnettle.so.8")
pointer, size = ctypes.c_void_p, ctypes.c_size_t
dsp.dsp_stft_new.argtypes = [ctypes.POINTER(pointer), size, size, ctypes.c_int, pointer]
dsp.dsp_stft_run.argtypes = [pointer, pointer, pointer, size, size]
dsp.dsp_stft_free.argtypes = [pointer]
fftw.fftwf_plan_many_dft.restype = fftw.fftwf_malloc.restype = pointer
fftw.fftwf_malloc.argtypes = [size]
fftw.fftwf_execute.argtypes = [pointer]
fftw.fftwf_plan_many_dft.argtypes = [ctypes.c_int, pointer, ctypes.c_int, pointer, pointer, ctypes.c_int, ctypes.c_int, pointer, pointer, ctypes.c_int,
                                     ctypes.c_int, ctypes.c_int, ctypes.c_uint]
sndfile.sf_open.restype = pointer
sndfile.sf_open.argtypes = [ctypes.c_char_p, ctypes.c_int, pointer]
sndfile.sf_readf_float.restype = ctypes.c_int64
sndfile.sf_readf_float.argtypes = [pointer, pointer, ctypes.c_int64]
sndfile.sf_close.argtypes = [pointer]
nettle.nettle_sha256_init.argtypes = [pointer]
nettle.nettle_sha256_update.argtypes = [pointer, size, pointer]


def make_minute(folder):
    """Two trials of a leaking vein, a minute at 44.1 kHz; the samples without their header of 44 bytes."""
    path = pathlib.Path(folder) / "minute.wav"
    rows = {"rate_hz": RATE, "trials": 2, "lead_s": 20, "cycle_s": 20, "kind": "iq", "clutter_db": 15}
    settings = [word for name, value in rows.items() for word in ("--set", f"sim.duplex.reflux.{name}={value}")]
    subprocess.run([PLETH, "simulate", "duplex.reflux", "-q", "-o", path, *settings], check=True)
    return path, path.read_bytes()[44:]


def make_long(folder, name, minute, minutes, every):
    """`minutes` of the minute; with `every` above 1, only each such minute is written and the others are holes. RF64 above 4 GiB."""
    path, side = pathlib.Path(folder) / (name + ".wav"), pathlib.Path(folder) / (name + ".pleth.json")
    data = len(minute) * minutes
    form = struct.pack("<4sIHHIIHH", b"fmt ", 16, 1, 2, RATE, 4 * RATE, 4, 16)
    if data < 1 << 32:
        head = struct.pack("<4sI4s", b"RIFF", 36 + data, b"WAVE") + form + struct.pack("<4sI", b"data", data)
    else:
        sizes = struct.pack("<4sIQQQI", b"ds64", 28, 72 + data, data, data // 4, 0)
        head = struct.pack("<4sI4s", b"RF64", 0xFFFFFFFF, b"WAVE") + sizes + form + struct.pack("<4sI", b"data", 0xFFFFFFFF)
    with open(path, "wb") as file:
        file.write(head)
        for i in range(0, minutes, every):
            file.seek(len(head) + i * len(minute))
            file.write(minute)
        file.truncate(len(head) + data)
    side.write_text('{"schema": "pleth-sidecar/1", "protocol": "duplex.reflux", "doppler": {"f0_hz": 5e6, "angle_deg": 60, "c_m_s": 1540, "stereo": "iq", '
                    '"antegrade_sign": 1, "vein": "GSV"}}')
    return path


# The kernel hands a parent's peak memory on to what it starts; a small process between the two has little to hand on.
MEASURE = ("import os,sys,time\nstart=time.perf_counter()\npid=os.fork()\nif pid==0: os.execv(sys.argv[1],sys.argv[1:])\n"
           "status,usage=os.wait4(pid,0)[1:]\nprint(os.waitstatus_to_exitcode(status),usage.ru_maxrss/1024,time.perf_counter()-start)")


def analyze(path, report):
    """Peak memory in MiB and seconds of `pleth analyze`, workers included."""
    command = [sys.executable, "-S", "-c", MEASURE, PLETH, "analyze", str(path), "-q", "-o", report]
    status, peak, seconds = subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout.split()
    assert int(status) == 0, f"pleth analyze {path}: status {int(status)}"
    return float(peak), float(seconds)


def spectrogram_race(pairs):
    power = np.empty((FRAMES, LENGTH), np.float32)
    stft = pointer()
    assert dsp.dsp_stft_new(ctypes.byref(stft), LENGTH, LENGTH, 0, None) == 0
    batch = fftw.fftwf_malloc(8 * LENGTH * BATCH)
    ctypes.memset(batch, 0, 8 * LENGTH * BATCH)
    n = ctypes.c_int(LENGTH)
    plan = fftw.fftwf_plan_many_dft(1, ctypes.byref(n), BATCH, batch, None, 1, LENGTH, batch, None, 1, LENGTH, -1, 1 << 6)

    def ours():
        for first in range(0, FRAMES, BLOCK):
            dsp.dsp_stft_run(stft, power[first:].ctypes.data, pairs[first * HOP:].ctypes.data, min(BLOCK, FRAMES - first), HOP)

    def bare():
        for _ in range((FRAMES + BATCH - 1) // BATCH):
            fftw.fftwf_execute(plan)

    def scipys():
        for channel in (0, 1):
            signal.spectrogram(pairs[:, channel], RATE, "hann", LENGTH, LENGTH - HOP, detrend=False)

    ours()
    z = pairs[:LENGTH + 99 * HOP, 0] + 1j * pairs[:LENGTH + 99 * HOP, 1]
    reference = signal.spectrogram(z, RATE, signal.get_window("hann", LENGTH), LENGTH, LENGTH - HOP, detrend=False, return_onesided=False)[2].T * RATE
    worst = np.max(np.abs(power[:100] - np.fft.fftshift(reference, axes=1))) / np.max(reference)
    print(f"outputs compared over 100 frames: largest difference {worst:.1e} of the largest power")
    assert worst < 1e-5
    median = race("spectrogram of one hour, two channels, 512 every 220",
                  {"pleth: dsp_stft_run": ours, "FFTW's transforms alone (packed pairs)": bare, "scipy.signal.spectrogram, float32": scipys}, ROUNDS)
    dsp.dsp_stft_free(stft)
    ratio("scipy / pleth", median["scipy.signal.spectrogram, float32"] / median["pleth: dsp_stft_run"], 8)
    ratio("pleth / transforms alone", median["pleth: dsp_stft_run"] / median["FFTW's transforms alone (packed pairs)"], 2, at_least=False)
    return bare


def decode(path):
    info, block = (ctypes.c_byte * 64)(), np.empty((1 << 16, 2), np.float32)
    file = sndfile.sf_open(str(path).encode(), 0x10, info)
    assert file
    while sndfile.sf_readf_float(file, block.ctypes.data, len(block)) > 0:
        pass
    sndfile.sf_close(file)


def digest(path):
    state = (ctypes.c_byte * 256)()
    nettle.nettle_sha256_init(state)
    with open(path, "rb", buffering=0) as file:
        while block := file.read(1 << 18):
            nettle.nettle_sha256_update(state, len(block), block)


def main():
    with tempfile.TemporaryDirectory() as folder:
        report = os.path.join(folder, "out.pleth.h5")
        path, minute = make_minute(folder)
        minutes = np.frombuffer(minute, np.int16).reshape(-1, 2).astype(np.float32) / 32768
        bare = spectrogram_race(np.tile(minutes, (60, 1)))
        hour = make_long(folder, "hour", minute, 60, 1)
        median = race("analysis of one hour", {"pleth analyze": lambda: analyze(hour, report)[1], "decode: libsndfile": lambda: decode(hour),
                                               "digest: nettle": lambda: digest(hour), "FFTW's transforms alone": bare}, ROUNDS)
        parts = median["decode: libsndfile"] + median["digest: nettle"] + median["FFTW's transforms alone"]
        ratio("pleth / (decode + digest + transforms)", median["pleth analyze"] / parts, 2, at_least=False)
        print("\npeak memory of pleth analyze, with its workers")
        used = {"1 min": analyze(path, report), "1 h": analyze(hour, report)}
        hour.unlink()
        used["24 h"] = analyze(make_long(folder, "day", minute, 24 * 60, 10), report)
        for name, (peak, seconds) in used.items():
            print(f"  {name:<6} {peak:8.1f} MiB   {seconds:8.2f} s")
        print(f"  -> a day above a minute: {used['24 h'][0] - used['1 min'][0]:.1f} MiB")


if __name__ == "__main__":
    main()
