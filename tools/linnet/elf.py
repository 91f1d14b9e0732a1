# SPDX-License-Identifier: BSD-3-Clause
"""Reads of an ELF file what decides how it is loaded.

Everything in the file is checked against the file's size; a damaged file
raises BadElf.  (System V ABI, chapters 4 and 5.)
"""

import os
import struct

MACHINES = {62: "x86_64", 183: "aarch64", 3: "i386", 40: "arm",
            243: "riscv64", 21: "ppc64", 22: "s390x", 8: "mips"}
ET_EXEC, ET_DYN = 2, 3
PT_LOAD, PT_DYNAMIC, PT_INTERP = 1, 2, 3
DT_NEEDED, DT_STRTAB, DT_STRSZ, DT_SONAME, DT_RPATH, DT_RUNPATH = \
    1, 5, 10, 14, 15, 29
DT_FLAGS_1, DF_1_PIE = 0x6ffffffb, 0x08000000
HEADERS_MAX = 64 << 10
DYNAMIC_MAX = 1 << 20
STRINGS_MAX = 64 << 20
# Names of functions whose use tells what else a program needs; the C library
# has them because it defines them.
WATCHED = ("iconv_open",)
C_LIBRARIES = ("libc.so.6", "libc.so")


class BadElf(Exception):
    """Not an ELF file that can be read."""


class Elf:
    """The loading facts of one file."""

    def __init__(self, path):
        self.path = path
        self.interpreter = None
        self.needed = []
        self.rpath = []
        self.runpath = []
        self.soname = None
        self.is_dynamic = False
        self.mentions = set()  # of WATCHED, what it imports
        with open(path, "rb", buffering=0) as file:
            self._read(file)

    def _read(self, file):
        size = os.fstat(file.fileno()).st_size
        ident = file.read(64)
        if len(ident) < 52 or ident[:4] != b"\x7fELF":
            raise BadElf("not an ELF file")
        self.bits = {1: 32, 2: 64}.get(ident[4], 0)
        self.order = {1: "<", 2: ">"}.get(ident[5])
        if self.order is None or self.bits == 0:
            raise BadElf("damaged ELF header")
        self.type, machine = struct.unpack_from(self.order + "HH", ident, 16)
        self.machine = MACHINES.get(machine, f"machine {machine}")
        if self.bits != 64:
            return
        if len(ident) < 64:
            raise BadElf("damaged ELF header")
        offset, = struct.unpack_from(self.order + "Q", ident, 32)
        entry_size, count = struct.unpack_from(self.order + "HH", ident, 54)
        if count and (entry_size != 56 or offset + count * 56 > size or
                      count * 56 > HEADERS_MAX):
            raise BadElf("damaged program headers")
        headers = self._at(file, offset, count * 56)
        self._read_segments(file, headers, size)

    @staticmethod
    def _at(file, offset, size):
        data = os.pread(file.fileno(), size, offset)
        if len(data) != size:
            raise BadElf("truncated")
        return data

    def _read_segments(self, file, headers, size):
        loads = []
        dynamic = None
        for row in struct.iter_unpack(self.order + "IIQQQQQQ", headers):
            kind, _, offset, address, _, file_size, _, _ = row
            if offset + file_size > size and kind in (PT_DYNAMIC, PT_INTERP):
                raise BadElf("segment outside the file")
            if kind == PT_LOAD:
                loads.append((address, offset, file_size))
            elif kind == PT_INTERP and 0 < file_size <= 4096:
                text = self._at(file, offset, file_size)
                self.interpreter = os.fsdecode(text.split(b"\0")[0])
            elif kind == PT_DYNAMIC:
                dynamic = (offset, file_size)
        if dynamic is not None and dynamic[1] <= DYNAMIC_MAX:
            self.is_dynamic = True
            self._read_dynamic(file, loads, dynamic)

    def _read_dynamic(self, file, loads, dynamic):
        rows = []
        data = self._at(file, dynamic[0], dynamic[1] // 16 * 16)
        for tag, value in struct.iter_unpack(self.order + "qQ", data):
            if tag == 0:
                break
            rows.append((tag, value))
        table = dict(rows)
        address = table.get(DT_STRTAB)
        length = table.get(DT_STRSZ, 0)
        if address is None or not any(t == DT_NEEDED or t == DT_SONAME or
                                      t in (DT_RPATH, DT_RUNPATH)
                                      for t, _ in rows):
            return
        strings = self._strings(file, loads, address, length)
        self.needed = [self._string(strings, v) for t, v in rows
                       if t == DT_NEEDED]
        if DT_SONAME in table:
            self.soname = self._string(strings, table[DT_SONAME])
        if self.soname not in C_LIBRARIES:
            self.mentions = {name for name in WATCHED
                             if b"\0%s\0" % name.encode() in strings}
        if DT_RUNPATH in table:
            self.runpath = self._string(strings,
                                        table[DT_RUNPATH]).split(":")
        elif DT_RPATH in table:
            self.rpath = self._string(strings, table[DT_RPATH]).split(":")

    def _strings(self, file, loads, address, length):
        for start, offset, size in loads:
            if start <= address and address + length <= start + size and \
                    length <= STRINGS_MAX:
                return self._at(file, offset + address - start, length)
        raise BadElf("string table outside the file")

    @staticmethod
    def _string(strings, offset):
        end = strings.find(b"\0", offset)
        if end < 0:
            raise BadElf("string outside its table")
        return os.fsdecode(strings[offset:end])


def is_elf(path):
    try:
        with open(path, "rb", buffering=0) as file:
            return file.read(4) == b"\x7fELF"
    except OSError:
        return False
