/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Random calls with random arguments: the kernel must survive them, and what
 * works before must work after.
 *
 * Several children at a time make up to CALLS_OF_CHILD calls each, on the same
 * open files and, every second one, in two threads.  A child that stands still
 * is killed; whatever else ends it is fine.  They are an ordinary user with
 * small limits, since this runs on the tester's own machine too.  The seed is
 * printed; ABI_FUZZ_SEED and ABI_FUZZ_CALLS change it and the number of calls,
 * ABI_FUZZ_ROOT keeps the privileges: for guests only.
 */
#include "abi_test.h"

#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/msg.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysinfo.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <unistd.h>

#define USER	       54321
#define CHILDREN       4
#define CALLS_OF_CHILD 400
#define CALL_COUNT     463
#define STILL_MS       200
#define ROOM	       65536

struct child {
	pid_t pid;
	unsigned long last;	      /* of done */
	int still;		      /* rounds without progress */
	volatile unsigned long *done; /* calls it made */
};

static uint64_t seed = 20261128;
static int as_root;
static char *buffer; /* ROOM bytes, nothing behind them */

/* --- random values
 * ------------------------------------------------------------ */

static __thread uint64_t state;

static uint64_t any(void)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return state * 0x2545f4914f6cdd1d;
}

static uint64_t below(uint64_t limit)
{
	return (any() >> 20) % limit;
}

static uint64_t number(void)
{
	static const int64_t edges[] = {
		0,	    1,	       -1,	  2,	     7,
		8,	    64,	       255,	  256,	     4095,
		4096,	    4097,      65535,	  INT32_MAX, INT32_MIN,
		UINT32_MAX, INT64_MAX, INT64_MIN, -100};

	switch (below(6)) {
	case 0:
		return (uint64_t)edges[below(sizeof(edges) / sizeof(edges[0]))];
	case 1:
		return 1ull << below(64);
	case 2:
		return (1ull << below(32)) | (1ull << below(32));
	case 3:
		return any() >> below(64);
	default:
		return below(40);
	}
}

static uint64_t pointer(void)
{
	switch (below(12)) {
	case 0:
		return 0;
	case 1:
		return (uint64_t)abi_bad[below(ABI_BAD_COUNT)];
	case 2:
		return (uint64_t)buffer + ROOM - below(64);
	case 3:
		return (uint64_t)buffer + below(ROOM);
	default:
		return (uint64_t)buffer + below(64) * 64;
	}
}

static const char *const paths[] = {
	"a",
	"b",
	"d",
	"d/x",
	"d/y",
	".",
	"..",
	"l",
	"fifo",
	"",
	"s",
	"/proc/self",
	"/dev/null",
	"/proc/self/fd",
	"/proc/self/maps",
	"none",
	"a/b",
	"/dev/zero",
	"/proc/self/stat",
	"/sys/devices/system/cpu/online",
	"/dev/shm",
	"/proc/meminfo",
	"/proc/self/fd/7",
	"/dev/ptmx",
	"/proc/self/mem",
	"l/l",
};

static uint64_t path(void)
{
	return (uint64_t)paths[below(sizeof(paths) / sizeof(paths[0]))];
}

static uint64_t argument(void)
{
	switch (below(8)) {
	case 0:
	case 1:
		return 3 + below(28); /* a descriptor */
	case 2:
	case 3:
		return pointer();
	case 4:
		return path();
	case 5:
		return below(8);
	default:
		return number();
	}
}

/* Words as in structures: small numbers, pointers, lengths. */
static void fill_buffer(void)
{
	uint64_t *words = (uint64_t *)buffer;

	for (int i = 0; i < 64; i++) {
		words[below(ROOM / 8 / (below(4) == 0 ? 1 : 16))] =
			below(3) == 0 ? argument() : number();
	}
}

/* --- the calls
 * ----------------------------------------------------------------- */

