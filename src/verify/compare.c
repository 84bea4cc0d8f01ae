/* SPDX-License-Identifier: Apache-2.0 */

/*
 * One job reads one file: footer, then chunk after chunk, and leaves a digest for each column.
 * Digests of a side are joined in the order of its files; files end in any order, but are begun in
 * theirs, and only so far ahead of the joined ones as memory for digests allows.
 *
 * A job that needs more memory than it was given, and cannot have it at once, is run again by the
 * engine with more. It goes on behind the last chunk that was digested: that is kept outside the
 * engine's memory.
 *
 * Invariants, under `lock`:
 *
 *   (1) begun[s] >= joined[s]; exactly the files joined[s] .. begun[s] of side s have a unit in
 * use. (2) totals[s] are the digests of files 0 .. joined[s]. (3) A unit's digests and place belong
 * to its job until is_done.
 */

#include "verify/compare.h"

#include <assert.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>

#include <weir/weir.h>

#include "base/purse.h"
#include "parquet/field_ids.h"
#include "parquet/schema.h"

/* Digests of files that wait for their turn take about so much at most. */
static const size_t waiting_bytes_max = (size_t)8 << 20;

enum {
    UNITS_MAX = 256, /* Files of both sides that are begun and not joined. */
    UNITS_MIN = 2,
};

/* Digests of files that are under way take this part of the memory, if they are more than two. */
static const uint64_t units_share = 8;

/* A growth that is asked for when nobody knows how much is wanted. */
static const uint64_t growth_bytes_min = UINT64_C(1) << 20;

struct unit {
    struct compare *all;
    const struct rg_verify_file *file;
    enum rg_verify_side side;
    size_t index; /* Of the file on its side. */
    struct rg_column_digest *digests;
    uint64_t row_count;
    uint64_t claimed_bytes;
    /* Where to go on: everything in front has been digested. */
    uint32_t group;
    uint32_t column;
    bool has_begun; /* `group` is set. */
    bool is_done;
    bool is_used;
};

struct compare {
    const struct rg_compare_request *request; /* Set at init, then constant. */
    size_t reference_output;                  /* Set at init, then constant. */
    struct rg_purse purse;                    /* All memory but the engine's; see init(). */
    struct rg_arena arena;                    /* Of the reference. */
    struct rg_schema schema;                  /* Set at init, then constant. */
    struct rg_column_schema reference;        /* Set at init, then constant. */
    uint32_t column_count;                    /* Set at init, then constant. */
    uint32_t units_max;                       /* Set at init, then constant. */
    uint64_t claim_bytes;                     /* Of a job to begin with; constant. */
    struct weir *weir;
    int stage;

    pthread_mutex_t lock;
    /* Guarded by lock. */
    struct unit units[UNITS_MAX];
    struct rg_column_digest *totals[2];
    uint64_t row_counts[2];
    size_t begun[2];
    size_t joined[2];
    uint32_t unit_count; /* In use. */
    bool has_conflict;
    char conflict[RG_COMPARE_TEXT_BYTES];
    struct rg_error error; /* The first one. */
    bool has_error;
};

/* The allocator of a job, whose grant grows where that harms nobody. */
static void *job_alloc(void *context, size_t bytes)
{
    void *memory = weir_alloc(context, bytes);

    if (memory != NULL)
        return memory;
    if (!weir_try_grow(context, bytes < growth_bytes_min ? growth_bytes_min : bytes))
        return NULL;
    return weir_alloc(context, bytes);
}

static void job_release(void *context, void *memory, size_t bytes)
{
    weir_release(context, memory, bytes);
}

static bool is_cancelled(const struct compare *all)
{
    return all->request->is_cancelled != NULL && atomic_load(all->request->is_cancelled);
}

static void note_error(struct compare *all, const struct rg_error *err)
{
    (void)pthread_mutex_lock(&all->lock);
    if (!all->has_error)
        all->error = *err;
    all->has_error = true;
    (void)pthread_mutex_unlock(&all->lock);
}

static void note_conflict(struct compare *all, const struct rg_verify_file *file,
                          const struct rg_column_conflict *conflict)
{
    (void)pthread_mutex_lock(&all->lock);
    if (!all->has_conflict)
        (void)snprintf(all->conflict, sizeof all->conflict, "%.200s: column %.*s %s", file->name,
                       (int)(conflict->path.bytes < 100 ? conflict->path.bytes : 100),
                       (const char *)conflict->path.data, conflict->what);
    all->has_conflict = true;
    (void)pthread_mutex_unlock(&all->lock);
}

