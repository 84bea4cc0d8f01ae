/* SPDX-License-Identifier: Apache-2.0 */

#include "base/failpoint.h"

#ifdef RG_FAILPOINTS

#include <fcntl.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void log_passing(const char *path, const char *name)
{
    const int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);

    if (fd < 0)
        return;
    char line[128];
    size_t length = strlen(name);
    if (length > sizeof line - 1)
        length = sizeof line - 1;
    memcpy(line, name, length);
    line[length] = '\n';
    const ssize_t written = write(fd, line, length + 1);
    (void)written;
    (void)close(fd);
}

void rg_failpoint_pass(const char *name)
{
    static atomic_ulong passed;
    const char *log = getenv("REGROUP_FAILPOINT_LOG");
    const char *wanted = getenv("REGROUP_FAILPOINT");

    if (log != NULL)
        log_passing(log, name);
    if (wanted == NULL)
        return;
    const size_t name_length = strlen(name);
    if (strncmp(wanted, name, name_length) != 0)
        return;
    unsigned long turn = 1;
    if (wanted[name_length] == ':')
        turn = strtoul(wanted + name_length + 1, NULL, 10);
    else if (wanted[name_length] != '\0')
        return;
    if (atomic_fetch_add(&passed, 1) + 1 == turn)
        _exit(137);
}

#else

/* ISO C wants a translation unit that is not empty. */
typedef int rg_failpoint_unused;

#endif
