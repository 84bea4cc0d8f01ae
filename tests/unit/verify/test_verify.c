/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Verifications that are met by a run at work. Every input has the same three rows, every record
 * takes one input, or one output again, and every output is a copy.
 */

#include "verify/verify.h"

#include <stdio.h>
#include <string.h>

#include "journal/batch.h"
#include "journal/document.h"
#include "journal/home.h"
#include "store/local.h"
#include "support/faulty_store.h"
#include "support/scratch.h"
#include "support/test.h"

enum {
    INPUTS_MAX = 60000,
};

/* A column "x" of INT32 1, 2, 3. */
static const uint8_t three_rows[] =
    "PAR1\x15\x00\x15$\x15$,\x15\x06\x15\x00\x15\x06\x15\x06\x1c\x00\x00\x00\x02\x00\x00\x00\x06"
    "\x01\x01\x00\x00\x00\x02\x00\x00\x00\x03\x00\x00\x00"
    "\x15\x04\x19,5\x00\x18\x06schema\x15\x02\x00\x15\x02%\x02\x18\x01x\x00\x16\x06\x19\x1c\x19\x1c"
    "&\x00\x1c\x15\x02\x19%\x06\x00\x19\x18\x01x\x15\x00\x16\x06\x16J\x16J&\x08I\x1c\x15\x00\x15"
    "\x00\x15\x02\x00<)\x06\x19&\x00\x06\x00\x00\x00\x16J\x16\x06&\x08\x16J\x00"
    "( parquet-cpp-arrow version 26.0.1\x19\x1c\x1c\x00\x00\x00z\x00\x00\x00PAR1";
static const size_t three_rows_bytes = sizeof three_rows - 1;

/* What a run does when an operation is about to be done on DEST for the first time. */
struct scene;
typedef void act_fn(struct scene *s);

struct scene {
    struct test *t;
    const char *source;
    const char *dest;
    struct rg_store *stores[2];
    struct faulty_store faulty; /* In front of that of DEST. */
    struct rg_home home;
    struct rg_arena arena;
    char outputs[8][rg_minted_name_bytes]; /* By number of the record. */
    bool is_in_place;                      /* So are records. */

    enum rg_store_verb verb;
    const char *key;
    act_fn *act; /* NULL: was called. */

    struct rg_verify_totals totals;
    char failure[256];
    char extra[128];
};

static enum faulty_action hook(void *user, enum faulty_moment moment, uint64_t number,
                               const struct rg_store_op *op)
{
    struct scene *s = user;
    act_fn *act = s->act;

    (void)number;
    if (act != NULL && moment == FAULTY_BEFORE && op->verb == s->verb &&
        strcmp(op->key, s->key) == 0) {
        s->act = NULL;
        act(s);
    }
    return FAULTY_GO;
}

static void init_scene(struct test *t, struct scene *s)
{
    const struct rg_local_options options = {.must_exist = true, .keeps_page_cache = true};
    const struct rg_home_options home = {.may_write = true, .source_is_local = true};

    *s = (struct scene){.t = t, .source = scratch_new(), .dest = scratch_new()};
    rg_arena_init(&s->arena, &t->allocator, SIZE_MAX);
    CHECK_OK(rg_local_store_new(s->source, &options, &t->allocator, &s->stores[0], &t->err));
    CHECK_OK(rg_local_store_new(s->dest, &options, &t->allocator, &s->stores[1], &t->err));
    CHECK_OK(rg_home_open(s->stores[1], &home, &s->home, &t->err));
    (void)faulty_store_init(&s->faulty, s->stores[1]);
    s->faulty.hook = hook;
    s->faulty.user = s;
}

static void fini_scene(struct scene *s)
{
    faulty_store_fini(&s->faulty);
    rg_store_free(s->stores[0]);
    rg_store_free(s->stores[1]);
    rg_arena_fini(&s->arena);
}

