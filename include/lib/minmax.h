/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/* Smaller and larger of two values of one type; evaluated once each. */
#define MIN(a, b)                                                              \
	__extension__({                                                        \
		__typeof__(a) min_a_ = (a);                                    \
		__typeof__(b) min_b_ = (b);                                    \
		min_a_ < min_b_ ? min_a_ : min_b_;                             \
	})
#define MAX(a, b)                                                              \
	__extension__({                                                        \
		__typeof__(a) max_a_ = (a);                                    \
		__typeof__(b) max_b_ = (b);                                    \
		max_a_ > max_b_ ? max_a_ : max_b_;                             \
	})
