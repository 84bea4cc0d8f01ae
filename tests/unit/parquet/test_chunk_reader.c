/* SPDX-License-Identifier: Apache-2.0 */

/* Chunks of random pages against the levels and values that they were made from. */

#include "parquet/chunk_reader.h"

#include "base/limits.h"
#include "parquet/page_header.h"
#include "support/test.h"

enum {
    LEVELS_MAX = 1500,
    ENTRIES = 7,
    WIDTH_MAX = 9,
    WIDE = 1500, /* So wide that a batch of values is smaller than one of levels. */
};

/* A chunk of INT64 or of byte arrays: the entries of one small table, so that any page can be
 * dictionary-encoded. */
struct model {
    struct rg_leaf leaf;
    struct rg_column_chunk chunk;
    struct rg_value_kind kind;
    uint32_t level_count;
    uint32_t value_count;
    uint32_t row_count;
    uint32_t def[LEVELS_MAX];
    uint32_t rep[LEVELS_MAX];
    uint32_t entry[LEVELS_MAX]; /* Of each value. */
    uint8_t bytes[ENTRIES * WIDE];
    struct rg_view views[ENTRIES];
};

static void choose_model(struct test *t, struct choices *c, struct model *m)
{
    static const uint8_t types[] = {RG_TYPE_INT64, RG_TYPE_BYTE_ARRAY, RG_TYPE_INT32,
                                    RG_TYPE_FIXED_LEN_BYTE_ARRAY};
    static const uint8_t codecs[] = {RG_CODEC_NONE, RG_CODEC_SNAPPY, RG_CODEC_ZSTD, RG_CODEC_GZIP,
                                     RG_CODEC_LZ4_RAW};

    *m = (struct model){.leaf = {.type = types[choose(c, 3)],
                                 .type_length = WIDE,
                                 .def_max = (uint8_t)choose(c, 3),
                                 .rep_max = (uint8_t)choose(c, 2)},
                        .chunk = {.codec = codecs[choose(c, 4)]},
                        .level_count = choose(c, choose_bool(c) ? 20 : LEVELS_MAX)};
    CHECK_OK(rg_value_kind_init(&m->kind, m->leaf.type, m->leaf.type_length, &t->err));
    for (uint32_t i = 0; i < sizeof m->bytes; i++)
        m->bytes[i] = (uint8_t)choose(c, 255);
    for (uint32_t i = 0; i < ENTRIES; i++)
        m->views[i] = (struct rg_view){i * WIDTH_MAX, choose(c, WIDTH_MAX)};
    const uint32_t null_chance = choose(c, 4);
    for (uint32_t i = 0; i < m->level_count; i++) {
        m->def[i] = choose(c, 4) < null_chance ? choose(c, m->leaf.def_max) : m->leaf.def_max;
        m->rep[i] = i == 0 ? 0 : choose(c, m->leaf.rep_max);
        m->row_count += m->rep[i] == 0;
        if (m->def[i] == m->leaf.def_max)
            m->entry[m->value_count++] = choose(c, ENTRIES - 1);
    }
    m->chunk.value_count = m->level_count;
}

static struct rg_span entry_of(const struct model *m, uint32_t entry)
{
    if (m->kind.is_variable)
        return (struct rg_span){m->bytes + m->views[entry].offset, m->views[entry].bytes};
    return (struct rg_span){m->bytes + (size_t)entry * m->kind.width_bytes, m->kind.width_bytes};
}

/* The dictionary as one vector. */
static struct rg_values table_of(const struct model *m)
{
    return (struct rg_values){.count = ENTRIES,
                              .width_bytes = m->kind.width_bytes,
                              .is_variable = m->kind.is_variable,
                              .fixed = m->bytes,
                              .views = m->views,
                              .bytes = m->bytes};
}

