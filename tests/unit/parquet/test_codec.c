/* SPDX-License-Identifier: Apache-2.0 */

#include "parquet/codec.h"

#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "starved_snappy.h"
#include "support/test.h"

static const unsigned written[] = {RG_CODEC_NONE,   RG_CODEC_SNAPPY, RG_CODEC_GZIP,
                                   RG_CODEC_BROTLI, RG_CODEC_ZSTD,   RG_CODEC_LZ4_RAW};
static const size_t written_count = sizeof written / sizeof written[0];
static const uint8_t fence = 0xA5;

/* Room whose last bytes tell whether somebody wrote past the end. */
struct room {
    uint8_t *data;
    size_t bytes;
};

static struct room room_new(struct test *t, size_t bytes)
{
    struct room room = {rg_alloc(&t->allocator, bytes + rg_slack_bytes), bytes};

    CHECK_MEMORY(room.data);
    memset(room.data + bytes, fence, rg_slack_bytes);
    return room;
}

static void room_free(struct test *t, struct room room)
{
    for (size_t i = 0; i < rg_slack_bytes; i++)
        CHECK_U64(room.data[room.bytes + i], fence);
    rg_release(&t->allocator, room.data, room.bytes + rg_slack_bytes);
}

/* Bytes between noise and monotony. */
static void fill(struct choices *c, uint8_t *data, size_t bytes)
{
    const uint32_t kinds = choose(c, 255);
    uint64_t word = 0;

    for (size_t i = 0; i < bytes; i++) {
        if (i % 8 == 0 && (i % 64 == 0 || kinds > 128))
            word = choose_u64(c);
        data[i] = (uint8_t)(word >> (8 * (i % 8)) & kinds);
    }
}

static struct rg_span compress(struct test *t, struct rg_codec_context *context, unsigned codec,
                               int level, struct room in, struct room *ret_room)
{
    size_t bytes = 0;

    *ret_room = room_new(t, rg_codec_compress_bound(codec, in.bytes));
    CHECK_OK(rg_codec_compress(context, codec, level, (struct rg_span){in.data, in.bytes},
                               ret_room->data, ret_room->bytes, &bytes, &t->err));
    return (struct rg_span){ret_room->data, bytes};
}

static void round_trip(struct test *t, struct choices *c)
{
    const unsigned codec = written[choose(c, (uint32_t)written_count - 1)];
    const struct room in = room_new(t, choose(c, 3) == 0 ? choose(c, 100000) : choose(c, 300));
    const struct room out = room_new(t, in.bytes);
    struct room packed;
    struct room packed_again;
    int level_min;
    int level_max;

    rg_codec_level_range(codec, &level_min, &level_max);
    /* The slow levels are for the few tests that ask for them. */
    const int level = level_min + (int)choose(c, (uint32_t)(level_max - level_min) / 2);
    fill(c, in.data, in.bytes);
    struct rg_codec_context *used = rg_codec_context_new(&t->allocator);
    struct rg_codec_context *fresh = rg_codec_context_new(&t->allocator);
    CHECK_MEMORY(used);
    CHECK_MEMORY(fresh);

    const struct room other = room_new(t, choose(c, 5000));
    fill(c, other.data, other.bytes);
    struct room other_packed;
    (void)compress(t, used, codec, level_min, other, &other_packed);
    const struct rg_span span = compress(t, used, codec, level, in, &packed);
    const struct rg_span again = compress(t, fresh, codec, level, in, &packed_again);
    CHECK_SPAN(again, span);
    CHECK(rg_codec_decompress_bound(codec, span) >= in.bytes);
    CHECK_OK(rg_codec_decompress(used, codec, span, out.data, out.bytes, &t->err));
    CHECK(in.bytes == 0 || memcmp(in.data, out.data, in.bytes) == 0);

    room_free(t, other_packed);
    room_free(t, other);
    room_free(t, packed_again);
    room_free(t, packed);
    room_free(t, out);
    room_free(t, in);
    rg_codec_context_free(fresh);
    rg_codec_context_free(used);
}

TEST(what_is_compressed_comes_back_and_contexts_leave_no_trace)
{
    test_property(t, "round_trip", 200, round_trip);
}

