/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Drives the making of one output chunk:
 *
 *   survey   every source is walked once: sizes, counts, CRCs, levels, what kinds of pages it has
 *   decide   dictionaries united, or PLAIN (verdict.h); by trial where bytes go before time
 *   emit     source after source, page after page, in order
 *   finish   the dictionary in front, metadata, bloom filter
 *
 * Emission has two phases. In the first, index pages are copied or remapped into the united
 * dictionary. It ends with the first page that holds other values, or when the union would pass its
 * cap; or it is left out. In the second, dictionaries are promoted or dissolved. So the order rule
 * holds by construction, and the sink checks it once more. Pages without values belong to either
 * phase; in columns that repeat, those of the first are written as pages of no indices.
 *
 * Nothing that a context holds from before has any influence on the bytes: what it remembers are
 * proofs, not choices.
 */

#include "stitch/chunk.h"

#include <string.h>

#include "base/limits.h"
#include "parquet/types.h"
#include "stitch/adapt.h"
#include "stitch/bench.h"
#include "stitch/chunk_bloom.h"
#include "stitch/copy.h"
#include "stitch/dict_groups.h"
#include "stitch/dict_table.h"
#include "stitch/dict_union.h"
#include "stitch/dissolve.h"
#include "stitch/encode_page.h"
#include "stitch/join.h"
#include "stitch/page_walk.h"
#include "stitch/promote.h"
#include "stitch/proven.h"
#include "stitch/recode.h"
#include "stitch/remap.h"
#include "stitch/sample.h"
#include "stitch/sink.h"
#include "stitch/source.h"
#include "stitch/statistics.h"
#include "stitch/summary.h"
#include "stitch/swell.h"
#include "stitch/trial.h"
#include "stitch/verdict.h"

struct rg_stitch_context {
    const struct rg_allocator *allocator;
    struct rg_codec_context *codecs;
    struct rg_proven proven;
};

/* Maps of dictionaries that come again are kept while they are small. */
static const uint32_t kept_entries_max = 4096;
static const uint32_t kept_entries_in_all = 65536;

/* One call of rg_stitch_chunk(). */
struct job {
    struct rg_bench bench;
    struct rg_sink sink;
    struct rg_joiner joiner;
    struct rg_promoter promoter;
    struct rg_recoder recoder;
    struct rg_page_encoder encoder;
    struct rg_trial_choice choice; /* Where bytes go before time; else neither. */
    struct rg_survey *surveys;
    size_t count;
    struct rg_dict_groups groups;
    struct rg_copy_options copy;
    bool is_plain_phase;
    enum rg_reason plain_reason; /* Why dictionaries are dissolved. */
    bool has_indices;            /* Index pages were written. */
    bool is_base_kept;           /* The union begins with the base's entries, every one. */
    /* The dictionary that is decompressed now. */
    const struct rg_survey *loaded;
    struct rg_dict_table table;
    /* The union, and the map of the current source into it. */
    struct rg_dict_union united;
    struct rg_dict_map map;
    uint32_t mapped_group;
    uint32_t *map_room;
    uint32_t map_capacity;
    uint32_t kept_entries;
    enum rg_verdict dictionary_verdict; /* Where the current source's dictionary was counted. */
    struct rg_summary summary;
    size_t culprit;
};

struct rg_stitch_context *rg_stitch_context_new(const struct rg_allocator *allocator)
{
    struct rg_stitch_context *context = rg_alloc(allocator, sizeof *context);

    if (context == NULL)
        return NULL;
    *context = (struct rg_stitch_context){.allocator = allocator};
    rg_proven_init(&context->proven, allocator);
    context->codecs = rg_codec_context_new(allocator);
    if (context->codecs == NULL) {
        rg_stitch_context_free(context);
        return NULL;
    }
    return context;
}

void rg_stitch_context_free(struct rg_stitch_context *context)
{
    if (context == NULL)
        return;
    rg_codec_context_free(context->codecs);
    rg_proven_fini(&context->proven);
    rg_release(context->allocator, context, sizeof *context);
}

size_t rg_stitch_context_bytes_max(void)
{
    return rg_codec_context_bytes_max() + sizeof(struct rg_stitch_context) +
           (size_t)RG_PROVEN_COUNT * RG_PROVEN_BYTES_MAX;
}

