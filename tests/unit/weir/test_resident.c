/* SPDX-License-Identifier: Apache-2.0 */

/* What the process really takes, against what the engine accounts. */

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "support/test.h"
#include "weir/weir.h"

enum {
    MIB = 1024 * 1024,
    BUDGET_MIB = 48,
    SLACK_MIB = 4, /* Stacks, records, malloc. */
    JOBS = 400,
    /* Where the process is to be seen above its limit: jobs go on until it was, or so long. */
    PATIENCE_S = 60,
};

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define HAS_SANITIZER 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define HAS_SANITIZER 1
#endif
#endif
#ifdef HAS_SANITIZER
static const bool can_measure = false; /* Shadow memory counts. */
#else
static const bool can_measure = true;
#endif

struct program {
    int read, work, write;
    uint32_t jobs; /* Submitted. */
    size_t hog_bytes;
    void *hog; /* What nobody accounts for; taken with the first item. */
    atomic_bool is_over;
    uint64_t resident_max;
};

struct item {
    uint64_t bytes;
};

static uint64_t resident_bytes(void)
{
    unsigned long size;
    unsigned long resident;
    FILE *file = fopen("/proc/self/statm", "r");

    if (file == NULL)
        return 0;
    const int count = fscanf(file, "%lu %lu", &size, &resident);
    (void)fclose(file);
    return count == 2 ? (uint64_t)resident * (uint64_t)sysconf(_SC_PAGESIZE) : 0;
}

static void *watch(void *argument)
{
    struct program *p = argument;
    const struct timespec interval = {.tv_nsec = 1000000};

    while (!atomic_load(&p->is_over)) {
        const uint64_t bytes = resident_bytes();

        if (bytes > p->resident_max)
            p->resident_max = bytes;
        (void)nanosleep(&interval, NULL);
    }
    return NULL;
}

static uint32_t next_random(uint32_t *seed)
{
    *seed = *seed * 1664525 + 1013904223;
    return *seed >> 8;
}

/* In pieces of all sizes, so that the pool has something to do. */
static enum weir_status take(struct weir_job *job, uint64_t bytes, uint32_t seed)
{
    while (bytes > 0) {
        uint64_t piece = 1 + next_random(&seed) % (2 * MIB);

        piece = piece < bytes ? piece : bytes;
        void *memory = weir_alloc(job, piece);
        if (memory == NULL)
            return WEIR_NOMEM;
        memset(memory, 1, piece);
        if (next_random(&seed) % 4 == 0) {
            weir_release(job, memory, piece);
            continue;
        }
        bytes -= piece;
    }
    return WEIR_OK;
}

static enum weir_status run_read(struct weir_job *job, void *pointer, const struct weir_call *call)
{
    const struct item *item = pointer;

    (void)call;
    return take(job, item->bytes, (uint32_t)item->bytes);
}

static enum weir_status run_work(struct weir_job *job, void *pointer, const struct weir_call *call)
{
    const struct item *item = pointer;

    (void)call;
    void *scratch = weir_alloc(job, item->bytes);
    if (scratch == NULL)
        return WEIR_NOMEM;
    memset(scratch, 2, item->bytes);
    weir_release(job, scratch, item->bytes);
    return WEIR_OK;
}

static enum weir_status run_write(struct weir_job *job, void *pointer, const struct weir_call *call)
{
    (void)job;
    (void)pointer;
    (void)call;
    return WEIR_OK;
}

static struct item items[JOBS];

enum {
    HOG_MIB = 30
};

static void fill_items(void)
{
    uint32_t seed = 7;

    for (size_t i = 0; i < JOBS; i++)
        items[i].bytes = 1 + next_random(&seed) % (8 * MIB);
}

/* With a hog, when less is granted: how much is resident when the engine looks is luck. */
static bool has_seen_enough(struct weir *w, const struct program *p)
{
    struct weir_sample sample = {.size = sizeof sample};

    if (p->jobs < JOBS || p->hog_bytes == 0)
        return p->jobs == JOBS;
    weir_sample(w, &sample, NULL, 0, NULL, 0);
    return sample.data_budget_now < sample.data_budget ||
           sample.wall_ns > PATIENCE_S * (uint64_t)1000000000;
}

static enum weir_status next(struct weir *w, void *user)
{
    struct program *p = user;

