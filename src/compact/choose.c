/* SPDX-License-Identifier: Apache-2.0 */

#include "compact/choose.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "compact/owner.h"
#include "compact/todo.h"
#include "journal/minted.h"
#include "parquet/footer.h"
#include "plan/select.h"
#include "plan/take.h"

/* A file that was listed and could not be read as such so often is not waited for. */
static const uint32_t misses_max = 3;

/* Enough of a file's end for any footer of ours but the widest. */
static const size_t footer_guess_bytes = (size_t)256 << 10;

static bool is_among(const struct rg_partition *partition, const char *key)
{
    size_t low = 0;
    size_t high = partition->only_count;

    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        const int order = strcmp(partition->only_names[middle], key);

        if (order == 0)
            return true;
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return false;
}

bool rg_choose_may_be_data(struct rg_store *store, const struct rg_object *object)
{
    uint8_t bytes[4 + 64];
    struct rg_error err;

    if (object->id.bytes < 12)
        return false;
    for (int end = 0; end < 2; end++) {
        struct rg_store_op op = {
            .verb = RG_STORE_GET,
            .key = object->key,
            .buffer = bytes,
            .offset = end == 0 ? 0 : object->id.bytes - 4,
            .in_bytes = 4,
        };
        const enum rg_status status = rg_store_wait(store, &op, &err);

        if (status != RG_OK)
            return status != RG_ERR_ABSENT;
        if (op.out_bytes != 4 || memcmp(bytes, rg_parquet_magic, 4) != 0)
            return false;
    }
    return true;
}

/* By the options that choose files by their names. */
static bool is_chosen(const struct rg_partition *partition, const char *key)
{
    if (partition->is_restricted && !is_among(partition, key))
        return false;
    return rg_select_file(partition->run->options, rg_span_of(key)) != RG_SELECT_NO;
}

static bool is_data(void *user, const struct rg_object *object, bool is_changed_input)
{
    const char *slash = strrchr(object->key, '/');
    const struct rg_span name = rg_span_of(slash != NULL ? slash + 1 : object->key);
    const enum rg_select by_name = rg_select_by_name(name);
    const struct rg_partition *partition = user;

    if (rg_select_is_hidden(name))
        return false;
    if (is_changed_input && !is_chosen(partition, object->key))
        return false;
    return by_name == RG_SELECT_YES || (by_name == RG_SELECT_MAGIC && is_changed_input &&
                                        rg_choose_may_be_data(partition->run->source, object));
}

static bool is_selected(void *user, const char *name)
{
    const struct rg_partition *partition = user;
    char path[8192];
    const int bytes = snprintf(path, sizeof path, "%s%s", partition->prefix, name);

    return bytes < 0 || (size_t)bytes >= sizeof path || is_chosen(partition, path);
}

static bool is_input(void *user, const struct rg_object *object)
{
    struct rg_partition *partition = user;
    const struct rg_options *options = partition->run->options;

    if (partition->is_restricted && !is_among(partition, object->key))
        return false;
    const enum rg_select answer = rg_select_file(options, rg_span_of(object->key));
    if (answer == RG_SELECT_NO)
        return false;
    if (!rg_select_is_old_enough(options, object->id.modified_ns,
                                 rg_store_now_ns(partition->run->source)))
        return false;
    return answer == RG_SELECT_YES || rg_choose_may_be_data(partition->run->source, object);
}

static enum rg_status read_footer(struct rg_store *store, const char *key, uint64_t file_bytes,
                                  struct rg_arena *arena, struct rg_span *ret_footer,
                                  struct rg_error *err)
{
    uint64_t wanted = footer_guess_bytes;

