/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Where a task is:
 *
 *   incoming -> ready -> (sent) -> judged -> ended
 *                 ^                  |
 *                 +---- sleeping <---+
 *
 * and, while an upload is being created, its parts are in that upload's `waiting`.
 *
 *   (1) A task is in exactly one of these places, and only the sent ones count as in flight.
 *   (2) Every attempt is described and signed anew and begins with an empty answer.
 *   (3) A call is attempted at most attempt_count_max times, and a task follows at most two
 *       redirects and two renewals of credentials or clock, which do not count as attempts: so
 *       every task ends.
 */

#include "store/s3/s3_task.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/clock.h"
#include "base/hash.h"
#include "store/s3/s3_delete.h"
#include "store/s3/s3_list.h"
#include "store/s3/s3_read.h"
#include "store/s3/s3_send.h"
#include "store/s3/s3_upload.h"
#include "store/s3/s3_write.h"

static const uint32_t moves_max = 2;
static const uint32_t renewals_max = 2;
/* Some seconds: a name that is wrong is told soon, and a name service may be away for as long. */
static const uint32_t nameless_count_max = 6;
static const uint32_t cancelled_attempts_max = 2;
/* Answers that are no XML: damaged on the way, or what this server always says. */
static const uint32_t garbled_count_max = 3;
static const uint64_t credentials_wait_ns = UINT64_C(200000000);
/* Stores bear a quarter of an hour; an answer takes a while. */
static const int64_t skew_ns_min = INT64_C(300000000000);

/* What is done about an answer that is no success. */
enum fault {
    FAULT_FINAL,       /* An answer: no retry mends it. */
    FAULT_PASSING,     /* Try again. */
    FAULT_THROTTLE,    /* Try again, later, and with fewer at once. */
    FAULT_REGION,      /* The bucket is elsewhere. */
    FAULT_CLOCK,       /* Our clock is wrong. */
    FAULT_CREDENTIALS, /* They have expired, or others are to be tried. */
    FAULT_SILENT,      /* Perhaps they have expired: there is no word of why. */
    FAULT_DIGEST,      /* The body did not arrive as it was sent. */
};

/* docs/s3-faults.md tells where each was seen. */
static const struct {
    const char *code;
    enum fault fault;
} fault_codes[] = {
    {"SlowDown", FAULT_THROTTLE},
    {"SlowDownRead", FAULT_THROTTLE},
    {"SlowDownWrite", FAULT_THROTTLE},
    {"ServiceUnavailable", FAULT_THROTTLE},
    {"Throttling", FAULT_THROTTLE},
    {"ThrottlingException", FAULT_THROTTLE},
    {"RequestLimitExceeded", FAULT_THROTTLE},
    {"RequestThrottled", FAULT_THROTTLE},
    {"TooManyRequests", FAULT_THROTTLE},
    {"BandwidthLimitExceeded", FAULT_THROTTLE},
    {"InternalError", FAULT_PASSING},
    {"RequestTimeout", FAULT_PASSING},
    {"OperationAborted", FAULT_PASSING},
    {"ConditionalRequestConflict", FAULT_PASSING},
    {"IncompleteBody", FAULT_PASSING},
    {"BadDigest", FAULT_DIGEST},
    {"XAmzContentSHA256Mismatch", FAULT_DIGEST},
    {"PermanentRedirect", FAULT_REGION},
    {"TemporaryRedirect", FAULT_REGION},
    {"Redirect", FAULT_REGION},
    {"AuthorizationHeaderMalformed", FAULT_REGION},
    {"RequestTimeTooSkewed", FAULT_CLOCK},
    {"RequestExpired", FAULT_CLOCK},
    {"ExpiredToken", FAULT_CREDENTIALS},
    {"ExpiredTokenException", FAULT_CREDENTIALS},
    {"TokenRefreshRequired", FAULT_CREDENTIALS},
    {"InvalidToken", FAULT_CREDENTIALS},
    {"InvalidTokenId", FAULT_CREDENTIALS},
};

