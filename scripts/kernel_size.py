#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Prints what a kernel file takes: on disk and, by kind, in memory.

usage: scripts/kernel_size.py KERNEL
"""

import os
import struct
import sys

SHF_WRITE, SHF_ALLOC, SHF_EXECINSTR, SHT_NOBITS = 1, 2, 4, 8


def section_sizes(data):
    """Bytes of memory by kind, from the section headers of a 64-bit ELF."""
    offset, = struct.unpack_from("<Q", data, 0x28)
    entry_size, count = struct.unpack_from("<HH", data, 0x3a)
    sizes = dict.fromkeys(("text", "rodata", "data", "bss"), 0)
    for i in range(count):
        kind, flags = struct.unpack_from("<IQ", data,
                                         offset + i * entry_size + 4)
        size, = struct.unpack_from("<Q", data, offset + i * entry_size + 32)
        if not flags & SHF_ALLOC:
            continue
        if kind == SHT_NOBITS:
            sizes["bss"] += size
        elif flags & SHF_EXECINSTR:
            sizes["text"] += size
        elif flags & SHF_WRITE:
            sizes["data"] += size
        else:
            sizes["rodata"] += size
    return sizes


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    with open(sys.argv[1], "rb") as file:
        sizes = section_sizes(file.read())
    parts = ", ".join(f"{kind} {size // 1024}K" for kind, size in sizes.items())
    print(f"{sys.argv[1]}: {os.path.getsize(sys.argv[1]) // 1024}K on disk; "
          f"{parts}")


if __name__ == "__main__":
    main()
