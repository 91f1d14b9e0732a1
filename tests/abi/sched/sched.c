/* SPDX-License-Identifier: BSD-3-Clause */
/* Affinity, policies, priorities, fairness. */
#include "abi_test.h"

#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

struct attr {
	uint32_t size, policy;
	uint64_t flags;
	int32_t nice;
	uint32_t priority;
	uint64_t runtime, deadline, period;
	uint32_t util_min, util_max;
};

static int allowed[1024];

static int allowed_count(cpu_set_t *set)
{
	int count = 0;
	CPU_ZERO(set);
	OK(sched_getaffinity(0, sizeof(*set), set));
	for (int i = 0; i < 1024; i++) {
		if (CPU_ISSET(i, set)) {
			allowed[count++] = i;
		}
	}
	return count;
}

ABI_CASE(affinity_of_self)
{
	cpu_set_t set;
	int count = allowed_count(&set);
	CHECK(count >= 1);
	CHECK(count <= sysconf(_SC_NPROCESSORS_CONF));
	for (int i = 0; i < count; i++) {
		cpu_set_t one, got;
		unsigned int cpu;
		CPU_ZERO(&one);
		CPU_SET(allowed[i], &one);
		OK(sched_setaffinity(0, sizeof(one), &one));
		/* Already there when the call returns. */
		OK(syscall(SYS_getcpu, &cpu, NULL, NULL));
		CHECK_EQ(cpu, allowed[i]);
		CHECK_EQ(sched_getcpu(), allowed[i]);
		CPU_ZERO(&got);
		OK(sched_getaffinity(0, sizeof(got), &got));
		CHECK(CPU_EQUAL(&got, &one));
	}
	OK(sched_setaffinity(0, sizeof(set), &set));
}

ABI_CASE(affinity_errors)
{
	cpu_set_t set;
	allowed_count(&set);
	CHECK_ERRNO(syscall(SYS_sched_getaffinity, 0, 1, &set), EINVAL);
	CHECK_ERRNO(syscall(SYS_sched_getaffinity, 0, 0, &set), EINVAL);
	CHECK_ERRNO(syscall(SYS_sched_getaffinity, 0x3fffff, 128, &set), ESRCH);
	CHECK_ERRNO(syscall(SYS_sched_getaffinity, 0, 128, abi_bad[0]), EFAULT);
	CHECK_ERRNO(syscall(SYS_sched_setaffinity, 0, 128, abi_bad[0]), EFAULT);
	CHECK_ERRNO(syscall(SYS_sched_setaffinity, 0x3fffff, 128, &set), ESRCH);
	cpu_set_t none;
	CPU_ZERO(&none);
	CHECK_ERRNO(sched_setaffinity(0, sizeof(none), &none), EINVAL);
	CPU_SET(1000, &none);
	CHECK_ERRNO(sched_setaffinity(0, sizeof(none), &none), EINVAL);
	/* The kernel's call returns how many bytes it wrote. */
	long bytes = OK(syscall(SYS_sched_getaffinity, 0, 128, &set));
	CHECK(bytes > 0 && bytes <= 128 && bytes % 8 == 0);
}

struct mover {
	atomic_int tid;
	atomic_int stop;
	atomic_int cpu;
};

static void *report_cpu(void *arg)
{
	struct mover *m = arg;
	atomic_store(&m->tid, abi_gettid());
	while (!atomic_load(&m->stop)) {
		unsigned int cpu;
		syscall(SYS_getcpu, &cpu, NULL, NULL);
		atomic_store(&m->cpu, cpu);
	}
	return NULL;
}

ABI_CASE(affinity_of_a_running_thread)
{
	cpu_set_t set;
	struct mover m = {0};
	int count = allowed_count(&set);
	pthread_t thread = abi_thread(report_cpu, &m);
	while (!atomic_load(&m.tid)) {
		sched_yield();
	}
	for (int i = 0; i < count * 4; i++) {
		cpu_set_t one;
		CPU_ZERO(&one);
		CPU_SET(allowed[i % count], &one);
		OK(sched_setaffinity(m.tid, sizeof(one), &one));
		while (atomic_load(&m.cpu) != allowed[i % count]) {
			sched_yield();
		}
	}
	atomic_store(&m.stop, 1);
	abi_join(thread);
}

static void *inherited_affinity(void *arg)
{
	OK(sched_getaffinity(0, sizeof(cpu_set_t), arg));
	return NULL;
}

ABI_CASE(affinity_is_inherited)
{
	cpu_set_t all, one, got;
	allowed_count(&all);
	CPU_ZERO(&one);
	CPU_SET(allowed[0], &one);
	CPU_ZERO(&got);
	OK(sched_setaffinity(0, sizeof(one), &one));
	abi_join(abi_thread(inherited_affinity, &got));
	OK(sched_setaffinity(0, sizeof(all), &all));
	CHECK(CPU_EQUAL(&got, &one));
}

