/* SPDX-License-Identifier: Apache-2.0 */

/*
 *   (1) An exchange is in `running` exactly from rg_http_start() to its done(), and has an easy
 *       handle exactly then.
 *   (2) Easy handles that are not in use are kept in `idle`, reset; one that ended with
 *       CURLE_SEND_FAIL_REWIND is thrown away, since its stale state survives even a reset
 *       (curl issues 17139, 18206).
 *   (3) done() is called with the exchange in no list: it may start the next one, with the same
 *       struct.
 *
 * Everything but the wake-up and the stop flag is the event thread's own.
 */

#include "store/s3/http.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "store/s3/libcurl.h"

static const uint64_t ms = 1000000;

/* How often stalls are looked for. */
static const uint64_t watch_ms = 100;

/* Of each handle; larger ones did not go faster on loopback. */
static const long receive_buffer_bytes = 64L << 10;

/* Idle connections are closed by the other side at its will; a reused dead one costs a retry. */
static const long idle_seconds_max = 30;
static const long life_seconds_max = 600;

/* How long to wait for "100 Continue" before a body is sent anyway. */
static const long expect_ms = 1000;

enum {
    IDLE_MAX = 512
};

struct rg_http {
    /* Set at init, then constant. */
    const struct rg_allocator *allocator;
    struct rg_http_options options;
    CURLM *multi;
    pthread_t thread;

    /* Owned by the event thread. */
    struct rg_http_request *running;
    uint32_t running_count;
    CURL *idle[IDLE_MAX];
    uint32_t idle_count;
    uint64_t watched_ns; /* When stalls were looked for last. */

    /* Atomic. */
    atomic_bool is_stopping;
};

const char *rg_http_version(void)
{
    struct rg_error err;

    return rg_libcurl_load(&err) == RG_OK ? rg_libcurl()->version() : "no libcurl";
}

static size_t give_body(char *to, size_t size, size_t count, void *user)
{
    struct rg_http_request *request = user;
    const size_t room = size * count;
    size_t end = 0;

    while (end < room && request->segment_at < request->segment_count) {
        const struct rg_segment *segment = &request->segments[request->segment_at];
        const size_t left = segment->bytes - request->segment_offset;
        const size_t piece = left < room - end ? left : room - end;

        if (piece > 0)
            memcpy(to + end, segment->data + request->segment_offset, piece);
        end += piece;
        request->segment_offset += piece;
        if (request->segment_offset == segment->bytes) {
            request->segment_at++;
            request->segment_offset = 0;
        }
    }
    request->moved_ns = rg_clock_monotonic_ns();
    return end;
}

/* libcurl begins a body again when a kept connection turned out dead. */
static int rewind_body(void *user, curl_off_t offset, int origin)
{
    struct rg_http_request *request = user;

    if (offset != 0 || origin != SEEK_SET)
        return CURL_SEEKFUNC_CANTSEEK;
    request->segment_at = 0;
    request->segment_offset = 0;
    return CURL_SEEKFUNC_OK;
}

static struct rg_span trim(const char *begin, const char *end)
{
    while (begin < end && (*begin == ' ' || *begin == '\t'))
        begin++;
    while (begin < end && (end[-1] == ' ' || end[-1] == '\t' || end[-1] == '\r' || end[-1] == '\n'))
        end--;
    return (struct rg_span){(const uint8_t *)begin, (size_t)(end - begin)};
}

static size_t take_header(char *line, size_t size, size_t count, void *user)
{
    struct rg_http_request *request = user;
    const size_t bytes = size * count;
    long status = 0;

    request->moved_ns = rg_clock_monotonic_ns();
    (void)rg_libcurl()->easy_getinfo(request->easy, CURLINFO_RESPONSE_CODE, &status);
    /* Headers of a proxy's answer and of 1xx are not the answer's. */
    if (status < 200 || status > 999)
        return bytes;
    request->status = (uint32_t)status;
    request->has_head = request->has_head || (bytes > 0 && (line[0] == '\r' || line[0] == '\n'));
    const char *colon = memchr(line, ':', bytes);
    if (colon != NULL && request->on_header != NULL)
        request->on_header(request, trim(line, colon), trim(colon + 1, line + bytes));
    return bytes;
}

