# SPDX-License-Identifier: GPL-3.0-or-later
"""A table of two columns with its side-car, and with a map for all exports of one machine: what they add, settle and may not do."""
import json

TABLE = b"time (s),APG L calf (mL),Cuff (mmHg)\n900,1,6\n900.5,2,7\n901,3,8\n"
BARE = b"a,b\n1,6\n2,7\n4,8\n"


def beside(sidecar, table=TABLE, **others):
    text = sidecar if isinstance(sidecar, bytes) else json.dumps(sidecar, ensure_ascii=False).encode()
    return {"leg.csv": table, "leg.pleth.json": text, **others}


def channel(**facts):
    return {"channels": [{"index": 0, **facts}]}


WHOLE = {
    "schema": "pleth-sidecar/1", "protocol": "apg.stand",
    "acquisition": {"t0": "2024-03-02T10:00:00+01:00", "device": "APG-1000", "room_temp_c": 23.0}, "subject": {"key": "P7", "ceap": "C3"},
    "condition": {"compression": "stocking", "visit": "1", "label": "evening"},
    "channels": [{"column": "APG L calf", "role": "volume", "side": "left", "site": "calf"}, {"column": "Cuff (mmHg)", "role": "cuff_pressure"}],
    "events": [{"t_s": 0.5, "kind": "stand"}, {"t_s": 1.0, "kind": "tiptoe", "count": 10, "duration_s": 10}]}
NAMES = {column: beside({"channels": [{"column": column, "role": "volume"}]}) for column in ("APG L calf", "APG L calf (mL)", " APG L calf ")}
MAP = json.dumps({"channels": [{"column": "APG L calf", "role": "volume", "side": "left"}, {"column": "Cuff", "role": "cuff_pressure"}]}).encode()
GOOD = {
    "whole.csv": beside(WHOLE), "by_index.csv": beside(channel(role="volume", unit="mL", rate_hz=50), BARE), "polarity.csv": beside(channel(role="volume", polarity=-1)),
    "gain.csv": beside(channel(role="volume", calibration={"gain": 2.0, "offset": 0.5})), "unit_settled.csv": beside(channel(unit="L", override=True)),
    "map.csv": {"leg.csv": TABLE, "map.json": MAP}, "map_and_own.csv": beside({"channels": [{"column": "APG L calf", "side": "right"}]}, TABLE, **{"map.json": MAP}),
    **{f"named_{i}.csv": files for i, files in enumerate(NAMES.values())},
}
EXPECT = {"whole.csv": {"APG L calf": [1, 2, 3], "Cuff": [6, 7, 8]}, "by_index.csv": {"a": [1, 2, 4]}, "gain.csv": {"APG L calf": [2.5, 4.5, 6.5]}, "map.csv": {"Cuff": [6, 7, 8]}}
IMPERFECT = {
    "unknown_key.csv": (beside({"colour": 1}), "sidecar_unknown_key"), "outside.csv": (beside({"events": [{"t_s": 500.0, "kind": "stand"}]}), "event_outside"),
    "other_rate.csv": (beside(channel(rate_hz=100)), "sidecar_wins"),
}
REFUSED = {
    "no_match.csv": (beside({"channels": [{"column": "APG R calf"}]}), "APG L calf"), "two_matches.csv": (beside({"channels": [{"column": "v"}]}, b"v,v\n1,2\n3,4\n5,7\n"), "v"),
    "other_unit.csv": (beside(channel(unit="L")), "mL"), "wrong_for_role.csv": (beside(channel(role="pressure")), "mm[Hg]"),
    "duplicate_key.csv": (beside(b'{"protocol": "a", "protocol": "b"}'), "duplicate"), "type.csv": (beside({"subject": {"key": 5}}), "$.subject.key"),
    "broken.csv": (beside(b'{"protocol": '), "leg.pleth.json"), "schema.csv": (beside({"schema": "pleth-sidecar/2"}), "pleth-sidecar/2"),
    "role.csv": (beside(channel(role="volumen")), "$.channels[0].role"), "side.csv": (beside(channel(side="links")), "$.channels[0].side"),
    "vein.csv": (beside({"doppler": {"vein": "SV"}}), "$.doppler.vein"), "kind.csv": (beside({"events": [{"t_s": 1, "kind": "jump"}]}), "$.events[0].kind"),
    "deep.csv": (beside(b"[" * 100), "leg.pleth.json"), "large.csv": (beside(b'{"protocol": "' + b"x" * (1 << 20) + b'"}'), "1048576"),
    "map_in_other_words.csv": (beside(channel(side="right"), TABLE, **{"map.json": MAP}), "second entry"),
    "map_wrong.csv": ({"leg.csv": TABLE, "map.json": b'{"channels": {}}'}, "map.json"),
}
