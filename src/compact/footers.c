/* SPDX-License-Identifier: Apache-2.0 */

/*
 * A batch's inputs are cut into jobs of some files. A job's first step reads, one part for each
 * file, or for some on a local store: the whole file where it is small and may be kept, else its
 * end. Its second step parses and
 * leaves the summaries. A footer that is longer than what was read is read again by a job of its
 * own, which then knows the length.
 *
 *   (1) `pending` is the number of jobs that have not been dropped by the engine; who brings it to
 * 0 calls done(). (2) An input's summary is written by the one job that has it, and read after
 * done(). (3) Kept bytes are the keeper's; everything else that a job allocates goes with the job.
 */

#include "compact/footers.h"

#include <string.h>

#include "base/limits.h"
#include "compact/job_memory.h"
#include "compact/request.h"
#include "compact/unite.h"
#include "parquet/bloom_length.h"
#include "parquet/footer.h"
#include "plan/describe.h"
#include "stitch/estimate.h"
#include "stitch/file_merge.h"

/* Files of a job, of a part where reading is local, and bytes read by a job. */
enum {
    FILES_MAX = 32,
    PART_FILES_MAX = 8,
};
static const uint64_t job_bytes_max = UINT64_C(4) << 20;

/* First guess of a footer's length: that of some hundred columns. */
static const uint64_t tail_bytes_default = UINT64_C(64) << 10;

/* A file up to this size is read whole at once, if it may be kept: one round trip, not two. */
static const uint64_t small_bytes = UINT64_C(8) << 20;

/* Of a parsed footer that stays while others of its job are parsed. */
static const size_t room_bytes_max = (size_t)256 << 10;

/* Parsed form by footer bytes: structs of a column chunk against its some 100 bytes of Thrift. */
static const uint64_t parse_expansion = 8;

/*
 * Of what may be kept, this part is not for whole files where they do not all fit: a footer that is
 * kept spares a request as a whole file does, in a fraction of the room.
 */
static const uint64_t footers_share = 3;

/* Jobs that the system refuses what they were granted begin again so often: others may end. */
static const uint32_t attempts_max = 16;

struct footers {
    struct rg_footers_order order; /* Set at init, then constant. */
    uint64_t whole_bytes_max;      /* Of files that are kept whole. */
    atomic_uint_fast64_t whole_bytes;
    atomic_uint_fast64_t footer_bytes_seen; /* The longest so far; 0: none yet. */
    atomic_uint_fast64_t kept_bytes;
    atomic_uint pending; /* Jobs, and one for the starter. */
    atomic_int status;   /* enum rg_status of the first failure. */
};

struct footer_read {
    struct rg_part_request request;
    uint8_t *buffer;
    uint64_t bytes;
    bool is_kept;
};

/* The files of a part of the reading step. */
struct footer_part {
    struct rg_part_requests requests;
    struct footer_read reads[]; /* As many as a part has files. */
};

/* Where footers of a job are parsed, one after another. */
struct parse_room {
    struct rg_arena arena;
    /* The first one, with which others share their schema. */
    struct rg_arena first_arena;
    struct rg_file_meta first;
    struct rg_hash128 first_shape;
    bool has_first;
};

struct footer_job {
    struct footers *all;
    struct rg_input *inputs;
    uint32_t input_count;
    uint32_t part_files;                  /* In each part but the last. */
    struct footer_part *parts[FILES_MAX]; /* In the job's memory. */
    bool is_passed_on[FILES_MAX];         /* Another job has this input now. */
};

static void note_status(struct footers *all, enum rg_status status)
{
    int expected = RG_OK;

    (void)atomic_compare_exchange_strong(&all->status, &expected, (int)status);
}

static void release_one(struct footers *all)
{
    if (atomic_fetch_sub(&all->pending, 1) != 1)
        return;
    all->order.done(all->order.user, (enum rg_status)atomic_load(&all->status));
}

/* What is read of a file's end at most. */
static uint64_t tail_bytes_max(const struct rg_input *input)
{
    const uint64_t wanted =
        input->footer_bytes > 0 ? input->footer_bytes + RG_FOOTER_TAIL_BYTES : tail_bytes_default;

    return wanted < input->id.bytes ? wanted : input->id.bytes;
}

