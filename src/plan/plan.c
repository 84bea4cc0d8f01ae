/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The layout of a batch, in the order of the rules in plan.h:
 *
 *   sort       every row group as an entry, in the order of --order (a merge sort of our own: the
 *              C library's allocates behind our back);
 *   group      entries by shape, groups by first entry, the order inside kept;
 *   unite      entries to units;
 *   cut        units to bins: good ones alone, runs of others evenly (2), (3);
 *   join       bins that came out too small with a neighbour (4);
 *   file       bins to outputs (5).
 *
 * Sums of a batch are at most 2^60 (checked once), and products with a number of bins or of 4 are
 * made in 128 bits where they could pass 64.
 */

#include "plan/plan.h"

#include <assert.h>
#include <inttypes.h>
#include <string.h>

#include "base/checked.h"
#include "base/limits.h"

static const uint64_t sum_max = UINT64_C(1) << 60;

__extension__ typedef unsigned __int128 u128;

/* What is summed over row groups; a bin's caps are on these. */
enum measure {
    WEIGHT,
    ROWS,
    UNCOMPRESSED,
    CHUNK,
    VALUES,
    MEASURE_COUNT,
};

struct sums {
    uint64_t of[MEASURE_COUNT];
};

struct unit {
    uint32_t first_entry;
    uint32_t entry_count;
    struct sums sums;
};

/* A run of units. */
struct range {
    uint32_t first;
    uint32_t count;
};

/* A bin before it is written down: a run of units with its sums. */
struct piece {
    struct range units;
    uint32_t entry_count;
    struct sums sums;
};

struct planner {
    const struct rg_plan_file *files;
    uint32_t file_count;
    const struct rg_options *options;
    struct rg_arena *arena;
    struct rg_arena *scratch;
    struct rg_plan *plan;
    uint64_t limits[MEASURE_COUNT]; /* Of the weight the target, of the others the caps. */
    uint32_t *file_groups;          /* For each file. */
    struct unit *units;             /* Of the group that is laid out. */
    struct sums *before;            /* before[i]: sums of units 0 .. i - 1. */
    struct piece *pieces;           /* Of that group. */
    struct range *pending;          /* Runs that are still to be cut, the first one on top. */
    uint32_t unit_count;
    uint32_t piece_count;
    struct rg_error *err;
};

bool rg_plan_is_small(uint64_t file_bytes, const struct rg_options *options)
{
    return file_bytes <= rg_small_file_bytes_max && file_bytes <= options->row_group_bytes / 2;
}

static const struct rg_plan_row_group *row_group_of(const struct planner *p,
                                                    const struct rg_plan_source *source)
{
    return &p->files[source->file_index].row_groups[source->row_group_index];
}

static int compare_u64(uint64_t a, uint64_t b)
{
    return a < b ? -1 : a > b;
}

static int compare_paths(const struct planner *p, const struct rg_plan_source *a,
                         const struct rg_plan_source *b)
{
    const struct rg_plan_file *left = &p->files[a->file_index];
    const struct rg_plan_file *right = &p->files[b->file_index];

    if (a->file_index == b->file_index)
        return compare_u64(a->row_group_index, b->row_group_index);
    if (left->is_home != right->is_home)
        return left->is_home ? -1 : 1;
    return strcmp(left->path, right->path);
}

/* Missing bounds are last, whatever the direction; *ret_is_final says that it does not apply. */
static int compare_bounds(struct rg_span a, struct rg_span b, bool *ret_is_final)
{
    *ret_is_final = a.data == NULL || b.data == NULL;
    if (*ret_is_final)
        return (a.data == NULL) - (b.data == NULL);
    return rg_span_compare(a, b);
}

static int compare_sources(const struct planner *p, const struct rg_plan_source *a,
                           const struct rg_plan_source *b)
{
    const struct rg_sort *sort = &p->options->order;
    const struct rg_plan_row_group *left = row_group_of(p, a);
    const struct rg_plan_row_group *right = row_group_of(p, b);
    uint32_t column = 0;

    for (uint32_t i = 0; i < sort->term_count; i++) {
        bool is_final = false;
        int order = 0;

        switch (sort->terms[i].key) {
        case RG_SORT_PATH:
            order = compare_paths(p, a, b);
            break;
        case RG_SORT_SIZE:
            order = compare_u64(left->compressed_bytes, right->compressed_bytes);
            break;
        case RG_SORT_ROWS:
            order = compare_u64(left->row_count, right->row_count);
            break;
        case RG_SORT_COLUMN:
            order = compare_bounds(left->bounds[column], right->bounds[column], &is_final);
            column++;
            break;
        }
        if (order != 0)
            return sort->terms[i].is_descending && !is_final ? -order : order;
    }
    return compare_paths(p, a, b);
}

/* Merges the sorted runs from[begin .. middle) and from[middle .. end) into `to`. */
static void merge_runs(const struct planner *p, const struct rg_plan_source *from, size_t begin,
                       size_t middle, size_t end, struct rg_plan_source *to)
{
    size_t left = begin;
    size_t right = middle;

    for (size_t i = begin; i < end; i++) {
        const bool takes_left =
            left < middle && (right == end || compare_sources(p, &from[left], &from[right]) <= 0);

        to[i] = takes_left ? from[left++] : from[right++];
    }
}

static enum rg_status sort_sources(struct planner *p, struct rg_plan_source *sources, size_t count)
{
    struct rg_plan_source *from = sources;
    struct rg_plan_source *to = rg_arena_array(p->scratch, count, sizeof *to);

    if (to == NULL)
        return rg_fail(p->err, RG_ERR_NOMEM, "no memory to sort %zu row groups", count);
    for (size_t width = 1; width < count; width *= 2) {
        for (size_t begin = 0; begin < count; begin += 2 * width) {
            const size_t middle = begin + width < count ? begin + width : count;
            const size_t end = middle + width < count ? middle + width : count;

            merge_runs(p, from, begin, middle, end, to);
        }
        struct rg_plan_source *swap = from;
        from = to;
        to = swap;
    }
    if (from != sources)
        memcpy(sources, from, count * sizeof *sources);
    return RG_OK;
}

/* All row groups, sorted. */
static enum rg_status make_sources(struct planner *p)
{
    struct rg_plan *plan = p->plan;
    uint64_t count = 0;

    for (uint32_t i = 0; i < p->file_count; i++)
        count += p->files[i].row_group_count;
    if (count > UINT32_MAX)
        return rg_fail(p->err, RG_ERR_LIMIT, "%" PRIu64 " row groups in one batch", count);
    plan->sources = rg_arena_array(p->arena, count, sizeof *plan->sources);
    if (plan->sources == NULL)
        return rg_fail(p->err, RG_ERR_NOMEM, "no memory to plan %" PRIu64 " row groups", count);
    for (uint32_t i = 0; i < p->file_count; i++)
        for (uint32_t j = 0; j < p->files[i].row_group_count; j++)
            plan->sources[plan->source_count++] = (struct rg_plan_source){i, j};
    return sort_sources(p, plan->sources, plan->source_count);
}

static enum rg_status check_sums(struct planner *p)
{
    struct sums total = {0};
    bool fits = true;

    for (uint32_t i = 0; i < p->plan->source_count; i++) {
        const struct rg_plan_row_group *group = row_group_of(p, &p->plan->sources[i]);
        const uint64_t more[MEASURE_COUNT] = {
            [WEIGHT] = group->weight_bytes,
            [ROWS] = group->row_count,
            [UNCOMPRESSED] = group->uncompressed_bytes,
            [CHUNK] = group->chunk_bytes_max,
            [VALUES] = group->chunk_values_max,
        };

        for (unsigned m = 0; m < MEASURE_COUNT; m++)
            fits = fits && rg_add_u64(total.of[m], more[m], &total.of[m]) && total.of[m] <= sum_max;
    }
    if (!fits)
        return rg_fail(p->err, RG_ERR_LIMIT,
                       "rows, values or bytes of a batch add up to more than 2^60");
    p->plan->row_count = total.of[ROWS];
    return RG_OK;
}

/* A slot of an open-addressing table from shapes to groups: 0 is empty, else group + 1. */
struct shape_table {
    struct rg_hash128 *shapes; /* By group. */
    uint32_t *slots;
    uint32_t slot_mask;
};

static uint32_t find_group(struct shape_table *table, struct rg_hash128 shape,
                           uint32_t *group_count)
{
    uint32_t at = (uint32_t)shape.low & table->slot_mask;

    for (; table->slots[at] != 0; at = (at + 1) & table->slot_mask) {
        const struct rg_hash128 *known = &table->shapes[table->slots[at] - 1];

        if (known->high == shape.high && known->low == shape.low)
            return table->slots[at] - 1;
    }
    table->shapes[*group_count] = shape;
    table->slots[at] = *group_count + 1;
    return (*group_count)++;
}

/* Numbers the groups by their first row group. */
static enum rg_status number_groups(struct planner *p)
{
    struct shape_table table;
    uint32_t slot_count = 2;

    while (slot_count < UINT32_C(1) << 31 && slot_count / 2 < p->file_count)
        slot_count *= 2;
    table.slot_mask = slot_count - 1;
    table.slots = rg_arena_array(p->scratch, slot_count, sizeof *table.slots);
    table.shapes = rg_arena_array(p->scratch, p->file_count, sizeof *table.shapes);
    p->file_groups = rg_arena_array(p->scratch, p->file_count, sizeof *p->file_groups);
    if (table.slots == NULL || table.shapes == NULL || p->file_groups == NULL)
        return rg_fail(p->err, RG_ERR_NOMEM, "no memory to group %u files", p->file_count);
    for (uint32_t i = 0; i < p->plan->source_count; i++) {
        const uint32_t file = p->plan->sources[i].file_index;

        p->file_groups[file] = find_group(&table, p->files[file].shape, &p->plan->group_count);
    }
    return RG_OK;
}

/* Moves the sources of each group together, their order kept; ret_ends[g] is where g ends. */
static enum rg_status part_groups(struct planner *p, uint32_t **ret_ends)
{
    struct rg_plan *plan = p->plan;
    uint32_t *ends = rg_arena_array(p->scratch, (size_t)plan->group_count + 1, sizeof *ends);
    struct rg_plan_source *sorted = rg_arena_array(p->scratch, plan->source_count, sizeof *sorted);

    if (ends == NULL || sorted == NULL)
        return rg_fail(p->err, RG_ERR_NOMEM, "no memory to group %u row groups",
                       plan->source_count);
    /* A counting sort; ends[g + 1] counts first, then ends[g] is where group g begins. */
    for (uint32_t i = 0; i < plan->source_count; i++)
        ends[p->file_groups[plan->sources[i].file_index] + 1]++;
    for (uint32_t g = 0; g < plan->group_count; g++)
        ends[g + 1] += ends[g];
    for (uint32_t i = 0; i < plan->source_count; i++)
        sorted[ends[p->file_groups[plan->sources[i].file_index]]++] = plan->sources[i];
    memcpy(plan->sources, sorted, plan->source_count * sizeof *sorted);
    *ret_ends = ends;
    return RG_OK;
}

static void add_sums(struct sums *sums, const struct sums *more)
{
    for (unsigned m = 0; m < MEASURE_COUNT; m++)
        sums->of[m] += more->of[m];
}

static struct sums sums_of_source(const struct planner *p, const struct rg_plan_source *source)
{
    const struct rg_plan_row_group *group = row_group_of(p, source);

    return (struct sums){{
        [WEIGHT] = group->weight_bytes,
        [ROWS] = group->row_count,
        [UNCOMPRESSED] = group->uncompressed_bytes,
        [CHUNK] = group->chunk_bytes_max,
        [VALUES] = group->chunk_values_max,
    }};
}

static bool passes_caps(const struct planner *p, const struct sums *sums)
{
    for (unsigned m = ROWS; m < MEASURE_COUNT; m++)
        if (sums->of[m] > p->limits[m])
            return true;
    return false;
}

/* How many entries from `first` on belong to one unit. */
static uint32_t unit_entry_count(const struct planner *p, uint32_t first, uint32_t end)
{
    const struct rg_plan_source *sources = p->plan->sources;
    const struct rg_plan_file *file = &p->files[sources[first].file_index];
    const uint32_t count = file->row_group_count;
    struct sums sums = {0};

    if (!rg_plan_is_small(file->bytes, p->options) || count > end - first)
        return 1;
    for (uint32_t i = 0; i < count; i++) {
        if (sources[first + i].file_index != sources[first].file_index)
            return 1;
        const struct sums more = sums_of_source(p, &sources[first + i]);
        add_sums(&sums, &more);
    }
    return passes_caps(p, &sums) ? 1 : count;
}

/* The units of one group, and their running sums. */
static void make_units(struct planner *p, uint32_t begin, uint32_t end)
{
    p->unit_count = 0;
    p->before[0] = (struct sums){0};
    for (uint32_t at = begin; at < end;) {
        struct unit *unit = &p->units[p->unit_count];

        *unit = (struct unit){.first_entry = at, .entry_count = unit_entry_count(p, at, end)};
        for (uint32_t i = 0; i < unit->entry_count; i++) {
            const struct sums more = sums_of_source(p, &p->plan->sources[at + i]);
            add_sums(&unit->sums, &more);
        }
        p->before[p->unit_count + 1] = p->before[p->unit_count];
        add_sums(&p->before[p->unit_count + 1], &unit->sums);
        at += unit->entry_count;
        p->unit_count++;
    }
}

static bool is_good(const struct planner *p, const struct unit *unit)
{
    const bool is_heavy = (u128)unit->sums.of[WEIGHT] * 4 >= (u128)p->limits[WEIGHT] * 3;
    const bool is_long = (u128)unit->sums.of[ROWS] * 4 >= (u128)p->limits[ROWS] * 3;

    return unit->entry_count == 1 && (is_heavy || is_long);
}

static struct sums sums_of_range(const struct planner *p, struct range range)
{
    struct sums sums;

    for (unsigned m = 0; m < MEASURE_COUNT; m++)
        sums.of[m] = p->before[range.first + range.count].of[m] - p->before[range.first].of[m];
    return sums;
}

static void add_piece(struct planner *p, struct range range)
{
    const struct unit *first = &p->units[range.first];
    const struct unit *last = &p->units[range.first + range.count - 1];

    p->pieces[p->piece_count++] = (struct piece){
        .units = range,
        .entry_count = last->first_entry + last->entry_count - first->first_entry,
        .sums = sums_of_range(p, range),
    };
}

/* Into how many pieces a run has to be cut, and what asks for most of them. */
static uint64_t count_pieces(const struct planner *p, const struct sums *sums,
                             enum measure *ret_measure)
{
    uint64_t most = 0;

    for (unsigned m = 0; m < MEASURE_COUNT; m++) {
        const uint64_t limit = p->limits[m];
        const uint64_t count = sums->of[m] / limit + (sums->of[m] % limit != 0);

        if (count > most) {
            most = count;
            *ret_measure = (enum measure)m;
        }
    }
    return most;
}

/*
 * Which of the boundaries between units of `range` are cuts, when its measure is cut into `count`
 * even pieces: boundary j is one if some multiple i * total / count, 0 < i < count, is closer to it
 * than to any other; a tie goes to the earlier one. So the multiples that are j's are those in
 * (middle of j - 1 and j, middle of j and j + 1], and i * total / count <= middle means
 * i <= count * (twice the middle) / (2 * total).
 */
static uint32_t cut_range(struct planner *p, struct range range, enum measure measure,
                          uint64_t count, struct range *ret_parts)
{
    const struct sums *at = &p->before[range.first];
    const uint64_t zero = at[0].of[measure];
    const uint64_t total = at[range.count].of[measure] - zero;
    uint64_t passed = (uint64_t)(count * (u128)(at[1].of[measure] - zero) / ((u128)2 * total));
    uint32_t part_count = 0;
    uint32_t begin = 0;

    for (uint32_t j = 1; j < range.count; j++) {
        const u128 middle = (u128)(at[j].of[measure] - zero) + (at[j + 1].of[measure] - zero);
        const u128 multiple = count * middle / ((u128)2 * total);
        const uint64_t reached = multiple < count ? (uint64_t)multiple : count - 1;

        if (reached > passed) {
            ret_parts[part_count++] = (struct range){range.first + begin, j - begin};
            begin = j;
            passed = reached;
        }
    }
    ret_parts[part_count++] = (struct range){range.first + begin, range.count - begin};
    return part_count;
}

/* Cuts a run of units into pieces, evenly, and again what still passes a cap. */
static void cut_run(struct planner *p, struct range run)
{
    uint32_t pending_count = 1;
    bool is_first = true;

    p->pending[0] = run;
    while (pending_count > 0) {
        const struct range range = p->pending[--pending_count];
        const struct sums sums = sums_of_range(p, range);
        const bool is_done = range.count == 1 || (!is_first && !passes_caps(p, &sums));
        enum measure measure = WEIGHT;
        const uint64_t count = is_done ? 1 : count_pieces(p, &sums, &measure);

        is_first = false;
        if (count <= 1) {
            add_piece(p, range);
            continue;
        }
        /* The parts take the range's place on the stack: their number is at most its units'. */
        struct range *parts = &p->pending[pending_count];
        uint32_t part_count = cut_range(p, range, measure, count, parts);
        if (part_count == 1 && passes_caps(p, &sums)) {
            /* Units that weigh nothing can make all multiples fall on an end. */
            parts[0] = (struct range){range.first, range.count / 2};
            parts[1] = (struct range){range.first + range.count / 2, range.count - range.count / 2};
            part_count = 2;
        }
        for (uint32_t i = 0; i < part_count / 2; i++) {
            const struct range swap = parts[i];

            parts[i] = parts[part_count - 1 - i];
            parts[part_count - 1 - i] = swap;
        }
        pending_count += part_count;
    }
}

/* Rules (2) and (3). */
static void cut_group(struct planner *p)
{
    struct range run = {0};

    p->piece_count = 0;
    for (uint32_t i = 0; i < p->unit_count; i++) {
        if (!is_good(p, &p->units[i])) {
            run.count++;
            continue;
        }
        if (run.count > 0)
            cut_run(p, run);
        add_piece(p, (struct range){i, 1});
        run = (struct range){i + 1, 0};
    }
    if (run.count > 0)
        cut_run(p, run);
}

static bool is_too_small(const struct planner *p, const struct piece *piece)
{
    return (u128)piece->sums.of[WEIGHT] * 2 < p->limits[WEIGHT];
}

static bool may_join(const struct planner *p, const struct piece *a, const struct piece *b)
{
    struct sums sums = a->sums;

    add_sums(&sums, &b->sums);
    return !passes_caps(p, &sums);
}

static void join_pieces(struct piece *left, const struct piece *right)
{
    left->units.count += right->units.count;
    left->entry_count += right->entry_count;
    add_sums(&left->sums, &right->sums);
}

/* Rule (4), from left to right; pieces[0 .. kept) are settled. */
static void join_small(struct planner *p)
{
    struct piece *pieces = p->pieces;
    uint32_t kept = 0;

    for (uint32_t next = 0; next < p->piece_count;) {
        struct piece current = pieces[next++];

        while (is_too_small(p, &current)) {
            const bool may_left = kept > 0 && may_join(p, &pieces[kept - 1], &current);
            const bool may_right = next < p->piece_count && may_join(p, &current, &pieces[next]);
            const bool is_left_lighter =
                may_left && may_right &&
                pieces[kept - 1].sums.of[WEIGHT] <= pieces[next].sums.of[WEIGHT];

            if (may_left && (!may_right || is_left_lighter)) {
                join_pieces(&pieces[kept - 1], &current);
                current = pieces[--kept];
            } else if (may_right) {
                join_pieces(&current, &pieces[next++]);
            } else {
                break;
            }
        }
        pieces[kept++] = current;
    }
    p->piece_count = kept;
}

/* Writes the group's pieces down as bins and outputs. */
static void emit_group(struct planner *p, uint32_t group)
{
    struct rg_plan *plan = p->plan;

    for (uint32_t i = 0; i < p->piece_count; i++) {
        const struct piece *piece = &p->pieces[i];
        struct rg_plan_bin *bin = &plan->bins[plan->bin_count];
        const bool opens_output = i % p->options->row_groups_per_file == 0;

        *bin = (struct rg_plan_bin){
            .first_source = p->units[piece->units.first].first_entry,
            .source_count = piece->entry_count,
            .row_count = piece->sums.of[ROWS],
            .uncompressed_bytes = piece->sums.of[UNCOMPRESSED],
            .weight_bytes = piece->sums.of[WEIGHT],
        };
        for (uint32_t j = 0; j < bin->source_count; j++)
            bin->compressed_bytes +=
                row_group_of(p, &plan->sources[bin->first_source + j])->compressed_bytes;
        if (opens_output)
            plan->outputs[plan->output_count++] =
                (struct rg_plan_output){.first_bin = plan->bin_count, .group = group};
        struct rg_plan_output *output = &plan->outputs[plan->output_count - 1];
        output->bin_count++;
        output->row_count += bin->row_count;
        output->weight_bytes += bin->weight_bytes;
        plan->bin_count++;
    }
}

static enum rg_status lay_out(struct planner *p)
{
    struct rg_plan *plan = p->plan;
    const size_t count = plan->source_count;
    uint32_t *ends = NULL;

    RG_TRY(part_groups(p, &ends));
    p->units = rg_arena_array(p->scratch, count, sizeof *p->units);
    p->before = rg_arena_array(p->scratch, count + 1, sizeof *p->before);
    p->pieces = rg_arena_array(p->scratch, count, sizeof *p->pieces);
    p->pending = rg_arena_array(p->scratch, count + 2, sizeof *p->pending);
    plan->bins = rg_arena_array(p->arena, count, sizeof *plan->bins);
    plan->outputs = rg_arena_array(p->arena, count, sizeof *plan->outputs);
    const bool has_all = p->units != NULL && p->before != NULL && p->pieces != NULL &&
                         p->pending != NULL && plan->bins != NULL && plan->outputs != NULL;
    if (!has_all)
        return rg_fail(p->err, RG_ERR_NOMEM, "no memory to lay out %zu row groups", count);
    for (uint32_t g = 0; g < plan->group_count; g++) {
        make_units(p, g == 0 ? 0 : ends[g - 1], ends[g]);
        cut_group(p);
        join_small(p);
        emit_group(p, g);
    }
    return RG_OK;
}

/* Which small files lie in one bin with all their row groups. */
static enum rg_status find_whole_files(struct planner *p)
{
    struct rg_plan *plan = p->plan;
    uint32_t *counts = rg_arena_array(p->scratch, p->file_count, sizeof *counts);

    plan->is_whole = rg_arena_array(p->arena, p->file_count, sizeof *plan->is_whole);
    if (counts == NULL || plan->is_whole == NULL)
        return rg_fail(p->err, RG_ERR_NOMEM, "no memory to plan %u files", p->file_count);
    for (uint32_t i = 0; i < plan->bin_count; i++) {
        const struct rg_plan_source *sources = &plan->sources[plan->bins[i].first_source];
        const uint32_t count = plan->bins[i].source_count;

        /* Counts begin anew in each bin: a file is whole when one bin alone reaches its number. */
        for (uint32_t j = 0; j < count; j++)
            counts[sources[j].file_index] = 0;
        for (uint32_t j = 0; j < count; j++) {
            const uint32_t file = sources[j].file_index;

            counts[file]++;
            plan->is_whole[file] = counts[file] == p->files[file].row_group_count &&
                                   rg_plan_is_small(p->files[file].bytes, p->options);
        }
    }
    return RG_OK;
}

enum rg_status rg_plan_batch(const struct rg_plan_file *files, uint32_t file_count,
                             const struct rg_options *options, struct rg_arena *arena,
                             struct rg_arena *scratch, struct rg_plan *ret_plan,
                             struct rg_error *err)
{
    struct rg_plan plan = {0};
    struct planner p = {
        .files = files,
        .file_count = file_count,
        .options = options,
        .arena = arena,
        .scratch = scratch,
        .plan = &plan,
        .limits =
            {
                [WEIGHT] = options->row_group_bytes,
                [ROWS] = options->row_group_rows_max != 0 &&
                                 options->row_group_rows_max < rg_chunk_values_max
                             ? options->row_group_rows_max
                             : rg_chunk_values_max,
                [UNCOMPRESSED] = rg_row_group_bytes_max,
                [CHUNK] = rg_chunk_bytes_max,
                [VALUES] = rg_chunk_values_max,
            },
        .err = err,
    };
    enum rg_status status = make_sources(&p);

    if (status == RG_OK)
        status = check_sums(&p);
    if (status == RG_OK)
        status = number_groups(&p);
    if (status == RG_OK)
        status = lay_out(&p);
    if (status == RG_OK)
        status = find_whole_files(&p);
    rg_arena_reset(scratch);
    if (status != RG_OK)
        return status;
    rg_plan_check(&plan, files, file_count, options);
    *ret_plan = plan;
    return RG_OK;
}

void rg_plan_check(const struct rg_plan *plan, const struct rg_plan_file *files,
                   uint32_t file_count, const struct rg_options *options)
{
#ifndef NDEBUG
    uint32_t next_source = 0;
    uint32_t next_bin = 0;
    uint64_t rows = 0;

    for (uint32_t i = 0; i < plan->bin_count; i++) {
        const struct rg_plan_bin *bin = &plan->bins[i];

        assert(bin->first_source == next_source && bin->source_count > 0);
        next_source += bin->source_count;
        rows += bin->row_count;
        const bool has_cap = options->row_group_rows_max != 0 && bin->source_count > 1;
        assert(!has_cap || bin->row_count <= options->row_group_rows_max);
        assert(bin->source_count == 1 || bin->uncompressed_bytes <= rg_row_group_bytes_max);
    }
    assert(next_source == plan->source_count && rows == plan->row_count);
    for (uint32_t i = 0; i < plan->output_count; i++) {
        const struct rg_plan_output *output = &plan->outputs[i];

        assert(output->first_bin == next_bin && output->bin_count > 0);
        assert(output->bin_count <= options->row_groups_per_file);
        assert(output->group < plan->group_count);
        next_bin += output->bin_count;
    }
    assert(next_bin == plan->bin_count);
    for (uint32_t i = 0; i < plan->source_count; i++) {
        assert(plan->sources[i].file_index < file_count);
        assert(plan->sources[i].row_group_index <
               files[plan->sources[i].file_index].row_group_count);
    }
#endif
    (void)plan;
    (void)files;
    (void)file_count;
    (void)options;
}
