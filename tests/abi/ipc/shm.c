/* SPDX-License-Identifier: BSD-3-Clause */
/* System V shared memory. */
#include <string.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/shm.h>
#include <sys/wait.h>
#include <unistd.h>

#include "abi_test.h"

#define SIZE 10000

static struct shmid_ds stat_of(int id)
{
	struct shmid_ds ds;
	OK(shmctl(id, IPC_STAT, &ds));
	return ds;
}

ABI_CASE(shm_life)
{
	int id = OK(shmget(IPC_PRIVATE, SIZE, IPC_CREAT | 0600));
	struct shmid_ds ds = stat_of(id);
	CHECK_EQ(ds.shm_segsz, SIZE);
	CHECK_EQ(ds.shm_nattch, 0);
	CHECK_EQ(ds.shm_cpid, getpid());
	CHECK_EQ(ds.shm_perm.mode & 0777, 0600);
	char *a = shmat(id, NULL, 0);
	CHECK(a != (void *)-1);
	char *b = shmat(id, NULL, SHM_RDONLY);
	CHECK(b != (void *)-1 && a != b);
	CHECK_EQ(a[0], 0);
	strcpy(a + SIZE - 6, "hello");
	CHECK(strcmp(b + SIZE - 6, "hello") == 0);
	CHECK_EQ(abi_try_write(b).sig, SIGSEGV);
	ds = stat_of(id);
	CHECK_EQ(ds.shm_nattch, 2);
	CHECK_EQ(ds.shm_lpid, getpid());
	OK(shmdt(b));
	CHECK_EQ(stat_of(id).shm_nattch, 1);
	/* Removed, but there until the last one lets go. */
	OK(shmctl(id, IPC_RMID, NULL));
	CHECK(stat_of(id).shm_perm.mode & SHM_DEST);
	strcpy(a, "still");
	OK(shmdt(a));
	CHECK_ERRNO(shmctl(id, IPC_STAT, &ds), EINVAL);
	CHECK_EQ(abi_try_read(a).sig, SIGSEGV);
}

ABI_CASE(shm_keys)
{
	key_t key = 0x4c494e01;
	struct shmid_ds ds;
	CHECK_ERRNO(shmget(key, SIZE, 0600), ENOENT);
	int id = OK(shmget(key, SIZE, IPC_CREAT | 0600));
	CHECK_EQ(OK(shmget(key, SIZE, 0600)), id);
	CHECK_EQ(OK(shmget(key, 0, 0)), id);
	CHECK_ERRNO(shmget(key, SIZE + 1, 0600), EINVAL);
	CHECK_ERRNO(shmget(key, SIZE, IPC_CREAT | IPC_EXCL | 0600), EEXIST);
	OK(shmctl(id, IPC_RMID, NULL));
	CHECK_ERRNO(shmget(key, SIZE, 0600), ENOENT);
	CHECK_ERRNO(shmctl(id, IPC_STAT, &ds), EINVAL);
}

ABI_CASE(shm_errors)
{
	struct shmid_ds ds;
	CHECK_ERRNO(shmget(IPC_PRIVATE, 0, IPC_CREAT | 0600), EINVAL);
	CHECK_ERRNO(shmget(IPC_PRIVATE, -1, IPC_CREAT | 0600), EINVAL);
	CHECK_ERRNO(shmctl(-1, IPC_STAT, &ds), EINVAL);
	CHECK_ERRNO(shmat(0x7fff0000, NULL, 0), EINVAL);
	int id = OK(shmget(IPC_PRIVATE, SIZE, IPC_CREAT | 0600));
	CHECK_ERRNO(shmctl(id, IPC_STAT, abi_bad[0]), EFAULT);
	CHECK_ERRNO(shmctl(id, 99, &ds), EINVAL);
	CHECK_ERRNO(shmat(id, (void *)1, 0), EINVAL);
	CHECK_ERRNO(shmat(id, NULL, SHM_REMAP), EINVAL);
	char *used = abi_pages(4, PROT_READ | PROT_WRITE);
	CHECK_ERRNO(shmat(id, used, 0), EINVAL);
	CHECK_EQ(shmat(id, used + 5, SHM_RND | SHM_REMAP), used);
	CHECK_ERRNO(shmdt(used + 4096), EINVAL);
	CHECK_ERRNO(shmdt(used + 1), EINVAL);
	OK(shmdt(used));
	CHECK_ERRNO(shmdt(used), EINVAL);
	OK(shmctl(id, IPC_RMID, NULL));
}

ABI_CASE(shm_fork_shares_and_counts)
{
	int id = OK(shmget(IPC_PRIVATE, SIZE, IPC_CREAT | 0600));
	volatile int *p = shmat(id, NULL, 0);
	CHECK((void *)p != (void *)-1);
	pid_t child = OK(fork());
	if (child == 0) {
		p[0] = stat_of(id).shm_nattch == 2 ? 7 : 8;
		_exit(0);
	}
	int status;
	CHECK_EQ(OK(waitpid(child, &status, 0)), child);
	CHECK_EQ(p[0], 7);
	CHECK_EQ(stat_of(id).shm_nattch, 1);
	OK(shmctl(id, IPC_RMID, NULL));
	OK(munmap((void *)p, 12288)); /* an attachment is a mapping */
	struct shmid_ds ds;
	CHECK_ERRNO(shmctl(id, IPC_STAT, &ds), EINVAL);
}

ABI_CASE(shm_set)
{
	int id = OK(shmget(IPC_PRIVATE, SIZE, IPC_CREAT | 0600));
	struct shmid_ds ds = stat_of(id);
	ds.shm_perm.mode = 0640;
	ds.shm_perm.gid = 77;
	OK(shmctl(id, IPC_SET, &ds));
	ds = stat_of(id);
	CHECK_EQ(ds.shm_perm.mode & 0777, 0640);
	CHECK_EQ(ds.shm_perm.gid, 77);
	OK(shmctl(id, SHM_LOCK, NULL));
	CHECK(stat_of(id).shm_perm.mode & SHM_LOCKED);
	OK(shmctl(id, SHM_UNLOCK, NULL));
	OK(shmctl(id, IPC_RMID, NULL));
}
