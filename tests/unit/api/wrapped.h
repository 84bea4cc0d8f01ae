/* SPDX-License-Identifier: Apache-2.0 */

/* Calls that the linker sends through a test (ld --wrap). */

#ifndef UNIT_API_WRAPPED_H
#define UNIT_API_WRAPPED_H

#include <stddef.h>

void *__real_malloc(size_t bytes);
void *__wrap_malloc(size_t bytes);

#endif
