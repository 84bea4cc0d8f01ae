/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The size of a dictionary and the number of its entries are not in a footer, but the raw size of a
 * chunk is: the entries, and for each value an index of as many bits as they need. That is solved
 * for the entries; a chunk whose values are all different stands out clearly.
 */

#include "stitch/likely.h"

#include <math.h>

#include "base/limits.h"
#include "parquet/rle.h"
#include "parquet/types.h"
#include "stitch/bench.h"
#include "stitch/chunk_facts.h"
#include "stitch/dict_groups.h"
#include "stitch/dict_table.h"
#include "stitch/source.h"
#include "stitch/trial.h"
#include "stitch/verdict.h"

/* Strings of which nothing is known, with their length. */
static const uint64_t string_bytes_guessed = 28;
/* A page's header with statistics, in a source. */
static const uint64_t source_header_bytes = 60;
/* What a page takes in the arena and in scratch beside its body. */
static const uint64_t page_arena_bytes = 260;
static const uint64_t page_scratch_bytes = 700;
static const uint64_t source_scratch_bytes =
    sizeof(struct rg_survey) + sizeof(struct rg_dict_group) + 64;
/* Of both arenas, whatever the column is. */
static const uint64_t fixed_bytes = 32768;

/* Rooms for decoded values. */
static const uint64_t decoder_bytes = UINT64_C(512) << 10;

