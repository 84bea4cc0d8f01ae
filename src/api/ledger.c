/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Looks at every partition of a home and tells, or clears.
 *
 * Not here: what is live (journal/look.h), what may be deleted (journal/gc.h), the walk (walk.h).
 */

#include "api/ledger.h"

#include <stdio.h>
#include <string.h>

#include "api/json_line.h"
#include "api/read_footer.h"
#include "api/sized.h"
#include "api/walk.h"
#include "base/allocator.h"
#include "compact/owner.h"
#include "compact/places.h"
#include "journal/gc.h"
#include "journal/home.h"
#include "journal/ledger.h"
#include "plan/options.h"

/* A million names. */
static const size_t partitions_bytes_max = (size_t)1 << 30;
/* One look; about 250 bytes for each file of a partition. */
static const size_t look_bytes_max = (size_t)4 << 30;
static const size_t footer_bytes_max = (size_t)1 << 30;

struct walker {
    /* Set at init, then constant. */
    struct rg_place place;
    struct rg_home home;
    struct rg_options defaults; /* What selects data files: no filters. */
    bool is_gc;                 /* Clears; else tells. */
    rg_live_file_fn *show;      /* May be NULL. */
    rg_event_fn *event;         /* May be NULL. */
    void *user;
    uint64_t older_than_ns;
    struct rg_arena partitions; /* Names of those that have a ledger; */
    const char *const *ledgers; /* these. */
    size_t ledger_count;
    bool are_ways_known;  /* The ledgers were read for these two. */
    bool has_in_place;    /* Some record of some partition was made in place, or may have been; */
    bool has_from_source; /* some was not. */
    struct rg_arena scratch; /* Of one partition. */
    struct rg_ledger_findings findings;
    struct rg_error failure; /* Of the first partition that could not be looked at; */
    size_t failure_count;    /* and of how many that is so. */
    struct rg_error *err;
};

/* What cannot be looked at stops no other; but a store that is far away refuses one as all. */
static bool stops_no_other(const struct walker *w, enum rg_status status)
{
    if (status == RG_ERR_DENIED || status == RG_ERR_IO)
        return w->home.caps.is_local;
    return status == RG_ERR_CORRUPT || status == RG_ERR_UNSUPPORTED || status == RG_ERR_LIMIT;
}

static bool is_data(void *user, const struct rg_object *object)
{
    struct walker *w = user;

    return rg_walk_is_data(w->place.store, &w->defaults, object);
}

/* What cannot be parsed is not ours; a store that does not answer is an error. */
static enum rg_status is_ours(void *user, const char *key, const struct rg_object_id *id,
                              bool *ret_is_ours, struct rg_error *err)
{
    struct walker *w = user;
    struct rg_read_footer footer;
    struct rg_arena arena;

    (void)id;
    *ret_is_ours = false;
    rg_arena_init(&arena, &rg_allocator_system, footer_bytes_max);
    const enum rg_status status = rg_read_footer(w->place.store, key, &arena, &footer, err);
    for (uint32_t i = 0; status == RG_OK && i < footer.meta.key_value_count; i++)
        if (rg_span_equal(footer.meta.key_values[i].key, rg_span_of("regroup.batch")))
            *ret_is_ours = true;
    rg_arena_fini(&arena);
    const bool is_unreadable =
        status == RG_ERR_CORRUPT || status == RG_ERR_UNSUPPORTED || status == RG_ERR_LIMIT;
    return is_unreadable ? RG_OK : status;
}

/* Of a problem whose text begins with the file that it is about, what follows. */
static const char *text_behind_key(const struct rg_problem *problem)
{
    const size_t bytes = strlen(problem->key);
    const bool has_key = strncmp(problem->text, problem->key, bytes) == 0;

    return has_key && problem->text[bytes] == ' ' ? problem->text + bytes + 1 : problem->text;
}

static void warn(struct walker *w, const char *text)
{
    const struct rg_event event = {.size = sizeof event, .kind = RG_EVENT_WARNING, .text = text};

    if (w->event != NULL)
        w->event(w->user, &event);
}

