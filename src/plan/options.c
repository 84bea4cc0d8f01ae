/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The options' handle: which value of an option counts when it comes from several places.
 *
 *   (1) origins[i] is the highest origin that has set option i, and the field holds what that
 *       origin said: once, or for repeatable options and counts all that it said.
 *   (2) texts[i] is the text behind it; for DEFAULT it is the table's, which may be NULL.
 *
 * A value of a lower origin is parsed into a copy of the field that is thrown away: a wrong value
 * in a file is an error even where a flag makes it void.
 *
 * Not here: what texts mean (option_value.h), lines of a file (config.c), I/O.
 */

#include "plan/options.h"

#include <string.h>

#include "parquet/codec.h"
#include "plan/option_value.h"

/* Texts and lists; a command line is 2 MiB at most on Linux. */
static const size_t arena_bytes_max = (size_t)8 << 20;

const struct rg_option_info *rg_option_at(size_t index)
{
    size_t count;
    const struct rg_option *table = rg_option_table(&count);

    return index < count ? &table[index].info : NULL;
}

/* The row of that name, or the number of rows. */
static size_t find_row(const char *name)
{
    size_t count;
    const struct rg_option *table = rg_option_table(&count);

    for (size_t i = 0; i < count; i++)
        if (strcmp(table[i].info.name, name) == 0)
            return i;
    return count;
}

const struct rg_option_info *rg_option_find(const char *name)
{
    return rg_option_at(find_row(name));
}

void rg_option_environment(const struct rg_option_info *option,
                           char ret_name[RG_OPTION_ENVIRONMENT_BYTES_MAX])
{
    static const char prefix[] = "REGROUP_";
    size_t bytes = sizeof prefix - 1;

    memcpy(ret_name, prefix, bytes);
    for (const char *c = option->name; *c != 0 && bytes < RG_OPTION_ENVIRONMENT_BYTES_MAX - 1; c++)
        ret_name[bytes++] = *c == '-' ? '_' : *c >= 'a' && *c <= 'z' ? (char)(*c - 'a' + 'A') : *c;
    ret_name[bytes] = 0;
}

enum rg_status rg_options_init(struct rg_options *options, const struct rg_allocator *allocator,
                               struct rg_error *err)
{
    size_t count;
    const struct rg_option *table = rg_option_table(&count);
    enum rg_status status = RG_OK;

    *options = (struct rg_options){0};
    rg_arena_init(&options->arena, allocator, arena_bytes_max);
    for (size_t i = 0; i < count && status == RG_OK; i++) {
        options->texts[i] = table[i].info.initial;
        if (table[i].info.initial != NULL && !table[i].is_described)
            status = rg_option_value_set(options, &table[i], table[i].info.initial, err);
    }
    if (status != RG_OK)
        rg_options_fini(options);
    return status;
}

void rg_options_fini(struct rg_options *options)
{
    rg_arena_fini(&options->arena);
    *options = (struct rg_options){0};
}

/* The option's name as its origin spells it. */
static enum rg_status name_option(const struct rg_option *option, enum rg_origin origin,
                                  struct rg_error *err)
{
    char name[RG_OPTION_ENVIRONMENT_BYTES_MAX];

    switch (origin) {
    case RG_ORIGIN_FLAG:
        return rg_within(err, "--%s", option->info.name);
    case RG_ORIGIN_ENVIRONMENT:
        rg_option_environment(&option->info, name);
        return rg_within(err, "%s", name);
    case RG_ORIGIN_FILE:
    case RG_ORIGIN_DEFAULT:
        break;
    }
    return rg_within(err, "%s", option->info.name);
}

/* Checks a value that does not count: parses it into a copy, see above. */
static enum rg_status try_value(struct rg_options *options, const struct rg_option *option,
                                const char *value, struct rg_error *err)
{
    struct rg_options copy = *options;

    if (option->info.is_repeatable)
        rg_option_value_clear(&copy, option);
    const enum rg_status status = rg_option_value_set(&copy, option, value, err);
    options->arena = copy.arena;
    return status;
}