    for (;;) {
        uint64_t footer_bytes;

        if (wanted > file_bytes)
            wanted = file_bytes;
        uint8_t *tail = rg_arena_alloc(arena, (size_t)wanted + 64);
        if (tail == NULL)
            return rg_fail(err, RG_ERR_NOMEM, "no memory to read a footer");
        struct rg_store_op op = {
            .verb = RG_STORE_GET,
            .key = key,
            .buffer = tail,
            .in_bytes = wanted,
            .is_suffix = true,
        };
        RG_TRY(rg_store_wait(store, &op, err));
        /* Shorter: it was replaced since it was listed. */
        if (op.out_bytes < RG_FOOTER_TAIL_BYTES || op.out_bytes < wanted)
            return rg_fail(err, RG_ERR_CORRUPT, "not a Parquet file");
        RG_TRY(rg_footer_tail_parse(tail + op.out_bytes - RG_FOOTER_TAIL_BYTES, file_bytes,
                                    &footer_bytes, err));
        const uint64_t end_bytes = footer_bytes + RG_FOOTER_TAIL_BYTES;
        if (end_bytes <= op.out_bytes) {
            *ret_footer = (struct rg_span){tail + op.out_bytes - end_bytes, (size_t)footer_bytes};
            return RG_OK;
        }
        wanted = end_bytes;
        rg_arena_fini(arena);
    }
}

/* What cannot be parsed is not ours; a store that does not answer is an error. */
static enum rg_status is_ours(void *user, const char *key, const struct rg_object_id *id,
                              bool *ret_is_ours, struct rg_error *err)
{
    struct rg_partition *partition = user;
    struct rg_key_value *pairs = NULL;
    uint32_t count = 0;
    struct rg_span footer;
    struct rg_arena arena;

    *ret_is_ours = false;
    rg_arena_init(&arena, &partition->memory, SIZE_MAX);
    enum rg_status status = read_footer(partition->run->home, key, id->bytes, &arena, &footer, err);
    if (status == RG_OK)
        status = rg_footer_key_values(footer, &arena, &pairs, &count, err);
    for (uint32_t i = 0; status == RG_OK && i < count; i++) {
        if (rg_span_equal(pairs[i].key, rg_span_of("regroup.batch")))
            *ret_is_ours = true;
    }
    rg_arena_fini(&arena);
    partition->lacks_footer = status == RG_ERR_NOMEM;
    if (status == RG_ERR_NOMEM) {
        *err = (struct rg_error){.status = RG_OK};
        return rg_fail(err, status, "the footer of %s is more than --memory has room for", key);
    }
    if (status == RG_ERR_CORRUPT || status == RG_ERR_UNSUPPORTED || status == RG_ERR_LIMIT)
        return RG_OK;
    return status;
}

/* A listing that fails for ever is this partition's trouble and not that of the others. */
static bool is_lasting(enum rg_status status)
{
    return status == RG_ERR_DENIED || status == RG_ERR_INVALID || status == RG_ERR_IO ||
           status == RG_ERR_LIMIT || status == RG_ERR_UNSUPPORTED;
}

/* The name of a prefix's last component, without its '/'. */
static struct rg_span last_component(const char *prefix)
{
    size_t end = strlen(prefix);

    while (end > 0 && prefix[end - 1] == '/')
        end--;
    size_t begin = end;
    while (begin > 0 && prefix[begin - 1] != '/')
        begin--;
    return (struct rg_span){(const uint8_t *)prefix + begin, end - begin};
}

/* Not when nothing but prefixes that a list named are to be walked, and this is below none. */
static bool is_walked(const struct rg_partition *partition)
{
    if (partition->is_table)
        return false;
    if (!partition->is_restricted)
        return true;
    return partition->only_count == 0;
}

/* The folders between SOURCE and one that a list names: nobody else looks at these. */
static enum rg_status find_owner_above(struct rg_partition *partition, struct rg_owner *owner,
                                       struct rg_error *err)
{
    struct rg_span path = rg_span_of(partition->prefix);
    struct rg_owner *owners;
    size_t count;

    for (path.bytes--; path.bytes > 0 && path.data[path.bytes - 1] != '/'; path.bytes--)
        ;
    if (path.bytes == 0)
        return RG_OK;
    path.bytes--;
    const char *above = (const char *)rg_arena_copy(&partition->arena, path).data;
    if (above == NULL)
        return rg_fail(err, RG_ERR_NOMEM, "no memory for a path");
    RG_TRY(rg_owner_walk(partition->run->source, above, false, &partition->arena, &owners, &count,
                         err));
    for (size_t i = 0; i < count && !rg_owner_is_known(owner); i++)
        *owner = owners[i];
    return RG_OK;
}

