/* SPDX-License-Identifier: BSD-3-Clause */
/* Pipes, sockets, events, queues, terminals. */
#include "failure.h"

#include <fcntl.h>
#include <mqueue.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/msg.h>
#include <sys/select.h>
#include <sys/sem.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <unistd.h>

static int pair[2], other[2];

static void close_two(int *two)
{
	OK(close(two[0]));
	OK(close(two[1]));
}

/* --- pipes -------------------------------------------------------------------
 */

static void new_pipe(int *two)
{
	OK(pipe2(two, O_NONBLOCK));
}

TRIAL(pipe_, (void)0, pipe(pair), r == 0 ? close_two(pair) : (void)0)
TRIAL(pipe_write, new_pipe(pair), write(pair[1], big, 30000), close_two(pair))
TRIAL(pipe_read, (new_pipe(pair), OK(write(pair[1], big, 30000))),
      read(pair[0], big, 30000), close_two(pair))
TRIAL(pipe_size, new_pipe(pair), fcntl(pair[1], F_SETPIPE_SZ, 1 << 20),
      close_two(pair))
static long give_pages(void)
{
	struct iovec v = {big, 30000};
	return vmsplice(pair[1], &v, 1, 0);
}
TRIAL(vmsplice_, new_pipe(pair), give_pages(), close_two(pair))
TRIAL(tee_, (new_pipe(pair), new_pipe(other), OK(write(pair[1], big, 30000))),
      tee(pair[0], other[1], 30000, 0), (close_two(pair), close_two(other)))
TRIAL(splice_pipes,
      (new_pipe(pair), new_pipe(other), OK(write(pair[1], big, 30000))),
      splice(pair[0], NULL, other[1], NULL, 30000, 0),
      (close_two(pair), close_two(other)))
TRIAL(splice_file,
      (new_pipe(pair), a = (int)OK(open("f", O_RDWR | O_CREAT, 0600)),
       OK(write(a, big, 30000)), OK(lseek(a, 0, SEEK_SET))),
      splice(a, NULL, pair[1], NULL, 30000, 0),
      (close_two(pair), OK(close(a)), OK(unlink("f"))))
TRIAL(fifo_open, OK(mkfifo("p", 0600)), open("p", O_RDWR | O_NONBLOCK),
      (close_fd(r), OK(unlink("p"))))

/* --- sockets
 * ------------------------------------------------------------------ */

static void new_pair(int type)
{
	OK(socketpair(AF_UNIX, type | SOCK_NONBLOCK, 0, pair));
}

static struct sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = "s"};

static void listen_at(void)
{
	a = (int)OK(socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0));
	OK(bind(a, (void *)&address, sizeof(address)));
	OK(listen(a, 5));
	b = (int)OK(socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0));
}

static void drop_listener(void)
{
	OK(close(a));
	OK(close(b));
	OK(unlink("s"));
}

TRIAL_FD(socket_stream, socket(AF_UNIX, SOCK_STREAM, 0))
TRIAL_FD(socket_datagram, socket(AF_UNIX, SOCK_DGRAM, 0))
TRIAL(socket_pair, (void)0, socketpair(AF_UNIX, SOCK_STREAM, 0, pair),
      r == 0 ? close_two(pair) : (void)0)
TRIAL(bind_, a = (int)OK(socket(AF_UNIX, SOCK_STREAM, 0)),
      bind(a, (void *)&address, sizeof(address)),
      (OK(close(a)), r == 0 ? OK(unlink("s")) : 0,
       CHECK_ERRNO(access("s", F_OK), ENOENT)))
TRIAL(bind_unnamed, a = (int)OK(socket(AF_UNIX, SOCK_DGRAM, 0)),
      bind(a, (void *)&address, sizeof(sa_family_t)), OK(close(a)))
TRIAL(connect_, listen_at(), connect(b, (void *)&address, sizeof(address)),
      drop_listener())
TRIAL(accept_, (listen_at(), OK(connect(b, (void *)&address, sizeof(address)))),
      accept4(a, NULL, NULL, 0), (close_fd(r), drop_listener()))
