/* SPDX-License-Identifier: BSD-3-Clause */
extern const char *const words[];

unsigned int table_add(const char *word);
void table_print(void);
double sum_of_roots(int n);