static void put_record(struct scene *s, const char *partition, const struct rg_batch *record)
{
    struct test *t = s->t;
    struct rg_buffer out;
    char name[rg_minted_name_bytes];

    rg_ledger_name_make(
        &(const struct rg_ledger_name){.kind = RG_LEDGER_RECORD, .number = record->number}, name);
    const char *key = rg_ledger_key(partition, name, &s->arena);
    CHECK_MEMORY(key);
    rg_buffer_init(&out, &t->allocator, SIZE_MAX);
    rg_batch_emit(record, RG_DOCUMENT_RECORD, &s->home.id, partition, &out);
    CHECK_OK(rg_buffer_check(&out, "record", &t->err));
    scratch_write(s->dest, key, out.data, out.bytes);
    rg_buffer_fini(&out);
}

/* Delivers `input` and makes its output; with NULL it takes the output of record `taken` again. */
static void commit(struct scene *s, uint32_t number, const char *input, uint32_t taken)
{
    struct test *t = s->t;
    struct rg_batch_input in = {.name = input, .rows = 3};
    struct rg_batch_output out = {
        .name = s->outputs[number], .id = {three_rows_bytes, 0, ""}, .rows = 3, .row_groups = 1};
    const char *again = s->outputs[taken];
    const struct rg_batch_run run = {.input_count = 1};
    const struct rg_batch record = {
        .number = number,
        .is_in_place = s->is_in_place,
        .options = "",
        .content = "",
        .inputs = &in,
        .input_count = input != NULL,
        .taken = &again,
        .taken_count = input == NULL,
        .outputs = &out,
        .output_count = 1,
        .runs = &run,
        .run_count = 1,
    };
    struct rg_store_op head = {.verb = RG_STORE_HEAD, .key = input};

    if (input != NULL) {
        scratch_write(s->source, input, three_rows, three_rows_bytes);
        CHECK_OK(rg_store_wait(s->stores[0], &head, &t->err));
        in.id = head.id;
        in.id.tag = "";
    }
    rg_minted_name(&s->home.id, "", number, 0, 1, 7, s->outputs[number]);
    scratch_write(s->dest, s->outputs[number], three_rows, three_rows_bytes);
    put_record(s, "", &record);
}

static void remove_output(struct scene *s, uint32_t number)
{
    char path[512];

    (void)snprintf(path, sizeof path, "%s/%s", s->dest, s->outputs[number]);
    scratch_remove(path);
}

static enum rg_verify_kind kind_of(void *user, const char *key)
{
    const size_t bytes = strlen(key);

    (void)user;
    return bytes > 8 && strcmp(key + bytes - 8, ".parquet") == 0 ? RG_VERIFY_DATA
                                                                 : RG_VERIFY_NO_DATA;
}

static bool may_hold_data(void *user, const char *prefix)
{
    (void)user;
    return prefix[0] != '_';
}

static void note(void *user, const struct rg_verify_finding *finding)
{
    struct scene *s = user;

    if (finding->outcome == RG_VERIFY_FAILED)
        (void)snprintf(s->failure, sizeof s->failure, "%s%s", finding->partition, finding->text);
    if (finding->outcome == RG_VERIFY_EXTRA)
        (void)snprintf(s->extra, sizeof s->extra, "%s", finding->key);
}

/* Verifies; `act` happens before the first such operation on DEST. */
static void verify_within(struct scene *s, enum rg_store_verb verb, const char *key, act_fn *act,
                          uint64_t memory_bytes)
{
    struct test *t = s->t;
    struct rg_verify_counters counters = {0};
    const struct rg_verify_request request = {
        .stores = {s->stores[0], &s->faulty.base},
        .source_is_local = true,
        .kind_of = kind_of,
        .may_hold_data = may_hold_data,
        .tell = note,
        .user = s,
        .memory_bytes = memory_bytes,
        .thread_count = 1,
        .allocator = &t->allocator,
        .counters = &counters,
    };

    s->verb = verb;
    s->key = key;
    s->act = act;
    s->failure[0] = '\0';
    s->extra[0] = '\0';
    CHECK_OK(rg_verify_places(&request, &s->totals, &t->err));
    CHECK(s->act == NULL);
}

