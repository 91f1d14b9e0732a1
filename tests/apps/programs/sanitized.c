/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * Built with AddressSanitizer and ThreadSanitizer: their runtimes map shadow
 * memory of terabytes at fixed addresses, and replace malloc and the locks.
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define THREADS 4
#define ROUNDS	2000

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static long sum;

static void *add(void *argument)
{
	for (size_t i = 1; i <= ROUNDS; i++) {
		char *text = malloc(i);

		memset(text, 1, i);
		pthread_mutex_lock(&mutex);
		sum += text[i - 1];
		pthread_mutex_unlock(&mutex);
		free(text);
	}
	return argument;
}

int main(void)
{
	pthread_t threads[THREADS];

	for (int i = 0; i < THREADS; i++) {
		pthread_create(&threads[i], NULL, add, NULL);
	}
	for (int i = 0; i < THREADS; i++) {
		pthread_join(threads[i], NULL);
	}
	printf("%ld\n", sum);
	return 0;
}
