/* SPDX-License-Identifier: BSD-3-Clause */
/* System V semaphores. */
#include <stdatomic.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/sem.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "abi_test.h"

union semun {
	int val;
	struct semid_ds *buf;
	unsigned short *array;
};

static int set_of(int count)
{
	return OK(semget(IPC_PRIVATE, count, IPC_CREAT | 0600));
}

static int op(int id, int number, int value, int flags)
{
	struct sembuf sop = {(unsigned short)number, (short)value,
			     (short)flags};
	return semop(id, &sop, 1);
}

static int value_of(int id, int number)
{
	return OK(semctl(id, number, GETVAL));
}

ABI_CASE(sem_values)
{
	unsigned short values[3] = {1, 2, 3};
	unsigned short seen[3];
	struct semid_ds ds;
	int id = set_of(3);
	CHECK_EQ(value_of(id, 0), 0);
	OK(semctl(id, 0, SETALL, (union semun){.array = values}));
	OK(semctl(id, 0, GETALL, (union semun){.array = seen}));
	CHECK(memcmp(values, seen, sizeof(seen)) == 0);
	OK(semctl(id, 1, SETVAL, (union semun){.val = 32767}));
	CHECK_ERRNO(op(id, 1, 1, 0), ERANGE);
	CHECK_ERRNO(semctl(id, 1, SETVAL, (union semun){.val = 32768}), ERANGE);
	CHECK_ERRNO(semctl(id, 1, SETVAL, (union semun){.val = -1}), ERANGE);
	CHECK_ERRNO(semctl(id, 3, GETVAL), EINVAL);
	OK(op(id, 0, 5, 0));
	CHECK_EQ(value_of(id, 0), 6);
	CHECK_EQ(OK(semctl(id, 0, GETPID)), getpid());
	OK(semctl(id, 0, IPC_STAT, (union semun){.buf = &ds}));
	CHECK_EQ(ds.sem_nsems, 3);
	CHECK(ds.sem_otime != 0 && ds.sem_ctime != 0);
	OK(semctl(id, 0, IPC_RMID));
	CHECK_ERRNO(op(id, 0, 1, 0), EINVAL);
}

ABI_CASE(sem_errors)
{
	struct sembuf many[501];
	int id = set_of(2);
	memset(many, 0, sizeof(many));
	CHECK_ERRNO(semget(IPC_PRIVATE, 0, IPC_CREAT), EINVAL);
	CHECK_ERRNO(semget(IPC_PRIVATE, -1, IPC_CREAT), EINVAL);
	CHECK_ERRNO(semget(0x4c494e77, 1, 0), ENOENT);
	CHECK_ERRNO(semop(id, many, 0), EINVAL);
	CHECK_ERRNO(semop(id, many, 501), E2BIG);
	CHECK_ERRNO(semop(id, abi_bad[0], 1), EFAULT);
	CHECK_ERRNO(semop(-1, many, 1), EINVAL);
	CHECK_ERRNO(op(id, 2, 1, 0), EFBIG);
	CHECK_ERRNO(op(id, 0, -1, IPC_NOWAIT), EAGAIN);
	OK(op(id, 0, 1, 0));
	CHECK_ERRNO(op(id, 0, 0, IPC_NOWAIT), EAGAIN);
	OK(semctl(id, 0, IPC_RMID));
}

ABI_CASE(sem_all_or_nothing)
{
	int id = set_of(2);
	struct sembuf ops[2] = {{0, 3, 0}, {1, -1, IPC_NOWAIT}};
	CHECK_ERRNO(semop(id, ops, 2), EAGAIN);
	CHECK_EQ(value_of(id, 0), 0);
	OK(op(id, 1, 1, 0));
	OK(semop(id, ops, 2));
	CHECK_EQ(value_of(id, 0), 3);
	CHECK_EQ(value_of(id, 1), 0);
	OK(semctl(id, 0, IPC_RMID));
}

struct sleeper {
	int id;
	int value;
	volatile pid_t tid;
	int result;
	int error;
};

