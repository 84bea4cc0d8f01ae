/* SPDX-License-Identifier: Apache-2.0 */

#include "stitch/proven.h"

#include <string.h>

void rg_proven_init(struct rg_proven *proven, const struct rg_allocator *allocator)
{
    *proven = (struct rg_proven){.allocator = allocator};
}

void rg_proven_fini(struct rg_proven *proven)
{
    for (unsigned i = 0; i < RG_PROVEN_COUNT; i++) {
        rg_release(proven->allocator, proven->bodies[i].body, RG_PROVEN_BYTES_MAX);
        proven->bodies[i] = (struct rg_proven_body){0};
    }
}

/* Everything that the meaning of a body depends on. */
static bool is_same(const struct rg_proven_body *body, const struct rg_stitch_source *source,
                    const struct rg_source_page *page, uint32_t first_index)
{
    return body->bytes == page->body.bytes && body->value_count == page->header.value_count &&
           body->first_index == first_index && body->codec == source->chunk->codec &&
           body->type == page->header.type && body->def_bytes == page->header.def_bytes &&
           body->rep_bytes == page->header.rep_bytes &&
           body->is_compressed == page->header.is_compressed &&
           body->def_max == source->leaf->def_max &&
           memcmp(body->body, page->body.data, body->bytes) == 0;
}

bool rg_proven_find(const struct rg_proven *proven, const struct rg_stitch_source *source,
                    const struct rg_source_page *page, uint32_t first_index)
{
    if (source->leaf->rep_max > 0)
        return false;
    for (unsigned i = 0; i < RG_PROVEN_COUNT; i++) {
        if (proven->bodies[i].bytes > 0 && is_same(&proven->bodies[i], source, page, first_index))
            return true;
    }
    return false;
}

void rg_proven_add(struct rg_proven *proven, const struct rg_stitch_source *source,
                   const struct rg_source_page *page, uint32_t first_index)
{
    struct rg_proven_body *body = &proven->bodies[proven->next];

    if (source->leaf->rep_max > 0 || page->body.bytes == 0 ||
        page->body.bytes > RG_PROVEN_BYTES_MAX)
        return;
    if (body->body == NULL)
        body->body = rg_alloc(proven->allocator, RG_PROVEN_BYTES_MAX);
    if (body->body == NULL)
        return;
    proven->next = (proven->next + 1) % RG_PROVEN_COUNT;
    memcpy(body->body, page->body.data, page->body.bytes);
    body->bytes = page->body.bytes;
    body->value_count = page->header.value_count;
    body->first_index = first_index;
    body->def_bytes = page->header.def_bytes;
    body->rep_bytes = page->header.rep_bytes;
    body->codec = source->chunk->codec;
    body->type = page->header.type;
    body->def_max = source->leaf->def_max;
    body->is_compressed = page->header.is_compressed;
}
