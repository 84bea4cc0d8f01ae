/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Parts of some operations on a store that ends them when it likes: before rg_store_start()
 * returns, or later from a thread of its own, in any order. On the real engine.
 */

#include "compact/request.h"

#include <pthread.h>

#include "support/test.h"

enum {
    JOBS = 12,
    PARTS = 3,
    OPS = 5,
    POOL = JOBS * PARTS * OPS,
};

/* A store whose operations move nothing. */
struct slow_store {
    struct rg_store store;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    struct rg_store_op *pending[POOL]; /* Guarded by lock. */
    uint32_t pending_count;
    uint64_t seed; /* Guarded by lock: which one is next. */
    bool is_over;
};

struct request {
    struct rg_part_request request;
    struct rg_segment segment;
    bool is_late;
    atomic_uint ends;
};

struct job {
    struct rg_part_requests parts[PARTS];
    struct request ops[PARTS][OPS];
    uint32_t op_counts[PARTS];
    struct world *world;
};

struct world {
    struct slow_store store;
    struct job jobs[JOBS];
    uint32_t next_job;
    uint64_t moved_bytes; /* Naive: of all operations. */
    atomic_uint checked;
    int read_stage;
    int check_stage;
};

static void end_op(struct rg_store_op *op)
{
    struct request *request = (struct request *)(void *)op;

    atomic_fetch_add(&request->ends, 1);
    op->status = RG_OK;
    op->done(op);
}

static void start_slowly(struct rg_store *base, struct rg_store_op *op)
{
    struct slow_store *store = (struct slow_store *)(void *)base;

    if (!((struct request *)(void *)op)->is_late) {
        end_op(op);
        return;
    }
    (void)pthread_mutex_lock(&store->lock);
    store->pending[store->pending_count++] = op;
    (void)pthread_cond_signal(&store->changed);
    (void)pthread_mutex_unlock(&store->lock);
}

static const struct rg_store_driver slow_driver = {.start = start_slowly};

static void *end_late_ops(void *argument)
{
    struct slow_store *store = argument;

    (void)pthread_mutex_lock(&store->lock);
    for (;;) {
        while (store->pending_count == 0 && !store->is_over)
            (void)pthread_cond_wait(&store->changed, &store->lock);
        if (store->pending_count == 0)
            break;
        store->seed = store->seed * UINT64_C(6364136223846793005) + 1;
        const uint32_t i = (uint32_t)(store->seed >> 33) % store->pending_count;
        struct rg_store_op *op = store->pending[i];

        store->pending[i] = store->pending[--store->pending_count];
        (void)pthread_mutex_unlock(&store->lock);
        end_op(op);
        (void)pthread_mutex_lock(&store->lock);
    }
    (void)pthread_mutex_unlock(&store->lock);
    return NULL;
}

static enum weir_status run_read(struct weir_job *handle, void *item, const struct weir_call *call)
{
    struct job *job = item;
    struct rg_part_requests *all = &job->parts[call->part];

    rg_part_requests_begin(all, handle, call->part);
    for (uint32_t i = 0; i < job->op_counts[call->part]; i++)
        rg_part_requests_add(all, &job->ops[call->part][i].request, &job->world->store.store);
    return rg_part_requests_end(all);
}

/* The step behind begins when every operation has ended, once. */
static enum weir_status run_check(struct weir_job *handle, void *item, const struct weir_call *call)
{
    struct job *job = item;

    (void)handle;
    (void)call;
    for (uint32_t p = 0; p < PARTS; p++) {
        for (uint32_t i = 0; i < job->op_counts[p]; i++) {
            const struct rg_store_op *op = &job->ops[p][i].request.op;
            const bool is_short = op->verb == RG_STORE_GET && op->out_bytes < op->in_bytes;

            if (atomic_load(&job->ops[p][i].ends) != 1)
                return WEIR_FAILED;
            /* Bytes that did not come are told. */
            if (op->status != (is_short ? RG_ERR_CHANGED : RG_OK))
                return WEIR_FAILED;
        }
    }
    atomic_fetch_add(&job->world->checked, 1);
    return WEIR_OK;
}

static void drop(void *item, enum weir_status why)
{
    (void)item;
    (void)why;
}

