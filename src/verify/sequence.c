/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Invariant: state < prime. A block of 8 elements is eight products that do not wait for each
 * other, and one reduction: 8 products below 2^121 and one below 2^122.
 */

#include "verify/sequence.h"

#include <assert.h>

__extension__ typedef unsigned __int128 wide;

enum {
    BLOCK = 8
};

#define PRIME ((UINT64_C(1) << 61) - 1)

const uint64_t rg_sequence_element_end = UINT64_C(1) << 60;

/* B^0 .. B^8; B itself has no meaning. */
static const uint64_t powers[BLOCK + 1] = {
    UINT64_C(1),
    UINT64_C(0x07fd69da6c36b8ee),
    UINT64_C(0x0b0f1e36154d4883),
    UINT64_C(0x0df16bc1b1601a65),
    UINT64_C(0x008b7c67cf36d0b0),
    UINT64_C(0x0ac1d4c00272a02e),
    UINT64_C(0x1e1b87cb58f25f72),
    UINT64_C(0x1656e6691217a90a),
    UINT64_C(0x1f227edbfddc7be0),
};

/* Of a number below 2^125. */
static uint64_t reduce(wide number)
{
    const uint64_t high = (uint64_t)(number >> 61);
    uint64_t sum = ((uint64_t)number & PRIME) + (high & PRIME) + (high >> 61);

    while (sum >= PRIME)
        sum -= PRIME;
    return sum;
}

static uint64_t multiply(uint64_t a, uint64_t b)
{
    return reduce((wide)a * b);
}

static uint64_t power_of_base(uint64_t exponent)
{
    uint64_t result = 1;
    uint64_t square = powers[1];

    for (; exponent > 0; exponent >>= 1) {
        if ((exponent & 1) != 0)
            result = multiply(result, square);
        square = multiply(square, square);
    }
    return result;
}

void rg_sequence_add(struct rg_sequence *sequence, const uint64_t *elements, size_t count)
{
    uint64_t state = sequence->state;
    size_t at = 0;

    for (; at + BLOCK <= count; at += BLOCK) {
        const uint64_t *block = elements + at;
        wide sum = (wide)state * powers[BLOCK];

        for (int i = 0; i < BLOCK; i++)
            sum += (wide)block[i] * powers[BLOCK - 1 - i];
        state = reduce(sum);
    }
    for (; at < count; at++)
        state = reduce((wide)state * powers[1] + elements[at]);
    sequence->state = state;
    sequence->count += count;
}

void rg_sequence_add_repeated(struct rg_sequence *sequence, uint64_t element, uint64_t count)
{
    struct rg_sequence square = {element, 1}; /* 1, 2, 4, ... times the element. */
    struct rg_sequence tail = {0, 0};

    assert(element < rg_sequence_element_end);
    for (uint64_t left = count; left > 0; left >>= 1) {
        if ((left & 1) != 0)
            rg_sequence_join(&tail, &square);
        const struct rg_sequence half = square;
        rg_sequence_join(&square, &half);
    }
    rg_sequence_join(sequence, &tail);
}

void rg_sequence_join(struct rg_sequence *sequence, const struct rg_sequence *tail)
{
    sequence->state = reduce((wide)sequence->state * power_of_base(tail->count) + tail->state);
    sequence->count += tail->count;
}

bool rg_sequence_equal(const struct rg_sequence *a, const struct rg_sequence *b)
{
    return a->state == b->state && a->count == b->count;
}