/* What a job needs to digest: all of it in the job's memory. */
struct tools {
    struct rg_allocator allocator;
    struct rg_file_reader file;
    struct rg_arena arena;
    struct rg_column_map map;
    struct rg_codec_context *codecs;
    struct rg_chunk_reader *chunks;
    struct rg_digest_room *room;
};

static void fini_tools(struct tools *tools)
{
    rg_codec_context_free(tools->codecs);
    if (tools->chunks != NULL)
        rg_chunk_reader_fini(tools->chunks);
    if (tools->room != NULL)
        rg_digest_room_fini(tools->room);
    rg_release(&tools->allocator, tools->chunks, sizeof *tools->chunks);
    rg_release(&tools->allocator, tools->room, sizeof *tools->room);
    rg_file_reader_fini(&tools->file);
    rg_arena_fini(&tools->arena);
}

static enum rg_status init_tools(struct tools *tools, struct weir_job *job, struct rg_error *err)
{
    *tools = (struct tools){.allocator = {job_alloc, job_release, job}};
    rg_file_reader_init(&tools->file, &tools->allocator);
    rg_arena_init(&tools->arena, &tools->allocator, SIZE_MAX);
    tools->codecs = rg_codec_context_new(&tools->allocator);
    tools->chunks = rg_alloc(&tools->allocator, sizeof *tools->chunks);
    tools->room = rg_alloc(&tools->allocator, sizeof *tools->room);
    if (tools->chunks != NULL)
        rg_chunk_reader_init(tools->chunks, tools->codecs, &tools->allocator);
    if (tools->room != NULL)
        rg_digest_room_init(tools->room, &tools->allocator);
    if (tools->codecs == NULL || tools->chunks == NULL || tools->room == NULL)
        return rg_fail(err, RG_ERR_NOMEM, "no memory to begin with a file");
    return RG_OK;
}

/* Digests one column of one row group. */
static enum rg_status digest_chunk(struct tools *tools, struct unit *unit, struct rg_error *err)
{
    const struct rg_column_source *column = &tools->map.columns[unit->column];
    const struct rg_row_group *group = &tools->file.meta.row_groups[unit->group];
    struct rg_column_digest digest = {.row_count = 0};

    if (column->has_no_levels) {
        rg_column_digest_add_nulls(&digest, column, group->row_count);
    } else {
        struct rg_chunk_source chunk;

        RG_TRY(rg_file_reader_chunk(&tools->file, unit->group, column->leaf_index, &chunk, err));
        RG_TRY(rg_column_digest_add(&digest, column, &chunk, tools->chunks, tools->room, err));
    }
    rg_column_digest_join(&unit->digests[unit->column], &digest);
    return RG_OK;
}

static enum rg_status digest_groups(struct tools *tools, struct unit *unit, struct rg_error *err)
{
    const uint32_t end = rg_file_reader_group_end(&tools->file);

    for (; unit->group < end; unit->group++, unit->column = 0) {
        for (; unit->column < unit->all->column_count; unit->column++) {
            if (is_cancelled(unit->all))
                return rg_fail(err, RG_ERR_CANCELLED, "cancelled");
            const enum rg_status status = digest_chunk(tools, unit, err);
            if (status != RG_OK) {
                const struct rg_span path = unit->all->reference.schema->leaves[unit->column].path;
                return rg_within(err, "row group %u: column %.*s", unit->group, (int)path.bytes,
                                 (const char *)path.data);
            }
        }
        unit->row_count += tools->file.meta.row_groups[unit->group].row_count;
    }
    return RG_OK;
}

/* A file without rows says nothing, whatever its schema. */
static bool has_rows(const struct rg_file_reader *file)
{
    uint64_t rows = 0;

    for (uint32_t g = file->file->row_group; g < rg_file_reader_group_end(file); g++)
        rows |= file->meta.row_groups[g].row_count;
    return rows != 0;
}

static struct rg_column_schema schema_of(const struct rg_file_reader *file)
{
    return (struct rg_column_schema){&file->meta.schema, rg_field_ids_are_given(&file->meta)};
}

