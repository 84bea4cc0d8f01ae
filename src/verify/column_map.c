/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The elements of the reference are walked in their order, parents first; each looks for its
 * counterpart among the children of its parent's counterpart. Children of the file are in a hash
 * table, by parent and by name, id or position.
 *
 * Invariants:
 *
 *   (1) partner[r] is an element of the file, or `none`; partner[r] != none implies that the
 * parents are partners. (2) No element of the file is the partner of two: a taken one is not found
 * again.
 */

#include "verify/column_map.h"

#include <assert.h>

#include "base/hash.h"
#include "parquet/schema.h"

static const uint32_t none = UINT32_MAX;

/* A schema, and what follows from its tree for each element. */
struct tree {
    const struct rg_schema *schema;
    uint8_t *def;         /* Definition level when the element is there. */
    uint8_t *depth;       /* Of the element; 0: the root. At most rg_schema_depth_max. */
    uint8_t *rep;         /* Its repetition level. */
    uint32_t *position;   /* Among its siblings. */
    uint32_t *leaf_index; /* Of leaves; `none` for groups. */
    uint32_t *first_leaf; /* The first leaf below (or at) the element. */
};

struct matcher {
    struct tree file;
    struct tree reference;
    uint32_t *partner;   /* Of the reference's elements. */
    bool *is_taken;      /* Of the file's elements. */
    uint32_t *slots;     /* Element of the file + 1; 0: empty. */
    uint32_t slot_count; /* A power of two, at least twice the elements. */
    bool uses_ids;
};

/*
 * True for the repeated group in a LIST or a MAP, and for what lies directly in that, unless it is
 * the list's element itself: then these are fields of a struct, and go by their names.
 */
static bool is_matched_by_position(const struct rg_schema *schema, uint32_t index)
{
    const uint32_t parent = schema->elements[index].parent_index;

    if (rg_schema_nesting(schema, parent) != RG_LOGICAL_NONE)
        return true;
    if (parent == 0 || schema->elements[parent].repetition != RG_REPEATED)
        return false;
    const uint32_t list = schema->elements[parent].parent_index;
    const uint8_t nesting = rg_schema_nesting(schema, list);

    return nesting == RG_LOGICAL_MAP ||
           (nesting == RG_LOGICAL_LIST && !rg_schema_is_two_level_list(schema, list));
}

static bool init_tree(struct tree *tree, const struct rg_schema *schema, struct rg_arena *arena)
{
    const uint32_t count = schema->element_count;
    uint32_t leaf = 0;

    *tree = (struct tree){
        .schema = schema,
        .def = rg_arena_array(arena, count, sizeof *tree->def),
        .depth = rg_arena_array(arena, count, sizeof *tree->depth),
        .rep = rg_arena_array(arena, count, sizeof *tree->rep),
        .position = rg_arena_array(arena, count, sizeof *tree->position),
        .leaf_index = rg_arena_array(arena, count, sizeof *tree->leaf_index),
        .first_leaf = rg_arena_array(arena, count, sizeof *tree->first_leaf),
    };
    uint32_t *children_seen = rg_arena_array(arena, count, sizeof *children_seen);
    if (tree->def == NULL || tree->depth == NULL || tree->rep == NULL || tree->position == NULL ||
        tree->leaf_index == NULL || tree->first_leaf == NULL || children_seen == NULL)
        return false;
    for (uint32_t i = 0; i < count; i++) {
        const struct rg_schema_element *element = &schema->elements[i];
        const uint32_t parent = element->parent_index;

        /* A root may say that it is repeated; nobody takes that for a level. */
        if (i > 0) {
            tree->position[i] = children_seen[parent]++;
            tree->def[i] = (uint8_t)(tree->def[parent] + (element->repetition != RG_REQUIRED));
            tree->depth[i] = (uint8_t)(tree->depth[parent] + 1);
            tree->rep[i] = (uint8_t)(tree->rep[parent] + (element->repetition == RG_REPEATED));
        }
        tree->first_leaf[i] = leaf;
        tree->leaf_index[i] = element->has_type ? leaf++ : none;
    }
    assert(leaf == schema->leaf_count);
    return true;
}

