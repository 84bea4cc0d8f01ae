/* SPDX-License-Identifier: Apache-2.0 */

/* The limit on requests in flight against lines whose best is known. */

#include "weir/iolimit.h"

#include "support/test.h"

static const uint64_t second = 1000000000;

/* A line on which each request moves at most `stream`, and all together at most `line` a second. */
struct line {
    double stream;
    double line;
    double latency;
    double bytes; /* Of a request. */
};

static double service_seconds(const struct line *line, uint32_t in_flight)
{
    const double share = line->line / in_flight;
    const double rate = share < line->stream ? share : line->stream;

    return line->latency + line->bytes / rate;
}

/* Runs for so long with enough waiting to fill all slots; ends come evenly. */
static uint64_t run_full(struct weir_iolimit *l, const struct line *line, uint64_t from_ns,
                         double seconds)
{
    double now = (double)from_ns;
    const double end = now + seconds * (double)second;

    while (now < end) {
        const uint32_t slots = weir_iolimit_slots(l);
        const double service = service_seconds(line, slots);

        now += service / slots * (double)second;
        weir_iolimit_set_full(l, true, (uint64_t)now);
        weir_iolimit_done(l, (uint64_t)line->bytes, (uint64_t)(service * (double)second),
                          (uint64_t)now);
    }
    return (uint64_t)now;
}

TEST(slots_come_to_where_the_line_is_full)
{
    static const struct {
        const char *about;
        struct line line;
        uint32_t least, most;
    } cases[] = {
        {"21 streams fill it", {60e6, 1.25e9, 0.03, 16e6}, 18, 50},
        {"4 streams fill it, fewer than it begins with", {60e6, 0.24e9, 0.03, 16e6}, 3, 32},
        {"latency counts: small requests", {60e6, 1.25e9, 0.03, 262144}, 120, 400},
        {"more than allowed would", {1e6, 1e12, 0.01, 1e6}, 460, 512},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct weir_iolimit l;

        weir_iolimit_init(&l, 1, 512, 0, false);
        (void)run_full(&l, &cases[i].line, second, 120);
        const uint32_t slots = weir_iolimit_slots(&l);
        if (slots < cases[i].least || slots > cases[i].most)
            test_fail(__FILE__, __LINE__, "%s: %u slots", cases[i].about, slots);
        /* And the line is nearly full, or all slots are in use. */
        const double rate = slots * cases[i].line.bytes / service_seconds(&cases[i].line, slots);
        CHECK(rate > 0.7 * cases[i].line.line || slots > 460);
    }
}

TEST(slots_follow_when_the_line_changes)
{
    struct line line = {60e6, 0.6e9, 0.03, 16e6};
    struct weir_iolimit l;

    weir_iolimit_init(&l, 1, 512, 0, false);
    const uint64_t now = run_full(&l, &line, second, 60);
    CHECK(weir_iolimit_slots(&l) < 45);
    line.line = 3e9;
    (void)run_full(&l, &line, now, 240);
    CHECK(weir_iolimit_slots(&l) >= 48);
}

TEST(windows_that_were_not_at_the_limit_say_nothing)
{
    struct weir_iolimit l;
    uint64_t now = second;

    weir_iolimit_init(&l, 1, 512, 24, false);
    for (int i = 0; i < 1000; i++) {
        now += second / 100;
        weir_iolimit_set_full(&l, false, now);
        weir_iolimit_done(&l, 1000000, second / 10, now);
    }
    CHECK_U64(weir_iolimit_slots(&l), 24);
    CHECK_U64(weir_iolimit_full_ns(&l, now), 0);
}

TEST(a_store_that_asks_to_be_spared_is_spared)
{
    const struct line line = {60e6, 1.25e9, 0.03, 16e6};
    struct weir_iolimit l;

    weir_iolimit_init(&l, 1, 512, 100, false);
    weir_iolimit_throttled(&l, second);
    CHECK_U64(weir_iolimit_slots(&l), 70);
    /* What else was in flight at the time says the same and does not count. */
    weir_iolimit_throttled(&l, second + second / 2);
    CHECK_U64(weir_iolimit_slots(&l), 70);
    (void)run_full(&l, &line, second, 1.9);
    CHECK(weir_iolimit_slots(&l) <= 70);
    weir_iolimit_throttled(&l, 4 * second);
    CHECK(weir_iolimit_slots(&l) <= 49);
}

