/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * The wall clock of a PC (MC146818): read once at boot.  UTC is assumed, as
 * QEMU's default and the clouds have it.
 */
#include <arch/time.h>

#include <stdbool.h>

#include <arch/io.h>
#include <lib/string.h>

#define PORT_INDEX	0x70
#define PORT_DATA	0x71
#define REG_SECONDS	0
#define REG_MINUTES	2
#define REG_HOURS	4
#define REG_DAY		7
#define REG_MONTH	8
#define REG_YEAR	9
#define REG_A		10
#define REG_B		11
#define REG_CENTURY	0x32
#define A_UPDATING	0x80
#define B_BINARY	4
#define B_24_HOURS	2
#define HOUR_PM		0x80
#define NO_DEVICE	0xff
#define SECONDS_PER_DAY 86400ull
#define READ_TRIES	100000 /* an update takes 2 ms */

struct rtc_time {
	uint8_t second, minute, hour, day, month, year, century;
};

static uint8_t rtc_read(uint8_t reg)
{
	port_write8(PORT_INDEX, reg);
	return port_read8(PORT_DATA);
}

static void read_fields(struct rtc_time *time)
{
	time->second = rtc_read(REG_SECONDS);
	time->minute = rtc_read(REG_MINUTES);
	time->hour = rtc_read(REG_HOURS);
	time->day = rtc_read(REG_DAY);
	time->month = rtc_read(REG_MONTH);
	time->year = rtc_read(REG_YEAR);
	time->century = rtc_read(REG_CENTURY);
}

/* Two equal readings outside an update; false: there is no clock. */
static bool read_stable(struct rtc_time *time)
{
	struct rtc_time again;

	for (unsigned i = 0; i < READ_TRIES; i++) {
		if ((rtc_read(REG_A) & A_UPDATING) != 0) {
			continue;
		}
		read_fields(time);
		read_fields(&again);
		if (memcmp(time, &again, sizeof(again)) == 0) {
			return true;
		}
	}
	return false;
}

static unsigned decode(uint8_t value, bool binary)
{
	return binary ? value : (value >> 4) * 10u + (value & 15u);
}

/* Days since 1970-01-01 of a date of the Gregorian calendar. */
static uint64_t days_of(unsigned year, unsigned month, unsigned day)
{
	static const uint16_t before[12] = {0,	 31,  59,  90,	120, 151,
					    181, 212, 243, 273, 304, 334};
	uint64_t past = year - 1;
	uint64_t days = past * 365 + past / 4 - past / 100 + past / 400;
	bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

	days += before[month - 1] + (leap && month > 2 ? 1 : 0) + day - 1;
	return days - 719162; /* days before 1970 */
}

uint64_t arch_time_wall_ns(void)
{
	struct rtc_time time;
	bool binary = (rtc_read(REG_B) & B_BINARY) != 0;
	unsigned century;
	unsigned month;
	unsigned hour;
	uint64_t days;

	if (rtc_read(REG_A) == NO_DEVICE || !read_stable(&time)) {
		return 0;
	}
	month = decode(time.month, binary);
	century = decode(time.century, binary);
	if (month < 1 || month > 12) {
		return 0;
	}
	hour = decode(time.hour & (uint8_t)~HOUR_PM, binary);
	if ((rtc_read(REG_B) & B_24_HOURS) == 0) {
		hour = hour % 12 + ((time.hour & HOUR_PM) != 0 ? 12 : 0);
	}
	if (century < 19 || century > 99) {
		century = 20;
	}
	days = days_of(century * 100 + decode(time.year, binary), month,
		       decode(time.day, binary));
	return (days * SECONDS_PER_DAY + hour * 3600ull +
		decode(time.minute, binary) * 60ull +
		decode(time.second, binary)) *
	       1000000000ull;
}