static void append_levels(const uint32_t *levels, uint32_t count, uint8_t level_max,
                          bool has_length, struct rg_buffer *out)
{
    static const uint8_t no_length[4] = {0};
    const size_t begin = out->bytes;

    if (level_max == 0)
        return;
    if (has_length)
        rg_buffer_append(out, no_length, 4);
    rg_rle_encode(levels, count, rg_bit_width(level_max), 8, out);
    if (has_length && !out->failed) {
        const uint32_t length = (uint32_t)(out->bytes - begin - 4);
        memcpy(out->data + begin, &length, 4);
    }
}

static uint8_t append_values(struct test *t, struct choices *c, struct model *m,
                             const uint32_t *entries, uint32_t count, bool has_dictionary,
                             struct rg_buffer *out)
{
    static uint32_t scratch[LEVELS_MAX];
    const struct rg_values table = table_of(m);
    struct rg_value_room room;
    struct rg_values values;
    const uint32_t kind = choose(c, 2);

    if (has_dictionary && kind == 0) {
        rg_dict_encode(entries, count, ENTRIES - 1, out);
        return choose_bool(c) ? RG_ENCODING_RLE_DICTIONARY : RG_ENCODING_PLAIN_DICTIONARY;
    }
    CHECK_OK(rg_value_room_init(&room, &t->allocator, &m->kind, &t->err));
    uint8_t encoding = RG_ENCODING_PLAIN;
    if (kind < 2 || m->leaf.type == RG_TYPE_FIXED_LEN_BYTE_ARRAY) {
        for (uint32_t i = 0; i < count; i++) {
            rg_values_lookup(&table, entries + i, 1, &room, &values);
            rg_plain_encode(&m->kind, &values, 0, out);
        }
    } else if (m->kind.is_variable) {
        rg_values_lookup(&table, entries, count, &room, &values);
        rg_delta_length_encode(&values, scratch, out);
        encoding = RG_ENCODING_DELTA_LENGTH_BYTE_ARRAY;
    } else {
        rg_values_lookup(&table, entries, count, &room, &values);
        rg_delta_encode(values.fixed, m->kind.width_bytes, count, out);
        encoding = RG_ENCODING_DELTA_BINARY_PACKED;
    }
    rg_value_room_fini(&room);
    return encoding;
}

/* Compresses what lies behind `kept` bytes of `raw`, and appends header and body to `out`. */
static void append_page(struct test *t, struct choices *c, const struct model *m,
                        struct rg_page_header *header, const struct rg_buffer *raw, size_t kept,
                        struct rg_buffer *out)
{
    uint8_t head[RG_PAGE_HEADER_EMIT_BYTES_MAX];
    struct rg_buffer body;
    size_t packed_bytes = 0;
    struct rg_codec_context *codecs = rg_codec_context_new(&t->allocator);
    const unsigned codec = header->is_compressed ? m->chunk.codec : RG_CODEC_NONE;

    CHECK_MEMORY(codecs);
    CHECK_OK(rg_buffer_check(raw, "page", &t->err));
    rg_buffer_init(&body, &t->allocator, SIZE_MAX);
    rg_buffer_append(&body, raw->data, kept);
    const struct rg_span rest = {raw->data + kept, raw->bytes - kept};
    uint8_t *room = rg_buffer_reserve(&body, rg_codec_compress_bound(codec, rest.bytes));
    CHECK_OK(rg_buffer_check(&body, "page", &t->err));
    CHECK_OK(rg_codec_compress(codecs, codec, rg_codec_level_default(codec), rest, room,
                               body.capacity - body.bytes, &packed_bytes, &t->err));
    body.bytes += packed_bytes;
    header->uncompressed_bytes = (uint32_t)raw->bytes;
    header->compressed_bytes = (uint32_t)body.bytes;
    header->has_crc = choose_bool(c);
    header->crc = rg_crc32(rg_buffer_span(&body));
    rg_buffer_append(out, head, rg_page_header_emit(header, head));
    rg_buffer_append(out, body.data, body.bytes);
    rg_buffer_fini(&body);
    rg_codec_context_free(codecs);
}

