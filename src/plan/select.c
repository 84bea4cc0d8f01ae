/* SPDX-License-Identifier: Apache-2.0 */

#include "plan/select.h"

#include <string.h>
#include <strings.h>

bool rg_select_is_hidden(struct rg_span component)
{
    if (component.bytes == 0)
        return false;
    if (component.data[0] == '.')
        return true;
    return component.data[0] == '_' && memchr(component.data, '=', component.bytes) == NULL;
}

enum rg_select rg_select_by_name(struct rg_span name)
{
    static const char *const extensions[] = {".parquet", ".parq", ".pq"};
    size_t dot = name.bytes;

    while (dot > 0 && name.data[dot - 1] != '.')
        dot--;
    if (dot == 0)
        return name.bytes > 0 ? RG_SELECT_MAGIC : RG_SELECT_NO;

    const char *extension = (const char *)name.data + dot - 1;
    const size_t bytes = name.bytes - dot + 1;
    for (size_t i = 0; i < sizeof extensions / sizeof extensions[0]; i++) {
        const bool is_it =
            strlen(extensions[i]) == bytes && strncasecmp(extension, extensions[i], bytes) == 0;

        if (is_it)
            return RG_SELECT_YES;
    }
    return RG_SELECT_NO;
}

/* True when some component of `path` hides it. */
static bool has_hidden_component(struct rg_span path)
{
    for (size_t begin = 0; begin < path.bytes;) {
        const uint8_t *slash = memchr(path.data + begin, '/', path.bytes - begin);
        const size_t end = slash != NULL ? (size_t)(slash - path.data) : path.bytes;

        if (rg_select_is_hidden((struct rg_span){path.data + begin, end - begin}))
            return true;
        begin = end + 1;
    }
    return false;
}

static bool matches_any(const struct rg_glob_list *list, struct rg_span path)
{
    for (uint32_t i = 0; i < list->glob_count; i++)
        if (rg_glob_matches(list->globs[i], path))
            return true;
    return false;
}

struct rg_span rg_select_partition_of(struct rg_span path)
{
    while (path.bytes > 0 && path.data[path.bytes - 1] != '/')
        path.bytes--;
    return path;
}

enum rg_select rg_select_file(const struct rg_options *options, struct rg_span path)
{
    const struct rg_span partition = rg_select_partition_of(path);
    const struct rg_span name = {path.data + partition.bytes, path.bytes - partition.bytes};
    const enum rg_select by_name = rg_select_by_name(name);

    if (by_name == RG_SELECT_NO || has_hidden_component(path))
        return RG_SELECT_NO;
    if (options->include.glob_count > 0 && !matches_any(&options->include, path))
        return RG_SELECT_NO;
    if (matches_any(&options->exclude, path) || !rg_where_matches(&options->where, partition))
        return RG_SELECT_NO;
    return by_name;
}

bool rg_select_prefix(const struct rg_options *options, struct rg_span prefix)
{
    bool may_be_included = options->include.glob_count == 0;

    if (has_hidden_component(prefix) || !rg_where_may_match_below(&options->where, prefix))
        return false;
    for (uint32_t i = 0; i < options->include.glob_count && !may_be_included; i++)
        may_be_included = rg_glob_may_match_below(options->include.globs[i], prefix);
    if (!may_be_included)
        return false;
    for (uint32_t i = 0; i < options->exclude.glob_count; i++)
        if (rg_glob_matches_all_below(options->exclude.globs[i], prefix))
            return false;
    return true;
}

bool rg_select_is_old_enough(const struct rg_options *options, uint64_t modified_ns,
                             uint64_t now_ns)
{
    if (options->min_age_ns == 0)
        return true;
    return now_ns >= modified_ns && now_ns - modified_ns >= options->min_age_ns;
}

bool rg_select_is_selective(const struct rg_options *options)
{
    return options->where.term_count > 0 || options->include.glob_count > 0 ||
           options->exclude.glob_count > 0 || options->files_from != NULL ||
           options->min_age_ns > 0;
}

/* The length of the digits that a text begins with. */
static size_t count_digits(const char *text, size_t bytes)
{
    size_t count = 0;

    while (count < bytes && text[count] >= '0' && text[count] <= '9')
        count++;
    return count;
}

static bool is_uuid(const char *text, size_t bytes)
{
    enum {
        uuid_bytes = 36
    };

    for (size_t i = 0; i < uuid_bytes && i < bytes; i++) {
        const bool is_dash = i == 8 || i == 13 || i == 18 || i == 23;

        if (is_dash ? text[i] != '-' : strchr("0123456789abcdefABCDEF", text[i]) == NULL)
            return false;
    }
    return bytes >= uuid_bytes && (bytes == uuid_bytes || text[uuid_bytes] == '.');
}

/*
 * Whether a file is called as Iceberg calls its metadata: "v3" or "00003-<uuid>", maybe with a
 * codec, and ".metadata.json" (Iceberg's specification, "File System Tables" and "Metastore
 * Tables"; some writers have the codec behind, or no number). Others keep notes on any file so
 * (Amazon Kendra: "report.pdf.metadata.json").
 */
static bool is_iceberg_name(const char *name, size_t bytes)
{
    static const char suffix[] = ".metadata.json";
    static const char packed[] = ".gz";
    const size_t suffix_bytes = sizeof suffix - 1;
    const size_t packed_bytes = sizeof packed - 1;

    if (bytes > packed_bytes && memcmp(name + bytes - packed_bytes, packed, packed_bytes) == 0)
        bytes -= packed_bytes;
    if (bytes <= suffix_bytes || memcmp(name + bytes - suffix_bytes, suffix, suffix_bytes) != 0)
        return false;
    bytes -= suffix_bytes;
    const size_t digit_count = count_digits(name, bytes);
    if (name[0] == 'v') {
        const size_t end = 1 + count_digits(name + 1, bytes - 1);
        return end > 1 && (end == bytes || name[end] == '.');
    }
    const bool is_numbered = digit_count > 0 && digit_count < bytes && name[digit_count] == '-';
    if (is_numbered && is_uuid(name + digit_count + 1, bytes - digit_count - 1))
        return true;
    return is_uuid(name, bytes);
}

const char *rg_select_table_format(struct rg_span name)
{
    static const char metadata[] = "metadata/";
    const size_t metadata_bytes = sizeof metadata - 1;

    if (rg_span_equal(name, rg_span_of("_delta_log/")))
        return "Delta Lake";
    if (rg_span_equal(name, rg_span_of(".hoodie/")))
        return "Hudi";
    if (name.bytes <= metadata_bytes || memcmp(name.data, metadata, metadata_bytes) != 0)
        return NULL;
    return is_iceberg_name((const char *)name.data + metadata_bytes, name.bytes - metadata_bytes)
               ? "Iceberg"
               : NULL;
}
