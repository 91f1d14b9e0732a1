/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * Formatted text: one pass over the format, one `struct field` for each
 * conversion, one `struct output` that counts what does not fit.
 */

#include <lib/printf.h>

#include <stdbool.h>
#include <stdint.h>

#include <lib/string.h>

struct output {
	char *buffer;
	size_t size;
	size_t length; /* of the whole text, also of what was cut */
};

struct field {
	bool left;
	bool zero;
	bool plus;
	bool space;
	bool alternative;
	bool upper;
	int width;
	int precision; /* -1: none given */
	int length;    /* bytes of the integer argument */
	unsigned int base;
};

/* Enough for 64 bits in octal. */
#define DIGITS_MAX 22

static void put(struct output *out, char c)
{
	if (out->length < out->size) {
		out->buffer[out->length] = c;
	}
	out->length++;
}

static void put_repeated(struct output *out, char c, int count)
{
	while (count-- > 0) {
		put(out, c);
	}
}

static void put_text(struct output *out, const char *text, int length)
{
	for (int i = 0; i < length; i++) {
		put(out, text[i]);
	}
}

static void put_padded(struct output *out, const struct field *field,
		       const char *text, int length)
{
	int padding = field->width - length;

	if (!field->left) {
		put_repeated(out, ' ', padding);
	}
	put_text(out, text, length);
	if (field->left) {
		put_repeated(out, ' ', padding);
	}
}

static void put_string(struct output *out, const struct field *field,
		       const char *text)
{
	size_t limit =
		field->precision < 0 ? INT32_MAX : (size_t)field->precision;

	if (text == NULL) {
		text = "(null)";
	}
	put_padded(out, field, text, (int)strnlen(text, limit));
}

/* Digits from the end of the buffer towards its start; returns their count. */
static int make_digits(char digits[DIGITS_MAX], uint64_t value,
		       const struct field *field)
{
	const char *alphabet =
		field->upper ? "0123456789ABCDEF" : "0123456789abcdef";
	int count = 0;

	while (value != 0) {
		digits[DIGITS_MAX - ++count] = alphabet[value % field->base];
		value /= field->base;
	}
	return count;
}

static void put_number(struct output *out, const struct field *field,
		       uint64_t value, const char *prefix)
{
	char digits[DIGITS_MAX];
	int count = make_digits(digits, value, field);
	int prefix_length = (int)strlen(prefix);
	int zeros = (field->precision < 0 ? 1 : field->precision) - count;
	int padding;

	if (zeros < 0) {
		zeros = 0;
	}
	padding = field->width - prefix_length - zeros - count;
	if (padding > 0 && field->zero && !field->left &&
	    field->precision < 0) {
		zeros += padding;
		padding = 0;
	}
	if (!field->left) {
		put_repeated(out, ' ', padding);
	}
	put_text(out, prefix, prefix_length);
	put_repeated(out, '0', zeros);
	put_text(out, digits + DIGITS_MAX - count, count);
	if (field->left) {
		put_repeated(out, ' ', padding);
	}
}

static void put_signed(struct output *out, const struct field *field,
		       int64_t value)
{
	const char *sign = field->plus ? "+" : field->space ? " " : "";

	if (value < 0) {
		put_number(out, field, 0 - (uint64_t)value, "-");
	} else {
		put_number(out, field, (uint64_t)value, sign);
	}
}

static void put_unsigned(struct output *out, const struct field *field,
			 uint64_t value)
{
	const char *prefix = "";

	if (field->alternative && value != 0 && field->base == 16) {
		prefix = field->upper ? "0X" : "0x";
	} else if (field->alternative && value != 0 && field->base == 8) {
		prefix = "0";
	}
	put_number(out, field, value, prefix);
}

static const char *parse_flags(const char *format, struct field *field)
{
	for (;; format++) {
		switch (*format) {
		case '-':
			field->left = true;
			break;
		case '0':
			field->zero = true;
			break;
		case '+':
			field->plus = true;
			break;
		case ' ':
			field->space = true;
			break;
		case '#':
			field->alternative = true;
			break;
		default:
			return format;
		}
	}
}

/* A decimal number; stops growing long before it could overflow. */
static const char *parse_number(const char *format, int *value_out)
{
	int value = 0;

	for (; *format >= '0' && *format <= '9'; format++) {
		if (value < 100000) {
			value = value * 10 + (*format - '0');
		}
	}
	*value_out = value;
	return format;
}

