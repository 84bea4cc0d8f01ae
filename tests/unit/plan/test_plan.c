/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Golden layouts by hand, and a property: the plan of random inputs against a checker that states
 * the rules of plan.h anew, naively, and never by the planner's own arithmetic.
 */

#include "plan/plan.h"

#include <stdio.h>
#include <string.h>

#include "base/limits.h"
#include "support/test.h"

enum {
    FILES_MAX = 24,
    GROUPS_MAX = 5, /* Row groups of a file. */
    SOURCES_MAX = FILES_MAX * GROUPS_MAX,
};

struct inputs {
    struct rg_plan_file files[FILES_MAX];
    struct rg_plan_row_group groups[FILES_MAX][GROUPS_MAX];
    struct rg_span bounds[FILES_MAX][GROUPS_MAX];
    char paths[FILES_MAX][8];
    uint8_t bytes[FILES_MAX][GROUPS_MAX];
    uint32_t count;
};

struct bench {
    struct rg_options options;
    struct rg_arena arena;
    struct rg_arena scratch;
    struct rg_plan plan;
};

static void bench_init(struct test *t, struct bench *b)
{
    rg_arena_init(&b->arena, &t->allocator, SIZE_MAX);
    rg_arena_init(&b->scratch, &t->allocator, SIZE_MAX);
    CHECK_OK(rg_options_init(&b->options, &t->allocator, &t->err));
}

static void bench_fini(struct bench *b)
{
    rg_arena_fini(&b->arena);
    rg_arena_fini(&b->scratch);
    rg_options_fini(&b->options);
}

static void set(struct test *t, struct bench *b, const char *name, const char *value)
{
    CHECK_OK(rg_options_set(&b->options, name, value, RG_ORIGIN_FLAG, &t->err));
}

static enum rg_status plan(struct test *t, struct bench *b, const struct inputs *in)
{
    return rg_plan_batch(in->files, in->count, &b->options, &b->arena, &b->scratch, &b->plan,
                         &t->err);
}

/* Adds a file of row groups that weigh so many KiB each, 0 ends; rows are weight in KiB. */
static struct rg_plan_file *add_file(struct inputs *in, const char *path, const uint64_t *kib)
{
    const uint32_t number = in->count++;
    struct rg_plan_file *file = &in->files[number];

    snprintf(in->paths[number], sizeof in->paths[number], "%s", path);
    *file = (struct rg_plan_file){.path = in->paths[number], .row_groups = in->groups[number]};
    for (uint32_t i = 0; kib[i] != 0; i++) {
        in->groups[number][i] = (struct rg_plan_row_group){
            .index = i,
            .row_count = kib[i],
            .compressed_bytes = kib[i] * 1024,
            .uncompressed_bytes = kib[i] * 2048,
            .weight_bytes = kib[i] * 1024,
            .chunk_bytes_max = kib[i] * 512,
            .chunk_values_max = kib[i] * 3,
        };
        file->bytes += kib[i] * 1024 + 100;
        file->row_group_count++;
    }
    return file;
}

/* "a0 a1 | b0 / c0": '|' between bins, '/' between outputs, ';' between groups. */
static void print(const struct rg_plan *plan, const struct inputs *in, char *text, size_t bytes)
{
    size_t at = 0;

    text[0] = 0;
    for (uint32_t i = 0; i < plan->output_count; i++) {
        const struct rg_plan_output *output = &plan->outputs[i];
        const bool is_other = i > 0 && plan->outputs[i - 1].group != output->group;

        if (i > 0)
            at += (size_t)snprintf(text + at, bytes - at, is_other ? " ; " : " / ");
        for (uint32_t j = 0; j < output->bin_count; j++) {
            const struct rg_plan_bin *bin = &plan->bins[output->first_bin + j];

            if (j > 0)
                at += (size_t)snprintf(text + at, bytes - at, " | ");
            for (uint32_t k = 0; k < bin->source_count; k++) {
                const struct rg_plan_source *source = &plan->sources[bin->first_source + k];

                at += (size_t)snprintf(text + at, bytes - at, "%s%s%u", k > 0 ? " " : "",
                                       in->files[source->file_index].path, source->row_group_index);
            }
        }
    }
}