static enum rg_status digest_file(struct tools *tools, struct unit *unit, struct rg_error *err)
{
    struct rg_column_conflict conflict;

    RG_TRY(rg_file_reader_open(&tools->file, unit->file, err));
    if (!unit->has_begun)
        unit->group = unit->file->row_group;
    unit->has_begun = true;
    if (!has_rows(&tools->file))
        return RG_OK;
    const struct rg_column_schema schema = schema_of(&tools->file);
    RG_TRY(rg_column_map_init(&schema, &unit->all->reference, &tools->arena, &tools->map, &conflict,
                              err));
    if (conflict.what != NULL) {
        note_conflict(unit->all, unit->file, &conflict);
        return RG_OK;
    }
    return digest_groups(tools, unit, err);
}

/* Asks for about as much again; less where that could never be had. */
static enum weir_status ask_for_more(struct weir_job *job, struct unit *unit)
{
    uint64_t growth =
        unit->claimed_bytes < growth_bytes_min ? growth_bytes_min : unit->claimed_bytes;

    for (; growth >= growth_bytes_min; growth /= 2) {
        const enum weir_status status = weir_grow(job, growth);

        if (status == WEIR_OVERSIZE)
            continue;
        unit->claimed_bytes += growth;
        return status;
    }
    return WEIR_OVERSIZE;
}

static enum weir_status run_unit(struct weir_job *job, void *item, const struct weir_call *call)
{
    struct unit *unit = item;
    struct rg_error err = {.status = RG_OK};

    (void)call;
    for (;;) {
        struct tools tools;
        enum rg_status status = init_tools(&tools, job, &err);

        if (status == RG_OK)
            status = digest_file(&tools, unit, &err);
        weir_moved(job, tools.file.read_bytes);
        if (unit->all->request->read_bytes != NULL)
            atomic_fetch_add(unit->all->request->read_bytes, tools.file.read_bytes);
        fini_tools(&tools);
        if (status == RG_OK)
            return WEIR_OK;
        if (status == RG_ERR_NOMEM) {
            const enum weir_status answer = ask_for_more(job, unit);

            if (answer == WEIR_OK)
                continue;
            if (answer != WEIR_OVERSIZE)
                return answer;
            const struct rg_error cause = err;
            (void)rg_fail(&err, RG_ERR_LIMIT, "%s (memory for verifying is %" PRIu64 " bytes)",
                          cause.text, unit->all->request->memory_bytes);
        }
        (void)rg_within(&err, "%s", unit->file->name);
        note_error(unit->all, &err);
        return WEIR_FAILED;
    }
}

/* Walks the units: debug and sanitizer builds only. */
static void compare_check(const struct compare *all)
{
#ifdef RG_CHECKS
    size_t in_use[2] = {0, 0};
    uint32_t used = 0;

    for (uint32_t i = 0; i < all->units_max; i++) {
        const struct unit *unit = &all->units[i];

        if (!unit->is_used)
            continue;
        assert(unit->index >= all->joined[unit->side] && unit->index < all->begun[unit->side]);
        in_use[unit->side]++;
        used++;
    }
    assert(used == all->unit_count);
    for (int side = 0; side < 2; side++)
        assert(all->begun[side] - all->joined[side] == in_use[side]);
#endif
    (void)all;
}

/* Joins what is complete and has its turn. */
static void join_units(struct compare *all)
{
    bool is_progress = true;

    while (is_progress) {
        is_progress = false;
        for (uint32_t i = 0; i < all->units_max; i++) {
            struct unit *unit = &all->units[i];

            if (!unit->is_used || !unit->is_done || unit->index != all->joined[unit->side])
                continue;
            for (uint32_t c = 0; c < all->column_count; c++)
                rg_column_digest_join(&all->totals[unit->side][c], &unit->digests[c]);
            all->row_counts[unit->side] += unit->row_count;
            all->joined[unit->side]++;
            unit->is_used = false;
            all->unit_count--;
            is_progress = true;
        }
    }
}

static void drop_unit(void *item, enum weir_status why)
{
    struct unit *unit = item;
    struct compare *all = unit->all;

    if (why == WEIR_OK) {
        (void)pthread_mutex_lock(&all->lock);
        unit->is_done = true;
        join_units(all);
        compare_check(all);
        (void)pthread_mutex_unlock(&all->lock);
        weir_wake(all->weir);
    }
}