/* One data page of levels first .. first + count, whose values begin at `value`. */
static uint32_t append_data_page(struct test *t, struct choices *c, struct model *m, uint32_t first,
                                 uint32_t count, uint32_t value, bool has_dictionary,
                                 struct rg_buffer *out)
{
    const bool is_v2 = choose_bool(c);
    struct rg_page_header header = {.type = is_v2 ? RG_PAGE_DATA_V2 : RG_PAGE_DATA,
                                    .def_encoding = RG_ENCODING_RLE,
                                    .rep_encoding = RG_ENCODING_RLE,
                                    .is_compressed = !is_v2 || choose(c, 3) > 0,
                                    .value_count = count,
                                    .row_count = count};
    uint32_t value_count = 0;
    struct rg_buffer raw;

    rg_buffer_init(&raw, &t->allocator, SIZE_MAX);
    append_levels(m->rep + first, count, m->leaf.rep_max, !is_v2, &raw);
    header.rep_bytes = is_v2 ? (uint32_t)raw.bytes : 0;
    append_levels(m->def + first, count, m->leaf.def_max, !is_v2, &raw);
    const size_t kept = is_v2 ? raw.bytes : 0;
    header.def_bytes = (uint32_t)kept - header.rep_bytes;
    for (uint32_t i = 0; i < count; i++)
        value_count += m->def[first + i] == m->leaf.def_max;
    header.null_count = count - value_count;
    header.encoding = append_values(t, c, m, m->entry + value, value_count, has_dictionary, &raw);
    append_page(t, c, m, &header, &raw, kept, out);
    rg_buffer_fini(&raw);
    return value_count;
}

/* Pages that a reader has to pass over. */
static void append_noise(struct test *t, struct choices *c, struct model *m, struct rg_buffer *out)
{
    struct rg_page_header header = {.type = choose_bool(c) ? RG_PAGE_INDEX : RG_PAGE_DATA,
                                    .is_compressed = true,
                                    .def_encoding = RG_ENCODING_RLE,
                                    .rep_encoding = RG_ENCODING_RLE};
    struct rg_buffer raw;

    rg_buffer_init(&raw, &t->allocator, SIZE_MAX);
    rg_buffer_append(&raw, "noise", choose(c, 5));
    if (raw.bytes == 0)
        rg_buffer_append_byte(&raw, 0);
    append_page(t, c, m, &header, &raw, 0, out);
    rg_buffer_fini(&raw);
}

static void append_chunk(struct test *t, struct choices *c, struct model *m, struct rg_buffer *out)
{
    const bool has_dictionary = choose_bool(c);
    uint32_t first = 0;
    uint32_t value = 0;

    if (has_dictionary) {
        struct rg_page_header header = {.type = RG_PAGE_DICTIONARY,
                                        .encoding = RG_ENCODING_PLAIN,
                                        .is_compressed = true,
                                        .value_count = ENTRIES};
        const struct rg_values table = table_of(m);
        struct rg_buffer raw;

        rg_buffer_init(&raw, &t->allocator, SIZE_MAX);
        rg_plain_encode(&m->kind, &table, 0, &raw);
        append_page(t, c, m, &header, &raw, 0, out);
        rg_buffer_fini(&raw);
    }
    while (first < m->level_count) {
        const uint32_t left = m->level_count - first;
        uint32_t count = 1 + choose(c, 300);

        count = count < left ? count : left;
        if (choose(c, 9) == 0)
            append_noise(t, c, m, out);
        value += append_data_page(t, c, m, first, count, value, has_dictionary, out);
        first += count;
    }
    m->chunk.compressed_bytes = out->bytes;
    for (uint32_t i = choose(c, 1) * 20; i > 0; i--)
        rg_buffer_append_byte(out, (uint8_t)choose(c, 255));
}

/* A copy of exactly its size, so that a sanitizer sees reads past the end. */
static uint8_t *copy_exactly(struct test *t, const struct rg_buffer *buffer)
{
    uint8_t *data = rg_alloc(&t->allocator, buffer->bytes);

    CHECK_MEMORY(data);
    if (buffer->bytes > 0)
        memcpy(data, buffer->data, buffer->bytes);
    return data;
}