TRIAL(send_stream, new_pair(SOCK_STREAM), write(pair[0], big, 30000),
      close_two(pair))
TRIAL(send_packet, new_pair(SOCK_SEQPACKET), write(pair[0], big, 9000),
      close_two(pair))
TRIAL(send_datagram, new_pair(SOCK_DGRAM), write(pair[0], big, 9000),
      close_two(pair))
TRIAL(receive_packet, (new_pair(SOCK_DGRAM), OK(write(pair[0], big, 9000))),
      read(pair[1], big, 9000), close_two(pair))

static union {
	char room[CMSG_SPACE(4 * sizeof(int))];
	struct cmsghdr header;
} control;
static struct iovec letter = {big, 100};
static struct msghdr message = {.msg_iov = &letter, .msg_iovlen = 1};

static long send_files(void)
{
	message.msg_control = &control;
	message.msg_controllen = sizeof(control);
	control.header = (struct cmsghdr){.cmsg_len = CMSG_LEN(4 * sizeof(int)),
					  .cmsg_level = SOL_SOCKET,
					  .cmsg_type = SCM_RIGHTS};
	int files[4] = {0, 1, 0, 1};
	memcpy(CMSG_DATA(&control.header), files, sizeof(files));
	return sendmsg(pair[0], &message, 0);
}

static long receive_files(void)
{
	message.msg_control = &control;
	message.msg_controllen = sizeof(control);
	return recvmsg(pair[1], &message, 0);
}

static void close_received(long r)
{
	if (r < 0) {
		return;
	}
	struct cmsghdr *c = CMSG_FIRSTHDR(&message);
	if (c != NULL && c->cmsg_type == SCM_RIGHTS) {
		int files[4];
		size_t size = c->cmsg_len - CMSG_LEN(0);
		memcpy(files, CMSG_DATA(c), size);
		for (size_t i = 0; i < size / sizeof(int); i++) {
			OK(close(files[i]));
		}
	}
}
TRIAL(send_rights, new_pair(SOCK_STREAM), send_files(), close_two(pair))
TRIAL(receive_rights, (new_pair(SOCK_STREAM), OK(send_files())),
      receive_files(), (close_received(r), close_two(pair)))

/* --- waiting
 * --------------------------------------------------------------------- */

static struct epoll_event event = {.events = EPOLLIN};

TRIAL_FD(epoll_, epoll_create1(0))
TRIAL(epoll_add, (new_pipe(pair), a = (int)OK(epoll_create1(0))),
      epoll_ctl(a, EPOLL_CTL_ADD, pair[0], &event),
      (OK(close(a)), close_two(pair)))
TRIAL(epoll_nested,
      (a = (int)OK(epoll_create1(0)), b = (int)OK(epoll_create1(0))),
      epoll_ctl(a, EPOLL_CTL_ADD, b, &event), (OK(close(a)), OK(close(b))))
TRIAL(epoll_wait_,
      (new_pipe(pair), a = (int)OK(epoll_create1(0)),
       OK(epoll_ctl(a, EPOLL_CTL_ADD, pair[0], &event)),
       OK(write(pair[1], "x", 1))),
      epoll_wait(a, &event, 1, 0),
      (event = (struct epoll_event){.events = EPOLLIN}, OK(close(a)),
       close_two(pair)))

static struct pollfd many[300];
static void fill_many(void)
{
	new_pipe(pair);
	for (int i = 0; i < 300; i++) {
		many[i] = (struct pollfd){.fd = pair[0], .events = POLLIN};
	}
}
TRIAL(poll_many, fill_many(), poll(many, 300, 1), close_two(pair))
static fd_set readers;
static long select_two(void)
{
	struct timeval t = {0, 1000};
	FD_ZERO(&readers);
	FD_SET(pair[0], &readers);
	return select(FD_SETSIZE, &readers, NULL, NULL, &t);
}
TRIAL(select_, new_pipe(pair), select_two(), close_two(pair))

