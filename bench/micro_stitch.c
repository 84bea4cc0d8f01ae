/* SPDX-License-Identifier: Apache-2.0 */

/*
 * How long stitching takes, column by column, without the engine and the disk around it:
 *
 *     bench_stitch [--codec NAME] [--times N] [--column N] [--memory yes] [--layout plain] FILE...
 *
 * All files are held in memory; all their row groups become one chunk for each column. Printed are
 * the least CPU time of N runs, the bytes that user space wrote on their way (by copying, codecs
 * and encoders) for one of the input, and how the pages moved; with --memory yes also the least
 * memory that is enough, against what was estimated as likely and at most. bench/copied.py makes a
 * table.
 */

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/arena.h"
#include "base/limits.h"
#include "parquet/footer.h"
#include "parquet/page_index.h"
#include "stitch/chunk.h"
#include "stitch/estimate.h"

struct file {
    uint8_t *bytes;
    size_t count;
    struct rg_file_meta meta;
    struct rg_writer writer;
    const char *name;
};

struct bench {
    struct file *files;
    size_t file_count;
    struct rg_stitch_source *sources;
    size_t source_count;
    struct rg_arena arena; /* Footers and indexes. */
    struct rg_stitch_context *context;
    struct rg_stitch_options options;
    bool is_memory_asked;
    unsigned times;
    uint32_t column; /* UINT32_MAX: all. */
    uint64_t all_ns;
    uint64_t all_in;
    uint64_t all_out;
    uint64_t all_copied;
};

static uint64_t cpu_ns(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (uint64_t)now.tv_sec * UINT64_C(1000000000) + (uint64_t)now.tv_nsec;
}

static void give_up(const char *what, const struct rg_error *err)
{
    (void)fprintf(stderr, "error: %s: %s\n", what, err != NULL ? err->text : "cannot be read");
    exit(1);
}

static void load(struct bench *bench, struct file *file, const char *name)
{
    struct rg_error err;
    uint64_t footer_bytes;
    FILE *in = fopen(name, "rb");

    if (in == NULL || fseek(in, 0, SEEK_END) != 0)
        give_up(name, NULL);
    file->name = name;
    file->count = (size_t)ftell(in);
    rewind(in);
    file->bytes = calloc(1, file->count + rg_slack_bytes);
    if (file->bytes == NULL || fread(file->bytes, 1, file->count, in) != file->count)
        give_up(name, NULL);
    (void)fclose(in);
    if (rg_footer_tail_parse(file->bytes + file->count - RG_FOOTER_TAIL_BYTES, file->count,
                             &footer_bytes, &err) != RG_OK)
        give_up(name, &err);
    const struct rg_span footer = {file->bytes + file->count - RG_FOOTER_TAIL_BYTES - footer_bytes,
                                   (size_t)footer_bytes};
    if (rg_footer_parse(footer, &bench->arena, &file->meta, &err) != RG_OK)
        give_up(name, &err);
    file->writer = rg_writer_parse(file->meta.created_by);
}

static void add_source(struct bench *bench, const struct file *file,
                       const struct rg_row_group *group, uint32_t column)
{
    const struct rg_column_chunk *chunk = &group->columns[column];
    const uint64_t begin = rg_chunk_begin(chunk);
    struct rg_offset_index *offsets = rg_arena_array(&bench->arena, 1, sizeof *offsets);
    struct rg_column_index *columns = rg_arena_array(&bench->arena, 1, sizeof *columns);
    struct rg_stitch_source *source = &bench->sources[bench->source_count];
    struct rg_error err;

    *source = (struct rg_stitch_source){
        .chunk = chunk,
        .leaf = &file->meta.schema.leaves[column],
        .writer = &file->writer,
        .bytes = {file->bytes + begin, (size_t)chunk->compressed_bytes},
        .row_count = group->row_count,
        .file_offset = begin,
        .name = file->name,
        .schema = &file->meta.schema,
    };
    if (chunk->offset_index_offset > 0 &&
        rg_offset_index_parse(
            (struct rg_span){file->bytes + chunk->offset_index_offset, chunk->offset_index_length},
            &bench->arena, offsets, &err) == RG_OK)
        source->offset_index = offsets;
    if (chunk->column_index_offset > 0 &&
        rg_column_index_parse(
            (struct rg_span){file->bytes + chunk->column_index_offset, chunk->column_index_length},
            &bench->arena, columns, &err) == RG_OK)
        source->column_index = columns;
    bench->source_count++;
}

