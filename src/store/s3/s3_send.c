/* SPDX-License-Identifier: Apache-2.0 */

#include "store/s3/s3_send.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "store/s3/uri.h"

/* Path and query of a request: a key of 1,024 bytes encoded, tokens, upload ids. */
static const size_t url_bytes_max = (size_t)32 << 10;

/* Of an answer that is no result: more than an error has is not looked at. */
static const uint64_t error_bytes_max = UINT64_C(64) << 10;

/*
 * Slowest transfer that is let go on: what a deadline is made of. Slow, since the requests of a run
 * share one line: silence is what stall_ns is for.
 */
static const uint64_t bytes_per_second_min = UINT64_C(4) << 10;
static const uint64_t deadline_ns_min = UINT64_C(120000000000);

/*
 * By so much a request may be silent for longer than at its first attempt: there are listings that
 * take half a minute (ceph pull requests 46930 and 59222).
 */
static const uint32_t patience_max = 6;

/*
 * A body that was sent may lie in a proxy that passes it on only when it has all of it. At this
 * pace that is waited for, but for no more than so many stalls.
 */
static const uint64_t drained_bytes_per_second = UINT64_C(128) << 10;
static const uint64_t drain_stalls_max = 2;

/*
 * To look up the name, connect and agree on keys. Short at first, so that a dead address costs
 * little; but a name server that does not answer makes the resolver wait 5 s before it asks the
 * next one, and gateways under load are slow to shake hands: so longer with each attempt,
 * but not as long as a stall.
 */
static const uint64_t connect_ns_first = UINT64_C(5000000000);
static const uint64_t connect_ns_max = UINT64_C(15000000000);

/* The same, and for an answer, when everything is cancelled: only uploads are aborted then. */
static const uint64_t cancelled_ns = UINT64_C(5000000000);

/* Of bodies that are only sent when the store wants them: spared on 307, 403 and 503. */
static const uint64_t expect_bytes_min = UINT64_C(1) << 20;

static const char empty_digest[] =
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

static void take_header(struct rg_http_request *request, struct rg_span name, struct rg_span value)
{
    struct rg_s3_task *task = (struct rg_s3_task *)request;

    const uint64_t date_ns = task->headers.date_ns;

    rg_s3_headers_take(&task->headers, &task->store->endpoint, name, value);
    if (task->headers.date_ns != date_ns)
        rg_store_note_time(&task->store->base, task->headers.date_ns);
}

/* Body bytes that are XML, or are taken for it: an error, or the result that was asked for. */
static bool feed(struct rg_s3_task *task, struct rg_span bytes)
{
    struct rg_s3_store *store = task->store;
    const bool is_result = task->http.status < 300;

    task->text_bytes += bytes.bytes;
    if (!is_result && task->text_bytes > error_bytes_max)
        return false;
    if (task->answer == NULL)
        task->answer = rg_alloc(&store->allocator, sizeof *task->answer);
    if (task->answer != NULL && task->xml == NULL) {
        struct rg_arena *arena = task->op->arena != NULL ? task->op->arena : &task->arena;
        const char *prefix = task->op->key != NULL ? task->op->key : "";

        task->xml = rg_xml_new(&store->allocator, rg_answer_take, task->answer);
        rg_answer_reset(task->answer, arena, rg_s3_root_of(store, task->op), prefix);
    }
    if (task->answer == NULL || task->xml == NULL) {
        task->body_status = rg_fail(&task->body_err, RG_ERR_NOMEM, "no memory for an answer");
        return false;
    }
    /* What is wrong with it is told when it is over: an error page of a proxy is read to its end.
     */
    if (task->body_status == RG_OK)
        task->body_status = rg_xml_feed(task->xml, bytes, false, &task->body_err);
    return task->body_status == RG_OK || !is_result;
}

static bool take_body(struct rg_http_request *request, struct rg_span bytes)
{
    struct rg_s3_task *task = (struct rg_s3_task *)request;
    const bool is_result = request->status < 300;

    if (is_result && task->call->on_body != NULL)
        return task->call->on_body(task, bytes);
    if (is_result && task->call->wanted == RG_ANSWER_NONE)
        return true;
    return feed(task, bytes);
}

static void on_done(struct rg_http_request *request)
{
    struct rg_s3_task *task = (struct rg_s3_task *)request;

    task->store->in_flight--;
    rg_s3_task_answered(task);
}

