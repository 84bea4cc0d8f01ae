/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Levels. A definition level counts the elements of a leaf's path, outermost first, that may be
 * absent and are there. A source may have fewer such elements than the output, where something
 * REQUIRED became OPTIONAL; so level d of the source, which says that the first d of its elements
 * are there and the next is not, says of the output's that all before that next one are there.
 * Repetition levels need no such map: what repeats does so in all sources.
 *
 * A leaf that a source lacks is null below the last ancestor A that it has. Where A itself is
 * there, a sibling tells: any leaf of the source below A has its levels cut down to A's.
 */

#include "stitch/schema_map.h"

#include "base/limits.h"
#include "parquet/schema.h"
#include "stitch/schema_union_impl.h"

enum {
    PATH_MAX = 64 + 1 /* rg_schema_depth_max, and the root. */
};

static const uint32_t no_leaf = UINT32_MAX;

struct mapper {
    const struct rg_schema_source *source;
    size_t source_index;
    const struct rg_schema_union *united;
    const struct rg_schema *output;
    struct rg_arena *arena;
    uint32_t *leaf_of_element; /* Of the source: leaves that begin before the element's end. */
    uint32_t
        *sibling_of_node; /* Plus one: the leaf that tells where a node is there; 0: unknown. */
};

/* From the root to a leaf, in output and source. */
struct path {
    uint32_t nodes[PATH_MAX];
    uint32_t count;     /* Nodes; [0] is the root. */
    uint32_t has_count; /* How many of them the source has. */
};

static uint32_t place_of(const struct mapper *m, uint32_t node)
{
    return m->united->nodes[node].in_source[m->source_index];
}

static struct path path_of(const struct mapper *m, uint32_t node)
{
    struct path path = {.count = 1};
    uint32_t depth = 1;

    for (uint32_t i = node; i > 0; i = m->united->nodes[i].parent_index)
        path.count++;
    for (uint32_t i = node; i > 0; i = m->united->nodes[i].parent_index)
        path.nodes[path.count - depth++] = i;
    path.nodes[0] = 0;
    while (path.has_count < path.count &&
           place_of(m, path.nodes[path.has_count]) != rg_element_missing)
        path.has_count++;
    return path;
}

static bool may_be_absent_in_source(const struct mapper *m, uint32_t node)
{
    return m->source->schema->elements[place_of(m, node)].repetition != RG_REQUIRED;
}

static bool may_be_absent(const struct mapper *m, uint32_t node)
{
    return m->output->elements[node].repetition != RG_REQUIRED;
}

/* The root is always there, whatever it says of itself. */
static uint8_t source_level(const struct mapper *m, const struct path *path)
{
    uint32_t level = 0;

    for (uint32_t i = 1; i < path->has_count; i++)
        level += may_be_absent_in_source(m, path->nodes[i]) ? 1 : 0;
    return (uint8_t)level;
}

/* The output's level of what the source has of the path. */
static uint8_t output_level(const struct mapper *m, const struct path *path)
{
    uint32_t level = 0;

    for (uint32_t i = 1; i < path->has_count; i++)
        level += may_be_absent(m, path->nodes[i]) ? 1 : 0;
    return (uint8_t)level;
}

static uint8_t repetition_level(const struct mapper *m, const struct path *path)
{
    uint32_t level = 0;

    for (uint32_t i = 1; i < path->has_count; i++)
        level += m->output->elements[path->nodes[i]].repetition == RG_REPEATED ? 1 : 0;
    return (uint8_t)level;
}

/* The output's level for level `level` of the source, which says that something is absent. */
static uint8_t map_level(const struct mapper *m, const struct path *path, uint32_t level)
{
    uint32_t mapped = 0;

    for (uint32_t i = 1; i < path->has_count; i++) {
        if (may_be_absent_in_source(m, path->nodes[i])) {
            if (level == 0)
                break;
            level--;
        }
        mapped += may_be_absent(m, path->nodes[i]) ? 1 : 0;
    }
    return (uint8_t)mapped;
}

/* Sets map->def_map for a leaf of the source whose highest level is `def_max`. */
static enum rg_status make_def_map(const struct mapper *m, const struct path *path,
                                   uint32_t def_max, struct rg_leaf_map *map, struct rg_error *err)
{
    const uint32_t level_of_path = source_level(m, path);
    bool is_same = true;
    uint8_t *def_map = rg_arena_alloc(m->arena, (size_t)def_max + 1);

    if (def_map == NULL)
        return rg_fail(err, RG_ERR_NOMEM, "no memory for a map of levels");
    for (uint32_t level = 0; level <= def_max; level++) {
        def_map[level] = level >= level_of_path ? output_level(m, path) : map_level(m, path, level);
        is_same = is_same && def_map[level] == level;
    }
    map->def_map = is_same ? NULL : def_map;
    return RG_OK;
}

/*
 * The leaf of the source below an element that repeats least: its levels tell best where the
 * element is there.
 */
static uint32_t find_sibling(struct mapper *m, uint32_t node)
{
    const struct rg_schema *schema = m->source->schema;
    const uint32_t element = place_of(m, node);
    uint32_t best = no_leaf;

    if (m->sibling_of_node[node] != 0)
        return m->sibling_of_node[node] - 1;
    for (uint32_t i = m->leaf_of_element[element]; i < schema->leaf_count; i++) {
        uint32_t above = schema->leaves[i].element_index;

        while (above > element)
            above = schema->elements[above].parent_index;
        if (above != element)
            break; /* Behind the subtree. */
        if (best == no_leaf || schema->leaves[i].rep_max < schema->leaves[best].rep_max)
            best = i;
    }
    m->sibling_of_node[node] = best + 1;
    return best;
}

