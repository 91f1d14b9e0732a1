#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Boots the kernel in QEMU by hand: what it prints and how it ends.

usage: tests/boot/boot_test.py      closes with "N passed, N failed"

The launcher is not used: machines, memory sizes, CPU counts, boot protocols and
kernel options are tested as they are.  The program is a static one in an
initrd.  A guest that does not end by itself within HANG_LIMIT seconds has hung:
a failure, with its console shown.
"""

import re
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "tools"))

from linnet import cpio, tree  # noqa: E402

KERNEL = ROOT / "build/default.x86_64/kernel-stripped.elf"
LOADER = ROOT / "build/tests/linux64-loader.elf"
HANG_LIMIT = 120
CPU_MEMORY_MAX = 64  # KiB that a further CPU may take
STATUS_DONE = 33  # isa-debug-exit: (0x10 << 1) | 1

MACHINES = {
    "microvm": "microvm,x-option-roms=off,pit=off,pic=off,acpi=off",
    "microvm-pit": "microvm,x-option-roms=off,acpi=off",
    "q35": "q35",
    "pc": "pc",
}

HELLO = r"""
#include <stdio.h>
#include <stdlib.h>
#include <sched.h>
#include <sys/sysinfo.h>
#include <unistd.h>
int main(int argc, char **argv)
{
	struct sysinfo info;
	cpu_set_t set;
	int tries = 0;
	long want = argc > 1 ? atol(argv[1]) : 1;
	/* CPUs come up while the program starts. */
	while (sysconf(_SC_NPROCESSORS_ONLN) < want && tries++ < 1000) {
		usleep(10000);
	}
	sched_getaffinity(0, sizeof(set), &set);
	printf("hello: %ld CPUs, %s\n", sysconf(_SC_NPROCESSORS_ONLN),
	       argc > 2 ? argv[2] : "-");
	sysinfo(&info);
	printf("free: %lu KiB\n", info.freeram * info.mem_unit / 1024);
	return 0;
}
"""

# No library: what a machine needs for itself.
BARE = r"""
void _start(void)
{
	static const char text[] = "hello: bare\n";
	long result;

	__asm__ volatile("syscall" : "=a"(result)
			 : "a"(1L), "D"(1L), "S"(text), "d"(sizeof(text) - 1)
			 : "rcx", "r11", "memory");
	__asm__ volatile("syscall" : "=a"(result)
			 : "a"(231L), "D"(result == sizeof(text) - 1 ? 0L : 1L)
			 : "rcx", "r11", "memory");
	__builtin_unreachable();
}
"""

# Threads, then processes: each adds its share, 600 in all for either.
WORK = r"""
#include <pthread.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static int sum;
static void *add(void *unused)
{
	for (int i = 0; i < 150; i++) {
		pthread_mutex_lock(&lock);
		sum++;
		pthread_mutex_unlock(&lock);
		usleep(i % 50 == 0);
	}
	return unused;
}
int main(void)
{
	pthread_t threads[4];
	int status;

	for (int i = 0; i < 4; i++) {
		pthread_create(&threads[i], NULL, add, NULL);
	}
	for (int i = 0; i < 4; i++) {
		pthread_join(threads[i], NULL);
	}
	for (int i = 0; i < 4; i++) {
		if (fork() == 0) {
			_exit(150);
		}
	}
	while (wait(&status) > 0) {
		sum += WEXITSTATUS(status);
	}
	printf("work: %d\n", sum);
	return 0;
}
"""

# One process, many switches: threads that wait for each other and for time, on
# all CPUs, beside kernel threads and idle CPUs.  No page table is loaded.
THREADS = r"""
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#define ROUNDS 300
static sem_t turn[2];
static long count(const char *file, const char *name)
{
	char line[256];
	long value = -1;
	FILE *in = fopen(file, "r");

	while (fgets(line, sizeof(line), in) != NULL) {
		if (strncmp(line, name, strlen(name)) == 0) {
			value = atol(line + strlen(name));
		}
	}
	fclose(in);
	return value;
}
static void *wait_in_turn(void *arg)
{
	long side = (long)arg;

	for (int i = 0; i < ROUNDS; i++) {
		sem_wait(&turn[side]);
		usleep(i % 30 == 0 ? 2000 : 0);
		sem_post(&turn[!side]);
	}
	return NULL;
}
/* Each CPU has run the program once: its first load is its start. */
static void visit(int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	while (sched_setaffinity(0, sizeof(set), &set) < 0 ||
	       sched_getcpu() != cpu) {
		usleep(10000); /* it has not come up yet */
	}
}
int main(int argc, char **argv)
{
	int cpus = argc > 1 ? atoi(argv[1]) : 1;
	pthread_t threads[2];
	long before, loads, switches;

	for (int cpu = 0; cpu < cpus; cpu++) {
		visit(cpu);
	}
	before = count("/proc/vmstat", "page_table_loads ");
	switches = count("/proc/stat", "ctxt ");
	sem_init(&turn[0], 0, 1);
	sem_init(&turn[1], 0, 0);
	for (int cpu = 0; cpu < cpus; cpu++) {
		visit(cpu);
		for (long i = 0; i < 2; i++) {
			/* Inherits the CPU. */
			pthread_create(&threads[i], NULL, wait_in_turn,
				       (void *)i);
		}
		for (int i = 0; i < 2; i++) {
			pthread_join(threads[i], NULL);
		}
	}
	switches = count("/proc/stat", "ctxt ") - switches;
	loads = count("/proc/vmstat", "page_table_loads ") - before;
	if (fork() == 0) {
		_exit(0);
	}
	wait(NULL);
	printf("threads: %s switches, %ld loads%s\n",
	       switches >= 2 * ROUNDS * cpus ? "enough" : "too few", loads,
	       count("/proc/vmstat", "page_table_loads ") > before + loads
		       ? ", more with a child" : "");
	return 0;
}
"""

NO_LOADS = "threads: enough switches, 0 loads, more with a child"

# Files of programs: runscript and /init.
SCRIPTS = {
    "script": "--env=WORD=first --env=WORD?=no --env=BOTH=x$WORD "
              "/hello 1 $BOTH; /hello 1 $WORD\n\n"
              "/hello 1 \"third one\"; runscript /more\n",
    "more": "/hello 1 $WORD-more\n/hello 1 $WORD",
    "bad": "/hello\n--bogus /hello\n",
    "loop": "runscript /loop\n",
}
INIT = {
    "20-b": "/hello 1 $A-b; /hello 1 $A\n",
    "10-a": "--env=A=a /hello 1 ten\n",
    ".hidden": "/hello 1 hidden\n",
}

# (machine, memory, CPUs, kernel command line, text that the console must show)
CASES = [
    ("microvm", "64M", 1, "--verbose /hello", "memory: "),
    ("microvm", "16M", 1, "/hello 1 small", "hello: 1 CPUs, small"),
    ("q35", "64M", 1, "/hello", "hello: 1 CPUs"),
    ("pc", "64M", 2, "/hello 2", "hello: 2 CPUs"),
    ("microvm-pit", "64M", 1, "/hello", "hello: 1 CPUs"),
    ("microvm", "5G", 4, "/hello 4", "hello: 4 CPUs"),
    ("q35", "5G", 4, "/hello 4", "hello: 4 CPUs"),
    ("microvm", "128M", 16, "/hello 16", "hello: 16 CPUs"),
    ("q35", "128M", 16, "/hello 16", "hello: 16 CPUs"),
    ("q35", "64M", 2, "--isolate /hello 2", "hello: 2 CPUs"),
    ("microvm", "64M", 2, "--isolate /hello 2", "hello: 2 CPUs"),
    ("q35", "64M", 1, "--bootchart /hello", "Total time: "),
    ("q35", "64M", 1, "--nopci /hello", "hello: 1 CPUs"),
    ("microvm", "64M", 1, "/threads 1", NO_LOADS),
    ("microvm", "64M", 4, "/threads 4", NO_LOADS),
    ("q35", "64M", 4, "--isolate /threads 4", NO_LOADS),
    ("microvm", "64M", 1, "/hello 1 \"two words\"", "hello: 1 CPUs, two words"),
    ("microvm", "64M", 1, "/hello 1 one; /hello 1 two", "hello: 1 CPUs, two"),
    ("microvm", "64M", 1, "runscript /bad", "unrecognized option: bogus"),
    ("microvm", "64M", 1, "runscript /loop", "ELOOP"),
    ("microvm", "64M", 1, "runscript /none", "runscript /none: ENOENT"),
    ("microvm", "64M", 1, "/absent", "/absent: "),
    ("q35", "64M", 1, "--bogus /hello", "unrecognized option: bogus"),
    ("microvm", "64M", 1, "--help", "usage: [OPTION]"),
    ("q35", "64M", 1, "--verbose", "nothing to run"),
    ("microvm", "64M", 1, "\"unterminated", "cannot parse the command line"),
    ("q35", "64M", 1, "--verbose " + "--env=A=b " * 200 + "/hello", "hello"),
]


def qemu(machine, memory, cpus, kernel, line, initrd):
    command = ["qemu-system-x86_64", "-M", MACHINES[machine],
               "-accel", "tcg,thread=multi", "-cpu", "max", "-m", memory,
               "-smp", str(cpus), "-nodefaults", "-display", "none",
               "-no-reboot", "-serial", "stdio",
               "-device", "isa-debug-exit,iobase=0xf4,iosize=4",
               "-kernel", str(kernel), "-initrd", str(initrd),
               "-append", line]
    try:
        result = subprocess.run(command, stdin=subprocess.DEVNULL, text=True,
                                stdout=subprocess.PIPE, errors="replace",
                                stderr=subprocess.STDOUT, timeout=HANG_LIMIT,
                                check=False)
    except subprocess.TimeoutExpired as hang:
        return (hang.stdout or b"").decode(errors="replace"), "hang"
    return result.stdout, result.returncode


# (has /init, kernel command line, what the programs say in turn)
SEQUENCES = [
    (False, "runscript /script; /hello 1 end",
     ["xfirst", "first", "third one", "", "first", "end"]),
    (False, "--env=WORD=old runscript /more; /hello 1 $WORD",
     ["", "old", "old"]),
    (True, "/hello 1 line", ["ten", "", "a", "line"]),
    (True, "--noinit /hello 1 line", ["line"]),
    (True, "", ["ten", "", "a"]),
]


def run_sequence(case, initrds):
    has_init, line, words = case
    console, status = qemu("microvm", "64M", 1, KERNEL, line,
                           initrds[has_init])
    said = [text.partition(", ")[2] for text in console.splitlines()
            if text.startswith("hello: ")]
    return status == STATUS_DONE and said == words, \
        f"FAIL {line!r}: status {status}, expected {words} in:\n{console}"


def write_archive(root, archive):
    """As ./linnet does."""
    files = tree.Tree()
    for path in sorted(root.rglob("*")):
        guest = f"/{path.relative_to(root)}"
        if path.is_dir():
            files.add_folder(guest)
        else:
            files.add_bytes(guest, path.read_bytes(), 0o755)
    cpio.write(files, archive)


def make_initrd(folder, aligned=True, init=None):
    """An archive as ./linnet makes it, or one of cpio(1)."""
    root = folder / "root"
    if not root.exists():
        for name in ("dev", "proc", "sys", "tmp", "run"):
            (root / name).mkdir(parents=True)
        for name, text in (("hello", HELLO), ("work", WORK),
                           ("threads", THREADS)):
            source = folder / f"{name}.c"
            source.write_text("#define _GNU_SOURCE\n#include <stdlib.h>\n"
                              + text)
            subprocess.run(["gcc", "-O2", "-static", "-pthread", "-s", "-o",
                            root / name, source], check=True)
        for name, text in SCRIPTS.items():
            (root / name).write_text(text)
        for name, text in (init or {}).items():
            (root / "init").mkdir(exist_ok=True)
            (root / "init" / name).write_text(text)
    archive = folder / ("initrd" if aligned else "initrd.cpio")
    if aligned:
        write_archive(root, archive)
        return archive
    with archive.open("wb") as out:
        subprocess.run("find . | cpio -o -H newc --quiet", shell=True,
                       cwd=root, stdout=out, check=True)
    return archive


def run_case(case, initrd):
    machine, memory, cpus, line, expected = case
    console, status = qemu(machine, memory, cpus, KERNEL, line, initrd)
    ok = status == STATUS_DONE and expected in console
    return ok, (f"FAIL {machine} -m {memory} -smp {cpus} {line[:60]!r}: "
                f"status {status}, expected {expected!r} in:\n{console}")


def run_linux64(folder):
    """The same kernel through its 64-bit entry: the loader has no initrd to
    give, so the kernel says that it finds no program."""
    subprocess.run(["make", "-s", "-C", ROOT / "tests/boot/linux64"],
                   check=True, stdout=subprocess.DEVNULL)
    console, status = qemu("q35", "128M", 2, LOADER, "--verbose /hello", KERNEL)
    ok = status == STATUS_DONE and "memory: " in console
    return ok, f"FAIL linux64: status {status} in:\n{console}"


def run_free_memory(initrd):
    """What a further CPU takes of the memory."""
    free = {}
    for cpus in (1, 16):
        console, status = qemu("q35", "128M", cpus, KERNEL, f"/hello {cpus}",
                               initrd)
        found = re.search(r"^free: (\d+) KiB", console, re.MULTILINE)
        if status != STATUS_DONE or not found:
            return False, f"FAIL free memory: status {status} in:\n{console}"
        free[cpus] = int(found[1])
    taken = (free[1] - free[16]) / 15
    return taken <= CPU_MEMORY_MAX, (
        f"FAIL free memory: {free[1]} KiB with 1 CPU, {free[16]} with 16: "
        f"{taken:.1f} KiB for each, at most {CPU_MEMORY_MAX}")


def run_small_memory(folder):
    """The smallest machines: a program of a page in 2 MiB (3 MiB where a BIOS
    wants its share), one with glibc inside in 3 MiB."""
    results = []
    for name, source, flags, sizes in (
            ("bare", BARE, ("-nostdlib", "-ffreestanding"),
             (("microvm", "2M"), ("q35", "3M"))),
            ("hello", HELLO, ("-pthread",), (("microvm", "3M"),))):
        root = folder / f"small-{name}"
        (root / "dev").mkdir(parents=True)
        code = folder / f"small-{name}.c"
        code.write_text("#define _GNU_SOURCE\n" + source)
        subprocess.run(["gcc", "-O2", "-static", "-s", *flags, "-o",
                        root / name, code], check=True)
        archive = folder / f"small-{name}.initrd"
        write_archive(root, archive)
        for machine, memory in sizes:
            console, status = qemu(machine, memory, 1, KERNEL, f"/{name}",
                                   archive)
            ok = status == STATUS_DONE and "hello: " in console
            results.append((ok, f"FAIL {machine} -m {memory} /{name}: status "
                            f"{status} in:\n{console}"))
    return results


def run_unaligned(folder):
    """An archive of another maker: the data of its files lies anywhere, so it
    is copied."""
    console, status = qemu("microvm", "64M", 1, KERNEL, "/hello 1 copied",
                           make_initrd(folder, aligned=False))
    ok = status == STATUS_DONE and "hello: 1 CPUs, copied" in console
    return ok, f"FAIL unaligned archive: status {status} in:\n{console}"


def run_other_builds(initrd):
    """Kernels that an earlier step of make check has built besides."""
    results = []
    for build in ("clang.x86_64", "tiny.x86_64", "debug.x86_64"):
        kernel = ROOT / "build" / build / "kernel-stripped.elf"
        if not kernel.exists():
            continue
        for option in ("", "--isolate "):
            console, status = qemu("microvm", "64M", 2, kernel,
                                   option + "/hello 2; /work", initrd)
            ok = (status == STATUS_DONE and "hello: 2 CPUs" in console and
                  "work: 1200" in console)
            results.append((ok, f"FAIL {build} {option}: status {status} in:\n"
                            f"{console}"))
    return results


def main():
    passed = failed = 0
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        initrd = make_initrd(folder)
        with ThreadPoolExecutor(2) as pool:
            results = list(pool.map(lambda c: run_case(c, initrd), CASES))
            initrds = (initrd, make_initrd(folder / "with-init", init=INIT))
            results += pool.map(lambda c: run_sequence(c, initrds), SEQUENCES)
        results.append(run_linux64(folder))
        results.append(run_free_memory(initrd))
        results.append(run_unaligned(folder))
        results += run_small_memory(folder)
        results += run_other_builds(initrd)
    for ok, message in results:
        passed += ok
        failed += not ok
        if not ok:
            print(message)
    print(f"{passed} passed, {failed} failed")
    return 0 if failed == 0 else 1


if __name__ == "__main__":
    sys.exit(main())
