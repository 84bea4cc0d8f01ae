/* SPDX-License-Identifier: Apache-2.0 */

#include "stitch/arrow_schema.h"

#include <string.h>

#include "arrow_texts.h"
#include "small_meta.h"
#include "support/test.h"

static bool may_have_dictionary(struct rg_span base64)
{
    struct rg_arrow_facts facts;

    return !rg_arrow_schema_read(base64, &facts) || facts.has_dictionary;
}

static bool is_alike(const char *a, const char *b)
{
    struct rg_arrow_facts x;
    struct rg_arrow_facts y;

    CHECK(rg_arrow_schema_read(rg_span_of(a), &x) && rg_arrow_schema_read(rg_span_of(b), &y));
    return x.semantics.high == y.semantics.high && x.semantics.low == y.semantics.low;
}

TEST(schemas_are_alike_but_for_their_key_values)
{
    CHECK(is_alike(with_pairs, with_other_pairs));
    CHECK(is_alike(with_pairs, without_pairs));
    CHECK(!is_alike(with_pairs, other_zone));
    CHECK(!is_alike(plain_fields, dictionary_field));
    CHECK(!is_alike(nested_dictionary, nested_plain));
}

TEST(dictionaries_are_forgotten)
{
    struct rg_arena arena;
    struct rg_span text;

    rg_arena_init(&arena, &t->allocator, SIZE_MAX);
    CHECK_OK(
        rg_arrow_schema_forget_dictionaries(rg_span_of(nested_dictionary), &arena, &text, &t->err));
    CHECK(!may_have_dictionary(text));
    CHECK_OK(
        rg_arrow_schema_forget_dictionaries(rg_span_of(dictionary_field), &arena, &text, &t->err));
    CHECK(!may_have_dictionary(text));
    CHECK_OK(rg_arrow_schema_forget_dictionaries(rg_span_of(plain_fields), &arena, &text, &t->err));
    CHECK_SPAN(text, rg_span_of(plain_fields));
    CHECK_ERROR(
        rg_arrow_schema_forget_dictionaries(rg_span_of("none at all"), &arena, &text, &t->err),
        RG_ERR_CORRUPT, "no arrow schema");
    rg_arena_fini(&arena);
}

TEST(key_values_are_exchanged_within)
{
    const struct rg_key_value pairs[] = {
        {rg_span_of("k"), rg_span_of("v")},
        {rg_span_of("unheard of"), rg_span_of("x")},
        {rg_span_of("pandas"), rg_span_of("a new one")},
    };
    static const char *const texts[] = {with_pairs, with_other_pairs, other_zone};
    struct rg_arena arena;

    rg_arena_init(&arena, &t->allocator, SIZE_MAX);
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        const struct rg_span text = rg_span_of(texts[i]);
        struct rg_arrow_facts before;
        struct rg_arrow_facts after;
        struct rg_span once;
        struct rg_span twice;

        CHECK_OK(rg_arrow_schema_rewrite(text, pairs, 3, &arena, &once, &t->err));
        CHECK(once.data != text.data);
        CHECK(rg_arrow_schema_read(text, &before) && rg_arrow_schema_read(once, &after));
        CHECK(before.semantics.low == after.semantics.low);
        /* It says what the pairs say: nothing is left to exchange. */
        CHECK_OK(rg_arrow_schema_rewrite(once, pairs, 3, &arena, &twice, &t->err));
        CHECK(twice.data == once.data);
        CHECK_OK(rg_arrow_schema_rewrite(once, pairs, 2, &arena, &twice, &t->err));
        CHECK(twice.data != once.data);
    }
    rg_arena_fini(&arena);
}

