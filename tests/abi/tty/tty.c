/* SPDX-License-Identifier: BSD-3-Clause */
/* Pseudo terminals: line discipline, modes, job control, hangup. */
#include "abi_test.h"

#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

static char buffer[8192];

static int open_master(void)
{
	int master = OK(open("/dev/ptmx", O_RDWR | O_NOCTTY));
	int zero = 0;

	OK(ioctl(master, TIOCSPTLCK, &zero));
	return master;
}

static int open_slave(int master)
{
	char name[64];

	OK0(ptsname_r(master, name, sizeof(name)));
	return OK(open(name, O_RDWR | O_NOCTTY));
}

static void set_flags(int fd, tcflag_t clear, tcflag_t set)
{
	struct termios t;

	OK(tcgetattr(fd, &t));
	t.c_lflag = (t.c_lflag & ~clear) | set;
	OK(tcsetattr(fd, TCSANOW, &t));
}

static void make_raw(int fd, int min, int time)
{
	struct termios t;

	OK(tcgetattr(fd, &t));
	cfmakeraw(&t);
	t.c_cc[VMIN] = min;
	t.c_cc[VTIME] = time;
	OK(tcsetattr(fd, TCSANOW, &t));
}

/* One read gives exactly this. */
static void expect_read(int fd, const char *text)
{
	ssize_t size = OK(read(fd, buffer, sizeof(buffer)));

	CHECK_EQ(size, strlen(text));
	CHECK(memcmp(buffer, text, size) == 0);
}

/* The next byte; more may have come. */
static void expect_byte(int fd, char wanted)
{
	char byte = 0;

	CHECK_EQ(read(fd, &byte, 1), 1);
	CHECK_EQ(byte, wanted);
}

static void put(int fd, const char *text)
{
	CHECK_EQ(write(fd, text, strlen(text)), strlen(text));
}

ABI_CASE(tty_pair)
{
	int master = OK(open("/dev/ptmx", O_RDWR | O_NOCTTY));
	unsigned number = 12345;
	char name[64];
	struct stat st;
	int zero = 0;

	OK(ioctl(master, TIOCGPTN, &number));
	snprintf(name, sizeof(name), "/dev/pts/%u", number);
	CHECK_ERRNO(open(name, O_RDWR | O_NOCTTY), EIO); /* locked */
	OK(ioctl(master, TIOCSPTLCK, &zero));
	int slave = OK(open(name, O_RDWR | O_NOCTTY));
	OK(fstat(slave, &st));
	CHECK(S_ISCHR(st.st_mode));
	CHECK_EQ(major(st.st_rdev), 136);
	CHECK_EQ(minor(st.st_rdev), number);
	CHECK_EQ(isatty(slave), 1);
	OK0(ttyname_r(slave, buffer, sizeof(buffer)));
	CHECK(strcmp(buffer, name) == 0);
	OK(close(slave));
	OK(close(master));
	CHECK_ERRNO(open(name, O_RDWR | O_NOCTTY), ENOENT);
}

ABI_CASE(tty_defaults)
{
	int slave = open_slave(open_master());
	struct termios t;
	struct winsize w;

	OK(tcgetattr(slave, &t));
	CHECK_EQ(t.c_iflag, ICRNL | IXON);
	CHECK_EQ(t.c_oflag, OPOST | ONLCR);
	CHECK_EQ(t.c_lflag, ISIG | ICANON | ECHO | ECHOE | ECHOK | ECHOCTL |
				    ECHOKE | IEXTEN);
	CHECK_EQ(t.c_cflag & (CSIZE | CREAD), CS8 | CREAD);
	CHECK_EQ(cfgetospeed(&t), B38400);
	CHECK_EQ(t.c_cc[VINTR], 3);
	CHECK_EQ(t.c_cc[VERASE], 0x7f);
	CHECK_EQ(t.c_cc[VMIN], 1);
	OK(ioctl(slave, TIOCGWINSZ, &w));
	CHECK_EQ(w.ws_row, 0);
	CHECK_ERRNO(lseek(slave, 0, SEEK_SET), ESPIPE);
	CHECK_ERRNO(ioctl(slave, 0x5499, 0), ENOTTY);
	CHECK_ERRNO(ioctl(slave, TCGETS, abi_bad[0]), EFAULT);
}

