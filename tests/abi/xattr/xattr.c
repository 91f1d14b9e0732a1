/* SPDX-License-Identifier: BSD-3-Clause */
/* Extended attributes, on the tmpfs of the scratch folder. */
#include "abi_test.h"

#include <fcntl.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/xattr.h>
#include <unistd.h>

#define NAME "trusted.abi"

static char value[70000];

ABI_CASE(xattr_set_get_list_remove)
{
	abi_write_file("a", "");
	CHECK_ERRNO(getxattr("a", NAME, value, 10), ENODATA);
	OK(setxattr("a", NAME, "hello", 5, 0));
	CHECK_EQ(getxattr("a", NAME, NULL, 0), 5);
	CHECK_EQ(getxattr("a", NAME, value, sizeof(value)), 5);
	CHECK_EQ(memcmp(value, "hello", 5), 0);
	CHECK_ERRNO(getxattr("a", NAME, value, 4), ERANGE);
	long size = OK(listxattr("a", NULL, 0));
	CHECK_EQ(listxattr("a", value, sizeof(value)), size);
	int found = 0;
	for (char *p = value; p < value + size; p += strlen(p) + 1) {
		found += strcmp(p, NAME) == 0;
	}
	CHECK_EQ(found, 1);
	CHECK_ERRNO(listxattr("a", value, 3), ERANGE);
	OK(removexattr("a", NAME));
	CHECK_ERRNO(removexattr("a", NAME), ENODATA);
}

ABI_CASE(xattr_flags)
{
	abi_write_file("a", "");
	CHECK_ERRNO(setxattr("a", NAME, "x", 1, XATTR_REPLACE), ENODATA);
	OK(setxattr("a", NAME, "x", 1, XATTR_CREATE));
	CHECK_ERRNO(setxattr("a", NAME, "y", 1, XATTR_CREATE), EEXIST);
	OK(setxattr("a", NAME, "yz", 2, XATTR_REPLACE));
	CHECK_EQ(getxattr("a", NAME, value, 10), 2);
	CHECK_ERRNO(setxattr("a", NAME, "y", 1, 4), EINVAL);
	OK(setxattr("a", NAME, "", 0, 0));
	CHECK_EQ(getxattr("a", NAME, value, 10), 0);
}

ABI_CASE(xattr_by_descriptor_and_link)
{
	abi_write_file("a", "");
	OK(symlink("a", "l"));
	int fd = OK(open("a", O_RDONLY));
	OK(fsetxattr(fd, NAME, "1", 1, 0));
	CHECK_EQ(getxattr("l", NAME, value, 10), 1);
	CHECK_EQ(fgetxattr(fd, NAME, value, 10), 1);
	CHECK_ERRNO(lgetxattr("l", NAME, value, 10), ENODATA);
	OK(lsetxattr("l", NAME, "22", 2, 0));
	CHECK_EQ(lgetxattr("l", NAME, value, 10), 2);
	CHECK_EQ(getxattr("l", NAME, value, 10), 1);
	CHECK(OK(llistxattr("l", value, sizeof(value))) > 0);
	CHECK(OK(flistxattr(fd, value, sizeof(value))) > 0);
	OK(lremovexattr("l", NAME));
	OK(fremovexattr(fd, NAME));
	CHECK_ERRNO(getxattr("a", NAME, value, 10), ENODATA);
}

ABI_CASE(xattr_names)
{
	char name[300];
	abi_write_file("a", "");
	CHECK_ERRNO(setxattr("a", "", "x", 1, 0), ERANGE);
	CHECK_ERRNO(setxattr("a", "nonsense", "x", 1, 0), EOPNOTSUPP);
	CHECK_ERRNO(getxattr("a", "nonsense.x", value, 1), EOPNOTSUPP);
	memset(name, 'n', sizeof(name));
	memcpy(name, "trusted.", 8);
	name[256] = '\0';
	CHECK_ERRNO(setxattr("a", name, "x", 1, 0), ERANGE);
	name[255] = '\0';
	OK(setxattr("a", name, "x", 1, 0));
	CHECK_EQ(getxattr("a", name, value, 1), 1);
}

ABI_CASE(xattr_sizes)
{
	abi_write_file("a", "");
	CHECK_ERRNO(setxattr("a", NAME, value, 65537, 0), E2BIG);
	memset(value, 'v', sizeof(value));
	OK(setxattr("a", NAME, value, 4000, 0));
	memset(value, 0, sizeof(value));
	CHECK_EQ(getxattr("a", NAME, value, sizeof(value)), 4000);
	CHECK_EQ(value[3999], 'v');
}

ABI_CASE(xattr_errors)
{
	abi_write_file("a", "");
	CHECK_ERRNO(setxattr("none", NAME, "x", 1, 0), ENOENT);
	CHECK_ERRNO(fsetxattr(99, NAME, "x", 1, 0), EBADF);
	CHECK_ERRNO(flistxattr(99, NULL, 0), EBADF);
	CHECK_ERRNO(syscall(SYS_setxattr, abi_bad[0], NAME, "x", 1, 0), EFAULT);
	CHECK_ERRNO(syscall(SYS_setxattr, "a", abi_bad[0], "x", 1, 0), EFAULT);
	CHECK_ERRNO(syscall(SYS_setxattr, "a", NAME, abi_bad[0], 1, 0), EFAULT);
	OK(setxattr("a", NAME, "x", 1, 0));
	CHECK_ERRNO(syscall(SYS_getxattr, "a", NAME, abi_bad[1], 10), EFAULT);
	CHECK_ERRNO(syscall(SYS_listxattr, "a", abi_bad[1], 1000), EFAULT);
}
