/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Trees are merged from the root down: the children that the sources have under one node are
 * matched, each match becomes a node, and so on below it. Sources are looked at from the newest to
 * the oldest, so that what comes first is what the newest says.
 *
 * How children are matched:
 *
 *   by place   below LIST and MAP, whose inner levels are called differently by every writer, but
 *              must be built alike (LogicalTypes.md, Backward-compatibility rules);
 *   by id      where all sources have field ids that were given;
 *   by name    else, and inside VARIANT, where nothing may differ.
 *
 * A leaf of type UNKNOWN holds nulls only, whatever its physical type: it counts as missing, but
 * for its name.
 *
 * Not here: levels (stitch/schema_map.c), and which types widen (stitch/widen.h).
 */

#include "stitch/schema_union_impl.h"

#include <stdio.h>
#include <string.h>

#include "base/hash.h"
#include "base/limits.h"
#include "parquet/schema.h"
#include "parquet/value_text.h"

static const uint32_t capacity_min = 64;

struct builder {
    /* Set at init, then constant. */
    const struct rg_schema_source *sources;
    size_t source_count;
    struct rg_arena *arena;
    uint32_t **ends; /* For each source and element: behind the element's subtree. */
    bool has_ids;
    size_t *ret_culprit;

    struct rg_union_node *nodes;
    uint32_t node_count;
    uint32_t capacity;
};

/* Children of a node: for each, where the sources have it. */
struct children {
    uint32_t **in_source;
    uint32_t count;
    uint32_t capacity;
    uint32_t *slots; /* Open addressing: number of the child plus one. */
    uint32_t slot_count;
};

static enum rg_status no_memory(struct rg_error *err)
{
    return rg_fail(err, RG_ERR_NOMEM, "no memory to unite schemas");
}

static const struct rg_schema_element *element_of(const struct builder *b, size_t source,
                                                  uint32_t index)
{
    return &b->sources[source].schema->elements[index];
}

/* The newest source that has it; a node is never without one. */
static size_t newest_of(const struct builder *b, const uint32_t *in_source)
{
    size_t source = b->source_count - 1;

    while (in_source[source] == rg_element_missing)
        source--;
    return source;
}

static const struct rg_schema_element *newest_element(const struct builder *b,
                                                      const uint32_t *in_source)
{
    const size_t source = newest_of(b, in_source);

    return element_of(b, source, in_source[source]);
}

/* As the newest source has it; see rg_schema_nesting(). */
static uint8_t nesting_of(const struct builder *b, const uint32_t *in_source)
{
    const size_t source = newest_of(b, in_source);

    return rg_schema_nesting(b->sources[source].schema, in_source[source]);
}

static bool is_map_entry(const struct builder *b, const uint32_t *in_source)
{
    const size_t source = newest_of(b, in_source);

    return rg_schema_is_map_entry(b->sources[source].schema, in_source[source]);
}

/* "column a.b: <what>", the source to blame, by whose names the column goes, and the status. */
static enum rg_status refuse(const struct builder *b, const uint32_t *in_source, size_t culprit,
                             const char *what, struct rg_error *err)
{
    const size_t source =
        in_source[culprit] != rg_element_missing ? culprit : newest_of(b, in_source);
    char path[RG_PATH_TEXT_BYTES];

    *b->ret_culprit = culprit;
    return rg_fail(err, RG_ERR_UNSUPPORTED, "column %s: %s",
                   rg_schema_path_text(b->sources[source].schema, in_source[source], path), what);
}

/* "INT32 DATE", "LIST"; "group" for one that says no more. */
static const char *type_text(const struct rg_schema_element *element, char *text, size_t bytes)
{
    const struct rg_leaf leaf = {.type = element->type, .type_length = element->type_length};
    char type[RG_VALUE_TEXT_BYTES];
    char annotation[RG_VALUE_TEXT_BYTES];

    (void)rg_leaf_type_text(&leaf, type);
    (void)rg_annotation_text(element, annotation);
    if (!element->has_type) {
        (void)snprintf(text, bytes, "%s", annotation[0] == 0 ? "group" : annotation);
        return text;
    }
    (void)snprintf(text, bytes, "%s%s%s", type, annotation[0] == 0 ? "" : " ", annotation);
    return text;
}

