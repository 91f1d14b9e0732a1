/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * The usage text of the kernel command line.
 */
#include "usage.h"

const char options_usage[] =
	"usage: [OPTION]... PROGRAM [ARGUMENT]... [;|&|&!|! PROGRAM ...]\n"
	"\n"
	"  --help              print this text\n"
	"  --verbose           print what the kernel does\n"
	"  --bootchart         print the phases of the boot with their times\n"
	"  --strace            print every system call\n"
	"  --isolate           run programs unprivileged (ring 3)\n"
	"  --rootfs=TYPE       rofs or ramfs; default: what is there\n"
	"  --nomount           stay on the empty root\n"
	"  --mount-fs=T,U,P    mount source U of type T at path P\n"
	"  --env=KEY=VALUE     environment of the programs\n"
	"  --cwd=DIR           working directory of the programs\n"
	"  --redirect=FILE     standard output and error to FILE (>>FILE: "
	"append)\n"
	"  --stdio=tty|pipe    what standard input and output are\n"
	"  --control=com2      control channel to the launcher\n"
	"  --console=serial    console device\n"
	"  --nopci             do not look for PCI devices\n"
	"  --norandom          no /dev/random and /dev/urandom\n"
	"  --noinit            do not run the commands in /init\n"
	"  --noshutdown        do not power off when the programs have ended\n"
	"  --power-off-on-abort  power off after a panic\n"
	"  --fail-alloc=N      debug kernel: every Nth allocation fails\n"
	"  --delay=SECONDS     wait before the first program\n"
	"\n"
	"In an option \"\\ \" is a space, \"\\n\" a newline, \"\\t\" a tab.\n";
