/* SPDX-License-Identifier: Apache-2.0 */

/* System calls that the linker sends through a test (ld --wrap). */

#ifndef UNIT_STORE_WRAPPED_H
#define UNIT_STORE_WRAPPED_H

#include <sys/types.h>

int __real_linkat(int from_directory, const char *from, int to_directory, const char *to,
                  int flags);
int __wrap_linkat(int from_directory, const char *from, int to_directory, const char *to,
                  int flags);
int __real_mkdir(const char *path, mode_t mode);
int __wrap_mkdir(const char *path, mode_t mode);

#endif
