/* SPDX-License-Identifier: Apache-2.0 */

#include "store/s3/answer.h"

#include <stdio.h>
#include <string.h>

#include "support/test.h"

static enum rg_status read_answer(struct test *t, const char *text, struct rg_answer *answer,
                                  struct rg_arena *arena, size_t piece_bytes)
{
    struct rg_xml *xml = rg_xml_new(&t->allocator, rg_answer_take, answer);
    const size_t bytes = strlen(text);
    enum rg_status status = RG_OK;

    CHECK_MEMORY(xml);
    rg_answer_reset(answer, arena, "root/", "dir/");
    for (size_t at = 0; at < bytes && status == RG_OK; at += piece_bytes) {
        const size_t piece = bytes - at < piece_bytes ? bytes - at : piece_bytes;

        status =
            rg_xml_feed(xml, (struct rg_span){(const uint8_t *)text + at, piece}, false, &t->err);
    }
    if (status == RG_OK)
        status = rg_xml_feed(xml, (struct rg_span){NULL, 0}, true, &t->err);
    rg_xml_free(xml);
    return status;
}

static const char listing[] =
    "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
    "<ListBucketResult xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"><Name>b</Name>"
    "<Prefix>root/dir/</Prefix>"
    "<Contents><Key>root%2Fdir%2F</Key><Size>0</Size></Contents>"
    "<Contents><Key>root%2Fdir%2Fa%2Bb+c%25&amp;d</Key><LastModified>2024-05-01T12:00:00.987Z"
    "</LastModified><ETag>&quot;abc-2&quot;</ETag><Size>12345678901</Size>"
    "<StorageClass>STANDARD</StorageClass></Contents>"
    "<CommonPrefixes><Prefix>root/dir/sub%20x/</Prefix></CommonPrefixes>"
    "<IsTruncated>true</IsTruncated><NextContinuationToken>1/=+x</NextContinuationToken>"
    "<EncodingType>url</EncodingType></ListBucketResult>";

TEST(listing_is_read_in_pieces_of_any_size)
{
    static const size_t sizes[] = {1, 2, 7, 100, 100000};
    struct rg_arena arena;
    static struct rg_answer answer;

    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        rg_arena_init(&arena, &t->allocator, SIZE_MAX);
        CHECK_OK(read_answer(t, listing, &answer, &arena, sizes[i]));
        CHECK(answer.kind == RG_ANSWER_LIST);
        CHECK(answer.list.is_truncated);
        CHECK_TEXT(answer.next_token, "1/=+x");
        CHECK_U64(answer.list.count, 2);
        const struct rg_object *object = &answer.list.objects[0];
        CHECK_TEXT(object->key, "dir/a+b c%&d");
        CHECK(!object->is_prefix);
        CHECK_U64(object->id.bytes, UINT64_C(12345678901));
        CHECK_U64(object->id.modified_ns, UINT64_C(1714564800000000000));
        CHECK_TEXT(object->id.tag, "abc-2");
        CHECK_TEXT(answer.list.objects[1].key, "dir/sub x/");
        CHECK(answer.list.objects[1].is_prefix);
        rg_arena_fini(&arena);
    }
}

TEST(kinds_are_told_by_the_root)
{
    static const struct {
        const char *text;
        enum rg_answer_kind kind;
    } rows[] = {
        {"<Error><Code>SlowDown</Code><Message>m</Message></Error>", RG_ANSWER_ERROR},
        {" \n <Error/>", RG_ANSWER_ERROR},
        {"<InitiateMultipartUploadResult><UploadId>u</UploadId></InitiateMultipartUploadResult>",
         RG_ANSWER_UPLOAD},
        {"<CompleteMultipartUploadResult><ETag>\"e\"</ETag></CompleteMultipartUploadResult>",
         RG_ANSWER_COMPLETED},
        {"<x:ListMultipartUploadsResult xmlns:x=\"y\"/>", RG_ANSWER_LIST_UPLOADS},
        {"<html/>", RG_ANSWER_OTHER},
    };
    struct rg_arena arena;
    static struct rg_answer answer;

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        rg_arena_init(&arena, &t->allocator, SIZE_MAX);
        CHECK_OK(read_answer(t, rows[i].text, &answer, &arena, 5));
        CHECK_U64(answer.kind, rows[i].kind);
        rg_arena_fini(&arena);
    }
    CHECK_TEXT(answer.code, "");
}

