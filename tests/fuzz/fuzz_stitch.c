/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Bytes that say they are one or two column chunks, stitched. The first bytes choose type, nesting,
 * codec, options and counts, and whether sources come with an offset index, a right one or not.
 */

#include <string.h>

#include "base/limits.h"
#include "fuzz/fuzz.h"
#include "fuzz/mutate_pages.h"
#include "fuzz/stitched.h"
#include "parquet/page_header.h"

enum {
    CHOICES = 9,
    SOURCES_MAX = 3,
    ELEMENTS_MAX = 4,
    IS_TWO = 126, /* Of the byte that chooses the number of sources: two chunks take turns. */
    SPLIT_BYTES = 2,
    PAGES_MAX = 256, /* With an offset index. */
};

/* Bits of the byte that chooses nesting. */
enum {
    HAS_INDEX = 0x80,
    IS_INDEX_WRONG = 0x40,
};

/* Repetition of the elements below the root. */
static const uint8_t paths[][ELEMENTS_MAX] = {{RG_REQUIRED, 9},
                                              {RG_OPTIONAL, 9},
                                              {RG_OPTIONAL, RG_OPTIONAL, 9},
                                              {RG_OPTIONAL, RG_REPEATED, RG_OPTIONAL, 9}};

struct column {
    struct rg_schema_element elements[ELEMENTS_MAX + 1];
    struct rg_leaf leaf;
    struct rg_schema schema;
};

static void make_schema(struct column *column, uint8_t type, const uint8_t *path)
{
    struct rg_leaf *leaf = &column->leaf;
    uint32_t depth = 0;

    *column = (struct column){.leaf = {.type = type, .column_order = RG_COLUMN_ORDER_TYPE}};
    for (; depth < ELEMENTS_MAX && path[depth] != 9; depth++) {
        column->elements[depth + 1] = (struct rg_schema_element){
            .converted_type = RG_CONVERTED_NONE, .parent_index = depth, .repetition = path[depth]};
        leaf->def_max = (uint8_t)(leaf->def_max + (path[depth] != RG_REQUIRED));
        leaf->rep_max = (uint8_t)(leaf->rep_max + (path[depth] == RG_REPEATED));
    }
    leaf->type_length = type == RG_TYPE_FIXED_LEN_BYTE_ARRAY ? 5 : 0;
    leaf->element_index = depth;
    column->elements[depth].has_type = true;
    column->elements[depth].type = type;
    column->elements[depth].type_length = leaf->type_length;
    column->schema =
        (struct rg_schema){column->elements, leaf, .element_count = depth + 1, .leaf_count = 1};
}

/* The first two bytes tell how long the first of two chunks is. */
static void split(struct rg_span pieces[2])
{
    const struct rg_span whole = pieces[0];

    if (whole.bytes < SPLIT_BYTES)
        return;
    const size_t rest = whole.bytes - SPLIT_BYTES;
    const size_t first = (whole.data[0] | (size_t)whole.data[1] << 8) % (rest + 1);
    pieces[0] = (struct rg_span){whole.data + SPLIT_BYTES, first};
    pieces[1] = (struct rg_span){whole.data + SPLIT_BYTES + first, rest - first};
}

/* An offset index and the memory of its locations. */
struct index {
    struct rg_page_location pages[PAGES_MAX];
    struct rg_offset_index index;
};

/* What a writer would have written for these pages; a value is a row. */
static void make_index(struct index *index, struct rg_span chunk)
{
    uint64_t row = 0;
    size_t at = 0;

    index->index = (struct rg_offset_index){index->pages, NULL, 0};
    while (index->index.page_count < PAGES_MAX) {
        const struct rg_span rest = {chunk.data + at, chunk.bytes - at};
        struct rg_page_header header;
        struct rg_error err;
        size_t bytes;

        if (rg_page_header_parse(rest, &header, &bytes, &err) != RG_OK ||
            rest.bytes - bytes < header.compressed_bytes)
            break;
        bytes += header.compressed_bytes;
        if (header.type == RG_PAGE_DATA || header.type == RG_PAGE_DATA_V2) {
            index->pages[index->index.page_count++] = (struct rg_page_location){
                .offset = at, .compressed_bytes = (uint32_t)bytes, .first_row_index = row};
            row += header.value_count;
        }
        at += bytes;
    }
}

/* One of its numbers is another. */
static void falsify(struct index *index, uint8_t choice, uint8_t by)
{
    if (index->index.page_count == 0)
        return;
    struct rg_page_location *page = &index->pages[choice % index->index.page_count];

    switch (choice / 64) {
    case 0:
        page->offset += by;
        break;
    case 1:
        page->first_row_index += by;
        break;
    case 2:
        page->compressed_bytes -= by;
        break;
    default:
        index->index.page_count--;
    }
}

bool fuzz_describe(const uint8_t *data, size_t bytes, struct fuzz_pages *ret_pages)
{
    const bool is_two = bytes > CHOICES && data[4] >= IS_TWO;

    if (bytes <= CHOICES + SPLIT_BYTES)
        return false;
    *ret_pages = (struct fuzz_pages){
        .pages_at = is_two ? CHOICES + SPLIT_BYTES : CHOICES,
        .counts_at = 5,
        .count_bytes = 2,
        .split_at = is_two ? CHOICES : 0,
        .codec = fuzz_codec(data[2]),
        .is_flat = data[1] % 4 != 3,
    };
    return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
    static uint8_t chunk_bytes[65536 + 64];
    static struct index indexes[2];
    static const struct rg_writer writer = {.is_parsed = true};
    struct rg_stitch_source sources[SOURCES_MAX];
    struct column column;
    struct rg_column_chunk chunks[2];

    if (bytes < CHOICES || bytes - CHOICES > 65536)
        return 0;
    make_schema(&column, data[0] % 8, paths[data[1] % 4]);
    memcpy(chunk_bytes, data + CHOICES, bytes - CHOICES);
    const bool has_index = (data[1] & HAS_INDEX) != 0 && column.leaf.rep_max == 0;
    struct rg_span pieces[2] = {{chunk_bytes, bytes - CHOICES}, {chunk_bytes, bytes - CHOICES}};
    if (data[4] >= IS_TWO)
        split(pieces);
    for (size_t i = 0; i < 2; i++) {
        chunks[i] = (struct rg_column_chunk){
            .type = data[0] % 8,
            .codec = fuzz_codec(data[2]),
            .compressed_bytes = pieces[i].bytes,
            .uncompressed_bytes = rg_chunk_bytes_max,
            .value_count = data[5] | (uint64_t)data[6] << 8,
        };
        if (has_index)
            make_index(&indexes[i], pieces[i]);
    }
    if ((data[1] & IS_INDEX_WRONG) != 0)
        falsify(&indexes[0], data[0], data[3]);
    const size_t count = 1 + data[4] % SOURCES_MAX;
    for (size_t i = 0; i < count; i++)
        sources[i] = (struct rg_stitch_source){
            .chunk = &chunks[i % 2],
            .leaf = &column.leaf,
            .writer = &writer,
            .bytes = pieces[i % 2],
            .row_count = data[7] | (uint64_t)data[8] << 8,
            .offset_index = has_index ? &indexes[i % 2].index : NULL,
            .name = "input",
            .schema = &column.schema,
        };
    const struct rg_stitch_column out = {.schema = &column.schema, .leaf_index = 0};
    fuzz_stitch(&out, data[3], sources, count);
    return 0;
}
