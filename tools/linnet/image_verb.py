# SPDX-License-Identifier: BSD-3-Clause
"""linnet image: make images, look into them."""

import os
import stat
import sys

from linnet import contents, image
from linnet.arguments import Option, Parser, format_size
from linnet.errors import Failure

HELP = """\
usage: linnet image ls IMAGE [PATH]
       linnet image tree IMAGE [PATH]
       linnet image cat IMAGE PATH...
       linnet image why @PROGRAM
       linnet image make [OPTION]... IMAGE [PROGRAM]
       linnet image list
       linnet image prune

Looks into EROFS images and cpio archives, and makes them.  IMAGE is a file, or
a program's name after @: @ls is the image that `linnet run ls` uses.

options of ls: -l mode, size and date; --json
options of make:
{options}

examples:
  linnet image ls -l build/last/usr.img /etc
  linnet image tree @python3 /usr/lib/python3
  linnet image cat @ls /etc/passwd
  linnet image why @python3          # its packages, its largest folders
  linnet image make ls.erofs ls
  linnet image make --fs ramfs -v site:/srv/www server.cpio ./server
  linnet image make --rootfs /srv/debian debian.erofs
  linnet image list                  # the cache, build/images
  linnet image prune                 # empty it
"""

MAKE_OPTIONS = [
    Option("--fs", "rofs|ramfs", "EROFS image or cpio archive (rofs)",
           default="rofs", choices=("rofs", "ramfs")),
    Option("-v --volume", "HOST:GUEST", "copy a file or folder into the image",
           many=True),
    Option("--rootfs", "DIR", "everything from this folder"),
    Option("-h --help", None, "this text"),
]
LS_OPTIONS = [Option("-l --long"), Option("--json"), Option("-h --help")]
SHOW_OPTIONS = [Option("--fs", "FORM", choices=("rofs", "ramfs"),
                       default="rofs"), Option("-h --help")]
KINDS = {stat.S_IFDIR: "d", stat.S_IFLNK: "l", stat.S_IFREG: "-"}


def help_text():
    return HELP.format(options=Parser("image", MAKE_OPTIONS).help_lines())


def open_named(name):
    if name.startswith("@"):
        made = image.ensure(image.Request(name[1:]))
        return image.open_image(made.path)
    return image.open_image(name)


def entry_at(archive, path):
    path = os.path.normpath("/" + path.lstrip("/"))
    entry = archive.lookup(path)
    if entry is None:
        raise Failure(f"{path}: not in the image", "linnet image ls shows "
                      "what is", 1)
    return path, entry


def link_target(archive, entry):
    parts = []
    archive.read(entry, parts.append)
    return os.fsdecode(b"".join(parts))


def describe(archive, name, entry, long):
    if not long:
        return name
    import time
    mode, size, _, mtime = entry
    date = time.strftime("%Y-%m-%d %H:%M", time.gmtime(mtime))
    arrow = f" -> {link_target(archive, entry)}" if stat.S_ISLNK(mode) else ""
    return f"{stat.filemode(mode)} {size:>10} {date} {name}{arrow}"


def list_folder(words):
    values, operands = Parser("image", LS_OPTIONS).parse(words)
    if values.help or not 1 <= len(operands) <= 2:
        return usage(values.help)
    archive = open_named(operands[0])
    path, entry = entry_at(archive, operands[1] if operands[1:] else "/")
    rows = list(archive.children(path)) if stat.S_ISDIR(entry[0]) else \
        [(os.path.basename(path), entry)]
    if values.json:
        import json
        print(json.dumps([
            {"name": name, "type": KINDS.get(stat.S_IFMT(e[0]), "?"),
             "mode": oct(stat.S_IMODE(e[0])), "size": e[1]}
            for name, e in rows]))
        return 0
    for name, e in rows:
        print(describe(archive, name, e, values.long))
    return 0


def show_tree(words):
    values, operands = Parser("image", SHOW_OPTIONS).parse(words)
    if values.help or not 1 <= len(operands) <= 2:
        return usage(values.help)
    archive = open_named(operands[0])
    path, entry = entry_at(archive, operands[1] if operands[1:] else "/")
    if not stat.S_ISDIR(entry[0]):
        raise Failure(f"{path} is no folder", "", 1)
    print(path)
    totals = {"folders": 0, "files": 0, "bytes": 0}
    print_branch(archive, path, "", totals)
    print(f"{totals['folders']} folders, {totals['files']} files, "
          f"{format_size(totals['bytes'])}")
    return 0


WHY_FOLDERS = 12


def why(words):
    """Which packages' data is in a program's image, and where its bytes
    are."""
    values, operands = Parser("image", SHOW_OPTIONS).parse(words)
    if values.help or len(operands) != 1 or operands[0][:1] != "@":
        return usage(values.help)
    made = image.ensure(image.Request(operands[0][1:], fs=values.fs))
    for reason in ("its own", "plug-in", "depended on"):
        names = sorted(n for n, r in made.packages.items() if r == reason)
        if names:
            print(f"{reason}: {' '.join(names)}")
    sizes = {}
    add_sizes(image.open_image(made.path), "/", sizes)
    rows = sorted(sizes.items(), key=lambda row: -row[1])
    for path, size in rows[:WHY_FOLDERS]:
        print(f"{format_size(size):>6}  {path}")
    print(f"{format_size(sum(sizes.values())):>6}  in all")
    return 0