/* What an element goes by among its siblings. */
static uint64_t hash_of(const struct matcher *m, const struct rg_schema *schema, uint32_t index,
                        uint32_t file_parent, uint32_t position)
{
    const struct rg_schema_element *element = &schema->elements[index];
    uint64_t key[2] = {file_parent, 0};

    if (is_matched_by_position(schema, index))
        key[1] = position;
    else if (m->uses_ids && element->has_field_id)
        key[1] = (uint64_t)(uint32_t)element->field_id | UINT64_C(1) << 32;
    else
        key[1] = rg_hash_name(element->name) | UINT64_C(1) << 63;
    return rg_hash_name((struct rg_span){(const uint8_t *)key, sizeof key});
}

static bool is_counterpart(const struct matcher *m, uint32_t file_index, uint32_t reference_index)
{
    const struct rg_schema_element *a = &m->file.schema->elements[file_index];
    const struct rg_schema_element *b = &m->reference.schema->elements[reference_index];

    if (a->parent_index != m->partner[b->parent_index] || m->is_taken[file_index])
        return false;
    if (is_matched_by_position(m->reference.schema, reference_index))
        return m->file.position[file_index] == m->reference.position[reference_index];
    if (m->uses_ids && a->has_field_id && b->has_field_id)
        return a->field_id == b->field_id;
    return rg_span_equal(a->name, b->name);
}

static bool fill_slots(struct matcher *m, struct rg_arena *arena)
{
    const struct rg_schema *schema = m->file.schema;

    m->slot_count = 64;
    while (m->slot_count < 2 * schema->element_count)
        m->slot_count *= 2;
    m->slots = rg_arena_array(arena, m->slot_count, sizeof *m->slots);
    if (m->slots == NULL)
        return false;
    for (uint32_t i = 1; i < schema->element_count; i++) {
        uint32_t at =
            (uint32_t)hash_of(m, schema, i, schema->elements[i].parent_index, m->file.position[i]) &
            (m->slot_count - 1);

        while (m->slots[at] != 0)
            at = (at + 1) & (m->slot_count - 1);
        m->slots[at] = i + 1;
    }
    return true;
}

static uint32_t find_partner(const struct matcher *m, uint32_t reference_index)
{
    const struct rg_schema *schema = m->reference.schema;
    const uint32_t file_parent = m->partner[schema->elements[reference_index].parent_index];

    if (file_parent == none)
        return none;
    uint32_t at = (uint32_t)hash_of(m, schema, reference_index, file_parent,
                                    m->reference.position[reference_index]) &
                  (m->slot_count - 1);
    for (; m->slots[at] != 0; at = (at + 1) & (m->slot_count - 1)) {
        if (is_counterpart(m, m->slots[at] - 1, reference_index))
            return m->slots[at] - 1;
    }
    return none;
}

/* Nothing but nulls, of whatever type. */
static bool is_unknown(const struct rg_schema_element *element)
{
    return rg_schema_annotation(element).logical == RG_LOGICAL_UNKNOWN;
}

/* A column that nobody knew the type of, and that is a group by now: as if it were missing. */
static bool are_nulls_of_a_group(const struct rg_schema_element *file,
                                 const struct rg_schema_element *reference)
{
    return file->has_type && is_unknown(file) && file->repetition != RG_REPEATED &&
           !reference->has_type;
}

static enum rg_status init_matcher(struct matcher *m, const struct rg_schema *file,
                                   const struct rg_schema *reference, bool uses_ids,
                                   struct rg_arena *arena, struct rg_error *err)
{
    *m = (struct matcher){.uses_ids = uses_ids};
    m->partner = rg_arena_array(arena, reference->element_count, sizeof *m->partner);
    m->is_taken = rg_arena_array(arena, file->element_count, sizeof *m->is_taken);
    if (m->partner == NULL || m->is_taken == NULL || !init_tree(&m->file, file, arena) ||
        !init_tree(&m->reference, reference, arena) || !fill_slots(m, arena))
        return rg_fail(err, RG_ERR_NOMEM, "no memory to compare schemas of %u and %u elements",
                       file->element_count, reference->element_count);
    for (uint32_t i = 1; i < reference->element_count; i++) {
        m->partner[i] = find_partner(m, i);
        if (m->partner[i] == none)
            continue;
        m->is_taken[m->partner[i]] = true;
        if (are_nulls_of_a_group(&file->elements[m->partner[i]], &reference->elements[i]))
            m->partner[i] = none;
    }
    return RG_OK;
}

static bool is_geospatial(const struct rg_annotation *annotation)
{
    return annotation->logical == RG_LOGICAL_GEOMETRY ||
           annotation->logical == RG_LOGICAL_GEOGRAPHY;
}

/* Equal coordinates in two systems are two places. Well-known binary is bytes to whom says no more.
 */
