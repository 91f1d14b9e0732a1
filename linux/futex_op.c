/* SPDX-License-Identifier: BSD-3-Clause */

/* The little program inside FUTEX_WAKE_OP. */
#include "futex.h"

#include <arch/cpu.h>
#include <uapi/errno.h>

static int32_t sign_extend_12(uint32_t value)
{
	return (int32_t)((value & 0xfff) ^ 0x800) - 0x800;
}

int futex_op_decode(struct futex_op *op_out, uint32_t encoded)
{
	unsigned operation = encoded >> 28;

	op_out->operation = operation & 7;
	op_out->comparison = (encoded >> 24) & 0xf;
	op_out->operand = sign_extend_12(encoded >> 12);
	op_out->comparand = sign_extend_12(encoded);
	if ((operation & UAPI_FUTEX_OP_OPARG_SHIFT) != 0) {
		op_out->operand = (int32_t)(1u << (op_out->operand & 31));
	}
	return op_out->operation > UAPI_FUTEX_OP_XOR ||
			       op_out->comparison > UAPI_FUTEX_OP_CMP_GE
		       ? -ENOSYS
		       : 0;
}

bool futex_op_compare(const struct futex_op *op, uint32_t old)
{
	int32_t value = (int32_t)old;

	switch (op->comparison) {
	case UAPI_FUTEX_OP_CMP_EQ:
		return value == op->comparand;
	case UAPI_FUTEX_OP_CMP_NE:
		return value != op->comparand;
	case UAPI_FUTEX_OP_CMP_LT:
		return value < op->comparand;
	case UAPI_FUTEX_OP_CMP_LE:
		return value <= op->comparand;
	case UAPI_FUTEX_OP_CMP_GT:
		return value > op->comparand;
	default:
		return value >= op->comparand;
	}
}

int futex_op_apply(const struct futex_op *op, void USER *addr,
		   uint32_t *old_out)
{
	uint32_t operand = (uint32_t)op->operand;
	unsigned long irq = cpu_irq_save();
	int err;

	switch (op->operation) {
	case UAPI_FUTEX_OP_SET:
		err = user_xchg_u32(addr, operand, old_out);
		break;
	case UAPI_FUTEX_OP_ADD:
		err = user_add_u32(addr, operand, old_out);
		break;
	case UAPI_FUTEX_OP_OR:
		err = user_or_u32(addr, operand, old_out);
		break;
	case UAPI_FUTEX_OP_ANDN:
		err = user_andn_u32(addr, operand, old_out);
		break;
	default:
		err = user_xor_u32(addr, operand, old_out);
		break;
	}
	cpu_irq_restore(irq);
	return err;
}
