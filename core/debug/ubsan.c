/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * What the compilers call when code built with -fsanitize=undefined meets
 * undefined behaviour: that is a kernel bug, so each of these panics.
 *
 * Names, argument lists and record layouts are the compilers' (gcc and
 * clang agree).  A record starts with the place in the source.  Values
 * arrive as one word: small integers in it, 128-bit ones by reference.
 *
 * Any context.  This file itself is built without the checks.
 */
#include <stdint.h>

#include <debug/panic.h>
#include <lib/compiler.h>
#include <lib/printf.h>
#include <lib/types.h>

#define TYPE_INTEGER 0

struct place {
	const char *file;
	uint32_t line;
	uint32_t column;
};

struct type {
	uint16_t kind;
	uint16_t info; /* integers: signed + 2 * log2(bits) */
	char name[];   /* quoted */
};

struct arithmetic_record {
	struct place place;
	const struct type *type;
};

struct shift_record {
	struct place place;
	const struct type *left;
	const struct type *right;
};

struct bounds_record {
	struct place place;
	const struct type *array;
	const struct type *index;
};

struct access_record {
	struct place place;
	const struct type *type;
	uint8_t alignment_log2;
	uint8_t kind;
};

struct argument_record {
	struct place place;
	struct place attribute;
	int number;
};

struct builtin_record {
	struct place place;
	uint8_t kind;
};

struct assumption_record {
	struct place place;
	struct place assumption;
	const struct type *type;
};

void __ubsan_handle_add_overflow(struct arithmetic_record *record,
				 uintptr_t left, uintptr_t right);
void __ubsan_handle_sub_overflow(struct arithmetic_record *record,
				 uintptr_t left, uintptr_t right);
void __ubsan_handle_mul_overflow(struct arithmetic_record *record,
				 uintptr_t left, uintptr_t right);
void __ubsan_handle_divrem_overflow(struct arithmetic_record *record,
				    uintptr_t left, uintptr_t right);
void __ubsan_handle_negate_overflow(struct arithmetic_record *record,
				    uintptr_t value);
void __ubsan_handle_shift_out_of_bounds(struct shift_record *record,
					uintptr_t left, uintptr_t right);
void __ubsan_handle_out_of_bounds(struct bounds_record *record,
				  uintptr_t index);
void __ubsan_handle_type_mismatch_v1(struct access_record *record,
				     uintptr_t pointer);
void __ubsan_handle_pointer_overflow(struct place *place, uintptr_t base,
				     uintptr_t result);
void __ubsan_handle_load_invalid_value(struct arithmetic_record *record,
				       uintptr_t value);
void __ubsan_handle_vla_bound_not_positive(struct arithmetic_record *record,
					   uintptr_t bound);
void __ubsan_handle_nonnull_arg(struct argument_record *record);
void __ubsan_handle_nonnull_return_v1(struct place *attribute,
				      struct place *place);
void __ubsan_handle_invalid_builtin(struct builtin_record *record);
void __ubsan_handle_alignment_assumption(struct assumption_record *record,
					 uintptr_t pointer, uintptr_t alignment,
					 uintptr_t offset);
void __ubsan_handle_builtin_unreachable(struct place *place);
void __ubsan_handle_missing_return(struct place *place);

static NORETURN PRINTF_LIKE(2, 3) void report(const struct place *place,
					      const char *format, ...)
{
	char text[160];
	va_list arguments;

	va_start(arguments, format);
	kvsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	panic("%s:%u: undefined: %s", place->file, place->line, text);
}

static bool is_signed(const struct type *type)
{
	return type->kind == TYPE_INTEGER && (type->info & 1) != 0;
}

/* The low 64 bits of an integer, sign-extended where it is signed. */
static int64_t integer(const struct type *type, uintptr_t value)
{
	unsigned bits = 1U << (type->info >> 1);
	unsigned unused = bits < 64 ? 64 - bits : 0;

	if (type->kind != TYPE_INTEGER) {
		return (int64_t)value;
	}
	if (bits > 64) {
		return *(const int64_t *)value;
	}
	if (is_signed(type)) {
		return (int64_t)((uint64_t)value << unused) >> unused;
	}
	return (int64_t)((uint64_t)value << unused >> unused);
}