/* radosgw 16 encodes the keys of uploads without saying so, and the marker not at all. */
TEST(keys_that_are_encoded_in_secret_are_decoded)
{
    static const char uploads[] =
        "<ListMultipartUploadsResult><NextKeyMarker>root/dir/a b</NextKeyMarker>"
        "<Upload><Key>root%2Fdir%2Fa%20b%2Bc%253D</Key><UploadId>2~x</UploadId></Upload>"
        "<Upload><Key>root/dir/plain%20</Key><UploadId>2~y</UploadId></Upload>"
        "</ListMultipartUploadsResult>";
    struct rg_arena arena;
    static struct rg_answer answer;

    rg_arena_init(&arena, &t->allocator, SIZE_MAX);
    CHECK_OK(read_answer(t, uploads, &answer, &arena, 1000));
    CHECK(answer.kind == RG_ANSWER_LIST_UPLOADS);
    CHECK_U64(answer.list.count, 2);
    CHECK_TEXT(answer.list.objects[0].key, "dir/a b+c%3D");
    /* Where nothing tells, it is taken as it is. */
    CHECK_TEXT(answer.list.objects[1].key, "dir/plain%20");
    CHECK_TEXT(answer.next_token, "root/dir/a b");
    rg_arena_fini(&arena);
}

/* SeaweedFS says that the keys of uploads are encoded, and they are not. */
TEST(keys_that_are_said_to_be_encoded_and_are_not_stay)
{
    static const struct {
        const char *prefix;
        const char *key; /* As it is written, below "root/". */
        const char *wanted;
    } rows[] = {
        {"a+b/", "a+b/part-1", "a+b/part-1"},      {"a%2F/", "a%2F/part-1", "a%2F/part-1"},
        {"a b/", "a+b/part-1", "a b/part-1"},      {"a%/", "a%25/part-1", "a%/part-1"},
        {"a%25/", "a%2525/part-1", "a%25/part-1"}, {"", "a+b", "a b"},
    };
    struct rg_arena arena;
    static struct rg_answer answer;
    char text[400];

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        rg_arena_init(&arena, &t->allocator, SIZE_MAX);
        struct rg_xml *xml = rg_xml_new(&t->allocator, rg_answer_take, &answer);
        CHECK_MEMORY(xml);
        (void)snprintf(text, sizeof text,
                       "<ListMultipartUploadsResult><EncodingType>url</EncodingType>"
                       "<NextKeyMarker>root/%s</NextKeyMarker><Upload><Key>root/%s</Key>"
                       "<UploadId>u</UploadId></Upload></ListMultipartUploadsResult>",
                       rows[i].key, rows[i].key);
        rg_answer_reset(&answer, &arena, "root/", rows[i].prefix);
        const enum rg_status status = rg_xml_feed(xml, rg_span_of(text), true, &t->err);
        rg_xml_free(xml);
        CHECK_OK(status);
        CHECK_U64(answer.list.count, 1);
        CHECK_TEXT(answer.list.objects[0].key, rows[i].wanted);
        CHECK_TEXT(answer.next_token + strlen("root/"), rows[i].wanted);
        rg_arena_fini(&arena);
    }
}

/* One such object would end the run. */
TEST(a_time_before_all_times_is_not_known)
{
    static const char *const times[] = {"0001-01-01T00:00:00Z", "1969-12-31T23:59:59.000Z",
                                        "1601-01-01T00:00:00Z", "1970-01-01T00:00:00Z"};
    struct rg_arena arena;
    static struct rg_answer answer;
    char text[300];

    for (size_t i = 0; i < sizeof times / sizeof times[0]; i++) {
        rg_arena_init(&arena, &t->allocator, SIZE_MAX);
        (void)snprintf(text, sizeof text,
                       "<ListBucketResult><Contents><Key>root/dir/x</Key><LastModified>%s"
                       "</LastModified><Size>7</Size></Contents></ListBucketResult>",
                       times[i]);
        CHECK_OK(read_answer(t, text, &answer, &arena, 1000));
        CHECK_U64(answer.list.count, 1);
        CHECK_U64(answer.list.objects[0].id.modified_ns, 0);
        rg_arena_fini(&arena);
    }
}

TEST(blanks_go_before_a_document_or_after_its_declaration)
{
    static const char *const texts[] = {
        " \n\t \r\n<?xml version=\"1.0\"?><Error><Code>SlowDown</Code></Error>",
        "<?xml version=\"1.0\"?>  \n  <Error><Code>SlowDown</Code></Error>\n \n",
        "\n<Error><Code>SlowDown</Code></Error>",
    };
    struct rg_arena arena;
    static struct rg_answer answer;

    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        for (size_t piece = 1; piece < 100; piece += 33) {
            rg_arena_init(&arena, &t->allocator, SIZE_MAX);
            CHECK_OK(read_answer(t, texts[i], &answer, &arena, piece));
            CHECK(answer.kind == RG_ANSWER_ERROR);
            CHECK_TEXT(answer.code, "SlowDown");
            rg_arena_fini(&arena);
        }
    }
}

