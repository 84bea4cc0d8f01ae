/* SPDX-License-Identifier: Apache-2.0 */

#include "compact/tally.h"

#include <stdio.h>
#include <string.h>

#include "base/purse.h"
#include "support/test.h"

static void add(struct rg_tally *tally, const char *path, uint64_t pages)
{
    const struct rg_moves moves = {.pages[RG_VERDICT_COPY] = pages, .copied_bytes = 1};

    rg_tally_add(tally, rg_span_of(path), &moves);
}

static uint64_t pages_of(const struct rg_tally *tally, const char *path)
{
    for (size_t i = 0; i < tally->column_count; i++) {
        if (strcmp(tally->columns[i].column, path) == 0)
            return tally->columns[i].moves.pages[RG_VERDICT_COPY];
    }
    return 0;
}

TEST(columns_and_their_sum)
{
    struct rg_tally run;
    struct rg_tally batch;
    char path[16];

    rg_tally_init(&run, &t->allocator);
    rg_tally_init(&batch, &t->allocator);
    add(&run, "c7", 1000);
    for (uint64_t round = 0; round < 2; round++) {
        for (uint64_t i = 0; i < 200; i++) {
            (void)snprintf(path, sizeof path, "c%u", (unsigned)i);
            add(&batch, path, i);
        }
    }
    CHECK_U64(batch.sum.pages[RG_VERDICT_COPY], 2 * (199 * 200 / 2));
    CHECK_U64(batch.sum.copied_bytes, 400);
    rg_tally_add_all(&run, &batch);
    CHECK_U64(run.sum.pages[RG_VERDICT_COPY], 1000 + 2 * (199 * 200 / 2));
    CHECK_MEMORY(run.column_count == 200 ? run.columns : NULL);
    CHECK_U64(pages_of(&run, "c7"), 1014);
    CHECK_U64(pages_of(&run, "c199"), 398);
    CHECK_TEXT(run.columns[0].column, "c7");

    /* A batch that is planned anew begins from nothing. */
    rg_tally_reset(&batch);
    CHECK_U64(batch.column_count, 0);
    CHECK_U64(batch.sum.pages[RG_VERDICT_COPY], 0);
    add(&batch, "c1", 5);
    rg_tally_add_all(&run, &batch);
    CHECK_U64(pages_of(&run, "c1"), 7);
    rg_tally_fini(&batch);
    rg_tally_fini(&batch);
    rg_tally_fini(&run);
}

/* As many as a schema may have, of one length and with a long common beginning: at once. */
TEST(very_many_columns_take_no_longer_each)
{
    enum {
        COUNT = 100000,
        STEP = 61 /* Not in the order in which they came first. */
    };
    struct rg_tally batch;
    struct rg_tally run;
    char path[64];

    rg_tally_init(&batch, &t->allocator);
    rg_tally_init(&run, &t->allocator);
    for (uint32_t i = 0; i < 2 * COUNT; i++) {
        const uint32_t column = i < COUNT ? i : i * STEP % COUNT;

        (void)snprintf(path, sizeof path, "a rather long name of a column %06u", column);
        add(&batch, path, column);
    }
    rg_tally_add_all(&run, &batch);
    CHECK_MEMORY(run.column_count == COUNT && batch.column_count == COUNT ? run.columns : NULL);
    CHECK_U64(run.columns[COUNT - 1].moves.pages[RG_VERDICT_COPY], 2 * (COUNT - 1));
    CHECK_U64(run.columns[STEP].moves.pages[RG_VERDICT_COPY], 2 * STEP);
    rg_tally_fini(&run);
    rg_tally_fini(&batch);
}

/* A partition each with columns of their own: what there is no room for is in the sum. */
TEST(memory_has_a_limit)
{
    struct rg_purse purse;
    struct rg_tally run;
    struct rg_tally batch;
    char path[64];

    rg_purse_init(&purse, &t->allocator, UINT64_C(1) << 20);
    rg_tally_init(&run, &purse.allocator);
    rg_tally_init(&batch, &t->allocator);
    for (uint64_t partition = 0; partition < 40; partition++) {
        rg_tally_reset(&batch);
        for (uint64_t i = 0; i < 100; i++) {
            (void)snprintf(path, sizeof path, "tenant %u column %u", (unsigned)partition,
                           (unsigned)i);
            add(&batch, path, 1);
        }
        CHECK_MEMORY(!batch.lacks_columns ? &batch : NULL);
        rg_tally_add_all(&run, &batch);
    }
    CHECK_U64(run.sum.pages[RG_VERDICT_COPY], 4000);
    CHECK_MEMORY(run.column_count >= 1000 ? &run : NULL);
    CHECK(run.lacks_columns && run.column_count < 4000);
    CHECK_U64(pages_of(&run, "tenant 1 column 7"), 1);
    /* One that is known goes on being counted. */
    rg_tally_reset(&batch);
    add(&batch, "tenant 1 column 7", 8);
    CHECK_MEMORY(!batch.lacks_columns ? &batch : NULL);
    rg_tally_add_all(&run, &batch);
    CHECK_U64(pages_of(&run, "tenant 1 column 7"), 9);
    rg_tally_reset(&run);
    CHECK(!run.lacks_columns);
    /* What a batch lacked, the run lacks. */
    batch.lacks_columns = true;
    rg_tally_add_all(&run, &batch);
    CHECK(run.lacks_columns);
    rg_tally_fini(&batch);
    rg_tally_fini(&run);
    CHECK_U64(atomic_load(&purse.bytes_left), UINT64_C(1) << 20);
}

/* All partitions have the same columns, mostly: no room is for twice as many. */
TEST(columns_that_are_expected_take_no_more_than_they_need)
{
    enum {
        COUNT = 1100
    };
    struct rg_purse purse;
    struct rg_tally batch;
    char path[16];

    rg_purse_init(&purse, &t->allocator, COUNT * (sizeof(struct rg_column_moves) + 200));
    rg_tally_init(&batch, &purse.allocator);
    for (uint64_t round = 0; round < 2; round++) {
        rg_tally_expect(&batch, COUNT);
        for (uint64_t i = 0; i < COUNT; i++) {
            (void)snprintf(path, sizeof path, "c%u", (unsigned)i);
            add(&batch, path, i);
        }
    }
    CHECK_MEMORY(t->allocations < t->allocations_allowed ? &batch : NULL);
    CHECK(!batch.lacks_columns);
    CHECK_U64(batch.column_count, COUNT);
    CHECK_U64(batch.column_room, COUNT);
    rg_tally_fini(&batch);
}

int main(int argc, char **argv)
{
    static const struct test_case cases[] = {
        {"columns_and_their_sum", columns_and_their_sum},
        {"very_many_columns_take_no_longer_each", very_many_columns_take_no_longer_each},
        {"memory_has_a_limit", memory_has_a_limit},
        {"columns_that_are_expected_take_no_more_than_they_need",
         columns_that_are_expected_take_no_more_than_they_need},
    };

    return test_main("compact/tally", cases, sizeof cases / sizeof cases[0], argc, argv);
}