ABI_CASE(getcpu_arguments)
{
	unsigned int cpu = ~0U, node = ~0U;
	OK(syscall(SYS_getcpu, &cpu, &node, NULL));
	CHECK(cpu < 1024);
	CHECK(node < 1024);
	OK(syscall(SYS_getcpu, NULL, NULL, NULL));
	CHECK_ERRNO(syscall(SYS_getcpu, abi_bad[0], NULL, NULL), EFAULT);
	CHECK_ERRNO(syscall(SYS_getcpu, NULL, abi_bad[3], NULL), EFAULT);
}

ABI_CASE(policy_ranges)
{
	CHECK_EQ(sched_get_priority_min(SCHED_FIFO), 1);
	CHECK_EQ(sched_get_priority_max(SCHED_FIFO), 99);
	CHECK_EQ(sched_get_priority_min(SCHED_RR), 1);
	CHECK_EQ(sched_get_priority_max(SCHED_RR), 99);
	CHECK_EQ(sched_get_priority_max(SCHED_OTHER), 0);
	CHECK_EQ(sched_get_priority_max(SCHED_BATCH), 0);
	CHECK_EQ(sched_get_priority_max(SCHED_IDLE), 0);
	CHECK_ERRNO(sched_get_priority_min(99), EINVAL);
	CHECK_ERRNO(sched_get_priority_max(-1), EINVAL);
}

static void *policy_body(void *arg)
{
	static const int policies[] = {SCHED_FIFO, SCHED_RR, SCHED_BATCH,
				       SCHED_IDLE, SCHED_OTHER};
	(void)arg;
	for (int i = 0; i < 5; i++) {
		int realtime =
			policies[i] == SCHED_FIFO || policies[i] == SCHED_RR;
		struct sched_param param = {.sched_priority = realtime ? 7 : 0};
		struct sched_param got = {-1};
		OK(sched_setscheduler(0, policies[i], &param));
		CHECK_EQ(sched_getscheduler(0), policies[i]);
		OK(sched_getparam(0, &got));
		CHECK_EQ(got.sched_priority, param.sched_priority);
		param.sched_priority = realtime ? 0 : 1;
		CHECK_ERRNO(sched_setscheduler(0, policies[i], &param), EINVAL);
		param.sched_priority = realtime ? 20 : 0;
		OK(sched_setparam(0, &param));
	}
	return NULL;
}

ABI_CASE(policy_changes)
{
	abi_join(abi_thread(policy_body, NULL));
}

ABI_CASE(policy_errors)
{
	struct sched_param param = {0};
	struct timespec t;
	CHECK_ERRNO(sched_setscheduler(0, 99, &param), EINVAL);
	CHECK_ERRNO(sched_setscheduler(-1, SCHED_OTHER, &param), EINVAL);
	CHECK_ERRNO(sched_setscheduler(0x3fffff, SCHED_OTHER, &param), ESRCH);
	CHECK_ERRNO(sched_getscheduler(-1), EINVAL);
	CHECK_ERRNO(sched_getscheduler(0x3fffff), ESRCH);
	CHECK_ERRNO(syscall(SYS_sched_setscheduler, 0, SCHED_OTHER, NULL),
		    EINVAL);
	CHECK_ERRNO(syscall(SYS_sched_setscheduler, 0, SCHED_OTHER, abi_bad[0]),
		    EFAULT);
	CHECK_ERRNO(syscall(SYS_sched_getparam, 0, NULL), EINVAL);
	CHECK_ERRNO(syscall(SYS_sched_getparam, 0, abi_bad[0]), EFAULT);
	param.sched_priority = 100;
	CHECK_ERRNO(sched_setscheduler(0, SCHED_FIFO, &param), EINVAL);
	OK(sched_rr_get_interval(0, &t));
	CHECK_ERRNO(syscall(SYS_sched_rr_get_interval, 0, abi_bad[0]), EFAULT);
	CHECK_ERRNO(sched_rr_get_interval(-1, &t), EINVAL);
	CHECK_ERRNO(sched_rr_get_interval(0x3fffff, &t), ESRCH);
}

static void *attr_body(void *arg)
{
	struct attr a = {0};
	(void)arg;
	OK(syscall(SYS_sched_getattr, 0, &a, sizeof(a), 0));
	CHECK_EQ(a.policy, SCHED_OTHER);
	CHECK_EQ(a.nice, 0);
	CHECK(a.size >= 48);
	a = (struct attr){.size = 48, .policy = SCHED_RR, .priority = 5};
	OK(syscall(SYS_sched_setattr, 0, &a, 0));
	CHECK_EQ(sched_getscheduler(0), SCHED_RR);
	a = (struct attr){.size = 48, .policy = SCHED_OTHER, .nice = 5};
	OK(syscall(SYS_sched_setattr, 0, &a, 0));
	CHECK_EQ(getpriority(PRIO_PROCESS, 0), 5);
	return NULL;
}