#define WEIGHTS(...)                                                                               \
    (const uint64_t[])                                                                             \
    {                                                                                              \
        __VA_ARGS__, 0                                                                             \
    }

static void check_layout(struct test *t, struct bench *b, const struct inputs *in,
                         const char *wanted)
{
    char text[1000];
    const enum rg_status status = plan(t, b, in);

    CHECK_OK(status);
    print(&b->plan, in, text, sizeof text);
    CHECK_TEXT(text, wanted);
}

TEST(bins_are_even_not_greedy)
{
    struct bench b;
    struct inputs in = {0};

    bench_init(t, &b);
    set(t, &b, "row-group-size", "100KiB");
    /* 210 in all: three bins of 70, where greedy would make 90, 90, 30. */
    for (char c = 'a'; c < 'h'; c++)
        add_file(&in, (char[]){c, 0}, WEIGHTS(30));
    check_layout(t, &b, &in, "a0 b0 | c0 d0 e0 | f0 g0");
    bench_fini(&b);
}

TEST(good_row_groups_stay_alone)
{
    struct bench b;
    struct inputs in = {0};

    bench_init(t, &b);
    set(t, &b, "row-group-size", "100KiB");
    add_file(&in, "a", WEIGHTS(90, 90));
    add_file(&in, "b", WEIGHTS(20, 20, 20));
    add_file(&in, "c", WEIGHTS(75, 40));
    check_layout(t, &b, &in, "a0 | a1 | b0 b1 b2 / c0 c1");
    /* 40 is below half a target: it joins. Were it 50, it would stay. */
    in.groups[2][1].weight_bytes = 50 * 1024;
    check_layout(t, &b, &in, "a0 | a1 | b0 b1 b2 / c0 | c1");
    bench_fini(&b);
}

TEST(nothing_is_below_half_a_target_unless_the_batch_is)
{
    struct bench b;
    struct inputs in = {0};

    bench_init(t, &b);
    set(t, &b, "row-group-size", "100KiB");
    add_file(&in, "a", WEIGHTS(40));
    add_file(&in, "b", WEIGHTS(500));
    add_file(&in, "c", WEIGHTS(49));
    check_layout(t, &b, &in, "a0 b0 c0");
    in.count = 1;
    check_layout(t, &b, &in, "a0");
    bench_fini(&b);
}

TEST(rows_are_capped)
{
    struct bench b;
    struct inputs in = {0};

    bench_init(t, &b);
    set(t, &b, "row-group-size", "100KiB");
    set(t, &b, "row-group-rows", "50");
    /* 120 rows of which a bin may have 50: three bins, of 40. */
    for (char c = 'a'; c < 'm'; c++)
        add_file(&in, (char[]){c, 0}, WEIGHTS(10));
    check_layout(t, &b, &in, "a0 b0 c0 d0 | e0 f0 g0 h0 | i0 j0 k0 l0");
    bench_fini(&b);
}

TEST(uncompressed_bytes_and_chunks_are_capped)
{
    struct bench b;
    struct inputs in = {0};

    bench_init(t, &b);
    for (char c = 'a'; c < 'e'; c++)
        add_file(&in, (char[]){c, 0}, WEIGHTS(1024));
    for (uint32_t i = 0; i < in.count; i++)
        in.groups[i][0].uncompressed_bytes = rg_row_group_bytes_max / 2;
    check_layout(t, &b, &in, "a0 b0 | c0 d0");
    in.groups[1][0].uncompressed_bytes = rg_row_group_bytes_max * 2;
    check_layout(t, &b, &in, "a0 | b0 | c0 d0");
    for (uint32_t i = 0; i < in.count; i++) {
        in.groups[i][0].uncompressed_bytes = 1;
        in.groups[i][0].chunk_bytes_max = rg_chunk_bytes_max / 3;
    }
    check_layout(t, &b, &in, "a0 b0 | c0 d0");
    bench_fini(&b);
}

