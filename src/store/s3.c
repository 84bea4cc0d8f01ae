/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Opens and closes a store; what it does in between is in the folder s3/.
 *
 * The allocator that a store is given serves one thread at a time, and a store has three (callers,
 * the event thread, who keeps credentials): so it goes through a lock.
 */

#include "store/s3.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "store/s3/credentials.h"
#include "store/s3/libcurl.h"
#include "store/s3/s3_impl.h"
#include "store/s3/s3_probe.h"
#include "store/s3/s3_task.h"
#include "store/s3/settings.h"

static const uint32_t request_count_default = 32;
static const uint32_t attempt_count_default = 10;
static const uint64_t stall_ns_default = UINT64_C(20000000000);
static const uint64_t slow_answer_ns_default = UINT64_C(600000000000);

static const char region_default[] = "us-east-1";

static void *alloc_locked(void *context, size_t bytes)
{
    struct rg_s3_store *store = context;

    (void)pthread_mutex_lock(&store->memory_lock);
    void *memory = rg_alloc(store->given, bytes);
    (void)pthread_mutex_unlock(&store->memory_lock);
    return memory;
}

static void release_locked(void *context, void *memory, size_t bytes)
{
    struct rg_s3_store *store = context;

    (void)pthread_mutex_lock(&store->memory_lock);
    rg_release(store->given, memory, bytes);
    (void)pthread_mutex_unlock(&store->memory_lock);
}

static void cancel(struct rg_store *base)
{
    struct rg_s3_store *store = (struct rg_s3_store *)base;

    atomic_store(&store->is_cancelled, true);
    rg_http_wake(store->http);
}

static void release_text(struct rg_s3_store *store, char *text)
{
    if (text != NULL)
        rg_release(&store->allocator, text, strlen(text) + 1);
}

static void free_store(struct rg_store *base)
{
    struct rg_s3_store *store = (struct rg_s3_store *)base;

    /* The thread first: it uses all the rest. */
    rg_http_free(store->http);
    rg_keeper_free(store->keeper);
    release_text(store, store->base.url);
    release_text(store, store->root);
    release_text(store, store->profile);
    explicit_bzero(&store->credentials, sizeof store->credentials);
    explicit_bzero(&store->key, sizeof store->key);
    (void)pthread_mutex_destroy(&store->lock);
    (void)pthread_mutex_destroy(&store->probe_lock);
    (void)pthread_mutex_destroy(&store->memory_lock);
    rg_release(store->given, store, sizeof *store);
}

static const struct rg_store_driver driver = {
    .start = rg_s3_start,
    .probe = rg_s3_probe,
    .cancel = cancel,
    .free = free_store,
};

static char *copy_text(struct rg_s3_store *store, const char *text)
{
    const size_t bytes = strlen(text) + 1;
    char *copy = rg_alloc(&store->allocator, bytes);

    if (copy != NULL)
        memcpy(copy, text, bytes);
    return copy;
}

