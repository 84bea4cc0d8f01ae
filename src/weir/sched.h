/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The scheduler: which part of which job runs next, and what memory it may have. It has no thread,
 * no lock and no clock of its own: the engine (engine.c) and the simulator (tests/sim) call it with
 * the time, one call at a time, and do what it says.
 *
 * A caller loops over
 *
 *     weir_sched_pick()      what to do next,
 *     weir_sched_returned()  the part's run() is back,
 *     weir_sched_done()      a pending part is over,
 *     weir_sched_released()  the memory of an ended job is back with the system,
 *     weir_sched_dropped()   its drop() has been called.
 */

#ifndef WEIR_SCHED_H
#define WEIR_SCHED_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "weir/blocks.h"
#include "weir/budget.h"
#include "weir/hooks.h"
#include "weir/iolimit.h"
#include "weir/list.h"
#include "weir/route.h"
#include "weir/weir.h"

enum {
    WEIR_STAGES_MAX = 64,
    WEIR_RESOURCES_MAX = 16,
    WEIR_SOURCES_MAX = 16,
    WEIR_HISTOGRAM_COUNT = 256,
};

struct weir_sched;

/* Instead of a resource: the thread that starts ASYNC steps while all workers are busy. */
enum {
    WEIR_STARTER = -1
};

/* Which rule is against a grant. */
enum weir_refusal {
    WEIR_REFUSED_NOT,
    WEIR_REFUSED_FIT,      /* H1: more than is free. */
    WEIR_REFUSED_SAFE,     /* H2: not all could finish. */
    WEIR_REFUSED_AHEAD,    /* Q1: the next CPU steps need it. */
    WEIR_REFUSED_HOLD,     /* Q3: the oldest has waited for long. */
    WEIR_REFUSED_RESIDENT, /* Q4: the process takes more than it should. */
    WEIR_REFUSED_BASELINE, /* A rule that is compared with ours. */
    WEIR_REFUSED_COUNT,
};

/* The rules in force. All of them but for comparison. */
enum {
    WEIR_RULE_SAFE = 1,
    WEIR_RULE_SOFT = 2,
    WEIR_RULE_ALL = WEIR_RULE_SAFE | WEIR_RULE_SOFT,
};

/* A rule that is asked before ours, for comparison. True: it does not object. */
typedef bool weir_baseline_fn(const struct weir_sched *s, const struct weir_job *job,
                              void *context);

enum weir_job_state {
    WEIR_JOB_FRESH,   /* Holds nothing and has not begun. */
    WEIR_JOB_READY,   /* Waits for its next step to be granted. */
    WEIR_JOB_GRANTED, /* The step's memory is there; its parts run or wait for a worker. */
    WEIR_JOB_JOIN,    /* A group's own job, while jobs of the group are left. */
    WEIR_JOB_EMPTIED, /* Begins again once its memory is back. */
    WEIR_JOB_ENDING,  /* Over: its memory goes back, then drop() is called. */
};

struct weir_job {
    struct weir *w;
    struct weir_sched *sched;
    struct weir_group *group; /* NULL: alone. A join job: the group whose join it is. */
    struct weir_unit *unit;   /* The group's, or own_unit. */
    struct weir_unit own_unit;
    uint64_t seq;
    void *item;
    weir_drop_fn *drop;

    enum weir_job_state state;
    enum weir_status why; /* From WEIR_JOB_ENDING on: what drop() is told. */
    struct weir_link all_link;
    struct weir_link queue_link;  /* In a queue of its stage, or in `ends`. */
    struct weir_link ahead_link;  /* In purse->ahead. */
    uint32_t ahead_step;          /* Its next CPU step with memory; step_count: none. */
    struct weir_link member_link; /* In group->members, by seq. */
    int source;                   /* Counted in sources[source].fresh_count while FRESH; or -1. */
    uint64_t suffix_peak;         /* Largest peak of it and all later members; once closed. */