static uint64_t lesser(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

static uint64_t greater(uint64_t a, uint64_t b)
{
    return a > b ? a : b;
}

static bool is_most(uint64_t part, uint64_t whole)
{
    return part > whole / 2;
}

static uint64_t bits_of(uint64_t count)
{
    return count <= 1 ? 1 : rg_bit_width((uint32_t)lesser(count - 1, UINT32_MAX));
}

/* What a chunk's dictionary looks like from outside. */
struct view {
    uint64_t present_count; /* Values that are not null. */
    uint64_t index_count;   /* Those in index pages. */
    uint64_t page_count;
    uint64_t index_page_count;
    uint64_t value_bytes; /* PLAIN, on average. */
    uint64_t entries;
    uint64_t entry_raw_bytes; /* All together. */
    uint64_t index_raw_bytes;
    uint64_t dictionary_bytes;
    uint64_t entries_unsure; /* That there may be more, as levels may be shorter than assumed. */
    bool is_sized;           /* Bytes of values are known, not guessed. */
    bool has_other_pages;    /* Pages without indices. */
};

static uint64_t pages_of(const struct rg_column_chunk *chunk)
{
    const uint64_t pages = rg_chunk_page_count(chunk);

    return pages > 0 ? pages : 1 + chunk->uncompressed_bytes / rg_page_bytes_default;
}

static void size_values(const struct rg_leaf *leaf, const struct rg_column_chunk *chunk,
                        struct view *view)
{
    const struct rg_size_statistics *sizes = &chunk->size_statistics;
    const bool has_sizes = sizes->is_present && sizes->has_unencoded_bytes;

    view->is_sized = leaf->type != RG_TYPE_BYTE_ARRAY || has_sizes;
    if (leaf->type != RG_TYPE_BYTE_ARRAY)
        view->value_bytes = greater(rg_plain_bytes(leaf), 1);
    else if (has_sizes && view->present_count > 0)
        view->value_bytes = 4 + sizes->unencoded_bytes / view->present_count;
    else
        view->value_bytes = string_bytes_guessed;
}

/* Level bytes of the chunk's pages, raw: what is bit-packed of them. */
static uint64_t level_bytes(const struct rg_leaf *leaf, const struct rg_column_chunk *chunk)
{
    const bool has_nulls = !chunk->statistics.has_null_count || chunk->statistics.null_count > 0;
    const uint64_t rep = chunk->value_count * rg_bit_width(leaf->rep_max) / 8;
    const uint64_t def = chunk->value_count * rg_bit_width(leaf->def_max) / 8;

    return rep + (leaf->rep_max > 0 || has_nulls ? def : 0);
}

/*
 * Raw bytes of the indices of a dictionary with 2^bits entries. Where values are all different the
 * dictionary grows from page to page, and the first pages need fewer bits.
 */
static uint64_t index_bytes(uint64_t value_count, uint64_t page_count, uint64_t bits)
{
    const uint64_t pages = lesser(page_count, 64);
    uint64_t sum = 0;

    if (value_count >> bits > 1 || pages <= 1)
        return value_count * bits / 8;
    for (uint64_t i = 1; i <= pages; i++)
        sum += value_count / pages * bits_of(value_count / pages * i) / 8;
    return sum;
}

/* Of the chunk's data pages, how many hold indices; all where nothing is said. */
static void count_index_pages(const struct rg_column_chunk *chunk, struct view *view)
{
    uint64_t others = 0;

    view->index_page_count = 0;
    for (uint32_t i = 0; i < chunk->encoding_stats_count; i++) {
        const struct rg_page_encoding_stats *stats = &chunk->encoding_stats[i];

        if (stats->page_type == RG_PAGE_DICTIONARY)
            continue;
        if (rg_encoding_is_dictionary(stats->encoding))
            view->index_page_count += stats->page_count;
        else
            others += stats->page_count;
    }
    view->has_other_pages = others > 0;
    if (view->index_page_count == 0)
        view->index_page_count = others > 0 ? 0 : view->page_count;
}

/* Solves raw size = entries * bytes + values * bits(entries) / 8, and a little for each page. */
static void solve(const struct rg_leaf *leaf, const struct rg_column_chunk *chunk,
                  struct view *view)
{
    const uint64_t others = source_header_bytes * (view->page_count + 1) + level_bytes(leaf, chunk);
    const uint64_t raw_bytes = rg_raw_bytes_bound(chunk);
    const uint64_t body_bytes = raw_bytes > others ? raw_bytes - others : 0;

    for (uint64_t bits = 1; bits <= 32; bits++) {
        view->index_raw_bytes = index_bytes(view->present_count, view->page_count, bits);
        view->entry_raw_bytes =
            body_bytes > view->index_raw_bytes ? body_bytes - view->index_raw_bytes : 0;
        view->entries = lesser(view->entry_raw_bytes / view->value_bytes + 1, view->present_count);
        if (view->entries <= UINT64_C(1) << bits)
            break;
    }
    view->index_count = view->present_count;
    view->entries_unsure = lesser(level_bytes(leaf, chunk) / view->value_bytes,
                                  view->present_count - lesser(view->entries, view->present_count));
}

/*
 * A chunk whose writer gave its dictionary up: the dictionary compresses about as the whole does,
 * and pages hold about as many values each.
 */
static void share(const struct rg_column_chunk *chunk, struct view *view)
{
    const uint64_t raw_bytes = rg_raw_bytes_bound(chunk);

    view->index_count = view->present_count / view->page_count * view->index_page_count;
    view->entry_raw_bytes =
        view->dictionary_bytes * (raw_bytes / greater(chunk->compressed_bytes, 1) + 1);
    view->entries = lesser(view->entry_raw_bytes / view->value_bytes + 1, view->index_count);
    view->index_raw_bytes = view->index_count * bits_of(view->entries) / 8;
}

static struct view look_at(const struct rg_leaf *leaf, const struct rg_column_chunk *chunk)
{
    const uint64_t nulls = chunk->statistics.has_null_count ? chunk->statistics.null_count : 0;
    struct view view = {
        .present_count = nulls < chunk->value_count ? chunk->value_count - nulls : 0,
        .page_count = pages_of(chunk),
        .dictionary_bytes = rg_chunk_dictionary_bytes(chunk),
    };

    size_values(leaf, chunk, &view);
    count_index_pages(chunk, &view);
    if (view.has_other_pages && view.dictionary_bytes > 0)
        share(chunk, &view);
    else
        solve(leaf, chunk, &view);
    view.entry_raw_bytes = greater(view.entry_raw_bytes, view.dictionary_bytes);
    return view;
}

/* All values are different, as far as can be told: within half a percent, and what headers take. */
static bool is_unique(const struct view *view, const struct rg_column_chunk *chunk)
{
    const uint64_t slack = view->entries / 200 + 48 * (view->page_count + 1) / view->value_bytes;

    /* A dictionary that was given up was full of values that hardly repeat. */
    if (view->has_other_pages)
        return view->entries >= view->index_count / 4 * 3;
    if (view->is_sized)
        return view->entries + slack >= view->present_count;
    /* Then by the compressed sizes: mostly dictionary, and indices that compress to nothing less.
     */
    const uint64_t index_bits = (chunk->compressed_bytes - view->dictionary_bytes) * 8;
    return view->dictionary_bytes > chunk->compressed_bytes / 2 &&
           index_bits >= chunk->value_count * (bits_of(chunk->value_count) - 1);
}

/* Dictionaries are surely the same where they have one entry, and that is the same. */
static void add_constant(struct rg_likely *likely, const struct rg_column_chunk *chunk)
{
    const struct rg_span min = chunk->statistics.min_value;
    const bool is_constant = min.data != NULL && rg_span_equal(min, chunk->statistics.max_value);

    if (likely->indexed_count++ == 0)
        likely->constant = min;
    if (!is_constant || !rg_span_equal(min, likely->constant))
        likely->is_varied = true;
}

/* The integer that a bound stands for. */
static double integer_of(struct rg_span bound)
{
    uint64_t bits = 0;

    for (size_t i = 0; i < bound.bytes; i++)
        bits |= (uint64_t)bound.data[i] << (8 * i);
    return bound.bytes == 4 ? (double)(int32_t)(uint32_t)bits : (double)(int64_t)bits;
}

/* How far the values of integer chunks are apart, each by itself and all together. */
static void add_range(struct rg_likely *likely, const struct rg_leaf *leaf,
                      const struct rg_column_chunk *chunk)
{
    const struct rg_span min = chunk->statistics.min_value;
    const struct rg_span max = chunk->statistics.max_value;
    const size_t width = rg_plain_bytes(leaf);
    const bool is_integer = leaf->type == RG_TYPE_INT32 || leaf->type == RG_TYPE_INT64;
    const bool has_bounds = min.data != NULL && max.data != NULL;

    if (!is_integer || !has_bounds || min.bytes != width || max.bytes != width)
        return;
    const double low = integer_of(min);
    const double high = integer_of(max);
    const bool is_first = likely->ranged_count++ == 0;
    likely->range_sum += high > low ? high - low : 0;
    likely->range_low = is_first ? low : fmin(low, likely->range_low);
    likely->range_high = is_first ? high : fmax(high, likely->range_high);
}

static bool is_widened(const struct rg_stitch_source *source)
{
    return source->map != NULL && source->map->conversion != RG_CONVERSION_NONE;
}

/*
 * The view in terms of the output, whose values are wider. A dictionary is converted at once, and
 * lies in memory raw; behind it, pages without indices are decoded.
 */
static void widen(struct rg_likely *likely, const struct rg_column_chunk *chunk, struct view *view)
{
    const uint64_t index_bytes = view->dictionary_bytes + view->index_raw_bytes;
    const uint64_t tail_bytes =
        chunk->compressed_bytes - lesser(index_bytes, chunk->compressed_bytes);

    view->value_bytes = greater(rg_plain_bytes(likely->leaf), 1);
    view->entry_raw_bytes = view->entries * view->value_bytes;
    view->dictionary_bytes = view->entry_raw_bytes;
    likely->converted_bytes += view->entry_raw_bytes;
    likely->is_widened = true;
    if (!view->has_other_pages)
        return;
    likely->recoded_bytes += tail_bytes;
    likely->recoded_made += 2 * tail_bytes;
}

static void add_indexed(struct rg_likely *likely, const struct rg_stitch_source *source)
{
    const struct rg_column_chunk *chunk = source->chunk;
    struct view view = look_at(source->leaf, chunk);
    const bool are_unique = is_unique(&view, chunk);

    likely->index_bytes += view.has_other_pages ? view.index_raw_bytes
                                                : chunk->compressed_bytes - view.dictionary_bytes;
    if (is_widened(source))
        widen(likely, chunk, &view);
    const uint64_t raw_bytes = view.index_count * view.value_bytes;
    /* Dissolved values compress about as the dictionary does. */
    const uint64_t dissolved =
        view.dictionary_bytes > 0 && view.entry_raw_bytes > 0
            ? raw_bytes / view.entry_raw_bytes * view.dictionary_bytes +
                  raw_bytes % view.entry_raw_bytes * view.dictionary_bytes / view.entry_raw_bytes
            : raw_bytes;

    likely->indexed_bytes += chunk->compressed_bytes;
    likely->index_values += view.index_count;
    likely->index_raw_bytes += view.index_raw_bytes;
    likely->entry_count += view.entries;
    likely->entries_unsure += view.entries_unsure;
    likely->entry_bytes += view.dictionary_bytes;
    likely->entry_raw_bytes += view.entry_raw_bytes;
    add_constant(likely, chunk);
    add_range(likely, source->leaf, chunk);
    likely->dissolved_bytes += lesser(dissolved, raw_bytes);
    likely->dissolved_most = greater(likely->dissolved_most, lesser(dissolved, raw_bytes));
    likely->dictionary_bytes_most = greater(likely->dictionary_bytes_most, view.dictionary_bytes);
    likely->dictionary_raw_most = greater(likely->dictionary_raw_most, view.entry_raw_bytes);
    likely->entries_most = greater(likely->entries_most, view.entries);
    likely->value_bytes_most = greater(likely->value_bytes_most, view.value_bytes);
    likely->index_raw_most = greater(likely->index_raw_most, view.index_raw_bytes);
    likely->has_other_pages = likely->has_other_pages || view.has_other_pages;
    if (are_unique)
        likely->unique_bytes += chunk->compressed_bytes;
}

/* Chunks that must be decoded, or whose values become wider. */
static void add_recoded(struct rg_likely *likely, const struct rg_stitch_source *source)
{
    const struct rg_column_chunk *chunk = source->chunk;
    const bool is_linked = source->writer->has_linked_delta_pages &&
                           rg_chunk_has_encoding(chunk, RG_ENCODING_DELTA_BYTE_ARRAY);
    const bool is_boolean = source->leaf->type == RG_TYPE_BOOLEAN && rg_chunk_has_indices(chunk) &&
                            chunk->has_dictionary_offset;
    const bool is_packed = rg_chunk_may_have_packed_levels(chunk, source->leaf);
    /* Indices stay indices, whatever becomes of their dictionary. */
    const bool is_decoded =
        (is_widened(source) && !rg_chunk_has_indices(chunk)) || is_linked || is_boolean;

    if (!is_decoded && !is_packed)
        return;
    likely->is_widened = likely->is_widened || is_widened(source);
    likely->recoded_bytes += chunk->compressed_bytes;
    likely->recoded_made += is_decoded ? 2 * chunk->compressed_bytes : chunk->compressed_bytes;
}

static uint64_t add_capped(uint64_t a, uint64_t b)
{
    return b > UINT64_MAX - a ? UINT64_MAX : a + b;
}

/* The chunk's values as PLAIN take no more; UINT64_MAX: strings that no footer tells about. */
static uint64_t plain_bytes_max(const struct rg_likely *likely,
                                const struct rg_stitch_source *source)
{
    const struct rg_column_chunk *chunk = source->chunk;
    const bool has_shared_bytes = rg_chunk_has_encoding(chunk, RG_ENCODING_DELTA_BYTE_ARRAY);

    if (likely->leaf->type != RG_TYPE_BYTE_ARRAY)
        return chunk->value_count * greater(rg_plain_bytes(likely->leaf), 1);
    if (rg_chunk_tells_bytes(chunk, source->writer))
        return add_capped(chunk->size_statistics.unencoded_bytes, 4 * chunk->value_count);
    if (rg_chunk_has_indices(chunk) || has_shared_bytes)
        return UINT64_MAX;
    return rg_raw_bytes_bound(chunk) + 4 * chunk->value_count;
}

/* What bounds the memory of any page or dictionary that is made of the column's values. */
static void add_bounds(struct rg_likely *likely, const struct rg_stitch_source *source)
{
    const struct rg_column_chunk *chunk = source->chunk;
    const uint64_t raw_bytes = rg_raw_bytes_bound(chunk);
    const uint64_t plain = plain_bytes_max(likely, source);
    const bool is_indexed = rg_chunk_has_indices(chunk);
    /* As chunk.c makes room for values of which it knows the indices. */
    const uint64_t width =
        likely->leaf->type == RG_TYPE_BYTE_ARRAY ? 32 : greater(rg_plain_bytes(likely->leaf), 1);
    const uint64_t room = raw_bytes + (is_indexed ? chunk->value_count * width : 0);

    likely->plain_bytes_max = add_capped(likely->plain_bytes_max, plain);
    likely->room_bytes_max = add_capped(likely->room_bytes_max, greater(plain, room));
    likely->union_bytes_max =
        add_capped(likely->union_bytes_max, is_indexed && !is_widened(source) ? raw_bytes : plain);
    likely->is_decoded =
        likely->is_decoded || rg_chunk_has_odd_encodings(chunk) || is_widened(source);
}

/* A trial decides about the encoding. */
static bool is_tried(const struct rg_likely *likely)
{
    return likely->column->options->encoding == RG_STITCH_ENCODING_SMALL &&
           likely->leaf->type != RG_TYPE_BOOLEAN;
}

void rg_likely_add(struct rg_likely *likely, const struct rg_stitch_source *source)
{
    const struct rg_column_chunk *chunk = source->chunk;

    if (source->map != NULL && source->map->origin != RG_LEAF_VALUES) {
        likely->page_count++;
        likely->value_count += source->row_count;
        return;
    }
    const uint64_t pages = pages_of(chunk);
    add_recoded(likely, source);
    add_bounds(likely, source);
    likely->value_count += chunk->value_count;
    likely->bytes += chunk->compressed_bytes;
    likely->page_count += pages;
    likely->bytes_max = greater(likely->bytes_max, chunk->compressed_bytes);
    likely->raw_bytes_max = greater(likely->raw_bytes_max, rg_raw_bytes_bound(chunk));
    if (chunk->codec != likely->codec)
        likely->other_codec_bytes += chunk->compressed_bytes;
    if (chunk->value_count / pages < rg_tiny_values &&
        chunk->compressed_bytes / pages < rg_tiny_bytes)
        likely->tiny_bytes += chunk->compressed_bytes;
    if (rg_chunk_has_indices(chunk))
        add_indexed(likely, source);
    else if (is_tried(likely))
        likely->tried_bytes += chunk->compressed_bytes;
}

/* What footers tell of dictionaries, for the rule by which a stitch decides. */
static struct rg_layout_facts facts_of(const struct rg_likely *likely)
{
    const struct rg_stitch_options *options = likely->column->options;
    const double chunks = (double)likely->indexed_count;
    const double draws = (double)likely->index_values / chunks;
    const double entries = (double)greater(likely->entry_count, 1);
    /* Half way; that matters where values hardly repeat. */
    const double distinct = (entries + (double)likely->entries_unsure / 2) / chunks;

    return (struct rg_layout_facts){
        .source_count = likely->indexed_count,
        .distinct_count = likely->indexed_count,
        .has_sampled_values = likely->has_other_pages,
        .are_samples_identity = is_most(likely->unique_bytes, likely->indexed_bytes),
        .value_count = likely->index_values,
        .index_bytes = likely->index_bytes,
        .index_raw_bytes = likely->index_raw_bytes,
        .entry_count = likely->entry_count,
        .entry_bytes = likely->entry_bytes,
        .entry_raw_bytes = likely->entry_raw_bytes,
        .sample_entries = distinct,
        .pair_products = rg_trial_population(draws, distinct),
        .pair_hits = 1,
        .trial_bytes = (double)likely->entry_bytes / entries,
        .dictionary_bytes_max = likely->dictionary_bytes_max,
        .codec = likely->codec,
        .level = options->codec == RG_CODEC_KEEP ? rg_codec_level_default(likely->codec)
                                                 : options->level,
    };
}

/* What becomes of chunks with dictionaries, where there are several. */
static void predict_indexed(const struct rg_likely *likely, struct rg_stitch_estimate *estimate)
{
    const struct rg_layout_facts facts = facts_of(likely);
    enum rg_reason reason;

    if (likely->is_swelling || rg_layout_choose(&facts, &reason) == RG_LAYOUT_DICTIONARY) {
        estimate->verdict = RG_VERDICT_REMAP;
        estimate->reason = RG_REASON_DICTIONARIES_DIFFER;
    } else if (is_most(likely->unique_bytes, likely->indexed_bytes)) {
        estimate->verdict = RG_VERDICT_PROMOTE;
    } else {
        estimate->verdict = RG_VERDICT_DISSOLVE;
        estimate->reason = reason;
    }
}

/* What most bytes will need, in the order in which rg_layout_choose() asks. */
static void predict(const struct rg_likely *likely, struct rg_stitch_estimate *estimate)
{
    const bool is_joint = likely->source_count > 1;
    const bool is_indexed = is_joint && is_most(likely->indexed_bytes, likely->bytes);
    const bool is_asked = likely->column->options->codec != RG_CODEC_KEEP;

    estimate->verdict = RG_VERDICT_COPY;
    estimate->reason = RG_REASON_NONE;
    if (is_most(likely->recoded_bytes, likely->bytes)) {
        estimate->verdict = RG_VERDICT_RECODE;
        estimate->reason = likely->is_widened ? RG_REASON_TYPE_WIDENED : RG_REASON_ENCODING;
    } else if (is_most(likely->tried_bytes, likely->bytes)) {
        estimate->verdict = RG_VERDICT_RECODE;
        estimate->reason = RG_REASON_ENCODING_ASKED;
    } else if (is_indexed && likely->indexed_count > 1 && likely->is_varied) {
        predict_indexed(likely, estimate);
    } else if (is_most(likely->other_codec_bytes, likely->bytes)) {
        estimate->verdict = RG_VERDICT_RECOMPRESS;
        estimate->reason = is_asked ? RG_REASON_CODEC_ASKED : RG_REASON_CODECS_DIFFER;
    } else if (is_joint && is_most(likely->tiny_bytes, likely->bytes)) {
        estimate->verdict = RG_VERDICT_JOIN;
        estimate->reason = RG_REASON_TINY_PAGES;
    }
}

/*
 * The united dictionary, raw: a few times the largest, as dictionaries overlap; and no more than
 * all together, with the values that are in none.
 */
static uint64_t union_raw(const struct rg_likely *likely)
{
    const uint64_t united = lesser(3 * likely->dictionary_raw_most, likely->dictionary_bytes_max);

    return lesser(united, likely->union_bytes_max);
}

/* Pages made of values that are promoted, as a rule; some sources have a value twice. */
static uint64_t exceptions(const struct rg_likely *likely)
{
    const bool are_strings = likely->leaf->type == RG_TYPE_BYTE_ARRAY;
    const uint64_t one = likely->dissolved_most + likely->dissolved_most / 4;

    return greater(one, are_strings ? likely->dissolved_bytes / 5 : 0);
}

static uint64_t bodies(const struct rg_likely *likely, enum rg_verdict verdict)
{
    const bool is_tiny = is_most(likely->tiny_bytes, likely->bytes);
    /* Elements of spliced pages are copied when they are short. */
    const bool is_copied = is_tiny && likely->bytes / likely->page_count < 1024;

    switch (verdict) {
    case RG_VERDICT_PROMOTE:
        return is_tiny ? (is_copied ? likely->bytes : 0) : exceptions(likely);
    case RG_VERDICT_REMAP:
        return likely->index_bytes + likely->index_bytes / 2 + likely->index_values / 8 +
               3 * likely->dictionary_bytes_most;
    case RG_VERDICT_DISSOLVE:
        return likely->dissolved_bytes + likely->dissolved_bytes / 8 +
               (likely->leaf->def_max > 0 ? likely->value_count / 4 : 0);
    case RG_VERDICT_JOIN:
    case RG_VERDICT_RECOMPRESS:
        return likely->bytes + likely->bytes / 4;
    case RG_VERDICT_RECODE:
        return likely->recoded_made + likely->tried_bytes + likely->bytes / 4;
    case RG_VERDICT_COPY:
    case RG_VERDICT_COUNT:
        break;
    }
    return 0;
}

/* A page of values in the making, raw and packed; it holds no more than there are. */
static uint64_t page_in_making(const struct rg_likely *likely)
{
    const uint64_t width = greater(likely->value_bytes_most, rg_plain_bytes(likely->leaf));
    const uint64_t by_rows = likely->page_rows * (width + width / 4);
    /* Room for a trial is made before it is known how short the strings are. */
    const bool are_strings = likely->leaf->type == RG_TYPE_BYTE_ARRAY && is_tried(likely);
    const uint64_t raw_bytes =
        are_strings || width == 0 ? likely->page_bytes : lesser(likely->page_bytes, by_rows);
    const uint64_t room = lesser(raw_bytes, likely->room_bytes_max);

    return room * 5 / 2 + room / 6;
}

/* Tables over the entries of the largest dictionary; see table_bytes() in estimate.c. */
static uint64_t entry_tables(const struct rg_likely *likely)
{
    const uint64_t entries = likely->entries_most;
    const uint64_t offset = rg_plain_bytes(likely->leaf) == 0 ? 16 : 0;
    const uint64_t samples = greater(entries * 24, lesser(entries * 96, 6 * UINT64_C(65536)));

    return entries * (4 + offset) + samples;
}

/* Remapping: indices, their page, tables over the dictionaries, samples of them. */
static uint64_t remap_scratch(const struct rg_likely *likely)
{
    const uint64_t indices = lesser(likely->index_rows, likely->index_values);
    const uint64_t united = union_raw(likely);
    const uint64_t entries = lesser(3 * likely->entries_most, likely->index_values);

    return indices * 4 + indices * bits_of(entries) / 8 * 4 + 3 * united + entries * 40 +
           entry_tables(likely) + likely->dictionary_raw_most + likely->index_raw_most;
}

/*
 * Samples, a dictionary in the making, indices and offsets of a page's values. PLAIN values are
 * looked at where they lie; others are decoded to a page of their own, and integers are encoded as
 * deltas to another.
 */
static uint64_t trial_scratch(const struct rg_likely *likely)
{
    const uint64_t width = greater(rg_plain_bytes(likely->leaf), 4);
    const uint64_t values = lesser(likely->raw_bytes_max / width, likely->value_count);
    const uint64_t united =
        lesser(lesser(likely->dictionary_bytes_max, likely->bytes) / 2, likely->plain_bytes_max);
    const bool is_integer =
        likely->leaf->type == RG_TYPE_INT32 || likely->leaf->type == RG_TYPE_INT64;
    const uint64_t pages = (uint64_t)is_integer + likely->is_decoded;

    return pages * page_in_making(likely) + 3 * united +
           lesser(united / width * 24, likely->value_count * 80) + 16 * values +
           lesser(likely->index_rows, likely->value_count) * 8;
}

static uint64_t scratch_of(const struct rg_likely *likely, enum rg_verdict verdict)
{
    const uint64_t dissolve = page_in_making(likely) + likely->dictionary_raw_most +
                              likely->index_raw_most + entry_tables(likely);

    switch (verdict) {
    case RG_VERDICT_PROMOTE:
        return dissolve;
    case RG_VERDICT_DISSOLVE:
    case RG_VERDICT_REMAP:
        return greater(dissolve, remap_scratch(likely) + page_in_making(likely)) +
               (is_tried(likely) ? trial_scratch(likely) : 0);
    case RG_VERDICT_JOIN:
        return page_in_making(likely) + likely->raw_bytes_max;
    case RG_VERDICT_RECOMPRESS:
        return 2 * likely->raw_bytes_max + likely->raw_bytes_max / 4;
    case RG_VERDICT_RECODE:
        return page_in_making(likely) + likely->raw_bytes_max +
               (likely->tried_bytes > 0 ? trial_scratch(likely) : 0);
    case RG_VERDICT_COPY:
    case RG_VERDICT_COUNT:
        break;
    }
    /* A few pages may have to be opened all the same. */
    return lesser(likely->raw_bytes_max, 2 * likely->page_bytes);
}

/* Bodies of what goes another way than most bytes: decoded pages, converted dictionaries. */
static uint64_t side_bodies(const struct rg_likely *likely, enum rg_verdict verdict)
{
    if (verdict != RG_VERDICT_RECODE)
        return likely->recoded_made + likely->converted_bytes;
    return likely->converted_bytes > 0 ? likely->dissolved_bytes : 0;
}

static uint64_t side_scratch(const struct rg_likely *likely)
{
    const uint64_t tables =
        likely->converted_bytes > 0 ? likely->index_raw_most + entry_tables(likely) : 0;
    const bool is_decoding = likely->recoded_bytes + likely->tried_bytes > 0;

    return likely->converted_bytes + tables + (is_decoding ? decoder_bytes : 0);
}

/*
 * How many entries the united dictionary has. Values that come with their file, as times do, do not
 * repeat in the next: the ranges of integers tell that.
 */
static double united_entries(const struct rg_likely *likely, double entries)
{
    const struct rg_layout_facts facts = facts_of(likely);
    const double united = rg_layout_union_entries(&facts);
    const double chunks = (double)likely->ranged_count;

    if (likely->ranged_count < likely->indexed_count || likely->range_sum <= 0)
        return united;
    const double spread =
        (likely->range_high - likely->range_low + 1) / (likely->range_sum / chunks + 1);
    return fmax(united, fmin(entries * spread, (double)likely->entry_count));
}

/*
 * Indices, and the united dictionary. Indices of many values need more bits in it than in the
 * dictionaries of short files.
 */
static uint64_t remapped_bytes(const struct rg_likely *likely)
{
    const double entries = (double)likely->entry_count / (double)likely->indexed_count;
    const double united = united_entries(likely, entries);
    const double bits =
        (double)likely->index_raw_bytes * 8 / (double)greater(likely->index_values, 1);
    const double wider = fmax(1, (double)bits_of((uint64_t)united) / fmax(1, bits));
    const double entry_bytes =
        (double)likely->entry_bytes / (double)greater(likely->entry_count, 1);

    return (uint64_t)((double)likely->index_bytes * wider + united * entry_bytes);
}

void rg_likely_finish(const struct rg_likely *likely, struct rg_stitch_estimate *estimate)
{
    predict(likely, estimate);
    const uint64_t most = bodies(likely, estimate->verdict);
    const uint64_t made = most + side_bodies(likely, estimate->verdict);
    const uint64_t pages = likely->page_count + likely->value_count / likely->page_rows;

    estimate->arena_bytes = made + made / 8 + pages * page_arena_bytes + fixed_bytes;
    /* Blocks of an arena are not filled to the last byte. */
    estimate->scratch_bytes =
        scratch_of(likely, estimate->verdict) * 4 / 3 + side_scratch(likely) * 4 / 3 +
        likely->source_count * source_scratch_bytes + pages * page_scratch_bytes + fixed_bytes;
    estimate->input_bytes = likely->bytes;
    /* Wider values compress to about the same. */
    estimate->output_bytes =
        estimate->verdict == RG_VERDICT_DISSOLVE && !likely->is_widened ? most : likely->bytes;
    if (estimate->verdict == RG_VERDICT_REMAP)
        estimate->output_bytes = lesser(remapped_bytes(likely), likely->bytes);
    else if (estimate->verdict == RG_VERDICT_PROMOTE)
        estimate->output_bytes = likely->bytes - lesser(likely->index_bytes, likely->bytes);
    /* What a dictionary or deltas make of values, no footer tells. */
    estimate->output_bytes_min =
        is_tried(likely) && estimate->verdict != RG_VERDICT_REMAP ? 0 : estimate->output_bytes;
}