static void collect(struct bench *bench, uint32_t column)
{
    bench->source_count = 0;
    for (size_t f = 0; f < bench->file_count; f++) {
        for (uint32_t g = 0; g < bench->files[f].meta.row_group_count; g++)
            add_source(bench, &bench->files[f], &bench->files[f].meta.row_groups[g], column);
    }
}

/* One run under these caps; its CPU time, or 0 when they were not enough. */
static uint64_t run(struct bench *bench, const struct rg_stitch_column *column,
                    struct rg_stitch_output *output, size_t arena_max, size_t scratch_max)
{
    struct rg_arena arena;
    struct rg_arena scratch;
    struct rg_error err;
    size_t culprit = 0;

    const uint64_t begin = cpu_ns();
    rg_arena_init(&arena, &rg_allocator_system, arena_max);
    rg_arena_init(&scratch, &rg_allocator_system, scratch_max);
    const enum rg_status status =
        rg_stitch_chunk(bench->context, column, bench->sources, bench->source_count, &arena,
                        &scratch, output, &culprit, &err);
    if (status != RG_OK && status != RG_ERR_NOMEM)
        give_up("stitch", &err);
    rg_arena_fini(&scratch);
    rg_arena_fini(&arena);
    return status == RG_OK ? cpu_ns() - begin : 0;
}

/* The least cap that is enough, within an eighth. */
static size_t need(struct bench *bench, const struct rg_stitch_column *column, bool is_scratch,
                   uint64_t estimate_max)
{
    struct rg_stitch_output output;
    size_t high = 4096;
    size_t low;

    while (high < estimate_max && run(bench, column, &output, is_scratch ? SIZE_MAX : high,
                                      is_scratch ? high : SIZE_MAX) == 0)
        high *= 2;
    for (low = high / 2; high - low > high / 8;) {
        const size_t middle = low + (high - low) / 2;

        if (run(bench, column, &output, is_scratch ? SIZE_MAX : middle,
                is_scratch ? middle : SIZE_MAX) == 0)
            low = middle;
        else
            high = middle;
    }
    return high;
}

static double mib(uint64_t bytes)
{
    return (double)bytes / 1048576;
}

static void measure(struct bench *bench, uint32_t leaf_index)
{
    const struct rg_schema *schema = &bench->files[0].meta.schema;
    const struct rg_leaf *leaf = &schema->leaves[leaf_index];
    const struct rg_stitch_column column = {schema, leaf_index, &bench->options, false, false};
    struct rg_stitch_output output;
    struct rg_stitch_estimate estimate;
    uint64_t least = UINT64_MAX;
    uint64_t in_bytes = 0;

    collect(bench, leaf_index);
    rg_stitch_estimate(&column, bench->sources, bench->source_count, &estimate);
    for (unsigned i = 0; i < bench->times; i++) {
        const uint64_t ns = run(bench, &column, &output, SIZE_MAX, SIZE_MAX);

        least = ns < least ? ns : least;
    }
    for (size_t i = 0; i < bench->source_count; i++)
        in_bytes += bench->sources[i].chunk->compressed_bytes;
    printf("%-22.*s %-10s %8.2f ms %6.3f ns/v %6.3f ns/B %7.2f -> %7.2f MiB", (int)leaf->path.bytes,
           (const char *)leaf->path.data, rg_type_name(leaf->type), (double)least / 1e6,
           (double)least / (double)output.chunk.value_count, (double)least / (double)in_bytes,
           mib(in_bytes), mib(output.bytes));
    if (bench->is_memory_asked)
        printf("  arena %5.2f/%5.2f/%6.1f scratch %5.2f/%5.2f/%6.1f",
               mib(need(bench, &column, false, estimate.arena_bytes_max)),
               mib(estimate.arena_bytes), mib(estimate.arena_bytes_max),
               mib(need(bench, &column, true, estimate.scratch_bytes_max)),
               mib(estimate.scratch_bytes), mib(estimate.scratch_bytes_max));
    printf("  copied %.2f ", (double)output.moves.copied_bytes / (double)in_bytes);
    for (unsigned v = 0; v < RG_VERDICT_COUNT; v++) {
        if (output.moves.pages[v] > 0)
            printf(" %s %" PRIu64, rg_verdict_name(v), output.moves.pages[v]);
    }
    printf(" (said %s)\n", rg_verdict_name(estimate.verdict));
    bench->all_ns += least;
    bench->all_in += in_bytes;
    bench->all_out += output.bytes;
    bench->all_copied += output.moves.copied_bytes;
}

