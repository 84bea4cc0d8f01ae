/* SPDX-License-Identifier: Apache-2.0 */

#include "base/names.h"

#include <stdio.h>
#include <string.h>

#include "support/test.h"

TEST(names_are_found_by_their_number)
{
    struct rg_names names;
    char text[16];

    rg_names_init(&names, &t->allocator);
    CHECK(rg_names_find(&names, rg_span_of("0"), 0) == SIZE_MAX);
    for (unsigned i = 0; i < 1000; i++) {
        (void)snprintf(text, sizeof text, "%u", i);
        CHECK(rg_names_find(&names, rg_span_of(text), i) == SIZE_MAX);
        const size_t count = names.count;
        const bool is_added = rg_names_add(&names, rg_span_of(text));
        CHECK_U64(names.count, count + is_added);
        CHECK_MEMORY(is_added ? &names : NULL);
    }
    CHECK_U64(rg_names_find(&names, rg_span_of("7"), 7), 7);
    CHECK_U64(rg_names_find(&names, rg_span_of("7"), SIZE_MAX), 7);
    CHECK_U64(rg_names_find(&names, rg_span_of("999"), 3), 999);
    CHECK(rg_names_find(&names, rg_span_of("1000"), 3) == SIZE_MAX);
    CHECK_TEXT((const char *)names.items[12].text.data, "12");
    rg_names_reset(&names);
    CHECK(rg_names_find(&names, rg_span_of("7"), 7) == SIZE_MAX);
    CHECK_MEMORY(rg_names_add(&names, rg_span_of("7")) ? &names : NULL);
    CHECK_U64(rg_names_find(&names, rg_span_of("7"), SIZE_MAX), 0);
    rg_names_fini(&names);
    rg_names_fini(&names);
}

/* Against a search of all. */
static void finds_what_a_search_finds(struct test *t, struct choices *c)
{
    enum {
        COUNT = 300
    };
    uint32_t known[COUNT];
    struct rg_names names;

    rg_names_init(&names, &t->allocator);
    for (uint32_t i = 0; i < COUNT; i++) {
        const uint32_t value = choose(c, 400);
        const struct rg_span text = {(const uint8_t *)&value, 1 + choose(c, 3)};
        size_t wanted = SIZE_MAX;

        for (size_t k = 0; k < names.count; k++) {
            if (names.items[k].text.bytes == text.bytes &&
                memcmp(&known[k], text.data, text.bytes) == 0)
                wanted = k;
        }
        CHECK_U64(rg_names_find(&names, text, choose(c, COUNT)), wanted);
        if (wanted != SIZE_MAX)
            continue;
        known[names.count] = value;
        CHECK_MEMORY(rg_names_add(&names, text) ? &names : NULL);
    }
    rg_names_fini(&names);
}

TEST(it_finds_what_a_search_finds)
{
    test_property(t, "finds_what_a_search_finds", 200, finds_what_a_search_finds);
}

int main(int argc, char **argv)
{
    static const struct test_case cases[] = {
        {"names_are_found_by_their_number", names_are_found_by_their_number},
        {"it_finds_what_a_search_finds", it_finds_what_a_search_finds},
    };

    return test_main("base/names", cases, sizeof cases / sizeof cases[0], argc, argv);
}