static void damage(struct test *t, struct choices *c)
{
    const unsigned codec = written[choose(c, (uint32_t)written_count - 1)];
    const struct room in = room_new(t, 1 + choose(c, 5000));
    struct room packed;
    struct rg_codec_context *context = rg_codec_context_new(&t->allocator);

    CHECK_MEMORY(context);
    fill(c, in.data, in.bytes);
    struct rg_span span = compress(t, context, codec, rg_codec_level_default(codec), in, &packed);
    for (uint32_t i = choose(c, 4); i > 0 && span.bytes > 0; i--)
        packed.data[choose(c, (uint32_t)span.bytes - 1)] = (uint8_t)choose(c, 255);
    if (choose_bool(c))
        span.bytes = choose(c, (uint32_t)span.bytes);
    /* An exact copy, so that a sanitizer sees reads past its end. */
    struct room exact = {rg_alloc(&t->allocator, span.bytes), span.bytes};
    CHECK_MEMORY(exact.data);
    if (span.bytes > 0)
        memcpy(exact.data, span.data, span.bytes);
    const size_t wanted = choose_bool(c) ? in.bytes : choose(c, 6000);
    const struct room out = room_new(t, wanted);

    const enum rg_status status =
        rg_codec_decompress(context, choose_bool(c) ? codec : (unsigned)choose(c, 9),
                            (struct rg_span){exact.data, exact.bytes}, out.data, wanted, &t->err);
    CHECK(status == RG_OK || status == RG_ERR_CORRUPT || status == RG_ERR_UNSUPPORTED ||
          status == RG_ERR_NOMEM);

    room_free(t, out);
    rg_release(&t->allocator, exact.data, exact.bytes);
    room_free(t, packed);
    room_free(t, in);
    rg_codec_context_free(context);
}

TEST(damaged_frames_never_write_past_their_room)
{
    test_property(t, "damage", 3000, damage);
}

/* "regroup regroup regroup regroup " as one LZ4 block: 8 literals and a match. */
#define REGROUP   'r', 'e', 'g', 'r', 'o', 'u', 'p'
#define BLOCK     0x8F, REGROUP, ' ', 8, 0, 0, 0x50, 'o', 'u', 'p', ' ', '!'
#define BLOCK_RAW "regroup regroup regroup regoup !"

static const uint8_t lz4_bare[] = {BLOCK};
static const uint8_t lz4_hadoop[] = {0, 0, 0, 32, 0, 0, 0, 18, BLOCK};
static const uint8_t lz4_hadoop_two[] = {0, 0, 0, 32, 0, 0, 0, 18, BLOCK,
                                         0, 0, 0, 32, 0, 0, 0, 18, BLOCK};
static const uint8_t lz4_hadoop_two_blocks[] = {0,  0,     0, 64, 0, 0,  0,
                                                18, BLOCK, 0, 0,  0, 18, BLOCK};
static const uint8_t lz4_hadoop_finished[] = {0, 0, 0, 32, 0, 0, 0, 18, BLOCK, 0, 0, 0, 0};
static const uint8_t lz4_hadoop_empty[] = {0, 0, 0, 0};
static const uint8_t lz4_frame[] = {0x04, 0x22, 0x4D, 0x18,  0x60, 0x40, 0x82, 18,
                                    0,    0,    0,    BLOCK, 0,    0,    0,    0};
static const uint8_t lz4_frame_stored[] = {0x04, 0x22, 0x4D, 0x18, 0x64, 0x40, 0xa7, 3, 0, 0, 0x80,
                                           'a',  'b',  'c',  0,    0,    0,    0,    9, 9, 9, 9};
static const uint8_t lz4_short[] = {0, 0, 0, 32, 0, 0, 0, 19, BLOCK};