static uint8_t codec_of(const char *name)
{
    for (uint8_t codec = 0; codec <= RG_CODEC_LZ4_RAW; codec++) {
        if (strcmp(rg_codec_name(codec), name) == 0)
            return codec;
    }
    (void)fprintf(stderr, "error: no codec %s\n", name);
    exit(2);
}

static enum rg_stitch_layout layout_of(const char *name)
{
    if (strcmp(name, "dictionary") == 0)
        return RG_STITCH_LAYOUT_DICTIONARY;
    return strcmp(name, "plain") == 0 ? RG_STITCH_LAYOUT_PLAIN : RG_STITCH_LAYOUT_BY_RULE;
}

int main(int argc, char **argv)
{
    struct bench bench = {
        .times = 5, .column = UINT32_MAX, .options = {.codec = RG_CODEC_KEEP, .has_bloom = true}};
    size_t sources = 0;
    int first = 1;

    for (; first + 1 < argc && strncmp(argv[first], "--", 2) == 0; first += 2) {
        if (strcmp(argv[first], "--times") == 0)
            bench.times = (unsigned)strtoul(argv[first + 1], NULL, 10);
        else if (strcmp(argv[first], "--layout") == 0)
            bench.options.layout = layout_of(argv[first + 1]);
        else if (strcmp(argv[first], "--memory") == 0)
            bench.is_memory_asked = strcmp(argv[first + 1], "yes") == 0;
        else if (strcmp(argv[first], "--column") == 0)
            bench.column = (uint32_t)strtoul(argv[first + 1], NULL, 10);
        else
            bench.options.codec = codec_of(argv[first + 1]);
    }
    if (bench.options.codec != RG_CODEC_KEEP)
        bench.options.level = rg_codec_level_default(bench.options.codec);
    rg_arena_init(&bench.arena, &rg_allocator_system, SIZE_MAX);
    bench.context = rg_stitch_context_new(&rg_allocator_system);
    bench.files = calloc((size_t)(argc - first) + 1, sizeof *bench.files);
    if (bench.context == NULL || bench.files == NULL || first >= argc)
        return 2;
    for (int i = first; i < argc; i++) {
        load(&bench, &bench.files[bench.file_count], argv[i]);
        sources += bench.files[bench.file_count++].meta.row_group_count;
    }
    bench.sources = calloc(sources, sizeof *bench.sources);
    if (bench.sources == NULL)
        return 2;
    for (uint32_t c = 0; c < bench.files[0].meta.schema.leaf_count; c++) {
        if (bench.column == UINT32_MAX || bench.column == c)
            measure(&bench, c);
    }
    printf("all: %.2f ms, %.3f ns for an input byte, %.2f -> %.2f MiB, copied %.3f\n",
           (double)bench.all_ns / 1e6, (double)bench.all_ns / (double)bench.all_in,
           mib(bench.all_in), mib(bench.all_out), (double)bench.all_copied / (double)bench.all_in);
    rg_stitch_context_free(bench.context);
    rg_arena_fini(&bench.arena);
    for (size_t i = 0; i < bench.file_count; i++)
        free(bench.files[i].bytes);
    free(bench.files);
    free(bench.sources);
    return 0;
}
