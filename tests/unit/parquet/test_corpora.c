/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Real files of many writers, below the directory that REGROUP_CORPORA names; skipped without it.
 *
 * The metadata of every good file must parse, survive writing, and lead to its pages; cut anywhere
 * it must be corrupt. Broken files may do what they like except harm.
 */

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "parquet/footer.h"
#include "parquet/page_header.h"
#include "parquet/page_index.h"
#include "parquet/schema.h"
#include "support/test.h"

static const size_t bytes_max = (size_t)1 << 30;

/* Footers up to this long are cut at every byte, longer ones at fewer. */
static const size_t cut_every_bytes_max = 1500;

/*
 * Paths that contain one of these are not good, each with the reason: their owners say so, or other
 * readers refuse their metadata as well.
 */
static const char *const bad_parts[] = {
    "/bad_data/",
    "/malformed/",
    "/fuzzing/",
    "all_nulls_no_booleans.parquet",                     /* FIXED_LEN_BYTE_ARRAY of length 0. */
    "parquet-testing/data/datapage_v1-corrupt-checksum", /* Good metadata, bad pages. */
};

struct counts {
    uint32_t good;
    uint32_t bad;
    uint32_t bad_refused;
    uint64_t rows;
    uint64_t chunks;
    uint64_t pages;
    uint64_t indexes;
};

struct file {
    const char *path;
    const uint8_t *data;
    size_t bytes;
};

static void give_up(const struct file *file, const struct rg_error *err)
{
    test_fail(__FILE__, __LINE__, "%s: %s", file->path, err->text);
}

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
    if (offset > file->bytes || bytes > file->bytes - offset)
        return (struct rg_span){NULL, 0};
    return (struct rg_span){file->data + offset, (size_t)bytes};
}

static void check_cuts(const struct file *file, struct rg_span footer)
{
    const size_t step = footer.bytes <= cut_every_bytes_max ? 1 : footer.bytes / 500;
    uint8_t *copy = malloc(footer.bytes);

    CHECK(copy != NULL);
    memcpy(copy, footer.data, footer.bytes);
    /* Old writers put a few bytes behind the struct; the last 10 need not be part of it. */
    for (size_t cut = 0; cut + 10 < footer.bytes; cut += step) {
        struct rg_arena arena;
        struct rg_file_meta meta;
        struct rg_error err;
        const struct rg_span bytes = {copy + footer.bytes - cut, cut};

        memmove(copy + footer.bytes - cut, footer.data, cut);
        rg_arena_init(&arena, &rg_allocator_system, bytes_max);
        if (rg_footer_parse(bytes, &arena, &meta, &err) != RG_ERR_CORRUPT)
            test_fail(__FILE__, __LINE__, "%s: cut after %zu of %zu bytes", file->path, cut,
                      footer.bytes);
        rg_arena_fini(&arena);
    }
    free(copy);
}

static void check_emitted(const struct file *file, const struct rg_file_meta *meta,
                          struct rg_arena *arena)
{
    struct rg_buffer once;
    struct rg_buffer twice;
    struct rg_file_meta again;
    struct rg_error err;

    rg_buffer_init(&once, &rg_allocator_system, bytes_max);
    rg_buffer_init(&twice, &rg_allocator_system, bytes_max);
    if (rg_footer_emit(meta, &once, &err) != RG_OK ||
        rg_footer_parse(rg_buffer_span(&once), arena, &again, &err) != RG_OK ||
        rg_footer_emit(&again, &twice, &err) != RG_OK)
        give_up(file, &err);
    CHECK_SPAN(rg_buffer_span(&twice), rg_buffer_span(&once));
    CHECK(rg_schema_is_equal(&meta->schema, &again.schema, NULL));
    CHECK_U64(again.row_group_count, meta->row_group_count);
    CHECK_U64(again.row_count, meta->row_count);
    rg_buffer_fini(&twice);
    rg_buffer_fini(&once);
}

static void check_indexes(const struct file *file, const struct rg_column_chunk *chunk,
                          struct rg_arena *arena, struct counts *counts)
{
    struct rg_offset_index offsets;
    struct rg_column_index bounds;
    struct rg_error err;

    if (chunk->offset_index_offset != 0) {
        const struct rg_span bytes =
            slice(file, chunk->offset_index_offset, chunk->offset_index_length);
        if (rg_offset_index_parse(bytes, arena, &offsets, &err) != RG_OK)
            give_up(file, &err);
        CHECK(offsets.page_count > 0 || chunk->value_count == 0);
        counts->indexes++;
    }
    if (chunk->column_index_offset != 0) {
        const struct rg_span bytes =
            slice(file, chunk->column_index_offset, chunk->column_index_length);
        if (rg_column_index_parse(bytes, arena, &bounds, &err) != RG_OK)
            give_up(file, &err);
        CHECK(chunk->offset_index_offset == 0 || bounds.page_count == offsets.page_count);
        counts->indexes++;
    }
}