/* The side that is behind in bytes, roughly: in files, of the larger list. -1: both are through. */
static int next_side(const struct compare *all)
{
    const struct rg_compare_request *request = all->request;
    const bool has[2] = {all->begun[0] < request->file_counts[0],
                         all->begun[1] < request->file_counts[1]};

    if (!has[0] || !has[1])
        return has[0] ? 0 : has[1] ? 1 : -1;
    /* begun / count, compared without a division. */
    return (double)all->begun[0] * (double)request->file_counts[1] <=
                   (double)all->begun[1] * (double)request->file_counts[0]
               ? 0
               : 1;
}

/* A free unit, filled with the next file; NULL when none may begin now. */
static struct unit *begin_unit(struct compare *all, enum rg_verify_side side)
{
    for (uint32_t i = 0; i < all->units_max; i++) {
        struct unit *unit = &all->units[i];
        struct rg_column_digest *digests = unit->digests;

        if (unit->is_used)
            continue;
        memset(digests, 0, all->column_count * sizeof *digests);
        *unit = (struct unit){
            .all = all,
            .file = &all->request->files[side][all->begun[side]],
            .side = side,
            .index = all->begun[side],
            .digests = digests,
            .claimed_bytes = all->claim_bytes,
            .is_used = true,
        };
        all->begun[side]++;
        all->unit_count++;
        return unit;
    }
    return NULL;
}

static enum weir_status next_file(struct weir *w, void *user)
{
    struct compare *all = user;

    (void)pthread_mutex_lock(&all->lock);
    const int side = next_side(all);
    /* Nothing more is decoded once it is clear that the answer is no. */
    const bool is_over = side < 0 || all->has_conflict || all->has_error;
    struct unit *unit = is_over ? NULL : begin_unit(all, (enum rg_verify_side)side);
    compare_check(all);
    (void)pthread_mutex_unlock(&all->lock);
    if (is_over)
        return WEIR_END;
    if (unit == NULL)
        return WEIR_LATER;
    const struct weir_step route[] = {
        {.stage = all->stage, .grow_bytes = all->claim_bytes, .is_estimate = true}};
    const enum weir_status status = weir_submit(w, NULL, WEIR_DATA, route, 1, unit, drop_unit);
    if (status == WEIR_OK || status == WEIR_CANCELLED)
        return status;
    struct rg_error err;
    (void)rg_fail(&err, RG_ERR_NOMEM, "no memory to begin with %s", unit->file->name);
    note_error(all, &err);
    return WEIR_FAILED;
}

/* An engine whose only stage runs `run` on as many threads as there may be files at a time. */
static struct weir *new_engine(const struct compare *all, weir_run_fn *run, uint32_t thread_count,
                               int *ret_stage)
{
    const struct weir_config config = {.size = sizeof config,
                                       .data_budget_bytes = all->purse.bytes_left,
                                       .meta_budget_bytes = 0,
                                       .worker_count = 1};
    struct weir *weir = weir_new(&config);

    if (weir == NULL)
        return NULL;
    const struct weir_resource resource = {
        .size = sizeof resource, .name = "files", .kind = WEIR_BLOCKING, .slots_max = thread_count};
    const int files = weir_resource_add(weir, &resource);
    const struct weir_stage stage = {
        .size = sizeof stage, .name = "verify", .resource = files, .run = run};
    *ret_stage = files < 0 ? -1 : weir_stage_add(weir, &stage);
    if (*ret_stage >= 0)
        return weir;
    weir_free(weir);
    return NULL;
}

static enum rg_status run_digests(struct compare *all, struct rg_error *err)
{
    const struct rg_compare_request *request = all->request;

    all->weir = new_engine(all, run_unit, request->thread_count, &all->stage);
    if (all->weir == NULL)
        return rg_fail(err, RG_ERR_NOMEM, "no memory for an engine of %u threads",
                       request->thread_count);
    enum weir_status status = weir_source_add(all->weir, next_file, all);
    if (status == WEIR_OK)
        status = weir_run(all->weir);
    weir_free(all->weir);
    all->weir = NULL;
    if (all->has_error) {
        *err = all->error;
        return err->status;
    }
    if (status == WEIR_CANCELLED)
        return rg_fail(err, RG_ERR_CANCELLED, "cancelled");
    if (status != WEIR_OK)
        return rg_fail(err, RG_ERR_NOMEM, "no memory to compare files");
    return RG_OK;
}

