/* SPDX-License-Identifier: Apache-2.0 */

#include "report/series.h"

#include "support/test.h"

static const uint64_t ms = 1000000;

/* One stage that runs for the first half of every 100 ms and starves for the other. */
static struct rg_job_sample sample_at(uint64_t wall_ns)
{
    struct rg_job_sample sample = {
        .size = sizeof sample,
        .in_bytes_moved = wall_ns,
        .out_bytes = wall_ns / 2,
        .resident_bytes = 7,
        .engine = {.wall_ns = wall_ns, .stage_count = 1, .data_used = 3, .meta_used = 2},
    };
    const uint64_t cycles = wall_ns / (100 * ms);
    const uint64_t rest = wall_ns % (100 * ms);

    sample.stages[0].state_ns[WEIR_STATE_RUN] =
        cycles * 50 * ms + (rest < 50 * ms ? rest : 50 * ms);
    sample.stages[0].state_ns[WEIR_STATE_STARVED] =
        wall_ns - sample.stages[0].state_ns[WEIR_STATE_RUN];
    return sample;
}

/* `step_ns`: between two samples. */
static void check_series(const struct rg_series *series, uint64_t step_ns)
{
    uint64_t before = 0;

    CHECK(series->point_count <= RG_SERIES_POINTS_MAX);
    for (uint32_t i = 0; i < series->point_count; i++) {
        const struct rg_series_point *point = &series->points[i];

        CHECK(point->wall_ns >= before + series->interval_ns);
        CHECK(point->wall_ns <= before + 2 * series->interval_ns + step_ns);
        CHECK_U64(point->in_bytes, point->wall_ns);
        CHECK_U64(point->out_bytes, point->wall_ns / 2);
        CHECK_U64(point->resident_bytes, 7);
        CHECK_U64(point->claimed_bytes, 5);
        before = point->wall_ns;
    }
}

/* However long a run is: never too many points, never too few, and they reach from end to end. */
TEST(any_length_has_room)
{
    static struct rg_series series;
    static const uint64_t steps[] = {1000000, 20000000, 250000000, UINT64_C(60000000000)};

    for (size_t s = 0; s < sizeof steps / sizeof steps[0]; s++) {
        series = (struct rg_series){.point_count = 0};
        for (uint64_t i = 1; i <= 20000; i++) {
            const struct rg_job_sample sample = sample_at(i * steps[s]);

            rg_series_add(&series, &sample);
            if (i % 97 == 0)
                check_series(&series, steps[s]);
        }
        check_series(&series, steps[s]);
        CHECK(series.point_count >= RG_SERIES_POINTS_MAX / 4);
        const uint64_t end = series.points[series.point_count - 1].wall_ns;
        CHECK(end + series.interval_ns + steps[s] >= 20000 * steps[s]);
        CHECK_U64(series.last.engine.wall_ns, 20000 * steps[s]);
    }
}

TEST(samples_out_of_order_are_ignored)
{
    static struct rg_series series;
    struct rg_job_sample sample = sample_at(20 * ms);

    rg_series_add(&series, &sample);
    sample = sample_at(15 * ms);
    rg_series_add(&series, &sample);
    CHECK_U64(series.point_count, 1);
    CHECK_U64(series.last.engine.wall_ns, 20 * ms);
    /* Too early for a point of its own, but the newest. */
    sample = sample_at(25 * ms);
    rg_series_add(&series, &sample);
    CHECK_U64(series.point_count, 1);
    CHECK_U64(series.last.engine.wall_ns, 25 * ms);
}

TEST(the_state_of_most_of_the_time)
{
    static struct rg_series series;

    for (uint64_t i = 1; i <= 4; i++) {
        const struct rg_job_sample sample = sample_at(i * 50 * ms);

        rg_series_add(&series, &sample);
    }
    CHECK_U64(series.point_count, 4);
    CHECK_U64(rg_series_state(&series, 0, 0), WEIR_STATE_RUN);
    CHECK_U64(rg_series_state(&series, 1, 0), WEIR_STATE_STARVED);
    CHECK_U64(rg_series_state(&series, 2, 0), WEIR_STATE_RUN);
    CHECK_U64(rg_series_state(&series, 3, 0), WEIR_STATE_STARVED);
    CHECK_U64(rg_series_state(&series, 3, 1), WEIR_STATE_DONE); /* No such stage. */
}

int main(int argc, char **argv)
{
    static const struct test_case cases[] = {
        {"any_length_has_room", any_length_has_room},
        {"samples_out_of_order_are_ignored", samples_out_of_order_are_ignored},
        {"the_state_of_most_of_the_time", the_state_of_most_of_the_time},
    };

    return test_main("report/series", cases, sizeof cases / sizeof cases[0], argc, argv);
}
