/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * The control channel: frames to and from the launcher.
 *
 * Received bytes run through a parser in interrupt context: three header
 * bytes, then the payload, which is kept until the frame is whole (frames of
 * sessions go to linux/session.c as they are).  Standard input goes straight
 * into a ring of CONTROL_WINDOW bytes; the credit scheme keeps the host from
 * overrunning it, and a host that breaks the rule loses the surplus with a log
 * line.  Frames of unknown type or excessive length are skipped.
 *
 * Locks: input_lock guards the ring and is irq safe; the parser belongs to
 * the interrupt handler of the port (which holds the port's lock).
 */
#include <drivers/control.h>

#include <debug/log.h>
#include <debug/panic.h>
#include <debug/panic_sink.h>
#include <drivers/serial.h>
#include <lib/minmax.h>
#include <lib/string.h>
#include <mm/kmap.h>
#include <sync/spinlock.h>
#include <sync/wait.h>
#include <uapi/errno.h>
#include <vfs/poll.h>

#define CONTROL_PORT	  1 /* COM2 */
#define CREDIT_THRESHOLD  (CONTROL_WINDOW / 4)
#define SMALL_PAYLOAD_MAX 8 /* of frames sent by interrupt handlers, heads */

struct parser {
	uint8_t header[CONTROL_HEADER];
	uint8_t header_count;
	uint16_t length;
	uint16_t received;
	uint8_t payload[CONTROL_FRAME_MAX]; /* but of standard input */
};

static struct serial_port *port; /* [I] NULL: no channel */
static struct parser parser;	 /* interrupt handler only */

static struct spinlock input_lock = SPINLOCK_INIT("control.input");
static struct wait_queue input_wait = WAIT_QUEUE_INIT(input_wait);
static uint8_t *input;	    /* [I] CONTROL_WINDOW bytes */
static uint32_t input_head; /* [input_lock] bytes ever received */
static uint32_t input_tail; /* [input_lock] bytes ever read */
static uint32_t uncredited; /* [input_lock] read but not told */
static bool input_ended;    /* [input_lock] */

static void (*on_signal)(int signal);			   /* [I] */
static void (*on_window)(unsigned rows, unsigned columns); /* [I] */
static void (*on_session)(char type, const uint8_t *payload,
			  size_t length); /* [I] */

void control_set_handlers(void (*signal)(int signal),
			  void (*window)(unsigned rows, unsigned columns))
{
	on_signal = signal;
	on_window = window;
}

void control_set_session_handler(void (*handler)(char type,
						 const uint8_t *payload,
						 size_t length))
{
	on_session = handler;
}

bool control_is_open(void)
{
	return port != NULL;
}

static size_t make_header(uint8_t *frame, char type, size_t length)
{
	frame[0] = (uint8_t)type;
	frame[1] = (uint8_t)length;
	frame[2] = (uint8_t)(length >> 8);
	return CONTROL_HEADER;
}

/* A frame with a small payload, queued or, when the ring is full, polled. */
static void send_small(char type, const void *payload, size_t length)
{
	uint8_t frame[CONTROL_HEADER + SMALL_PAYLOAD_MAX];
	size_t size = make_header(frame, type, length);

	memcpy(frame + size, payload, length);
	size += length;
	if (!serial_try_write(port, frame, size)) {
		serial_write_polled(port, frame, size);
	}
}

static void send_line(char type, const char *text, unsigned long size)
{
	uint8_t frame[CONTROL_HEADER + 512];
	size_t length = MIN(size, sizeof(frame) - CONTROL_HEADER);
	size_t total = make_header(frame, type, length) + length;

	memcpy(frame + CONTROL_HEADER, text, length);
	if (!serial_try_write(port, frame, total)) {
		serial_write_polled(port, frame, total);
	}
}

static void log_frame(const char *text, unsigned long size)
{
	send_line('L', text, size);
}

static void notice_frame(const char *text, unsigned long size)
{
	send_line('N', text, size);
}

static void panic_frame_sink(const char *text, unsigned long size)
{
	uint8_t header[CONTROL_HEADER];

	size = MIN(size, (unsigned long)CONTROL_FRAME_MAX);
	make_header(header, 'P', size);
	serial_write_polled(port, header, sizeof(header));
	serial_write_polled(port, text, size);
}

/* --- input ----------------------------------------------------------- */

static void store_input(uint8_t byte)
{
	spin_lock(&input_lock);
	if (input_head - input_tail < CONTROL_WINDOW) {
		input[input_head++ % CONTROL_WINDOW] = byte;
	}
	spin_unlock(&input_lock);
}

static void finish_input(bool ended)
{
	if (ended) {
		spin_lock(&input_lock);
		input_ended = true;
		spin_unlock(&input_lock);
	}
	wait_queue_wake(&input_wait, 1, POLL_IN | POLL_RDNORM);
}

static void finish_frame(void)
{
	const uint8_t *p = parser.payload;
	char type = (char)parser.header[0];

	parser.header_count = 0;
	if (type >= 'a' && type <= 'z') {
		if (on_session != NULL && parser.length <= CONTROL_FRAME_MAX) {
			on_session(type, p, parser.length);
		}
		return;
	}
	switch (type) {
	case 'I':
		finish_input(false);
		break;
	case 'Z':
		finish_input(true);
		break;
	case 'S':
		if (parser.length == 1 && on_signal != NULL) {
			on_signal(p[0]);
		}
		break;
	case 'W':
		if (parser.length == 4 && on_window != NULL) {
			on_window((unsigned)(p[0] | p[1] << 8),
				  (unsigned)(p[2] | p[3] << 8));
		}
		break;
	default:
		break; /* a newer launcher's: skipped */
	}
}

static bool receive(void *arg, uint8_t byte)
{
	(void)arg;
	if (parser.header_count < CONTROL_HEADER) {
		parser.header[parser.header_count++] = byte;
		if (parser.header_count < CONTROL_HEADER) {
			return true;
		}
		parser.length =
			(uint16_t)(parser.header[1] | parser.header[2] << 8);
		parser.received = 0;
		if (parser.length == 0) {
			finish_frame();
		}
		return true;
	}
	if (parser.header[0] == 'I') {
		store_input(byte);
	} else if (parser.received < CONTROL_FRAME_MAX) {
		parser.payload[parser.received] = byte;
	}
	if (++parser.received == parser.length) {
		finish_frame();
	}
	return true;
}

size_t control_input_available(bool *end_out)
{
	unsigned long state = spin_lock_irqsave(&input_lock);
	size_t available = input_head - input_tail;

	*end_out = available == 0 && input_ended;
	spin_unlock_irqrestore(&input_lock, state);
	return available;
}

struct wait_queue *control_input_queue(void)
{
	return &input_wait;
}

ssize_t control_read_input(void *buffer, size_t size)
{
	uint8_t *bytes = buffer;
	unsigned long state = spin_lock_irqsave(&input_lock);
	size_t count = MIN(size, (size_t)(input_head - input_tail));
	bool ended = input_ended;
	uint32_t credit = 0;

	for (size_t i = 0; i < count; i++) {
		bytes[i] = input[input_tail++ % CONTROL_WINDOW];
	}
	uncredited += (uint32_t)count;
	if (uncredited >= CREDIT_THRESHOLD) {
		credit = uncredited;
		uncredited = 0;
	}
	spin_unlock_irqrestore(&input_lock, state);
	if (credit != 0) {
		uint8_t payload[4] = {(uint8_t)credit, (uint8_t)(credit >> 8),
				      (uint8_t)(credit >> 16),
				      (uint8_t)(credit >> 24)};

		send_small('C', payload, sizeof(payload));
	}
	if (count == 0 && size != 0 && !ended) {
		return -EAGAIN;
	}
	return (ssize_t)count;
}

/* --- output ---------------------------------------------------------- */

ssize_t control_write_error(const void *text, size_t size)
{
	uint8_t frame[CONTROL_HEADER + 1024];
	const uint8_t *from = text;
	size_t sent = 0;

	while (sent < size) {
		size_t length =
			MIN(size - sent, sizeof(frame) - CONTROL_HEADER);
		int err;

		make_header(frame, 'E', length);
		memcpy(frame + CONTROL_HEADER, from + sent, length);
		err = serial_write(port, frame, CONTROL_HEADER + length);
		if (err < 0) {
			return sent != 0 ? (ssize_t)sent : err;
		}
		sent += length;
	}
	return (ssize_t)sent;
}

void control_send(char type, const void *head, size_t head_size,
		  const void *body, size_t size)
{
	uint8_t frame[CONTROL_HEADER + SMALL_PAYLOAD_MAX + CONTROL_OUTPUT_MAX];
	size_t length = head_size + size;

	ASSERT(head_size <= SMALL_PAYLOAD_MAX && size <= CONTROL_OUTPUT_MAX);
	make_header(frame, type, length);
	memcpy(frame + CONTROL_HEADER, head, head_size);
	if (size != 0) {
		memcpy(frame + CONTROL_HEADER + head_size, body, size);
	}
	/* Kernel threads get no signals: it waits until all is queued. */
	serial_write(port, frame, CONTROL_HEADER + length);
}

void control_report_exit(uint32_t wait_status)
{
	uint8_t frame[CONTROL_HEADER + 4];

	if (port == NULL) {
		return;
	}
	make_header(frame, 'X', 4);
	for (unsigned i = 0; i < 4; i++) {
		frame[CONTROL_HEADER + i] = (uint8_t)(wait_status >> (8 * i));
	}
	serial_write_polled(port, frame, sizeof(frame));
}

int control_start(void)
{
	static const uint8_t version = CONTROL_VERSION;
	struct serial_port *found = serial_port(CONTROL_PORT);
	int err;

	if (found == NULL) {
		return -ENODEV;
	}
	input = kmap_alloc(CONTROL_WINDOW);
	if (input == NULL) {
		return -ENOMEM;
	}
	err = serial_start(found, receive, NULL);
	if (err < 0) {
		kmap_free(input);
		return err;
	}
	port = found;
	log_set_sink(log_frame);
	log_set_notice_sink(notice_frame);
	panic_set_sink(panic_frame_sink);
	send_small('R', &version, 1);
	return 0;
}
