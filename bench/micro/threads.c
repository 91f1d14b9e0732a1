/* SPDX-License-Identifier: BSD-3-Clause */
/* Threads and what passes between them. */
#include "micro.h"

#include <linux/futex.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stddef.h>
#include <sys/syscall.h>
#include <unistd.h>

static void *nothing(void *arg)
{
	return arg;
}

static int64_t create_join(long count)
{
	int64_t start = now();
	for (long i = 0; i < count; i++) {
		pthread_t thread;
		must(pthread_create(&thread, NULL, nothing, NULL) ? -1 : 0,
		     "pthread_create");
		pthread_join(thread, NULL);
	}
	return now() - start;
}

struct game {
	long count;
	int cpu; /* of the partner */
	_Alignas(64) atomic_int ball;
	int there[2];
	int back[2];
};

static void futex(atomic_int *word, int op, int value)
{
	syscall(SYS_futex, word, op | FUTEX_PRIVATE_FLAG, value, NULL, NULL, 0);
}

static void wait_for(atomic_int *word, int value)
{
	int seen;
	while ((seen = atomic_load(word)) != value) {
		futex(word, FUTEX_WAIT, seen);
	}
}

static void throw_ball(atomic_int *word, int value)
{
	atomic_store(word, value);
	futex(word, FUTEX_WAKE, 1);
}

static void *futex_partner(void *arg)
{
	struct game *game = arg;
	bind_to(game->cpu);
	for (long i = 0; i < game->count; i++) {
		wait_for(&game->ball, 1);
		throw_ball(&game->ball, 0);
	}
	return NULL;
}

static int64_t futex_game(long count, int cpu)
{
	struct game game = {.count = count, .cpu = cpu};
	pthread_t thread;
	pthread_create(&thread, NULL, futex_partner, &game);
	bind_to(0);
	int64_t start = now();
	for (long i = 0; i < count; i++) {
		throw_ball(&game.ball, 1);
		wait_for(&game.ball, 0);
	}
	int64_t ns = now() - start;
	pthread_join(thread, NULL);
	return ns;
}

static void *pipe_partner(void *arg)
{
	struct game *game = arg;
	char byte;
	bind_to(game->cpu);
	for (long i = 0; i < game->count; i++) {
		must(read(game->there[0], &byte, 1), "read");
		must(write(game->back[1], &byte, 1), "write");
	}
	return NULL;
}

static int64_t pipe_game(long count, int cpu)
{
	struct game game = {.count = count, .cpu = cpu};
	pthread_t thread;
	char byte = 0;
	must(pipe(game.there), "pipe");
	must(pipe(game.back), "pipe");
	pthread_create(&thread, NULL, pipe_partner, &game);
	bind_to(0);
	int64_t start = now();
	for (long i = 0; i < count; i++) {
		must(write(game.there[1], &byte, 1), "write");
		must(read(game.back[0], &byte, 1), "read");
	}
	int64_t ns = now() - start;
	pthread_join(thread, NULL);
	close(game.there[0]);
	close(game.there[1]);
	close(game.back[0]);
	close(game.back[1]);
	return ns;
}

static int64_t futex_one(long count)
{
	return futex_game(count, 0);
}

static int64_t futex_two(long count)
{
	return futex_game(count, 1);
}

static int64_t pipe_one(long count)
{
	return pipe_game(count, 0);
}

static int64_t pipe_two(long count)
{
	return pipe_game(count, 1);
}

struct yielding {
	long count;
};

static void *yield_partner(void *arg)
{
	long count = ((struct yielding *)arg)->count;
	bind_to(0);
	for (long i = 0; i < count; i++) {
		sched_yield();
	}
	return NULL;
}

/* Two threads of one CPU hand it to each other. */
static int64_t yields(long count)
{
	struct yielding y = {count};
	pthread_t thread;
	bind_to(0);
	pthread_create(&thread, NULL, yield_partner, &y);
	int64_t start = now();
	for (long i = 0; i < count; i++) {
		sched_yield();
	}
	int64_t ns = now() - start;
	pthread_join(thread, NULL);
	return ns;
}

const struct benchmark threads[] = {
	{"thread-create-join", "us", create_join, 100, 1000, 1, 0},
	{"yield-two-threads", "ns", yields, 1000, 1, 1, 0},
	{"futex-ping-pong-1cpu", "us", futex_one, 500, 1000, 1, 0},
	{"futex-ping-pong-2cpu", "us", futex_two, 500, 1000, 2, 0},
	{"pipe-ping-pong-1cpu", "us", pipe_one, 500, 1000, 1, 0},
	{"pipe-ping-pong-2cpu", "us", pipe_two, 500, 1000, 2, 0},
	{0},
};
