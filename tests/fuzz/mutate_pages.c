/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Mutations that keep pages whole. A fuzzer that changes bytes blindly breaks a header, a length or
 * a frame of a codec nearly always, and what lies behind is never reached. Here pages are taken
 * apart; one is copied, dropped, moved or gets another header field, or its body is unpacked,
 * changed and packed again; then lengths and counts are made right, most of the time.
 */

#include "fuzz/mutate_pages.h"

#include <string.h>

#include "base/limits.h"
#include "fuzz/fuzz.h"
#include "parquet/codec.h"
#include "parquet/page_header.h"

enum {
    PAGES_MAX = 64,
    BODY_BYTES_MAX = 1 << 16,
    SPLIT_BYTES = 2,
};

struct page {
    struct rg_page_header header;
    const uint8_t *body; /* header.compressed_bytes. */
};

struct input {
    struct fuzz_pages form;
    struct page pages[PAGES_MAX];
    size_t count;
    struct rg_span tail; /* Where no page begins any more. */
    uint64_t random;
    uint8_t *body; /* Of the page that was changed; NULL: none. */
};

static size_t draw(struct input *input, size_t below)
{
    input->random ^= input->random << 13;
    input->random ^= input->random >> 7;
    input->random ^= input->random << 17;
    return (size_t)((input->random * UINT64_C(0x2545f4914f6cdd1d)) >> 33) % below;
}

static void take_apart(struct input *input, struct rg_span bytes)
{
    input->count = 0;
    while (input->count < PAGES_MAX && bytes.bytes > 0) {
        struct page *page = &input->pages[input->count];
        struct rg_error err;
        size_t used;

        if (rg_page_header_parse(bytes, &page->header, &used, &err) != RG_OK ||
            bytes.bytes - used < page->header.compressed_bytes)
            break;
        page->body = bytes.data + used;
        used += page->header.compressed_bytes;
        bytes = (struct rg_span){bytes.data + used, bytes.bytes - used};
        input->count++;
    }
    input->tail = bytes;
}

static bool is_data(const struct page *page)
{
    return page->header.type == RG_PAGE_DATA || page->header.type == RG_PAGE_DATA_V2;
}

/* What precedes the packed part of a body. */
static size_t level_bytes(const struct page *page)
{
    const struct rg_page_header *header = &page->header;

    return header->type == RG_PAGE_DATA_V2 ? (size_t)header->def_bytes + header->rep_bytes : 0;
}

/* The body without its codec into out, of at most BODY_BYTES_MAX; false: it cannot be read. */
static bool unpack(const struct input *input, struct rg_codec_context *codecs,
                   const struct page *page, uint8_t *out)
{
    const struct rg_page_header *header = &page->header;
    const size_t levels = level_bytes(page);
    struct rg_error err;

    if (header->uncompressed_bytes > BODY_BYTES_MAX || levels > header->compressed_bytes ||
        levels > header->uncompressed_bytes)
        return false;
    if (levels > 0)
        memcpy(out, page->body, levels);
    if (input->form.codec == RG_CODEC_NONE || !header->is_compressed) {
        if (header->compressed_bytes != header->uncompressed_bytes)
            return false;
        if (header->compressed_bytes > levels)
            memcpy(out + levels, page->body + levels, header->compressed_bytes - levels);
        return true;
    }
    /* Codecs may read some bytes behind their input: it gets memory of its own. */
    const size_t packed = header->compressed_bytes - levels;
    uint8_t *copy = calloc(1, packed + rg_slack_bytes);
    FUZZ_CHECK(copy != NULL);
    if (packed > 0)
        memcpy(copy, page->body + levels, packed);
    const bool is_unpacked =
        rg_codec_decompress(codecs, input->form.codec, (struct rg_span){copy, packed}, out + levels,
                            header->uncompressed_bytes - levels, &err) == RG_OK;
    free(copy);
    return is_unpacked;
}

