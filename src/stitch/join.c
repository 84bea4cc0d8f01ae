/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Invariants of the page in the making, checked by joiner_check() in debug builds:
 *
 *   (1) kind NOTHING: every count is 0, all buffers are empty.
 *   (2) present_count values were moved in: index_count is present_count for indices.
 *   (3) It holds whole rows, unless is_alone.
 *
 * Pages that are made here are V2: their levels need no compressor, they may be stored raw, and
 * their rows are whole. The exception are pages whose rows are split over pages, which V2 forbids:
 * those stay V1, one to one; and pages whose levels are worth compressing where bytes go before
 * time.
 */

#include "stitch/join.h"

#include <assert.h>
#include <string.h>

#include "base/checked.h"
#include "base/limits.h"
#include "parquet/rle.h"
#include "stitch/indices.h"
#include "stitch/recode.h"
#include "stitch/snappy_int64.h"
#include "stitch/survey_facts.h"

/* Shorter elements are copied: a piece of their own would cost more. */
static const size_t piece_bytes_min = 512;

static void joiner_check(const struct rg_joiner *joiner)
{
    if (joiner->kind == RG_JOIN_NOTHING) {
        assert(joiner->value_count == 0 && joiner->present_count == 0);
        assert(joiner->row_count == 0 && joiner->index_count == 0);
        assert(joiner->values.bytes == 0);
    }
    assert(joiner->kind != RG_JOIN_INDICES || joiner->index_count <= joiner->present_count);
    assert(joiner->present_count <= joiner->value_count);
    (void)joiner;
}

static void clear(struct rg_joiner *joiner)
{
    joiner->kind = RG_JOIN_NOTHING;
    joiner->encoding = RG_ENCODING_PLAIN;
    joiner->is_alone = false;
    joiner->has_crc = false;
    joiner->are_rows_known = true;
    joiner->are_bounds_wide = false;
    joiner->has_unencoded_bytes = true;
    joiner->value_count = 0;
    joiner->present_count = 0;
    joiner->row_count = 0;
    rg_level_writer_reset(&joiner->rep);
    rg_level_writer_reset(&joiner->def);
    joiner->index_count = 0;
    joiner->index_max = 0;
    rg_buffer_reset(&joiner->values);
    joiner->piece_count = 0;
    joiner->spliced_bytes = 0;
    joiner->unencoded_bytes = 0;
    rg_statistics_merge_init(&joiner->statistics, joiner->bench->order, joiner->bench->leaf);
    joiner->part_bytes = 0;
    joiner->part_raw_bytes = 0;
    memset(joiner->in_bytes, 0, sizeof joiner->in_bytes);
    joiner_check(joiner);
}

void rg_joiner_init(struct rg_joiner *joiner, struct rg_bench *bench, struct rg_sink *sink)
{
    *joiner = (struct rg_joiner){.bench = bench, .sink = sink};
    joiner->index_encoding = RG_ENCODING_RLE_DICTIONARY;
    joiner->delta_encoding = RG_ENCODING_PLAIN;
    rg_level_writer_init(&joiner->rep, &bench->memory, bench->leaf->rep_max);
    rg_level_writer_init(&joiner->def, &bench->memory, bench->leaf->def_max);
    rg_buffer_init(&joiner->values, &bench->memory, rg_page_bytes_max);
    rg_buffer_init(&joiner->body, &bench->memory, rg_page_bytes_max);
    rg_buffer_init(&joiner->encoded, &bench->memory, rg_page_bytes_max);
    clear(joiner);
}

void rg_level_cursor_init(struct rg_level_cursor *cursor, const struct rg_leaf *leaf,
                          const struct rg_parts *parts, const uint8_t *def_map)
{
    *cursor = (struct rg_level_cursor){
        .def_map = def_map,
        .values_left = parts->value_count,
        .rep_max = leaf->rep_max,
    };
    rg_level_reader_init(&cursor->rep, parts->rep, rg_bit_width(leaf->rep_max), leaf->rep_max,
                         parts->value_count);
    rg_level_reader_init(&cursor->def, parts->def, rg_bit_width(leaf->def_max), leaf->def_max,
                         parts->value_count);
}