ABI_CASE(tty_canonical)
{
	int master = open_master();
	int slave = open_slave(master);
	int count = -1;

	put(master, "hello\rworld\n");
	expect_read(master, "hello\r\nworld\r\n"); /* the echo */
	OK(ioctl(slave, FIONREAD, &count));
	CHECK_EQ(count, 12);
	expect_read(slave, "hello\n");
	CHECK_EQ(read(slave, buffer, 3), 3);
	expect_read(slave, "ld\n");
	put(slave, "a\nb");
	expect_read(master, "a\r\nb");
	put(master, "xyz\177\n");
	expect_read(slave, "xy\n");
	expect_read(master, "xyz\b \b\r\n");
	put(master, "par\004");
	expect_read(slave, "par");
	put(master, "\004");
	CHECK_EQ(read(slave, buffer, 10), 0);
	OK(fcntl(slave, F_SETFL, O_RDWR | O_NONBLOCK));
	CHECK_ERRNO(read(slave, buffer, 10), EAGAIN);
	put(master, "incomplete");
	CHECK_ERRNO(read(slave, buffer, 10), EAGAIN);
}

ABI_CASE(tty_raw)
{
	int master = open_master();
	int slave = open_slave(master);

	make_raw(slave, 1, 0);
	put(master, "\003a\r");
	expect_read(slave, "\003a\r");
	put(slave, "x\n");
	expect_read(master, "x\n"); /* no echo, no return */
	make_raw(slave, 0, 0);
	CHECK_EQ(read(slave, buffer, 10), 0);
	make_raw(slave, 0, 1);
	CHECK_EQ(read(slave, buffer, 10), 0); /* after a tenth of a second */
	put(master, "q");
	expect_read(slave, "q");
	make_raw(slave, 3, 0);
	put(master, "ab");
	struct pollfd p = {.fd = slave, .events = POLLIN};
	CHECK_EQ(poll(&p, 1, 0), 0);
	put(master, "c");
	CHECK_EQ(poll(&p, 1, 1000), 1);
	expect_read(slave, "abc");
	make_raw(slave, 9, 1); /* the time runs from the first byte */
	put(master, "de");
	expect_read(slave, "de");
}

ABI_CASE(tty_mode_through_master)
{
	int master = open_master();
	int slave = open_slave(master);
	struct termios t;
	struct winsize w = {.ws_row = 50, .ws_col = 132};

	set_flags(master, ECHO, 0);
	OK(tcgetattr(slave, &t));
	CHECK_EQ(t.c_lflag & ECHO, 0);
	OK(ioctl(master, TIOCSWINSZ, &w));
	memset(&w, 0, sizeof(w));
	OK(ioctl(slave, TIOCGWINSZ, &w));
	CHECK_EQ(w.ws_row, 50);
	CHECK_EQ(w.ws_col, 132);
	CHECK_EQ(isatty(master), 1);
}

ABI_CASE(tty_flush)
{
	int master = open_master();
	int slave = open_slave(master);
	int count = -1;

	set_flags(slave, ECHO, 0);
	put(master, "line\n");
	usleep(50000); /* input arrives when it likes */
	OK(tcflush(slave, TCIFLUSH));
	OK(ioctl(slave, FIONREAD, &count));
	CHECK_EQ(count, 0);
	CHECK_ERRNO(tcflush(slave, 9), EINVAL);
	OK(tcdrain(slave));
	OK(tcsendbreak(slave, 0));
}

ABI_CASE(tty_flow)
{
	int master = open_master();
	int slave = open_slave(master);

	OK(fcntl(slave, F_SETFL, O_RDWR | O_NONBLOCK));
	put(master, "\023"); /* ^S */
	usleep(50000);
	struct pollfd p = {.fd = slave, .events = POLLOUT};
	CHECK_ERRNO(write(slave, "x", 1), EAGAIN);
	put(master, "\021"); /* ^Q */
	CHECK_EQ(poll(&p, 1, 1000), 1);
	put(slave, "x");
	expect_read(master, "x");
}

ABI_CASE(tty_slave_closed)
{
	int master = open_master();
	int slave = open_slave(master);
	struct pollfd p = {.fd = master, .events = POLLIN};

	put(slave, "last");
	OK(close(slave));
	CHECK_EQ(poll(&p, 1, 1000), 1);
	CHECK(p.revents & POLLHUP);
	expect_read(master, "last");
	CHECK_ERRNO(read(master, buffer, 10), EIO);
	slave = open_slave(master); /* and it lives again */
	put(slave, "again");
	expect_read(master, "again");
}