/* Two types that do not go together, by name; `culprit` has the one of them. */
static enum rg_status refuse_type(const struct builder *b, const uint32_t *in_source,
                                  size_t culprit, const struct rg_schema_element *other,
                                  struct rg_error *err)
{
    char one_text[2 * RG_VALUE_TEXT_BYTES];
    char other_text[2 * RG_VALUE_TEXT_BYTES];
    char what[4 * RG_VALUE_TEXT_BYTES + 64];

    (void)type_text(element_of(b, culprit, in_source[culprit]), one_text, sizeof one_text);
    (void)type_text(other, other_text, sizeof other_text);
    if (strcmp(one_text, other_text) == 0)
        (void)snprintf(what, sizeof what, "%s has other parameters in another input", one_text);
    else
        (void)snprintf(what, sizeof what, "%s does not go with %s of another input", one_text,
                       other_text);
    return refuse(b, in_source, culprit, what, err);
}

static bool find_ends(struct builder *b)
{
    b->ends = rg_arena_array(b->arena, b->source_count, sizeof *b->ends);
    if (b->ends == NULL)
        return false;
    for (size_t s = 0; s < b->source_count; s++) {
        const struct rg_schema *schema = b->sources[s].schema;
        uint32_t *ends = rg_arena_array(b->arena, schema->element_count, sizeof *ends);

        if (ends == NULL)
            return false;
        for (uint32_t i = schema->element_count; i-- > 0;) {
            const uint32_t parent = schema->elements[i].parent_index;
            if (ends[i] == 0)
                ends[i] = i + 1;
            if (i > 0 && ends[parent] < ends[i])
                ends[parent] = ends[i];
        }
        b->ends[s] = ends;
    }
    return true;
}

static uint32_t *new_places(struct builder *b)
{
    uint32_t *in_source = rg_arena_array(b->arena, b->source_count, sizeof *in_source);

    for (size_t s = 0; in_source != NULL && s < b->source_count; s++)
        in_source[s] = rg_element_missing;
    return in_source;
}

/* A node at the end; false without memory. Its element is set when its children are known. */
static bool append_node(struct builder *b, uint32_t parent_index, uint32_t *in_source)
{
    if (b->node_count == b->capacity) {
        const uint32_t capacity = b->capacity == 0 ? capacity_min : b->capacity * 2;
        struct rg_union_node *nodes = rg_arena_array(b->arena, capacity, sizeof *nodes);

        if (nodes == NULL)
            return false;
        if (b->node_count > 0)
            memcpy(nodes, b->nodes, b->node_count * sizeof *nodes);
        b->nodes = nodes;
        b->capacity = capacity;
    }
    b->nodes[b->node_count++] =
        (struct rg_union_node){.parent_index = parent_index, .in_source = in_source};
    return true;
}

static bool is_same_child(const struct builder *b, bool is_by_id, const uint32_t *in_source,
                          const struct rg_schema_element *element)
{
    const struct rg_schema_element *known = newest_element(b, in_source);

    return is_by_id ? known->field_id == element->field_id
                    : rg_span_equal(known->name, element->name);
}

static uint64_t key_of(bool is_by_id, const struct rg_schema_element *element)
{
    const struct rg_span id = {(const uint8_t *)&element->field_id, sizeof element->field_id};

    return rg_hash_name(is_by_id ? id : element->name);
}

static uint32_t *find_child(const struct builder *b, const struct children *c, bool is_by_id,
                            const struct rg_schema_element *element)
{
    uint32_t i = (uint32_t)key_of(is_by_id, element) & (c->slot_count - 1);

    while (c->slots[i] != 0 && !is_same_child(b, is_by_id, c->in_source[c->slots[i] - 1], element))
        i = (i + 1) & (c->slot_count - 1);
    return &c->slots[i];
}

