# Which files a room consists of.
#
# A room's module.mk says, relative to itself:
#	obj-y += a.o			from a.c or a.S
#	obj-$(CONFIG_X) += b.o
#	subdir-y += c			read c/module.mk next
#	subdir-$(CONFIG_X) += d
# and may hold rules for what it generates, under $(GEN) or $(OBJ), and flags of
# one file: CFLAGS_a.o += ... (with the path: CFLAGS_lib/a.o).  A folder that is
# not there yet is skipped; scripts/check_deps.py finds sources without a line.

ROOMS := lib arch/$(ARCH) core drivers platform fs net loader linux libc modules

# $(call add_room,folder): appends its objects to ROOM_OBJECTS.
define add_room
obj-y :=
subdir-y :=
room := $(1)
include $(1)/module.mk
ROOM_OBJECTS += $$(addprefix $(1)/,$$(obj-y))
$$(foreach d,$$(subdir-y),$$(eval $$(call add_room_if_there,$(1)/$$(d))))
endef
define add_room_if_there
$(if $(wildcard $(1)/module.mk),$(call add_room,$(1)))
endef
