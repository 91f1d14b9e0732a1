/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * Formatted output.
 *
 * A directive is parsed into struct spec, its argument turned into digits or
 * taken as text, and both are padded by emit_field().  Pure code.
 */
#include <lib/printf.h>

#include <stdbool.h>
#include <stdint.h>

#include <lib/string.h>

#define DIGITS_MAX 24 /* 64 bits in octal, and a NUL */

struct sink {
	char *buf;
	size_t size;
	size_t length; /* of the whole text, kept or not */
};

struct spec {
	bool left, zero, plus, alternate;
	int width;
	int precision;	     /* -1: none */
	unsigned long_count; /* 0 int, 1 long, 2 long long */
};

static void emit(struct sink *sink, char c)
{
	if (sink->length + 1 < sink->size) {
		sink->buf[sink->length] = c;
	}
	sink->length++;
}

static void emit_repeated(struct sink *sink, char c, int count)
{
	while (count-- > 0) {
		emit(sink, c);
	}
}

/* prefix + zeros + text, padded to the width. */
static void emit_field(struct sink *sink, const struct spec *spec,
		       const char *prefix, int zeros, const char *text,
		       size_t length)
{
	int prefix_length = (int)strlen(prefix);
	int padding = spec->width - prefix_length - zeros - (int)length;

	if (!spec->left) {
		emit_repeated(sink, ' ', padding);
	}
	while (*prefix != '\0') {
		emit(sink, *prefix++);
	}
	emit_repeated(sink, '0', zeros);
	for (size_t i = 0; i < length; i++) {
		emit(sink, text[i]);
	}
	if (spec->left) {
		emit_repeated(sink, ' ', padding);
	}
}

static void emit_number(struct sink *sink, const struct spec *spec,
			uint64_t value, unsigned base, bool upper,
			const char *prefix)
{
	const char *digits = upper ? "0123456789ABCDEF" : "0123456789abcdef";
	char text[DIGITS_MAX];
	char *start = text + sizeof(text);
	int length;
	int zeros;

	while (value != 0 ||
	       (start == text + sizeof(text) && spec->precision != 0)) {
		*--start = digits[value % base];
		value /= base;
	}
	length = (int)(text + sizeof(text) - start);
	zeros = spec->precision - length;
	if (spec->zero && !spec->left && spec->precision < 0) {
		zeros = spec->width - (int)strlen(prefix) - length;
	}
	emit_field(sink, spec, prefix, zeros > 0 ? zeros : 0, start,
		   (size_t)length);
}

static void emit_string(struct sink *sink, const struct spec *spec,
			const char *text)
{
	size_t max = spec->precision < 0 ? (size_t)-1 : (size_t)spec->precision;

	text = text != NULL ? text : "(null)";
	emit_field(sink, spec, "", 0, text, strnlen(text, max));
}

static int parse_count(const char **format, va_list *args)
{
	int count = 0;

	if (**format == '*') {
		(*format)++;
		return va_arg(*args, int);
	}
	while (**format >= '0' && **format <= '9') {
		count = count * 10 + (*(*format)++ - '0');
	}
	return count;
}

static void parse_spec(struct spec *spec, const char **format, va_list *args)
{
	for (;; (*format)++) {
		switch (**format) {
		case '-':
			spec->left = true;
			continue;
		case '0':
			spec->zero = true;
			continue;
		case '+':
			spec->plus = true;
			continue;
		case '#':
			spec->alternate = true;
			continue;
		default:
			break;
		}
		break;
	}
	spec->width = parse_count(format, args);
	if (spec->width < 0) {
		spec->left = true;
		spec->width = -spec->width;
	}
	spec->precision = -1;
	if (**format == '.') {
		(*format)++;
		spec->precision = parse_count(format, args);
	}
	for (;; (*format)++) {
		if (**format == 'l') {
			spec->long_count++;
		} else if (**format == 'z' || **format == 't') {
			spec->long_count = 1;
		} else if (**format != 'h') {
			break;
		}
	}
}

static uint64_t take_unsigned(const struct spec *spec, va_list *args)
{
	if (spec->long_count == 0) {
		return va_arg(*args, unsigned);
	}
	return spec->long_count == 1 ? va_arg(*args, unsigned long)
				     : va_arg(*args, unsigned long long);
}

static int64_t take_signed(const struct spec *spec, va_list *args)
{
	if (spec->long_count == 0) {
		return va_arg(*args, int);
	}
	return spec->long_count == 1 ? va_arg(*args, long)
				     : va_arg(*args, long long);
}

static void emit_signed(struct sink *sink, const struct spec *spec,
			int64_t value)
{
	uint64_t magnitude = value < 0 ? -(uint64_t)value : (uint64_t)value;
	const char *sign = value < 0 ? "-" : spec->plus ? "+" : "";

	emit_number(sink, spec, magnitude, 10, false, sign);
}

static void convert(struct sink *sink, struct spec *spec, char conversion,
		    va_list *args)
{
	const char *hex_prefix = spec->alternate ? "0x" : "";
	char c;

	switch (conversion) {
	case 'd':
	case 'i':
		emit_signed(sink, spec, take_signed(spec, args));
		break;
	case 'u':
		emit_number(sink, spec, take_unsigned(spec, args), 10, false,
			    "");
		break;
	case 'x':
	case 'X':
		emit_number(sink, spec, take_unsigned(spec, args), 16,
			    conversion == 'X', hex_prefix);
		break;
	case 'o':
		emit_number(sink, spec, take_unsigned(spec, args), 8, false,
			    spec->alternate ? "0" : "");
		break;
	case 'p':
		emit_number(sink, spec, (uintptr_t)va_arg(*args, void *), 16,
			    false, "0x");
		break;
	case 'c':
		c = (char)va_arg(*args, int);
		emit_field(sink, spec, "", 0, &c, 1);
		break;
	case 's':
		emit_string(sink, spec, va_arg(*args, const char *));
		break;
	default:
		emit(sink, conversion);
		break;
	}
}

int kvsnprintf(char *buf, size_t size, const char *format, va_list args)
{
	struct sink sink = {.buf = buf, .size = size};
	va_list copy;

	va_copy(copy, args);
	while (*format != '\0') {
		struct spec spec = {0};

		if (*format != '%') {
			emit(&sink, *format++);
			continue;
		}
		format++;
		parse_spec(&spec, &format, &copy);
		if (*format == '\0') {
			break;
		}
		convert(&sink, &spec, *format++, &copy);
	}
	va_end(copy);
	if (size > 0) {
		buf[sink.length < size ? sink.length : size - 1] = '\0';
	}
	return (int)sink.length;
}

int ksnprintf(char *buf, size_t size, const char *format, ...)
{
	va_list args;
	int length;

	va_start(args, format);
	length = kvsnprintf(buf, size, format, args);
	va_end(args);
	return length;
}
