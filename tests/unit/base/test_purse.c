/* SPDX-License-Identifier: Apache-2.0 */

#include "base/purse.h"

#include "support/test.h"

TEST(no_more_is_given_than_there_is)
{
    struct rg_purse purse;

    rg_purse_init(&purse, &t->allocator, 100);
    void *most = rg_alloc(&purse.allocator, 60);
    CHECK_MEMORY(most);
    CHECK(rg_alloc(&purse.allocator, 41) == NULL);
    CHECK(atomic_load(&purse.was_short));
    void *rest = rg_alloc(&purse.allocator, 40);
    CHECK_MEMORY(rest);
    CHECK_U64(atomic_load(&purse.bytes_left), 0);
    rg_release(&purse.allocator, most, 60);
    rg_release(&purse.allocator, rest, 40);
    rg_release(&purse.allocator, NULL, 40);
    CHECK_U64(atomic_load(&purse.bytes_left), 100);
}

TEST(what_the_system_refuses_is_still_there)
{
    struct rg_purse purse;

    rg_purse_init(&purse, &t->allocator, 100);
    t->allocations_allowed = t->allocations;
    CHECK(rg_alloc(&purse.allocator, 60) == NULL);
    CHECK(!atomic_load(&purse.was_short));
    CHECK_U64(atomic_load(&purse.bytes_left), 100);
}

int main(int argc, char **argv)
{
    static const struct test_case cases[] = {
        {"no_more_is_given_than_there_is", no_more_is_given_than_there_is},
        {"what_the_system_refuses_is_still_there", what_the_system_refuses_is_still_there},
    };

    return test_main("base/purse", cases, sizeof cases / sizeof cases[0], argc, argv);
}
