/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The S3 store against a server of a few lines that answers as a test's script says: for what a
 * real one cannot be made to do at the right moment.
 */

#include "store/s3.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "store/s3/libcurl.h"
#include "store/s3/s3_impl.h"
#include "support/test.h"

enum {
    CONNECTIONS = 16,
    HEAD_BYTES = 8192
};

struct server;

/* The answer, whole; "" closes the connection, NULL leaves it waiting. */
typedef const char *script_fn(struct server *server, const char *request);

struct connection {
    struct server *server;
    pthread_t thread;
    int socket;
};

struct server {
    script_fn *script;
    int listener;
    pthread_t thread;
    struct connection connections[CONNECTIONS];
    bool reads_slowly;         /* Some megabytes in a second. */
    uint32_t connection_count; /* Of the accepting thread, until it has ended. */
    atomic_uint request_count;
    atomic_uint put_count;
};

static const char go_on[] = "HTTP/1.1 100 Continue\r\n\r\n";

/* Reads one request with its body; false at the end of the connection. */
static bool read_request(const struct server *server, int socket, char head[HEAD_BYTES])
{
    static const struct timespec pause = {.tv_nsec = 200000};
    size_t bytes = 0;
    char *end = NULL;

    while (end == NULL && bytes < HEAD_BYTES - 1) {
        const ssize_t got = recv(socket, head + bytes, HEAD_BYTES - 1 - bytes, 0);

        if (got <= 0)
            return false;
        bytes += (size_t)got;
        head[bytes] = '\0';
        end = strstr(head, "\r\n\r\n");
    }
    const char *length = strstr(head, "Content-Length: ");
    const char *expects = strstr(head, "Expect: ");
    if (expects != NULL && end != NULL && expects < end)
        (void)send(socket, go_on, strlen(go_on), MSG_NOSIGNAL);
    const size_t body = length != NULL ? (size_t)strtoul(length + 16, NULL, 10) : 0;
    size_t left = end != NULL ? body - (bytes - (size_t)(end + 4 - head)) : 0;
    char piece[2048];
    while (left > 0) {
        const ssize_t got = recv(socket, piece, left < sizeof piece ? left : sizeof piece, 0);

        if (got <= 0)
            return false;
        left -= (size_t)got;
        if (server->reads_slowly)
            (void)nanosleep(&pause, NULL);
    }
    return end != NULL;
}

static void *serve(void *argument)
{
    struct connection *connection = argument;
    char head[HEAD_BYTES];

    while (read_request(connection->server, connection->socket, head)) {
        struct server *server = connection->server;

        if (strncmp(head, "PUT ", 4) == 0)
            atomic_fetch_add(&server->put_count, 1);
        const char *answer = server->script(server, head);
        if (answer == NULL)
            continue; /* Whoever has waited enough closes it. */
        const size_t bytes = strlen(answer);
        if (bytes == 0 || send(connection->socket, answer, bytes, MSG_NOSIGNAL) < 0)
            break;
    }
    (void)shutdown(connection->socket, SHUT_RDWR);
    return NULL;
}

static void *accept_all(void *argument)
{
    struct server *server = argument;

    while (server->connection_count < CONNECTIONS) {
        struct connection *connection = &server->connections[server->connection_count];

        connection->server = server;
        connection->socket = accept(server->listener, NULL, NULL);
        if (connection->socket < 0)
            break;
        if (pthread_create(&connection->thread, NULL, serve, connection) != 0)
            abort();
        server->connection_count++;
    }
    return NULL;
}

/* A server and a store on it. */
static struct rg_store *begin(struct test *t, struct server *server, script_fn *script)
{
    struct sockaddr_in address = {.sin_family = AF_INET};
    socklen_t bytes = sizeof address;
    struct rg_store *store;
    char url[64];

