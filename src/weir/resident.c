/* SPDX-License-Identifier: Apache-2.0 */

/* The second number of /proc/self/statm: resident pages (proc(5)). Some 3 us. */

#include "weir/resident.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

uint64_t weir_resident_bytes(void)
{
    char text[128];
    char *rest;
    const int file = open("/proc/self/statm", O_RDONLY | O_CLOEXEC);

    if (file < 0)
        return 0;
    const ssize_t length = read(file, text, sizeof text - 1);
    (void)close(file);
    if (length <= 0)
        return 0;
    text[length] = '\0';
    (void)strtoull(text, &rest, 10);
    const unsigned long long pages = strtoull(rest, NULL, 10);
    const long page_bytes = sysconf(_SC_PAGESIZE);
    return page_bytes > 0 ? (uint64_t)pages * (uint64_t)page_bytes : 0;
}