enum rg_status rg_joiner_begin(struct rg_joiner *joiner, enum rg_join_kind kind, bool is_alone,
                               struct rg_error *err)
{
    if (joiner->kind != kind || joiner->is_alone != is_alone)
        RG_TRY(rg_joiner_flush(joiner, err));
    joiner->kind = kind;
    if (kind != RG_JOIN_INDICES && joiner->values.capacity == 0)
        (void)rg_buffer_reserve(&joiner->values, joiner->bench->values_bytes_hint + rg_slack_bytes);
    joiner->is_alone = is_alone;
    joiner->are_rows_known = !is_alone;
    return RG_OK;
}

static uint32_t values_max(const struct rg_joiner *joiner)
{
    return joiner->kind == RG_JOIN_INDICES ? joiner->bench->index_rows : joiner->bench->page_rows;
}

static uint64_t raw_bytes(const struct rg_joiner *joiner)
{
    return joiner->kind == RG_JOIN_SPLICED ? joiner->spliced_bytes : joiner->values.bytes;
}

uint32_t rg_joiner_room(const struct rg_joiner *joiner)
{
    const uint32_t max = values_max(joiner);

    if (joiner->is_alone)
        return UINT32_MAX;
    return joiner->value_count < max ? max - joiner->value_count : 0;
}

bool rg_joiner_is_full(const struct rg_joiner *joiner)
{
    if (joiner->is_alone)
        return false;
    return rg_joiner_room(joiner) == 0 || raw_bytes(joiner) >= joiner->bench->page_bytes;
}

enum rg_status rg_joiner_make_room(struct rg_joiner *joiner, uint32_t value_count,
                                   size_t more_bytes, struct rg_error *err)
{
    if (rg_joiner_room(joiner) < value_count ||
        raw_bytes(joiner) + more_bytes > joiner->bench->page_bytes)
        return rg_joiner_flush(joiner, err);
    return RG_OK;
}

enum rg_status rg_joiner_levels(struct rg_joiner *joiner, struct rg_level_cursor *cursor,
                                uint32_t count, struct rg_level_step *ret_step,
                                struct rg_error *err)
{
    uint32_t step = count < cursor->values_left ? count : cursor->values_left;
    struct rg_level_sum rep = {0};
    struct rg_level_sum def;

    if (cursor->rep_max > 0) {
        if (!joiner->is_alone)
            RG_TRY(rg_level_find_rows(&cursor->rep, cursor->values_left, step, &step, err));
        RG_TRY(rg_level_copy(&cursor->rep, &joiner->rep, NULL, step, &rep, err));
    } else {
        rep.zero_count = step;
    }
    RG_TRY(rg_level_copy(&cursor->def, &joiner->def, cursor->def_map, step, &def, err));
    RG_TRY(rg_buffer_check(&joiner->rep.out, "repetition levels", err));
    RG_TRY(rg_buffer_check(&joiner->def.out, "definition levels", err));
    if (step > UINT32_MAX / 2 - joiner->value_count)
        return rg_fail(err, RG_ERR_LIMIT, "a page of more than %u values", joiner->value_count);
    cursor->values_left -= step;
    joiner->value_count += step;
    joiner->present_count += def.max_count;
    joiner->row_count += rep.zero_count;
    *ret_step = (struct rg_level_step){step, def.max_count, rep.zero_count};
    return RG_OK;
}

enum rg_status rg_joiner_index_room(struct rg_joiner *joiner, uint32_t count, uint32_t **ret_room,
                                    struct rg_error *err)
{
    const uint64_t needed = (uint64_t)joiner->index_count + count;

    if (needed > joiner->index_capacity) {
        uint64_t capacity = joiner->index_capacity * UINT64_C(2);

        if (capacity == 0 && joiner->bench->index_values_hint < joiner->bench->index_rows)
            capacity = joiner->bench->index_values_hint;
        else if (capacity == 0)
            capacity = joiner->bench->index_rows;
        capacity = capacity < needed ? needed : capacity;
        if (capacity > UINT32_MAX)
            return rg_fail(err, RG_ERR_LIMIT, "a page of %llu indices", (unsigned long long)needed);
        uint32_t *indices = rg_arena_alloc(joiner->bench->scratch,
                                           (size_t)capacity * sizeof *indices + rg_slack_bytes);
        if (indices == NULL)
            return rg_fail(err, RG_ERR_NOMEM, "no memory for %llu indices",
                           (unsigned long long)capacity);
        if (joiner->index_count > 0)
            memcpy(indices, joiner->indices, joiner->index_count * sizeof *indices);
        joiner->indices = indices;
        joiner->index_capacity = (uint32_t)capacity;
    }
    *ret_room = joiner->index_count > 0 ? joiner->indices + joiner->index_count : joiner->indices;
    return RG_OK;
}

