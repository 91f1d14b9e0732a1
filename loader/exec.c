/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * execve: from a path to the first instruction of a program.
 *
 *	open		the file and, for #! scripts, the interpreters behind it
 *	parse		ELF headers of the program and of its PT_INTERP
 *	build		a new address space: segments, vDSO, stack, heap
 *	alone		the other threads of the process end
 *	--- point of no return ---
 *	replace		memory, signal actions, descriptors, registers
 *
 * Everything that can fail happens before the point of no return, but for the
 * end of the process itself.  Set-uid and set-gid bits are ignored.
 */
#include <loader/exec.h>

#include "internal.h"

#include <arch/context.h>
#include <arch/cpu.h>
#include <arch/elf.h>
#include <arch/frame.h>
#include <arch/mmu.h>
#include <arch/signal.h>
#include <init/random.h>
#include <lib/align.h>
#include <lib/printf.h>
#include <lib/string.h>
#include <mm/address_space.h>
#include <mm/slab.h>
#include <process/process.h>
#include <process/upcalls.h>
#include <uapi/auxv.h>
#include <uapi/errno.h>
#include <uapi/fcntl.h>
#include <uapi/mount.h>
#include <uapi/personality.h>
#include <uapi/signal.h>
#include <vfs/file.h>
#include <vfs/inode.h>
#include <vfs/path.h>

#define HEADER_SIZE 256		   /* of the file, read first */
#define STACK_SPARE (128ull << 10) /* mapped below the first stack */
#define CLOCK_TICKS 100		   /* AT_CLKTCK */

/* One exec on its way; everything in it belongs to it. */
struct exec_plan {
	struct exec_args *args;
	struct file *file;	  /* the program */
	struct file *interpreter; /* of PT_INTERP; NULL: none */
	struct elf_image *image;
	struct elf_image *interpreter_image;
	struct address_space *space;
	struct layout layout;
	struct loaded program;
	struct loaded loader; /* PT_INTERP's */
	struct stack_image stack;
	char *name; /* AT_EXECFN */
	char header[HEADER_SIZE];
	size_t header_size;
};

/* AT_EXECFN: the path as it was given, or what names the descriptor. */
static char *make_name(int dir_fd, const char *path)
{
	size_t size = strlen(path) + 32;
	char *name = kmalloc(size);

	if (name == NULL) {
		return NULL;
	}
	if (path[0] == '/' || dir_fd == PATH_AT_CWD) {
		string_copy(name, path, size);
	} else if (path[0] == '\0') {
		ksnprintf(name, size, "/dev/fd/%d", dir_fd);
	} else {
		ksnprintf(name, size, "/dev/fd/%d/%s", dir_fd, path);
	}
	return name;
}

/* --- opening
 * ------------------------------------------------------------------ */

static int open_program(int dir_fd, const char *path, unsigned walk_flags,
			struct file **file_out)
{
	struct file *file;
	int err = vfs_open(dir_fd, path, UAPI_O_RDONLY, 0, walk_flags, &file);

	if (err < 0) {
		return err;
	}
	if (file->inode == NULL || !inode_is_regular(file->inode) ||
	    (file->mount != NULL &&
	     (file->mount->flags & UAPI_MS_NOEXEC) != 0)) {
		err = -EACCES;
	} else {
		err = vfs_permission(file->inode, 1);
	}
	if (err == 0) {
		err = resources_executable_open(file);
	}
	if (err < 0) {
		file_put(file);
		return err;
	}
	*file_out = file;
	return 0;
}

static void close_program(struct file *file)
{
	if (file != NULL) {
		resources_executable_put(file);
	}
}

static int read_header(struct exec_plan *plan)
{
	ssize_t got = file_read_kernel(plan->file, plan->header,
				       sizeof(plan->header), 0);

	if (got < 0) {
		return (int)got;
	}
	plan->header_size = (size_t)got;
	return 0;
}

