/* SPDX-License-Identifier: BSD-3-Clause */
/* Between the runner and the helpers: the handler of the fault guard. */
#pragma once

#include <signal.h>

/* The action of SIGSEGV and its like while a check runs. */
void abi_guard_action(int sig, siginfo_t *info, void *context);

/* The running check met a fault that nothing asked for. */
void abi_guard_failed(int sig) __attribute__((noreturn));