    uint64_t held;
    uint64_t planned;
    bool is_started;         /* The step's grow is in held. */
    uint64_t grown;          /* By weir_grow() in this step, */
    uint64_t grown_back;     /* and of that given back by weir_shrink(). */
    uint64_t grow_wanted;    /* What weir_grow() was refused in this step. */
    bool has_passed_order;   /* Was in an in_order stage: cannot begin again. */
    enum weir_status status; /* Of the step so far. */
    uint32_t parts_started;
    uint32_t parts_ended;
    uint32_t calls_inside; /* run() calls that have not returned. */
    uint32_t attempt;      /* How often it began again. */
    uint64_t step_start_ns;
    uint64_t *part_starts_ns; /* Of a step of several requests; NULL: all began with the step. */
    uint32_t part_starts_count;
    uint64_t step_busy_ns; /* Of its parts so far. */
    double best_ns;        /* Of its steps so far, with their parts side by side. */
    uint64_t step_best_ns; /* The same, had nothing been in the way of its requests. */

    /* Atomic: parts allocate without the engine's lock. */
    _Atomic uint64_t room;     /* Granted and not allocated. */
    _Atomic uint64_t room_min; /* The least of it in this step. */
    _Atomic uint64_t moved;

    /* Guarded by the block pool's lock. */
    struct weir_block_list blocks;

    uint32_t step;
    uint32_t step_count;
    struct weir_step route[];
};

struct weir_group {
    struct weir_unit unit;
    struct weir_job *join; /* The group's own job; holds what is retained. */
    uint64_t retained_max;
    struct weir_link members; /* Jobs that have not left, by seq; those that began come first. */
    struct weir_job *fresh;   /* The first that has not begun; NULL: all have. */
    uint64_t done_count;      /* Jobs that ended well. */
    double longest_ns;        /* The longest that one of them took at best. */
    bool is_closed;
    bool is_join_waiting; /* Counted in stage->joins_waiting. */
    enum weir_status why; /* WEIR_OK, or why the group is given up. */
};

struct weir_sched_stage {
    struct weir_stage config;
    struct weir_link granted;  /* Jobs with parts that no worker has taken. */
    struct weir_link ready;    /* Jobs of units that have begun. */
    struct weir_link fresh;    /* First jobs of units that have not. */
    struct weir_link ordered;  /* Jobs whose turn it is not. */
    uint32_t running;          /* Parts in run() or pending. */
    uint32_t waiting;          /* Jobs in ready, fresh and ordered. */
    uint32_t joins_waiting;    /* Groups of which a part is done and whose join begins with it. */
    uint64_t expected;         /* Steps of jobs that are still to be done in it. */
    double pending_share;      /* Of its run() calls that returned WEIR_PENDING, of late. */
    bool is_pending;           /* Most of them. */
    uint64_t scanned;          /* s->version when its queues were last looked through in vain. */
    enum weir_refusal refusal; /* Of that look, */
    enum weir_budget refusal_budget; /* and for which memory. */
    enum weir_refusal refused;       /* While in the current state. */

    enum weir_state state;
    uint64_t state_since_ns;
    uint64_t state_ns[WEIR_STATE_COUNT]; /* Until state_since_ns. */
    uint64_t one_ns;                     /* With one part running. */
    uint32_t running_settled;            /* `running` as the last call left it. */
    uint64_t refused_ns[WEIR_REFUSED_COUNT];
    uint64_t parts_done;
    uint64_t jobs_done;
    uint64_t busy_ns;
    uint64_t worker_ns; /* Of workers inside run(). */
    uint64_t wait_ns;   /* Of that, not on a core. */
    uint64_t moved;
    uint64_t held, held_max;
    uint64_t claimed, used;
    uint32_t histogram[WEIR_HISTOGRAM_COUNT]; /* Of part durations; see account.c. */
};

