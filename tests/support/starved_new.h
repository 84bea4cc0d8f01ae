/* SPDX-License-Identifier: Apache-2.0 */

/* C++'s operator new of a test's program, which can be made to find no memory. */

#ifndef SUPPORT_STARVED_NEW_H
#define SUPPORT_STARVED_NEW_H

#include <stdbool.h>
#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/* From now on, in all threads. */
void starved_new_set(bool is_starved);

/* How often somebody asked. */
size_t starved_new_count(void);

#ifdef __cplusplus
}
#endif

#endif