ABI_CASE(tty_master_closed)
{
	int master = open_master();
	int slave = open_slave(master);
	struct pollfd p = {.fd = slave, .events = POLLIN};
	struct termios t;

	OK(close(master));
	CHECK_EQ(poll(&p, 1, 1000), 1);
	CHECK(p.revents & POLLHUP);
	CHECK_EQ(read(slave, buffer, 10), 0);
	CHECK_ERRNO(write(slave, "x", 1), EIO);
	CHECK_ERRNO(tcgetattr(slave, &t), EIO);
}

/* A child in a session of its own with the slave as its terminal. */
static pid_t start_session(int slave, void (*run)(int slave))
{
	pid_t child = OK(fork());

	if (child == 0) {
		for (int fd = 3; fd < 64; fd++) {
			if (fd != slave) {
				close(fd); /* the master above all */
			}
		}
		alarm(60);
		setsid();
		if (ioctl(slave, TIOCSCTTY, 0) < 0) {
			_exit(90);
		}
		run(slave);
		_exit(0);
	}
	return child;
}

static void expect_status(pid_t child, int want)
{
	int status = -1;

	CHECK_EQ(waitpid(child, &status, 0), child);
	CHECK_EQ(status, want);
}

static void check_session(int slave)
{
	int fd = open("/dev/tty", O_RDWR);
	pid_t group = -1;

	if (tcgetsid(slave) != getsid(0) || tcgetpgrp(slave) != getpgrp()) {
		_exit(1);
	}
	if (fd < 0 || ioctl(fd, TIOCGPGRP, &group) < 0 || group != getpgrp()) {
		_exit(2);
	}
	if (tcsetpgrp(slave, getpgid(getppid())) == 0 || errno != EPERM) {
		_exit(3);
	}
	if (ioctl(slave, TIOCSCTTY, 0) < 0) {
		_exit(4); /* it is ours already */
	}
	signal(SIGHUP, SIG_IGN);
	if (ioctl(slave, TIOCNOTTY, 0) < 0 || open("/dev/tty", O_RDWR) >= 0 ||
	    errno != ENXIO) {
		_exit(5);
	}
}

ABI_CASE(tty_session)
{
	int slave = open_slave(open_master());

	CHECK_ERRNO(tcgetsid(slave), ENOTTY);
	CHECK_ERRNO(tcgetpgrp(slave), ENOTTY);
	expect_status(start_session(slave, check_session), 0);
}

/* Fields of /proc/self/stat behind the name: state 1, tty_nr 5, tpgid 6. */
static void check_stat(int slave)
{
	char stat_text[1024];
	struct stat st;
	int number = -1;
	int group = -1;

	abi_read_file("/proc/self/stat", stat_text, sizeof(stat_text));
	if (fstat(slave, &st) < 0 ||
	    sscanf(strrchr(stat_text, ')'), ") %*c %*d %*d %*d %d %d", &number,
		   &group) != 2) {
		_exit(1);
	}
	/* The encoding of small device numbers is that of st_rdev. */
	if ((dev_t)number != st.st_rdev || group != getpid()) {
		_exit(2);
	}
	if (ioctl(slave, TIOCNOTTY) < 0) {
		_exit(3);
	}
	abi_read_file("/proc/self/stat", stat_text, sizeof(stat_text));
	if (sscanf(strrchr(stat_text, ')'), ") %*c %*d %*d %*d %d %d", &number,
		   &group) != 2 ||
	    number != 0 || group != -1) {
		_exit(4);
	}
}

ABI_CASE(tty_in_proc_stat)
{
	int master = open_master();
	int slave = open_slave(master);

	signal(SIGHUP, SIG_IGN); /* of giving the terminal up */
	expect_status(start_session(slave, check_stat), 0);
}

static void wait_for_signal(int slave)
{
	if (write(slave, "r", 1) != 1) {
		_exit(91);
	}
	for (;;) {
		pause();
	}
}

ABI_CASE(tty_signals)
{
	static const struct {
		const char *key;
		int status;
	} keys[] = {{"\003", SIGINT}, {"\034", SIGQUIT}};

	for (unsigned i = 0; i < 2; i++) {
		int master = open_master();
		int slave = open_slave(master);
		pid_t child = start_session(slave, wait_for_signal);

		expect_read(master, "r");
		put(master, keys[i].key);
		int status = -1;
		CHECK_EQ(waitpid(child, &status, 0), child);
		CHECK_EQ(WTERMSIG(status), keys[i].status);
		OK(close(slave));
		OK(close(master));
	}
}