/* Checked with pyarrow 26: the schema of with_pairs, key-values {"k": "v", "pandas": "new"}. */
TEST(arrow_reads_what_was_exchanged)
{
    const struct rg_key_value pairs[] = {{rg_span_of("k"), rg_span_of("v")},
                                         {rg_span_of("pandas"), rg_span_of("new")}};
    struct rg_arena arena;
    struct rg_span text;

    rg_arena_init(&arena, &t->allocator, SIZE_MAX);
    CHECK_OK(rg_arrow_schema_rewrite(rg_span_of(with_pairs), pairs, 2, &arena, &text, &t->err));
    CHECK_SPAN(text, rg_span_of(exchanged));
    rg_arena_fini(&arena);
}

TEST(what_has_no_key_values_stays)
{
    struct rg_arena arena;
    struct rg_span text;

    rg_arena_init(&arena, &t->allocator, SIZE_MAX);
    CHECK_OK(rg_arrow_schema_rewrite(rg_span_of(without_pairs), NULL, 0, &arena, &text, &t->err));
    CHECK_SPAN(text, rg_span_of(without_pairs));
    CHECK_ERROR(rg_arrow_schema_rewrite(rg_span_of("AAAA"), NULL, 0, &arena, &text, &t->err),
                RG_ERR_CORRUPT, "no arrow schema");
    rg_arena_fini(&arena);
}

TEST(dictionaries_are_found_at_any_depth)
{
    CHECK(!may_have_dictionary(rg_span_of(plain_fields)));
    CHECK(may_have_dictionary(rg_span_of(dictionary_field)));
    CHECK(may_have_dictionary(rg_span_of(nested_dictionary)));
    CHECK(!may_have_dictionary(rg_span_of(nested_plain)));
}

TEST(what_cannot_be_made_out_may_have_one)
{
    static const char *const texts[] = {
        "", "A", "AAA", "AAAA", "AAAAAAAA", "!!!!!!!!!!!!!!!!", "/////wAAAAA=", "/////xAAAAD/////"};

    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        CHECK(may_have_dictionary(rg_span_of(texts[i])));
    /* Cut anywhere within the first half, some offset points outside. */
    for (size_t bytes = 0; bytes < sizeof nested_plain / 2; bytes += 4)
        CHECK(may_have_dictionary((struct rg_span){(const uint8_t *)nested_plain, bytes}));
}

/* Columns of INT32 and INT64, and what Arrow makes of them: the letters are of make_columns(). */
static void make_columns(struct small_meta *m, const char *kinds)
{
    static const char *const names[] = {"a", "b", "c", "d", "e", "f", "g", "h"};

    small_meta_begin(m);
    for (size_t i = 0; kinds[i] != 0; i++) {
        const char *name = names[i];

        switch (kinds[i]) {
        case 'i':
            (void)small_meta_leaf(m, name, RG_TYPE_INT32, RG_LOGICAL_NONE);
            break;
        case 'l':
            (void)small_meta_leaf(m, name, RG_TYPE_INT64, RG_LOGICAL_NONE);
            break;
        case 'L': {
            struct rg_schema_element *leaf =
                small_meta_leaf(m, name, RG_TYPE_INT64, RG_LOGICAL_INTEGER);
            leaf->bit_width = 64;
            leaf->is_signed = true;
            break;
        }
        case 't':
            (void)small_meta_leaf(m, name, RG_TYPE_INT64, RG_LOGICAL_TIMESTAMP);
            break;
        case 'n':
            (void)small_meta_leaf(m, name, RG_TYPE_INT32, RG_LOGICAL_UNKNOWN);
            break;
        case 's':
            (void)small_meta_leaf(m, name, RG_TYPE_BYTE_ARRAY, RG_LOGICAL_STRING);
            break;
        default: /* As many fields as the figure says. */
            (void)small_meta_group(m, name, (uint32_t)(kinds[i] - '0'), RG_LOGICAL_NONE);
        }
    }
}

