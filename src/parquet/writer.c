/* SPDX-License-Identifier: Apache-2.0 */

#include "parquet/writer.h"

#include <string.h>

/* What stands between the name and the number. */
static const char version_word[] = "version";

/* More digits than any release has had; keeps the arithmetic in 32 bits. */
static const size_t digits_max = 9;

struct version {
    uint32_t major, minor, patch;
    struct rg_span suffix; /* What follows the third number, with its '-' or '.' in front. */
};

static bool is_space(uint8_t byte)
{
    return byte == ' ' || (byte >= '\t' && byte <= '\r');
}

static struct rg_span trim(struct rg_span text)
{
    while (text.bytes > 0 && is_space(text.data[0])) {
        text.data++;
        text.bytes--;
    }
    while (text.bytes > 0 && is_space(text.data[text.bytes - 1]))
        text.bytes--;
    return text;
}

static uint8_t lower(uint8_t byte)
{
    return byte >= 'A' && byte <= 'Z' ? (uint8_t)(byte - 'A' + 'a') : byte;
}

/* As arrow C++ does it, without regard to case. */
static bool is_named(struct rg_span application, const char *name)
{
    if (application.bytes != strlen(name))
        return false;
    for (size_t i = 0; i < application.bytes; i++) {
        if (lower(application.data[i]) != (uint8_t)name[i])
            return false;
    }
    return true;
}

static bool take_number(struct rg_span *text, uint32_t *ret_number)
{
    uint32_t number = 0;
    size_t i = 0;

    while (i < text->bytes && text->data[i] >= '0' && text->data[i] <= '9') {
        if (i == digits_max)
            return false;
        number = number * 10 + (uint32_t)(text->data[i] - '0');
        i++;
    }
    if (i == 0)
        return false;
    text->data += i;
    text->bytes -= i;
    *ret_number = number;
    return true;
}

static bool take_dot(struct rg_span *text)
{
    if (text->bytes == 0 || text->data[0] != '.')
        return false;
    text->data++;
    text->bytes--;
    return true;
}

static bool parse_version(struct rg_span text, struct version *ret_version)
{
    struct version v;

    if (!take_number(&text, &v.major) || !take_dot(&text) || !take_number(&text, &v.minor) ||
        !take_dot(&text) || !take_number(&text, &v.patch))
        return false;
    v.suffix = text;
    *ret_version = v;
    return true;
}

/*
 * Splits "name version number (build hash)": the expression of parquet-java's VersionParser. False
 * when there is no such word.
 */
static bool split(struct rg_span text, struct rg_span *ret_name, struct rg_span *ret_number)
{
    const size_t word_bytes = sizeof version_word - 1;

    for (size_t i = 1; i + word_bytes <= text.bytes; i++) {
        if (!is_space(text.data[i - 1]) || memcmp(text.data + i, version_word, word_bytes) != 0)
            continue;
        const struct rg_span rest = {text.data + i + word_bytes, text.bytes - i - word_bytes};
        const uint8_t *paren = rest.bytes == 0 ? NULL : memchr(rest.data, '(', rest.bytes);
        const size_t number_bytes = paren == NULL ? rest.bytes : (size_t)(paren - rest.data);

        *ret_name = trim((struct rg_span){text.data, i - 1});
        *ret_number = trim((struct rg_span){rest.data, number_bytes});
        return ret_name->bytes > 0;
    }
    return false;
}

/* A pre-release ("-SNAPSHOT", "rc1") comes before the release; a fourth number does not. */
static bool is_below(const struct version *v, uint32_t major, uint32_t minor, uint32_t patch)
{
    if (v->major != major)
        return v->major < major;
    if (v->minor != minor)
        return v->minor < minor;
    if (v->patch != patch)
        return v->patch < patch;
    return v->suffix.bytes > 0 && v->suffix.data[0] != '.' && v->suffix.data[0] != '+';
}

