/* SPDX-License-Identifier: Apache-2.0 */

#include "support/fake_job.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/hash.h"
#include "journal/gc.h"

/* What one run needs all along. */
struct run {
    struct fake_job *job;
    struct rg_home home;
    struct rg_commit commit;
    struct rg_look look;
    struct rg_arena arena; /* Of one turn. */
    char options[32];
};

/* A batch and the text of its outputs. */
struct fake_batch {
    struct rg_batch batch;
    char content[40];
    const char **bodies;
    struct rg_batch_output *outputs;
    size_t output_count;
};

static bool is_data(void *user, const struct rg_object *object, bool is_changed_input)
{
    (void)is_changed_input;
    const char *slash = strrchr(object->key, '/');
    const char *name = slash == NULL ? object->key : slash + 1;
    const size_t bytes = strlen(name);

    (void)user;
    return name[0] != '.' && bytes > 8 && strcmp(name + bytes - 8, ".parquet") == 0;
}

static bool is_selected(void *user, const char *name)
{
    const struct fake_job *job = user;

    return job->only == NULL || strncmp(name, job->only, strlen(job->only)) == 0;
}

static bool is_input(void *user, const struct rg_object *object)
{
    const struct fake_job *job = user;
    const char *name = object->key + strlen(job->partition);

    if (!is_data(user, object, true))
        return false;
    return is_selected(user, name);
}

/* The object's text in `arena`; expected NULL: whatever is there. */
static enum rg_status get_text(struct rg_store *store, const char *key,
                               const struct rg_object_id *expected, struct rg_arena *arena,
                               const char **ret_text, struct rg_error *err)
{
    uint8_t buffer[4096];
    struct rg_store_op op = {
        .verb = RG_STORE_GET,
        .key = key,
        .buffer = buffer,
        .in_bytes = sizeof buffer,
        .expected = expected,
        .id_is_strict = expected != NULL && expected->tag[0] != '\0',
    };

    RG_TRY(rg_store_wait(store, &op, err));
    const struct rg_span span = {buffer, (size_t)op.out_bytes};
    *ret_text = (const char *)rg_arena_copy(arena, span).data;
    return *ret_text != NULL ? RG_OK : rg_fail(err, RG_ERR_NOMEM, "no memory for %s", key);
}

static enum rg_status is_ours(void *user, const char *key, const struct rg_object_id *id,
                              bool *ret_is_ours, struct rg_error *err)
{
    struct fake_job *job = user;
    struct rg_arena arena;
    const char *text = "";

    (void)id;
    rg_arena_init(&arena, &rg_allocator_system, SIZE_MAX);
    const enum rg_status status = get_text(job->home, key, NULL, &arena, &text, err);
    *ret_is_ours = status == RG_OK && strncmp(text, "batch ", 6) == 0;
    rg_arena_fini(&arena);
    return status;
}

static uint64_t now_ns(void *user)
{
    return rg_clock_wall_ns() + ((const struct fake_job *)user)->later_ns;
}

static enum rg_status begin_run(struct run *run, struct fake_job *job, bool may_write,
                                struct rg_error *err)
{
    const struct rg_home_options home_options = {
        .is_in_place = job->source == NULL,
        .is_alone = job->is_alone,
        .may_write = may_write,
        .source_is_local = true,
    };

    *run = (struct run){.job = job};
    (void)snprintf(run->options, sizeof run->options, "outputs=%zu", job->outputs_max);
    RG_TRY(rg_home_open(job->home, &home_options, &run->home, err));
    const struct rg_commit_options options = {
        .home = &run->home,
        .partition = job->partition,
        .source = job->source,
        .options = run->options,
        .takes_all = job->takes_all,
        .grace_ns = job->grace_ns,
        .asks = {.is_input = is_input,
                 .is_data = is_data,
                 .is_selected = is_selected,
                 .is_ours = is_ours,
                 .now_ns = now_ns,
                 .user = job},
    };
    rg_commit_init(&run->commit, &options,
                   job->allocator == NULL ? &rg_allocator_system : job->allocator);
    run->commit.memory = job->memory;
    rg_arena_init(&run->arena, &rg_allocator_system, SIZE_MAX);
    return RG_OK;
}

