/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * The EROFS parser against images of mkfs.erofs, and against thousands of
 * damaged ones: whatever an image says, no byte outside of a block is touched
 * (each block is handed out as an allocation of its own: ASan sees overruns)
 * and every walk ends.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <debug/unit_test.h>
#include <fs/erofs/format.h>
#include <fs/erofs/internal.h>

#define MANY	      700
#define MUTATIONS     1500
#define WALK_MAX      400 /* nodes of one walk */
#define DEPTH_MAX     8
#define DATA_READ_MAX 40000

static char folder[] = "/tmp/erofs-test-XXXXXX";

struct memory {
	uint8_t *bytes;
	size_t size;
	struct erofs_image image;
	unsigned blocks_out; /* handed out now */
};

static int memory_get(struct erofs_image *image, uint64_t number,
		      struct erofs_block *block_out)
{
	struct memory *memory = image->source;
	uint8_t *copy;

	if (number >= image->source_blocks) {
		unit_test_fail(__FILE__, __LINE__, "block in image",
			       (long long)number,
			       (long long)image->source_blocks);
		return -EIO;
	}
	copy = malloc(EROFS_BLOCK_SIZE);
	memcpy(copy, memory->bytes + number * EROFS_BLOCK_SIZE,
	       EROFS_BLOCK_SIZE);
	memory->blocks_out++;
	block_out->data = copy;
	block_out->handle = copy;
	return 0;
}

static void memory_put(struct erofs_image *image, struct erofs_block *block)
{
	struct memory *memory = image->source;

	memory->blocks_out--;
	free(block->handle);
}

static const struct erofs_image_ops memory_ops = {
	.get = memory_get,
	.put = memory_put,
};

static int memory_open(struct memory *memory)
{
	memory->image = (struct erofs_image){
		.ops = &memory_ops,
		.source = memory,
		.source_blocks = memory->size / EROFS_BLOCK_SIZE,
		.name = "test",
	};
	return erofs_image_open(&memory->image);
}

/* --- making images
 * ------------------------------------------------------------ */

static const char *in_folder(const char *name)
{
	static char path[256];

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	return path;
}

static uint8_t pattern(size_t offset)
{
	return (uint8_t)(offset * 7 + offset / 4096 + 1);
}

static void make_file(const char *name, size_t size)
{
	FILE *file = fopen(in_folder(name), "w");

	for (size_t i = 0; i < size; i++) {
		fputc(pattern(i), file);
	}
	fclose(file);
}

static void make_tree(void)
{
	char name[64];

	strcpy(folder + sizeof(folder) - 7, "XXXXXX");
	EXPECT(mkdtemp(folder) != NULL);
	mkdir(in_folder("tree"), 0755);
	make_file("tree/empty", 0);
	make_file("tree/small", 6);
	make_file("tree/block", 4096);
	make_file("tree/tail", 3 * 4096 + 77);
	make_file("tree/no-inline", 2 * 4096 + 4090);
	make_file("tree/large", 200000);
	symlink("some/where/else", in_folder("tree/link"));
	mkfifo(in_folder("tree/fifo"), 0640);
	mkdir(in_folder("tree/none"), 0700);
	mkdir(in_folder("tree/many"), 0755);
	for (int i = 0; i < MANY; i++) {
		snprintf(name, sizeof(name), "tree/many/some-name-%04d", i * 3);
		make_file(name, (size_t)i % 50);
	}
	setxattr(in_folder("tree/small"), "user.colour", "green", 5, 0);
	setxattr(in_folder("tree/tail"), "user.colour", "green", 5, 0);
	setxattr(in_folder("tree/tail"), "user.own", "x", 1, 0);
}

static bool make_image(struct memory *memory, const char *options)
{
	char command[512];
	FILE *file;

	snprintf(command, sizeof(command),
		 "cd %s && rm -f image && mkfs.erofs --quiet %s image tree "
		 ">/dev/null 2>&1",
		 folder, options);
	if (system(command) != 0) {
		unit_test_fail(__FILE__, __LINE__, "mkfs.erofs works", 0, 0);
		return false;
	}
	file = fopen(in_folder("image"), "r");
	fseek(file, 0, SEEK_END);
	memory->size = (size_t)ftell(file);
	rewind(file);
	memory->bytes = malloc(memory->size);
	EXPECT(fread(memory->bytes, 1, memory->size, file) == memory->size);
	fclose(file);
	return true;
}

