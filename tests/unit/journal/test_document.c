/* SPDX-License-Identifier: Apache-2.0 */

#include "journal/document.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store/local.h"
#include "support/scratch.h"
#include "support/store_contract.h"

static const struct rg_home home = {.id = {"0123456789abcdef0123456789abcdef"}};

#define HEAD                                                                                       \
    "{\"v\":1,\"kind\":\"record\",\"home\":\"0123456789abcdef0123456789abcdef\","                  \
    "\"partition\":\"p=1/\",\"number\":3,\"in_place\":true,\"all\":false,\"void\":false,"          \
    "\"options\":\"\",\"content\":\"\"\n"
#define LISTS                                                                                      \
    ",\"inputs\":[\n]\n,\"taken\":[\n]\n,\"retired\":[\n]\n,\"outputs\":[\n]\n,\"runs\":[\n]}\n"

static enum rg_status parse(struct test *t, const char *text, size_t bytes,
                            const struct rg_document_visitor *visitor)
{
    static const struct rg_document_visitor none = {.head = NULL};
    struct rg_document_reader reader;

    rg_document_reader_init(&reader, &home, "p=1/", &t->allocator);
    const struct rg_span span = {(const uint8_t *)text, bytes};
    const enum rg_status status = rg_document_parse(&reader, "doc", span, RG_DOCUMENT_RECORD, 3,
                                                    visitor == NULL ? &none : visitor, &t->err);
    rg_document_reader_fini(&reader);
    return status;
}

TEST(reading_is_strict)
{
    static const struct {
        const char *text;
        const char *error;     /* NULL: fine. */
        enum rg_status status; /* RG_OK: RG_ERR_CORRUPT, where there is an error. */
    } rows[] = {
        {HEAD LISTS, NULL, RG_OK},
        {"", "line 1: the document is empty", RG_OK},
        {"\n", "line 1: is no JSON object", RG_OK},
        {"{\"v\":2\n" LISTS, "doc: version 2, made by a newer regroup", RG_ERR_UNSUPPORTED},
        {"{\"v\":\"1\"\n" LISTS, "has no version", RG_OK},
        {"{\"v\":1,\"v\":1\n" LISTS, "is no JSON object", RG_OK},
        {"{\"v\":1,\"kind\":\"intent\"\n" LISTS, "of another kind", RG_OK},
        {"{\"v\":1,\"kind\":\"record\",\"home\":\"ff\"\n" LISTS, "belongs to another home", RG_OK},
        {"[\n" LISTS, "is no JSON object", RG_OK},
        {HEAD, "line 2: does not begin the list", RG_OK},
        {HEAD ",\"inputs\":[\n", "line 3: the document ends in a list", RG_OK},
        {HEAD ",\"inputs\":[", "line 2: ends before its end", RG_OK},
        {HEAD ",\"taken\":[\n]\n", "line 2: does not begin the list", RG_OK},
        {HEAD LISTS "x", "ends before its end", RG_OK},
        {HEAD LISTS "x\n", "line 12: comes after the end", RG_OK},
        {HEAD LISTS "\n", "line 12: comes after the end", RG_OK},
        {HEAD ",\"inputs\":[\n[\"a\",1,2,\"\",3]\n[\"b\",1,2,\"\",3]\n]\n",
         "line 4: has no comma in front", RG_OK},
        {HEAD ",\"inputs\":[\n,[\"a\",1,2,\"\",3]\n]\n", "line 3: is no JSON", RG_OK},
        {HEAD ",\"inputs\":[\n[\"a\",1,2,\"\"]\n", "line 3: is no input", RG_OK},
        {HEAD ",\"inputs\":[\n[\"a\",1,2,\"\",3,4]\n", "line 3: is no input", RG_OK},
        {HEAD ",\"inputs\":[\n[\"a\",-1,2,\"\",3]\n", "line 3: is no input", RG_OK},
        {HEAD ",\"inputs\":[\n[\"a\",1.5,2,\"\",3]\n", "line 3: is no input", RG_OK},
        {HEAD ",\"inputs\":[\n[\"a\",99999999999999999999,2,\"\",3]\n", "line 3: is no JSON",
         RG_OK},
        {HEAD ",\"inputs\":[\n[\"a\",1,2,null,3]\n", "line 3: is no input", RG_OK},
        {HEAD ",\"inputs\":[\n[\"a/b\",1,2,\"\",3]\n", "line 3: is no input", RG_OK},
        {HEAD ",\"inputs\":[\n[\"..\",1,2,\"\",3]\n", "line 3: is no input", RG_OK},
        {HEAD ",\"inputs\":[\n[\"\",1,2,\"\",3]\n", "line 3: is no input", RG_OK},
        {HEAD ",\"inputs\":[\n[{\"hex\":\"2f\"},1,2,\"\",3]\n", "line 3: is no input", RG_OK},
        {HEAD ",\"inputs\":[\n[{\"hex\":\"00\"},1,2,\"\",3]\n", "line 3: is no input", RG_OK},
        {HEAD ",\"inputs\":[\n[{\"hex\":\"f\"},1,2,\"\",3]\n", "line 3: is no input", RG_OK},
        {HEAD ",\"inputs\":[\n[{\"hex\":\"FF\"},1,2,\"\",3]\n", "line 3: is no input", RG_OK},
        {HEAD ",\"inputs\":[\n[{\"hex\":\"ff\",\"x\":1},1,2,\"\",3]\n", "line 3: is no input",
         RG_OK},
        {HEAD ",\"inputs\":[\n[\"a\\u0000\",1,2,\"\",3]\n", "line 3: is no JSON", RG_OK},
        {HEAD ",\"inputs\":[\n{}\n", "line 3: is no input", RG_OK},
        {HEAD ",\"inputs\":[\n]\n,\"taken\":[\n\"x\"\n", "line 5: is no name of an output", RG_OK},
        {HEAD ",\"inputs\":[\n]\n,\"taken\":[\n5\n", "line 5: is no name of an output", RG_OK},
        {HEAD ",\"inputs\":[\n]\n,\"taken\":[\n]\n,\"retired\":[\n]\n,\"outputs\":[\n"
              "[\"part-000003-000-00000000000000010000000a.parquet\",5,6,\"\",7,8]\n",
         "line 9: names an output that this record cannot have", RG_OK},
        {HEAD ",\"inputs\":[\n]\n,\"taken\":[\n]\n,\"retired\":[\n]\n,\"outputs\":[\n"
              "[\"x.parquet\",5,6,\"\",7,8]\n",
         "line 9: names an output that this record cannot have", RG_OK},
        {HEAD ",\"inputs\":[\n]\n,\"taken\":[\n]\n,\"retired\":[\n]\n,\"outputs\":[\n]\n"
              ",\"runs\":[\n[1,2,3,4]\n",
         "line 11: is no run", RG_OK},
        {HEAD ",\"inputs\":[\n]\n,\"taken\":[\n]\n,\"retired\":[\n]\n,\"outputs\":[\n]\n"
              ",\"runs\":[\n[1,2,3,4,4294967296]\n",
         "line 11: is no run", RG_OK},
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const enum rg_status status = parse(t, rows[i].text, strlen(rows[i].text), NULL);

        if (rows[i].error == NULL)
            CHECK_OK(status);
        else
            CHECK_ERROR(status, rows[i].status == RG_OK ? RG_ERR_CORRUPT : rows[i].status,
                        rows[i].error);
    }
}

