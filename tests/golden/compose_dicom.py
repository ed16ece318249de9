# SPDX-License-Identifier: GPL-3.0-or-later
"""DICOM files made element by element, in each encoding: waveforms, sound, calibrated regions, and faults."""
import struct

IMPLICIT, LITTLE, BIG, JPEG, DEFLATED = "1.2.840.10008.1.2", "1.2.840.10008.1.2.1", "1.2.840.10008.1.2.2", "1.2.840.10008.1.2.4.50", "1.2.840.10008.1.2.1.99"
PULSE, AUDIO, ULTRASOUND = "1.2.840.10008.5.1.4.1.1.9.5.1", "1.2.840.10008.5.1.4.1.1.9.4.2", "1.2.840.10008.5.1.4.1.1.6.1"
LONG = ("OB", "OW", "SQ", "UN", "UT")
UNTOLD = 0xFFFFFFFF


class Syntax:
    def __init__(self, uid):
        self.uid, self.explicit, self.order = uid, uid != IMPLICIT, ">" if uid == BIG else "<"

    def element(self, tag, vr, value, length=None):
        body = self.value(vr, value)
        n = len(body) if length is None else length
        out = struct.pack(self.order + "2H", tag >> 16, tag & 0xFFFF)
        if not self.explicit:
            return out + struct.pack("<I", n) + body
        if vr in LONG:
            return out + vr.encode() + b"\0\0" + struct.pack(self.order + "I", n) + body
        return out + vr.encode() + struct.pack(self.order + "H", n) + body

    def value(self, vr, value):
        codes = {"US": "H", "SS": "h", "UL": "I", "SL": "i", "FD": "d", "FL": "f"}
        if vr in codes:
            values = value if isinstance(value, (list, tuple)) else [value]
            return struct.pack(self.order + str(len(values)) + codes[vr], *values)
        body = value if isinstance(value, bytes) else str(value).encode("latin-1")
        return body + (b"\0" if vr in ("UI", "OB", "OW", "SQ") else b" ") * (len(body) % 2)

    def item(self, *elements, told=True):
        body = b"".join(elements)
        end = b"" if told else struct.pack(self.order + "2HI", 0xFFFE, 0xE00D, 0)
        return struct.pack(self.order + "2HI", 0xFFFE, 0xE000, len(body) if told else UNTOLD) + body + end

    def sequence(self, tag, *items, told=True):
        body = b"".join(items)
        if told:
            return self.element(tag, "SQ", body)
        return self.element(tag, "SQ", body + struct.pack(self.order + "2HI", 0xFFFE, 0xE0DD, 0), UNTOLD)


def dicom(s, *elements):
    meta = Syntax(LITTLE).element(0x00020010, "UI", s.uid)
    return bytes(128) + b"DICM" + Syntax(LITTLE).element(0x00020000, "UL", len(meta)) + meta + b"".join(elements)


def person(s):
    return s.element(0x00080070, "LO", "Maker") + s.element(0x00081090, "LO", "Volumeter") + s.element(0x00100010, "PN", "Doe^Jane") + s.element(0x00100020, "LO", "4711")


def definition(s, label, unit, sensitivity="0.5", baseline="10", told=True, skew="0"):
    return s.item(s.element(0x003A0203, "SH", label), s.element(0x003A0210, "DS", sensitivity),
                  s.sequence(0x003A0211, s.item(s.element(0x00080100, "SH", unit)), told=told), s.element(0x003A0212, "DS", "2"),
                  s.element(0x003A0213, "DS", baseline), s.element(0x003A0214, "DS", skew), told=told)


