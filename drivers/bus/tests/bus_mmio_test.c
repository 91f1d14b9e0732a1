/* SPDX-License-Identifier: BSD-3-Clause */

#include <drivers/bus.h>

#include <debug/unit_test.h>
#include <uapi/errno.h>

TEST(bus_mmio, parse)
{
	struct bus_mmio device;

	EXPECT_EQ(bus_mmio_parse("512@0xfeb00e00:12", &device), 0);
	EXPECT_EQ(device.address, 0xfeb00e00);
	EXPECT_EQ(device.size, 512);
	EXPECT_EQ(device.line, 12);
	EXPECT_EQ(bus_mmio_parse("4K@0xd0000000:5:2", &device), 0);
	EXPECT_EQ(device.size, 4096);
	EXPECT_EQ(bus_mmio_parse("4K@0xd0000000", &device), -EINVAL);
	EXPECT_EQ(bus_mmio_parse("@0xd0000000:1", &device), -EINVAL);
	EXPECT_EQ(bus_mmio_parse("0@0xd0000000:1", &device), -EINVAL);
	EXPECT_EQ(bus_mmio_parse("4K@0xfffffffffffff000:1", &device), -EINVAL);
	EXPECT_EQ(bus_mmio_parse("512@0x1000:x", &device), -EINVAL);
	EXPECT_EQ(bus_mmio_parse("512@0x1000:1,", &device), -EINVAL);
	EXPECT_EQ(bus_mmio_parse("", &device), -EINVAL);
}