static void leave_to_owner(struct rg_partition *partition, const struct rg_owner *owner,
                           bool is_blank)
{
    const char *name = *partition->prefix != '\0' ? partition->prefix : "./";
    char text[256];

    partition->is_table = true;
    if (owner->format != NULL)
        (void)snprintf(text, sizeof text, "%s table, whose files only its own metadata can replace",
                       owner->format);
    else
        (void)snprintf(text, sizeof text,
                       "has a ledger of regroup of its own: rows of files that it replaces would "
                       "be taken twice%s",
                       is_blank ? "; it has no record of anything, so its _regroup can be removed "
                                  "if no run is at work there"
                                : "");
    rg_run_leave_alone(partition->run, name, RG_ERR_UNSUPPORTED, text);
}

/*
 * A table below SOURCE: its own log names its files, so that in place it would be broken, and
 * copied would have the rows that it has given up. So it is with a ledger of ours there, which
 * replaces files by others with the same rows. (SOURCE itself was looked at before: plan goes on
 * with it.)
 */
static enum rg_status find_table(struct rg_partition *partition, const struct rg_object *objects,
                                 size_t count, struct rg_error *err)
{
    const char *prefix = partition->prefix;
    struct rg_owner owner;
    bool is_blank = false;

    if (*prefix == '\0' || partition->is_table)
        return RG_OK;
    RG_TRY(rg_owner_of_listing(partition->run->source, prefix, objects, count, &partition->arena,
                               &owner, err));
    if (!rg_owner_is_known(&owner) && rg_discover_is_entry(partition->discover, prefix))
        RG_TRY(find_owner_above(partition, &owner, err));
    if (!rg_owner_is_known(&owner))
        return RG_OK;
    if (owner.format == NULL)
        RG_TRY(rg_owner_is_blank(partition->run->source, owner.prefix, false, &is_blank, err));
    /* Blank or not: it may be that of this run, DEST, to which a link leads. */
    leave_to_owner(partition, &owner, is_blank);
    return RG_OK;
}

static enum rg_status add_prefixes(struct rg_partition *partition, const struct rg_object *objects,
                                   size_t count, struct rg_error *err)
{
    size_t prefix_count = 0;
    size_t added = 0;

    if (partition->is_listed)
        return RG_OK;
    RG_TRY(find_table(partition, objects, count, err));
    for (size_t i = 0; i < count; i++)
        prefix_count += objects[i].is_prefix;
    const char **prefixes =
        rg_arena_array(&partition->arena, prefix_count + 1, sizeof(const char *));
    if (prefixes == NULL)
        return rg_fail(err, RG_ERR_NOMEM, "no memory for the partitions below this one");
    for (size_t i = 0; i < count && is_walked(partition); i++) {
        if (!objects[i].is_prefix || rg_select_is_hidden(last_component(objects[i].key)))
            continue;
        if (rg_select_prefix(partition->run->options, rg_span_of(objects[i].key)))
            prefixes[added++] = objects[i].key;
    }
    RG_TRY(rg_discover_add(partition->discover, prefixes, added, err));
    partition->is_listed = true;
    rg_discover_listed(partition->discover);
    return RG_OK;
}

/* Names of --files-from that are not in the listing: nobody would miss them. */
static void tell_missing(const struct rg_partition *partition, const struct rg_object *objects,
                         size_t count)
{
    const char *const *names = partition->only_names;
    const char *first = NULL;
    size_t missing = 0;
    size_t at = 0;

    for (size_t i = 0; i < partition->only_count; i++) {
        while (at < count && strcmp(objects[at].key, names[i]) < 0)
            at++;
        const bool is_there = at < count && strcmp(objects[at].key, names[i]) == 0;
        const bool is_twice = i > 0 && strcmp(names[i - 1], names[i]) == 0;

        if (is_there || is_twice)
            continue;
        first = first == NULL ? names[i] : first;
        missing++;
    }
    if (missing == 1)
        rg_run_warn(partition->run,
                    "--files-from names %s, which is no file there (folders end in '/')", first);
    else if (missing > 1)
        rg_run_warn(partition->run,
                    "--files-from names %s and %zu more beside it that are no files there (folders "
                    "end in '/')",
                    first, missing - 1);
}

/*
 * Whether SOURCE, or a folder of it on the way to this one, has a ledger by now: one that was begun
 * after this run looked would have its outputs taken for files that came late. A ledger is older
 * than any output, so it need only be asked for where there is something like one.
 */
