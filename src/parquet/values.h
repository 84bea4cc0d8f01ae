/* SPDX-License-Identifier: Apache-2.0 */

/*
 * A vector of decoded values, of any physical type, that copies as little as possible.
 *
 * Values of a fixed width lie one after another, in the byte order of the PLAIN encoding and
 * without any alignment: often in the page itself. A BOOLEAN is a byte, 0 or 1. BYTE_ARRAY values
 * are views: where each one begins and how long it is, in bytes that belong to the page, to the
 * dictionary or to the decoder. Nulls are not there; they are a matter of levels.
 *
 * A vector is valid until the decoder that made it is asked for more.
 */

#ifndef PARQUET_VALUES_H
#define PARQUET_VALUES_H

#include <string.h>

#include "base/allocator.h"
#include "base/buffer.h"
#include "base/error.h"
#include "base/span.h"
#include "parquet/types.h"

/* One BYTE_ARRAY value: bytes offset .. offset + bytes of what the vector points into. */
struct rg_view {
    uint32_t offset;
    uint32_t bytes;
};

struct rg_values {
    uint32_t count;
    uint32_t width_bytes; /* Of each value; 0 and is_variable for BYTE_ARRAY. */
    bool is_variable;
    const uint8_t *fixed;        /* count * width_bytes bytes; not of BYTE_ARRAY. */
    const struct rg_view *views; /* BYTE_ARRAY only. */
    const uint8_t *bytes;        /* What the views point into. */
};

/* What the values of a column are, for decoders. */
struct rg_value_kind {
    uint8_t type;         /* enum rg_type. */
    bool is_variable;     /* BYTE_ARRAY. */
    uint32_t width_bytes; /* 1 for BOOLEAN; 0 for BYTE_ARRAY. */
};

/*
 * The kind of a physical type; `type_length` counts for FIXED_LEN_BYTE_ARRAY only.
 *
 * Errors:  RG_ERR_UNSUPPORTED for unknown types, RG_ERR_CORRUPT for a negative length.
 */
RG_MUST_CHECK enum rg_status rg_value_kind_init(struct rg_value_kind *kind, unsigned type,
                                                int32_t type_length, struct rg_error *err);

/* The bytes of value `index`. */
static inline struct rg_span rg_values_at(const struct rg_values *values, uint32_t index)
{
    if (values->is_variable)
        return (struct rg_span){values->bytes + values->views[index].offset,
                                values->views[index].bytes};
    return (struct rg_span){values->fixed + (size_t)index * values->width_bytes,
                            values->width_bytes};
}

enum {
    /* Most values (and levels) that are decoded at a time: their buffers fit the second cache. */
    RG_BATCH_VALUES_MAX = 4096
};

/*
 * Where decoders put what does not lie ready in a page. It is made for one kind of value, holds
 * count_max values of it, and serves one decoder at a time.
 */
struct rg_value_room {
    const struct rg_allocator *allocator; /* Set at init, then constant. */
    struct rg_value_kind kind;            /* Set at init, then constant. */
    uint32_t count_max;                   /* Set at init, then constant: for kind.width_bytes. */
    uint8_t *fixed;                       /* count_max values; NULL for BYTE_ARRAY. */
    struct rg_view *views;                /* count_max of them; NULL unless BYTE_ARRAY. */
    uint32_t *words;                      /* RG_BATCH_VALUES_MAX: indices, lengths. */
    struct rg_buffer bytes;               /* Values that DELTA_BYTE_ARRAY puts together. */
    struct rg_buffer last;                /* The last of them, for the next batch. */
};

/*
 * Room for values of `kind`. DELTA_BYTE_ARRAY may make it grow by the length of one value and
 * 1 MiB; everything else stays within rg_value_room_bytes().
 *
 * Errors:  RG_ERR_NOMEM.
 */
RG_MUST_CHECK enum rg_status rg_value_room_init(struct rg_value_room *room,
                                                const struct rg_allocator *allocator,
                                                const struct rg_value_kind *kind,
                                                struct rg_error *err);
/* Fine on zeroed memory, and twice. */
void rg_value_room_fini(struct rg_value_room *room);
size_t rg_value_room_bytes(const struct rg_value_kind *kind);

/*
 * Looks up `count` entries (at most room->count_max): values[i] = dictionary[indices[i]]. The
 * indices have been checked. The result lies in `room` and, of BYTE_ARRAY, in the dictionary.
 */
void rg_values_lookup(const struct rg_values *dictionary, const uint32_t *indices, uint32_t count,
                      struct rg_value_room *room, struct rg_values *ret_values);

/* The largest of `count` numbers; 0 for none. */
uint32_t rg_max_u32(const uint32_t *numbers, uint32_t count);
uint8_t rg_max_u8(const uint8_t *numbers, uint32_t count);

#endif
