/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Interrupts at every place of a system call: threads that make short calls in
 * a loop, each with a timer of its own that fires at changing distances, so
 * that signals and switches come in the kernel's first and last instructions
 * too.  Nothing of it may be seen: all registers, the flags, the red zone and
 * the result are compared after each call, and in the handler when the signal
 * came just before or just behind the call.
 */
#include "abi_test.h"
#include "signal/signal.h"

#include <fcntl.h>
#include <stdatomic.h>
#include <string.h>
#include <time.h>
#include <ucontext.h>

#define WORKERS	       3
#define CALLS	       15000
#define SIGNALS	       100
#define ROUND_TRIPS    1500
#define STEPPED_CALLS  100
#define RED_ZONE_WORDS 16
#define KEPT_WORDS     13 /* rbx rbp r12-r15 rdi rsi rdx r10 r8 r9 rsp */

/* Words, as the assembly below counts them. */
struct call {
	uint64_t number;
	uint64_t args[6];
	uint64_t seed;	   /* rbx: seed + 1, ..., r15: + 6; red zone: + i */
	uint64_t flags;	   /* before the call */
	uint64_t result;   /* [9] */
	uint64_t flags_at; /* [10] behind it */
	uint64_t kept[KEPT_WORDS];	   /* [11] */
	uint64_t red_zone[RED_ZONE_WORDS]; /* [24] */
	uint64_t stack;			   /* [40] rsp at the call */
	uint64_t next;			   /* [41] rcx behind the call */
};

void hammer_call(struct call *call);
extern const char hammer_at[], hammer_behind[];

__asm__(".text\n"
	"hammer_call:\n"
	".irp r, rbx, rbp, r12, r13, r14, r15, rdi\n"
	"push %\\r\n"
	".endr\n"
	"mov %rsp, 8*40(%rdi)\n"
	"pushq 8*8(%rdi)\n"
	"popfq\n" /* no flag changes from here on */
	"mov 8*7(%rdi), %rax\n"
	".irp i, 1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16\n"
	"lea \\i(%rax), %rbx\n"
	"mov %rbx, -8*\\i(%rsp)\n"
	".endr\n"
	"lea 1(%rax), %rbx\n"
	"lea 2(%rax), %rbp\n"
	"lea 3(%rax), %r12\n"
	"lea 4(%rax), %r13\n"
	"lea 5(%rax), %r14\n"
	"lea 6(%rax), %r15\n"
	"mov 8*2(%rdi), %rsi\n"
	"mov 8*3(%rdi), %rdx\n"
	"mov 8*4(%rdi), %r10\n"
	"mov 8*5(%rdi), %r8\n"
	"mov 8*6(%rdi), %r9\n"
	"mov (%rdi), %rax\n"
	"mov 8(%rdi), %rdi\n"
	"hammer_at:\n"
	"syscall\n"
	"hammer_behind:\n"
	"push %rcx\n" /* spoils one word of the red zone: the handler looks */
	"mov 8(%rsp), %rcx\n"
	"mov %rax, 8*9(%rcx)\n"
	"mov %rbx, 8*11(%rcx)\n"
	"mov %rbp, 8*12(%rcx)\n"
	"mov %r12, 8*13(%rcx)\n"
	"mov %r13, 8*14(%rcx)\n"
	"mov %r14, 8*15(%rcx)\n"
	"mov %r15, 8*16(%rcx)\n"
	"mov %rdi, 8*17(%rcx)\n"
	"mov %rsi, 8*18(%rcx)\n"
	"mov %rdx, 8*19(%rcx)\n"
	"mov %r10, 8*20(%rcx)\n"
	"mov %r8, 8*21(%rcx)\n"
	"mov %r9, 8*22(%rcx)\n"
	"pop %rax\n"
	"mov %rax, 8*41(%rcx)\n"
	"mov %rsp, 8*23(%rcx)\n"
	".irp i, 2,3,4,5,6,7,8,9,10,11,12,13,14,15,16\n"
	"mov -8*\\i(%rsp), %rax\n"
	"mov %rax, 8*23+8*\\i(%rcx)\n"
	".endr\n"
	"pushfq\n"
	"popq 8*10(%rcx)\n"
	"pushq $0x202\n"
	"popfq\n"
	".irp r, rdi, r15, r14, r13, r12, rbp, rbx\n"
	"pop %\\r\n"
	".endr\n"
	"ret\n");

static __thread struct call *making; /* what the handler compares with */
static __thread timer_t timer;
static __thread volatile int hits;
static __thread uint32_t random_state;
static atomic_int handler_faults;