static enum rg_status find_young_ledger(struct rg_partition *partition,
                                        const struct rg_object *objects, size_t count,
                                        struct rg_error *err)
{
    struct rg_store *store = partition->run->source;
    const char *prefix = partition->prefix;
    const size_t prefix_bytes = strlen(prefix);
    struct rg_owner owner = {.prefix = prefix};
    struct rg_minted minted;
    bool has_minted = false;
    char folder[4096];

    for (size_t i = 0; i < count && !has_minted; i++)
        has_minted = rg_minted_parse(objects[i].key + prefix_bytes, &minted);
    if (!has_minted || prefix_bytes >= sizeof folder)
        return RG_OK;
    for (size_t end = 0; end <= prefix_bytes && !owner.has_ledger; end++) {
        bool is_blank = false;

        if (end > 0 && prefix[end - 1] != '/')
            continue;
        (void)snprintf(folder, sizeof folder, "%.*s", (int)end, prefix);
        RG_TRY(rg_owner_has_ledger(store, folder, &owner.has_ledger, err));
        if (owner.has_ledger) /* Nor is any output there before its intent. */
            RG_TRY(rg_owner_is_blank(store, folder, false, &is_blank, err));
        owner.has_ledger = owner.has_ledger && !is_blank;
    }
    if (owner.has_ledger && !partition->is_table)
        leave_to_owner(partition, &owner, false);
    return RG_OK;
}

static enum rg_status list_source(void *user, struct rg_arena *arena,
                                  struct rg_object **ret_objects, size_t *ret_count,
                                  struct rg_error *err)
{
    struct rg_partition *partition = user;

    const enum rg_status status = rg_store_list_all(partition->run->source, partition->prefix,
                                                    arena, ret_objects, ret_count, err);
    /* Of SOURCE itself there are no others. */
    partition->is_unreadable = is_lasting(status) && *partition->prefix != '\0';
    RG_TRY(status);
    if (!partition->run->is_in_place && !partition->run->is_dry)
        RG_TRY(find_young_ledger(partition, *ret_objects, *ret_count, err));
    if (!partition->is_listed && partition->run->options->files_from != NULL)
        tell_missing(partition, *ret_objects, *ret_count);
    return add_prefixes(partition, *ret_objects, *ret_count, err);
}

struct rg_commit_asks rg_choose_asks(struct rg_partition *partition)
{
    return (struct rg_commit_asks){
        .is_input = is_input,
        .is_data = is_data,
        .is_selected = is_selected,
        .is_ours = is_ours,
        .list_source = list_source,
        .user = partition,
    };
}

/*
 * Was this file of the partition, under its name there, found bad by an earlier turn? One that was
 * another file whenever it was to be read is left whatever it is now.
 */
static bool is_left(const struct rg_partition *partition, const char *name,
                    const struct rg_object_id *id)
{
    const struct rg_left_file *at = rg_left_files_find(&partition->left, name);

    for (; at != NULL; at = rg_left_files_next(at)) {
        if (at->misses >= misses_max || (at->misses == 0 && rg_object_id_equal(id, &at->id, true)))
            return true;
    }
    return false;
}

static struct rg_left_file *note_left(struct rg_partition *partition, const struct rg_input *input,
                                      struct rg_error *err)
{
    struct rg_left_file *left = rg_left_files_add(&partition->left, input->name, &input->id);

    if (left == NULL)
        (void)rg_fail(err, RG_ERR_NOMEM, "no memory to note a file that is left alone");
    return left;
}

/* --all retires every output: rows of this file may be in them and would be in none. */
static void refuse_all(struct rg_partition *partition, const struct rg_input *input)
{
    if (!partition->turn->is_all || partition->run->is_in_place || !input->is_named)
        return;
    if (!partition->is_refused)
        rg_run_warn(partition->run,
                    "--all leaves the partition of %s as it is: outputs hold rows of that file, "
                    "and would be retired",
                    input->key);
    partition->is_refused = true;
}

enum rg_status rg_choose_leave(struct rg_partition *partition, const struct rg_input *input,
                               bool is_told, struct rg_error *err)
{
    if (note_left(partition, input, err) == NULL)
        return err->status;
    partition->alone_count++;
    refuse_all(partition, input);
    if (is_told)
        rg_run_list_alone(partition->run, input->key, input->status, input->reason);
    else
        rg_run_leave_alone(partition->run, input->key, input->status, input->reason);
    return RG_OK;
}

