/* SPDX-License-Identifier: Apache-2.0 */

/*
 * weir: memory-bounded, adaptive pipelines. C17, pthreads, nothing else.
 *
 * A program declares stages (what can be done), and submits jobs. A job is one item on its route: a
 * list of steps, each in a stage, each with the memory that it adds when it starts (`grow`) and
 * gives back when it ends (`drop`). The engine admits a step only when its memory is there and
 * every job that is under way can still finish; so the accounted memory never exceeds the budget,
 * and no job waits for ever. Memory comes from weir_alloc(), which refuses beyond the job's grant.
 *
 * There are two budgets, taken in a fixed order: a job uses either `meta` (listings, plans) or
 * `data`. A meta job may wait for data jobs; a data job never asks for meta memory. So there is no
 * cycle.
 *
 * Workers are one pool; the most downstream work goes first. Steps on an ASYNC resource are started
 * by a worker and finished by weir_done() from anywhere; they never occupy a worker while they
 * wait. A BLOCKING resource has threads of its own, for code that must block.
 *
 * Threads: all calls from any thread unless said otherwise. Callbacks are called with no lock held.
 *
 * A run() that shrinks or sets what cannot be, or keeps more than its route says, ends the run:
 * weir_run() returns WEIR_FAILED, and weir_explain() tells. Undefined, and mostly the end of the
 * process, is what free() would not stand either: to release what is not allocated, or with another
 * size; weir_done() for a part that is not pending; weir_run() from a callback.
 */

#ifndef WEIR_WEIR_H
#define WEIR_WEIR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#if defined(__GNUC__)
#define WEIR_API __attribute__((visibility("default")))
#else
#define WEIR_API
#endif

