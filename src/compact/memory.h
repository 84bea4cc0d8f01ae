/* SPDX-License-Identifier: Apache-2.0 */

/* What memory the machine and the cgroup allow, and how much of it this process has. Linux. */

#ifndef COMPACT_MEMORY_H
#define COMPACT_MEMORY_H

#include <stdint.h>

/*
 * The smallest of physical memory and the limits of our memory cgroup and its ancestors (v1 and
 * v2). `root` is "" or, in tests, a directory that stands for "/".
 */
uint64_t rg_memory_allowed_bytes(const char *root);

/* Resident bytes of this process now, and the most so far; 0 where it cannot be known. */
uint64_t rg_memory_resident_bytes(void);
uint64_t rg_memory_resident_bytes_max(void);

/* User and system time of this process. */
uint64_t rg_memory_cpu_ns(void);

#endif