void rg_s3_queue_push(struct rg_s3_queue *queue, struct rg_s3_task *task)
{
    task->next = NULL;
    if (queue->last == NULL)
        queue->first = task;
    else
        queue->last->next = task;
    queue->last = task;
}

struct rg_s3_task *rg_s3_queue_pop(struct rg_s3_queue *queue)
{
    struct rg_s3_task *task = queue->first;

    if (task == NULL)
        return NULL;
    queue->first = task->next;
    if (queue->first == NULL)
        queue->last = NULL;
    task->next = NULL;
    return task;
}

/* Tasks that have begun go before those that have not. */
void rg_s3_task_ready(struct rg_s3_task *task)
{
    struct rg_s3_queue *ready = &task->store->ready;

    task->next = ready->first;
    ready->first = task;
    if (ready->last == NULL)
        ready->last = task;
}

static void sleep_until(struct rg_s3_task *task, uint64_t wake_ns)
{
    struct rg_s3_task **at = &task->store->sleeping;

    task->wake_ns = wake_ns;
    while (*at != NULL && (*at)->wake_ns <= wake_ns)
        at = &(*at)->next;
    task->next = *at;
    *at = task;
}

static void free_task(struct rg_s3_task *task)
{
    struct rg_s3_store *store = task->store;

    rg_xml_free(task->xml);
    if (task->answer != NULL)
        rg_release(&store->allocator, task->answer, sizeof *task->answer);
    if (task->marker != NULL)
        rg_release(&store->allocator, task->marker, RG_ANSWER_TOKEN_BYTES);
    if (task->upload_marker != NULL)
        rg_release(&store->allocator, task->upload_marker, RG_ANSWER_ID_BYTES);
    if (task->document.data != NULL)
        rg_release(&store->allocator, (void *)(uintptr_t)task->document.data, task->document.bytes);
    rg_arena_fini(&task->arena);
    rg_release(&store->allocator, task, sizeof *task);
}

void rg_s3_task_end(struct rg_s3_task *task)
{
    struct rg_store_op *op = task->op;

    rg_s3_upload_ended(task);
    free_task(task);
    op->done(op);
}

void rg_s3_task_fail(struct rg_s3_task *task, enum rg_status status, const char *format, ...)
{
    struct rg_store_op *op = task->op;
    char text[400];
    va_list args;

    va_start(args, format);
    (void)vsnprintf(text, sizeof text, format, args);
    va_end(args);
    const char *url = task->store->base.url;
    const size_t root_bytes = op->is_from_top ? task->store->root_bytes : 0;
    op->status = rg_fail(&op->err, status, "%.*s/%s: %s", (int)(strlen(url) - root_bytes), url,
                         op->key != NULL ? op->key : "", text);
    rg_s3_task_end(task);
}

void rg_s3_task_call(struct rg_s3_task *task, const struct rg_s3_call *call)
{
    task->call = call;
    task->attempt = 0;
    task->fault_count = 0;
    task->nameless_count = 0;
    task->stalled_ns = 0;
    task->may_have_landed = false;
    rg_s3_task_ready(task);
}

void rg_s3_task_call_later(struct rg_s3_task *task, const struct rg_s3_call *call,
                           uint64_t delay_ns)
{
    task->call = call;
    task->attempt = 0;
    task->fault_count = 0;
    task->nameless_count = 0;
    task->stalled_ns = 0;
    task->may_have_landed = false;
    sleep_until(task, rg_clock_monotonic_ns() + delay_ns);
}

