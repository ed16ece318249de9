# SPDX-License-Identifier: GPL-3.0-or-later
"""What laboratories export: LabChart, AcqKnowledge, BIDS, D-PPG captures and DWL envelopes, composed: whole files and one for each trap."""
import gzip
import struct


def lab(date, rows, unit="UnitName=\tmL\t*\r\n", interval="0.02 s"):
    return (f"Interval=\t{interval}\r\nExcelDateTime=\t{date}\r\nTimeFormat=\tStartOfBlock\r\nChannelTitle=\tAPG L calf\tCuff\r\n"
            f"Range=\t10.000 V\t2.000 mmHg\r\n{unit}{rows}")


FIRST, SECOND = "4.5353416667000001e+04\t02/03/2024 10:00:00.000000", "4.5353419444444e+04\t02/03/2024 10:04:00.000000"
ACQ = "C:\\leg.acq\r\n20.000 msec/sample\r\n2 channels\r\nSGP calf\r\n%\r\nCuff\r\nmmHg\r\n"
FACTS = '{"SamplingFrequency": 50, "StartTime": -2.5, "Columns": ["volume", "cuff"], "volume": {"Units": "mL"}}'
SETTINGS = ("       0 TEXT FILE VERSION 8.27L\r\n       0 PATIENT  NAME: somebody\r\n       0 SYS PRF 4096\r\n       0 SYS FDOP1 2000\r\n"
            "       0 SYS FDOP2 4000\r\n      32 compress\r\n     128 STOP  5:45:40\r\n")


def cfwb(kind, stated=3, scale=.5, timed=0):
    body = b"CFWB" + struct.pack("<id5idd4i", 1, .02, 2024, 3, 2, 10, 0, 12.5, .5, 2, stated, timed, kind)
    for name, unit in ((b"APG", b"mL"), (b"Cuff", b"mmHg")):
        body += name.ljust(32, b"\0") + unit.ljust(32, b"\0") + struct.pack("<4d", scale, 100 if scale != 1 else 0, 10, -10)
    rows = [[i * .02] * timed + [i, 10 * i] for i in range(3)]
    return body + b"".join(struct.pack(f"<{len(row)}{'dfh'[kind - 1]}", *row) for row in rows)


class Packing:
    """struct in one byte order."""

    def __init__(self, order):
        self.order = order

    def pack(self, layout, *values):
        return struct.pack(self.order + layout[1:], *values)


def acq(compressed=0, order="<"):
    struct = Packing(order)
    body = struct.pack("<hiihhhd", 0, 84, 1000, 1, 0, 0, 20.0).ljust(972, b"\0") + struct.pack("<i", compressed)
    head = (struct.pack("<ih", 160, 0) + b"SGP calf").ljust(68, b"\0") + b"Volts".ljust(20, b"\0") + struct.pack("<idd", 3, .5, 1.0)
    body = body.ljust(1000, b"\0") + head.ljust(160, b"\0") + struct.pack("<h", 4) + bytes(10) + struct.pack("<2h3h", 2, 2, 1, 2, 3)
    return body + struct.pack("<3i", 47, 2, 2) + bytes(13) + struct.pack("<i", 2) + bytes(10) + struct.pack("<h", 6) + b"stand\0"


def dppg(label, n):
    foot = bytes([0x1D, 0xA7, 9, 0, 0, 0, 0x1D, 0xE2, 4, 0x87, 0x34, 0xA2, 0, 0xFE, 0x1E, 0x44, 0x18, 0, 4])
    return bytes([0x1B, 0x4C, label, 4, 1, 0x1D, 0]) + struct.pack(f"<H{n}H", n, *(2471 + i for i in range(n))) + foot


def bids(name, table, **others):
    files = {name: gzip.compress(table, mtime=0), "physio.json": FACTS.encode()}
    return {**files, **{f"sub-01_{key}": text.encode() for key, text in others.items()}}


HELD = "Interval=\t0.01 s\nChannelTitle=\tfast\tslow\n" + "".join(
    f"{i / 100:.2f}\t{i * 31 % 1013}\t{i // 10 * 7919 % 1009}\n" for i in range(500))
WHOLE_HEAD = ('Interval=\t0.5 s\r\nExcelDateTime=\t4.5353416667000001e+04\t02/03/2024 10:00:00.000000\r\nTimeFormat=\tStartOfBlock\r\nDateFormat=\t\r\n'
              'ChannelTitle=\t"APG L calf"\t"Cuff"\r\nRange=\t10.000 V\t2.000 V\r\nUnitName=\tmL\tmmHg\r\nTopValue=\t200.0\t*\r\nBottomValue=\t-50.0\t*\r\n')
