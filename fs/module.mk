subdir-y += table vfs ramfs devfs cpio
subdir-$(CONFIG_EROFS) += erofs
subdir-$(CONFIG_PROCFS) += procfs
subdir-$(CONFIG_SYSFS) += sysfs