static enum rg_status name_place(struct rg_s3_store *store, const char *url,
                                 char bucket[RG_BUCKET_BYTES], struct rg_error *err)
{
    struct rg_span prefix;

    RG_TRY(rg_s3_url_split(url, bucket, &prefix, err));
    if (prefix.bytes >= RG_S3_KEY_BYTES_MAX)
        return rg_fail(err, RG_ERR_INVALID, "%.100s...: a prefix of %zu bytes", url, prefix.bytes);
    const size_t root_bytes = prefix.bytes > 0 ? prefix.bytes + 1 : 0;
    const size_t url_bytes = strlen("s3://") + strlen(bucket) + 1 + prefix.bytes + 1;
    store->root = rg_alloc(&store->allocator, root_bytes + 1);
    store->base.url = rg_alloc(&store->allocator, url_bytes);
    if (store->root == NULL || store->base.url == NULL) {
        /* What is released is as long as it says. */
        if (store->root != NULL)
            rg_release(&store->allocator, store->root, root_bytes + 1);
        if (store->base.url != NULL)
            rg_release(&store->allocator, store->base.url, url_bytes);
        store->root = NULL;
        store->base.url = NULL;
        return rg_fail(err, RG_ERR_NOMEM, "no memory for a store");
    }
    (void)snprintf(store->root, root_bytes + 1, "%.*s%s", (int)prefix.bytes,
                   (const char *)prefix.data, prefix.bytes > 0 ? "/" : "");
    store->root_bytes = root_bytes;
    const int length =
        snprintf(store->base.url, url_bytes, "s3://%s%s%.*s", bucket, prefix.bytes > 0 ? "/" : "",
                 (int)prefix.bytes, (const char *)prefix.data);
    /* Without a prefix there is no '/' either: then the text is one shorter than its room. */
    if ((size_t)length + 1 < url_bytes) {
        char *shorter = copy_text(store, store->base.url);

        rg_release(&store->allocator, store->base.url, url_bytes);
        store->base.url = shorter;
        if (shorter == NULL)
            return rg_fail(err, RG_ERR_NOMEM, "no memory for a store");
    }
    return RG_OK;
}

static enum rg_addressing addressing_of(const struct rg_settings *settings)
{
    const char *style = rg_settings_find(settings, settings->profile, "s3.addressing_style");

    if (rg_settings_is(style, "path"))
        return RG_ADDRESSING_PATH;
    if (rg_settings_is(style, "virtual"))
        return RG_ADDRESSING_HOST;
    return RG_ADDRESSING_AUTO;
}

static uint32_t attempts_of(const struct rg_settings *settings)
{
    const char *text = rg_settings_choose(settings, "AWS_MAX_ATTEMPTS", NULL, "max_attempts");
    const unsigned long count = text != NULL ? strtoul(text, NULL, 10) : 0;

    return count > 0 && count <= 100 ? (uint32_t)count : attempt_count_default;
}

static enum rg_status resolve(struct rg_s3_store *store, const struct rg_settings *settings,
                              const char *bucket, struct rg_error *err)
{
    const struct rg_s3_options *given = &store->options;
    const char *endpoint =
        given->endpoint_url != NULL ? given->endpoint_url : rg_settings_endpoint(settings, "s3");
    const char *region = given->region != NULL ? given->region
                                               : rg_settings_choose(settings, "AWS_REGION",
                                                                    "AWS_DEFAULT_REGION", "region");
    const char *ca_file = rg_settings_choose(settings, "AWS_CA_BUNDLE", NULL, "ca_bundle");
    const char *calculation = rg_settings_choose(settings, "AWS_REQUEST_CHECKSUM_CALCULATION", NULL,
                                                 "request_checksum_calculation");
    const struct rg_endpoint_options options = {
        .url = endpoint,
        .region = region != NULL ? region : region_default,
        .bucket = bucket,
        .addressing = addressing_of(settings),
        .is_dual_stack = rg_settings_is_true(rg_settings_choose(
            settings, "AWS_USE_DUALSTACK_ENDPOINT", NULL, "use_dualstack_endpoint")),
        .is_fips = rg_settings_is_true(
            rg_settings_choose(settings, "AWS_USE_FIPS_ENDPOINT", NULL, "use_fips_endpoint")),
    };

    if (calculation != NULL)
        atomic_store(&store->checksum, rg_settings_is(calculation, "when_supported")
                                           ? RG_S3_CHECKSUM_CRC32C
                                           : RG_S3_CHECKSUM_SHA256);
    if (ca_file == NULL)
        ca_file = rg_settings_variable("SSL_CERT_FILE");
    if (ca_file != NULL)
        (void)snprintf(store->ca_file, sizeof store->ca_file, "%s", ca_file);
    if (store->options.attempt_count_max == 0)
        store->options.attempt_count_max = attempts_of(settings);
    RG_TRY(rg_endpoint_init(&store->endpoint, &options, err));
    /* Amazon wants them where a bucket has Object Lock. */
    if (calculation == NULL)
        atomic_store(&store->checksum, rg_endpoint_is_amazons(&store->endpoint)
                                           ? RG_S3_CHECKSUM_CRC32C
                                           : RG_S3_CHECKSUM_SHA256);
    return RG_OK;
}