TEST(limits_are_kept)
{
    const struct line line = {1e6, 1e6, 0.001, 1e6};
    struct weir_iolimit l;

    weir_iolimit_init(&l, 4, 6, 0, true);
    CHECK_U64(weir_iolimit_slots(&l), 6);
    (void)run_full(&l, &line, second, 100);
    CHECK(weir_iolimit_slots(&l) >= 4 && weir_iolimit_slots(&l) <= 6);
    weir_iolimit_throttled(&l, 200 * second);
    CHECK_U64(weir_iolimit_slots(&l), 4);
}

TEST(the_slope_tells_a_full_line)
{
    const struct line full = {60e6, 0.1e9, 0.03, 16e6};
    const struct line wide = {60e6, 1e12, 0.03, 16e6};
    struct weir_iolimit l;
    uint64_t now = second;

    for (int i = 0; i < 2; i++) {
        weir_iolimit_init(&l, 1, 512, 0, false);
        for (uint32_t k = 0; k < 2000; k++) {
            const uint32_t in_flight = 4 + k / 64 % 8;
            const double service = service_seconds(i == 0 ? &full : &wide, in_flight);

            now += (uint64_t)(service / in_flight * (double)second);
            weir_iolimit_done(&l, 16000000, (uint64_t)(service * (double)second), now);
        }
        const double slope = weir_slope_value(&l.slope);
        CHECK(i == 0 ? slope >= 0 && slope < 0.2 : slope > 0.9);
    }
}

/* First whole files, then only ends of files: so many a second, and far fewer bytes. */
TEST(small_requests_do_not_ruin_the_limit_of_large_ones)
{
    const struct line large = {60e6, 1e12, 0.3, 235e3};
    const struct line small = {60e6, 1e12, 0.3, 500};
    struct weir_iolimit l;

    weir_iolimit_init(&l, 1, 64, 0, true);
    const uint64_t now = run_full(&l, &large, second, 1.6);
    CHECK_U64(weir_iolimit_slots(&l), 64);
    (void)run_full(&l, &small, now, 20);
    CHECK(weir_iolimit_slots(&l) >= 56);
}

/* Before that nobody knows that more would bring nothing. */
TEST(only_a_probe_tells_that_more_brings_nothing)
{
    const struct line full = {60e6, 0.12e9, 0.001, 1e6};
    struct line wide = {60e6, 1e12, 0.03, 16e6};
    struct weir_iolimit l;

    weir_iolimit_init(&l, 1, 512, 0, false);
    uint64_t now = run_full(&l, &full, second, 1);
    CHECK(!l.is_flat);
    now = run_full(&l, &full, now, 30);
    CHECK(l.is_flat && weir_iolimit_slots(&l) < 512);
    weir_iolimit_throttled(&l, now);
    CHECK(!l.is_flat);
    /* And one that brings something tells the opposite. */
    l.is_flat = true;
    (void)run_full(&l, &wide, now, 30);
    CHECK(!l.is_flat);
}

static const struct test_case cases[] = {
    {"slots_come_to_where_the_line_is_full", slots_come_to_where_the_line_is_full},
    {"slots_follow_when_the_line_changes", slots_follow_when_the_line_changes},
    {"windows_that_were_not_at_the_limit_say_nothing",
     windows_that_were_not_at_the_limit_say_nothing},
    {"a_store_that_asks_to_be_spared_is_spared", a_store_that_asks_to_be_spared_is_spared},
    {"limits_are_kept", limits_are_kept},
    {"the_slope_tells_a_full_line", the_slope_tells_a_full_line},
    {"small_requests_do_not_ruin_the_limit_of_large_ones",
     small_requests_do_not_ruin_the_limit_of_large_ones},
    {"only_a_probe_tells_that_more_brings_nothing", only_a_probe_tells_that_more_brings_nothing},
};

int main(int argc, char **argv)
{
    return test_main("weir/iolimit", cases, sizeof cases / sizeof cases[0], argc, argv);
}
