# SPDX-License-Identifier: GPL-3.0-or-later
"""Sound composed chunk by chunk: each width and kind of sample, each way in which a header's lengths are open or wrong, marks, FLAC."""
import struct

SUBTYPE = bytes.fromhex("0000000010008000 00aa00389b71".replace(" ", ""))
X = [0, 64, -128, 127]  # of 128


def chunk(name, body):
    return name + struct.pack("<I", len(body)) + body + b"\0" * (len(body) % 2)


def fmt(bits, kind=1, channels=1, rate=1000, valid=None):
    frame = channels * ((bits + 7) // 8)
    head = struct.pack("<HHIIHH", kind, channels, rate, rate * frame, frame, bits)
    return head if kind != 0xFFFE else head + struct.pack("<HHIH", 22, valid or bits, 0, 1) + SUBTYPE


def riff(*chunks, magic=b"RIFF", size=None):
    body = b"WAVE" + b"".join(chunks)
    return magic + struct.pack("<I", len(body) if size is None else size) + body


def pack(values, bits):
    if bits == 8:
        return bytes(128 + v for v in values)
    return b"".join((v << bits - 8).to_bytes(bits // 8, "little", signed=True) for v in values)


def wav(bits=16, values=X, data_size=None, riff_size=None, extra=b"", **options):
    data = pack(values, bits)
    stated = struct.pack("<I", len(data) if data_size is None else data_size)
    return riff(chunk(b"fmt ", fmt(bits, **options)), b"data" + stated + data + b"\0" * (len(data) % 2), extra, size=riff_size)


def floats(code, values):
    return riff(chunk(b"fmt ", fmt(8 * struct.calcsize(code), kind=3)), chunk(b"fact", struct.pack("<I", len(values))),
                chunk(b"data", struct.pack(f"<{len(values)}{code}", *values)))


def rf64(stated=8, ds64=True):
    data = pack(X, 16)
    lengths = chunk(b"ds64", struct.pack("<QQQI", stated + 72, stated, len(X), 0)) if ds64 else b""
    return riff(lengths, chunk(b"fmt ", fmt(16)), b"data" + struct.pack("<I", 0xFFFFFFFF) + data, magic=b"RF64", size=0xFFFFFFFF)


def rifx():
    """All of it highest byte first."""
    data = struct.pack(">4h", *(v << 8 for v in X))
    body = b"WAVEfmt " + struct.pack(">IHHIIHH", 16, 1, 1, 1000, 2000, 2, 16) + b"data" + struct.pack(">I", len(data)) + data
    return b"RIFX" + struct.pack(">I", len(body)) + body


def cue(number, at):
    return struct.pack("<II4sIII", number, at, b"data", 0, 0, at)


def label(number, text):
    return chunk(b"labl", struct.pack("<I", number) + text + b"\0")


MARKS = (chunk(b"cue ", struct.pack("<I", 2) + cue(7, 2) + cue(2, 1)) +
         chunk(b"LIST", b"adtl" + label(2, b"compress") + label(7, b"Valsalva?") + chunk(b"ltxt", struct.pack("<II4sII", 7, 1, b"rgn ", 0, 0))))


def crc(data, poly, bits):
    value = 0
    for byte in data:
        value ^= byte << bits - 8
        for _ in range(8):
            value = (value << 1 ^ (poly if value >> bits - 1 else 0)) & (1 << bits) - 1
    return value


def flac(left, right, total=None, rate=8000):
    """One frame of 16-bit samples as they are ("verbatim"), the sum of all unknown."""
    n = len(left)
    packed = rate << 44 | 1 << 41 | 15 << 36 | (n if total is None else total)
    info = struct.pack(">HH", 16 if n < 16 else n, n) + bytes(6) + packed.to_bytes(8, "big") + bytes(16)
    head = bytes([0xFF, 0xF8, 0x60, 1 << 4 | 4 << 1, 0, n - 1])  # block size in 8 bits behind, rate as in STREAMINFO, stereo, 16 bits
    frame = head + bytes([crc(head, 0x07, 8)])
    frame += b"".join(b"\x02" + struct.pack(f">{n}h", *side) for side in (left, right))
    return b"fLaC\x80\0\0\x22" + info + frame + struct.pack(">H", crc(frame, 0x8005, 16))


LEFT, RIGHT = [i * 1000 - 8000 for i in range(16)], [-i for i in range(16)]
WANTED = [v / 128 for v in X]
GOOD = {
    **{f"pcm{bits}.wav": wav(bits) for bits in (8, 16, 24, 32)}, "float32.wav": floats("f", WANTED), "float64.wav": floats("d", WANTED),
    "extensible.wav": wav(24, kind=0xFFFE), "twenty_of_24.wav": wav(24, kind=0xFFFE, valid=20), "stereo.wav": wav(16, [1, 2, 3, 4], channels=2),
    "odd_chunk.wav": riff(chunk(b"junk", b"abc"), chunk(b"fmt ", fmt(16)), chunk(b"LIST", b"INFOISFT\x03\0\0\0abc\0"), chunk(b"data", pack(X, 16))),
    "odd_data.wav": wav(24, [1]), "marks.wav": wav(16, extra=MARKS), "rf64.wav": rf64(), "slow.wav": wav(16, rate=4), "whole.flac": flac(LEFT, RIGHT),
    "not_finite.wav": floats("f", [0, float("nan"), float("inf"), .5]), "rifx.wav": rifx(),
}
EXPECT = {**{f"pcm{bits}.wav": {"channel 1": WANTED} for bits in (8, 16, 24, 32)}, "float32.wav": {"channel 1": WANTED}, "float64.wav": {"channel 1": WANTED},
          "extensible.wav": {"channel 1": WANTED}, "odd_chunk.wav": {"channel 1": WANTED}, "rf64.wav": {"channel 1": WANTED}, "rifx.wav": {"channel 1": WANTED},
          "not_finite.wav": {"channel 1": [0, None, None, .5]},
          "whole.flac": {"channel 1": [v / 32768 for v in LEFT], "channel 2": [v / 32768 for v in RIGHT]}}
IMPERFECT = {
    "streamed_zero.wav": (wav(16, data_size=0, riff_size=0), "audio_length_open"), "streamed_most.wav": (wav(16, data_size=0xFFFFFFFF, riff_size=0xFFFFFFFF), "audio_length_open"),
    "promised.wav": (wav(16, data_size=4000), "audio_truncated"), "rf64_promised.wav": (rf64(1 << 40), "audio_truncated"), "rf64_open.wav": (rf64(0), "audio_length_open"),
    "rf64_bare.wav": (rf64(ds64=False), "audio_length_open"),
}
EXPECT |= {name: {"channel 1": WANTED} for name in IMPERFECT}
REFUSED = {
    "no_rate.wav": (wav(16, rate=0), "sampling rate"), "huge_rate.wav": (riff(chunk(b"fmt ", struct.pack("<HHIIHH", 1, 1, 0xFFFFFFFF, 0, 2, 16)), chunk(b"data", bytes(8))), "samples a second"),
    "many.wav": (riff(chunk(b"fmt ", struct.pack("<HHIIHH", 1, 1025, 8000, 0, 2050, 16)), chunk(b"data", bytes(4100))), "1025 channels"),
    "no_channel.wav": (riff(chunk(b"fmt ", struct.pack("<HHIIHH", 1, 0, 8000, 0, 0, 16)), chunk(b"data", bytes(8))), "channel"),
    "alaw.wav": (riff(chunk(b"fmt ", fmt(8, kind=6)), chunk(b"data", bytes(8))), "A-law"), "mp3.wav": (riff(chunk(b"fmt ", fmt(16, kind=0x55)), chunk(b"data", bytes(8))), "MP3"),
    "no_format.wav": (riff(chunk(b"data", bytes(8))), "format chunk"), "no_data.wav": (riff(chunk(b"fmt ", fmt(16))), "data chunk"),
    "part_of_a_frame.wav": (riff(chunk(b"fmt ", fmt(16, channels=2)), chunk(b"data", b"\1\0\2")), "whole frame"),
    "sound.aiff": (b"FORM\0\0\0\x20AIFFCOMM" + bytes(40), "AIFF"), "sound.au": (b".snd\0\0\0\x18" + bytes(40), ".au"), "garbage.gsm": (bytes(range(1, 200)) , "no known format"),
    "header.flac": (b"fLaC\0\0\0\x22", "FLAC"), "cut.flac": (flac(LEFT, RIGHT)[:50], "samples that can be decoded"),
}