TRIAL_FD(eventfd_, eventfd(0, 0))
TRIAL_FD(timerfd_, timerfd_create(CLOCK_MONOTONIC, 0))
static long arm_timer(void)
{
	struct itimerspec when = {.it_value.tv_sec = 1000};
	return timerfd_settime(a, 0, &when, NULL);
}
TRIAL(timerfd_set, a = (int)OK(timerfd_create(CLOCK_MONOTONIC, 0)), arm_timer(),
      OK(close(a)))
static sigset_t signals;
TRIAL(signalfd_, (sigemptyset(&signals), sigaddset(&signals, SIGUSR1)),
      signalfd(-1, &signals, 0), close_fd(r))

/* --- queues
 * ------------------------------------------------------------------------ */

static struct mq_attr attributes = {.mq_maxmsg = 4, .mq_msgsize = 2000};
static void new_queue(void)
{
	a = (int)OK(mq_open("/failure", O_RDWR | O_CREAT | O_NONBLOCK, 0600,
			    &attributes));
}
static void drop_queue(void)
{
	OK(close(a));
	OK(mq_unlink("/failure"));
}
TRIAL(mq_open_, (void)0,
      mq_open("/failure", O_RDWR | O_CREAT, 0600, &attributes),
      (close_fd(r), r >= 0 ? OK(mq_unlink("/failure")) : 0))
TRIAL(mq_send_, new_queue(), mq_send(a, big, 1500, 1), drop_queue())
TRIAL(mq_receive_, (new_queue(), OK(mq_send(a, big, 1500, 1))),
      mq_receive(a, big, sizeof(big), NULL), drop_queue())

TRIAL(msg_get, (void)0, msgget(IPC_PRIVATE, IPC_CREAT | 0600),
      r >= 0 ? OK(msgctl((int)r, IPC_RMID, NULL)) : 0)
static long send_message(void)
{
	*(long *)big = 1;
	return msgsnd(a, big, 3000, IPC_NOWAIT);
}
TRIAL(msg_send, a = (int)OK(msgget(IPC_PRIVATE, IPC_CREAT | 0600)),
      send_message(), OK(msgctl(a, IPC_RMID, NULL)))
TRIAL(sem_get, (void)0, semget(IPC_PRIVATE, 10, IPC_CREAT | 0600),
      r >= 0 ? OK(semctl((int)r, 0, IPC_RMID)) : 0)
static long operate(short flags)
{
	struct sembuf steps[] = {{0, 1, flags}, {3, 2, flags}};
	return semop(a, steps, 2);
}
TRIAL(sem_op, a = (int)OK(semget(IPC_PRIVATE, 10, IPC_CREAT | 0600)),
      operate(0), OK(semctl(a, 0, IPC_RMID)))
TRIAL(sem_undo, a = (int)OK(semget(IPC_PRIVATE, 10, IPC_CREAT | 0600)),
      operate(SEM_UNDO), OK(semctl(a, 0, IPC_RMID)))

/* --- terminals
 * --------------------------------------------------------------------- */

static void new_terminal(void)
{
	a = (int)OK(posix_openpt(O_RDWR | O_NOCTTY | O_NONBLOCK));
	OK(grantpt(a));
	OK(unlockpt(a));
}
TRIAL(pty_, (void)0, open("/dev/ptmx", O_RDWR | O_NOCTTY), close_fd(r))
TRIAL(pty_slave, new_terminal(), open(ptsname(a), O_RDWR | O_NOCTTY),
      (close_fd(r), OK(close(a))))
TRIAL(pty_write, new_terminal(), write(a, "hello\n", 6), OK(close(a)))
TRIAL_FD(open_null, open("/dev/null", O_RDWR))
TRIAL(read_zero, a = (int)OK(open("/dev/zero", O_RDWR)),
      read(a, big, sizeof(big)), OK(close(a)))
TRIAL(read_random, a = (int)OK(open("/dev/urandom", O_RDWR)),
      read(a, big, 5000), OK(close(a)))