/* One side in the second pass. */
struct walk {
    struct compare *all;
    enum rg_verify_side side;
    uint32_t column; /* Of the reference. */
    struct rg_file_reader file;
    struct rg_arena arena;
    struct rg_column_map map;
    size_t next_file;
    uint32_t group;
    uint32_t group_end;
};

static enum rg_status open_next(struct walk *walk, bool *ret_is_end, struct rg_error *err)
{
    const struct rg_compare_request *request = walk->all->request;
    struct rg_column_conflict conflict;

    *ret_is_end = walk->next_file == request->file_counts[walk->side];
    if (*ret_is_end)
        return RG_OK;
    const struct rg_verify_file *file = &request->files[walk->side][walk->next_file++];
    RG_TRY(rg_file_reader_open(&walk->file, file, err));
    rg_arena_reset(&walk->arena);
    walk->group = 0;
    walk->group_end = 0;
    if (!has_rows(&walk->file))
        return RG_OK;
    const struct rg_column_schema schema = schema_of(&walk->file);
    RG_TRY(rg_column_map_init(&schema, &walk->all->reference, &walk->arena, &walk->map, &conflict,
                              err));
    walk->group = file->row_group;
    walk->group_end = rg_file_reader_group_end(&walk->file);
    return RG_OK;
}

static enum rg_status next_chunk(void *user, struct rg_side_chunk *ret_chunk, bool *ret_is_end,
                                 struct rg_error *err)
{
    struct walk *walk = user;

    *ret_is_end = false;
    if (is_cancelled(walk->all))
        return rg_fail(err, RG_ERR_CANCELLED, "cancelled");
    while (walk->group == walk->group_end) {
        RG_TRY(open_next(walk, ret_is_end, err));
        if (*ret_is_end)
            return RG_OK;
    }
    ret_chunk->column = &walk->map.columns[walk->column];
    ret_chunk->null_row_count = walk->file.meta.row_groups[walk->group].row_count;
    if (!ret_chunk->column->has_no_levels)
        RG_TRY(rg_file_reader_chunk(&walk->file, walk->group, ret_chunk->column->leaf_index,
                                    &ret_chunk->chunk, err));
    walk->group++;
    return RG_OK;
}

/* The second pass, as one job that may have all the memory. */
struct hunt {
    struct compare *all;
    uint32_t column;
    struct rg_difference difference;
    enum rg_status status;
    struct rg_error error;
};

static enum weir_status run_hunt(struct weir_job *job, void *item, const struct weir_call *call)
{
    struct hunt *hunt = item;
    const struct rg_allocator allocator = {job_alloc, job_release, job};
    struct walk walks[2];
    struct rg_codec_context *codecs = rg_codec_context_new(&allocator);

    (void)call;
    for (int i = 0; i < 2; i++) {
        walks[i] =
            (struct walk){.all = hunt->all, .side = (enum rg_verify_side)i, .column = hunt->column};
        rg_file_reader_init(&walks[i].file, &allocator);
        rg_arena_init(&walks[i].arena, &allocator, SIZE_MAX);
    }
    const struct rg_difference_request request = {
        .reference = hunt->all->reference.schema,
        .leaf_index = hunt->column,
        .next_chunk = next_chunk,
        .users = {&walks[0], &walks[1]},
        .codecs = codecs,
        .allocator = &allocator,
    };
    if (codecs == NULL)
        hunt->status = rg_fail(&hunt->error, RG_ERR_NOMEM, "no memory to look for a difference");
    else
        hunt->status = rg_difference_find(&request, &hunt->difference, &hunt->error);
    for (int i = 0; i < 2; i++) {
        rg_file_reader_fini(&walks[i].file);
        rg_arena_fini(&walks[i].arena);
    }
    rg_codec_context_free(codecs);
    return WEIR_OK;
}