static void end_run(struct run *run)
{
    rg_commit_fini(&run->commit);
    rg_arena_fini(&run->arena);
}

static void *need(void *memory)
{
    if (memory == NULL)
        test_fail(__FILE__, __LINE__, "no memory");
    return memory;
}

/* Step 3: false when there is nothing to do. */
static bool choose_batch(struct run *run, struct rg_batch *ret_batch)
{
    const struct fake_job *job = run->job;
    const struct rg_look *look = &run->look;
    struct rg_batch batch = {
        .number = look->next_number,
        .is_in_place = job->source == NULL,
        .is_all = look->is_all,
        .options = run->options,
    };
    const struct rg_look_input *inputs = look->free;
    size_t input_count = look->free_count;
    size_t first_taken = look->live_count;
    const char **names = need(rg_arena_array(&run->arena, look->live_count, sizeof *names));
    size_t name_count = 0;

    if (look->is_all_refused || look->is_ledger_lost)
        return false;
    if (look->has_adopted) {
        inputs = look->adopted;
        input_count = look->adopted_count;
        batch.taken = look->adopted_taken;
        batch.taken_count = look->adopted_taken_count;
    } else if (look->is_all) {
        first_taken = 0;
    } else if (input_count > 0) {
        if (input_count > job->batch_max)
            input_count = job->batch_max;
        while (first_taken > 0 && look->live_count - first_taken < job->short_max &&
               look->live[first_taken - 1].is_ours &&
               look->live[first_taken - 1].rows <= job->short_rows)
            first_taken--;
    }
    for (size_t i = first_taken; i < look->live_count; i++) {
        if (look->live[i].is_ours || !batch.is_in_place)
            names[name_count++] = look->live[i].name;
    }
    if (look->is_all && !batch.is_in_place) {
        batch.retired = names;
        batch.retired_count = name_count;
    } else if (!look->has_adopted) {
        batch.taken = names;
        batch.taken_count = name_count;
    }
    struct rg_batch_input *copies = need(rg_arena_array(&run->arena, input_count, sizeof *copies));
    for (size_t i = 0; i < input_count; i++)
        copies[i] = (struct rg_batch_input){inputs[i].name, inputs[i].id, 1};
    batch.inputs = copies;
    batch.input_count = input_count;
    *ret_batch = batch;
    return input_count > 0 || (look->is_all && batch.taken_count > 0);
}

static const char *key_of(struct run *run, const char *name)
{
    char key[512];

    (void)snprintf(key, sizeof key, "%s%s", run->job->partition, name);
    return need((void *)(uintptr_t)rg_arena_copy(&run->arena, rg_span_of(key)).data);
}

/* The rows of all inputs, in order; RG_ERR_CHANGED and RG_ERR_ABSENT when one is not as listed. */
static enum rg_status read_rows(struct run *run, const struct rg_batch *batch, char *ret_rows,
                                size_t bytes_max, struct rg_error *err)
{
    struct rg_store *source = run->job->source == NULL ? run->job->home : run->job->source;
    const char *text = "";

    ret_rows[0] = '\0';
    for (size_t i = 0; i < batch->taken_count; i++) {
        RG_TRY(
            get_text(run->job->home, key_of(run, batch->taken[i]), NULL, &run->arena, &text, err));
        const char *end = strchr(text, '\n');
        if (strncmp(text, "batch ", 6) != 0 || end == NULL)
            return rg_fail(err, RG_ERR_CHANGED, "%s is not ours", batch->taken[i]);
        (void)strncat(ret_rows, end + 1, bytes_max - strlen(ret_rows) - 1);
    }
    for (size_t i = 0; i < batch->input_count; i++) {
        RG_TRY(get_text(source, key_of(run, batch->inputs[i].name), &batch->inputs[i].id,
                        &run->arena, &text, err));
        (void)strncat(ret_rows, text, bytes_max - strlen(ret_rows) - 1);
    }
    return RG_OK;
}

static size_t count_lines(const char *text)
{
    size_t count = 0;

    for (; *text != '\0'; text++)
        count += *text == '\n';
    return count;
}