    *server = (struct server){.script = script};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    server->listener = socket(AF_INET, SOCK_STREAM, 0);
    CHECK(bind(server->listener, (struct sockaddr *)&address, bytes) == 0);
    CHECK(listen(server->listener, CONNECTIONS) == 0);
    CHECK(getsockname(server->listener, (struct sockaddr *)&address, &bytes) == 0);
    CHECK(pthread_create(&server->thread, NULL, accept_all, server) == 0);
    (void)snprintf(url, sizeof url, "http://127.0.0.1:%u", ntohs(address.sin_port));
    const struct rg_s3_options options = {
        .endpoint_url = url,
        .region = "us-east-1",
        .is_unsigned = true,
        .attempt_count_max = 2,
        .stall_ns = UINT64_C(300000000),
    };
    CHECK_OK(rg_s3_store_new("s3://bucket/p", &options, &rg_allocator_system, &store, &t->err));
    return store;
}

static void end(struct server *server, struct rg_store *store)
{
    rg_store_free(store);
    (void)shutdown(server->listener, SHUT_RDWR);
    (void)close(server->listener);
    (void)pthread_join(server->thread, NULL);
    for (uint32_t i = 0; i < server->connection_count; i++) {
        (void)shutdown(server->connections[i].socket, SHUT_RDWR);
        (void)pthread_join(server->connections[i].thread, NULL);
        (void)close(server->connections[i].socket);
    }
}

/* Both are there before either is answered; whoever comes later finds the right region. */
static const char *move_once(struct server *server, const char *request)
{
    (void)request;
    if (atomic_fetch_add(&server->request_count, 1) >= 2)
        return "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n";
    while (atomic_load(&server->request_count) < 2)
        (void)sched_yield();
    return "HTTP/1.1 301 Moved Permanently\r\nx-amz-bucket-region: eu-central-7\r\n"
           "Content-Length: 0\r\n\r\n";
}

TEST(what_was_sent_before_a_move_follows_it)
{
    struct server server;
    struct rg_store *store = begin(t, &server, move_once);
    struct rg_store_op ops[] = {{.verb = RG_STORE_HEAD, .key = "a"},
                                {.verb = RG_STORE_HEAD, .key = "b"}};

    rg_store_wait_all(store, ops, 2);
    for (size_t i = 0; i < 2; i++) {
        t->err = ops[i].err;
        CHECK_OK(ops[i].status);
        CHECK_U64(ops[i].id.bytes, 5);
    }
    end(&server, store);
}

static const char *stall_once(struct server *server, const char *request)
{
    (void)request;
    return atomic_fetch_add(&server->request_count, 1) == 0
               ? NULL
               : "HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\n";
}

/* Nothing else runs that would wake the thread. */
TEST(what_stalled_alone_is_tried_again_when_it_is_due)
{
    struct server server;
    struct rg_store *store = begin(t, &server, stall_once);
    struct rg_store_op op = {.verb = RG_STORE_HEAD, .key = "a"};

    CHECK_OK(rg_store_wait(store, &op, &t->err));
    CHECK_U64(op.id.bytes, 7);
    CHECK_U64(atomic_load(&server.request_count), 2);
    end(&server, store);
}

/* Longer than the first attempt waits. */
static const char *answer_late(struct server *server, const char *request)
{
    const struct timespec pause = {.tv_nsec = 450000000};

    (void)request;
    atomic_fetch_add(&server->request_count, 1);
    (void)nanosleep(&pause, NULL);
    return "HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\n";
}

TEST(what_takes_long_is_waited_for_longer_from_then_on)
{
    struct server server;
    struct rg_store *store = begin(t, &server, answer_late);
    struct rg_store_op op = {.verb = RG_STORE_HEAD, .key = "a"};

    CHECK_OK(rg_store_wait(store, &op, &t->err));
    CHECK_U64(op.id.bytes, 7);
    CHECK_U64(atomic_load(&server.request_count), 2);
    CHECK_OK(rg_store_wait(store, &op, &t->err)); /* Now the first attempt waits, too. */
    CHECK_U64(atomic_load(&server.request_count), 3);
    end(&server, store);
}

static const char *take_slowly(struct server *server, const char *request)
{
    static const struct timespec pause = {.tv_nsec = 800000000};

    (void)server;
    (void)request;
    (void)nanosleep(&pause, NULL);
    return "HTTP/1.1 200 OK\r\nETag: \"e\"\r\nContent-Length: 0\r\n\r\n";
}

