/* SPDX-License-Identifier: Apache-2.0 */

#include "verify/lineage.h"

#include <stdio.h>
#include <string.h>

#include "journal/document.h"
#include "store/local.h"
#include "support/scratch.h"
#include "support/test.h"

enum {
    RECORDS_MAX = 5,
    NAMES_MAX = 4,
};

/* Records with few inputs and outputs; names of outputs are minted. */
struct ledger {
    struct rg_batch records[RECORDS_MAX];
    struct rg_batch_input inputs[RECORDS_MAX][NAMES_MAX];
    struct rg_batch_output outputs[RECORDS_MAX][NAMES_MAX];
    char names[RECORDS_MAX][NAMES_MAX][rg_minted_name_bytes];
    const char *taken[RECORDS_MAX][NAMES_MAX];
    uint32_t count;
};

/* A record with inputs named by `letters` and outputs of these many row groups. */
static struct rg_batch *add_record(struct ledger *ledger, const char *const *letters,
                                   size_t input_count, const uint32_t *row_groups,
                                   size_t output_count, const struct rg_batch_run *runs,
                                   size_t run_count)
{
    static const struct rg_home_id home = {"00000000000000000000000000000001"};
    const uint32_t r = ledger->count++;

    for (size_t i = 0; i < input_count; i++)
        ledger->inputs[r][i] = (struct rg_batch_input){.name = letters[i]};
    for (size_t i = 0; i < output_count; i++) {
        rg_minted_name(&home, "", r + 1, (uint32_t)i, (uint32_t)output_count, 7,
                       ledger->names[r][i]);
        ledger->outputs[r][i] =
            (struct rg_batch_output){.name = ledger->names[r][i], .row_groups = row_groups[i]};
    }
    ledger->records[r] = (struct rg_batch){.number = r + 1,
                                           .inputs = ledger->inputs[r],
                                           .input_count = input_count,
                                           .taken = ledger->taken[r],
                                           .outputs = ledger->outputs[r],
                                           .output_count = output_count,
                                           .runs = runs,
                                           .run_count = run_count};
    return &ledger->records[r];
}

static void take(struct ledger *ledger, struct rg_batch *record, uint32_t from, uint32_t output)
{
    ledger->taken[record->number - 1][record->taken_count++] = ledger->names[from - 1][output];
}

/* "a b[1+2] c" */
static void check_parts(struct test *t, const struct rg_lineage_group *group, const char *wanted)
{
    char text[200] = "";

    (void)t;
    for (size_t i = 0; i < group->part_count; i++) {
        const struct rg_lineage_part *part = &group->parts[i];
        const size_t at = strlen(text);

        if (part->row_group_count > 0)
            (void)snprintf(text + at, sizeof text - at, "%s[%u+%u] ", part->name, part->row_group,
                           part->row_group_count);
        else
            (void)snprintf(text + at, sizeof text - at, "%s ", part->name);
    }
    CHECK_TEXT(text, wanted);
}

static const char *const abc[] = {"a", "b", "c"};
static const char *const de[] = {"d", "e"};
static const uint32_t two_groups[] = {2, 2};
static const struct rg_batch_run whole_abc[] = {{0, 0, 3, 0, 0}};

TEST(outputs_come_from_the_inputs_that_their_runs_name)
{
    static const struct rg_batch_run runs[] = {
        {0, 0, 1, 0, 0}, {0, 1, 1, 0, 1}, {1, 1, 1, 1, 1}, {1, 2, 1, 0, 0}};
    struct ledger ledger = {.count = 0};
    struct rg_lineage lineage;
    struct rg_arena arena;

    rg_arena_init(&arena, &t->allocator, SIZE_MAX);
    (void)add_record(&ledger, abc, 3, two_groups, 2, runs, 4);
    CHECK_OK(rg_lineage_trace(ledger.records, 1, NULL, &arena, &lineage, &t->err));
    CHECK_U64(lineage.group_count, 2);
    CHECK_U64(lineage.groups[0].record, 1);
    CHECK_U64(lineage.groups[0].output_count, 1);
    check_parts(t, &lineage.groups[0], "a b[0+1] ");
    check_parts(t, &lineage.groups[1], "b[1+1] c ");
    rg_arena_fini(&arena);
}

