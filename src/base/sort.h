/* SPDX-License-Identifier: Apache-2.0 */

/* Sorting without a copy: qsort() of glibc takes as much memory again as the array has, uncounted.
 */

#ifndef BASE_SORT_H
#define BASE_SORT_H

#include <stddef.h>

enum {
    RG_SORT_BYTES_MAX = 512 /* Of one element. */
};

/*
 * Sorts `count` elements of bytes_each (at most RG_SORT_BYTES_MAX) in place, in O(n log n) whatever
 * they are. Like qsort(), not stable: elements that compare equal come in any order, but in the
 * same one whenever the input is the same.
 */
void rg_sort_in_place(void *elements, size_t count, size_t bytes_each,
                      int (*compare)(const void *a, const void *b));

#endif