enum rg_status rg_choose_note_missed(struct rg_partition *partition, const struct rg_input *input,
                                     struct rg_error *err)
{
    struct rg_left_file *at = rg_left_files_find(&partition->left, input->name);

    while (at != NULL && at->misses == 0)
        at = rg_left_files_next(at);
    if (at == NULL)
        at = note_left(partition, input, err);
    if (at == NULL)
        return err->status;
    if (++at->misses < misses_max)
        return RG_OK;
    partition->alone_count++;
    refuse_all(partition, input);
    rg_run_leave_alone(partition->run, input->key, input->status, input->reason);
    return RG_OK;
}

static struct rg_input input_of(const struct rg_look_input *from)
{
    return (struct rg_input){
        .key = from->key,
        .name = from->name,
        .id = from->id,
        .is_named = from->is_named,
        .plan = {.path = from->key, .bytes = from->id.bytes},
    };
}

/* The key of a live output. */
static enum rg_status home_input(struct rg_partition *partition, const struct rg_look_output *live,
                                 struct rg_input *ret_input, struct rg_error *err)
{
    const size_t prefix_bytes = strlen(partition->prefix);
    const size_t name_bytes = strlen(live->name) + 1;
    char *key = rg_arena_alloc(&partition->arena, prefix_bytes + name_bytes);

    if (key == NULL)
        return rg_fail(err, RG_ERR_NOMEM, "no memory for a name");
    memcpy(key, partition->prefix, prefix_bytes);
    memcpy(key + prefix_bytes, live->name, name_bytes);
    *ret_input = (struct rg_input){
        .key = key,
        .name = live->name,
        .id = live->id,
        .is_home = true,
        .plan = {.path = live->name, .bytes = live->id.bytes, .is_home = true},
    };
    return RG_OK;
}

/* The live output of an adopted intent's list; both are sorted by name, `*at` only grows. */
static const struct rg_look_output *find_taken(const struct rg_look *look, size_t taken, size_t *at)
{
    while (*at < look->live_count && strcmp(look->live[*at].name, look->adopted_taken[taken]) != 0)
        (*at)++;
    return *at < look->live_count ? &look->live[*at] : NULL;
}

static enum rg_status adopt(struct rg_partition *partition, struct rg_error *err)
{
    struct rg_turn *turn = partition->turn;
    const struct rg_look *look = &turn->look;
    size_t at = 0;

    turn->is_adopted = true;
    for (size_t i = 0; i < look->adopted_taken_count; i++) {
        const struct rg_look_output *live = find_taken(look, i, &at);

        if (live == NULL)
            return rg_fail(err, RG_ERR_BUG, "an adopted intent takes an output that is not live");
        RG_TRY(home_input(partition, live, &turn->inputs[turn->input_count++], err));
    }
    turn->taken_count = turn->input_count;
    for (size_t i = 0; i < look->adopted_count; i++)
        turn->inputs[turn->input_count++] = input_of(&look->adopted[i]);
    return RG_OK;
}

/* Of free files beside the adopted ones, which are free as well. */
static uint64_t bytes_beside_adopted(const struct rg_look *look)
{
    uint64_t free = 0;
    uint64_t adopted = 0;

    for (size_t i = 0; i < look->free_count; i++)
        free += look->free[i].id.bytes;
    for (size_t i = 0; i < look->adopted_count; i++)
        adopted += look->adopted[i].id.bytes;
    return free > adopted ? free - adopted : 0;
}

static bool adopts_what_is_left(const struct rg_partition *partition)
{
    const struct rg_look *look = &partition->turn->look;
    size_t at = 0;

    for (size_t i = 0; i < look->adopted_count; i++) {
        if (is_left(partition, look->adopted[i].name, &look->adopted[i].id))
            return true;
    }
    for (size_t i = 0; i < look->adopted_taken_count; i++) {
        const struct rg_look_output *live = find_taken(look, i, &at);

        if (live != NULL && is_left(partition, live->name, &live->id))
            return true;
    }
    return false;
}

/* Can it go in again? */
static bool is_usable(const struct rg_partition *partition, const struct rg_look_output *live)
{
    return live->is_there && live->is_ours && !is_left(partition, live->name, &live->id);
}

