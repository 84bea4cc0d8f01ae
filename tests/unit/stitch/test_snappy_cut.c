/* SPDX-License-Identifier: Apache-2.0 */

#include "stitch/snappy_cut.h"

#include <string.h>

#include "base/arena.h"
#include "base/limits.h"
#include "parquet/codec.h"
#include "support/test.h"

enum {
    RAW_MAX = 70000,
    PACKED_MAX = 2 * RAW_MAX,
};

struct fixture {
    struct rg_codec_context *codecs;
    struct rg_arena arena;
    uint8_t *raw;
    uint8_t *packed;
    uint8_t *again;
    struct rg_buffer head;
    struct rg_buffer made;
};

static void set_up(struct test *t, struct fixture *f)
{
    *f = (struct fixture){.codecs = rg_codec_context_new(&t->allocator)};
    rg_arena_init(&f->arena, &t->allocator, SIZE_MAX);
    rg_buffer_init(&f->head, &t->allocator, SIZE_MAX);
    rg_buffer_init(&f->made, &t->allocator, SIZE_MAX);
    CHECK_MEMORY(f->codecs);
    f->raw = rg_arena_alloc(&f->arena, RAW_MAX + rg_slack_bytes);
    f->packed = rg_arena_alloc(&f->arena, PACKED_MAX);
    f->again = rg_arena_alloc(&f->arena, RAW_MAX + rg_slack_bytes);
    CHECK_MEMORY(f->raw);
    CHECK_MEMORY(f->packed);
    CHECK_MEMORY(f->again);
}

static void tear_down(struct fixture *f)
{
    rg_buffer_fini(&f->head);
    rg_buffer_fini(&f->made);
    rg_arena_fini(&f->arena);
    rg_codec_context_free(f->codecs);
}

/* The body that the elements are the rest of. */
static void make_body(struct fixture *f, size_t raw_bytes, struct rg_span tail)
{
    size_t left = raw_bytes;

    rg_buffer_reset(&f->made);
    for (; left >= 128; left >>= 7)
        rg_buffer_append_byte(&f->made, (uint8_t)(left | 128));
    rg_buffer_append_byte(&f->made, (uint8_t)left);
    if (f->head.bytes > 0)
        rg_buffer_append(&f->made, f->head.data, f->head.bytes);
    if (tail.bytes > 0)
        rg_buffer_append(&f->made, tail.data, tail.bytes);
}

/* Cuts `cut` bytes off the body, which is raw[0 .. bytes) compressed. */
static void check_cut(struct test *t, struct fixture *f, struct rg_span body, size_t bytes,
                      size_t cut)
{
    struct rg_span tail;

    memset(f->again, 0xee, cut + 1);
    CHECK_OK(rg_snappy_front(body, (uint32_t)bytes, cut, f->again, &t->err));
    CHECK(memcmp(f->again, f->raw, cut) == 0 && f->again[cut] == 0xee);
    rg_buffer_reset(&f->head);
    CHECK_OK(rg_snappy_cut(body, (uint32_t)bytes, (struct rg_span){f->raw, cut}, &f->head, &tail,
                           &t->err));
    CHECK_OK(rg_buffer_check(&f->head, "head", &t->err));
    make_body(f, bytes - cut, tail);
    CHECK_OK(rg_buffer_check(&f->made, "body", &t->err));
    CHECK_OK(rg_codec_decompress(f->codecs, RG_CODEC_SNAPPY, rg_buffer_span(&f->made), f->again,
                                 bytes - cut, &t->err));
    CHECK(memcmp(f->again, f->raw + cut, bytes - cut) == 0);
}

/* Bytes that a compressor finds matches in, near and far. */
static size_t draw_raw(struct choices *c, uint8_t *raw)
{
    const size_t bytes = choose(c, choose(c, 9) == 0 ? RAW_MAX - 64 : 600);
    size_t at = 0;

    while (at < bytes) {
        const uint32_t step = 1 + choose(c, 40);
        const uint8_t byte = (uint8_t)choose(c, 255);

        switch (choose(c, 3)) {
        case 0: /* New. */
            for (uint32_t i = 0; i < step; i++)
                raw[at + i] = (uint8_t)choose(c, 255);
            break;
        case 1: /* A repeat. */
            memset(raw + at, byte, step);
            break;
        default: /* Seen before. */
            if (at > 0) {
                const size_t from = choose(c, (uint32_t)at - 1);

                for (uint32_t i = 0; i < step; i++)
                    raw[at + i] = raw[from + i];
            }
            break;
        }
        at += step;
    }
    return bytes;
}