#ifdef __cplusplus
extern "C" {
#endif

struct weir;       /* One engine: budgets, workers, stages. */
struct weir_job;   /* One item on its route; owns its memory. */
struct weir_group; /* Jobs that end in one join: the rows of one file, say. */

enum weir_status {
    WEIR_OK = 0,
    WEIR_PENDING, /* From run(): weir_done() will follow, exactly once for this part. */
    WEIR_RETRY,   /* From run(): needs the larger claim set by weir_grow(); the step runs again. */
    WEIR_RESTART, /* From the only part of a lone job's step: it begins its route again, empty. */
    WEIR_AGAIN,   /* From the only part of a step: back to the second step, see weir_step. */
    WEIR_END,     /* From a source: no more work, for ever. */
    WEIR_LATER,   /* From a source: nothing now; weir_wake() will tell. */
    WEIR_SKIP,    /* Drop this job (and its group), go on with the others. */
    WEIR_NOMEM,   /* The system has no memory for the engine's own few bytes. */
    WEIR_CANCELLED,
    WEIR_OVERSIZE, /* The job's smallest claim is larger than its budget. */
    WEIR_FAILED,   /* The caller's own failure: stops the run. */
};

enum weir_budget {
    WEIR_DATA = 0,
    WEIR_META = 1,
};

/* Resources: WEIR_CPU is always there, others are added. */
enum {
    WEIR_CPU = 0
};

struct weir_config {
    size_t size;                /* sizeof(struct weir_config) of the caller's header. */
    uint64_t data_budget_bytes; /* Hard limit for the memory of data jobs. */
    uint64_t meta_budget_bytes; /* The same for meta jobs. */
    uint32_t worker_count;      /* 0: the CPUs that affinity and cgroup allow. */
    bool is_simplest;           /* Claim whole routes up front, first come first served. */
    /*
     * What the process should take in all; 0: it is not looked at. While more is resident, be it
     * for what others in the process allocate, less of the data budget is used: from then on, never
     * more again, and never so little that nothing could go on.
     */
    uint64_t resident_bytes_max;
};

/* What run() gets besides the job. */
struct weir_call {
    uint32_t part;    /* 0 .. part_count - 1. */
    uint32_t thread;  /* Of the resource: 0 .. its threads - 1; of an ASYNC one: 0 .. workers. For
                         scratch that is kept for each thread. */
    uint32_t attempt; /* 0, and one more each time that the job has begun its route again. */
    void *user;       /* Of the stage. */
};

/*
 * Runs one part of a step. Never blocks on memory and never waits for a job; blocks on I/O only in
 * a BLOCKING stage. Parts of one step run at the same time. WEIR_FAILED, WEIR_NOMEM or
 * WEIR_OVERSIZE from it stops the run, and weir_run() returns it.
 */
typedef enum weir_status weir_run_fn(struct weir_job *job, void *item,
                                     const struct weir_call *call);

/*
 * Called exactly once for each job (or group item), when it has left the engine: WEIR_OK, or why it
 * ended early. Its memory is already given back, so `item` must not lie in it. Called by a thread
 * of the engine, never inside another call of yours, but for weir_free(), which drops what was
 * never run. NULL is fine.
 */
typedef void weir_drop_fn(void *item, enum weir_status why);

struct weir_stage {
    size_t size;      /* sizeof(struct weir_stage) of the caller's header. */
    const char *name; /* Shown in reports; static. */
    int resource;     /* WEIR_CPU, or what weir_resource_add() returned. */
    weir_run_fn *run;
    uint32_t parallel_max; /* Parts at the same time; 0: no cap. */
    bool in_order;         /* Jobs of one group pass it one at a time, in order of submission. */
    void *user;
};

enum weir_kind {
    WEIR_ASYNC,    /* run() starts something and returns WEIR_PENDING, or does it and returns. */
    WEIR_BLOCKING, /* run() may block; slots_max threads are made for it. */
};

struct weir_resource {
    size_t size;
    const char *name;
    enum weir_kind kind;
    uint32_t slots_min; /* ASYNC: the adaptive limit on steps in flight stays within these. */
    uint32_t slots_max;
    uint32_t slots_first;     /* Where it begins; 0: 16, or slots_max if less. */
    bool is_counted_by_item;  /* Rate is measured in steps, not bytes (small requests). */
    const char *slots_set_by; /* Static: what slots_max comes from, for weir_explain(); or NULL. */
};

/*
 * One step of a route: all memory is declared. At the end of a step the job keeps at most the sum
 * of what was added so far less what was dropped; so what weir_shrink() gave back early is not
 * given back twice. A job that has more than that allocated then ends the run (WEIR_FAILED;
 * weir_explain() tells). What is left at the end of the route goes back by itself.
 *
 * A job that handles its item in slices puts its whole claim on the first step and nothing on the
 * steps between that and the last, which gives it back. The last step returns WEIR_AGAIN while
 * slices are left: the job goes on at its second step with its grant and all that it has allocated,
 * and keeps its turn where the last step's stage is in order.
 */
struct weir_step {
    int stage;
    uint32_t part_count; /* run() is called once for each, in parallel. 0 counts as 1. */
    uint64_t grow_bytes; /* Added when the step starts: an upper bound, or an estimate. */
    uint64_t drop_bytes; /* Given back when it ends. */
    bool is_estimate;    /* grow_bytes is lessened where it could never fit; see weir_grow(). */
};

enum {
    WEIR_STEPS_MAX = 8
};

/* Of this header. The library that is linked may be another: weir_version() is its own. */
#define WEIR_VERSION_MAJOR 0
#define WEIR_VERSION_MINOR 1
#define WEIR_VERSION_PATCH 0

/* "0.1.0"; static. */
WEIR_API const char *weir_version(void);

/* The CPUs that this process may use: affinity, and the quota of its cgroup. At least 1. */
WEIR_API uint32_t weir_cpu_count(void);

/* NULL when the configuration makes no sense or there is no memory. */
WEIR_API struct weir *weir_new(const struct weir_config *config);
/* Not while weir_run() runs. NULL is fine. */
WEIR_API void weir_free(struct weir *w);

/*
 * Set-up, before weir_run(). Return the id, or -1 while it runs, for what makes no sense (no run(),
 * a resource that is not there, no slots, slots_min above slots_max), and beyond 15 resources
 * or 64 stages. Add stages in the order of the flow: of two, the one that was added later is
 * downstream and goes first. A step that waits for other jobs (a partition for its outputs) has a
 * resource of its own, with slots for all that may wait.
 */
WEIR_API int weir_resource_add(struct weir *w, const struct weir_resource *resource);
WEIR_API int weir_stage_add(struct weir *w, const struct weir_stage *stage);

/*
 * Adds a source. `next` is called, by one thread at a time, only when one more job of its could be
 * admitted; it submits jobs and returns WEIR_OK, or WEIR_LATER, WEIR_END, WEIR_FAILED. It may
 * pass on what weir_submit() returned; that stops the run, as if run() had returned it, and
 * WEIR_CANCELLED cancels it.
 *
 * Errors:  WEIR_FAILED without `next`, while weir_run() runs, and beyond 16 sources.
 */
typedef enum weir_status weir_next_fn(struct weir *w, void *user);
WEIR_API enum weir_status weir_source_add(struct weir *w, weir_next_fn *next, void *user);
/*
 * From next(): the bytes that its source still has to give. Of several sources the jobs begin so
 * that each source has the same bytes admitted, or, if they all say this, bytes in proportion to
 * what they have left: then they end together.
 */
WEIR_API void weir_source_left(struct weir *w, uint64_t bytes);
/* A source that said WEIR_LATER may have something now. */
WEIR_API void weir_wake(struct weir *w);

/*
 * Opens a group: jobs submitted to it run, then `join` runs once as a job of its own that holds
 * what the group retained. `retained_max` bounds what is allocated from the group's own job; it is
 * claimed with the group's first step, and the join's route gives it back. `join` may have no
 * steps. The group is complete after weir_group_close(), which must always be called, and after
 * which only its jobs may use the pointer. If a job of it fails or is skipped, the rest is dropped
 * and join does not run; drop() gets the reason. NULL without memory, when the claim can never
 * fit, and for a route that weir_submit() would refuse.
 *
 * The join begins when drop() has returned for all jobs of the group. Jobs of a group begin in the
 * order of submission. They may begin before the group is closed; but since nobody knows what is
 * still to come, only one group that is not closed can hold memory at a time. So submit and close
 * in one go, and never let a close wait for another group.
 */
WEIR_API struct weir_group *weir_group_new(struct weir *w, enum weir_budget budget,
                                           uint64_t retained_max, const struct weir_step *join,
                                           uint32_t step_count, void *item, weir_drop_fn *drop);
WEIR_API void weir_group_close(struct weir_group *group);

/*
 * The group's own job: memory allocated from it lives until the join is over. Jobs of the group may
 * allocate from it while they run.
 */
WEIR_API struct weir_job *weir_group_job(struct weir_group *group);

/*
 * Submits a job: to a group, or alone with group == NULL. The route is copied. On any status but
 * WEIR_OK the job does not exist and drop() is not called.
 *
 * Errors:  WEIR_OVERSIZE when the largest claim of its route exceeds the budget; WEIR_NOMEM;
 *          WEIR_CANCELLED when the run or the group has come to an early end; WEIR_FAILED for what
 *          makes no sense: no steps or too many, a stage or a budget that is not there, a group
 *          that is closed or of the other budget.
 */
WEIR_API enum weir_status weir_submit(struct weir *w, struct weir_group *group,
                                      enum weir_budget budget, const struct weir_step *route,
                                      uint32_t step_count, void *item, weir_drop_fn *drop);

/* Ends a WEIR_PENDING part. `moved_bytes` feeds the I/O controller and the report. */
WEIR_API void weir_done(struct weir_job *job, uint32_t part, enum weir_status status,
                        uint64_t moved_bytes);

/* Bytes that a synchronous part moved, for the report; add up. */
WEIR_API void weir_moved(struct weir_job *job, uint64_t bytes);

/* The store asked to be spared (503, 429, time-outs). */
WEIR_API void weir_throttled(struct weir *w, int resource);

/*
 * Memory of the job: NULL beyond its grant, or when the system has none. Aligned to 64; large
 * blocks come from the system page-wise and go back or are reused. What small ones take besides,
 * some 100 bytes each, is not counted: have few of them. weir_release() is told the bytes that
 * weir_alloc() was; NULL is fine. Parts of one step may call these at the same time.
 */
WEIR_API void *weir_alloc(struct weir_job *job, size_t bytes);
WEIR_API void weir_release(struct weir_job *job, void *memory, size_t bytes);

/*
 * Asks for more than was declared, from run(). WEIR_OK: the grant is larger now. WEIR_RETRY: not
 * now; release what this step allocated and return WEIR_RETRY from all its parts: the step runs
 * again, with its inputs kept, when the claim fits (or the job restarts where that would not be
 * safe; run() of the first step must then be able to begin anew). WEIR_OVERSIZE: it would never
 * fit, or not now where the job cannot run again: in a join, and in and after an in_order stage.
 * Never blocks. What was granted stays the job's until weir_shrink() or its end.
 *
 * A group whose other jobs are in the way of a larger claim is dropped with WEIR_OVERSIZE; that is
 * not a failure of the run.
 */
WEIR_API enum weir_status weir_grow(struct weir_job *job, uint64_t extra_bytes);

/* Like weir_grow(), but for what is only useful: true, or false and nothing changed. */
WEIR_API bool weir_try_grow(struct weir_job *job, uint64_t extra_bytes);

/* Gives back part of weir_available(). Always safe; do it early. */
WEIR_API void weir_shrink(struct weir_job *job, uint64_t bytes);

/* Unallocated bytes of the grant. */
WEIR_API uint64_t weir_available(const struct weir_job *job);

/* Sets the parts of a later step, from an earlier step's run(). Stays so if the job restarts. */
WEIR_API void weir_set_parts(struct weir_job *job, uint32_t step_index, uint32_t part_count);

/*
 * Runs until all sources have ended and all jobs are gone; workers are started on entry and joined
 * before return. WEIR_OK, WEIR_CANCELLED, or the first failure: what a run() or next() returned,
 * or WEIR_NOMEM where not all workers could be started. Once for each engine, and not from a
 * callback.
 */
WEIR_API enum weir_status weir_run(struct weir *w);

/* Stops: sources are not called again, queued jobs are dropped, running parts see it. */
WEIR_API void weir_cancel(struct weir *w);
WEIR_API bool weir_is_cancelled(const struct weir *w);

WEIR_API struct weir *weir_of(const struct weir_job *job);

/* Why the next task of a stage is not running now: exactly one at any time. */
enum weir_state {
    WEIR_STATE_RUN,
    WEIR_STATE_NO_CPU,
    WEIR_STATE_NO_SLOT,
    WEIR_STATE_NO_MEMORY,
    WEIR_STATE_STARVED,
    WEIR_STATE_ORDER,
    WEIR_STATE_CAP,
    WEIR_STATE_DONE,
    WEIR_STATE_COUNT,
};

/* "run", "no-cpu", "no-slot", "no-memory", "starved", "order", "cap", "done". */
WEIR_API const char *weir_state_name(enum weir_state state);

struct weir_stage_sample {
    const char *name;
    int resource;
    enum weir_state state;               /* Now. */
    uint64_t state_ns[WEIR_STATE_COUNT]; /* Add up to the engine's wall time. */
    uint64_t busy_ns;                    /* Summed over parts. */
    uint64_t parts_done;
    uint64_t jobs_done;
    uint64_t moved_bytes;
    uint64_t p50_ns, p99_ns;             /* Of a part. */
    uint64_t held_bytes, held_bytes_max; /* By jobs in or before this step of theirs. */
    uint64_t claimed_bytes, used_bytes;  /* Sums over finished steps: estimate and truth. */
    uint32_t running;                    /* Parts now. */
    uint32_t waiting;                    /* Jobs ready for it. */
};

struct weir_resource_sample {
    const char *name;
    uint32_t slots; /* Limit now; workers for WEIR_CPU. */
    uint32_t in_use;
    uint64_t rate;     /* Bytes or steps a second, over the last window. */
    uint64_t rate_max; /* Best seen. */
    uint64_t full_ns;  /* Time with all slots in use and something waiting. */
};

struct weir_sample {
    size_t size;
    uint64_t wall_ns; /* Since weir_run() began. */
    uint64_t data_used, data_used_max, data_budget;
    uint64_t meta_used, meta_used_max, meta_budget;
    uint64_t data_needed;  /* Estimate: what its jobs hold at full speed; twice that is ample. */
    uint64_t cpu_busy_ns;  /* Summed over workers. */
    uint64_t transitions;  /* Scheduler decisions. */
    uint64_t scheduler_ns; /* Time spent in the scheduler. */
    uint64_t retries;
    uint32_t worker_count;
    uint32_t stage_count;
    uint32_t resource_count;
    uint64_t data_budget_now; /* data_budget, or less: see weir_config.resident_bytes_max. */
};

/*
 * Cheap: five times a second is fine. Fills at most `stages_max` and `resources_max`; how many
 * there are stage_count and resource_count say. ret_sample->size is set by the caller.
 */
#if defined(__cplusplus) && defined(__GNUC__) /* -Wshadow: the struct has the same name. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wshadow"
#endif
WEIR_API void weir_sample(struct weir *w, struct weir_sample *ret_sample,
                          struct weir_stage_sample *ret_stages, uint32_t stages_max,
                          struct weir_resource_sample *ret_resources, uint32_t resources_max);
#if defined(__cplusplus) && defined(__GNUC__)
#pragma GCC diagnostic pop
#endif

/*
 * One sentence on what limits the run, with its evidence, and one on what more of it would bring at
 * most; over the time since `since` (a sample taken earlier), or over the whole run with NULL.
 * Returns the length, as snprintf() does; what is written is cut to `bytes`.
 */
WEIR_API size_t weir_explain(struct weir *w, const struct weir_sample *since, char *text,
                             size_t bytes);

#ifdef __cplusplus
}
#endif

#endif
