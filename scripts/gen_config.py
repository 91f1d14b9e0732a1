#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Turns configs/NAME into generated/config.h.

usage: scripts/gen_config.py configs/NAME OUTPUT

NAME=y|n becomes CONFIG_NAME 1|0, so that plain C can say `if (CONFIG_NAME)`;
numbers stay numbers.  OUTPUT is rewritten only when it changes.
"""

import re
import sys
from pathlib import Path


def main():
    source, output = Path(sys.argv[1]), Path(sys.argv[2])
    lines = ["/* Generated from " + source.name + " by gen_config.py. */",
             "#pragma once"]
    for number, line in enumerate(source.read_text().splitlines(), 1):
        line = line.strip()
        if not line or line.startswith("#"):
            continue
        match = re.fullmatch(r"([A-Z0-9_]+)=(y|n|\d+)", line)
        if match is None:
            sys.exit(f"{source}:{number}: NAME=y, NAME=n or NAME=NUMBER "
                     "expected")
        value = {"y": "1", "n": "0"}.get(match[2], match[2])
        lines.append(f"#define CONFIG_{match[1]} {value}")
    text = "\n".join(lines) + "\n"
    if not output.exists() or output.read_text() != text:
        output.parent.mkdir(parents=True, exist_ok=True)
        output.write_text(text)


if __name__ == "__main__":
    main()
