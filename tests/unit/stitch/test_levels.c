/* SPDX-License-Identifier: Apache-2.0 */

#include "stitch/levels.h"

#include <string.h>

#include "support/column.h"
#include "support/test.h"

enum {
    LEVELS_MAX = 3000,
};

/* A stream of random runs over random levels. */
struct stream {
    uint32_t levels[LEVELS_MAX];
    uint32_t count;
    uint32_t level_max;
    struct rg_buffer runs;
};

static void draw_stream(struct test *t, struct choices *c, struct stream *stream)
{
    uint32_t level = 0;

    stream->level_max = choose(c, choose_bool(c) ? 2 : 20);
    stream->count = 1 + choose(c, choose_bool(c) ? 60 : LEVELS_MAX - 1);
    for (uint32_t i = 0; i < stream->count; i++) {
        if (i == 0 || choose(c, 6) < 3)
            level = choose(c, stream->level_max);
        stream->levels[i] = level;
    }
    rg_buffer_init(&stream->runs, &t->allocator, SIZE_MAX);
    if (stream->level_max > 0)
        naive_rle(c, stream->levels, stream->count, rg_bit_width(stream->level_max), &stream->runs);
    CHECK_OK(rg_buffer_check(&stream->runs, "stream", &t->err));
}

static struct rg_level_sum naive_sum(const uint32_t *levels, uint32_t count, uint32_t level_max)
{
    struct rg_level_sum sum = {.first = levels[0]};

    for (uint32_t i = 0; i < count; i++) {
        sum.max_count += levels[i] == level_max;
        sum.zero_count += levels[i] == 0;
    }
    return sum;
}

static void check_sum(struct rg_level_sum got, struct rg_level_sum wanted)
{
    CHECK_U64(got.max_count, wanted.max_count);
    CHECK_U64(got.zero_count, wanted.zero_count);
    CHECK_U64(got.first, wanted.first);
}

static void property_counts_are_right(struct test *t, struct choices *c)
{
    struct stream stream;
    struct rg_level_sum sum;

    draw_stream(t, c, &stream);
    CHECK_OK(rg_levels_count(rg_buffer_span(&stream.runs), stream.level_max, stream.count, &sum,
                             &t->err));
    check_sum(sum, naive_sum(stream.levels, stream.count, stream.level_max));
    rg_buffer_fini(&stream.runs);
}

TEST(counts_are_right)
{
    test_property(t, "counts are right", 2000, property_counts_are_right);
}

/* Cut into pieces, translated, joined with others: the same levels come out. */
static void property_pieces_join_to_the_whole(struct test *t, struct choices *c)
{
    struct stream stream;
    struct rg_level_reader reader;
    struct rg_level_writer writer;
    struct rg_level_sum sum;
    uint32_t wanted[LEVELS_MAX];
    uint32_t got[LEVELS_MAX];
    uint8_t map[21];
    uint32_t step;

    draw_stream(t, c, &stream);
    const bool is_mapped = choose_bool(c);
    const uint32_t more = is_mapped ? choose(c, 3) : 0;
    for (uint32_t i = 0; i <= stream.level_max; i++)
        map[i] = (uint8_t)(i + (is_mapped ? choose(c, more) : 0));
    for (uint32_t i = 0; i < stream.count; i++)
        wanted[i] = is_mapped ? map[stream.levels[i]] : stream.levels[i];
    rg_level_reader_init(&reader, rg_buffer_span(&stream.runs), rg_bit_width(stream.level_max),
                         stream.level_max, stream.count);
    rg_level_writer_init(&writer, &t->allocator, stream.level_max + more);
    for (uint32_t at = 0; at < stream.count; at += step) {
        step = 1 + choose(c, choose_bool(c) ? 10 : 2000);
        if (step > stream.count - at)
            step = stream.count - at;
        CHECK_OK(rg_level_copy(&reader, &writer, is_mapped ? map : NULL, step, &sum, &t->err));
        check_sum(sum, naive_sum(stream.levels + at, step, stream.level_max));
    }
    const struct rg_span out = rg_level_writer_finish(&writer);
    CHECK_OK(rg_buffer_check(&writer.out, "levels", &t->err));
    if (writer.width == 0) {
        CHECK_U64(out.bytes, 0);
    } else {
        CHECK_OK(rg_rle_decode(out, writer.width, stream.count, got, &t->err));
        CHECK(memcmp(got, wanted, stream.count * sizeof *got) == 0);
    }
    rg_buffer_fini(&writer.out);
    rg_buffer_fini(&stream.runs);
}

