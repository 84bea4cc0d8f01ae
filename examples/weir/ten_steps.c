/* SPDX-License-Identifier: Apache-2.0 */

/*
 * A pipeline of ten steps that cost very different amounts, with made-up work, and a live view of
 * who starves and who is blocked.
 *
 *     ten_steps [-m MIB] [-p PARTITIONS] [-j WORKERS] [-s SPEED]
 *
 *     partitions, list, batch, footers, order, bin     planning, in the metadata budget
 *     read, concatenate                                the heavy part: a job for each table
 *     serialise, upload                                a file of three tables: a group's join
 *
 * A partition is one metadata job. Its step "bin" opens a group for each file to be, and its last
 * step waits for them without holding a worker. Give it little memory, few workers, a slow network
 * (-s), and see which line of the view changes and what the sentence below says.
 */

#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <weir/weir.h>

enum {
    MIB = 1024 * 1024,
    TABLES_OF_A_FILE = 3,
    STEPS = 11,
    RESOURCES_MAX = 8,
};

enum step {
    PARTITIONS,
    LIST,
    BATCH,
    FOOTERS,
    ORDER,
    BIN,
    READ,
    CONCATENATE,
    SERIALISE,
    UPLOAD,
    OUTPUTS,
};

struct partition {
    struct program *program;
    uint32_t seed;
    atomic_uint files_left; /* And one until it waits. */
    struct weir_job *waiting;
};

struct file {
    struct partition *partition;
    uint64_t bytes;
};

struct table {
    struct program *program;
    uint64_t bytes;
};

struct program {
    struct weir *w;
    int stages[STEPS];
    double speed; /* Of the made-up work. */
    uint32_t partitions_left;
    uint32_t seed;
    atomic_uint tables_done, files_done;
    atomic_bool is_over;
};

static const char *const names[STEPS] = {
    "partitions", "list",        "batch",     "footers", "order",   "bin",
    "read",       "concatenate", "serialise", "upload",  "outputs",
};

static uint32_t next_random(uint32_t *seed)
{
    *seed = *seed * 1664525 + 1013904223;
    return *seed >> 8;
}

/* Work that does not use a core: as good as any, and kind to the machine. */
static void spend_ms(const struct program *p, double ms)
{
    const double ns = ms * 1e6 / p->speed;
    const struct timespec t = {
        .tv_sec = (time_t)(ns / 1e9),
        .tv_nsec = (long)(ns - (double)(time_t)(ns / 1e9) * 1e9),
    };

    (void)nanosleep(&t, NULL);
}

/* The steps that only take time. */
static enum weir_status run_light(struct weir_job *job, void *item, const struct weir_call *call)
{
    const struct partition *partition = item;

    (void)job;
    (void)call;
    spend_ms(partition->program, 2);
    return WEIR_OK;
}

static enum weir_status run_list(struct weir_job *job, void *item, const struct weir_call *call)
{
    const struct partition *partition = item;

    (void)call;
    spend_ms(partition->program, 60);
    /* So many files were found: one part of the step "footers" for each. */
    weir_set_parts(job, FOOTERS - LIST, 8 + partition->seed % 16);
    return WEIR_OK;
}

static enum weir_status run_footer(struct weir_job *job, void *item, const struct weir_call *call)
{
    const struct partition *partition = item;

    (void)job;
    (void)call;
    spend_ms(partition->program, 4);
    return WEIR_OK;
}

static enum weir_status run_read(struct weir_job *job, void *item, const struct weir_call *call)
{
    struct table *table = item;

    (void)call;
    void *memory = weir_alloc(job, table->bytes);
    if (memory == NULL)
        return WEIR_NOMEM;
    memset(memory, 1, table->bytes);
    spend_ms(table->program, (double)table->bytes / MIB * 8);
    weir_moved(job, table->bytes);
    return WEIR_OK;
}

static enum weir_status run_concatenate(struct weir_job *job, void *item,
                                        const struct weir_call *call)
{
    struct table *table = item;

    (void)call;
    spend_ms(table->program, (double)table->bytes / MIB * 12 / 4);
    weir_moved(job, table->bytes / 4);
    return WEIR_OK;
}

static enum weir_status run_serialise(struct weir_job *job, void *item,
                                      const struct weir_call *call)
{
    const struct file *file = item;

    (void)call;
    spend_ms(file->partition->program, (double)file->bytes / MIB * 2);
    weir_moved(job, file->bytes);
    return WEIR_OK;
}

static enum weir_status run_upload(struct weir_job *job, void *item, const struct weir_call *call)
{
    const struct file *file = item;

    (void)call;
    spend_ms(file->partition->program, (double)file->bytes / MIB * 6);
    weir_moved(job, file->bytes);
    return WEIR_OK;
}

static void drop_table(void *item, enum weir_status why)
{
    struct table *table = item;

    if (why == WEIR_OK)
        atomic_fetch_add(&table->program->tables_done, 1);
    free(table);
}

/* One thing less for the partition to wait for. */
static void count_down(struct partition *partition)
{
    if (atomic_fetch_sub(&partition->files_left, 1) == 1)
        weir_done(partition->waiting, 0, WEIR_OK, 0);
}

