/* SPDX-License-Identifier: Apache-2.0 */

/* Directories for tests, removed when the process ends. */

#ifndef SUPPORT_SCRATCH_H
#define SUPPORT_SCRATCH_H

#include <stddef.h>

/* A new, empty directory; its absolute path lives as long as the process. */
const char *scratch_new(void);

/* Removes `path` and everything below it. */
void scratch_remove(const char *path);

/* Writes a file whole, making the directories above it; fails the test when that fails. */
void scratch_write(const char *directory, const char *name, const void *data, size_t bytes);

/* The whole of a file as malloc'd, NUL-terminated bytes; NULL when it is not there. */
char *scratch_read(const char *directory, const char *name, size_t *ret_bytes);

#endif
