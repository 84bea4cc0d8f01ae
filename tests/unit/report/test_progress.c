/* SPDX-License-Identifier: Apache-2.0 */

#include "report/progress.h"

#include <string.h>

#include "support/test.h"

static const uint64_t second = UINT64_C(1000000000);
static const uint64_t mib = UINT64_C(1) << 20;

/* A job that has run for so many seconds at 100 MiB/s in, 90 MiB/s out. */
static struct rg_job_sample sample_at(uint64_t seconds)
{
    struct rg_job_sample sample = {
        .size = sizeof sample,
        .partition_count = 4,
        .partition_done_count = seconds / 10,
        .file_count = 400,
        .file_done_count = seconds * 10,
        .in_bytes = 4000 * mib,
        .in_bytes_moved = seconds * 100 * mib,
        .out_bytes = seconds * 90 * mib,
        .resident_bytes = 300 * mib,
        .memory_limit_bytes = 512 * mib,
        .is_total_known = true,
        .engine = {.wall_ns = seconds * second, .stage_count = 3},
    };

    sample.stages[0] =
        (struct weir_stage_sample){.name = "footers parse", .state = WEIR_STATE_DONE};
    sample.stages[0].state_ns[WEIR_STATE_DONE] = seconds * second;
    sample.stages[1] = (struct weir_stage_sample){.name = "stitch",
                                                  .state = WEIR_STATE_RUN,
                                                  .running = 2,
                                                  .waiting = 3,
                                                  .jobs_done = seconds};
    sample.stages[1].state_ns[WEIR_STATE_RUN] = seconds * second * 3 / 4;
    sample.stages[1].state_ns[WEIR_STATE_NO_MEMORY] = seconds * second / 4;
    sample.stages[2] = (struct weir_stage_sample){.name = "upload", .state = WEIR_STATE_STARVED};
    sample.stages[2].state_ns[WEIR_STATE_STARVED] = seconds * second;
    return sample;
}

static void init(struct test *t, struct rg_progress *progress, enum rg_progress_form form,
                 uint32_t columns)
{
    const struct rg_progress_style style = {
        .size = sizeof style, .form = form, .column_count = columns};

    rg_progress_init(progress, &style, "compact a -> b", &t->allocator);
}

TEST(a_line_tells_where_it_stands)
{
    struct rg_progress progress;
    struct rg_job_sample sample = sample_at(2);

    init(t, &progress, RG_PROGRESS_FORM_LINE, 0);
    const char *text = rg_progress_text(&progress, &sample, "12:00:02", "words");
    if (text != NULL)
        CHECK_TEXT(text, "12:00:02 5% 200.0MiB/3.91GiB partitions=0/4 files=20/400 in=100.0MiB/s "
                         "out=90.0MiB/s mem=300.0MiB/512.0MiB limit=stitch(run)\n");
    sample = sample_at(20);
    sample.retry_count = 7;
    sample.file_alone_count = 1;
    sample.is_draining = true;
    text = rg_progress_text(&progress, &sample, NULL, NULL);
    if (text != NULL)
        CHECK_TEXT(text, "50% 1.95GiB/3.91GiB partitions=2/4 files=200/400 in=100.0MiB/s "
                         "out=90.0MiB/s mem=300.0MiB/512.0MiB eta=20s limit=stitch(run) retries=7 "
                         "left-alone=1 draining\n");
    sample = sample_at(21);
    sample.is_total_known = false;
    text = rg_progress_text(&progress, &sample, NULL, NULL);
    if (text != NULL)
        CHECK(strncmp(text, "listing 2.05GiB/>=3.91GiB ", 26) == 0);
    rg_progress_fini(&progress);
}

TEST(rates_are_of_the_last_ten_seconds)
{
    struct rg_progress progress;

    init(t, &progress, RG_PROGRESS_FORM_LINE, 0);
    for (uint64_t s = 1; s <= 30; s++) {
        struct rg_job_sample sample = sample_at(s);

        /* From second 20 on nothing moves. */
        if (s > 20) {
            sample.in_bytes_moved = 2000 * mib;
            sample.out_bytes = 1800 * mib;
        }
        const struct rg_pace pace = rg_progress_pace(&progress, &sample);
        if (s > 1 && s <= 20)
            CHECK_U64(pace.in_rate, 100 * mib);
        if (s == 25)
            CHECK_U64(pace.in_rate, 50 * mib);
        if (s == 30) {
            CHECK_U64(pace.in_rate, 0);
            CHECK(!pace.has_eta);
        }
        rg_progress_text(&progress, &sample, NULL, NULL);
    }
    rg_progress_fini(&progress);
}

