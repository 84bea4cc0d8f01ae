/* SPDX-License-Identifier: Apache-2.0 */

#include "stitch/dissolve.h"

#include <string.h>

#include "base/limits.h"
#include "stitch/feed.h"
#include "stitch/indices.h"
#include "stitch/kernels.h"

static const uint32_t step_values = 1024;

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

/* How many values may come in so that the page does not grow past its target, but for one value. */
static uint32_t find_step(const struct rg_joiner *joiner, const struct rg_dict_table *table)
{
    const size_t target = joiner->bench->page_bytes;
    const size_t bytes = joiner->values.bytes;
    uint32_t step = rg_joiner_room(joiner);

    if (joiner->is_alone || table->entry_bytes_max == 0)
        return step;
    const size_t fitting = bytes < target ? (target - bytes) / table->entry_bytes_max : 0;
    if (step > fitting)
        step = (uint32_t)fitting;
    return step > 0 ? step : 1;
}

static enum rg_status move_values(struct rg_joiner *joiner, struct rg_index_reader *reader,
                                  const struct rg_dict_table *table, uint32_t count,
                                  struct rg_error *err)
{
    uint32_t indices[1024];

    while (count > 0) {
        const uint32_t step = count < step_values ? count : step_values;

        RG_TRY(rg_index_read(reader, step, indices, err));
        const size_t before = joiner->values.bytes;
        rg_dissolve_gather(table, indices, step, &joiner->values);
        RG_TRY(rg_buffer_check(&joiner->values, "dissolved page", err));
        joiner->bench->moves.copied_bytes += joiner->values.bytes - before;
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
    struct rg_index_reader reader;
    struct rg_feed feed;

    RG_TRY(rg_parts_take(joiner->bench, survey->source, page, true, &parts, err));
    RG_TRY(
        rg_index_reader_init(&reader, parts.values, parts.present_count, table->entry_count, err));
    rg_feed_init(&feed, joiner, &options);
    while (rg_feed_is_left(&feed)) {
        RG_TRY(rg_feed_begin(&feed, err));
        RG_TRY(rg_feed_levels(&feed, find_step(joiner, table), err));
        RG_TRY(move_values(joiner, &reader, table, feed.step.present_count, err));
        RG_TRY(rg_feed_end(&feed, err));
    }
    return RG_OK;
}
