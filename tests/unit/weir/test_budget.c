/* SPDX-License-Identifier: Apache-2.0 */

/* Claims against the definition: all orders tried. Routes against a walk along them. */

#include "weir/budget.h"

#include <string.h>

#include "support/test.h"
#include "weir/route.h"
#include "weir/submit.h"

enum {
    UNITS_MAX = 6,
};

static void *hook_alloc(void *context, size_t bytes)
{
    return rg_alloc(context, bytes);
}

static void hook_release(void *context, void *memory, size_t bytes)
{
    rg_release(context, memory, bytes);
}

/* Is there any order in which all can finish? */
static bool has_order(const struct weir_unit *units, uint32_t count, uint32_t done, uint64_t free)
{
    if (done == (1U << count) - 1)
        return true;
    for (uint32_t i = 0; i < count; i++) {
        if ((done & 1U << i) == 0 && units[i].need <= free &&
            has_order(units, count, done | 1U << i, free + units[i].held))
            return true;
    }
    return false;
}

static void change_claims(struct test *t, struct choices *c)
{
    const struct weir_hooks hooks = {hook_alloc, hook_release, &t->allocator};
    struct weir_unit units[UNITS_MAX] = {{0}};
    struct weir_purse purse;
    const uint32_t count = 1 + choose(c, UNITS_MAX - 1);

    weir_purse_init(&purse, 20);
    for (uint32_t i = 0; i < count; i++) {
        if (!weir_purse_register(&purse, &units[i], &hooks)) {
            weir_purse_fini(&purse, &hooks);
            CHECK_MEMORY(NULL);
        }
    }
    for (int step = 0; step < 40; step++) {
        struct weir_unit *unit = &units[choose(c, count - 1)];
        const uint64_t held = choose(c, 8);

        if (held > unit->held && !weir_purse_fits(&purse, held - unit->held))
            continue;
        weir_purse_set(unit, held, choose(c, 12));
        weir_purse_commit(&purse);
        weir_purse_check(&purse);
        CHECK(purse.used_max >= purse.used);
        /* One that holds nothing can be last, when its need is within the budget. */
        CHECK(weir_purse_is_safe(&purse) == has_order(units, count, 0, 20 - purse.used));
    }
    for (uint32_t i = 0; i < count; i++) {
        weir_purse_set(&units[i], 0, 0);
        weir_purse_unregister(&units[i]);
    }
    CHECK_U64(purse.used, 0);
    weir_purse_fini(&purse, &hooks);
}

TEST(safe_is_what_some_order_can_finish)
{
    test_property(t, "safe_is_what_some_order_can_finish", 500, change_claims);
}

static void walk_route(struct test *t __attribute__((unused)), struct choices *c)
{
    struct weir_step route[WEIR_STEPS_MAX] = {{0}};
    const uint32_t count = 1 + choose(c, WEIR_STEPS_MAX - 1);
    uint64_t held = choose(c, 5);
    uint64_t planned = held;
    uint64_t most = held;
    const uint64_t peak_first = held;

    for (uint32_t i = 0; i < count; i++)
        route[i] = (struct weir_step){
            .grow_bytes = choose(c, 20),
            .drop_bytes = choose(c, 30),
        };
    const uint64_t peak = weir_route_peak(route, count, held);
    for (uint32_t i = 0; i < count; i++) {
        struct weir_position at = {.held = held, .planned = planned, .step = i};
        const uint64_t before = held + weir_route_need(route, count, at);

        held += route[i].grow_bytes;
        planned += route[i].grow_bytes;
        most = held > most ? held : most;
        at =
            (struct weir_position){.held = held, .planned = planned, .step = i, .is_started = true};
        /* The claim never grows: not when a step starts, not when memory is given back. */
        CHECK(held + weir_route_need(route, count, at) <= before);
        const uint64_t early = choose(c, (uint32_t)held);
        at.held -= early;
        CHECK(at.held + weir_route_need(route, count, at) <= before);
        held -= early;
        planned = weir_route_planned_after(&route[i], planned);
        held = held < planned ? held : planned;
    }
    CHECK(most <= peak);
    CHECK(peak >= peak_first);
}

TEST(a_claim_never_grows_along_the_route)
{
    test_property(t, "a_claim_never_grows_along_the_route", 2000, walk_route);
}

TEST(estimates_are_lessened_to_what_fits)
{
    struct weir_step route[] = {
        {.grow_bytes = 40},
        {.grow_bytes = 100, .drop_bytes = 110, .is_estimate = true},
        {.drop_bytes = 30},
    };

    CHECK(weir_submit_clamp(route, 3, 0, 90));
    CHECK_U64(route[1].grow_bytes, 50);
    /* The step keeps 30, as before. */
    CHECK_U64(route[1].drop_bytes, 60);
    CHECK_U64(weir_route_peak(route, 3, 0), 90);
    CHECK(!weir_submit_clamp(route, 3, 0, 39));
}

static const struct test_case cases[] = {
    {"safe_is_what_some_order_can_finish", safe_is_what_some_order_can_finish},
    {"a_claim_never_grows_along_the_route", a_claim_never_grows_along_the_route},
    {"estimates_are_lessened_to_what_fits", estimates_are_lessened_to_what_fits},
};

int main(int argc, char **argv)
{
    return test_main("weir/budget", cases, sizeof cases / sizeof cases[0], argc, argv);
}
