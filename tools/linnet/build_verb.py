# SPDX-License-Identifier: BSD-3-Clause
"""linnet build: the kernel, by make."""

import os

from linnet import kernel
from linnet.arguments import Option, Parser, format_size
from linnet.errors import Failure

OPTIONS = [
    Option("--config", "NAME", "configuration: default, debug, tiny",
           default="default"),
    Option("--arch", "ARCH", "architecture (x86_64)", default="x86_64"),
    Option("--verbose", None, "show what make does"),
    Option("-h --help", None, "this text"),
]

HELP = """\
usage: linnet build [OPTION]...

Builds the kernel into build/CONFIG.ARCH: kernel.elf with symbols,
kernel-stripped.elf to boot.  `linnet run` does this by itself when a source
has changed.

{options}

examples:
  linnet build
  linnet build --config debug
  linnet build --config tiny --verbose
"""


def main(words):
    parser = Parser("build", OPTIONS)
    values, operands = parser.parse(words)
    if values.help:
        print(HELP.format(options=parser.help_lines()), end="")
        return 0
    if operands:
        raise Failure(f"build {operands[0]}: takes no arguments",
                      "see linnet build --help", 2)
    path = kernel.ensure(values.config, values.arch, bool(values.verbose))
    print(f"{os.path.relpath(path)}: {format_size(os.path.getsize(path))}")
    return 0
