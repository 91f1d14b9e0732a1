/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/*
 * The vDSO: a small shared object that the kernel maps into every program.
 * Layout in the process: data page(s) first, then the image.
 */
#include <stddef.h>

#include <lib/types.h>

/* The image in the kernel, page aligned and padded; mapped read-execute. */
const void *vdso_image(size_t *size_out);

/* The page it reads (time factors); mapped read-only directly before the
 * image. */
paddr_t vdso_data_page(void);

/* Offset in the image of the signal return code, 0: none (restorer used). */
size_t vdso_sigreturn_offset(void);