TEST(many_outputs_of_a_record_take_memory_each_and_no_more)
{
    enum {
        many = 2000
    };
    static struct rg_batch_output outputs[many];
    static struct rg_batch_input inputs[many];
    static struct rg_batch_run runs[many];
    const struct rg_batch record = {.number = 1,
                                    .inputs = inputs,
                                    .input_count = many,
                                    .outputs = outputs,
                                    .output_count = many,
                                    .runs = runs,
                                    .run_count = many};
    struct rg_lineage lineage;
    struct rg_arena arena;

    for (uint32_t i = 0; i < many; i++) {
        inputs[i] = (struct rg_batch_input){.name = "in"};
        outputs[i] = (struct rg_batch_output){.name = "out", .row_groups = 1};
        runs[i] = (struct rg_batch_run){.input = i, .input_count = 1, .output = i};
    }
    rg_arena_init(&arena, &t->allocator, (size_t)4 << 20);
    CHECK_OK(rg_lineage_trace(&record, 1, NULL, &arena, &lineage, &t->err));
    CHECK_U64(lineage.group_count, many);
    CHECK(lineage.groups[many - 1].outputs[0] == &outputs[many - 1]);
    rg_arena_fini(&arena);
}

TEST(what_was_taken_again_is_traced_to_its_inputs)
{
    /* Record 2 takes the output of record 1 and cuts it in two; record 3 takes the first half. */
    static const struct rg_batch_run second[] = {{0, 0, 1, 0, 1}, {1, 0, 1, 1, 1}, {1, 1, 2, 0, 0}};
    static const struct rg_batch_run third[] = {{0, 0, 1, 0, 0}};
    struct ledger ledger = {.count = 0};
    struct rg_lineage lineage;
    struct rg_arena arena;

    rg_arena_init(&arena, &t->allocator, SIZE_MAX);
    (void)add_record(&ledger, abc, 3, two_groups, 1, whole_abc, 1);
    take(&ledger, add_record(&ledger, de, 2, two_groups, 2, second, 3), 1, 0);
    CHECK_OK(rg_lineage_trace(ledger.records, 2, NULL, &arena, &lineage, &t->err));
    CHECK_U64(lineage.group_count, 1);
    CHECK_U64(lineage.groups[0].record, 2);
    CHECK(!lineage.groups[0].is_broken);
    CHECK_U64(lineage.groups[0].output_count, 2);
    check_parts(t, &lineage.groups[0], "a b c d e ");

    /* Half an output is not the inputs of the whole one. */
    take(&ledger, add_record(&ledger, NULL, 0, two_groups, 1, third, 1), 2, 0);
    CHECK_OK(rg_lineage_trace(ledger.records, 3, NULL, &arena, &lineage, &t->err));
    CHECK_U64(lineage.group_count, 2);
    CHECK(lineage.groups[0].is_broken && lineage.groups[1].is_broken);
    rg_arena_fini(&arena);
}

