/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Real files of many writers, below the directory that REGROUP_CORPORA names; skipped without it.
 *
 * What is trusted of their statistics must be true of their values, and their bloom filters must
 * know all of them, also after having been merged.
 */

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/hash.h"
#include "base/limits.h"
#include "parquet/chunk_reader.h"
#include "parquet/codec.h"
#include "parquet/footer.h"
#include "stitch/bloom.h"
#include "stitch/chunk_facts.h"
#include "stitch/file_merge.h"
#include "stitch/statistics.h"
#include "support/test.h"

static const size_t bytes_max = (size_t)1 << 30;
static const size_t file_bytes_max = (size_t)64 << 20;

/* Their owners say so, or their pages are not what their metadata says. */
static const char *const bad_parts[] = {"/bad_data/", "/malformed/", "/fuzzing/", "corrupt"};

struct counts {
    uint32_t files;
    uint32_t unreadable_chunks; /* Left to the tests of decoders. */
    uint64_t chunks;
    uint64_t bounds;       /* That were trusted. */
    uint64_t bounds_given; /* That the files have. */
    uint64_t null_counts;
    uint64_t nan_counts;
    uint64_t blooms;
};

struct file {
    const char *path;
    const uint8_t *data;
    size_t bytes;
};

/* What is true of a chunk's values. */
struct truth {
    enum rg_order order;
    const struct rg_leaf *leaf;
    struct rg_arena *arena;
    struct rg_span min, max;
    uint64_t null_count;
    uint64_t nan_count;
    const struct rg_bloom *blooms; /* The file's own, and others that it was merged into. */
    size_t bloom_count;
};

static bool is_bad(const char *path)
{
    for (size_t i = 0; i < sizeof bad_parts / sizeof bad_parts[0]; i++) {
        if (strstr(path, bad_parts[i]) != NULL)
            return true;
    }
    return false;
}

static struct rg_span slice(const struct file *file, uint64_t offset, uint64_t bytes)
{
    if (offset > file->bytes)
        return (struct rg_span){NULL, 0};
    const uint64_t left = file->bytes - offset;
    return (struct rg_span){file->data + offset, (size_t)(bytes < left ? bytes : left)};
}

static void add_value(struct truth *truth, struct rg_span value)
{
    const uint64_t hash = rg_hash_xxh64(value);

    for (size_t i = 0; i < truth->bloom_count; i++)
        CHECK(rg_bloom_may_contain(&truth->blooms[i], hash));
    if (truth->order == RG_ORDER_NONE)
        return;
    if (!rg_order_accepts(truth->order, truth->leaf, value)) {
        truth->nan_count++;
        return;
    }
    if (truth->min.data == NULL || rg_order_compare(truth->order, value, truth->min) < 0)
        truth->min = rg_arena_copy(truth->arena, value);
    if (truth->max.data == NULL || rg_order_compare(truth->order, value, truth->max) > 0)
        truth->max = rg_arena_copy(truth->arena, value);
}

static enum rg_status read_chunk(struct rg_codec_context *codecs,
                                 const struct rg_chunk_source *source, struct truth *truth,
                                 struct rg_error *err)
{
    struct rg_chunk_reader reader;
    bool is_end = false;

    rg_chunk_reader_init(&reader, codecs, &rg_allocator_system);
    enum rg_status status = rg_chunk_reader_open(&reader, source, err);
    while (status == RG_OK) {
        struct rg_chunk_batch batch;
        struct rg_values values;

        status = rg_chunk_next(&reader, &batch, &is_end, err);
        if (status != RG_OK || is_end)
            break;
        rg_chunk_batch_values(&reader, &batch, &values);
        truth->null_count += batch.level_count - batch.value_count;
        for (uint32_t i = 0; i < batch.value_count; i++)
            add_value(truth, rg_values_at(&values, i));
    }
    rg_chunk_reader_fini(&reader);
    return status;
}

