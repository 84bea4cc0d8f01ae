/* SPDX-License-Identifier: Apache-2.0 */

/* All encodings against the values that went in, and against bytes that were damaged. */

#include "parquet/decoder.h"

#include <stdlib.h>

#include "support/test.h"

enum {
    VALUES_MAX = 700,
    BYTES_EACH_MAX = 40,
};

static const uint8_t encodings[] = {
    RG_ENCODING_PLAIN,
    RG_ENCODING_RLE,
    RG_ENCODING_RLE_DICTIONARY,
    RG_ENCODING_DELTA_BINARY_PACKED,
    RG_ENCODING_DELTA_LENGTH_BYTE_ARRAY,
    RG_ENCODING_DELTA_BYTE_ARRAY,
    RG_ENCODING_BYTE_STREAM_SPLIT,
};

/* What a page was made from. */
struct model {
    struct rg_value_kind kind;
    struct rg_values values;
    uint8_t bytes[VALUES_MAX * BYTES_EACH_MAX];
    struct rg_view views[VALUES_MAX];
    uint32_t indices[VALUES_MAX];
    uint32_t scratch[VALUES_MAX];
    uint8_t encoding;
    uint32_t entry_count; /* Of the dictionary. */
};

static void choose_bytes(struct choices *c, uint8_t *out, size_t bytes)
{
    const uint32_t kinds = choose_bool(c) ? 255 : 3;

    for (size_t i = 0; i < bytes; i++)
        out[i] = (uint8_t)choose(c, kinds);
}

static void choose_numbers(struct choices *c, struct model *m)
{
    uint64_t last = choose_u64(c);
    const uint32_t bits = choose(c, 64);

    for (uint32_t i = 0; i < m->values.count; i++) {
        last += bits == 0 ? 7 : choose_u64(c) >> (64 - bits);
        memcpy(m->bytes + (size_t)i * m->kind.width_bytes, &last, m->kind.width_bytes);
    }
}

static void choose_values(struct choices *c, struct model *m)
{
    uint32_t at = 0;

    m->values =
        (struct rg_values){.count = choose(c, 3) > 0 ? choose(c, 40) : choose(c, VALUES_MAX),
                           .width_bytes = m->kind.width_bytes,
                           .is_variable = m->kind.is_variable,
                           .fixed = m->bytes,
                           .views = m->views,
                           .bytes = m->bytes};
    if (m->kind.type == RG_TYPE_INT32 || m->kind.type == RG_TYPE_INT64) {
        choose_numbers(c, m);
        return;
    }
    choose_bytes(c, m->bytes, sizeof m->bytes);
    for (uint32_t i = 0; i < m->values.count; i++) {
        const uint32_t length = choose(c, BYTES_EACH_MAX);
        m->views[i] = (struct rg_view){at, length};
        at += length;
        if (m->kind.type == RG_TYPE_BOOLEAN)
            m->bytes[i] &= 1;
    }
}

static void choose_model(struct test *t, struct choices *c, struct model *m)
{
    unsigned type;

    do {
        m->encoding = encodings[choose(c, sizeof encodings - 1)];
        type = choose(c, 7);
    } while (!rg_decoder_can_read(m->encoding, type) && c->bytes == NULL);
    CHECK_OK(rg_value_kind_init(&m->kind, type, (int32_t)choose(c, BYTES_EACH_MAX), &t->err));
    choose_values(c, m);
}

/* A reference, as short as can be: shares as much as it likes. */
static void encode_delta_bytes(struct choices *c, struct model *m, struct rg_buffer *out)
{
    struct rg_values suffixes = {.is_variable = true, .count = m->values.count};
    struct rg_view views[VALUES_MAX];
    uint32_t prefixes[VALUES_MAX];

    for (uint32_t i = 0; i < m->values.count; i++) {
        const struct rg_span value = rg_values_at(&m->values, i);
        const struct rg_span last =
            i == 0 ? (struct rg_span){value.data, 0} : rg_values_at(&m->values, i - 1);
        uint32_t shared = 0;
        while (shared < value.bytes && shared < last.bytes &&
               value.data[shared] == last.data[shared] && choose(c, 15) > 0)
            shared++;
        prefixes[i] = shared;
        views[i] = (struct rg_view){(uint32_t)(value.data - m->bytes) + shared,
                                    (uint32_t)value.bytes - shared};
    }
    suffixes.views = views;
    suffixes.bytes = m->bytes;
    rg_delta_encode((const uint8_t *)prefixes, 4, m->values.count, out);
    rg_delta_length_encode(&suffixes, m->scratch, out);
}