/* Where the column differs first; a failure to find that out leaves the answer without a place. */
static void locate(struct compare *all, uint32_t column, struct rg_compare_result *result)
{
    const struct rg_span path = all->reference.schema->leaves[column].path;
    const int path_bytes = (int)(path.bytes < 100 ? path.bytes : 100);
    struct hunt hunt = {.all = all, .column = column, .status = RG_ERR_NOMEM};
    int stage = -1;
    struct weir *weir = new_engine(all, run_hunt, 1, &stage);

    (void)rg_fail(&hunt.error, RG_ERR_NOMEM, "no memory to look for the difference");
    if (weir != NULL) {
        const struct weir_step route[] = {
            {.stage = stage, .grow_bytes = all->claim_bytes, .is_estimate = true}};

        if (weir_submit(weir, NULL, WEIR_DATA, route, 1, &hunt, NULL) != WEIR_OK ||
            weir_run(weir) != WEIR_OK)
            hunt.status = hunt.error.status;
        weir_free(weir);
    }
    if (hunt.status == RG_OK && hunt.difference.is_found)
        (void)snprintf(result->text, sizeof result->text,
                       "column %.*s, row %" PRIu64 ": %s in the inputs, %s in the outputs",
                       path_bytes, (const char *)path.data, hunt.difference.row_index,
                       hunt.difference.texts[0], hunt.difference.texts[1]);
    else
        (void)snprintf(result->text, sizeof result->text, "column %.*s differs (%.200s)",
                       path_bytes, (const char *)path.data,
                       hunt.status == RG_OK ? "but not value by value" : hunt.error.text);
}

static void conclude(struct compare *all, struct rg_compare_result *result)
{
    uint32_t first = UINT32_MAX;

    *result = (struct rg_compare_result){
        .row_counts = {all->row_counts[0], all->row_counts[1]},
        .column_count = all->column_count,
    };
    if (all->has_conflict) {
        (void)snprintf(result->text, sizeof result->text, "%s", all->conflict);
        return;
    }
    for (uint32_t c = 0; c < all->column_count; c++) {
        if (rg_column_digest_equal(&all->totals[0][c], &all->totals[1][c]))
            continue;
        first = result->different_count == 0 ? c : first;
        result->different_count++;
    }
    result->is_equal = result->different_count == 0 && all->row_counts[0] == all->row_counts[1];
    if (result->different_count > 0)
        locate(all, first, result);
    else if (!result->is_equal)
        (void)snprintf(result->text, sizeof result->text,
                       "%" PRIu64 " rows in the inputs, %" PRIu64 " in the outputs",
                       all->row_counts[0], all->row_counts[1]);
}

/* Memory for the digests of all units and of both sides. */
static size_t digest_bytes(const struct compare *all)
{
    return (size_t)all->column_count * sizeof(struct rg_column_digest);
}

static void fini(struct compare *all)
{
    for (uint32_t i = 0; i < all->units_max; i++)
        rg_release(&all->purse.allocator, all->units[i].digests, digest_bytes(all));
    for (int i = 0; i < 2; i++)
        rg_release(&all->purse.allocator, all->totals[i], digest_bytes(all));
    rg_arena_fini(&all->arena);
    (void)pthread_mutex_destroy(&all->lock);
    rg_release(all->request->allocator, all, sizeof *all);
}

/* The bytes in the arena; none stay none. False: no memory. */
static bool keep_span(struct rg_arena *arena, struct rg_span *span)
{
    if (span->data == NULL)
        return true;
    *span = rg_arena_copy(arena, *span);
    return span->data != NULL;
}

/* What comparing needs of a schema, in the arena: the file it came from is closed again. */
static enum rg_status keep_schema(struct rg_arena *arena, const struct rg_schema *schema,
                                  struct rg_schema *ret, struct rg_error *err)
{
    struct rg_schema_element *elements =
        rg_arena_array(arena, schema->element_count, sizeof *elements);

    for (uint32_t i = 0; elements != NULL && i < schema->element_count; i++) {
        elements[i] = schema->elements[i];
        elements[i].raw = (struct rg_span){NULL, 0};
        if (!keep_span(arena, &elements[i].name) || !keep_span(arena, &elements[i].annotation))
            elements = NULL;
    }
    if (elements == NULL)
        return rg_fail(err, RG_ERR_NOMEM, "no memory for a schema of %u elements",
                       schema->element_count);
    return rg_schema_build(elements, schema->element_count, arena, ret, err);
}

/* The reference is the schema of an output; without outputs, that of the first input. */
static enum rg_status init_reference(struct compare *all, struct rg_error *err)
{
    const struct rg_compare_request *request = all->request;
    const int side = request->file_counts[RG_SIDE_OUTPUTS] > 0 ? RG_SIDE_OUTPUTS : RG_SIDE_INPUTS;
    const size_t index = side == RG_SIDE_OUTPUTS ? all->reference_output : 0;
    const struct rg_verify_file *file = &request->files[side][index];
    struct rg_file_reader reader;