static void check_bounds(const struct file *file, const struct rg_statistics *s,
                         const struct truth *truth, struct counts *counts)
{
    const bool has_values = truth->min.data != NULL;

    if (s->min_value.data != NULL && has_values) {
        const int order = rg_order_compare(truth->order, s->min_value, truth->min);
        if (order > 0 || (order < 0 && s->has_min_exact && s->is_min_exact))
            test_fail(__FILE__, __LINE__, "%s: %.*s: lower bound is %s", file->path,
                      (int)truth->leaf->path.bytes, (const char *)truth->leaf->path.data,
                      order > 0 ? "wrong" : "not exact");
        counts->bounds++;
    }
    if (s->max_value.data != NULL && has_values) {
        const int order = rg_order_compare(truth->order, s->max_value, truth->max);
        if (order < 0 || (order > 0 && s->has_max_exact && s->is_max_exact))
            test_fail(__FILE__, __LINE__, "%s: %.*s: upper bound is %s", file->path,
                      (int)truth->leaf->path.bytes, (const char *)truth->leaf->path.data,
                      order < 0 ? "wrong" : "not exact");
        counts->bounds++;
    }
    if (s->has_null_count) {
        /* Below lists some writers leave out what an empty or absent list leaves behind. */
        const bool is_right = truth->leaf->rep_max == 0 ? s->null_count == truth->null_count
                                                        : s->null_count <= truth->null_count;
        if (!is_right)
            test_fail(__FILE__, __LINE__, "%s: %.*s: %llu nulls, not %llu", file->path,
                      (int)truth->leaf->path.bytes, (const char *)truth->leaf->path.data,
                      (unsigned long long)truth->null_count, (unsigned long long)s->null_count);
        counts->null_counts++;
    }
    if (s->has_nan_count) {
        CHECK_U64(s->nan_count, truth->nan_count);
        counts->nan_counts++;
    }
}

/* The file's filter, the same in another size, and merged with an empty one. */
static size_t take_blooms(const struct file *file, const struct rg_column_chunk *chunk,
                          struct rg_arena *arena, struct rg_bloom blooms[3])
{
    static const uint8_t empty[96];
    struct rg_error err;
    bool is_kept;

    if (!chunk->has_bloom_filter_offset || chunk->bloom_filter_offset == 0)
        return 0;
    const struct rg_span bytes = slice(file, chunk->bloom_filter_offset, file->bytes);
    if (rg_bloom_parse(bytes, &blooms[0], &err) != RG_OK)
        test_fail(__FILE__, __LINE__, "%s: %s", file->path, err.text);
    const struct rg_bloom two[2] = {blooms[0], {empty, 3}};
    CHECK(rg_bloom_merge(two, 2, 1, arena, &blooms[1], &is_kept, &err) == RG_OK && is_kept);
    CHECK(rg_bloom_merge(two, 2, 0.5, arena, &blooms[2], &is_kept, &err) == RG_OK);
    return is_kept ? 3 : 2;
}

static void check_chunk(const struct file *file, const struct rg_file_meta *meta, uint32_t group,
                        uint32_t column, struct rg_codec_context *codecs, struct counts *counts)
{
    const struct rg_column_chunk *chunk = &meta->row_groups[group].columns[column];
    const struct rg_leaf *leaf = &meta->schema.leaves[column];
    const struct rg_writer writer = rg_writer_parse(meta->created_by);
    struct rg_bloom blooms[3];
    struct rg_arena arena;
    struct rg_error err;

    rg_arena_init(&arena, &rg_allocator_system, bytes_max);
    struct truth truth = {
        .order = rg_order_of(&meta->schema, column),
        .leaf = leaf,
        .arena = &arena,
        .blooms = blooms,
        .bloom_count = take_blooms(file, chunk, &arena, blooms),
    };
    const struct rg_chunk_source source = {
        .chunk = chunk,
        .leaf = leaf,
        .bytes = slice(file, rg_chunk_begin(chunk), chunk->compressed_bytes + rg_chunk_tail_bytes),
        .row_count = meta->row_groups[group].row_count,
        .has_lying_v2_flag = writer.has_lying_v2_flag,
        .has_linked_delta_pages = writer.has_linked_delta_pages,
    };
    if (read_chunk(codecs, &source, &truth, &err) == RG_OK) {
        const struct rg_statistics s =
            rg_statistics_of_chunk(&writer, truth.order, leaf, chunk, rg_chunk_page_count(chunk));

        check_bounds(file, &s, &truth, counts);
        counts->chunks++;
        counts->blooms += truth.bloom_count > 0;
        counts->bounds_given +=
            chunk->statistics.min_value.data != NULL || chunk->statistics.min.data != NULL;
        counts->bounds_given +=
            chunk->statistics.max_value.data != NULL || chunk->statistics.max.data != NULL;
    } else {
        counts->unreadable_chunks++;
    }
    rg_arena_fini(&arena);
}

