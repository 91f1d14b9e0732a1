#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Checks who includes what, and that every source is built.

usage: scripts/check_deps.py        closes with "N passed, N failed"

1. Dependencies point downwards: a room includes public headers of its own
   layer and of those below (LAYERS); core never includes linux/, fs/ or net/;
   include/uapi includes nothing of ours.
2. A file includes the internal.h (any header in quotes) of its own room only.
3. No architecture is named outside arch/: neither in a preprocessor condition
   nor in an include.
4. Every .c and .S file of the kernel has its line in a module.mk.
5. Files begin with the SPDX line; headers have #pragma once.
"""

import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

# A room of include/ and the layer that it belongs to, lowest first.
LAYERS = {
    "lib": 0, "uapi": 0, "generated": 0,
    "arch": 1, "asm": 1,
    "debug": 2, "sync": 2, "sched": 2, "time": 2, "mm": 2, "process": 2,
    "init": 2, "ipc": 2,
    "drivers": 3, "vfs": 3, "net": 3, "loader": 3, "platform": 3,
    "linux": 4,
}
# Folders of sources and the highest layer that they may include.
SOURCES = {
    "lib": 0, "arch": 2, "core": 2, "drivers": 3, "platform": 3, "fs": 3,
    "net": 3, "loader": 3, "linux": 4, "libc": 4, "modules": 4,
}
INCLUDE = re.compile(r'^\s*#\s*include\s+([<"])([^>"]+)[>"]', re.MULTILINE)
ARCH_NAME = re.compile(r"^\s*#\s*(?:if|ifdef|ifndef|elif)\b.*"
                       r"(x86|aarch64|arm64|amd64)", re.MULTILINE)
# Sources that are compiled by a rule of their own, not by a line obj-y.
OWN_RULE = {"arch/x86_64/vdso/user.c"}


class Report:
    def __init__(self):
        self.passed = self.failed = 0

    def check(self, ok, message):
        if ok:
            self.passed += 1
        else:
            self.failed += 1
            print(message)


def layer_of_header(name):
    return LAYERS.get(name.split("/")[0])


def check_file(path, top, limit, report):
    name = path.relative_to(ROOT)
    text = path.read_text()
    bad = []
    for kind, included in INCLUDE.findall(text):
        if kind == '"':
            target = (path.parent / included).resolve()
            if not target.exists() or ROOT / top not in target.parents:
                bad.append(f'{name}: "{included}" is not of this room')
            continue
        layer = layer_of_header(included)
        if layer is not None and layer > limit:
            bad.append(f"{name}: includes <{included}> of a layer above")
    if ARCH_NAME.search(text) and top != "arch":
        bad.append(f"{name}: names an architecture in a condition")
    head = text.split("\n", 1)[0]
    if "SPDX-License-Identifier: BSD-3-Clause" not in head:
        bad.append(f"{name}: no SPDX line")
    if path.suffix == ".h" and "#pragma once" not in text:
        bad.append(f"{name}: no #pragma once")
    report.check(not bad, "\n".join(bad))


def check_headers(report):
    for path in sorted((ROOT / "include").rglob("*.h")):
        room = path.relative_to(ROOT / "include").parts[0]
        if room == "uapi":
            limit = 0
        else:
            limit = LAYERS.get(room, 4)
        # core's contracts name what is embedded from the layer above.
        check_file(path, "include", 2 if limit in (1, 2) else limit, report)


def built_files():
    built = set()
    for module in ROOT.rglob("module.mk"):
        if "build" in module.relative_to(ROOT).parts:
            continue
        if "$(wildcard" in module.read_text():
            built.update(p.with_suffix("") for p in module.parent.glob("*.c"))
        for word in re.findall(r"[\w./-]+\.o\b", module.read_text()):
            built.add((module.parent / word).with_suffix(""))
    return built


def check_built(report):
    built = built_files()
    for top in SOURCES:
        for path in sorted((ROOT / top).rglob("*.[cS]")):
            parts = path.relative_to(ROOT).parts
            if "tests" in parts or parts[:2] == ("arch", "host") \
                    or str(path.relative_to(ROOT)) in OWN_RULE:
                continue
            report.check(path.with_suffix("") in built,
                         f"{path.relative_to(ROOT)}: in no module.mk")


def main():
    report = Report()
    for top, limit in SOURCES.items():
        for path in sorted((ROOT / top).rglob("*.[chS]")):
            if "tests" in path.relative_to(ROOT).parts:
                continue
            if path.suffix == ".S":
                continue
            check_file(path, top, limit, report)
    check_headers(report)
    check_built(report)
    print(f"{report.passed} passed, {report.failed} failed")
    return 0 if report.failed == 0 else 1


if __name__ == "__main__":
    sys.exit(main())