/* One more place in the list of pieces. */
static enum rg_status add_piece(struct rg_joiner *joiner, struct rg_piece piece,
                                struct rg_error *err)
{
    if (joiner->piece_count == 0)
        joiner->piece_count = RG_JOIN_PIECES_FIRST;
    if (joiner->piece_count >= joiner->piece_capacity) {
        const uint32_t capacity = joiner->piece_capacity == 0 ? 16 : joiner->piece_capacity * 2;
        struct rg_piece *pieces = rg_arena_array(joiner->bench->scratch, capacity, sizeof *pieces);

        if (pieces == NULL)
            return rg_fail(err, RG_ERR_NOMEM, "no memory for %u pieces", capacity);
        if (joiner->piece_capacity > 0)
            memcpy(pieces, joiner->pieces, joiner->piece_count * sizeof *pieces);
        joiner->pieces = pieces;
        joiner->piece_capacity = capacity;
    }
    joiner->pieces[joiner->piece_count++] = piece;
    return RG_OK;
}

enum rg_status rg_joiner_splice(struct rg_joiner *joiner, struct rg_span elements, bool is_lasting,
                                uint64_t raw_bytes_more, struct rg_error *err)
{
    struct rg_piece *last = joiner->piece_count > RG_JOIN_PIECES_FIRST
                                ? &joiner->pieces[joiner->piece_count - 1]
                                : NULL;

    joiner->spliced_bytes += raw_bytes_more;
    if (is_lasting && elements.bytes >= piece_bytes_min)
        return add_piece(joiner, (struct rg_piece){elements, true}, err);
    rg_buffer_append(&joiner->values, elements.data, elements.bytes);
    joiner->bench->moves.copied_bytes += elements.bytes;
    RG_TRY(rg_buffer_check(&joiner->values, "page", err));
    const uint8_t *data = joiner->values.data + joiner->values.bytes - elements.bytes;
    if (last != NULL && !last->is_lasting && last->bytes.data + last->bytes.bytes == data) {
        last->bytes.bytes += elements.bytes;
        return RG_OK;
    }
    return add_piece(joiner, (struct rg_piece){{data, elements.bytes}, false}, err);
}

struct rg_statistics rg_statistics_merge_settled(const struct rg_statistics_merge *merge)
{
    struct rg_statistics sum = merge->sum;

    sum.has_null_count = !merge->lacks_nulls;
    sum.has_nan_count = !merge->lacks_nans;
    if (merge->lacks_min)
        sum.min_value = (struct rg_span){NULL, 0};
    if (merge->lacks_max)
        sum.max_value = (struct rg_span){NULL, 0};
    return sum;
}

void rg_joiner_add_facts(struct rg_joiner *joiner, const struct rg_join_facts *facts)
{
    struct rg_statistics statistics = facts->statistics;

    if (statistics.null_count == facts->value_count) {
        statistics.min_value = (struct rg_span){NULL, 0};
        statistics.max_value = (struct rg_span){NULL, 0};
    }
    rg_statistics_merge_add(&joiner->statistics, &statistics, facts->value_count);
    joiner->are_bounds_wide = joiner->are_bounds_wide || facts->are_bounds_wide;
    joiner->in_bytes[facts->verdict] += facts->in_bytes;
    joiner->part_bytes += facts->body_bytes;
    joiner->part_raw_bytes += facts->body_raw_bytes;
    joiner->has_crc = joiner->has_crc || facts->has_crc;
    joiner->has_unencoded_bytes = joiner->has_unencoded_bytes && facts->has_unencoded_bytes;
    joiner->unencoded_bytes += facts->unencoded_bytes;
    joiner_check(joiner);
}

/* Of a page that goes into several pages, each gets its share; never nothing. */
static uint64_t part_of_bytes(const struct rg_join_part *part)
{
    const uint64_t values = part->page->header.value_count;

    return (part->in_bytes * part->value_count + values - 1) / values;
}