/* On no terminal: a line every 30 seconds. */
TEST(rates_are_of_the_time_since_a_line_that_is_older)
{
    struct rg_progress progress;
    struct rg_job_sample sample = sample_at(30);

    init(t, &progress, RG_PROGRESS_FORM_LINE, 0);
    rg_progress_text(&progress, &sample, NULL, NULL);
    sample.engine.wall_ns = 60 * second;
    sample.in_bytes_moved += 30 * mib;
    const struct rg_pace slow = rg_progress_pace(&progress, &sample);
    CHECK_U64(slow.in_rate, mib);
    CHECK_U64(slow.out_rate, 0);
    rg_progress_text(&progress, &sample, NULL, NULL);
    sample.engine.wall_ns = 90 * second;
    const struct rg_pace none = rg_progress_pace(&progress, &sample);
    CHECK_U64(none.in_rate, 0);
    CHECK(!none.has_eta);
    rg_progress_fini(&progress);
}

/* Of all the bytes there are, at one a second: no number of seconds that makes sense. */
TEST(an_end_that_is_ages_away_is_not_told)
{
    struct rg_progress progress;
    struct rg_job_sample sample = sample_at(10);

    init(t, &progress, RG_PROGRESS_FORM_LINE, 0);
    sample.in_bytes_moved = 10;
    sample.in_bytes = UINT64_MAX;
    const struct rg_pace pace = rg_progress_pace(&progress, &sample);
    CHECK_U64(pace.in_rate, 1);
    CHECK(!pace.has_eta);
    rg_progress_fini(&progress);
}

TEST(the_limiting_stage_is_the_last_that_wants_to_run)
{
    struct rg_job_sample since = sample_at(10);
    struct rg_job_sample sample = sample_at(20);
    enum weir_state state = WEIR_STATE_DONE;

    CHECK_U64(rg_progress_limit(&since, &sample, &state), 1);
    CHECK(state == WEIR_STATE_RUN);
    sample.stages[1] = since.stages[1];
    sample.stages[1].state_ns[WEIR_STATE_NO_MEMORY] += 9 * second;
    sample.stages[1].state_ns[WEIR_STATE_RUN] += second;
    CHECK_U64(rg_progress_limit(&since, &sample, &state), 1);
    CHECK(state == WEIR_STATE_NO_MEMORY);
    sample.stages[1] = since.stages[1];
    sample.stages[1].state_ns[WEIR_STATE_STARVED] += 10 * second;
    CHECK_U64(rg_progress_limit(&since, &sample, &state), 3);
}

/* A partition in "outputs" runs for as long as its outputs are made: that is no limit. */
TEST(a_stage_that_waits_for_other_jobs_limits_nothing)
{
    struct rg_job_sample since = sample_at(10);
    struct rg_job_sample sample = sample_at(20);
    enum weir_state state = WEIR_STATE_DONE;

    for (unsigned i = 0; i < 2; i++) {
        struct rg_job_sample *at = i == 0 ? &since : &sample;

        at->engine.resource_count = 2;
        at->resources[WEIR_CPU].name = "cpu";
        at->resources[1].name = "waiting";
        at->stages[2] = (struct weir_stage_sample){.name = "outputs", .resource = 1};
        at->stages[2].state_ns[WEIR_STATE_RUN] = (i + 1) * 10 * second;
    }
    CHECK_U64(rg_progress_limit(&since, &sample, &state), 1);
    CHECK(state == WEIR_STATE_RUN);
    /* Another resource's would. */
    sample.resources[1].name = "ledger";
    CHECK_U64(rg_progress_limit(&since, &sample, &state), 2);
}

/* Lines of a block as they stand on the terminal: escapes taken out. */
static void strip_escapes(const char *text, char *plain, size_t bytes)
{
    size_t at = 0;

    for (; *text != 0 && at + 1 < bytes; text++) {
        if (*text != '\x1b') {
            plain[at++] = *text;
            continue;
        }
        while (*text != 0 && !((*text >= 'A' && *text <= 'Z') || *text == 'm'))
            text++;
    }
    plain[at] = 0;
}

TEST(a_block_is_drawn_over_the_last_one)
{
    struct rg_progress progress;
    struct rg_job_sample sample = sample_at(4);
    char plain[2000];

    init(t, &progress, RG_PROGRESS_FORM_BLOCK, 80);
    CHECK_TEXT(rg_progress_erase(&progress), "");
    const char *text = rg_progress_text(&progress, &sample, NULL, "stitch limits it: CPU");
    if (text != NULL) {
        strip_escapes(text, plain, sizeof plain);
        CHECK_TEXT(
            plain,
            "compact a -> b  4.0 s  ETA 36 s  memory 300.0 MiB of 512.0 MiB\n"
            "##..................  10 %  400.0 MiB of 3.91 GiB  in 105 MB/s  out 94 MB/s\n"
            "40 of 400 files, 0 of 4 partitions done\n"
            "  footers parse ............ done        0 run    0 wait       0 done       0 B\n"
            "> stitch        #########::: run         2 run    3 wait       4 done       0 B\n"
            "  upload        ............ starved     0 run    0 wait       0 done       0 B\n"
            "stitch limits it: CPU\n");
    }
    sample = sample_at(5);
    text = rg_progress_text(&progress, &sample, NULL, NULL);
    if (text != NULL)
        CHECK(strncmp(text, "\x1b[7A\r", 5) == 0);
    text = rg_progress_erase(&progress);
    if (*text != 0)
        CHECK_TEXT(text, "\x1b[6A\r\x1b[J");
    CHECK_TEXT(rg_progress_erase(&progress), "");
    rg_progress_fini(&progress);
}

