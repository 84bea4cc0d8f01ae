/* SPDX-License-Identifier: Apache-2.0 */

/*
 * A sample is a window of pages that follow one another, three at most: as many values as a page
 * has, or an eighth of the column together where that is less. Their values are put into one
 * dictionary, window by window, so that its growth tells how large it will become:
 *
 *   - it stops to grow as draws from a population of equally likely values would: that is it;
 *   - else as a power of the number of values (Heaps' law), which covers values that come with
 * their file, as days do, and those of which few are frequent.
 */

#include "stitch/trial.h"

#include <math.h>

#include "base/limits.h"
#include "parquet/types.h"
#include "stitch/dissolve.h"
#include "stitch/indices.h"
#include "stitch/page_walk.h"
#include "stitch/recode.h"

enum {
    WINDOWS_MAX = 3,
    STEP_VALUES = 1024,
};

static const uint32_t window_values_max = 20000;
static const uint32_t window_values_min = 2048;
/* Windows together take at most this part of the column, as long as they are that long. */
static const uint64_t sample_share = 8;
/* Saving less, in percent, is not worth decoding. */
static const double worth_percent = 3;
/* Where nearly all values of a window are different, no dictionary will pay. */
static const double unique_share = 0.95;

/* A place in the column: of a page. */
struct place {
    size_t source;
    uint64_t page;
};

/* Values of a window, and where they end. */
struct window {
    uint32_t value_count; /* Not null. */
    uint64_t level_count; /* Nulls included. */
    struct place end;     /* Behind its last page. */
    bool is_full;
};

/* Sums over the windows. */
struct sums {
    uint64_t value_count;
    uint64_t level_count;
    uint64_t plain_bytes;
    uint64_t delta_bytes;
    uint64_t index_values; /* Of windows that were put into the dictionary. */
    double index_bytes;    /* Their indices, compressed, for each bit that an index has. */
    uint64_t first_count;
    uint64_t first_distinct;
    bool has_dictionary; /* It may pay yet. */
};

struct trial {
    const struct rg_trial_room *room;
    const struct rg_survey *surveys;
    size_t survey_count;
    uint64_t level_count; /* Of the column. */
    uint64_t entries_max; /* Different values that it can have, and their bytes. */
    uint64_t entry_bytes_max;
    uint32_t window_values;
    struct sums sums;
    struct rg_dict_table table; /* The dictionary of the source that is looked at. */
    size_t culprit;
};

static uint64_t levels_of(const struct rg_survey *survey)
{
    return survey->index_values + survey->value_values;
}

/* Index pages: looked up in their dictionary, until the window is as large as a page. */
static enum rg_status gather(struct trial *trial, const struct rg_parts *parts, uint32_t count,
                             uint32_t *ret_count, struct rg_error *err)
{
    const struct rg_dict_table *table = &trial->table;
    const size_t page_bytes = trial->room->bench->page_bytes;
    struct rg_buffer *out = &trial->room->joiner->values;
    uint32_t indices[STEP_VALUES];
    struct rg_index_reader reader;
    uint32_t at = 0;

    RG_TRY(rg_index_reader_init(&reader, parts->values, parts->present_count, table->entry_count,
                                err));
    while (at < count && out->bytes < page_bytes) {
        const size_t fitting = (page_bytes - out->bytes) / (table->entry_bytes_max + 1) + 1;
        uint32_t step = count - at < STEP_VALUES ? count - at : STEP_VALUES;

        step = step < fitting ? step : (uint32_t)fitting;
        RG_TRY(rg_index_read(&reader, step, indices, err));
        rg_dissolve_gather(table, indices, step, out);
        RG_TRY(rg_buffer_check(out, "trial", err));
        at += step;
    }
    *ret_count = at;
    return RG_OK;
}

/* Other pages: whole, unless that would make the window much larger than a page. */
static enum rg_status append(struct trial *trial, const struct rg_survey *survey,
                             const struct rg_source_page *page, const struct rg_parts *parts,
                             uint32_t count, uint32_t *ret_count, struct rg_error *err)
{
    const struct rg_trial_room *room = trial->room;
    struct rg_buffer *out = &room->joiner->values;
    struct rg_span plain;

    RG_TRY(rg_page_encoder_plain(room->encoder, survey, page, parts, count, &plain, err));
    *ret_count = 0;
    if (out->bytes > 0 && out->bytes + plain.bytes > 2 * (size_t)room->bench->page_bytes)
        return RG_OK;
    *ret_count = count;
    rg_buffer_append(out, plain.data, plain.bytes);
    return rg_buffer_check(out, "trial", err);
}

/* Values of one page, as many as the window still wants, behind those that are there. */
static enum rg_status take_page(struct trial *trial, const struct rg_survey *survey,
                                const struct rg_source_page *page, struct window *window,
                                struct rg_error *err)
{
    const struct rg_trial_room *room = trial->room;
    struct rg_parts parts;
    uint32_t count;