static void check_batch(struct test *t, const struct model *m, struct rg_chunk_reader *reader,
                        const struct rg_chunk_batch *batch, uint32_t level, uint32_t value)
{
    struct rg_values values;
    uint32_t rows = 0;

    (void)t;
    CHECK(batch->level_count > 0 && level + batch->level_count <= m->level_count);
    for (uint32_t i = 0; i < batch->level_count; i++) {
        CHECK_U64(batch->def_levels == NULL ? m->leaf.def_max : batch->def_levels[i],
                  m->def[level + i]);
        CHECK_U64(batch->rep_levels == NULL ? 0 : batch->rep_levels[i], m->rep[level + i]);
        rows += m->rep[level + i] == 0;
    }
    CHECK_U64(batch->row_count, rows);
    rg_chunk_batch_values(reader, batch, &values);
    CHECK_U64(values.count, batch->value_count);
    for (uint32_t i = 0; i < values.count; i++)
        CHECK_SPAN(rg_values_at(&values, i), entry_of(m, m->entry[value + i]));
}

static void read_back(struct test *t, struct choices *c)
{
    struct model *m = rg_alloc(&t->allocator, sizeof *m);
    struct rg_chunk_reader *reader = rg_alloc(&t->allocator, sizeof *reader);
    struct rg_codec_context *codecs = rg_codec_context_new(&t->allocator);
    struct rg_buffer out;
    struct rg_chunk_batch batch;
    bool is_end = false;
    uint32_t level = 0;
    uint32_t value = 0;
    size_t measured = 0;

    CHECK_MEMORY(m);
    CHECK_MEMORY(reader);
    CHECK_MEMORY(codecs);
    choose_model(t, c, m);
    rg_buffer_init(&out, &t->allocator, SIZE_MAX);
    append_chunk(t, c, m, &out);
    CHECK_OK(rg_buffer_check(&out, "chunk", &t->err));
    uint8_t *bytes = copy_exactly(t, &out);
    const struct rg_chunk_source source = {.chunk = &m->chunk,
                                           .leaf = &m->leaf,
                                           .bytes = {bytes, out.bytes},
                                           .row_count = m->row_count};
    CHECK_OK(rg_chunk_measure(&source, &measured, &t->err));
    const size_t before = t->live_bytes;
    /* Twice: a reader is used for one chunk after another. */
    rg_chunk_reader_init(reader, codecs, &t->allocator);
    for (int round = 0; round < 2; round++) {
        CHECK_OK(rg_chunk_reader_open(reader, &source, &t->err));
        for (level = 0, value = 0;; level += batch.level_count, value += batch.value_count) {
            CHECK_OK(rg_chunk_next(reader, &batch, &is_end, &t->err));
            if (is_end)
                break;
            check_batch(t, m, reader, &batch, level, value);
        }
        CHECK_U64(level, m->level_count);
        CHECK_U64(value, m->value_count);
    }
    /* zstd's decompressor comes on top. */
    CHECK(t->live_bytes - before <= measured + rg_codec_memory_bytes_max(RG_CODEC_ZSTD, 1));
    rg_chunk_reader_fini(reader);
    rg_chunk_reader_fini(reader);
    rg_release(&t->allocator, bytes, out.bytes);
    rg_buffer_fini(&out);
    rg_codec_context_free(codecs);
    rg_release(&t->allocator, reader, sizeof *reader);
    rg_release(&t->allocator, m, sizeof *m);
}

TEST(chunks_of_any_pages_come_back)
{
    test_property(t, "read_back", 600, read_back);
}