/* Few rows of long lists, all elements equal: a chunk of some KiB with any number of values. */
TEST(values_that_readers_cannot_count_are_capped)
{
    struct bench b;
    struct inputs in = {0};

    bench_init(t, &b);
    for (char c = 'a'; c < 'e'; c++)
        add_file(&in, (char[]){c, 0}, WEIGHTS(1));
    /* Three times 715,827,882 is 2^31 - 2, and one more each is too much. */
    for (uint32_t i = 0; i < in.count; i++)
        in.groups[i][0].chunk_values_max = rg_chunk_values_max / 3;
    in.groups[3][0].chunk_values_max = 1;
    check_layout(t, &b, &in, "a0 b0 c0 d0");
    in.groups[3][0].chunk_values_max = 2;
    check_layout(t, &b, &in, "a0 b0 | c0 d0");
    /* What is too long by itself stays alone. */
    in.groups[1][0].chunk_values_max = rg_chunk_values_max + 1;
    check_layout(t, &b, &in, "a0 | b0 | c0 d0");
    /* Row groups of one small file, which are kept together otherwise. */
    in.count = 0;
    add_file(&in, "a", WEIGHTS(1, 1, 1));
    for (uint32_t i = 0; i < 3; i++)
        in.groups[0][i].chunk_values_max = rg_chunk_values_max / 2;
    check_layout(t, &b, &in, "a0 | a1 a2");
    bench_fini(&b);
}

/* Constant columns are short, however many rows they have. */
TEST(rows_that_readers_cannot_count_are_capped)
{
    struct bench b;
    struct inputs in = {0};

    bench_init(t, &b);
    for (char c = 'a'; c < 'e'; c++)
        add_file(&in, (char[]){c, 0}, WEIGHTS(1));
    for (uint32_t i = 0; i < in.count; i++)
        in.groups[i][0].row_count = INT32_MAX / 2;
    check_layout(t, &b, &in, "a0 b0 | c0 d0");
    set(t, &b, "row-group-rows", "4000000000");
    check_layout(t, &b, &in, "a0 b0 | c0 d0");
    in.groups[1][0].row_count += 2;
    check_layout(t, &b, &in, "a0 | b0 | c0 d0");
    bench_fini(&b);
}

TEST(small_files_are_not_split)
{
    struct bench b;
    struct inputs in = {0};

    bench_init(t, &b);
    set(t, &b, "row-group-size", "100KiB");
    add_file(&in, "a", WEIGHTS(30, 30));
    add_file(&in, "b", WEIGHTS(15, 15, 15));
    add_file(&in, "c", WEIGHTS(35, 35));
    /* The cut is wanted at 87.5, of 175: boundaries inside b are at 75 and 90, its end at 105. */
    check_layout(t, &b, &in, "a0 a1 b0 b1 b2 | c0 c1");
    CHECK(!b.plan.is_whole[0] && b.plan.is_whole[1] && !b.plan.is_whole[2]);
    bench_fini(&b);
}

TEST(shapes_do_not_mix)
{
    struct bench b;
    struct inputs in = {0};

    bench_init(t, &b);
    set(t, &b, "row-groups-per-file", "2");
    add_file(&in, "a", WEIGHTS(10, 10));
    add_file(&in, "b", WEIGHTS(10))->shape.low = 7;
    add_file(&in, "c", WEIGHTS(10));
    add_file(&in, "d", WEIGHTS(10))->shape.high = 7;
    add_file(&in, "e", WEIGHTS(10))->shape.low = 7;
    check_layout(t, &b, &in, "a0 a1 c0 ; b0 e0 ; d0");
    bench_fini(&b);
}