/* The same, or less where the footers that were seen are shorter. Changes from call to call. */
static uint64_t guess_tail_bytes(const struct footers *all, const struct rg_input *input)
{
    const uint64_t most = tail_bytes_max(input);
    const uint64_t seen = atomic_load(&all->footer_bytes_seen);
    const uint64_t likely = seen + seen / 4 + RG_FOOTER_TAIL_BYTES;

    return input->footer_bytes == 0 && seen > 0 && likely < most ? likely : most;
}

static void note_footer(struct footers *all, uint64_t bytes)
{
    uint64_t seen = atomic_load(&all->footer_bytes_seen);

    while (bytes > seen && !atomic_compare_exchange_weak(&all->footer_bytes_seen, &seen, bytes)) {
    }
}

/* True when this file's bytes may stay; then they are counted. */
static bool reserve_kept(struct footers *all, uint64_t bytes)
{
    const uint64_t before = atomic_fetch_add(&all->kept_bytes, bytes);

    if (before + bytes <= all->order.keep_bytes_max &&
        weir_try_grow(all->order.keeper, bytes + rg_slack_bytes))
        return true;
    atomic_fetch_sub(&all->kept_bytes, bytes);
    return false;
}

/* Room for the whole file where it is kept, else its end is to be read; how much of it. */
static void choose_read(struct footers *all, const struct rg_input *input, struct footer_read *read)
{
    const uint64_t bytes = input->id.bytes;

    *read = (struct footer_read){.bytes = guess_tail_bytes(all, input)};
    if (bytes > small_bytes ||
        atomic_fetch_add(&all->whole_bytes, bytes) + bytes > all->whole_bytes_max ||
        !reserve_kept(all, bytes))
        return;
    uint8_t *kept = weir_alloc(all->order.keeper, (size_t)bytes + rg_slack_bytes);
    if (kept != NULL)
        *read = (struct footer_read){.buffer = kept, .bytes = bytes, .is_kept = true};
}

/* One block for all ends that a part reads. Without memory they have no buffers. */
static void place_ends(struct weir_job *job, struct footer_read *reads, uint32_t count)
{
    uint64_t bytes = 0;

    for (uint32_t i = 0; i < count; i++)
        bytes += reads[i].is_kept ? 0 : reads[i].bytes + rg_slack_bytes;
    uint8_t *buffer = bytes > 0 ? weir_alloc(job, (size_t)bytes) : NULL;
    for (uint32_t i = 0; i < count && buffer != NULL; i++) {
        if (reads[i].is_kept)
            continue;
        reads[i].buffer = buffer;
        buffer += reads[i].bytes + rg_slack_bytes;
    }
}

static void start_read(struct footers *all, struct rg_part_requests *requests,
                       const struct rg_input *input, struct footer_read *read)
{
    struct rg_run *run = all->order.run;

    read->request.op = (struct rg_store_op){
        .verb = RG_STORE_GET,
        .key = input->key,
        .buffer = read->buffer,
        .in_bytes = read->bytes,
        .is_suffix = !read->is_kept,
        .expected = &input->id,
    };
    atomic_fetch_add(&run->counters.requests, 1);
    atomic_fetch_add(&run->counters.read_bytes, read->bytes);
    rg_part_requests_add(requests, &read->request, input->is_home ? run->home : run->source);
}

enum weir_status rg_footers_run_read(struct weir_job *job, void *item, const struct weir_call *call)
{
    struct footer_job *footer_job = item;
    struct footers *all = footer_job->all;
    const uint32_t first = call->part * footer_job->part_files;
    const uint32_t left = footer_job->input_count - first;
    const uint32_t count = left < footer_job->part_files ? left : footer_job->part_files;
    struct footer_part *part = weir_alloc(job, sizeof *part + count * sizeof *part->reads);

