/* SPDX-License-Identifier: Apache-2.0 */

/*
 * One static function for each kind of option, all of one form: parse into a local, then store. So
 * a value that is refused leaves no trace but some bytes of the options' arena.
 */

#include "plan/option_value.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/utf8.h"
#include "plan/quantity.h"

typedef enum rg_status set_fn(struct rg_options *options, const struct rg_option *option,
                              void *field, const char *value, struct rg_error *err);

/* "true" and what people write for it; false in *ret_known for anything else. */
static bool parse_switch(const char *value, bool *ret_known)
{
    static const char *const on[] = {"true", "yes", "on", "1"};
    static const char *const off[] = {"false", "no", "off", "0"};

    *ret_known = true;
    for (size_t i = 0; i < sizeof on / sizeof on[0]; i++) {
        if (strcasecmp(value, on[i]) == 0)
            return true;
        if (strcasecmp(value, off[i]) == 0)
            return false;
    }
    *ret_known = false;
    return false;
}

static enum rg_status refuse_action(struct rg_options *options, const struct rg_option *option,
                                    void *field, const char *value, struct rg_error *err)
{
    (void)options;
    (void)option;
    (void)field;
    (void)value;
    return rg_fail(err, RG_ERR_INVALID, "cannot be set");
}

static enum rg_status set_switch(struct rg_options *options, const struct rg_option *option,
                                 void *field, const char *value, struct rg_error *err)
{
    bool is_known;
    const bool is_on = parse_switch(value, &is_known);

    (void)options;
    (void)option;
    if (!is_known)
        return rg_fail(err, RG_ERR_INVALID, "'%.40s' is neither true nor false", value);
    *(bool *)field = is_on;
    return RG_OK;
}

/* "true" counts one more, "false" starts over, a number is one. */
static enum rg_status set_count(struct rg_options *options, const struct rg_option *option,
                                void *field, const char *value, struct rg_error *err)
{
    uint32_t *count = field;
    uint64_t number;
    bool is_known;
    const bool is_on = parse_switch(value, &is_known);

    (void)options;
    (void)option;
    if (value[0] >= '0' && value[0] <= '9') {
        RG_TRY(rg_number_parse(value, &number, err));
        *count = number > 9 ? 9 : (uint32_t)number;
        return RG_OK;
    }
    if (!is_known)
        return rg_fail(err, RG_ERR_INVALID, "'%.40s' is neither true nor false nor a number",
                       value);
    *count = is_on ? *count + 1 : 0;
    return RG_OK;
}

static enum rg_status check_range(const struct rg_option *option, uint64_t number,
                                  const char *value, struct rg_error *err)
{
    if (number < option->value_min)
        return rg_fail(err, RG_ERR_INVALID, "'%.40s' is too small: at least %" PRIu64, value,
                       option->value_min);
    if (number > option->value_max)
        return rg_fail(err, RG_ERR_INVALID, "'%.40s' is too large: at most %" PRIu64, value,
                       option->value_max);
    return RG_OK;
}

static enum rg_status set_number(struct rg_options *options, const struct rg_option *option,
                                 void *field, const char *value, struct rg_error *err)
{
    uint64_t number;

    (void)options;
    RG_TRY(rg_number_parse(value, &number, err));
    RG_TRY(check_range(option, number, value, err));
    *(uint32_t *)field = (uint32_t)number;
    return RG_OK;
}

static enum rg_status set_rows(struct rg_options *options, const struct rg_option *option,
                               void *field, const char *value, struct rg_error *err)
{
    uint64_t number = 0;

    (void)options;
    if (strcmp(value, "none") != 0) {
        RG_TRY(rg_number_parse(value, &number, err));
        RG_TRY(check_range(option, number, value, err));
    }
    *(uint64_t *)field = number;
    return RG_OK;
}

static enum rg_status set_size(struct rg_options *options, const struct rg_option *option,
                               void *field, const char *value, struct rg_error *err)
{
    uint64_t bytes;

    (void)options;
    RG_TRY(rg_size_parse(value, &bytes, err));
    RG_TRY(check_range(option, bytes, value, err));
    *(uint64_t *)field = bytes;
    return RG_OK;
}

static enum rg_status set_memory(struct rg_options *options, const struct rg_option *option,
                                 void *field, const char *value, struct rg_error *err)
{
    struct rg_memory_limit limit = {0};

    (void)options;
    (void)option;
    if (strchr(value, '%') != NULL) {
        RG_TRY(rg_percent_parse(value, &limit.percent, err));
    } else {
        RG_TRY(rg_size_parse(value, &limit.bytes, err));
        if (limit.bytes == 0)
            return rg_fail(err, RG_ERR_INVALID, "'%.40s' is no memory at all", value);
    }
    *(struct rg_memory_limit *)field = limit;
    return RG_OK;
}

