/* SPDX-License-Identifier: Apache-2.0 */

/* Heap sort. */

#include "base/sort.h"

#include <assert.h>
#include <stdalign.h>
#include <string.h>

struct heap {
    unsigned char *elements;
    size_t count;
    size_t bytes_each;
    int (*compare)(const void *a, const void *b);
};

static void *at(const struct heap *heap, size_t index)
{
    return heap->elements + index * heap->bytes_each;
}

/* Puts `element` at `index` or below, so that no parent is less than its children. */
static void sink(const struct heap *heap, size_t index, const void *element)
{
    for (size_t child = 2 * index + 1; child < heap->count; child = 2 * index + 1) {
        if (child + 1 < heap->count && heap->compare(at(heap, child), at(heap, child + 1)) < 0)
            child++;
        if (heap->compare(element, at(heap, child)) >= 0)
            break;
        memcpy(at(heap, index), at(heap, child), heap->bytes_each);
        index = child;
    }
    memcpy(at(heap, index), element, heap->bytes_each);
}

void rg_sort_in_place(void *elements, size_t count, size_t bytes_each,
                      int (*compare)(const void *a, const void *b))
{
    alignas(max_align_t) unsigned char element[RG_SORT_BYTES_MAX];
    struct heap heap = {elements, count, bytes_each, compare};

    assert(bytes_each <= sizeof element);
    for (size_t i = count / 2; i-- > 0;) {
        memcpy(element, at(&heap, i), bytes_each);
        sink(&heap, i, element);
    }
    while (heap.count > 1) {
        heap.count--;
        memcpy(element, at(&heap, heap.count), bytes_each);
        memcpy(at(&heap, heap.count), at(&heap, 0), bytes_each);
        sink(&heap, 0, element);
    }
}
