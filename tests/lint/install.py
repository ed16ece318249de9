# SPDX-License-Identifier: GPL-3.0-or-later
"""What `meson install` puts down is enough: a program outside the tree compiles against the installed headers by pkg-config, links both shared
libraries and runs; the installed `pleth` and its man page are there.   usage: install.py COMPILER..."""
import os
import pathlib
import subprocess
import sys
import tempfile

PROGRAM = """
#include <dsp/protocol.h>
#include <fmt/reader.h>
#include <stdio.h>
int main(void) { return printf("%s %s\\n", dsp_protocols[0]->id, fmt_readers[0]->id) < 0; }
"""


def run(command, **more):
    done = subprocess.run(command, capture_output=True, text=True, check=False, **more)
    if done.returncode:
        sys.exit(f"{' '.join(map(str, command))}\n{done.stdout}{done.stderr}")
    return done.stdout


with tempfile.TemporaryDirectory() as folder:
    run(["meson", "install", "-C", os.environ["PLETH_BUILD"], "--no-rebuild", "--destdir", folder])
    root = pathlib.Path(folder)
    configs = list(root.rglob("pleth-formats.pc"))
    libraries = [p.parent for p in root.rglob("libpleth-dsp.so")]
    programs, pages = list(root.rglob("bin/pleth")), list(root.rglob("man1/pleth.1*"))
    for what, found in (("pleth-formats.pc", configs), ("libpleth-dsp.so", libraries), ("bin/pleth", programs), ("man1/pleth.1", pages)):
        if not found:
            sys.exit(f"{what} is not installed")
    (root / "user.c").write_text(PROGRAM, encoding="utf-8")
    env = dict(os.environ, PKG_CONFIG_PATH=str(configs[0].parent), PKG_CONFIG_SYSROOT_DIR=folder, LD_LIBRARY_PATH=str(libraries[0]))
    flags = run(["pkg-config", "--cflags", "--libs", "pleth-formats"], env=env).split()
    run([*sys.argv[1:], "-std=c17", "-Wall", "-Werror", str(root / "user.c"), *flags, "-o", str(root / "user")])
    print(run([str(root / "user")], env=env), run([str(programs[0]), "--version"], env=env))