static void tell(struct walker *w, enum rg_event_kind kind, const struct rg_problem *problem)
{
    const bool is_alone = kind == RG_EVENT_LEFT_ALONE;
    const struct rg_left_alone alone = {
        .path = problem->key,
        .status = RG_ERR_CHANGED,
        .text = is_alone ? text_behind_key(problem) : problem->text,
    };
    const struct rg_event event = {
        .size = sizeof event,
        .kind = kind,
        .text = alone.text,
        .alone = is_alone ? &alone : NULL,
    };

    if (w->event != NULL)
        w->event(w->user, &event);
}

static void tell_problems(struct walker *w, const struct rg_look *look)
{
    for (size_t i = 0; i < look->problem_count; i++) {
        const struct rg_problem *problem = &look->problems[i];

        switch (problem->kind) {
        case RG_PROBLEM_OUTPUT_GONE:
        case RG_PROBLEM_OUTPUT_FOREIGN:
        case RG_PROBLEM_INPUTS_KEPT:
        case RG_PROBLEM_LEDGER_LOST:
            w->findings.missing_count++;
            tell(w, RG_EVENT_WARNING, problem);
            break;
        case RG_PROBLEM_INPUT_CHANGED:
        case RG_PROBLEM_DEAD_FOREIGN:
        case RG_PROBLEM_SOURCE_GONE:
            w->findings.alone_count++;
            tell(w, RG_EVENT_LEFT_ALONE, problem);
            break;
        case RG_PROBLEM_RESTORED:
            tell(w, RG_EVENT_WARNING, problem);
            break;
        }
    }
}

static enum rg_status show_file(struct walker *w, const struct rg_live_file *file)
{
    w->findings.live_count++;
    if (w->show != NULL && !w->show(w->user, file))
        return rg_fail(w->err, RG_ERR_CANCELLED, "the listing was stopped");
    return RG_OK;
}

static enum rg_status show_inputs(struct walker *w, const char *partition,
                                  const struct rg_look_input *inputs, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const struct rg_live_file file = {
            .size = sizeof file,
            .path = inputs[i].key,
            .partition = partition,
            .bytes = inputs[i].id.bytes,
        };

        RG_TRY(show_file(w, &file));
    }
    return RG_OK;
}

static enum rg_status show_outputs(struct walker *w, const char *partition,
                                   const struct rg_look *look)
{
    struct rg_buffer path;
    enum rg_status status = RG_OK;

    rg_buffer_init(&path, &rg_allocator_system, (size_t)1 << 20);
    for (size_t i = 0; i < look->live_count && status == RG_OK; i++) {
        const struct rg_look_output *output = &look->live[i];

        if (!output->is_there || !output->is_ours)
            continue;
        rg_buffer_reset(&path);
        rg_buffer_printf(&path, "%s%s", partition, output->name);
        rg_buffer_append_byte(&path, 0);
        status = rg_buffer_check(&path, "a path", w->err);
        if (status != RG_OK)
            break;
        const struct rg_live_file file = {
            .size = sizeof file,
            .path = (const char *)path.data,
            .partition = partition,
            .bytes = output->id.bytes,
            .is_output = true,
            .row_count = output->rows,
            .row_group_count = output->row_groups,
        };
        status = show_file(w, &file);
    }
    rg_buffer_fini(&path);
    return status;
}

/* Reads ledgers until one tells that the home was compacted in place. */
static enum rg_status find_ways(struct walker *w, struct rg_arena *arena)
{
    w->are_ways_known = true;
    for (size_t i = 0; i < w->ledger_count && !w->has_in_place; i++) {
        struct rg_ledger ledger = {.home = &w->home, .partition = w->ledgers[i], .arena = arena};

        rg_arena_reset(arena);
        const enum rg_status status = rg_ledger_scan(&ledger, 0, &rg_allocator_system, w->err);
        /* What may lie there by right is shown. That the ledger cannot be read is told elsewhere.
         */
        w->has_in_place = ledger.is_in_place || stops_no_other(w, status);
        w->has_from_source = w->has_from_source || ledger.has_from_source;
        if (!w->has_in_place)
            RG_TRY(status);
    }
    return RG_OK;
}

/* Whether foreign files lie in this partition by right; without any record nobody knows. */
static enum rg_status may_be_in_place(struct walker *w, const struct rg_look *look, bool *ret_may)
{
    struct rg_arena arena;
    enum rg_status status = RG_OK;