/* Splits the rows over the outputs, as evenly as it goes, and mints their names. */
static void make_outputs(struct run *run, struct fake_batch *fake, const char *rows)
{
    struct rg_hasher hasher;
    size_t left = count_lines(rows);

    rg_hasher_init(&hasher);
    rg_hasher_add_text(&hasher, run->options);
    rg_hasher_add_text(&hasher, rows);
    char digits[17];
    rg_hex_u64(rg_hasher_result(&hasher).low, digits);
    (void)snprintf(fake->content, sizeof fake->content, "%s", digits);
    fake->batch.content = fake->content;
    fake->output_count = left < run->job->outputs_max ? left : run->job->outputs_max;
    if (fake->output_count == 0)
        fake->output_count = 1;
    fake->bodies = need(rg_arena_array(&run->arena, fake->output_count, sizeof *fake->bodies));
    fake->outputs = need(rg_arena_array(&run->arena, fake->output_count, sizeof *fake->outputs));
    const uint64_t hash = rg_batch_hash(&fake->batch, run->job->partition);
    for (size_t i = 0; i < fake->output_count; i++) {
        const size_t wanted = (left + fake->output_count - i - 1) / (fake->output_count - i);
        char name[rg_minted_name_bytes];
        char body[4096];
        const char *end = rows;

        for (size_t k = 0; k < wanted; k++)
            end = strchr(end, '\n') + 1;
        (void)snprintf(body, sizeof body, "batch %s\n%.*s", fake->content, (int)(end - rows), rows);
        rows = end;
        left -= wanted;
        rg_minted_name(&run->home.id, run->job->partition, fake->batch.number, (uint32_t)i,
                       (uint32_t)fake->output_count, hash, name);
        fake->bodies[i] =
            need((void *)(uintptr_t)rg_arena_copy(&run->arena, rg_span_of(body)).data);
        fake->outputs[i] = (struct rg_batch_output){
            .name = need((void *)(uintptr_t)rg_arena_copy(&run->arena, rg_span_of(name)).data),
            .rows = wanted,
            .row_groups = 1,
        };
    }
}

enum step5 {
    STEP5_DONE,
    STEP5_AGAIN,
    STEP5_VOID
};

/* Step 5 for one output. */
static enum rg_status create_output(struct run *run, struct rg_batch_output *output,
                                    const char *body, enum step5 *ret_next, struct rg_error *err)
{
    const struct rg_segment segment = {(const uint8_t *)body, strlen(body)};
    const char *key = key_of(run, output->name);
    const char *there = NULL;
    struct rg_store_op put = {
        .verb = RG_STORE_PUT,
        .key = key,
        .segments = &segment,
        .segment_count = 1,
        .must_be_absent = true,
        .must_be_durable = true,
        .arena = &run->arena,
    };
    struct rg_store_op head = {.verb = RG_STORE_HEAD, .key = key, .arena = &run->arena};
    enum rg_status status = rg_store_wait(run->job->home, &put, err);

    *ret_next = STEP5_DONE;
    output->id = put.id;
    if (status == RG_OK)
        return RG_OK;
    if (status != RG_ERR_EXISTS && status != RG_ERR_AGAIN)
        return status;
    status = get_text(run->job->home, key, NULL, &run->arena, &there, err);
    if (status == RG_OK)
        status = rg_store_wait(run->job->home, &head, err);
    *ret_next = STEP5_AGAIN;
    if (status == RG_ERR_ABSENT)
        return RG_OK;
    RG_TRY(status);
    output->id = head.id;
    *ret_next = strcmp(there, body) == 0 ? STEP5_DONE : STEP5_VOID;
    return RG_OK;
}

static enum rg_status create_outputs(struct run *run, struct fake_batch *fake, enum step5 *ret_next,
                                     struct rg_error *err)
{
    *ret_next = STEP5_DONE;
    for (size_t i = 0; i < fake->output_count && *ret_next == STEP5_DONE; i++)
        RG_TRY(create_output(run, &fake->outputs[i], fake->bodies[i], ret_next, err));
    fake->batch.outputs = fake->outputs;
    fake->batch.output_count = fake->output_count;
    return RG_OK;
}

