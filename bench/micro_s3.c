/* SPDX-License-Identifier: Apache-2.0 */

/*
 * What the S3 store moves in a second, what that costs, and what a connection takes of memory.
 *
 *     bench_s3 put  URL OBJECTS MIB IN_FLIGHT    uploads of MIB each, in parts of 8 MiB
 *     bench_s3 get  URL OBJECTS MIB IN_FLIGHT    the same objects, in ranges of 8 MiB
 *     bench_s3 idle URL IN_FLIGHT                256 KiB by each of so many requests at once
 *     bench_s3 fill URL FOLDER IN_FLIGHT         all files of a folder become objects below URL
 *
 * Prints one line of JSON. Credentials and endpoint are those of the environment (AWS_...);
 * bench/s3.py starts a server, runs this, and sets other clients beside it.
 */

#include <dirent.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "base/clock.h"
#include "store/s3.h"

enum {
    IN_FLIGHT_MAX = 256,
    KEY_BYTES = 64,
};

static const size_t piece_bytes = (size_t)8 << 20;

struct slot {
    struct rg_store_op op;
    struct rg_segment segment;
    uint8_t *buffer;
    char key[256];
    struct bench *bench;
    struct slot *next;
};

struct bench {
    struct rg_store *store;
    uint32_t in_flight;
    size_t buffer_bytes;
    struct slot slots[IN_FLIGHT_MAX];
    pthread_mutex_t lock;
    pthread_cond_t changed;
    struct slot *idle; /* Under the lock, as the count. */
    uint32_t idle_count;
};

static void die(const char *what)
{
    (void)fprintf(stderr, "%s\n", what);
    exit(1);
}

static void must(enum rg_status status, const struct rg_error *err)
{
    if (status != RG_OK)
        die(err->text);
}

static void give_back(struct rg_store_op *op)
{
    struct slot *slot = op->user;
    struct bench *bench = slot->bench;

    must(op->status, &op->err);
    (void)pthread_mutex_lock(&bench->lock);
    slot->next = bench->idle;
    bench->idle = slot;
    bench->idle_count++;
    (void)pthread_cond_signal(&bench->changed);
    (void)pthread_mutex_unlock(&bench->lock);
}

static struct slot *take_slot(struct bench *bench)
{
    (void)pthread_mutex_lock(&bench->lock);
    while (bench->idle == NULL)
        (void)pthread_cond_wait(&bench->changed, &bench->lock);
    struct slot *slot = bench->idle;
    bench->idle = slot->next;
    bench->idle_count--;
    (void)pthread_mutex_unlock(&bench->lock);
    slot->op = (struct rg_store_op){.done = give_back, .user = slot};
    return slot;
}

static void wait_for_all(struct bench *bench)
{
    (void)pthread_mutex_lock(&bench->lock);
    while (bench->idle_count < bench->in_flight)
        (void)pthread_cond_wait(&bench->changed, &bench->lock);
    (void)pthread_mutex_unlock(&bench->lock);
}

static void set_up(struct bench *bench, const char *url, uint32_t in_flight, size_t buffer_bytes)
{
    const struct rg_s3_options options = {.request_count_max = in_flight};
    struct rg_error err;

    if (in_flight == 0 || in_flight > IN_FLIGHT_MAX)
        die("so many at once are not possible");
    bench->in_flight = in_flight;
    bench->buffer_bytes = buffer_bytes;
    (void)pthread_mutex_init(&bench->lock, NULL);
    (void)pthread_cond_init(&bench->changed, NULL);
    for (uint32_t i = 0; i < in_flight; i++) {
        struct slot *slot = &bench->slots[i];

        slot->bench = bench;
        slot->buffer = rg_alloc(&rg_allocator_system, buffer_bytes);
        if (slot->buffer == NULL)
            die("no memory");
        /* Touched, so that it is not taken for the store's; and no two pieces are equal. */
        for (size_t at = 0; at < buffer_bytes; at++)
            slot->buffer[at] = (uint8_t)(at * 31 + i + (at >> 11));
        slot->next = bench->idle;
        bench->idle = slot;
        bench->idle_count++;
    }
    must(rg_s3_store_new(url, &options, &rg_allocator_system, &bench->store, &err), &err);
}