    RG_TRY(rg_parts_take(room->bench, survey->source, page, true, &parts, err));
    const uint32_t left = trial->window_values - window->value_count;
    const uint32_t wanted = parts.present_count < left ? parts.present_count : left;
    if (rg_is_index_page(page))
        RG_TRY(gather(trial, &parts, wanted, &count, err));
    else
        RG_TRY(append(trial, survey, page, &parts, wanted, &count, err));
    window->is_full = count < wanted || window->value_count + count >= trial->window_values ||
                      room->joiner->values.bytes >= room->bench->page_bytes;
    window->value_count += count;
    window->level_count += parts.present_count == 0
                               ? parts.value_count
                               : (uint64_t)parts.value_count * count / parts.present_count;
    return RG_OK;
}

/* Pages of a source from level `skipped` on, and behind what was taken before. */
static enum rg_status take_source(struct trial *trial, size_t index, uint64_t skipped,
                                  struct place taken, struct window *window, struct rg_error *err)
{
    const struct rg_survey *survey = &trial->surveys[index];
    struct rg_bench *bench = trial->room->bench;
    struct rg_page_walk walk;
    struct rg_source_page page;
    struct rg_span plain;
    uint64_t at = 0;
    bool is_begun = false;
    bool is_end = false;

    trial->culprit = index;
    if (survey->index_page_count > 0) {
        RG_TRY(rg_survey_dictionary(bench, survey, &plain, err));
        RG_TRY(rg_dict_table_fill(&trial->table, bench, plain, survey->dictionary_entries, err));
    }
    rg_page_walk_init(&walk, survey);
    for (uint64_t ordinal = 0; !window->is_full; ordinal++) {
        RG_TRY(rg_page_walk_next(&walk, &page, &is_end, err));
        if (is_end)
            return RG_OK;
        at += page.header.value_count;
        const bool is_taken =
            index < taken.source || (index == taken.source && ordinal < taken.page);
        if (at <= skipped || is_taken || rg_is_null_page(&page))
            continue;
        if (survey->has_links && !is_begun)
            RG_TRY(rg_page_encoder_rewind(trial->room->encoder, survey, &page, err));
        is_begun = true;
        RG_TRY(take_page(trial, survey, &page, window, err));
        window->end = (struct place){index, ordinal + 1};
    }
    return RG_OK;
}

/* A window from level `begin` of the column on. */
static enum rg_status take_window(struct trial *trial, uint64_t begin, struct place taken,
                                  struct window *ret_window, struct rg_error *err)
{
    struct window window = {.end = taken};
    uint64_t before = 0;

    rg_buffer_reset(&trial->room->joiner->values);
    for (size_t i = 0; i < trial->survey_count && !window.is_full; i++) {
        const uint64_t levels = levels_of(&trial->surveys[i]);
        const uint64_t skipped = begin > before ? begin - before : 0;

        if (levels > skipped)
            RG_TRY(take_source(trial, i, skipped, taken, &window, err));
        before += levels;
    }
    *ret_window = window;
    return RG_OK;
}