static bool are_same_places(const struct rg_schema_element *a, const struct rg_annotation *x,
                            const struct rg_schema_element *b, const struct rg_annotation *y)
{
    if (!is_geospatial(x) || !is_geospatial(y))
        return true;
    const struct rg_coordinates of_a = rg_schema_coordinates(a);
    const struct rg_coordinates of_b = rg_schema_coordinates(b);

    return x->logical == y->logical && of_a.algorithm == of_b.algorithm &&
           rg_span_equal(of_a.crs, of_b.crs);
}

/*
 * Whether equal bytes are equal values. Text or bytes, a UUID or its 16 bytes: no difference; nor
 * are widths of integers and digits of decimals, which only say how large a value may be.
 */
static bool mean_the_same(const struct rg_schema_element *a, const struct rg_schema_element *b)
{
    const struct rg_annotation x = rg_schema_annotation(a);
    const struct rg_annotation y = rg_schema_annotation(b);
    const bool is_x_unsigned = x.logical == RG_LOGICAL_INTEGER && !x.is_signed;
    const bool is_y_unsigned = y.logical == RG_LOGICAL_INTEGER && !y.is_signed;
    const struct rg_annotation *both[] = {&x, &y};

    for (int i = 0; i < 2; i++) {
        switch (both[i]->logical) {
        case RG_LOGICAL_DECIMAL:
        case RG_LOGICAL_DATE:
        case RG_LOGICAL_TIME:
        case RG_LOGICAL_TIMESTAMP:
        case RG_LOGICAL_FLOAT16:
            if (x.logical != y.logical)
                return false;
            break;
        default:
            break;
        }
    }
    return is_x_unsigned == is_y_unsigned && x.scale == y.scale && x.is_utc == y.is_utc &&
           x.time_unit == y.time_unit && are_same_places(a, &x, b, &y);
}

/* Whether there is a column below (or at) an element: old writers left groups empty. */
static bool has_leaf(const struct tree *tree, uint32_t index)
{
    const struct rg_schema *schema = tree->schema;

    if (tree->first_leaf[index] == schema->leaf_count)
        return false;
    uint32_t above = schema->leaves[tree->first_leaf[index]].element_index;
    while (above > index)
        above = schema->elements[above].parent_index;
    return above == index;
}

/* The nearest element above one that the file lacks, and that the file has. */
static uint32_t find_ancestor(const struct matcher *m, uint32_t reference_index)
{
    uint32_t ancestor = m->reference.schema->elements[reference_index].parent_index;

    while (m->partner[ancestor] == none)
        ancestor = m->reference.schema->elements[ancestor].parent_index;
    return ancestor;
}

/* Nothing but REQUIRED groups: there in every row. */
static bool is_in_every_row(const struct matcher *m, uint32_t file_index)
{
    return m->file.def[file_index] == 0 && m->file.rep[file_index] == 0;
}

/* NULL, or in what an element of the reference and its partner cannot be compared. */
static const char *find_conflict(const struct matcher *m, uint32_t reference_index)
{
    const uint32_t file_index = m->partner[reference_index];
    const struct rg_schema_element *a = &m->file.schema->elements[file_index];
    const struct rg_schema_element *b = &m->reference.schema->elements[reference_index];

    if (a->has_type != b->has_type)
        return "is a group in one of them only";
    if ((a->repetition == RG_REPEATED) != (b->repetition == RG_REPEATED))
        return "is repeated in one of them only";
    if (rg_schema_nesting(m->file.schema, file_index) !=
        rg_schema_nesting(m->reference.schema, reference_index))
        return "is no LIST, or no MAP, in one of them only";
    if (!a->has_type || is_unknown(a))
        return NULL;
    /* Else each type would pass, and one that is beside it in another file. */
    if (is_unknown(b))
        return "has a type in one of them only";
    if (rg_convert_of(a, b) == RG_CONVERT_NEVER)
        return "has another physical type";
    return mean_the_same(a, b) ? NULL : "means something else, by its annotation";
}

/* The same of one that the file lacks. */
static const char *find_lack(const struct matcher *m, uint32_t reference_index)
{
    const uint32_t partner = m->partner[find_ancestor(m, reference_index)];

    /* No column tells where such a group is null. */
    if (partner == 0 || has_leaf(&m->file, partner) || is_in_every_row(m, partner))
        return NULL;
    return "is in a group without columns in one of them";
}

static struct rg_span path_of(const struct matcher *m, uint32_t reference_index)
{
    const struct rg_schema *reference = m->reference.schema;