TEST(row_groups_of_what_was_taken_again_are_traced_wherever_they_went)
{
    /* Record 1: two row groups, "a b[0]" and "b[1+2] c"; record 2 turns them around, with d between
     * them; record 3 takes the second of those. */
    static const struct rg_batch_run first[] = {
        {0, 0, 1, 0, 0}, {0, 1, 1, 0, 1}, {0, 0, 0, 0, 0}, {0, 1, 1, 1, 2}, {0, 2, 1, 0, 0}};
    static const struct rg_batch_run second[] = {{0, 0, 1, 1, 1}, {0, 0, 0, 0, 0}, {0, 1, 1, 0, 0},
                                                 {1, 0, 1, 0, 1}, {1, 0, 0, 0, 0}, {1, 2, 1, 0, 0}};
    static const struct rg_batch_run third[] = {{0, 0, 1, 1, 1}, {0, 0, 0, 0, 0}, {0, 0, 1, 0, 1}};
    struct ledger ledger = {.count = 0};
    struct rg_lineage lineage;
    struct rg_arena arena;

    rg_arena_init(&arena, &t->allocator, SIZE_MAX);
    (void)add_record(&ledger, abc, 3, two_groups, 1, first, 5);
    take(&ledger, add_record(&ledger, de, 2, two_groups, 2, second, 6), 1, 0);
    CHECK_OK(rg_lineage_trace(ledger.records, 2, NULL, &arena, &lineage, &t->err));
    CHECK_U64(lineage.group_count, 2);
    CHECK(!lineage.groups[0].is_broken && !lineage.groups[1].is_broken);
    check_parts(t, &lineage.groups[0], "b[1+2] c d ");
    check_parts(t, &lineage.groups[1], "a b[0+1] e ");

    take(&ledger, add_record(&ledger, NULL, 0, two_groups, 1, third, 3), 2, 1);
    CHECK_OK(rg_lineage_trace(ledger.records, 3, NULL, &arena, &lineage, &t->err));
    CHECK_U64(lineage.group_count, 2);
    CHECK(!lineage.groups[1].is_broken);
    check_parts(t, &lineage.groups[1], "e a b[0+1] ");

    /* Row groups that record 1 does not tell of, or not all of, are not guessed. */
    ledger.records[0].run_count = 2;
    CHECK_OK(rg_lineage_trace(ledger.records, 2, NULL, &arena, &lineage, &t->err));
    CHECK(lineage.groups[0].is_broken && lineage.groups[1].is_broken);
    rg_arena_fini(&arena);
}

TEST(retired_outputs_and_records_of_nothing_do_not_count)
{
    struct ledger ledger = {.count = 0};
    struct rg_lineage lineage;
    struct rg_arena arena;

    rg_arena_init(&arena, &t->allocator, SIZE_MAX);
    (void)add_record(&ledger, abc, 3, two_groups, 1, whole_abc, 1);
    (void)add_record(&ledger, NULL, 0, NULL, 0, NULL, 0);
    const char *retired[] = {ledger.names[0][0]};
    struct rg_batch *all = add_record(&ledger, abc, 3, two_groups, 1, whole_abc, 1);
    all->retired = retired;
    all->retired_count = 1;
    CHECK_OK(rg_lineage_trace(ledger.records, 3, NULL, &arena, &lineage, &t->err));
    CHECK_U64(lineage.group_count, 1);
    CHECK_U64(lineage.groups[0].record, 3);
    check_parts(t, &lineage.groups[0], "a b c ");
    CHECK_OK(rg_lineage_trace(ledger.records, 0, NULL, &arena, &lineage, &t->err));
    CHECK_U64(lineage.group_count, 0);
    rg_arena_fini(&arena);
}

TEST(records_that_contradict_each_other_are_corrupt)
{
    static const struct rg_batch_run beyond[] = {{0, 2, 2, 0, 0}};
    struct ledger ledger = {.count = 0};
    struct rg_lineage lineage;
    struct rg_arena arena;

    rg_arena_init(&arena, &t->allocator, SIZE_MAX);
    (void)add_record(&ledger, abc, 3, two_groups, 1, beyond, 1);
    CHECK_ERROR(rg_lineage_trace(ledger.records, 1, NULL, &arena, &lineage, &t->err),
                RG_ERR_CORRUPT, "record 1 has a run of input 3 of 3");
    ledger.records[0].runs = whole_abc;
    ledger.records[0].taken_count = 1;
    ledger.taken[0][0] = "part-000009-000-00000000000000000000000a.parquet";
    CHECK_ERROR(rg_lineage_trace(ledger.records, 1, NULL, &arena, &lineage, &t->err),
                RG_ERR_CORRUPT, "which no record before it made");
    ledger.taken[0][0] = "other.parquet";
    CHECK_ERROR(rg_lineage_trace(ledger.records, 1, NULL, &arena, &lineage, &t->err),
                RG_ERR_CORRUPT, "takes other.parquet");
    rg_arena_fini(&arena);
}

