/* SPDX-License-Identifier: Apache-2.0 */

#include "stitch/feed.h"

void rg_feed_init(struct rg_feed *feed, struct rg_joiner *joiner,
                  const struct rg_feed_options *options)
{
    *feed = (struct rg_feed){
        .joiner = joiner,
        .kind = options->kind,
        .part = {.survey = options->survey,
                 .page = options->page,
                 .verdict = options->verdict,
                 .in_bytes = options->page->header.compressed_bytes,
                 .are_bounds_wide = options->are_bounds_found},
    };
    rg_level_cursor_init(&feed->cursor, options->survey->source->leaf, options->parts,
                         options->survey->def_map);
}

bool rg_feed_is_left(const struct rg_feed *feed)
{
    return feed->cursor.values_left > 0;
}

enum rg_status rg_feed_begin(struct rg_feed *feed, struct rg_error *err)
{
    return rg_joiner_begin(feed->joiner, feed->kind, feed->part.survey->has_split_rows, err);
}

enum rg_status rg_feed_levels(struct rg_feed *feed, uint32_t count, struct rg_error *err)
{
    RG_TRY(rg_joiner_levels(feed->joiner, &feed->cursor, count, &feed->step, err));
    feed->part.value_count += feed->step.value_count;
    feed->part.present_count += feed->step.present_count;
    return RG_OK;
}

enum rg_status rg_feed_end(struct rg_feed *feed, struct rg_error *err)
{
    struct rg_joiner *joiner = feed->joiner;
    const bool is_last = feed->cursor.values_left == 0;
    const bool is_complete = rg_joiner_is_full(joiner) || (is_last && joiner->is_alone);

    if (is_complete || is_last)
        rg_joiner_add_part(joiner, &feed->part);
    return is_complete ? rg_joiner_flush(joiner, err) : RG_OK;
}
