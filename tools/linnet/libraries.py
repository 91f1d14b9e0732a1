# SPDX-License-Identifier: BSD-3-Clause
"""Finds the shared libraries of a program as its dynamic linker would.

glibc: DT_RPATH of the object and of those that loaded it, LD_LIBRARY_PATH,
DT_RUNPATH, /etc/ld.so.cache, the default folders.  musl: RPATH, its path file
or its built-in folders.  Nothing is executed.  LD_LIBRARY_PATH holds folders of
the guest: those that -v copies are looked up where they come from.
"""

import os
import struct

from linnet.elf import BadElf, Elf
from linnet.errors import NOT_FOUND, Failure

CACHE_MAGIC = b"glibc-ld.so.cache1.1"
HWCAP_MASK = 0xffffffff << 32
FLAG_X86_64_LIB6 = 0x0303
FLAG_AARCH64_LIB6 = 0x0a03
TRIPLETS = {"x86_64": "x86_64-linux-gnu", "aarch64": "aarch64-linux-gnu"}
CACHE_FLAGS = {"x86_64": FLAG_X86_64_LIB6, "aarch64": FLAG_AARCH64_LIB6}
# Names that musl's loader answers itself.
MUSL_OWN = {f"lib{n}.so" for n in
            "c pthread rt m dl util xnet crypt resolv".split()}


def read_cache(path, arch):
    """Name -> file of the format 1.1 cache; {} when there is none."""
    try:
        with open(path, "rb") as file:
            data = file.read()
    except OSError:
        return {}
    start = data.find(CACHE_MAGIC)
    found = {}
    if start < 0 or len(data) < start + 48:
        return found
    count, = struct.unpack_from("<I", data, start + 20)
    for i in range(min(count, (len(data) - start - 48) // 24)):
        flags, key, value, _, hwcap = struct.unpack_from(
            "<iIIIQ", data, start + 48 + 24 * i)
        if flags != CACHE_FLAGS.get(arch) or hwcap & HWCAP_MASK:
            continue
        name = _text(data, start + key)
        if name and name not in found:
            found[name] = _text(data, start + value)
    return found


def _text(data, offset):
    end = data.find(b"\0", offset)
    return os.fsdecode(data[offset:end]) if 0 <= end else ""


def default_folders(arch):
    triplet = TRIPLETS.get(arch, "")
    return [f"/lib/{triplet}", f"/usr/lib/{triplet}", "/lib64", "/usr/lib64",
            "/lib", "/usr/lib"]


def musl_folders(interpreter):
    """From the loader's path file, /etc/ld-musl-ARCH.path."""
    name = os.path.basename(interpreter).split(".")[0]
    try:
        with open(f"/etc/{name}.path", encoding="utf-8",
                  errors="surrogateescape") as file:
            return file.read().replace("\n", ":").split(":")
    except OSError:
        return ["/lib", "/usr/local/lib", "/usr/lib"]


class Resolver:
    """Finds libraries for objects of one architecture; remembers objects."""

    def __init__(self, arch, library_path="", copies=()):
        self.arch = arch
        self.copies = [(h, g) for h, g in copies if isinstance(h, str)]
        self.library_path = [p for p in library_path.split(":") if p]
        self.cache = None
        self.objects = {}  # path -> Elf or None
        self.missing = []  # (library, who needs it)
        self.found = {}    # libraries in order: path -> None

    def object_at(self, path):
        """The object when it is a library of our architecture."""
        key = os.path.realpath(path)
        if key not in self.objects:
            try:
                elf = Elf(key)
            except (BadElf, OSError):
                elf = None
            if elf is not None and (elf.machine != self.arch or
                                    elf.bits != 64):
                elf = None
            self.objects[key] = elf
        return self.objects[key]

    def expand(self, folder, owner):
        origin = os.path.dirname(os.path.realpath(owner))
        triplet = TRIPLETS.get(self.arch, "")
        for name, value in (("ORIGIN", origin), ("LIB", f"lib/{triplet}"),
                            ("PLATFORM", self.arch)):
            folder = folder.replace("${%s}" % name, value)
            folder = folder.replace(f"${name}", value)
        return folder

    def candidates(self, name, chain, interpreter):
        """Files to try, in the order of the dynamic linker.  `chain` is the
        object that needs the library, then who loaded that, and so on."""
        owner = chain[0]
        musl = interpreter is not None and "musl" in interpreter
        if not owner.runpath:
            for loader in chain:
                for folder in loader.rpath:
                    yield os.path.join(self.expand(folder, loader.path), name)
        for folder in self.library_path:
            yield self.source_of(os.path.join(folder, name))
        for folder in owner.runpath:
            yield os.path.join(self.expand(folder, owner.path), name)
        if musl:
            folders = musl_folders(interpreter)
        else:
            if self.cache is None:
                self.cache = read_cache("/etc/ld.so.cache", self.arch)
            if name in self.cache:
                yield self.cache[name]
            folders = default_folders(self.arch)
        for folder in folders:
            if folder:
                yield os.path.join(folder, name)

    def source_of(self, path):
        """The host's path of a guest's one."""
        path = os.path.normpath(path)
        for host, guest in self.copies:
            if path == guest or path.startswith(guest.rstrip("/") + "/"):
                copied = os.path.normpath(
                    os.path.join(host, os.path.relpath(path, guest))) \
                    if path != guest else host
                if os.path.exists(copied):
                    return copied
        return path

    def is_copied(self, path):
        """Does a copy bring this file of the host?  Where it lies here it
        need not be in the guest."""
        return any(path == host or path.startswith(host + "/")
                   for host, _ in self.copies)

    def find(self, name, chain, interpreter):
        if "/" in name:
            path = self.expand(name, chain[0].path)
            return path if self.object_at(path) else None
        for path in self.candidates(name, chain, interpreter):
            if os.path.exists(path) and self.object_at(path):
                return os.path.normpath(path)
        return None

    def add_named(self, name, interpreter):
        """A library named by its path or name, as in LD_PRELOAD."""
        program = next(iter(self.objects.values()))
        path = self.source_of(name) if "/" in name else \
            self.find(name, (program,), interpreter)
        elf = self.object_at(path) if path else None
        if elf is None:
            raise Failure(f"LD_PRELOAD: {name} is no library of this machine",
                          "check -e LD_PRELOAD", NOT_FOUND)
        if not self.is_copied(path):
            self.found[path] = None
        self.add(elf, interpreter, required=False)

    def add(self, elf, interpreter, required=True):
        """Adds all libraries that the object needs, recursively."""
        work = [(elf, (elf,))]
        seen = {os.path.realpath(elf.path)}
        while work:
            owner, chain = work.pop(0)
            for name in owner.needed:
                if interpreter and "musl" in interpreter and name in MUSL_OWN:
                    continue
                path = self.find(name, chain, interpreter)
                if path is None:
                    if required:
                        self.missing.append((name, owner.path))
                    continue
                if not self.is_copied(path):
                    self.found[path] = None
                real = os.path.realpath(path)
                if real not in seen:
                    seen.add(real)
                    child = self.objects[real]
                    work.append((child, (child,) + chain))