    if (look->has_in_place || look->has_from_source) {
        *ret_may = look->has_in_place;
        return RG_OK;
    }
    if (!w->are_ways_known && !w->has_in_place) {
        rg_arena_init(&arena, &rg_allocator_system, look_bytes_max);
        status = find_ways(w, &arena);
        rg_arena_fini(&arena);
    }
    *ret_may = w->has_in_place || !w->has_from_source;
    return status;
}

/* Foreign files of a DEST are nobody's rows, but who reads the folder as it is reads them. */
static void warn_of_foreign(struct walker *w, const struct rg_look *look)
{
    char text[512];

    (void)snprintf(text, sizeof text,
                   "%zu file%s that regroup did not write %s in this DEST, the first is %.300s: "
                   "not live, but read by who reads the folder as it is",
                   look->free_count, look->free_count == 1 ? "" : "s",
                   look->free_count == 1 ? "lies" : "lie", look->free[0].key);
    warn(w, text);
}

static enum rg_status list_partition(struct walker *w, struct rg_commit *commit,
                                     const char *partition)
{
    struct rg_look look;
    bool is_in_place = true;

    RG_TRY(rg_commit_look(commit, &w->scratch, &look, w->err));
    w->has_in_place = w->has_in_place || look.has_in_place;
    if (look.free_count > 0)
        RG_TRY(may_be_in_place(w, &look, &is_in_place));
    tell_problems(w, &look);
    RG_TRY(show_outputs(w, partition, &look));
    if (is_in_place)
        RG_TRY(show_inputs(w, partition, look.free, look.free_count));
    else
        warn_of_foreign(w, &look);
    return show_inputs(w, partition, look.changed, look.changed_count);
}

static enum rg_status clear_partition(struct walker *w, struct rg_commit *commit)
{
    struct rg_gc_result result;
    struct rg_look look;

    RG_TRY(rg_gc(commit, w->older_than_ns, &w->scratch, &look, &result, w->err));
    tell_problems(w, &look);
    w->findings.deleted_count += result.dead_count;
    w->findings.upload_count += result.upload_count;
    w->findings.void_count += result.has_voided;
    return RG_OK;
}

/* The first one is the error in the end. */
static enum rg_status note_failure(void *user, const char *partition, struct rg_error *err)
{
    struct walker *w = user;

    (void)partition; /* The text has it. */
    if (!stops_no_other(w, err->status))
        return err->status;
    if (w->failure_count++ == 0)
        w->failure = *err;
    else
        warn(w, err->text);
    return RG_OK;
}

static enum rg_status fail_in_the_end(struct walker *w)
{
    struct rg_error *err = w->err;
    char text[64];

    if (w->failure_count == 0)
        return RG_OK;
    *err = w->failure;
    if (w->failure_count == 1)
        return err->status;
    const size_t others = w->failure_count - 1;
    const int bytes = snprintf(text, sizeof text, "; %zu other partition%s failed", others,
                               others == 1 ? "" : "s");
    const size_t room = sizeof err->text - 1 - (size_t)bytes;
    const size_t end = strlen(err->text) < room ? strlen(err->text) : room;
    memcpy(err->text + end, text, (size_t)bytes + 1);
    return err->status;
}

static enum rg_status visit(void *user, const char *partition, struct rg_error *err)
{
    struct walker *w = user;
    const struct rg_commit_options options = {
        .home = &w->home,
        .partition = partition,
        .grace_ns = w->is_gc ? w->older_than_ns : 0,
        .asks = {.is_input = is_data, .is_ours = is_ours, .user = w},
    };
    struct rg_commit commit;
    enum rg_status status;

    (void)err; /* It is the walker's own. */
    w->findings.partition_count++;
    rg_arena_reset(&w->scratch);
    rg_commit_init(&commit, &options, &rg_allocator_system);
    if (w->is_gc)
        status = clear_partition(w, &commit);
    else
        status = list_partition(w, &commit, partition);
    rg_commit_fini(&commit);
    return status == RG_OK ? RG_OK : note_failure(w, partition, w->err);
}

/* That there is a ledger at all: an empty answer about a mistyped path would be a wrong one. */
static enum rg_status check_home(struct walker *w, const char *home)
{
    bool has_ledger;

