/* SPDX-License-Identifier: Apache-2.0 */

#include "compact/unite.h"

#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "compact/input.h"
#include "compact/retain.h"
#include "compact/run.h"
#include "parquet/field_ids.h"
#include "parquet/schema.h"

/* Kinds of files in one turn. */
static const uint32_t kinds_max = 1024;

/* Times that uniting is tried again without one of them; each takes as long as there are kinds. */
static const uint32_t refusals_max = 1024;

static struct rg_hash128 key_of(const struct rg_kept_schema *kept, struct rg_hash128 shape)
{
    struct rg_hasher hasher;

    rg_hasher_init(&hasher);
    rg_hasher_add_u64(&hasher, shape.high);
    rg_hasher_add_u64(&hasher, shape.low);
    for (unsigned i = 0; i < RG_ASPECT_SETS; i++) {
        rg_hasher_add_u64(&hasher, kept->semantics[i].high);
        rg_hasher_add_u64(&hasher, kept->semantics[i].low);
    }
    rg_hasher_add_u64(&hasher, kept->ids_are_given);
    rg_hasher_add_u64(&hasher, kept->has_column_orders);
    return rg_hasher_result(&hasher);
}

static bool is_equal(struct rg_hash128 a, struct rg_hash128 b)
{
    return a.high == b.high && a.low == b.low;
}

static enum rg_status grow(struct rg_schema_shelf *shelf, struct rg_arena *arena,
                           struct rg_error *err)
{
    const uint32_t capacity = shelf->capacity == 0 ? 16 : shelf->capacity * 2;
    struct rg_kept_schema **items =
        rg_arena_array(arena, capacity, sizeof(struct rg_kept_schema *));

    if (items == NULL)
        return rg_fail(err, RG_ERR_NOMEM, "no memory for %u schemas", capacity);
    if (shelf->count > 0)
        memcpy(items, shelf->items, shelf->count * sizeof(struct rg_kept_schema *));
    shelf->items = items;
    shelf->capacity = capacity;
    return RG_OK;
}

enum rg_status rg_schema_shelf_keep(struct rg_schema_shelf *shelf, const struct rg_file_meta *meta,
                                    struct rg_hash128 shape, struct rg_arena *arena,
                                    struct rg_kept_schema **ret_kept, struct rg_error *err)
{
    struct rg_kept_schema kept = {
        .units = rg_file_units(meta),
        .ids_are_given = rg_field_ids_are_given(meta),
        .has_column_orders = meta->has_column_orders,
    };

    for (unsigned i = 0; i < RG_ASPECT_SETS; i++)
        kept.semantics[i] = rg_file_semantics_of(meta, &meta->schema, i);
    kept.key = key_of(&kept, shape);
    *ret_kept = NULL;
    for (uint32_t i = 0; i < shelf->count; i++) {
        if (is_equal(shelf->items[i]->key, kept.key)) {
            *ret_kept = shelf->items[i];
            return RG_OK;
        }
    }
    if (shelf->count == kinds_max)
        return RG_OK;
    if (shelf->count == shelf->capacity)
        RG_TRY(grow(shelf, arena, err));
    struct rg_kept_schema *item = rg_arena_array(arena, 1, sizeof *item);
    if (item == NULL)
        return rg_fail(err, RG_ERR_NOMEM, "no memory to keep a schema");
    *item = kept;
    RG_TRY(rg_retain_schema(&meta->schema, arena, &item->schema, err));
    shelf->items[shelf->count++] = item;
    *ret_kept = item;
    return RG_OK;
}

struct uniting {
    struct rg_run *run;
    struct rg_input *inputs;
    struct rg_arena *arena;       /* Of what stays. */
    struct rg_arena scratch;      /* Of what does not. */
    struct rg_arena attempt;      /* Of one attempt. */
    struct rg_kept_schema **left; /* Not united yet, oldest first. */
    uint32_t left_count;
    unsigned aspects; /* Of all columns that there are. */
    uint32_t group_count;
    uint32_t refusal_count;
    struct rg_hasher hasher;
};

