/* SPDX-License-Identifier: Apache-2.0 */

/* Rooms, and the loops over whole vectors. */

#include "parquet/values.h"

#include <assert.h>

/* A room's values take about this much, whatever their width; but one always fits. */
static const size_t room_bytes_aim = (size_t)256 << 10;

enum rg_status rg_value_kind_init(struct rg_value_kind *kind, unsigned type, int32_t type_length,
                                  struct rg_error *err)
{
    static const uint8_t width_of_type[] = {
        [RG_TYPE_BOOLEAN] = 1, [RG_TYPE_INT32] = 4,  [RG_TYPE_INT64] = 8,      [RG_TYPE_INT96] = 12,
        [RG_TYPE_FLOAT] = 4,   [RG_TYPE_DOUBLE] = 8, [RG_TYPE_BYTE_ARRAY] = 0,
    };

    if (type == RG_TYPE_FIXED_LEN_BYTE_ARRAY) {
        if (type_length < 0)
            return rg_fail(err, RG_ERR_CORRUPT, "byte array of fixed length %d", type_length);
        *kind = (struct rg_value_kind){.type = RG_TYPE_FIXED_LEN_BYTE_ARRAY,
                                       .width_bytes = (uint32_t)type_length};
        return RG_OK;
    }
    if (type >= sizeof width_of_type)
        return rg_fail(err, RG_ERR_UNSUPPORTED, "physical type %u is not known", type);
    *kind = (struct rg_value_kind){.type = (uint8_t)type,
                                   .is_variable = type == RG_TYPE_BYTE_ARRAY,
                                   .width_bytes = width_of_type[type]};
    return RG_OK;
}

static uint32_t count_max_of(const struct rg_value_kind *kind)
{
    const size_t width = kind->is_variable ? sizeof(struct rg_view) : kind->width_bytes;
    const size_t fitting = width == 0 ? RG_BATCH_VALUES_MAX : room_bytes_aim / width;

    if (fitting == 0)
        return 1;
    return fitting < RG_BATCH_VALUES_MAX ? (uint32_t)fitting : RG_BATCH_VALUES_MAX;
}

static size_t fixed_bytes_of(const struct rg_value_kind *kind)
{
    return kind->is_variable ? 0 : (size_t)count_max_of(kind) * kind->width_bytes;
}

size_t rg_value_room_bytes(const struct rg_value_kind *kind)
{
    return fixed_bytes_of(kind) + RG_BATCH_VALUES_MAX * sizeof(uint32_t) +
           (kind->is_variable ? RG_BATCH_VALUES_MAX * sizeof(struct rg_view) : 0);
}

enum rg_status rg_value_room_init(struct rg_value_room *room, const struct rg_allocator *allocator,
                                  const struct rg_value_kind *kind, struct rg_error *err)
{
    *room = (struct rg_value_room){
        .allocator = allocator, .kind = *kind, .count_max = count_max_of(kind)};
    rg_buffer_init(&room->bytes, allocator, UINT32_MAX);
    rg_buffer_init(&room->last, allocator, UINT32_MAX);

    room->words = rg_alloc(allocator, RG_BATCH_VALUES_MAX * sizeof *room->words);
    if (kind->is_variable)
        room->views = rg_alloc(allocator, RG_BATCH_VALUES_MAX * sizeof *room->views);
    else
        room->fixed = rg_alloc(allocator, fixed_bytes_of(kind));
    if (room->words != NULL && (room->views != NULL || room->fixed != NULL))
        return RG_OK;
    rg_value_room_fini(room);
    return rg_fail(err, RG_ERR_NOMEM, "no memory for a batch of values");
}

void rg_value_room_fini(struct rg_value_room *room)
{
    if (room->allocator == NULL)
        return;
    rg_release(room->allocator, room->words, RG_BATCH_VALUES_MAX * sizeof *room->words);
    rg_release(room->allocator, room->views, RG_BATCH_VALUES_MAX * sizeof *room->views);
    rg_release(room->allocator, room->fixed, fixed_bytes_of(&room->kind));
    rg_buffer_fini(&room->bytes);
    rg_buffer_fini(&room->last);
    *room = (struct rg_value_room){.allocator = NULL};
}

/* The width is a constant where these are called, so that memcpy becomes a load and a store. */
static inline __attribute__((always_inline)) void gather(const uint8_t *entries,
                                                         const uint32_t *indices, uint32_t count,
                                                         uint8_t *out, const size_t width)
{
    for (uint32_t i = 0; i < count; i++)
        memcpy(out + i * width, entries + indices[i] * width, width);
}

void rg_values_lookup(const struct rg_values *dictionary, const uint32_t *indices, uint32_t count,
                      struct rg_value_room *room, struct rg_values *ret_values)
{
    assert(count <= room->count_max);
    *ret_values = *dictionary;
    ret_values->count = count;
    if (dictionary->is_variable) {
        for (uint32_t i = 0; i < count; i++)
            room->views[i] = dictionary->views[indices[i]];
        ret_values->views = room->views;
        return;
    }
    switch (dictionary->width_bytes) {
    case 4:
        gather(dictionary->fixed, indices, count, room->fixed, 4);
        break;
    case 8:
        gather(dictionary->fixed, indices, count, room->fixed, 8);
        break;
    case 12:
        gather(dictionary->fixed, indices, count, room->fixed, 12);
        break;
    case 16:
        gather(dictionary->fixed, indices, count, room->fixed, 16);
        break;
    default:
        gather(dictionary->fixed, indices, count, room->fixed, dictionary->width_bytes);
        break;
    }
    ret_values->fixed = room->fixed;
}

static inline __attribute__((always_inline)) uint32_t find_max(const uint32_t *numbers,
                                                               uint32_t count)
{
    uint32_t max = 0;

    for (uint32_t i = 0; i < count; i++)
        max = numbers[i] > max ? numbers[i] : max;
    return max;
}

#if defined(__x86_64__)
/* The same text: SSE2 has no maximum of unsigned numbers, AVX2 has. */
__attribute__((target("avx2"))) static uint32_t find_max_avx2(const uint32_t *numbers,
                                                              uint32_t count)
{
    return find_max(numbers, count);
}
#endif

uint32_t rg_max_u32(const uint32_t *numbers, uint32_t count)
{
#if defined(__x86_64__)
    if (__builtin_cpu_supports("avx2") != 0)
        return find_max_avx2(numbers, count);
#endif
    return find_max(numbers, count);
}

uint8_t rg_max_u8(const uint8_t *numbers, uint32_t count)
{
    uint8_t max = 0;

    for (uint32_t i = 0; i < count; i++)
        max = numbers[i] > max ? numbers[i] : max;
    return max;
}