/* Live outputs that go in again: the short trailing ones, or in place with --all every one. */
static enum rg_status take_live(struct rg_partition *partition, uint64_t new_bytes,
                                struct rg_error *err)
{
    struct rg_turn *turn = partition->turn;
    const struct rg_look *look = &turn->look;
    uint64_t *bytes = rg_arena_array(&partition->arena, look->live_count, sizeof *bytes);
    size_t usable_from = 0;

    if (bytes == NULL)
        return rg_fail(err, RG_ERR_NOMEM, "no memory for %zu outputs", look->live_count);
    for (size_t i = 0; i < look->live_count; i++) {
        bytes[i] = look->live[i].id.bytes;
        if (!is_usable(partition, &look->live[i]))
            usable_from = i + 1;
    }
    size_t first = look->live_count -
                   rg_take_trailing(bytes, look->live_count, new_bytes, partition->run->options);
    if (look->is_all)
        first = partition->run->is_in_place ? 0 : look->live_count;
    if (first < usable_from && !look->is_all)
        first = usable_from;
    /* The first batch of a plan has them; those that it would make are not there to be taken. */
    if (partition->forecast != NULL)
        first = look->live_count;
    for (size_t i = first; i < look->live_count; i++) {
        if (is_usable(partition, &look->live[i]))
            RG_TRY(home_input(partition, &look->live[i], &turn->inputs[turn->input_count++], err));
    }
    turn->taken_count = turn->input_count;
    return RG_OK;
}

static bool is_carried(const struct rg_partition *partition, const char *name)
{
    const struct rg_left_file *carried = rg_left_files_find(&partition->carried, name);

    return carried != NULL && !carried->is_planned;
}

/*
 * Where the next batch begins and ends, at least one file that no turn has seen among them. Of the
 * carried ones, which come first, the last that fit.
 */
static size_t find_batch(const struct rg_partition *partition, const uint64_t *sizes,
                         size_t carried_count, size_t count, size_t *ret_first)
{
    const struct rg_options *options = partition->run->options;
    const size_t most = partition->batch_files > 0 ? partition->batch_files : count;
    size_t first = carried_count < most ? 0 : carried_count + 1 - most;

    while (first < carried_count &&
           rg_take_batch_end(sizes, count, first, options) <= carried_count)
        first++;
    *ret_first = first;
    const size_t end = rg_take_batch_end(sizes, count, first, options);
    return end - first > most ? first + most : end;
}

/*
 * The next batch of free files that are not left alone; writes their indexes, and notes the bytes
 * of those that come after it.
 */
static size_t pick_free(struct rg_partition *partition, size_t *picked, uint64_t *sizes,
                        uint64_t *ret_bytes)
{
    const struct rg_look *look = &partition->turn->look;
    size_t carried_count = 0;
    size_t count = 0;
    size_t first = 0;

    *ret_bytes = 0;
    for (size_t i = 0; i < look->free_count; i++) {
        const char *name = look->free[i].name;
        const bool is_seen =
            partition->scanned_to != NULL && strcmp(name, partition->scanned_to) <= 0;

        if (is_left(partition, name, &look->free[i].id) ||
            (is_seen && !is_carried(partition, name)))
            continue;
        carried_count += is_seen;
        picked[count] = i;
        sizes[count++] = look->free[i].id.bytes;
    }
    partition->waiting_count = carried_count == count ? count : 0;
    if (carried_count == count)
        return 0;
    const size_t end =
        look->is_all ? count : find_batch(partition, sizes, carried_count, count, &first);
    for (size_t i = first; i < end; i++)
        *ret_bytes += sizes[i];
    for (size_t i = end; i < count; i++)
        partition->turn->later_bytes += rg_todo_bytes(partition, sizes[i]);
    memmove(picked, picked + first, (end - first) * sizeof *picked);
    return end - first;
}

static enum rg_status make_room(struct rg_partition *partition, size_t count, struct rg_error *err)
{
    struct rg_turn *turn = partition->turn;

    turn->inputs = rg_arena_array(&partition->arena, count, sizeof *turn->inputs);
    if (turn->inputs == NULL)
        return rg_fail(err, RG_ERR_NOMEM, "no memory for %zu inputs", count);
    return RG_OK;
}