/* Page after page until all values were met; nothing but headers is read. */
static void walk_pages(const struct file *file, const struct rg_column_chunk *chunk,
                       struct counts *counts)
{
    uint64_t at = rg_chunk_begin(chunk);
    uint64_t value_count = 0;

    while (value_count < chunk->value_count) {
        struct rg_page_header header;
        struct rg_error err;
        size_t header_bytes;

        if (at >= file->bytes) {
            test_fail(__FILE__, __LINE__, "%s: pages end with %llu of %llu values", file->path,
                      (unsigned long long)value_count, (unsigned long long)chunk->value_count);
            return;
        }
        const struct rg_span rest = {file->data + at, (size_t)(file->bytes - at)};
        if (rg_page_header_parse(rest, &header, &header_bytes, &err) != RG_OK)
            give_up(file, &err);
        at += header_bytes + header.compressed_bytes;
        if (header.type == RG_PAGE_DATA || header.type == RG_PAGE_DATA_V2)
            value_count += header.value_count;
        counts->pages++;
    }
    CHECK_U64(value_count, chunk->value_count);
}

static void check_chunks(const struct file *file, const struct rg_file_meta *meta,
                         struct rg_arena *arena, struct counts *counts)
{
    for (uint32_t i = 0; i < meta->row_group_count; i++) {
        counts->rows += meta->row_groups[i].row_count;
        for (uint32_t j = 0; j < meta->schema.leaf_count; j++) {
            const struct rg_column_chunk *chunk = &meta->row_groups[i].columns[j];

            counts->chunks++;
            if (meta->is_encrypted || chunk->is_encrypted || chunk->is_elsewhere)
                continue;
            check_indexes(file, chunk, arena, counts);
            walk_pages(file, chunk, counts);
        }
    }
}

static void check_file(const struct file *file, struct counts *counts)
{
    struct rg_arena arena;
    struct rg_file_meta meta;
    struct rg_error err;
    struct rg_footer_place place;
    const struct rg_span bytes = {file->data, file->bytes};

    rg_arena_init(&arena, &rg_allocator_system, bytes_max);
    enum rg_status status = rg_footer_locate(bytes, file->bytes, &place, &err);
    if (status == RG_OK)
        status = rg_footer_parse(place.footer, &arena, &meta, &err);
    if (is_bad(file->path)) {
        counts->bad++;
        counts->bad_refused += status != RG_OK;
    } else if (status == RG_ERR_UNSUPPORTED) {
        CHECK(strstr(err.text, "PARE") != NULL);
    } else {
        if (status != RG_OK)
            give_up(file, &err);
        counts->good++;
        check_emitted(file, &meta, &arena);
        check_chunks(file, &meta, &arena, counts);
        check_cuts(file, place.footer);
    }
    rg_arena_fini(&arena);
}

static void read_file(const char *path, uint64_t bytes, struct counts *counts)
{
    FILE *stream = fopen(path, "rb");
    uint8_t *data = malloc(bytes == 0 ? 1 : bytes);

    CHECK(stream != NULL && data != NULL);
    CHECK_U64(fread(data, 1, bytes, stream), bytes);
    const struct file file = {path, data, bytes};
    check_file(&file, counts);
    free(data);
    (void)fclose(stream);
}

static bool is_data(const char *path)
{
    const char *dot = strrchr(path, '.');

    if (strstr(path, "/fuzzing/") != NULL)
        return true;
    return dot != NULL && (strcmp(dot, ".parquet") == 0 || strcmp(dot, ".parq") == 0);
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
        else if (is_data(name))
            read_file(name, (uint64_t)status.st_size, counts);
    }
    (void)closedir(directory);
}

TEST(every_good_file_is_understood)
{
    struct counts counts = {0};

    walk(getenv("REGROUP_CORPORA"), &counts);
    (void)printf("%u good files: %llu rows, %llu chunks, %llu pages, %llu indexes; %u bad files, "
                 "%u refused\n",
                 counts.good, (unsigned long long)counts.rows, (unsigned long long)counts.chunks,
                 (unsigned long long)counts.pages, (unsigned long long)counts.indexes, counts.bad,
                 counts.bad_refused);
    CHECK(counts.good > 0);
}

int main(int argc, char **argv)
{
    static const struct test_case cases[] = {
        {"every_good_file_is_understood", every_good_file_is_understood},
    };

    if (getenv("REGROUP_CORPORA") == NULL) {
        (void)printf("skipped: REGROUP_CORPORA does not name a directory of Parquet files\n");
        return 77;
    }
    return test_main("parquet/corpora", cases, sizeof cases / sizeof cases[0], argc, argv);
}