static void encode_byte_stream_split(struct model *m, struct rg_buffer *out)
{
    for (uint32_t k = 0; k < m->kind.width_bytes; k++) {
        for (uint32_t i = 0; i < m->values.count; i++)
            rg_buffer_append_byte(out, m->bytes[i * m->kind.width_bytes + k]);
    }
}

/* Entries are the values in reverse, so that indices mean something. */
static void encode_dictionary(struct model *m, struct rg_buffer *dictionary, struct rg_buffer *out)
{
    const uint32_t count = m->values.count;

    m->entry_count = count;
    for (uint32_t i = 0; i < count; i++) {
        const struct rg_values one = {.count = 1,
                                      .width_bytes = m->kind.width_bytes,
                                      .is_variable = m->kind.is_variable,
                                      .fixed =
                                          m->bytes + (size_t)(count - 1 - i) * m->kind.width_bytes,
                                      .views = m->views + (count - 1 - i),
                                      .bytes = m->bytes};
        rg_plain_encode(&m->kind, &one, i, dictionary);
        m->indices[i] = count - 1 - i;
    }
    rg_dict_encode(m->indices, count, count == 0 ? 0 : count - 1, out);
}

static void encode(struct choices *c, struct model *m, struct rg_buffer *dictionary,
                   struct rg_buffer *out)
{
    switch (m->encoding) {
    case RG_ENCODING_PLAIN:
        rg_plain_encode(&m->kind, &m->values, 0, out);
        break;
    case RG_ENCODING_RLE:
        rg_rle_boolean_encode(m->bytes, m->values.count, m->scratch, out);
        break;
    case RG_ENCODING_DELTA_BINARY_PACKED:
        rg_delta_encode(m->bytes, m->kind.width_bytes, m->values.count, out);
        break;
    case RG_ENCODING_DELTA_LENGTH_BYTE_ARRAY:
        rg_delta_length_encode(&m->values, m->scratch, out);
        break;
    case RG_ENCODING_DELTA_BYTE_ARRAY:
        encode_delta_bytes(c, m, out);
        break;
    case RG_ENCODING_BYTE_STREAM_SPLIT:
        encode_byte_stream_split(m, out);
        break;
    default:
        encode_dictionary(m, dictionary, out);
        break;
    }
}

/* A copy of exactly its size, so that a sanitizer sees reads past the end. */
static struct rg_span copy_exactly(struct test *t, const struct rg_buffer *buffer)
{
    uint8_t *data = rg_alloc(&t->allocator, buffer->bytes);

    CHECK_OK(rg_buffer_check(buffer, "page", &t->err));
    CHECK_MEMORY(data);
    if (buffer->bytes > 0)
        memcpy(data, buffer->data, buffer->bytes);
    return (struct rg_span){data, buffer->bytes};
}

static void release_copy(struct test *t, struct rg_span span)
{
    uint8_t *data;

    memcpy(&data, &span.data, sizeof data);
    rg_release(&t->allocator, data, span.bytes);
}

/* One batch, whatever the encoding. */
static enum rg_status next_values(struct rg_decoder *decoder, const struct rg_dict *dict,
                                  uint32_t count, struct rg_value_room *room,
                                  struct rg_values *ret_values, struct rg_error *err)
{
    if (!rg_encoding_is_dictionary(decoder->encoding))
        return rg_decoder_next(decoder, count, room, ret_values, err);
    RG_TRY(rg_decoder_next_indices(decoder, count, room, err));
    rg_values_lookup(&dict->values, room->words, count, room, ret_values);
    return RG_OK;
}