void rg_joiner_add_part(struct rg_joiner *joiner, struct rg_join_part *part)
{
    const struct rg_page_header *header = &part->page->header;
    const bool is_whole_page = part->value_count == header->value_count;
    struct rg_join_facts facts = {
        .verdict = part->verdict,
        .value_count = part->value_count,
        .in_bytes = part_of_bytes(part),
        .body_bytes = header->compressed_bytes,
        .body_raw_bytes = header->uncompressed_bytes,
        .has_crc = header->has_crc,
        .are_bounds_wide = part->are_bounds_wide || !is_whole_page,
        .unencoded_bytes = part->unencoded_bytes,
    };
    struct rg_statistics *statistics = &facts.statistics;

    rg_survey_page_statistics(joiner->bench, part->survey, part->page, statistics);
    statistics->has_null_count = true;
    statistics->null_count = part->value_count - part->present_count;
    if (!is_whole_page)
        statistics->has_nan_count = statistics->has_nan_count && statistics->nan_count == 0;
    if (part->present_count == 0)
        facts.has_unencoded_bytes = true;
    else if (part->has_unencoded_bytes)
        facts.has_unencoded_bytes = true;
    else if (is_whole_page)
        facts.has_unencoded_bytes =
            rg_survey_unencoded_bytes(part->survey, part->page, &facts.unencoded_bytes);
    rg_joiner_add_facts(joiner, &facts);
    part->value_count = 0;
    part->present_count = 0;
}

/* Splits what a page takes in the output among the verdicts of its parts. */
static void share_out(struct rg_joiner *joiner, uint64_t out_bytes)
{
    uint64_t all = 0;
    uint64_t left = out_bytes;
    unsigned heaviest = 0;

    for (unsigned i = 0; i < RG_VERDICT_COUNT; i++) {
        all += joiner->in_bytes[i];
        heaviest = joiner->in_bytes[i] > joiner->in_bytes[heaviest] ? i : heaviest;
    }
    for (unsigned i = 0; i < RG_VERDICT_COUNT && all > 0; i++) {
        const uint64_t share = out_bytes * joiner->in_bytes[i] / all;

        joiner->sink->bench->moves.out_bytes[i] += share;
        left -= share;
    }
    joiner->sink->bench->moves.out_bytes[heaviest] += left;
}

/* The snappy stream around the elements: their raw length in front. */
static struct rg_span snappy_preamble(uint64_t raw_bytes, uint8_t out[8])
{
    size_t bytes = 0;

    for (; raw_bytes >= 128; raw_bytes >>= 7)
        out[bytes++] = (uint8_t)(raw_bytes | 128);
    out[bytes++] = (uint8_t)raw_bytes;
    return (struct rg_span){out, bytes};
}

/* Index pages of which a compressor would save next to nothing are stored. */
static bool is_stored_by_ratio(const struct rg_joiner *joiner)
{
    const uint64_t percent = joiner->bench->codec == RG_CODEC_ZSTD ? 90 : 97;

    return joiner->part_bytes * 100 >= joiner->part_raw_bytes * percent;
}

/*
 * Does a value mostly equal the one before? Such runs are too short for RLE, and source pages of
 * some hundred rows too short for a codec to show in their ratio what it gains from them: hourly
 * files of flights sorted by time were 3 times as large without this (issue 11).
 */
static bool has_repeats(const struct rg_joiner *joiner)
{
    const uint32_t count = joiner->index_count < 4096 ? joiner->index_count : 4096;
    uint32_t equal = 0;

    for (uint32_t i = 1; i < count; i++)
        equal += joiner->indices[i] == joiner->indices[i - 1];
    return equal > count / 2;
}

/* How indices can be written where bytes go before time. */
static const struct rg_index_style styles[] = {
    {RG_INDEX_RUNS_FAST, false},
    {RG_INDEX_RUNS_SHORTEST, false},
    {RG_INDEX_RUNS_FAST, true},
    {RG_INDEX_RUNS_SHORTEST, true},
};