static enum rg_status set_row(struct rg_options *options, size_t row, const char *value,
                              enum rg_origin origin, struct rg_error *err)
{
    size_t count;
    const struct rg_option *option = &rg_option_table(&count)[row];
    const bool is_unset = option->info.is_repeatable && *value == 0;
    const struct rg_options before = *options;
    enum rg_status status = RG_OK;

    if (origin < (enum rg_origin)options->origins[row])
        return is_unset ? RG_OK : try_value(options, option, value, err);

    const struct rg_span text = rg_arena_copy(&options->arena, rg_span_of(value));
    if (text.data == NULL)
        return rg_fail(err, RG_ERR_NOMEM, "no memory for options");
    if (origin > (enum rg_origin)options->origins[row] || is_unset)
        rg_option_value_clear(options, option);
    if (!is_unset)
        status = rg_option_value_set(options, option, value, err);
    if (status != RG_OK) {
        const struct rg_arena arena = options->arena;

        *options = before;
        options->arena = arena;
        return status;
    }
    options->texts[row] = (const char *)text.data;
    options->origins[row] = (uint8_t)origin;
    return RG_OK;
}

enum rg_status rg_options_set(struct rg_options *options, const char *name, const char *value,
                              enum rg_origin origin, struct rg_error *err)
{
    struct rg_error ignored;
    struct rg_error *error = err != NULL ? err : &ignored;
    const size_t row = find_row(name);
    size_t count;
    const struct rg_option *table = rg_option_table(&count);

    if (row == count || (table[row].info.has_no_setting && origin != RG_ORIGIN_FLAG))
        return rg_fail(error, RG_ERR_INVALID, "there is no option '%.60s'", name);
    if (set_row(options, row, value, origin, error) != RG_OK)
        return name_option(&table[row], origin, error);
    return RG_OK;
}

enum rg_status rg_options_set_environment(struct rg_options *options,
                                          const char *const *environment, struct rg_error *err)
{
    const struct rg_option_info *option;

    for (size_t i = 0; (option = rg_option_at(i)) != NULL; i++) {
        char name[RG_OPTION_ENVIRONMENT_BYTES_MAX];

        if (option->has_no_setting)
            continue;
        rg_option_environment(option, name);
        const size_t bytes = strlen(name);
        for (const char *const *entry = environment; *entry != NULL; entry++) {
            const bool is_it = strncmp(*entry, name, bytes) == 0 && (*entry)[bytes] == '=';

            if (is_it && (*entry)[bytes + 1] != 0)
                RG_TRY(rg_options_set(options, option->name, *entry + bytes + 1,
                                      RG_ORIGIN_ENVIRONMENT, err));
        }
    }
    return RG_OK;
}

const char *rg_options_get(const struct rg_options *options, const char *name)
{
    const size_t row = find_row(name);

    return row < RG_OPTION_TABLE_MAX ? options->texts[row] : NULL;
}

enum rg_origin rg_options_origin(const struct rg_options *options, const char *name)
{
    const size_t row = find_row(name);

    return row < RG_OPTION_TABLE_MAX ? (enum rg_origin)options->origins[row] : RG_ORIGIN_DEFAULT;
}

/* Of --quiet and --verbose the one counts that was said last, a flag after all settings. */
static bool is_taken_back(const struct rg_options *options, const char *name)
{
    const bool is_quiet = strcmp(name, "quiet") == 0;
    const bool has_other = is_quiet ? options->verbose_count > 0 : options->quiet_count > 0;

    if (!is_quiet && strcmp(name, "verbose") != 0)
        return false;
    return has_other && rg_options_origin(options, is_quiet ? "verbose" : "quiet") >
                            rg_options_origin(options, name);
}

uint32_t rg_options_count(const struct rg_options *options, const char *name)
{
    size_t count;
    const struct rg_option *table = rg_option_table(&count);
    const size_t row = find_row(name);
    const void *field;

    if (row == count || is_taken_back(options, name))
        return 0;
    field = (const char *)options + table[row].offset;
    if (table[row].kind == RG_OPTION_SWITCH)
        return *(const bool *)field ? 1 : 0;
    return table[row].kind == RG_OPTION_COUNT ? *(const uint32_t *)field : 0;
}

