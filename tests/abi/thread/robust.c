/* SPDX-License-Identifier: BSD-3-Clause */
/* What the kernel does for a dying thread; rseq and membarrier. */
#include "abi_test.h"

#include <linux/futex.h>
#include <linux/membarrier.h>
#include <linux/rseq.h>
#include <sched.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/rseq.h>
#include <sys/syscall.h>
#include <unistd.h>

static void *die_holding(void *mutex)
{
	OK0(pthread_mutex_lock(mutex));
	return NULL;
}

static void robust_mutex(pthread_mutex_t *mutex, int protocol)
{
	pthread_mutexattr_t attr;
	OK0(pthread_mutexattr_init(&attr));
	OK0(pthread_mutexattr_setrobust(&attr, PTHREAD_MUTEX_ROBUST));
	OK0(pthread_mutexattr_setprotocol(&attr, protocol));
	OK0(pthread_mutex_init(mutex, &attr));
}

static void owner_dies(int protocol)
{
	pthread_mutex_t mutex;
	robust_mutex(&mutex, protocol);
	abi_join(abi_thread(die_holding, &mutex));
	CHECK_EQ(pthread_mutex_lock(&mutex), EOWNERDEAD);
	OK0(pthread_mutex_consistent(&mutex));
	OK0(pthread_mutex_unlock(&mutex));
	OK0(pthread_mutex_lock(&mutex));
	OK0(pthread_mutex_unlock(&mutex));
	/* Not made consistent: for ever unusable. */
	abi_join(abi_thread(die_holding, &mutex));
	CHECK_EQ(pthread_mutex_trylock(&mutex), EOWNERDEAD);
	OK0(pthread_mutex_unlock(&mutex));
	CHECK_EQ(pthread_mutex_lock(&mutex), ENOTRECOVERABLE);
}

ABI_CASE(robust_owner_dies)
{
	owner_dies(PTHREAD_PRIO_NONE);
}

ABI_CASE(robust_pi_owner_dies)
{
	owner_dies(PTHREAD_PRIO_INHERIT);
}

struct heir {
	pthread_mutex_t mutex;
	volatile pid_t tid;
	atomic_int held;
	atomic_int release;
};

static void *die_later(void *arg)
{
	struct heir *h = arg;
	OK0(pthread_mutex_lock(&h->mutex));
	atomic_store(&h->held, 1);
	while (!atomic_load(&h->release)) {
		abi_sleep_ms(1);
	}
	return NULL;
}

static void *inherit(void *arg)
{
	struct heir *h = arg;
	h->tid = abi_gettid();
	CHECK_EQ(pthread_mutex_lock(&h->mutex), EOWNERDEAD);
	OK0(pthread_mutex_consistent(&h->mutex));
	OK0(pthread_mutex_unlock(&h->mutex));
	return h;
}

ABI_CASE(robust_waiter_is_woken)
{
	for (int protocol = 0; protocol < 2; protocol++) {
		static struct heir h;
		memset(&h, 0, sizeof(h));
		robust_mutex(&h.mutex, protocol == 0 ? PTHREAD_PRIO_NONE
						     : PTHREAD_PRIO_INHERIT);
		pthread_t owner = abi_thread(die_later, &h);
		while (!atomic_load(&h.held)) {
			abi_sleep_ms(1);
		}
		pthread_t waiter = abi_thread(inherit, &h);
		abi_wait_sleeping(&h.tid);
		atomic_store(&h.release, 1);
		CHECK_EQ(abi_join(waiter), &h);
		abi_join(owner);
	}
}

ABI_CASE(robust_list_arguments)
{
	struct robust_list_head *head = NULL;
	size_t size = 0;
	OK(syscall(SYS_get_robust_list, 0, &head, &size));
	CHECK_EQ(size, sizeof(struct robust_list_head));
	CHECK(head != NULL);
	struct robust_list_head *other = NULL;
	OK(syscall(SYS_get_robust_list, abi_gettid(), &other, &size));
	CHECK_EQ(other, head);
	OK(syscall(SYS_set_robust_list, head, sizeof(*head)));
	CHECK_ERRNO(syscall(SYS_set_robust_list, head, sizeof(*head) - 1),
		    EINVAL);
	CHECK_ERRNO(syscall(SYS_get_robust_list, 0, abi_bad[0], &size), EFAULT);
	CHECK_ERRNO(syscall(SYS_get_robust_list, 0, &head, abi_bad[1]), EFAULT);
	CHECK_ERRNO(syscall(SYS_get_robust_list, 0x3ffffff, &head, &size),
		    ESRCH);
}