/* All is handed over, and for a while nobody but the kernel, or a proxy, has to do with it. */
TEST(what_took_long_to_send_may_take_long_to_arrive)
{
    static uint8_t body[12 << 20];
    static const struct rg_segment segment = {body, sizeof body};
    struct server server;
    struct rg_store *store = begin(t, &server, take_slowly);
    struct rg_store_op put = {
        .verb = RG_STORE_PUT, .key = "a", .segments = &segment, .segment_count = 1};

    server.reads_slowly = true;
    CHECK_OK(rg_store_wait(store, &put, &t->err));
    CHECK_U64(atomic_load(&server.put_count), 1);
    end(&server, store);
}

/* A connection that swallows everything says nothing of how long answers take. */
TEST(one_dead_connection_makes_nobody_wait_longer)
{
    struct server server;
    struct rg_store *store = begin(t, &server, stall_once);
    struct rg_store_op op = {.verb = RG_STORE_HEAD, .key = "a"};

    CHECK_OK(rg_store_wait(store, &op, &t->err));
    CHECK_U64(((struct rg_s3_store *)store)->patience, 1);
    end(&server, store);
}

static const char *lose_writes(struct server *server, const char *request)
{
    (void)server;
    return strncmp(request, "HEAD ", 5) == 0 ? "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"
                                             : "";
}

TEST(an_empty_upload_whose_answers_are_lost)
{
    struct server server;
    struct rg_store *store = begin(t, &server, lose_writes);
    struct rg_store_op op = {.verb = RG_STORE_UPLOAD_BEGIN, .key = "a"};

    CHECK_OK(rg_store_wait(store, &op, &t->err));
    op.verb = RG_STORE_UPLOAD_FINISH;
    CHECK_ERROR(rg_store_wait(store, &op, &t->err), RG_ERR_AGAIN, "nothing was written");
    op.verb = RG_STORE_UPLOAD_ABORT;
    CHECK_OK(rg_store_wait(store, &op, &t->err));
    end(&server, store);
}

static const char *deny_uploads(struct server *server, const char *request)
{
    (void)server;
    return strncmp(request, "POST ", 5) == 0 ? "HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n"
                                             : "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
}

TEST(an_upload_whose_part_failed_is_not_finished)
{
    static const struct rg_segment segment = {(const uint8_t *)"x", 1};
    struct server server;
    struct rg_store *store = begin(t, &server, deny_uploads);
    struct rg_store_op op = {.verb = RG_STORE_UPLOAD_BEGIN, .key = "a"};

    CHECK_OK(rg_store_wait(store, &op, &t->err));
    op.verb = RG_STORE_UPLOAD_PART;
    op.part_number = 1;
    op.segments = &segment;
    op.segment_count = 1;
    CHECK_ERROR(rg_store_wait(store, &op, &t->err), RG_ERR_DENIED, "403");
    op.verb = RG_STORE_UPLOAD_FINISH;
    CHECK_ERROR(rg_store_wait(store, &op, &t->err), RG_ERR_IO, "part");
    CHECK_U64(atomic_load(&server.put_count), 0);
    op.verb = RG_STORE_UPLOAD_ABORT;
    CHECK_OK(rg_store_wait(store, &op, &t->err));
    end(&server, store);
}

static const struct rg_segment one_byte = {(const uint8_t *)"x", 1};

/* An upload of which part 1 has been sent. */
static struct rg_store_op begin_upload(struct test *t, struct rg_store *store)
{
    struct rg_store_op op = {.verb = RG_STORE_UPLOAD_BEGIN, .key = "a"};

    CHECK_OK(rg_store_wait(store, &op, &t->err));
    op.verb = RG_STORE_UPLOAD_PART;
    op.part_number = 1;
    op.segments = &one_byte;
    op.segment_count = 1;
    CHECK_OK(rg_store_wait(store, &op, &t->err));
    return op;
}

static const char created[] = "HTTP/1.1 200 OK\r\nContent-Length: 85\r\n\r\n"
                              "<InitiateMultipartUploadResult><UploadId>u</UploadId>"
                              "</InitiateMultipartUploadResult>";

static const char part_taken[] = "HTTP/1.1 200 OK\r\nETag: \"e\"\r\nContent-Length: 0\r\n\r\n";