TEST(the_head_must_be_of_this_document)
{
    static const struct {
        const char *from;
        const char *to;
        const char *error;
    } rows[] = {
        {"p=1", "p=2", "another partition"},
        {"\"number\":3", "\"number\":4", "another number"},
        {"\"number\":3", "\"number\":\"3\"", "another number"},
        {"\"in_place\":true", "\"in_place\":1", "is no head"},
        {"\"all\":false,", "", "is no head"},
        {"\"void\":false", "\"void\":null", "is no head"},
        {"\"options\":\"\"", "\"options\":7", "is no head"},
        {"\"content\":\"\"", "\"content\":[]", "is no head"},
        {"\"content\":\"\"", "\"content\":\"\",\"later\":[1,2]", NULL},
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char text[2048];
        const char *at = strstr(HEAD LISTS, rows[i].from);

        CHECK(at != NULL);
        const int length = snprintf(text, sizeof text, "%.*s%s%s", (int)(at - (HEAD LISTS)),
                                    HEAD LISTS, rows[i].to, at + strlen(rows[i].from));
        const enum rg_status status = parse(t, text, (size_t)length, NULL);
        if (rows[i].error == NULL)
            CHECK_OK(status);
        else
            CHECK_ERROR(status, RG_ERR_CORRUPT, rows[i].error);
    }
}

TEST(cut_anywhere_it_is_corrupt)
{
    static const char text[] =
        HEAD ",\"inputs\":[\n[\"a\",1,2,\"\",3]\n,[\"b\",1,2,\"\",3]\n]\n,\"taken\":[\n]\n"
             ",\"retired\":[\n]\n,\"outputs\":[\n]\n,\"runs\":[\n[1,2,3,4,5]\n]}\n";

    CHECK_OK(parse(t, text, sizeof text - 1, NULL));
    for (size_t bytes = 0; bytes + 1 < sizeof text; bytes++)
        CHECK_ERROR(parse(t, text, bytes, NULL), RG_ERR_CORRUPT, "doc: line");
}