/* Room for one more child; false without memory. */
static bool grow_children(struct builder *b, struct children *c, bool is_by_id)
{
    if (c->count < c->capacity)
        return true;
    const uint32_t capacity = c->capacity == 0 ? 8 : c->capacity * 2;
    uint32_t **in_source = rg_arena_array(b->arena, capacity, sizeof *in_source);
    uint32_t *slots = rg_arena_array(b->arena, (size_t)capacity * 2, sizeof *slots);

    if (in_source == NULL || slots == NULL)
        return false;
    if (c->count > 0)
        memcpy(in_source, c->in_source, c->count * sizeof *in_source);
    c->in_source = in_source;
    c->slots = slots;
    c->slot_count = capacity * 2;
    c->capacity = capacity;
    for (uint32_t i = 0; i < c->count; i++)
        *find_child(b, c, is_by_id, newest_element(b, in_source[i])) = i + 1;
    return true;
}

/* Children by id or by name. */
static enum rg_status collect_by_key(struct builder *b, const uint32_t *parent, bool is_by_id,
                                     struct children *c, struct rg_error *err)
{
    for (size_t s = b->source_count; s-- > 0;) {
        if (parent[s] == rg_element_missing)
            continue;
        const uint32_t *ends = b->ends[s];
        for (uint32_t i = parent[s] + 1; i < ends[parent[s]]; i = ends[i]) {
            if (!grow_children(b, c, is_by_id))
                return no_memory(err);
            uint32_t *slot = find_child(b, c, is_by_id, element_of(b, s, i));
            if (*slot == 0) {
                c->in_source[c->count] = new_places(b);
                if (c->in_source[c->count] == NULL)
                    return no_memory(err);
                *slot = ++c->count;
            }
            uint32_t *in_source = c->in_source[*slot - 1];
            if (in_source[s] != rg_element_missing)
                return refuse(b, in_source, s, "stands twice in one schema", err);
            in_source[s] = i;
        }
    }
    return RG_OK;
}

static enum rg_status collect_by_place(struct builder *b, const uint32_t *parent,
                                       struct children *c, struct rg_error *err)
{
    c->count = newest_element(b, parent)->child_count;
    c->in_source = rg_arena_array(b->arena, c->count, sizeof *c->in_source);
    if (c->in_source == NULL)
        return no_memory(err);
    for (uint32_t i = 0; i < c->count; i++) {
        c->in_source[i] = new_places(b);
        if (c->in_source[i] == NULL)
            return no_memory(err);
    }
    for (size_t s = b->source_count; s-- > 0;) {
        if (parent[s] == rg_element_missing)
            continue;
        if (element_of(b, s, parent[s])->child_count != c->count)
            return refuse(b, parent, s, "has another number of inner fields in another input", err);
        uint32_t child = parent[s] + 1;
        for (uint32_t i = 0; i < c->count; i++, child = b->ends[s][child])
            c->in_source[i][s] = child;
    }
    return RG_OK;
}

/* Every source that has the node has one child under it, and that repeats. */
static bool has_repeated_child(const struct builder *b, const uint32_t *in_source)
{
    for (size_t s = 0; s < b->source_count; s++) {
        if (in_source[s] == rg_element_missing)
            continue;
        if (element_of(b, s, in_source[s])->child_count != 1 ||
            element_of(b, s, in_source[s] + 1)->repetition != RG_REPEATED)
            return false;
    }
    return true;
}

enum matching {
    BY_KEY,
    BY_PLACE,
    BY_NAME_ALIKE, /* Inside VARIANT. */
};

/* How the children of a node that is a group are matched; `own` is how the node itself was. */
static enum rg_status choose_matching(const struct builder *b, uint32_t node_index,
                                      enum matching own, enum matching *ret, struct rg_error *err)
{
    const struct rg_union_node *node = &b->nodes[node_index];
    const struct rg_union_node *parent = &b->nodes[node->parent_index];
    const uint8_t nesting = nesting_of(b, node->in_source);

