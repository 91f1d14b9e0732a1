#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Links the kernel with its own symbol table inside.

usage: scripts/link_kernel.py --output FILE --work FOLDER --cc COMMAND
                              --nm COMMAND [--symbols] -- LD ARGUMENTS...

The table changes sizes and with them maybe addresses, so the kernel is linked
with an empty table, then with the table of the link before, until a link has
the addresses that its table says.
"""

import argparse
import os
import shlex
import subprocess
import sys

import gen_symbols

LINKS_MAX = 5


def run(command, **options):
    try:
        return subprocess.run(command, check=True, text=True, **options)
    except subprocess.CalledProcessError as error:
        sys.exit(error.returncode)


def make_table(arguments, text):
    """Assembles the table; returns the object's path."""
    source = os.path.join(arguments.work, "symbols_table.S")
    with open(source, "w", encoding="ascii") as out:
        out.write(text)
    run([*shlex.split(arguments.cc), "-c", "-o", source[:-1] + "o", source])
    return source[:-1] + "o"


def link(arguments, table, output):
    run([*arguments.link, "-o", output, make_table(arguments, table)])
    names = run([*shlex.split(arguments.nm), "-S", output],
                stdout=subprocess.PIPE).stdout
    return gen_symbols.table(gen_symbols.read_functions(names.splitlines()))


def main():
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("--output", required=True)
    parser.add_argument("--work", required=True)
    parser.add_argument("--cc", required=True)
    parser.add_argument("--nm", default="nm")
    parser.add_argument("--symbols", action="store_true")
    parser.add_argument("link", nargs="+")
    arguments = parser.parse_args()
    output = os.path.join(arguments.work, "kernel.elf")
    table = gen_symbols.table([])
    for _ in range(LINKS_MAX):
        next_table = link(arguments, table, output)
        if not arguments.symbols or next_table == table:
            os.replace(output, arguments.output)
            return
        table = next_table
    sys.exit("link_kernel: addresses do not settle")


if __name__ == "__main__":
    main()