static void reset_answer(struct rg_s3_task *task)
{
    struct rg_arena *arena = task->op->arena != NULL ? task->op->arena : &task->arena;

    memset(&task->headers, 0, sizeof task->headers);
    task->body_status = RG_OK;
    task->text_bytes = 0;
    task->code = "";
    if (task->xml != NULL) {
        rg_xml_reset(task->xml);
        rg_answer_reset(task->answer, arena, rg_s3_root_of(task->store, task->op),
                        task->op->key != NULL ? task->op->key : "");
    }
}

static void add_header(struct rg_sigv4_header *headers, size_t *count, const char *name,
                       const char *value)
{
    headers[(*count)++] = (struct rg_sigv4_header){name, value};
}

/* The signing key of today; derived once a day, region and credentials. */
static enum rg_status refresh_key(struct rg_s3_store *store, const struct rg_sigv4_scope *scope,
                                  struct rg_error *err)
{
    const bool is_fresh =
        memcmp(store->key_day, scope->date, 8) == 0 && store->key_generation == store->generation;

    if (is_fresh)
        return RG_OK;
    RG_TRY(rg_sigv4_derive_key(store->credentials.secret_key, scope, &store->key, err));
    memcpy(store->key_day, scope->date, 8);
    store->key_generation = store->generation;
    return RG_OK;
}

static enum rg_status sign(struct rg_s3_task *task, const struct rg_sigv4_request *request,
                           const struct rg_sigv4_scope *scope, const char **ret_line,
                           struct rg_error *err)
{
    struct rg_s3_store *store = task->store;
    struct rg_buffer out;

    RG_TRY(refresh_key(store, scope, err));
    rg_buffer_init(&out, &store->allocator, url_bytes_max);
    rg_buffer_append_text(&out, "Authorization: ");
    enum rg_status status =
        rg_sigv4_authorize(request, scope, store->credentials.access_key, &store->key, &out, err);
    const struct rg_span line = status == RG_OK ? rg_arena_copy(&task->arena, rg_buffer_span(&out))
                                                : (struct rg_span){NULL, 0};
    rg_buffer_fini(&out);
    if (status == RG_OK && line.data == NULL)
        status = rg_fail(err, RG_ERR_NOMEM, "no memory for a request");
    *ret_line = (const char *)line.data;
    return status;
}

/* Path, query and URL, in the task's arena. */
static enum rg_status write_url(struct rg_s3_task *task, const struct rg_s3_description *d,
                                const char **ret_path, const char **ret_query, struct rg_error *err)
{
    struct rg_s3_store *store = task->store;
    const struct rg_span root = rg_span_of(rg_s3_root_of(store, task->op));
    struct rg_buffer out;

    rg_buffer_init(&out, &store->allocator, url_bytes_max);
    rg_buffer_printf(&out, "%s://%s", store->endpoint.is_https ? "https" : "http",
                     store->endpoint.host);
    const size_t path_at = out.bytes;
    rg_endpoint_path(&store->endpoint, root, d->key, &out);
    const size_t query_at = out.bytes;
    enum rg_status status = RG_OK;
    if (d->parameter_count > 0) {
        rg_buffer_append_byte(&out, '?');
        status = rg_uri_query(&out, d->parameters, d->parameter_count, err);
    }
    rg_buffer_append_byte(&out, 0);
    if (status == RG_OK)
        status = rg_buffer_check(&out, "the URL", err);
    if (status == RG_OK) {
        const char *url = (const char *)rg_arena_copy(&task->arena, rg_buffer_span(&out)).data;
        char *path = rg_arena_alloc(&task->arena, query_at - path_at + 1);

        if (url == NULL || path == NULL) {
            status = rg_fail(err, RG_ERR_NOMEM, "no memory for a request");
        } else {
            memcpy(path, url + path_at, query_at - path_at);
            path[query_at - path_at] = '\0';
            task->http.url = url;
            *ret_path = path;
            *ret_query = d->parameter_count > 0 ? url + query_at + 1 : "";
        }
    }
    rg_buffer_fini(&out);
    return status;
}

/* Lines "name: value" of all headers, and one more. */
static enum rg_status write_lines(struct rg_s3_task *task, const struct rg_sigv4_header *headers,
                                  size_t count, const char *authorization, uint64_t body_bytes,
                                  struct rg_error *err)
{
    const char **lines = rg_arena_array(&task->arena, count + 2, sizeof *lines);
    size_t line_count = 0;

