/* SPDX-License-Identifier: Apache-2.0 */

#include "stitch/dissolve.h"

#include <string.h>

#include "base/limits.h"
#include "stitch/feed.h"
#include "stitch/indices.h"
#include "stitch/kernels.h"

enum {
    STEP_VALUES = 1024, /* Read at a time. */
};

static void gather_fixed(const struct rg_dict_table *table, const uint32_t *indices, uint32_t count,
                         uint8_t *out)
{
    const size_t bytes = table->entry_bytes;

    if (bytes == 4) {
        rg_kernel_gather4(table->plain.data, indices, count, out);
        return;
    }
    if (bytes == 8) {
        rg_kernel_gather8(table->plain.data, indices, count, out);
        return;
    }
    for (uint32_t i = 0; i < count; i++)
        memcpy(out + i * bytes, table->plain.data + indices[i] * bytes, bytes);
}

static void gather_strings(const struct rg_dict_table *table, const uint32_t *indices,
                           uint32_t count, uint8_t *out)
{
    for (uint32_t i = 0; i < count; i++) {
        const struct rg_span entry = rg_dict_table_entry(table, indices[i]);

        memcpy(out, entry.data, entry.bytes);
        out += entry.bytes;
    }
}

static size_t bytes_of(const struct rg_dict_table *table, const uint32_t *indices, uint32_t count)
{
    size_t bytes = 0;

    if (table->entry_bytes != 0)
        return (size_t)count * table->entry_bytes;
    for (uint32_t i = 0; i < count; i++)
        bytes += table->offsets[indices[i] + 1] - table->offsets[indices[i]];
    return bytes;
}

void rg_dissolve_gather(const struct rg_dict_table *table, const uint32_t *indices, uint32_t count,
                        struct rg_buffer *out)
{
    const size_t bytes = bytes_of(table, indices, count);
    uint8_t *room = rg_buffer_reserve(out, bytes + rg_slack_bytes);

    if (room == NULL)
        return;
    if (table->entry_bytes != 0)
        gather_fixed(table, indices, count, room);
    else
        gather_strings(table, indices, count, room);
    out->bytes += bytes;
}

/* The indices of a page on their way. */
struct stream {
    struct rg_index_reader reader;
    uint32_t left; /* Not read yet. */
    uint32_t count;
    uint32_t used;                 /* Of those that were read: moved. */
    uint32_t indices[STEP_VALUES]; /* `count` of them. */
};

/* Makes sure that an index is there, where some are left. */
static enum rg_status need_indices(struct stream *stream, struct rg_error *err)
{
    const uint32_t count = stream->left < STEP_VALUES ? stream->left : STEP_VALUES;

    if (stream->used < stream->count || count == 0)
        return RG_OK;
    RG_TRY(rg_index_read(&stream->reader, count, stream->indices, err));
    stream->count = count;
    stream->used = 0;
    stream->left -= count;
    return RG_OK;
}

/* How many of the values whose indices were read fit into so many bytes. */
static uint32_t count_fitting(const struct stream *stream, const struct rg_dict_table *table,
                              size_t room)
{
    uint32_t at = stream->used;

    for (; at < stream->count; at++) {
        const size_t bytes = rg_dict_table_entry(table, stream->indices[at]).bytes;

        if (bytes > room)
            break;
        room -= bytes;
    }
    return at - stream->used;
}

/*
 * How many levels may come in so that the page does not grow past its target, but for one value.
 * One long entry, used or not, must not make steps short: what is cut in pieces takes longer, and
 * so do its levels.
 */
static uint32_t find_step(const struct rg_joiner *joiner, const struct stream *stream,
                          const struct rg_dict_table *table)
{
    const size_t target = joiner->bench->page_bytes;
    const size_t bytes = joiner->values.bytes;
    const size_t room = bytes < target ? target - bytes : 0;
    const uint32_t most = rg_joiner_room(joiner);

    if (joiner->is_alone || stream->used == stream->count || table->entry_bytes_max == 0)
        return most;
    size_t step = room / table->entry_bytes_max;
    if (step < STEP_VALUES && step < most && table->entry_bytes == 0) {
        const uint32_t counted = count_fitting(stream, table, room);

        step = counted > step ? counted : step;
    }
    step = step < most ? step : most;
    return step > 0 ? (uint32_t)step : 1;
}

static enum rg_status move_values(struct rg_joiner *joiner, struct stream *stream,
                                  const struct rg_dict_table *table, uint32_t count,
                                  struct rg_error *err)
{
    while (count > 0) {
        RG_TRY(need_indices(stream, err));
        const uint32_t rest = stream->count - stream->used;
        const uint32_t step = count < rest ? count : rest;
        const size_t before = joiner->values.bytes;

        rg_dissolve_gather(table, stream->indices + stream->used, step, &joiner->values);
        RG_TRY(rg_buffer_check(&joiner->values, "dissolved page", err));
        joiner->bench->moves.copied_bytes += joiner->values.bytes - before;
        stream->used += step;
        count -= step;
    }
    return RG_OK;
}

enum rg_status rg_dissolve_page(struct rg_joiner *joiner, const struct rg_survey *survey,
                                const struct rg_source_page *page,
                                const struct rg_dict_table *table, struct rg_error *err)
{
    struct rg_parts parts;
    const struct rg_feed_options options = {
        .survey = survey,
        .page = page,
        .parts = &parts,
        .kind = joiner->delta_encoding != RG_ENCODING_PLAIN ? RG_JOIN_DELTA : RG_JOIN_VALUES,
        .verdict = RG_VERDICT_DISSOLVE};
    struct stream stream;
    struct rg_feed feed;

    RG_TRY(rg_parts_take(joiner->bench, survey->source, page, true, &parts, err));
    RG_TRY(rg_index_reader_init(&stream.reader, parts.values, parts.present_count,
                                table->entry_count, err));
    stream.left = parts.present_count;
    stream.count = 0;
    stream.used = 0;
    rg_feed_init(&feed, joiner, &options);
    while (rg_feed_is_left(&feed)) {
        RG_TRY(rg_feed_begin(&feed, err));
        RG_TRY(need_indices(&stream, err));
        RG_TRY(rg_feed_levels(&feed, find_step(joiner, &stream, table), err));
        RG_TRY(move_values(joiner, &stream, table, feed.step.present_count, err));
        RG_TRY(rg_feed_end(&feed, err));
    }
    return RG_OK;
}