/* What a refusal is called in messages: "403 AccessDenied: Access Denied". */
static void describe_refusal(const struct rg_s3_task *task, char *text, size_t bytes)
{
    const char *message = task->answer != NULL ? task->answer->message : "";
    const char *id = task->headers.request_id;

    (void)snprintf(text, bytes, "%s: %u%s%s%s%.200s%s%s%s", task->call->name, task->http.status,
                   task->code[0] != '\0' ? " " : "", task->code, message[0] != '\0' ? ": " : "",
                   message, id[0] != '\0' ? " (request " : "", id, id[0] != '\0' ? ")" : "");
}

void rg_s3_task_refused(struct rg_s3_task *task)
{
    const uint32_t status = task->http.status;
    enum rg_status meaning = RG_ERR_IO;
    char text[400];

    describe_refusal(task, text, sizeof text);
    if (strcmp(task->code, "InvalidObjectState") == 0)
        meaning = RG_ERR_UNSUPPORTED; /* Archived: it would have to be restored first. */
    else if (status == 401 || status == 403)
        meaning = RG_ERR_DENIED;
    else if (status == 404)
        meaning = RG_ERR_ABSENT;
    else if (status == 412)
        meaning = RG_ERR_CHANGED;
    else if (status == 501)
        meaning = RG_ERR_UNSUPPORTED;
    rg_s3_task_fail(task, meaning, "%s", text);
}

/* Ends a task that has had all its attempts; `text` is what the last one died of. */
static void give_up(struct rg_s3_task *task, const char *text)
{
    (void)snprintf(task->lost_to, sizeof task->lost_to, "%s", text);
    if (task->may_have_landed && task->call->on_lost != NULL && task->call->on_lost(task))
        return;
    rg_s3_task_fail(task, RG_ERR_AGAIN, "%s: %s, after %u attempts", task->call->name, text,
                    task->attempt);
}

static void try_again(struct rg_s3_task *task, enum rg_retry retry, const char *text)
{
    struct rg_s3_store *store = task->store;
    const uint64_t asked_ns = task->headers.retry_after_ns;

    const uint32_t fault_max = task->call->fault_count_max;

    /* Of these there are few, by counts of their own: whoever wants no retries wants them too. */
    if (retry == RG_RETRY_AT_ONCE)
        task->attempt--;
    task->fault_count += retry == RG_RETRY_FAULT;
    const bool has_broken_often = fault_max > 0 && task->fault_count >= fault_max;
    /* Aborting: somebody waits for the end, and what is left behind is found by gc. */
    const bool is_enough =
        atomic_load(&store->is_cancelled) && task->attempt >= cancelled_attempts_max;
    if (task->attempt >= store->options.attempt_count_max || has_broken_often || is_enough) {
        give_up(task, text);
        return;
    }
    const struct rg_span seed = {(const uint8_t *)&task->http.begin_ns, 8};
    const uint64_t chance = rg_hash_fast(seed) ^ store->random;
    if (store->base.listener.retried != NULL)
        store->base.listener.retried(store->base.listener.user, text);
    sleep_until(task, rg_clock_monotonic_ns() +
                          rg_retry_delay_ns(retry, task->attempt + 1, chance, asked_ns));
}

void rg_s3_task_retry(struct rg_s3_task *task, const char *format, ...)
{
    char text[400];
    va_list args;

    va_start(args, format);
    (void)vsnprintf(text, sizeof text, format, args);
    va_end(args);
    try_again(task, RG_RETRY_FAULT, text);
}

/* The answer's date is far from the one that the request was signed with. */
static bool is_clock_off(const struct rg_s3_task *task)
{
    const int64_t signed_ns = (int64_t)rg_clock_wall_ns() + task->used_offset_ns;
    const int64_t date_ns = (int64_t)task->headers.date_ns;
    const int64_t off_ns = date_ns > signed_ns ? date_ns - signed_ns : signed_ns - date_ns;

    return task->headers.date_ns != 0 && off_ns > skew_ns_min;
}

static enum fault fault_of(const struct rg_s3_task *task)
{
    const struct rg_credentials *credentials = &task->store->credentials;
    const bool is_temporary = credentials->expires_ns != 0 || credentials->session_token[0] != '\0';
    const bool is_silent = task->text_bytes == 0 && task->code[0] == '\0';
    const uint32_t status = task->http.status;