/* Replaces the script by its interpreter in file and arguments. */
static int follow_script(struct exec_plan *plan, const struct script *script,
			 const char *path)
{
	struct file *file;
	int err;

	args_drop_first(plan->args);
	err = args_push_front(plan->args, path);
	if (err == 0 && script->argument[0] != '\0') {
		err = args_push_front(plan->args, script->argument);
	}
	if (err == 0) {
		err = args_push_front(plan->args, script->interpreter);
	}
	if (err == 0) {
		err = open_program(PATH_AT_CWD, script->interpreter,
				   WALK_FOLLOW, &file);
	}
	if (err < 0) {
		return err;
	}
	close_program(plan->file);
	plan->file = file;
	return read_header(plan);
}

/* Goes through #! lines until the file is none. */
static int resolve_scripts(struct exec_plan *plan)
{
	struct script *script = kmalloc(sizeof(*script));
	char *path = kstrdup(plan->name);
	int err = script != NULL && path != NULL ? 0 : -ENOMEM;

	for (unsigned depth = 0; err == 0; depth++) {
		if (script_parse(plan->header, plan->header_size, script) < 0) {
			break;
		}
		if (depth == SCRIPT_DEPTH_MAX) {
			err = -ELOOP;
			break;
		}
		err = follow_script(plan, script, path);
		kfree(path);
		path = kstrdup(script->interpreter);
		if (path == NULL) {
			err = -ENOMEM;
		}
	}
	kfree(path);
	kfree(script);
	return err;
}

/* --- parsing
 * ------------------------------------------------------------------ */

static int parse_file(struct file *file, const char *header, size_t size,
		      struct elf_image **image_out)
{
	struct elf64_header elf;
	struct elf64_phdr *phdrs;
	struct kstat stat;
	size_t table;
	ssize_t got;
	int err = elf_check_header(header, size, ARCH_ELF_MACHINE, &elf);

	if (err < 0) {
		return err;
	}
	err = file_stat(file, &stat);
	if (err < 0) {
		return err;
	}
	table = elf.phnum * sizeof(*phdrs);
	phdrs = kmalloc(table);
	if (phdrs == NULL) {
		return -ENOMEM;
	}
	got = elf.phoff > INT64_MAX - table
		      ? -ENOEXEC
		      : file_read_kernel(file, phdrs, table,
					 (int64_t)elf.phoff);
	if (got < 0) {
		err = (int)got;
	} else if ((size_t)got != table) {
		err = -ENOEXEC;
	} else {
		err = elf_parse(&elf, phdrs, stat.size, USER_END, image_out);
	}
	kfree(phdrs);
	return err;
}

/* Opens and parses what PT_INTERP names. */
static int parse_interpreter(struct exec_plan *plan)
{
	size_t size = plan->image->interp_size;
	char *path = kzalloc(size + 1);
	char *header = kmalloc(HEADER_SIZE);
	ssize_t got;
	int err = -ENOMEM;

	if (path == NULL || header == NULL) {
		goto out;
	}
	got = file_read_kernel(plan->file, path, size,
			       (int64_t)plan->image->interp_offset);
	if (got != (ssize_t)size || path[size - 1] != '\0') {
		err = got < 0 ? (int)got : -ENOEXEC;
		goto out;
	}
	err = open_program(PATH_AT_CWD, path, WALK_FOLLOW, &plan->interpreter);
	if (err < 0) {
		goto out;
	}
	got = file_read_kernel(plan->interpreter, header, HEADER_SIZE, 0);
	err = got < 0 ? (int)got
		      : parse_file(plan->interpreter, header, (size_t)got,
				   &plan->interpreter_image);
	if (err == -ENOEXEC) {
		err = -ELIBBAD;
	}
out:
	kfree(path);
	kfree(header);
	return err;
}

static int open_and_parse(struct exec_plan *plan, int dir_fd, const char *path,
			  unsigned walk_flags)
{
	int err = open_program(dir_fd, path, walk_flags, &plan->file);

	if (err == 0) {
		err = read_header(plan);
	}
	if (err == 0) {
		err = resolve_scripts(plan);
	}
	if (err == 0) {
		err = parse_file(plan->file, plan->header, plan->header_size,
				 &plan->image);
	}
	if (err == 0 && plan->image->interp_size != 0) {
		err = parse_interpreter(plan);
	}
	return err;
}

