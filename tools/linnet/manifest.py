# SPDX-License-Identifier: BSD-3-Clause
"""Manifests: text that says which host file is where in the guest.

    # comment            [manifest]
    /bin/x: /host/x              a file or a folder
    /&/libx.so: dir/&            & stands for the last part on both sides
    /etc/**: conf/**             a folder with everything below
    /bin/sh: ->bash              a symbolic link
    /x: !/host/link              a link of the host as it is
    %(name)s                     a variable of the environment
"""

import os
import re

from linnet.errors import Failure


def parse(path, variables=None):
    """[(guest path, host text)] of a manifest."""
    rows = []
    values = {**os.environ, **(variables or {})}
    try:
        with open(path, encoding="utf-8", errors="surrogateescape") as file:
            lines = file.read().split("\n")
    except OSError as error:
        raise Failure(f"{path}: {error.strerror}") from error
    for number, line in enumerate(lines, 1):
        line = line.strip()
        if not line or line[0] == "#" or line == "[manifest]":
            continue
        guest, colon, host = line.partition(": ")
        if not colon or not guest.startswith("/"):
            raise Failure(f"{path}:{number}: /GUEST: HOST expected")
        rows.append(_expand(guest, host.strip(), values, path, number))
    return rows


def _expand(guest, host, values, path, number):
    def value(match):
        if match[1] not in values:
            raise Failure(f"{path}:{number}: no variable {match[1]}")
        return values[match[1]]

    host = re.sub(r"%\((\w+)\)s", value, host)
    guest = re.sub(r"%\((\w+)\)s", value, guest)
    if guest.endswith("/&") or "/&/" in guest:
        last = guest.split("/&/")[1] if "/&/" in guest else \
            os.path.basename(host)
        guest = guest.replace("/&/", "/").replace("/&", "/" + last)
        host = host.replace("&", last)
    return guest, host


def add_to(tree, rows, base):
    """Puts the rows into a tree; relative host paths are below `base`."""
    for guest, host in rows:
        if host.startswith("->"):
            tree.add_link(guest, host[2:].strip())
            continue
        keep_link = host.startswith("!")
        source = os.path.join(base, host.lstrip("!"))
        if guest.endswith("/**"):
            tree.add_folder_tree(source.removesuffix("/**"), guest[:-3])
        elif keep_link and os.path.islink(source):
            tree.add_link(guest, os.readlink(source))
        elif os.path.isdir(source):
            tree.add_folder(guest)
        elif os.path.exists(source):
            tree.add_file(source, guest)
        else:
            raise Failure(f"{guest}: {source} does not exist",
                          "correct the manifest")


def of_program(path, guest=None, library=False, ignore_missing=False):
    """Manifest rows for a host program or library with what it needs."""
    from linnet import contents
    from linnet.elf import BadElf, Elf
    builder = contents.Builder()
    if library:
        try:
            elf = Elf(path)
        except (BadElf, OSError) as error:
            raise Failure(f"{path}: {error}", status=126) from error
        builder.resolver.objects[os.path.realpath(path)] = elf
        builder.resolver.add(elf, None, required=not ignore_missing)
        if builder.resolver.missing:
            raise Failure(f"{path}: library {builder.resolver.missing[0][0]} "
                          "is not installed", "or use -i", 127)
    else:
        builder.add_program(path)
        builder.finish()
    rows = [(guest or path, path)]
    for name in builder.resolver.found:
        builder.tree.add_same(name)
    for name, node in builder.tree.sorted():
        if node.kind == "h" and name != os.path.realpath(path):
            rows.append((name, node.data))
        elif node.kind == "l":
            rows.append((name, "->" + node.data))
    return rows


def kind_of(path):
    """What kind of ELF file it is, for people."""
    from linnet.elf import BadElf, Elf
    try:
        elf = Elf(path)
    except BadElf:
        return "script"
    if elf.type == 2:
        return "position-dependent executable"
    if elf.interpreter or not elf.soname and not path.endswith(".so"):
        return "position-independent executable"
    return "shared library"
