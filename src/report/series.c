/* SPDX-License-Identifier: Apache-2.0 */

#include "report/series.h"

#include <string.h>

/* Short runs are worth a curve too. */
static const uint64_t interval_ns_first = UINT64_C(10000000);

static void thin(struct rg_series *series)
{
    /* The later one of each pair stays: sums since the beginning have the earlier one in them. */
    for (uint32_t i = 0; i < series->point_count / 2; i++)
        series->points[i] = series->points[i * 2 + 1];
    series->point_count /= 2;
    /* About twice what it was, or more where samples come more rarely. */
    series->interval_ns = series->points[series->point_count - 1].wall_ns / series->point_count;
}

static struct rg_series_point point_of(const struct rg_job_sample *sample)
{
    struct rg_series_point point = {
        .wall_ns = sample->engine.wall_ns,
        .in_bytes = sample->in_bytes_moved,
        .out_bytes = sample->out_bytes,
        .resident_bytes = sample->resident_bytes,
        .claimed_bytes = sample->engine.data_used + sample->engine.meta_used,
    };

    for (uint32_t i = 0; i < sample->engine.stage_count && i < RG_JOB_STAGES_MAX; i++)
        memcpy(point.state_ns[i], sample->stages[i].state_ns, sizeof point.state_ns[i]);
    return point;
}

void rg_series_add(struct rg_series *series, const struct rg_job_sample *sample)
{
    const uint64_t now = sample->engine.wall_ns;
    uint64_t last = 0;

    if (series->last.size != 0 && now < series->last.engine.wall_ns)
        return;
    series->last = *sample;
    if (series->interval_ns == 0)
        series->interval_ns = interval_ns_first;
    if (series->point_count == RG_SERIES_POINTS_MAX)
        thin(series);
    if (series->point_count > 0)
        last = series->points[series->point_count - 1].wall_ns;
    if (now < last + series->interval_ns)
        return;
    series->points[series->point_count++] = point_of(sample);
}

enum weir_state rg_series_state(const struct rg_series *series, uint32_t point, uint32_t stage)
{
    const uint64_t *now = series->points[point].state_ns[stage];
    const uint64_t *then = point > 0 ? series->points[point - 1].state_ns[stage] : NULL;
    enum weir_state state = WEIR_STATE_DONE;
    uint64_t most = 0;

    for (unsigned s = 0; s < WEIR_STATE_COUNT; s++) {
        const uint64_t before = then != NULL ? then[s] : 0;
        const uint64_t ns = now[s] > before ? now[s] - before : 0;

        if (ns > most) {
            most = ns;
            state = (enum weir_state)s;
        }
    }
    return state;
}
