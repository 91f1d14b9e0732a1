/* SPDX-License-Identifier: BSD-3-Clause */
/* Message queues of System V and POSIX. */
#include <fcntl.h>
#include <mqueue.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/msg.h>
#include <time.h>
#include <unistd.h>

#include "abi_test.h"

struct text {
	long type;
	char body[64];
};

static int queue(void)
{
	return OK(msgget(IPC_PRIVATE, IPC_CREAT | 0600));
}

static void put(int id, long type, const char *body)
{
	struct text m = {.type = type};
	strcpy(m.body, body);
	OK(msgsnd(id, &m, strlen(body) + 1, IPC_NOWAIT));
}

static int got(int id, long type, int flags, const char *want)
{
	struct text m;
	ssize_t size = msgrcv(id, &m, sizeof(m.body), type, flags | IPC_NOWAIT);
	return size == (ssize_t)strlen(want) + 1 && strcmp(m.body, want) == 0;
}

ABI_CASE(msg_types)
{
	int id = queue();
	put(id, 3, "three");
	put(id, 1, "one");
	put(id, 2, "two");
	put(id, 1, "uno");
	CHECK(got(id, 1, 0, "one"));
	CHECK(got(id, 3, MSG_EXCEPT, "two"));
	CHECK(got(id, -3, 0, "uno"));
	CHECK(got(id, 0, 0, "three"));
	struct text m;
	CHECK_ERRNO(msgrcv(id, &m, sizeof(m.body), 0, IPC_NOWAIT), ENOMSG);
	OK(msgctl(id, IPC_RMID, NULL));
}

ABI_CASE(msg_sizes_and_errors)
{
	static char large[8192 + sizeof(long) + 1];
	struct text m = {.type = 1};
	struct msqid_ds ds;
	int id = queue();
	CHECK_ERRNO(msgsnd(id, abi_bad[0], 1, 0), EFAULT);
	CHECK_ERRNO(msgsnd(id, large, 1, 0), EINVAL); /* type 0 */
	large[0] = 1;
	CHECK_ERRNO(msgsnd(id, large, 8193, 0), EINVAL);
	OK(msgsnd(id, large, 8192, 0));
	CHECK_ERRNO(msgrcv(id, &m, 10, 0, IPC_NOWAIT), E2BIG);
	CHECK_EQ(OK(msgrcv(id, &m, 10, 0, IPC_NOWAIT | MSG_NOERROR)), 10);
	OK(msgsnd(id, large, 8192, 0));
	OK(msgsnd(id, large, 8192, 0));
	CHECK_ERRNO(msgsnd(id, large, 1, IPC_NOWAIT), EAGAIN);
	OK(msgctl(id, IPC_STAT, &ds));
	CHECK_EQ(ds.msg_qnum, 2);
	CHECK_EQ(ds.msg_qbytes, 16384);
	CHECK_EQ(ds.msg_lspid, getpid());
	OK(msgctl(id, IPC_RMID, NULL));
	CHECK_ERRNO(msgsnd(id, &m, 1, 0), EINVAL);
}

struct receiver {
	int id;
	volatile pid_t tid;
	ssize_t result;
	int error;
	struct text m;
};

static void *receive(void *arg)
{
	struct receiver *r = arg;
	r->tid = abi_gettid();
	r->result = msgrcv(r->id, &r->m, sizeof(r->m.body), 7, 0);
	r->error = errno;
	return NULL;
}

ABI_CASE(msg_sleepers)
{
	struct receiver r = {.id = queue()};
	pthread_t thread = abi_thread(receive, &r);
	abi_wait_sleeping(&r.tid);
	put(r.id, 6, "not this");
	put(r.id, 7, "this");
	abi_join(thread);
	CHECK_EQ(r.result, 5);
	CHECK(strcmp(r.m.body, "this") == 0);
	r.tid = 0;
	thread = abi_thread(receive, &r);
	abi_wait_sleeping(&r.tid);
	OK(msgctl(r.id, IPC_RMID, NULL));
	abi_join(thread);
	CHECK_EQ(r.result, -1);
	CHECK_EQ(r.error, EIDRM);
}

static char name[64];

static mqd_t open_mq(int flags, long count, long size)
{
	struct mq_attr attr = {.mq_maxmsg = count, .mq_msgsize = size};
	snprintf(name, sizeof(name), "/abi-%d", getpid());
	mq_unlink(name);
	return OK(
		mq_open(name, O_RDWR | O_CREAT | O_EXCL | flags, 0600, &attr));
}

