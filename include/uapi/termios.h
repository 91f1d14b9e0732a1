/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/*
 * Terminals, generic values: termios(3), ioctl_tty(2).  Structures carry a
 * uapi_ prefix so that host tests can include the C library's headers.
 */
#include <stdint.h>

#define UAPI_NCCS 19

struct uapi_termios {
	uint32_t iflag;
	uint32_t oflag;
	uint32_t cflag;
	uint32_t lflag;
	uint8_t line;
	uint8_t cc[UAPI_NCCS];
};

struct uapi_termios2 {
	uint32_t iflag;
	uint32_t oflag;
	uint32_t cflag;
	uint32_t lflag;
	uint8_t line;
	uint8_t cc[UAPI_NCCS];
	uint32_t ispeed;
	uint32_t ospeed;
};

/* The System V form, 16 bits of each flag word. */
struct uapi_termio {
	uint16_t iflag;
	uint16_t oflag;
	uint16_t cflag;
	uint16_t lflag;
	uint8_t line;
	uint8_t cc[8];
};

struct uapi_winsize {
	uint16_t rows;
	uint16_t columns;
	uint16_t x_pixels;
	uint16_t y_pixels;
};

_Static_assert(sizeof(struct uapi_termios) == 36, "struct termios");
_Static_assert(sizeof(struct uapi_termios2) == 44, "struct termios2");
_Static_assert(sizeof(struct uapi_termio) == 18, "struct termio");
_Static_assert(sizeof(struct uapi_winsize) == 8, "struct winsize");

/* Indices of cc. */
#define UAPI_VINTR    0
#define UAPI_VQUIT    1
#define UAPI_VERASE   2
#define UAPI_VKILL    3
#define UAPI_VEOF     4
#define UAPI_VTIME    5
#define UAPI_VMIN     6
#define UAPI_VSWTC    7
#define UAPI_VSTART   8
#define UAPI_VSTOP    9
#define UAPI_VSUSP    10
#define UAPI_VEOL     11
#define UAPI_VREPRINT 12
#define UAPI_VDISCARD 13
#define UAPI_VWERASE  14
#define UAPI_VLNEXT   15
#define UAPI_VEOL2    16

/* iflag */
#define UAPI_IGNBRK  0000001u
#define UAPI_BRKINT  0000002u
#define UAPI_IGNPAR  0000004u
#define UAPI_PARMRK  0000010u
#define UAPI_INPCK   0000020u
#define UAPI_ISTRIP  0000040u
#define UAPI_INLCR   0000100u
#define UAPI_IGNCR   0000200u
#define UAPI_ICRNL   0000400u
#define UAPI_IUCLC   0001000u
#define UAPI_IXON    0002000u
#define UAPI_IXANY   0004000u
#define UAPI_IXOFF   0010000u
#define UAPI_IMAXBEL 0020000u
#define UAPI_IUTF8   0040000u

/* oflag */
#define UAPI_OPOST  0000001u
#define UAPI_OLCUC  0000002u
#define UAPI_ONLCR  0000004u
#define UAPI_OCRNL  0000010u
#define UAPI_ONOCR  0000020u
#define UAPI_ONLRET 0000040u
#define UAPI_TABDLY 0014000u
#define UAPI_XTABS  0014000u

/* cflag */
#define UAPI_CBAUD   0010017u
#define UAPI_B0	     0000000u
#define UAPI_B38400  0000017u
#define UAPI_B115200 0010002u
#define UAPI_CS8     0000060u
#define UAPI_CREAD   0000200u
#define UAPI_HUPCL   0002000u
#define UAPI_CLOCAL  0004000u