static int by_age(const void *a_address, const void *b_address)
{
    const struct rg_kept_schema *const *a = a_address;
    const struct rg_kept_schema *const *b = b_address;

    if ((*a)->age_ns != (*b)->age_ns)
        return (*a)->age_ns < (*b)->age_ns ? -1 : 1;
    return (*a)->last_input < (*b)->last_input ? -1 : (*a)->last_input > (*b)->last_input;
}

/* Which schemas there are among these inputs, oldest first. */
static enum rg_status list_used(struct uniting *u, const struct rg_schema_shelf *shelf,
                                uint32_t input_count, struct rg_error *err)
{
    u->left = rg_arena_array(&u->scratch, shelf->count, sizeof(struct rg_kept_schema *));
    if (u->left == NULL)
        return rg_fail(err, RG_ERR_NOMEM, "no memory to unite %u schemas", shelf->count);
    for (uint32_t i = 0; i < shelf->count; i++) {
        shelf->items[i]->is_used = false;
        shelf->items[i]->is_told = false;
        shelf->items[i]->age_ns = 0;
        shelf->items[i]->united = NULL;
        shelf->items[i]->leaves = NULL;
    }
    for (uint32_t i = 0; i < input_count; i++) {
        const struct rg_input *input = &u->inputs[i];
        const uint64_t age_ns = input->is_home ? 0 : input->id.modified_ns;

        /* What a file without rows calls its columns' types is often a guess, and nothing is lost.
         */
        if (input->schema == NULL || input->row_count == 0)
            continue;
        if (!input->schema->is_used)
            u->left[u->left_count++] = input->schema;
        if (!input->schema->is_used || age_ns >= input->schema->age_ns) {
            input->schema->age_ns = age_ns;
            input->schema->last_input = i;
        }
        input->schema->is_used = true;
        u->aspects |= rg_file_aspects(&input->schema->schema);
    }
    if (u->left_count > 0)
        qsort(u->left, u->left_count, sizeof(struct rg_kept_schema *), by_age);
    return RG_OK;
}

/* Why these do not share outputs, whatever their columns are; NULL: they may. */
static const char *why_apart(const struct uniting *u, const struct rg_kept_schema *a,
                             const struct rg_kept_schema *b)
{
    if (!is_equal(a->semantics[u->aspects], b->semantics[u->aspects]))
        return "key-values give their dates, timestamps or coordinates another meaning";
    const bool has_units = a->units.high != 0 || a->units.low != 0;
    if (!is_equal(a->units, b->units) ||
        (has_units && !rg_schema_is_equal(&a->schema, &b->schema, NULL)))
        return "only Arrow's own schema says what some of their integers are, such as durations";
    /* One that has none would strip the others' bounds. */
    if (a->has_column_orders != b->has_column_orders)
        return "only some files say by which order their bounds are (column_orders)";
    return NULL;
}

static void tell(const struct uniting *u, struct rg_kept_schema *kept, const char *why)
{
    if (!kept->is_told)
        rg_run_warn(u->run, "files like %s get outputs of their own: %s",
                    u->inputs[kept->last_input].key, why);
    kept->is_told = true;
}

/* Takes all that may share outputs with the newest that is left; the others close ranks. */
static uint32_t take_candidates(struct uniting *u, struct rg_kept_schema **ret_taken)
{
    const struct rg_kept_schema *newest = u->left[u->left_count - 1];
    uint32_t taken = 0;
    uint32_t kept = 0;

    for (uint32_t i = 0; i < u->left_count; i++) {
        const char *why = why_apart(u, u->left[i], newest);

        if (why == NULL) {
            ret_taken[taken++] = u->left[i];
            continue;
        }
        tell(u, u->left[i], why);
        u->left[kept++] = u->left[i];
    }
    u->left_count = kept;
    return taken;
}

static enum rg_status make_map(struct rg_kept_schema *const *members, uint32_t count,
                               struct rg_arena *arena, struct rg_schema_map *ret_map,
                               size_t *ret_culprit, struct rg_error *err)
{
    struct rg_schema_source *sources = rg_arena_array(arena, count, sizeof *sources);

    *ret_culprit = 0;
    if (sources == NULL)
        return rg_fail(err, RG_ERR_NOMEM, "no memory to unite %u schemas", count);
    for (uint32_t i = 0; i < count; i++) {
        sources[i].schema = &members[i]->schema;
        sources[i].ids_are_given = members[i]->ids_are_given;
    }
    return rg_schema_map_make(sources, count, arena, ret_map, ret_culprit, err);
}