    *ret = BY_KEY;
    if (own == BY_NAME_ALIKE || newest_element(b, node->in_source)->logical == RG_LOGICAL_VARIANT)
        *ret = BY_NAME_ALIKE;
    else if (nesting != RG_LOGICAL_NONE)
        *ret = has_repeated_child(b, node->in_source) ? BY_PLACE : BY_KEY;
    else if (own == BY_PLACE && is_map_entry(b, node->in_source))
        *ret = BY_PLACE;
    else if (own == BY_PLACE && nesting_of(b, parent->in_source) == RG_LOGICAL_LIST) {
        const size_t newest = newest_of(b, node->in_source);
        const bool is_two_level =
            rg_schema_is_two_level_list(b->sources[newest].schema, parent->in_source[newest]);

        for (size_t s = 0; s < b->source_count; s++) {
            if (node->in_source[s] != rg_element_missing &&
                rg_schema_is_two_level_list(b->sources[s].schema, parent->in_source[s]) !=
                    is_two_level)
                return refuse(b, node->in_source, s, "is a list of another shape in another input",
                              err);
        }
        *ret = is_two_level ? BY_KEY : BY_PLACE;
    }
    return RG_OK;
}

static bool is_unknown(const struct rg_schema_element *element)
{
    return element->has_type && element->logical == RG_LOGICAL_UNKNOWN;
}

/* Takes out the sources that know of nothing but nulls, unless all are such. */
static void leave_unknown_out(const struct builder *b, uint32_t *in_source)
{
    bool has_known = false;

    for (size_t s = 0; s < b->source_count; s++)
        has_known = has_known || (in_source[s] != rg_element_missing &&
                                  !is_unknown(element_of(b, s, in_source[s])));
    for (size_t s = 0; has_known && s < b->source_count; s++) {
        if (in_source[s] != rg_element_missing && is_unknown(element_of(b, s, in_source[s])))
            in_source[s] = rg_element_missing;
    }
}

/* Of a group. MAP_KEY_VALUE says nothing inside a map (LogicalTypes.md, Maps). */
static struct rg_annotation group_annotation(const struct rg_schema *schema, uint32_t index)
{
    const struct rg_schema_element *element = &schema->elements[index];
    const bool is_mute = element->converted_type == RG_CONVERTED_MAP_KEY_VALUE &&
                         rg_schema_is_map_entry(schema, index);
    static const struct rg_annotation none = {.logical = RG_LOGICAL_NONE,
                                              .converted_type = RG_CONVERTED_NONE};

    return is_mute ? none : rg_schema_annotation(element);
}

/* Of two sources. */
static bool is_equal_group(const struct builder *b, const uint32_t *in_source, size_t one,
                           size_t other)
{
    const struct rg_annotation x = group_annotation(b->sources[one].schema, in_source[one]);
    const struct rg_annotation y = group_annotation(b->sources[other].schema, in_source[other]);
    const bool is_opaque = x.logical > RG_LOGICAL_FLOAT16;

    return x.logical == y.logical && x.converted_type == y.converted_type &&
           (!is_opaque || rg_span_equal(element_of(b, one, in_source[one])->annotation,
                                        element_of(b, other, in_source[other])->annotation));
}

/*
 * Finds the element whose type all others widen to: the output's but for name and repetition.
 * Inside VARIANT (is_alike) nothing widens.
 */
static enum rg_status unite_types(const struct builder *b, const uint32_t *in_source, bool is_alike,
                                  const struct rg_schema_element **ret_widest, struct rg_error *err)
{
    const struct rg_schema_element *widest = newest_element(b, in_source);
    const struct rg_schema_element *newest = widest;
    enum rg_conversion conversion;

    for (size_t s = b->source_count; s-- > 0;) {
        if (in_source[s] == rg_element_missing)
            continue;
        const struct rg_schema_element *element = element_of(b, s, in_source[s]);

        if (element->has_type != newest->has_type)
            return refuse_type(b, in_source, s, newest, err);
        if (!element->has_type) {
            if (!is_equal_group(b, in_source, s, newest_of(b, in_source)))
                return refuse_type(b, in_source, s, newest, err);
            /* Not every reader knows MAP_KEY_VALUE: it stays only where all have it. */
            if (widest->converted_type == RG_CONVERTED_MAP_KEY_VALUE &&
                element->converted_type != RG_CONVERTED_MAP_KEY_VALUE)
                widest = element;
            continue;
        }
        if (rg_widen_is_lossless(element, widest, &conversion) && !is_alike)
            continue;
        if (is_alike ? (!rg_widen_is_lossless(element, widest, &conversion) ||
                        !rg_widen_is_lossless(widest, element, &conversion))
                     : !rg_widen_is_lossless(widest, element, &conversion))
            return refuse_type(b, in_source, s, widest, err);
        if (!is_alike)
            widest = element;
    }
    for (size_t s = 0; s < b->source_count && newest->has_type; s++) {
        /* Widening is no chain: INT32 goes into INT64 and into DOUBLE, these two do not. */
        if (in_source[s] != rg_element_missing &&
            !rg_widen_is_lossless(element_of(b, s, in_source[s]), widest, &conversion))
            return refuse_type(b, in_source, s, widest, err);
    }
    *ret_widest = widest;
    return RG_OK;
}