TEST(reads_the_historic_forms_of_lz4)
{
    static const struct {
        const char *about;
        struct rg_span in;
        const char *raw;
        enum rg_status status;
    } rows[] = {
        {"bare block", {lz4_bare, sizeof lz4_bare}, BLOCK_RAW, RG_OK},
        {"Hadoop", {lz4_hadoop, sizeof lz4_hadoop}, BLOCK_RAW, RG_OK},
        {"Hadoop, two frames", {lz4_hadoop_two, sizeof lz4_hadoop_two}, BLOCK_RAW BLOCK_RAW, RG_OK},
        {"Hadoop, two blocks of one frame",
         {lz4_hadoop_two_blocks, sizeof lz4_hadoop_two_blocks},
         BLOCK_RAW BLOCK_RAW,
         RG_OK},
        {"Hadoop, finished", {lz4_hadoop_finished, sizeof lz4_hadoop_finished}, BLOCK_RAW, RG_OK},
        {"Hadoop, of nothing", {lz4_hadoop_empty, sizeof lz4_hadoop_empty}, "", RG_OK},
        {"Hadoop, finished too early",
         {lz4_hadoop_finished, sizeof lz4_hadoop_finished},
         BLOCK_RAW "?",
         RG_ERR_CORRUPT},
        {"frame", {lz4_frame, sizeof lz4_frame}, BLOCK_RAW, RG_OK},
        {"frame, stored, with checksum", {lz4_frame_stored, sizeof lz4_frame_stored}, "abc", RG_OK},
        {"block past its end", {lz4_short, sizeof lz4_short}, BLOCK_RAW, RG_ERR_CORRUPT},
        {"other length", {lz4_hadoop, sizeof lz4_hadoop}, BLOCK_RAW "?", RG_ERR_CORRUPT},
    };
    struct rg_codec_context *context = rg_codec_context_new(&t->allocator);

    CHECK_MEMORY(context);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const size_t bytes = strlen(rows[i].raw);
        const struct room out = room_new(t, bytes);

        const enum rg_status status =
            rg_codec_decompress(context, RG_CODEC_LZ4, rows[i].in, out.data, out.bytes, &t->err);
        if (status != rows[i].status)
            test_fail(__FILE__, __LINE__, "%s: %s", rows[i].about, rg_status_name(status));
        if (status == RG_OK && memcmp(out.data, rows[i].raw, bytes) != 0)
            test_fail(__FILE__, __LINE__, "%s: other bytes", rows[i].about);
        room_free(t, out);
    }
    rg_codec_context_free(context);
}

TEST(joins_gzip_members_and_zstd_frames)
{
    static const unsigned codecs[] = {RG_CODEC_GZIP, RG_CODEC_ZSTD};
    uint8_t text[] = "many members";
    const struct room in = {text, sizeof text};
    struct rg_codec_context *context = rg_codec_context_new(&t->allocator);

    CHECK_MEMORY(context);
    for (size_t i = 0; i < 2; i++) {
        struct room one;
        const struct rg_span span = compress(t, context, codecs[i], 1, in, &one);
        const struct room two = room_new(t, 2 * span.bytes);
        const struct room out = room_new(t, 2 * in.bytes);

        memcpy(two.data, span.data, span.bytes);
        memcpy(two.data + span.bytes, span.data, span.bytes);
        const struct rg_span joined = {two.data, two.bytes};
        CHECK_OK(rg_codec_decompress(context, codecs[i], joined, out.data, out.bytes, &t->err));
        CHECK(memcmp(out.data, text, sizeof text) == 0);
        CHECK(memcmp(out.data + sizeof text, text, sizeof text) == 0);
        const struct rg_span cut = {two.data, two.bytes - 1};
        CHECK_ERROR(rg_codec_decompress(context, codecs[i], cut, out.data, out.bytes, &t->err),
                    RG_ERR_CORRUPT, codecs[i] == RG_CODEC_GZIP ? "gzip: broken" : "zstd: ");
        CHECK_ERROR(
            rg_codec_decompress(context, codecs[i], joined, out.data, out.bytes - 1, &t->err),
            RG_ERR_CORRUPT, codecs[i] == RG_CODEC_GZIP ? "gzip: " : "zstd: ");
        room_free(t, out);
        room_free(t, two);
        room_free(t, one);
    }
    rg_codec_context_free(context);
}

TEST(nothing_is_nothing_in_every_codec)
{
    struct rg_codec_context *context = rg_codec_context_new(&t->allocator);
    uint8_t out[1] = {fence};
    const struct rg_span empty = {out, 0};

    CHECK_MEMORY(context);
    for (unsigned codec = 0; codec < 8; codec++) {
        if (!rg_codec_can_decompress(codec))
            continue;
        CHECK_OK(rg_codec_decompress(context, codec, empty, out, 0, &t->err));
        CHECK_ERROR(rg_codec_decompress(context, codec, empty, out, 1, &t->err), RG_ERR_CORRUPT,
                    "holds 0 bytes, not 1");
    }
    CHECK_U64(out[0], fence);
    rg_codec_context_free(context);
}