    footer_job->parts[call->part] = part;
    if (part == NULL)
        return WEIR_OK; /* The next step sees it and asks for more. */
    for (uint32_t i = 0; i < count; i++) {
        if (footer_job->is_passed_on[first + i])
            part->reads[i] = (struct footer_read){.is_kept = true};
        else
            choose_read(all, &footer_job->inputs[first + i], &part->reads[i]);
    }
    place_ends(job, part->reads, count);
    rg_part_requests_begin(&part->requests, job, call->part);
    for (uint32_t i = 0; i < count; i++) {
        if (part->reads[i].buffer != NULL)
            start_read(all, &part->requests, &footer_job->inputs[first + i], &part->reads[i]);
    }
    return rg_part_requests_end(&part->requests);
}

static void leave_alone(struct footers *all, struct rg_input *input, const struct rg_error *err)
{
    (void)pthread_mutex_lock(all->order.lock);
    const struct rg_span reason = rg_arena_copy(all->order.arena, rg_span_of(err->text));
    (void)pthread_mutex_unlock(all->order.lock);
    input->status = err->status;
    input->reason = reason.data != NULL ? (const char *)reason.data : "";
    if (reason.data == NULL)
        note_status(all, RG_ERR_NOMEM);
}

static enum rg_status check_chunks(const struct rg_file_meta *meta, struct rg_error *err)
{
    if (meta->schema.leaf_count == 0)
        return rg_fail(err, RG_ERR_UNSUPPORTED, "a table without columns");
    for (uint32_t g = 0; g < meta->row_group_count; g++) {
        if (meta->row_groups[g].row_count == 0)
            continue;
        for (uint32_t c = 0; c < meta->schema.leaf_count; c++) {
            if (rg_stitch_acceptable(&meta->row_groups[g].columns[c], err) != RG_OK)
                return rg_within(err, "row group %u: column %.*s", g,
                                 (int)meta->schema.leaves[c].path.bytes,
                                 (const char *)meta->schema.leaves[c].path.data);
        }
    }
    return RG_OK;
}

/* Our own footer key that says with which options a file was made. */
static void keep_stamp(struct footers *all, struct rg_input *input, const struct rg_file_meta *meta)
{
    for (uint32_t i = 0; i < meta->key_value_count; i++) {
        if (!rg_span_equal(meta->key_values[i].key, rg_span_of("regroup.shape")) ||
            meta->key_values[i].value.data == NULL)
            continue;
        (void)pthread_mutex_lock(all->order.lock);
        input->stamp = rg_arena_copy(all->order.arena, meta->key_values[i].value);
        (void)pthread_mutex_unlock(all->order.lock);
        if (input->stamp.data == NULL)
            note_status(all, RG_ERR_NOMEM);
    }
}

/* Under --schema union. */
static void keep_schema(struct footers *all, struct rg_input *input,
                        const struct rg_file_meta *meta)
{
    const struct rg_footers_order *order = &all->order;
    struct rg_error err;

    if (order->shelf == NULL)
        return;
    (void)pthread_mutex_lock(order->lock);
    const enum rg_status status = rg_schema_shelf_keep(order->shelf, meta, input->plan.shape,
                                                       order->arena, &input->schema, &err);
    (void)pthread_mutex_unlock(order->lock);
    if (status != RG_OK)
        note_status(all, status);
}

/*
 * When the arena is full, done() will say so and the batch begins anew with more memory.
 *
 * Errors:  RG_ERR_LIMIT.
 */
static enum rg_status describe(struct footers *all, const struct parse_room *room,
                               struct rg_input *input, const struct rg_file_meta *meta,
                               struct rg_error *err)
{
    (void)pthread_mutex_lock(all->order.lock);
    const enum rg_status status =
        rg_plan_describe(meta, all->order.run->options, all->order.arena, &input->plan, err);
    (void)pthread_mutex_unlock(all->order.lock);
    if (status == RG_ERR_NOMEM)
        note_status(all, status);
    else if (status != RG_OK)
        return status;
    input->plan.shape = room->has_first && rg_file_shape_is_shared(meta, &room->first)
                            ? room->first_shape
                            : rg_file_shape(meta);
    keep_schema(all, input, meta);
    keep_stamp(all, input, meta);
    for (uint32_t g = 0; g < meta->row_group_count; g++)
        input->row_count += meta->row_groups[g].row_count;
    input->column_count = meta->schema.leaf_count;
    input->is_described = true;
    return RG_OK;
}

