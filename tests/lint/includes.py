# SPDX-License-Identifier: GPL-3.0-or-later
"""The direction of the house: cli -> formats -> libdsp, and what each room may take from outside."""
import re

from common import ROOT, files, text, verdict

INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]', re.M)
C_PLAIN = {"assert.h", "complex.h", "ctype.h", "errno.h", "float.h", "inttypes.h", "limits.h", "math.h", "stdalign.h", "stdarg.h", "stdatomic.h",
           "stdbool.h", "stddef.h", "stdint.h", "stdlib.h", "stdnoreturn.h", "string.h"}
# libdsp formats text in memory (error messages: stdio.h's snprintf) and reads numbers in the C locale (locale.h's newlocale); every function of
# these headers that touches a stream or a global is refused below.
ROOMS = {
    "libdsp/": {"own": ("dsp/",), "system": C_PLAIN | {"fftw3.h", "locale.h", "stdio.h"}},
    "formats/": {"own": ("dsp/", "fmt/"), "system": None},
    "cli/": {"own": ("dsp/", "fmt/"), "system": None},
}
KERNELS = ("libdsp/filter/", "libdsp/spectrum/", "libdsp/envelope/", "libdsp/detect/", "libdsp/fit/")
NOT_FOR_KERNELS = {"dsp/recording.h", "dsp/protocol.h", "dsp/report.h", "dsp/guideline.h", "dsp/phantom.h"}
LIBRARIES = {"hdf5.h", "H5public.h", "jansson.h", "zlib.h", "fftw3.h"}
# A member that is called read is a caller's function, not the system's.
IN_LIBDSP = re.compile(r"(?<![.>])\b(FILE|fopen|fdopen|freopen|printf|fprintf|vprintf|vfprintf|puts|putchar|fputs|fputc|perror|scanf|fscanf|getenv|secure_getenv|"
                       r"setenv|setlocale|exit|_exit|abort|system|popen|open|read|write|stat|unlink|rename|time|clock|rand|srand)\s*\(|\bFILE\s*\*|\b(stdout|stderr|stdin)\b")
IN_FORMATS = re.compile(r"\b(printf|vprintf|puts|putchar|perror|getenv|secure_getenv|setlocale|exit|_exit|abort|system|popen)\s*\(|\b(stdout|stderr)\b")


def code_only(body):
    """Comments and string literals blanked, line numbers kept."""
    def blank(match):
        return re.sub(r"[^\n]", " ", match.group(0))
    return re.sub(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"', blank, body, flags=re.S)


findings, seen = [], 0
for name in files(".c", ".h"):
    room = next((r for r in ROOMS if name.startswith(r)), None)
    if room is None:
        continue
    seen += 1
    body = text(name)
    for quote, target in INCLUDE.findall(body):
        where = f"{name}: includes {quote}{target}"
        inner = target.startswith(("dsp/", "fmt/"))
        folder = name.rsplit("/", 1)[0]
        private = quote == '"' or (ROOT / room / target).is_file()
        # A private header belongs to its folder; those in core/ to the whole room.
        own = (ROOT / folder / target).is_file() or (ROOT / room / target).is_file() and (room + target).rsplit("/", 1)[0] in (folder, room + "core")
        if inner and not target.startswith(ROOMS[room]["own"]):
            findings.append(where + ": against the direction cli -> formats -> libdsp")
        elif private and not inner and not own:
            findings.append(where + ": a private header of another folder")
        elif not private and not inner and ROOMS[room]["system"] is not None and target not in ROOMS[room]["system"]:
            findings.append(where + ": this room may not use it")
        if name.startswith(KERNELS) and target in NOT_FOR_KERNELS:
            findings.append(where + ": a kernel sees samples only")
        if room == "cli/" and (target in LIBRARIES or target.startswith("nettle/")):
            findings.append(where + ": cli reads and writes through formats")
        if name.startswith(("libdsp/dsp/", "formats/fmt/")) and (target in LIBRARIES or target.startswith("nettle/") or quote == '"'):
            findings.append(where + ": a public header must stand on public headers")
    forbidden = {"libdsp/": IN_LIBDSP, "formats/": IN_FORMATS}.get(room)
    if forbidden:
        for i, line in enumerate(code_only(body).split("\n"), 1):
            hit = forbidden.search(line)
            if hit:
                findings.append(f"{name}:{i}: `{hit.group(0).strip()}` does not belong in {room.rstrip('/')}: {line.strip()[:80]}")
verdict(findings, seen)