static const char *answer_upload(struct server *server, const char *request)
{
    if (strncmp(request, "POST ", 5) == 0)
        return created;
    if (strncmp(request, "PUT ", 4) == 0)
        return part_taken;
    /* The first attempt to abort is not answered. */
    return atomic_fetch_add(&server->request_count, 1) == 0
               ? NULL
               : "HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n\r\n";
}

struct cancelling {
    struct server *server;
    struct rg_store *store;
};

static void *cancel_when_asked(void *argument)
{
    struct cancelling *cancelling = argument;

    while (atomic_load(&cancelling->server->request_count) == 0)
        (void)sched_yield();
    rg_store_cancel(cancelling->store);
    return NULL;
}

TEST(an_upload_is_aborted_although_everything_is_cancelled_meanwhile)
{
    struct server server;
    struct rg_store *store = begin(t, &server, answer_upload);
    struct rg_store_op op = begin_upload(t, store);
    struct cancelling cancelling = {&server, store};
    pthread_t thread;

    op.verb = RG_STORE_UPLOAD_ABORT;
    CHECK(pthread_create(&thread, NULL, cancel_when_asked, &cancelling) == 0);
    CHECK_OK(rg_store_wait(store, &op, &t->err));
    (void)pthread_join(thread, NULL);
    CHECK_U64(atomic_load(&server.request_count), 2);
    end(&server, store);
}

static const char refused[] = "HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n";

/* Checksums are welcome in parts 1 and 2, and counted, but nowhere else. */
static const char *refuse_checksums_here_and_there(struct server *server, const char *request)
{
    const bool has_checksum = strstr(request, "x-amz-checksum-crc32c: ") != NULL;
    const bool is_welcome =
        strstr(request, "partNumber=1&") != NULL || strstr(request, "partNumber=2&") != NULL;

    if (strncmp(request, "PUT ", 4) != 0)
        return answer_upload(server, request);
    if (has_checksum && !is_welcome)
        return refused;
    if (has_checksum)
        atomic_fetch_add(&server->request_count, 1);
    return part_taken;
}

/* Amazon completes none of which a part lacks what it was begun with. */
TEST(parts_have_checksums_as_long_as_their_upload)
{
    struct server server;

    (void)setenv("AWS_REQUEST_CHECKSUM_CALCULATION", "when_supported", 1);
    struct rg_store *store = begin(t, &server, refuse_checksums_here_and_there);
    (void)unsetenv("AWS_REQUEST_CHECKSUM_CALCULATION");
    struct rg_store_op op = begin_upload(t, store);
    struct rg_store_op put = {
        .verb = RG_STORE_PUT, .key = "b", .segments = &one_byte, .segment_count = 1};
    CHECK_OK(rg_store_wait(store, &put, &t->err));
    op.part_number = 2;
    CHECK_OK(rg_store_wait(store, &op, &t->err));
    CHECK_U64(atomic_load(&server.request_count), 2);
    op.part_number = 3;
    CHECK_ERROR(rg_store_wait(store, &op, &t->err), RG_ERR_IO, "400");
    op.verb = RG_STORE_UPLOAD_ABORT;
    CHECK_OK(rg_store_wait(store, &op, &t->err));
    end(&server, store);
}

static const char *give_nothing(struct server *server, const char *request)
{
    (void)server;
    (void)request;
    return "HTTP/1.1 200 OK\r\nETag: \"e\"\r\nContent-Length: 0\r\n\r\n";
}

/* So do servers that are made of Go's ServeContent(); others say 416. */
TEST(no_range_of_an_empty_object_has_bytes)
{
    struct server server;
    struct rg_store *store = begin(t, &server, give_nothing);
    uint8_t bytes[8];
    struct rg_store_op op = {.verb = RG_STORE_GET, .key = "a", .buffer = bytes, .in_bytes = 8};

    op.is_suffix = true;
    CHECK_OK(rg_store_wait(store, &op, &t->err));
    CHECK_U64(op.out_bytes, 0);
    CHECK_U64(op.id.bytes, 0);
    op.is_suffix = false;
    CHECK_OK(rg_store_wait(store, &op, &t->err));
    CHECK_U64(op.out_bytes, 0);
    end(&server, store);
}