/* lflag */
#define UAPI_ISIG    0000001u
#define UAPI_ICANON  0000002u
#define UAPI_XCASE   0000004u
#define UAPI_ECHO    0000010u
#define UAPI_ECHOE   0000020u
#define UAPI_ECHOK   0000040u
#define UAPI_ECHONL  0000100u
#define UAPI_NOFLSH  0000200u
#define UAPI_TOSTOP  0000400u
#define UAPI_ECHOCTL 0001000u
#define UAPI_ECHOPRT 0002000u
#define UAPI_ECHOKE  0004000u
#define UAPI_FLUSHO  0010000u
#define UAPI_PENDIN  0040000u
#define UAPI_IEXTEN  0100000u
#define UAPI_EXTPROC 0200000u

/* ioctl(2) */
#define UAPI_TCGETS	    0x5401u
#define UAPI_TCSETS	    0x5402u
#define UAPI_TCSETSW	    0x5403u
#define UAPI_TCSETSF	    0x5404u
#define UAPI_TCGETA	    0x5405u
#define UAPI_TCSETA	    0x5406u
#define UAPI_TCSETAW	    0x5407u
#define UAPI_TCSETAF	    0x5408u
#define UAPI_TCSBRK	    0x5409u
#define UAPI_TCXONC	    0x540au
#define UAPI_TCFLSH	    0x540bu
#define UAPI_TIOCEXCL	    0x540cu
#define UAPI_TIOCNXCL	    0x540du
#define UAPI_TIOCSCTTY	    0x540eu
#define UAPI_TIOCGPGRP	    0x540fu
#define UAPI_TIOCSPGRP	    0x5410u
#define UAPI_TIOCOUTQ	    0x5411u
#define UAPI_TIOCSTI	    0x5412u
#define UAPI_TIOCGWINSZ	    0x5413u
#define UAPI_TIOCSWINSZ	    0x5414u
#define UAPI_TIOCPKT	    0x5420u
#define UAPI_TIOCNOTTY	    0x5422u
#define UAPI_TIOCSETD	    0x5423u
#define UAPI_TIOCGETD	    0x5424u
#define UAPI_TCSBRKP	    0x5425u
#define UAPI_TIOCSBRK	    0x5427u
#define UAPI_TIOCCBRK	    0x5428u
#define UAPI_TIOCGSID	    0x5429u
#define UAPI_TCGETS2	    0x802c542au
#define UAPI_TCSETS2	    0x402c542bu
#define UAPI_TCSETSW2	    0x402c542cu
#define UAPI_TCSETSF2	    0x402c542du
#define UAPI_TIOCGPTN	    0x80045430u
#define UAPI_TIOCSPTLCK	    0x40045431u
#define UAPI_TIOCGDEV	    0x80045432u
#define UAPI_TIOCSIG	    0x40045436u
#define UAPI_TIOCVHANGUP    0x5437u
#define UAPI_TIOCGPKT	    0x80045438u
#define UAPI_TIOCGPTLCK	    0x80045439u
#define UAPI_TIOCGEXCL	    0x80045440u
#define UAPI_TIOCGPTPEER    0x5441u
#define UAPI_TIOCGLCKTRMIOS 0x5456u
#define UAPI_TIOCSLCKTRMIOS 0x5457u

#define UAPI_TCIFLUSH  0
#define UAPI_TCOFLUSH  1
#define UAPI_TCIOFLUSH 2
#define UAPI_TCOOFF    0
#define UAPI_TCOON     1
#define UAPI_TCIOFF    2
#define UAPI_TCION     3

/* The first byte of a packet (TIOCPKT). */
#define UAPI_TIOCPKT_DATA	0x00u
#define UAPI_TIOCPKT_FLUSHREAD	0x01u
#define UAPI_TIOCPKT_FLUSHWRITE 0x02u
#define UAPI_TIOCPKT_STOP	0x04u
#define UAPI_TIOCPKT_START	0x08u
#define UAPI_TIOCPKT_NOSTOP	0x10u
#define UAPI_TIOCPKT_DOSTOP	0x20u
#define UAPI_TIOCPKT_IOCTL	0x40u
