/* SPDX-License-Identifier: Apache-2.0 */

#include "journal/batch.h"

#include <stdio.h>
#include <string.h>

#include "journal/document.h"
#include "journal/home.h"
#include "store/local.h"
#include "support/scratch.h"
#include "support/store_contract.h"

static const struct rg_home_id home_id = {"0123456789abcdef0123456789abcdef"};

static const struct rg_batch_input inputs[] = {
    {"a \"quoted\".parquet", {100, UINT64_C(1714521600123456789), "c1i2"}, 10},
    {"caf\xc3\xa9.parquet", {0, 0, ""}, 0},
    {"\xff\xfe\x01.parquet", {INT64_MAX, UINT64_MAX, "\"etag\""}, INT64_MAX},
};
static const struct rg_batch_run runs[] = {{0, 0, 2, 0, 0}, {1, 2, 1, 3, UINT32_MAX}};

static char names[4][rg_minted_name_bytes];
static const char *taken[] = {names[0]};
static const char *retired[] = {names[1]};
static struct rg_batch_output outputs[] = {
    {names[2], {5, 6, "tag"}, 7, 8},
    {names[3], {50, 60, ""}, 70, 80},
};

static struct rg_batch full_batch(void)
{
    rg_minted_name(&home_id, "p=1/", 1, 0, 1, 1, names[0]);
    rg_minted_name(&home_id, "p=1/", 2, 0, 1, 1, names[1]);
    rg_minted_name(&home_id, "p=1/", 3, 0, 2, 1, names[2]);
    rg_minted_name(&home_id, "p=1/", 3, 1, 2, 1, names[3]);
    return (struct rg_batch){
        .number = 3,
        .is_in_place = true,
        .is_all = true,
        .options = "codec=keep order=path",
        .content = "00f00f",
        .inputs = inputs,
        .input_count = 3,
        .taken = taken,
        .taken_count = 1,
        .retired = retired,
        .retired_count = 1,
        .outputs = outputs,
        .output_count = 2,
        .runs = runs,
        .run_count = 2,
    };
}

TEST(a_record_looks_like_this)
{
    static const struct rg_batch_input one[] = {{"a.parquet", {100, 200, "e"}, 10}};
    struct rg_batch batch = full_batch();
    struct rg_buffer out;

    batch.inputs = one;
    batch.input_count = 1;
    batch.output_count = 1;
    batch.run_count = 1;
    batch.retired_count = 0;
    rg_buffer_init(&out, &t->allocator, SIZE_MAX);
    rg_batch_emit(&batch, RG_DOCUMENT_RECORD, &home_id, "p=1/", &out);
    rg_buffer_append_byte(&out, 0);
    CHECK_OK(rg_buffer_check(&out, "record", &t->err));
    CHECK_TEXT((const char *)out.data,
               "{\"v\":1,\"kind\":\"record\",\"home\":\"0123456789abcdef0123456789abcdef\","
               "\"partition\":\"p=1/\",\"number\":3,\"in_place\":true,\"all\":true,\"void\":false,"
               "\"options\":\"codec=keep order=path\",\"content\":\"00f00f\"\n"
               ",\"inputs\":[\n"
               "[\"a.parquet\",100,200,\"e\",10]\n"
               "]\n"
               ",\"taken\":[\n"
               "\"part-000001-000-0000000000000001fe0ba879.parquet\"\n"
               "]\n"
               ",\"retired\":[\n"
               "]\n"
               ",\"outputs\":[\n"
               "[\"part-000003-000-0000000000000001972f1699.parquet\",5,6,\"tag\",7,8]\n"
               "]\n"
               ",\"runs\":[\n"
               "[0,0,2,0,0]\n"
               "]}\n");
    rg_buffer_fini(&out);
}

static void open_home(struct test *t, struct rg_store **ret_store, struct rg_home *ret_home)
{
    static const struct rg_local_options options = {.keeps_page_cache = true};
    static const struct rg_home_options home_options = {.may_write = true};

    CHECK_OK(rg_local_store_new(scratch_new(), &options, &t->allocator, ret_store, &t->err));
    CHECK_OK(rg_home_open(*ret_store, &home_options, ret_home, &t->err));
    ret_home->id = home_id;
}

