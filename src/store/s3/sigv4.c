/* SPDX-License-Identifier: Apache-2.0 */

#include "store/s3/sigv4.h"

#include <inttypes.h>
#include <string.h>
#include <time.h>

static const char algorithm[] = "AWS4-HMAC-SHA256";
static const size_t text_bytes_max = (size_t)256 << 10;

enum {
    DAY_BYTES = 8 /* Of a date: its day. */
};

void rg_sigv4_date(uint64_t wall_ns, char ret_date[RG_SIGV4_DATE_BYTES])
{
    const time_t seconds = (time_t)(wall_ns / UINT64_C(1000000000));
    struct tm parts;

    (void)gmtime_r(&seconds, &parts);
    (void)strftime(ret_date, RG_SIGV4_DATE_BYTES, "%Y%m%dT%H%M%SZ", &parts);
}

static struct rg_span day_of(const struct rg_sigv4_scope *scope)
{
    return (struct rg_span){(const uint8_t *)scope->date, DAY_BYTES};
}

enum rg_status rg_sigv4_derive_key(const char *secret, const struct rg_sigv4_scope *scope,
                                   struct rg_sigv4_key *ret_key, struct rg_error *err)
{
    char first[512] = "AWS4";
    const size_t secret_bytes = strlen(secret);
    uint8_t digest[RG_SHA256_BYTES];
    const struct rg_span chained = {digest, sizeof digest};

    if (secret_bytes > sizeof first - 5)
        return rg_fail(err, RG_ERR_INVALID, "a secret access key of %zu bytes", secret_bytes);
    memcpy(first + 4, secret, secret_bytes);
    const struct rg_span begin = {(const uint8_t *)first, secret_bytes + 4};
    rg_hmac_sha256(begin, day_of(scope), digest);
    rg_hmac_sha256(chained, rg_span_of(scope->region), digest);
    rg_hmac_sha256(chained, rg_span_of(scope->service), digest);
    rg_hmac_sha256(chained, rg_span_of("aws4_request"), ret_key->bytes);
    explicit_bzero(first, sizeof first);
    return RG_OK;
}

/* Header numbers in the order of their names; equal names keep theirs. */
static void sort_headers(const struct rg_sigv4_request *request, size_t order[RG_SIGV4_HEADERS_MAX])
{
    for (size_t i = 0; i < request->header_count; i++) {
        size_t k = i;

        for (; k > 0; k--) {
            if (strcmp(request->headers[order[k - 1]].name, request->headers[i].name) <= 0)
                break;
            order[k] = order[k - 1];
        }
        order[k] = i;
    }
}

/* Without blanks at the ends, and runs of them as one. */
static void append_value(struct rg_buffer *out, const char *value)
{
    bool has_blank = false;
    bool has_begun = false;

    for (; *value != '\0'; value++) {
        const bool is_blank = *value == ' ' || *value == '\t' || *value == '\n';

        if (is_blank) {
            has_blank = has_begun;
            continue;
        }
        if (has_blank)
            rg_buffer_append_byte(out, ' ');
        rg_buffer_append_byte(out, (uint8_t)*value);
        has_blank = false;
        has_begun = true;
    }
}

static bool has_name_of_before(const struct rg_sigv4_request *request, const size_t *order,
                               size_t i)
{
    return i > 0 &&
           strcmp(request->headers[order[i]].name, request->headers[order[i - 1]].name) == 0;
}

static void append_headers(const struct rg_sigv4_request *request, const size_t *order,
                           struct rg_buffer *out)
{
    for (size_t i = 0; i < request->header_count; i++) {
        const struct rg_sigv4_header *header = &request->headers[order[i]];

        if (has_name_of_before(request, order, i)) {
            rg_buffer_append_byte(out, ',');
        } else {
            if (i > 0)
                rg_buffer_append_byte(out, '\n');
            rg_buffer_append_text(out, header->name);
            rg_buffer_append_byte(out, ':');
        }
        append_value(out, header->value);
    }
    if (request->header_count > 0)
        rg_buffer_append_byte(out, '\n');
}