    for (size_t i = 0; i < sizeof fault_codes / sizeof fault_codes[0]; i++) {
        if (strcmp(task->code, fault_codes[i].code) == 0)
            return fault_codes[i].fault;
    }
    if (status == 429 || status == 503 || status == 509)
        return FAULT_THROTTLE;
    if (status == 408 || status == 500 || status == 502 || status == 504)
        return FAULT_PASSING;
    /* Cloudflare's own, of a server behind it that it cannot reach or understand. */
    if (status >= 520 && status <= 530)
        return FAULT_PASSING;
    if (status == 301 || status == 302 || status == 307 || status == 308)
        return FAULT_REGION;
    /* HEAD has no body to say so; Amazon answers 400 and names the region. */
    if (status == 400 && task->headers.region[0] != '\0' &&
        strcmp(task->headers.region, task->store->endpoint.region) != 0)
        return FAULT_REGION;
    /* Likewise of credentials that expire: Amazon says 400 ExpiredToken to GET, 400 to HEAD. */
    if (status == 400 && is_silent && is_temporary)
        return FAULT_SILENT;
    /* And of a clock that is wrong: 403, as for anything that is not allowed. */
    if (status == 403 && is_silent && is_clock_off(task))
        return FAULT_CLOCK;
    /* MinIO forgets keys that expire, and then never knew them (minio issue 14794). */
    if (strcmp(task->code, "InvalidAccessKeyId") == 0 && is_temporary)
        return FAULT_CREDENTIALS;
    /* An error inside of a success, with a code that we do not know. */
    return status < 300 ? FAULT_PASSING : FAULT_FINAL;
}

/* True when the task goes on elsewhere. */
static bool follow_region(struct rg_s3_task *task)
{
    struct rg_s3_store *store = task->store;
    const char *region = task->headers.region[0] != '\0' ? task->headers.region
                         : task->answer != NULL          ? task->answer->region
                                                         : "";
    struct rg_error err;

    if (task->move_count >= moves_max)
        return false;
    task->move_count++;
    /* Sent before another task learnt where the bucket is. */
    const bool has_moved = task->used_moves != store->moves;
    if (region[0] != '\0' && strcmp(region, store->endpoint.region) != 0) {
        if (rg_endpoint_move(&store->endpoint, region, &err) != RG_OK)
            return false;
        store->key_day[0] = '\0';
        store->moves++;
        return true;
    }
    if (task->headers.location_host[0] == '\0')
        return has_moved;
    store->moves++;
    (void)snprintf(store->endpoint.host, sizeof store->endpoint.host, "%s",
                   task->headers.location_host);
    return true;
}

/* Gets other credentials, because of a refusal that is described by `text`. */
static void renew_credentials(const struct rg_s3_task *task, const char *text)
{
    const bool is_expired =
        strncmp(task->code, "Expired", 7) == 0 || strcmp(task->code, "TokenRefreshRequired") == 0;
    char why[300];

    (void)snprintf(why, sizeof why,
                   is_expired ? "the credentials have expired (%.240s)"
                              : "the store refuses the credentials (%.240s)",
                   text);
    rg_keeper_renew(task->store->keeper, task->used_generation, why);
}

/* True when there is a reason to think that another try signs better. */
static bool renew(struct rg_s3_task *task, enum fault fault, const char *text)
{
    struct rg_s3_store *store = task->store;
    uint64_t server_ns = task->headers.date_ns;

    if (task->renewal_count >= renewals_max)
        return false;
    task->renewal_count++;
    if (fault == FAULT_CREDENTIALS) {
        renew_credentials(task, text);
        return true;
    }
    if (fault == FAULT_SILENT) {
        /* The same once more: it is not they. A customer's key for an object is refused likewise.
         */
        if (task->doubted_generation == task->used_generation)
            return false;
        task->doubted_generation = task->used_generation;
        rg_keeper_doubt(store->keeper, task->used_generation);
        return true;
    }
    if (task->answer != NULL && task->answer->server_time[0] != '\0')
        (void)rg_answer_parse_time(task->answer->server_time, &server_ns);
    if (server_ns == 0)
        return false;
    store->clock_offset_ns = (int64_t)server_ns - (int64_t)rg_clock_wall_ns();
    return true;
}

