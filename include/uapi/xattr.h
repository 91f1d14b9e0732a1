/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/* setxattr(2) flags. */
#define UAPI_XATTR_CREATE  1
#define UAPI_XATTR_REPLACE 2