static enum rg_status map_missing(struct mapper *m, const struct path *path,
                                  struct rg_leaf_map *map, struct rg_error *err)
{
    const uint32_t ancestor = path->nodes[path->has_count - 1];

    map->rep_max = repetition_level(m, path);
    if (source_level(m, path) == 0) {
        map->origin = RG_LEAF_NULLS;
        map->def_level = output_level(m, path);
        return RG_OK;
    }
    map->origin = RG_LEAF_LEVELS;
    map->leaf_index = find_sibling(m, ancestor);
    if (map->leaf_index == no_leaf)
        return rg_fail(err, RG_ERR_UNSUPPORTED, "a group without columns in another input");
    return make_def_map(m, path, m->source->schema->leaves[map->leaf_index].def_max, map, err);
}

static enum rg_status map_leaf(struct mapper *m, uint32_t leaf_index, struct rg_leaf_map *map,
                               struct rg_error *err)
{
    const struct rg_schema *schema = m->source->schema;
    const uint32_t node = m->output->leaves[leaf_index].element_index;
    const struct path path = path_of(m, node);

    if (path.has_count < path.count)
        return map_missing(m, &path, map, err);
    const uint32_t element = place_of(m, node);
    map->origin = RG_LEAF_VALUES;
    map->leaf_index = m->leaf_of_element[element];
    map->rep_max = m->output->leaves[leaf_index].rep_max;
    if (!rg_widen_is_lossless(&schema->elements[element], &m->output->elements[node],
                              &map->conversion))
        return rg_fail(err, RG_ERR_BUG, "a united type does not hold one of its sources");
    return make_def_map(m, &path, schema->leaves[map->leaf_index].def_max, map, err);
}

/* For each element the number of the first leaf that is not before it. */
static enum rg_status number_leaves(struct mapper *m, struct rg_error *err)
{
    const struct rg_schema *schema = m->source->schema;
    uint32_t leaf = 0;

    m->leaf_of_element =
        rg_arena_array(m->arena, schema->element_count, sizeof *m->leaf_of_element);
    m->sibling_of_node =
        rg_arena_array(m->arena, m->united->node_count, sizeof *m->sibling_of_node);
    if (m->leaf_of_element == NULL || m->sibling_of_node == NULL)
        return rg_fail(err, RG_ERR_NOMEM, "no memory to map a schema");
    for (uint32_t i = 0; i < schema->element_count; i++) {
        m->leaf_of_element[i] = leaf;
        leaf += schema->elements[i].has_type ? 1 : 0;
    }
    return RG_OK;
}

static enum rg_status build_output(const struct rg_schema_union *united, struct rg_arena *arena,
                                   struct rg_schema *ret, struct rg_error *err)
{
    struct rg_schema_element *elements =
        rg_arena_array(arena, united->node_count, sizeof *elements);

    if (elements == NULL)
        return rg_fail(err, RG_ERR_NOMEM, "no memory for a schema of %u elements",
                       united->node_count);
    for (uint32_t i = 0; i < united->node_count; i++)
        elements[i] = united->nodes[i].element;
    RG_TRY(rg_schema_build(elements, united->node_count, arena, ret, err));
    for (uint32_t i = 0; i < ret->leaf_count; i++)
        ret->leaves[i].column_order = RG_COLUMN_ORDER_WRITTEN;
    return RG_OK;
}

enum rg_status rg_schema_map_make(const struct rg_schema_source *sources, size_t count,
                                  struct rg_arena *arena, struct rg_schema_map *ret_map,
                                  size_t *ret_culprit, struct rg_error *err)
{
    struct rg_schema_union united;
    struct rg_schema_map map = {.source_count = count};

    *ret_culprit = 0;
    if (count == 0)
        return rg_fail(err, RG_ERR_INVALID, "no schemas to unite");
    RG_TRY(rg_schema_union_make(sources, count, arena, &united, ret_culprit, err));
    RG_TRY(build_output(&united, arena, &map.schema, err));
    map.leaves = rg_arena_array(arena, count, map.schema.leaf_count * sizeof *map.leaves);
    map.is_unchanged = rg_arena_array(arena, count, sizeof *map.is_unchanged);
    if (map.leaves == NULL || map.is_unchanged == NULL)
        return rg_fail(err, RG_ERR_NOMEM, "no memory to map %zu schemas", count);
    for (size_t s = 0; s < count; s++) {
        struct mapper m = {
            .source = &sources[s],
            .source_index = s,
            .united = &united,
            .output = &map.schema,
            .arena = arena,
        };

        *ret_culprit = s;
        map.is_unchanged[s] = rg_schema_is_equal(sources[s].schema, &map.schema, NULL);
        RG_TRY(number_leaves(&m, err));
        for (uint32_t i = 0; i < map.schema.leaf_count; i++)
            RG_TRY(map_leaf(&m, i, &map.leaves[s * map.schema.leaf_count + i], err));
    }
    *ret_map = map;
    return RG_OK;
}