static void remove_tree(void)
{
	char command[300];

	snprintf(command, sizeof(command), "rm -rf %s", folder);
	EXPECT_EQ(system(command), 0);
}

/* --- good images
 * ---------------------------------------------------------------- */

static bool find(struct memory *memory, const char *path,
		 struct erofs_node *node_out)
{
	char copy[256];
	char *rest = NULL;

	snprintf(copy, sizeof(copy), "%s", path);
	if (erofs_node_read(&memory->image, memory->image.root_node,
			    node_out) != 0) {
		return false;
	}
	for (char *part = strtok_r(copy, "/", &rest); part != NULL;
	     part = strtok_r(NULL, "/", &rest)) {
		uint64_t number;

		if (erofs_dir_lookup(&memory->image, node_out, part,
				     strlen(part), &number) != 0 ||
		    erofs_node_read(&memory->image, number, node_out) != 0) {
			return false;
		}
	}
	return true;
}

static void expect_file(struct memory *memory, const char *path, size_t size)
{
	struct erofs_node node;
	uint8_t *data = malloc(size + 1);
	bool good = find(memory, path, &node) && node.size == size &&
		    (node.mode & S_IFMT) == S_IFREG &&
		    erofs_node_data(&memory->image, &node, 0, data, size) == 0;

	for (size_t i = 0; good && i < size; i++) {
		good = data[i] == pattern(i);
	}
	if (!good) {
		unit_test_fail(__FILE__, __LINE__, path, (long long)size, 0);
	}
	free(data);
}

struct listing {
	unsigned count;
	unsigned limit;
	char last[EROFS_NAME_MAX + 1];
	bool sorted;
};

static bool list_entry_seen(void *arg, const struct erofs_entry *entry,
			    uint64_t next)
{
	struct listing *listing = arg;
	char name[EROFS_NAME_MAX + 1];

	(void)next;
	if (listing->limit == 0) {
		return false;
	}
	listing->limit--;
	memcpy(name, entry->name, entry->length);
	name[entry->length] = '\0';
	if (listing->count > 0 && strcmp(listing->last, name) >= 0) {
		listing->sorted = false;
	}
	strcpy(listing->last, name);
	listing->count++;
	return true;
}

static void expect_listing(struct memory *memory, const char *path,
			   unsigned count, unsigned step)
{
	struct listing listing = {.sorted = true};
	struct erofs_node node;
	uint64_t position = 0;
	unsigned before;

	EXPECT(find(memory, path, &node));
	do {
		before = listing.count;
		listing.limit = step;
		EXPECT_EQ(erofs_dir_list(&memory->image, &node, &position,
					 list_entry_seen, &listing),
			  0);
	} while (listing.count > before);
	EXPECT_EQ(listing.count, count);
	EXPECT(listing.sorted);
}

static void expect_names(struct memory *memory)
{
	struct erofs_node node;
	char name[64];

	for (int i = 0; i < MANY; i++) {
		snprintf(name, sizeof(name), "many/some-name-%04d", i * 3);
		expect_file(memory, name, (size_t)i % 50);
		snprintf(name, sizeof(name), "many/some-name-%04d", i * 3 + 1);
		EXPECT(!find(memory, name, &node));
	}
	EXPECT(!find(memory, "many/a", &node));
	EXPECT(!find(memory, "many/zzz", &node));
	EXPECT(!find(memory, "none/zzz", &node));
}

static void expect_special(struct memory *memory)
{
	struct erofs_node node;
	char target[32] = "";

	EXPECT(find(memory, "link", &node));
	EXPECT_EQ(node.size, 15);
	EXPECT_EQ(erofs_node_data(&memory->image, &node, 0, target, 15), 0);
	EXPECT(strcmp(target, "some/where/else") == 0);
	EXPECT(find(memory, "fifo", &node));
	EXPECT_EQ(node.mode & S_IFMT, S_IFIFO);
	EXPECT(find(memory, "none", &node));
	EXPECT_EQ(node.mode, S_IFDIR | 0700);
	EXPECT_EQ(node.link_count, 2);
}

