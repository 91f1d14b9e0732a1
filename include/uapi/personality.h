/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/* Bits of personality(2) that change anything here, and its query value. */
#define UAPI_ADDR_NO_RANDOMIZE 0x0040000u
#define UAPI_PERSONALITY_QUERY 0xffffffffu