/* Codecs that look for bytes find more in indices that do not lie across them. */
static uint32_t width_of(const struct rg_joiner *joiner, const struct rg_index_style *style)
{
    const uint32_t width = rg_bit_width(joiner->index_max);

    if (!style->is_aligned || width == 0 || width > 8)
        return width;
    return width > 4 ? 8 : width == 3 ? 4 : width;
}

static enum rg_status write_indices(struct rg_joiner *joiner, const struct rg_index_style *style,
                                    struct rg_error *err)
{
    rg_buffer_reset(&joiner->values);
    rg_index_encode(joiner->indices, joiner->index_count, width_of(joiner, style), style->runs,
                    &joiner->values);
    return rg_buffer_check(&joiner->values, "index page", err);
}

/* Tries all styles on a page: that which is smallest compressed is the chunk's. */
static enum rg_status choose_style(struct rg_joiner *joiner, struct rg_error *err)
{
    size_t least = SIZE_MAX;
    struct rg_span packed;

    for (size_t i = 0; i < sizeof styles / sizeof styles[0]; i++) {
        RG_TRY(write_indices(joiner, &styles[i], err));
        RG_TRY(rg_bench_compress(joiner->bench, rg_buffer_span(&joiner->values), &packed, err));
        const size_t raw_bytes = joiner->values.bytes;
        const size_t bytes = packed.bytes < raw_bytes ? packed.bytes : raw_bytes;

        if (bytes < least)
            joiner->style = styles[i];
        least = bytes < least ? bytes : least;
    }
    joiner->has_style = true;
    return RG_OK;
}

/* Short runs are read faster by what they save where values repeat, else they cost time. */
static enum rg_status encode_indices(struct rg_joiner *joiner, struct rg_error *err)
{
    if (joiner->index_count == 0) {
        /* A width of no bits: without it DuckDB, Polars and arrow-rs refuse the page (run). */
        rg_buffer_append_byte(&joiner->values, 0);
        return RG_OK;
    }
    if (!joiner->bench->is_small)
        joiner->style = styles[has_repeats(joiner) ? 1 : 0];
    else if (!joiner->has_style)
        RG_TRY(choose_style(joiner, err));
    RG_TRY(write_indices(joiner, &joiner->style, err));
    joiner->bench->moves.copied_bytes += joiner->values.bytes;
    return RG_OK;
}

/* Index pages that are not given to a compressor. */
static bool is_stored(const struct rg_joiner *joiner)
{
    return joiner->kind == RG_JOIN_INDICES && !joiner->bench->is_small &&
           is_stored_by_ratio(joiner) && !has_repeats(joiner);
}

/* The compressor that knows INT64 is used where it does about as well as the general one. */
static enum rg_status pack_int64(struct rg_joiner *joiner, struct rg_span raw,
                                 struct rg_span *ret_packed, struct rg_error *err)
{
    struct rg_bench *bench = joiner->bench;
    const size_t bound = rg_snappy_int64_bound(raw.bytes);

    if (joiner->compressor == RG_JOIN_COMPRESSOR_GENERAL)
        return rg_bench_compress(bench, raw, ret_packed, err);
    RG_TRY(rg_bench_room(bench, &joiner->packed_int64, bound, bound + bound / 8, err));
    const size_t bytes = rg_snappy_int64(raw, joiner->packed_int64.data);
    if (joiner->compressor == RG_JOIN_COMPRESSOR_UNDECIDED) {
        RG_TRY(rg_bench_compress(bench, raw, ret_packed, err));
        const size_t more = bench->is_small ? 0 : ret_packed->bytes / 20;
        const bool is_close = bytes <= ret_packed->bytes + more;

        joiner->compressor = is_close ? RG_JOIN_COMPRESSOR_INT64 : RG_JOIN_COMPRESSOR_GENERAL;
        return RG_OK;
    }
    bench->moves.copied_bytes += bytes;
    rg_bench_note_codec(bench);
    *ret_packed = (struct rg_span){joiner->packed_int64.data, bytes};
    return RG_OK;
}

static enum rg_status pack_raw(struct rg_joiner *joiner, struct rg_span raw,
                               struct rg_span *ret_packed, struct rg_error *err)
{
    const struct rg_bench *bench = joiner->bench;
    const bool is_int64 = bench->leaf->type == RG_TYPE_INT64 && joiner->kind == RG_JOIN_VALUES &&
                          joiner->encoding == RG_ENCODING_PLAIN && raw.bytes % 8 == 0;