static void tear_down(struct bench *bench)
{
    rg_store_free(bench->store);
    for (uint32_t i = 0; i < bench->in_flight; i++)
        rg_release(&rg_allocator_system, bench->slots[i].buffer, bench->buffer_bytes);
    (void)pthread_cond_destroy(&bench->changed);
    (void)pthread_mutex_destroy(&bench->lock);
}

static void put_object(struct bench *bench, const char *key, uint64_t bytes)
{
    struct rg_store_op op = {.verb = RG_STORE_UPLOAD_BEGIN, .key = key};
    struct rg_error err;
    uint32_t number = 0;

    must(rg_store_wait(bench->store, &op, &err), &err);
    struct rg_upload *upload = op.upload;
    for (uint64_t at = 0; at < bytes; at += piece_bytes) {
        struct slot *slot = take_slot(bench);

        slot->segment =
            (struct rg_segment){slot->buffer, bytes - at < piece_bytes ? bytes - at : piece_bytes};
        slot->op.verb = RG_STORE_UPLOAD_PART;
        slot->op.key = key;
        slot->op.upload = upload;
        slot->op.part_number = ++number;
        slot->op.segments = &slot->segment;
        slot->op.segment_count = 1;
        rg_store_start(bench->store, &slot->op);
    }
    wait_for_all(bench);
    op = (struct rg_store_op){.verb = RG_STORE_UPLOAD_FINISH, .key = key, .upload = upload};
    must(rg_store_wait(bench->store, &op, &err), &err);
}

static void get_object(struct bench *bench, const char *key, uint64_t bytes)
{
    for (uint64_t at = 0; at < bytes; at += piece_bytes) {
        struct slot *slot = take_slot(bench);

        slot->op.verb = RG_STORE_GET;
        slot->op.key = key;
        slot->op.buffer = slot->buffer;
        slot->op.offset = at;
        slot->op.in_bytes = bytes - at < piece_bytes ? bytes - at : piece_bytes;
        rg_store_start(bench->store, &slot->op);
    }
}

