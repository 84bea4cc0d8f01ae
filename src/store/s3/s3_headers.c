/* SPDX-License-Identifier: Apache-2.0 */

#include "store/s3/s3_headers.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "store/s3/answer.h"

static bool is_name(struct rg_span name, const char *wanted)
{
    return name.bytes == strlen(wanted) &&
           strncasecmp((const char *)name.data, wanted, name.bytes) == 0;
}

/* A header's value as text; too long ones are left out, not cut. */
static bool take_text(struct rg_span value, char *ret_text, size_t room)
{
    if (value.bytes >= room || memchr(value.data, 0, value.bytes) != NULL)
        return false;
    memcpy(ret_text, value.data, value.bytes);
    ret_text[value.bytes] = '\0';
    return true;
}

/* Digits from *at on; false without any or beyond 64 bits. */
static bool take_number(const char **at, uint64_t *ret_number)
{
    char *end;

    if (**at < '0' || **at > '9')
        return false;
    const unsigned long long number = strtoull(*at, &end, 10);
    if (end - *at > 19)
        return false;
    *at = end;
    *ret_number = number;
    return true;
}

/*
 * "bytes 0-9/100", "bytes 0-9/x", "bytes x/100" with an asterisk for x. Where there are several
 * lines the last one counts, whole: nothing of an earlier one is mixed into a broken one.
 */
static void take_range(struct rg_s3_headers *headers, const char *text)
{
    uint64_t first = 0;
    uint64_t last = 0;

    headers->has_range = false;
    headers->has_total = false;
    if (strncasecmp(text, "bytes", 5) != 0)
        return;
    text += 5;
    while (*text == ' ' || *text == '=')
        text++;
    if (*text == '*') {
        text++;
    } else {
        const bool is_range = take_number(&text, &first) && *text++ == '-' &&
                              take_number(&text, &last) && first <= last;

        if (!is_range)
            return;
        headers->has_range = true;
        headers->range_first = first;
        headers->range_last = last;
    }
    if (*text++ != '/')
        return;
    headers->has_total = take_number(&text, &headers->total);
}

static void take_location(struct rg_s3_headers *headers, const struct rg_endpoint *endpoint,
                          struct rg_span value)
{
    if (!rg_endpoint_trusts(endpoint, value, headers->location_host)) {
        headers->location_host[0] = '\0';
        headers->is_foreign = true;
        headers->wants_https = rg_endpoint_is_secure_twin(endpoint, value);
    }
}

void rg_s3_headers_take(struct rg_s3_headers *headers, const struct rg_endpoint *endpoint,
                        struct rg_span name, struct rg_span value)
{
    char text[128] = "";
    const char *at = text;

    (void)take_text(value, text, sizeof text);
    if (is_name(name, "etag")) {
        (void)take_text(value, headers->tag, sizeof headers->tag);
    } else if (is_name(name, "last-modified")) {
        (void)rg_answer_parse_time(text, &headers->modified_ns);
    } else if (is_name(name, "date")) {
        (void)rg_answer_parse_time(text, &headers->date_ns);
    } else if (is_name(name, "content-length")) {
        headers->has_length = take_number(&at, &headers->length);
    } else if (is_name(name, "content-range")) {
        take_range(headers, text);
    } else if (is_name(name, "retry-after")) {
        uint64_t seconds = 0;

        if (take_number(&at, &seconds) && seconds < 86400)
            headers->retry_after_ns = seconds * UINT64_C(1000000000);
    } else if (is_name(name, "x-amz-bucket-region")) {
        (void)take_text(value, headers->region, sizeof headers->region);
    } else if (is_name(name, "location")) {
        take_location(headers, endpoint, value);
    } else if (is_name(name, RG_S3_MARK_HEADER)) {
        (void)take_text(value, headers->mark, sizeof headers->mark);
    } else if (is_name(name, RG_S3_TOKEN_HEADER)) {
        (void)take_text(value, headers->token, sizeof headers->token);
    } else if (is_name(name, "x-amz-request-id")) {
        (void)take_text(value, headers->request_id, sizeof headers->request_id);
    }
}

void rg_s3_unquote(char *tag)
{
    const size_t bytes = strlen(tag);

    if (bytes < 2 || tag[0] != '"' || tag[bytes - 1] != '"')
        return;
    memmove(tag, tag + 1, bytes - 2);
    tag[bytes - 2] = '\0';
}
