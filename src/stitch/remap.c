/* SPDX-License-Identifier: Apache-2.0 */

#include "stitch/remap.h"

#include "stitch/feed.h"
#include "stitch/indices.h"
#include "stitch/kernels.h"

/* Indices that are read and translated while they are in the cache. */
static const uint32_t step_indices = 4096;

/* Translates the next `count` indices into the page in the making. */
static enum rg_status move_indices(struct rg_joiner *joiner, struct rg_index_reader *reader,
                                   const struct rg_dict_map *map, uint32_t count,
                                   struct rg_error *err)
{
    uint32_t *room;
    uint32_t step;

    RG_TRY(rg_joiner_index_room(joiner, count, &room, err));
    for (uint32_t done = 0; done < count; done += step) {
        step = count - done < step_indices ? count - done : step_indices;
        RG_TRY(rg_index_read(reader, step, room + done, err));
        const uint32_t highest = rg_kernel_map(room + done, step, map->new_index);

        joiner->index_max = highest > joiner->index_max ? highest : joiner->index_max;
    }
    joiner->index_count += count;
    return RG_OK;
}

enum rg_status rg_remap_page(struct rg_joiner *joiner, const struct rg_survey *survey,
                             const struct rg_source_page *page, const struct rg_dict_map *map,
                             enum rg_verdict verdict, struct rg_error *err)
{
    struct rg_parts parts;
    const struct rg_feed_options options = {.survey = survey,
                                            .page = page,
                                            .parts = &parts,
                                            .kind = RG_JOIN_INDICES,
                                            .verdict = verdict};
    struct rg_index_reader reader;
    struct rg_feed feed;

    RG_TRY(rg_parts_take(joiner->bench, survey->source, page, true, &parts, err));
    RG_TRY(rg_index_reader_init(&reader, parts.values, parts.present_count, map->entry_count, err));
    rg_feed_init(&feed, joiner, &options);
    while (rg_feed_is_left(&feed)) {
        RG_TRY(rg_feed_begin(&feed, err));
        RG_TRY(rg_feed_levels(&feed, rg_joiner_room(joiner), err));
        RG_TRY(move_indices(joiner, &reader, map, feed.step.present_count, err));
        RG_TRY(rg_feed_end(&feed, err));
    }
    return RG_OK;
}
