/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/* The text that --help and an unknown option print. */
extern const char options_usage[];