TALK = "0\t1\t6\t#* arm\tthen\tleg\r\n0.5\t\t\t#2 no sample in this row\r\n1\t2\t7\r\n"
EVENTS = '{"Columns": ["onset", "duration", "trial_type", "message"], "OnsetSource": "n/a"}'
GOOD = {
    "labchart_nine_lines.txt": (WHOLE_HEAD + TALK).encode(), "labchart_mark8.txt": b"\xef\xbb\xbf" + lab(FIRST, "0\t1\t6\r\n0.02\t2\t6\r\n").encode(),
    "labchart_old_mac.txt": lab(FIRST, "0\t1\t6\r\n0.02\t2\t6\r\n").replace("\r\n", "\r").encode(),
    "labchart_hertz.txt": lab(FIRST, "0\t1\t6\r\n0.0005\t2\t6\r\n", interval="2 kHz").encode(),
    "cfwb_doubles.adibin": cfwb(1, scale=1), "cfwb_floats.adibin": cfwb(2, scale=1), "cfwb_times.adibin": cfwb(1, scale=1, timed=1),
    "acqtext_blanks.txt": (ACQ + "ms CH1 CH2\r\n 2 2\r\n0,1,6\r\n20,2,7\r\n").encode(),
    "acqtext_no_times.txt": (ACQ + "CH1\tCH2\r\n2\t2\r\n1,5\t6\r\n2,5\t7\r\n").encode(), "big_endian.acq": acq(order=">"),
    "sub-01_task-a_physio.tsv.gz": {"sub-01_task-a_physio.tsv.gz": gzip.compress(b"1\t6\n2\t7\n3\t8\n", mtime=0), "physio.json": FACTS.encode(),
                                    "sub-01_task-a_physioevents.tsv.gz": gzip.compress(b"1\t2\tstand\tpatient held the rail\n-2\tn/a\tbefore\tn/a\n0\tn/a\tblock 3\tlate\n0\tn/a\tnote\tcuff slipped\n", mtime=0), "physioevents.json": EVENTS.encode()},
    "sub-01_task-b_physio.tsv.gz": {"sub-01_task-b_physio.tsv.gz": gzip.compress(b"1\t6\n2\t7\n", mtime=0), "physio.json": FACTS.encode(),
                                    "sub-01_physio.json": b'{"SamplingFrequency": 25}', "sub-01_task-b_events.tsv": b"onset\tduration\ttrial_type\n-2.48\t0.02\tsupine\n"},
    "labchart.txt": lab(FIRST, "0\t1.02\t6.0\r\n0.02\t1.05\t6.1\t#* supine\r\n0.04\t\t6.1\t#1 lost\r\n").encode(),
    "labchart_no_units.txt": lab(FIRST, "432\t1\t6\r\n432.02\t2\t6\r\n", unit="").encode(),
    "labchart_utf16.txt": b"\xff\xfe" + lab(FIRST, "0\t1\t6\r\n0.02\t2\t6\r\n").encode("utf-16le"),
    "cfwb.adibin": cfwb(3),
    "acqtext.txt": (ACQ + "ms,CH1,CH2\r\n,3,3\r\n0,0.0012,6.1\r\n20,0.0015,6.1\r\n40,0.002,\r\n").encode(),
    "leg.acq": acq(),
    "sub-01_physio.tsv.gz": bids("sub-01_physio.tsv.gz", b"1.5\t6\n1.75\tn/a\n2\t8\n"),
    "one_block.raw": dppg(0xE2, 90),
}
EXPECT = {
    "labchart_nine_lines.txt": {"APG L calf": [1, None, 2], "Cuff": [6, None, 7]}, "labchart_mark8.txt": {"APG L calf": [1, 2]},
    "labchart_old_mac.txt": {"APG L calf": [1, 2]}, "labchart_hertz.txt": {"APG L calf": [1, 2]}, "cfwb_doubles.adibin": {"APG": [0, 1, 2]},
    "cfwb_floats.adibin": {"Cuff": [0, 10, 20]}, "cfwb_times.adibin": {"APG": [0, 1, 2], "Cuff": [0, 10, 20]}, "acqtext_blanks.txt": {"Cuff": [6, 7]},
    "acqtext_no_times.txt": {"SGP calf": [1.5, 2.5]}, "big_endian.acq": {"SGP calf": [1.5, 2, 2.5]}, "sub-01_task-b_physio.tsv.gz": {"volume": [1, 2]},
    "labchart.txt": {"APG L calf": [1.02, 1.05, None], "Cuff": [6, 6.1, 6.1]},
    "labchart_no_units.txt": {"APG L calf": [1, 2]},
    "labchart_utf16.txt": {"APG L calf": [1, 2]},
    "cfwb.adibin": {"APG": [50, 50.5, 51], "Cuff": [50, 55, 60]},
    "acqtext.txt": {"SGP calf": [0.0012, 0.0015, 0.002], "Cuff": [6.1, 6.1, None]},
    "leg.acq": {"SGP calf": [1.5, 2, 2.5]},
    "sub-01_physio.tsv.gz": {"volume": [1.5, 1.75, 2], "cuff": [6, None, 8]},
    "one_block.raw": {"exam 1250": [2471 + i for i in range(90)]},
}
SAME = "4.5353e+04\t02/03/2024 10:00:"
IMPERFECT = {
    "same_serial.txt": ((lab(SAME + "00.25", "0\t1\t6\r\n0.02\t2\t6\r\n") + lab(SAME + "10.75", "0\t3\t6\r\n0.02\t4\t6\r\n")).encode(), "gap"),
    "every_label.raw": (b"".join(b"\x10" + dppg(label, 40) for label in (0xE2, 0xE1, 0xE0, 0xDF, 0xDE)), "time_unstated"),
    "blocks.txt": ((lab(FIRST, "0\t1\t6\r\n0.02\t2\t6\r\n") + lab(SECOND, "0\t3\t6\r\n0.02\t4\t6\t#* stand\r\n")).encode(), "gap"),
    "rates.txt": ((lab(FIRST, "0\t1\t6\r\n0.02\t2\t6\r\n") + lab(SECOND, "0\t3\t6\r\n0.5\t4\t6\r\n", interval="0.5 s")).encode(), "duplicate_column"),
    "comma.txt": (lab(FIRST, "0,00\t1,5\t6\r\n0,02\t2,5\t6\r\n").replace("0.02 s", "0,02 s").replace("mL", "\xb5V").encode("cp1252"), "encoding_guessed"),
    "held.txt": (HELD.encode(), "rate_inferred"),
    "interval.txt": (b"Interval=\t0.02 s\nChannelTitle=\ta\n0\t1\n0.1\t2\n0.2\t3\n0.3\t3\n", "interval_disagrees"),
    "short.adibin": (cfwb(1, 900), "file_truncated"),
    "slow.txt": ((ACQ + "CH1\tCH2\r\n4\t2\r\n1\t6\r\n2\t\r\n3\t7\r\n4\t\r\n").encode(), "rate_inferred"),
    "named_columns": (bids("sub-01_physio.tsv.gz", b"volume\tcuff\n1\t2\n3\t4\n"), "header_irregular"),
    "two_blocks.raw": (b"\x10" + dppg(0xE2, 90) + b"\x10" + dppg(0xDF, 40), "time_unstated"),
    "dwl": ({"A.TW0": struct.pack("<128h", *range(128)), "A.TX0": SETTINGS.encode()}, "identifiers_dropped"),
}
REFUSED = {
    "undated.txt": (b"Interval=\t1 s\nChannelTitle=\ta\n0\t1\n1\t2\nInterval=\t1 s\nChannelTitle=\ta\n0\t1\n1\t2\n", "labchart: line 5"),
    "word.txt": (lab(FIRST, "0\t1\t6\r\n0.02\tx\t6\r\n").encode(), "labchart: line 8, column 2"),
    "version.adibin": (cfwb(3)[:4] + b"\x02" + cfwb(3)[5:], "cfwb: byte 4"),
    "irregular.txt": ((ACQ + "ms,CH1,CH2\r\n,2,2\r\n0,1,6\r\n60,2,6\r\n").encode(), "acqtext: row 2"),
    "compressed.acq": (acq(1), "compressed"),
    "alone": ({"sub-01_physio.tsv.gz": gzip.compress(b"1\t2\n", mtime=0)}, "no physio.json that applies"),
    "bomb": (bids("sub-01_physio.tsv.gz", bytes(20 << 20)), "more than 16777216 bytes"),
    "columns": (bids("sub-01_physio.tsv.gz", b"1\t2\t3\n"), "3 columns for 2 names"),
    "no_samples.raw": (dppg(0xE2, 90)[:9], "no samples"),
    "no_envelopes": ({"A.TX0": SETTINGS.encode()}, "settings without envelopes"),
}