static enum rg_status set_duration(struct rg_options *options, const struct rg_option *option,
                                   void *field, const char *value, struct rg_error *err)
{
    uint64_t ns;

    (void)options;
    (void)option;
    RG_TRY(rg_duration_parse(value, &ns, err));
    *(uint64_t *)field = ns;
    return RG_OK;
}

static enum rg_status set_choice(struct rg_options *options, const struct rg_option *option,
                                 void *field, const char *value, struct rg_error *err)
{
    const size_t value_bytes = strlen(value);
    uint32_t number = 0;

    (void)options;
    for (const char *word = option->info.choices; *word != 0; number++) {
        const size_t bytes = strcspn(word, " ");

        if (bytes == value_bytes && memcmp(word, value, bytes) == 0) {
            *(uint32_t *)field = number;
            return RG_OK;
        }
        word += bytes;
        word += strspn(word, " ");
    }
    return rg_fail(err, RG_ERR_INVALID, "'%.40s' is none of: %s", value, option->info.choices);
}

static enum rg_status set_text(struct rg_options *options, const struct rg_option *option,
                               void *field, const char *value, struct rg_error *err)
{
    (void)option;
    if (*value == 0)
        return rg_fail(err, RG_ERR_INVALID, "an empty text");

    const struct rg_span copy = rg_arena_copy(&options->arena, rg_span_of(value));
    if (copy.data == NULL)
        return rg_fail(err, RG_ERR_NOMEM, "no memory for options");
    *(const char **)field = (const char *)copy.data;
    return RG_OK;
}

/* Bytes of `text` in JSON, as rg_json_text() writes it, without the quotes. */
static size_t escaped_bytes(const char *text)
{
    const struct rg_span span = rg_span_of(text);
    size_t bytes = 0;

    for (size_t i = 0; i < span.bytes;) {
        const uint8_t byte = span.data[i];
        const size_t length = rg_utf8_sequence_bytes(span.data + i, span.bytes - i);

        if (byte == '"' || byte == '\\')
            bytes += 2;
        else if (byte < 0x20 || byte == 0x7f)
            bytes += 6;
        else
            bytes += length == 0 ? 3 : length;
        i += length == 0 ? 1 : length;
    }
    return bytes;
}

static enum rg_status check_bytes(const char *value, size_t bytes_max, struct rg_error *err)
{
    const size_t bytes = escaped_bytes(value);

    if (bytes <= bytes_max)
        return RG_OK;
    return rg_fail(err, RG_ERR_INVALID,
                   "its names take %zu bytes, written as JSON; all together may take %zu", bytes,
                   bytes_max);
}

/* KEY[:desc], from `text` of `bytes` bytes. */
static enum rg_status parse_sort_term(struct rg_span text, struct rg_arena *arena,
                                      struct rg_sort_term *ret_term, struct rg_error *err)
{
    static const char suffix[] = ":desc";
    static const size_t suffix_bytes = sizeof suffix - 1;
    struct rg_sort_term term = {0};
    struct rg_span key = text;

    if (key.bytes >= suffix_bytes &&
        memcmp(key.data + key.bytes - suffix_bytes, suffix, suffix_bytes) == 0) {
        term.is_descending = true;
        key.bytes -= suffix_bytes;
    }
    if (rg_span_equal(key, rg_span_of("path"))) {
        term.key = RG_SORT_PATH;
    } else if (rg_span_equal(key, rg_span_of("size"))) {
        term.key = RG_SORT_SIZE;
    } else if (rg_span_equal(key, rg_span_of("rows"))) {
        term.key = RG_SORT_ROWS;
    } else if (key.bytes > 4 && memcmp(key.data, "col:", 4) == 0) {
        const struct rg_span name =
            rg_arena_copy(arena, (struct rg_span){key.data + 4, key.bytes - 4});

        if (name.data == NULL)
            return rg_fail(err, RG_ERR_NOMEM, "no memory for options");
        term.key = RG_SORT_COLUMN;
        term.column = (const char *)name.data;
    } else {
        return rg_fail(err, RG_ERR_INVALID,
                       "'%.*s' is none of: path, size, rows, col:NAME, each with :desc or without",
                       text.bytes < 40 ? (int)text.bytes : 40, (const char *)text.data);
    }
    *ret_term = term;
    return RG_OK;
}