static enum rg_status unite_repetition(const struct builder *b, const uint32_t *parent,
                                       const uint32_t *in_source, bool is_alike, uint8_t *ret,
                                       struct rg_error *err)
{
    const struct rg_schema_element *newest = newest_element(b, in_source);
    uint8_t repetition = newest->repetition;

    for (size_t s = b->source_count; s-- > 0;) {
        if (parent[s] == rg_element_missing)
            continue;
        const bool is_missing = in_source[s] == rg_element_missing;
        const uint8_t own = is_missing ? RG_OPTIONAL : element_of(b, s, in_source[s])->repetition;

        if (is_alike && (is_missing || own != newest->repetition))
            return refuse(b, in_source, s, "is part of a variant that is shredded differently",
                          err);
        if (is_missing && newest->repetition == RG_REPEATED)
            continue;
        if ((own == RG_REPEATED) != (newest->repetition == RG_REPEATED))
            return refuse(b, in_source, s, "is repeated in one input and not in another", err);
        if (own == RG_OPTIONAL)
            repetition = RG_OPTIONAL;
    }
    *ret = repetition;
    return RG_OK;
}

/*
 * Keys are REQUIRED (LogicalTypes.md, Maps). Where a writer made them OPTIONAL all the same, its
 * files may share outputs, and no others: readers that refuse theirs would refuse all.
 */
static enum rg_status check_key(const struct builder *b, const uint32_t *parent,
                                const uint32_t *in_source, struct rg_error *err)
{
    const uint8_t repetition = newest_element(b, in_source)->repetition;

    for (size_t s = b->source_count; s-- > 0;) {
        if (parent[s] == rg_element_missing)
            continue;
        if (in_source[s] == rg_element_missing)
            return refuse(b, in_source, s, "is the key of a map, and of no type in some inputs",
                          err);
        if (element_of(b, s, in_source[s])->repetition != repetition)
            return refuse(b, in_source, s, "is the key of a map, and optional in some inputs", err);
    }
    return RG_OK;
}

/* Where the match was not by id, ids that were given must not speak against it. */
static enum rg_status check_ids(const struct builder *b, const uint32_t *in_source,
                                struct rg_error *err)
{
    const struct rg_schema_element *given = NULL;

    for (size_t s = b->source_count; s-- > 0;) {
        if (in_source[s] == rg_element_missing || !b->sources[s].ids_are_given)
            continue;
        const struct rg_schema_element *element = element_of(b, s, in_source[s]);
        if (!element->has_field_id)
            continue;
        if (given != NULL && given->field_id != element->field_id)
            return refuse(b, in_source, s, "has another field id in another input", err);
        given = element;
    }
    return RG_OK;
}

/* The output's element: the widest type under the newest name. */
static enum rg_status set_element(struct builder *b, uint32_t node_index,
                                  const struct rg_schema_element *newest,
                                  const struct rg_schema_element *widest, uint8_t repetition,
                                  uint32_t child_count, struct rg_error *err)
{
    struct rg_union_node *node = &b->nodes[node_index];
    const bool is_named_so = rg_span_equal(widest->name, newest->name) &&
                             widest->has_field_id == newest->has_field_id &&
                             widest->field_id == newest->field_id;
    const struct rg_schema_change change = {
        .sets_repetition = repetition != widest->repetition,
        .sets_child_count = child_count != widest->child_count,
        .repetition = repetition,
        .child_count = child_count,
    };

    if (is_named_so && !change.sets_repetition && !change.sets_child_count) {
        node->element = *widest;
    } else if (is_named_so) {
        RG_TRY(rg_schema_element_change(widest, &change, b->arena, &node->element, err));
    } else {
        node->element = *widest;
        node->element.raw = (struct rg_span){NULL, 0}; /* Written from its fields. */
        node->element.name = newest->name;
        node->element.has_field_id = newest->has_field_id;
        node->element.field_id = newest->field_id;
        node->element.repetition = repetition;
        node->element.child_count = child_count;
    }
    node->element.parent_index = node->parent_index;
    return RG_OK;
}

