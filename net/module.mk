subdir-y += socket unix
