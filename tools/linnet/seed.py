# SPDX-License-Identifier: BSD-3-Clause
"""The programs in scripts/ whose names and flags OSv's users know.

build, run.py, manifest_from_host.sh and convert work on build/last:

    kernel-stripped.elf   the kernel
    usr.img               the image, usr.fs its form (rofs or ramfs)
    usr.manifest          what is in it
    cmdline               the default command line
    append.manifest       what manifest_from_host.sh -w adds

A flag of the seed that has no meaning here yet is refused by its name.
"""

import os
import re
import sys

from linnet import kernel, paths
from linnet.arguments import Option, Parser, format_size, parse_count
from linnet.arguments import parse_size
from linnet.errors import Failure

LAST = os.path.join(paths.BUILD, "last")


def main(function):
    """Runs one of the programs; errors become a line and a status."""
    try:
        sys.exit(function(sys.argv[1:]))
    except Failure as failure:
        sys.stdout.flush()
        name = os.path.basename(sys.argv[0])
        print(f"{name}: {failure.line()}", file=sys.stderr)
        sys.exit(failure.status)
    except KeyboardInterrupt:
        sys.exit(130)
    except OSError as error:
        what = f"{error.filename}: " if error.filename else ""
        sys.exit(f"{what}{error.strerror or error}")


def last(name):
    return os.path.join(LAST, name)


def read_text(path, otherwise=""):
    try:
        with open(path, encoding="utf-8", errors="surrogateescape") as file:
            return file.read()
    except OSError:
        return otherwise


def write_text(path, text):
    with open(path, "w", encoding="utf-8",
              errors="surrogateescape") as file:
        file.write(text)


# --- scripts/build ----------------------------------------------------------

BUILD_HELP = """\
usage: scripts/build [NAME=VALUE]... [OPTION]... [check|clean]

Builds the kernel and the image build/last/usr.img.

  arch=x64             architecture
  mode=release|debug   kernel configuration default or debug
  config=NAME          kernel configuration by its name in configs/
  fs=rofs|ramfs        form of the image (rofs)
  image=empty          nothing but what manifests name
  -jN                  jobs for make
  --append-manifest    add build/last/append.manifest, which
                       scripts/manifest_from_host.sh -w has written
  check                run all checks
  clean                remove build/
  -h --help            this text

examples:
  scripts/build
  scripts/build -j4 fs=rofs image=empty
  scripts/manifest_from_host.sh -w ls && scripts/build --append-manifest &&
      scripts/run.py -e '/ls -l /'
  scripts/build mode=debug fs=ramfs
"""
ARCHES = {"x64": "x86_64", "x86_64": "x86_64", "aarch64": "aarch64"}
MODES = {"release": "default", "debug": "debug"}
KNOWN_ONLY = {
    "export": "there are no modules to export yet",
    "export_dir": "there are no modules to export yet",
    "fs_size": "a read-only image is as large as its contents",
    "fs_size_mb": "a read-only image is as large as its contents",
    "app_local_exec_tls_size": "programs come with their own TLS",
    "usrskel": "there is no skeleton manifest yet",
    "conf_dot_file": "kernel options are in configs/",
    "modules": "there are no modules yet",
    "--create-disk": "disk boot is not there yet",
    "--create-zfs-disk": "ZFS is not there yet",
    "--use-openzfs": "ZFS is not there yet",
}


def parse_build(words):
    values = {"arch": os.uname().machine, "mode": "release", "fs": "rofs",
              "image": "empty", "append": False, "jobs": None, "config": None}
    words = list(words)
    while words:
        word = words.pop(0)
        name, equals, value = word.partition("=")
        if name in KNOWN_ONLY or name.startswith("conf_"):
            raise Failure(f"{name} has no meaning yet: "
                          + KNOWN_ONLY.get(name, "kernel options are in "
                                           "configs/"))
        if word == "--append-manifest":
            values["append"] = True
        elif re.fullmatch(r"-j\d*", word):
            values["jobs"] = word[2:] or (words.pop(0) if words and
                                          words[0].isdigit() else None)
        elif equals and name in ("arch", "mode", "fs", "image", "config"):
            values[name] = value
        elif word in ("check", "clean"):
            values[word] = True
        else:
            raise Failure(f"unknown argument {word}",
                          "see scripts/build --help")
    check_build(values)
    return values


