/* SPDX-License-Identifier: Apache-2.0 */

/*
 * A process is held by its own memory cgroup and by every ancestor, so all are read up to the root.
 * In a container the path in /proc/self/cgroup may lie outside of what is mounted: then the mount's
 * own root is what limits us, and it is always read.
 */

#include "compact/memory.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

enum {
    PATH_BYTES = 4096
};

/* A number at the start of a file; `none` where the file, or a number in it, is not there. */
static uint64_t read_number(const char *path, uint64_t none)
{
    char text[64];
    FILE *file = fopen(path, "re");

    if (file == NULL)
        return none;
    const size_t bytes = fread(text, 1, sizeof text - 1, file);
    (void)fclose(file);
    text[bytes] = '\0';
    char *end;
    const unsigned long long number = strtoull(text, &end, 10);
    return end == text ? none : (uint64_t)number; /* "max" is no number. */
}

/* The smallest limit from `group` up to the mount `base`; cuts `group` as it goes. */
static uint64_t smallest_limit(const char *root, const char *base, char *group, const char *file)
{
    char path[PATH_BYTES * 2];
    uint64_t smallest = UINT64_MAX;

    for (;;) {
        (void)snprintf(path, sizeof path, "%s%s%s/%s", root, base, group, file);
        const uint64_t limit = read_number(path, UINT64_MAX);
        smallest = limit < smallest ? limit : smallest;
        char *slash = strrchr(group, '/');
        if (slash == NULL)
            return smallest;
        *slash = '\0';
    }
}

/* A line of /proc/self/cgroup is "id:controllers:path"; v2 has no controllers. */
static uint64_t limit_of_line(const char *root, char *line)
{
    char *controllers = strchr(line, ':');
    char *group = controllers != NULL ? strchr(controllers + 1, ':') : NULL;

    if (group == NULL)
        return UINT64_MAX;
    *controllers++ = '\0';
    *group++ = '\0';
    group[strcspn(group, "\n")] = '\0';
    if (strcmp(group, "/") == 0)
        *group = '\0';
    if (*controllers == '\0')
        return smallest_limit(root, "/sys/fs/cgroup", group, "memory.max");
    for (const char *at = controllers; at != NULL; at = strchr(at, ',')) {
        at += *at == ',';
        const size_t length = strcspn(at, ",");
        if (length == 6 && strncmp(at, "memory", length) == 0)
            return smallest_limit(root, "/sys/fs/cgroup/memory", group, "memory.limit_in_bytes");
        if (at[length] == '\0')
            break;
        at += length;
    }
    return UINT64_MAX;
}

uint64_t rg_memory_allowed_bytes(const char *root)
{
    char path[PATH_BYTES];
    char line[PATH_BYTES];
    const long pages = sysconf(_SC_PHYS_PAGES);
    const long page_bytes = sysconf(_SC_PAGESIZE);
    uint64_t allowed = UINT64_MAX;

    if (pages > 0 && page_bytes > 0)
        allowed = (uint64_t)pages * (uint64_t)page_bytes;
    (void)snprintf(path, sizeof path, "%s/proc/self/cgroup", root);
    FILE *file = fopen(path, "re");
    if (file == NULL)
        return allowed;
    while (fgets(line, sizeof line, file) != NULL) {
        const uint64_t limit = limit_of_line(root, line);
        allowed = limit < allowed ? limit : allowed;
    }
    (void)fclose(file);
    return allowed;
}

uint64_t rg_memory_resident_bytes(void)
{
    FILE *file = fopen("/proc/self/statm", "re");
    const long page_bytes = sysconf(_SC_PAGESIZE);
    char text[128];

    if (file == NULL || page_bytes <= 0)
        return 0;
    const bool has_line = fgets(text, sizeof text, file) != NULL;
    (void)fclose(file);
    if (!has_line)
        return 0;
    char *resident;
    (void)strtoull(text, &resident, 10);
    return strtoull(resident, NULL, 10) * (uint64_t)page_bytes;
}

/* Not ru_maxrss of getrusage(): that counts what the parent had at fork. */
uint64_t rg_memory_resident_bytes_max(void)
{
    FILE *file = fopen("/proc/self/status", "re");
    char line[256];
    uint64_t kibibytes = 0;

    if (file == NULL)
        return 0;
    while (fgets(line, sizeof line, file) != NULL) {
        if (strncmp(line, "VmHWM:", 6) == 0)
            kibibytes = strtoull(line + 6, NULL, 10);
    }
    (void)fclose(file);
    return kibibytes * 1024;
}

static uint64_t ns_of(struct timeval time)
{
    return (uint64_t)time.tv_sec * UINT64_C(1000000000) + (uint64_t)time.tv_usec * 1000;
}

uint64_t rg_memory_cpu_ns(void)
{
    struct rusage usage;

    if (getrusage(RUSAGE_SELF, &usage) != 0)
        return 0;
    return ns_of(usage.ru_utime) + ns_of(usage.ru_stime);
}
