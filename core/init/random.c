/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * The random generator.
 *
 * 1. Seed.  One base key absorbs what random_add() brings, 16 bytes at a time:
 *    the new key is the ChaCha20 block of the old key with those bytes as
 *    nonce and counter.  That is a cascade of pseudo-random functions: what an
 *    attacker adds takes nothing away from what was there, and entropy adds up
 *    although the key was known at first.
 * 2. Output.  Each CPU has a key drawn from the base key.  A request first
 *    replaces it by the first half of its next block (fast key erasure: state
 *    that leaks later tells nothing about earlier output), and serves itself
 *    from the second half or, when it is longer, uses that as the key of a
 *    stream of its own, so interrupts are off for one block only.
 * 3. A CPU draws a new key after each addition of entropy and every
 *    RESEED_NS, when the hardware generator is mixed in again.
 * 4. Where nothing gives entropy, random_wait() collects it from the jitter of
 *    its own sleeps, one bit per sample that differs from the one before.
 *
 * Locks: base_lock, irq safe; a CPU's key belongs to it with interrupts off.
 */
#include <init/random.h>

#include <arch/boot.h>
#include <arch/cpu.h>
#include <arch/percpu.h>
#include <arch/time.h>
#include <init/hooks.h>
#include <lib/chacha20.h>
#include <lib/minmax.h>
#include <lib/secret.h>
#include <lib/string.h>
#include <sched/thread.h>
#include <sync/spinlock.h>
#include <sync/wait.h>
#include <time/clock.h>
#include <uapi/errno.h>

#define READY_BITS   256u
#define ABSORB_SIZE  16
#define RESEED_NS    (60 * NSEC_PER_SEC)
#define SEED_WORDS   8
#define JITTER_SLEEP (50 * NSEC_PER_USEC)
#define HALF_BLOCK   32

struct cpu_key {
	uint8_t key[CHACHA20_KEY_SIZE];
	uint64_t generation; /* of the base key it came from; 0: none */
	uint64_t drawn_ns;
};

static struct spinlock base_lock = SPINLOCK_INIT("random");
static uint8_t base_key[CHACHA20_KEY_SIZE]; /* [base_lock] */
static uint64_t generation;		    /* [a] written under base_lock */
static unsigned credited;		    /* [a] written under base_lock */
static struct wait_queue ready_wait = WAIT_QUEUE_INIT(ready_wait);

static PERCPU_DEFINE(struct cpu_key, cpu_key); /* [c] interrupts off */

static void absorb_locked(const uint8_t chunk[ABSORB_SIZE])
{
	struct chacha20 state;
	uint8_t block[CHACHA20_BLOCK_SIZE];
	uint32_t counter;

	memcpy(&counter, chunk + CHACHA20_NONCE_SIZE, sizeof(counter));
	chacha20_init(&state, base_key, chunk, counter);
	chacha20_block(&state, block);
	memcpy(base_key, block, sizeof(base_key));
	secret_clear(block, sizeof(block));
	secret_clear(&state, sizeof(state));
}

/* Pads with the length, so that no two inputs are absorbed alike. */
static void absorb_all_locked(const void *data, size_t size)
{
	const uint8_t *bytes = data;
	uint8_t chunk[ABSORB_SIZE];
	uint64_t length = size;

	while (size > 0) {
		size_t count = MIN(size, sizeof(chunk));

		memset(chunk, 0, sizeof(chunk));
		memcpy(chunk, bytes, count);
		absorb_locked(chunk);
		bytes += count;
		size -= count;
	}
	memset(chunk, 0xff, sizeof(chunk));
	memcpy(chunk, &length, sizeof(length));
	absorb_locked(chunk);
}

void random_add(const void *data, size_t size, unsigned bits)
{
	unsigned long irq = spin_lock_irqsave(&base_lock);
	bool was_ready = credited >= READY_BITS;
	bool ready;

	absorb_all_locked(data, size);
	bits = MIN(bits, READY_BITS - credited);
	__atomic_store_n(&credited, credited + bits, __ATOMIC_RELEASE);
	__atomic_store_n(&generation, generation + 1, __ATOMIC_RELEASE);
	ready = credited >= READY_BITS;
	spin_unlock_irqrestore(&base_lock, irq);
	if (ready && !was_ready) {
		wait_queue_wake_all(&ready_wait);
	}
}

/* What this boot differs in from others, and the hardware generator. */
static void seed(void)
{
	struct {
		uint64_t hardware[SEED_WORDS];
		uint64_t cycles;
		uint64_t wall_ns;
		uint64_t here;
	} input = {
		.cycles = cpu_cycles(),
		.wall_ns = arch_time_wall_ns(),
		.here = (uintptr_t)boot_info()->cmdline,
	};
	unsigned bits = 0;

	for (unsigned i = 0; i < SEED_WORDS; i++) {
		if (cpu_random(&input.hardware[i])) {
			bits += 64;
		} else {
			input.hardware[i] = cpu_cycles();
		}
	}
	random_add(&input, sizeof(input), bits);
	secret_clear(&input, sizeof(input));
}