static void judge_refusal(struct rg_s3_task *task)
{
    struct rg_s3_store *store = task->store;
    const enum fault fault = fault_of(task);
    char text[400];

    describe_refusal(task, text, sizeof text);
    switch (fault) {
    case FAULT_FINAL:
        break;
    case FAULT_PASSING:
        task->may_have_landed = true;
        try_again(task, RG_RETRY_FAULT, text);
        return;
    case FAULT_THROTTLE:
        rg_pace_note_throttle(&store->pace, rg_clock_monotonic_ns(), task->headers.retry_after_ns);
        if (store->base.listener.throttled != NULL)
            store->base.listener.throttled(store->base.listener.user);
        try_again(task, RG_RETRY_THROTTLE, text);
        return;
    case FAULT_REGION:
        if (task->headers.is_foreign && task->headers.region[0] == '\0') {
            rg_s3_task_fail(task, RG_ERR_DENIED, "%s; %s", text,
                            task->headers.wants_https
                                ? "it wants https:// in the endpoint's URL"
                                : "it leads to another host, which is not to see our signature");
            return;
        }
        if (follow_region(task)) {
            try_again(task, RG_RETRY_AT_ONCE, text);
            return;
        }
        break;
    case FAULT_CLOCK:
    case FAULT_CREDENTIALS:
    case FAULT_SILENT:
        if (store->keeper != NULL && renew(task, fault, text)) {
            try_again(task, RG_RETRY_AT_ONCE, text);
            return;
        }
        break;
    case FAULT_DIGEST:
        if (task->call->takes_digest_refusal)
            break;
        try_again(task, RG_RETRY_FAULT, text);
        return;
    }
    if (task->call->on_refusal == NULL || !task->call->on_refusal(task))
        rg_s3_task_refused(task);
}

/* Reads the end of an XML body; false when it is not what was wanted, and dealt with. */
static bool finish_xml(struct rg_s3_task *task)
{
    const struct rg_span nothing = {(const uint8_t *)"", 0};
    enum rg_status status = task->body_status;

    if (status == RG_OK && task->xml != NULL)
        status = rg_xml_feed(task->xml, nothing, true, &task->body_err);
    const bool has_answer = status == RG_OK && task->xml != NULL && task->text_bytes > 0;
    if (has_answer && task->answer->kind == RG_ANSWER_ERROR)
        task->code = task->answer->code;
    if (task->http.status >= 300)
        return true;
    if (has_answer && task->answer->kind == RG_ANSWER_ERROR) {
        judge_refusal(task);
        return false;
    }
    if (has_answer && task->answer->kind == task->call->wanted)
        return true;
    if (status == RG_ERR_NOMEM) {
        rg_s3_task_fail(task, status, "%s: %s", task->call->name, task->body_err.text);
        return false;
    }
    task->may_have_landed = true;
    rg_s3_task_retry(task, "the answer is not whole: %s",
                     status != RG_OK ? task->body_err.text : "no document of the right kind");
    return false;
}