struct counter {
    size_t count;
    char first[16];
    char last[16];
};

static enum rg_status count_input(void *user, const struct rg_batch_input *input,
                                  struct rg_error *err)
{
    struct counter *counter = user;

    (void)err;
    if (counter->count++ == 0)
        (void)snprintf(counter->first, sizeof counter->first, "%s", input->name);
    (void)snprintf(counter->last, sizeof counter->last, "%s", input->name);
    return RG_OK;
}

/* rg_document_line_max, for arrays. */
enum {
    line_max = 65536
};

/* Longer than the window by far, so that lines lie across its ends. */
TEST(long_documents_are_read_in_pieces)
{
    enum {
        input_count = 20000
    };
    static const struct rg_local_options options = {.keeps_page_cache = true};
    static char line[2 * line_max];
    struct counter counter = {.count = 0};
    const struct rg_document_visitor visitor = {.input = count_input, .user = &counter};
    struct rg_document_reader reader;
    struct rg_store *store;
    struct rg_home here = home;
    struct rg_buffer out;

    CHECK_OK(rg_local_store_new(scratch_new(), &options, &t->allocator, &store, &t->err));
    here.store = store;
    rg_buffer_init(&out, &t->allocator, SIZE_MAX);
    rg_buffer_append_text(&out, HEAD ",\"inputs\":[\n");
    for (unsigned i = 0; i < input_count; i++)
        rg_buffer_printf(&out, "%s[\"%07u\",1,2,\"%.*s\",3]\n", i == 0 ? "" : ",", i, (int)(i % 40),
                         "0123456789012345678901234567890123456789");
    rg_buffer_append_text(&out, "]\n,\"taken\":[\n]\n,\"retired\":[\n]\n,\"outputs\":[\n]\n"
                                ",\"runs\":[\n]}\n");
    rg_buffer_append_byte(&out, 0);
    CHECK_OK(rg_buffer_check(&out, "document", &t->err));
    CHECK(out.bytes > 8 * rg_document_line_max);
    CHECK_OK(store_put_text(store, "doc", (const char *)out.data, true, &t->err));
    rg_document_reader_init(&reader, &here, "p=1/", &t->allocator);
    CHECK_OK(rg_document_read(&reader, "doc", RG_DOCUMENT_RECORD, 3, &visitor, &t->err));
    CHECK_U64(counter.count, input_count);
    CHECK_TEXT(counter.first, "0000000");
    CHECK_TEXT(counter.last, "0019999");
    CHECK_U64(reader.id.bytes, out.bytes - 1);

    /* A line without end. */
    CHECK_U64(rg_document_line_max, line_max);
    memset(line, ' ', sizeof line);
    line[sizeof line - 1] = '\0';
    CHECK_OK(store_put_text(store, "line", line, true, &t->err));
    CHECK_ERROR(rg_document_read(&reader, "line", RG_DOCUMENT_RECORD, 3, &visitor, &t->err),
                RG_ERR_CORRUPT, "line: line 0: is too long");
    CHECK_ERROR(rg_document_read(&reader, "none", RG_DOCUMENT_RECORD, 3, &visitor, &t->err),
                RG_ERR_ABSENT, "none");
    rg_document_reader_fini(&reader);
    rg_buffer_fini(&out);
    rg_store_free(store);
}

/* What may be written is what can be read, to the byte. */
TEST(a_line_that_cannot_be_read_is_not_written)
{
    static const struct rg_local_options plain = {.keeps_page_cache = true};
    static const struct rg_document_visitor none = {.head = NULL};
    static char options[line_max + 2];
    struct rg_document_reader reader;
    struct rg_store *store;
    struct rg_home here = home;

    CHECK_OK(rg_local_store_new(scratch_new(), &plain, &t->allocator, &store, &t->err));
    here.store = store;
    rg_document_reader_init(&reader, &here, "p=1/", &t->allocator);
    for (int more = 0; more < 2; more++) {
        const size_t bytes = rg_document_line_max - strlen(HEAD) + (size_t)more;
        const struct rg_batch batch = {.number = 3, .is_in_place = true, .options = options};
        struct rg_buffer out;

        memset(options, 'x', bytes);
        options[bytes] = '\0';
        rg_buffer_init(&out, &t->allocator, SIZE_MAX);
        rg_batch_emit(&batch, RG_DOCUMENT_RECORD, &home.id, "p=1/", &out);
        rg_buffer_append_byte(&out, 0);
        CHECK_OK(rg_buffer_check(&out, "document", &t->err));
        const struct rg_span span = {out.data, out.bytes - 1};
        const char *key = more == 0 ? "longest" : "longer";
        const enum rg_status written = rg_document_check(key, span, &t->err);
        CHECK_OK(store_put_text(store, key, (const char *)out.data, true, &t->err));
        const enum rg_status read =
            rg_document_read(&reader, key, RG_DOCUMENT_RECORD, 3, &none, &t->err);
        CHECK(written == (more == 0 ? RG_OK : RG_ERR_LIMIT));
        if (more == 0)
            CHECK_OK(read);
        else
            CHECK_ERROR(read, RG_ERR_CORRUPT, "longer: line 0: is too long");
        rg_buffer_fini(&out);
    }
    const struct rg_span two = {(const uint8_t *)"a\nb", 3};
    CHECK_OK(rg_document_check("doc", two, &t->err));
    memset(options, '\n', 2);
    const struct rg_span long_end = {(const uint8_t *)options, rg_document_line_max + 1};
    CHECK_OK(rg_document_check("doc", long_end, &t->err));
    options[1] = 'x';
    options[rg_document_line_max + 1] = 'x';
    const struct rg_span too_long = {(const uint8_t *)options, rg_document_line_max + 2};
    CHECK_ERROR(rg_document_check("doc", too_long, &t->err), RG_ERR_LIMIT,
                "doc: line 2 would have 65537 bytes");
    rg_document_reader_fini(&reader);
    rg_store_free(store);
}