TEST(orders)
{
    static const struct {
        const char *order;
        const char *wanted;
    } rows[] = {
        {"path", "h0 a0 a1 b0 c0 c1"},           {"path:desc", "c1 c0 b0 a1 a0 h0"},
        {"size", "h0 a1 c0 c1 a0 b0"},           {"size:desc", "b0 a0 c1 a1 c0 h0"},
        {"rows,path:desc", "c0 b0 h0 a1 c1 a0"}, {"col:x", "b0 c0 a0 c1 h0 a1"},
        {"col:x:desc", "a0 c1 c0 b0 h0 a1"},     {"col:x:desc,size:desc", "a0 c1 c0 b0 a1 h0"},
    };
    struct bench b;
    struct inputs in = {0};
    static const uint8_t letters[] = "BADD";

    bench_init(t, &b);
    add_file(&in, "b", WEIGHTS(90));
    add_file(&in, "a", WEIGHTS(80, 20));
    add_file(&in, "c", WEIGHTS(20, 30));
    add_file(&in, "h", WEIGHTS(10))->is_home = true;
    for (uint32_t i = 0; i < in.count; i++)
        for (uint32_t j = 0; j < in.files[i].row_group_count; j++)
            in.groups[i][j].bounds = &in.bounds[i][j];
    in.groups[0][0].row_count = 7;
    in.groups[3][0].row_count = 10;
    in.groups[2][0].row_count = 5;
    in.bounds[0][0] = (struct rg_span){letters + 1, 1}; /* b0: A */
    in.bounds[1][0] = (struct rg_span){letters + 2, 2}; /* a0: DD */
    in.bounds[2][0] = (struct rg_span){letters, 1};     /* c0: B */
    in.bounds[2][1] = (struct rg_span){letters + 2, 1}; /* c1: D */
    in.bounds[1][0] = (struct rg_span){letters + 3, 1}; /* a0: D */
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        set(t, &b, "order", rows[i].order);
        check_layout(t, &b, &in, rows[i].wanted);
    }
    bench_fini(&b);
}

TEST(files_without_row_groups_and_no_files_at_all)
{
    struct bench b;
    struct inputs in = {0};

    bench_init(t, &b);
    check_layout(t, &b, &in, "");
    add_file(&in, "a", WEIGHTS(0));
    check_layout(t, &b, &in, "");
    add_file(&in, "b", WEIGHTS(5));
    check_layout(t, &b, &in, "b0");
    CHECK(!b.plan.is_whole[0] && b.plan.is_whole[1]);
    bench_fini(&b);
}

TEST(sums_that_would_overflow_are_refused)
{
    struct bench b;
    struct inputs in = {0};

    bench_init(t, &b);
    add_file(&in, "a", WEIGHTS(1));
    add_file(&in, "b", WEIGHTS(1));
    in.groups[0][0].row_count = UINT64_MAX;
    CHECK_ERROR(plan(t, &b, &in), RG_ERR_LIMIT, "2^60");
    in.groups[0][0].row_count = UINT64_C(1) << 60;
    CHECK_ERROR(plan(t, &b, &in), RG_ERR_LIMIT, "2^60");
    bench_fini(&b);
}

/* ---- The naive checker. */

struct naive {
    const struct inputs *in;
    const struct rg_options *options;
    const struct rg_plan *plan;
};

static const struct rg_plan_row_group *group_at(const struct naive *n, uint32_t source)
{
    const struct rg_plan_source *s = &n->plan->sources[source];

    return &n->in->files[s->file_index].row_groups[s->row_group_index];
}

static bool has_same_shape(const struct naive *n, uint32_t a, uint32_t b)
{
    return n->in->files[n->plan->sources[a].file_index].shape.low ==
           n->in->files[n->plan->sources[b].file_index].shape.low;
}

static bool breaks_caps(const struct naive *n, uint32_t begin, uint32_t end)
{
    uint64_t rows = 0;
    uint64_t uncompressed = 0;
    uint64_t chunk = 0;
    uint64_t values = 0;

    for (uint32_t i = begin; i < end; i++) {
        rows += group_at(n, i)->row_count;
        uncompressed += group_at(n, i)->uncompressed_bytes;
        chunk += group_at(n, i)->chunk_bytes_max;
        values += group_at(n, i)->chunk_values_max;
    }
    const uint64_t rows_max = n->options->row_group_rows_max;
    return (rows_max != 0 && rows > rows_max) || uncompressed > rg_row_group_bytes_max ||
           chunk > rg_chunk_bytes_max || values > rg_chunk_values_max;
}

static uint64_t weight_of(const struct naive *n, uint32_t begin, uint32_t end)
{
    uint64_t weight = 0;

    for (uint32_t i = begin; i < end; i++)
        weight += group_at(n, i)->weight_bytes;
    return weight;
}

