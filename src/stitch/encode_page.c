/* SPDX-License-Identifier: Apache-2.0 */

#include "stitch/encode_page.h"

#include <string.h>

#include "base/limits.h"
#include "parquet/schema.h"
#include "parquet/types.h"
#include "stitch/feed.h"
#include "stitch/kernels.h"
#include "stitch/page_walk.h"
#include "stitch/values.h"

void rg_page_encoder_init(struct rg_page_encoder *encoder, struct rg_bench *bench,
                          struct rg_recoder *recoder)
{
    *encoder = (struct rg_page_encoder){.bench = bench, .recoder = recoder};
    rg_buffer_init(&encoder->plain, &bench->memory, rg_page_bytes_max);
}

enum rg_status rg_page_encoder_plain(struct rg_page_encoder *encoder,
                                     const struct rg_survey *survey,
                                     const struct rg_source_page *page,
                                     const struct rg_parts *parts, uint32_t count_max,
                                     struct rg_span *ret_plain, struct rg_error *err)
{
    const uint32_t count = parts->present_count < count_max ? parts->present_count : count_max;
    struct rg_span plain = parts->values;

    if (page->header.encoding == RG_ENCODING_PLAIN && !page->is_recoded) {
        RG_TRY(rg_plain_extent(encoder->bench->leaf, plain, count, &plain.bytes, err));
        *ret_plain = plain;
        return RG_OK;
    }
    rg_buffer_reset(&encoder->plain);
    const uint32_t decoded = survey->has_links ? parts->present_count : count;
    /* Slack behind the values is read by what looks at them. */
    RG_TRY(rg_recode_values(encoder->recoder, survey, page, parts, decoded, &encoder->plain, err));
    (void)rg_buffer_reserve(&encoder->plain, rg_slack_bytes);
    RG_TRY(rg_buffer_check(&encoder->plain, "decoded page", err));
    plain = rg_buffer_span(&encoder->plain);
    if (decoded > count)
        RG_TRY(rg_plain_extent(encoder->bench->leaf, plain, count, &plain.bytes, err));
    *ret_plain = plain;
    return RG_OK;
}

enum rg_status rg_page_encoder_rewind(struct rg_page_encoder *encoder,
                                      const struct rg_survey *survey,
                                      const struct rg_source_page *page, struct rg_error *err)
{
    struct rg_page_walk walk;
    struct rg_source_page before;
    struct rg_parts parts;
    struct rg_span plain;
    bool is_end = false;

    encoder->recoder->survey = NULL;
    rg_page_walk_init(&walk, survey);
    for (;;) {
        RG_TRY(rg_page_walk_next(&walk, &before, &is_end, err));
        if (is_end || before.body.data == page->body.data)
            return RG_OK;
        if (rg_is_index_page(&before) || rg_is_null_page(&before))
            continue;
        RG_TRY(rg_parts_take(encoder->bench, survey->source, &before, true, &parts, err));
        RG_TRY(rg_page_encoder_plain(encoder, survey, &before, &parts, 0, &plain, err));
    }
}

/* Room for the indices of a page. */
static enum rg_status need_indices(struct rg_page_encoder *encoder, uint32_t count,
                                   struct rg_error *err)
{
    if (count <= encoder->index_capacity)
        return RG_OK;
    const uint64_t grown = encoder->index_capacity + encoder->index_capacity / UINT64_C(2);
    const uint32_t capacity = count < grown && grown <= UINT32_MAX ? (uint32_t)grown : count;
    uint32_t *indices = rg_arena_alloc(encoder->bench->scratch,
                                       (size_t)capacity * sizeof *indices + rg_slack_bytes);
    if (indices == NULL)
        return rg_fail(err, RG_ERR_NOMEM, "no memory for %u indices", capacity);
    encoder->indices = indices;
    encoder->index_capacity = capacity;
    return RG_OK;
}

enum rg_status rg_page_encoder_look_up(struct rg_page_encoder *encoder, struct rg_span plain,
                                       uint32_t value_count, struct rg_dict_union *united,
                                       const uint32_t **ret_indices, bool *ret_fits,
                                       struct rg_error *err)
{
    RG_TRY(rg_dict_table_fill(&encoder->values, encoder->bench, plain, value_count, err));
    RG_TRY(need_indices(encoder, value_count, err));
    RG_TRY(rg_dict_union_encode(united, &encoder->values, encoder->indices, ret_fits, err));
    *ret_indices = encoder->indices;
    return RG_OK;
}

