/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The overlap of the sampled dictionaries is counted on hashes of their entries; of large ones only
 * those that are 0 modulo 8, which makes a sample of the values that is the same in all three.
 */

#include "stitch/sample.h"

#include "base/hash.h"
#include "base/limits.h"
#include "stitch/dict_table.h"
#include "stitch/dissolve.h"
#include "stitch/hash_set.h"
#include "stitch/indices.h"
#include "stitch/page_walk.h"

enum {
    SAMPLES_MAX = 3,
    THINNED = 8,
    STEP_VALUES = 1024,
};

/* Dictionaries above this are thinned out. */
static const uint32_t entries_whole = 4096;
/* Values that are dissolved and compressed to see what that yields. */
static const uint32_t trial_values = 20000;

static enum rg_status fill_set(struct rg_bench *bench, const struct rg_dict_table *table,
                               bool is_thinned, struct rg_hash_set *set, struct rg_error *err)
{
    /* Of a thinned one twice as many are let in as are to be expected. */
    const uint32_t count_max = is_thinned ? table->entry_count / 4 : table->entry_count;

    RG_TRY(rg_hash_set_init(set, bench->scratch, count_max, err));
    for (uint32_t i = 0; i < table->entry_count && !rg_hash_set_is_full(set); i++) {
        const uint64_t hash = rg_hash_fast(rg_dict_table_entry(table, i)) | 1;

        if (!is_thinned || (hash >> 1) % THINNED == 0)
            rg_hash_set_add(set, hash);
    }
    return RG_OK;
}

/* First, middle and last of the sources that have values; how many different ones. */
static uint32_t pick(const struct rg_survey *surveys, size_t survey_count,
                     size_t ret_picked[SAMPLES_MAX])
{
    size_t with_values = 0;
    size_t seen = 0;
    uint32_t count = 0;

    for (size_t i = 0; i < survey_count; i++)
        with_values += surveys[i].index_page_count + surveys[i].value_page_count > 0;
    for (size_t i = 0; i < survey_count; i++) {
        if (surveys[i].index_page_count + surveys[i].value_page_count == 0)
            continue;
        if (seen == 0 || seen == with_values / 2 || seen == with_values - 1)
            ret_picked[count++] = i;
        seen++;
    }
    return count;
}

static void sum_up(const struct rg_survey *surveys, size_t survey_count,
                   struct rg_layout_facts *facts)
{
    for (size_t i = 0; i < survey_count; i++) {
        const struct rg_survey *survey = &surveys[i];

        if (survey->index_page_count == 0)
            continue;
        facts->source_count++;
        facts->value_count += survey->index_values;
        facts->index_bytes += survey->index_bytes;
        facts->index_raw_bytes += survey->index_raw_bytes;
        facts->entry_count += survey->dictionary_entries;
        facts->entry_bytes += survey->dictionary.bytes;
        facts->entry_raw_bytes += survey->dictionary_raw_bytes;
    }
}

/* Values that fit a page of the usual size, but for one; at most STEP_VALUES. */
static uint32_t trial_step(const struct rg_bench *bench, const struct rg_dict_table *table,
                           const struct rg_buffer *out, uint32_t left)
{
    const size_t room = out->bytes < bench->page_bytes ? bench->page_bytes - out->bytes : 0;
    const size_t fitting = table->entry_bytes_max == 0 ? left : room / table->entry_bytes_max + 1;
    uint32_t step = left < STEP_VALUES ? left : STEP_VALUES;

    if (step > fitting)
        step = (uint32_t)fitting;
    return step;
}

/* Dissolves values of one index page into `out`, until that is a page. */
static enum rg_status dissolve_some(struct rg_bench *bench, const struct rg_survey *survey,
                                    const struct rg_source_page *page,
                                    const struct rg_dict_table *table, struct rg_buffer *out,
                                    uint32_t *values, struct rg_error *err)
{
    uint32_t indices[STEP_VALUES];
    struct rg_parts parts;
    struct rg_index_reader reader;
    uint32_t at = 0;

    RG_TRY(rg_parts_take(bench, survey->source, page, true, &parts, err));
    RG_TRY(
        rg_index_reader_init(&reader, parts.values, parts.present_count, table->entry_count, err));
    while (at < parts.present_count && *values < trial_values && out->bytes < bench->page_bytes) {
        const uint32_t step = trial_step(bench, table, out, parts.present_count - at);

        RG_TRY(rg_index_read(&reader, step, indices, err));
        rg_dissolve_gather(table, indices, step, out);
        RG_TRY(rg_buffer_check(out, "trial", err));
        at += step;
        *values += step;
    }
    return RG_OK;
}

/* What a trial can dissolve at most. */
static size_t trial_bytes(const struct rg_bench *bench, const struct rg_survey *survey,
                          const struct rg_dict_table *table)
{
    const uint64_t values =
        survey->index_values < trial_values ? survey->index_values : trial_values;
    const uint64_t by_values = values * table->entry_bytes_max;
    const uint64_t by_page = (uint64_t)bench->page_bytes + table->entry_bytes_max;

    return (size_t)(by_values < by_page ? by_values : by_page);
}