/* A list that leads nowhere must neither hang nor hurt the kernel. */
static void *die_with_list(void *arg)
{
	syscall(SYS_set_robust_list, arg, sizeof(struct robust_list_head));
	syscall(SYS_exit, 0);
	return NULL;
}

static void run_bad_list(struct robust_list_head *head)
{
	pthread_attr_t attr;
	pthread_t thread;
	OK0(pthread_attr_init(&attr));
	OK0(pthread_create(&thread, &attr, die_with_list, head));
	abi_join(thread);
}

ABI_CASE(robust_list_is_mistrusted)
{
	static struct robust_list_head head;
	for (int i = 0; i < ABI_BAD_COUNT; i++) {
		run_bad_list(abi_bad[i]);
		head.list.next = abi_bad[i];
		run_bad_list(&head);
		head.list.next = &head.list;
		head.list_op_pending = abi_bad[i];
		run_bad_list(&head);
		head.list_op_pending = NULL;
	}
	/* A ring that never comes back to the head. */
	static struct robust_list ring[2];
	ring[0].next = &ring[1];
	ring[1].next = &ring[0];
	head.list.next = &ring[0];
	run_bad_list(&head);
}

struct entry {
	struct robust_list list;
	uint32_t word;
};

ABI_CASE(robust_list_only_own_words)
{
	static struct robust_list_head head;
	static struct entry entries[2];
	head.futex_offset = offsetof(struct entry, word);
	head.list.next = &entries[0].list;
	entries[0].list.next = &entries[1].list;
	entries[1].list.next = &head.list;
	entries[0].word = abi_gettid(); /* not the dying thread's */
	entries[1].word = 0;
	run_bad_list(&head);
	CHECK_EQ(entries[0].word, abi_gettid());
	CHECK_EQ(entries[1].word, 0);
}

static void *die_with_word(void *arg)
{
	struct robust_list_head *head = arg;
	struct entry *entry = (struct entry *)head->list.next;
	entry->word = abi_gettid() | FUTEX_WAITERS;
	return die_with_list(arg);
}

ABI_CASE(robust_list_marks_owner_died)
{
	static struct robust_list_head head;
	static struct entry entry;
	head.futex_offset = offsetof(struct entry, word);
	head.list.next = &entry.list;
	head.list_op_pending = NULL;
	entry.list.next = &head.list;
	abi_join(abi_thread(die_with_word, &head));
	CHECK_EQ(entry.word, FUTEX_OWNER_DIED | FUTEX_WAITERS);
	/* The same through list_op_pending. */
	entry.word = 0;
	head.list_op_pending = &entry.list;
	abi_join(abi_thread(die_with_word, &head));
	CHECK_EQ(entry.word & FUTEX_OWNER_DIED, FUTEX_OWNER_DIED);
}

ABI_CASE(membarrier_commands)
{
	int query = OK(syscall(SYS_membarrier, MEMBARRIER_CMD_QUERY, 0, 0));
	CHECK(query & MEMBARRIER_CMD_PRIVATE_EXPEDITED);
	CHECK(query & MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED);
	OK(syscall(SYS_membarrier, MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED, 0,
		   0));
	OK(syscall(SYS_membarrier, MEMBARRIER_CMD_PRIVATE_EXPEDITED, 0, 0));
	OK(syscall(SYS_membarrier, MEMBARRIER_CMD_GLOBAL, 0, 0));
	CHECK_ERRNO(syscall(SYS_membarrier, MEMBARRIER_CMD_QUERY, 1, 0),
		    EINVAL);
	CHECK_ERRNO(syscall(SYS_membarrier, 1 << 20, 0, 0), EINVAL);
	CHECK_ERRNO(syscall(SYS_membarrier, -1, 0, 0), EINVAL);
}

static struct {
	_Alignas(64) volatile int x;
	_Alignas(64) volatile int y;
	_Alignas(64) volatile int seen_x;
	_Alignas(64) volatile int seen_y;
	atomic_int round_a;
	atomic_int round_b;
} store;

static void *light_side(void *arg)
{
	for (int round = 1; round <= 3000; round++) {
		while (atomic_load(&store.round_a) != round) {
			sched_yield();
		}
		store.x = 1;
		__asm__ volatile("" : : : "memory");
		store.seen_y = store.y;
		atomic_store(&store.round_b, round);
	}
	return arg;
}