TEST(lines_of_a_block_never_wrap)
{
    struct rg_progress progress;
    struct rg_job_sample sample = sample_at(4);

    for (uint32_t columns = 10; columns < 140; columns += 13) {
        const struct rg_progress_style style = {.size = sizeof style,
                                                .form = RG_PROGRESS_FORM_BLOCK,
                                                .column_count = columns,
                                                .line_count = 8,
                                                .has_color = true,
                                                .is_utf8 = true};
        char plain[4000];
        uint32_t width = 0;
        uint32_t lines = 0;

        rg_progress_init(
            &progress, &style,
            "compact \x1b[31m\xc3\xa9\xe5\x90\x8d\xe5\x90\x8d\xe5\x90\x8d\xe5\x90\x8d\xe5\x90\x8d "
            "-> b",
            &t->allocator);
        const char *text = rg_progress_text(&progress, &sample, NULL, "a long sentence on limits");
        if (text != NULL) {
            strip_escapes(text, plain, sizeof plain);
            for (const char *c = plain; *c != 0; c++) {
                lines += *c == '\n';
                /* The ideograph begins with e5, and takes two cells. */
                const uint32_t cells =
                    (uint8_t)*c == 0xe5 ? 2 : (uint32_t)(((uint8_t)*c & 0xc0) != 0x80);

                width = *c == '\n' ? 0 : width + cells;
                CHECK(width < columns);
            }
            CHECK(lines < 8);
        }
        rg_progress_fini(&progress);
    }
}

TEST(json_is_one_object_in_a_line)
{
    static const struct rg_left_alone alone = {"a.parquet", RG_ERR_LIMIT, "too \"large\""};
    const struct rg_event event = {
        .size = sizeof event, .kind = RG_EVENT_LEFT_ALONE, .text = alone.text, .alone = &alone};
    const struct rg_report report = {.size = sizeof report};
    struct rg_progress progress;
    struct rg_job_sample sample = sample_at(4);

    init(t, &progress, RG_PROGRESS_FORM_JSON, 0);
    const char *text = rg_progress_text(&progress, &sample, NULL, "why");
    if (text != NULL) {
        CHECK(strncmp(text, "{\"v\":1,\"event\":\"progress\",\"wall_ns\":4000000000,", 46) == 0);
        CHECK(strstr(text, "\"name\":\"stitch\",\"state\":\"run\"") != NULL);
        CHECK(strstr(text, ",\"eta_ns\":36000000000,") != NULL);
        CHECK(strchr(text, '\n') == text + strlen(text) - 1);
    }
    text = rg_progress_event(&progress, &event);
    if (text != NULL)
        CHECK_TEXT(text, "{\"v\":1,\"event\":\"left-alone\",\"path\":\"a.parquet\","
                         "\"status\":\"over a limit\",\"text\":\"too \\\"large\\\"\"}\n");
    text = rg_progress_finish(&progress, &report, RG_ERR_IO, "disk full");
    if (text != NULL)
        CHECK(strstr(text, "\"event\":\"finished\",\"status\":\"i/o error\",\"text\":\"disk") !=
              NULL);
    rg_progress_fini(&progress);
}

TEST(a_plan_tells_what_it_has_seen)
{
    struct rg_progress progress;
    struct rg_job_sample sample = sample_at(20);

    sample.in_bytes_moved = 0;
    sample.is_dry = true;
    init(t, &progress, RG_PROGRESS_FORM_LINE, 0);
    const char *text = rg_progress_text(&progress, &sample, NULL, NULL);
    if (text != NULL)
        CHECK_TEXT(text, "planning 3.91GiB partitions=2/4 files=400 mem=300.0MiB/512.0MiB "
                         "limit=stitch(run)\n");
    rg_progress_fini(&progress);
    init(t, &progress, RG_PROGRESS_FORM_BLOCK, 80);
    sample.is_total_known = false;
    text = rg_progress_text(&progress, &sample, NULL, NULL);
    if (text != NULL)
        CHECK(strstr(text,
                     "\x1b[K\n3.91 GiB in 400 files, 2 of at least 4 partitions planned\x1b[K") !=
              NULL);
    rg_progress_fini(&progress);
}

