# SPDX-License-Identifier: BSD-3-Clause
"""QEMU's command line for a VM, and the kernel's inside it."""

import os

from linnet import paths
from linnet.errors import Failure

PROGRAMS = {"x86_64": "qemu-system-x86_64", "aarch64": "qemu-system-aarch64"}
MACHINES = {
    # No option ROMs, timer and interrupt controller of the PC: less to start.
    # The real-time clock stays: it is where the date comes from.
    "microvm": "microvm,x-option-roms=off,pit=off,pic=off,acpi=off",
    "q35": "q35",
    "pc": "pc",
}
VMMS = tuple(MACHINES)
LINE_MAX = 64 << 10
# The boot code that QEMU puts into a PC copies no more.
LINE_MAX_PC = 4095


class Machine:
    """What a VM is made of."""

    def __init__(self, **members):
        self.vmm = "microvm"
        self.memory = 128 << 20
        self.cpus = 1
        self.kernel = None
        self.image = None
        self.initrd = None     # archive unpacked besides a disk
        self.fs = "ramfs"
        self.line = ""         # the kernel's command line
        self.accelerator = "auto"
        self.program = None    # QEMU to use
        self.extra = []        # further QEMU arguments
        self.arch = "x86_64"
        for name, value in members.items():
            if not hasattr(self, name):
                raise TypeError(name)
            setattr(self, name, value)

    def command(self, console, control):
        """QEMU's words; console and control are chardev specifications such
        as "socket,fd=3"."""
        accelerator = self.accelerator
        if accelerator == "auto":
            accelerator = find_accelerator(self.arch)
        words = [self.program or find_qemu(self.arch),
                 "-M", MACHINES[self.vmm],
                 "-accel", "tcg,thread=multi" if accelerator == "tcg"
                 else accelerator,
                 "-cpu", "max" if accelerator == "tcg" else "host",
                 "-m", f"{self.memory >> 20}M", "-smp", str(self.cpus),
                 "-no-user-config", "-nodefaults", "-display", "none",
                 "-no-reboot",
                 "-chardev", f"{console},id=console",
                 "-serial", "chardev:console"]
        if control is not None:
            words += ["-chardev", f"{control},id=control"]
            if self.vmm == "microvm":
                words += ["-device", "isa-serial,index=1,chardev=control"]
            else:
                words += ["-serial", "chardev:control"]
        words += ["-device", "isa-debug-exit,iobase=0xf4,iosize=4"]
        if self.vmm == "microvm":
            words += ["-global", "virtio-mmio.force-legacy=off"]
        if self.vmm != "microvm" and \
                len(os.fsencode(self.line)) > LINE_MAX_PC:
            raise Failure(f"arguments and environment are longer than "
                          f"{LINE_MAX_PC} bytes, which {self.vmm} cannot pass",
                          "use --vmm microvm")
        words += ["-kernel", self.kernel]
        words += self.image_words()
        return words + ["-append", self.line] + self.extra

    def image_words(self):
        if self.image is None:
            return []
        if self.fs == "ramfs":
            return ["-initrd", self.image]
        device = "virtio-blk-device" if self.vmm == "microvm" \
            else "virtio-blk-pci,disable-legacy=on"
        name = self.image.replace(",", ",,")
        initrd = ["-initrd", self.initrd] if self.initrd else []
        return initrd + ["-drive", f"if=none,id=root,format=raw,readonly=on,"
                f"file={name}",
                "-device", f"{device},drive=root"]


def find_qemu(arch):
    name = os.environ.get("LINNET_QEMU") or os.environ.get("QEMU_PATH") or \
        PROGRAMS[arch]
    found = paths.find_tool(name)
    if found is None:
        raise Failure(f"{name} is not installed",
                      "run scripts/setup.py run", 125)
    return found


def find_accelerator(arch):
    """KVM when it really works: an openable /dev/kvm on a CPU without vmx or
    svm is paravirtual and crawls."""
    if os.uname().machine != arch:
        return "tcg"
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as file:
            flags = next((line.split() for line in file
                          if line.startswith("flags")), [])
        if arch == "x86_64" and "vmx" not in flags and "svm" not in flags:
            return "tcg"
        os.close(os.open("/dev/kvm", os.O_RDWR | os.O_CLOEXEC))
        return "kvm"
    except OSError:
        return "tcg"


# --- the kernel's command line ----------------------------------------------

def option(name, value=None):
    """One option word; blanks in a value are escaped."""
    if value is None:
        return f"--{name}"
    value = value.replace("\\", "\\\\").replace(" ", "\\ ")
    value = value.replace("\n", "\\n").replace("\t", "\\t")
    return f"--{name}={value}"


ESCAPES = {"\\": "\\\\", '"': '\\"', "$": "\\$", "\n": "\\n", "\t": "\\t",
           "\r": "\\r"}


def quote(word):
    """A word of the program line, in double quotes unless it is plain."""
    plain = word and all(c.isalnum() and c.isascii() or c in "/._-+=:,@%"
                         for c in word)
    if plain and "virtio_mmio" not in word:
        return word
    text = "".join(ESCAPES.get(c, c) for c in word)
    # A device word inside an argument is no device of ours.
    return '"' + text.replace("virtio_mmio", "virtio\\_mmio") + '"'


def kernel_line(options, argv):
    line = " ".join(list(options) + [quote(word) for word in argv])
    if len(os.fsencode(line)) > LINE_MAX:
        raise Failure("arguments and environment are longer than "
                      f"{LINE_MAX >> 10} KiB",
                      "pass large data through standard input or -v")
    return line