/* Keeps the footer of a file that was not kept whole, if there is room. */
static void keep_footer(struct footers *all, struct rg_input *input, struct rg_span tail)
{
    const size_t bytes = (size_t)input->footer_bytes + RG_FOOTER_TAIL_BYTES;

    if (!reserve_kept(all, bytes))
        return;
    uint8_t *kept = weir_alloc(all->order.keeper, bytes + rg_slack_bytes);
    if (kept == NULL)
        return;
    memcpy(kept, tail.data + tail.bytes - bytes, bytes);
    input->kept = (struct rg_span){kept, bytes};
}

static struct rg_hash128 hash_footer(struct rg_span footer)
{
    struct rg_hasher hasher;

    rg_hasher_init(&hasher);
    rg_hasher_add(&hasher, footer);
    return rg_hasher_result(&hasher);
}

static void open_room(struct parse_room *room, const struct rg_allocator *memory)
{
    *room = (struct parse_room){.has_first = false};
    rg_arena_init(&room->arena, memory, SIZE_MAX);
    rg_arena_init(&room->first_arena, memory, SIZE_MAX);
}

static void close_room(struct parse_room *room)
{
    rg_arena_fini(&room->arena);
    rg_arena_fini(&room->first_arena);
}

/* For the next footer. Large ones leave nothing behind: the claim is for one of them. */
static void tidy_room(struct parse_room *room)
{
    if (room->arena.bytes > room_bytes_max)
        rg_arena_fini(&room->arena);
    else
        rg_arena_reset(&room->arena);
}

/* The first footer that is good stays, if it is not large. */
static void keep_first(struct parse_room *room, const struct rg_file_meta *meta,
                       struct rg_hash128 shape)
{
    if (room->has_first || room->arena.bytes > room_bytes_max)
        return;
    const struct rg_arena empty = room->first_arena;

    room->first_arena = room->arena;
    room->arena = empty;
    room->first = *meta;
    room->first_shape = shape;
    room->has_first = true;
}

static enum rg_status parse_and_describe(struct footers *all, struct parse_room *room,
                                         struct rg_input *input, struct rg_span footer,
                                         struct rg_error *err)
{
    struct rg_file_meta meta;

    RG_TRY(rg_footer_parse_like(footer, room->has_first ? &room->first : NULL, &room->arena, &meta,
                                err));
    rg_bloom_lengths_complete(&meta, input->id.bytes - footer.bytes - RG_FOOTER_TAIL_BYTES);
    RG_TRY(rg_file_acceptable(&meta, input->id.bytes, &room->arena, err));
    RG_TRY(check_chunks(&meta, err));
    RG_TRY(describe(all, room, input, &meta, err));
    keep_first(room, &meta, input->plan.shape);
    return RG_OK;
}

/*
 * Makes the summary of one input from the end of its file. *ret_needs_more: the footer is longer
 * than what was read; its length is noted.
 */
static enum rg_status parse_one(struct footers *all, struct parse_room *room,
                                struct rg_input *input, const struct footer_read *read,
                                bool *ret_needs_more, struct rg_error *err)
{
    const struct rg_store_op *op = &read->request.op;
    const struct rg_span tail = {read->buffer, (size_t)op->out_bytes};

    if (op->status != RG_OK) {
        *err = op->err;
        return op->status;
    }
    if (tail.bytes < 12 || tail.bytes < RG_FOOTER_TAIL_BYTES)
        return rg_fail(err, RG_ERR_CORRUPT, "not a Parquet file: %zu bytes", tail.bytes);
    RG_TRY(rg_footer_tail_parse(tail.data + tail.bytes - RG_FOOTER_TAIL_BYTES, input->id.bytes,
                                &input->footer_bytes, err));
    note_footer(all, input->footer_bytes);
    const size_t end_bytes = (size_t)input->footer_bytes + RG_FOOTER_TAIL_BYTES;
    if (end_bytes > tail.bytes) {
        *ret_needs_more = true;
        return RG_OK;
    }
    const struct rg_span footer = {tail.data + tail.bytes - end_bytes, (size_t)input->footer_bytes};

    const enum rg_status status = parse_and_describe(all, room, input, footer, err);
    tidy_room(room);
    RG_TRY(status);

    input->footer_hash = hash_footer(footer);
    if (read->is_kept) {
        input->kept = tail;
        input->is_whole = true;
    } else {
        keep_footer(all, input, tail);
    }
    return RG_OK;
}