static void drop_file(void *item, enum weir_status why)
{
    struct file *file = item;
    struct partition *partition = file->partition;

    if (why == WEIR_OK)
        atomic_fetch_add(&partition->program->files_done, 1);
    free(file);
    count_down(partition);
}

/* WEIR_OVERSIZE when the table can never fit: who ignores that loses its rows. */
static enum weir_status submit_table(struct program *p, struct weir_group *group, uint64_t bytes)
{
    const struct weir_step route[] = {
        {.stage = p->stages[READ], .grow_bytes = bytes},
        {.stage = p->stages[CONCATENATE],
         .part_count = 4,
         .grow_bytes = 3 * bytes,
         .drop_bytes = 4 * bytes},
    };
    struct table *table = malloc(sizeof *table);

    if (table == NULL)
        return WEIR_NOMEM;
    *table = (struct table){.program = p, .bytes = bytes};
    const enum weir_status status =
        weir_submit(p->w, group, WEIR_DATA, route, 2, table, drop_table);
    if (status != WEIR_OK)
        free(table);
    return status;
}

/* The plan of a partition: its files, each a group of three tables that end in one join. */
static enum weir_status run_bin(struct weir_job *job, void *item, const struct weir_call *call)
{
    struct partition *partition = item;
    struct program *p = partition->program;
    const uint32_t files = 1 + next_random(&partition->seed) % 4;
    enum weir_status status = WEIR_OK;

    (void)job;
    (void)call;
    atomic_store(&partition->files_left, 1);
    for (uint32_t i = 0; i < files && status == WEIR_OK; i++) {
        uint64_t sizes[TABLES_OF_A_FILE];
        struct file *file = calloc(1, sizeof *file);

        if (file == NULL)
            return WEIR_NOMEM;
        file->partition = partition;
        for (int k = 0; k < TABLES_OF_A_FILE; k++) {
            sizes[k] = (4 + next_random(&partition->seed) % 8) * (uint64_t)MIB;
            file->bytes += sizes[k];
        }
        const struct weir_step join[] = {
            {.stage = p->stages[SERIALISE], .part_count = 2},
            {.stage = p->stages[UPLOAD]},
        };
        /* What the three tables become is held for the join. */
        struct weir_group *group =
            weir_group_new(p->w, WEIR_DATA, file->bytes, join, 2, file, drop_file);
        if (group == NULL) {
            free(file);
            return WEIR_NOMEM;
        }
        atomic_fetch_add(&partition->files_left, 1);
        for (int k = 0; k < TABLES_OF_A_FILE && status == WEIR_OK; k++)
            status = submit_table(p, group, sizes[k]);
        weir_group_close(group);
    }
    return status == WEIR_CANCELLED ? WEIR_SKIP : status;
}

/* Waits for the groups: for as long as it takes, and nobody's thread. */
static enum weir_status run_outputs(struct weir_job *job, void *item, const struct weir_call *call)
{
    struct partition *partition = item;

    (void)call;
    partition->waiting = job;
    return atomic_fetch_sub(&partition->files_left, 1) == 1 ? WEIR_OK : WEIR_PENDING;
}

static void drop_partition(void *item, enum weir_status why)
{
    (void)why;
    free(item);
}

static enum weir_status next_partition(struct weir *w, void *user)
{
    struct program *p = user;
    struct weir_step route[] = {
        {.stage = p->stages[LIST], .grow_bytes = MIB},
        {.stage = p->stages[BATCH]},
        {.stage = p->stages[FOOTERS], .grow_bytes = 4 * MIB},
        {.stage = p->stages[ORDER]},
        {.stage = p->stages[BIN]},
        {.stage = p->stages[OUTPUTS]},
    };

    if (p->partitions_left == 0)
        return WEIR_END;
    p->partitions_left--;
    struct partition *partition = calloc(1, sizeof *partition);
    if (partition == NULL)
        return WEIR_NOMEM;
    partition->program = p;
    partition->seed = next_random(&p->seed);
    const enum weir_status status =
        weir_submit(w, NULL, WEIR_META, route, 6, partition, drop_partition);
    if (status != WEIR_OK)
        free(partition);
    return status == WEIR_CANCELLED ? WEIR_END : status;
}

static int add_resource(struct program *p, const char *name, enum weir_kind kind, uint32_t slots)
{
    return weir_resource_add(p->w, &(struct weir_resource){
                                       .size = sizeof(struct weir_resource),
                                       .name = name,
                                       .kind = kind,
                                       .slots_min = slots,
                                       .slots_max = slots,
                                   });
}