static const char head_of_e[] = "HTTP/1.1 200 OK\r\nETag: \"e\"\r\nContent-Length: 5\r\n\r\n";
static const char body_of_e[] = "HTTP/1.1 206 Partial Content\r\nETag: \"e\"\r\n"
                                "Content-Range: bytes 0-4/5\r\nContent-Length: 5\r\n\r\nhello";
static const char body_of_f[] = "HTTP/1.1 206 Partial Content\r\nETag: \"f\"\r\n"
                                "Content-Range: bytes 0-4/5\r\nContent-Length: 5\r\n\r\nother";
static const char no_match[] = "HTTP/1.1 412 Precondition Failed\r\nContent-Length: 0\r\n\r\n";

/* If-Match is never met; "b" is another body now, but only GET knows. */
static const char *match_nothing(struct server *server, const char *request)
{
    atomic_fetch_add(&server->request_count, 1);
    if (strncmp(request, "HEAD ", 5) == 0)
        return head_of_e;
    if (strstr(request, "if-match: ") != NULL)
        return no_match;
    return strncmp(request, "GET /bucket/p/b ", 16) == 0 ? body_of_f : body_of_e;
}

/* SeaweedFS 3.97 does so. */
TEST(what_is_said_not_to_match_and_does_is_read)
{
    struct server server;
    struct rg_store *store = begin(t, &server, match_nothing);
    const struct rg_object_id expected = {5, 0, "e"};
    uint8_t bytes[5];
    struct rg_store_op op = {
        .verb = RG_STORE_GET, .key = "a", .buffer = bytes, .in_bytes = 5, .expected = &expected};

    for (size_t i = 0; i < 2; i++) {
        CHECK_OK(rg_store_wait(store, &op, &t->err));
        CHECK_U64(op.out_bytes, 5);
        CHECK(memcmp(bytes, "hello", 5) == 0);
    }
    CHECK_U64(atomic_load(&server.request_count), 4); /* It is found out once. */
    op.key = "b";
    memset(bytes, 0, sizeof bytes);
    CHECK_ERROR(rg_store_wait(store, &op, &t->err), RG_ERR_CHANGED, "changed");
    CHECK_U64(bytes[0], 0);
    end(&server, store);
}

static const char *be_another(struct server *server, const char *request)
{
    atomic_fetch_add(&server->request_count, 1);
    if (strncmp(request, "HEAD ", 5) == 0)
        return "HTTP/1.1 200 OK\r\nETag: \"f\"\r\nContent-Length: 5\r\n\r\n";
    return strstr(request, "if-match: ") != NULL ? no_match : body_of_f;
}

TEST(what_does_not_match_has_changed)
{
    struct server server;
    struct rg_store *store = begin(t, &server, be_another);
    const struct rg_object_id expected = {5, 0, "e"};
    uint8_t bytes[5] = {0};
    struct rg_store_op op = {
        .verb = RG_STORE_GET, .key = "a", .buffer = bytes, .in_bytes = 5, .expected = &expected};

    CHECK_ERROR(rg_store_wait(store, &op, &t->err), RG_ERR_CHANGED, "changed");
    CHECK_U64(bytes[0], 0);
    CHECK_U64(atomic_load(&server.request_count), 2);
    end(&server, store);
}

static const char nothing_there[] = "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n";

/* Says 405 to If-None-Match; nothing is ever there. */
static const char *allow_no_condition(struct server *server, const char *request)
{
    if (strstr(request, "if-none-match: ") != NULL) {
        atomic_fetch_add(&server->request_count, 1);
        return "HTTP/1.1 405 Method Not Allowed\r\nContent-Length: 0\r\n\r\n";
    }
    if (strstr(request, "list-type=2") != NULL)
        return "HTTP/1.1 200 OK\r\nContent-Length: 19\r\n\r\n<ListBucketResult/>";
    if (strncmp(request, "POST ", 5) == 0)
        return created;
    return strncmp(request, "HEAD ", 5) == 0 ? nothing_there : part_taken;
}