TEST(as_many_rows_come_out_as_went_in)
{
    static const struct rg_batch_run second[] = {{0, 0, 3, 0, 0}};
    struct ledger ledger = {.count = 0};
    struct rg_lineage lineage;
    struct rg_arena arena;

    rg_arena_init(&arena, &t->allocator, SIZE_MAX);
    (void)add_record(&ledger, abc, 3, two_groups, 1, whole_abc, 1);
    ledger.inputs[0][0].rows = 10;
    ledger.inputs[0][2].rows = 5;
    ledger.outputs[0][0].rows = 15;
    take(&ledger, add_record(&ledger, de, 2, two_groups, 1, second, 1), 1, 0);
    ledger.inputs[1][1].rows = 7;
    ledger.outputs[1][0].rows = 22;
    CHECK_OK(rg_lineage_trace(ledger.records, 2, NULL, &arena, &lineage, &t->err));
    ledger.outputs[1][0].rows = 7;
    CHECK_ERROR(rg_lineage_trace(ledger.records, 2, NULL, &arena, &lineage, &t->err),
                RG_ERR_CORRUPT, "record 2 took 22 rows, and its outputs have 7");
    rg_arena_fini(&arena);
}

/* The names that a source has, with spaces around them; all of 0 bytes, as recorded. */
static bool has_name(void *user, const char *name, uint64_t bytes)
{
    char text[100];

    (void)snprintf(text, sizeof text, " %s ", name);
    return bytes == 0 && strstr(user, text) != NULL;
}

TEST(outputs_that_are_in_a_copy_are_not_replaced)
{
    static const struct rg_batch_run second[] = {{0, 0, 3, 0, 0}};
    struct ledger ledger = {.count = 0};
    struct rg_lineage lineage;
    struct rg_arena arena;
    char names[300];
    char wanted[300];
    const struct rg_lineage_source source = {has_name, names};

    rg_arena_init(&arena, &t->allocator, SIZE_MAX);
    add_record(&ledger, abc, 3, two_groups, 1, whole_abc, 1)->is_in_place = true;
    struct rg_batch *record = add_record(&ledger, de, 2, two_groups, 1, second, 1);
    record->is_in_place = true;
    take(&ledger, record, 1, 0);

    /* Before record 1; then what it took is gone; then record 2 has been made as well. */
    (void)snprintf(names, sizeof names, " a b c d e ");
    CHECK_OK(rg_lineage_trace(ledger.records, 2, &source, &arena, &lineage, &t->err));
    check_parts(t, &lineage.groups[0], "a b c d e ");
    CHECK_U64(lineage.groups[0].parts[0].record, 1);
    CHECK_U64(lineage.groups[0].parts[4].record, 2);

    (void)snprintf(names, sizeof names, " %s d e ", ledger.names[0][0]);
    (void)snprintf(wanted, sizeof wanted, "%s d e ", ledger.names[0][0]);
    CHECK_OK(rg_lineage_trace(ledger.records, 2, &source, &arena, &lineage, &t->err));
    CHECK(!lineage.groups[0].is_broken);
    check_parts(t, &lineage.groups[0], wanted);

    (void)snprintf(names, sizeof names, " %s ", ledger.names[1][0]);
    (void)snprintf(wanted, sizeof wanted, "%s ", ledger.names[1][0]);
    CHECK_OK(rg_lineage_trace(ledger.records, 2, &source, &arena, &lineage, &t->err));
    check_parts(t, &lineage.groups[0], wanted);

    /* Replaced files that still lie there say more than the output. */
    (void)snprintf(names, sizeof names, " a b c %s d e %s ", ledger.names[0][0],
                   ledger.names[1][0]);
    CHECK_OK(rg_lineage_trace(ledger.records, 2, &source, &arena, &lineage, &t->err));
    check_parts(t, &lineage.groups[0], "a b c d e ");
    rg_arena_fini(&arena);
}