/* --- building the address space
 * -------------------------------------------------- */

static int load_files(struct exec_plan *plan)
{
	bool with_interpreter = plan->interpreter != NULL;
	uintptr_t base = with_interpreter ? plan->layout.pie_base : 0;
	int err;

	if (base != 0) {
		base = ALIGN_DOWN(base, plan->image->align);
	}
	err = load_image(plan->space, plan->file, plan->image, base,
			 &plan->program);
	if (err == 0 && with_interpreter) {
		err = load_image(plan->space, plan->interpreter,
				 plan->interpreter_image, 0, &plan->loader);
	}
	return err;
}

/* The heap starts behind the program; behind the place of programs when this
 * one lies among the mappings (static PIE). */
static void place_heap(struct exec_plan *plan)
{
	struct address_space *space = plan->space;
	uintptr_t end = plan->program.end;

	if (plan->image->relocatable && plan->interpreter == NULL) {
		end = plan->layout.pie_base;
	}
	space->brk_start = end + layout_brk_gap(&plan->layout);
	space->brk = space->brk_start;
	space->code_start = plan->program.code_start;
	space->code_end = plan->program.code_end;
	space->data_start = plan->program.data_start;
	space->data_end = plan->program.data_end;
}

struct space_writer {
	struct stack_writer writer;
	struct address_space *space;
};

static int write_to_space(struct stack_writer *writer, uintptr_t addr,
			  const void *data, size_t size)
{
	struct address_space *space =
		container_of(writer, struct space_writer, writer)->space;

	while (size > 0) {
		ssize_t done = vm_access(space, addr, (void *)data, size, true);

		if (done < 0) {
			return (int)done;
		}
		addr += (size_t)done;
		data = (const char *)data + done;
		size -= (size_t)done;
	}
	return 0;
}

static void set_auxv(struct exec_plan *plan)
{
	struct credentials who;
	struct stack_image *stack = &plan->stack;
	bool interpreted = plan->interpreter != NULL;

	credentials_current(&who);
	const struct auxv_entry entries[] = {
		{UAPI_AT_SYSINFO_EHDR, plan->space->vdso},
		{UAPI_AT_HWCAP, cpu_hwcap()},
		{UAPI_AT_PAGESZ, PAGE_SIZE},
		{UAPI_AT_CLKTCK, CLOCK_TICKS},
		{UAPI_AT_PHDR, plan->program.phdr},
		{UAPI_AT_PHENT, sizeof(struct elf64_phdr)},
		{UAPI_AT_PHNUM, plan->image->phdr_count},
		{UAPI_AT_BASE, interpreted ? plan->loader.bias : 0},
		{UAPI_AT_FLAGS, 0},
		{UAPI_AT_ENTRY, plan->program.entry},
		{UAPI_AT_UID, who.uid},
		{UAPI_AT_EUID, who.euid},
		{UAPI_AT_GID, who.gid},
		{UAPI_AT_EGID, who.egid},
		{UAPI_AT_SECURE, 0},
		{UAPI_AT_HWCAP2, cpu_hwcap2()},
		{UAPI_AT_MINSIGSTKSZ, arch_signal_frame_size()},
	};

	for (size_t i = 0; i < ARRAY_SIZE(entries); i++) {
		if (entries[i].type == UAPI_AT_SYSINFO_EHDR &&
		    entries[i].value == 0) {
			continue;
		}
		stack->auxv[stack->auxv_count++] = entries[i];
	}
}

static void save_auxv(struct exec_plan *plan)
{
	struct address_space *space = plan->space;
	size_t room = ARRAY_SIZE(space->saved_auxv) / 2;

	for (size_t i = 0; i < plan->stack.auxv_count && i < room; i++) {
		space->saved_auxv[2 * i] = plan->stack.auxv[i].type;
		space->saved_auxv[2 * i + 1] = plan->stack.auxv[i].value;
	}
	space->arg_start = plan->stack.arg_start;
	space->arg_end = plan->stack.arg_end;
	space->env_start = plan->stack.env_start;
	space->env_end = plan->stack.env_end;
}

