/* SPDX-License-Identifier: Apache-2.0 */

#include "verify/sequence.h"

#include "support/test.h"

enum {
    ELEMENTS_MAX = 200
};

/* The definition, one step after the other, with a multiplication by doubling. */
static uint64_t multiply_slowly(uint64_t a, uint64_t b)
{
    const uint64_t prime = (UINT64_C(1) << 61) - 1;
    uint64_t product = 0;

    for (; b > 0; b >>= 1) {
        if ((b & 1) != 0)
            product = (product + a) % prime;
        a = (a + a) % prime;
    }
    return product;
}

static uint64_t evaluate(const uint64_t *elements, size_t count)
{
    const uint64_t prime = (UINT64_C(1) << 61) - 1;
    uint64_t state = 0;

    for (size_t i = 0; i < count; i++)
        state = (multiply_slowly(state, UINT64_C(0x07fd69da6c36b8ee)) + elements[i]) % prime;
    return state;
}

static size_t fill(struct choices *c, uint64_t *elements)
{
    const size_t count = choose(c, ELEMENTS_MAX);
    const uint32_t shift = 4 + choose(c, 59);

    for (size_t i = 0; i < count; i++)
        elements[i] = choose(c, 9) == 0 ? rg_sequence_element_end - 1 : choose_u64(c) >> shift;
    return count;
}

static void any_cuts(struct test *t, struct choices *c)
{
    uint64_t elements[ELEMENTS_MAX];
    const size_t count = fill(c, elements);
    struct rg_sequence whole = {0, 0};
    struct rg_sequence joined = {0, 0};

    (void)t;
    rg_sequence_add(&whole, elements, count);
    CHECK_U64(whole.state, evaluate(elements, count));
    CHECK_U64(whole.count, count);
    for (size_t at = 0; at < count;) {
        const size_t left = count - at;
        size_t here = 1 + choose(c, 40);
        struct rg_sequence part = {0, 0};

        here = here < left ? here : left;
        if (choose_bool(c)) {
            rg_sequence_add(&part, elements + at, here);
            rg_sequence_join(&joined, &part);
        } else {
            rg_sequence_add(&joined, elements + at, here);
        }
        at += here;
    }
    CHECK(rg_sequence_equal(&whole, &joined));
}

TEST(parts_join_to_the_digest_of_the_whole)
{
    test_property(t, "any_cuts", 2000, any_cuts);
}

static void repeats(struct test *t, struct choices *c)
{
    uint64_t elements[ELEMENTS_MAX];
    const uint64_t element = choose_u64(c) >> 4;
    const size_t count = choose(c, ELEMENTS_MAX);
    struct rg_sequence slow = {choose_u64(c) >> 4, 3};
    struct rg_sequence quick = slow;

    (void)t;
    for (size_t i = 0; i < count; i++)
        elements[i] = element;
    rg_sequence_add(&slow, elements, count);
    rg_sequence_add_repeated(&quick, element, count);
    CHECK(rg_sequence_equal(&slow, &quick));
}

TEST(repeated_elements_count_one_by_one)
{
    test_property(t, "repeats", 1000, repeats);
}

static void changes(struct test *t, struct choices *c)
{
    uint64_t elements[ELEMENTS_MAX];
    const size_t count = fill(c, elements);
    struct rg_sequence before = {0, 0};
    struct rg_sequence after = {0, 0};

    (void)t;
    if (count < 2)
        return;
    rg_sequence_add(&before, elements, count);
    const size_t a = choose(c, (uint32_t)count - 1);
    const size_t b = choose(c, (uint32_t)count - 1);
    const uint64_t kept = elements[a];
    if (choose_bool(c)) {
        elements[a] = elements[b];
        elements[b] = kept;
    } else {
        elements[a] = choose_u64(c) >> 4;
    }
    rg_sequence_add(&after, elements, count);
    const bool is_same = evaluate(elements, count) == before.state;
    CHECK(rg_sequence_equal(&before, &after) == is_same);
    if (elements[a] != kept)
        CHECK(!rg_sequence_equal(&before, &after));
}

TEST(one_change_is_always_seen)
{
    test_property(t, "changes", 2000, changes);
}

TEST(length_counts_even_where_elements_are_zero)
{
    static const uint64_t zeros[3] = {0, 0, 0};
    struct rg_sequence two = {0, 0};
    struct rg_sequence three = {0, 0};

    rg_sequence_add(&two, zeros, 2);
    rg_sequence_add(&three, zeros, 3);
    CHECK(!rg_sequence_equal(&two, &three));
}

int main(int argc, char **argv)
{
    static const struct test_case cases[] = {
        {"parts_join_to_the_digest_of_the_whole", parts_join_to_the_digest_of_the_whole},
        {"repeated_elements_count_one_by_one", repeated_elements_count_one_by_one},
        {"one_change_is_always_seen", one_change_is_always_seen},
        {"length_counts_even_where_elements_are_zero", length_counts_even_where_elements_are_zero},
    };

    return test_main("verify/sequence", cases, sizeof cases / sizeof cases[0], argc, argv);
}
