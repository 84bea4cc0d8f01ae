/* SPDX-License-Identifier: Apache-2.0 */

/*
 * A source page whose values are translated on their way into the page in the making: levels and
 * values go over together, piece by piece, so that pages of the output have sizes of their own.
 */

#ifndef STITCH_FEED_H
#define STITCH_FEED_H

#include "base/error.h"
#include "stitch/join.h"

/* Where the page comes from, and what it becomes. */
struct rg_feed_options {
    const struct rg_survey *survey;
    const struct rg_source_page *page;
    const struct rg_parts *parts; /* The page's; levels are borrowed while it is fed. */
    enum rg_join_kind kind;
    enum rg_verdict verdict;
    bool are_bounds_found; /* Who moves the values finds their bounds: the source's do not count. */
};

/*
 *     while (rg_feed_is_left(&feed)) {
 *         rg_feed_begin(&feed, err);
 *         rg_feed_levels(&feed, rg_joiner_room(joiner) or fewer, err);
 *         ... moves feed.step.present_count values into the joiner ...
 *         rg_feed_end(&feed, err);
 *     }
 */
struct rg_feed {
    struct rg_joiner *joiner; /* Set at init, then constant. */
    enum rg_join_kind kind;
    struct rg_join_part part;
    struct rg_level_cursor cursor;
    struct rg_level_step step; /* The piece. */
};

void rg_feed_init(struct rg_feed *feed, struct rg_joiner *joiner,
                  const struct rg_feed_options *options);

bool rg_feed_is_left(const struct rg_feed *feed);

/*
 * Begins a piece: the page in the making is one that may take it, so that its room is known.
 *
 * Errors:  as rg_joiner_flush().
 */
RG_MUST_CHECK enum rg_status rg_feed_begin(struct rg_feed *feed, struct rg_error *err);

/*
 * Moves the piece's levels, as rg_joiner_levels().
 *
 * Errors:  as rg_joiner_levels().
 */
RG_MUST_CHECK enum rg_status rg_feed_levels(struct rg_feed *feed, uint32_t count,
                                            struct rg_error *err);

/*
 * Ends the piece, whose values are in. Writes the page in the making where it is full, or may not
 * be joined with what comes next.
 *
 * Errors:  as rg_joiner_flush().
 */
RG_MUST_CHECK enum rg_status rg_feed_end(struct rg_feed *feed, struct rg_error *err);

#endif
