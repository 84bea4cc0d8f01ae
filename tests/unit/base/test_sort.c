/* SPDX-License-Identifier: Apache-2.0 */

#include "base/sort.h"

#include <stdlib.h>
#include <string.h>

#include "support/test.h"

struct wide {
    char filling[121]; /* No multiple of a word. */
    uint8_t key;
    uint16_t check; /* Of the key: elements move as a whole. */
};

static int compare_numbers(const void *a, const void *b)
{
    const uint64_t one = *(const uint64_t *)a;
    const uint64_t other = *(const uint64_t *)b;

    return (one > other) - (one < other);
}

static int compare_wide(const void *a, const void *b)
{
    const struct wide *one = a;
    const struct wide *other = b;

    return (int)one->key - (int)other->key;
}

static void sorts_what_qsort_sorts(struct test *t, struct choices *c)
{
    uint64_t sorted[200];
    uint64_t wanted[200];
    const size_t count = choose(c, choose_bool(c) ? 8 : 200);
    const uint32_t highest = choose(c, 400); /* Small: many are equal. */

    (void)t;
    for (size_t i = 0; i < count; i++)
        sorted[i] = choose(c, highest);
    memcpy(wanted, sorted, sizeof sorted);
    if (count > 0)
        qsort(wanted, count, sizeof wanted[0], compare_numbers);
    rg_sort_in_place(sorted, count, sizeof sorted[0], compare_numbers);
    for (size_t i = 0; i < count; i++)
        CHECK_U64(sorted[i], wanted[i]);
}

TEST(it_sorts_what_qsort_sorts)
{
    test_property(t, "sorts_what_qsort_sorts", 1000, sorts_what_qsort_sorts);
}

TEST(elements_move_as_a_whole)
{
    struct wide elements[256];
    const size_t count = sizeof elements / sizeof elements[0];

    for (size_t i = 0; i < count; i++) {
        const uint8_t key = (uint8_t)(i * 93 + 7); /* 93 is odd: each key once. */

        memset(&elements[i], key, sizeof elements[i]);
        elements[i].check = (uint16_t)(key * 251);
    }
    rg_sort_in_place(elements, count, sizeof elements[0], compare_wide);
    for (size_t i = 0; i < count; i++) {
        CHECK_U64(elements[i].key, i);
        CHECK_U64(elements[i].check, i * 251);
        CHECK_U64((uint8_t)elements[i].filling[0], i);
        CHECK_U64((uint8_t)elements[i].filling[sizeof elements[i].filling - 1], i);
    }
}

int main(int argc, char **argv)
{
    static const struct test_case cases[] = {
        {"it_sorts_what_qsort_sorts", it_sorts_what_qsort_sorts},
        {"elements_move_as_a_whole", elements_move_as_a_whole},
    };

    return test_main("base/sort", cases, sizeof cases / sizeof cases[0], argc, argv);
}