/*
 * Matches, checks and appends the children of a node, and theirs; `matching` is how. Sets the
 * elements of all of them. Recursion goes as deep as the schema (rg_schema_depth_max).
 */
static enum rg_status merge_children(struct builder *b, uint32_t node_index, enum matching matching,
                                     uint32_t *ret_count, struct rg_error *err)
{
    uint32_t *const parent = b->nodes[node_index].in_source;
    const bool is_by_id = matching == BY_KEY && b->has_ids;
    const bool is_alike = matching == BY_NAME_ALIKE;
    struct children c = {.count = 0};

    if (matching == BY_PLACE)
        RG_TRY(collect_by_place(b, parent, &c, err));
    else
        RG_TRY(collect_by_key(b, parent, is_by_id, &c, err));
    for (uint32_t i = 0; i < c.count; i++) {
        uint32_t *in_source = c.in_source[i];
        /* One that knows of nothing but nulls knows the name all the same. */
        const struct rg_schema_element *newest = newest_element(b, in_source);
        const struct rg_schema_element *widest = NULL;
        const uint32_t index = b->node_count;
        uint32_t grandchild_count = 0;
        uint8_t repetition = RG_OPTIONAL;

        if (!is_alike)
            leave_unknown_out(b, in_source);
        if (!is_by_id)
            RG_TRY(check_ids(b, in_source, err));
        RG_TRY(unite_types(b, in_source, is_alike, &widest, err));
        RG_TRY(unite_repetition(b, parent, in_source, is_alike, &repetition, err));
        if (matching == BY_PLACE && i == 0 && is_map_entry(b, parent))
            RG_TRY(check_key(b, parent, in_source, err));
        if (!append_node(b, node_index, in_source))
            return no_memory(err);
        if (!widest->has_type) {
            enum matching below;

            RG_TRY(choose_matching(b, index, matching, &below, err));
            RG_TRY(merge_children(b, index, below, &grandchild_count, err));
        }
        RG_TRY(set_element(b, index, newest, widest, repetition, grandchild_count, err));
    }
    *ret_count = c.count;
    return RG_OK;
}

static uint8_t fold(uint8_t letter)
{
    return letter >= 'A' && letter <= 'Z' ? (uint8_t)(letter - 'A' + 'a') : letter;
}

static bool is_same_but_for_case(struct rg_span a, struct rg_span b)
{
    if (a.bytes != b.bytes)
        return false;
    for (size_t i = 0; i < a.bytes; i++) {
        if (fold(a.data[i]) != fold(b.data[i]))
            return false;
    }
    return true;
}

/* Equal where names are but for case. */
static uint64_t hash_without_case(struct rg_span name)
{
    uint8_t block[64];
    uint64_t hash = 0;

    for (size_t at = 0; at < name.bytes;) {
        uint32_t filled = 0;

        while (filled < sizeof block && at < name.bytes)
            block[filled++] = fold(name.data[at++]);
        hash = hash * 31 + rg_hash_name((struct rg_span){block, filled});
    }
    return hash;
}

static bool are_in_one_source(const struct builder *b, const uint32_t *one, const uint32_t *other)
{
    for (size_t s = 0; s < b->source_count; s++) {
        if (one[s] != rg_element_missing && other[s] != rg_element_missing)
            return true;
    }
    return false;
}

/*
 * By id two columns may come to have one name: an old one that was dropped, and a new one. Names
 * that differ in case only are one to Spark, Hive and DuckDB: they read inputs that have one of
 * them each, and of an output with both the first column or nothing.
 */
