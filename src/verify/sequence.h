/* SPDX-License-Identifier: Apache-2.0 */

/*
 * A digest of a sequence of numbers, in which order counts and borders do not: the digest of a
 * whole can be joined from those of its parts, whatever the parts.
 *
 * It is the polynomial x[0] * B^(n-1) + ... + x[n-1] in the field of 2^61 - 1 elements, at a fixed
 * B, together with n. Two different sequences of one length have equal digests for at most n of the
 * 2^61 possible B, and two that differ by one element, or by two that changed places, for none
 * (elements are below the prime, and the powers of B in question differ). This is
 * proof against faults, not against somebody who wants a collision.
 */

#ifndef VERIFY_SEQUENCE_H
#define VERIFY_SEQUENCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct rg_sequence {
    uint64_t state; /* Below the prime. */
    uint64_t count;
};

/* Elements must be below this, 2^60: so that a block's sum fits. */
extern const uint64_t rg_sequence_element_end;

/* Appends `count` elements. */
void rg_sequence_add(struct rg_sequence *sequence, const uint64_t *elements, size_t count);

/* Appends `element` `count` times. Cost: the logarithm of count. */
void rg_sequence_add_repeated(struct rg_sequence *sequence, uint64_t element, uint64_t count);

/* Appends a whole sequence: its elements follow those of the first. */
void rg_sequence_join(struct rg_sequence *sequence, const struct rg_sequence *tail);

bool rg_sequence_equal(const struct rg_sequence *a, const struct rg_sequence *b);

#endif
