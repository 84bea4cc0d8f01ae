/* SPDX-License-Identifier: Apache-2.0 */

#include "journal/home.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "base/clock.h"
#include "base/failpoint.h"
#include "base/hash.h"
#include "journal/array.h"
#include "journal/line.h"

static const char home_key[] = "_regroup/_home";
static const char ledger_prefix[] = "_regroup/";

/* What we write is some 60 bytes. */
enum {
    home_bytes_max = 1024
};

/* `text` is written into. */
static enum rg_status parse_home(const struct rg_store *store, char *text, size_t bytes,
                                 struct rg_home_id *ret_id, struct rg_error *err)
{
    static const char *const names[] = {"v", "id"};
    struct rg_line_value values[2];

    const bool is_object = rg_line_read_members(text, bytes, false, names, 2, values);
    const bool has_version = is_object && values[0].kind == RG_LINE_INTEGER;
    if (has_version && values[0].integer != 1)
        return rg_fail(err, RG_ERR_UNSUPPORTED,
                       "%s/%s: version %" PRId64 ", made by a newer regroup", store->url, home_key,
                       values[0].integer);
    const char *id = has_version && values[1].kind == RG_LINE_TEXT ? values[1].text : "";
    if (strlen(id) != 32 || strspn(id, "0123456789abcdef") != 32)
        return rg_fail(err, RG_ERR_CORRUPT, "%s/%s: not the id of a home", store->url, home_key);
    memcpy(ret_id->digits, id, sizeof ret_id->digits);
    return RG_OK;
}

/* RG_ERR_ABSENT where there is none. */
static enum rg_status read_home(struct rg_store *store, struct rg_home_id *ret_id,
                                struct rg_error *err)
{
    char text[home_bytes_max];
    struct rg_store_op op = {
        .verb = RG_STORE_GET,
        .key = home_key,
        .buffer = (uint8_t *)text,
        .in_bytes = sizeof text,
    };

    RG_TRY(rg_store_wait(store, &op, err));
    return parse_home(store, text, (size_t)op.out_bytes, ret_id, err);
}

static enum rg_status random_bits(uint64_t *ret_bits, struct rg_error *err)
{
    if (getrandom(ret_bits, sizeof *ret_bits, 0) != (ssize_t)sizeof *ret_bits)
        return rg_fail(err, RG_ERR_IO, "the system has no random numbers");
    return RG_OK;
}

/*
 * 128 random bits; but where two runs at once could each think that theirs is the one, a hash of
 * the place, so that they agree.
 */
static enum rg_status choose_id(const struct rg_store *store, bool has_create_if_absent,
                                uint64_t *ret_high, uint64_t *ret_low, struct rg_error *err)
{
    struct rg_hasher hasher;

    if (has_create_if_absent) {
        RG_TRY(random_bits(ret_high, err));
        return random_bits(ret_low, err);
    }
    rg_hasher_init(&hasher);
    rg_hasher_add_text(&hasher, "regroup home");
    rg_hasher_add_text(&hasher, store->url);
    *ret_high = rg_hasher_result(&hasher).high;
    *ret_low = rg_hasher_result(&hasher).low;
    return RG_OK;
}

static enum rg_status create_home(struct rg_store *store, bool has_create_if_absent,
                                  struct rg_error *err)
{
    uint64_t high;
    uint64_t low;
    char high_digits[17];
    char low_digits[17];
    char text[80];

    RG_TRY(choose_id(store, has_create_if_absent, &high, &low, err));
    rg_hex_u64(high, high_digits);
    rg_hex_u64(low, low_digits);
    const int length =
        snprintf(text, sizeof text, "{\"v\":1,\"id\":\"%s%s\"}\n", high_digits, low_digits);
    const struct rg_segment segment = {(const uint8_t *)text, (size_t)length};
    struct rg_store_op op = {
        .verb = RG_STORE_PUT,
        .key = home_key,
        .must_be_absent = true,
        /* All names depend on it: it must not be lost while outputs are kept. */
        .must_be_durable = true,
        .segments = &segment,
        .segment_count = 1,
    };
    RG_FAILPOINT("journal.before_home");
    const enum rg_status status = rg_store_wait(store, &op, err);
    RG_FAILPOINT("journal.after_home");
    /* Another run's is as good; whether an answer was lost, reading tells. */
    return status == RG_ERR_EXISTS || status == RG_ERR_AGAIN ? RG_OK : status;
}

/* Asks the store, and refuses what it is not good enough for. */
static enum rg_status settle(struct rg_home *home, bool may_write, struct rg_error *err)
{
    RG_TRY(rg_store_probe(home->store, may_write, &home->caps, err));
    home->is_settled = true;
    home->is_unprotected = !home->caps.has_create_if_absent && !home->options.is_alone;
    if (home->is_unprotected && home->options.is_in_place && may_write)
        return rg_fail(err, RG_ERR_INVALID,
                       "%s: the store cannot create a file only if it is absent, so two runs at "
                       "once could lose rows: --in-place needs --alone, the promise that no other "
                       "run works here",
                       home->store->url);
    return RG_OK;
}

enum rg_status rg_home_settle(const struct rg_home *home, bool *ret_is_unprotected,
                              struct rg_error *err)
{
    struct rg_home settled = *home;

    /* The store asks once, and remembers. */
    if (!home->is_settled)
        RG_TRY(settle(&settled, true, err));
    *ret_is_unprotected = settled.is_unprotected;
    return RG_OK;
}

enum rg_status rg_home_open(struct rg_store *store, const struct rg_home_options *options,
                            struct rg_home *ret_home, struct rg_error *err)
{
    struct rg_home home = {.store = store, .options = *options};