ABI_CASE(membarrier_orders_other_cpus)
{
	/* Store-buffer litmus: with a compiler barrier on one side and
	 * membarrier on the other, not both may miss the other's store. */
	OK(syscall(SYS_membarrier, MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED, 0,
		   0));
	atomic_store(&store.round_a, 0);
	atomic_store(&store.round_b, 0);
	pthread_t thread = abi_thread(light_side, NULL);
	for (int round = 1; round <= 3000; round++) {
		store.x = 0;
		store.y = 0;
		atomic_store(&store.round_a, round);
		store.y = 1;
		OK(syscall(SYS_membarrier, MEMBARRIER_CMD_PRIVATE_EXPEDITED, 0,
			   0));
		store.seen_x = store.x;
		while (atomic_load(&store.round_b) != round) {
			sched_yield();
		}
		CHECK(store.seen_x || store.seen_y);
	}
	abi_join(thread);
}

#if defined(__x86_64__)
static volatile struct rseq *rseq_area(void)
{
	char *self = __builtin_thread_pointer();
	return (volatile struct rseq *)(self + __rseq_offset);
}

ABI_CASE(rseq_registered_by_libc)
{
	if (__rseq_size == 0) {
		abi_fail(__FILE__, __LINE__, "libc could not register rseq");
	}
	unsigned int cpu;
	for (int i = 0; i < 100; i++) {
		unsigned int before = rseq_area()->cpu_id;
		OK(syscall(SYS_getcpu, &cpu, NULL, NULL));
		unsigned int after = rseq_area()->cpu_id;
		CHECK(cpu == before || cpu == after || before != after);
		CHECK_EQ(rseq_area()->cpu_id_start < 4096, 1);
	}
}

ABI_CASE(rseq_registration_errors)
{
	volatile struct rseq *area = rseq_area();
	static _Alignas(32) struct rseq other;
	CHECK_ERRNO(syscall(SYS_rseq, area, 32, 0, RSEQ_SIG), EBUSY);
	CHECK_ERRNO(syscall(SYS_rseq, &other, 32, 0, RSEQ_SIG), EINVAL);
	CHECK_ERRNO(syscall(SYS_rseq, area, 32, 0, 0x1234), EPERM);
	CHECK_ERRNO(syscall(SYS_rseq, area, 32, 8, RSEQ_SIG), EINVAL);
	CHECK_ERRNO(
		syscall(SYS_rseq, &other, 32, RSEQ_FLAG_UNREGISTER, RSEQ_SIG),
		EINVAL);
	CHECK_ERRNO(syscall(SYS_rseq, area, 32, RSEQ_FLAG_UNREGISTER, 0x1234),
		    EPERM);
}

static void ignore_signal(int sig)
{
	(void)sig;
}

static atomic_int rseq_done;

static void *disturb(void *arg)
{
	while (!atomic_load(&rseq_done)) {
		pthread_kill(*(pthread_t *)arg, SIGUSR1);
		abi_sleep_ms(1);
	}
	return NULL;
}

/* Spin in a critical section until something aborts it; 1 when aborted. */
static int spin_until_abort(volatile struct rseq *area)
{
	int aborted = 0;
	__asm__ volatile(".pushsection __rseq_cs, \"aw\"\n\t"
			 ".balign 32\n"
			 "3:	.long 0, 0\n\t"
			 ".quad 1f, 2f - 1f, 4f\n\t"
			 ".popsection\n\t"
			 "lea 3b(%%rip), %%rax\n\t"
			 "mov %%rax, 8(%1)\n"
			 "1:	jmp 1b\n"
			 "2:	jmp 5f\n\t"
			 ".byte 0x0f, 0xb9, 0x3d\n\t"
			 ".long 0x53053053\n"
			 "4:	mov $1, %0\n"
			 "5:"
			 : "+r"(aborted)
			 : "r"(area)
			 : "rax", "memory", "cc");
	return aborted;
}

ABI_CASE(rseq_signal_aborts_critical_section)
{
	pthread_t self = pthread_self();
	abi_handler(SIGUSR1, ignore_signal, 0);
	atomic_store(&rseq_done, 0);
	pthread_t thread = abi_thread(disturb, &self);
	for (int i = 0; i < 20; i++) {
		CHECK_EQ(spin_until_abort(rseq_area()), 1);
	}
	atomic_store(&rseq_done, 1);
	abi_join(thread);
	CHECK_EQ(rseq_area()->rseq_cs, 0);
}
#endif