/* Back among those that are left, in its place. */
static void put_back(struct uniting *u, struct rg_kept_schema **members, uint32_t *count,
                     size_t index)
{
    struct rg_kept_schema *culprit = members[index];
    uint32_t at = u->left_count++;

    *count -= 1;
    memmove(&members[index], &members[index + 1],
            (*count - index) * sizeof(struct rg_kept_schema *));
    for (; at > 0 && by_age(&u->left[at - 1], &culprit) > 0; at--)
        u->left[at] = u->left[at - 1];
    u->left[at] = culprit;
}

/* The group's number as a shape: that of no file. */
static struct rg_hash128 shape_of_group(uint32_t group)
{
    struct rg_hasher hasher;

    rg_hasher_init(&hasher);
    rg_hasher_add_text(&hasher, "united");
    rg_hasher_add_u64(&hasher, group);
    return rg_hasher_result(&hasher);
}

static enum rg_status settle(struct uniting *u, struct rg_kept_schema *const *members,
                             uint32_t count, uint32_t input_count, struct rg_error *err)
{
    const struct rg_hash128 shape = shape_of_group(u->group_count++);
    struct rg_schema_map map;
    struct rg_united *united;
    size_t culprit;

    for (uint32_t i = 0; i < input_count; i++) {
        for (uint32_t m = 0; m < count; m++) {
            if (u->inputs[i].schema == members[m])
                u->inputs[i].plan.shape = shape;
        }
    }
    if (count == 1)
        return RG_OK;
    united = rg_arena_array(u->arena, 1, sizeof *united);
    if (united == NULL)
        return rg_fail(err, RG_ERR_NOMEM, "no memory to unite %u schemas", count);
    RG_TRY(make_map(members, count, u->arena, &map, &culprit, err));
    united->schema = map.schema;
    rg_schema_hash(&map.schema, &u->hasher);
    for (uint32_t m = 0; m < count; m++) {
        members[m]->united = united;
        if (!map.is_unchanged[m])
            members[m]->leaves = &map.leaves[(size_t)m * map.schema.leaf_count];
    }
    return RG_OK;
}

/* Takes one away from the members because it does not go with newer ones. */
static void refuse(struct uniting *u, struct rg_kept_schema **members, uint32_t *count,
                   size_t culprit, const char *why)
{
    rg_run_warn(u->run, "files like %s get outputs of their own: %s",
                u->inputs[members[culprit]->last_input].key, why);
    u->refusal_count++;
    put_back(u, members, count, culprit);
}

/* The next group: as many as can be united with the newest. */
static enum rg_status unite_next(struct uniting *u, struct rg_kept_schema **members,
                                 uint32_t input_count, struct rg_error *err)
{
    uint32_t count = take_candidates(u, members);
    struct rg_schema_map map;
    size_t culprit;

    while (count > 1 && u->refusal_count < refusals_max) {
        const enum rg_status status = make_map(members, count, &u->attempt, &map, &culprit, err);

        rg_arena_reset(&u->attempt);
        if (status == RG_OK)
            break;
        if (status != RG_ERR_UNSUPPORTED && status != RG_ERR_LIMIT)
            return status;
        refuse(u, members, &count, culprit < count ? culprit : 0, err->text);
    }
    while (count > 1 && u->refusal_count >= refusals_max)
        put_back(u, members, &count, 0);
    return settle(u, members, count, input_count, err);
}

enum rg_status rg_unite(struct rg_run *run, struct rg_schema_shelf *shelf, struct rg_input *inputs,
                        uint32_t input_count, struct rg_arena *arena,
                        const struct rg_allocator *allocator, struct rg_hash128 *ret_hash,
                        struct rg_error *err)
{
    struct uniting u = {.run = run, .inputs = inputs, .arena = arena};
    enum rg_status status;

