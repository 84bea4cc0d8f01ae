/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The quota of a process is the smallest among its own cgroup and that group's ancestors. The path
 * in /proc/self/cgroup is as seen from the cgroup namespace, so where the mount shows only a part
 * of the tree the path may not exist; then the mount's root stands for it.
 *
 * Files: v2 cpu.max ("max 100000" or "200000 100000"), v1 cpu.cfs_quota_us (-1: none) and
 * cpu.cfs_period_us (kernel documentation, cgroup-v2.rst and scheduler/sched-bwc.rst).
 */

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif

#include "weir/cpus.h"

#include <inttypes.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

enum {
    PATH_BYTES = 1024
};

static bool read_line(const char *path, char *line, size_t bytes)
{
    FILE *file = fopen(path, "re");

    if (file == NULL)
        return false;
    const bool is_read = fgets(line, (int)bytes, file) != NULL;
    (void)fclose(file);
    return is_read;
}

/* CPUs that the quota is worth, rounded up; UINT32_MAX: no quota. */
static uint32_t cpus_of(int64_t quota, int64_t period)
{
    if (quota <= 0 || period <= 0)
        return UINT32_MAX;
    const int64_t cpus = quota / period + (quota % period != 0);
    return cpus < UINT32_MAX ? (uint32_t)cpus : UINT32_MAX;
}

static uint32_t quota_in(const char *directory, bool is_v2)
{
    char path[PATH_BYTES + 64];
    char line[128];
    int64_t quota;
    int64_t period;

    if (is_v2) {
        (void)snprintf(path, sizeof path, "%s/cpu.max", directory);
        if (!read_line(path, line, sizeof line) ||
            sscanf(line, "%" SCNd64 " %" SCNd64, &quota, &period) != 2)
            return UINT32_MAX;
        return cpus_of(quota, period);
    }
    (void)snprintf(path, sizeof path, "%s/cpu.cfs_quota_us", directory);
    if (!read_line(path, line, sizeof line) || sscanf(line, "%" SCNd64, &quota) != 1)
        return UINT32_MAX;
    (void)snprintf(path, sizeof path, "%s/cpu.cfs_period_us", directory);
    if (!read_line(path, line, sizeof line) || sscanf(line, "%" SCNd64, &period) != 1)
        return UINT32_MAX;
    return cpus_of(quota, period);
}

/* The smallest quota from `mount`/`group` up to `mount`. */
static uint32_t quota_above(const char *mount, const char *group, bool is_v2)
{
    char path[PATH_BYTES];
    uint32_t cpus = UINT32_MAX;
    const size_t root_length = strlen(mount);

    if (snprintf(path, sizeof path, "%s%s", mount, group) >= (int)sizeof path)
        return UINT32_MAX;
    for (;;) {
        const uint32_t here = quota_in(path, is_v2);
        char *slash = strrchr(path, '/');

        if (here < cpus)
            cpus = here;
        if (strlen(path) <= root_length || slash == NULL)
            return cpus;
        *slash = '\0';
    }
}

/* True if the comma-separated `list` names the controller `cpu`. */
static bool has_cpu(const char *list)
{
    for (const char *at = list; at != NULL; at = strchr(at, ',')) {
        at += *at == ',';
        if (strncmp(at, "cpu", 3) == 0 && (at[3] == ',' || at[3] == '\0'))
            return true;
    }
    return false;
}

static uint32_t quota_of_process(void)
{
    char line[PATH_BYTES];
    uint32_t cpus = UINT32_MAX;
    FILE *file = fopen("/proc/self/cgroup", "re");

    if (file == NULL)
        return UINT32_MAX;
    /* Lines are "id:controllers:path"; v2 has an empty list of controllers. */
    while (fgets(line, sizeof line, file) != NULL) {
        char *controllers = strchr(line, ':');
        char *path = controllers == NULL ? NULL : strchr(controllers + 1, ':');
        uint32_t here = UINT32_MAX;

        if (path == NULL)
            continue;
        *path++ = '\0';
        controllers++;
        path[strcspn(path, "\n")] = '\0';
        if (*controllers == '\0')
            here = quota_above("/sys/fs/cgroup", path, true);
        else if (has_cpu(controllers))
            here = quota_above("/sys/fs/cgroup/cpu", path, false);
        if (here < cpus)
            cpus = here;
    }
    (void)fclose(file);
    return cpus;
}

uint32_t weir_cpu_count(void)
{
    const uint32_t quota = quota_of_process();
    cpu_set_t set;
    uint32_t cpus = 1;

    if (sched_getaffinity(0, sizeof set, &set) == 0 && CPU_COUNT(&set) > 0)
        cpus = (uint32_t)CPU_COUNT(&set);
    return quota < cpus ? quota : cpus;
}