TEST(a_store_that_allows_no_condition_is_written_to_without)
{
    struct server server;
    struct rg_store *store = begin(t, &server, allow_no_condition);
    struct rg_store_op put = {.verb = RG_STORE_PUT,
                              .key = "a",
                              .must_be_absent = true,
                              .segments = &one_byte,
                              .segment_count = 1};
    struct rg_store_caps caps;

    CHECK_OK(rg_store_probe(store, true, &caps, &t->err));
    CHECK(!caps.has_create_if_absent);
    CHECK(!caps.has_finish_if_absent);
    CHECK_OK(rg_store_wait(store, &put, &t->err));
    CHECK_U64(atomic_load(&server.request_count), 1);
    end(&server, store);
}

/* As Azure, behind s3proxy: names of metadata are those that C# allows. */
static const char *take_letters_only(struct server *server, const char *request)
{
    static const char front[] = "x-amz-meta-";

    for (const char *at = strstr(request, front); at != NULL; at = strstr(at + 1, front)) {
        atomic_fetch_add(&server->request_count, 1);
        const char *name = at + sizeof front - 1;
        if (name[strspn(name, "abcdefghijklmnopqrstuvwxyz")] != ':')
            return refused;
    }
    return strncmp(request, "POST ", 5) == 0 ? created : part_taken;
}

TEST(names_of_metadata_are_letters)
{
    struct server server;
    struct rg_store *store = begin(t, &server, take_letters_only);
    struct rg_store_op put = {
        .verb = RG_STORE_PUT, .key = "a", .token = "t", .segments = &one_byte, .segment_count = 1};

    CHECK_OK(rg_store_wait(store, &put, &t->err));
    struct rg_store_op op = begin_upload(t, store);
    CHECK_U64(atomic_load(&server.request_count), 3);
    op.verb = RG_STORE_UPLOAD_ABORT;
    CHECK_OK(rg_store_wait(store, &op, &t->err));
    end(&server, store);
}

static const char *want_https(struct server *server, const char *request)
{
    (void)server;
    (void)request;
    return "HTTP/1.1 301 Moved Permanently\r\nLocation: https://127.0.0.1/bucket\r\n"
           "Content-Length: 0\r\n\r\n";
}

TEST(what_wants_https_is_told_so)
{
    struct server server;
    struct rg_store *store = begin(t, &server, want_https);
    struct rg_store_op op = {.verb = RG_STORE_HEAD, .key = "a"};

    CHECK_ERROR(rg_store_wait(store, &op, &t->err), RG_ERR_DENIED, "https://");
    end(&server, store);
}

static struct rg_store *new_store(struct test *t, const char *endpoint, const char *region)
{
    const struct rg_s3_options options = {
        .endpoint_url = endpoint, .region = region, .is_unsigned = true};
    struct rg_store *store;

    CHECK_OK(rg_s3_store_new("s3://bucket/p", &options, &rg_allocator_system, &store, &t->err));
    return store;
}

/* Names of buckets are Amazon's, not a region's; but the parts of Amazon have their own. */
TEST(a_bucket_of_amazon_is_one_place_by_all_its_hosts)
{
    static const struct {
        const char *endpoint;
        const char *region;
        bool is_same;
    } others[] = {
        {NULL, "eu-central-1", true},
        {"https://s3.eu-central-1.amazonaws.com", "eu-central-1", true},
        {"http://127.0.0.1:1", "us-east-1", false},
        {"https://amazonaws.com.example.org", "us-east-1", false},
        {NULL, "cn-north-1", false},
        {NULL, "us-gov-west-1", false},
    };
    struct rg_store *store = new_store(t, NULL, "us-east-1");

    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        struct rg_store *other = new_store(t, others[i].endpoint, others[i].region);

        CHECK_U64(strcmp(rg_s3_store_place(store), rg_s3_store_place(other)) == 0,
                  others[i].is_same);
        rg_store_free(other);
    }
    rg_store_free(store);
}

static bool has_checksums(struct test *t, const char *endpoint)
{
    struct rg_store *store = new_store(t, endpoint, "eu-west-1");
    const int checksum = atomic_load(&((struct rg_s3_store *)store)->checksum);

    rg_store_free(store);
    return checksum == RG_S3_CHECKSUM_CRC32C;
}