static void check_equal(const struct rg_batch *back, const struct rg_batch *batch)
{
    CHECK_U64(back->number, batch->number);
    CHECK(back->is_in_place == batch->is_in_place && back->is_all == batch->is_all);
    CHECK(back->is_void == batch->is_void);
    CHECK_TEXT(back->options, batch->options);
    CHECK_TEXT(back->content, batch->content);
    CHECK_U64(back->input_count, batch->input_count);
    for (size_t i = 0; i < batch->input_count; i++) {
        CHECK_TEXT(back->inputs[i].name, batch->inputs[i].name);
        CHECK(rg_object_id_equal(&back->inputs[i].id, &batch->inputs[i].id, true));
        CHECK_U64(back->inputs[i].rows, batch->inputs[i].rows);
    }
    CHECK_U64(back->taken_count, batch->taken_count);
    for (size_t i = 0; i < batch->taken_count; i++)
        CHECK_TEXT(back->taken[i], batch->taken[i]);
    CHECK_U64(back->retired_count, batch->retired_count);
    for (size_t i = 0; i < batch->retired_count; i++)
        CHECK_TEXT(back->retired[i], batch->retired[i]);
    CHECK_U64(back->output_count, batch->output_count);
    for (size_t i = 0; i < batch->output_count; i++) {
        CHECK_TEXT(back->outputs[i].name, batch->outputs[i].name);
        CHECK(rg_object_id_equal(&back->outputs[i].id, &batch->outputs[i].id, true));
        CHECK_U64(back->outputs[i].rows, batch->outputs[i].rows);
        CHECK_U64(back->outputs[i].row_groups, batch->outputs[i].row_groups);
    }
    CHECK_U64(back->run_count, batch->run_count);
    if (batch->run_count > 0)
        CHECK(memcmp(back->runs, batch->runs, batch->run_count * sizeof *batch->runs) == 0);
}

TEST(a_record_comes_back)
{
    const struct rg_batch batch = full_batch();
    struct rg_batch back;
    struct rg_store *store;
    struct rg_home home;
    struct rg_buffer out;
    struct rg_arena arena;

    open_home(t, &store, &home);
    rg_buffer_init(&out, &t->allocator, SIZE_MAX);
    rg_arena_init(&arena, &t->allocator, SIZE_MAX);
    rg_batch_emit(&batch, RG_DOCUMENT_RECORD, &home_id, "p=1/", &out);
    rg_buffer_append_byte(&out, 0);
    CHECK_OK(rg_buffer_check(&out, "record", &t->err));
    CHECK_OK(
        store_put_text(store, "_regroup/p=1/_000003.json", (const char *)out.data, true, &t->err));
    CHECK_OK(rg_batch_read(&home, "p=1/", 3, &arena, &back, &t->err));
    check_equal(&back, &batch);
    CHECK_ERROR(rg_batch_read(&home, "p=1/", 4, &arena, &back, &t->err), RG_ERR_ABSENT, "_000004");
    rg_arena_fini(&arena);
    rg_buffer_fini(&out);
    rg_store_free(store);
}

enum {
    MANY = 4,
    NAME_BYTES = 40
};

/* Bytes of all kinds, but for NUL and what the caller refuses; as text they may be no UTF-8. */
static void draw_text(struct choices *c, bool is_utf8, char *out)
{
    static const char *const pieces[] = {
        "a",
        "B",
        "0",
        ".",
        " ",
        "\"",
        "\\",
        "{\"hex\":\"",
        "\\u0041",
        ",",
        "[",
        "]",
        "\n",
        "\r",
        "\t",
        "\x01",
        "\x1f",
        "\x7f",
        "\xc3\xa9",
        "\xe2\x82\xac",
        "\xf0\x9f\x98\x80",
        "\xff",
        "\xc3",
        "\xed\xa0\x80",
        "\xe2\x82",
    };
    const uint32_t odd_count = 4; /* The last of them. */
    const uint32_t piece_count = sizeof pieces / sizeof pieces[0] - (is_utf8 ? odd_count : 0);

    out[0] = '\0';
    for (uint32_t left = 1 + choose(c, 8); left > 0; left--) {
        const char *piece = pieces[choose(c, piece_count - 1)];
        const size_t bytes = strlen(out);

        if (bytes + strlen(piece) < NAME_BYTES)
            memcpy(out + bytes, piece, strlen(piece) + 1);
    }
    if (strcmp(out, ".") == 0 || strcmp(out, "..") == 0)
        out[0] = 'x';
}

static uint64_t draw_number(struct choices *c, uint64_t max)
{
    const uint64_t any = choose_u64(c) >> choose(c, 63);

    return any <= max ? any : max;
}

struct drawn {
    char names[MANY][NAME_BYTES];
    char tags[MANY][NAME_BYTES];
    char texts[2][NAME_BYTES];
    char minted[3][MANY][rg_minted_name_bytes];
    const char *taken[MANY];
    const char *retired[MANY];
    struct rg_batch_input inputs[MANY];
    struct rg_batch_output outputs[MANY];
    struct rg_batch_run runs[MANY];
};

static struct rg_object_id draw_id(struct choices *c, char *tag)
{
    draw_text(c, true, tag);
    return (struct rg_object_id){draw_number(c, INT64_MAX), draw_number(c, UINT64_MAX), tag};
}

static struct rg_batch draw_batch(struct choices *c, const char *partition, struct drawn *d)
{
    struct rg_batch batch = {
        .number = 1 + (uint32_t)draw_number(c, 1000),
        .is_in_place = choose_bool(c),
        .is_all = choose_bool(c),
        .is_void = choose_bool(c),
        .options = d->texts[0],
        .content = d->texts[1],
        .inputs = d->inputs,
        .input_count = choose(c, MANY),
        .taken = d->taken,
        .taken_count = choose(c, MANY),
        .retired = d->retired,
        .retired_count = choose(c, MANY),
        .outputs = d->outputs,
        .output_count = choose(c, MANY),
        .runs = d->runs,
        .run_count = choose(c, MANY),
    };