static NORETURN void report_overflow(const struct arithmetic_record *record,
				     const char *operation, uintptr_t left,
				     uintptr_t right)
{
	report(&record->place, "%lld %s %lld in type %s",
	       (long long)integer(record->type, left), operation,
	       (long long)integer(record->type, right), record->type->name);
}

void __ubsan_handle_add_overflow(struct arithmetic_record *record,
				 uintptr_t left, uintptr_t right)
{
	report_overflow(record, "+", left, right);
}

void __ubsan_handle_sub_overflow(struct arithmetic_record *record,
				 uintptr_t left, uintptr_t right)
{
	report_overflow(record, "-", left, right);
}

void __ubsan_handle_mul_overflow(struct arithmetic_record *record,
				 uintptr_t left, uintptr_t right)
{
	report_overflow(record, "*", left, right);
}

void __ubsan_handle_divrem_overflow(struct arithmetic_record *record,
				    uintptr_t left, uintptr_t right)
{
	report_overflow(record, "/", left, right);
}

void __ubsan_handle_negate_overflow(struct arithmetic_record *record,
				    uintptr_t value)
{
	report(&record->place, "-(%lld) in type %s",
	       (long long)integer(record->type, value), record->type->name);
}

void __ubsan_handle_shift_out_of_bounds(struct shift_record *record,
					uintptr_t left, uintptr_t right)
{
	report(&record->place, "shift of %lld (%s) by %lld",
	       (long long)integer(record->left, left), record->left->name,
	       (long long)integer(record->right, right));
}

void __ubsan_handle_out_of_bounds(struct bounds_record *record, uintptr_t index)
{
	report(&record->place, "index %lld of %s",
	       (long long)integer(record->index, index), record->array->name);
}

void __ubsan_handle_type_mismatch_v1(struct access_record *record,
				     uintptr_t pointer)
{
	uintptr_t alignment = (uintptr_t)1 << record->alignment_log2;
	const char *why = "too small object";

	if (pointer == 0) {
		why = "null pointer";
	} else if ((pointer & (alignment - 1)) != 0) {
		why = "misaligned pointer";
	}
	report(&record->place, "%s %p of type %s", why, (void *)pointer,
	       record->type->name);
}

void __ubsan_handle_pointer_overflow(struct place *place, uintptr_t base,
				     uintptr_t result)
{
	report(place, "pointer %p moved to %p", (void *)base, (void *)result);
}

void __ubsan_handle_load_invalid_value(struct arithmetic_record *record,
				       uintptr_t value)
{
	report(&record->place, "value %llu of type %s",
	       (unsigned long long)value, record->type->name);
}

void __ubsan_handle_vla_bound_not_positive(struct arithmetic_record *record,
					   uintptr_t bound)
{
	report(&record->place, "array of %lld elements",
	       (long long)integer(record->type, bound));
}

void __ubsan_handle_nonnull_arg(struct argument_record *record)
{
	report(&record->place, "argument %d is NULL", record->number);
}

void __ubsan_handle_nonnull_return_v1(struct place *attribute,
				      struct place *place)
{
	(void)attribute;
	report(place, "NULL returned");
}

void __ubsan_handle_invalid_builtin(struct builtin_record *record)
{
	report(&record->place, "0 passed to a builtin that counts bits");
}

void __ubsan_handle_alignment_assumption(struct assumption_record *record,
					 uintptr_t pointer, uintptr_t alignment,
					 uintptr_t offset)
{
	report(&record->place, "%p is not aligned to %lu (offset %lu)",
	       (void *)pointer, (unsigned long)alignment,
	       (unsigned long)offset);
}

void __ubsan_handle_builtin_unreachable(struct place *place)
{
	report(place, "unreachable code");
}

void __ubsan_handle_missing_return(struct place *place)
{
	report(place, "function ends without a value");
}