static void check_every_row_group_once(struct test *t __attribute__((unused)),
                                       const struct naive *n)
{
    bool seen[FILES_MAX][GROUPS_MAX] = {{false}};
    uint32_t count = 0;

    for (uint32_t i = 0; i < n->in->count; i++)
        count += n->in->files[i].row_group_count;
    CHECK_U64(n->plan->source_count, count);
    for (uint32_t i = 0; i < count; i++) {
        const struct rg_plan_source *s = &n->plan->sources[i];

        CHECK(!seen[s->file_index][s->row_group_index]);
        seen[s->file_index][s->row_group_index] = true;
    }
}

/* Where the order's keys are path or size; number 0 is path, 1 size, 2 size:desc. */
static int naive_compare(const struct naive *n, uint32_t a, uint32_t b, uint32_t order)
{
    const uint64_t left = group_at(n, a)->compressed_bytes;
    const uint64_t right = group_at(n, b)->compressed_bytes;
    const struct rg_plan_source *x = &n->plan->sources[a];
    const struct rg_plan_source *y = &n->plan->sources[b];

    if (order == 1 && left != right)
        return left < right ? -1 : 1;
    if (order == 2 && left != right)
        return left > right ? -1 : 1;
    if (x->file_index != y->file_index)
        return strcmp(n->in->files[x->file_index].path, n->in->files[y->file_index].path);
    return x->row_group_index < y->row_group_index ? -1 : 1;
}

static void check_order(struct test *t __attribute__((unused)), const struct naive *n,
                        uint32_t order)
{
    for (uint32_t i = 0; i < n->plan->source_count; i++)
        for (uint32_t j = i + 1; j < n->plan->source_count; j++)
            if (has_same_shape(n, i, j))
                CHECK(naive_compare(n, i, j, order) < 0);
}

/* Rule (4) and the caps, and that no small file is split that the order keeps together. */
static void check_bins(struct test *t __attribute__((unused)), const struct naive *n)
{
    const struct rg_plan *plan = n->plan;

    for (uint32_t i = 0; i < plan->bin_count; i++) {
        const struct rg_plan_bin *bin = &plan->bins[i];
        const uint32_t begin = bin->first_source;
        const uint32_t end = begin + bin->source_count;

        CHECK_U64(bin->weight_bytes, weight_of(n, begin, end));
        CHECK(bin->source_count == 1 || !breaks_caps(n, begin, end));
        for (uint32_t j = begin; j < end; j++)
            CHECK(has_same_shape(n, begin, j));
        if (bin->weight_bytes * 2 >= n->options->row_group_bytes)
            continue;
        if (i > 0 && has_same_shape(n, plan->bins[i - 1].first_source, begin))
            CHECK(breaks_caps(n, plan->bins[i - 1].first_source, end));
        if (i + 1 < plan->bin_count && has_same_shape(n, begin, end))
            CHECK(breaks_caps(n, begin, end + plan->bins[i + 1].source_count));
    }
    for (uint32_t i = 0; i < n->in->count; i++) {
        uint32_t first = UINT32_MAX;
        uint32_t last = 0;
        uint32_t bin_of_first = 0;
        const struct rg_plan_file *file = &n->in->files[i];

        for (uint32_t j = 0; j < plan->source_count; j++)
            if (plan->sources[j].file_index == i) {
                first = first == UINT32_MAX ? j : first;
                last = j;
            }
        if (first == UINT32_MAX)
            continue;
        while (plan->bins[bin_of_first].first_source + plan->bins[bin_of_first].source_count <=
               first)
            bin_of_first++;
        const struct rg_plan_bin *bin = &plan->bins[bin_of_first];
        const bool is_in_one = last < bin->first_source + bin->source_count;
        const bool is_small = rg_plan_is_small(file->bytes, n->options);
        const bool is_together = last - first + 1 == file->row_group_count;

        CHECK(plan->is_whole[i] == (is_small && is_in_one));
        if (is_small && is_together && !breaks_caps(n, first, last + 1))
            CHECK(is_in_one);
    }
}

