/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A plain C program that uses a bit of everything and prints the same bytes
 * wherever it runs: linked statically, statically as PIE, dynamically, as PIE,
 * and against musl.
 */
#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static __thread int per_thread = 7;
static int data = 42;
static int zeroed[10000];
static jmp_buf back;

static void show_arguments(int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		printf("argument %d: '%s'\n", i, argv[i]);
	}
	printf("GREETING=%s\n", getenv("GREETING"));
}

static void show_numbers(void)
{
	printf("%d %5.2f %g %#lx %s\n", data, 3.14159, 1e100, 0xdeadbeefcafeUL,
	       "text");
	printf("%.17g %.17g %.17g\n", sqrt(2.0), sin(1.0), pow(2.0, 0.5));
	printf("%d %d\n", zeroed[0], zeroed[9999]);
	printf("%lld\n", strtoll("-9223372036854775808", NULL, 10));
}

static int compare(const void *a, const void *b)
{
	return *(const int *)a - *(const int *)b;
}

static void show_sorting(void)
{
	int *numbers = malloc(100000 * sizeof(int));
	unsigned int seed = 1;
	for (int i = 0; i < 100000; i++) {
		seed = seed * 1103515245 + 12345;
		numbers[i] = seed >> 8;
	}
	qsort(numbers, 100000, sizeof(int), compare);
	printf("%d %d %d\n", numbers[0], numbers[50000], numbers[99999]);
	free(numbers);
}

static void *add(void *arg)
{
	long sum = 0;
	per_thread += (int)(long)arg;
	for (long i = 0; i < 100000; i++) {
		sum += i % per_thread;
	}
	return (void *)sum;
}

static void show_threads(void)
{
	pthread_t threads[8];
	for (long i = 0; i < 8; i++) {
		pthread_create(&threads[i], NULL, add, (void *)i);
	}
	for (int i = 0; i < 8; i++) {
		void *sum;
		pthread_join(threads[i], &sum);
		printf("thread %d: %ld\n", i, (long)sum);
	}
	printf("per thread: %d\n", per_thread);
}

static void show_files(void)
{
	char line[100];
	FILE *f = fopen("input", "r");
	int count = 0;
	while (f != NULL && fgets(line, sizeof(line), f) != NULL) {
		printf("input %d: %s", ++count, line);
	}
	if (f != NULL) {
		fclose(f);
	}
	f = fopen("missing", "r");
	printf("missing: %s\n", f == NULL ? strerror(errno) : "there");
	f = tmpfile();
	fprintf(f, "%0100d", 5);
	rewind(f);
	printf("temporary: %zu\n", fread(line, 1, sizeof(line), f));
	fclose(f);
}

static void leap(int sig)
{
	printf("signal %d\n", sig);
	longjmp(back, 1);
}

static void show_signals(void)
{
	struct sigaction action = {.sa_handler = leap, .sa_flags = SA_NODEFER};
	sigaction(SIGSEGV, &action, NULL);
	if (setjmp(back) == 0) {
		char *p = mmap(NULL, 4096, PROT_READ,
			       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		*(volatile char *)p = 1;
	}
}

static void at_end(void)
{
	printf("end\n");
}

int main(int argc, char **argv)
{
	atexit(at_end);
	show_arguments(argc, argv);
	show_numbers();
	show_sorting();
	show_threads();
	show_files();
	show_signals();
	fprintf(stderr, "to standard error\n");
	fflush(stdout);
	return 3;
}
