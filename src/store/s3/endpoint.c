/* SPDX-License-Identifier: Apache-2.0 */

#include "store/s3/endpoint.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "store/s3/uri.h"

/* Amazon's partitions, by how names of their regions begin; the last is all others. */
static const struct {
    const char *region;
    const char *suffix;
} partitions[] = {
    {"cn-", ".amazonaws.com.cn"},    {"eusc-", ".amazonaws.eu"},
    {"us-iso-", ".c2s.ic.gov"},      {"us-isob-", ".sc2s.sgov.gov"},
    {"us-isof-", ".csp.hci.ic.gov"}, {"eu-isoe-", ".cloud.adc-e.uk"},
    {"", ".amazonaws.com"},
};

static bool ends_with(const char *text, const char *end)
{
    const size_t text_bytes = strlen(text);
    const size_t end_bytes = strlen(end);

    return text_bytes >= end_bytes && strcasecmp(text + text_bytes - end_bytes, end) == 0;
}

static bool is_region_name(const char *region)
{
    const size_t bytes = strlen(region);

    if (bytes == 0 || bytes >= RG_ENDPOINT_REGION_BYTES)
        return false;
    /* Other servers' own may be anything of these ("default", "garage", "ru_1"). */
    return strspn(region, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.") ==
           bytes;
}

/* A name that is one label of a host name: a certificate for *.s3... holds for it. */
static bool is_host_label(const char *bucket)
{
    const size_t bytes = strlen(bucket);

    return bytes >= 3 && bytes <= 63 && bucket[0] != '-' && bucket[bytes - 1] != '-' &&
           strspn(bucket, "abcdefghijklmnopqrstuvwxyz0123456789-") == bytes;
}

const char *rg_endpoint_suffix(const char *region)
{
    size_t i = 0;

    while (strncmp(region, partitions[i].region, strlen(partitions[i].region)) != 0)
        i++;
    return partitions[i].suffix;
}

/* What a host of Amazon's ends in; NULL of others. */
static const char *amazons_suffix(const char *host)
{
    for (size_t i = 0; i < sizeof partitions / sizeof partitions[0]; i++) {
        if (ends_with(host, partitions[i].suffix))
            return partitions[i].suffix;
    }
    return NULL;
}

/* One of S3's hosts has a label for that; a load balancer's, before anything, is in Amazon's domain
   as well. */
static bool has_s3_label(const char *host)
{
    for (const char *label = host; label != NULL; label = strchr(label, '.')) {
        label += *label == '.';
        if (strncasecmp(label, "s3", 2) == 0 && (label[2] == '.' || label[2] == '-'))
            return true;
    }
    return false;
}

bool rg_endpoint_is_amazons(const struct rg_endpoint *endpoint)
{
    const size_t bucket_bytes = endpoint->is_by_path ? 0 : strlen(endpoint->bucket) + 1;
    const char *begin = endpoint->host + bucket_bytes;
    char host[RG_ENDPOINT_HOST_BYTES];

    (void)snprintf(host, sizeof host, "%.*s", (int)strcspn(begin, ":"), begin);
    return endpoint->is_amazon || (amazons_suffix(host) != NULL && has_s3_label(host));
}

static void name_amazon_host(struct rg_endpoint *endpoint)
{
    const char *bucket = endpoint->is_by_path ? "" : endpoint->bucket;

    (void)snprintf(endpoint->host, sizeof endpoint->host, "%.255s%s%s.%s%s%s", bucket,
                   *bucket != '\0' ? "." : "", endpoint->is_fips ? "s3-fips" : "s3",
                   endpoint->is_dual_stack ? "dualstack." : "", endpoint->region,
                   rg_endpoint_suffix(endpoint->region));
}

/* Drops a port that is the scheme's own: libcurl does not send it, and it is signed as sent. */
static size_t without_default_port(const char *host, size_t bytes, bool is_https)
{
    const char *port = is_https ? ":443" : ":80";
    const size_t port_bytes = strlen(port);

    if (bytes > port_bytes && strncmp(host + bytes - port_bytes, port, port_bytes) == 0)
        return bytes - port_bytes;
    return bytes;
}

static enum rg_status take_url(struct rg_endpoint *endpoint, const char *url, struct rg_error *err)
{
    const bool is_https = strncasecmp(url, "https://", 8) == 0;
    const bool is_http = strncasecmp(url, "http://", 7) == 0;

    if (!is_https && !is_http)
        return rg_fail(err, RG_ERR_INVALID,
                       "the endpoint \"%.200s\" begins neither with http:// nor with https://",
                       url);
    const char *host = url + (is_https ? 8 : 7);
    size_t host_bytes = strcspn(host, "/?#");
    const char *path = host + host_bytes;
    size_t path_bytes = strcspn(path, "?#");
    const bool is_clean = strcspn(host, "@ \t\r\n") >= host_bytes && path[path_bytes] == '\0' &&
                          strcspn(path, " \t\r\n") == path_bytes;

    if (host_bytes == 0 || host_bytes > 200 || !is_clean || path_bytes >= RG_ENDPOINT_PATH_BYTES)
        return rg_fail(err, RG_ERR_INVALID,
                       "the endpoint \"%.200s\" is not of the form http(s)://host[:port][/path]",
                       url);
    endpoint->is_https = is_https;
    host_bytes = without_default_port(host, host_bytes, is_https);
    while (path_bytes > 0 && path[path_bytes - 1] == '/')
        path_bytes--;
    memcpy(endpoint->base_path, path, path_bytes);
    endpoint->base_path[path_bytes] = '\0';
    const char *bucket = endpoint->is_by_path ? "" : endpoint->bucket;
    (void)snprintf(endpoint->host, sizeof endpoint->host, "%.63s%s%.*s", bucket,
                   *bucket != '\0' ? "." : "", (int)host_bytes, host);
    return RG_OK;
}

static bool is_by_path(const struct rg_endpoint_options *options)
{
    switch (options->addressing) {
    case RG_ADDRESSING_PATH:
        return true;
    case RG_ADDRESSING_HOST:
        return false;
    case RG_ADDRESSING_AUTO:
        break;
    }
    return options->url != NULL || !is_host_label(options->bucket);
}

enum rg_status rg_endpoint_init(struct rg_endpoint *endpoint,
                                const struct rg_endpoint_options *options, struct rg_error *err)
{
    *endpoint = (struct rg_endpoint){
        .is_by_path = is_by_path(options),
        .is_amazon = options->url == NULL,
        .is_https = true,
        .is_dual_stack = options->is_dual_stack,
        .is_fips = options->is_fips,
    };
    if (!is_region_name(options->region))
        return rg_fail(err, RG_ERR_INVALID, "\"%.80s\" is no name of a region", options->region);
    if (!endpoint->is_by_path && !is_host_label(options->bucket))
        return rg_fail(err, RG_ERR_INVALID,
                       "the bucket \"%.80s\" cannot be part of a host name; use path style",
                       options->bucket);
    if (strncmp(options->bucket, "arn:", 4) == 0)
        return rg_fail(
            err, RG_ERR_INVALID,
            "\"%.80s\": ARNs are not spoken here; an access point has an alias, which is",
            options->bucket);
    if (options->url == NULL && ends_with(options->bucket, "--x-s3"))
        return rg_fail(err, RG_ERR_INVALID,
                       "\"%.80s\" is a directory bucket: their way to sign is not spoken here",
                       options->bucket);
    (void)snprintf(endpoint->bucket, sizeof endpoint->bucket, "%s", options->bucket);
    (void)snprintf(endpoint->region, sizeof endpoint->region, "%s", options->region);
    if (options->url != NULL)
        return take_url(endpoint, options->url, err);
    name_amazon_host(endpoint);
    return RG_OK;
}

void rg_endpoint_name_place(const struct rg_endpoint *endpoint,
                            char ret_place[RG_ENDPOINT_HOST_BYTES])
{
    const char *suffix = amazons_suffix(endpoint->host);
    /* GovCloud has hosts in the same domain, and buckets of its own. */
    const bool is_government = strncmp(endpoint->region, "us-gov-", 7) == 0;
    const size_t bucket_bytes = endpoint->is_by_path ? 0 : strlen(endpoint->bucket) + 1;

    if (suffix != NULL)
        (void)snprintf(ret_place, RG_ENDPOINT_HOST_BYTES, "%s%s", is_government ? "us-gov" : "s3",
                       suffix);
    else
        (void)snprintf(ret_place, RG_ENDPOINT_HOST_BYTES, "%s", endpoint->host + bucket_bytes);
}

enum rg_status rg_endpoint_move(struct rg_endpoint *endpoint, const char *region,
                                struct rg_error *err)
{
    if (!is_region_name(region))
        return rg_fail(err, RG_ERR_INVALID, "\"%.80s\" is no name of a region", region);
    (void)snprintf(endpoint->region, sizeof endpoint->region, "%s", region);
    if (endpoint->is_amazon)
        name_amazon_host(endpoint);
    return RG_OK;
}

void rg_endpoint_path(const struct rg_endpoint *endpoint, struct rg_span root, const char *key,
                      struct rg_buffer *out)
{
    rg_buffer_append_text(out, endpoint->base_path);
    rg_buffer_append_byte(out, '/');
    if (endpoint->is_by_path) {
        rg_uri_encode(out, rg_span_of(endpoint->bucket), true);
        if (key != NULL)
            rg_buffer_append_byte(out, '/');
    }
    if (key != NULL) {
        rg_uri_encode(out, root, true);
        rg_uri_encode(out, rg_span_of(key), true);
    }
}

bool rg_endpoint_trusts(const struct rg_endpoint *endpoint, struct rg_span location,
                        char ret_host[RG_ENDPOINT_HOST_BYTES])
{
    const char *scheme = endpoint->is_https ? "https://" : "http://";
    const size_t scheme_bytes = strlen(scheme);
    const char *text = (const char *)location.data;
    size_t bytes = 0;

    if (location.bytes <= scheme_bytes || strncasecmp(text, scheme, scheme_bytes) != 0)
        return false;
    text += scheme_bytes;
    while (bytes < location.bytes - scheme_bytes && strchr("/?#", text[bytes]) == NULL)
        bytes++;
    if (bytes == 0 || bytes >= RG_ENDPOINT_HOST_BYTES || memchr(text, '@', bytes) != NULL)
        return false;
    bytes = without_default_port(text, bytes, endpoint->is_https);
    memcpy(ret_host, text, bytes);
    ret_host[bytes] = '\0';
    if (strcasecmp(ret_host, endpoint->host) == 0)
        return true;
    return endpoint->is_amazon && amazons_suffix(ret_host) != NULL;
}

bool rg_endpoint_is_secure_twin(const struct rg_endpoint *endpoint, struct rg_span location)
{
    static const char scheme[] = "https://";
    const char *host = (const char *)location.data + sizeof scheme - 1;
    const size_t bytes = strcspn(endpoint->host, ":");

    if (endpoint->is_https || location.bytes < sizeof scheme - 1 + bytes ||
        strncasecmp((const char *)location.data, scheme, sizeof scheme - 1) != 0)
        return false;
    if (strncasecmp(host, endpoint->host, bytes) != 0)
        return false;
    const bool is_all = location.bytes == sizeof scheme - 1 + bytes;
    return is_all || strchr(":/?#", host[bytes]) != NULL;
}

enum rg_status rg_s3_url_split(const char *url, char ret_bucket[RG_BUCKET_BYTES],
                               struct rg_span *ret_prefix, struct rg_error *err)
{
    const char *bucket = url + 5;

    if (strncmp(url, "s3://", 5) != 0)
        return rg_fail(err, RG_ERR_INVALID, "%.200s: not of the form s3://bucket/prefix", url);
    const size_t bucket_bytes = strcspn(bucket, "/");
    if (bucket_bytes == 0 || bucket_bytes >= RG_BUCKET_BYTES)
        return rg_fail(err, RG_ERR_INVALID, "%.200s: no bucket is named", url);
    memcpy(ret_bucket, bucket, bucket_bytes);
    ret_bucket[bucket_bytes] = '\0';
    const char *prefix = bucket + bucket_bytes;
    if (*prefix == '/')
        prefix++;
    size_t bytes = strlen(prefix);
    while (bytes > 0 && prefix[bytes - 1] == '/')
        bytes--;
    *ret_prefix = (struct rg_span){(const uint8_t *)prefix, bytes};
    return RG_OK;
}