static enum weir_status next_job(struct weir *w, void *user)
{
    struct world *world = user;
    const struct weir_step route[] = {
        {.stage = world->read_stage, .part_count = PARTS},
        {.stage = world->check_stage},
    };

    if (world->next_job == JOBS)
        return WEIR_END;
    return weir_submit(w, NULL, WEIR_DATA, route, 2, &world->jobs[world->next_job++], drop);
}

/* Operations of a part: a read counts what came, a write what is in its segments. */
static void draw_job(struct world *world, struct job *job, struct choices *c)
{
    job->world = world;
    for (uint32_t p = 0; p < PARTS; p++) {
        job->op_counts[p] = choose(c, OPS);
        for (uint32_t i = 0; i < job->op_counts[p]; i++) {
            struct request *request = &job->ops[p][i];
            const uint64_t bytes = choose(c, 1000);

            request->is_late = choose(c, 2) > 0;
            request->segment.bytes = (size_t)bytes;
            if (choose_bool(c))
                request->request.op = (struct rg_store_op){
                    .verb = RG_STORE_GET,
                    .key = "x",
                    .in_bytes = bytes + choose(c, 2),
                    .out_bytes = bytes,
                };
            else
                request->request.op = (struct rg_store_op){
                    .verb = RG_STORE_UPLOAD_PART,
                    .segments = &request->segment,
                    .segment_count = 1,
                };
            world->moved_bytes += bytes;
        }
    }
}

static struct weir *make_engine(struct world *world)
{
    const struct weir_config config = {
        .size = sizeof config,
        .data_budget_bytes = 1 << 20,
        .meta_budget_bytes = 1 << 20,
        .worker_count = 2,
    };
    const struct weir_resource reads = {
        .size = sizeof reads,
        .name = "reads",
        .kind = WEIR_ASYNC,
        .slots_min = 4,
        .slots_max = 4,
    };
    struct weir *w = weir_new(&config);

    CHECK(w != NULL);
    const struct weir_stage read = {
        .size = sizeof read,
        .name = "read",
        .resource = weir_resource_add(w, &reads),
        .run = run_read,
    };
    const struct weir_stage check = {
        .size = sizeof check,
        .name = "check",
        .resource = WEIR_CPU,
        .run = run_check,
    };
    world->read_stage = weir_stage_add(w, &read);
    world->check_stage = weir_stage_add(w, &check);
    CHECK(weir_source_add(w, next_job, world) == WEIR_OK);
    return w;
}

static void a_part_ends_with_its_last_operation(struct test *t, struct choices *c)
{
    static struct world world;
    struct weir_stage_sample stages[4];
    struct weir_sample sample = {.size = sizeof sample};
    pthread_t ender;

    (void)t;
    world = (struct world){.store = {.store.driver = &slow_driver}};
    (void)pthread_mutex_init(&world.store.lock, NULL);
    (void)pthread_cond_init(&world.store.changed, NULL);
    world.store.seed = choose_u64(c);
    for (uint32_t i = 0; i < JOBS; i++)
        draw_job(&world, &world.jobs[i], c);
    struct weir *w = make_engine(&world);
    CHECK(pthread_create(&ender, NULL, end_late_ops, &world.store) == 0);
    const enum weir_status status = weir_run(w);
    (void)pthread_mutex_lock(&world.store.lock);
    world.store.is_over = true;
    (void)pthread_cond_signal(&world.store.changed);
    (void)pthread_mutex_unlock(&world.store.lock);
    CHECK(pthread_join(ender, NULL) == 0);
    weir_sample(w, &sample, stages, 4, NULL, 0);
    weir_free(w);
    (void)pthread_cond_destroy(&world.store.changed);
    (void)pthread_mutex_destroy(&world.store.lock);
    CHECK(status == WEIR_OK);
    CHECK_U64(atomic_load(&world.checked), JOBS);
    CHECK_U64(stages[world.read_stage].moved_bytes, world.moved_bytes);
}

TEST(any_order_of_ends)
{
    test_property(t, "a_part_ends_with_its_last_operation", 300,
                  a_part_ends_with_its_last_operation);
}

int main(int argc, char **argv)
{
    static const struct test_case cases[] = {
        {"any_order_of_ends", any_order_of_ends},
    };

    return test_main("compact/request", cases, sizeof cases / sizeof cases[0], argc, argv);
}