static void verify(struct scene *s, enum rg_store_verb verb, const char *key, act_fn *act)
{
    verify_within(s, verb, key, act, UINT64_C(32) << 20);
}

static void check_counts(const struct scene *s, uint64_t equal, uint64_t failed)
{
    const uint64_t *counts = s->totals.outcome_counts;

    CHECK_TEXT(s->failure, failed > 0 ? s->failure : "");
    CHECK_U64(counts[RG_VERIFY_EQUAL], equal);
    CHECK_U64(counts[RG_VERIFY_FAILED], failed);
    CHECK_U64(counts[RG_VERIFY_DIFFERENT], 0);
    CHECK_U64(counts[RG_VERIFY_MISSING], 0);
    CHECK_U64(counts[RG_VERIFY_EXTRA], s->extra[0] != '\0');
}

static void deliver(struct scene *s)
{
    commit(s, 2, "b.parquet", 0);
}

TEST(what_comes_after_the_listing_is_asked_for)
{
    struct scene s;

    init_scene(t, &s);
    commit(&s, 1, "a.parquet", 0);
    verify(&s, RG_STORE_GET, "_regroup/_000001.json", deliver);
    check_counts(&s, 2, 0);
    CHECK_U64(s.totals.input_file_count, 2);
    fini_scene(&s);
}

static void take_second_again(struct scene *s)
{
    commit(s, 3, NULL, 2);
    remove_output(s, 2);
}

TEST(outputs_may_be_replaced_before_they_are_compared)
{
    struct scene s;

    init_scene(t, &s);
    commit(&s, 1, "a.parquet", 0);
    commit(&s, 2, "b.parquet", 0);
    verify(&s, RG_STORE_GET, s.outputs[2], take_second_again);
    /* That of record 1 was told once. */
    check_counts(&s, 2, 0);
    CHECK_U64(s.totals.output_file_count, 2);
    fini_scene(&s);
}

static void take_last_in_place(struct scene *s)
{
    char path[512];

    commit(s, 2, "z.parquet", 0);
    (void)snprintf(path, sizeof path, "%s/z.parquet", s->dest);
    scratch_remove(path);
}

TEST(files_in_place_may_be_taken_before_they_are_compared)
{
    static const char *const names[] = {"y.parquet", "z.parquet"};
    struct scene s;

    init_scene(t, &s);
    s.is_in_place = true;
    commit(&s, 1, "a.parquet", 0);
    for (int i = 0; i < 2; i++) {
        scratch_write(s.source, names[i], three_rows, three_rows_bytes);
        scratch_write(s.dest, names[i], three_rows, three_rows_bytes);
    }
    verify(&s, RG_STORE_GET, "z.parquet", take_last_in_place);
    /* Nothing was told twice. */
    check_counts(&s, 3, 0);
    CHECK_U64(s.totals.output_file_count, 3);
    fini_scene(&s);
}

static void remove_second(struct scene *s)
{
    remove_output(s, 2);
}

static void deliver_and_remove_second(struct scene *s)
{
    commit(s, 3, "c.parquet", 0);
    remove_output(s, 2);
}