TEST(pieces_join_to_the_whole)
{
    test_property(t, "pieces join to the whole", 2000, property_pieces_join_to_the_whole);
}

static uint32_t naive_rows(const uint32_t *levels, uint32_t left, uint32_t count)
{
    uint32_t found = 0;

    if (count >= left)
        return left;
    for (uint32_t i = 1; i < left; i++) {
        if (levels[i] == 0 && (i <= count || found == 0))
            found = i;
    }
    return found > 0 ? found : left;
}

static void property_rows_are_found_whole(struct test *t, struct choices *c)
{
    struct stream stream;
    struct rg_level_reader reader;
    uint32_t levels[LEVELS_MAX];
    uint32_t got;

    draw_stream(t, c, &stream);
    rg_level_reader_init(&reader, rg_buffer_span(&stream.runs), rg_bit_width(stream.level_max),
                         stream.level_max, stream.count);
    const uint32_t begin = choose(c, stream.count - 1);
    CHECK_OK(rg_level_read(&reader, begin, levels, &t->err));
    const uint32_t left = stream.count - begin;
    const uint32_t count = 1 + choose(c, left);
    CHECK_OK(rg_level_find_rows(&reader, left, count, &got, &t->err));
    CHECK_U64(got, naive_rows(stream.levels + begin, left, count));
    /* The reader stands where it stood. */
    CHECK_OK(rg_level_read(&reader, left, levels, &t->err));
    CHECK(memcmp(levels, stream.levels + begin, left * sizeof *levels) == 0);
    rg_buffer_fini(&stream.runs);
}

TEST(rows_are_found_whole)
{
    test_property(t, "rows are found whole", 2000, property_rows_are_found_whole);
}

TEST(bad_streams_are_refused)
{
    static const struct {
        const char *about;
        uint8_t bytes[8];
        size_t count;
        uint32_t level_max;
        uint32_t value_count;
        const char *text;
    } rows[] = {
        {"nothing", {0}, 0, 1, 1, "runs end"},
        {"too few", {4, 1}, 2, 1, 3, "runs end"},
        {"repeated level too high", {4, 3}, 2, 2, 2, "level 3"},
        {"packed level too high", {3, 0x0c, 0}, 3, 2, 8, "level 3"},
        {"packed level too high, wide", {3, 0xff, 0xff, 0xff}, 4, 4, 8, "level 7"},
    };
    struct rg_level_sum sum;

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct rg_span stream = {rows[i].bytes, rows[i].count};

        CHECK_ERROR(rg_levels_count(stream, rows[i].level_max, rows[i].value_count, &sum, &t->err),
                    RG_ERR_CORRUPT, rows[i].text);
    }
}

TEST(equal_runs_become_one)
{
    struct rg_level_writer writer;
    static const uint8_t wanted[] = {40, 1, 6, 0};

    rg_level_writer_init(&writer, &t->allocator, 1);
    for (unsigned i = 0; i < 4; i++)
        rg_level_writer_repeat(&writer, 1, 5);
    rg_level_writer_repeat(&writer, 0, 3);
    const struct rg_span out = rg_level_writer_finish(&writer);
    CHECK_OK(rg_buffer_check(&writer.out, "levels", &t->err));
    CHECK_SPAN(out, SPAN(wanted));
    rg_buffer_fini(&writer.out);
}

int main(int argc, char **argv)
{
    static const struct test_case cases[] = {
        {"counts_are_right", counts_are_right},
        {"pieces_join_to_the_whole", pieces_join_to_the_whole},
        {"rows_are_found_whole", rows_are_found_whole},
        {"bad_streams_are_refused", bad_streams_are_refused},
        {"equal_runs_become_one", equal_runs_become_one},
    };

    return test_main("stitch/levels", cases, sizeof cases / sizeof cases[0], argc, argv);
}
