# SPDX-License-Identifier: GPL-3.0-or-later
"""Tables of text as devices, spreadsheets and people write them: each encoding, dialect, header, clock and gap; and what is refused."""

ROWS = [(0.0, 1.02, 6.0), (0.02, 1.05, 6.1), (0.04, 1.1, 6.2), (0.06, 1.2, 6.1)]
VOLUME, CUFF = [r[1] for r in ROWS], [r[2] for r in ROWS]


def table(head="time (s),volume (mL),cuff (mmHg)", delimiter=",", decimal=".", end="\n", rows=None):
    lines = [delimiter.join(repr(v).replace(".", decimal) for v in row) for row in rows or ROWS]
    return end.join(([head.replace(",", delimiter)] if head else []) + lines) + end


def clock(start_cs, step_cs, n):
    """hh:mm:ss.ss from hundredths of a second since midnight."""
    for i in range(n):
        cs = (start_cs + i * step_cs) % 8640000
        yield f"{cs // 360000:02d}:{cs // 6000 % 60:02d}:{cs // 100 % 60:02d}.{cs % 100:02d}"


def column(head, stamps, values=None):
    return (head + "\n" + "".join(f"{t},{i + 1 if values is None else values[i]}\n" for i, t in enumerate(stamps))).encode()


EXCEL = "sep=;\nZeit (s);APG links (mL);Manschette (mmHg);Ereignis\n0,00;1,02;6,0;\n0,02;1,05;6,1;Fersenstand 1\n0,04;1,1;6,2;\n0,06;1,2;6,1;\n"
LONG = 1200
GOOD = {
    "plain.csv": table().encode(), "crlf.csv": table(end="\r\n").encode(), "old_mac.csv": table(end="\r").encode(),
    "mark8.csv": b"\xef\xbb\xbf" + table("time (s),volume (µL),cuff (mmHg)").encode(), "mark16.csv": b"\xff\xfe" + table().encode("utf-16le"),
    "mark16_big.csv": b"\xfe\xff" + table().encode("utf-16be"), "bare16.csv": table().encode("utf-16le"), "bare16_big.csv": table().encode("utf-16be"),
    "excel.csv": EXCEL.encode(), "tabs.tsv": table(delimiter="\t").encode(), "tabs_comma.tsv": table(delimiter="\t", decimal=",").encode(),
    "bars.csv": table(delimiter="|").encode(), "spaces.txt": table("t volume cuff", " ", ",").encode(),
    "quoted.csv": b'"time (s)","volume, both\nlegs (mL)","say ""cuff"""\n' + b'"0,0","1,5","6"\n"0,5","2,5","7"\n"1,0","3,5","8"\n',
    "unit_row.csv": table("time,volume,cuff\ns,mL,mmHg").encode(), "brackets.csv": table("time [s],volume [mL],cuff [mmHg]").encode(),
    "slashes.csv": table("time/s,volume/mL,cuff/mmHg").encode(), "no_header.csv": table(None).encode(), "milliseconds.csv": column("ms,v (mL)", [0, 20, 40, 60]),
    "missing.csv": b"time (s),v (mL),w\n0,1,5\n1,,5\n2,NaN,5\n3,n/a,5\n4,NA,5\n5,--,5\n6,*,5\n7,8,5\n",
    "comments.csv": b"# made by hand\n# side: left\n" + table().encode() + b"# the end\n", "trailing.csv": table().replace("\n", ",\n").encode(),
    "midnight.csv": column("Uhrzeit,v (mL)", clock(8639996, 2, 6)),
    "serials.csv": column("time,v (mL)", [f"{45353.4166667 + i * .5 / 86400:.11f}" for i in range(12)]),
    "late.csv": column("time (s),v (mL)", [432 + i / 50 for i in range(5)]), "last.csv": b"v (mL),w,Zeit (s)\n1,7,0\n2,7,0.5\n3,7,1\n",
    "marks.csv": b"time (s),v (mL),event\n0,1,\n1,2,stand\n2,3,\n3,4,tiptoe 10\n4,5,\n",
    "empty_column.csv": b"time (s),v (mL),none\n0,1,\n1,2,\n2,3,\n", "formula.csv": b"time (s),=1+1 (mL)\n0,1\n1,2\n2,3\n", "stated_rate.csv": b"v (mL)\n1\n2\n3\n",
}
OPTIONS = {"stated_rate.csv": ("-s", "csv.rate_hz=50")}
EXPECT = {name: {"volume": VOLUME, "cuff": CUFF} for name in ("plain.csv", "crlf.csv", "old_mac.csv", "mark8.csv", "mark16.csv", "mark16_big.csv", "bare16.csv",
          "bare16_big.csv", "tabs.tsv", "tabs_comma.tsv", "bars.csv", "spaces.txt", "unit_row.csv", "brackets.csv", "slashes.csv", "comments.csv", "trailing.csv")}
