/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/*
 * Where the last words go: a polled output that needs no lock and no
 * interrupt.  The early console until a driver knows better (the control
 * channel's polled form).
 */
#include <debug/log.h>

log_sink *panic_sink(void);
void panic_set_sink(log_sink *sink);