/* These end the machine, the test or time itself. */
static int is_refused(long nr)
{
	static const int16_t always[] = {SYS_reboot,
					 SYS_exit,
					 SYS_exit_group,
					 SYS_rt_sigreturn,
					 SYS_kexec_load,
					 SYS_init_module,
					 SYS_finit_module,
					 SYS_delete_module,
					 SYS_swapon,
					 SYS_swapoff,
					 SYS_settimeofday,
					 SYS_clock_settime,
					 SYS_adjtimex,
					 SYS_clock_adjtime,
					 SYS_vhangup,
					 SYS_ptrace,
					 SYS_execve,
					 SYS_execveat,
					 SYS_syslog,
					 SYS_add_key,
					 SYS_request_key,
					 SYS_keyctl,
					 SYS_bpf,
					 SYS_perf_event_open,
					 SYS_kexec_file_load,
					 SYS_pause,
					 SYS_clone3,
					 SYS_vfork};
	static const int16_t root[] = {SYS_mount,
				       SYS_umount2,
				       SYS_pivot_root,
				       SYS_chroot,
				       SYS_sethostname,
				       SYS_setdomainname,
				       SYS_sched_setscheduler,
				       SYS_sched_setparam,
				       SYS_sched_setattr,
				       SYS_pidfd_send_signal};

	for (unsigned i = 0; i < sizeof(always) / sizeof(always[0]); i++) {
		if (always[i] == nr) {
			return 1;
		}
	}
	for (unsigned i = 0; as_root && i < sizeof(root) / sizeof(root[0]);
	     i++) {
		if (root[i] == nr) {
			return 1;
		}
	}
	return 0;
}

/* A program in ring 0 must not return to random addresses: no child on a
 * random stack or on its parent's. */
static void tame(long nr, uint64_t a[6])
{
	if (nr == SYS_clone) {
		a[0] &= ~(uint64_t)CLONE_VM;
		a[1] = 0;
	}
}

/* Calls that name a process may name this one only. */
static int names_process(long nr)
{
	static const int16_t calls[] = {SYS_kill,
					SYS_tkill,
					SYS_tgkill,
					SYS_rt_sigqueueinfo,
					SYS_rt_tgsigqueueinfo,
					SYS_prlimit64,
					SYS_process_vm_readv,
					SYS_process_vm_writev,
					SYS_setpgid,
					SYS_sched_setaffinity,
					SYS_setpriority,
					SYS_ioprio_set,
					SYS_migrate_pages,
					SYS_move_pages};

	for (unsigned i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
		if (calls[i] == nr) {
			return 1;
		}
	}
	return 0;
}

static long one_call(void)
{
	long nr = (long)below(CALL_COUNT);
	uint64_t a[6];
	long result;

	while (is_refused(nr)) {
		nr = (long)below(CALL_COUNT);
	}
	if (below(4) == 0) {
		fill_buffer();
	}
	for (int i = 0; i < 6; i++) {
		a[i] = argument();
	}
	if (names_process(nr)) {
		a[0] = (uint64_t)syscall(SYS_getpid);
		a[1] = nr == SYS_tgkill || nr == SYS_rt_tgsigqueueinfo ||
				       nr == SYS_setpriority ||
				       nr == SYS_ioprio_set
			       ? a[0]
			       : below(70);
	}
	tame(nr, a);
	pid_t self = (pid_t)syscall(SYS_getpid);
	result = syscall(nr, a[0], a[1], a[2], a[3], a[4], a[5]);
	if (result == 0 && syscall(SYS_getpid) != self) {
		syscall(SYS_exit_group, 0); /* a child of fork, clone ... */
	}
	return result;
}

/* --- a child
 * ------------------------------------------------------------------- */

static void open_files(void)
{
	int fds[2];
	sigset_t set;

	sigfillset(&set);
	open("a", O_RDWR);
	open("b", O_RDWR | O_APPEND);
	open("d", O_RDONLY);
	if (pipe2(fds, O_NONBLOCK) == 0 && pipe(fds) == 0) {
		socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds);
		socketpair(AF_UNIX, SOCK_DGRAM, 0, fds);
		socketpair(AF_UNIX, SOCK_SEQPACKET, 0, fds);
	}
	socket(AF_UNIX, SOCK_STREAM, 0);
	eventfd(3, 0);
	epoll_create1(0);
	epoll_create1(0);
	timerfd_create(CLOCK_MONOTONIC, 0);
	signalfd(-1, &set, SFD_NONBLOCK);
	inotify_init1(IN_NONBLOCK);
	memfd_create("m", MFD_ALLOW_SEALING);
	syscall(SYS_pidfd_open, getpid(), 0);
	open("/proc/self/stat", O_RDONLY);
	open("/dev/null", O_RDWR);
	open("fifo", O_RDWR | O_NONBLOCK);
	open("l", O_PATH | O_NOFOLLOW);
	posix_openpt(O_RDWR | O_NOCTTY);
}