static size_t take_body(char *data, size_t size, size_t count, void *user)
{
    struct rg_http_request *request = user;
    const size_t bytes = size * count;

    request->moved_ns = rg_clock_monotonic_ns();
    if (request->on_body == NULL)
        return bytes;
    return request->on_body(request, (struct rg_span){(const uint8_t *)data, bytes}) ? bytes : 0;
}

static CURL *take_handle(struct rg_http *http)
{
    if (http->idle_count > 0)
        return http->idle[--http->idle_count];
    return rg_libcurl()->easy_init();
}

static void give_handle(struct rg_http *http, CURL *easy, CURLcode code)
{
    if (code == CURLE_SEND_FAIL_REWIND || http->idle_count == IDLE_MAX) {
        rg_libcurl()->easy_cleanup(easy);
        return;
    }
    rg_libcurl()->easy_reset(easy);
    http->idle[http->idle_count++] = easy;
}

static void set_transport(struct rg_http *http, struct rg_http_request *request, CURL *easy)
{
    const struct rg_libcurl *curl = rg_libcurl();
    const long connect_ms = (long)(request->connect_ns / ms);

    (void)curl->easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    (void)curl->easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
    (void)curl->easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    (void)curl->easy_setopt(easy, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
    (void)curl->easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
    /* Otherwise "/./" and "/../" in keys are squashed. */
    (void)curl->easy_setopt(easy, CURLOPT_PATH_AS_IS, 1L);
    (void)curl->easy_setopt(easy, CURLOPT_HTTP_CONTENT_DECODING, 0L);
    (void)curl->easy_setopt(easy, CURLOPT_BUFFERSIZE, receive_buffer_bytes);
    (void)curl->easy_setopt(easy, CURLOPT_TCP_KEEPALIVE, 1L);
    (void)curl->easy_setopt(easy, CURLOPT_MAXAGE_CONN, idle_seconds_max);
    (void)curl->easy_setopt(easy, CURLOPT_MAXLIFETIME_CONN, life_seconds_max);
    (void)curl->easy_setopt(easy, CURLOPT_DNS_SHUFFLE_ADDRESSES, 1L);
    (void)curl->easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, connect_ms);
    (void)curl->easy_setopt(easy, CURLOPT_EXPECT_100_TIMEOUT_MS, expect_ms);
    (void)curl->easy_setopt(easy, CURLOPT_USERAGENT, "regroup");
    (void)curl->easy_setopt(easy, CURLOPT_ERRORBUFFER, request->why);
    if (http->options.ca_file != NULL)
        (void)curl->easy_setopt(easy, CURLOPT_CAINFO, http->options.ca_file);
    if (request->skips_proxy)
        (void)curl->easy_setopt(easy, CURLOPT_NOPROXY, "*");
}

static void set_request(struct rg_http_request *request, CURL *easy)
{
    const struct rg_libcurl *curl = rg_libcurl();
    if (request->has_body) {
        (void)curl->easy_setopt(easy, CURLOPT_UPLOAD, 1L);
        (void)curl->easy_setopt(easy, CURLOPT_READFUNCTION, give_body);
        (void)curl->easy_setopt(easy, CURLOPT_READDATA, request);
        (void)curl->easy_setopt(easy, CURLOPT_SEEKFUNCTION, rewind_body);
        (void)curl->easy_setopt(easy, CURLOPT_SEEKDATA, request);
        (void)curl->easy_setopt(easy, CURLOPT_INFILESIZE_LARGE, (curl_off_t)request->body_bytes);
    } else if (strcmp(request->method, "HEAD") == 0) {
        (void)curl->easy_setopt(easy, CURLOPT_NOBODY, 1L);
    }
    (void)curl->easy_setopt(easy, CURLOPT_CUSTOMREQUEST, request->method);
    (void)curl->easy_setopt(easy, CURLOPT_URL, request->url);
    (void)curl->easy_setopt(easy, CURLOPT_HTTPHEADER, (struct curl_slist *)request->header_list);
    (void)curl->easy_setopt(easy, CURLOPT_HEADERFUNCTION, take_header);
    (void)curl->easy_setopt(easy, CURLOPT_HEADERDATA, request);
    (void)curl->easy_setopt(easy, CURLOPT_WRITEFUNCTION, take_body);
    (void)curl->easy_setopt(easy, CURLOPT_WRITEDATA, request);
    (void)curl->easy_setopt(easy, CURLOPT_PRIVATE, request);
}