static void damage(struct test *t, struct choices *c)
{
    struct model *m = rg_alloc(&t->allocator, sizeof *m);
    struct rg_chunk_reader *reader = rg_alloc(&t->allocator, sizeof *reader);
    struct rg_codec_context *codecs = rg_codec_context_new(&t->allocator);
    struct rg_buffer out;
    struct rg_chunk_batch batch;
    bool is_end = false;

    CHECK_MEMORY(m);
    CHECK_MEMORY(reader);
    CHECK_MEMORY(codecs);
    choose_model(t, c, m);
    rg_buffer_init(&out, &t->allocator, SIZE_MAX);
    append_chunk(t, c, m, &out);
    for (uint32_t i = 1 + choose(c, 2); i > 0 && out.bytes > 0; i--)
        out.data[choose(c, (uint32_t)out.bytes - 1)] = (uint8_t)choose(c, 255);
    if (choose(c, 3) == 0)
        out.bytes = choose(c, (uint32_t)out.bytes);
    if (choose(c, 7) == 0)
        m->chunk.value_count += 1 + choose(c, 3);
    uint8_t *bytes = copy_exactly(t, &out);
    const struct rg_chunk_source source = {.chunk = &m->chunk,
                                           .leaf = &m->leaf,
                                           .bytes = {bytes, out.bytes},
                                           .row_count = m->row_count};
    rg_chunk_reader_init(reader, codecs, &t->allocator);
    enum rg_status status = rg_chunk_reader_open(reader, &source, &t->err);
    while (status == RG_OK && !is_end) {
        status = rg_chunk_next(reader, &batch, &is_end, &t->err);
        if (status == RG_OK && !is_end) {
            struct rg_values values;
            volatile uint64_t sum = 0;

            rg_chunk_batch_values(reader, &batch, &values);
            for (uint32_t i = 0; i < values.count; i++) {
                const struct rg_span span = rg_values_at(&values, i);
                for (size_t k = 0; k < span.bytes; k++)
                    sum = sum + span.data[k];
            }
        }
    }
    CHECK(status == RG_OK || status == RG_ERR_CORRUPT || status == RG_ERR_UNSUPPORTED ||
          status == RG_ERR_LIMIT || status == RG_ERR_NOMEM);
    rg_chunk_reader_fini(reader);
    rg_release(&t->allocator, bytes, out.bytes);
    rg_buffer_fini(&out);
    rg_codec_context_free(codecs);
    rg_release(&t->allocator, reader, sizeof *reader);
    rg_release(&t->allocator, m, sizeof *m);
}

TEST(damaged_chunks_are_refused_or_read)
{
    test_property(t, "damage", 1500, damage);
}

/* Pages by hand: REQUIRED INT32, uncompressed. */
struct page {
    struct rg_page_header header;
    const char *body;
};

static void append_raw(struct rg_buffer *out, const struct page *page)
{
    uint8_t head[RG_PAGE_HEADER_EMIT_BYTES_MAX];

    rg_buffer_append(out, head, rg_page_header_emit(&page->header, head));
    rg_buffer_append(out, page->body, page->header.compressed_bytes);
}

#define DATA(values)                                                                               \
    {                                                                                              \
        .type = RG_PAGE_DATA, .value_count = (values), .uncompressed_bytes = 4 * (values),         \
        .compressed_bytes = 4 * (values), .is_compressed = true,                                   \
        .def_encoding = RG_ENCODING_BIT_PACKED, .rep_encoding = RG_ENCODING_BIT_PACKED             \
    }
#define DICTIONARY(values)                                                                         \
    {                                                                                              \
        .type = RG_PAGE_DICTIONARY, .value_count = (values), .uncompressed_bytes = 4 * (values),   \
        .compressed_bytes = 4 * (values), .is_compressed = true                                    \
    }