    if (!has_leaf(&m->reference, reference_index))
        return reference->elements[reference_index].name;
    return reference->leaves[m->reference.first_leaf[reference_index]].path;
}

/* Looks at all elements: what is in both must be of one form, and the file may have no others. */
static struct rg_column_conflict find_conflicts(const struct matcher *m)
{
    const struct rg_schema *file = m->file.schema;
    const struct rg_schema *reference = m->reference.schema;

    for (uint32_t i = 1; i < reference->element_count; i++) {
        const char *what = m->partner[i] == none ? find_lack(m, i) : find_conflict(m, i);

        if (what != NULL)
            return (struct rg_column_conflict){path_of(m, i), what};
    }
    for (uint32_t i = 0; i < file->leaf_count; i++) {
        if (!m->is_taken[file->leaves[i].element_index])
            return (struct rg_column_conflict){file->leaves[i].path,
                                               "is not in what it is compared with"};
    }
    return (struct rg_column_conflict){.what = NULL};
}

/*
 * Depths from the root down to `reference_index`: at level d of the file all elements are there up
 * to the deepest one whose own level is not above d.
 */
static void map_levels(const struct matcher *m, uint32_t reference_index, uint8_t depths[256])
{
    uint32_t level_end = 256;

    for (uint32_t i = reference_index;; i = m->reference.schema->elements[i].parent_index) {
        const uint8_t begin = m->file.def[m->partner[i]];

        for (uint32_t d = begin; d < level_end; d++)
            depths[d] = m->reference.depth[i];
        level_end = begin < level_end ? begin : level_end;
        if (i == 0)
            break;
    }
    assert(level_end == 0);
}

/* A column that the file lacks: its nearest ancestor that is there tells how many nulls. */
static void map_missing(const struct matcher *m, uint32_t reference_index,
                        struct rg_column_source *column)
{
    const uint32_t ancestor = find_ancestor(m, reference_index);
    const uint32_t partner = m->partner[ancestor];
    *column = (struct rg_column_source){
        .leaf_index = m->file.first_leaf[partner],
        .is_missing = true,
        .has_no_levels = ancestor == 0 || !has_leaf(&m->file, partner),
        .rep_kept_max = m->file.rep[partner],
    };
    map_levels(m, ancestor, column->depths);
}

static void map_column(const struct matcher *m, uint32_t reference_index,
                       struct rg_column_source *column)
{
    const uint32_t partner = m->partner[reference_index];
    const struct rg_schema_element *from = &m->file.schema->elements[partner];
    const struct rg_schema_element *to = &m->reference.schema->elements[reference_index];

    *column = (struct rg_column_source){
        .leaf_index = m->file.leaf_index[partner],
        .is_missing = is_unknown(from) && !is_unknown(to),
        .rep_kept_max = m->file.rep[partner],
        .convert = rg_convert_of(from, to),
        .is_integer = from->type == RG_TYPE_INT32 || from->type == RG_TYPE_INT64,
        .to_width = to->type == RG_TYPE_FIXED_LEN_BYTE_ARRAY ? (uint32_t)to->type_length : 8,
    };
    map_levels(m, reference_index, column->depths);
}

enum rg_status rg_column_map_init(const struct rg_column_schema *file_schema,
                                  const struct rg_column_schema *reference_schema,
                                  struct rg_arena *arena, struct rg_column_map *ret_map,
                                  struct rg_column_conflict *ret_conflict, struct rg_error *err)
{
    const struct rg_schema *file = file_schema->schema;
    const struct rg_schema *reference = reference_schema->schema;
    struct matcher m;

    RG_TRY(init_matcher(&m, file, reference, file_schema->has_ids && reference_schema->has_ids,
                        arena, err));
    struct rg_column_source *columns =
        rg_arena_array(arena, reference->leaf_count, sizeof *columns);
    if (columns == NULL)
        return rg_fail(err, RG_ERR_NOMEM, "no memory for %u columns", reference->leaf_count);

    *ret_conflict = find_conflicts(&m);
    if (ret_conflict->what != NULL)
        return RG_OK;
    for (uint32_t i = 0; i < reference->leaf_count; i++) {
        const uint32_t element = reference->leaves[i].element_index;
        const uint32_t partner = m.partner[element];

        if (partner == none)
            map_missing(&m, element, &columns[i]);
        else
            map_column(&m, element, &columns[i]);
    }
    *ret_map = (struct rg_column_map){columns, reference->leaf_count};
    return RG_OK;
}
