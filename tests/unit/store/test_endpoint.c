/* SPDX-License-Identifier: Apache-2.0 */

#include "store/s3/endpoint.h"

#include <string.h>

#include "support/test.h"

TEST(hosts_and_paths)
{
    static const struct {
        struct rg_endpoint_options options;
        const char *host;
        const char *path; /* Of the key "a b". */
        bool is_https;
    } rows[] = {
        {{.region = "us-east-1", .bucket = "my-bucket"},
         "my-bucket.s3.us-east-1.amazonaws.com",
         "/r/a%20b",
         true},
        {{.region = "cn-north-1", .bucket = "my-bucket"},
         "my-bucket.s3.cn-north-1.amazonaws.com.cn",
         "/r/a%20b",
         true},
        {{.region = "eusc-de-east-1", .bucket = "my-bucket"},
         "my-bucket.s3.eusc-de-east-1.amazonaws.eu",
         "/r/a%20b",
         true},
        {{.region = "us-isof-south-1", .bucket = "my-bucket"},
         "my-bucket.s3.us-isof-south-1.csp.hci.ic.gov",
         "/r/a%20b",
         true},
        {{.region = "us-gov-west-1", .bucket = "my-bucket"},
         "my-bucket.s3.us-gov-west-1.amazonaws.com",
         "/r/a%20b",
         true},
        /* A dot would need a certificate that nobody has. */
        {{.region = "eu-west-1", .bucket = "my.bucket"},
         "s3.eu-west-1.amazonaws.com",
         "/my.bucket/r/a%20b",
         true},
        {{.region = "eu-west-1", .bucket = "My_Bucket"},
         "s3.eu-west-1.amazonaws.com",
         "/My_Bucket/r/a%20b",
         true},
        {{.region = "eu-west-1", .bucket = "bucket", .is_dual_stack = true},
         "bucket.s3.dualstack.eu-west-1.amazonaws.com",
         "/r/a%20b",
         true},
        {{.region = "us-east-1", .bucket = "bucket", .is_fips = true},
         "bucket.s3-fips.us-east-1.amazonaws.com",
         "/r/a%20b",
         true},
        {{.url = "http://127.0.0.1:9000", .region = "x", .bucket = "bucket"},
         "127.0.0.1:9000",
         "/bucket/r/a%20b",
         false},
        {{.url = "HTTPS://store.test:443/", .region = "x", .bucket = "bucket"},
         "store.test",
         "/bucket/r/a%20b",
         true},
        {{.url = "http://store.test:80/some/path//", .region = "x", .bucket = "bucket"},
         "store.test",
         "/some/path/bucket/r/a%20b",
         false},
        {{.url = "http://[::1]:81", .region = "x", .bucket = "bucket"},
         "[::1]:81",
         "/bucket/r/a%20b",
         false},
        {{.url = "http://localhost:81",
          .region = "x",
          .bucket = "bucket",
          .addressing = RG_ADDRESSING_HOST},
         "bucket.localhost:81",
         "/r/a%20b",
         false},
        {{.region = "eu-west-1", .bucket = "bucket", .addressing = RG_ADDRESSING_PATH},
         "s3.eu-west-1.amazonaws.com",
         "/bucket/r/a%20b",
         true},
    };
    struct rg_endpoint endpoint;
    struct rg_buffer out;

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        CHECK_OK(rg_endpoint_init(&endpoint, &rows[i].options, &t->err));
        CHECK_TEXT(endpoint.host, rows[i].host);
        CHECK(endpoint.is_https == rows[i].is_https);
        rg_buffer_init(&out, &t->allocator, 1000);
        rg_endpoint_path(&endpoint, rg_span_of("r/"), "a b", &out);
        rg_buffer_append_byte(&out, 0);
        CHECK_OK(rg_buffer_check(&out, "it", &t->err));
        CHECK_TEXT((const char *)out.data, rows[i].path);
        rg_buffer_fini(&out);
    }
}

TEST(what_is_no_endpoint_is_refused)
{
    static const struct {
        struct rg_endpoint_options options;
        const char *said;
    } rows[] = {
        {{.url = "ftp://x", .region = "r", .bucket = "b"}, "neither with http"},
        {{.url = "http://", .region = "r", .bucket = "b"}, "not of the form"},
        {{.url = "http://user:pw@host", .region = "r", .bucket = "b"}, "not of the form"},
        {{.url = "http://host?x", .region = "r", .bucket = "b"}, "not of the form"},
        {{.url = "http://a b", .region = "r", .bucket = "b"}, "not of the form"},
        {{.region = "a/b", .bucket = "bucket"}, "no name of a region"},
        {{.region = "", .bucket = "bucket"}, "no name of a region"},
        {{.region = "a.evil.test/", .bucket = "bucket"}, "no name of a region"},
        {{.region = "r", .bucket = "a.b", .addressing = RG_ADDRESSING_HOST}, "path style"},
    };
    struct rg_endpoint endpoint;

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        CHECK_ERROR(rg_endpoint_init(&endpoint, &rows[i].options, &t->err), RG_ERR_INVALID,
                    rows[i].said);
}