    *ret_packed = raw;
    if (bench->codec == RG_CODEC_NONE || is_stored(joiner))
        return RG_OK;
    if (is_int64 && bench->codec == RG_CODEC_SNAPPY)
        return pack_int64(joiner, raw, ret_packed, err);
    return rg_bench_compress(joiner->bench, raw, ret_packed, err);
}

/* The body's values as they will be written; their pieces are the joiner's. */
struct values {
    uint32_t raw_bytes;
    bool is_compressed;
};

static enum rg_status pack_values(struct rg_joiner *joiner, struct values *values,
                                  struct rg_error *err)
{
    const struct rg_span raw = rg_buffer_span(&joiner->values);
    struct rg_span packed;

    values->raw_bytes = (uint32_t)raw.bytes;
    RG_TRY(pack_raw(joiner, raw, &packed, err));
    /* Saving less than that is not worth a reader's time. */
    const bool is_readers_time = joiner->kind == RG_JOIN_INDICES && !joiner->bench->is_small;
    const size_t worth = is_readers_time ? raw.bytes - raw.bytes / 32 : raw.bytes;
    values->is_compressed = packed.bytes < worth;
    return add_piece(joiner, (struct rg_piece){values->is_compressed ? packed : raw, false}, err);
}

/*
 * Written as indices. A page without values is PLAIN, right in all readers, unless the order rule
 * counts it.
 */
static bool has_indices(const struct rg_joiner *joiner)
{
    return joiner->kind == RG_JOIN_INDICES &&
           (joiner->present_count > 0 || rg_sink_counts_null_pages(joiner->bench->leaf));
}

/* Values of DELTA, which were PLAIN until now, as they are written. */
static enum rg_status encode_delta(struct rg_joiner *joiner, struct rg_error *err)
{
    struct rg_buffer plain = joiner->values;

    if (joiner->kind != RG_JOIN_DELTA || joiner->present_count == 0)
        return RG_OK;
    rg_buffer_reset(&joiner->encoded);
    RG_TRY(rg_recode_encode(joiner->bench, &joiner->encode_room, joiner->delta_encoding,
                            rg_buffer_span(&plain), joiner->present_count, &joiner->encoded, err));
    joiner->values = joiner->encoded;
    joiner->encoded = plain;
    return RG_OK;
}

static enum rg_status prepare_values(struct rg_joiner *joiner, struct values *values,
                                     struct rg_error *err)
{
    if (joiner->present_count == 0 && !has_indices(joiner))
        return RG_OK;
    if (joiner->kind == RG_JOIN_SPLICED) {
        if (joiner->spliced_bytes > rg_page_bytes_max)
            return rg_fail(err, RG_ERR_LIMIT, "a page of %llu bytes",
                           (unsigned long long)joiner->spliced_bytes);
        *values =
            (struct values){(uint32_t)joiner->spliced_bytes, joiner->bench->codec != RG_CODEC_NONE};
        return RG_OK;
    }
    if (has_indices(joiner))
        RG_TRY(encode_indices(joiner, err));
    RG_TRY(encode_delta(joiner, err));
    RG_TRY(rg_buffer_check(&joiner->values, "page", err));
    return pack_values(joiner, values, err);
}

/* Bounds of PLAIN values that are at hand, where those of the parts are wide or absent. */
static enum rg_status narrow_bounds(struct rg_joiner *joiner, struct rg_statistics *statistics,
                                    struct rg_error *err)
{
    const bool has_bounds =
        statistics->min_value.data != NULL && statistics->max_value.data != NULL;
    struct rg_statistics found;

    if (joiner->bench->order == RG_ORDER_NONE || (has_bounds && !joiner->are_bounds_wide))
        return RG_OK;
    RG_TRY(rg_statistics_of_plain(joiner->bench->order, joiner->bench->leaf,
                                  rg_buffer_span(&joiner->values), joiner->present_count, true,
                                  &found, err));
    /* With a NaN among them nothing more is said than the source said; of NaN alone nothing. */
    if (found.nan_count > 0 && found.nan_count < joiner->present_count) {
        found.min_value = statistics->min_value;
        found.max_value = statistics->max_value;
    }
    found.has_null_count = true;
    found.null_count = joiner->value_count - joiner->present_count;
    *statistics = found;
    return RG_OK;
}