struct weir_sched_resource {
    struct weir_resource config; /* WEIR_CPU's kind is of no meaning. */
    uint32_t slots;              /* WEIR_CPU: the workers. */
    uint32_t in_use;             /* Parts; WEIR_CPU: workers in a run(). */
    struct weir_iolimit limit;   /* Of an ASYNC resource. */
    uint64_t busy_ns;
    uint64_t amount; /* Bytes or steps done. */
    uint64_t steps;
    uint64_t in_use_ns;      /* Integral of in_use, until the last call. */
    uint32_t in_use_settled; /* in_use as that call left it. */
    bool is_full;            /* As told to `limit`. */
};

enum weir_source_state {
    WEIR_SOURCE_IDLE,
    WEIR_SOURCE_CALLED, /* next() is running. */
    WEIR_SOURCE_LATER,
    WEIR_SOURCE_ENDED,
};

struct weir_sched_source {
    weir_next_fn *next;
    void *user;
    enum weir_source_state state;
    bool is_woken;        /* weir_wake() came while next() was running. */
    double left;          /* What it said that it has left; 0: nothing. */
    double turn;          /* Of the next that it submits, at the least; see submit.c. */
    uint64_t fresh_count; /* Its jobs that have not begun. */
};

struct weir_sched {
    struct weir_hooks hooks;
    struct weir *w;
    bool is_simplest;
    uint32_t rules;
    weir_baseline_fn *baseline; /* NULL: none. */
    void *baseline_context;
    uint32_t worker_count;
    struct weir_purse purses[2];
    struct weir_sched_stage *stages; /* WEIR_STAGES_MAX of them. */
    uint32_t stage_count;
    struct weir_sched_resource resources[WEIR_RESOURCES_MAX];
    uint32_t resource_count;
    struct weir_sched_source sources[WEIR_SOURCES_MAX];
    uint32_t source_count;
    uint32_t source_next; /* Whose turn to be called it is. */
    double turn;          /* Of units that have begun, the largest. */
    double turn_last;     /* Of all units. */

    struct weir_link all;  /* Every job, joins included. */
    struct weir_link ends; /* Jobs in WEIR_JOB_ENDING or EMPTIED that nobody has taken. */
    uint64_t job_count;    /* In `all`. */
    uint64_t seq;

    _Atomic bool is_cancelled; /* Set under the lock, read without it. */
    enum weir_status status;
    char failure[200]; /* What the engine itself found wrong; or "". */

    uint64_t calls;      /* Calls of next() and drop() that have not returned. */
    uint64_t now_ns;     /* Of the last call. */
    uint64_t settled_ns; /* Until when the clocks are kept. */
    uint64_t version;    /* Changes with all that may let a refused step pass. */
    uint64_t transitions;
    uint64_t retries;
    uint64_t retry_ns;         /* Busy time of steps that had to run again. */
    double cpu_share;          /* Of the workers that were busy, smoothed. */
    double needed_byte_ns;     /* Memory times the time that steps took, of data jobs. */
    uint64_t memory_wait_ns;   /* Time with a step refused for memory, */
    uint64_t purse_wait_ns[2]; /* and for that of each purse. */
    bool is_refused[2];        /* There is one. */
    uint64_t tail_ns;          /* Time with nothing more to begin and idle workers. */
    bool is_tail;              /* It is so. */
    uint64_t clocked_ns;       /* Time that the clocks ran. */
    bool is_clocked;           /* They run. */
};

enum weir_task_kind {
    WEIR_TASK_PART, /* Call run(), then weir_sched_returned(). */
    WEIR_TASK_NEXT, /* Call the source's next(), then weir_sched_source_returned(). */
    WEIR_TASK_END,  /* Release the job's blocks, then weir_sched_released(). */
};

struct weir_task {
    enum weir_task_kind kind;
    struct weir_job *job;
    int stage;
    uint32_t part;
    int source;
    bool is_on_worker; /* Taken by one of WEIR_CPU. */
    uint64_t wait_ns;  /* Set by the caller: of its time in run(), not spent on a core. */
};

/* False without memory. */
bool weir_sched_init(struct weir_sched *s, struct weir *w, const struct weir_config *config,
                     const struct weir_hooks *hooks);