TEST(what_is_not_spoken_is_said_so)
{
    static const struct {
        struct rg_endpoint_options options;
        const char *said;
    } rows[] = {
        {{.region = "us-east-1", .bucket = "logs--use1-az4--x-s3"}, "directory bucket"},
        {{.region = "us-east-1", .bucket = "arn:aws:s3:us-east-1:123456789012:accesspoint"},
         "alias"},
        {{.url = "https://s3.us-east-1.amazonaws.com",
          .region = "us-east-1",
          .bucket = "arn:aws:x"},
         "alias"},
    };
    /* Elsewhere it is a name as any other; and so is an access point's alias. */
    static const struct rg_endpoint_options other = {
        .url = "http://h:1", .region = "r", .bucket = "logs--x-s3"};
    static const struct rg_endpoint_options alias = {
        .region = "us-east-1", .bucket = "point-hrzrlukc5m36ft7okagglf3gmwluquse1b-s3alias"};
    struct rg_endpoint endpoint;

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        CHECK_ERROR(rg_endpoint_init(&endpoint, &rows[i].options, &t->err), RG_ERR_INVALID,
                    rows[i].said);
    CHECK_OK(rg_endpoint_init(&endpoint, &other, &t->err));
    CHECK_OK(rg_endpoint_init(&endpoint, &alias, &t->err));
}

TEST(amazon_is_known_by_its_hosts)
{
    static const struct {
        const char *url;
        bool is_amazons;
    } rows[] = {
        {NULL, true},
        {"https://s3.eu-west-1.amazonaws.com", true},
        {"https://s3.eu-west-1.amazonaws.com:8443/", true},
        {"http://S3.Amazonaws.com", true},
        {"https://s3-eu-west-1.amazonaws.com", true},
        {"https://s3-fips.dualstack.us-gov-west-1.amazonaws.com", true},
        {"https://s3.cn-north-1.amazonaws.com.cn", true},
        {"https://bucket.vpce-1a2b3c4d-5e6f.s3.eu-west-1.vpce.amazonaws.com", true},
        {"https://vpce-1a2b3c4d-5e6f-eu-west-1a.s3.eu-west-1.vpce.amazonaws.com", true},
        {"https://minio-1234.elb.eu-west-1.amazonaws.com", false},
        {"https://ec2-1-2-3-4.eu-west-1.compute.amazonaws.com:9000", false},
        {"https://s3.amazonaws.com.example.org", false},
        {"https://s3.example.org", false},
        {"http://[::1]:9000", false},
        {"http://127.0.0.1:9000", false},
    };
    struct rg_endpoint endpoint;

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        for (size_t by_host = 0; by_host < 2; by_host++) {
            const struct rg_endpoint_options options = {
                .url = rows[i].url,
                .region = "eu-west-1",
                .bucket = "s3-bucket",
                .addressing = by_host == 1 ? RG_ADDRESSING_HOST : RG_ADDRESSING_PATH};

            CHECK_OK(rg_endpoint_init(&endpoint, &options, &t->err));
            CHECK(rg_endpoint_is_amazons(&endpoint) == rows[i].is_amazons);
        }
    }
}

TEST(the_same_host_by_https_is_told)
{
    static const struct {
        const char *url;
        const char *location;
        bool is_twin;
    } rows[] = {
        {"http://h:9000", "https://h:9000/bucket/key", true},
        {"http://h:9000", "https://h/bucket", true},
        {"http://h", "HTTPS://H", true},
        {"http://h", "https://h?x", true},
        {"http://h", "https://host/", false},
        {"http://h", "https://h.evil.test/", false},
        {"http://h", "https://", false},
        {"http://h", "http://h/", false},
        {"http://h", "", false},
        {"https://h", "https://h/", false},
    };
    struct rg_endpoint endpoint;

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct rg_endpoint_options options = {
            .url = rows[i].url, .region = "r", .bucket = "bucket"};

        CHECK_OK(rg_endpoint_init(&endpoint, &options, &t->err));
        CHECK(rg_endpoint_is_secure_twin(&endpoint, rg_span_of(rows[i].location)) ==
              rows[i].is_twin);
    }
}