/* Cloudera mended 1.5.0 from cdh5.5.0 on (parquet-java, CorruptStatistics). */
static bool is_mended_by_cloudera(const struct version *v)
{
    static const char cdh[] = "-cdh5.";
    const size_t cdh_bytes = sizeof cdh - 1;
    uint32_t minor;

    if (v->major != 1 || v->minor != 5 || v->patch != 0 || v->suffix.bytes < cdh_bytes ||
        memcmp(v->suffix.data, cdh, cdh_bytes) != 0)
        return false;
    struct rg_span rest = {v->suffix.data + cdh_bytes, v->suffix.bytes - cdh_bytes};
    return take_number(&rest, &minor) && minor >= 5;
}

static bool begins_with(struct rg_span text, const char *name)
{
    return text.bytes >= strlen(name) && memcmp(text.data, name, strlen(name)) == 0;
}

/* Where no number can be read, the oldest is assumed. */
static void judge_parquet_mr(struct rg_writer *writer, const struct version *v)
{
    const bool is_before_1_8 = !writer->is_parsed || is_below(v, 1, 8, 0);
    const bool is_before_1_10 = !writer->is_parsed || is_below(v, 1, 10, 0);

    writer->has_wrong_binary_bounds =
        is_before_1_8 && !(writer->is_parsed && is_mended_by_cloudera(v));
    writer->has_linked_delta_pages = is_before_1_8;
    writer->has_signed_order_only = is_before_1_10;
    /*
     * Before comparators came (1.10.0), a page whose first value was NaN kept NaN as its bounds,
     * and adding them to the chunk's changed nothing: the page's other values are missing there.
     */
    writer->has_nan_bounds = is_before_1_10;
}

static void judge_parquet_cpp(struct rg_writer *writer, const struct version *v)
{
    const bool is_parsed = writer->is_parsed;

    writer->has_signed_order_only = !is_parsed || is_below(v, 1, 3, 0);
    /* Bounds came from std::minmax_element over values with NaN (PARQUET-1225). */
    writer->has_nan_bounds = !is_parsed || is_below(v, 1, 4, 0);
    writer->has_lying_v2_flag = !is_parsed || is_below(v, 2, 0, 0);
}

/*
 * What Arrow C++ said of columns that were dictionaries in Arrow, too: such a chunk looks like any
 * other with a dictionary. Null counts left out nulls of such columns (ARROW-12513, until 5), or
 * were those of the first part of what shares a dictionary (until 10; run: 6.0.1, 8.0.0, 10.0.1);
 * the first page had those of the whole write (GH-34106, until 11; run). Bounds were those of the
 * first part (issue 15042, 6 to 10; run: 6.0.1, 8.0.0, 10.0.1). Below lists the levels of null and
 * empty ones were no nulls until 5 (PARQUET-2067). No number that can be read: one of those.
 */
static void judge_arrow_dictionaries(struct rg_writer *writer, const struct version *v)
{
    const bool is_parsed = writer->is_parsed;

    writer->has_odd_null_counts = !is_parsed || is_below(v, 12, 0, 0);
    writer->has_few_list_nulls = !is_parsed || is_below(v, 6, 0, 0);
    writer->has_first_bounds = !is_parsed || (is_below(v, 11, 0, 0) && !is_below(v, 6, 0, 0));
}

static void judge_arrow(struct rg_writer *writer)
{
    /* From its first size statistics on; 26.0.0 still (run). */
    writer->has_short_sizes = true;
    /* Arrow's column_writer.cc adds up both sizes of each page (26.0.1, run). */
    writer->has_counted_sizes = writer->is_parsed && writer->major >= 2;
}

/*
 * Who compared decimals in bytes as something else: parquet-cpp before Arrow 4.0.0 as signed bytes
 * (ARROW-6149), ClickHouse as unsigned numbers (its pull request 83754), Polars so where it united
 * pages (its issue 29347), and parquet-rs where their lengths differ (arrow-rs issues 10860 and
 * 11073). No number that can be read: one of those.
 */
