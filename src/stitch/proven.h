/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Bodies of index pages that were proven to run first, first + 1, first + 2, …: writers are
 * deterministic, so that the same bytes come again and again, and comparing them costs next to
 * nothing (README.md section 8). Remembered are only pages of flat columns without nulls.
 *
 * What is remembered never changes an output's bytes, only how fast they are made.
 */

#ifndef STITCH_PROVEN_H
#define STITCH_PROVEN_H

#include "base/allocator.h"
#include "stitch/source.h"

enum {
    RG_PROVEN_COUNT = 8,
    RG_PROVEN_BYTES_MAX = 65536, /* Longer bodies are not remembered. */
};

struct rg_proven_body {
    uint8_t *body; /* RG_PROVEN_BYTES_MAX of memory, or NULL. */
    size_t bytes;
    uint32_t value_count;
    uint32_t first_index;
    uint32_t def_bytes; /* V2 only, like the next. */
    uint32_t rep_bytes;
    uint8_t codec;
    uint8_t type;
    uint8_t def_max;
    bool is_compressed;
};

struct rg_proven {
    const struct rg_allocator *allocator;
    struct rg_proven_body bodies[RG_PROVEN_COUNT];
    uint32_t next; /* To be forgotten next. */
};

void rg_proven_init(struct rg_proven *proven, const struct rg_allocator *allocator);
void rg_proven_fini(struct rg_proven *proven);

/* True when this page, at this place in its chunk, is the same as a proven one. */
bool rg_proven_find(const struct rg_proven *proven, const struct rg_stitch_source *source,
                    const struct rg_source_page *page, uint32_t first_index);

/* Remembers a page that was proven. Without memory it is not remembered. */
void rg_proven_add(struct rg_proven *proven, const struct rg_stitch_source *source,
                   const struct rg_source_page *page, uint32_t first_index);

#endif