TEST(region_moves_the_host_of_amazon_only)
{
    static const struct rg_endpoint_options amazon = {.region = "us-east-1", .bucket = "bucket"};
    static const struct rg_endpoint_options other = {
        .url = "http://h:1", .region = "us-east-1", .bucket = "bucket"};
    struct rg_endpoint endpoint;

    CHECK_OK(rg_endpoint_init(&endpoint, &amazon, &t->err));
    CHECK_OK(rg_endpoint_move(&endpoint, "eu-west-3", &t->err));
    CHECK_TEXT(endpoint.host, "bucket.s3.eu-west-3.amazonaws.com");
    CHECK_ERROR(rg_endpoint_move(&endpoint, "evil.test/?", &t->err), RG_ERR_INVALID, "evil.test");
    CHECK_TEXT(endpoint.region, "eu-west-3");
    CHECK_OK(rg_endpoint_init(&endpoint, &other, &t->err));
    CHECK_OK(rg_endpoint_move(&endpoint, "eu-west-3", &t->err));
    CHECK_TEXT(endpoint.host, "h:1");
    CHECK_TEXT(endpoint.region, "eu-west-3");
}

TEST(signatures_go_to_trusted_hosts_only)
{
    static const struct rg_endpoint_options amazon = {.region = "us-east-1", .bucket = "bucket"};
    static const struct rg_endpoint_options other = {
        .url = "http://h:1", .region = "us-east-1", .bucket = "bucket"};
    static const struct {
        bool is_amazon;
        const char *location;
        const char *host; /* NULL: not trusted. */
    } rows[] = {
        {true, "https://bucket.s3-eu-west-1.amazonaws.com/key?x",
         "bucket.s3-eu-west-1.amazonaws.com"},
        {true, "https://bucket.s3.amazonaws.com:443", "bucket.s3.amazonaws.com"},
        {true, "http://bucket.s3.amazonaws.com/", NULL}, /* Not encrypted any more. */
        {true, "https://bucket.s3.amazonaws.com.evil.test/", NULL},
        {true, "https://evil.test/.amazonaws.com", NULL},
        {true, "https://evil.test#.amazonaws.com", NULL},
        {true, "https://x@evil.amazonaws.com", NULL},
        {true, "https://evilamazonaws.com/", NULL},
        {true, "//bucket.s3.amazonaws.com/", NULL},
        {true, "", NULL},
        {false, "http://h:1/y", "h:1"},
        {false, "http://h:2/y", NULL},
        {false, "https://h:1/y", NULL},
        {false, "http://bucket.s3.amazonaws.com/", NULL},
    };
    struct rg_endpoint endpoint;
    char host[RG_ENDPOINT_HOST_BYTES];

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        CHECK_OK(rg_endpoint_init(&endpoint, rows[i].is_amazon ? &amazon : &other, &t->err));
        const bool is_trusted = rg_endpoint_trusts(&endpoint, rg_span_of(rows[i].location), host);

        CHECK(is_trusted == (rows[i].host != NULL));
        if (is_trusted)
            CHECK_TEXT(host, rows[i].host);
    }
}

TEST(urls_are_taken_apart)
{
    static const struct {
        const char *url;
        const char *bucket;
        const char *prefix;
    } rows[] = {
        {"s3://b", "b", ""},          {"s3://b/", "b", ""},     {"s3://b/x/y", "b", "x/y"},
        {"s3://b/x/y//", "b", "x/y"}, {"s3://b//x", "b", "/x"}, {"s3://b/a=1 +%", "b", "a=1 +%"},
    };
    char bucket[RG_BUCKET_BYTES];
    struct rg_span prefix;

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        CHECK_OK(rg_s3_url_split(rows[i].url, bucket, &prefix, &t->err));
        CHECK_TEXT(bucket, rows[i].bucket);
        CHECK_SPAN(prefix, rg_span_of(rows[i].prefix));
    }
    CHECK_ERROR(rg_s3_url_split("s3:///x", bucket, &prefix, &t->err), RG_ERR_INVALID, "no bucket");
    CHECK_ERROR(rg_s3_url_split("gs://b", bucket, &prefix, &t->err), RG_ERR_INVALID, "form");
}

int main(int argc, char **argv)
{
    static const struct test_case cases[] = {
        {"hosts_and_paths", hosts_and_paths},
        {"what_is_no_endpoint_is_refused", what_is_no_endpoint_is_refused},
        {"what_is_not_spoken_is_said_so", what_is_not_spoken_is_said_so},
        {"amazon_is_known_by_its_hosts", amazon_is_known_by_its_hosts},
        {"the_same_host_by_https_is_told", the_same_host_by_https_is_told},
        {"region_moves_the_host_of_amazon_only", region_moves_the_host_of_amazon_only},
        {"signatures_go_to_trusted_hosts_only", signatures_go_to_trusted_hosts_only},
        {"urls_are_taken_apart", urls_are_taken_apart},
    };

    return test_main("store/endpoint", cases, sizeof cases / sizeof cases[0], argc, argv);
}