    RG_TRY(rg_owner_has_ledger(w->place.store, "", &has_ledger, w->err));
    if (!has_ledger)
        return rg_fail(w->err, RG_ERR_ABSENT, "%s: no ledger of regroup is here (_regroup/_home)",
                       home);
    return RG_OK;
}

static enum rg_status run(struct walker *w, const char *home, const struct rg_options *options)
{
    const struct rg_place_request request = {
        .text = home,
        .options = options,
        .allocator = &rg_allocator_system,
    };
    const struct rg_home_options home_options = {
        .is_in_place = !w->is_gc, .is_alone = options->is_alone, .may_write = w->is_gc};

    RG_TRY(rg_place_open(&request, &w->place, w->err));
    if (w->place.only_file != NULL)
        return rg_fail(w->err, RG_ERR_INVALID, "%s: not a directory", home);
    RG_TRY(check_home(w, home));
    RG_TRY(rg_home_open(w->place.store, &home_options, &w->home, w->err));
    if (w->is_gc) {
        size_t upload_count;

        RG_TRY(rg_gc_probes(&w->home, w->older_than_ns, &w->scratch, &upload_count, w->err));
        w->findings.upload_count += upload_count;
    }

    RG_TRY(rg_home_partitions(&w->home, &w->partitions, &w->ledgers, &w->ledger_count, w->err));
    const struct rg_walk walk = {
        .store = w->place.store,
        .select = &w->defaults,
        .ledgers = w->ledgers,
        .ledger_count = w->ledger_count,
        .visit = visit,
        .lost = note_failure,
        .user = w,
    };
    RG_TRY(rg_walk_partitions(&walk, w->err));
    return fail_in_the_end(w);
}

static enum rg_status walk_home(struct walker *w, const char *home,
                                const struct rg_options *options,
                                struct rg_ledger_findings *ret_findings)
{
    enum rg_status status;

    rg_arena_init(&w->partitions, &rg_allocator_system, partitions_bytes_max);
    rg_arena_init(&w->scratch, &rg_allocator_system, look_bytes_max);
    w->findings.size = sizeof w->findings;
    status = rg_options_init(&w->defaults, &rg_allocator_system, w->err);
    if (status == RG_OK) {
        const struct rg_options *used = options != NULL ? options : &w->defaults;

        w->older_than_ns = used->older_than_ns;
        status = run(w, home, used);
    }
    rg_arena_fini(&w->partitions);
    rg_arena_fini(&w->scratch);
    rg_options_fini(&w->defaults);
    rg_place_close(&w->place, &rg_allocator_system);
    if (ret_findings != NULL && ret_findings->size == 0)
        ret_findings->size = sizeof w->findings;
    if (ret_findings != NULL)
        rg_sized_give(ret_findings, &w->findings, sizeof w->findings);
    return status;
}

enum rg_status rg_ledger_list(const char *home, const struct rg_options *options,
                              rg_live_file_fn *show, rg_event_fn *event, void *user,
                              struct rg_ledger_findings *ret_findings, struct rg_error *err)
{
    struct rg_error ignored;
    struct walker w = {
        .show = show, .event = event, .user = user, .err = err != NULL ? err : &ignored};

    return walk_home(&w, home, options, ret_findings);
}

enum rg_status rg_live_file_json(const struct rg_live_file *file, rg_write_fn *write, void *user,
                                 struct rg_error *err)
{
    struct rg_json_line line;
    struct rg_json *json = &line.json;

    rg_json_line_begin(&line, write, user);
    rg_json_text(json, "path", file->path);
    rg_json_text(json, "partition", file->partition);
    rg_json_u64(json, "bytes", file->bytes);
    rg_json_bool(json, "output", file->is_output);
    if (file->is_output) {
        rg_json_u64(json, "rows", file->row_count);
        rg_json_u64(json, "row_groups", file->row_group_count);
    }
    return rg_json_line_end(&line, err);
}

enum rg_status rg_ledger_gc(const char *home, const struct rg_options *options, rg_event_fn *event,
                            void *user, struct rg_ledger_findings *ret_findings,
                            struct rg_error *err)
{
    struct rg_error ignored;
    struct walker w = {
        .is_gc = true, .event = event, .user = user, .err = err != NULL ? err : &ignored};

    return walk_home(&w, home, options, ret_findings);
}