static uint64_t lesser(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

/* What the working memory will have to hold, so that it is made once. */
static void set_hints(struct job *job)
{
    struct rg_bench *bench = &job->bench;
    const uint64_t value_bytes =
        bench->leaf->type == RG_TYPE_BYTE_ARRAY ? 32 : rg_plain_bytes(bench->leaf);
    uint64_t values = 0;

    for (size_t i = 0; i < job->count; i++) {
        const struct rg_survey *survey = &job->surveys[i];

        if (survey->dictionary_raw_bytes > bench->dictionary_bytes_hint)
            bench->dictionary_bytes_hint = survey->dictionary_raw_bytes;
        /* Dictionaries that are joined or compressed anew as pages. */
        if (survey->dictionary.bytes < rg_tiny_bytes &&
            survey->dictionary_raw_bytes > bench->page_bytes_hint)
            bench->page_bytes_hint = survey->dictionary_raw_bytes;
        if (survey->page_raw_bytes_max > bench->page_bytes_hint)
            bench->page_bytes_hint = survey->page_raw_bytes_max;
        bench->index_values_hint += survey->index_values;
        values += survey->raw_bytes + survey->index_values * value_bytes;
    }
    bench->values_bytes_hint = (size_t)bench->page_bytes + bench->page_bytes / 8;
    if (bench->leaf->type != RG_TYPE_BYTE_ARRAY)
        values = lesser(values, bench->page_rows * value_bytes);
    bench->values_bytes_hint = (size_t)lesser(values, bench->values_bytes_hint);
}

/* Surveys a source, or what it is for the output. */
static enum rg_status survey_one(struct job *job, const struct rg_stitch_source *source,
                                 struct rg_survey *ret_survey, struct rg_error *err)
{
    bool are_bytes_made;

    if (!rg_adapt_is_needed(source))
        return rg_survey_make(&job->bench, source, ret_survey, err);
    struct rg_stitch_source *adapted = rg_arena_array(job->bench.scratch, 1, sizeof *adapted);
    if (adapted == NULL)
        return rg_fail(err, RG_ERR_NOMEM, "no memory for a source");
    RG_TRY(rg_adapt_source(&job->bench, source, adapted, &are_bytes_made, err));
    RG_TRY(rg_survey_make(&job->bench, adapted, ret_survey, err));
    ret_survey->are_bytes_made = are_bytes_made;
    return RG_OK;
}

static enum rg_status survey_all(struct job *job, const struct rg_stitch_source *sources,
                                 struct rg_error *err)
{
    job->surveys = rg_arena_array(job->bench.scratch, job->count, sizeof *job->surveys);
    if (job->surveys == NULL)
        return rg_fail(err, RG_ERR_NOMEM, "no memory for %zu sources", job->count);
    for (size_t i = 0; i < job->count; i++) {
        job->culprit = i;
        RG_TRY(survey_one(job, &sources[i], &job->surveys[i], err));
    }
    set_hints(job);
    for (size_t i = 0; i < job->count; i++) {
        job->culprit = i;
        RG_TRY(rg_survey_look(&job->bench, &job->surveys[i], err));
    }
    return rg_dict_groups_make(job->surveys, job->count, job->bench.scratch, &job->groups, err);
}

/* PLAIN_DICTIONARY stays where all sources used it: old readers know no other. */
static uint8_t index_encoding_of(const struct job *job)
{
    uint32_t encodings = 0;

    for (size_t i = 0; i < job->count; i++)
        encodings |= job->surveys[i].encodings;
    const bool is_new = (encodings & UINT32_C(1) << RG_ENCODING_RLE_DICTIONARY) != 0;
    const bool is_old = (encodings & UINT32_C(1) << RG_ENCODING_PLAIN_DICTIONARY) != 0;
    return is_old && !is_new ? RG_ENCODING_PLAIN_DICTIONARY : RG_ENCODING_RLE_DICTIONARY;
}

/* What recoded values become. */
static uint8_t recode_encoding_of(const struct job *job)
{
    uint32_t encodings = 0;

    for (size_t i = 0; i < job->count; i++)
        encodings |= job->surveys[i].source_encodings;
    return rg_recode_encoding(job->bench.leaf, encodings);
}

/* Booleans stay RLE only where all are, and none will be joined. */
static bool are_booleans_plain(const struct job *job)
{
    for (size_t i = 0; i < job->count; i++) {
        const struct rg_survey *survey = &job->surveys[i];

        if ((survey->encodings & UINT32_C(1) << RG_ENCODING_PLAIN) != 0)
            return true;
        if (survey->value_page_count > 0 && job->copy.may_join &&
            survey->value_values / survey->value_page_count < job->bench.tiny_values)
            return true;
    }
    return false;
}

/* The union may hold what it must: one dictionary alone is never dissolved for its size. */
static size_t union_bytes_max(const struct job *job)
{
    const struct rg_dict_group *base = &job->groups.groups[job->groups.base];
    const uint32_t base_bytes = job->surveys[base->survey_index].dictionary_raw_bytes;

    if (job->groups.count == 1 && base_bytes > job->bench.dictionary_bytes_max)
        return base_bytes;
    return job->bench.dictionary_bytes_max;
}

/* Lets a trial decide, not the rule. */
static enum rg_status decide_by_trial(struct job *job, struct rg_error *err)
{
    struct rg_trial_room room = {&job->bench, &job->encoder, &job->united, &job->joiner};

    rg_dict_union_init(&job->united, &job->bench,
                       job->groups.count > 0 ? union_bytes_max(job)
                                             : job->bench.dictionary_bytes_max);
    RG_TRY(rg_trial_run(&room, job->surveys, job->count, &job->choice, &job->culprit, err));
    job->is_plain_phase = !job->choice.is_dictionary;
    job->plain_reason = RG_REASON_ENCODING_ASKED;
    if (job->choice.is_delta)
        job->joiner.delta_encoding = RG_ENCODING_DELTA_BINARY_PACKED;
    return RG_OK;
}

/* `is_counted`: value by value where footers do not tell. */
static enum rg_status look_for_swelling(struct job *job, bool is_counted,
                                        struct rg_swell *ret_swell, struct rg_error *err)
{
    struct rg_swell swell = {.source_count = 0};
    uint64_t bytes;

    *ret_swell = swell;
    if (job->bench.layout != RG_STITCH_LAYOUT_BY_RULE ||
        job->bench.leaf->type != RG_TYPE_BYTE_ARRAY)
        return RG_OK;
    for (size_t i = 0; i < job->count; i++) {
        const struct rg_survey *survey = &job->surveys[i];

        if (survey->has_links)
            return RG_OK;
        job->culprit = i;
        bytes = rg_swell_guess(survey);
        if (is_counted && rg_swell_must_count(survey))
            RG_TRY(rg_swell_count(&job->bench, survey, &job->table, &bytes, err));
        rg_swell_add(&swell, survey->source, bytes);
        swell.entry_count += survey->dictionary_entries + survey->value_values;
    }
    job->loaded = NULL; /* Counting fills the table. */
    *ret_swell = swell;
    return RG_OK;
}

/* Whatever the values came in. */
static void decide_on_dictionary(struct job *job, const struct rg_swell *swell)
{
    job->bench.dictionary_bytes_max = rg_swell_dictionary_bytes(swell);
    job->choice.is_dictionary = true;
    job->is_plain_phase = false;
    rg_dict_union_init(&job->united, &job->bench, union_bytes_max(job));
}

static bool has_values(const struct job *job)
{
    for (size_t i = 0; i < job->count; i++) {
        if (job->surveys[i].value_page_count > 0)
            return true;
    }
    return false;
}

static enum rg_status decide(struct job *job, struct rg_error *err)
{
    struct rg_layout_facts facts;
    struct rg_swell swell;

    job->copy.may_join = job->count > 1;
    job->copy.are_booleans_plain =
        job->bench.leaf->type == RG_TYPE_BOOLEAN && are_booleans_plain(job);
    job->joiner.index_encoding = index_encoding_of(job);
    job->joiner.delta_encoding = recode_encoding_of(job);
    job->is_plain_phase = true;
    job->plain_reason = RG_REASON_NONE;
    RG_TRY(look_for_swelling(job, false, &swell, err));
    const bool is_suspected = rg_swell_is_large(&swell);
    /* One long entry is enough to lead a guess astray. */
    if (is_suspected)
        RG_TRY(look_for_swelling(job, true, &swell, err));
    if (rg_swell_is_large(&swell)) {
        decide_on_dictionary(job, &swell);
        return RG_OK;
    }
    if (job->bench.is_small)
        return decide_by_trial(job, err);
    if (job->groups.count == 0)
        return RG_OK;
    RG_TRY(rg_sample_take(&job->bench, &job->promoter, job->surveys, job->count, &job->groups,
                          &job->joiner.values, &facts, &job->culprit, err));
    job->is_plain_phase = rg_layout_choose(&facts, &job->plain_reason) == RG_LAYOUT_PLAIN;
    if (job->bench.layout != RG_STITCH_LAYOUT_BY_RULE)
        job->is_plain_phase = job->bench.layout == RG_STITCH_LAYOUT_PLAIN;
    rg_dict_union_init(&job->united, &job->bench, union_bytes_max(job));
    /* Counting is for dictionaries that would be dissolved, which costs far more. */
    if (is_suspected || facts.are_samples_identity || !(job->is_plain_phase || has_values(job)))
        return RG_OK;
    RG_TRY(look_for_swelling(job, true, &swell, err));
    if (rg_swell_is_large(&swell))
        decide_on_dictionary(job, &swell);
    return RG_OK;
}

/* Makes job->table the dictionary of this source. */
static enum rg_status load_dictionary(struct job *job, const struct rg_survey *survey,
                                      struct rg_error *err)
{
    struct rg_span plain;

    if (job->loaded == survey)
        return RG_OK;
    job->loaded = NULL;
    RG_TRY(rg_survey_dictionary(&job->bench, survey, &plain, err));
    RG_TRY(rg_dict_table_fill(&job->table, &job->bench, plain, survey->dictionary_entries, err));
    job->loaded = survey;
    return RG_OK;
}

/* Room for a map: one that is kept, or the one that is used again for every source. */
static enum rg_status map_room(struct job *job, const struct rg_dict_group *group,
                               uint32_t entry_count, bool *ret_is_kept, uint32_t **ret_room,
                               struct rg_error *err)
{
    *ret_is_kept = group->source_count > 1 && entry_count <= kept_entries_max &&
                   entry_count <= kept_entries_in_all - job->kept_entries;
    if (!*ret_is_kept && entry_count <= job->map_capacity) {
        *ret_room = job->map_room;
        return RG_OK;
    }
    uint32_t *room = rg_arena_array(job->bench.scratch, entry_count, sizeof *room);
    if (room == NULL)
        return rg_fail(err, RG_ERR_NOMEM, "no memory for a map of %u entries", entry_count);
    if (*ret_is_kept) {
        job->kept_entries += entry_count;
    } else {
        job->map_room = room;
        job->map_capacity = entry_count;
    }
    *ret_room = room;
    return RG_OK;
}

/* Makes job->map that of the group's dictionary; adds it to the union where it is new. */
static enum rg_status map_group(struct job *job, uint32_t group_index, bool *ret_fits,
                                struct rg_error *err)
{
    struct rg_dict_group *group = &job->groups.groups[group_index];
    const struct rg_survey *survey = &job->surveys[group->survey_index];
    uint32_t *room = NULL;
    bool is_kept = false;

    *ret_fits = true;
    if (job->mapped_group == group_index)
        return RG_OK;
    job->mapped_group = UINT32_MAX;
    if (group->has_map) {
        job->map = group->map;
        job->mapped_group = group_index;
        return RG_OK;
    }
    RG_TRY(load_dictionary(job, survey, err));
    RG_TRY(map_room(job, group, survey->dictionary_entries, &is_kept, &room, err));
    RG_TRY(rg_dict_union_add(&job->united, &job->table, room, ret_fits, &job->map, err));
    if (!*ret_fits)
        return RG_OK;
    job->mapped_group = group_index;
    group->has_map = is_kept;
    group->map = job->map;
    return RG_OK;
}

/* From here on everything is PLAIN. */
static void begin_plain_phase(struct job *job, enum rg_reason reason)
{
    if (!job->is_plain_phase)
        job->plain_reason = reason;
    job->is_plain_phase = true;
}

static bool is_tiny(const struct job *job, const struct rg_source_page *page)
{
    return job->copy.may_join && page->header.value_count < job->bench.tiny_values &&
           page->body.bytes < rg_tiny_bytes;
}

/* An index page in the first phase. */
static enum rg_status emit_indices(struct job *job, const struct rg_survey *survey,
                                   const struct rg_source_page *page, struct rg_error *err)
{
    const bool is_codec_same = survey->source->chunk->codec == job->bench.codec;
    enum rg_verdict verdict = RG_VERDICT_REMAP;
    enum rg_reason reason = RG_REASON_DICTIONARIES_DIFFER;

    job->has_indices = true;
    if (job->map.is_identity && is_codec_same && !is_tiny(job, page) && !job->bench.is_small)
        return rg_copy_page(&job->joiner, survey, page, &job->copy, err);
    if (job->map.has_duplicates)
        reason = RG_REASON_DUPLICATE_ENTRIES;
    if (job->map.is_identity) {
        verdict = is_codec_same ? RG_VERDICT_JOIN : RG_VERDICT_RECOMPRESS;
        reason = is_codec_same && is_tiny(job, page) ? RG_REASON_TINY_PAGES
                 : is_codec_same                     ? RG_REASON_ENCODING_ASKED
                 : job->bench.is_codec_asked         ? RG_REASON_CODEC_ASKED
                                                     : RG_REASON_CODECS_DIFFER;
    }
    rg_bench_count(&job->bench, verdict, reason, page->body.bytes);
    return rg_remap_page(&job->joiner, survey, page, &job->map, verdict, err);
}

/* What the second phase knows of the current source. */
struct plain_source {
    bool is_tested;
    bool is_written; /* All its index pages, as the promoted page. */
    bool is_dictionary_counted;
};

/* Writes the source's dictionary as a page, once, if it can be one. */
static enum rg_status emit_promoted(struct job *job, const struct rg_survey *survey,
                                    struct plain_source *state, struct rg_error *err)
{
    /* What becomes deltas is not a page as it stands. */
    if (state->is_tested || job->choice.is_delta)
        return RG_OK;
    state->is_tested = true;
    RG_TRY(rg_promoter_test(&job->promoter, survey, &state->is_written, err));
    if (!state->is_written)
        return RG_OK;
    if (state->is_dictionary_counted)
        job->bench.moves.in_bytes[job->dictionary_verdict] -= survey->dictionary_in_bytes;
    return rg_promoter_write(&job->promoter, survey, &job->joiner, job->copy.may_join, err);
}

/* An index page in the second phase. */
static enum rg_status emit_dissolved(struct job *job, const struct rg_survey *survey,
                                     const struct rg_source_page *page, struct plain_source *state,
                                     struct rg_error *err)
{
    RG_TRY(emit_promoted(job, survey, state, err));
    if (state->is_written)
        return RG_OK;
    RG_TRY(load_dictionary(job, survey, err));
    rg_bench_count(&job->bench, RG_VERDICT_DISSOLVE, job->plain_reason, page->body.bytes);
    return rg_dissolve_page(&job->joiner, survey, page, &job->table, err);
}

/* The dictionary goes where its pages go; one that is promoted is counted there. */
static void count_dictionary(struct job *job, const struct rg_survey *survey)
{
    const enum rg_verdict verdict = job->is_plain_phase    ? RG_VERDICT_DISSOLVE
                                    : job->map.is_identity ? RG_VERDICT_COPY
                                                           : RG_VERDICT_REMAP;

    job->dictionary_verdict = verdict;
    if (survey->index_page_count > 0)
        job->bench.moves.in_bytes[verdict] += survey->dictionary_in_bytes;
}

/* The next source that has any values, this one or a later one, has indices of the union. */
static bool are_indices_next(const struct job *job, const struct rg_survey *survey)
{
    const struct rg_survey *end = job->surveys + job->count;

    while (survey < end && survey->index_page_count == 0 && survey->value_page_count == 0)
        survey++;
    return survey < end && (survey->index_page_count > 0 || job->choice.is_dictionary);
}

/*
 * A page without values. Where the order rule counts it, it is one of indices while others of these
 * may come. It cannot be while there is no dictionary: then the first phase is over.
 */
static enum rg_status emit_nulls(struct job *job, const struct rg_survey *survey,
                                 const struct rg_source_page *page, struct rg_error *err)
{
    if (rg_sink_counts_null_pages(job->bench.leaf) && !job->is_plain_phase && !job->has_indices) {
        job->has_indices = job->united.entry_count > 0 && are_indices_next(job, survey);
        if (!job->has_indices)
            begin_plain_phase(job, RG_REASON_PLAIN_TAIL);
    }
    job->copy.are_nulls_indices =
        rg_sink_counts_null_pages(job->bench.leaf) && !job->is_plain_phase;
    return rg_copy_page(&job->joiner, survey, page, &job->copy, err);
}

/* A page without indices, in any phase. */
static enum rg_status emit_values(struct job *job, const struct rg_survey *survey,
                                  const struct rg_source_page *page, struct rg_error *err)
{
    bool fits = false;

    if (rg_is_null_page(page))
        return emit_nulls(job, survey, page, err);
    if (job->choice.is_dictionary && !job->is_plain_phase) {
        RG_TRY(rg_page_encoder_move(&job->encoder, &job->joiner, survey, page, &job->united, &fits,
                                    err));
        job->has_indices = job->has_indices || fits;
        if (fits)
            return RG_OK;
        if (survey->has_links)
            RG_TRY(rg_page_encoder_rewind(&job->encoder, survey, page, err));
    }
    begin_plain_phase(job,
                      job->choice.is_dictionary ? RG_REASON_DICTIONARY_CAP : RG_REASON_PLAIN_TAIL);
    const bool is_delta = page->header.encoding == RG_ENCODING_DELTA_BINARY_PACKED;
    if (page->is_recoded || (job->choice.is_delta && !is_delta))
        return rg_recode_page(&job->recoder, &job->joiner, survey, page, err);
    return rg_copy_page(&job->joiner, survey, page, &job->copy, err);
}

static enum rg_status emit_source(struct job *job, size_t index, struct rg_error *err)
{
    const struct rg_survey *survey = &job->surveys[index];
    struct plain_source state = {false, false, false};
    struct rg_page_walk walk;
    struct rg_source_page page;
    bool is_end;
    bool fits = true;

    if (survey->index_page_count > 0 && !job->is_plain_phase)
        RG_TRY(map_group(job, job->groups.group_of[index], &fits, err));
    if (!fits)
        begin_plain_phase(job, RG_REASON_DICTIONARY_CAP);
    if (job->is_plain_phase && survey->index_page_count == survey->page_count) {
        RG_TRY(emit_promoted(job, survey, &state, err));
        if (state.is_written)
            return RG_OK;
    }
    count_dictionary(job, survey);
    state.is_dictionary_counted = survey->index_page_count > 0;
    rg_page_walk_init(&walk, survey);
    for (;;) {
        RG_TRY(rg_page_walk_next(&walk, &page, &is_end, err));
        if (is_end)
            return RG_OK;
        if (!rg_is_index_page(&page)) {
            RG_TRY(emit_values(job, survey, &page, err));
        } else if (job->is_plain_phase) {
            RG_TRY(emit_dissolved(job, survey, &page, &state, err));
        } else {
            RG_TRY(emit_indices(job, survey, &page, err));
        }
    }
}

/* Bounds that lie where the next source's will. */
static enum rg_status keep_bounds(struct job *job, struct rg_statistics *statistics,
                                  struct rg_error *err)
{
    if (statistics->min_value.data == NULL)
        return RG_OK;
    statistics->min_value = rg_arena_copy(job->bench.scratch, statistics->min_value);
    statistics->max_value = rg_arena_copy(job->bench.scratch, statistics->max_value);
    if (statistics->min_value.data == NULL || statistics->max_value.data == NULL)
        return rg_fail(err, RG_ERR_NOMEM, "no memory for bounds");
    return RG_OK;
}

/* Bounds from the dictionary, where the source's statistics have none: valid, maybe wide. */
static enum rg_status complete_statistics(struct job *job, const struct rg_survey *survey,
                                          struct rg_statistics *statistics, struct rg_error *err)
{
    const bool has_bounds =
        statistics->min_value.data != NULL && statistics->max_value.data != NULL;
    const bool is_all_indices = survey->value_page_count == 0 && survey->index_page_count > 0;
    struct rg_statistics found;

    /* What the levels say goes before what the footer says. */
    if (survey->has_null_count) {
        statistics->has_null_count = true;
        statistics->null_count = survey->null_count;
    }
    if (!has_bounds && rg_recoder_bounds(&job->recoder, survey, &found)) {
        found.has_null_count = statistics->has_null_count;
        found.null_count = statistics->null_count;
        *statistics = found;
        return keep_bounds(job, statistics, err);
    }
    if (has_bounds || !is_all_indices || job->bench.order == RG_ORDER_NONE)
        return RG_OK;
    RG_TRY(load_dictionary(job, survey, err));
    RG_TRY(rg_statistics_of_plain(job->bench.order, job->bench.leaf, job->table.plain,
                                  job->table.entry_count, false, &found, err));
    if (found.min_value.data == NULL || found.max_value.data == NULL)
        return RG_OK;
    statistics->min_value = found.min_value;
    statistics->max_value = found.max_value;
    statistics->has_min_exact = true;
    statistics->has_max_exact = true;
    statistics->is_min_exact = false;
    statistics->is_max_exact = false;
    return keep_bounds(job, statistics, err);
}

static enum rg_status add_metadata(struct job *job, const struct rg_survey *survey,
                                   struct rg_error *err)
{
    struct rg_statistics statistics = survey->statistics;

    RG_TRY(complete_statistics(job, survey, &statistics, err));
    return rg_summary_add(&job->summary, survey, &statistics, err);
}

/* Rows in front of what comes next. */
static uint64_t row_count_so_far(const struct job *job)
{
    return job->sink.row_count + job->joiner.row_count;
}

/*
 * A source, and whether its levels had as many rows as its row group says: columns that disagree
 * about their rows would be read as nonsense. Only levels that nobody opened cannot tell: those of
 * the only page of a nested V1 chunk, copied.
 */
static enum rg_status emit_whole(struct job *job, size_t index, struct rg_error *err)
{
    const uint64_t before = row_count_so_far(job);
    const uint64_t wanted = job->surveys[index].source->row_count;

    RG_TRY(emit_source(job, index, err));
    const uint64_t found = row_count_so_far(job) - before;
    if (found != wanted)
        return rg_fail(err, RG_ERR_CORRUPT, "pages hold %llu rows, the row group %llu",
                       (unsigned long long)found, (unsigned long long)wanted);
    return RG_OK;
}

static enum rg_status emit_all(struct job *job, struct rg_error *err)
{
    bool fits = true;

    /* The base first, so that its pages, the most, can be copied. */
    if (!job->is_plain_phase && job->groups.count > 0) {
        job->culprit = job->groups.groups[job->groups.base].survey_index;
        RG_TRY(map_group(job, job->groups.base, &fits, err));
        if (!fits)
            begin_plain_phase(job, RG_REASON_DICTIONARY_CAP);
        job->is_base_kept = fits && job->map.is_identity;
    }
    for (size_t i = 0; i < job->count; i++) {
        job->culprit = i;
        RG_TRY(emit_whole(job, i, err));
        RG_TRY(add_metadata(job, &job->surveys[i], err));
    }
    return rg_joiner_flush(&job->joiner, err);
}

/* The source whose dictionary the union begins with; the first, where none has one. */
static const struct rg_survey *base_of(const struct job *job)
{
    if (job->groups.count == 0)
        return &job->surveys[0];
    return &job->surveys[job->groups.groups[job->groups.base].survey_index];
}

/* The dictionary page: the base's as it is when nothing was added, else made anew. */
static enum rg_status make_dictionary(struct job *job, struct rg_sink_dictionary *dictionary,
                                      struct rg_error *err)
{
    const struct rg_survey *base = base_of(job);
    const bool is_plain_dictionary = job->joiner.index_encoding == RG_ENCODING_PLAIN_DICTIONARY;
    const bool is_base = job->is_base_kept && job->united.entry_count == base->dictionary_entries &&
                         base->dictionary_codec == job->bench.codec;
    const struct rg_span plain = {job->united.plain, job->united.plain_bytes};

    *dictionary = (struct rg_sink_dictionary){
        .raw_bytes = (uint32_t)plain.bytes,
        .entry_count = job->united.entry_count,
        .encoding = is_plain_dictionary ? RG_ENCODING_PLAIN_DICTIONARY : RG_ENCODING_PLAIN,
        .has_crc = job->groups.count > 0 ? base->has_dictionary_crc : base->has_crc,
    };
    if (is_base) {
        dictionary->body = (struct rg_piece){base->dictionary, !base->is_dictionary_made};
        dictionary->raw_bytes = base->dictionary_raw_bytes;
        return RG_OK;
    }
    return rg_bench_compress(&job->bench, plain, &dictionary->body.bytes, err);
}

static enum rg_status make_bloom(struct job *job, struct rg_stitch_output *output,
                                 struct rg_error *err)
{
    const bool is_all_indices = job->has_indices && !job->sink.has_values_written;
    const struct rg_chunk_bloom of = {
        .bench = &job->bench,
        .encoder = &job->encoder,
        .surveys = job->surveys,
        .survey_count = job->count,
        .dictionary = {is_all_indices ? job->united.plain : NULL, job->united.plain_bytes},
        .entry_count = job->united.entry_count,
    };

    return rg_chunk_bloom_make(&of, &output->bloom, &job->culprit, err);
}

/*
 * Dictionaries are no pages of their own: what no data page went along with counts where most pages
 * went.
 */
static void settle_dictionaries(struct rg_moves *moves)
{
    uint32_t most = 0;

    for (uint32_t v = 1; v < RG_VERDICT_COUNT; v++)
        most = moves->pages[v] > moves->pages[most] ? v : most;
    for (uint32_t v = 0; v < RG_VERDICT_COUNT; v++) {
        if (moves->pages[v] > 0 || v == most)
            continue;
        moves->in_bytes[most] += moves->in_bytes[v];
        moves->out_bytes[most] += moves->out_bytes[v];
        moves->in_bytes[v] = 0;
        moves->out_bytes[v] = 0;
    }
}

static enum rg_status finish(struct job *job, struct rg_stitch_output *output, struct rg_error *err)
{
    struct rg_sink_dictionary dictionary;

    if (job->has_indices && !job->sink.has_values_written)
        RG_TRY(rg_page_encoder_pair_zeros(&job->encoder, &job->united, has_values(job), err));
    if (job->has_indices)
        RG_TRY(make_dictionary(job, &dictionary, err));
    RG_TRY(rg_sink_finish(&job->sink, job->has_indices ? &dictionary : NULL, output, err));
    job->bench.moves.out_bytes[job->has_indices && dictionary.body.is_lasting ? RG_VERDICT_COPY
                                                                              : RG_VERDICT_REMAP] +=
        output->chunk.data_page_offset;
    RG_TRY(rg_summary_finish(&job->summary, &output->chunk, err));
    RG_TRY(make_bloom(job, output, err));
    settle_dictionaries(&job->bench.moves);
    output->moves = job->bench.moves;
    return RG_OK;
}

static enum rg_status run(struct job *job, const struct rg_stitch_source *sources,
                          struct rg_stitch_output *output, struct rg_error *err)
{
    RG_TRY(rg_sink_init(&job->sink, &job->bench, err));
    rg_joiner_init(&job->joiner, &job->bench, &job->sink);
    job->joiner.united = &job->united;
    RG_TRY(rg_summary_init(&job->summary, &job->bench, err));
    RG_TRY(survey_all(job, sources, err));
    RG_TRY(decide(job, err));
    RG_TRY(emit_all(job, err));
    return finish(job, output, err);
}

enum rg_status rg_stitch_chunk(struct rg_stitch_context *context,
                               const struct rg_stitch_column *column,
                               const struct rg_stitch_source *sources, size_t source_count,
                               struct rg_arena *arena, struct rg_arena *scratch,
                               struct rg_stitch_output *ret_output, size_t *ret_culprit,
                               struct rg_error *err)
{
    struct job job = {.count = source_count, .mapped_group = UINT32_MAX};
    struct rg_stitch_output output;

    rg_bench_init(&job.bench, context->codecs, column, sources, source_count, arena, scratch);
    rg_promoter_init(&job.promoter, &job.bench, &context->proven);
    rg_recoder_init(&job.recoder, &job.bench);
    rg_page_encoder_init(&job.encoder, &job.bench, &job.recoder);
    rg_codec_context_lend(context->codecs, scratch->allocator);
    const enum rg_status status = run(&job, sources, &output, err);
    rg_codec_context_take_back(context->codecs);
    rg_arena_reset(scratch);
    if (status == RG_OK) {
        *ret_output = output;
        return RG_OK;
    }
    *ret_culprit = job.culprit;
    if (status == RG_ERR_NOMEM || status == RG_ERR_BUG || source_count == 0)
        return status;
    return rg_within(err, "%s", sources[job.culprit].name);
}