static bool make_header_list(struct rg_http_request *request)
{
    struct curl_slist *list = NULL;

    for (size_t i = 0; i < request->header_count; i++) {
        struct curl_slist *longer = rg_libcurl()->slist_append(list, request->headers[i]);

        if (longer == NULL) {
            rg_libcurl()->slist_free_all(list);
            return false;
        }
        list = longer;
    }
    request->header_list = list;
    return true;
}

static void link_running(struct rg_http *http, struct rg_http_request *request)
{
    request->previous = NULL;
    request->next = http->running;
    if (http->running != NULL)
        http->running->previous = request;
    http->running = request;
    http->running_count++;
}

static void unlink_running(struct rg_http *http, struct rg_http_request *request)
{
    if (request->previous != NULL)
        request->previous->next = request->next;
    else
        http->running = request->next;
    if (request->next != NULL)
        request->next->previous = request->previous;
    http->running_count--;
}

/* Takes the exchange from libcurl and tells its end. */
static void finish(struct rg_http *http, struct rg_http_request *request, CURLcode code,
                   enum rg_http_outcome outcome, const char *text)
{
    const struct rg_libcurl *curl = rg_libcurl();
    CURL *easy = request->easy;
    curl_off_t length = -1;

    (void)curl->easy_getinfo(easy, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &length);
    request->is_length_known = length >= 0;
    request->length_bytes = length >= 0 ? (uint64_t)length : 0;
    (void)curl->multi_remove_handle(http->multi, easy);
    give_handle(http, easy, code);
    curl->slist_free_all(request->header_list);
    request->easy = NULL;
    request->header_list = NULL;
    unlink_running(http, request);
    request->outcome = outcome;
    (void)snprintf(request->text, sizeof request->text, "%s", text);
    request->done(request);
}

void rg_http_start(struct rg_http *http, struct rg_http_request *request)
{
    const struct rg_libcurl *curl = rg_libcurl();
    CURL *easy = take_handle(http);

    request->status = 0;
    request->has_head = false;
    request->text[0] = '\0';
    request->why[0] = '\0';
    request->segment_at = 0;
    request->segment_offset = 0;
    request->header_list = NULL;
    request->easy = easy;
    request->begin_ns = rg_clock_monotonic_ns();
    request->moved_ns = request->begin_ns;
    const bool is_ready = easy != NULL && make_header_list(request);
    if (is_ready) {
        set_transport(http, request, easy);
        set_request(request, easy);
        if (curl->multi_add_handle(http->multi, easy) == CURLM_OK) {
            link_running(http, request);
            return;
        }
    }
    curl->slist_free_all(request->header_list);
    if (easy != NULL)
        curl->easy_cleanup(easy);
    request->easy = NULL;
    request->outcome = RG_HTTP_UNSENT;
    (void)snprintf(request->text, sizeof request->text, "no memory for a request");
    request->done(request);
}

/* What a code of libcurl means for the request. */
static enum rg_http_outcome outcome_of(CURLcode code)
{
    switch ((int)code) {
    case CURLE_OK:
        return RG_HTTP_ANSWERED;
    case CURLE_WRITE_ERROR:
        return RG_HTTP_STOPPED;
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_RESOLVE_PROXY:
        return RG_HTTP_NAMELESS;
    case CURLE_COULDNT_CONNECT:
    case CURLE_OUT_OF_MEMORY:
        return RG_HTTP_UNSENT;
    case CURLE_OPERATION_TIMEDOUT: /* Of connecting: all other times are ours. */
        return RG_HTTP_UNSENT;
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_ISSUER_ERROR:
    case CURLE_SSL_CIPHER:
    case CURLE_URL_MALFORMAT:
    case CURLE_UNSUPPORTED_PROTOCOL:
    case CURLE_FAILED_INIT:
    case CURLE_PROXY:
        return RG_HTTP_HOPELESS;
    default:
        return RG_HTTP_LOST;
    }
}