static bool build(struct program *p, uint64_t memory_bytes, uint32_t workers)
{
    p->w = weir_new(&(struct weir_config){
        .size = sizeof(struct weir_config),
        .data_budget_bytes = memory_bytes,
        .meta_budget_bytes = 64 * MIB,
        .worker_count = workers,
    });
    if (p->w == NULL)
        return false;
    const int listing = add_resource(p, "listing", WEIR_BLOCKING, 2);
    const int network = add_resource(p, "network", WEIR_BLOCKING, 6);
    const int waiting = add_resource(p, "waiting", WEIR_ASYNC, 64);
    const struct {
        int resource;
        weir_run_fn *run;
    } steps[STEPS] = {
        [PARTITIONS] = {WEIR_CPU, run_light},
        [LIST] = {listing, run_list},
        [BATCH] = {WEIR_CPU, run_light},
        [FOOTERS] = {network, run_footer},
        [ORDER] = {WEIR_CPU, run_light},
        [BIN] = {WEIR_CPU, run_bin},
        [READ] = {network, run_read},
        [CONCATENATE] = {WEIR_CPU, run_concatenate},
        [SERIALISE] = {WEIR_CPU, run_serialise},
        [UPLOAD] = {network, run_upload},
        [OUTPUTS] = {waiting, run_outputs},
    };

    for (int i = 0; i < STEPS; i++) {
        p->stages[i] = weir_stage_add(p->w, &(struct weir_stage){
                                                .size = sizeof(struct weir_stage),
                                                .name = names[i],
                                                .resource = steps[i].resource,
                                                .run = steps[i].run,
                                                .user = p,
                                            });
        if (p->stages[i] < 0)
            return false;
    }
    /* The first step is the source itself. */
    return weir_source_add(p->w, next_partition, p) == WEIR_OK;
}

static void print_stage(const struct weir_stage_sample *s, uint64_t wall_ns)
{
    static const enum weir_state shown[] = {
        WEIR_STATE_RUN,       WEIR_STATE_NO_CPU,  WEIR_STATE_NO_SLOT,
        WEIR_STATE_NO_MEMORY, WEIR_STATE_STARVED, WEIR_STATE_ORDER,
    };

    (void)printf("%-12s %-9s %3u run %3u wait %6" PRIu64 " done %7.1f MiB  ", s->name,
                 weir_state_name(s->state), s->running, s->waiting, s->jobs_done,
                 (double)s->held_bytes / MIB);
    for (size_t i = 0; i < sizeof shown / sizeof *shown; i++) {
        const uint64_t percent = wall_ns == 0 ? 0 : 100 * s->state_ns[shown[i]] / wall_ns;

        if (percent > 0)
            (void)printf(" %s %" PRIu64 "%%", weir_state_name(shown[i]), percent);
    }
    (void)printf("\n");
}

static void print_view(const struct program *p, struct weir_sample *since)
{
    struct weir_sample sample = {.size = sizeof sample};
    struct weir_stage_sample stages[STEPS];
    char text[512];

    weir_sample(p->w, &sample, stages, STEPS, NULL, 0);
    (void)weir_explain(p->w, since, text, sizeof text);
    (void)printf("\n%.1f s: memory %.0f of %.0f MiB, %u tables, %u files\n",
                 (double)sample.wall_ns / 1e9, (double)sample.data_used / MIB,
                 (double)sample.data_budget / MIB, atomic_load(&p->tables_done),
                 atomic_load(&p->files_done));
    for (uint32_t i = LIST; i < sample.stage_count; i++)
        print_stage(&stages[i], sample.wall_ns);
    (void)printf("%s\n", text);
    (void)fflush(stdout);
    if (since != NULL)
        *since = sample;
}

static void *watch(void *argument)
{
    struct program *p = argument;
    struct weir_sample since = {.size = sizeof since};
    const struct timespec interval = {.tv_nsec = 500000000};

    for (;;) {
        (void)nanosleep(&interval, NULL);
        if (atomic_load(&p->is_over))
            return NULL;
        print_view(p, &since);
    }
}

int main(int argc, char **argv)
{
    struct program p = {.partitions_left = 40, .speed = 1, .seed = 1};
    uint64_t memory_mib = 256;
    uint32_t workers = 4;
    pthread_t watcher;
    int option;

    while ((option = getopt(argc, argv, "m:p:j:s:")) != -1) {
        if (option == 'm')
            memory_mib = strtoull(optarg, NULL, 10);
        else if (option == 'p')
            p.partitions_left = (uint32_t)strtoul(optarg, NULL, 10);
        else if (option == 'j')
            workers = (uint32_t)strtoul(optarg, NULL, 10);
        else if (option == 's')
            p.speed = strtod(optarg, NULL);
        else
            return 2;
    }
    if (!(p.speed > 0) || !build(&p, memory_mib * MIB, workers))
        return 1;
    if (pthread_create(&watcher, NULL, watch, &p) != 0)
        return 1;
    const enum weir_status status = weir_run(p.w);
    atomic_store(&p.is_over, true);
    (void)pthread_join(watcher, NULL);
    print_view(&p, NULL);
    if (status != WEIR_OK)
        (void)fprintf(stderr, "ten_steps: the run failed: %s\n",
                      status == WEIR_OVERSIZE || status == WEIR_NOMEM
                          ? "a file does not fit into the memory (-m)"
                          : "see the line above");
    weir_free(p.w);
    return status == WEIR_OK ? 0 : 1;
}