ABI_CASE(tty_hangup_signal)
{
	int master = open_master();
	int slave = open_slave(master);
	pid_t child = start_session(slave, wait_for_signal);

	expect_read(master, "r");
	OK(close(master));
	expect_status(child, SIGHUP);
}

static volatile sig_atomic_t window_changes;

static void count_window(int signal)
{
	(void)signal;
	window_changes++;
}

static void wait_for_window(int slave)
{
	struct winsize w;
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGWINCH);
	sigprocmask(SIG_BLOCK, &set, NULL);
	signal(SIGWINCH, count_window);
	if (write(slave, "r", 1) != 1) {
		_exit(91);
	}
	sigemptyset(&set);
	while (window_changes == 0) {
		sigsuspend(&set);
	}
	if (ioctl(slave, TIOCGWINSZ, &w) < 0 || w.ws_row != 33) {
		_exit(1);
	}
}

ABI_CASE(tty_window_signal)
{
	int master = open_master();
	int slave = open_slave(master);
	pid_t child = start_session(slave, wait_for_window);
	struct winsize w = {.ws_row = 33, .ws_col = 99};

	expect_read(master, "r");
	OK(ioctl(master, TIOCSWINSZ, &w));
	expect_status(child, 0);
}

/* A background child that reads stops; in the foreground it goes on. */
static void run_jobs(int slave)
{
	int status;
	pid_t job = fork();

	if (job == 0) {
		char c;

		setpgid(0, 0);
		_exit(read(slave, &c, 1) == 1 && c == 'k' ? 7 : 8);
	}
	setpgid(job, job);
	if (waitpid(job, &status, WUNTRACED) != job || !WIFSTOPPED(status) ||
	    WSTOPSIG(status) != SIGTTIN) {
		_exit(1);
	}
	if (tcsetpgrp(slave, job) < 0 || kill(job, SIGCONT) < 0) {
		_exit(2);
	}
	if (write(slave, "f", 1) != 1) { /* no TOSTOP: allowed */
		_exit(3);
	}
	if (waitpid(job, &status, 0) != job || status != 7 << 8) {
		_exit(4);
	}
	signal(SIGTTOU, SIG_IGN); /* we are in the background now */
	if (tcsetpgrp(slave, getpgrp()) < 0) {
		_exit(5);
	}
}

ABI_CASE(tty_background_read)
{
	int master = open_master();
	int slave = open_slave(master);
	pid_t child;

	set_flags(slave, ECHO, 0);
	child = start_session(slave, run_jobs);
	expect_read(master, "f");
	put(master, "k\n");
	expect_status(child, 0);
}

/* TOSTOP: writing stops too, and ^Z stops the foreground. */
static void run_stops(int slave)
{
	int status;
	pid_t job = fork();

	if (job == 0) {
		setpgid(0, 0);
		_exit(write(slave, "w", 1) == 1 ? 7 : 8);
	}
	setpgid(job, job);
	if (waitpid(job, &status, WUNTRACED) != job || !WIFSTOPPED(status) ||
	    WSTOPSIG(status) != SIGTTOU) {
		_exit(1);
	}
	if (tcsetpgrp(slave, job) < 0 || kill(job, SIGCONT) < 0 ||
	    waitpid(job, &status, 0) != job || status != 7 << 8) {
		_exit(2);
	}
	job = fork();
	if (job == 0) {
		setpgid(0, 0);
		signal(SIGTTOU, SIG_IGN);
		tcsetpgrp(slave, getpgrp());
		wait_for_signal(slave);
	}
	if (waitpid(job, &status, WUNTRACED) != job || !WIFSTOPPED(status) ||
	    WSTOPSIG(status) != SIGTSTP) {
		_exit(3);
	}
	kill(job, SIGKILL);
}

ABI_CASE(tty_stops)
{
	int master = open_master();
	int slave = open_slave(master);
	pid_t child;

	set_flags(slave, ECHO, TOSTOP);
	child = start_session(slave, run_stops);
	expect_byte(master, 'w');
	expect_byte(master, 'r');
	put(master, "\032");
	expect_status(child, 0);
}

