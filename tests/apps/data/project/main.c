/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdio.h>
#include <string.h>

#include "project.h"

int main(void)
{
	char line[80];
	unsigned int lines = 0;

	for (int i = 0; words[i] != NULL; i++) {
		table_add(words[i]);
	}
	while (fgets(line, sizeof(line), stdin) != NULL) {
		line[strcspn(line, "\n")] = '\0';
		table_add(line);
		lines++;
	}
	table_print();
	fprintf(stderr, "%u lines, %.6f\n", lines, sum_of_roots(100));
	return 0;
}