/* A verification that has read for so many seconds at 100 MiB/s. */
static struct rg_verify_sample verified_at(uint64_t seconds)
{
    return (struct rg_verify_sample){
        .size = sizeof(struct rg_verify_sample),
        .wall_ns = seconds * second,
        .read_bytes = seconds * 100 * mib,
        .total_bytes = 4000 * mib,
        .is_total_known = true,
        .partition_count = 4,
        .partition_done_count = seconds / 10,
    };
}

TEST(a_verification_tells_where_it_stands)
{
    struct rg_progress progress;
    struct rg_verify_sample sample = verified_at(2);

    init(t, &progress, RG_PROGRESS_FORM_LINE, 0);
    sample.is_total_known = false;
    const char *text = rg_progress_verify_text(&progress, &sample, "12:00:02");
    if (text != NULL)
        CHECK_TEXT(text, "12:00:02 listing partitions=0/4 in=100.0MiB/s\n");
    sample = verified_at(20);
    text = rg_progress_verify_text(&progress, &sample, NULL);
    if (text != NULL)
        CHECK_TEXT(text, "50% 1.95GiB/3.91GiB partitions=2/4 in=100.0MiB/s eta=20s\n");
    sample = verified_at(80); /* What differs is read again. */
    text = rg_progress_verify_text(&progress, &sample, NULL);
    if (text != NULL)
        CHECK_TEXT(text, "100% 7.81GiB/3.91GiB partitions=8/4 in=100.0MiB/s eta=0s\n");
    rg_progress_fini(&progress);
}

TEST(a_block_of_a_verification_is_drawn_over_the_last_one)
{
    struct rg_progress progress;

    init(t, &progress, RG_PROGRESS_FORM_BLOCK, 80);
    for (uint64_t s = 10; s <= 20; s += 10) {
        const struct rg_verify_sample sample = verified_at(s);
        const char *text = rg_progress_verify_text(&progress, &sample, NULL);

        if (text == NULL)
            continue;
        CHECK(s == 10 || strncmp(text, "\x1b[3A\r", 5) == 0);
        CHECK(strstr(text, s == 10 ? "  10 s  ETA 30 s" : "  20 s  ETA 20 s") != NULL);
        CHECK(strstr(text, s == 10 ? "1 of 4 partitions done" : "2 of 4 partitions done") != NULL);
        CHECK(strstr(text, s == 10 ? "  25 %" : "  50 %") != NULL);
    }
    rg_progress_fini(&progress);
}

TEST(json_of_a_verification_is_one_object_in_a_line)
{
    struct rg_progress progress;
    const struct rg_verify_sample sample = verified_at(20);

    init(t, &progress, RG_PROGRESS_FORM_JSON, 0);
    const char *text = rg_progress_verify_text(&progress, &sample, NULL);
    if (text != NULL)
        CHECK_TEXT(text,
                   "{\"v\":1,\"event\":\"progress\",\"wall_ns\":20000000000,\"total_known\":true,"
                   "\"read_bytes\":2097152000,\"total_bytes\":4194304000,\"partitions\":4,"
                   "\"partitions_done\":2,\"in_rate\":104857600,\"eta_ns\":20000000000}\n");
    rg_progress_fini(&progress);
}

int main(int argc, char **argv)
{
    static const struct test_case cases[] = {
        {"a_line_tells_where_it_stands", a_line_tells_where_it_stands},
        {"rates_are_of_the_last_ten_seconds", rates_are_of_the_last_ten_seconds},
        {"rates_are_of_the_time_since_a_line_that_is_older",
         rates_are_of_the_time_since_a_line_that_is_older},
        {"an_end_that_is_ages_away_is_not_told", an_end_that_is_ages_away_is_not_told},
        {"the_limiting_stage_is_the_last_that_wants_to_run",
         the_limiting_stage_is_the_last_that_wants_to_run},
        {"a_stage_that_waits_for_other_jobs_limits_nothing",
         a_stage_that_waits_for_other_jobs_limits_nothing},
        {"a_block_is_drawn_over_the_last_one", a_block_is_drawn_over_the_last_one},
        {"lines_of_a_block_never_wrap", lines_of_a_block_never_wrap},
        {"json_is_one_object_in_a_line", json_is_one_object_in_a_line},
        {"a_plan_tells_what_it_has_seen", a_plan_tells_what_it_has_seen},
        {"a_verification_tells_where_it_stands", a_verification_tells_where_it_stands},
        {"a_block_of_a_verification_is_drawn_over_the_last_one",
         a_block_of_a_verification_is_drawn_over_the_last_one},
        {"json_of_a_verification_is_one_object_in_a_line",
         json_of_a_verification_is_one_object_in_a_line},
    };

    return test_main("report/progress", cases, sizeof cases / sizeof cases[0], argc, argv);
}
