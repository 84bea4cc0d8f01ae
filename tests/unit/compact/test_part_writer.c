/* SPDX-License-Identifier: Apache-2.0 */

#include "compact/part_writer.h"

#include <string.h>

#include "support/test.h"

enum {
    BODY_MAX = 4096,
    PARTS_MAX = 4096
};

/* A store that keeps what it is given, and lets parts end when the test wants. */
struct memory_store {
    struct rg_store base; /* First. */
    uint8_t body[BODY_MAX];
    size_t bytes;
    size_t part_bytes[PARTS_MAX];
    uint32_t part_count;
    uint32_t put_count;
    bool is_finished;
    bool holds; /* Parts stay open. */
    uint32_t fails_at;
    struct rg_store_op *held[PARTS_MAX];
    uint32_t held_count;
};

static void take(struct memory_store *store, const struct rg_store_op *op)
{
    for (size_t i = 0; i < op->segment_count; i++) {
        CHECK(store->bytes + op->segments[i].bytes <= BODY_MAX);
        memcpy(store->body + store->bytes, op->segments[i].data, op->segments[i].bytes);
        store->bytes += op->segments[i].bytes;
    }
}

static void start(struct rg_store *base, struct rg_store_op *op)
{
    struct memory_store *store = (struct memory_store *)base;
    const size_t before = store->bytes;

    op->status = RG_OK;
    if (op->verb == RG_STORE_UPLOAD_BEGIN) {
        op->upload = (struct rg_upload *)(void *)store;
    } else if (op->verb == RG_STORE_UPLOAD_PART) {
        CHECK_U64(op->part_number, store->part_count + 1);
        take(store, op);
        store->part_bytes[store->part_count++] = store->bytes - before;
        if (store->fails_at == store->part_count)
            op->status = rg_fail(&op->err, RG_ERR_AGAIN, "part %u broke", op->part_number);
        if (store->holds) {
            store->held[store->held_count++] = op;
            return;
        }
    } else if (op->verb == RG_STORE_PUT) {
        take(store, op);
        store->put_count++;
        op->id.bytes = store->bytes;
    } else if (op->verb == RG_STORE_UPLOAD_FINISH) {
        store->is_finished = true;
        op->id.bytes = store->bytes;
    }
    op->done(op);
}

static const struct rg_store_driver driver = {.start = start};

static void on_done(struct rg_part_addition *addition)
{
    ++*(uint32_t *)addition->user;
}

/* One stream in additions of any size is one body in equal parts. */
static void stream_arrives(struct test *t, struct choices *c)
{
    static struct memory_store store;
    static uint8_t source[BODY_MAX];
    static uint8_t carry[64];
    struct rg_segment segments[16];
    struct rg_arena arena;
    struct rg_object_id id;
    const uint64_t part_bytes = 1 + choose(c, 50);
    uint32_t done_count = 0;
    size_t at = 0;

    memset(&store, 0, sizeof store);
    store.base.driver = &driver;
    for (size_t i = 0; i < sizeof source; i++)
        source[i] = (uint8_t)(i * 31 + i / 251);
    struct rg_part_writer writer = {
        .store = &store.base,
        .key = "k",
        .part_bytes = part_bytes,
        .carry = carry,
        .carry_capacity = sizeof carry,
    };
    rg_arena_init(&arena, &t->allocator, SIZE_MAX);
    const uint32_t additions = choose(c, 6);
    for (uint32_t i = 0; i < additions; i++) {
        struct rg_part_addition *addition;
        const uint32_t count = choose(c, 15);

        for (uint32_t k = 0; k < count; k++) {
            segments[k] = (struct rg_segment){source + at, choose(c, 40)};
            at += segments[k].bytes;
        }
        store.holds = choose_bool(c);
        CHECK_OK(rg_part_writer_add(&writer, segments, count, &arena, &addition, &t->err));
        const uint32_t before = done_count;
        const bool is_over = rg_part_addition_start(addition, on_done, &done_count);
        CHECK(!is_over || addition->op_count == 0);
        if (!is_over && store.holds)
            CHECK_U64(done_count, before);
        while (store.held_count > 0) {
            struct rg_store_op *op = store.held[--store.held_count];

            op->done(op);
        }
        CHECK_U64(done_count, before + (is_over ? 0 : 1));
        CHECK_OK(rg_part_addition_end(addition, &t->err));
        CHECK(writer.carry_bytes < part_bytes);
        CHECK_U64(store.bytes + writer.carry_bytes, at);
    }
    store.holds = false;
    const struct rg_segment tail = {source + at, choose(c, 120)};
    at += tail.bytes;
    CHECK_OK(rg_part_writer_finish(&writer, &tail, 1, &arena, &id, &t->err));
    const struct rg_span wanted = {source, at};
    const struct rg_span got = {store.body, store.bytes};
    CHECK_SPAN(got, wanted);
    CHECK_U64(id.bytes, at);
    CHECK(store.is_finished == (store.part_count > 0));
    CHECK_U64(store.put_count, store.part_count > 0 ? 0 : 1);
    for (uint32_t i = 0; i + 1 < store.part_count; i++)
        CHECK_U64(store.part_bytes[i], part_bytes);
    if (store.part_count > 0)
        CHECK(store.part_bytes[store.part_count - 1] <= part_bytes);
    rg_arena_fini(&arena);
}