/* `lacking_bytes`: so much longer are the pages than the chunk claims to be. */
static enum rg_status read_pages(struct test *t, const struct page *pages, size_t page_count,
                                 size_t lacking_bytes, uint64_t value_count, uint64_t row_count,
                                 bool has_lying_v2_flag, unsigned codec, uint32_t *ret_values)
{
    const struct rg_leaf leaf = {.type = RG_TYPE_INT32};
    struct rg_column_chunk chunk = {.codec = (uint8_t)codec, .value_count = value_count};
    struct rg_codec_context *codecs = rg_codec_context_new(&t->allocator);
    struct rg_chunk_reader *reader = rg_alloc(&t->allocator, sizeof *reader);
    struct rg_buffer out;
    struct rg_chunk_batch batch;
    bool is_end = false;

    CHECK_MEMORY(codecs);
    CHECK_MEMORY(reader);
    rg_buffer_init(&out, &t->allocator, SIZE_MAX);
    for (size_t i = 0; i < page_count; i++)
        append_raw(&out, &pages[i]);
    CHECK_OK(rg_buffer_check(&out, "chunk", &t->err));
    chunk.compressed_bytes = out.bytes - lacking_bytes;
    const struct rg_chunk_source source = {.chunk = &chunk,
                                           .leaf = &leaf,
                                           .bytes = rg_buffer_span(&out),
                                           .row_count = row_count,
                                           .has_lying_v2_flag = has_lying_v2_flag};
    *ret_values = 0;
    rg_chunk_reader_init(reader, codecs, &t->allocator);
    enum rg_status status = rg_chunk_reader_open(reader, &source, &t->err);
    while (status == RG_OK && !is_end) {
        status = rg_chunk_next(reader, &batch, &is_end, &t->err);
        if (status == RG_OK && !is_end)
            *ret_values += batch.value_count;
    }
    rg_chunk_reader_fini(reader);
    rg_buffer_fini(&out);
    rg_release(&t->allocator, reader, sizeof *reader);
    rg_codec_context_free(codecs);
    return status;
}

TEST(broken_chunks_are_named)
{
    static const struct {
        const char *about;
        struct page pages[3];
        size_t page_count;
        uint64_t value_count;
        uint64_t row_count;
        enum rg_status status;
        const char *text;
    } rows[] = {
        {"fine", {{DATA(2), "aaaabbbb"}}, 1, 2, 2, RG_OK, ""},
        {"empty", {{DATA(0), ""}}, 0, 0, 0, RG_OK, ""},
        {"fewer values",
         {{DATA(2), "aaaabbbb"}},
         1,
         3,
         3,
         RG_ERR_CORRUPT,
         "page at 25: data pages hold 2 values where the chunk claims 3"},
        {"more values",
         {{DATA(2), "aaaabbbb"}, {DATA(1), "cccc"}},
         2,
         2,
         2,
         RG_ERR_CORRUPT,
         "data pages hold 3 values or more where the chunk claims 2"},
        {"empty page behind", {{DATA(2), "aaaabbbb"}, {DATA(0), ""}}, 2, 2, 2, RG_OK, ""},
        {"fewer rows",
         {{DATA(2), "aaaabbbb"}},
         1,
         2,
         3,
         RG_ERR_CORRUPT,
         "2 rows in a row group of 3"},
        {"two dictionaries",
         {{DICTIONARY(1), "aaaa"}, {DICTIONARY(1), "bbbb"}, {DATA(1), "cccc"}},
         3,
         1,
         1,
         RG_ERR_CORRUPT,
         "second dictionary page"},
        {"late dictionary",
         {{DATA(1), "aaaa"}, {DICTIONARY(1), "bbbb"}, {DATA(1), "cccc"}},
         3,
         2,
         2,
         RG_ERR_CORRUPT,
         "dictionary page behind 1 data pages"},
        {"no dictionary",
         {{{.type = RG_PAGE_DATA,
            .value_count = 1,
            .uncompressed_bytes = 3,
            .compressed_bytes = 3,
            .is_compressed = true,
            .encoding = RG_ENCODING_RLE_DICTIONARY},
           "\1\2"}},
         1,
         1,
         1,
         RG_ERR_CORRUPT,
         "page without a dictionary"},
        {"wrong length",
         {{{.type = RG_PAGE_DATA,
            .value_count = 1,
            .uncompressed_bytes = 5,
            .compressed_bytes = 4,
            .is_compressed = true},
           "aaaa"}},
         1,
         1,
         1,
         RG_ERR_CORRUPT,
         "page at 0: uncompressed page of 4 bytes claims 5"},
        {"wrong CRC",
         {{{.type = RG_PAGE_DATA,
            .value_count = 1,
            .uncompressed_bytes = 4,
            .compressed_bytes = 4,
            .is_compressed = true,
            .has_crc = true,
            .crc = 7},
           "aaaa"}},
         1,
         1,
         1,
         RG_ERR_CORRUPT,
         "CRC is ad98e545, not 00000007"},
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        uint32_t values = 0;
        const enum rg_status status =
            read_pages(t, rows[i].pages, rows[i].page_count, 0, rows[i].value_count,
                       rows[i].row_count, false, RG_CODEC_NONE, &values);

        if (rows[i].status == RG_OK) {
            CHECK_OK(status);
            CHECK_U64(values, rows[i].value_count);
        } else {
            CHECK_ERROR(status, rows[i].status, rows[i].text);
        }
    }
}