TEST(promises_beyond_the_bound_are_seen)
{
    static const uint8_t monotony[100000] = {0};
    const struct rg_span in = {monotony, sizeof monotony};
    struct rg_codec_context *context = rg_codec_context_new(&t->allocator);

    CHECK_MEMORY(context);
    for (size_t i = 0; i < written_count; i++) {
        const size_t capacity = rg_codec_compress_bound(written[i], in.bytes);
        const struct room packed = room_new(t, capacity);
        size_t bytes = 0;

        CHECK_OK(rg_codec_compress(context, written[i], rg_codec_level_default(written[i]), in,
                                   packed.data, capacity, &bytes, &t->err));
        const struct rg_span span = {packed.data, bytes};
        CHECK(rg_codec_decompress_bound(written[i], span) >= in.bytes);
        if (written[i] != RG_CODEC_BROTLI)
            CHECK(rg_codec_decompress_bound(written[i], span) < 4 * in.bytes + 4096);
        room_free(t, packed);
    }
    const struct rg_span nothing = {monotony, 0};
    CHECK_U64(rg_codec_decompress_bound(RG_CODEC_LZ4, nothing), 0);
    CHECK_U64(rg_codec_decompress_bound(77, nothing), SIZE_MAX);
    rg_codec_context_free(context);
}

TEST(refuses_what_it_does_not_know)
{
    struct rg_codec_context *context = rg_codec_context_new(&t->allocator);
    uint8_t out[64];
    const struct rg_span in = {out, 1};
    size_t bytes = 0;

    CHECK_MEMORY(context);
    CHECK(!rg_codec_can_decompress(RG_CODEC_LZO) && !rg_codec_can_decompress(8));
    CHECK(rg_codec_can_decompress(RG_CODEC_LZ4) && !rg_codec_can_compress(RG_CODEC_LZ4));
    CHECK_ERROR(rg_codec_decompress(context, RG_CODEC_LZO, in, out, 1, &t->err), RG_ERR_UNSUPPORTED,
                "LZO");
    CHECK_ERROR(rg_codec_decompress(context, 77, in, out, 1, &t->err), RG_ERR_UNSUPPORTED,
                "codec 77");
    CHECK_ERROR(rg_codec_compress(context, RG_CODEC_LZ4, 0, in, out, 64, &bytes, &t->err),
                RG_ERR_UNSUPPORTED, "never written");
    CHECK_ERROR(rg_codec_compress(context, RG_CODEC_ZSTD, 23, in, out, 64, &bytes, &t->err),
                RG_ERR_UNSUPPORTED, "levels 1 to 22, not 23");
    rg_codec_context_free(context);
}

/* What a context holds between calls never exceeds what is reserved for it. */
TEST(memory_stays_below_the_reserve)
{
    const struct room in = room_new(t, (size_t)256 << 10);
    const struct room out = room_new(t, in.bytes);
    struct choices c = {.seed = 1};

    fill(&c, in.data, in.bytes);
    for (size_t i = 0; i < written_count; i++) {
        static const int levels[] = {1, 5};

        for (size_t k = 0; k < sizeof levels / sizeof levels[0]; k++) {
            int level_min;
            int level_max;
            rg_codec_level_range(written[i], &level_min, &level_max);
            const int level = level_max == 0 ? 0 : levels[k];
            struct room packed;
            const size_t before = t->live_bytes;
            struct rg_codec_context *context = rg_codec_context_new(&t->allocator);

            CHECK_MEMORY(context);
            const struct rg_span span = compress(t, context, written[i], level, in, &packed);
            CHECK_OK(rg_codec_decompress(context, written[i], span, out.data, out.bytes, &t->err));
            const size_t room_bytes = packed.bytes + rg_slack_bytes;
            CHECK(t->live_bytes - before - room_bytes <=
                  256 + rg_codec_memory_bytes_max(written[i], level));
            room_free(t, packed);
            rg_codec_context_free(context);
        }
    }
    CHECK(rg_codec_context_bytes_max() < (size_t)4 << 20);
    room_free(t, out);
    room_free(t, in);
}

/* An allocator with a limit, which knows what it was asked for. */
struct purse {
    const struct rg_allocator *from;
    size_t bytes_max;
    size_t bytes;
    size_t bytes_most;
};

static void *purse_alloc(void *context, size_t bytes)
{
    struct purse *purse = context;

    if (bytes > purse->bytes_max - purse->bytes)
        return NULL;
    void *memory = rg_alloc(purse->from, bytes);
    if (memory == NULL)
        return NULL;
    purse->bytes += bytes;
    if (purse->bytes > purse->bytes_most)
        purse->bytes_most = purse->bytes;
    return memory;
}

static void purse_release(void *context, void *memory, size_t bytes)
{
    struct purse *purse = context;

    if (memory != NULL)
        purse->bytes -= bytes;
    rg_release(purse->from, memory, bytes);
}