/* Arms the thread's timer: once, in 20 to 276 us. */
static void arm(void)
{
	struct itimerspec in = {0};

	random_state = random_state * 1664525 + 1013904223;
	in.it_value.tv_nsec = 20000 + (random_state >> 14);
	timer_settime(timer, 0, &in, NULL);
}

static int frame_is_right(const greg_t *regs, const struct call *call)
{
	static const int kept[] = {REG_RBX, REG_RBP, REG_R12,
				   REG_R13, REG_R14, REG_R15};
	static const int args[] = {REG_RDI, REG_RSI, REG_RDX,
				   REG_R10, REG_R8,  REG_R9};
	const uint64_t *stack = (const uint64_t *)call->stack;

	for (int i = 0; i < 6; i++) {
		if ((uint64_t)regs[kept[i]] != call->seed + (uint64_t)i + 1 ||
		    (uint64_t)regs[args[i]] != call->args[i]) {
			return 0;
		}
	}
	for (int i = 1; i <= RED_ZONE_WORDS; i++) {
		if (stack[-i] != call->seed + (uint64_t)i) {
			return 0;
		}
	}
	return (uint64_t)regs[REG_RSP] == call->stack &&
	       ((uint64_t)regs[REG_EFL] & 0xcd5) == (call->flags & 0xcd5);
}

static void on_timer(int sig, siginfo_t *info, void *context)
{
	const greg_t *regs = ((ucontext_t *)context)->uc_mcontext.gregs;
	int saved = errno;

	(void)sig;
	(void)info;
	if (regs[REG_RIP] < 0 || regs[REG_RSP] < 0 ||
	    ((regs[REG_RIP] == (greg_t)hammer_at ||
	      regs[REG_RIP] == (greg_t)hammer_behind) &&
	     !frame_is_right(regs, making)) ||
	    (regs[REG_RIP] == (greg_t)hammer_at &&
	     (uint64_t)regs[REG_RAX] != making->number)) {
		atomic_fetch_add(&handler_faults, 1);
	}
	hits++;
	arm();
	errno = saved;
}

static void start_timer(unsigned int seed)
{
	struct sigevent event = {.sigev_notify = SIGEV_THREAD_ID,
				 .sigev_signo = SIGUSR1};

	event._sigev_un._tid = abi_gettid();
	random_state = seed;
	hits = 0;
	OK(timer_create(CLOCK_MONOTONIC, &event, &timer));
	arm();
}

/* A signal that is on its way already still finds everything in place. */
static void stop_timer(void)
{
	uint64_t mask = BIT(SIGUSR1);

	OK(kernel_mask(SIG_BLOCK, mask, NULL));
	OK(timer_delete(timer));
}

static void make(struct call *call)
{
	memset(call->kept, 0, sizeof(call->kept));
	hammer_call(call);
	for (uint64_t i = 0; i < 6; i++) {
		CHECK_EQ(call->kept[i], call->seed + i + 1);
		CHECK_EQ(call->kept[6 + i], call->args[i]);
	}
	CHECK_EQ(call->kept[12], call->stack);
	CHECK_EQ(call->next, hammer_behind);
	CHECK_EQ(call->flags_at & 0xcd5, call->flags & 0xcd5);
	for (uint64_t i = 1; i < RED_ZONE_WORDS; i++) {
		CHECK_EQ(call->red_zone[i], call->seed + i + 1);
	}
}

static void *hammer(void *arg)
{
	/* CF PF AF ZF SF OF DF in some combinations */
	static const uint64_t flags[] = {0x202, 0x2d7, 0x203, 0x246,
					 0xa02, 0x602, 0xed7, 0x292};
	static const uint8_t zeros[16];
	uint8_t bytes[16];
	struct call call = {.seed = (uint64_t)arg << 32};
	int fd = (int)OK(open("/dev/zero", O_RDONLY));
	long self = abi_gettid();
	/* The two last have no function: in the table and behind it. */
	const long calls[][2] = {{SYS_getpid, getpid()},
				 {SYS_gettid, self},
				 {SYS_getppid, getppid()},
				 {SYS_sched_yield, 0},
				 {SYS_read, sizeof(bytes)},
				 {SYS_lseek, 0},
				 {499, -ENOSYS},
				 {100000, -ENOSYS}};

	making = &call;
	start_timer((unsigned int)self);
	for (int i = 0; i < CALLS || hits < SIGNALS; i++) {
		int which = i % 8;

		call.number = (uint64_t)calls[which][0];
		call.args[0] = (uint64_t)fd;
		call.args[1] = which == 4 ? (uint64_t)bytes : 0;
		call.args[2] = which == 4 ? sizeof(bytes) : 0;
		call.args[3] = call.args[4] = call.args[5] = (uint64_t)i;
		call.seed += 64;
		call.flags = flags[i / 8 % 8];
		memset(bytes, 1, sizeof(bytes));
		make(&call);
		CHECK_EQ((long)call.result, calls[which][1]);
		if (which == 4) {
			CHECK(memcmp(bytes, zeros, sizeof(bytes)) == 0);
		}
	}
	stop_timer();
	OK(close(fd));
	return NULL;
}