static enum rg_status submit(struct footers *all, struct rg_input *inputs, uint32_t count,
                             struct rg_error *err);

static void leave_oversize(struct footers *all, struct rg_input *input)
{
    struct rg_error err = {0};

    (void)rg_fail(&err, RG_ERR_LIMIT,
                  "a footer of %llu bytes needs more memory than --memory gives",
                  (unsigned long long)input->footer_bytes);
    leave_alone(all, input, &err);
}

/* What to do when parsing one footer ran out of memory: the attempts are few, each larger. */
static enum weir_status want_more_memory(struct footers *all, struct weir_job *job,
                                         struct rg_input *input, uint32_t attempt)
{
    const uint64_t bytes = (input->footer_bytes * parse_expansion + (UINT64_C(1) << 20)) << attempt;
    const enum weir_status status = attempt > 6 ? WEIR_OVERSIZE : weir_grow(job, bytes);

    if (status != WEIR_OVERSIZE)
        return status;
    leave_oversize(all, input);
    return WEIR_OK;
}

static const struct footer_read *read_of(const struct footer_job *footer_job, uint32_t index)
{
    return &footer_job->parts[index / footer_job->part_files]
                ->reads[index % footer_job->part_files];
}

/* False when there was no memory for it. */
static bool was_read(const struct footer_job *footer_job, uint32_t index)
{
    return footer_job->parts[index / footer_job->part_files] != NULL &&
           read_of(footer_job, index)->buffer != NULL;
}

/* Parses one input; anything but WEIR_OK is what the step returns. */
static enum weir_status parse_with_memory(struct footer_job *footer_job, struct weir_job *job,
                                          struct parse_room *room, uint32_t index)
{
    struct footers *all = footer_job->all;
    struct rg_input *input = &footer_job->inputs[index];
    struct rg_error err = {0};
    bool needs_more = false;

    for (uint32_t attempt = 0; !input->is_described && input->status == RG_OK; attempt++) {
        const enum rg_status status =
            parse_one(all, room, input, read_of(footer_job, index), &needs_more, &err);

        if (status == RG_ERR_CANCELLED)
            return WEIR_CANCELLED;
        if (status == RG_OK)
            break;
        if (status != RG_ERR_NOMEM) {
            leave_alone(all, input, &err);
            break;
        }
        const enum weir_status answer = want_more_memory(all, job, input, attempt);
        if (answer != WEIR_OK)
            return answer;
    }
    footer_job->is_passed_on[index] = needs_more;
    if (!needs_more || submit(all, input, 1, &err) == RG_OK)
        return WEIR_OK;
    if (err.status == RG_ERR_LIMIT)
        leave_oversize(all, input);
    else
        note_status(all, err.status);
    return WEIR_OK;
}

enum weir_status rg_footers_run_parse(struct weir_job *job, void *item,
                                      const struct weir_call *call)
{
    const struct rg_allocator memory = rg_job_allocator(job);
    struct footer_job *footer_job = item;
    enum weir_status status = WEIR_OK;
    struct parse_room room;

    open_room(&room, &memory);
    for (uint32_t i = 0; i < footer_job->input_count && status == WEIR_OK; i++) {
        if (footer_job->is_passed_on[i])
            continue;
        if (was_read(footer_job, i))
            status = parse_with_memory(footer_job, job, &room, i);
        else
            status = call->attempt < attempts_max ? WEIR_RESTART : WEIR_NOMEM;
    }
    close_room(&room);
    return status;
}

