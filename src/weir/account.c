/* SPDX-License-Identifier: Apache-2.0 */

#include "weir/account.h"

#include "weir/job.h"

const char *weir_state_name(enum weir_state state)
{
    static const char *const names[WEIR_STATE_COUNT] = {
        "run", "no-cpu", "no-slot", "no-memory", "starved", "order", "cap", "done",
    };

    return state < WEIR_STATE_COUNT ? names[state] : "?";
}

static bool has_job_in_turn(const struct weir_sched_stage *stage)
{
    if (!weir_list_is_empty(&stage->fresh))
        return true;
    for (struct weir_link *link = stage->ready.next; link != &stage->ready; link = link->next) {
        if (weir_job_is_in_turn(WEIR_OBJECT(link, struct weir_job, queue_link)))
            return true;
    }
    return false;
}

enum weir_state weir_account_state(const struct weir_sched *s, uint32_t stage_index)
{
    const struct weir_sched_stage *stage = &s->stages[stage_index];
    const struct weir_sched_resource *r = &s->resources[stage->config.resource];
    const bool is_granted = !weir_list_is_empty(&stage->granted);

    if (!is_granted && stage->waiting == 0) {
        if (stage->running > 0)
            return WEIR_STATE_RUN;
        return s->job_count == 0 ? WEIR_STATE_DONE : WEIR_STATE_STARVED;
    }
    if (!is_granted && !has_job_in_turn(stage))
        return WEIR_STATE_ORDER;
    if (stage->config.parallel_max != 0 && stage->running >= stage->config.parallel_max)
        return WEIR_STATE_CAP;
    if (r->in_use >= r->slots)
        return stage->config.resource == WEIR_CPU ? WEIR_STATE_NO_CPU : WEIR_STATE_NO_SLOT;
    if (is_granted)
        return WEIR_STATE_NO_CPU;
    return WEIR_STATE_NO_MEMORY;
}

void weir_account_sample(const struct weir_sched *s, struct weir_sample *ret_sample,
                         struct weir_stage_sample *ret_stages, uint32_t stages_max,
                         struct weir_resource_sample *ret_resources, uint32_t resources_max)
{
    ret_sample->data_used = s->purses[WEIR_DATA].used;
    ret_sample->data_used_max = s->purses[WEIR_DATA].used_max;
    ret_sample->data_budget = s->purses[WEIR_DATA].bytes_max;
    ret_sample->meta_used = s->purses[WEIR_META].used;
    ret_sample->meta_used_max = s->purses[WEIR_META].used_max;
    ret_sample->meta_budget = s->purses[WEIR_META].bytes_max;
    ret_sample->transitions = s->transitions;
    ret_sample->retries = s->retries;
    ret_sample->worker_count = s->worker_count;
    ret_sample->stage_count = s->stage_count;
    ret_sample->resource_count = s->resource_count;
    for (uint32_t i = 0; i < s->stage_count && i < stages_max; i++) {
        const struct weir_sched_stage *stage = &s->stages[i];

        ret_stages[i] = (struct weir_stage_sample){
            .name = stage->config.name,
            .resource = stage->config.resource,
            .state = weir_account_state(s, i),
            .busy_ns = stage->busy_ns,
            .parts_done = stage->parts_done,
            .jobs_done = stage->jobs_done,
            .moved_bytes = stage->moved,
            .held_bytes = stage->held,
            .held_bytes_max = stage->held_max,
            .claimed_bytes = stage->claimed,
            .used_bytes = stage->used,
            .running = stage->running,
            .waiting = stage->waiting,
        };
    }
    for (uint32_t i = 0; i < s->resource_count && i < resources_max; i++) {
        ret_resources[i] = (struct weir_resource_sample){
            .name = s->resources[i].config.name,
            .slots = s->resources[i].slots,
            .in_use = s->resources[i].in_use,
        };
    }
}