def add_sizes(archive, path, sizes):
    """Bytes of the files by folder, four levels deep."""
    for name, entry in archive.children(path):
        below = path.rstrip("/") + "/" + name
        if stat.S_ISDIR(entry[0]):
            add_sizes(archive, below, sizes)
        else:
            folder = "/".join(path.split("/")[:5])
            sizes[folder] = sizes.get(folder, 0) + entry[1]


def print_branch(archive, path, indent, totals):
    rows = list(archive.children(path))
    for i, (name, entry) in enumerate(rows):
        last = i == len(rows) - 1
        mark = "`-- " if last else "|-- "
        text = name
        if stat.S_ISLNK(entry[0]):
            text += f" -> {link_target(archive, entry)}"
        print(indent + mark + text)
        if stat.S_ISDIR(entry[0]):
            totals["folders"] += 1
            print_branch(archive, path.rstrip("/") + "/" + name,
                         indent + ("    " if last else "|   "), totals)
        else:
            totals["files"] += 1
            totals["bytes"] += entry[1]


def print_files(words):
    values, operands = Parser("image", SHOW_OPTIONS).parse(words)
    if values.help or len(operands) < 2:
        return usage(values.help)
    archive = open_named(operands[0])
    sys.stdout.flush()
    for name in operands[1:]:
        entry = follow(archive, name)
        if not stat.S_ISREG(entry[0]):
            raise Failure(f"{name}: is no regular file", "", 1)
        archive.read(entry, sys.stdout.buffer.write)
    sys.stdout.buffer.flush()
    return 0


def follow(archive, path):
    """The entry at a path, links of the image followed."""
    parts = [p for p in path.split("/") if p]
    done = "/"
    for _ in range(1000):
        if not parts:
            return entry_at(archive, done)[1]
        done = os.path.normpath(os.path.join(done, parts.pop(0)))
        entry = entry_at(archive, done)[1]
        if stat.S_ISLNK(entry[0]):
            target = link_target(archive, entry)
            done = os.path.dirname(done)
            if target.startswith("/"):
                done = "/"
            parts = [p for p in target.split("/") if p] + parts
    raise Failure(f"{path}: too many symbolic links", "", 1)


def make(words):
    values, operands = Parser("image", MAKE_OPTIONS).parse(words)
    if values.help or not 1 <= len(operands) <= 2:
        return usage(values.help)
    rootfs = os.path.realpath(values.rootfs) if values.rootfs else None
    if rootfs is not None and not os.path.isdir(rootfs):
        raise Failure(f"--rootfs {values.rootfs}: is no folder")
    program = operands[1] if operands[1:] else None
    request = image.Request(
        program, fs=values.fs, rootfs=rootfs,
        copies=[contents.parse_copy(v) for v in values.volume])
    if program and rootfs:
        program = contents.find_in_rootfs(rootfs, program)
    elif program:
        program = contents.find_program(program)
    target = os.path.abspath(operands[0])
    if not os.path.isdir(os.path.dirname(target)):
        raise Failure(f"{operands[0]}: its folder does not exist")
    recipe = image.make(request, program, target)
    for path in recipe["skipped"]:
        print(f"linnet: {path} could not be read and is not in the image",
              file=sys.stderr)
    print(f"{operands[0]}: {format_size(os.path.getsize(target))}")
    return 0


def list_cache(_words):
    import json
    from linnet import paths
    if os.path.isdir(paths.IMAGES):
        for entry in sorted(os.scandir(paths.IMAGES), key=lambda e: e.name):
            stem, suffix = os.path.splitext(entry.path)
            if suffix in image.SUFFIXES.values():
                try:
                    with open(stem + ".recipe", encoding="utf-8") as file:
                        program = json.load(file)["program"]
                except (OSError, ValueError, KeyError):
                    program = "?"
                print(f"{format_size(entry.stat().st_size):>6}  "
                      f"{os.path.relpath(entry.path)}  {program}")
    return 0


def prune(_words):
    import shutil
    from linnet import paths
    shutil.rmtree(paths.IMAGES, ignore_errors=True)
    return 0


def usage(wanted):
    if wanted:
        print(help_text(), end="")
        return 0
    raise Failure("image: missing or superfluous arguments",
                  "see linnet image --help", 2)


ACTIONS = {"ls": list_folder, "tree": show_tree, "cat": print_files,
           "why": why, "make": make, "list": list_cache, "prune": prune}


def main(words):
    if not words or words[0] in ("-h", "--help"):
        return usage(bool(words))
    if words[0] not in ACTIONS:
        raise Failure(f"image {words[0]}: no such action",
                      "one of " + ", ".join(ACTIONS), 2)
    return ACTIONS[words[0]](words[1:])
