/* SPDX-License-Identifier: Apache-2.0 */

#include "stitch/dict_groups.h"

#include "support/test.h"

enum {
    SURVEYS_MAX = 800,
};

/* Surveys of sources whose dictionaries are one number each; all have one hash. */
static void fill(struct rg_survey *surveys, uint32_t *numbers, uint32_t count, uint32_t distinct)
{
    for (uint32_t i = 0; i < count; i++) {
        numbers[i] = i % distinct;
        surveys[i] = (struct rg_survey){
            .dictionary = {(const uint8_t *)&numbers[i], sizeof numbers[i]},
            .dictionary_hash = 77,
            .dictionary_entries = 1,
            .index_page_count = 1,
            .index_bytes = 10,
        };
    }
}

TEST(dictionaries_with_one_hash_are_told_apart)
{
    struct rg_survey surveys[9];
    uint32_t numbers[9];
    struct rg_dict_groups groups;
    struct rg_arena arena;

    rg_arena_init(&arena, &t->allocator, SIZE_MAX);
    fill(surveys, numbers, 9, 3);
    surveys[4].index_page_count = 0;
    surveys[5].index_bytes = 30;
    surveys[7].dictionary_codec = RG_CODEC_SNAPPY;
    CHECK_OK(rg_dict_groups_make(surveys, 9, &arena, &groups, &t->err));
    CHECK_U64(groups.count, 4);
    CHECK_U64(groups.group_of[0], 0);
    CHECK_U64(groups.group_of[4], UINT32_MAX);
    CHECK_U64(groups.group_of[7], 3);
    CHECK_U64(groups.group_of[8], 2);
    CHECK_U64(groups.groups[1].source_count, 1);
    CHECK_U64(groups.groups[2].source_count, 3);
    CHECK_U64(groups.groups[2].index_bytes, 50);
    CHECK_U64(groups.base, 2);
    rg_arena_fini(&arena);
}

/* Not every one is compared with all the others: what is not found soon is a group of its own. */
TEST(very_many_with_one_hash_stay_apart)
{
    static struct rg_survey surveys[SURVEYS_MAX];
    static uint32_t numbers[SURVEYS_MAX];
    struct rg_dict_groups groups;
    struct rg_arena arena;

    rg_arena_init(&arena, &t->allocator, SIZE_MAX);
    fill(surveys, numbers, SURVEYS_MAX, SURVEYS_MAX / 2);
    CHECK_OK(rg_dict_groups_make(surveys, SURVEYS_MAX, &arena, &groups, &t->err));
    CHECK_U64(groups.count, SURVEYS_MAX - 256);
    for (uint32_t i = 0; i < SURVEYS_MAX; i++)
        CHECK_U64(numbers[groups.groups[groups.group_of[i]].survey_index], numbers[i]);
    rg_arena_fini(&arena);
}

int main(int argc, char **argv)
{
    static const struct test_case cases[] = {
        {"dictionaries_with_one_hash_are_told_apart", dictionaries_with_one_hash_are_told_apart},
        {"very_many_with_one_hash_stay_apart", very_many_with_one_hash_stay_apart},
    };

    return test_main("stitch/dict_groups", cases, sizeof cases / sizeof cases[0], argc, argv);
}