/* Buckets with Object Lock take nothing without, by whatever host they are reached. */
TEST(amazon_gets_checksums)
{
    CHECK(has_checksums(t, NULL));
    CHECK(has_checksums(t, "https://s3.eu-west-1.amazonaws.com"));
    CHECK(has_checksums(t, "https://bucket.vpce-1-2.s3.eu-west-1.vpce.amazonaws.com"));
    CHECK(!has_checksums(t, "http://127.0.0.1:1"));
    (void)setenv("AWS_REQUEST_CHECKSUM_CALCULATION", "WHEN_REQUIRED", 1);
    CHECK(!has_checksums(t, "https://s3.eu-west-1.amazonaws.com"));
    (void)setenv("AWS_REQUEST_CHECKSUM_CALCULATION", "When_Supported", 1);
    CHECK(has_checksums(t, "http://127.0.0.1:1"));
    (void)unsetenv("AWS_REQUEST_CHECKSUM_CALCULATION");
}

/* True, TRUE: as Amazon's own tools read them. */
TEST(words_of_the_environment_may_have_capitals)
{
    static const struct {
        const char *name;
        const char *value;
        const char *host;
    } rows[] = {
        {"AWS_USE_FIPS_ENDPOINT", "True", "bucket.s3-fips.us-east-1.amazonaws.com"},
        {"AWS_USE_FIPS_ENDPOINT", "true", "bucket.s3-fips.us-east-1.amazonaws.com"},
        {"AWS_USE_FIPS_ENDPOINT", "false", "bucket.s3.us-east-1.amazonaws.com"},
        {"AWS_USE_DUALSTACK_ENDPOINT", "TRUE", "bucket.s3.dualstack.us-east-1.amazonaws.com"},
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        (void)setenv(rows[i].name, rows[i].value, 1);
        struct rg_store *store = new_store(t, NULL, "us-east-1");
        (void)unsetenv(rows[i].name);
        CHECK_TEXT(((struct rg_s3_store *)store)->endpoint.host, rows[i].host);
        rg_store_free(store);
    }
    (void)setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1", 1);
    (void)setenv("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "True", 1);
    struct rg_store *store = new_store(t, NULL, "us-east-1");
    (void)unsetenv("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS");
    (void)unsetenv("AWS_ENDPOINT_URL");
    CHECK_TEXT(((struct rg_s3_store *)store)->endpoint.host, "bucket.s3.us-east-1.amazonaws.com");
    rg_store_free(store);
}

static const char first_page[] =
    "HTTP/1.1 200 OK\r\nContent-Length: 239\r\n\r\n"
    "<ListMultipartUploadsResult><NextKeyMarker>p/a</NextKeyMarker><NextUploadIdMarker/>"
    "<IsTruncated>true</IsTruncated><Upload><Key>p/a</Key><UploadId>u</UploadId>"
    "<Initiated>2026-01-01T00:00:00Z</Initiated></Upload>"
    "</ListMultipartUploadsResult>";

static const char last_page[] = "HTTP/1.1 200 OK\r\nContent-Length: 57\r\n\r\n"
                                "<ListMultipartUploadsResult></ListMultipartUploadsResult>";

static const char *list_uploads(struct server *server, const char *request)
{
    (void)server;
    if (strstr(request, "key-marker=") == NULL)
        return first_page;
    return strstr(request, "upload-id-marker=") == NULL ? last_page : refused;
}

/* Google's and versitygw refuse the empty one that others, or pages of prefixes, end with. */
TEST(a_marker_of_uploads_that_is_empty_is_not_sent)
{
    struct server server;
    struct rg_store *store = begin(t, &server, list_uploads);
    struct rg_arena arena;

    rg_arena_init(&arena, &rg_allocator_system, SIZE_MAX);
    struct rg_store_op op = {.verb = RG_STORE_LIST_UPLOADS, .key = "", .arena = &arena};
    CHECK_OK(rg_store_wait(store, &op, &t->err));
    CHECK_U64(op.object_count, 1);
    rg_arena_fini(&arena);
    end(&server, store);
}

/* Where a partition's own names just fit, those of its ledger do not: there is none, then. */
TEST(nothing_has_a_key_that_is_too_long)
{
    static const struct {
        enum rg_store_verb verb;
        enum rg_status status;
    } wanted[] = {
        {RG_STORE_LIST, RG_OK},        {RG_STORE_LIST_UPLOADS, RG_OK},
        {RG_STORE_DELETE, RG_OK},      {RG_STORE_HEAD, RG_ERR_ABSENT},
        {RG_STORE_GET, RG_ERR_ABSENT}, {RG_STORE_PUT, RG_ERR_INVALID},
    };
    struct rg_store *store = new_store(t, "http://127.0.0.1:1", "us-east-1");
    struct rg_arena arena;
    char key[1024];

    memset(key, 'k', sizeof key);
    key[sizeof key - 1] = '\0'; /* And "p/" before it. */
    rg_arena_init(&arena, &rg_allocator_system, SIZE_MAX);
    for (size_t i = 0; i < sizeof wanted / sizeof wanted[0]; i++) {
        struct rg_store_op op = {.verb = wanted[i].verb, .key = key, .arena = &arena};

        CHECK_U64(rg_store_wait(store, &op, &t->err), wanted[i].status);
        CHECK_U64(op.object_count, 0);
        CHECK(op.next_page_token == NULL);
    }
    rg_arena_fini(&arena);
    rg_store_free(store);
}

int main(int argc, char **argv)
{
    static const struct test_case cases[] = {
        {"what_was_sent_before_a_move_follows_it", what_was_sent_before_a_move_follows_it},
        {"what_stalled_alone_is_tried_again_when_it_is_due",
         what_stalled_alone_is_tried_again_when_it_is_due},
        {"what_takes_long_is_waited_for_longer_from_then_on",
         what_takes_long_is_waited_for_longer_from_then_on},
        {"what_took_long_to_send_may_take_long_to_arrive",
         what_took_long_to_send_may_take_long_to_arrive},
        {"one_dead_connection_makes_nobody_wait_longer",
         one_dead_connection_makes_nobody_wait_longer},
        {"an_empty_upload_whose_answers_are_lost", an_empty_upload_whose_answers_are_lost},
        {"an_upload_whose_part_failed_is_not_finished",
         an_upload_whose_part_failed_is_not_finished},
        {"an_upload_is_aborted_although_everything_is_cancelled_meanwhile",
         an_upload_is_aborted_although_everything_is_cancelled_meanwhile},
        {"parts_have_checksums_as_long_as_their_upload",
         parts_have_checksums_as_long_as_their_upload},
        {"a_marker_of_uploads_that_is_empty_is_not_sent",
         a_marker_of_uploads_that_is_empty_is_not_sent},
        {"nothing_has_a_key_that_is_too_long", nothing_has_a_key_that_is_too_long},
        {"no_range_of_an_empty_object_has_bytes", no_range_of_an_empty_object_has_bytes},
        {"what_is_said_not_to_match_and_does_is_read", what_is_said_not_to_match_and_does_is_read},
        {"what_does_not_match_has_changed", what_does_not_match_has_changed},
        {"a_store_that_allows_no_condition_is_written_to_without",
         a_store_that_allows_no_condition_is_written_to_without},
        {"names_of_metadata_are_letters", names_of_metadata_are_letters},
        {"what_wants_https_is_told_so", what_wants_https_is_told_so},
        {"amazon_gets_checksums", amazon_gets_checksums},
        {"words_of_the_environment_may_have_capitals", words_of_the_environment_may_have_capitals},
        {"a_bucket_of_amazon_is_one_place_by_all_its_hosts",
         a_bucket_of_amazon_is_one_place_by_all_its_hosts},
    };
    struct rg_error err = {0};

    /* Whatever the machine has set. */
    (void)setenv("AWS_CONFIG_FILE", "/dev/null", 1);
    (void)setenv("AWS_SHARED_CREDENTIALS_FILE", "/dev/null", 1);
    (void)unsetenv("AWS_PROFILE");
    (void)unsetenv("AWS_DEFAULT_PROFILE");
    (void)setenv("no_proxy", "*", 1);
    if (rg_libcurl_load(&err) != RG_OK) {
        (void)fprintf(stderr, "skipped: %s\n", err.text);
        return 77; /* Meson: skipped. */
    }
    return test_main("store/s3_script", cases, sizeof cases / sizeof cases[0], argc, argv);
}
