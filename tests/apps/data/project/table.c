/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "project.h"

struct entry {
	char *word;
	unsigned int count;
};

static struct entry entries[64];

unsigned int table_add(const char *word)
{
	int i;

	for (i = 0; i < 63 && entries[i].word != NULL; i++) {
		if (strcmp(entries[i].word, word) == 0) {
			return ++entries[i].count;
		}
	}
	entries[i].word = strdup(word);
	return ++entries[i].count;
}

void table_print(void)
{
	for (int i = 0; entries[i].word != NULL; i++) {
		printf("%s %u\n", entries[i].word, entries[i].count);
	}
}