static void expect_tree(struct memory *memory)
{
	EXPECT_EQ(memory_open(memory), 0);
	expect_file(memory, "empty", 0);
	expect_file(memory, "small", 6);
	expect_file(memory, "block", 4096);
	expect_file(memory, "tail", 3 * 4096 + 77);
	expect_file(memory, "no-inline", 2 * 4096 + 4090);
	expect_file(memory, "large", 200000);
	expect_names(memory);
	expect_special(memory);
	expect_listing(memory, "many", MANY + 2, 1000);
	expect_listing(memory, "many", MANY + 2, 7);
	expect_listing(memory, "none", 2, 1);
	expect_listing(memory, "", 12, 3);
	EXPECT_EQ(memory->blocks_out, 0);
}

TEST(erofs, images_of_mkfs)
{
	static const char *const options[] = {
		"",
		"-Eforce-inode-extended",
		"-Eforce-inode-compact",
		"-Enoinline_data",
		"--chunksize=4096",
		"--chunksize=65536",
		"-Eforce-chunk-indexes --chunksize=8192",
		"-x-1",
		"-x1",
	};
	struct memory memory = {.blocks_out = 0};

	make_tree();
	for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++) {
		if (make_image(&memory, options[i])) {
			expect_tree(&memory);
			free(memory.bytes);
		}
	}
	remove_tree();
}

TEST(erofs, extended_attributes)
{
	struct memory memory = {.blocks_out = 0};
	struct erofs_node node;
	char value[16];
	char list[64];

	make_tree();
	if (getxattr(in_folder("tree/small"), "user.colour", value,
		     sizeof(value)) != 5 ||
	    !make_image(&memory, "-x1")) {
		printf("erofs: no extended attributes here: not tested\n");
		remove_tree();
		return;
	}
	EXPECT_EQ(memory_open(&memory), 0);
	EXPECT(find(&memory, "tail", &node));
	EXPECT_EQ(erofs_xattr_get(&memory.image, &node, "user.colour", NULL, 0),
		  5);
	EXPECT_EQ(
		erofs_xattr_get(&memory.image, &node, "user.colour", value, 4),
		-ERANGE);
	EXPECT_EQ(
		erofs_xattr_get(&memory.image, &node, "user.colour", value, 16),
		5);
	EXPECT(memcmp(value, "green", 5) == 0);
	EXPECT_EQ(erofs_xattr_get(&memory.image, &node, "user.own", value, 16),
		  1);
	EXPECT_EQ(erofs_xattr_get(&memory.image, &node, "user.none", value, 16),
		  -ENODATA);
	EXPECT_EQ(erofs_xattr_list(&memory.image, &node, NULL, 0), 21);
	EXPECT_EQ(erofs_xattr_list(&memory.image, &node, list, 20), -ERANGE);
	EXPECT_EQ(erofs_xattr_list(&memory.image, &node, list, 64), 21);
	EXPECT(find(&memory, "block", &node));
	EXPECT_EQ(erofs_xattr_list(&memory.image, &node, list, 64), 0);
	free(memory.bytes);
	remove_tree();
}

TEST(erofs, compressed_images_are_refused)
{
	struct memory memory = {.blocks_out = 0};
	struct erofs_node node;

	make_tree();
	if (make_image(&memory, "-zlz4") && memory_open(&memory) == 0) {
		EXPECT(!find(&memory, "large", &node));
	}
	EXPECT_EQ(memory.blocks_out, 0);
	free(memory.bytes);
	remove_tree();
}

/* --- damaged images
 * ----------------------------------------------------------------- */

struct walk {
	struct memory *memory;
	unsigned nodes;
	unsigned depth;
};

static void walk_node(struct walk *walk, uint64_t number);

static bool walk_entry(void *arg, const struct erofs_entry *entry,
		       uint64_t next)
{
	struct walk *walk = arg;

	(void)next;
	if (walk->nodes >= WALK_MAX) {
		return false;
	}
	if (entry->name[0] != '.') {
		walk_node(walk, entry->node);
	}
	return true;
}

static void walk_data(struct walk *walk, const struct erofs_node *node)
{
	size_t size = node->size < DATA_READ_MAX ? node->size : DATA_READ_MAX;
	uint8_t *data = malloc(size + 1);
	struct erofs_extent extent;

	erofs_node_data(&walk->memory->image, node, 0, data, size);
	if (node->size > 0) {
		erofs_node_data(&walk->memory->image, node, node->size - 1,
				data, 1);
		erofs_node_map(&walk->memory->image, node,
			       (node->size - 1) / EROFS_BLOCK_SIZE, &extent);
	}
	free(data);
}