static void pack(struct input *input, struct rg_codec_context *codecs, struct page *page,
                 const uint8_t *raw, size_t raw_bytes)
{
    const size_t levels = level_bytes(page) < raw_bytes ? level_bytes(page) : raw_bytes;
    const struct rg_span rest = {raw + levels, raw_bytes - levels};
    const bool is_packed = input->form.codec != RG_CODEC_NONE && page->header.is_compressed;
    const size_t room = is_packed ? rg_codec_compress_bound(input->form.codec, rest.bytes) : 0;
    struct rg_error err;
    size_t bytes = rest.bytes;

    input->body = malloc(levels + (room > rest.bytes ? room : rest.bytes) + 1);
    FUZZ_CHECK(input->body != NULL);
    memcpy(input->body, raw, levels);
    if (is_packed)
        FUZZ_CHECK(rg_codec_compress(codecs, input->form.codec,
                                     rg_codec_level_default(input->form.codec), rest,
                                     input->body + levels, room, &bytes, &err) == RG_OK);
    else if (bytes > 0)
        memcpy(input->body + levels, rest.data, bytes);
    page->body = input->body;
    page->header.uncompressed_bytes = (uint32_t)raw_bytes;
    page->header.compressed_bytes = (uint32_t)(levels + bytes);
    page->header.has_crc = false;
}

static void change_body(struct input *input, struct page *page)
{
    static struct rg_codec_context *codecs; /* Dear to make: kept until the process ends. */
    uint8_t *raw = malloc(BODY_BYTES_MAX + rg_slack_bytes);

    if (codecs == NULL)
        codecs = rg_codec_context_new(&rg_allocator_system);
    FUZZ_CHECK(codecs != NULL && raw != NULL);
    if ((input->form.codec == RG_CODEC_NONE || rg_codec_can_compress(input->form.codec)) &&
        unpack(input, codecs, page, raw)) {
        const size_t before = page->header.uncompressed_bytes;
        const size_t room = before + 256 < BODY_BYTES_MAX ? before + 256 : BODY_BYTES_MAX;

        pack(input, codecs, page, raw, LLVMFuzzerMutate(raw, before, room));
    }
    free(raw);
}

static void change_header(struct input *input, struct rg_page_header *header)
{
    static const uint8_t encodings[] = {RG_ENCODING_PLAIN,
                                        RG_ENCODING_PLAIN_DICTIONARY,
                                        RG_ENCODING_RLE,
                                        RG_ENCODING_DELTA_BINARY_PACKED,
                                        RG_ENCODING_DELTA_LENGTH_BYTE_ARRAY,
                                        RG_ENCODING_DELTA_BYTE_ARRAY,
                                        RG_ENCODING_RLE_DICTIONARY,
                                        RG_ENCODING_BYTE_STREAM_SPLIT};

    switch (draw(input, 6)) {
    case 0:
        header->value_count = header->value_count + 1 - (uint32_t)draw(input, 3);
        break;
    case 1:
        header->encoding = encodings[draw(input, sizeof encodings)];
        break;
    case 2:
        header->def_encoding =
            header->def_encoding == RG_ENCODING_RLE ? RG_ENCODING_BIT_PACKED : RG_ENCODING_RLE;
        break;
    case 3:
        header->is_sorted = !header->is_sorted;
        break;
    case 4:
        header->row_count = header->row_count + 1 - (uint32_t)draw(input, 3);
        break;
    default:
        header->null_count = header->null_count + 1 - (uint32_t)draw(input, 3);
    }
}

static void change_order(struct input *input)
{
    struct page *pages = input->pages;
    const size_t from = draw(input, input->count);
    const size_t to = draw(input, input->count);
    const struct page page = pages[from];

    switch (draw(input, 3)) {
    case 0: /* Once more. */
        if (input->count == PAGES_MAX)
            return;
        memmove(pages + to + 1, pages + to, (input->count - to) * sizeof *pages);
        pages[to] = page;
        input->count++;
        break;
    case 1: /* Gone. */
        memmove(pages + from, pages + from + 1, (input->count - from - 1) * sizeof *pages);
        input->count--;
        break;
    default:
        pages[from] = pages[to];
        pages[to] = page;
    }
}

static void put_number(uint8_t *at, size_t bytes, uint64_t number)
{
    for (size_t i = 0; i < bytes; i++)
        at[i] = (uint8_t)(number >> 8 * i);
}