static void check_outputs(struct test *t __attribute__((unused)), const struct naive *n)
{
    const struct rg_plan *plan = n->plan;

    for (uint32_t i = 0; i < plan->output_count; i++) {
        const struct rg_plan_output *output = &plan->outputs[i];
        const bool is_last =
            i + 1 == plan->output_count || plan->outputs[i + 1].group != output->group;

        CHECK(is_last || output->bin_count == n->options->row_groups_per_file);
        for (uint32_t j = 1; j < output->bin_count; j++)
            CHECK(has_same_shape(n, plan->bins[output->first_bin].first_source,
                                 plan->bins[output->first_bin + j].first_source));
    }
}

/*
 * Rules (2) to (4) once more, for one shape, single row groups and no cap but the target: cuts by
 * trying every boundary for every multiple, joins by a list.
 */
static void check_even(struct test *t __attribute__((unused)), const struct naive *n)
{
    const uint64_t target = n->options->row_group_bytes;
    const uint32_t count = n->plan->source_count;
    bool is_cut[SOURCES_MAX + 1] = {false}; /* Before source i. */

    for (uint32_t begin = 0; begin < count;) {
        uint32_t end = begin;

        while (end < count && weight_of(n, end, end + 1) * 4 < target * 3)
            end++;
        is_cut[begin] = true;
        is_cut[end] = true;
        const uint64_t total = weight_of(n, begin, end);
        const uint64_t pieces = (total + target - 1) / target;
        for (uint64_t i = 1; i < pieces; i++) {
            uint32_t best = begin;
            uint64_t best_distance = UINT64_MAX;

            for (uint32_t j = begin; j <= end; j++) {
                /* Distances times `pieces`. */
                const uint64_t at = weight_of(n, begin, j) * pieces;
                const uint64_t distance = at > i * total ? at - i * total : i * total - at;

                if (distance < best_distance) {
                    best_distance = distance;
                    best = j;
                }
            }
            is_cut[best] = true;
        }
        if (end < count)
            end++;
        is_cut[end] = true;
        begin = end;
    }
    is_cut[0] = true;
    is_cut[count] = true;
    for (uint32_t begin = 0; begin < count;) {
        uint32_t end = begin + 1;
        uint32_t left = begin;
        uint32_t right;

        while (!is_cut[end])
            end++;
        right = end;
        if (weight_of(n, begin, end) * 2 >= target || (begin == 0 && end == count)) {
            begin = end;
            continue;
        }
        while (left > 0 && !is_cut[--left])
            ;
        while (right < count && !is_cut[++right])
            ;
        const bool has_left = begin > 0;
        const bool has_right = end < count;
        const bool goes_left =
            has_left && (!has_right || weight_of(n, left, begin) <= weight_of(n, end, right));
        is_cut[goes_left ? begin : end] = false;
        begin = goes_left ? left : begin;
    }
    for (uint32_t i = 0; i < n->plan->bin_count; i++) {
        const struct rg_plan_bin *bin = &n->plan->bins[i];

        for (uint32_t j = 0; j < bin->source_count; j++)
            CHECK(is_cut[bin->first_source + j] == (j == 0));
    }
}

static const char *const order_texts[] = {"path", "size", "size:desc"};