static int compare_paths(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* COLUMN[,COLUMN...]; in byte order, so that what is written down of it is the same. */
static enum rg_status set_columns(struct rg_options *options, const struct rg_option *option,
                                  void *field, const char *value, struct rg_error *err)
{
    struct rg_column_list list = {0};

    (void)option;
    RG_TRY(check_bytes(value, rg_columns_bytes_max, err));
    list.paths = rg_arena_array(&options->arena, RG_COLUMNS_MAX, sizeof *list.paths);
    if (list.paths == NULL)
        return rg_fail(err, RG_ERR_NOMEM, "no memory for options");
    for (const char *at = value;; at++) {
        const size_t bytes = strcspn(at, ",");

        if (bytes == 0)
            return rg_fail(err, RG_ERR_INVALID, "a column without a name");
        if (list.count == RG_COLUMNS_MAX)
            return rg_fail(err, RG_ERR_INVALID, "more than %d columns", RG_COLUMNS_MAX);
        const struct rg_span copy =
            rg_arena_copy(&options->arena, (struct rg_span){(const uint8_t *)at, bytes});
        if (copy.data == NULL)
            return rg_fail(err, RG_ERR_NOMEM, "no memory for options");
        list.paths[list.count++] = (const char *)copy.data;
        at += bytes;
        if (*at == 0)
            break;
    }
    qsort(list.paths, list.count, sizeof *list.paths, compare_paths);
    *(struct rg_column_list *)field = list;
    return RG_OK;
}

static enum rg_status set_order(struct rg_options *options, const struct rg_option *option,
                                void *field, const char *value, struct rg_error *err)
{
    struct rg_sort sort = {0};

    (void)option;
    RG_TRY(check_bytes(value, rg_order_bytes_max, err));
    sort.terms = rg_arena_array(&options->arena, RG_SORT_TERMS_MAX, sizeof *sort.terms);
    if (sort.terms == NULL)
        return rg_fail(err, RG_ERR_NOMEM, "no memory for options");
    for (const char *at = value;; at++) {
        const size_t bytes = strcspn(at, ",");
        struct rg_sort_term *term = &sort.terms[sort.term_count];

        if (sort.term_count == RG_SORT_TERMS_MAX)
            return rg_fail(err, RG_ERR_INVALID, "more than %d keys", RG_SORT_TERMS_MAX);
        RG_TRY(parse_sort_term((struct rg_span){(const uint8_t *)at, bytes}, &options->arena, term,
                               err));
        sort.term_count++;
        sort.column_count += term->key == RG_SORT_COLUMN;
        at += bytes;
        if (*at == 0)
            break;
    }
    *(struct rg_sort *)field = sort;
    return RG_OK;
}

static const struct {
    const char *name;
    uint8_t codec;
} codecs[] = {
    {"keep", RG_CODEC_KEEP},     {"none", RG_CODEC_NONE}, {"snappy", RG_CODEC_SNAPPY},
    {"zstd", RG_CODEC_ZSTD},     {"gzip", RG_CODEC_GZIP}, {"lz4_raw", RG_CODEC_LZ4_RAW},
    {"brotli", RG_CODEC_BROTLI},
};

static bool find_codec(struct rg_span name, uint8_t *ret_codec)
{
    for (size_t i = 0; i < sizeof codecs / sizeof codecs[0]; i++)
        if (rg_span_equal(name, rg_span_of(codecs[i].name))) {
            *ret_codec = codecs[i].codec;
            return true;
        }
    return false;
}

/* The level behind the colon: a whole number, maybe negative (zstd has such). */
static enum rg_status parse_level(const char *text, const char *value, uint8_t codec,
                                  int *ret_level, struct rg_error *err)
{
    const bool is_negative = *text == '-';
    uint64_t number;
    int level_min;
    int level_max;

    rg_codec_level_range(codec, &level_min, &level_max);
    if (level_min == level_max)
        return rg_fail(err, RG_ERR_INVALID, "'%.40s': this codec has no levels", value);
    RG_TRY(rg_number_parse(text + is_negative, &number, err));

    const int64_t level = is_negative ? -(int64_t)number : (int64_t)number;
    if (level < level_min || level > level_max)
        return rg_fail(err, RG_ERR_INVALID, "'%.40s': levels of this codec are %d to %d", value,
                       level_min, level_max);
    *ret_level = (int)level;
    return RG_OK;
}

static enum rg_status set_codec(struct rg_options *options, const struct rg_option *option,
                                void *field, const char *value, struct rg_error *err)
{
    const size_t name_bytes = strcspn(value, ":");
    struct rg_codec_choice choice = {0};

    (void)options;
    (void)option;
    if (!find_codec((struct rg_span){(const uint8_t *)value, name_bytes}, &choice.codec))
        return rg_fail(err, RG_ERR_INVALID,
                       "'%.40s' is none of: keep, snappy, zstd[:LEVEL], gzip[:LEVEL], lz4_raw, "
                       "brotli[:LEVEL], none",
                       value);
    if (choice.codec == RG_CODEC_KEEP) {
        if (value[name_bytes] == ':')
            return rg_fail(err, RG_ERR_INVALID, "'%.40s': keep has no levels", value);
    } else {
        if (!rg_codec_can_compress(choice.codec))
            return rg_fail(err, RG_ERR_INVALID, "this build cannot write %s",
                           rg_option_codec_name(choice.codec));
        choice.level = rg_codec_level_default(choice.codec);
        if (value[name_bytes] == ':')
            RG_TRY(parse_level(value + name_bytes + 1, value, choice.codec, &choice.level, err));
    }
    *(struct rg_codec_choice *)field = choice;
    return RG_OK;
}

/* Several expressions: all of them must hold. */
static enum rg_status add_where(struct rg_options *options, const struct rg_option *option,
                                void *field, const char *value, struct rg_error *err)
{
    struct rg_where *where = field;
    struct rg_where more;
    struct rg_where_term *terms;

    (void)option;
    RG_TRY(rg_where_parse(value, &options->arena, &more, err));
    if (more.term_count > RG_WHERE_TERMS_MAX - where->term_count)
        return rg_fail(err, RG_ERR_INVALID, "more than %d conditions", RG_WHERE_TERMS_MAX);
    terms = rg_arena_array(&options->arena, where->term_count + more.term_count, sizeof *terms);
    if (terms == NULL)
        return rg_fail(err, RG_ERR_NOMEM, "no memory for options");
    if (where->term_count > 0)
        memcpy(terms, where->terms, where->term_count * sizeof *terms);
    memcpy(terms + where->term_count, more.terms, more.term_count * sizeof *terms);
    where->terms = terms;
    where->term_count += more.term_count;
    return RG_OK;
}

static enum rg_status add_glob(struct rg_options *options, const struct rg_option *option,
                               void *field, const char *value, struct rg_error *err)
{
    struct rg_glob_list *list = field;
    const uint32_t count = list->glob_count;
    struct rg_glob *glob;

    (void)option;
    RG_TRY(rg_glob_parse(value, &options->arena, &glob, err));
    if (count == RG_GLOBS_MAX)
        return rg_fail(err, RG_ERR_INVALID, "more than %d globs", RG_GLOBS_MAX);
    /* Room is for a power of two of them, so it is full whenever the count is one. */
    if ((count & (count - 1)) == 0) {
        const size_t room = count == 0 ? 1 : (size_t)count * 2;
        struct rg_glob **globs = rg_arena_array(&options->arena, room, sizeof(struct rg_glob *));

        if (globs == NULL)
            return rg_fail(err, RG_ERR_NOMEM, "no memory for options");
        if (count > 0)
            memcpy(globs, list->globs, count * sizeof(struct rg_glob *));
        list->globs = globs;
    }
    list->globs[count] = glob;
    list->glob_count++;
    return RG_OK;
}

static set_fn *setter_of(enum rg_option_kind kind)
{
    switch (kind) {
    case RG_OPTION_ACTION:
        return refuse_action;
    case RG_OPTION_SWITCH:
        return set_switch;
    case RG_OPTION_COUNT:
        return set_count;
    case RG_OPTION_NUMBER:
        return set_number;
    case RG_OPTION_ROWS:
        return set_rows;
    case RG_OPTION_SIZE:
        return set_size;
    case RG_OPTION_MEMORY:
        return set_memory;
    case RG_OPTION_DURATION:
        return set_duration;
    case RG_OPTION_CHOICE:
        return set_choice;
    case RG_OPTION_TEXT:
        return set_text;
    case RG_OPTION_ORDER:
        return set_order;
    case RG_OPTION_COLUMNS:
        return set_columns;
    case RG_OPTION_CODEC:
        return set_codec;
    case RG_OPTION_WHERE:
        return add_where;
    case RG_OPTION_GLOB:
        return add_glob;
    }
    return refuse_action;
}

enum rg_status rg_option_value_set(struct rg_options *options, const struct rg_option *option,
                                   const char *value, struct rg_error *err)
{
    return setter_of(option->kind)(options, option, (char *)options + option->offset, value, err);
}

void rg_option_value_clear(struct rg_options *options, const struct rg_option *option)
{
    void *field = (char *)options + option->offset;

    if (option->kind == RG_OPTION_WHERE)
        *(struct rg_where *)field = (struct rg_where){0};
    else if (option->kind == RG_OPTION_GLOB)
        *(struct rg_glob_list *)field = (struct rg_glob_list){0};
    else if (option->kind == RG_OPTION_COUNT)
        *(uint32_t *)field = 0;
}

const char *rg_option_codec_name(uint8_t codec)
{
    for (size_t i = 0; i < sizeof codecs / sizeof codecs[0]; i++)
        if (codecs[i].codec == codec)
            return codecs[i].name;
    return "?";
}