static void check_file(const struct file *file, struct counts *counts)
{
    const struct rg_span bytes = {file->data, file->bytes};
    struct rg_codec_context *codecs = rg_codec_context_new(&rg_allocator_system);
    struct rg_footer_place place;
    struct rg_file_meta meta;
    struct rg_arena arena;
    struct rg_error err;

    CHECK(codecs != NULL);
    rg_arena_init(&arena, &rg_allocator_system, bytes_max);
    if (rg_footer_locate(bytes, file->bytes, &place, &err) == RG_OK &&
        rg_footer_parse(place.footer, &arena, &meta, &err) == RG_OK &&
        rg_file_acceptable(&meta, file->bytes, &arena, &err) == RG_OK) {
        for (uint32_t i = 0; i < meta.row_group_count; i++) {
            for (uint32_t j = 0; j < meta.schema.leaf_count; j++)
                check_chunk(file, &meta, i, j, codecs, counts);
        }
        counts->files++;
    }
    rg_arena_fini(&arena);
    rg_codec_context_free(codecs);
}

static void read_file(const char *path, uint64_t bytes, struct counts *counts)
{
    FILE *stream = fopen(path, "rb");
    uint8_t *data = malloc(bytes + rg_slack_bytes);

    CHECK(stream != NULL && data != NULL);
    CHECK_U64(fread(data, 1, bytes, stream), bytes);
    memset(data + bytes, 0, rg_slack_bytes);
    const struct file file = {path, data, bytes};
    check_file(&file, counts);
    free(data);
    (void)fclose(stream);
}

static bool is_data(const char *path)
{
    const char *dot = strrchr(path, '.');

    return dot != NULL && !is_bad(path) &&
           (strcmp(dot, ".parquet") == 0 || strcmp(dot, ".parq") == 0);
}

/* Directories below the corpora nest a few levels deep. */
static void walk(const char *path, struct counts *counts)
{
    DIR *directory = opendir(path);

    CHECK(directory != NULL);
    for (;;) {
        char name[4096];
        struct stat status;
        const struct dirent *entry = readdir(directory);

        if (entry == NULL)
            break;
        if (entry->d_name[0] == '.')
            continue;
        (void)snprintf(name, sizeof name, "%s/%s", path, entry->d_name);
        if (stat(name, &status) != 0)
            continue;
        if (S_ISDIR(status.st_mode))
            walk(name, counts);
        else if (is_data(name) && (size_t)status.st_size <= file_bytes_max)
            read_file(name, (uint64_t)status.st_size, counts);
    }
    (void)closedir(directory);
}

TEST(what_is_trusted_is_true)
{
    struct counts counts = {0};

    walk(getenv("REGROUP_CORPORA"), &counts);
    (void)printf("%u files, %llu chunks (%u not readable): %llu of %llu bounds trusted, %llu null "
                 "counts, %llu NaN counts, %llu bloom filters\n",
                 counts.files, (unsigned long long)counts.chunks, counts.unreadable_chunks,
                 (unsigned long long)counts.bounds, (unsigned long long)counts.bounds_given,
                 (unsigned long long)counts.null_counts, (unsigned long long)counts.nan_counts,
                 (unsigned long long)counts.blooms);
    CHECK(counts.bounds > 0 && counts.null_counts > 0);
}

int main(int argc, char **argv)
{
    static const struct test_case cases[] = {
        {"what_is_trusted_is_true", what_is_trusted_is_true},
    };

    if (getenv("REGROUP_CORPORA") == NULL) {
        (void)printf("skipped: REGROUP_CORPORA does not name a directory of Parquet files\n");
        return 77;
    }
    return test_main("stitch/trust_corpora", cases, sizeof cases / sizeof cases[0], argc, argv);
}