static void run_all(void *(*fn)(void *))
{
	pthread_t threads[WORKERS];

	atomic_store(&handler_faults, 0);
	abi_handler_info(SIGUSR1, on_timer, SA_RESTART);
	for (uintptr_t i = 0; i < WORKERS; i++) {
		threads[i] = abi_thread(fn, (void *)(i + 1));
	}
	for (int i = 0; i < WORKERS; i++) {
		abi_join(threads[i]);
	}
	CHECK_EQ(atomic_load(&handler_faults), 0);
}

ABI_CASE(hammered_calls_keep_everything)
{
	run_all(hammer);
}

/* Blocking calls are restarted without losing or doubling a byte: two threads
 * and their two pipes. */
struct game {
	int there[2];
	int back[2];
};

static struct call *no_call(void)
{
	static struct call call;
	return &call;
}

static void *echo(void *arg)
{
	struct game *game = arg;
	unsigned char byte = 0;

	making = no_call();
	start_timer((unsigned int)abi_gettid());
	for (int i = 0; i < ROUND_TRIPS; i++) {
		CHECK_EQ(read(game->there[0], &byte, 1), 1);
		CHECK_EQ(byte, (unsigned char)i);
		CHECK_EQ(write(game->back[1], &byte, 1), 1);
	}
	stop_timer();
	return NULL;
}

static void *play(void *arg)
{
	struct game game;
	unsigned char byte;
	pthread_t other;

	(void)arg;
	OK(pipe(game.there));
	OK(pipe(game.back));
	other = abi_thread(echo, &game);
	making = no_call();
	start_timer((unsigned int)abi_gettid());
	for (int i = 0; i < ROUND_TRIPS; i++) {
		byte = (unsigned char)i;
		CHECK_EQ(write(game.there[1], &byte, 1), 1);
		byte++;
		CHECK_EQ(read(game.back[0], &byte, 1), 1);
		CHECK_EQ(byte, (unsigned char)i);
	}
	CHECK(hits > 0);
	stop_timer();
	abi_join(other);
	for (int i = 0; i < 2; i++) {
		OK(close(game.there[i]));
		OK(close(game.back[i]));
	}
	return NULL;
}

ABI_CASE(hammered_pipes_lose_nothing)
{
	run_all(play);
}

/* The trap flag goes on behind a system call. */
extern const char stepped[], stepped_call[], stepped_end[];
static __thread volatile unsigned int steps_seen;

static void on_step(int sig, siginfo_t *info, void *context)
{
	const greg_t *regs = ((ucontext_t *)context)->uc_mcontext.gregs;

	(void)sig;
	if (info->si_code != TRAP_TRACE ||
	    regs[REG_RIP] < (greg_t)stepped - 1 ||
	    regs[REG_RIP] > (greg_t)stepped_end) {
		atomic_fetch_add(&handler_faults, 1);
		return;
	}
	steps_seen |= 1U << (regs[REG_RIP] - (greg_t)stepped);
}

static long __attribute__((noinline)) step_over(long number)
{
	long result = number;

	__asm__ volatile("sub $128, %%rsp\n\t"
			 "pushf\n\t"
			 "pushf\n\t"
			 "orq $0x100, (%%rsp)\n\t"
			 "popf\n\t"
			 "nop\n"
			 "stepped:\n\t"
			 "nop\n"
			 "stepped_call:\n\t"
			 "syscall\n\t"
			 "nop\n\t"
			 "nop\n\t"
			 "nop\n\t"
			 "popf\n"
			 "stepped_end:\n\t"
			 "add $128, %%rsp"
			 : "+a"(result)
			 :
			 : "rcx", "r11", "memory", "cc");
	return result;
}

static void *step(void *arg)
{
	long self = abi_gettid();

	(void)arg;
	making = no_call();
	start_timer((unsigned int)self);
	for (int i = 0; i < STEPPED_CALLS; i++) {
		steps_seen = 0;
		CHECK_EQ(step_over(SYS_gettid), self);
		/* Behind the nops before the call (0, 1), behind the first (4)
		 * and second (5) one after it, behind the third (6). */
		CHECK_EQ(steps_seen & 0x73, 0x73);
	}
	stop_timer();
	return NULL;
}

ABI_CASE(hammered_single_steps_go_on_behind_a_call)
{
	abi_handler_info(SIGTRAP, on_step, 0);
	run_all(step);
}