static enum rg_status check_names(struct builder *b, struct rg_error *err)
{
    uint32_t slot_count = 16;

    while (slot_count < 2 * b->node_count)
        slot_count *= 2;
    uint32_t *slots = rg_arena_array(b->arena, slot_count, sizeof *slots);
    if (slots == NULL)
        return no_memory(err);
    for (uint32_t i = 1; i < b->node_count; i++) {
        const struct rg_union_node *node = &b->nodes[i];
        uint64_t place = hash_without_case(node->element.name) + node->parent_index;

        for (;; place++) {
            uint32_t *slot = &slots[place & (slot_count - 1)];
            if (*slot == 0) {
                *slot = i;
                break;
            }
            const struct rg_union_node *other = &b->nodes[*slot];
            if (other->parent_index != node->parent_index ||
                !is_same_but_for_case(other->element.name, node->element.name))
                continue;
            if (rg_span_equal(other->element.name, node->element.name))
                return refuse(b, node->in_source, newest_of(b, node->in_source),
                              "has the name of another column with another field id", err);
            if (!are_in_one_source(b, node->in_source, other->in_source))
                return refuse(b, node->in_source, newest_of(b, node->in_source),
                              "differs only in case from a column of another input", err);
        }
    }
    return RG_OK;
}

/*
 * By name two columns may come to have one id: a column under its old name, and under its new one.
 * Whoever goes by ids would take the one for the other. Then nothing keeps an id.
 */
static enum rg_status drop_ids_of_twins(struct builder *b, struct rg_error *err)
{
    bool has_twins = false;
    uint32_t slot_count = 16;

    while (slot_count < 2 * b->node_count)
        slot_count *= 2;
    uint32_t *slots = rg_arena_array(b->arena, slot_count, sizeof *slots);
    if (slots == NULL)
        return no_memory(err);
    for (uint32_t i = 1; i < b->node_count && !has_twins; i++) {
        const struct rg_schema_element *element = &b->nodes[i].element;
        const struct rg_span id = {(const uint8_t *)&element->field_id, sizeof element->field_id};
        uint64_t place = rg_hash_name(id);

        while (element->has_field_id && !has_twins && slots[place & (slot_count - 1)] != 0) {
            const uint32_t other = slots[place++ & (slot_count - 1)];
            has_twins = b->nodes[other].element.field_id == element->field_id;
        }
        if (element->has_field_id)
            slots[place & (slot_count - 1)] = i;
    }
    for (uint32_t i = 1; i < b->node_count && has_twins; i++) {
        struct rg_schema_element *element = &b->nodes[i].element;

        if (!element->has_field_id)
            continue;
        element->raw = (struct rg_span){NULL, 0}; /* Written from its fields. */
        element->has_field_id = false;
        element->field_id = 0;
    }
    return RG_OK;
}

enum rg_status rg_schema_union_make(const struct rg_schema_source *sources, size_t count,
                                    struct rg_arena *arena, struct rg_schema_union *ret_union,
                                    size_t *ret_culprit, struct rg_error *err)
{
    struct builder b = {
        .sources = sources,
        .source_count = count,
        .arena = arena,
        .has_ids = true,
        .ret_culprit = ret_culprit,
    };
    const struct rg_schema_element *root = &sources[count - 1].schema->elements[0];
    uint32_t child_count;

    for (size_t s = 0; s < count; s++)
        b.has_ids = b.has_ids && sources[s].ids_are_given;
    if (!find_ends(&b))
        return no_memory(err);
    uint32_t *in_source = rg_arena_array(arena, count, sizeof *in_source);
    if (in_source == NULL || !append_node(&b, 0, in_source))
        return no_memory(err);
    RG_TRY(merge_children(&b, 0, BY_KEY, &child_count, err));
    RG_TRY(set_element(&b, 0, root, root, root->repetition, child_count, err));
    RG_TRY(check_names(&b, err));
    if (!b.has_ids)
        RG_TRY(drop_ids_of_twins(&b, err));
    *ret_union = (struct rg_schema_union){b.nodes, b.node_count};
    return RG_OK;
}
