/* SPDX-License-Identifier: Apache-2.0 */

/*
 * How long decoding takes, per value (nulls counted): levels and values of every chunk of a file,
 * dictionary values looked up, in batches of RG_BATCH_VALUES_MAX.
 *
 *     bench_decode FILE.parquet...
 *
 * Prints the best of several rounds, in processor time. A file for each
 * path is written by bench/decode.py, which also runs arrow-rs on them.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "parquet/chunk_reader.h"
#include "parquet/footer.h"
#include "parquet/writer.h"

enum {
    ROUNDS = 15
};

static const double ns_per_clock = 1e9 / CLOCKS_PER_SEC;
static const size_t memory_bytes_max = (size_t)1 << 30;

static void die(const char *path, const char *what)
{
    (void)fprintf(stderr, "%s: %s\n", path, what);
    exit(1);
}

struct file {
    const char *path;
    uint8_t *data;
    size_t bytes;
    struct rg_arena arena;
    struct rg_file_meta meta;
    struct rg_writer writer;
};

static void load(struct file *file, const char *path)
{
    struct rg_footer_place place;
    struct rg_error err;
    FILE *stream = fopen(path, "rb");

    file->path = path;
    if (stream == NULL || fseek(stream, 0, SEEK_END) != 0)
        die(path, "cannot be opened");
    const long end = ftell(stream);
    if (end < 0)
        die(path, "has no length");
    file->bytes = (size_t)end;
    rewind(stream);
    file->data = rg_alloc(&rg_allocator_system, file->bytes);
    if (file->data == NULL || fread(file->data, 1, file->bytes, stream) != file->bytes)
        die(path, "cannot be read");
    (void)fclose(stream);
    rg_arena_init(&file->arena, &rg_allocator_system, memory_bytes_max);
    if (rg_footer_locate((struct rg_span){file->data, file->bytes}, file->bytes, &place, &err) !=
            RG_OK ||
        rg_footer_parse(place.footer, &file->arena, &file->meta, &err) != RG_OK)
        die(path, err.text);
    file->writer = rg_writer_parse(file->meta.created_by);
}

/* Decodes one chunk and gives its values. */
static uint64_t decode_chunk(const struct file *file, struct rg_chunk_reader *reader,
                             const struct rg_row_group *group, uint32_t column)
{
    const struct rg_column_chunk *chunk = &group->columns[column];
    const struct rg_chunk_source source = {
        .chunk = chunk,
        .leaf = &file->meta.schema.leaves[column],
        .bytes = {file->data + rg_chunk_begin(chunk), (size_t)chunk->compressed_bytes},
        .row_count = group->row_count,
        .has_linked_delta_pages = file->writer.has_linked_delta_pages,
    };
    struct rg_chunk_batch batch;
    struct rg_values values;
    struct rg_error err;
    bool is_end = false;
    uint64_t count = 0;

    enum rg_status status = rg_chunk_reader_open(reader, &source, &err);
    while (status == RG_OK && !is_end) {
        status = rg_chunk_next(reader, &batch, &is_end, &err);
        if (status != RG_OK || is_end)
            break;
        rg_chunk_batch_values(reader, &batch, &values);
        count += batch.level_count;
    }
    if (status != RG_OK)
        die(file->path, err.text);
    return count;
}

static double best_of(const struct file *file, struct rg_chunk_reader *reader)
{
    double best = 1e9;

    for (int round = 0; round < ROUNDS; round++) {
        const clock_t begin = clock();
        uint64_t count = 0;

        for (uint32_t g = 0; g < file->meta.row_group_count; g++) {
            for (uint32_t c = 0; c < file->meta.schema.leaf_count; c++)
                count += decode_chunk(file, reader, &file->meta.row_groups[g], c);
        }
        const double ns = (double)(clock() - begin) * ns_per_clock / (double)count;
        best = ns < best ? ns : best;
    }
    return best;
}

int main(int argc, char **argv)
{
    struct rg_codec_context *codecs = rg_codec_context_new(&rg_allocator_system);
    struct rg_chunk_reader *reader = rg_alloc(&rg_allocator_system, sizeof *reader);

    if (argc < 2 || codecs == NULL || reader == NULL)
        die(argv[0], "FILE.parquet...");
    rg_chunk_reader_init(reader, codecs, &rg_allocator_system);
    for (int i = 1; i < argc; i++) {
        struct file file;

        load(&file, argv[i]);
        (void)printf("%s %.3f\n", argv[i], best_of(&file, reader));
        rg_arena_fini(&file.arena);
        rg_release(&rg_allocator_system, file.data, file.bytes);
    }
    rg_chunk_reader_fini(reader);
    rg_release(&rg_allocator_system, reader, sizeof *reader);
    rg_codec_context_free(codecs);
    return 0;
}