TEST(streams_arrive_whole_in_equal_parts)
{
    test_property(t, "streams_arrive_whole_in_equal_parts", 3000, stream_arrives);
}

TEST(failed_part_is_told)
{
    static struct memory_store store;
    static const uint8_t bytes[100];
    static const struct rg_segment segment = {bytes, sizeof bytes};
    static uint8_t carry[40];
    struct rg_part_addition *addition;
    struct rg_arena arena;
    uint32_t done_count = 0;

    memset(&store, 0, sizeof store);
    store.base.driver = &driver;
    store.fails_at = 2;
    struct rg_part_writer writer = {
        .store = &store.base, .key = "k", .part_bytes = 30, .carry = carry, .carry_capacity = 40};
    rg_arena_init(&arena, &t->allocator, SIZE_MAX);
    CHECK_OK(rg_part_writer_add(&writer, &segment, 1, &arena, &addition, &t->err));
    CHECK(!rg_part_addition_start(addition, on_done, &done_count));
    CHECK_ERROR(rg_part_addition_end(addition, &t->err), RG_ERR_AGAIN, "part 2 broke");
    CHECK(writer.upload != NULL);
    rg_arena_fini(&arena);
}

TEST(what_does_not_fit_the_buffer_is_refused_before_anything_is_sent)
{
    static struct memory_store store;
    static const uint8_t bytes[100];
    static const struct rg_segment segment = {bytes, sizeof bytes};
    static uint8_t carry[8];
    struct rg_part_addition *addition;
    struct rg_arena arena;

    memset(&store, 0, sizeof store);
    store.base.driver = &driver;
    struct rg_part_writer writer = {
        .store = &store.base, .key = "k", .part_bytes = 64, .carry = carry, .carry_capacity = 8};
    rg_arena_init(&arena, &t->allocator, SIZE_MAX);
    CHECK_ERROR(rg_part_writer_add(&writer, &segment, 1, &arena, &addition, &t->err), RG_ERR_NOMEM,
                "no ");
    CHECK_U64(store.part_count, 0);
    rg_arena_fini(&arena);
}

int main(int argc, char **argv)
{
    static const struct test_case cases[] = {
        {"streams_arrive_whole_in_equal_parts", streams_arrive_whole_in_equal_parts},
        {"failed_part_is_told", failed_part_is_told},
        {"what_does_not_fit_the_buffer_is_refused_before_anything_is_sent",
         what_does_not_fit_the_buffer_is_refused_before_anything_is_sent},
    };

    return test_main("compact/part_writer", cases, sizeof cases / sizeof cases[0], argc, argv);
}