static double cpu_seconds(void)
{
    struct rusage used;

    (void)getrusage(RUSAGE_SELF, &used);
    return (double)(used.ru_utime.tv_sec + used.ru_stime.tv_sec) +
           (double)(used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1e6;
}

/* Private memory that is resident, in bytes: "RssAnon:  1234 kB". */
static uint64_t anonymous_bytes(void)
{
    FILE *file = fopen("/proc/self/status", "re");
    char line[256];
    uint64_t bytes = 0;

    while (file != NULL && fgets(line, sizeof line, file) != NULL) {
        if (strncmp(line, "RssAnon:", 8) == 0)
            bytes = strtoull(line + 8, NULL, 10) << 10;
    }
    if (file != NULL)
        (void)fclose(file);
    return bytes;
}

static void move(struct bench *bench, bool is_put, uint64_t objects, uint64_t bytes)
{
    const uint64_t begin_ns = rg_clock_monotonic_ns();
    const double cpu = cpu_seconds();
    /* Of every object so long as its pieces are asked for. */
    static char keys[4096][KEY_BYTES];

    if (objects > 4096)
        die("too many objects");
    for (uint64_t i = 0; i < objects; i++) {
        (void)snprintf(keys[i], KEY_BYTES, "bench/%06u", (unsigned)i);
        if (is_put)
            put_object(bench, keys[i], bytes);
        else
            get_object(bench, keys[i], bytes);
    }
    wait_for_all(bench);
    (void)printf("{\"bytes\": %llu, \"wall_s\": %.4f, \"cpu_s\": %.4f, \"requests\": %llu}\n",
                 (unsigned long long)(objects * bytes),
                 (double)(rg_clock_monotonic_ns() - begin_ns) / 1e9, cpu_seconds() - cpu,
                 (unsigned long long)rg_store_request_count(bench->store));
}

/* What the store says a request in flight takes, and what it is seen to take. */
static void measure_idle(struct bench *bench)
{
    static const char key[] = "bench/000000";
    struct rg_store_caps caps;
    struct rg_error err;

    must(rg_store_probe(bench->store, false, &caps, &err), &err);
    const uint64_t before = anonymous_bytes();
    for (uint32_t round = 0; round < 4 * bench->in_flight; round++) {
        struct slot *slot = take_slot(bench);

        slot->op.verb = RG_STORE_GET;
        slot->op.key = key;
        slot->op.buffer = slot->buffer;
        slot->op.in_bytes = bench->buffer_bytes;
        rg_store_start(bench->store, &slot->op);
    }
    wait_for_all(bench);
    (void)printf("{\"in_flight\": %u, \"grown_bytes\": %llu, \"charged_each\": %llu, "
                 "\"charged_base\": %llu}\n",
                 bench->in_flight, (unsigned long long)(anonymous_bytes() - before),
                 (unsigned long long)caps.memory_bytes_each,
                 (unsigned long long)caps.memory_bytes_base);
}

/* Objects for others to work on: small files, each put in one request. */
static void fill(struct bench *bench, const char *folder)
{
    DIR *opened = opendir(folder);
    const struct dirent *entry;
    char path[4096];

    if (opened == NULL)
        die("no such folder");
    while ((entry = readdir(opened)) != NULL) {
        if (entry->d_name[0] == '.' || entry->d_name[0] == '_')
            continue;
        struct slot *slot = take_slot(bench);

        (void)snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
        (void)snprintf(slot->key, sizeof slot->key, "%s", entry->d_name);
        FILE *file = fopen(path, "re");
        if (file == NULL)
            die(path);
        const size_t bytes = fread(slot->buffer, 1, bench->buffer_bytes, file);
        if (ferror(file) || bytes == bench->buffer_bytes)
            die("a file cannot be read, or is larger than a piece");
        (void)fclose(file);
        slot->segment = (struct rg_segment){slot->buffer, bytes};
        slot->op.verb = RG_STORE_PUT;
        slot->op.key = slot->key;
        slot->op.segments = &slot->segment;
        slot->op.segment_count = 1;
        rg_store_start(bench->store, &slot->op);
    }
    (void)closedir(opened);
    wait_for_all(bench);
    (void)printf("{\"requests\": %llu}\n",
                 (unsigned long long)rg_store_request_count(bench->store));
}

int main(int argc, char **argv)
{
    static struct bench bench;

    if (argc == 4 && strcmp(argv[1], "idle") == 0) {
        set_up(&bench, argv[2], (uint32_t)strtoul(argv[3], NULL, 10), (size_t)256 << 10);
        measure_idle(&bench);
    } else if (argc == 5 && strcmp(argv[1], "fill") == 0) {
        set_up(&bench, argv[2], (uint32_t)strtoul(argv[4], NULL, 10), piece_bytes);
        fill(&bench, argv[3]);
    } else if (argc == 6 && (strcmp(argv[1], "get") == 0 || strcmp(argv[1], "put") == 0)) {
        set_up(&bench, argv[2], (uint32_t)strtoul(argv[5], NULL, 10), piece_bytes);
        move(&bench, argv[1][0] == 'p', strtoull(argv[3], NULL, 10),
             strtoull(argv[4], NULL, 10) << 20);
    } else {
        die("bench_s3 put|get URL OBJECTS MIB IN_FLIGHT | idle URL IN_FLIGHT | "
            "fill URL FOLDER IN_FLIGHT");
    }
    tear_down(&bench);
    return 0;
}
