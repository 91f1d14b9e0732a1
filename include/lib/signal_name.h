/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/* "SIGHUP" for 1, "SIGRTMIN" for 32 and the real-time signals behind it (their
 * distance is not told); "unknown signal" for what is no signal.  signal(7) */
const char *signal_name(int signal);
