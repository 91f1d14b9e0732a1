/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/* Ending a process because memory is out; oom.c. */
#include <stdbool.h>

/* Chooses and kills; false: nobody can be chosen. */
bool oom_kill(void);

/* A chosen process still has memory. */
bool oom_is_pending(void);

struct address_space;
void oom_space_gone(const struct address_space *space);