enum rg_status rg_choose_inputs(struct rg_partition *partition, struct rg_error *err)
{
    struct rg_turn *turn = partition->turn;
    const struct rg_look *look = &turn->look;
    size_t *picked = rg_arena_array(&partition->arena, look->free_count, sizeof *picked);
    uint64_t *sizes = rg_arena_array(&partition->arena, look->free_count, sizeof *sizes);
    uint64_t new_bytes;

    if (picked == NULL || sizes == NULL)
        return rg_fail(err, RG_ERR_NOMEM, "no memory to choose from %zu files", look->free_count);
    const bool is_all_planned =
        look->is_all && partition->run->is_dry && partition->scanned_to != NULL;
    if (look->is_all_refused || is_all_planned || look->is_ledger_lost)
        return RG_OK;
    if (look->has_adopted && !look->is_all && !partition->run->is_dry &&
        partition->batch_files == 0 && !adopts_what_is_left(partition)) {
        RG_TRY(make_room(partition, look->adopted_count + look->adopted_taken_count, err));
        turn->later_bytes = bytes_beside_adopted(look);
        return adopt(partition, err);
    }

    const size_t count = pick_free(partition, picked, sizes, &new_bytes);
    turn->is_all = look->is_all;
    if (count == 0 && !look->is_all)
        return RG_OK;
    turn->listed_count = count; /* Where these are too many, half of them are tried. */
    RG_TRY(make_room(partition, count + look->live_count, err));
    RG_TRY(take_live(partition, new_bytes, err));
    for (size_t i = 0; i < count; i++)
        turn->inputs[turn->input_count++] = input_of(&look->free[picked[i]]);
    return RG_OK;
}

/* Notes what this turn has seen. What turned out bad may have left it with carried ones alone. */
static enum rg_status note_scanned(struct rg_partition *partition, struct rg_error *err)
{
    struct rg_turn *turn = partition->turn;
    const struct rg_allocator *allocator = partition->run->allocator;
    const bool is_planned = turn->scanned_name == NULL && partition->run->is_dry;
    const char *last = is_planned ? turn->inputs[turn->input_count - 1].name : turn->scanned_name;

    if (last == NULL)
        return RG_OK;
    if (partition->scanned_to == NULL || strcmp(last, partition->scanned_to) > 0) {
        char *copy = rg_alloc(allocator, strlen(last) + 1);
        if (copy == NULL)
            return rg_fail(err, RG_ERR_NOMEM, "no memory for a name");
        memcpy(copy, last, strlen(last) + 1);
        if (partition->scanned_to != NULL)
            rg_release(allocator, partition->scanned_to, strlen(partition->scanned_to) + 1);
        partition->scanned_to = copy;
    }
    partition->good_count += turn->good_count;
    atomic_fetch_add(&partition->run->counters.files_good, turn->good_count);
    return RG_OK;
}

enum rg_status rg_choose_note_scanned(struct rg_partition *partition, struct rg_error *err)
{
    const struct rg_turn *turn = partition->turn;

    RG_TRY(note_scanned(partition, err));
    /* What is recorded is free no more; what is planned must not be planned again. */
    for (uint32_t i = turn->taken_count; i < turn->input_count; i++) {
        struct rg_left_file *carried =
            rg_left_files_find(&partition->carried, turn->inputs[i].name);

        if (carried != NULL)
            carried->is_planned = true;
    }
    return RG_OK;
}

/* In place: what is good already stays as it is. */
static bool is_good(const struct rg_partition *partition, const struct rg_input *input,
                    struct rg_span shape)
{
    const struct rg_take_file file = {
        .bytes = input->id.bytes,
        .row_group_count = input->plan.row_group_count,
        .shape = input->stamp,
    };

    return !input->is_home && rg_take_file(&file, partition->run->options, shape) != RG_TAKE_YES;
}

/*
 * In place: without rows there is no output, so that the files of a partition that has none would
 * all go, and with them its columns. They stay until there are rows.
 */
static bool is_without_rows(const struct rg_partition *partition)
{
    const struct rg_turn *turn = partition->turn;

    if (!partition->run->is_in_place || turn->look.live_count > 0)
        return false;
    for (uint32_t i = 0; i < turn->input_count; i++) {
        if (turn->inputs[i].row_count > 0)
            return false;
    }
    return true;
}