static void round_trip(struct test *t, struct choices *c)
{
    struct model *m = rg_alloc(&t->allocator, sizeof *m);
    struct rg_buffer dictionary_page;
    struct rg_buffer page;
    struct rg_dict dict = {.allocator = NULL};
    struct rg_value_room room;
    struct rg_decoder decoder;
    uint32_t done = 0;

    CHECK_MEMORY(m);
    choose_model(t, c, m);
    rg_buffer_init(&dictionary_page, &t->allocator, SIZE_MAX);
    rg_buffer_init(&page, &t->allocator, SIZE_MAX);
    encode(c, m, &dictionary_page, &page);
    const struct rg_span bytes = copy_exactly(t, &page);
    const struct rg_span entries = copy_exactly(t, &dictionary_page);
    CHECK_OK(rg_value_room_init(&room, &t->allocator, &m->kind, &t->err));
    if (rg_encoding_is_dictionary(m->encoding))
        CHECK_OK(rg_dict_init(&dict, &t->allocator, &m->kind, entries, m->entry_count, &t->err));
    const struct rg_encoded_values encoded = {.encoding = m->encoding,
                                              .bytes = bytes,
                                              .value_count = m->values.count,
                                              .dictionary = &dict};
    CHECK_OK(rg_decoder_init(&decoder, &encoded, &room, &t->err));
    while (done < m->values.count) {
        const uint32_t left = m->values.count - done;
        struct rg_values values = {0};
        uint32_t wanted = 1 + choose(c, choose_bool(c) ? 12 : VALUES_MAX);

        wanted = wanted < left ? wanted : left;
        wanted = wanted < room.count_max ? wanted : room.count_max;
        CHECK_OK(next_values(&decoder, &dict, wanted, &room, &values, &t->err));
        CHECK(values.count > 0 && values.count <= wanted);
        for (uint32_t i = 0; i < values.count; i++)
            CHECK_SPAN(rg_values_at(&values, i), rg_values_at(&m->values, done + i));
        done += values.count;
    }
    rg_dict_fini(&dict);
    rg_value_room_fini(&room);
    release_copy(t, entries);
    release_copy(t, bytes);
    rg_buffer_fini(&page);
    rg_buffer_fini(&dictionary_page);
    rg_release(&t->allocator, m, sizeof *m);
}

TEST(what_is_encoded_comes_back_in_batches_of_any_size)
{
    test_property(t, "round_trip", 4000, round_trip);
}

static void damage(struct test *t, struct choices *c)
{
    struct model *m = rg_alloc(&t->allocator, sizeof *m);
    struct rg_buffer dictionary_page;
    struct rg_buffer page;
    struct rg_dict dict = {.allocator = NULL};
    struct rg_value_room room;
    struct rg_decoder decoder;
    volatile uint64_t sum = 0; /* Makes sure that the bytes are read. */

    CHECK_MEMORY(m);
    choose_model(t, c, m);
    rg_buffer_init(&dictionary_page, &t->allocator, SIZE_MAX);
    rg_buffer_init(&page, &t->allocator, SIZE_MAX);
    encode(c, m, &dictionary_page, &page);
    for (uint32_t i = choose(c, 3); i > 0 && page.bytes > 0; i--)
        page.data[choose(c, choose_bool(c) && page.bytes > 12 ? 12 : (uint32_t)page.bytes - 1)] =
            (uint8_t)choose(c, 255);
    if (choose(c, 3) == 0)
        page.bytes = choose(c, (uint32_t)page.bytes);
    const struct rg_span bytes = copy_exactly(t, &page);
    const struct rg_span entries = copy_exactly(t, &dictionary_page);
    CHECK_OK(rg_value_room_init(&room, &t->allocator, &m->kind, &t->err));
    const struct rg_encoded_values encoded = {.encoding = m->encoding,
                                              .bytes = bytes,
                                              .value_count = choose(c, 2 * VALUES_MAX),
                                              .dictionary = &dict};
    enum rg_status status = RG_OK;
    if (rg_encoding_is_dictionary(m->encoding))
        status = rg_dict_init(&dict, &t->allocator, &m->kind, entries,
                              choose_bool(c) ? m->entry_count : choose(c, VALUES_MAX), &t->err);
    if (status == RG_OK)
        status = rg_decoder_init(&decoder, &encoded, &room, &t->err);
    for (uint32_t done = 0; status == RG_OK && done < encoded.value_count;) {
        const uint32_t left = encoded.value_count - done;
        struct rg_values values = {0};
        uint32_t wanted = 1 + choose(c, 200);

        wanted = wanted < left ? wanted : left;
        wanted = wanted < room.count_max ? wanted : room.count_max;
        status = next_values(&decoder, &dict, wanted, &room, &values, &t->err);
        for (uint32_t i = 0; status == RG_OK && i < values.count; i++) {
            const struct rg_span value = rg_values_at(&values, i);
            for (size_t k = 0; k < value.bytes; k++)
                sum = sum + value.data[k];
        }
        done += values.count;
    }
    CHECK(status == RG_OK || status == RG_ERR_CORRUPT || status == RG_ERR_NOMEM);
    rg_dict_fini(&dict);
    rg_value_room_fini(&room);
    release_copy(t, entries);
    release_copy(t, bytes);
    rg_buffer_fini(&page);
    rg_buffer_fini(&dictionary_page);
    rg_release(&t->allocator, m, sizeof *m);
}