static size_t pack(struct test *t, struct fixture *f, size_t bytes)
{
    size_t packed_bytes = 0;

    CHECK_OK(rg_codec_compress(f->codecs, RG_CODEC_SNAPPY, 0, (struct rg_span){f->raw, bytes},
                               f->packed, rg_codec_compress_bound(RG_CODEC_SNAPPY, bytes),
                               &packed_bytes, &t->err));
    return packed_bytes;
}

static void property_what_is_behind_a_cut_comes_out(struct test *t, struct choices *c)
{
    struct fixture f;

    set_up(t, &f);
    memset(f.raw, 0, RAW_MAX);
    const size_t bytes = draw_raw(c, f.raw);
    const struct rg_span body = {f.packed, pack(t, &f, bytes)};
    check_cut(t, &f, body, bytes, 0);
    check_cut(t, &f, body, bytes, bytes);
    for (unsigned i = 0; i < 4 && bytes > 0; i++)
        check_cut(t, &f, body, bytes, choose(c, (uint32_t)bytes));
    tear_down(&f);
}

TEST(what_is_behind_a_cut_comes_out)
{
    test_property(t, "what is behind a cut comes out", 1000,
                  property_what_is_behind_a_cut_comes_out);
}

/* A body with some bytes changed: sound here when it is for the library, and then cut right. */
static void property_a_broken_body_is_refused(struct test *t, struct choices *c)
{
    struct fixture f;
    struct rg_span tail;

    set_up(t, &f);
    memset(f.raw, 0, RAW_MAX);
    const size_t bytes = draw_raw(c, f.raw);
    size_t packed_bytes = pack(t, &f, bytes);
    for (uint32_t i = 1 + choose(c, 3); i > 0; i--)
        f.packed[choose(c, (uint32_t)packed_bytes - 1)] = (uint8_t)choose(c, 255);
    if (choose(c, 3) == 0)
        packed_bytes = choose(c, (uint32_t)packed_bytes);
    /* It ends where its memory ends, so that nothing can be read behind it unseen. */
    uint8_t *block = rg_alloc(&t->allocator, 1 + packed_bytes);
    CHECK_MEMORY(block);
    memcpy(block + 1, f.packed, packed_bytes);
    const struct rg_span body = {block + 1, packed_bytes};
    struct rg_error ignored = {0};
    const bool is_sound =
        rg_codec_decompress(f.codecs, RG_CODEC_SNAPPY, body, f.raw, bytes, &ignored) == RG_OK;
    const bool is_passed = rg_snappy_cut(body, (uint32_t)bytes, (struct rg_span){NULL, 0}, &f.head,
                                         &tail, &ignored) == RG_OK;
    CHECK(is_passed == is_sound);
    if (is_sound)
        check_cut(t, &f, body, bytes, choose(c, (uint32_t)bytes));
    else
        (void)!rg_snappy_front(body, (uint32_t)bytes, choose(c, (uint32_t)bytes), f.again,
                               &ignored);
    rg_release(&t->allocator, block, 1 + packed_bytes);
    tear_down(&f);
}

TEST(a_broken_body_is_refused)
{
    test_property(t, "a broken body is refused", 3000, property_a_broken_body_is_refused);
}

TEST(cuts_through_elements)
{
    /* abcd, then a copy of 20 bytes that repeats them, then xyz and a copy of it and d before. */
    static const uint8_t body[] = {31,     3 << 2, 'a', 'b', 'c',        'd', 19 << 2 | 2, 4, 0,
                                   2 << 2, 'x',    'y', 'z', 0 << 2 | 1, 4};
    static const char raw[] = "abcdabcdabcdabcdabcdabcdxyzdxyz";
    struct fixture f;

    set_up(t, &f);
    memcpy(f.raw, raw, 31);
    for (size_t cut = 0; cut <= 31; cut++)
        check_cut(t, &f, SPAN(body), 31, cut);
    tear_down(&f);
}