static const char *parse_length(const char *format, struct field *field)
{
	field->length = sizeof(int);
	switch (*format) {
	case 'h':
		format++;
		field->length = sizeof(short);
		if (*format == 'h') {
			format++;
			field->length = sizeof(char);
		}
		return format;
	case 'l':
		format++;
		if (*format == 'l') {
			format++;
		}
		field->length = sizeof(long long);
		return format;
	case 'j':
	case 'z':
	case 't':
		field->length = sizeof(long long);
		return format + 1;
	default:
		return format;
	}
}

static int64_t cut_signed(int64_t value, int length)
{
	switch (length) {
	case sizeof(char):
		return (signed char)value;
	case sizeof(short):
		return (short)value;
	default:
		return value;
	}
}

static uint64_t cut_unsigned(uint64_t value, int length)
{
	switch (length) {
	case sizeof(char):
		return (unsigned char)value;
	case sizeof(short):
		return (unsigned short)value;
	default:
		return value;
	}
}

/* va_list may be an array type: a structure passes it on by reference. */
struct arguments {
	va_list list;
};

static int64_t next_signed(struct arguments *arguments, int length)
{
	if (length == sizeof(long long)) {
		return va_arg(arguments->list, long long);
	}
	return cut_signed(va_arg(arguments->list, int), length);
}

static uint64_t next_unsigned(struct arguments *arguments, int length)
{
	if (length == sizeof(long long)) {
		return va_arg(arguments->list, unsigned long long);
	}
	return cut_unsigned(va_arg(arguments->list, unsigned int), length);
}

static const char *parse_field(const char *format, struct field *field,
			       struct arguments *arguments)
{
	format = parse_flags(format, field);
	if (*format == '*') {
		field->width = va_arg(arguments->list, int);
		if (field->width < 0) {
			field->left = true;
			field->width = field->width == INT32_MIN
					       ? INT32_MAX
					       : -field->width;
		}
		format++;
	} else {
		format = parse_number(format, &field->width);
	}
	field->precision = -1;
	if (*format == '.' && format[1] == '*') {
		field->precision = va_arg(arguments->list, int);
		format += 2;
	} else if (*format == '.') {
		format = parse_number(format + 1, &field->precision);
	}
	return parse_length(format, field);
}

/* Returns false when the conversion is unknown. */
static bool put_conversion(struct output *out, struct field *field,
			   char conversion, struct arguments *arguments)
{
	char c;

	field->base = 10;
	switch (conversion) {
	case 'd':
	case 'i':
		put_signed(out, field, next_signed(arguments, field->length));
		return true;
	case 'X':
		field->upper = true;
		FALLTHROUGH;
	case 'x':
		field->base = 16;
		break;
	case 'o':
		field->base = 8;
		break;
	case 'u':
		break;
	case 'p':
		field->base = 16;
		put_number(out, field,
			   (uintptr_t)va_arg(arguments->list, void *), "0x");
		return true;
	case 's':
		put_string(out, field, va_arg(arguments->list, const char *));
		return true;
	case 'c':
		c = (char)va_arg(arguments->list, int);
		put_padded(out, field, &c, 1);
		return true;
	default:
		return false;
	}
	put_unsigned(out, field, next_unsigned(arguments, field->length));
	return true;
}

int kvsnprintf(char *buffer, size_t size, const char *format, va_list list)
{
	struct output out = {.buffer = buffer, .size = size};
	struct arguments arguments;

	va_copy(arguments.list, list);
	while (*format != '\0') {
		struct field field = {0};
		const char *start = format++;

		if (*start != '%') {
			put(&out, *start);
			continue;
		}
		if (*format == '%') {
			put(&out, *format++);
			continue;
		}
		format = parse_field(format, &field, &arguments);
		if (*format != '\0' &&
		    put_conversion(&out, &field, *format, &arguments)) {
			format++;
		} else {
			put_text(&out, start, (int)(format - start));
		}
	}
	va_end(arguments.list);
	if (size > 0) {
		buffer[out.length < size ? out.length : size - 1] = '\0';
	}
	return (int)out.length;
}

int ksnprintf(char *buffer, size_t size, const char *format, ...)
{
	va_list arguments;
	int length;

	va_start(arguments, format);
	length = kvsnprintf(buffer, size, format, arguments);
	va_end(arguments);
	return length;
}

size_t kvscnprintf(char *buffer, size_t size, const char *format,
		   va_list arguments)
{
	size_t length = (size_t)kvsnprintf(buffer, size, format, arguments);

	if (size == 0) {
		return 0;
	}
	return length < size ? length : size - 1;
}

size_t kscnprintf(char *buffer, size_t size, const char *format, ...)
{
	va_list arguments;
	size_t length;

	va_start(arguments, format);
	length = kvscnprintf(buffer, size, format, arguments);
	va_end(arguments);
	return length;
}