TEST(what_is_no_answer_is_refused)
{
    static char deep[64];
    static char long_text[RG_XML_TEXT_BYTES + 64];
    static const struct {
        const char *text;
        const char *said;
    } rows[] = {
        {"", "no element"},
        {" \n ", "no element"},
        {"<a>", "no element"},
        {"<a></b>", "mismatched"},
        {"<!DOCTYPE a [<!ENTITY b \"c\">]><a>&b;</a>", "document type"},
        {deep, "too deep"},
        {long_text, "too long"},
        {"<ListBucketResult><Contents><Size>1</Size></Contents></ListBucketResult>",
         "without a key"},
        {"<ListBucketResult><Contents><Key>root/dir/x</Key><Size>-1</Size></Contents>"
         "</ListBucketResult>",
         "no size"},
        {"<ListBucketResult><Contents><Key>root/dir/x</Key><LastModified>today</LastModified>"
         "</Contents></ListBucketResult>",
         "no time"},
        {"<ListBucketResult><Contents><Key>other/x</Key></Contents></ListBucketResult>",
         "names \"other/x\""},
        {"<ListBucketResult><EncodingType>url</EncodingType><Contents><Key>root/dir/%00</Key>"
         "</Contents></ListBucketResult>",
         "NUL"},
    };
    struct rg_arena arena;
    static struct rg_answer answer;

    memcpy(deep, "<a><a><a><a><a><a><a><a><a>", 28);
    memset(long_text, 'x', sizeof long_text - 1);
    memcpy(long_text, "<a>", 3);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        rg_arena_init(&arena, &t->allocator, SIZE_MAX);
        CHECK_ERROR(read_answer(t, rows[i].text, &answer, &arena, 1000), RG_ERR_CORRUPT,
                    rows[i].said);
        rg_arena_fini(&arena);
    }
}

TEST(reader_can_begin_anew)
{
    struct rg_arena arena;
    static struct rg_answer answer;

    rg_arena_init(&arena, &t->allocator, SIZE_MAX);
    struct rg_xml *xml = rg_xml_new(&t->allocator, rg_answer_take, &answer);
    CHECK_MEMORY(xml);
    rg_answer_reset(&answer, &arena, "", "");
    CHECK_ERROR(rg_xml_feed(xml, rg_span_of("<a></b>"), true, &t->err), RG_ERR_CORRUPT, "line 1");
    CHECK_ERROR(rg_xml_feed(xml, rg_span_of("<a/>"), true, &t->err), RG_ERR_CORRUPT, "line 1");
    rg_xml_reset(xml);
    CHECK_OK(rg_xml_feed(xml, rg_span_of("<Error><Code>X</Code></Error>"), true, &t->err));
    CHECK_TEXT(answer.code, "X");
    rg_xml_free(xml);
    rg_arena_fini(&arena);
}

TEST(times_of_both_forms)
{
    static const struct {
        const char *text;
        uint64_t wanted;
    } rows[] = {
        {"2024-05-01T12:00:00.987Z", UINT64_C(1714564800000000000)},
        {"2024-05-01T12:00:00Z", UINT64_C(1714564800000000000)},
        {"Wed, 01 May 2024 12:00:00 GMT", UINT64_C(1714564800000000000)},
        {"1970-01-01T00:00:00Z", 0},
        /* Differences must fit a signed number, and never is some day. */
        {"Sun, 01 Jan 2290 00:00:00 GMT", UINT64_C(7258118400000000000)},
        {"9999-12-31T23:59:59Z", UINT64_C(7258118400000000000)},
    };
    uint64_t ns;

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        CHECK(rg_answer_parse_time(rows[i].text, &ns));
        CHECK_U64(ns, rows[i].wanted);
    }
    CHECK(!rg_answer_parse_time("", &ns));
    CHECK(!rg_answer_parse_time("yesterday", &ns));
    CHECK(!rg_answer_parse_time("1969-12-31T23:59:59Z", &ns));
    CHECK(!rg_answer_parse_time("99999-01-01T00:00:00Z", &ns));
}

int main(int argc, char **argv)
{
    static const struct test_case cases[] = {
        {"listing_is_read_in_pieces_of_any_size", listing_is_read_in_pieces_of_any_size},
        {"kinds_are_told_by_the_root", kinds_are_told_by_the_root},
        {"keys_that_are_encoded_in_secret_are_decoded",
         keys_that_are_encoded_in_secret_are_decoded},
        {"keys_that_are_said_to_be_encoded_and_are_not_stay",
         keys_that_are_said_to_be_encoded_and_are_not_stay},
        {"a_time_before_all_times_is_not_known", a_time_before_all_times_is_not_known},
        {"blanks_go_before_a_document_or_after_its_declaration",
         blanks_go_before_a_document_or_after_its_declaration},
        {"what_is_no_answer_is_refused", what_is_no_answer_is_refused},
        {"reader_can_begin_anew", reader_can_begin_anew},
        {"times_of_both_forms", times_of_both_forms},
    };

    return test_main("store/answer", cases, sizeof cases / sizeof cases[0], argc, argv);
}