static int build_stack(struct exec_plan *plan)
{
	struct stack_image *stack = &plan->stack;
	struct space_writer writer = {
		.writer = {.write = write_to_space},
		.space = plan->space,
	};
	uintptr_t top = plan->layout.stack_top;
	uint32_t flags = VMA_READ | VMA_WRITE | VMA_GROWSDOWN | VMA_STACK;
	size_t size;
	long mapped;
	int err;

	stack->args = plan->args;
	stack->exec_name = plan->name;
	stack->platform = cpu_platform();
	stack->top = top;
	stack->gap = layout_stack_gap(&plan->layout);
	random_bytes(stack->random, sizeof(stack->random));
	set_auxv(plan);
	size = ALIGN_UP(stack_size_needed(stack) + STACK_SPARE, PAGE_SIZE);
	if (plan->image->exec_stack) {
		flags |= VMA_EXEC;
	}
	mapped = vm_map(plan->space, top - size, size, flags,
			MAP_HOW_FIXED | MAP_HOW_NOREPLACE, NULL, 0);
	if (mapped < 0) {
		return (int)mapped;
	}
	plan->space->stack_top = top;
	err = stack_build(stack, &writer.writer);
	if (err == 0) {
		save_auxv(plan);
	}
	return err;
}

static int build_space(struct exec_plan *plan)
{
	struct process *process = process_current();
	bool random = (process->personality & UAPI_ADDR_NO_RANDOMIZE) == 0;
	int err = address_space_create(&plan->space);

	if (err < 0) {
		return err;
	}
	layout_plan(&plan->layout, random, rlimit_current(RLIMIT_STACK));
	plan->space->mmap_top = plan->layout.mmap_top;
	err = load_files(plan);
	if (err < 0) {
		return err;
	}
	place_heap(plan);
	plan->space->vdso = vdso_map(plan->space);
	return build_stack(plan);
}

/* --- the change
 * ------------------------------------------------------------------- */

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash != NULL ? slash + 1 : path;
}

static void free_plan(struct exec_plan *plan)
{
	close_program(plan->file);
	close_program(plan->interpreter);
	if (plan->space != NULL) {
		address_space_put(plan->space);
	}
	kfree(plan->image);
	kfree(plan->interpreter_image);
	kfree(plan->name);
	kfree(plan);
}

/* Nothing may fail any more: what does ends the process. */
static void change_program(struct exec_plan *plan, struct trapframe *frame)
{
	uintptr_t entry = plan->interpreter != NULL ? plan->loader.entry
						    : plan->program.entry;
	uintptr_t sp = plan->stack.sp;
	struct process *process = process_current();
	int err = process_exec_replace(plan->space, plan->file,
				       base_name(plan->name));

	plan->space = NULL;
	plan->file = NULL;
	if (err == 0) {
		err = context_become_app();
	}
	free_plan(plan);
	if (err < 0) {
		process_exit_group(UAPI_SIGKILL);
	}
	file_table_close_on_exec(process->files);
	frame_init_app(frame, entry, sp);
}

int exec_program(int dir_fd, const char *path, unsigned walk_flags,
		 struct exec_args *args, struct trapframe *frame)
{
	struct exec_plan *plan = kzalloc(sizeof(*plan));
	int err;

	if (plan == NULL) {
		return -ENOMEM;
	}
	plan->args = args;
	plan->name = make_name(dir_fd, path);
	err = plan->name != NULL ? 0 : -ENOMEM;
	if (err == 0) {
		err = open_and_parse(plan, dir_fd, path, walk_flags);
	}
	if (err == 0) {
		err = build_space(plan);
	}
	if (err == 0) {
		err = process_unshare_files();
	}
	if (err == 0) {
		err = process_exec_alone();
	}
	if (err < 0) {
		free_plan(plan);
		return err;
	}
	change_program(plan, frame);
	return 0;
}