/* The counts at `out` become those of pages [first, end). */
static void set_counts(const struct input *input, size_t first, size_t end, uint8_t *out)
{
    const struct fuzz_pages *form = &input->form;
    uint64_t values = 0;
    uint64_t rows = 0;
    bool has_rows = true;

    for (size_t i = first; i < end; i++) {
        const struct page *page = &input->pages[i];

        if (!is_data(page))
            continue;
        values += page->header.value_count;
        rows += page->header.row_count;
        has_rows = has_rows && page->header.type == RG_PAGE_DATA_V2;
    }
    put_number(out, form->count_bytes, values);
    if (has_rows || form->is_flat)
        put_number(out + form->count_bytes, form->count_bytes, form->is_flat ? values : rows);
}

static void set_all_counts(const struct input *input, size_t second, uint8_t *out)
{
    if (input->form.has_counts_of_both) {
        set_counts(input, 0, second, out);
        set_counts(input, second, input->count, out + 2 * input->form.count_bytes);
    } else {
        set_counts(input, second == input->count ? 0 : second, input->count, out);
    }
}

/* The page with which the second of two chunks begins: with a dictionary, or anywhere. */
static size_t choose_split(struct input *input)
{
    const size_t any = draw(input, input->count + 1);

    for (size_t i = 1; i < input->count; i++)
        if (input->pages[i].header.type == RG_PAGE_DICTIONARY && draw(input, 8) != 0)
            return i;
    return any;
}

/* Puts the pages behind the head; returns how long all is now, 0: too long. */
static size_t put_together(struct input *input, uint8_t *out, size_t out_max)
{
    const struct fuzz_pages *form = &input->form;
    const size_t second = form->split_at == 0 ? 0 : choose_split(input);
    size_t at = form->pages_at;
    size_t split = 0;

    for (size_t i = 0; i < input->count; i++) {
        const struct page *page = &input->pages[i];
        uint8_t header[RG_PAGE_HEADER_EMIT_BYTES_MAX];
        const size_t header_bytes = rg_page_header_emit(&page->header, header);

        if (i == second)
            split = at - form->pages_at;
        if (out_max - at < header_bytes + page->header.compressed_bytes)
            return 0;
        memcpy(out + at, header, header_bytes);
        if (page->header.compressed_bytes > 0)
            memcpy(out + at + header_bytes, page->body, page->header.compressed_bytes);
        at += header_bytes + page->header.compressed_bytes;
    }
    if (second == input->count)
        split = at - form->pages_at;
    if (out_max - at < input->tail.bytes)
        return 0;
    if (input->tail.bytes > 0)
        memcpy(out + at, input->tail.data, input->tail.bytes);
    if (form->split_at != 0)
        put_number(out + form->split_at, SPLIT_BYTES, split);
    if (draw(input, 8) != 0)
        set_all_counts(input, second, out + form->counts_at);
    return at + input->tail.bytes;
}

static void mutate(struct input *input)
{
    struct page *page = &input->pages[draw(input, input->count)];

    switch (draw(input, 4)) {
    case 0:
        change_order(input);
        break;
    case 1:
        change_header(input, &page->header);
        break;
    default:
        change_body(input, page);
    }
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t bytes, size_t bytes_max, unsigned seed)
{
    static struct input input;
    size_t result = 0;

    input.random = seed * UINT64_C(0x9e3779b97f4a7c15) + 1;
    if (!fuzz_describe(data, bytes, &input.form) || draw(&input, 4) == 0)
        return LLVMFuzzerMutate(data, bytes, bytes_max);
    take_apart(&input, (struct rg_span){data + input.form.pages_at, bytes - input.form.pages_at});
    if (input.count == 0)
        return LLVMFuzzerMutate(data, bytes, bytes_max);
    if (draw(&input, 8) == 0) {
        /* Of the head only what it chooses, not how long it is. */
        (void)LLVMFuzzerMutate(data, input.form.pages_at, input.form.pages_at);
        return bytes;
    }
    uint8_t *out = malloc(bytes_max);
    FUZZ_CHECK(out != NULL);
    memcpy(out, data, input.form.pages_at);
    input.body = NULL;
    mutate(&input);
    if (input.count > 0)
        result = put_together(&input, out, bytes_max);
    if (result > 0)
        memcpy(data, out, result);
    free(input.body);
    free(out);
    return result > 0 ? result : LLVMFuzzerMutate(data, bytes, bytes_max);
}