/* Indices of nothing but NaN. */
static bool are_all_nan(const struct rg_joiner *joiner)
{
    const struct rg_bench *bench = joiner->bench;
    const size_t width = joiner->united->entry_bytes;

    for (uint32_t i = 0; i < joiner->index_count; i++) {
        const struct rg_span entry = {joiner->united->plain + joiner->indices[i] * width, width};

        if (rg_order_accepts(bench->order, bench->leaf, entry))
            return false;
    }
    return joiner->index_count > 0;
}

/*
 * A part of a page has the page's bounds, but may hold its NaN only; then it must have none
 * (parquet.thrift, ColumnIndex, under TYPE_ORDER).
 */
static void drop_bounds_of_nan(const struct rg_joiner *joiner, struct rg_statistics *statistics)
{
    if (joiner->kind != RG_JOIN_INDICES || !rg_order_is_floating(joiner->bench->order) ||
        !joiner->are_bounds_wide || !are_all_nan(joiner))
        return;
    statistics->min_value = (struct rg_span){NULL, 0};
    statistics->max_value = (struct rg_span){NULL, 0};
}

static enum rg_status collect_facts(struct rg_joiner *joiner, struct rg_page_facts *facts,
                                    struct rg_error *err)
{
    facts->statistics = rg_statistics_merge_settled(&joiner->statistics);
    facts->row_count = joiner->row_count;
    facts->is_row_count_known = joiner->are_rows_known;
    facts->has_unencoded_bytes = joiner->has_unencoded_bytes;
    facts->unencoded_bytes = joiner->unencoded_bytes;
    drop_bounds_of_nan(joiner, &facts->statistics);
    const bool is_raw = joiner->kind == RG_JOIN_VALUES || joiner->kind == RG_JOIN_BITS ||
                        joiner->kind == RG_JOIN_DELTA;
    if (!is_raw || joiner->encoding != RG_ENCODING_PLAIN || joiner->present_count == 0)
        return RG_OK;
    if (joiner->bench->leaf->type == RG_TYPE_BYTE_ARRAY) {
        facts->has_unencoded_bytes = true;
        facts->unencoded_bytes = joiner->values.bytes - UINT64_C(4) * joiner->present_count;
    }
    return narrow_bounds(joiner, &facts->statistics, err);
}

static uint8_t encoding_of(const struct rg_joiner *joiner)
{
    if (has_indices(joiner))
        return joiner->index_encoding;
    if (joiner->kind == RG_JOIN_DELTA && joiner->present_count > 0)
        return joiner->delta_encoding;
    return joiner->present_count > 0 ? joiner->encoding : RG_ENCODING_PLAIN;
}

static enum rg_status write_v2(struct rg_joiner *joiner, struct rg_error *err)
{
    const struct rg_span rep = rg_level_writer_finish(&joiner->rep);
    const struct rg_span def = rg_level_writer_finish(&joiner->def);
    struct rg_page_facts facts = {0};
    struct values values = {0};
    uint8_t preamble[8];
    uint64_t out_bytes;

    RG_TRY(rg_buffer_check(&joiner->rep.out, "repetition levels", err));
    RG_TRY(rg_buffer_check(&joiner->def.out, "definition levels", err));
    RG_TRY(collect_facts(joiner, &facts, err));
    RG_TRY(prepare_values(joiner, &values, err));
    struct rg_page_header header = {
        .type = RG_PAGE_DATA_V2,
        .encoding = encoding_of(joiner),
        .has_crc = joiner->has_crc,
        .is_compressed = values.is_compressed,
        .uncompressed_bytes = (uint32_t)(rep.bytes + def.bytes) + values.raw_bytes,
        .value_count = joiner->value_count,
        .null_count = joiner->value_count - joiner->present_count,
        .row_count = (uint32_t)joiner->row_count,
        .rep_bytes = (uint32_t)rep.bytes,
        .def_bytes = (uint32_t)def.bytes,
    };
    const struct rg_piece first[RG_JOIN_PIECES_FIRST] = {
        {rep, false},
        {def, false},
        {joiner->kind == RG_JOIN_SPLICED && values.is_compressed
             ? snappy_preamble(joiner->spliced_bytes, preamble)
             : (struct rg_span){NULL, 0},
         false},
    };