static void limit(int resource, rlim_t value)
{
	struct rlimit r = {value, value};

	setrlimit(resource, &r);
}

/* An ordinary user; what it leaves in the kernel goes with its namespaces,
 * where there are any. */
static void become_user(void)
{
	limit(RLIMIT_AS, 512ul << 20);
	limit(RLIMIT_FSIZE, 1ul << 20);
	limit(RLIMIT_MEMLOCK, 1ul << 20);
	limit(RLIMIT_NOFILE, 200);
	limit(RLIMIT_CORE, 0);
	limit(RLIMIT_CPU, 5);
	limit(RLIMIT_MSGQUEUE, 65536);
	if (as_root) {
		return;
	}
	limit(RLIMIT_NPROC, 60);
	unshare(CLONE_NEWIPC);
	if (setresgid(USER, USER, USER) < 0 ||
	    setresuid(USER, USER, USER) < 0) {
		_exit(1);
	}
}

struct work {
	uint64_t seed;
	volatile unsigned long *done;
};

static void *make_calls(void *arg)
{
	struct work *work = arg;

	state = work->seed;
	for (int i = 0; i < CALLS_OF_CHILD; i++) {
		one_call();
		__atomic_fetch_add(work->done, 1, __ATOMIC_RELAXED);
	}
	return NULL;
}

static void be_child(uint64_t own_seed, volatile unsigned long *done)
{
	struct work first = {own_seed * 2 + 1, done};
	struct work second = {own_seed * 3 + 7, done};
	int null = open("/dev/null", O_RDWR);

	for (int i = 0; i < 3; i++) {
		dup2(null, i);
	}
	close(null);
	for (int i = 1; i < 32; i++) {
		signal(i, SIG_DFL);
	}
	state = own_seed * 5 + 3;
	buffer = abi_edge(ROOM);
	fill_buffer();
	become_user();
	if (own_seed % 2 == 0) {
		pthread_t thread;

		pthread_create(&thread, NULL, make_calls, &second);
	}
	make_calls(&first);
	_exit(0);
}

/* --- the parent
 * ---------------------------------------------------------------- */

static void start(struct child *child, uint64_t own_seed)
{
	child->still = 0;
	child->last = *child->done;
	child->pid = OK(fork());
	if (child->pid == 0) {
		be_child(own_seed, child->done);
	}
}

/* Reaps all that ended; true when the child is among them or hangs. */
static int has_ended(struct child *child)
{
	int status;

	if (waitpid(child->pid, &status, WNOHANG) == child->pid) {
		return 1;
	}
	if (*child->done != child->last) {
		child->last = *child->done;
		child->still = 0;
	} else if (++child->still == STILL_MS) {
		kill(child->pid, SIGKILL);
		CHECK_EQ(waitpid(child->pid, &status, 0), child->pid);
		return 1;
	}
	return 0;
}

/* Whoever is left of the user. */
static void kill_the_rest(void)
{
	pid_t pid = OK(fork());
	int status;

	if (pid == 0) {
		if (!as_root && setresuid(USER, USER, USER) == 0) {
			kill(-1, SIGKILL);
		}
		_exit(0);
	}
	waitpid(pid, &status, 0);
	while (waitpid(-1, &status, WNOHANG) > 0) {
	}
}