    RG_TRY(random_bits(&home.token, err));
    home.compares_input_tags = options->is_in_place || !options->source_is_local;
    RG_TRY(rg_store_probe(store, false, &home.caps, err));
    if (home.caps.is_local || !options->may_write)
        RG_TRY(settle(&home, options->may_write, err));
    enum rg_status status = read_home(store, &home.id, err);
    if (status == RG_ERR_ABSENT && options->may_write) {
        if (!home.is_settled)
            RG_TRY(settle(&home, true, err));
        RG_TRY(create_home(store, home.caps.has_create_if_absent, err));
        home.is_new = true;
        status = read_home(store, &home.id, err);
        if (status == RG_ERR_ABSENT) /* What the store answered was lost, and it did not do it. */
            status =
                rg_fail(err, RG_ERR_AGAIN, "%s/%s: could not be written", store->url, home_key);
    } else if (status == RG_ERR_ABSENT) {
        status = RG_OK;
    }
    if (status == RG_OK)
        *ret_home = home;
    return status;
}

enum rg_status rg_home_check(const struct rg_home *home, struct rg_error *err)
{
    struct rg_home_id id = {.digits = ""};
    const enum rg_status status = read_home(home->store, &id, err);

    if (status != RG_OK && status != RG_ERR_ABSENT)
        return status;
    if (strcmp(id.digits, home->id.digits) != 0)
        return rg_fail(err, RG_ERR_CHANGED, "%s: was replaced since the job was made",
                       home->store->url);
    return RG_OK;
}

/* Partitions found, and prefixes whose listing is still to come. */
struct walk {
    struct rg_arena *arena;
    const char **partitions;
    size_t partition_count;
    size_t partition_capacity;
    const char **waiting;
    size_t waiting_count;
    size_t waiting_capacity;
};

static bool push(struct rg_arena *arena, const char ***items, size_t *count, size_t *capacity,
                 const char *item)
{
    *items = rg_array_room(arena, *items, *count, capacity, sizeof **items);
    if (*items == NULL)
        return false;
    (*items)[(*count)++] = item;
    return true;
}

/* Names of ours begin with '_' and have no '='; no partition can be called that. */
static bool is_our_prefix(const char *name)
{
    return name[0] == '_' && strchr(name, '=') == NULL;
}

/* A store that is far away refuses one as it refuses all. */
static bool is_of_one_ledger(const struct rg_home *home, const char *prefix, enum rg_status status)
{
    const bool is_refused = status == RG_ERR_DENIED || status == RG_ERR_IO;

    return is_refused && home->caps.is_local && strcmp(prefix, ledger_prefix) != 0;
}

static enum rg_status no_memory(const struct rg_home *home, struct rg_error *err)
{
    return rg_fail(err, RG_ERR_NOMEM, "no memory for the partitions of %s", home->store->url);
}

static enum rg_status add_partition(const struct rg_home *home, struct walk *walk,
                                    const char *prefix, struct rg_error *err)
{
    if (!push(walk->arena, &walk->partitions, &walk->partition_count, &walk->partition_capacity,
              prefix + sizeof ledger_prefix - 1))
        return no_memory(home, err);
    return RG_OK;
}

/* Of what was listed below `prefix`, names of partitions are kept. */
static enum rg_status take_prefix(const struct rg_home *home, struct walk *walk, const char *prefix,
                                  const struct rg_object *objects, size_t count,
                                  struct rg_error *err)
{
    const size_t prefix_bytes = strlen(prefix);
    bool has_ledger = false;

    for (size_t i = 0; i < count; i++) {
        const char *name = objects[i].key + prefix_bytes;

        if (!objects[i].is_prefix) {
            has_ledger = has_ledger || rg_ledger_name_parse(name).kind != RG_LEDGER_OTHER;
            continue;
        }
        if (is_our_prefix(name)) {
            has_ledger = has_ledger || strcmp(name, "_trash/") == 0;
            continue;
        }
        const char *key = rg_arena_text(walk->arena, objects[i].key);
        if (key == NULL ||
            !push(walk->arena, &walk->waiting, &walk->waiting_count, &walk->waiting_capacity, key))
            return no_memory(home, err);
    }
    return has_ledger ? add_partition(home, walk, prefix, err) : RG_OK;
}

/* The listing, with all records of the partition, does not stay. */
static enum rg_status walk_prefix(const struct rg_home *home, struct walk *walk, const char *prefix,
                                  struct rg_error *err)
{
    struct rg_arena scratch;
    struct rg_object *objects;
    size_t count;

    rg_arena_init(&scratch, walk->arena->allocator, walk->arena->bytes_max - walk->arena->bytes);
    enum rg_status status =
        rg_store_list_names(home->store, prefix, &scratch, &objects, &count, err);
    if (status == RG_OK)
        status = take_prefix(home, walk, prefix, objects, count, err);
    else if (is_of_one_ledger(home, prefix, status))
        status = add_partition(home, walk, prefix, err);
    rg_arena_fini(&scratch);
    return status;
}

static int compare_texts(const void *a, const void *b)
{
    const char *const *left = a;
    const char *const *right = b;

    return strcmp(*left, *right);
}

enum rg_status rg_home_partitions(const struct rg_home *home, struct rg_arena *arena,
                                  const char *const **ret_partitions, size_t *ret_count,
                                  struct rg_error *err)
{
    struct walk walk = {.arena = arena};

    RG_TRY(walk_prefix(home, &walk, ledger_prefix, err));
    while (walk.waiting_count > 0)
        RG_TRY(walk_prefix(home, &walk, walk.waiting[--walk.waiting_count], err));
    if (walk.partition_count > 1)
        qsort(walk.partitions, walk.partition_count, sizeof *walk.partitions, compare_texts);
    *ret_partitions = walk.partitions;
    *ret_count = walk.partition_count;
    return RG_OK;
}
