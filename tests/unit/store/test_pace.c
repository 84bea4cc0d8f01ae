/* SPDX-License-Identifier: Apache-2.0 */

#include "store/s3/pace.h"

#include "support/test.h"

static const uint64_t ms = 1000000;

TEST(delays_grow_to_a_bound)
{
    static const struct {
        enum rg_retry retry;
        uint32_t attempt;
        uint64_t longest_ms;
    } rows[] = {
        {RG_RETRY_FAULT, 2, 50},         {RG_RETRY_FAULT, 3, 100},
        {RG_RETRY_FAULT, 4, 200},        {RG_RETRY_FAULT, 9, 5000},
        {RG_RETRY_FAULT, 1000000, 5000}, {RG_RETRY_THROTTLE, 2, 300},
        {RG_RETRY_THROTTLE, 3, 600},     {RG_RETRY_THROTTLE, 9, 20000},
        {RG_RETRY_THROTTLE, 50, 20000},
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const uint64_t longest = rows[i].longest_ms * ms;
        uint64_t seen_max = 0;

        for (uint64_t chance = 0; chance < 1000; chance++) {
            const uint64_t delay = rg_retry_delay_ns(rows[i].retry, rows[i].attempt,
                                                     chance * UINT64_C(0x9e3779b97f4a7c15), 0);

            CHECK(delay >= longest / 10 && delay < longest);
            seen_max = delay > seen_max ? delay : seen_max;
        }
        /* It is spread over all of it. */
        CHECK(seen_max > longest * 9 / 10);
    }
    CHECK_U64(rg_retry_delay_ns(RG_RETRY_AT_ONCE, 5, 77, 0), 0);
}

TEST(what_the_server_asks_for_is_waited_up_to_a_bound)
{
    CHECK_U64(rg_retry_delay_ns(RG_RETRY_THROTTLE, 2, 0, 2000 * ms), 2000 * ms);
    CHECK_U64(rg_retry_delay_ns(RG_RETRY_THROTTLE, 2, 0, 3600000 * ms), 30000 * ms);
    CHECK_U64(rg_retry_delay_ns(RG_RETRY_THROTTLE, 2, 0, UINT64_MAX), 30000 * ms);
}

TEST(limit_halves_once_for_each_wave_and_comes_back)
{
    struct rg_pace pace;
    uint64_t now_ns = 1000 * ms;

    rg_pace_init(&pace, 64);
    CHECK(rg_pace_allows(&pace, 63, now_ns));
    CHECK(!rg_pace_allows(&pace, 64, now_ns));
    for (int i = 0; i < 64; i++)
        rg_pace_note_throttle(&pace, now_ns + (uint64_t)i * ms, 0);
    CHECK_U64((uint64_t)pace.limit, 32);
    CHECK(!rg_pace_allows(&pace, 0, now_ns + 64 * ms)); /* For a moment nothing begins. */
    now_ns += 200 * ms;
    CHECK(rg_pace_allows(&pace, 31, now_ns));
    CHECK(!rg_pace_allows(&pace, 32, now_ns));
    for (int wave = 1; wave <= 20; wave++)
        rg_pace_note_throttle(&pace, now_ns + (uint64_t)wave * 1000 * ms, 0);
    CHECK_U64((uint64_t)pace.limit, 1);
    now_ns += 30000 * ms;
    CHECK(rg_pace_allows(&pace, 0, now_ns));
    /* A round of answers brings one more: about limit^2 / 2 answers to get there. */
    for (int i = 0; i < 2200; i++)
        rg_pace_note_answer(&pace);
    CHECK(pace.limit > 60 && pace.limit <= 64);
    for (int i = 0; i < 2000; i++)
        rg_pace_note_answer(&pace);
    CHECK_U64((uint64_t)pace.limit, 64);
}

TEST(a_wave_that_stalls_is_followed_by_half_of_it)
{
    struct rg_pace pace;

    rg_pace_init(&pace, 32);
    /* Of four none got through: it does not matter how many there might have been. */
    for (uint32_t left = 4; left > 0; left--)
        rg_pace_note_stall(&pace, 1000 * ms, left);
    CHECK_U64((uint64_t)pace.limit, 2);
    rg_pace_note_stall(&pace, 1400 * ms, 1); /* The same wave. */
    CHECK_U64((uint64_t)pace.limit, 2);
    CHECK(rg_pace_allows(&pace, 1, 1400 * ms)); /* Nothing is held: the store said nothing. */
    rg_pace_note_stall(&pace, 2000 * ms, 2);
    rg_pace_note_stall(&pace, 3000 * ms, 1);
    CHECK_U64((uint64_t)pace.limit, 1);
}

TEST(retry_after_holds_everything)
{
    struct rg_pace pace;

    rg_pace_init(&pace, 0); /* As 1. */
    rg_pace_note_throttle(&pace, 1000 * ms, 2000 * ms);
    CHECK(!rg_pace_allows(&pace, 0, 2999 * ms));
    CHECK(rg_pace_allows(&pace, 0, 3000 * ms));
    rg_pace_note_throttle(&pace, 4000 * ms, 3600000 * ms);
    CHECK(rg_pace_allows(&pace, 0, 34000 * ms));
}

int main(int argc, char **argv)
{
    static const struct test_case cases[] = {
        {"delays_grow_to_a_bound", delays_grow_to_a_bound},
        {"what_the_server_asks_for_is_waited_up_to_a_bound",
         what_the_server_asks_for_is_waited_up_to_a_bound},
        {"limit_halves_once_for_each_wave_and_comes_back",
         limit_halves_once_for_each_wave_and_comes_back},
        {"a_wave_that_stalls_is_followed_by_half_of_it",
         a_wave_that_stalls_is_followed_by_half_of_it},
        {"retry_after_holds_everything", retry_after_holds_everything},
    };

    return test_main("store/pace", cases, sizeof cases / sizeof cases[0], argc, argv);
}