/* System V objects outlive their makers where namespaces do not exist. */
static void remove_objects(void)
{
	struct shmid_ds shm;
	struct semid_ds sem;
	struct msqid_ds msg;

	for (int i = shmctl(0, SHM_INFO, &shm); i >= 0; i--) {
		int id = shmctl(i, SHM_STAT, &shm);

		if (id >= 0 && shm.shm_perm.cuid == USER) {
			shmctl(id, IPC_RMID, NULL);
		}
	}
	for (int i = semctl(0, 0, SEM_INFO, &sem); i >= 0; i--) {
		int id = semctl(i, 0, SEM_STAT, &sem);

		if (id >= 0 && sem.sem_perm.cuid == USER) {
			semctl(id, 0, IPC_RMID);
		}
	}
	for (int i = msgctl(0, MSG_INFO, &msg); i >= 0; i--) {
		int id = msgctl(i, MSG_STAT, &msg);

		if (id >= 0 && msg.msg_perm.cuid == USER) {
			msgctl(id, IPC_RMID, NULL);
		}
	}
}

static void make_files(void)
{
	abi_write_file("a", "some text in a file that all use\n");
	abi_write_file("b", "another one\n");
	OK(mkdir("d", 0777));
	OK(symlink("a", "l"));
	OK(mkfifo("fifo", 0666));
	OK(chmod("a", 0666));
	OK(chmod("b", 0666));
	OK(chmod("d", 0777));
	OK(chmod(".", 0777));
	OK(chmod("fifo", 0666));
}

static unsigned long free_kib(void)
{
	struct sysinfo info;

	OK(sysinfo(&info));
	return info.freeram * info.mem_unit / 1024;
}

static unsigned long setting(const char *name, unsigned long otherwise)
{
	const char *text = getenv(name);

	return text == NULL ? otherwise : strtoul(text, NULL, 0);
}

static void run_children(unsigned long calls)
{
	struct child children[CHILDREN];
	unsigned long *done =
		(void *)OK(mmap(NULL, 4096, PROT_READ | PROT_WRITE,
				MAP_SHARED | MAP_ANONYMOUS, -1, 0));
	unsigned long total = 0, told = 0;
	uint64_t next = seed;

	for (int i = 0; i < CHILDREN; i++) {
		children[i].done = &done[i * 8];
		start(&children[i], next++);
	}
	while (total < calls) {
		abi_sleep_ms(1);
		total = 0;
		for (int i = 0; i < CHILDREN; i++) {
			if (has_ended(&children[i])) {
				start(&children[i], next++);
			}
			total += *children[i].done;
		}
		if (total >= told + 20000) {
			told = total;
			printf("# %lu calls, seed %lu, %lu KiB free\n", total,
			       (unsigned long)next, free_kib());
			fflush(stdout);
		}
	}
	for (int i = 0; i < CHILDREN; i++) {
		kill(children[i].pid, SIGKILL);
	}
	OK(munmap(done, 4096));
}

static void still_works(void)
{
	int status;
	int fds[2];
	char text[8];
	pid_t pid;

	OK(pipe(fds));
	pid = OK(fork());
	if (pid == 0) {
		_exit(write(fds[1], "alive", 5) == 5 ? 7 : 1);
	}
	CHECK_EQ(waitpid(pid, &status, 0), pid);
	CHECK_EQ(WEXITSTATUS(status), 7);
	CHECK_EQ(read(fds[0], text, sizeof(text)), 5);
	if (!as_root) { /* who may well have removed the folder */
		abi_write_file("after", "text");
		CHECK_EQ(abi_read_file("after", text, sizeof(text)), 4);
	}
}

ABI_CASE(random_calls)
{
	unsigned long calls = setting("ABI_FUZZ_CALLS", 6000);

	seed = setting("ABI_FUZZ_SEED", seed);
	as_root = setting("ABI_FUZZ_ROOT", 0) != 0;
	printf("# seed %lu, %lu calls, %lu KiB free\n", (unsigned long)seed,
	       calls, free_kib());
	fflush(stdout);
	make_files();
	open_files();
	OK(prctl(PR_SET_CHILD_SUBREAPER, 1));
	run_children(calls);
	kill_the_rest();
	kill_the_rest();
	remove_objects();
	OK(prctl(PR_SET_CHILD_SUBREAPER, 0));
	still_works();
	printf("# %lu KiB free\n", free_kib());
}