static void fill_defaults(struct rg_s3_options *options)
{
    if (options->request_count_max == 0)
        options->request_count_max = request_count_default;
    if (options->stall_ns == 0)
        options->stall_ns = stall_ns_default;
    if (options->slow_answer_ns == 0)
        options->slow_answer_ns = slow_answer_ns_default;
}

static enum rg_status get_credentials(struct rg_s3_store *store, const char *profile,
                                      struct rg_error *err)
{
    if (store->options.is_unsigned)
        return RG_OK;
    if (profile != NULL) {
        store->profile = copy_text(store, profile);
        if (store->profile == NULL)
            return rg_fail(err, RG_ERR_NOMEM, "no memory for a store");
    }
    memcpy(store->credentials_region, store->endpoint.region, sizeof store->credentials_region);
    store->credentials_source = (struct rg_credentials_source){
        .profile = store->profile,
        .region = store->credentials_region,
        .ca_file = store->ca_file[0] != '\0' ? store->ca_file : NULL,
        .allocator = &store->allocator,
    };
    return rg_keeper_new(rg_credentials_load, &store->credentials_source, &store->allocator,
                         &store->keeper, err);
}

static enum rg_status open_store(struct rg_s3_store *store, const char *url, struct rg_error *err)
{
    const char *profile = store->options.profile;
    char bucket[RG_BUCKET_BYTES];
    struct rg_settings settings;

    RG_TRY(name_place(store, url, bucket, err));
    RG_TRY(rg_settings_init(&settings, profile, &store->allocator, err));
    enum rg_status status = resolve(store, &settings, bucket, err);
    rg_settings_fini(&settings);
    RG_TRY(status);
    rg_endpoint_name_place(&store->endpoint, store->place);
    if (getrandom(&store->random, sizeof store->random, 0) != (ssize_t)sizeof store->random)
        return rg_fail(err, RG_ERR_IO, "no random bytes");
    store->is_https = store->endpoint.is_https;
    store->patience = 1;
    rg_pace_init(&store->pace, store->options.request_count_max);
    RG_TRY(get_credentials(store, profile, err));
    const struct rg_http_options http = {
        .ca_file = store->ca_file[0] != '\0' ? store->ca_file : NULL,
        .connection_count = store->options.request_count_max,
        .on_turn = rg_s3_on_turn,
        .user = store,
    };
    return rg_http_new(&http, &store->allocator, &store->http, err);
}

enum rg_status rg_s3_store_new(const char *url, const struct rg_s3_options *options,
                               const struct rg_allocator *allocator, struct rg_store **ret_store,
                               struct rg_error *err)
{
    /* libcurl is set up before any thread uses it. */
    RG_TRY(rg_libcurl_load(err));
    struct rg_s3_store *store = rg_alloc(allocator, sizeof *store);
    if (store == NULL)
        return rg_fail(err, RG_ERR_NOMEM, "no memory for a store");
    memset(store, 0, sizeof *store);
    store->base.driver = &driver;
    store->given = allocator;
    store->allocator = (struct rg_allocator){alloc_locked, release_locked, store};
    store->options = *options;
    fill_defaults(&store->options);
    (void)pthread_mutex_init(&store->lock, NULL);
    (void)pthread_mutex_init(&store->probe_lock, NULL);
    (void)pthread_mutex_init(&store->memory_lock, NULL);
    const enum rg_status status = open_store(store, url, err);
    if (status != RG_OK) {
        free_store(&store->base);
        return rg_within(err, "%.200s", url);
    }
    *ret_store = &store->base;
    return RG_OK;
}

const char *rg_s3_store_place(const struct rg_store *base)
{
    const struct rg_s3_store *store = (const struct rg_s3_store *)base;

    return store->place;
}

const char *rg_s3_version(void)
{
    return rg_http_version();
}