TEST(outputs_that_nobody_replaced_are_missed)
{
    struct scene s;

    init_scene(t, &s);
    commit(&s, 1, "a.parquet", 0);
    commit(&s, 2, "b.parquet", 0);
    verify(&s, RG_STORE_GET, s.outputs[2], remove_second);
    check_counts(&s, 1, 1);
    CHECK(strstr(s.failure, s.outputs[2]) != NULL);
    verify(&s, RG_STORE_LIST, "", NULL);
    check_counts(&s, 1, 1);
    CHECK(strstr(s.failure, "which record 2 made, is not in DEST") != NULL);

    scratch_write(s.dest, s.outputs[2], three_rows, three_rows_bytes);
    verify(&s, RG_STORE_GET, s.outputs[2], deliver_and_remove_second);
    check_counts(&s, 2, 1);
    CHECK(strstr(s.failure, "which record 2 made, is not in DEST") != NULL);
    fini_scene(&s);
}

TEST(a_partition_that_needs_too_much_memory_stops_no_other)
{
    static struct rg_batch_input inputs[INPUTS_MAX];
    const struct rg_batch record = {
        .number = 1, .options = "", .content = "", .inputs = inputs, .input_count = INPUTS_MAX};
    struct scene s;

    init_scene(t, &s);
    commit(&s, 1, "a.parquet", 0);
    for (size_t i = 0; i < INPUTS_MAX; i++)
        inputs[i] = (struct rg_batch_input){.name = "an input without rows", .id = {.tag = ""}};
    put_record(&s, "p=1/", &record);
    put_record(&s, "p=2/", &record);
    verify_within(&s, RG_STORE_LIST, "", NULL, UINT64_C(16) << 20);
    check_counts(&s, 1, 2);
    CHECK_TEXT(s.failure, "p=2/its listing and ledger need more than --memory gives");
    verify_within(&s, RG_STORE_LIST, "", NULL, UINT64_C(64) << 20);
    check_counts(&s, 1, 0);
    fini_scene(&s);
}

/* An output of H 9 for record `number`, and its intent. */
static void begin_output(struct scene *s, uint32_t number, char ret_name[rg_minted_name_bytes])
{
    struct test *t = s->t;
    const struct rg_ledger_name intent = {
        .kind = RG_LEDGER_INTENT, .number = number, .token = 1, .hash = 9};
    char name[rg_minted_name_bytes];

    rg_ledger_name_make(&intent, name);
    const char *key = rg_ledger_key("", name, &s->arena);
    CHECK_MEMORY(key);
    scratch_write(s->dest, key, "", 0);
    rg_minted_name(&s->home.id, "", number, 0, 1, 9, ret_name);
    scratch_write(s->dest, ret_name, three_rows, three_rows_bytes);
}

TEST(outputs_that_lost_are_extra_though_their_intent_is_left)
{
    char name[rg_minted_name_bytes];
    struct scene s;

    init_scene(t, &s);
    commit(&s, 1, "a.parquet", 0);
    begin_output(&s, 2, name);
    verify(&s, RG_STORE_LIST, "", NULL);
    check_counts(&s, 1, 0);
    CHECK_TEXT(s.extra, "");
    commit(&s, 2, "b.parquet", 0);
    verify(&s, RG_STORE_LIST, "", NULL);
    check_counts(&s, 2, 0);
    CHECK_TEXT(s.extra, name);
    fini_scene(&s);
}

int main(int argc, char **argv)
{
    static const struct test_case cases[] = {
        {"what_comes_after_the_listing_is_asked_for", what_comes_after_the_listing_is_asked_for},
        {"files_in_place_may_be_taken_before_they_are_compared",
         files_in_place_may_be_taken_before_they_are_compared},
        {"outputs_may_be_replaced_before_they_are_compared",
         outputs_may_be_replaced_before_they_are_compared},
        {"outputs_that_nobody_replaced_are_missed", outputs_that_nobody_replaced_are_missed},
        {"a_partition_that_needs_too_much_memory_stops_no_other",
         a_partition_that_needs_too_much_memory_stops_no_other},
        {"outputs_that_lost_are_extra_though_their_intent_is_left",
         outputs_that_lost_are_extra_though_their_intent_is_left},
    };

    return test_main("verify/verify", cases, sizeof cases / sizeof cases[0], argc, argv);
}