static enum rg_status run_trial(struct rg_bench *bench, const struct rg_survey *survey,
                                const struct rg_dict_table *table, struct rg_buffer *out,
                                double *ret_bytes, struct rg_error *err)
{
    struct rg_page_walk walk;
    struct rg_source_page page;
    struct rg_span packed;
    uint32_t values = 0;
    bool is_end = false;

    if (rg_buffer_reserve(out, trial_bytes(bench, survey, table) + rg_slack_bytes) == NULL)
        return rg_buffer_check(out, "trial", err);
    rg_page_walk_init(&walk, survey);
    while (values < trial_values && out->bytes < bench->page_bytes) {
        RG_TRY(rg_page_walk_next(&walk, &page, &is_end, err));
        if (is_end)
            break;
        if (rg_is_index_page(&page))
            RG_TRY(dissolve_some(bench, survey, &page, table, out, &values, err));
    }
    RG_TRY(rg_bench_compress(bench, rg_buffer_span(out), &packed, err));
    rg_buffer_reset(out);
    *ret_bytes = values == 0 ? 0 : (double)packed.bytes / values;
    return RG_OK;
}

static enum rg_status take_one(struct rg_bench *bench, const struct rg_survey *survey,
                               bool is_thinned, struct rg_dict_table *table,
                               struct rg_hash_set *set, struct rg_error *err)
{
    struct rg_span plain;

    RG_TRY(rg_survey_dictionary(bench, survey, &plain, err));
    RG_TRY(rg_dict_table_fill(table, bench, plain, survey->dictionary_entries, err));
    return fill_set(bench, table, is_thinned, set, err);
}

static void compare_pairs(const struct rg_hash_set sets[SAMPLES_MAX], uint32_t count,
                          bool is_thinned, struct rg_layout_facts *facts)
{
    const double factor = is_thinned ? THINNED : 1;

    for (uint32_t i = 0; i < count; i++) {
        for (uint32_t k = i + 1; k < count; k++) {
            facts->pair_products += factor * factor * sets[i].count * sets[k].count;
            facts->pair_hits += factor * rg_hash_set_shared_count(&sets[i], &sets[k]);
        }
    }
}

/* Tests the samples one by one, until one is no identity. */
static enum rg_status test_identity(struct rg_promoter *promoter, const struct rg_survey *surveys,
                                    const size_t *picked, uint32_t count, bool *ret_is_identity,
                                    size_t *ret_culprit, struct rg_error *err)
{
    *ret_is_identity = true;
    for (uint32_t i = 0; i < count && *ret_is_identity; i++) {
        *ret_culprit = picked[i];
        RG_TRY(rg_promoter_test(promoter, &surveys[picked[i]], ret_is_identity, err));
    }
    return RG_OK;
}

/* What headers alone tell of the samples. */
static void look_at(const struct rg_survey *surveys, const size_t *picked, uint32_t count,
                    bool *ret_is_thinned, struct rg_layout_facts *facts)
{
    *ret_is_thinned = false;
    for (uint32_t i = 0; i < count; i++) {
        const struct rg_survey *survey = &surveys[picked[i]];

        facts->has_sampled_values = facts->has_sampled_values || survey->value_page_count > 0;
        facts->sample_entries += (double)survey->dictionary_entries / count;
        *ret_is_thinned = *ret_is_thinned || survey->dictionary_entries > entries_whole;
    }
}

/* Is there anything that a trial could yield for which dictionaries are dissolved? It yields some
 * bytes at least, and the more, the less so. */
static bool is_trial_needed(const struct rg_layout_facts *facts)
{
    enum rg_reason reason;

    return rg_layout_choose(facts, &reason) == RG_LAYOUT_PLAIN &&
           reason == RG_REASON_VALUES_HARDLY_REPEAT;
}

/* Overlap of the dictionaries, and the trial. The middle one comes last: it is at hand then. */
static enum rg_status compare_samples(struct rg_bench *bench, const struct rg_survey *surveys,
                                      const size_t *picked, uint32_t count, bool is_thinned,
                                      struct rg_buffer *trial, struct rg_layout_facts *facts,
                                      size_t *ret_culprit, struct rg_error *err)
{
    const uint32_t middle = count / 2;
    struct rg_hash_set sets[SAMPLES_MAX] = {{0}};
    struct rg_dict_table table = {0};

    for (uint32_t i = 0; i < count; i++) {
        const uint32_t at = i == count - 1 ? middle : i < middle ? i : i + 1;

        *ret_culprit = picked[at];
        RG_TRY(take_one(bench, &surveys[picked[at]], is_thinned, &table, &sets[at], err));
    }
    compare_pairs(sets, count, is_thinned, facts);
    if (!is_trial_needed(facts))
        return RG_OK;
    return run_trial(bench, &surveys[picked[middle]], &table, trial, &facts->trial_bytes, err);
}

enum rg_status rg_sample_take(struct rg_bench *bench, struct rg_promoter *promoter,
                              const struct rg_survey *surveys, size_t survey_count,
                              const struct rg_dict_groups *groups, struct rg_buffer *trial,
                              struct rg_layout_facts *ret_facts, size_t *ret_culprit,
                              struct rg_error *err)
{
    struct rg_layout_facts facts = {
        .distinct_count = groups->count,
        .dictionary_bytes_max = bench->dictionary_bytes_max,
        .codec = bench->codec,
        .level = bench->level,
    };
    size_t picked[SAMPLES_MAX];
    bool is_thinned;

    sum_up(surveys, survey_count, &facts);
    const uint32_t count = pick(surveys, survey_count, picked);
    look_at(surveys, picked, count, &is_thinned, &facts);
    /* The rule asks for nothing more where it is clear already. */
    bool is_clear = facts.source_count <= 1 || facts.has_sampled_values;
    if (!is_clear)
        RG_TRY(test_identity(promoter, surveys, picked, count, &facts.are_samples_identity,
                             ret_culprit, err));
    is_clear = is_clear || facts.are_samples_identity || facts.distinct_count <= 1;
    if (!is_clear)
        RG_TRY(compare_samples(bench, surveys, picked, count, is_thinned, trial, &facts,
                               ret_culprit, err));
    *ret_facts = facts;
    return RG_OK;
}