TEST(damaged_pages_are_refused_or_give_some_values)
{
    test_property(t, "damage", 6000, damage);
}

TEST(knows_which_encoding_a_type_can_have)
{
    static const struct {
        uint8_t encoding;
        const char *types; /* '1' at the number of each type. */
    } rows[] = {
        {RG_ENCODING_PLAIN, "11111111"},
        {RG_ENCODING_PLAIN_DICTIONARY, "11111111"},
        {RG_ENCODING_RLE, "10000000"},
        {RG_ENCODING_BIT_PACKED, "00000000"},
        {RG_ENCODING_DELTA_BINARY_PACKED, "01100000"},
        {RG_ENCODING_DELTA_LENGTH_BYTE_ARRAY, "00000010"},
        {RG_ENCODING_DELTA_BYTE_ARRAY, "00000011"},
        {RG_ENCODING_RLE_DICTIONARY, "11111111"},
        {RG_ENCODING_BYTE_STREAM_SPLIT, "01111101"},
        {RG_ENCODING_ALP, "00000000"},
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        for (unsigned type = 0; type < 8; type++)
            CHECK(rg_decoder_can_read(rows[i].encoding, type) == (rows[i].types[type] == '1'));
    }
}

TEST(a_page_of_nulls_needs_no_bytes)
{
    for (size_t i = 0; i < sizeof encodings; i++) {
        for (unsigned type = 0; type < 8; type++) {
            struct rg_value_kind kind;
            struct rg_value_room room;
            struct rg_decoder decoder;
            const struct rg_encoded_values nulls = {.encoding = encodings[i]};

            CHECK_OK(rg_value_kind_init(&kind, type, 3, &t->err));
            CHECK_OK(rg_value_room_init(&room, &t->allocator, &kind, &t->err));
            if (rg_decoder_can_read(encodings[i], type))
                CHECK_OK(rg_decoder_init(&decoder, &nulls, &room, &t->err));
            else
                CHECK_ERROR(rg_decoder_init(&decoder, &nulls, &room, &t->err), RG_ERR_UNSUPPORTED,
                            "encoding ");
            rg_value_room_fini(&room);
        }
    }
}

TEST(rooms_take_what_they_say)
{
    static const int32_t lengths[] = {0, 1, 16, 5000, 3000000};

    for (unsigned type = 0; type < 8; type++) {
        for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
            struct rg_value_kind kind;
            struct rg_value_room room;

            CHECK_OK(rg_value_kind_init(&kind, type, lengths[i], &t->err));
            CHECK_OK(rg_value_room_init(&room, &t->allocator, &kind, &t->err));
            CHECK(room.count_max >= 1 && room.count_max <= RG_BATCH_VALUES_MAX);
            CHECK_U64(t->live_bytes, rg_value_room_bytes(&kind));
            rg_value_room_fini(&room);
            rg_value_room_fini(&room);
        }
    }
}

TEST(refuses_types_that_make_no_sense)
{
    struct rg_value_kind kind;

    CHECK_ERROR(rg_value_kind_init(&kind, RG_TYPE_FIXED_LEN_BYTE_ARRAY, -1, &t->err),
                RG_ERR_CORRUPT, "fixed length -1");
    CHECK_ERROR(rg_value_kind_init(&kind, 8, 0, &t->err), RG_ERR_UNSUPPORTED, "type 8");
}

int main(int argc, char **argv)
{
    static const struct test_case cases[] = {
        {"what_is_encoded_comes_back_in_batches_of_any_size",
         what_is_encoded_comes_back_in_batches_of_any_size},
        {"damaged_pages_are_refused_or_give_some_values",
         damaged_pages_are_refused_or_give_some_values},
        {"knows_which_encoding_a_type_can_have", knows_which_encoding_a_type_can_have},
        {"a_page_of_nulls_needs_no_bytes", a_page_of_nulls_needs_no_bytes},
        {"rooms_take_what_they_say", rooms_take_what_they_say},
        {"refuses_types_that_make_no_sense", refuses_types_that_make_no_sense},
    };

    return test_main("parquet/decoder", cases, sizeof cases / sizeof cases[0], argc, argv);
}