static void append_names(const struct rg_sigv4_request *request, const size_t *order,
                         struct rg_buffer *out)
{
    for (size_t i = 0; i < request->header_count; i++) {
        if (has_name_of_before(request, order, i))
            continue;
        if (i > 0)
            rg_buffer_append_byte(out, ';');
        rg_buffer_append_text(out, request->headers[order[i]].name);
    }
}

enum rg_status rg_sigv4_canonical_request(const struct rg_sigv4_request *request,
                                          struct rg_buffer *out, struct rg_error *err)
{
    size_t order[RG_SIGV4_HEADERS_MAX];

    if (request->header_count > RG_SIGV4_HEADERS_MAX)
        return rg_fail(err, RG_ERR_LIMIT, "%zu headers to sign", request->header_count);
    sort_headers(request, order);
    rg_buffer_printf(out, "%s\n%s\n%s\n", request->method, request->path, request->query);
    append_headers(request, order, out);
    rg_buffer_append_byte(out, '\n');
    append_names(request, order, out);
    rg_buffer_append_byte(out, '\n');
    rg_buffer_append_text(out, request->payload);
    return rg_buffer_check(out, "what is signed", err);
}

static void append_scope(struct rg_buffer *out, const struct rg_sigv4_scope *scope)
{
    rg_buffer_printf(out, "%.*s/%s/%s/aws4_request", DAY_BYTES, scope->date, scope->region,
                     scope->service);
}

enum rg_status rg_sigv4_string_to_sign(struct rg_span canonical_request,
                                       const struct rg_sigv4_scope *scope, struct rg_buffer *out,
                                       struct rg_error *err)
{
    uint8_t digest[RG_SHA256_BYTES];
    char hex[RG_SHA256_HEX_BYTES];

    rg_sha256(canonical_request, digest);
    rg_sha256_hex(digest, hex);
    rg_buffer_printf(out, "%s\n%s\n", algorithm, scope->date);
    append_scope(out, scope);
    rg_buffer_printf(out, "\n%s", hex);
    return rg_buffer_check(out, "what is signed", err);
}

static enum rg_status sign(const struct rg_sigv4_request *request,
                           const struct rg_sigv4_scope *scope, const struct rg_sigv4_key *key,
                           const struct rg_allocator *allocator, char hex[RG_SHA256_HEX_BYTES],
                           struct rg_error *err)
{
    const struct rg_span key_span = {key->bytes, sizeof key->bytes};
    uint8_t digest[RG_SHA256_BYTES];
    struct rg_buffer canonical;
    struct rg_buffer text;

    rg_buffer_init(&canonical, allocator, text_bytes_max);
    rg_buffer_init(&text, allocator, text_bytes_max);
    enum rg_status status = rg_sigv4_canonical_request(request, &canonical, err);
    if (status == RG_OK)
        status = rg_sigv4_string_to_sign(rg_buffer_span(&canonical), scope, &text, err);
    if (status == RG_OK) {
        rg_hmac_sha256(key_span, rg_buffer_span(&text), digest);
        rg_sha256_hex(digest, hex);
    }
    rg_buffer_fini(&text);
    rg_buffer_fini(&canonical);
    return status;
}

enum rg_status rg_sigv4_authorize(const struct rg_sigv4_request *request,
                                  const struct rg_sigv4_scope *scope, const char *access_key,
                                  const struct rg_sigv4_key *key, struct rg_buffer *out,
                                  struct rg_error *err)
{
    size_t order[RG_SIGV4_HEADERS_MAX];
    char hex[RG_SHA256_HEX_BYTES];

    RG_TRY(sign(request, scope, key, out->allocator, hex, err));
    sort_headers(request, order);
    rg_buffer_printf(out, "%s Credential=%s/", algorithm, access_key);
    append_scope(out, scope);
    rg_buffer_append_text(out, ",SignedHeaders=");
    append_names(request, order, out);
    rg_buffer_printf(out, ",Signature=%s", hex);
    return rg_buffer_check(out, "a signature", err);
}