def check_build(values):
    if values["fs"] not in ("rofs", "ramfs"):
        raise Failure(f"fs={values['fs']} has no meaning yet",
                      "fs=rofs or fs=ramfs")
    if values["arch"] not in ARCHES:
        raise Failure(f"arch={values['arch']}: x64 or aarch64 expected")
    if values["mode"] not in MODES:
        raise Failure(f"mode={values['mode']}: release or debug expected")
    if values["image"] not in ("empty", "default"):
        raise Failure(f"image={values['image']}: there is no such module",
                      "image=empty, and manifest_from_host.sh -w for "
                      "programs of this machine")


def build(words):
    import subprocess
    if set(words) & {"-h", "--help", "help"}:
        print(BUILD_HELP, end="")
        return 0
    values = parse_build(words)
    for target in ("clean", "check"):
        if values.get(target):
            return subprocess.run(["make", target], cwd=paths.ROOT,
                                  check=False).returncode
    config = values["config"] or MODES[values["mode"]]
    arch = ARCHES[values["arch"]]
    if values["jobs"]:
        os.environ["LINNET_JOBS"] = values["jobs"]
    kernel.ensure(config, arch)
    folder = paths.build_folder(config, arch)
    append = read_text(last("append.manifest"))
    append_line = read_text(last("append_cmdline"))
    link_last(folder)
    make_usr_image(folder, values, append, append_line)
    return 0


def link_last(folder):
    if os.path.realpath(LAST) != folder:
        temporary = LAST + ".new"
        os.symlink(os.path.basename(folder), temporary)
        os.replace(temporary, LAST)


def make_usr_image(folder, values, append, append_line):
    from linnet import base, image, manifest
    from linnet.tree import Tree
    tree = Tree()
    manifest_path = os.path.join(folder, "usr.manifest")
    write_text(manifest_path, append if values["append"] else "")
    manifest.add_to(tree, manifest.parse(manifest_path), paths.ROOT)
    base.add(tree)
    target = os.path.join(folder, "usr.img")
    image.write_tree(tree, values["fs"], target)
    write_text(os.path.join(folder, "usr.fs"), values["fs"])
    if values["append"]:
        write_text(os.path.join(folder, "cmdline"), append_line)
    elif not os.path.exists(os.path.join(folder, "cmdline")):
        write_text(os.path.join(folder, "cmdline"), "")
    print(f"{os.path.relpath(target)}: {values['fs']}, "
          f"{format_size(os.path.getsize(target))}")


# --- scripts/run.py ---------------------------------------------------------------