static void judge_decimals(struct rg_writer *writer, const struct version *v,
                           struct rg_span created_by)
{
    if (begins_with(created_by, "Polars"))
        writer->has_wrong_decimals = !writer->is_parsed || is_below(v, 2, 1, 0);
    else if (begins_with(created_by, "ClickHouse"))
        writer->has_wrong_decimals = !writer->is_parsed || is_below(v, 25, 9, 0);
    else if (is_named(writer->application, "parquet-cpp"))
        writer->has_wrong_decimals = true;
    else if (is_named(writer->application, "parquet-cpp-arrow"))
        writer->has_wrong_decimals = !writer->is_parsed || is_below(v, 4, 0, 0);
    writer->has_wrong_long_decimals = is_named(writer->application, "parquet-rs");
}

/*
 * Whose words of chunks are not those of their pages together (run: Polars 0.20.31 to 2.1.0,
 * fastparquet 2024.11.0). Polars compared unsigned numbers as signed ones, passed over pages that
 * hold NaN, both until 2.0.0, and of two strings of which one begins with the other took the first
 * page's, until 1.36; bounds of its pages are right. From 1.37 to 1.44 it counted the nulls of all
 * pages for each page with indices. Its name has a version since 2.0.0. fastparquet has the first
 * and the last category in the order of the dictionary. ClickHouse begins a chunk anew where its
 * dictionary grows too large, but not the sum of its bytes (Parquet/Write.cpp; run, 26.9.2).
 */
static void judge_chunks(struct rg_writer *writer, const struct version *v,
                         struct rg_span created_by)
{
    if (begins_with(created_by, "Polars")) {
        writer->has_wrong_unions = !writer->is_parsed || is_below(v, 2, 1, 0);
        writer->has_prefix_unions = !writer->is_parsed;
        writer->has_repeated_null_counts = !writer->is_parsed;
    }
    /* Until 0.9 (run: 0.6.1, 0.8.1); 0.10 is called so, too, and counts right. */
    writer->has_running_null_counts = rg_span_equal(created_by, rg_span_of("DuckDB"));
    writer->has_doubled_sizes = begins_with(created_by, "ClickHouse");
    writer->has_category_bounds =
        begins_with(created_by, "fastparquet") || begins_with(created_by, "parquet-python");
    /* Until 2018 it began to count behind the dictionary (its issue 305). */
    writer->has_dictionary_outside = writer->has_category_bounds;
}

struct rg_writer rg_writer_parse(struct rg_span created_by)
{
    struct rg_writer writer = {.application = {NULL, 0}};
    struct version v = {0, 0, 0, {NULL, 0}};
    struct rg_span number;

    if (created_by.data == NULL || !split(created_by, &writer.application, &number)) {
        /* PARQUET-297: parquet-mr of that time left created_by out or empty. */
        writer.application = (struct rg_span){NULL, 0};
        writer.has_wrong_binary_bounds = true;
        writer.has_linked_delta_pages = true;
        judge_decimals(&writer, &v, created_by);
        judge_chunks(&writer, &v, created_by);
        return writer;
    }
    writer.is_parsed = parse_version(number, &v);
    writer.major = v.major;
    writer.minor = v.minor;
    writer.patch = v.patch;
    judge_decimals(&writer, &v, created_by);
    judge_chunks(&writer, &v, created_by);
    if (is_named(writer.application, "parquet-mr"))
        judge_parquet_mr(&writer, &v);
    else if (is_named(writer.application, "parquet-cpp"))
        judge_parquet_cpp(&writer, &v);
    else if (is_named(writer.application, "parquet-cpp-arrow"))
        judge_arrow(&writer);
    else if (is_named(writer.application, "impala"))
        writer.has_nan_bounds = !writer.is_parsed || is_below(&v, 2, 12, 0); /* IMPALA-6527. */
    /* arrow-rs pull requests 6256 and 6257; DataFusion names itself. No number: not sure. */
    if (is_named(writer.application, "parquet-rs"))
        writer.omits_no_nulls = writer.is_parsed && is_below(&v, 53, 1, 0);
    if (is_named(writer.application, "datafusion"))
        writer.omits_no_nulls = writer.is_parsed && is_below(&v, 42, 1, 0);
    if (is_named(writer.application, "parquet-cpp") ||
        is_named(writer.application, "parquet-cpp-arrow"))
        judge_arrow_dictionaries(&writer, &v);
    return writer;
}
