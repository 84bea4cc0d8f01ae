/* SPDX-License-Identifier: Apache-2.0 */

#include "store/s3/sigv4.h"

#include "vectors.h"

static const size_t text_bytes_max = (size_t)64 << 10;

static void check_vector(struct test *t, const struct vector *v)
{
    struct rg_sigv4_scope scope = {.region = v->fields[VECTOR_REGION],
                                   .service = v->fields[VECTOR_SERVICE]};
    struct rg_sigv4_key key;
    struct rg_buffer path;
    struct rg_buffer query;
    struct rg_buffer canonical;
    struct rg_buffer authorization;

    rg_buffer_init(&path, &t->allocator, text_bytes_max);
    rg_buffer_init(&query, &t->allocator, text_bytes_max);
    rg_buffer_init(&canonical, &t->allocator, text_bytes_max);
    rg_buffer_init(&authorization, &t->allocator, text_bytes_max);
    rg_uri_encode(&path, rg_span_of(v->fields[VECTOR_PATH]), true);
    rg_buffer_append_byte(&path, 0);
    CHECK_OK(rg_uri_query(&query, v->parameters, v->parameter_count, &t->err));
    rg_buffer_append_byte(&query, 0);
    CHECK_OK(rg_buffer_check(&path, "the path", &t->err));
    CHECK_OK(rg_buffer_check(&query, "the query", &t->err));

    const struct rg_sigv4_request request = {
        .method = v->fields[VECTOR_METHOD],
        .path = (const char *)path.data,
        .query = (const char *)query.data,
        .headers = v->headers,
        .header_count = v->header_count,
        .payload = v->fields[VECTOR_PAYLOAD],
    };
    CHECK_OK(rg_sigv4_canonical_request(&request, &canonical, &t->err));
    rg_buffer_append_byte(&canonical, 0);
    CHECK_OK(rg_buffer_check(&canonical, "it", &t->err));
    CHECK_TEXT((const char *)canonical.data, v->fields[VECTOR_CANONICAL]);

    CHECK_U64(strlen(v->fields[VECTOR_DATE]), RG_SIGV4_DATE_BYTES - 1);
    memcpy(scope.date, v->fields[VECTOR_DATE], RG_SIGV4_DATE_BYTES);
    CHECK_OK(rg_sigv4_derive_key(v->fields[VECTOR_SECRET], &scope, &key, &t->err));
    CHECK_OK(rg_sigv4_authorize(&request, &scope, v->fields[VECTOR_ACCESS_KEY], &key,
                                &authorization, &t->err));
    rg_buffer_append_byte(&authorization, 0);
    CHECK_OK(rg_buffer_check(&authorization, "it", &t->err));
    const char *signature = strstr((const char *)authorization.data, ",Signature=");
    CHECK(signature != NULL);
    CHECK_TEXT(signature + strlen(",Signature="), v->fields[VECTOR_SIGNATURE]);

    rg_buffer_fini(&authorization);
    rg_buffer_fini(&canonical);
    rg_buffer_fini(&query);
    rg_buffer_fini(&path);
}

static void check_file(struct test *t, const char *name, size_t cases)
{
    static char line[64 << 10];
    char path[4096];
    struct vector v;
    size_t seen = 0;

    (void)snprintf(path, sizeof path, "%s/%s", SIGV4_DATA, name);
    FILE *file = fopen(path, "r");
    CHECK(file != NULL);
    while (vector_next(file, line, sizeof line, &v)) {
        /* One line is enough to starve. */
        if (seen == 0 || t->allocations_allowed == UINT64_MAX)
            check_vector(t, &v);
        seen++;
    }
    (void)fclose(file);
    CHECK_U64(seen, cases);
}

TEST(signatures_are_those_of_the_suite)
{
    check_file(t, "aws.tsv", 71);
}

TEST(signatures_of_odd_keys_are_those_of_botocore)
{
    check_file(t, "odd.tsv", 420);
}

TEST(date_is_utc)
{
    char date[RG_SIGV4_DATE_BYTES];

    rg_sigv4_date(UINT64_C(1369353600999999999), date);
    CHECK_TEXT(date, "20130524T000000Z");
    rg_sigv4_date(0, date);
    CHECK_TEXT(date, "19700101T000000Z");
}

TEST(too_much_is_refused)
{
    static char secret[1024];
    static struct rg_sigv4_header headers[RG_SIGV4_HEADERS_MAX + 1];
    const struct rg_sigv4_scope scope = {"20130524T000000Z", "r", "s3"};
    struct rg_sigv4_key key;
    struct rg_buffer out;

    memset(secret, 'x', sizeof secret - 1);
    CHECK_ERROR(rg_sigv4_derive_key(secret, &scope, &key, &t->err), RG_ERR_INVALID, "1023 bytes");
    for (size_t i = 0; i < RG_SIGV4_HEADERS_MAX + 1; i++)
        headers[i] = (struct rg_sigv4_header){"a", "b"};
    const struct rg_sigv4_request request = {"GET", "/", "", headers, RG_SIGV4_HEADERS_MAX + 1, ""};
    rg_buffer_init(&out, &t->allocator, text_bytes_max);
    CHECK_ERROR(rg_sigv4_canonical_request(&request, &out, &t->err), RG_ERR_LIMIT, "25 headers");
    rg_buffer_fini(&out);
}

int main(int argc, char **argv)
{
    static const struct test_case cases[] = {
        {"signatures_are_those_of_the_suite", signatures_are_those_of_the_suite},
        {"signatures_of_odd_keys_are_those_of_botocore",
         signatures_of_odd_keys_are_those_of_botocore},
        {"date_is_utc", date_is_utc},
        {"too_much_is_refused", too_much_is_refused},
    };

    return test_main("store/sigv4", cases, sizeof cases / sizeof cases[0], argc, argv);
}
