/* SPDX-License-Identifier: Apache-2.0 */

#include "report/census.h"

#include <stdio.h>

#include "support/test.h"

TEST(files_are_counted_by_size)
{
    static struct rg_census census;
    const struct rg_batch_file inputs[] = {
        {.path = "a", .bytes = 0},    {.path = "b", .bytes = 1},
        {.path = "c", .bytes = 1023}, {.path = "d", .bytes = 1024},
        {.path = "e", .bytes = 2047}, {.path = "f", .bytes = UINT64_MAX},
    };
    const struct rg_batch_file outputs[] = {
        {.path = "x", .row_count = 5, .bytes = 4096},
    };
    const struct rg_report_batch batch = {
        .partition = "",
        .record_number = 3,
        .inputs = inputs,
        .input_count = 6,
        .outputs = outputs,
        .output_count = 1,
    };
    struct rg_arena arena;

    census = (struct rg_census){.file_count = 0};
    rg_arena_init(&arena, &t->allocator, 100000);
    rg_census_add(&census, &arena, &batch);
    CHECK_U64(census.in_bytes[0], 1);
    CHECK_U64(census.in_bytes[9], 1023);
    CHECK_U64(census.in_bytes[10], 1024 + 2047);
    CHECK_U64(census.in_bytes[63], UINT64_MAX);
    CHECK_U64(census.out_bytes[12], 4096);
    CHECK_U64(census.file_count_all, 1);
    if (census.file_count == 1) {
        CHECK_TEXT(census.files[0].path, "x");
        CHECK(census.files[0].path != outputs[0].path);
        CHECK_U64(census.files[0].row_count, 5);
        CHECK_U64(census.files[0].record_number, 3);
    } else {
        CHECK(t->allocations_allowed < 2); /* Torture: its name found no room. */
    }
    rg_arena_fini(&arena);
}

TEST(many_files_are_kept_by_their_beginning)
{
    static struct rg_census census;
    struct rg_arena arena;

    census = (struct rg_census){.file_count = 0};
    rg_arena_init(&arena, &t->allocator, 1 << 20);
    for (unsigned i = 0; i < RG_CENSUS_FILES_MAX + 50; i++) {
        char path[20];
        const struct rg_batch_file output = {.path = path, .bytes = 1};
        const struct rg_report_batch batch = {.outputs = &output, .output_count = 1};

        snprintf(path, sizeof path, "file%u", i);
        rg_census_add(&census, &arena, &batch);
    }
    CHECK_U64(census.file_count_all, RG_CENSUS_FILES_MAX + 50);
    CHECK(census.file_count <= RG_CENSUS_FILES_MAX);
    if (t->allocations_allowed == UINT64_MAX) {
        CHECK_U64(census.file_count, RG_CENSUS_FILES_MAX);
        CHECK_TEXT(census.files[0].path, "file0");
        CHECK_TEXT(census.files[RG_CENSUS_FILES_MAX - 1].path, "file199");
    }
    rg_arena_fini(&arena);
}

int main(int argc, char **argv)
{
    static const struct test_case cases[] = {
        {"files_are_counted_by_size", files_are_counted_by_size},
        {"many_files_are_kept_by_their_beginning", many_files_are_kept_by_their_beginning},
    };

    return test_main("report/census", cases, sizeof cases / sizeof cases[0], argc, argv);
}