ABI_CASE(mq_priorities)
{
	mqd_t mq = open_mq(0, 4, 16);
	char buf[16];
	unsigned priority;
	struct mq_attr attr;
	OK(mq_send(mq, "low", 4, 1));
	OK(mq_send(mq, "high", 5, 9));
	OK(mq_send(mq, "high2", 6, 9));
	OK(mq_getattr(mq, &attr));
	CHECK_EQ(attr.mq_curmsgs, 3);
	CHECK_EQ(attr.mq_maxmsg, 4);
	CHECK_EQ(OK(mq_receive(mq, buf, 16, &priority)), 5);
	CHECK(strcmp(buf, "high") == 0 && priority == 9);
	CHECK_EQ(OK(mq_receive(mq, buf, 16, NULL)), 6);
	CHECK_EQ(OK(mq_receive(mq, buf, 16, &priority)), 4);
	CHECK_EQ(priority, 1);
	OK(mq_unlink(name));
	OK(mq_close(mq));
}

ABI_CASE(mq_errors)
{
	mqd_t mq = open_mq(O_NONBLOCK, 1, 16);
	struct timespec past = {1, 0};
	char buf[17];
	CHECK_ERRNO(mq_open(name, O_CREAT | O_EXCL | O_RDWR, 0600, NULL),
		    EEXIST);
	CHECK_ERRNO(mq_open("/no-such-queue", O_RDWR), ENOENT);
	CHECK_ERRNO(mq_open("/a/b", O_RDWR), EACCES);
	CHECK_ERRNO(mq_receive(mq, buf, 16, NULL), EAGAIN);
	CHECK_ERRNO(mq_receive(mq, buf, 15, NULL), EMSGSIZE);
	CHECK_ERRNO(mq_send(mq, buf, 17, 0), EMSGSIZE);
	CHECK_ERRNO(mq_send(mq, buf, 1, 32768), EINVAL);
	OK(mq_send(mq, buf, 1, 0));
	CHECK_ERRNO(mq_send(mq, buf, 1, 0), EAGAIN);
	struct mq_attr attr = {.mq_flags = 0};
	OK(mq_setattr(mq, &attr, NULL));
	CHECK_ERRNO(mq_timedsend(mq, buf, 1, 0, &past), ETIMEDOUT);
	mqd_t reader = OK(mq_open(name, O_RDONLY));
	CHECK_ERRNO(mq_send(reader, buf, 1, 0), EBADF);
	OK(mq_unlink(name));
	CHECK_ERRNO(mq_unlink(name), ENOENT);
	struct pollfd fd = {.fd = reader, .events = POLLIN | POLLOUT};
	CHECK_EQ(OK(poll(&fd, 1, 0)), 1);
	CHECK_EQ(fd.revents, POLLIN);
	OK(mq_receive(reader, buf, 16, NULL));
	OK(mq_close(reader));
	OK(mq_close(mq));
}

static volatile int told;

static void on_message(int sig, siginfo_t *info, void *context)
{
	(void)sig;
	(void)context;
	told = info->si_code == SI_MESGQ ? info->si_value.sival_int : -1;
}

ABI_CASE(mq_notifies_once)
{
	mqd_t mq = open_mq(0, 4, 16);
	struct sigevent event = {.sigev_notify = SIGEV_SIGNAL,
				 .sigev_signo = SIGUSR1,
				 .sigev_value.sival_int = 42};
	told = 0;
	abi_handler_info(SIGUSR1, on_message, 0);
	OK(mq_notify(mq, &event));
	CHECK_ERRNO(mq_notify(mq, &event), EBUSY);
	OK(mq_send(mq, "x", 1, 0));
	for (int i = 0; i < 100 && told == 0; i++) {
		abi_sleep_ms(5);
	}
	CHECK_EQ(told, 42);
	told = 0;
	OK(mq_send(mq, "x", 1, 0));
	abi_sleep_ms(10);
	CHECK_EQ(told, 0);
	OK(mq_notify(mq, &event)); /* free again */
	OK(mq_notify(mq, NULL));
	/* Any close by the process ends its registration. */
	OK(mq_notify(mq, &event));
	mqd_t again = OK(mq_open(name, O_RDWR));
	CHECK_ERRNO(mq_notify(again, &event), EBUSY);
	OK(mq_close(again));
	event.sigev_signo = 0; /* registers, tells nobody */
	OK(mq_notify(mq, &event));
	CHECK_ERRNO(mq_notify(mq, &event), EBUSY);
	event.sigev_signo = 65;
	CHECK_ERRNO(mq_notify(mq, &event), EINVAL);
	event.sigev_signo = -1;
	CHECK_ERRNO(mq_notify(mq, &event), EINVAL);
	char got[16];
	while (mq_receive(mq, got, sizeof(got), NULL) == 1) {
		struct mq_attr attr;
		OK(mq_getattr(mq, &attr));
		if (attr.mq_curmsgs == 0) {
			break;
		}
	}
	OK(mq_send(mq, "x", 1, 0));
	event.sigev_signo = SIGUSR1;
	OK(mq_notify(mq, &event)); /* that message has used it up */
	OK(mq_unlink(name));
	OK(mq_close(mq));
}
