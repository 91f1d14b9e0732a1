# SPDX-License-Identifier: BSD-3-Clause
"""elf.py and libraries.py: reading ELF files, finding libraries."""

import os
import random
import re
import struct
import subprocess
import unittest

from support import TemporaryFolder, has
from linnet.errors import Failure
from linnet.elf import BadElf, Elf, is_elf
from linnet.libraries import Resolver, read_cache


def header(bits=2, order=1, kind=2, machine=62, phoff=64, phnum=0):
    ident = b"\x7fELF" + bytes([bits, order, 1]) + bytes(9)
    return ident + struct.pack("<HHIQQQIHHHHHH", kind, machine, 1, 0, phoff,
                               0, 0, 64, 56, phnum, 0, 0, 0)


class ElfFiles(TemporaryFolder):
    def test_host_program(self):
        elf = Elf("/bin/ls")
        self.assertEqual((elf.bits, elf.machine), (64, "x86_64"))
        self.assertIn("libc.so.6", elf.needed)
        self.assertTrue(has(elf.interpreter))

    def test_kinds(self):
        elf = Elf(self.write("arm", header(machine=183)))
        self.assertEqual(elf.machine, "aarch64")
        elf = Elf(self.write("old", header(bits=1, machine=3)))
        self.assertEqual((elf.bits, elf.machine), (32, "i386"))
        self.assertFalse(is_elf(self.write("text", "hello")))
        self.assertFalse(is_elf(self.path("none")))

    def test_damaged(self):
        load = struct.pack("<IIQQQQQQ", 2, 0, 1 << 40, 0, 0, 1 << 40, 0, 0)
        for name, data in (("empty", b""), ("short", b"\x7fELF"),
                           ("text", b"x" * 100),
                           ("headers", header(phoff=1 << 60, phnum=4)),
                           ("outside", header(phnum=1) + load)):
            with self.assertRaises(BadElf, msg=name):
                Elf(self.write(name, data))

    def test_random_damage(self):
        with open("/bin/ls", "rb") as file:
            good = file.read()
        chance = random.Random(1)
        for i in range(300):
            data = bytearray(good)
            for _ in range(chance.randrange(1, 20)):
                data[chance.randrange(1024)] = chance.randrange(256)
            path = self.write("damaged", data[:chance.randrange(
                64, len(data))] if i % 3 == 0 else data)
            try:
                Elf(path)
            except BadElf:
                pass


class Libraries(TemporaryFolder):
    def test_same_as_ldd(self):
        for program in ("/bin/ls", "/usr/bin/python3", "/usr/bin/qemu-img",
                        "/usr/bin/git", "/usr/bin/node"):
            if not has(program):
                continue
            text = subprocess.run(["ldd", program], capture_output=True,
                                  text=True, check=True).stdout
            wanted = {os.path.realpath(p) for p in
                      re.findall(r"=> (/\S+)", text)}
            resolver = Resolver("x86_64")
            elf = Elf(os.path.realpath(program))
            resolver.add(elf, elf.interpreter)
            self.assertEqual(resolver.missing, [], program)
            found = {os.path.realpath(p) for p in resolver.found}
            interpreter = os.path.realpath(elf.interpreter)
            self.assertEqual(found - {interpreter}, wanted - {interpreter},
                             program)

    def test_cache(self):
        self.assertIn("libc.so.6", read_cache("/etc/ld.so.cache", "x86_64"))
        self.assertEqual(read_cache(self.path("none"), "x86_64"), {})
        bad = self.write("cache", b"glibc-ld.so.cache1.1" +
                         struct.pack("<I", 1 << 30) + bytes(100))
        read_cache(bad, "x86_64")

    def build(self, name, source, *flags):
        path = self.path(name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        subprocess.run(["gcc", "-x", "c", "-", "-o", path, *flags],
                       input=source, text=True, check=True)
        return path

    def test_origin_and_missing(self):
        self.build("lib/liba.so", "int a(void) { return 1; }", "-shared",
                   "-fPIC", "-Wl,-soname,liba.so")
        source = "int a(void); int main(void) { return a(); }"
        flags = [f"-L{self.path('lib')}", "-la"]
        for tag in ("--enable-new-dtags", "--disable-new-dtags"):
            elf = Elf(self.build("bin/p", source, *flags,
                                 f"-Wl,{tag},-rpath,$ORIGIN/../lib"))
            resolver = Resolver("x86_64")
            resolver.add(elf, elf.interpreter)
            self.assertIn(self.path("lib/liba.so"), resolver.found)
        elf = Elf(self.build("bin/q", source, *flags))
        resolver = Resolver("x86_64")
        resolver.add(elf, elf.interpreter)
        self.assertEqual(resolver.missing, [("liba.so", elf.path)])
        resolver = Resolver("x86_64", self.path("lib"))
        resolver.add(elf, elf.interpreter)
        self.assertEqual(resolver.missing, [])
        return elf

    def test_copied_folders(self):
        """LD_LIBRARY_PATH names folders of the guest: -v brings them."""
        elf = self.test_origin_and_missing()
        lib = self.path("lib")
        for copies, folder in (([(lib, "/l")], "/l"),
                               ([(self.folder, "/x")], "/x/y/../lib"),
                               ([(lib + "/liba.so", "/l/liba.so")], "/l")):
            resolver = Resolver("x86_64", folder, copies)
            resolver.add(elf, elf.interpreter)
            self.assertEqual(resolver.missing, [], folder)
            self.assertNotIn(lib + "/liba.so", resolver.found)
        resolver = Resolver("x86_64", "/other", [(lib, "/l")])
        resolver.add(elf, elf.interpreter)
        self.assertTrue(resolver.missing)

    def test_preloaded(self):
        library = self.build("pre.so", "#include <math.h>\ndouble a(double "
                             "x) { return sin(x); }", "-shared", "-fPIC",
                             "-Wl,--no-as-needed", "-lm")
        for name, copies in ((library, ()), ("/l/pre.so",
                                             [(self.folder, "/l")])):
            resolver = Resolver("x86_64", copies=copies)
            resolver.object_at("/bin/true")
            resolver.add_named(name, None)
            self.assertEqual(library in resolver.found, not copies)
            self.assertTrue(any("libm.so" in p for p in resolver.found))
        with self.assertRaises(Failure):
            resolver.add_named("/no/such.so", None)


if __name__ == "__main__":
    unittest.main()