/* Whatever a few flipped bytes make of a document: it is read or refused. */
static void property_hostile(struct test *t, struct choices *c)
{
    static const char text[] =
        HEAD ",\"inputs\":[\n[\"a\",1,2,\"\",3]\n,[{\"hex\":\"ff\"},1,2,\"x\",3]\n]\n,\"taken\":[\n"
             "\"part-000003-000-00000000000000010000000a.parquet\"\n]\n"
             ",\"retired\":[\n]\n,\"outputs\":[\n]\n,\"runs\":[\n[1,2,3,4,5]\n]}\n";
    static const char odd[] = "\"{}[],:\n\\0u19-.e \xff";
    char copy[sizeof text];

    memcpy(copy, text, sizeof text);
    size_t bytes = sizeof text - 1;
    for (uint32_t flips = 1 + choose(c, 3); flips > 0; flips--) {
        const size_t at = choose(c, (uint32_t)bytes - 1);

        if (choose(c, 3) > 0) {
            copy[at] = odd[choose(c, sizeof odd - 2)];
        } else {
            memmove(copy + at, copy + at + 1, bytes - at - 1);
            bytes--;
        }
    }
    const enum rg_status status = parse(t, copy, bytes, NULL);
    CHECK(status == RG_OK || status == RG_ERR_CORRUPT || status == RG_ERR_UNSUPPORTED ||
          status == RG_ERR_NOMEM);
}

TEST(hostile_documents_are_read_or_corrupt)
{
    test_property(t, "hostile", 20000, property_hostile);
}

/*
 * A reader that asks for more could be refused it, and a reader that was refused something must not
 * go on without (Jansson 2.14 does: it leaves bytes out of names).
 */
TEST(reading_takes_its_buffer_and_no_more)
{
    static const char text[] = HEAD
        ",\"inputs\":[\n[\"caf\\u00e9\",1,2,\"\",3]\n,[{\"hex\":\"ff\"},1,2,\"x\",3]\n]\n"
        ",\"taken\":[\n]\n,\"retired\":[\n]\n,\"outputs\":[\n]\n,\"runs\":[\n[1,2,3,4,5]\n]}\n";
    struct counter counter = {.count = 0};
    const struct rg_document_visitor visitor = {.input = count_input, .user = &counter};
    const uint64_t before = t->allocations;

    CHECK_OK(parse(t, text, sizeof text - 1, &visitor));
    CHECK_U64(t->allocations - before, 1);
    CHECK_TEXT(counter.first, "caf\xc3\xa9");
    CHECK_TEXT(counter.last, "\xff");
}

int main(int argc, char **argv)
{
    static const struct test_case cases[] = {
        {"reading_is_strict", reading_is_strict},
        {"the_head_must_be_of_this_document", the_head_must_be_of_this_document},
        {"cut_anywhere_it_is_corrupt", cut_anywhere_it_is_corrupt},
        {"a_line_that_cannot_be_read_is_not_written", a_line_that_cannot_be_read_is_not_written},
        {"long_documents_are_read_in_pieces", long_documents_are_read_in_pieces},
        {"hostile_documents_are_read_or_corrupt", hostile_documents_are_read_or_corrupt},
        {"reading_takes_its_buffer_and_no_more", reading_takes_its_buffer_and_no_more},
    };

    return test_main("journal/document", cases, sizeof cases / sizeof cases[0], argc, argv);
}