/* Behind a chunk the next column's pages lie, but PARQUET-816: a dictionary's header is left out.
 */
TEST(pages_of_the_next_column_are_not_taken)
{
    static const struct {
        const char *about;
        struct page pages[3];
        size_t page_count;
        size_t lacking_bytes;
        enum rg_status status;
        const char *text;
    } rows[] = {
        {"a page is lost",
         {{DATA(2), "aaaabbbb"}, {DATA(1), "cccc"}},
         2,
         21,
         RG_ERR_CORRUPT,
         "data pages hold 2 values where the chunk claims 3"},
        {"a page is lost behind a dictionary",
         {{DICTIONARY(1), "aaaa"}, {DATA(2), "aaaabbbb"}, {DATA(1), "cccc"}},
         3,
         21,
         RG_ERR_CORRUPT,
         "where 13 are left"},
        {"a dictionary's header is left out",
         {{DICTIONARY(1), "aaaa"}, {DATA(3), "aaaabbbbcccc"}},
         2,
         13,
         RG_OK,
         ""},
        {"more is left out",
         {{DICTIONARY(1), "aaaa"}, {DATA(3), "aaaabbbbcccc"}},
         2,
         14,
         RG_ERR_CORRUPT,
         "page of 12 bytes where 11 are left"},
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        uint32_t values = 0;
        const enum rg_status status =
            read_pages(t, rows[i].pages, rows[i].page_count, rows[i].lacking_bytes, 3, 3, false,
                       RG_CODEC_NONE, &values);

        if (rows[i].status == RG_OK)
            CHECK_OK(status);
        else
            CHECK_ERROR(status, rows[i].status, rows[i].text);
    }
}

/* ARROW-10353: compressed, whatever the flag says. */
TEST(a_lying_flag_is_not_believed_where_it_is_known_to_lie)
{
    static const struct page page = {{.type = RG_PAGE_DATA_V2,
                                      .value_count = 1,
                                      .row_count = 1,
                                      .uncompressed_bytes = 4,
                                      .compressed_bytes = 6,
                                      .is_compressed = false},
                                     "\4\x0c"
                                     "aaaa"};
    uint32_t values = 0;

    CHECK_OK(read_pages(t, &page, 1, 0, 1, 1, true, RG_CODEC_SNAPPY, &values));
    CHECK_U64(values, 1);
    CHECK_ERROR(read_pages(t, &page, 1, 0, 1, 1, false, RG_CODEC_SNAPPY, &values), RG_ERR_CORRUPT,
                "uncompressed page of 6 bytes claims 4");
}

int main(int argc, char **argv)
{
    static const struct test_case cases[] = {
        {"chunks_of_any_pages_come_back", chunks_of_any_pages_come_back},
        {"damaged_chunks_are_refused_or_read", damaged_chunks_are_refused_or_read},
        {"broken_chunks_are_named", broken_chunks_are_named},
        {"pages_of_the_next_column_are_not_taken", pages_of_the_next_column_are_not_taken},
        {"a_lying_flag_is_not_believed_where_it_is_known_to_lie",
         a_lying_flag_is_not_believed_where_it_is_known_to_lie},
    };

    return test_main("parquet/chunk_reader", cases, sizeof cases / sizeof cases[0], argc, argv);
}