/* No compressor here looks back further than 64 KiB, but the format has copies that do. */
TEST(copies_from_far_away)
{
    static const size_t cuts[] = {0, 463, 464, 500, 528, 65999, 66000, 66001, 66064, 66070, 66174};
    /* A literal of 66000, copies of 64 from 65536 back and of 10 from 65600 back; 100 bytes. */
    static const uint8_t literal[] = {62 << 2, 0xcf, 0x01, 0x01};
    static const uint8_t copies[] = {63 << 2 | 3, 0, 0, 1, 0, 9 << 2 | 3, 64, 0, 1, 0};
    static const uint8_t last[] = {60 << 2, 99};
    struct choices c = {.seed = 4};
    struct fixture f;

    set_up(t, &f);
    for (size_t i = 0; i < 66174; i++)
        f.raw[i] = (uint8_t)choose(&c, 255);
    memcpy(f.raw + 66000, f.raw + 464, 64);
    memcpy(f.raw + 66064, f.raw + 464, 10);
    rg_buffer_reset(&f.head);
    make_body(&f, 66174, SPAN(literal));
    rg_buffer_append(&f.made, f.raw, 66000);
    rg_buffer_append(&f.made, copies, sizeof copies);
    rg_buffer_append(&f.made, last, sizeof last);
    rg_buffer_append(&f.made, f.raw + 66074, 100);
    CHECK_OK(rg_buffer_check(&f.made, "body", &t->err));
    const struct rg_span body = {f.packed, f.made.bytes};
    memcpy(f.packed, f.made.data, f.made.bytes);
    for (size_t i = 0; i < sizeof cuts / sizeof cuts[0]; i++)
        check_cut(t, &f, body, 66174, cuts[i]);
    tear_down(&f);
}

/* Four bytes of values behind a length that takes all the bytes that it may. */
TEST(a_length_with_zeros_in_front_is_sound)
{
    static const uint8_t body[] = {132, 128, 128, 128, 0, 3 << 2, 'a', 'b', 'c', 'd'};
    struct fixture f;

    set_up(t, &f);
    memcpy(f.raw, "abcd", 4);
    for (size_t cut = 0; cut <= 4; cut++)
        check_cut(t, &f, SPAN(body), 4, cut);
    tear_down(&f);
}

static const struct {
    const char *about;
    uint8_t body[12];
    size_t bytes;
    const char *told;
} broken[] = {
    {"no length", {128, 128}, 2, "block is"},
    {"a length of six bytes", {132, 128, 128, 128, 128, 0}, 6, "block is"},
    {"another length", {5, 3 << 2, 1, 2, 3, 4}, 6, "block is 5"},
    {"a copy before all", {4, 1, 1}, 3, "a copy from outside"},
    {"a copy from nowhere", {4, 0, 7, 2 << 2 | 2, 0, 0}, 6, "a copy from outside"},
    {"a copy too long", {4, 0, 7, 1, 1}, 5, "a copy from outside"},
    {"a copy cut off", {4, 0, 7, 2 << 2 | 2, 1}, 5, "ends in a tag"},
    {"a literal cut off", {4, 3 << 2, 1, 2, 3}, 5, "a literal is too long"},
    {"a literal too long", {4, 4 << 2, 1, 2, 3, 4, 5}, 7, "a literal is too long"},
    {"a length cut off", {4, 61 << 2, 3}, 3, "ends in a tag"},
    {"values missing", {4, 0, 7}, 3, "the body ends"},
};

TEST(broken_bodies_are_told)
{
    for (size_t i = 0; i < sizeof broken / sizeof broken[0]; i++) {
        const struct rg_span body = {broken[i].body, broken[i].bytes};
        struct rg_buffer head;
        struct rg_span tail;
        uint8_t front[4];

        rg_buffer_init(&head, &t->allocator, SIZE_MAX);
        const enum rg_status status =
            rg_snappy_cut(body, 4, (struct rg_span){NULL, 0}, &head, &tail, &t->err);
        if (status != RG_ERR_CORRUPT || strstr(t->err.text, broken[i].told) == NULL)
            test_fail(__FILE__, __LINE__, "%s: %s", broken[i].about, t->err.text);
        CHECK(rg_snappy_front(body, 4, 4, front, &t->err) == RG_ERR_CORRUPT);
        rg_buffer_fini(&head);
    }
}

int main(int argc, char **argv)
{
    static const struct test_case cases[] = {
        {"what_is_behind_a_cut_comes_out", what_is_behind_a_cut_comes_out},
        {"a_broken_body_is_refused", a_broken_body_is_refused},
        {"cuts_through_elements", cuts_through_elements},
        {"copies_from_far_away", copies_from_far_away},
        {"a_length_with_zeros_in_front_is_sound", a_length_with_zeros_in_front_is_sound},
        {"broken_bodies_are_told", broken_bodies_are_told},
    };

    return test_main("stitch/snappy_cut", cases, sizeof cases / sizeof cases[0], argc, argv);
}