/* Outputs were taken for the sake of all bytes of the batch: now for those that are moved. */
static enum rg_status drop_outputs(struct rg_partition *partition, struct rg_error *err)
{
    struct rg_turn *turn = partition->turn;
    uint64_t *bytes = rg_arena_array(&partition->arena, turn->taken_count, sizeof *bytes);
    uint64_t new_bytes = 0;

    if (bytes == NULL)
        return rg_fail(err, RG_ERR_NOMEM, "no memory for %u outputs", turn->taken_count);
    for (uint32_t i = 0; i < turn->taken_count; i++)
        bytes[i] = turn->inputs[i].id.bytes;
    for (uint32_t i = turn->taken_count; i < turn->input_count; i++)
        new_bytes += turn->inputs[i].id.bytes;
    const uint32_t taken_count =
        (uint32_t)rg_take_trailing(bytes, turn->taken_count, new_bytes, partition->run->options);
    const uint32_t dropped_count = turn->taken_count - taken_count;
    turn->input_count -= dropped_count;
    turn->taken_count = taken_count;
    memmove(turn->inputs, turn->inputs + dropped_count, turn->input_count * sizeof *turn->inputs);
    return RG_OK;
}

/* Too few by themselves; with what later turns see they may be enough. */
static enum rg_status carry(struct rg_partition *partition, struct rg_error *err)
{
    const struct rg_turn *turn = partition->turn;

    for (uint32_t i = turn->taken_count; i < turn->input_count; i++) {
        const struct rg_input *input = &turn->inputs[i];

        if (!is_carried(partition, input->name) &&
            rg_left_files_add(&partition->carried, input->name, &input->id) == NULL)
            return rg_fail(err, RG_ERR_NOMEM, "no memory for a name");
    }
    return RG_OK;
}

static enum rg_status drop_good(struct rg_partition *partition, bool *ret_is_done,
                                struct rg_error *err)
{
    struct rg_turn *turn = partition->turn;
    uint32_t kept = 0;
    const struct rg_span shape = rg_span_of(partition->run->shape_text);

    const bool stays = is_without_rows(partition);

    turn->scanned_name = turn->inputs[turn->input_count - 1].name;
    for (uint32_t i = 0; i < turn->input_count; i++) {
        if (stays || is_good(partition, &turn->inputs[i], shape))
            turn->good_count++;
        else
            turn->inputs[kept++] = turn->inputs[i];
    }
    turn->input_count = kept;
    RG_TRY(drop_outputs(partition, err));
    *ret_is_done = turn->input_count == turn->taken_count ||
                   !rg_take_is_enough(turn->input_count, partition->run->options);
    if (!*ret_is_done)
        return RG_OK;
    RG_TRY(carry(partition, err));
    return note_scanned(partition, err);
}

enum rg_status rg_choose_usable(struct rg_partition *partition, bool *ret_is_done,
                                struct rg_error *err)
{
    struct rg_turn *turn = partition->turn;
    uint32_t kept = 0;
    uint32_t taken = 0;

    *ret_is_done = false;
    for (uint32_t i = 0; i < turn->input_count; i++) {
        struct rg_input *input = &turn->inputs[i];

        if (input->status == RG_OK) {
            taken += i < turn->taken_count;
            turn->inputs[kept++] = *input;
        } else if (input->status == RG_ERR_CHANGED || input->status == RG_ERR_ABSENT) {
            *ret_is_done = true; /* It is another file now: look again. */
            turn->is_disturbed = true;
            RG_TRY(rg_choose_note_missed(partition, input, err));
        } else if (input->status == RG_ERR_AGAIN) {
            /* The store's fault and not the file's: a later run takes it. */
            return rg_fail(err, input->status, "%s", input->reason);
        } else {
            RG_TRY(rg_choose_leave(partition, input, false, err));
            *ret_is_done = *ret_is_done || turn->is_adopted;
        }
    }
    turn->input_count = kept;
    turn->taken_count = taken;
    if (*ret_is_done)
        return RG_OK;
    /* With --all in place outputs alone are work; when none is of use another look is no help. */
    partition->is_refused =
        partition->is_refused || (turn->is_all && (kept == 0 || is_without_rows(partition)));
    if (kept == 0 || (kept == taken && !turn->is_all))
        *ret_is_done = true;
    else if (partition->run->is_in_place && !turn->is_adopted && !turn->is_all)
        return drop_good(partition, ret_is_done, err);
    return RG_OK;
}