EXPECT |= {
    "excel.csv": {"APG links": VOLUME, "Manschette": CUFF}, "quoted.csv": {"volume, both legs": [1.5, 2.5, 3.5]},
    "missing.csv": {"v": [1, None, None, None, None, None, None, 8]}, "midnight.csv": {"v": [1, 2, 3, 4, 5, 6]}, "serials.csv": {"v": list(range(1, 13))},
    "late.csv": {"v": [1, 2, 3, 4, 5]}, "last.csv": {"v": [1, 2, 3]}, "marks.csv": {"v": [1, 2, 3, 4, 5]}, "stated_rate.csv": {"v": [1, 2, 3]},
    "empty_column.csv": {"v": [1, 2, 3], "none": [None, None, None]},
}
ROUNDED = column("time (s),v (mL)", [f"{i / 128:.2f}" for i in range(LONG)])
PAUSE = [i / 50 for i in range(20)] + [300 + i / 50 for i in range(20)]
IMPERFECT = {
    "latin.csv": ("Zeit (s);Füße (µl)\n0;1\n1;2\n2;3\n".encode("cp1252"), "encoding_guessed"),
    "twice.csv": (b"time (s),SmO2,SmO2\n0,1,2\n1,3,4\n2,5,6\n", "duplicate_column"), "rounded.csv": (ROUNDED, "time_rounded"),
    "jitter.csv": (column("time (s),v (mL)", [0, 1, 2.3, 3, 4, 5.2, 6, 7]), "resampled"), "pause.csv": (column("time (s),v (mL)", PAUSE), "gap"),
    "unknown_unit.csv": (b"time (s),v (furlong)\n0,1\n1,2\n2,3\n", "unit_unrecognized"),
}
EXPECT["rounded.csv"] = {"v": list(range(1, LONG + 1))}
EXPECT["pause.csv"] = {"v": list(range(1, 41))}
REFUSED = {
    "nul.csv": (b"time (s),v\n0,1\n1,\0\n2,3\n", "line 3"), "cut16.csv": (b"\xff\xfe" + table().encode("utf-16le")[:-1], "cut in the middle"),
    "thousands.csv": (b"time (s);v\n0;1.234,56\n1;1.235,00\n2;1.236,00\n", "line 2, column 2"),
    "two_commas.csv": (b"time (s),v\n0,00,1,5\n0,02,1,6\n0,04,1,7\n", "4 columns below a header of 2"),
    "word.csv": (b"time (s),v\n0,1\n1,2\n2,x3\n3,4\n4,5\n", "line 4, column 2"), "backwards.csv": (column("time (s),v (mL)", [0, 1, 2, 1.5, 4, 5]), "line 5"),
    "long_line.csv": (b"time (s),v\n0,1\n1," + b"2" * (1 << 20) + b"\n2,3\n", "line 3"), "wide.csv": (b",".join([b"1"] * 5000) + b"\n", "4096"),
    "no_rate.csv": (b"v (mL)\n1\n2\n5\n", "rate"), "no_numbers.txt": (b"dear diary\nthe leg was fine\n", "no row with a number"), "empty.csv": (b"", "empty"),
}
