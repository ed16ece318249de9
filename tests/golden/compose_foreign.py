# SPDX-License-Identifier: GPL-3.0-or-later
"""Beginnings of files that are not read, and what to do instead."""
GOOD, IMPERFECT = {}, {}
BINARY = bytes(range(256)) * 4
REFUSED = {
    "leg.adicht": (BINARY, "LabChart"), "leg.smr": (b"\x09\0(C) CED 87" + BINARY, "Spike2"), "leg.smrx": (b"S64" + BINARY, "Spike2"),
    "flow.mp3": (b"ID3\x04\0" + BINARY, "WAV"), "frames.mp3": (b"\xff\xfb\x90\0" + BINARY, "WAV"), "flow.aac": (b"\xff\xf1\x50" + BINARY, "WAV"),
    "flow.m4a": (b"\0\0\0\x20ftypM4A " + BINARY, "WAV"), "flow.ogg": (b"OggS\0\x02" + BINARY, "WAV"), "report.pdf": (b"%PDF-1.4\n1 2 3\n", "printed report"),
    "leg.xlsx": (b"PK\3\4" + BINARY, "CSV"), "leg.zip": (b"PK\3\4" + BINARY, "archive"), "leg.xls": (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + BINARY, "CSV"),
    "screen.jpg": (b"\xff\xd8\xff\xe0" + BINARY, "CSV"), "nirs.snirf": (b"\x89HDF\r\n\x1a\n" + BINARY, "SNIRF"),
    "user_block.h5": (bytes(512) + b"\x89HDF\r\n\x1a\n" + BINARY, "HDF5"), "other.h5": (b"\x89HDF\r\n\x1a\n\2\x08\x08\0pleth-report/1" + BINARY, "HDF5"),
    "nothing.bin": (b"\0\1\2\3" * 50, "no known format"),
}