/*
 * What is wrong with the other side, or with what we were given to judge it by: a code of libcurl's
 * has one text for a certificate that has expired, is of another host, or of an unknown authority.
 */
static void describe_hopeless(const struct rg_http_request *request, CURLcode code, char *text,
                              size_t bytes)
{
    const char *why = request->why[0] != '\0' ? request->why : rg_libcurl()->easy_strerror(code);
    const bool is_unknown = code == CURLE_PEER_FAILED_VERIFICATION &&
                            strstr(why, "expired") == NULL && strstr(why, "match") == NULL;

    (void)snprintf(text, bytes, "%.160s%s", why,
                   is_unknown ? " (AWS_CA_BUNDLE names a file of authorities to believe)" : "");
}

/* A proxy that wants a name and a password, or forbids the host, will do so the next time. */
static enum rg_http_outcome outcome_of_refusal(long status)
{
    return status >= 500 || status == 408 || status == 429 ? RG_HTTP_UNSENT : RG_HTTP_HOPELESS;
}

/* libcurl is done with an exchange. */
static void finish_message(struct rg_http *http, CURL *easy, CURLcode code)
{
    const struct rg_libcurl *curl = rg_libcurl();
    const long refusal = code != CURLE_OK ? rg_libcurl_proxy_refusal(easy) : 0;
    struct rg_http_request *request = NULL;
    char text[256];

    (void)curl->easy_getinfo(easy, CURLINFO_PRIVATE, (char **)&request);
    if (refusal != 0) {
        (void)snprintf(text, sizeof text, "the proxy answered %ld to CONNECT", refusal);
        finish(http, request, code, outcome_of_refusal(refusal), text);
    } else if (code == CURLE_OK && !request->has_head) {
        /* libcurl takes headers that break off for all of them. */
        finish(http, request, code, RG_HTTP_LOST, "the answer ended within its headers");
    } else if (outcome_of(code) == RG_HTTP_HOPELESS) {
        describe_hopeless(request, code, text, sizeof text);
        finish(http, request, code, RG_HTTP_HOPELESS, text);
    } else {
        finish(http, request, code, outcome_of(code), curl->easy_strerror(code));
    }
}

/* How many have ended. */
static uint32_t take_finished(struct rg_http *http)
{
    const struct rg_libcurl *curl = rg_libcurl();
    uint32_t count = 0;
    int left;

    for (;; count++) {
        const CURLMsg *message = curl->multi_info_read(http->multi, &left);

        if (message == NULL)
            return count;
        if (message->msg == CURLMSG_DONE)
            finish_message(http, message->easy_handle, message->data.result);
    }
}

/*
 * For so long nothing may move. What libcurl is rid of is not sent yet: the kernel takes megabytes,
 * and a slow line needs minutes for them. But not longer than what went before.
 */
static uint64_t silence_max_ns(const struct rg_http_request *request)
{
    const bool is_sending = request->body_bytes > 0 && request->status == 0;
    const uint64_t sent_ns = is_sending ? request->moved_ns - request->begin_ns : 0;

    return sent_ns > request->stall_ns ? sent_ns : request->stall_ns;
}

/* How many were ended. */
static uint32_t end_stalled(struct rg_http *http, uint64_t now_ns)
{
    struct rg_http_request *request = http->running;
    uint32_t count = 0;
    char text[64];

    http->watched_ns = now_ns;
    while (request != NULL) {
        struct rg_http_request *next = request->next;
        const uint64_t silence_ns = silence_max_ns(request);
        const bool is_stalled =
            now_ns > request->moved_ns && now_ns - request->moved_ns > silence_ns;
        const bool is_late = now_ns - request->begin_ns > request->deadline_ns;

        if (is_stalled || is_late) {
            (void)snprintf(
                text, sizeof text,
                is_stalled ? "nothing moved for %llu ms" : "not done after %llu ms",
                (unsigned long long)((is_stalled ? silence_ns : request->deadline_ns) / ms));
            finish(http, request, CURLE_OPERATION_TIMEDOUT, RG_HTTP_STALLED, text);
            /* done() may have changed the list. */
            next = http->running;
            count++;
        }
        request = next;
    }
    return count;
}