NO_NETWORK = "the kernel has no network yet"
NO_DEVICE = "there is no driver yet"
NO_TRACE = "there are no tracepoints yet"
RUN_OPTIONS = [
    Option("-d --debug", None, "use the image in build/debug.ARCH"),
    Option("-r --release", None, "use the image in build/default.ARCH"),
    Option("-w --wait", None, "wait for gdb before the first instruction"),
    Option("-i --image", "FILE", "image to boot (build/last/usr.img)"),
    Option("-m --memsize", "SIZE", "memory (2G)", default="2G"),
    Option("-c --vcpus", "N", "CPUs (4)", default="4"),
    Option("-e --execute", "LINE", "kernel options, program and arguments"),
    Option("-p --hypervisor", "NAME", "auto, kvm, qemu, qemu_microvm",
           default="auto",
           choices=("auto", "kvm", "qemu", "qemu_microvm", "xen", "xenpv",
                    "vmware", "none")),
    Option("-D --detach", None, "run in the background"),
    Option("-H --no-shutdown", None, "QEMU stays when the guest powers off"),
    Option("-s --with-signals", None, "accepted: signals are always passed"),
    Option("--block-device-cache", "MODE", "cache mode of the disk",
           default="unsafe", choices=("none", "writethrough", "writeback",
                                      "directsync", "unsafe")),
    Option("-V --verbose", None, "print what the kernel does"),
    Option("--bootchart", None, "print the phases of the boot"),
    Option("--dry-run", None, "print the QEMU command and end"),
    Option("--pass-args", "WORD", "pass a word to QEMU", many=True),
    Option("--qemu-path", "FILE", "QEMU to use (or QEMU_PATH)"),
    Option("-k --kernel", None, "accepted: the kernel is always loaded by "
           "QEMU"),
    Option("--kernel-path", "FILE", "kernel to boot"),
    Option("--virtio", "MODE", "modern", default="modern",
           choices=("modern", "legacy", "transitional")),
    Option("--mount-fs", "T,U,P", "mount at boot", many=True),
    Option("--gdb", "PORT", "let gdb connect to this port"),
    Option("--nogdb", None, "accepted: off unless --gdb"),
    Option("--novnc", None, "accepted: there is no screen"),
    Option("--arch", "ARCH", "x86_64", default="x86_64",
           choices=("x86_64", "aarch64")),
    Option("-h --help", None, "this text"),
    Option("-n --networking", refused=NO_NETWORK),
    Option("-b --bridge", "NAME", refused=NO_NETWORK),
    Option("-v --vhost", refused=NO_NETWORK),
    Option("-t --tap", "NAME", refused=NO_NETWORK),
    Option("--forward", "RULE", refused=NO_NETWORK),
    Option("--mac", "ADDRESS", refused=NO_NETWORK),
    Option("--nics", "N", refused=NO_NETWORK),
    Option("--ip", "ADDRESS", refused=NO_NETWORK),
    Option("--api", refused=NO_NETWORK),
    Option("--jvm-debug", refused=NO_NETWORK),
    Option("--jvm-suspend", refused=NO_NETWORK),
    Option("-N --nvme", refused=NO_DEVICE),
    Option("-S --scsi", refused=NO_DEVICE),
    Option("-A --sata", refused=NO_DEVICE),
    Option("-I --ide", refused=NO_DEVICE),
    Option("-3 --vmxnet3", refused=NO_DEVICE),
    Option("-g --graphics", refused=NO_DEVICE),
    Option("--vnc", "DISPLAY", refused=NO_DEVICE),
    Option("--second-disk-image", "FILE", refused=NO_DEVICE),
    Option("--second-nvme-image", "FILE", refused=NO_DEVICE),
    Option("--cloud-init-image", "FILE", refused="there is no cloud-init"),
    Option("--virtio-balloon", refused=NO_DEVICE),
    Option("--virtio-fs-tag", "TAG", refused=NO_DEVICE),
    Option("--virtio-fs-dir", "DIR", refused=NO_DEVICE),
    Option("--virtio-fs-dax", "SIZE", refused=NO_DEVICE),
    Option("--virtio-blk-queues", "N", refused="the driver has one queue"),
    Option("--pass-pci", "BDF", refused=NO_DEVICE),
    Option("--gic-version", "N", refused="there is no aarch64 yet"),
    Option("--script", "FILE", refused="Xen is not there yet"),
    Option("--trace", "NAME", refused=NO_TRACE),
    Option("--trace-backtrace", refused=NO_TRACE),
    Option("--sampler", "HZ", refused="there is no sampler yet",
           optional="1000"),
]
RUN_HELP = """\
usage: scripts/run.py [OPTION]...

Boots build/last/usr.img, which scripts/build has made.

{options}

examples:
  scripts/run.py -e '/ls -l /'
  scripts/run.py -m 512M -c 1 -p qemu_microvm --bootchart -e /hello
  scripts/run.py --dry-run
  scripts/run.py -d -V -e '--strace /hello'
To run a program of this machine without an image: ./linnet run PROGRAM.
"""
VMMS = {"auto": "q35", "kvm": "q35", "qemu": "q35",
        "qemu_microvm": "microvm"}
