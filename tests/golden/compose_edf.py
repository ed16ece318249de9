# SPDX-License-Identifier: GPL-3.0-or-later
"""EDF and BDF files made field by field from the format's description, whole and with each fault that recorders really make."""
import struct


def head(*, version=b"0       ", patient="X X X X", recording="Startdate 02-MAR-2024 X X ELCAT", date="02.03.24", clock="10.00.00",
         size=None, kind="EDF+C", records=3, duration="1", signals=()):
    """`signals`: (label, unit, physical min and max, digital min and max, samples a record), texts as they shall stand in the header."""
    n = len(signals)
    size = 256 * (n + 1) if size is None else size
    put = lambda text, width: (text if isinstance(text, bytes) else str(text).encode("utf-8")).ljust(width)[:width]
    out = version + put(patient, 80) + put(recording, 80) + put(date, 8) + put(clock, 8) + put(size, 8) + put(kind, 44) + put(records, 8)
    out += put(duration, 8) + put(n, 4)
    for column, width in ((0, 16), (None, 80), (1, 8), (2, 8), (3, 8), (4, 8), (5, 8), (None, 80), (6, 8), (None, 32)):
        out += b"".join(put("" if column is None else s[column], width) for s in signals)
    return out


def tal(onset, *texts, duration=None):
    return onset.encode() + (b"\x15" + duration.encode() if duration else b"") + b"\x14" + b"".join(t.encode() + b"\x14" for t in texts) + b"\0"


def i16(values):
    return struct.pack(f"<{len(values)}h", *values)


def i24(values):
    return b"".join(struct.pack("<i", v)[:3] for v in values)


VOLUME = ("APG L calf", "mL", "-50", "200", "-32768", "32767", 4)
CUFF = ("Cuff", "mmHg", "0", "300", "0", "3000", 2)
NOTES = ("EDF Annotations", "", "-1", "1", "-32768", "32767", 24)
VOLUMES = [[-32768, 0, 1, 32767], [2, 3, 4, 5], [-1, -2, -3, -4]]
CUFFS = [[0, 60], [61, 62], [63, 3000]]
LISTS = [tal("+0", "") + tal("+0.5", "supine"), tal("+1", "") + tal("+1.5", "toe-raise 1", "standing", duration="2"), tal("+2", "")]


def records(lists, volumes=VOLUMES, cuffs=CUFFS, pack=i16, width=2):
    return b"".join(pack(v) + pack(c) + notes.ljust(24 * width, b"\0") for v, c, notes in zip(volumes, cuffs, lists))


def edf(lists=LISTS, volume=VOLUME, **changes):
    return head(**{"signals": (volume, CUFF, NOTES), **changes}) + records(lists)


def plain(**changes):
    return head(**{"kind": "", "signals": (VOLUME, CUFF), **changes}) + b"".join(i16(v) + i16(c) for v, c in zip(VOLUMES, CUFFS))


def bdf():
    signals = (("Calf", "mL", "-50", "200", "-8388608", "8388607", 2), ("BDF Annotations", "", "-1", "1", "-8388608", "8388607", 10))
    data = i24([-8388608, 8388607]) + (tal("+0", "") + tal("+0.25", "stand")).ljust(30, b"\0") + i24([-1, 65536]) + tal("+1", "").ljust(30, b"\0")
    return head(version=b"\xffBIOSEMI", kind="BDF+C", records=2, signals=signals) + data


def volume(**changes):
    names = ("label", "unit", "low", "high", "digital_low", "digital_high", "n")
    return tuple(changes.get(name, VOLUME[i]) for i, name in enumerate(names))


GAP = [tal("+0.25", ""), tal("+1.25", "") + tal("+1.5", "note"), tal("+300.25", "")]

# name: bytes
GOOD = {
    "plain.edf": plain(), "contiguous.edf": edf(), "discontinuous.edf": edf(GAP, kind="EDF+D"), "bdf_plus.bdf": bdf(),
    "inverted.edf": edf(volume=volume(low="200", high="-50")),
    "slow.edf": edf(duration="60", lists=[tal("+0", ""), tal("+60", ""), tal("+120", "")]),
    "years_1985.edf": edf(date="31.12.85"),
    "names_patient.edf": edf(patient="MCH-0234567 F 02-MAY-1951 Haagse_Harry"),
}
# name: (bytes, code of the warning)
IMPERFECT = {
    "recording.edf": (edf(records=-1), "header_irregular"),
    "micro.edf": (edf(volume=volume(unit=b"\xb5V")), "header_irregular"),
    "short.edf": (edf()[:-50], "file_truncated"),
    "cut_in_record.edf": (plain()[:-3], "file_truncated"),
    "behind.edf": (edf() + b"junk", "header_irregular"),
    "header_size.edf": (edf(size=512), "header_irregular"),
    "comma.edf": (edf(volume=volume(low="-50,0")), None),
    "flat_limits.edf": (edf(volume=volume(low="0", high="0")), "header_irregular"),
    "flat_digital.edf": (edf(volume=volume(digital_low="7", digital_high="7")), "header_irregular"),
    "no_limits.edf": (edf(volume=volume(low="", high="")), "header_irregular"),
    "twice.edf": (edf(volume=volume(label="Cuff")), "duplicate_column"),
    "unmarked_notes.edf": (edf(kind=""), "header_irregular"),
    "broken_notes.edf": (edf([LISTS[0], tal("+1", "") + b"5 no sign\x14\0", LISTS[2]]), "header_irregular"),
    "contiguous_with_gap.edf": (edf(GAP), "gap"),
    "overlap.edf": (edf([LISTS[0], tal("+0.5", ""), LISTS[2]]), "header_irregular"),
    "no_time.edf": (edf([b"", b"", b""]), None),
    "empty_signal.edf": (head(signals=(VOLUME, CUFF, NOTES, ("none", "", "0", "1", "0", "1", 0))) + records(LISTS), "column_dropped"),
    "unknown_unit.edf": (edf(volume=volume(unit="furlong")), "unit_unrecognized"),
}
# name: (bytes, what the message must hold)
REFUSED = {
    "no_signals.edf": (head(signals=()), "byte 252"),
    "many_signals.edf": (head(signals=(VOLUME,))[:252] + b"9999" + bytes(600), "4096"),
    "header_cut.edf": (edf()[:700], "header"),
    "no_data.edf": (edf()[:1024], "without data"),
    "no_duration.edf": (edf(duration="0"), "byte 244"),
    "bad_duration.edf": (edf(duration="1 s"), "byte 244"),
    "bad_count.edf": (edf(volume=volume(n="-4")), "byte 904"),
    "huge_count.edf": (edf(volume=volume(n="99999999")), "whole"),
    "notes_alone.edf": (head(signals=(NOTES,)) + tal("+0", "").ljust(48, b"\0") * 3, "annotations alone"),
    "no_record_time.edf": (edf([LISTS[0], b"", LISTS[2]], kind="EDF+D"), "record 2"),
    "backwards.edf": (edf([LISTS[0], tal("+5", ""), tal("+3", "")], kind="EDF+D"), "record 3"),
    "short.bdf": (b"\xffBIOSEMI" + b" " * 100, "256"),
}
