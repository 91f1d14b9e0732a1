# SPDX-License-Identifier: BSD-3-Clause
"""The "newc" archive (cpio(5)): the form of an initrd.

    header: 6-byte magic, 13 fields of 8 hexadecimal digits; name with NUL,
    padded to 4; data, padded to 4.  The entry "TRAILER!!!" ends it.

The data of a file of a page or more begins at a page: the name has more NULs
behind it.  So the kernel need not copy it.
"""

import os
import shutil
import stat

from linnet.errors import Failure

MAGIC = b"070701"
FILE_MAX = 0xffffffff
HEADER = 110
PAGE = 4096
NAME_MAX = 4096  # what others read, NULs included
KINDS = {"d": stat.S_IFDIR, "l": stat.S_IFLNK, "b": stat.S_IFREG,
         "h": stat.S_IFREG}


def _name(name, size, offset):
    """The name field of an entry at the offset."""
    plain = name + b"\0"
    if size < PAGE:
        return plain
    wide = plain + bytes(-(offset + HEADER + len(plain)) % PAGE)
    return wide if len(wide) <= NAME_MAX else plain


def _header(number, mode, links, mtime, size, name):
    fields = (number, mode, 0, 0, links, mtime & FILE_MAX, size, 0, 0, 0, 0,
              len(name), 0)
    head = MAGIC + b"".join(b"%08x" % f for f in fields) + name
    return head + bytes(-len(head) % 4)


def write(tree, path):
    """Writes the tree as an archive."""
    import time
    now = int(time.time())
    with open(path, "wb") as out:
        for number, (name, node) in enumerate(tree.sorted(), 1):
            guest = os.fsencode(name.lstrip("/") or ".")
            mode = KINDS[node.kind] | node.mode
            data = node.data if node.kind == "b" else b""
            if node.kind == "l":
                data = os.fsencode(node.data)
            size = node.size if node.kind == "h" else len(data)
            if size > FILE_MAX:
                raise Failure(f"{name} is larger than 4 GiB", "use --fs rofs")
            out.write(_header(number, mode, 2 if node.kind == "d" else 1,
                              node.mtime or now, size,
                              _name(guest, size, out.tell())))
            if node.kind == "h":
                _copy(node.data, out, size)
            else:
                out.write(data)
            out.write(bytes(-size % 4))
        end = _header(0, 0, 1, 0, 0, b"TRAILER!!!\0")
        out.write(end)
        out.write(bytes(-out.tell() % 512))


def _copy(host, out, size):
    start = out.tell()
    with open(host, "rb") as file:
        shutil.copyfileobj(file, out, 1 << 20)
    if out.tell() - start != size:
        raise Failure(f"{host} changed while the image was made", "try again")


class Archive:
    """Reads an archive: entries is guest path -> (mode, size, offset,
    mtime)."""

    def __init__(self, path):
        self.file = open(path, "rb")
        self.size = os.fstat(self.file.fileno()).st_size
        self.entries = {}
        self._read()
        self.names = {}  # folder -> names in it
        for name in sorted(self.entries):
            parent, base = os.path.split(name)
            if base:
                self.names.setdefault(parent, []).append(base)

    def _read(self):
        offset = 0
        while True:
            head = os.pread(self.file.fileno(), HEADER, offset)
            if len(head) < HEADER or head[:6] not in (MAGIC, b"070702"):
                raise Failure(f"{self.file.name}: damaged archive at byte "
                              f"{offset}", "make the image again")
            fields = [int(head[6 + 8 * i:14 + 8 * i], 16) for i in range(13)]
            mode, mtime, size, length = (fields[1], fields[5], fields[6],
                                         fields[11])
            name = os.pread(self.file.fileno(), length, offset + HEADER)
            name = name.rstrip(b"\0")
            data = offset + HEADER + length
            data += -data % 4
            if name == b"TRAILER!!!":
                return
            if data + size > self.size:
                raise Failure(f"{self.file.name}: truncated archive")
            path = "/" + os.fsdecode(name).lstrip("/")
            self.entries["/" if path == "/." else path] = \
                (mode, size, data, mtime)
            offset = data + size + -size % 4

    def lookup(self, path):
        return self.entries.get(path)

    def children(self, path):
        for name in self.names.get(path, ()):
            yield name, self.entries[os.path.join(path, name)]

    def read(self, entry, write):
        left, offset = entry[1], entry[2]
        while left > 0:
            data = os.pread(self.file.fileno(), min(left, 1 << 20), offset)
            if not data:
                raise Failure(f"{self.file.name}: truncated archive")
            write(data)
            left -= len(data)
            offset += len(data)