    if (has_seen_enough(w, p))
        return WEIR_END;
    if (p->hog == NULL && p->hog_bytes > 0) {
        p->hog = malloc(p->hog_bytes);
        if (p->hog == NULL)
            return WEIR_NOMEM;
        memset(p->hog, 1, p->hog_bytes);
    }
    struct item *item = &items[p->jobs++ % JOBS];
    const struct weir_step route[] = {
        {.stage = p->read, .grow_bytes = item->bytes},
        {.stage = p->work, .grow_bytes = item->bytes, .drop_bytes = item->bytes},
        {.stage = p->write, .drop_bytes = item->bytes},
    };
    return weir_submit(w, NULL, WEIR_DATA, route, 3, item, NULL);
}

static void add_stages(struct weir *w, struct program *p)
{
    const struct {
        const char *name;
        weir_run_fn *run;
        int *id;
    } stages[] = {{"read", run_read, &p->read},
                  {"work", run_work, &p->work},
                  {"write", run_write, &p->write}};

    for (int i = 0; i < 3; i++)
        *stages[i].id = weir_stage_add(w, &(struct weir_stage){
                                              .size = sizeof(struct weir_stage),
                                              .name = stages[i].name,
                                              .resource = WEIR_CPU,
                                              .run = stages[i].run,
                                          });
}

TEST(resident_memory_follows_the_budget)
{
    struct program p = {0};
    pthread_t watcher;
    struct weir *w = weir_new(&(struct weir_config){
        .size = sizeof(struct weir_config),
        .data_budget_bytes = BUDGET_MIB * (uint64_t)MIB,
        .worker_count = 4,
    });

    CHECK(w != NULL);
    add_stages(w, &p);
    CHECK_U64(weir_source_add(w, next, &p), WEIR_OK);
    const uint64_t before = resident_bytes();
    CHECK(pthread_create(&watcher, NULL, watch, &p) == 0);
    CHECK_U64(weir_run(w), WEIR_OK);
    atomic_store(&p.is_over, true);
    (void)pthread_join(watcher, NULL);
    struct weir_sample sample = {.size = sizeof sample};
    weir_sample(w, &sample, NULL, 0, NULL, 0);
    CHECK(sample.data_used_max > BUDGET_MIB * (uint64_t)MIB / 2);
    const uint64_t taken = p.resident_max > before ? p.resident_max - before : 0;
    if (can_measure && taken > (BUDGET_MIB + SLACK_MIB) * (uint64_t)MIB)
        test_fail(__FILE__, __LINE__, "%u MiB of %u", (unsigned)(taken / MIB),
                  (unsigned)BUDGET_MIB);
    /* And the test sees memory at all. */
    CHECK(!can_measure || taken > BUDGET_MIB * (uint64_t)MIB / 3);
    /* All of it goes back with the run. */
    CHECK(!can_measure || resident_bytes() < before + SLACK_MIB * (uint64_t)MIB);
    weir_free(w);
}

/* Most of the way the process keeps to its limit, though somebody has taken what was ours. */
TEST(what_others_take_lowers_what_is_granted)
{
    struct program p = {.hog_bytes = HOG_MIB * (size_t)MIB};
    const uint64_t budget = BUDGET_MIB * (uint64_t)MIB;
    char text[600];

    if (!can_measure)
        return;
    const uint64_t limit = resident_bytes() + budget + SLACK_MIB * (uint64_t)MIB;
    struct weir *w = weir_new(&(struct weir_config){
        .size = sizeof(struct weir_config),
        .data_budget_bytes = budget,
        .worker_count = 4,
        .resident_bytes_max = limit,
    });
    CHECK(w != NULL);
    add_stages(w, &p);
    CHECK_U64(weir_source_add(w, next, &p), WEIR_OK);
    CHECK_U64(weir_run(w), WEIR_OK);
    struct weir_sample sample = {.size = sizeof sample};
    struct weir_stage_sample stages[3];
    weir_sample(w, &sample, stages, 3, NULL, 0);
    (void)weir_explain(w, NULL, text, sizeof text);
    weir_free(w);
    free(p.hog);
    CHECK_U64(stages[2].jobs_done, p.jobs);
    CHECK(sample.data_budget_now < budget);
    CHECK(sample.data_budget_now > budget - (HOG_MIB + 10) * (uint64_t)MIB);
    CHECK(strstr(text, "instead of 48 MiB") != NULL);
}

static const struct test_case cases[] = {
    {"resident_memory_follows_the_budget", resident_memory_follows_the_budget},
    {"what_others_take_lowers_what_is_granted", what_others_take_lowers_what_is_granted},
};

int main(int argc, char **argv)
{
    fill_items();
    return test_main("weir/resident", cases, sizeof cases / sizeof cases[0], argc, argv);
}