    rg_arena_init(&u.scratch, allocator, SIZE_MAX);
    rg_arena_init(&u.attempt, allocator, SIZE_MAX);
    rg_hasher_init(&u.hasher);
    status = list_used(&u, shelf, input_count, err);
    struct rg_kept_schema **members =
        rg_arena_array(&u.scratch, shelf->count, sizeof(struct rg_kept_schema *));
    if (status == RG_OK && members == NULL)
        status = rg_fail(err, RG_ERR_NOMEM, "no memory to unite %u schemas", shelf->count);
    while (status == RG_OK && u.left_count > 0)
        status = unite_next(&u, members, input_count, err);
    rg_arena_fini(&u.attempt);
    rg_arena_fini(&u.scratch);
    *ret_hash = rg_hasher_result(&u.hasher);
    return status;
}

/* Values of one column that become wider. */
struct widening {
    uint64_t from_bytes;
    uint64_t to_bytes; /* 0: they stay as they are. */
    bool is_flat;      /* As many values as rows, at most. */
};

/* Of the types that widen, and that they widen to. */
static uint64_t value_bytes(const struct rg_leaf *leaf)
{
    if (leaf->type == RG_TYPE_FIXED_LEN_BYTE_ARRAY)
        return leaf->type_length > 0 ? (uint64_t)leaf->type_length : 0;
    return leaf->type == RG_TYPE_INT64 || leaf->type == RG_TYPE_DOUBLE ? 8 : 4;
}

static struct widening widening_of(const struct rg_kept_schema *kept, uint32_t column)
{
    const struct rg_leaf_map *map = &kept->leaves[column];

    if (map->origin != RG_LEAF_VALUES || map->conversion == RG_CONVERSION_NONE)
        return (struct widening){0};
    const struct rg_leaf *from = &kept->schema.leaves[map->leaf_index];
    return (struct widening){
        .from_bytes = value_bytes(from),
        .to_bytes = value_bytes(&kept->united->schema.leaves[column]),
        .is_flat = from->rep_max == 0,
    };
}

/* count * bytes, cut where an output's chunk ends. */
static uint64_t chunk_bytes(uint64_t count, uint64_t bytes)
{
    return bytes > 0 && count > rg_chunk_bytes_max / bytes ? rg_chunk_bytes_max : count * bytes;
}

static void widen_row_group(const struct widening *wide, struct rg_plan_row_group *group)
{
    uint64_t after;
    uint64_t added;

    if (wide->is_flat) {
        after = chunk_bytes(group->row_count, wide->to_bytes);
        added = chunk_bytes(group->row_count, wide->to_bytes - wide->from_bytes);
    } else {
        /* How many values there are is not known any more, only what the largest chunk has. */
        const uint64_t from_bytes = wide->from_bytes == 0 ? 1 : wide->from_bytes;
        const uint64_t times = (wide->to_bytes + from_bytes - 1) / from_bytes;

        after = chunk_bytes(group->chunk_bytes_max, times);
        added = after - group->chunk_bytes_max;
    }
    group->uncompressed_bytes += added;
    if (after > group->chunk_bytes_max)
        group->chunk_bytes_max = after;
}

enum rg_status rg_united_plan_file(const struct rg_input *input, struct rg_arena *arena,
                                   struct rg_plan_file *ret_file, struct rg_error *err)
{
    const struct rg_kept_schema *kept = input->schema;
    struct rg_plan_row_group *groups = NULL;

    *ret_file = input->plan;
    if (kept == NULL || kept->leaves == NULL || ret_file->row_group_count == 0)
        return RG_OK;
    for (uint32_t column = 0; column < kept->united->schema.leaf_count; column++) {
        const struct widening wide = widening_of(kept, column);

        if (wide.to_bytes <= wide.from_bytes)
            continue;
        if (groups == NULL) {
            groups = rg_arena_array(arena, ret_file->row_group_count, sizeof *groups);
            if (groups == NULL)
                return rg_fail(err, RG_ERR_NOMEM, "no memory for %u row groups",
                               ret_file->row_group_count);
            memcpy(groups, ret_file->row_groups, ret_file->row_group_count * sizeof *groups);
            ret_file->row_groups = groups;
        }
        for (uint32_t i = 0; i < ret_file->row_group_count; i++)
            widen_row_group(&wide, &groups[i]);
    }
    return RG_OK;
}