void rg_http_cancel(struct rg_http *http)
{
    while (http->running != NULL)
        finish(http, http->running, CURLE_ABORTED_BY_CALLBACK, RG_HTTP_CANCELLED, "cancelled");
}

static int wait_ms(const struct rg_http *http, uint64_t wanted_ns, uint64_t now_ns)
{
    const uint64_t longest_ms = http->running_count > 0 ? watch_ms : 60000;

    if (wanted_ns <= now_ns)
        return 0;
    const uint64_t wanted_ms = (wanted_ns - now_ns) / ms + 1;
    return (int)(wanted_ms < longest_ms ? wanted_ms : longest_ms);
}

static void *run_thread(void *argument)
{
    struct rg_http *http = argument;
    int count;

    while (!atomic_load(&http->is_stopping)) {
        const uint64_t wanted_ns =
            http->options.on_turn(http->options.user, rg_clock_monotonic_ns());

        (void)rg_libcurl()->multi_perform(http->multi, &count);
        uint32_t ended = take_finished(http);
        const uint64_t now_ns = rg_clock_monotonic_ns();
        if (now_ns - http->watched_ns > watch_ms * ms)
            ended += end_stalled(http, now_ns);
        /* What ended may go on with something else: then there is nothing to wait for. */
        const int timeout_ms = ended > 0 ? 0 : wait_ms(http, wanted_ns, now_ns);
        (void)rg_libcurl()->multi_poll(http->multi, NULL, 0, timeout_ms, NULL);
    }
    return NULL;
}

static int start_thread(struct rg_http *http)
{
    sigset_t all;
    sigset_t before;

    /* Signals are for the threads of the program. */
    (void)sigfillset(&all);
    (void)pthread_sigmask(SIG_SETMASK, &all, &before);
    const int failed = pthread_create(&http->thread, NULL, run_thread, http);
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    return failed;
}

enum rg_status rg_http_new(const struct rg_http_options *options,
                           const struct rg_allocator *allocator, struct rg_http **ret_http,
                           struct rg_error *err)
{
    const struct rg_libcurl *curl = rg_libcurl();
    struct rg_http *http = rg_alloc(allocator, sizeof *http);

    if (http == NULL)
        return rg_fail(err, RG_ERR_NOMEM, "no memory for connections");
    memset(http, 0, sizeof *http);
    http->allocator = allocator;
    http->options = *options;
    http->multi = curl->multi_init();
    if (http->multi == NULL) {
        rg_release(allocator, http, sizeof *http);
        return rg_fail(err, RG_ERR_NOMEM, "no memory for connections");
    }
    (void)curl->multi_setopt(http->multi, CURLMOPT_MAXCONNECTS, (long)options->connection_count);
    (void)curl->multi_setopt(http->multi, CURLMOPT_MAX_TOTAL_CONNECTIONS,
                             (long)options->connection_count);
    if (start_thread(http) != 0) {
        (void)curl->multi_cleanup(http->multi);
        rg_release(allocator, http, sizeof *http);
        return rg_fail(err, RG_ERR_IO, "no thread for connections");
    }
    *ret_http = http;
    return RG_OK;
}

void rg_http_free(struct rg_http *http)
{
    const struct rg_libcurl *curl = rg_libcurl();
    if (http == NULL)
        return;
    atomic_store(&http->is_stopping, true);
    (void)curl->multi_wakeup(http->multi);
    (void)pthread_join(http->thread, NULL);
    for (uint32_t i = 0; i < http->idle_count; i++)
        curl->easy_cleanup(http->idle[i]);
    (void)curl->multi_cleanup(http->multi);
    rg_release(http->allocator, http, sizeof *http);
}

void rg_http_wake(struct rg_http *http)
{
    (void)rg_libcurl()->multi_wakeup(http->multi);
}

uint32_t rg_http_running_count(const struct rg_http *http)
{
    return http->running_count;
}