/* The next `count` indices into the page in the making. */
static enum rg_status move_indices(struct rg_joiner *joiner, const uint32_t *indices,
                                   uint32_t count, struct rg_error *err)
{
    uint32_t *room;

    RG_TRY(rg_joiner_index_room(joiner, count, &room, err));
    if (count == 0)
        return RG_OK;
    memcpy(room, indices, count * sizeof *indices);
    const uint32_t highest = rg_kernel_max(room, count);
    joiner->index_max = highest > joiner->index_max ? highest : joiner->index_max;
    joiner->index_count += count;
    return RG_OK;
}

/* Levels and indices go over together, page by page of the output. */
static enum rg_status move_page(struct rg_joiner *joiner, const struct rg_survey *survey,
                                const struct rg_source_page *page, const struct rg_parts *parts,
                                const uint32_t *indices, struct rg_error *err)
{
    const struct rg_feed_options options = {.survey = survey,
                                            .page = page,
                                            .parts = parts,
                                            .kind = RG_JOIN_INDICES,
                                            .verdict = RG_VERDICT_RECODE};
    struct rg_feed feed;

    rg_feed_init(&feed, joiner, &options);
    while (rg_feed_is_left(&feed)) {
        RG_TRY(rg_feed_begin(&feed, err));
        RG_TRY(rg_feed_levels(&feed, rg_joiner_room(joiner), err));
        RG_TRY(move_indices(joiner, indices, feed.step.present_count, err));
        indices += feed.step.present_count;
        RG_TRY(rg_feed_end(&feed, err));
    }
    return RG_OK;
}

enum rg_status rg_page_encoder_move(struct rg_page_encoder *encoder, struct rg_joiner *joiner,
                                    const struct rg_survey *survey,
                                    const struct rg_source_page *page, struct rg_dict_union *united,
                                    bool *ret_fits, struct rg_error *err)
{
    struct rg_bench *bench = encoder->bench;
    const uint32_t *indices;
    struct rg_parts parts;
    struct rg_span plain;

    RG_TRY(rg_parts_take(bench, survey->source, page, true, &parts, err));
    RG_TRY(rg_page_encoder_plain(encoder, survey, page, &parts, UINT32_MAX, &plain, err));
    RG_TRY(rg_page_encoder_look_up(encoder, plain, parts.present_count, united, &indices, ret_fits,
                                   err));
    if (!*ret_fits)
        return RG_OK;
    rg_bench_count(bench, RG_VERDICT_RECODE, rg_recode_reason(survey, page), page->body.bytes);
    return move_page(joiner, survey, page, &parts, indices, err);
}

enum rg_status rg_page_encoder_pair_zeros(struct rg_page_encoder *encoder,
                                          struct rg_dict_union *united, bool is_made,
                                          struct rg_error *err)
{
    static const uint8_t zeros[2][8] = {{0}, {0, 0, 0, 0, 0, 0, 0, 0x80}};
    const uint8_t type = encoder->bench->leaf->type;
    const size_t width = rg_plain_bytes(encoder->bench->leaf);
    bool has[2] = {false, false};
    const uint32_t *indices;
    bool fits;

    if (type != RG_TYPE_FLOAT && type != RG_TYPE_DOUBLE)
        return RG_OK;
    for (uint32_t i = 0; i < united->entry_count; i++) {
        for (size_t z = 0; z < 2; z++)
            has[z] = has[z] || memcmp(united->plain + i * width, zeros[z] + 8 - width, width) == 0;
    }
    if (has[0] == has[1] || (has[0] && !is_made))
        return RG_OK;
    rg_buffer_reset(&encoder->plain);
    rg_buffer_append(&encoder->plain, zeros[has[0]] + 8 - width, width);
    (void)rg_buffer_reserve(&encoder->plain, rg_slack_bytes);
    RG_TRY(rg_buffer_check(&encoder->plain, "a zero", err));
    united->plain_bytes_max += width; /* It is needed also where the cap is reached. */
    return rg_page_encoder_look_up(encoder, rg_buffer_span(&encoder->plain), 1, united, &indices,
                                   &fits, err);
}
