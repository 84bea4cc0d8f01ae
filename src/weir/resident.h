/* SPDX-License-Identifier: Apache-2.0 */

/* What the process takes in memory. */

#ifndef WEIR_RESIDENT_H
#define WEIR_RESIDENT_H

#include <stdint.h>

/* 0 where the system does not tell. */
uint64_t weir_resident_bytes(void);

#endif