ABI_CASE(attr_get_and_set)
{
	struct attr a = {.size = 48};
	abi_join(abi_thread(attr_body, NULL));
	CHECK_ERRNO(syscall(SYS_sched_getattr, 0, &a, 47, 0), EINVAL);
	CHECK_ERRNO(syscall(SYS_sched_getattr, 0, &a, 5000, 0), EINVAL);
	CHECK_ERRNO(syscall(SYS_sched_getattr, 0, &a, 48, 1), EINVAL);
	CHECK_ERRNO(syscall(SYS_sched_getattr, 0, NULL, 48, 0), EINVAL);
	CHECK_ERRNO(syscall(SYS_sched_getattr, 0, abi_bad[0], 48, 0), EFAULT);
	CHECK_ERRNO(syscall(SYS_sched_getattr, 0x3fffff, &a, 48, 0), ESRCH);
	CHECK_ERRNO(syscall(SYS_sched_setattr, 0, NULL, 0), EINVAL);
	CHECK_ERRNO(syscall(SYS_sched_setattr, 0, abi_bad[0], 0), EFAULT);
	a = (struct attr){.size = 48};
	CHECK_ERRNO(syscall(SYS_sched_setattr, 0, &a, 1), EINVAL);
	a.size = 20;
	CHECK_ERRNO(syscall(SYS_sched_setattr, 0, &a, 0), E2BIG);
	CHECK(a.size >= 48);
}

static void *nice_body(void *arg)
{
	(void)arg;
	OK(setpriority(PRIO_PROCESS, 0, 10));
	CHECK_EQ(getpriority(PRIO_PROCESS, 0), 10);
	/* The kernel's call answers 20 - nice. */
	CHECK_EQ(syscall(SYS_getpriority, PRIO_PROCESS, 0), 10);
	OK(setpriority(PRIO_PROCESS, 0, 100));
	CHECK_EQ(getpriority(PRIO_PROCESS, 0), 19);
	OK(setpriority(PRIO_PROCESS, 0, -100));
	errno = 0;
	CHECK_EQ(getpriority(PRIO_PROCESS, 0), -20);
	CHECK_EQ(errno, 0);
	return NULL;
}

ABI_CASE(nice_values)
{
	/* Per thread in Linux, whatever POSIX says. */
	abi_join(abi_thread(nice_body, NULL));
	CHECK_EQ(getpriority(PRIO_PROCESS, 0), 0);
	CHECK_ERRNO(getpriority(7, 0), EINVAL);
	CHECK_ERRNO(getpriority(PRIO_PROCESS, 0x3fffff), ESRCH);
	CHECK_ERRNO(setpriority(7, 0, 0), EINVAL);
	CHECK_ERRNO(setpriority(PRIO_PROCESS, 0x3fffff, 0), ESRCH);
}

ABI_CASE(yield_returns)
{
	for (int i = 0; i < 1000; i++) {
		OK(sched_yield());
	}
}

struct runner {
	atomic_int go;
	atomic_int stop;
	volatile unsigned long turns[8];
	atomic_int next;
};

static void *burn(void *arg)
{
	struct runner *r = arg;
	int mine = atomic_fetch_add(&r->next, 1);
	while (!atomic_load(&r->stop)) {
		r->turns[mine]++;
	}
	return NULL;
}

ABI_CASE(busy_threads_all_get_on)
{
	/* More busy threads than processors: preemption serves each. */
	struct runner r = {0};
	pthread_t threads[8];
	for (int i = 0; i < 8; i++) {
		threads[i] = abi_thread(burn, &r);
	}
	for (int done = 0; done < 8;) {
		abi_sleep_ms(5);
		done = 0;
		for (int i = 0; i < 8; i++) {
			done += r.turns[i] > 1000;
		}
	}
	atomic_store(&r.stop, 1);
	for (int i = 0; i < 8; i++) {
		abi_join(threads[i]);
	}
}

struct sleeper {
	atomic_int stop;
	int64_t worst;
};

ABI_CASE(sleeper_gets_on_beside_busy_threads)
{
	struct runner r = {0};
	pthread_t threads[8];
	for (int i = 0; i < 8; i++) {
		threads[i] = abi_thread(burn, &r);
	}
	for (int i = 0; i < 20; i++) {
		abi_sleep_ms(1);
	}
	atomic_store(&r.stop, 1);
	for (int i = 0; i < 8; i++) {
		abi_join(threads[i]);
	}
}

static atomic_int fifo_done;

static void *fifo_body(void *arg)
{
	struct sched_param param = {.sched_priority = 50};
	(void)arg;
	OK(sched_setscheduler(0, SCHED_FIFO, &param));
	for (int i = 0; i < 20; i++) {
		abi_sleep_ms(1);
	}
	atomic_store(&fifo_done, 1);
	return NULL;
}

ABI_CASE(realtime_thread_overtakes_busy_threads)
{
	struct runner r = {0};
	pthread_t threads[4];
	atomic_store(&fifo_done, 0);
	for (int i = 0; i < 4; i++) {
		threads[i] = abi_thread(burn, &r);
	}
	abi_join(abi_thread(fifo_body, NULL));
	CHECK_EQ(fifo_done, 1);
	atomic_store(&r.stop, 1);
	for (int i = 0; i < 4; i++) {
		abi_join(threads[i]);
	}
}