/* Codecs and levels that take much, and are quick on little. */
static const struct {
    unsigned codec;
    int level;
} large[] = {{RG_CODEC_BROTLI, 1},
             {RG_CODEC_BROTLI, 5},
             {RG_CODEC_BROTLI, 9},
             {RG_CODEC_ZSTD, 2},
             {RG_CODEC_ZSTD, 19}};

/* What does not fit into lent memory is not taken from anywhere else, and nothing of it stays. */
static void take_lent(struct test *t, size_t which, struct room in)
{
    const unsigned codec = large[which].codec;
    const int level = large[which].level;
    const size_t needed = rg_codec_compress_call_bytes(codec, level, in.bytes);
    struct purse own = {.from = &t->allocator, .bytes_max = SIZE_MAX};
    struct purse purse = {.from = &t->allocator, .bytes_max = needed};
    const struct rg_allocator own_memory = {purse_alloc, purse_release, &own};
    const struct rg_allocator lent = {purse_alloc, purse_release, &purse};
    const struct rg_span raw = {in.data, in.bytes};
    struct rg_codec_context *context = rg_codec_context_new(&own_memory);
    const struct room packed = room_new(t, rg_codec_compress_bound(codec, in.bytes));
    const struct room out = room_new(t, in.bytes);
    size_t bytes = 0;

    CHECK_MEMORY(context);
    const size_t kept_bytes = own.bytes;
    CHECK(needed > 0);
    rg_codec_context_lend(context, &lent);
    CHECK_OK(
        rg_codec_compress(context, codec, level, raw, packed.data, packed.bytes, &bytes, &t->err));
    CHECK(purse.bytes_most > 0);
    CHECK_U64(own.bytes_most, kept_bytes);
    purse.bytes_max =
        purse.bytes + rg_codec_decompress_call_bytes(codec, in.bytes); /* zstd keeps its own. */
    CHECK_OK(rg_codec_decompress(context, codec, (struct rg_span){packed.data, bytes}, out.data,
                                 out.bytes, &t->err));
    CHECK(memcmp(out.data, in.data, in.bytes) == 0);
    rg_codec_context_take_back(context);
    CHECK_U64(purse.bytes, 0);
    CHECK(own.bytes_most <= kept_bytes + rg_codec_context_bytes_max());

    purse.bytes_max = needed / 8;
    own.bytes_most = own.bytes;
    rg_codec_context_lend(context, &lent);
    CHECK_U64(
        rg_codec_compress(context, codec, level, raw, packed.data, packed.bytes, &bytes, &t->err),
        RG_ERR_NOMEM);
    CHECK_U64(own.bytes_most, own.bytes);
    rg_codec_context_take_back(context);
    CHECK_U64(purse.bytes, 0);
    rg_codec_context_free(context);
    room_free(t, packed);
    room_free(t, out);
}

TEST(what_is_large_is_in_lent_memory)
{
    const struct room in = room_new(t, (size_t)8 << 10);
    struct choices c = {.seed = 1};

    for (size_t i = 0; i < sizeof large / sizeof large[0]; i++) {
        fill(&c, in.data, in.bytes);
        take_lent(t, i, in);
    }
    room_free(t, in);
}

/* At the default level a worker's compressor outlives the chunk; see rg_codec_context_lend(). */
TEST(what_is_small_is_kept)
{
    const uint8_t data[64] = {0};
    struct purse purse = {.from = &t->allocator, .bytes_max = 0};
    const struct rg_allocator lent = {purse_alloc, purse_release, &purse};
    struct rg_codec_context *context = rg_codec_context_new(&t->allocator);
    uint8_t out[256];
    size_t bytes;

    CHECK_MEMORY(context);
    CHECK_U64(rg_codec_compress_call_bytes(RG_CODEC_ZSTD, 1, sizeof data), 0);
    CHECK_U64(rg_codec_compress_call_bytes(RG_CODEC_GZIP, 9, sizeof data), 0);
    CHECK_U64(rg_codec_decompress_call_bytes(RG_CODEC_ZSTD, sizeof data), 0);
    rg_codec_context_lend(context, &lent);
    CHECK_OK(rg_codec_compress(context, RG_CODEC_ZSTD, 1, (struct rg_span){data, sizeof data}, out,
                               sizeof out, &bytes, &t->err));
    rg_codec_context_take_back(context);
    CHECK_U64(purse.bytes_most, 0);
    rg_codec_context_free(context);
}