ACCELERATORS = {"auto": "auto", "kvm": "kvm", "qemu": "tcg",
                "qemu_microvm": "auto"}


def run_folder(values):
    config = "debug" if values.debug else "default"
    if values.debug or values.release:
        return paths.build_folder(config, values.arch)
    return LAST


def run_machine(values):
    from linnet import qemu
    if values.hypervisor not in VMMS:
        raise Failure(f"-p {values.hypervisor} has no meaning yet",
                      "one of " + ", ".join(VMMS))
    if values.virtio != "modern":
        raise Failure(f"--virtio {values.virtio} has no meaning: the drivers "
                      "are for virtio 1", "--virtio modern")
    folder = run_folder(values)
    image_path = values.image or os.path.join(folder, "usr.img")
    if not os.path.exists(image_path):
        raise Failure(f"{os.path.relpath(image_path)} does not exist",
                      "run scripts/build first")
    extra = list(values.pass_args)
    extra += ["-S"] if values.wait else []
    extra += ["-no-shutdown"] if values.no_shutdown else []
    if values.gdb or values.wait:
        port = parse_count(values.gdb or "1234", "--gdb", 1, 65535)
        extra += ["-gdb", f"tcp:127.0.0.1:{port}"]
    fs = read_text(os.path.join(os.path.dirname(image_path), "usr.fs"),
                   "rofs").strip()
    return qemu.Machine(
        vmm=VMMS[values.hypervisor],
        accelerator=ACCELERATORS[values.hypervisor], arch=values.arch,
        memory=parse_size(values.memsize, "-m"), fs=fs, image=image_path,
        cpus=parse_count(values.vcpus, "-c", 1, 255),
        kernel=values.kernel_path or
        os.path.join(folder, "kernel-stripped.elf"),
        program=values.qemu_path, extra=extra)


def run_line(values, machine, with_control, terminal):
    line = values.execute
    if line is None:
        line = read_text(os.path.join(run_folder(values), "cmdline")).strip()
    words = ["--control=com2"] if with_control else []
    words += ["--stdio=pipe"] if with_control and not terminal else []
    words.append(f"--rootfs={machine.fs}")
    words += ["--verbose"] if values.verbose else []
    words += ["--bootchart"] if values.bootchart else []
    words += [f"--mount-fs={m}" for m in values.mount_fs]
    return " ".join(words + [line])


def run(words):
    parser = Parser("scripts/run.py", RUN_OPTIONS)
    values, operands = parser.parse(words)
    if values.help:
        print(RUN_HELP.format(options=parser.help_lines()), end="")
        return 0
    if operands:
        parser.fail(f"unknown argument {operands[0]}")
    machine = run_machine(values)
    if values.dry_run:
        import shlex
        machine.line = run_line(values, machine, False, True)
        print(shlex.join(machine.command("stdio,signal=off", None)))
        return 0
    return run_session(values, machine)


def run_session(values, machine):
    from linnet import detached, run as verb
    kernel.ensure_tools("run")
    terminal = os.isatty(0) and os.isatty(1) and not values.detach
    machine.line = run_line(values, machine, True, terminal)
    flags = ["--tty"] if terminal else []
    flags += ["--verbose"] if values.verbose else []
    flags += ["--bootchart"] if values.bootchart else []
    flags += ["--detach"] if values.detach else []
    plan_values, _ = verb.parser().parse(flags)
    plan = verb.Plan(plan_values, os.path.basename(machine.image), [])
    if values.detach:
        return detached.start(plan, machine)
    return verb.launch(plan, machine)


# --- scripts/manifest_from_host.sh ---------------------------------------------