/* We did not want the rest of the body. */
static void judge_stopped(struct rg_s3_task *task)
{
    const bool is_corrupt = task->body_status == RG_ERR_CORRUPT;
    const bool is_garbled = is_corrupt && task->fault_count < garbled_count_max;

    /* An error's body, of which we have seen enough: whatever it was, the status stands. */
    if (task->body_status == RG_OK || (is_corrupt && task->http.status >= 300))
        judge_refusal(task);
    else if (task->body_status == RG_ERR_AGAIN || is_garbled)
        try_again(task, RG_RETRY_FAULT, task->body_err.text);
    else
        rg_s3_task_fail(task, task->body_status == RG_ERR_CORRUPT ? RG_ERR_IO : task->body_status,
                        "%s: %s", task->call->name, task->body_err.text);
}

/* Aborting goes on when everything is cancelled: it frees what an upload holds. */
static bool is_spared(const struct rg_s3_task *task)
{
    return task->op->verb == RG_STORE_UPLOAD_ABORT;
}

/* The exchange ended without an answer. */
static void judge_failure(struct rg_s3_task *task)
{
    switch (task->http.outcome) {
    case RG_HTTP_ANSWERED:
        return;
    case RG_HTTP_UNSENT:
        break;
    case RG_HTTP_NAMELESS:
        if (++task->nameless_count < nameless_count_max) {
            try_again(task, RG_RETRY_THROTTLE, task->http.text);
            return;
        }
        rg_s3_task_fail(task, RG_ERR_AGAIN, "%s: %s (%s)", task->call->name, task->http.text,
                        task->store->endpoint.host);
        return;
    case RG_HTTP_STALLED:
        task->stalled_ns = task->http.stall_ns;
        /* Perhaps they are too many for the line: half of them may be fast enough. */
        if (task->body_bytes + task->wanted_bytes > 0)
            rg_pace_note_stall(&task->store->pace, rg_clock_monotonic_ns(),
                               task->store->in_flight + 1);
        task->may_have_landed = true;
        break;
    case RG_HTTP_LOST:
        task->may_have_landed = true;
        break;
    case RG_HTTP_STOPPED:
        judge_stopped(task);
        return;
    case RG_HTTP_HOPELESS:
        rg_s3_task_fail(task, RG_ERR_INVALID, "%s: %s", task->call->name, task->http.text);
        return;
    case RG_HTTP_CANCELLED:
        if (is_spared(task))
            rg_s3_task_call(task, task->call);
        else
            rg_s3_task_fail(task, RG_ERR_CANCELLED, "cancelled");
        return;
    }
    try_again(task, RG_RETRY_FAULT, task->http.text);
}

/* An attempt that took longer than one that was given up: the next ones need not be in vain. */
static void learn_patience(const struct rg_s3_task *task)
{
    const uint64_t taken_ns = rg_clock_monotonic_ns() - task->http.begin_ns;

    if (task->stalled_ns != 0 && taken_ns > task->stalled_ns &&
        task->patience > task->store->patience)
        task->store->patience = task->patience;
}

void rg_s3_task_answered(struct rg_s3_task *task)
{
    const bool is_refusal = task->http.status >= 300;
    const bool is_xml = is_refusal ? task->text_bytes > 0 : task->call->wanted != RG_ANSWER_NONE;

    if (task->http.outcome != RG_HTTP_ANSWERED) {
        judge_failure(task);
        return;
    }
    rg_s3_unquote(task->headers.region);
    if (is_xml && !finish_xml(task))
        return;
    if (task->http.status >= 300) {
        judge_refusal(task);
        return;
    }
    rg_pace_note_answer(&task->store->pace);
    learn_patience(task);
    task->call->on_success(task);
}

/* True when the store's credentials are fit to sign with; else the task was dealt with. */
static bool has_credentials(struct rg_s3_task *task)
{
    struct rg_s3_store *store = task->store;
    struct rg_error err = {0};

    if (store->keeper == NULL)
        return true;
    switch (rg_keeper_get(store->keeper, &store->generation, &store->credentials, &err)) {
    case RG_KEEPER_READY:
        task->used_generation = store->generation;
        return true;
    case RG_KEEPER_WAIT:
        sleep_until(task, rg_clock_monotonic_ns() + credentials_wait_ns);
        return false;
    case RG_KEEPER_FAILED:
        break;
    }
    rg_s3_task_fail(task, err.status, "%s", err.text);
    return false;
}

