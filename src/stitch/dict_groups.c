/* SPDX-License-Identifier: Apache-2.0 */

#include "stitch/dict_groups.h"

static const uint32_t no_group = UINT32_MAX;
/*
 * Hashes are of both ends of a dictionary (source.c), so that different ones can have the same. So
 * many are compared, more than there are by chance; one that is still not found is taken for a new
 * one, which costs a map of its own.
 */
static const uint32_t compared_max = 256;

static bool is_same_dictionary(const struct rg_survey *a, const struct rg_survey *b)
{
    return a->dictionary_hash == b->dictionary_hash && a->dictionary_codec == b->dictionary_codec &&
           a->dictionary_entries == b->dictionary_entries &&
           a->dictionary_raw_bytes == b->dictionary_raw_bytes &&
           rg_span_equal(a->dictionary, b->dictionary);
}

/* The group of this survey, made when it is the first of its kind. */
static uint32_t find_group(struct rg_dict_groups *groups, const struct rg_survey *surveys,
                           uint32_t survey_index, uint32_t *slots, size_t slot_count)
{
    const struct rg_survey *survey = &surveys[survey_index];
    size_t at = (size_t)survey->dictionary_hash & (slot_count - 1);
    uint32_t compared = 0;

    for (; slots[at] != 0 && compared < compared_max; at = (at + 1) & (slot_count - 1)) {
        const uint32_t found = slots[at] - 1;

        if (is_same_dictionary(&surveys[groups->groups[found].survey_index], survey))
            return found;
        compared++;
    }
    groups->groups[groups->count++] = (struct rg_dict_group){.survey_index = survey_index};
    if (slots[at] == 0)
        slots[at] = groups->count;
    return groups->count - 1;
}

enum rg_status rg_dict_groups_make(const struct rg_survey *surveys, size_t survey_count,
                                   struct rg_arena *scratch, struct rg_dict_groups *ret_groups,
                                   struct rg_error *err)
{
    struct rg_dict_groups groups = {0};
    size_t slot_count = 16;

    if (survey_count > UINT32_MAX / 4)
        return rg_fail(err, RG_ERR_LIMIT, "%zu sources", survey_count);
    while (slot_count < 2 * survey_count)
        slot_count *= 2;
    uint32_t *slots = rg_arena_array(scratch, slot_count, sizeof *slots);
    groups.groups = rg_arena_array(scratch, survey_count, sizeof *groups.groups);
    groups.group_of = rg_arena_array(scratch, survey_count, sizeof *groups.group_of);
    if (slots == NULL || groups.groups == NULL || groups.group_of == NULL)
        return rg_fail(err, RG_ERR_NOMEM, "no memory for %zu sources", survey_count);

    for (uint32_t i = 0; i < survey_count; i++) {
        groups.group_of[i] = no_group;
        if (surveys[i].index_page_count == 0)
            continue;
        const uint32_t found = find_group(&groups, surveys, i, slots, slot_count);
        struct rg_dict_group *group = &groups.groups[found];

        group->source_count++;
        group->index_bytes += surveys[i].index_bytes;
        groups.group_of[i] = found;
    }
    for (uint32_t i = 1; i < groups.count; i++) {
        if (groups.groups[i].index_bytes > groups.groups[groups.base].index_bytes)
            groups.base = i;
    }
    *ret_groups = groups;
    return RG_OK;
}