static void walk_node(struct walk *walk, uint64_t number)
{
	struct erofs_node node;
	uint64_t position = 0;
	uint64_t found;
	char list[300];

	walk->nodes++;
	if (walk->depth >= DEPTH_MAX ||
	    erofs_node_read(&walk->memory->image, number, &node) != 0) {
		return;
	}
	erofs_xattr_list(&walk->memory->image, &node, list, sizeof(list));
	erofs_xattr_get(&walk->memory->image, &node, "user.colour", list, 16);
	if ((node.mode & S_IFMT) != S_IFDIR) {
		walk_data(walk, &node);
		return;
	}
	erofs_dir_lookup(&walk->memory->image, &node, "some-name-0012", 14,
			 &found);
	erofs_dir_lookup(&walk->memory->image, &node, "small", 5, &found);
	walk->depth++;
	erofs_dir_list(&walk->memory->image, &node, &position, walk_entry,
		       walk);
	walk->depth--;
}

static uint32_t random_state = 12345;

static uint32_t next_random(void)
{
	random_state = random_state * 1664525u + 1013904223u;
	return random_state >> 8;
}

/* Superblock, inodes and directories are where damage is interesting: the
 * first blocks and whatever the walk found there. */
static void damage(struct memory *copy, size_t interesting)
{
	static const uint8_t values[] = {0, 1, 0x7f, 0x80, 0xff, 0xfe};
	unsigned count = 1 + next_random() % 6;

	copy->bytes[EROFS_SUPER_OFFSET +
		    offsetof(struct erofs_superblock, compatible)] = 0;
	for (unsigned i = 0; i < count; i++) {
		size_t at = EROFS_SUPER_OFFSET +
			    next_random() % (interesting - EROFS_SUPER_OFFSET);

		if (next_random() % 4 == 0) {
			at = next_random() % copy->size;
		}
		copy->bytes[at] =
			next_random() % 2 == 0
				? (uint8_t)next_random()
				: values[next_random() % sizeof(values)];
	}
}

static void walk_damaged(const struct memory *good, unsigned rounds)
{
	struct memory copy = {.size = good->size};

	copy.bytes = malloc(copy.size);
	for (unsigned i = 0; i < rounds; i++) {
		struct walk *walk = calloc(1, sizeof(*walk));

		memcpy(copy.bytes, good->bytes, copy.size);
		damage(&copy, i % 2 == 0 ? copy.size : 4096 + 1024);
		walk->memory = &copy;
		if (memory_open(&copy) == 0) {
			walk_node(walk, copy.image.root_node);
		}
		EXPECT_EQ(copy.blocks_out, 0);
		free(walk);
	}
	free(copy.bytes);
}

TEST(erofs, damaged_images)
{
	struct memory memory = {.blocks_out = 0};
	char command[300];

	make_tree();
	/* Small: so that most bytes matter. */
	snprintf(command, sizeof(command),
		 "cd %s/tree && rm -f large many/some-name-[1-9]* "
		 "many/some-name-0[1-9]*",
		 folder);
	EXPECT_EQ(system(command), 0);
	if (make_image(&memory, "-x1")) {
		walk_damaged(&memory, MUTATIONS);
		free(memory.bytes);
	}
	if (make_image(&memory, "--chunksize=4096")) {
		walk_damaged(&memory, MUTATIONS / 4);
		free(memory.bytes);
	}
	remove_tree();
}

TEST(erofs, cut_off_and_checksum)
{
	struct memory memory = {.blocks_out = 0};
	uint8_t *bytes;

	make_tree();
	if (!make_image(&memory, "")) {
		remove_tree();
		return;
	}
	bytes = memory.bytes;
	memory.size -= EROFS_BLOCK_SIZE;
	EXPECT_EQ(memory_open(&memory), -EINVAL);
	memory.size = 0;
	EXPECT_EQ(memory_open(&memory), -EINVAL);
	memory.size = EROFS_BLOCK_SIZE;
	EXPECT_EQ(memory_open(&memory), -EINVAL);
	memory.size = 4 * EROFS_BLOCK_SIZE;
	bytes[EROFS_SUPER_OFFSET + 200] ^= 1;
	EXPECT_EQ(memory_open(&memory), -EINVAL);
	bytes[EROFS_SUPER_OFFSET] ^= 1;
	EXPECT_EQ(memory_open(&memory), -EINVAL);
	EXPECT_EQ(memory.blocks_out, 0);
	free(bytes);
	remove_tree();
}