static void send_task(struct rg_s3_task *task)
{
    struct rg_error err = {0};

    if (!has_credentials(task))
        return;
    task->attempt++;
    const enum rg_status status = rg_s3_send(task, &err);
    if (status != RG_OK)
        rg_s3_task_fail(task, status, "%s", err.text);
}

static void cancel_all(struct rg_s3_store *store)
{
    struct rg_s3_queue spared = {NULL, NULL};
    struct rg_s3_task *task;

    while (store->sleeping != NULL) {
        task = store->sleeping;
        store->sleeping = task->next;
        rg_s3_queue_push(&store->ready, task);
    }
    for (task = rg_s3_queue_pop(&store->ready); task != NULL;
         task = rg_s3_queue_pop(&store->ready)) {
        if (is_spared(task))
            rg_s3_queue_push(&spared, task);
        else
            rg_s3_task_fail(task, RG_ERR_CANCELLED, "cancelled");
    }
    store->ready = spared;
}

static void take_incoming(struct rg_s3_store *store)
{
    (void)pthread_mutex_lock(&store->lock);
    struct rg_s3_queue incoming = store->incoming;
    store->incoming = (struct rg_s3_queue){NULL, NULL};
    (void)pthread_mutex_unlock(&store->lock);

    if (incoming.first == NULL)
        return;
    if (store->ready.last == NULL)
        store->ready = incoming;
    else
        store->ready.last->next = incoming.first;
    store->ready.last = incoming.last;
}

/* Its first call; the task may have ended or be waiting for another when this returns. */
static void begin(struct rg_s3_task *task)
{
    switch (task->op->verb) {
    case RG_STORE_LIST:
        rg_s3_begin_list(task);
        return;
    case RG_STORE_HEAD:
        rg_s3_begin_head(task);
        return;
    case RG_STORE_GET:
        rg_s3_begin_get(task);
        return;
    case RG_STORE_PUT:
        rg_s3_begin_put(task);
        return;
    case RG_STORE_DELETE:
        rg_s3_begin_delete(task);
        return;
    case RG_STORE_UPLOAD_PART:
        rg_s3_begin_part(task);
        return;
    case RG_STORE_UPLOAD_FINISH:
        rg_s3_begin_finish(task);
        return;
    case RG_STORE_UPLOAD_ABORT:
    case RG_STORE_ABORT_STALE:
        rg_s3_begin_abort(task);
        return;
    case RG_STORE_LIST_UPLOADS:
        rg_s3_begin_list_uploads(task);
        return;
    case RG_STORE_UPLOAD_BEGIN:
    case RG_STORE_RESTORE:
        break;
    }
    rg_s3_task_fail(task, RG_ERR_BUG, "no such operation: %d", (int)task->op->verb);
}

uint64_t rg_s3_on_turn(void *user, uint64_t now_ns)
{
    struct rg_s3_store *store = user;

    take_incoming(store);
    while (store->sleeping != NULL && store->sleeping->wake_ns <= now_ns) {
        struct rg_s3_task *task = store->sleeping;

        store->sleeping = task->next;
        rg_s3_task_ready(task);
    }
    if (atomic_load(&store->is_cancelled)) {
        /* Once: what begins later is aborting. */
        if (!store->has_cancelled)
            rg_http_cancel(store->http);
        store->has_cancelled = true;
        cancel_all(store);
    }
    while (rg_pace_allows(&store->pace, store->in_flight, now_ns)) {
        struct rg_s3_task *task = rg_s3_queue_pop(&store->ready);

        if (task == NULL)
            break;
        if (task->call == NULL)
            begin(task);
        else
            send_task(task);
    }
    uint64_t wanted_ns = store->sleeping != NULL ? store->sleeping->wake_ns : UINT64_MAX;
    if (store->ready.first != NULL && store->pace.hold_ns > now_ns &&
        store->pace.hold_ns < wanted_ns)
        wanted_ns = store->pace.hold_ns;
    return wanted_ns;
}