    rg_file_reader_init(&reader, &all->purse.allocator);
    enum rg_status status = rg_file_reader_open(&reader, file, err);
    if (status == RG_OK)
        status = keep_schema(&all->arena, &reader.meta.schema, &all->schema, err);
    if (status == RG_OK)
        all->reference = (struct rg_column_schema){&all->schema, schema_of(&reader).has_ids};
    rg_file_reader_fini(&reader);
    return status == RG_OK ? RG_OK : rg_within(err, "%s", file->name);
}

/* Files that are under way: so many that no thread is idle, if that is not too much. */
static uint32_t choose_units_max(const struct compare *all)
{
    const struct rg_compare_request *request = all->request;
    const uint64_t affordable = waiting_bytes_max / (digest_bytes(all) + 1);
    const uint64_t bearable = request->memory_bytes / units_share / (digest_bytes(all) + 1);
    const uint64_t busy = 2 * (uint64_t)request->thread_count;
    uint64_t least = busy < bearable ? busy : bearable;

    if (least < UNITS_MIN)
        least = UNITS_MIN;
    const uint64_t wanted = affordable < least ? least : affordable;
    return wanted < UNITS_MAX ? (uint32_t)wanted : UNITS_MAX;
}

static enum rg_status make_digests(struct compare *all, struct rg_error *err)
{
    all->units_max = choose_units_max(all);
    for (uint32_t i = 0; i < all->units_max + 2; i++) {
        struct rg_column_digest *digests = rg_alloc(&all->purse.allocator, digest_bytes(all));

        if (digests == NULL)
            return rg_fail(err, RG_ERR_NOMEM, "no memory for the digests of %u columns",
                           all->column_count);
        memset(digests, 0, digest_bytes(all));
        if (i < all->units_max)
            all->units[i].digests = digests;
        else
            all->totals[i - all->units_max] = digests;
    }
    return RG_OK;
}

/*
 * The reference's footer is read before there is an engine, and may have all the memory; what is
 * kept of it, and the digests, are not the engine's then.
 */
static enum rg_status init(struct compare *all, struct rg_error *err)
{
    const struct rg_compare_request *request = all->request;

    enum rg_status status = init_reference(all, err);
    all->column_count = status == RG_OK ? all->reference.schema->leaf_count : 0;
    if (status == RG_OK)
        status = make_digests(all, err);
    if (status == RG_ERR_NOMEM && all->purse.was_short) {
        const struct rg_error cause = *err;

        *err = (struct rg_error){.status = RG_OK};
        return rg_fail(err, RG_ERR_LIMIT, "%s (memory for verifying is %" PRIu64 " bytes)",
                       cause.text, request->memory_bytes);
    }
    all->claim_bytes = all->purse.bytes_left / (request->thread_count + 1);
    return status;
}

/* Compares all files as the schema of that output has their columns. */
static enum rg_status compare_as(const struct rg_compare_request *request, size_t reference_output,
                                 struct rg_compare_result *ret_result, bool *ret_has_conflict,
                                 struct rg_error *err)
{
    struct compare *all = rg_alloc(request->allocator, sizeof *all);

    if (all == NULL)
        return rg_fail(err, RG_ERR_NOMEM, "no memory to compare files");
    *all = (struct compare){
        .request = request,
        .reference_output = reference_output,
        .lock = PTHREAD_MUTEX_INITIALIZER,
    };
    rg_purse_init(&all->purse, request->allocator, request->memory_bytes);
    rg_arena_init(&all->arena, &all->purse.allocator, SIZE_MAX);

    enum rg_status status = init(all, err);
    if (status == RG_OK)
        status = run_digests(all, err);
    if (status == RG_OK)
        conclude(all, ret_result);
    *ret_has_conflict = all->has_conflict;
    fini(all);
    return status;
}

/* Whether all columns of the one schema can be compared as the other has them. */
static enum rg_status is_part_of(const struct rg_column_schema *part,
                                 const struct rg_column_schema *whole, struct rg_arena *scratch,
                                 bool *ret_is_part, struct rg_error *err)
{
    struct rg_column_map map;
    struct rg_column_conflict conflict;

    const enum rg_status status = rg_column_map_init(part, whole, scratch, &map, &conflict, err);
    rg_arena_reset(scratch);
    *ret_is_part = status == RG_OK && conflict.what == NULL;
    return status;
}