static void *sleep_on(void *arg)
{
	struct sleeper *s = arg;
	s->tid = abi_gettid();
	s->result = op(s->id, 0, s->value, 0);
	s->error = errno;
	return NULL;
}

ABI_CASE(sem_sleepers)
{
	struct sleeper more = {.id = set_of(1), .value = -2};
	pthread_t thread = abi_thread(sleep_on, &more);
	abi_wait_sleeping(&more.tid);
	CHECK_EQ(OK(semctl(more.id, 0, GETNCNT)), 1);
	OK(op(more.id, 0, 1, 0));
	abi_sleep_ms(10);
	CHECK_EQ(value_of(more.id, 0), 1);
	OK(op(more.id, 0, 1, 0));
	abi_join(thread);
	CHECK_EQ(more.result, 0);
	CHECK_EQ(value_of(more.id, 0), 0);

	struct sleeper zero = {.id = more.id, .value = 0};
	OK(op(zero.id, 0, 1, 0));
	thread = abi_thread(sleep_on, &zero);
	abi_wait_sleeping(&zero.tid);
	CHECK_EQ(OK(semctl(zero.id, 0, GETZCNT)), 1);
	OK(op(zero.id, 0, -1, 0));
	abi_join(thread);
	CHECK_EQ(zero.result, 0);

	struct sleeper gone = {.id = more.id, .value = -1};
	thread = abi_thread(sleep_on, &gone);
	abi_wait_sleeping(&gone.tid);
	OK(semctl(gone.id, 0, IPC_RMID));
	abi_join(thread);
	CHECK_EQ(gone.result, -1);
	CHECK_EQ(gone.error, EIDRM);
}

static void nothing(int sig)
{
	(void)sig;
}

ABI_CASE(sem_timeout_and_signal)
{
	int id = set_of(1);
	struct sembuf down = {0, -1, 0};
	struct timespec time = {0, 20000000};
	int64_t before = abi_now();
	CHECK_ERRNO(semtimedop(id, &down, 1, &time), EAGAIN);
	CHECK(abi_now() - before >= 20000000);
	time.tv_nsec = 1000000000;
	CHECK_ERRNO(semtimedop(id, &down, 1, &time), EINVAL);
	/* Not restarted, whatever the handler says. */
	abi_handler(SIGALRM, nothing, SA_RESTART);
	alarm(1);
	CHECK_ERRNO(semop(id, &down, 1), EINTR);
	OK(semctl(id, 0, IPC_RMID));
}

ABI_CASE(sem_undo_at_exit)
{
	int id = set_of(2);
	OK(semctl(id, 0, SETVAL, (union semun){.val = 5}));
	pid_t child = OK(fork());
	if (child == 0) {
		struct sembuf ops[2] = {{0, -3, SEM_UNDO}, {1, 4, SEM_UNDO}};
		if (semop(id, ops, 2) != 0 || value_of(id, 0) != 2) {
			_exit(1);
		}
		_exit(0);
	}
	int status;
	OK(waitpid(child, &status, 0));
	CHECK_EQ(status, 0);
	CHECK_EQ(value_of(id, 0), 5);
	CHECK_EQ(value_of(id, 1), 0);
	OK(semctl(id, 0, IPC_RMID));
}

struct race {
	int id;
	long sum;
};

static void *race_for_it(void *arg)
{
	struct race *race = arg;
	for (int i = 0; i < 500; i++) {
		op(race->id, 0, -1, 0);
		race->sum++;
		op(race->id, 0, 1, 0);
	}
	return NULL;
}

ABI_CASE(sem_excludes)
{
	struct race race = {.id = set_of(1)};
	pthread_t threads[4];
	OK(op(race.id, 0, 1, 0));
	for (int i = 0; i < 4; i++) {
		threads[i] = abi_thread(race_for_it, &race);
	}
	for (int i = 0; i < 4; i++) {
		abi_join(threads[i]);
	}
	CHECK_EQ(race.sum, 2000);
	OK(semctl(race.id, 0, IPC_RMID));
}