def group(s, samples, *, kind="SS", bits=16, definitions=None, rate="50", n=None, channels=2, padding=None, data=None, offset=None, told=True):
    codes = {"SS": "h", "US": "H", "SL": "i", "UL": "I", "SB": "b", "UB": "B", "MB": "B", "AB": "B"}
    raw = struct.pack(s.order + str(len(samples)) + codes[kind], *samples) if data is None else data
    defs = definitions or [definition(s, "calf", "mL", told=told), definition(s, "cuff", "mm[Hg]", "1", "0", told=told)][:channels]
    parts = [s.element(0x00181068, "DS", offset)] if offset else []
    parts += [s.element(0x003A0005, "US", channels), s.element(0x003A0010, "UL", len(samples) // max(1, channels) if n is None else n),
              s.element(0x003A001A, "DS", rate), s.sequence(0x003A0200, *defs, told=told), s.element(0x54001004, "US", bits),
              s.element(0x54001006, "CS", kind)]
    if padding is not None:
        parts.append(s.element(0x5400100A, "OW", struct.pack(s.order + codes[kind], padding)))
    return s.item(*parts, s.element(0x54001010, "OW", raw), told=told)


def waveform(uid=LITTLE, *groups, told=True, sop=PULSE, **options):
    s = Syntax(uid)
    made = [g(s) for g in groups] or [group(s, SAMPLES, told=told, **options)]
    return dicom(s, s.element(0x00080016, "UI", sop), s.element(0x0008002A, "DT", "20240302100000.5"), person(s), s.sequence(0x54000100, *made, told=told))


SAMPLES = [1, 100, 2, 200, -3, -300]
CALF, CUFF = [11, 12, 7], [200, 400, -600]


def region(s, spatial, content, box, reference, delta, units):
    out = [s.element(0x00186012, "US", spatial), s.element(0x00186014, "US", content)]
    out += [s.element(0x00186018 + 2 * i, "UL", v) for i, v in enumerate(box)]
    out += [s.element(0x00186020 + 2 * i, "SL", v) for i, v in enumerate(reference)]
    out += [s.element(0x00186024 + 2 * i, "US", v) for i, v in enumerate(units)] + [s.element(0x0018602C + 2 * i, "FD", v) for i, v in enumerate(delta)]
    return s.item(*out)


def ultrasound(uid=LITTLE, *, box=(64, 268, 706, 506), reference=(642, 162), pixels=b"\0" * 16):
    s = Syntax(uid)
    fragments = s.element(0x7FE00010, "OB", s.item(b"\xff\xd8\xff\xd9") + struct.pack("<2HI", 0xFFFE, 0xE0DD, 0), UNTOLD)
    return dicom(s, s.element(0x00080016, "UI", ULTRASOUND), s.sequence(0x00186011, region(s, 3, 3, box, reference, (0.005, -0.3), (4, 7))),
                 s.element(0x00280010, "US", 576), s.element(0x00280011, "US", 768), fragments if uid == JPEG else s.element(0x7FE00010, "OW", pixels))


def curve(uid=LITTLE, *, n=3, fmt=0, stereo=1):
    s = Syntax(uid)
    data = struct.pack(s.order + "6h", 0, 16384, -16384, 32767, -32768, 1) if fmt == 0 else bytes([0, 128, 255, 64, 128, 192])
    return dicom(s, s.element(0x00080016, "UI", ULTRASOUND), s.element(0x50002000, "US", 1), s.element(0x50002002, "US", fmt),
                 s.element(0x50002004, "US", stereo), s.element(0x50002006, "UL", n), s.element(0x50002008, "UL", 8000), s.element(0x5000200C, "OW", data))


def nested(depth):
    s = Syntax(LITTLE)
    body = s.element(0x00080100, "SH", "x")
    for _ in range(depth):
        body = s.sequence(0x54000100, s.item(body))
    return dicom(s, body)


GOOD = {
    "explicit.dcm": waveform(), "implicit.dcm": waveform(IMPLICIT), "big.dcm": waveform(BIG), "untold.dcm": waveform(told=False), "dated.dcm": waveform(),
    "bytes.dcm": waveform(kind="SB", bits=8, data=struct.pack("6b", 1, 100, 2, 110, -3, -100)), "unsigned.dcm": waveform(kind="UB", bits=8, data=bytes([1, 100, 2, 200, 3, 255])),
    "long.dcm": waveform(kind="SL", bits=32), "padded.dcm": waveform(padding=100), "skewed.dcm": waveform(LITTLE, lambda s: group(s, SAMPLES, offset="1000", definitions=[
        definition(s, "calf", "mL"), definition(s, "cuff", "mm[Hg]", "1", "0", skew="0.25")])),
    "two_groups.dcm": waveform(LITTLE, lambda s: group(s, SAMPLES), lambda s: group(s, [5, 6, 7, 8], channels=1, rate="100", definitions=[definition(s, "ECG", "mV")])),
}
OPTIONS = {"dated.dcm": ("-k",)}
EXPECT = {name: {"calf": CALF, "cuff": CUFF} for name in ("explicit.dcm", "implicit.dcm", "big.dcm", "untold.dcm", "dated.dcm", "long.dcm", "skewed.dcm")}
EXPECT |= {"bytes.dcm": {"calf": CALF, "cuff": [200, 220, -200]}, "unsigned.dcm": {"calf": [11, 12, 13], "cuff": [200, 400, 510]},
           "sound.dcm": {"calf": [1 / 32768, 2 / 32768, -3 / 32768]}, "curve.dcm": {"left": [0, -.5, -1], "right": [.5, 32767 / 32768, 1 / 32768]},
           "curve_bytes.dcm": {"left": [-1, 127 / 128, 0], "right": [0, -.5, .5]}, "padded.dcm": {"calf": CALF, "cuff": [None, 400, -600]}, "two_groups.dcm": {"ECG": [15, 16, 17, 18]}}
IMPERFECT = {
    "sound.dcm": (waveform(sop=AUDIO, kind="SS"), "identifiers_dropped"), "mu_law.dcm": (waveform(sop=AUDIO, kind="MB", bits=8, data=bytes([0xFF, 0, 0x80, 0x7F, 0xF0, 0x0F])), "identifiers_dropped"),
    "curve.dcm": (curve(), None), "curve_bytes.dcm": (curve(fmt=1), None), "regions.dcm": (ultrasound(), "image_region"), "regions_big.dcm": (ultrasound(BIG), "image_region"),
    "regions_jpeg.dcm": (ultrasound(JPEG), "image_region"), "outside.dcm": (ultrasound(box=(0, 0, 768, 506)), "image_region_outside"),
    "reference.dcm": (ultrasound(reference=(-176, -522)), "image_reference_outside"), "cut_picture.dcm": (ultrasound()[:-8], "file_truncated"),
    "unit.dcm": (waveform(LITTLE, lambda s: group(s, SAMPLES, definitions=[definition(s, "calf", "furlong"), definition(s, "cuff", "mm[Hg]")])), "unit_unrecognized"),
}
REFUSED = {
    "deflated.dcm": (dicom(Syntax(DEFLATED)), "deflated"), "meta_cut.dcm": (waveform()[:160], "meta"), "nothing.dcm": (dicom(Syntax(LITTLE)), "waveform"),
    "other.dcm": (dicom(Syntax(LITTLE), Syntax(LITTLE).element(0x00080016, "UI", "1.2.3")), "1.2.3"), "unknown_syntax.dcm": (dicom(Syntax("1.2.3.4")), "transfer syntax"),
    "few_bytes.dcm": (waveform(n=1000), "fewer bytes"), "no_rate.dcm": (waveform(rate="0"), "sampling frequency"), "many_channels.dcm": (waveform(channels=60000, n=1), "channels"),
    "no_channels.dcm": (waveform(channels=0, n=1), "channels"), "other_kind.dcm": (waveform(bits=24), "kind"), "deep.dcm": (nested(40), "nesting"),
    "long_item.dcm": (dicom(Syntax(LITTLE), Syntax(LITTLE).sequence(0x54000100, struct.pack("<2HI", 0xFFFE, 0xE000, 900) + bytes(8))), "item"),
    "head_beyond.dcm": (dicom(Syntax(LITTLE), Syntax(LITTLE).sequence(0x54000100, struct.pack("<2HI", 0xFFFE, 0xE000, 6) + struct.pack("<2H", 0x003A, 0x001A) + b"DS" + struct.pack("<H", 20000))), "within its item"),
    "cut.dcm": (waveform()[:-40], "cut short"), "curve_cut.dcm": (curve(n=4), "as stated"), "no_vr.dcm": (dicom(Syntax(LITTLE), b"\x08\0\x16\0\x04\0\0\0abcd"), "kind"),
    "beyond.dcm": (waveform(LITTLE, lambda s: group(s, SAMPLES, definitions=[definition(s, "calf", "mL", "1e308"), definition(s, "cuff", "mL")])), "sensitivity"),
}


def seed(content):
    """Without the preamble, which the fuzz target puts before it."""
    return content[132:]