    if (joiner->piece_count == 0)
        RG_TRY(add_piece(joiner, (struct rg_piece){{NULL, 0}, false}, err));
    memcpy(joiner->pieces, first, sizeof first);
    RG_TRY(rg_sink_page(joiner->sink, &header, false, joiner->pieces, joiner->piece_count,
                        joiner->present_count, &facts, &out_bytes, err));
    share_out(joiner, out_bytes);
    return RG_OK;
}

static void put_length(uint8_t out[4], size_t bytes)
{
    for (unsigned i = 0; i < 4; i++)
        out[i] = (uint8_t)(bytes >> (8 * i));
}

static void append_levels(struct rg_buffer *body, const struct rg_leaf *leaf, struct rg_span rep,
                          struct rg_span def)
{
    uint8_t length[4];

    if (leaf->rep_max > 0) {
        put_length(length, rep.bytes);
        rg_buffer_append(body, length, sizeof length);
        rg_buffer_append(body, rep.data, rep.bytes);
    }
    if (leaf->def_max > 0) {
        put_length(length, def.bytes);
        rg_buffer_append(body, length, sizeof length);
        rg_buffer_append(body, def.data, def.bytes);
    }
}

/* A V1 page: levels and values under one compression. */
static enum rg_status write_v1(struct rg_joiner *joiner, struct rg_error *err)
{
    const struct rg_span rep = rg_level_writer_finish(&joiner->rep);
    const struct rg_span def = rg_level_writer_finish(&joiner->def);
    struct rg_page_facts facts = {0};
    struct rg_buffer *body = &joiner->body;
    struct rg_span packed;
    uint64_t out_bytes;

    RG_TRY(rg_buffer_check(&joiner->rep.out, "repetition levels", err));
    RG_TRY(rg_buffer_check(&joiner->def.out, "definition levels", err));
    RG_TRY(collect_facts(joiner, &facts, err));
    if (has_indices(joiner))
        RG_TRY(encode_indices(joiner, err));
    RG_TRY(encode_delta(joiner, err));
    RG_TRY(rg_buffer_check(&joiner->values, "page", err));
    rg_buffer_reset(body);
    append_levels(body, joiner->bench->leaf, rep, def);
    rg_buffer_append(body, joiner->values.data, joiner->values.bytes);
    RG_TRY(rg_buffer_check(body, "page", err));
    RG_TRY(rg_bench_compress(joiner->bench, rg_buffer_span(body), &packed, err));
    struct rg_page_header header = {
        .type = RG_PAGE_DATA,
        .encoding = encoding_of(joiner),
        .def_encoding = RG_ENCODING_RLE,
        .rep_encoding = RG_ENCODING_RLE,
        .has_crc = joiner->has_crc,
        .is_compressed = true,
        .uncompressed_bytes = (uint32_t)body->bytes,
        .value_count = joiner->value_count,
    };
    const struct rg_piece piece = {packed, false};

    RG_TRY(rg_sink_page(joiner->sink, &header, false, &piece, 1, joiner->present_count, &facts,
                        &out_bytes, err));
    share_out(joiner, out_bytes);
    return RG_OK;
}

/* Where bytes go before time, levels that are more than a trifle are compressed with the values. */
static bool are_levels_packed(const struct rg_joiner *joiner)
{
    const uint64_t index_bytes =
        (uint64_t)joiner->index_count * rg_bit_width(joiner->index_max) / 8;
    const uint64_t level_bytes = joiner->rep.out.bytes + joiner->def.out.bytes;

    return joiner->bench->is_small && joiner->bench->codec != RG_CODEC_NONE &&
           joiner->kind != RG_JOIN_SPLICED && level_bytes > 128 &&
           level_bytes * 64 > index_bytes + joiner->values.bytes;
}

enum rg_status rg_joiner_flush(struct rg_joiner *joiner, struct rg_error *err)
{
    joiner_check(joiner);
    const bool is_v1 = joiner->is_alone || are_levels_packed(joiner);

    if (joiner->kind != RG_JOIN_NOTHING && joiner->value_count > 0)
        RG_TRY(is_v1 ? write_v1(joiner, err) : write_v2(joiner, err));
    clear(joiner);
    return RG_OK;
}
