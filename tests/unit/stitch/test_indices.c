/* SPDX-License-Identifier: Apache-2.0 */

#include "stitch/indices.h"

#include <string.h>

#include "base/buffer.h"
#include "support/test.h"

enum {
    COUNT_MAX = 3000,
};

static void property_what_is_encoded_is_read_again(struct test *t, struct choices *c)
{
    uint32_t indices[COUNT_MAX];
    uint32_t again[COUNT_MAX];
    const uint32_t count = choose(c, choose_bool(c) ? 100 : COUNT_MAX);
    const uint32_t max = choose_bool(c) ? choose(c, 3) : choose(c, 100000);
    const uint32_t repeats = choose(c, 3);
    const enum rg_index_runs runs = choose_bool(c) ? RG_INDEX_RUNS_FAST : RG_INDEX_RUNS_SHORTEST;
    struct rg_index_reader reader;
    struct rg_buffer out;
    uint32_t step;

    for (uint32_t i = 0; i < count;) {
        const uint32_t value = choose(c, max);
        uint32_t run = repeats == 0 ? 1 : 1 + choose(c, repeats == 1 ? 10 : 200);

        for (; run > 0 && i < count; run--)
            indices[i++] = value;
    }
    rg_buffer_init(&out, &t->allocator, SIZE_MAX);
    rg_index_encode(indices, count, rg_bit_width(max), runs, &out);
    CHECK_OK(rg_buffer_check(&out, "indices", &t->err));
    CHECK_OK(rg_index_reader_init(&reader, rg_buffer_span(&out), count, max + 1, &t->err));
    for (uint32_t at = 0; at < count; at += step) {
        step = 1 + choose(c, 700);
        step = step < count - at ? step : count - at;
        CHECK_OK(rg_index_read(&reader, step, again + at, &t->err));
    }
    CHECK(memcmp(indices, again, count * sizeof *again) == 0);
    rg_buffer_fini(&out);
}

TEST(what_is_encoded_is_read_again)
{
    test_property(t, "what is encoded is read again", 3000, property_what_is_encoded_is_read_again);
}

TEST(runs_have_the_shape_that_readers_like)
{
    static uint32_t indices[600];
    struct rg_run_reader reader;
    struct rg_buffer out;
    struct rg_run run;
    bool is_end;

    /* 300 different ones, 100 equal ones, 200 that repeat 50 times each: too few for a run. */
    for (uint32_t i = 0; i < 600; i++)
        indices[i] = i < 300 ? i : i < 400 ? 7 : i / 50;
    rg_buffer_init(&out, &t->allocator, SIZE_MAX);
    rg_index_encode(indices, 600, 9, RG_INDEX_RUNS_FAST, &out);
    CHECK_OK(rg_buffer_check(&out, "indices", &t->err));
    CHECK_U64(out.data[0], 9);
    rg_run_reader_init(&reader, (struct rg_span){out.data + 1, out.bytes - 1}, 9, 600);
    CHECK_OK(rg_run_next(&reader, &run, &is_end, &t->err));
    CHECK(run.is_packed && run.value_count == 256);
    CHECK_OK(rg_run_next(&reader, &run, &is_end, &t->err));
    CHECK(run.is_packed && run.value_count == 48);
    CHECK_OK(rg_run_next(&reader, &run, &is_end, &t->err));
    CHECK(!run.is_packed && run.value == 7 && run.value_count == 96);
    CHECK_OK(rg_run_next(&reader, &run, &is_end, &t->err));
    CHECK(run.is_packed && run.value_count == 200);
    CHECK_OK(rg_run_next(&reader, &run, &is_end, &t->err));
    CHECK(is_end);
    rg_buffer_fini(&out);
}

TEST(short_repeats_become_runs_where_that_saves_bytes)
{
    static uint32_t indices[600];
    size_t bytes[2];

    /* Twelve equal ones each: runs of 3 bytes instead of 12 packed ones. */
    for (uint32_t i = 0; i < 600; i++)
        indices[i] = i / 12;
    for (unsigned runs = RG_INDEX_RUNS_FAST; runs <= RG_INDEX_RUNS_SHORTEST; runs++) {
        struct rg_buffer out;

        rg_buffer_init(&out, &t->allocator, SIZE_MAX);
        rg_index_encode(indices, 600, 8, (enum rg_index_runs)runs, &out);
        CHECK_OK(rg_buffer_check(&out, "indices", &t->err));
        bytes[runs] = out.bytes;
        rg_buffer_fini(&out);
    }
    CHECK_U64(bytes[RG_INDEX_RUNS_FAST], 1 + 600 + 3);
    CHECK(bytes[RG_INDEX_RUNS_SHORTEST] < 600);
    /* Of one bit each they take fewer bytes packed. */
    for (uint32_t i = 0; i < 600; i++)
        indices[i] = i / 12 % 2;
    struct rg_buffer out;
    rg_buffer_init(&out, &t->allocator, SIZE_MAX);
    rg_index_encode(indices, 600, 1, RG_INDEX_RUNS_SHORTEST, &out);
    CHECK_OK(rg_buffer_check(&out, "indices", &t->err));
    CHECK_U64(out.bytes, 1 + 75 + 2);
    rg_buffer_fini(&out);
}

TEST(bad_indices_are_refused)
{
    static const struct {
        const char *about;
        uint8_t bytes[8];
        size_t count;
        uint32_t index_count;
        uint32_t entry_count;
        const char *text;
    } rows[] = {
        {"no bytes", {0}, 0, 3, 5, "3 indices in no bytes"},
        {"too wide", {33, 2, 0}, 3, 1, 5, "33 bits"},
        {"out of range, repeated", {3, 6, 5}, 3, 3, 5, "index 5 into a dictionary of 5"},
        {"out of range, packed", {1, 3, 0x80}, 3, 8, 1, "index 1 into a dictionary of 1"},
        {"width 0, no entries", {0}, 1, 2, 0, "index 0 into a dictionary of 0"},
        {"too few", {3, 6, 4}, 3, 4, 5, "runs end"},
    };
    uint32_t indices[8];

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct rg_span values = {rows[i].bytes, rows[i].count};
        struct rg_index_reader reader;
        enum rg_status status = rg_index_reader_init(&reader, values, rows[i].index_count,
                                                     rows[i].entry_count, &t->err);

        if (status == RG_OK)
            status = rg_index_read(&reader, rows[i].index_count, indices, &t->err);
        CHECK_ERROR(status, RG_ERR_CORRUPT, rows[i].text);
    }
}

int main(int argc, char **argv)
{
    static const struct test_case cases[] = {
        {"what_is_encoded_is_read_again", what_is_encoded_is_read_again},
        {"runs_have_the_shape_that_readers_like", runs_have_the_shape_that_readers_like},
        {"short_repeats_become_runs_where_that_saves_bytes",
         short_repeats_become_runs_where_that_saves_bytes},
        {"bad_indices_are_refused", bad_indices_are_refused},
    };

    return test_main("stitch/indices", cases, sizeof cases / sizeof cases[0], argc, argv);
}