bool rg_options_is_on(const struct rg_options *options, const char *name)
{
    return rg_options_count(options, name) > 0;
}

enum rg_status rg_options_check(const struct rg_options *options, struct rg_error *err)
{
    struct rg_error ignored;
    struct rg_error *error = err != NULL ? err : &ignored;

    /* In the environment it is meant for whichever run has a list. */
    if (options->files_are_null_separated && options->files_from == NULL &&
        rg_options_origin(options, "null") == RG_ORIGIN_FLAG)
        return rg_fail(error, RG_ERR_INVALID,
                       "-0 is about the names in --files-from, which is not given");
    if (rg_options_is_on(options, "quiet") && rg_options_is_on(options, "verbose"))
        return rg_fail(error, RG_ERR_INVALID, "--quiet and --verbose exclude one another");
    return RG_OK;
}

uint64_t rg_options_file_bytes(const struct rg_options *options)
{
    /* At most 2^30 times 32767: no overflow. */
    return options->row_group_bytes * options->row_groups_per_file;
}

bool rg_column_list_has(const struct rg_column_list *list, struct rg_span path)
{
    for (uint32_t i = 0; i < list->count; i++) {
        if (rg_span_equal(rg_span_of(list->paths[i]), path))
            return true;
    }
    return false;
}

struct rg_stitch_options rg_options_stitch(const struct rg_options *options)
{
    return (struct rg_stitch_options){
        .codec = options->codec.codec,
        .level = options->codec.level,
        .page_bytes_target = (uint32_t)options->page_bytes,
        .page_rows_target = options->page_rows,
        .has_bloom = true,
        .encoding = (enum rg_stitch_encoding)options->encoding,
    };
}

static void write_sort_term(const struct rg_sort_term *term, struct rg_buffer *out)
{
    switch (term->key) {
    case RG_SORT_PATH:
        rg_buffer_append_text(out, "path");
        break;
    case RG_SORT_SIZE:
        rg_buffer_append_text(out, "size");
        break;
    case RG_SORT_ROWS:
        rg_buffer_append_text(out, "rows");
        break;
    case RG_SORT_COLUMN:
        rg_buffer_printf(out, "col:%s", term->column);
        break;
    }
    if (term->is_descending)
        rg_buffer_append_text(out, ":desc");
}

void rg_options_shape(const struct rg_options *options, struct rg_buffer *out)
{
    rg_buffer_printf(out,
                     "row-group-size=%llu row-group-rows=%llu row-groups-per-file=%u page-size=%llu"
                     " page-rows=%u",
                     (unsigned long long)options->row_group_bytes,
                     (unsigned long long)options->row_group_rows_max,
                     (unsigned)options->row_groups_per_file,
                     (unsigned long long)options->page_bytes, (unsigned)options->page_rows);
    if (options->codec.codec == RG_CODEC_KEEP)
        rg_buffer_append_text(out, " codec=keep");
    else
        rg_buffer_printf(out, " codec=%s:%d", rg_option_codec_name(options->codec.codec),
                         options->codec.level);
    /* Not said where it is as ever, so that outputs of earlier versions are known again. */
    if (options->encoding == RG_STITCH_ENCODING_SMALL)
        rg_buffer_append_text(out, " encoding=small");
    for (uint32_t i = 0; i < options->bloom.count; i++)
        rg_buffer_printf(out, "%s%s", i == 0 ? " bloom=" : ",", options->bloom.paths[i]);
    rg_buffer_append_text(out, options->schema == RG_SCHEMA_UNION ? " schema=union order="
                                                                  : " schema=strict order=");
    for (uint32_t i = 0; i < options->order.term_count; i++) {
        if (i > 0)
            rg_buffer_append_byte(out, ',');
        write_sort_term(&options->order.terms[i], out);
    }
}