    draw_text(c, true, d->texts[0]);
    draw_text(c, true, d->texts[1]);
    for (uint32_t i = 0; i < MANY; i++) {
        draw_text(c, false, d->names[i]);
        d->inputs[i] =
            (struct rg_batch_input){d->names[i], draw_id(c, d->tags[i]), draw_number(c, INT64_MAX)};
        for (size_t k = 0; k < 3; k++)
            rg_minted_name(&home_id, partition, batch.number, i, MANY, choose_u64(c),
                           d->minted[k][i]);
        d->taken[i] = d->minted[0][i];
        d->retired[i] = d->minted[1][i];
        d->outputs[i] =
            (struct rg_batch_output){d->minted[2][i],
                                     {draw_number(c, INT64_MAX), draw_number(c, UINT64_MAX), ""},
                                     draw_number(c, INT64_MAX),
                                     (uint32_t)draw_number(c, UINT32_MAX)};
        d->runs[i] = (struct rg_batch_run){i, choose(c, 9), (uint32_t)draw_number(c, UINT32_MAX), 0,
                                           (uint32_t)draw_number(c, UINT32_MAX)};
    }
    return batch;
}

/* Whatever is written comes back, byte for byte; without memory that is said and nothing else. */
static void property_round_trip(struct test *t, struct choices *c)
{
    char partition[NAME_BYTES + 1];
    char key[NAME_BYTES + 64];
    char name[rg_minted_name_bytes];
    struct drawn d;
    struct rg_store *store;
    struct rg_home home;
    struct rg_buffer out;
    struct rg_arena arena;
    struct rg_batch back;

    draw_text(c, false, partition);
    for (char *at = partition; *at != '\0'; at++)
        *at = *at == '.' ? '_' : *at;
    memcpy(partition + strlen(partition), "/", 2);
    const struct rg_batch batch = draw_batch(c, partition, &d);
    open_home(t, &store, &home);
    rg_buffer_init(&out, &t->allocator, SIZE_MAX);
    rg_arena_init(&arena, &t->allocator, SIZE_MAX);
    rg_batch_emit(&batch, RG_DOCUMENT_RECORD, &home_id, partition, &out);
    rg_buffer_append_byte(&out, 0);
    CHECK_OK(rg_buffer_check(&out, "record", &t->err));
    CHECK_U64(strlen((const char *)out.data), out.bytes - 1);
    rg_ledger_name_make(
        &(const struct rg_ledger_name){.kind = RG_LEDGER_RECORD, .number = batch.number}, name);
    (void)snprintf(key, sizeof key, "_regroup/%s%s", partition, name);
    CHECK_OK(store_put_text(store, key, (const char *)out.data, true, &t->err));
    CHECK_OK(rg_batch_read(&home, partition, batch.number, &arena, &back, &t->err));
    check_equal(&back, &batch);
    rg_arena_fini(&arena);
    rg_buffer_fini(&out);
    rg_store_free(store);
}

TEST(what_is_written_is_read_back)
{
    test_property(t, "round trip", 500, property_round_trip);
}

TEST(the_hash_tells_batches_apart)
{
    const struct rg_batch batch = full_batch();
    const uint64_t hash = rg_batch_hash(&batch, "p=1/");
    struct rg_batch other = batch;
    struct rg_batch_input changed[3];

    CHECK_U64(rg_batch_hash(&batch, "p=1/"), hash);
    CHECK(rg_batch_hash(&batch, "p=2/") != hash);
    other.content = "00f00e";
    CHECK(rg_batch_hash(&other, "p=1/") != hash);
    other = batch;
    other.taken_count = 0;
    CHECK(rg_batch_hash(&other, "p=1/") != hash);
    for (int i = 0; i < 4; i++) {
        memcpy(changed, inputs, sizeof inputs);
        other = batch;
        other.inputs = changed;
        if (i == 0)
            changed[2].name = "x";
        else if (i == 1)
            changed[2].id.bytes--;
        else if (i == 2)
            changed[2].id.modified_ns--;
        else
            changed[2].id.tag = "";
        CHECK(rg_batch_hash(&other, "p=1/") != hash);
    }
    /* What follows from the inputs, or is about them only for the report, is not in it. */
    other = batch;
    other.output_count = 0;
    other.run_count = 0;
    CHECK_U64(rg_batch_hash(&other, "p=1/"), hash);
}

int main(int argc, char **argv)
{
    static const struct test_case cases[] = {
        {"a_record_looks_like_this", a_record_looks_like_this},
        {"a_record_comes_back", a_record_comes_back},
        {"what_is_written_is_read_back", what_is_written_is_read_back},
        {"the_hash_tells_batches_apart", the_hash_tells_batches_apart},
    };

    return test_main("journal/batch", cases, sizeof cases / sizeof cases[0], argc, argv);
}