/* Looking for the output whose schema has the columns of all others. */
struct widest {
    struct rg_arena arena; /* Of the schema. */
    struct rg_arena scratch;
    struct rg_schema schema;
    struct rg_column_schema column_schema;
    size_t index;
    bool has_any; /* One with rows was seen. */
};

/* Takes the file's schema where it holds what is the widest until now. */
static enum rg_status widen(struct widest *widest, const struct rg_file_reader *file, size_t index,
                            bool *ret_is_one, struct rg_error *err)
{
    const struct rg_column_schema schema = schema_of(file);
    bool is_part = false;

    *ret_is_one = true;
    if (!has_rows(file))
        return RG_OK;
    if (widest->has_any)
        RG_TRY(is_part_of(&schema, &widest->column_schema, &widest->scratch, &is_part, err));
    if (is_part)
        return RG_OK;
    if (widest->has_any)
        RG_TRY(is_part_of(&widest->column_schema, &schema, &widest->scratch, ret_is_one, err));
    if (!*ret_is_one)
        return RG_OK;
    rg_arena_reset(&widest->arena);
    RG_TRY(keep_schema(&widest->arena, schema.schema, &widest->schema, err));
    widest->column_schema = (struct rg_column_schema){&widest->schema, schema.has_ids};
    widest->index = index;
    widest->has_any = true;
    return RG_OK;
}

/* *ret_index is 0 where there is none, or not the memory to find it. */
static enum rg_status find_widest(const struct rg_compare_request *request, size_t *ret_index,
                                  struct rg_error *err)
{
    struct rg_purse purse;
    const struct rg_verify_file *files = request->files[RG_SIDE_OUTPUTS];
    struct widest widest = {.index = 0};
    enum rg_status status = RG_OK;
    bool is_one = true;

    rg_purse_init(&purse, request->allocator, request->memory_bytes);
    rg_arena_init(&widest.arena, &purse.allocator, SIZE_MAX);
    rg_arena_init(&widest.scratch, &purse.allocator, SIZE_MAX);
    for (size_t i = 0; i < request->file_counts[RG_SIDE_OUTPUTS] && is_one; i++) {
        struct rg_file_reader reader;

        if (i > 0 && files[i].key == files[i - 1].key)
            continue; /* More row groups of the same file. */
        if (request->is_cancelled != NULL && atomic_load(request->is_cancelled))
            status = rg_fail(err, RG_ERR_CANCELLED, "cancelled");
        rg_file_reader_init(&reader, &purse.allocator);
        if (status == RG_OK)
            status = rg_file_reader_open(&reader, &files[i], err);
        if (status == RG_OK)
            status = widen(&widest, &reader, i, &is_one, err);
        if (status != RG_OK && status != RG_ERR_CANCELLED)
            (void)rg_within(err, "%s", files[i].name);
        rg_file_reader_fini(&reader);
        if (status != RG_OK)
            break;
    }
    *ret_index = is_one && status == RG_OK ? widest.index : 0;
    rg_arena_fini(&widest.scratch);
    rg_arena_fini(&widest.arena);
    if (status == RG_ERR_NOMEM && purse.was_short) {
        *err = (struct rg_error){.status = RG_OK};
        return RG_OK; /* What is known already is the answer. */
    }
    return status;
}

enum rg_status rg_compare(const struct rg_compare_request *request,
                          struct rg_compare_result *ret_result, struct rg_error *err)
{
    bool has_conflict;
    size_t widest = 0;

    if (request->file_counts[0] == 0 && request->file_counts[1] == 0) {
        *ret_result = (struct rg_compare_result){.is_equal = true};
        return RG_OK;
    }
    RG_TRY(compare_as(request, 0, ret_result, &has_conflict, err));
    if (!has_conflict || request->file_counts[RG_SIDE_OUTPUTS] < 2)
        return RG_OK;
    /* Outputs of which no ledger tells may be of several kinds, as a table is that grew columns. */
    RG_TRY(find_widest(request, &widest, err));
    return widest == 0 ? RG_OK : compare_as(request, widest, ret_result, &has_conflict, err);
}