MANIFEST_OPTIONS = [
    Option("-l", None, "look for a shared library, not a program"),
    Option("-R", None, "guest path = host path (else /NAME)"),
    Option("-w", None, "write build/last/append.manifest for scripts/build "
           "--append-manifest"),
    Option("-i", None, "ignore missing libraries"),
    Option("-h --help", None, "this text"),
    Option("-r", refused="name the folder's programs one by one"),
]
MANIFEST_HELP = """\
usage: scripts/manifest_from_host.sh [OPTION]... NAME|FILE [SUBFOLDER...]

Prints a manifest of a program of this machine with its dynamic linker and
libraries, for scripts/build --append-manifest.

{options}

examples:
  scripts/manifest_from_host.sh ls
  scripts/manifest_from_host.sh -w ls && scripts/build --append-manifest
  scripts/manifest_from_host.sh -l libz.so.1
  scripts/manifest_from_host.sh -R /usr/bin/python3
"""


def find_library(name):
    from linnet.libraries import Resolver, default_folders, read_cache
    if os.path.exists(name):
        return os.path.abspath(name)
    found = read_cache("/etc/ld.so.cache", "x86_64").get(name)
    if found:
        return found
    for folder in default_folders("x86_64"):
        path = os.path.join(folder, name)
        if Resolver("x86_64").object_at(path):
            return path
    raise Failure(f"{name}: no such library", "install it", 127)


def manifest_from_host(words):
    from linnet import contents, manifest
    parser = Parser("scripts/manifest_from_host.sh", MANIFEST_OPTIONS)
    values, operands = parser.parse(words)
    if values.help or not operands:
        print(MANIFEST_HELP.format(options=parser.help_lines()), end="")
        return 0 if values.help else 2
    rows = {}
    for name in operands:
        path = find_library(name) if values.l else \
            contents.find_program(name)
        guest = path if values.R or values.l else \
            "/" + os.path.basename(path)
        print(f"{path}: {manifest.kind_of(path)}", file=sys.stderr)
        for key, value in manifest.of_program(
                path, guest, bool(values.l), bool(values.i)):
            rows.setdefault(key, value)
    text = "[manifest]\n" + "".join(f"{g}: {h}\n" for g, h in rows.items())
    if not values.w:
        print(text, end="")
        return 0
    os.makedirs(paths.BUILD, exist_ok=True)
    if not os.path.isdir(LAST):
        folder = paths.build_folder("default", "x86_64")
        os.makedirs(folder, exist_ok=True)
        link_last(folder)
    write_text(last("append.manifest"), text)
    if not values.l:
        first = next(iter(rows))
        write_text(last("append_cmdline"), f"{first} --help")
    return 0


# --- scripts/convert --------------------------------------------------------------

FORMATS = {"vmdk": ["-O", "vmdk"], "vdi": ["-O", "vdi"],
           "raw": ["-O", "raw"], "qcow2": ["-O", "qcow2"],
           "qcow2-old": ["-O", "qcow2", "-o", "compat=0.10"]}


def convert(words):
    import subprocess
    for word in words:
        if word not in (*FORMATS, "-h", "--help"):
            raise Failure(f"{word}: no such format",
                          "one of " + ", ".join(FORMATS))
    if len(words) != 1 or words[0] not in FORMATS:
        print("usage: scripts/convert " + "|".join(FORMATS) + "\n\n"
              "Writes build/last/usr.img as build/last/linnet.FORMAT.")
        return 0 if words and words[0] in ("-h", "--help") else 2
    source = last("usr.img")
    if not os.path.exists(source):
        raise Failure("build/last/usr.img does not exist",
                      "run scripts/build first")
    kernel.ensure_tools("convert")
    target = last("linnet." + words[0].removesuffix("-old"))
    subprocess.run(["qemu-img", "convert", "-f", "raw", *FORMATS[words[0]],
                    source, target], check=True)
    print(os.path.relpath(target))
    return 0