static void drop(void *item, enum weir_status why)
{
    struct footer_job *footer_job = item;

    if (why == WEIR_CANCELLED)
        note_status(footer_job->all, RG_ERR_CANCELLED);
    else if (why == WEIR_OVERSIZE && footer_job->input_count == 1)
        leave_oversize(footer_job->all, footer_job->inputs);
    else if (why != WEIR_OK)
        note_status(footer_job->all, RG_ERR_NOMEM);
    release_one(footer_job->all);
}

static uint64_t claim_bytes(const struct rg_input *inputs, uint32_t count, uint32_t part_files)
{
    uint64_t largest = 0;
    uint64_t bytes = 0;

    for (uint32_t i = 0; i < count; i++) {
        const uint64_t tail = tail_bytes_max(&inputs[i]);

        bytes += tail + rg_slack_bytes + sizeof(struct footer_read) + 256;
        largest = tail > largest ? tail : largest;
    }
    bytes += (count + part_files - 1) / part_files * (uint64_t)sizeof(struct footer_part);
    return bytes + largest * 2 + (UINT64_C(64) << 10);
}

static enum rg_status submit(struct footers *all, struct rg_input *inputs, uint32_t count,
                             struct rg_error *err)
{
    const struct rg_run *run = all->order.run;

    (void)pthread_mutex_lock(all->order.lock);
    struct footer_job *footer_job = rg_arena_array(all->order.arena, 1, sizeof *footer_job);
    (void)pthread_mutex_unlock(all->order.lock);
    if (footer_job == NULL)
        return rg_fail(err, RG_ERR_NOMEM, "no memory for %u footers", count);
    footer_job->all = all;
    footer_job->inputs = inputs;
    footer_job->input_count = count;
    footer_job->part_files =
        run->source_caps.is_local && run->home_caps.is_local ? PART_FILES_MAX : 1;

    const struct weir_step route[] = {
        {.stage = run->stages.footers_read,
         .part_count = (count + footer_job->part_files - 1) / footer_job->part_files,
         .grow_bytes = claim_bytes(inputs, count, footer_job->part_files)},
        {.stage = run->stages.footers_parse},
    };
    atomic_fetch_add(&all->pending, 1);
    const enum weir_status status =
        weir_submit(run->weir, NULL, WEIR_DATA, route, 2, footer_job, drop);
    if (status == WEIR_OK)
        return RG_OK;
    release_one(all);
    if (status == WEIR_CANCELLED)
        return rg_fail(err, RG_ERR_CANCELLED, "cancelled");
    return rg_fail(err, status == WEIR_OVERSIZE && count == 1 ? RG_ERR_LIMIT : RG_ERR_NOMEM,
                   "no memory to read %u footers", count);
}

static uint64_t whole_bytes_max_of(const struct rg_footers_order *order)
{
    const uint64_t most = order->keep_bytes_max;
    uint64_t bytes = 0;

    for (uint32_t i = 0; i < order->input_count; i++)
        bytes += order->inputs[i].id.bytes;
    return bytes <= most ? most : most - most / footers_share;
}

enum rg_status rg_footers_start(const struct rg_footers_order *order, struct rg_error *err)
{
    struct footers *all = rg_arena_array(order->arena, 1, sizeof *all);
    enum rg_status status = RG_OK;

    if (all == NULL)
        return rg_fail(err, RG_ERR_NOMEM, "no memory to read footers");
    all->order = *order;
    all->whole_bytes_max = whole_bytes_max_of(order);
    atomic_init(&all->pending, 1);
    for (uint32_t first = 0; first < order->input_count && status == RG_OK;) {
        uint64_t bytes = 0;
        uint32_t count = 0;

        while (
            count < FILES_MAX && first + count < order->input_count &&
            (count == 0 || bytes + tail_bytes_max(&order->inputs[first + count]) <= job_bytes_max))
            bytes += tail_bytes_max(&order->inputs[first + count++]);
        status = submit(all, order->inputs + first, count, err);
        first += count;
    }
    if (status != RG_OK)
        note_status(all, status);
    release_one(all);
    return RG_OK;
}