/* Steps 4 to 7. */
static enum rg_status commit_batch(struct run *run, struct fake_batch *fake, struct rg_error *err)
{
    char rows[4096];
    enum step5 next;
    bool is_good;
    bool is_made;

    const enum rg_status status = read_rows(run, &fake->batch, rows, sizeof rows, err);
    if (status == RG_ERR_CHANGED || status == RG_ERR_ABSENT)
        return RG_OK;
    RG_TRY(status);
    make_outputs(run, fake, rows);
    RG_TRY(rg_commit_intent(&run->commit, &fake->batch, err));
    RG_TRY(create_outputs(run, fake, &next, err));
    if (next == STEP5_VOID) {
        run->job->void_count++;
        return rg_commit_void(&run->commit, fake->batch.number, err);
    }
    if (next == STEP5_AGAIN)
        return RG_OK;
    RG_TRY(rg_commit_check(&run->commit, &run->look, &fake->batch, &run->arena, &is_good, err));
    if (!is_good)
        return RG_OK;
    RG_TRY(rg_commit_record(&run->commit, &fake->batch, &is_made, err));
    run->job->record_count += is_made;
    run->job->taken_count += is_made ? fake->batch.taken_count : 0;
    return RG_OK;
}

static void note_problems(struct fake_job *job, const struct rg_look *look)
{
    for (size_t i = 0; i < look->problem_count; i++) {
        job->problems[look->problems[i].kind]++;
        (void)snprintf(job->problem, sizeof job->problem, "%s", look->problems[i].text);
    }
}

static enum rg_status take_turns(struct run *run, struct rg_error *err)
{
    for (;;) {
        struct fake_batch fake = {.output_count = 0};
        bool looks_again;

        rg_arena_reset(&run->arena);
        RG_TRY(rg_commit_look(&run->commit, &run->arena, &run->look, err));
        run->job->look_count++;
        RG_TRY(rg_commit_sweep(&run->commit, &run->look, err));
        note_problems(run->job, &run->look);
        if (choose_batch(run, &fake.batch)) {
            RG_TRY(commit_batch(run, &fake, err));
            continue;
        }
        RG_TRY(rg_commit_end(&run->commit, &run->look, &looks_again, err));
        if (!looks_again)
            return RG_OK;
    }
}

enum rg_status fake_job_run(struct fake_job *job, struct rg_error *err)
{
    struct run run;

    job->batch_max = job->batch_max == 0 ? 2 : job->batch_max;
    job->outputs_max = job->outputs_max == 0 ? 1 : job->outputs_max;
    RG_TRY(begin_run(&run, job, true, err));
    const enum rg_status status = take_turns(&run, err);
    end_run(&run);
    return status;
}

enum rg_status fake_job_look(const struct fake_job *job, struct rg_arena *arena,
                             struct rg_look *ret_look, struct rg_error *err)
{
    struct fake_job copy = *job;
    struct run run;

    RG_TRY(begin_run(&run, &copy, false, err));
    const enum rg_status status = rg_commit_look(&run.commit, arena, ret_look, err);
    end_run(&run);
    return status;
}

enum rg_status fake_job_gc(const struct fake_job *job, uint64_t older_than_ns, bool *ret_has_voided,
                           struct rg_error *err)
{
    struct fake_job copy = *job;
    struct rg_gc_result result;
    struct rg_look look;
    struct run run;

    RG_TRY(begin_run(&run, &copy, true, err));
    const enum rg_status status =
        rg_gc(&run.commit, older_than_ns, &run.arena, &look, &result, err);
    end_run(&run);
    if (status == RG_OK && ret_has_voided != NULL)
        *ret_has_voided = result.has_voided;
    return status;
}

void fake_count_rows(const char *text, unsigned counts[fake_rows_max])
{
    for (; *text != '\0'; text++) {
        if (text[0] == 'r' && text[1] >= '0' && text[1] <= '9') {
            const unsigned long row = strtoul(text + 1, NULL, 10);

            if (row < fake_rows_max)
                counts[row]++;
        }
    }
}