/* Writes a void record, which lists nothing. */
static void write_record(struct test *t, const struct rg_home *home, const char *directory,
                         uint32_t number)
{
    const struct rg_batch batch = {.number = number, .is_void = true, .options = "", .content = ""};
    const struct rg_ledger_name name = {.kind = RG_LEDGER_RECORD, .number = number};
    char text[rg_minted_name_bytes];
    char path[128];
    struct rg_buffer out;

    rg_buffer_init(&out, &t->allocator, SIZE_MAX);
    rg_batch_emit(&batch, RG_DOCUMENT_RECORD, &home->id, "", &out);
    CHECK_OK(rg_buffer_check(&out, "record", &t->err));
    rg_ledger_name_make(&name, text);
    (void)snprintf(path, sizeof path, "_regroup/%s", text);
    scratch_write(directory, path, out.data, out.bytes);
    rg_buffer_fini(&out);
}

TEST(a_record_in_front_of_others_may_not_be_missing)
{
    static const struct rg_local_options local = {.must_exist = true, .keeps_page_cache = true};
    static const struct rg_home_options options = {.may_write = true};
    const char *directory = scratch_new();
    struct rg_lineage lineage;
    struct rg_store *store;
    struct rg_arena arena;
    struct rg_home home;

    rg_arena_init(&arena, &t->allocator, SIZE_MAX);
    CHECK_OK(rg_local_store_new(directory, &local, &t->allocator, &store, &t->err));
    CHECK_OK(rg_home_open(store, &options, &home, &t->err));
    CHECK_OK(rg_lineage_read(&home, "", NULL, &arena, &lineage, &t->err));
    CHECK_U64(lineage.record_count, 0);
    write_record(t, &home, directory, 1);
    write_record(t, &home, directory, 2);
    CHECK_OK(rg_lineage_read(&home, "", NULL, &arena, &lineage, &t->err));
    CHECK_U64(lineage.record_count, 2);

    write_record(t, &home, directory, 4);
    CHECK_ERROR(rg_lineage_read(&home, "", NULL, &arena, &lineage, &t->err), RG_ERR_CORRUPT,
                "record 3 is missing");
    write_record(t, &home, directory, 3);
    CHECK_OK(rg_lineage_read(&home, "", NULL, &arena, &lineage, &t->err));
    CHECK_U64(lineage.record_count, 4);

    /* A snapshot stands for records that all stay. */
    scratch_write(directory, "_regroup/_000005.snapshot", "", 0);
    CHECK_ERROR(rg_lineage_read(&home, "", NULL, &arena, &lineage, &t->err), RG_ERR_CORRUPT,
                "record 5 is missing");
    rg_store_free(store);
    rg_arena_fini(&arena);
}

int main(int argc, char **argv)
{
    static const struct test_case cases[] = {
        {"outputs_come_from_the_inputs_that_their_runs_name",
         outputs_come_from_the_inputs_that_their_runs_name},
        {"many_outputs_of_a_record_take_memory_each_and_no_more",
         many_outputs_of_a_record_take_memory_each_and_no_more},
        {"what_was_taken_again_is_traced_to_its_inputs",
         what_was_taken_again_is_traced_to_its_inputs},
        {"row_groups_of_what_was_taken_again_are_traced_wherever_they_went",
         row_groups_of_what_was_taken_again_are_traced_wherever_they_went},
        {"retired_outputs_and_records_of_nothing_do_not_count",
         retired_outputs_and_records_of_nothing_do_not_count},
        {"records_that_contradict_each_other_are_corrupt",
         records_that_contradict_each_other_are_corrupt},
        {"as_many_rows_come_out_as_went_in", as_many_rows_come_out_as_went_in},
        {"outputs_that_are_in_a_copy_are_not_replaced",
         outputs_that_are_in_a_copy_are_not_replaced},
        {"a_record_in_front_of_others_may_not_be_missing",
         a_record_in_front_of_others_may_not_be_missing},
    };

    return test_main("verify/lineage", cases, sizeof cases / sizeof cases[0], argc, argv);
}