/* It takes its memory from C++'s operator new, which throws. */
TEST(snappy_without_memory_says_so)
{
    static const uint8_t data[100000] = {1, 2, 3};
    static uint8_t out[200000];
    static uint8_t back[sizeof data];
    const struct rg_span in = {data, sizeof data};
    size_t bytes = 7;

    struct rg_codec_context *context = rg_codec_context_new(&t->allocator);
    CHECK_MEMORY(context);
    starved_snappy_set(true);
    const enum rg_status status =
        rg_codec_compress(context, RG_CODEC_SNAPPY, 0, in, out, sizeof out, &bytes, &t->err);
    starved_snappy_set(false);
    CHECK_ERROR(status, RG_ERR_NOMEM, "no memory for snappy");
    CHECK_U64(bytes, 7);
    CHECK_OK(rg_codec_compress(context, RG_CODEC_SNAPPY, 0, in, out, sizeof out, &bytes, &t->err));
    const struct rg_span block = {out, bytes};
    CHECK_OK(rg_codec_decompress(context, RG_CODEC_SNAPPY, block, back, sizeof back, &t->err));
    CHECK(memcmp(back, data, sizeof data) == 0);
    rg_codec_context_free(context);
}

/* Its encoder ends the process where it is refused memory: so it asks before it begins. */
TEST(brotli_asks_for_memory_once)
{
    static uint8_t data[600000];
    static uint8_t out[sizeof data * 2];
    const struct rg_span in = {data, sizeof data};
    struct choices c = {.seed = 7};
    size_t bytes;

    for (size_t i = 0; i < sizeof data; i++)
        data[i] = (uint8_t)((i >> 12) % 3 == 0 ? choose(&c, 255) : i % 97 + choose(&c, 1));
    struct rg_codec_context *context = rg_codec_context_new(&t->allocator);
    CHECK_MEMORY(context);
    for (int level = 0; level <= 9; level++) {
        const uint64_t before = t->allocations;

        CHECK_OK(rg_codec_compress(context, RG_CODEC_BROTLI, level, in, out, sizeof out, &bytes,
                                   &t->err));
        CHECK_U64(t->allocations - before, 1);
    }
    rg_codec_context_free(context);
}

TEST(crc_is_that_of_gzip)
{
    static const uint8_t digits[] = {'1', '2', '3', '4', '5', '6', '7', '8', '9'};
    const struct rg_span head = {digits, 4};
    const struct rg_span tail = {digits + 4, 5};

    CHECK_U64(rg_crc32(SPAN(digits)), 0xCBF43926);
    CHECK_U64(rg_crc32_update(rg_crc32_update(0, head), tail), 0xCBF43926);
    CHECK_U64(rg_crc32((struct rg_span){NULL, 0}), 0);
}

TEST(names_its_libraries)
{
    char text[RG_CODEC_VERSIONS_BYTES];

    rg_codec_versions(text);
    CHECK(strncmp(text, "snappy ", 7) == 0);
    CHECK(strstr(text, ", brotli ") != NULL);
}

int main(int argc, char **argv)
{
    static const struct test_case cases[] = {
        {"what_is_compressed_comes_back_and_contexts_leave_no_trace",
         what_is_compressed_comes_back_and_contexts_leave_no_trace},
        {"damaged_frames_never_write_past_their_room", damaged_frames_never_write_past_their_room},
        {"reads_the_historic_forms_of_lz4", reads_the_historic_forms_of_lz4},
        {"joins_gzip_members_and_zstd_frames", joins_gzip_members_and_zstd_frames},
        {"nothing_is_nothing_in_every_codec", nothing_is_nothing_in_every_codec},
        {"promises_beyond_the_bound_are_seen", promises_beyond_the_bound_are_seen},
        {"refuses_what_it_does_not_know", refuses_what_it_does_not_know},
        {"memory_stays_below_the_reserve", memory_stays_below_the_reserve},
        {"brotli_asks_for_memory_once", brotli_asks_for_memory_once},
        {"snappy_without_memory_says_so", snappy_without_memory_says_so},
        {"what_is_large_is_in_lent_memory", what_is_large_is_in_lent_memory},
        {"what_is_small_is_kept", what_is_small_is_kept},
        {"crc_is_that_of_gzip", crc_is_that_of_gzip},
        {"names_its_libraries", names_its_libraries},
    };

    return test_main("parquet/codec", cases, sizeof cases / sizeof cases[0], argc, argv);
}
