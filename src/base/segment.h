/* SPDX-License-Identifier: Apache-2.0 */

/* One piece of an output that is written as a list of pieces, without joining them in memory. */

#ifndef BASE_SEGMENT_H
#define BASE_SEGMENT_H

#include <stddef.h>
#include <stdint.h>

struct rg_segment {
    const uint8_t *data;
    size_t bytes;
};

#endif