/* Jobs that were submitted and never run are gone first: see weir_sched_cancel(). */
void weir_sched_fini(struct weir_sched *s);

int weir_sched_add_resource(struct weir_sched *s, const struct weir_resource *resource);
int weir_sched_add_stage(struct weir_sched *s, const struct weir_stage *stage);
int weir_sched_add_source(struct weir_sched *s, weir_next_fn *next, void *user);

struct weir_submission {
    struct weir_group *group;
    enum weir_budget budget;
    const struct weir_step *route;
    uint32_t step_count;
    void *item;
    weir_drop_fn *drop;
    int source; /* In whose next() it happens; -1: elsewhere. */
};

enum weir_status weir_sched_submit(struct weir_sched *s, const struct weir_submission *job);
/* `join` is a submission without a group. NULL without memory, or where it can never fit. */
struct weir_group *weir_sched_open_group(struct weir_sched *s, const struct weir_submission *join,
                                         uint64_t retained_max);
void weir_sched_close_group(struct weir_sched *s, struct weir_group *group);

/*
 * Gives the next task for a thread of `resource`: WEIR_CPU's workers also start ASYNC steps, and
 * WEIR_STARTER does only that, where run() is known to return at once. False: nothing now.
 */
bool weir_sched_pick(struct weir_sched *s, int resource, uint64_t now_ns, struct weir_task *ret);

/* False: weir_sched_pick() would surely find nothing, not counting ended jobs. Cheap. */
bool weir_sched_may_pick(const struct weir_sched *s, int resource);

/* run() has returned, after `busy_ns`. */
void weir_sched_returned(struct weir_sched *s, const struct weir_task *task,
                         enum weir_status status, uint64_t busy_ns, uint64_t now_ns);
void weir_sched_done(struct weir_sched *s, struct weir_job *job, uint32_t part,
                     enum weir_status status, uint64_t moved, uint64_t now_ns);
void weir_sched_source_returned(struct weir_sched *s, int source, enum weir_status status,
                                uint64_t now_ns);

/* True: drop() is to be called with job->item and job->why, then weir_sched_dropped(). */
bool weir_sched_released(struct weir_sched *s, struct weir_job *job, uint64_t now_ns);
void weir_sched_dropped(struct weir_sched *s, struct weir_job *job, uint64_t now_ns);

/* From next() of `source`: what it has left. */
void weir_sched_source_left(struct weir_sched *s, int source, uint64_t bytes);
void weir_sched_wake(struct weir_sched *s);
void weir_sched_cancel(struct weir_sched *s);

/* The clocks run between these two; weir_sched_tick() brings them up to date. */
void weir_sched_start(struct weir_sched *s, uint64_t now_ns);
void weir_sched_tick(struct weir_sched *s, uint64_t now_ns);
void weir_sched_stop(struct weir_sched *s, uint64_t now_ns);

enum weir_status weir_sched_grow(struct weir_sched *s, struct weir_job *job, uint64_t bytes,
                                 bool is_optional);
void weir_sched_shrink(struct weir_sched *s, struct weir_job *job, uint64_t bytes);
void weir_sched_set_parts(struct weir_sched *s, struct weir_job *job, uint32_t step_index,
                          uint32_t part_count);

/* All sources have ended and all jobs are gone. */
bool weir_sched_is_over(const struct weir_sched *s);

/* Takes bytes out of the job's room. False when it has not that many. */
bool weir_job_take_room(struct weir_job *job, uint64_t bytes);
void weir_job_add_room(struct weir_job *job, uint64_t bytes);

/* The process takes more than it should: from now on `bytes` are enough for both budgets. */
void weir_sched_lower(struct weir_sched *s, uint64_t bytes);

/* The store asked to be spared. */
void weir_sched_throttled(struct weir_sched *s, int resource, uint64_t now_ns);

/* Asserts the invariants; slow. */
void weir_sched_check(const struct weir_sched *s);

#endif