void random_init(void)
{
	seed();
}

/* Interrupts off. */
static void draw_cpu_key(struct cpu_key *key, uint64_t now)
{
	static const uint8_t nonce[CHACHA20_NONCE_SIZE];
	struct chacha20 state;
	uint8_t block[CHACHA20_BLOCK_SIZE];
	uint64_t fresh;

	spin_lock(&base_lock);
	if (cpu_random(&fresh)) {
		absorb_all_locked(&fresh, sizeof(fresh));
	}
	chacha20_init(&state, base_key, nonce, 0);
	chacha20_block(&state, block);
	memcpy(base_key, block, HALF_BLOCK);
	memcpy(key->key, block + HALF_BLOCK, HALF_BLOCK);
	key->generation = generation;
	key->drawn_ns = now;
	spin_unlock(&base_lock);
	secret_clear(block, sizeof(block));
	secret_clear(&state, sizeof(state));
}

/* Replaces this CPU's key; 32 bytes of output, never used elsewhere. */
static void draw_half_block(uint8_t half_out[HALF_BLOCK])
{
	static const uint8_t nonce[CHACHA20_NONCE_SIZE];
	struct chacha20 state;
	uint8_t block[CHACHA20_BLOCK_SIZE];
	unsigned long irq = cpu_irq_save();
	struct cpu_key *key = &percpu(cpu_key);
	uint64_t now = clock_monotonic_ns();

	if (key->generation != __atomic_load_n(&generation, __ATOMIC_ACQUIRE) ||
	    now - key->drawn_ns > RESEED_NS) {
		draw_cpu_key(key, now);
	}
	chacha20_init(&state, key->key, nonce, 0);
	chacha20_block(&state, block);
	memcpy(key->key, block, HALF_BLOCK);
	cpu_irq_restore(irq);
	memcpy(half_out, block + HALF_BLOCK, HALF_BLOCK);
	secret_clear(block, sizeof(block));
	secret_clear(&state, sizeof(state));
}

void random_bytes(void *buffer, size_t size)
{
	static const uint8_t nonce[CHACHA20_NONCE_SIZE];
	struct chacha20 state;
	uint8_t block[CHACHA20_BLOCK_SIZE];
	uint8_t *bytes = buffer;

	if (__atomic_load_n(&generation, __ATOMIC_RELAXED) == 0) {
		seed(); /* asked before random_init() */
	}
	draw_half_block(block);
	if (size <= HALF_BLOCK) {
		memcpy(bytes, block, size);
		secret_clear(block, sizeof(block));
		return;
	}
	chacha20_init(&state, block, nonce, 0);
	while (size > 0) {
		size_t count = MIN(size, sizeof(block));

		chacha20_block(&state, block);
		memcpy(bytes, block, count);
		bytes += count;
		size -= count;
	}
	secret_clear(block, sizeof(block));
	secret_clear(&state, sizeof(state));
}

uint64_t random_u64(void)
{
	uint64_t value;

	random_bytes(&value, sizeof(value));
	return value;
}

bool random_is_ready(void)
{
	return __atomic_load_n(&credited, __ATOMIC_ACQUIRE) >= READY_BITS;
}

/* Sleeps a little; one bit when it took another time than the one before. */
static int add_jitter(uint64_t *last)
{
	uint64_t start = cpu_cycles();
	uint64_t taken;
	int err;

	thread_prepare_sleep(true);
	err = thread_sleep(clock_monotonic_ns() + JITTER_SLEEP);
	if (err == -EINTR) {
		return err;
	}
	taken = cpu_cycles() - start;
	random_add(&taken, sizeof(taken), taken != *last ? 1 : 0);
	*last = taken;
	return 0;
}

int random_wait(void)
{
	struct waiter waiter;
	uint64_t last = 0;
	int err = 0;

	if (random_is_ready()) {
		return 0;
	}
	/* Woken early by random_add(); the sleeps end by themselves anyway. */
	waiter_init(&waiter, WAIT_INTERRUPTIBLE);
	wait_queue_add(&ready_wait, &waiter);
	while (!random_is_ready() && err == 0) {
		err = add_jitter(&last);
	}
	wait_queue_remove(&ready_wait, &waiter);
	return err;
}

static int init_hook(void)
{
	random_init();
	return 0;
}
INIT_HOOK(random, init_hook, INIT_CORE);
