/* SPDX-License-Identifier: Apache-2.0 */

/*
 * All options, resolved into typed fields. What the fields are called here
 * is for the code; names and texts are in option_table.h, the public face is <regroup/options.h>.
 *
 * Pure: no I/O and no clock. What depends on the machine stays unresolved (0), and is resolved by
 * who runs the job.
 */

#ifndef PLAN_OPTIONS_H
#define PLAN_OPTIONS_H

#include <regroup/options.h>

#include "base/arena.h"
#include "base/buffer.h"
#include "base/error.h"
#include "plan/glob.h"
#include "plan/option_table.h"
#include "plan/where.h"
#include "stitch/chunk.h"

/* --memory: one of both is set, or none: half of what the cgroup or the machine allows. */
struct rg_memory_limit {
    uint64_t bytes;
    uint32_t percent; /* Of what the cgroup or the machine allows; 1 .. 100. */
};

/* --order. */
enum rg_sort_key {
    RG_SORT_PATH,
    RG_SORT_SIZE,
    RG_SORT_ROWS,
    RG_SORT_COLUMN,
};

struct rg_sort_term {
    enum rg_sort_key key;
    bool is_descending;
    const char *column; /* Of RG_SORT_COLUMN: path with '.', as rg_leaf.path has it. */
};

enum {
    RG_SORT_TERMS_MAX = 16
};

struct rg_sort {
    struct rg_sort_term *terms;
    uint32_t term_count;   /* At least 1. */
    uint32_t column_count; /* How many of them are RG_SORT_COLUMN. */
};

enum {
    RG_COLUMNS_MAX = 256
};

/*
 * Names in --bloom and in --order, as JSON: they are in the shape, which is in one line of each
 * document of the ledger, and of that 64 KiB there are, the path of a partition among them.
 */
static const size_t rg_columns_bytes_max = (size_t)32 << 10;
static const size_t rg_order_bytes_max = (size_t)8 << 10;

/* --bloom. */
struct rg_column_list {
    const char **paths; /* With '.', as rg_leaf.path has it. */
    uint32_t count;
};

/* --codec. */
struct rg_codec_choice {
    uint8_t codec; /* enum rg_codec, or RG_CODEC_KEEP. */
    int level;     /* That was given, or the codec's default. */
};

enum rg_schema_mode {
    RG_SCHEMA_STRICT = 0,
    RG_SCHEMA_UNION = 1,
};

enum rg_verify_mode {
    RG_VERIFY_META = 0,
    RG_VERIFY_FULL = 1,
};

enum rg_progress_mode {
    RG_PROGRESS_AUTO = 0,
    RG_PROGRESS_BLOCK = 1,
    RG_PROGRESS_LINE = 2,
    RG_PROGRESS_JSON = 3,
    RG_PROGRESS_NONE = 4,
};

/* How to reach a store; NULL: not said. */
struct rg_place_options {
    const char *endpoint_url;
    const char *region;
    const char *profile;
};

struct rg_options {
    /* Which files. */
    bool is_in_place;
    struct rg_where where;
    struct rg_glob_list include;
    struct rg_glob_list exclude;
    const char *files_from;        /* NULL: list. "-": standard input. */
    bool files_are_null_separated; /* -0. */
    uint64_t min_age_ns;
    uint32_t min_input_files;
    bool takes_all; /* --all. */

    /* What shapes outputs; rg_options_shape() writes it down. */
    uint64_t row_group_bytes;    /* Target, compressed. */
    uint64_t row_group_rows_max; /* 0: none. */
    uint32_t row_groups_per_file;
    uint64_t page_bytes; /* 0: stitch's own default. */
    uint32_t page_rows;  /* 0: stitch's own default. */
    struct rg_sort order;
    struct rg_codec_choice codec;
    struct rg_column_list bloom;
    uint32_t encoding; /* enum rg_stitch_encoding. */
    uint32_t schema;   /* enum rg_schema_mode. */

    /* How it runs. */
    struct rg_memory_limit memory;
    uint64_t batch_bytes;
    uint32_t verify; /* enum rg_verify_mode. */
    uint64_t grace_ns;
    bool is_alone;
    bool is_dry_run;
    uint32_t worker_count; /* 0: the CPUs that affinity and cgroup allow. */
    uint32_t io_max;
    bool is_engine_simplest; /* For measuring (bench/weir); no option sets it. */
    struct rg_place_options source_place;
    struct rg_place_options dest_place; /* Fields that are NULL: as for the source. */
    bool is_unsigned;                   /* --no-sign-request. */

    /* What is shown. */
    uint32_t progress;       /* enum rg_progress_mode. */
    const char *report;      /* NULL: none. */
    const char *report_json; /* NULL: none. */
    const char *config;      /* NULL: none. */
    bool has_json;
    bool has_pages;
    uint64_t older_than_ns; /* gc. */
    uint32_t quiet_count;
    uint32_t verbose_count;

    /* Where the above comes from; by row of the table. */
    struct rg_arena arena; /* Set at init: holds every text and list. */
    const char *texts[RG_OPTION_TABLE_MAX];
    uint8_t origins[RG_OPTION_TABLE_MAX]; /* enum rg_origin. */
};

/*
 * All defaults; nothing else is valid before.
 *
 * Errors:  RG_ERR_NOMEM.
 */
RG_MUST_CHECK enum rg_status rg_options_init(struct rg_options *options,
                                             const struct rg_allocator *allocator,
                                             struct rg_error *err);

/* Fine on zeroed memory, and twice. */
void rg_options_fini(struct rg_options *options);

/* A target file: what --row-group-size and --row-groups-per-file make together. */
uint64_t rg_options_file_bytes(const struct rg_options *options);

/* Those that stitch wants to know. */
struct rg_stitch_options rg_options_stitch(const struct rg_options *options);

/* Whether the list names this column. */
bool rg_column_list_has(const struct rg_column_list *list, struct rg_span path);

/*
 * Appends the options that shape outputs in one canonical line: what the footer key
 * `regroup.shape`, records and the hash F carry. Equal lines mean equal outputs of equal inputs.
 */
void rg_options_shape(const struct rg_options *options, struct rg_buffer *out);

#endif