    if (lines == NULL)
        return rg_fail(err, RG_ERR_NOMEM, "no memory for a request");
    for (size_t i = 0; i < count; i++) {
        const size_t bytes = strlen(headers[i].name) + strlen(headers[i].value) + 3;
        char *line = rg_arena_alloc(&task->arena, bytes);

        if (line == NULL)
            return rg_fail(err, RG_ERR_NOMEM, "no memory for a request");
        (void)snprintf(line, bytes, "%s: %s", headers[i].name, headers[i].value);
        lines[line_count++] = line;
    }
    if (authorization != NULL)
        lines[line_count++] = authorization;
    /* libcurl asks before it sends a body: a round trip more, good only for large ones. */
    if (body_bytes < expect_bytes_min)
        lines[line_count++] = "Expect:";
    task->http.headers = lines;
    task->http.header_count = line_count;
    return RG_OK;
}

static uint64_t at_most(uint64_t ns, uint64_t max_ns)
{
    return ns < max_ns ? ns : max_ns;
}

/* For so long nothing may move. */
static uint64_t silence_ns(const struct rg_s3_task *task, const struct rg_s3_description *d)
{
    const struct rg_s3_options *options = &task->store->options;
    const uint64_t drain_ns = d->body_bytes * UINT64_C(1000000000) / drained_bytes_per_second;
    const uint64_t once_ns =
        options->stall_ns + at_most(drain_ns, drain_stalls_max * options->stall_ns);

    return d->is_slow ? options->slow_answer_ns : task->patience * once_ns;
}

static void set_exchange(struct rg_s3_task *task, const struct rg_s3_description *d)
{
    const struct rg_s3_options *options = &task->store->options;
    struct rg_http_request *http = &task->http;
    const uint64_t moved_bytes = d->body_bytes + task->wanted_bytes;
    const uint64_t slow_ns = options->slow_answer_ns;

    http->method = d->method;
    http->has_body = d->has_body;
    http->segments = d->segments;
    http->segment_count = d->segment_count;
    http->body_bytes = d->body_bytes;
    http->connect_ns = at_most(task->attempt * connect_ns_first, connect_ns_max);
    task->patience =
        (uint32_t)at_most(task->store->patience + (uint64_t)task->attempt - 1, patience_max);
    http->stall_ns = silence_ns(task, d);
    if (atomic_load(&task->store->is_cancelled)) {
        http->connect_ns = at_most(http->connect_ns, cancelled_ns);
        http->stall_ns = at_most(http->stall_ns, cancelled_ns);
    }
    http->deadline_ns =
        d->is_slow ? slow_ns + deadline_ns_min
                   : deadline_ns_min + moved_bytes / bytes_per_second_min * UINT64_C(1000000000);
    http->skips_proxy = false;
    http->on_header = take_header;
    http->on_body = take_body;
    http->done = on_done;
}

enum rg_status rg_s3_send(struct rg_s3_task *task, struct rg_error *err)
{
    struct rg_s3_store *store = task->store;
    struct rg_s3_description d = {.method = "GET"};
    struct rg_sigv4_header headers[RG_S3_HEADERS_MAX + 6];
    struct rg_sigv4_scope scope = {.region = store->endpoint.region, .service = "s3"};
    const char *path = "";
    const char *query = "";
    const char *authorization = NULL;
    size_t count = 0;

    rg_arena_reset(&task->arena);
    reset_answer(task);
    RG_TRY(task->call->describe(task, &d, err));
    RG_TRY(write_url(task, &d, &path, &query, err));
    task->used_offset_ns = store->clock_offset_ns;
    task->used_moves = store->moves;
    const int64_t now_ns = (int64_t)rg_clock_wall_ns() + store->clock_offset_ns;
    const char *payload = d.payload != NULL ? d.payload : empty_digest;
    rg_sigv4_date(now_ns > 0 ? (uint64_t)now_ns : 0, scope.date);
    for (; count < d.header_count; count++)
        headers[count] = d.headers[count];
    add_header(headers, &count, "host", store->endpoint.host);
    if (store->keeper != NULL) {
        add_header(headers, &count, "x-amz-content-sha256", payload);
        add_header(headers, &count, "x-amz-date", scope.date);
        if (store->credentials.session_token[0] != '\0')
            add_header(headers, &count, "x-amz-security-token", store->credentials.session_token);
        const struct rg_sigv4_request request = {d.method, path, query, headers, count, payload};
        RG_TRY(sign(task, &request, &scope, &authorization, err));
    }
    RG_TRY(write_lines(task, headers, count, authorization, d.body_bytes, err));
    set_exchange(task, &d);
    atomic_fetch_add(&store->base.request_count, 1);
    store->in_flight++;
    rg_http_start(store->http, &task->http);
    return RG_OK;
}
