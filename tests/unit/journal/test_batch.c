/* SPDX-License-Identifier: Apache-2.0 */

#include "journal/batch.h"

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
    CHECK_U64(back.number, 3);
    CHECK(back.is_in_place && back.is_all && !back.is_void);
    CHECK_TEXT(back.options, batch.options);
    CHECK_TEXT(back.content, batch.content);
    CHECK_U64(back.input_count, 3);
    for (size_t i = 0; i < 3; i++) {
        CHECK_TEXT(back.inputs[i].name, inputs[i].name);
        CHECK(rg_object_id_equal(&back.inputs[i].id, &inputs[i].id, true));
        CHECK_U64(back.inputs[i].rows, inputs[i].rows);
    }
    CHECK_U64(back.taken_count, 1);
    CHECK_TEXT(back.taken[0], taken[0]);
    CHECK_U64(back.retired_count, 1);
    CHECK_TEXT(back.retired[0], retired[0]);
    CHECK_U64(back.output_count, 2);
    CHECK_TEXT(back.outputs[1].name, names[3]);
    CHECK(rg_object_id_equal(&back.outputs[0].id, &outputs[0].id, true));
    CHECK_U64(back.outputs[1].rows, 70);
    CHECK_U64(back.outputs[1].row_groups, 80);
    CHECK_U64(back.run_count, 2);
    CHECK(memcmp(back.runs, runs, sizeof runs) == 0);

    CHECK_ERROR(rg_batch_read(&home, "p=1/", 4, &arena, &back, &t->err), RG_ERR_ABSENT, "_000004");
    rg_arena_fini(&arena);
    rg_buffer_fini(&out);
    rg_store_free(store);
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
        {"the_hash_tells_batches_apart", the_hash_tells_batches_apart},
    };

    return test_main("journal/batch", cases, sizeof cases / sizeof cases[0], argc, argv);
}