static void expect_event(int master, int event)
{
	struct pollfd poll_fd = {.fd = master, .events = POLLIN | POLLPRI};

	CHECK_EQ(poll(&poll_fd, 1, 10000), 1);
	CHECK_EQ(poll_fd.revents, POLLIN | POLLPRI);
	CHECK_EQ(read(master, buffer, sizeof(buffer)), 1);
	CHECK_EQ(buffer[0], event);
}

/* As screen(1) reads its windows: data after a byte 0, events alone. */
ABI_CASE(tty_packets)
{
	int master = open_master();
	int slave = open_slave(master);
	int on = 1;
	int value = 0;

	make_raw(slave, 1, 0);
	OK(ioctl(master, TIOCPKT, &on));
	OK(ioctl(master, TIOCGPKT, &value));
	CHECK_EQ(value, 1);
	put(slave, "data");
	CHECK_EQ(read(master, buffer, sizeof(buffer)), 5);
	CHECK(memcmp(buffer, "\0data", 5) == 0);
	put(slave, "xy");
	CHECK_EQ(read(master, buffer, 2), 2);
	CHECK(memcmp(buffer, "\0x", 2) == 0);
	CHECK_EQ(read(master, buffer, 2), 2);
	CHECK(memcmp(buffer, "\0y", 2) == 0);
	OK(tcflush(slave, TCIOFLUSH));
	expect_event(master, TIOCPKT_FLUSHREAD | TIOCPKT_FLUSHWRITE);
	OK(tcflow(slave, TCOOFF));
	expect_event(master, TIOCPKT_STOP);
	OK(tcflow(slave, TCOON));
	expect_event(master, TIOCPKT_START);
	OK(tcflow(slave, TCOOFF));
	OK(tcflow(slave, TCOON));
	put(slave, "z");
	expect_event(master, TIOCPKT_START);
	CHECK_EQ(read(master, buffer, sizeof(buffer)), 2);
	CHECK(memcmp(buffer, "\0z", 2) == 0);
	on = 0;
	OK(ioctl(master, TIOCPKT, &on));
	OK(tcflush(slave, TCIFLUSH));
	put(slave, "plain");
	expect_read(master, "plain");
}

ABI_CASE(tty_packet_of_flow_keys)
{
	int master = open_master();
	int slave = open_slave(master);
	int on = 1;
	struct termios t;

	make_raw(slave, 1, 0);
	OK(ioctl(master, TIOCPKT, &on));
	OK(tcgetattr(slave, &t));
	t.c_iflag |= IXON;
	OK(tcsetattr(slave, TCSANOW, &t));
	expect_event(master, TIOCPKT_DOSTOP);
	put(master, "\023");
	expect_event(master, TIOCPKT_STOP);
	put(master, "\021");
	expect_event(master, TIOCPKT_START);
	t.c_cc[VSTOP] = 'a';
	OK(tcsetattr(slave, TCSANOW, &t));
	expect_event(master, TIOCPKT_NOSTOP);
	errno = 0;
	CHECK(ioctl(slave, TIOCPKT, &on) < 0 && errno == ENOTTY);
}

/* More than any buffer: both sides wait for each other. */
ABI_CASE(tty_bulk)
{
	int master = open_master();
	int slave = open_slave(master);
	const long total = 200000;
	long sum = 0;

	make_raw(slave, 1, 0);
	pid_t child = OK(fork());
	if (child == 0) {
		memset(buffer, 'z', sizeof(buffer));
		for (long left = total; left > 0;) {
			long size = left < 4000 ? left : 4000;

			size = write(slave, buffer, size);
			if (size <= 0) {
				_exit(1);
			}
			left -= size;
		}
		for (long left = total; left > 0;) {
			ssize_t size = read(slave, buffer, sizeof(buffer));

			if (size <= 0 || buffer[0] != 'y') {
				_exit(2);
			}
			left -= size;
		}
		_exit(0);
	}
	while (sum < total) {
		sum += OK(read(master, buffer, sizeof(buffer)));
	}
	memset(buffer, 'y', sizeof(buffer));
	for (long left = total; left > 0;) {
		left -= OK(write(master, buffer, left < 5000 ? left : 5000));
	}
	expect_status(child, 0);
}

ABI_CASE(tty_peer)
{
	int master = open_master();
	int slave = OK(ioctl(master, TIOCGPTPEER, O_RDWR | O_NOCTTY));

	put(slave, "peer");
	expect_read(master, "peer");
}
