/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/* What the parts of this room share. */
#include <stdbool.h>

extern bool smap_enabled; /* [I] after boot */