TEST(units_that_only_arrow_knows_are_found)
{
    static const struct {
        const char *about;
        const char *text;
        const char *columns;
        bool is_found;
    } rows[] = {
        {"a duration", durations_us, "ll", true},
        {"as an integer of 64 bits", durations_us, "lL", true},
        {"integers", plain_fields, "ls", false},
        {"seconds of arrow-rs", seconds, "lli", true},
        {"seconds that became milliseconds", seconds, "ltn", false},
        {"nulls", seconds, "lti", false},
        {"in lists and structs", nested_durations, "s112ill", true},
        {"where an integer is no duration", nested_durations, "s112itl", false},
        {"behind ends of runs", run_ends, "2sl", true},
        {"a time zone", other_zone, "lts", false},
        {"fewer columns than fields", durations_us, "l", false},
        {"fewer fields than columns", durations_us, "lll", true},
        {"a group for a leaf", durations_us, "l2il", true},
        {"no schema", "AAAA", "ll", false},
        {"no text", "", "ll", false},
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        static struct small_meta m;
        struct rg_arena arena;

        rg_arena_init(&arena, &t->allocator, SIZE_MAX);
        make_columns(&m, rows[i].columns);
        CHECK_MADE(small_meta_build(&m, &arena));
        if (rg_arrow_schema_names_units(rg_span_of(rows[i].text), &m.meta.schema) !=
            rows[i].is_found)
            test_fail(__FILE__, __LINE__, "%s", rows[i].about);
        rg_arena_fini(&arena);
    }
}

/* Whatever is changed, the walk ends, and reads nothing outside. */
static void changed_text_is_survived(struct test *t, struct choices *c)
{
    static const char letters[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=";
    const char *base = choose(c, 2) == 0 ? with_pairs : nested_dictionary;
    const size_t bytes = strlen(base);
    uint8_t *text = rg_alloc(&t->allocator, bytes);

    if (text == NULL)
        return;
    memcpy(text, base, bytes);
    for (uint32_t i = choose(c, 20); i > 0; i--)
        text[choose(c, (uint32_t)bytes - 1)] = (uint8_t)letters[choose(c, sizeof letters - 2)];
    const struct rg_span changed = {text, bytes};
    const struct rg_key_value pair = {rg_span_of("pandas"), rg_span_of("x")};
    static struct small_meta columns;
    struct rg_arena arena;
    struct rg_span out;

    (void)may_have_dictionary(changed);
    rg_arena_init(&arena, &t->allocator, SIZE_MAX);
    if (rg_arrow_schema_forget_dictionaries(changed, &arena, &out, &t->err) == RG_OK)
        CHECK(!may_have_dictionary(out));
    make_columns(&columns, "ltis1l");
    if (small_meta_build(&columns, &arena))
        (void)rg_arrow_schema_names_units(changed, &columns.meta.schema);
    (void)(rg_arrow_schema_rewrite(changed, &pair, 1, &arena, &out, &t->err) == RG_OK);
    rg_arena_fini(&arena);
    rg_release(&t->allocator, text, bytes);
}

TEST(hostile_flatbuffers_are_survived)
{
    test_property(t, "arrow schema", 20000, changed_text_is_survived);
}

int main(int argc, char **argv)
{
    static const struct test_case cases[] = {
        {"schemas_are_alike_but_for_their_key_values", schemas_are_alike_but_for_their_key_values},
        {"dictionaries_are_forgotten", dictionaries_are_forgotten},
        {"key_values_are_exchanged_within", key_values_are_exchanged_within},
        {"arrow_reads_what_was_exchanged", arrow_reads_what_was_exchanged},
        {"what_has_no_key_values_stays", what_has_no_key_values_stays},
        {"dictionaries_are_found_at_any_depth", dictionaries_are_found_at_any_depth},
        {"what_cannot_be_made_out_may_have_one", what_cannot_be_made_out_may_have_one},
        {"units_that_only_arrow_knows_are_found", units_that_only_arrow_knows_are_found},
        {"hostile_flatbuffers_are_survived", hostile_flatbuffers_are_survived},
    };

    return test_main("stitch/arrow_schema", cases, sizeof cases / sizeof cases[0], argc, argv);
}