static uint64_t lesser(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

/* What a codec makes of these bytes, if that is less. */
static enum rg_status packed_bytes(struct rg_bench *bench, struct rg_span raw, uint64_t *sum,
                                   struct rg_error *err)
{
    struct rg_span packed;

    RG_TRY(rg_bench_compress(bench, raw, &packed, err));
    *sum += lesser(packed.bytes, raw.bytes);
    return RG_OK;
}

static bool can_be_delta(const struct rg_bench *bench)
{
    return bench->leaf->type == RG_TYPE_INT32 || bench->leaf->type == RG_TYPE_INT64;
}

static enum rg_status try_delta(struct trial *trial, uint32_t count, struct rg_error *err)
{
    struct rg_joiner *joiner = trial->room->joiner;

    rg_buffer_reset(&joiner->encoded);
    RG_TRY(rg_recode_encode(trial->room->bench, &joiner->encode_room,
                            RG_ENCODING_DELTA_BINARY_PACKED, rg_buffer_span(&joiner->values), count,
                            &joiner->encoded, err));
    return packed_bytes(trial->room->bench, rg_buffer_span(&joiner->encoded),
                        &trial->sums.delta_bytes, err);
}

/* Puts a window's values into the dictionary, and encodes their indices. */
static enum rg_status try_dictionary(struct trial *trial, uint32_t count, struct rg_error *err)
{
    const struct rg_trial_room *room = trial->room;
    struct sums *sums = &trial->sums;
    struct rg_buffer *out = &room->joiner->encoded;
    const uint32_t *indices;
    uint64_t bytes = 0;
    bool fits;

    RG_TRY(rg_page_encoder_look_up(room->encoder, rg_buffer_span(&room->joiner->values), count,
                                   room->united, &indices, &fits, err));
    const double distinct = room->united->entry_count;
    sums->has_dictionary = fits;
    if (!fits)
        return RG_OK;
    if (sums->first_count == 0) {
        sums->first_count = count;
        sums->first_distinct = (uint64_t)distinct;
        sums->has_dictionary =
            distinct < count * unique_share ||
            (double)trial->entries_max < (double)trial->level_count * unique_share;
    }
    const uint32_t width = distinct > 1 ? rg_bit_width((uint32_t)distinct - 1) : 1;
    rg_buffer_reset(out);
    rg_index_encode(indices, count, width, RG_INDEX_RUNS_SHORTEST, out);
    RG_TRY(rg_buffer_check(out, "trial", err));
    RG_TRY(packed_bytes(room->bench, rg_buffer_span(out), &bytes, err));
    sums->index_bytes += (double)bytes / width;
    sums->index_values += count;
    return RG_OK;
}

static enum rg_status try_window(struct trial *trial, const struct window *window,
                                 struct rg_error *err)
{
    const struct rg_trial_room *room = trial->room;

    trial->sums.value_count += window->value_count;
    trial->sums.level_count += window->level_count;
    RG_TRY(packed_bytes(room->bench, rg_buffer_span(&room->joiner->values),
                        &trial->sums.plain_bytes, err));
    if (can_be_delta(room->bench))
        RG_TRY(try_delta(trial, window->value_count, err));
    if (trial->sums.has_dictionary)
        RG_TRY(try_dictionary(trial, window->value_count, err));
    return RG_OK;
}

static enum rg_status try_all(struct trial *trial, struct rg_error *err)
{
    struct place taken = {0, 0};
    struct window window;

    for (uint64_t i = 0; i < WINDOWS_MAX; i++) {
        const uint64_t last = trial->level_count > trial->window_values
                                  ? trial->level_count - trial->window_values
                                  : 0;

        RG_TRY(take_window(trial, last * i / (WINDOWS_MAX - 1), taken, &window, err));
        taken = window.end;
        if (window.value_count > 0)
            RG_TRY(try_window(trial, &window, err));
    }
    return RG_OK;
}

double rg_trial_population(double draws, double distinct)
{
    double low = 0; /* draws / P of a population that is too large, and too small. */
    double high = 1;

    while (high < 1e6 && -expm1(-high) / high * draws > distinct)
        high *= 2;
    for (int step = 0; step < 50; step++) {
        const double middle = (low + high) / 2;

        if (-expm1(-middle) / middle * draws > distinct)
            low = middle;
        else
            high = middle;
    }
    return draws / high;
}

double rg_trial_distinct(double first_count, double first_distinct, double sample_count,
                         double sample_distinct, double value_count)
{
    const double all = rg_trial_population(sample_count, sample_distinct);
    const double expected = -expm1(-first_count / all) * all;
    const double uniform = fmax(sample_distinct, -expm1(-value_count / all) * all);

    if (sample_count >= value_count)
        return sample_distinct;
    if (sample_count <= first_count || expected < first_distinct * 1.05)
        return uniform;
    const double power = log(sample_distinct / first_distinct) / log(sample_count / first_count);
    return sample_distinct * pow(value_count / sample_count, fmin(power, 1));
}

/* What the dictionary and its indices will take; UINT64_MAX where it would pass its cap. */
static enum rg_status size_dictionary(const struct trial *trial, double value_count,
                                      uint64_t *ret_bytes, struct rg_error *err)
{
    const struct rg_dict_union *united = trial->room->united;
    const struct sums *sums = &trial->sums;
    uint64_t packed = 0;

    *ret_bytes = UINT64_MAX;
    if (!sums->has_dictionary || united->entry_count == 0)
        return RG_OK;
    /* Windows of long values hold few of them, and may foresee more than there are. */
    const double foreseen =
        rg_trial_distinct((double)sums->first_count, (double)sums->first_distinct,
                          (double)sums->index_values, united->entry_count, value_count);
    const double distinct = fmax(fmin(foreseen, (double)trial->entries_max), united->entry_count);
    const double growth = distinct / united->entry_count;
    const double bytes = fmin(growth * (double)united->plain_bytes, (double)trial->entry_bytes_max);
    if (bytes > (double)united->plain_bytes_max)
        return RG_OK;
    RG_TRY(packed_bytes(trial->room->bench, (struct rg_span){united->plain, united->plain_bytes},
                        &packed, err));
    const double width = distinct > 1 ? ceil(log2(distinct)) : 1;
    *ret_bytes = (uint64_t)(growth * (double)packed +
                            sums->index_bytes * width * value_count / (double)sums->index_values);
    return RG_OK;
}

static enum rg_status sum_up(const struct trial *trial, struct rg_trial_figures *ret_figures,
                             struct rg_error *err)
{
    const struct sums *sums = &trial->sums;
    const double present = (double)sums->value_count / (double)sums->level_count;
    const double value_count = (double)trial->level_count * present;
    const double scale = value_count / (double)sums->value_count;
    struct rg_trial_figures figures = {
        .value_count = (uint64_t)value_count,
        .plain_bytes = (uint64_t)((double)sums->plain_bytes * scale),
        .delta_bytes = can_be_delta(trial->room->bench)
                           ? (uint64_t)((double)sums->delta_bytes * scale)
                           : UINT64_MAX,
    };

    RG_TRY(size_dictionary(trial, value_count, &figures.dictionary_bytes, err));
    *ret_figures = figures;
    return RG_OK;
}

static bool is_worth(uint64_t bytes, uint64_t instead_of)
{
    return (double)bytes < (double)instead_of * (1 - worth_percent / 100);
}

struct rg_trial_choice rg_trial_choose(const struct rg_trial_figures *figures)
{
    const bool is_delta = is_worth(figures->delta_bytes, figures->plain_bytes);
    const uint64_t other = is_delta ? figures->delta_bytes : figures->plain_bytes;

    return (struct rg_trial_choice){
        .is_dictionary = is_worth(figures->dictionary_bytes, other),
        .is_delta = is_delta,
    };
}

/* Booleans, and values of no bytes: no encoding does better by them. */
static bool is_out_of_question(const struct rg_bench *bench)
{
    return bench->leaf->type != RG_TYPE_BYTE_ARRAY && rg_plain_bytes(bench->leaf) == 0;
}

/* Their values may be longer than what they are in. */
static bool has_encoded_values(const struct rg_survey *survey)
{
    const uint32_t plain = UINT32_C(1) << RG_ENCODING_PLAIN;
    const uint32_t indices =
        UINT32_C(1) << RG_ENCODING_RLE_DICTIONARY | UINT32_C(1) << RG_ENCODING_PLAIN_DICTIONARY;

    return (survey->source_encodings & ~(plain | indices)) != 0;
}

/* What dictionaries and pages say of how many values there can be. */
static void bound_entries(struct trial *trial)
{
    const struct rg_survey *last = NULL;

    for (size_t i = 0; i < trial->survey_count; i++) {
        const struct rg_survey *survey = &trial->surveys[i];

        trial->entries_max += survey->value_values;
        if (has_encoded_values(survey))
            trial->entry_bytes_max = UINT64_MAX / 2;
        else if (survey->value_page_count > 0)
            trial->entry_bytes_max += survey->raw_bytes - survey->index_raw_bytes;
        if (survey->index_page_count == 0 ||
            (last != NULL && last->dictionary_hash == survey->dictionary_hash))
            continue;
        trial->entries_max += survey->dictionary_entries;
        trial->entry_bytes_max += survey->dictionary_raw_bytes;
        last = survey;
    }
}

static enum rg_status run(struct trial *trial, struct rg_trial_choice *ret_choice,
                          struct rg_error *err)
{
    struct rg_trial_figures figures;

    RG_TRY(try_all(trial, err));
    if (trial->sums.value_count == 0)
        return RG_OK;
    RG_TRY(sum_up(trial, &figures, err));
    *ret_choice = rg_trial_choose(&figures);
    return RG_OK;
}

enum rg_status rg_trial_run(struct rg_trial_room *room, const struct rg_survey *surveys,
                            size_t survey_count, struct rg_trial_choice *ret_choice,
                            size_t *ret_culprit, struct rg_error *err)
{
    struct trial trial = {
        .room = room,
        .surveys = surveys,
        .survey_count = survey_count,
        .sums = {.has_dictionary = true},
    };

    *ret_choice = (struct rg_trial_choice){false, false};
    if (is_out_of_question(room->bench))
        return RG_OK;
    for (size_t i = 0; i < survey_count; i++)
        trial.level_count += levels_of(&surveys[i]);
    bound_entries(&trial);
    const uint64_t share = trial.level_count / sample_share / WINDOWS_MAX;
    trial.window_values = share < window_values_min   ? window_values_min
                          : share > window_values_max ? window_values_max
                                                      : (uint32_t)share;
    if (room->joiner->values.capacity == 0)
        (void)rg_buffer_reserve(&room->joiner->values,
                                room->bench->values_bytes_hint + rg_slack_bytes);
    const enum rg_status status = run(&trial, ret_choice, err);
    *ret_culprit = trial.culprit;
    rg_buffer_reset(&room->joiner->values);
    rg_buffer_reset(&room->joiner->encoded);
    rg_dict_union_reset(room->united);
    room->encoder->recoder->survey = NULL;
    return status;
}