static bool is_key_too_long(const struct rg_s3_store *store, const struct rg_store_op *op)
{
    const size_t root_bytes = strlen(rg_s3_root_of(store, op));

    return op->key != NULL && strlen(op->key) + root_bytes > RG_S3_KEY_BYTES_MAX;
}

/* Of a key that nothing can have: it is not there, nor is anything below it. */
static void answer_too_long(const struct rg_s3_store *store, struct rg_store_op *op)
{
    const bool is_looked_for = op->verb == RG_STORE_HEAD || op->verb == RG_STORE_GET;

    switch (op->verb) {
    case RG_STORE_LIST:
    case RG_STORE_LIST_UPLOADS:
        op->objects = NULL;
        op->object_count = 0;
        op->next_page_token = NULL;
        return;
    case RG_STORE_DELETE:
    case RG_STORE_ABORT_STALE:
        return;
    case RG_STORE_HEAD:
    case RG_STORE_GET:
    case RG_STORE_PUT:
    case RG_STORE_RESTORE:
    case RG_STORE_UPLOAD_BEGIN:
    case RG_STORE_UPLOAD_PART:
    case RG_STORE_UPLOAD_FINISH:
    case RG_STORE_UPLOAD_ABORT:
        break;
    }
    op->status = rg_fail(&op->err, is_looked_for ? RG_ERR_ABSENT : RG_ERR_INVALID,
                         "%s/%.100s...: a key of more than %d bytes", store->base.url, op->key,
                         RG_S3_KEY_BYTES_MAX);
}

/* What can be said without the store; true when that was all. */
static bool answer_here(struct rg_s3_store *store, struct rg_store_op *op)
{
    const bool is_cancelled = atomic_load(&store->is_cancelled);

    op->status = RG_OK;
    op->err = (struct rg_error){.status = RG_OK};
    if (is_cancelled && op->verb != RG_STORE_UPLOAD_ABORT) {
        op->status = rg_fail(&op->err, RG_ERR_CANCELLED, "cancelled");
        return true;
    }
    if (is_key_too_long(store, op)) {
        answer_too_long(store, op);
        return true;
    }
    if (op->verb == RG_STORE_RESTORE) {
        op->status = rg_fail(&op->err, RG_ERR_UNSUPPORTED, "%s/%s: nothing is moved away here",
                             store->base.url, op->key);
        return true;
    }
    if (op->verb == RG_STORE_UPLOAD_BEGIN) {
        op->status = rg_s3_upload_begin(store, op, &op->err);
        return true;
    }
    const size_t key_bytes = op->key != NULL ? strlen(op->key) : 0;
    return op->verb == RG_STORE_DELETE && key_bytes > 0 && op->key[key_bytes - 1] == '/';
}

void rg_s3_start(struct rg_store *base, struct rg_store_op *op)
{
    struct rg_s3_store *store = (struct rg_s3_store *)base;

    if (answer_here(store, op)) {
        op->done(op);
        return;
    }
    struct rg_s3_task *task = rg_alloc(&store->allocator, sizeof *task);
    if (task == NULL) {
        op->status = rg_fail(&op->err, RG_ERR_NOMEM, "no memory for an operation");
        op->done(op);
        return;
    }
    memset(task, 0, sizeof *task);
    task->store = store;
    task->op = op;
    task->code = "";
    rg_arena_init(&task->arena, &store->allocator, (size_t)1 << 20);
    rg_s3_prepare_body(task);
    (void)pthread_mutex_lock(&store->lock);
    rg_s3_queue_push(&store->incoming, task);
    (void)pthread_mutex_unlock(&store->lock);
    rg_http_wake(store->http);
}