static void property_rules_hold(struct test *t, struct choices *c)
{
    struct bench b;
    struct inputs in = {0};
    const uint32_t order = choose(c, 2);
    const bool is_simple = choose_bool(c);
    const uint32_t file_count = choose(c, FILES_MAX);
    const bool is_lumpy = choose_bool(c);

    bench_init(t, &b);
    set(t, &b, "order", order_texts[order]);
    b.options.row_group_bytes = 1024 * (1 + choose(c, 200));
    b.options.row_groups_per_file = 1 + choose(c, 4);
    if (!is_simple && choose_bool(c))
        b.options.row_group_rows_max = 1 + choose(c, 300);
    for (uint32_t i = 0; i < file_count; i++) {
        uint64_t kib[GROUPS_MAX + 1] = {0};
        const char name[] = {(char)('a' + (i * 7) % FILES_MAX), 0};
        const uint32_t group_count = is_simple ? 1 : choose(c, GROUPS_MAX);

        for (uint32_t j = 0; j < group_count; j++)
            kib[j] = 1 + choose(c, is_lumpy && choose(c, 5) == 0 ? 500 : 40);
        struct rg_plan_file *file = add_file(&in, name, kib);
        if (is_simple)
            continue;
        file->shape.low = choose(c, 3) == 0;
        for (uint32_t j = 0; j < group_count; j++) {
            struct rg_plan_row_group *group = &in.groups[i][j];

            if (choose(c, 7) == 0)
                group->uncompressed_bytes = rg_row_group_bytes_max / 4 * choose(c, 6);
            if (choose(c, 7) == 0)
                group->chunk_bytes_max = rg_chunk_bytes_max / 4 * choose(c, 6);
            if (choose(c, 7) == 0)
                group->chunk_values_max = rg_chunk_values_max / 4 * choose(c, 6);
            if (choose(c, 7) == 0)
                group->weight_bytes = 0;
        }
    }
    const enum rg_status status = plan(t, &b, &in);
    CHECK_OK(status);
    const struct naive n = {&in, &b.options, &b.plan};
    check_every_row_group_once(t, &n);
    check_order(t, &n, order);
    check_bins(t, &n);
    check_outputs(t, &n);
    if (is_simple)
        check_even(t, &n);
    bench_fini(&b);
}

TEST(rules_hold)
{
    test_property(t, "rules_hold", 3000, property_rules_hold);
}

TEST(a_large_batch_is_planned_quickly)
{
    enum {
        COUNT = 100000
    };
    struct bench b;
    struct rg_plan_file *files;
    struct rg_plan_row_group group = {.row_count = 1000,
                                      .compressed_bytes = 100000,
                                      .uncompressed_bytes = 200000,
                                      .weight_bytes = 100000,
                                      .chunk_bytes_max = 30000};
    char(*paths)[16];

    bench_init(t, &b);
    files = rg_arena_array(&b.arena, COUNT, sizeof *files);
    CHECK_MEMORY(files);
    paths = rg_arena_array(&b.arena, COUNT, sizeof *paths);
    CHECK_MEMORY(paths);
    for (uint32_t i = 0; i < COUNT; i++) {
        snprintf(paths[i], sizeof paths[i], "p%08u", (i * 7919u) % COUNT);
        files[i] = (struct rg_plan_file){
            .path = paths[i], .bytes = 100500, .row_groups = &group, .row_group_count = 1};
    }
    CHECK_OK(rg_plan_batch(files, COUNT, &b.options, &b.arena, &b.scratch, &b.plan, &t->err));
    CHECK_U64(b.plan.source_count, COUNT);
    /* 10^10 bytes by 2^27: 75 bins, 25 files. */
    CHECK_U64(b.plan.bin_count, 75);
    CHECK_U64(b.plan.output_count, 25);
    bench_fini(&b);
}

int main(int argc, char **argv)
{
    static const struct test_case cases[] = {
        {"bins_are_even_not_greedy", bins_are_even_not_greedy},
        {"good_row_groups_stay_alone", good_row_groups_stay_alone},
        {"nothing_is_below_half_a_target_unless_the_batch_is",
         nothing_is_below_half_a_target_unless_the_batch_is},
        {"rows_are_capped", rows_are_capped},
        {"uncompressed_bytes_and_chunks_are_capped", uncompressed_bytes_and_chunks_are_capped},
        {"values_that_readers_cannot_count_are_capped",
         values_that_readers_cannot_count_are_capped},
        {"rows_that_readers_cannot_count_are_capped", rows_that_readers_cannot_count_are_capped},
        {"small_files_are_not_split", small_files_are_not_split},
        {"shapes_do_not_mix", shapes_do_not_mix},
        {"orders", orders},
        {"files_without_row_groups_and_no_files_at_all",
         files_without_row_groups_and_no_files_at_all},
        {"sums_that_would_overflow_are_refused", sums_that_would_overflow_are_refused},
        {"rules_hold", rules_hold},
        {"a_large_batch_is_planned_quickly", a_large_batch_is_planned_quickly},
    };

    return test_main("plan/plan", cases, sizeof cases / sizeof cases[0], argc, argv);
}
