/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Semantics are hashed as classes, not as words: two versions of Spark that write dates alike are
 * one class. The classes are those that readers make of the keys:
 *
 *   Spark, DataSourceUtils (datetimeRebaseSpec, int96RebaseSpec): no version, or one that is at
 *   least 3.0.0 (for INT96 3.1.0) without the legacy key, or legacy in a time zone. Versions are
 *   compared as text there, and so here.
 *   Hive, DataWritableReadSupport: writer.date.proleptic, writer.time.zone,
 *   writer.zone.conversion.legacy, each by its value.
 *   Drill, ParquetReaderUtility (detectCorruptDates): dates of Drill are shifted unless its writer
 *   says version 2 or that they are right.
 *   Spark, Hive and Impala shift INT96 by whether created_by is parquet-mr's, each in its way.
 *   GeoParquet: coordinate system, edges, epoch, encoding; not bounds and types, which are merged.
 *   Geospatial.md: a CRS "projjson:<key>" is defined in the key-values.
 *   Arrow's durations are INT64 without a logical type; so are seconds since 1970 in arrow-rs. The
 *   unit is in "ARROW:schema" only.
 */

#include "stitch/file_shape.h"

#include <string.h>

#include "base/checked.h"
#include "base/sort.h"
#include "parquet/footer.h"
#include "parquet/schema.h"
#include "stitch/arrow_schema.h"
#include "stitch/geo_merge.h"
#include "stitch/json_scan.h"
#include "stitch/key_values.h"

/* Field ids that the Iceberg specification reserves for the columns of position delete files. */
static const int32_t iceberg_delete_path_id = 2147483546;
static const int32_t iceberg_delete_pos_id = 2147483545;

static bool is_key(const struct rg_key_value *pair, const char *key)
{
    return rg_span_equal(pair->key, rg_span_of(key));
}

/* The first pair of that key, or NULL. */
static const struct rg_key_value *find(const struct rg_file_meta *meta, const char *key)
{
    for (uint32_t i = 0; i < meta->key_value_count; i++) {
        if (is_key(&meta->key_values[i], key))
            return &meta->key_values[i];
    }
    return NULL;
}

unsigned rg_file_aspects(const struct rg_schema *schema)
{
    unsigned aspects = 0;

    for (uint32_t i = 0; i < schema->leaf_count; i++) {
        const struct rg_leaf *leaf = &schema->leaves[i];
        const struct rg_annotation annotation =
            rg_schema_annotation(&schema->elements[leaf->element_index]);

        aspects |= annotation.logical == RG_LOGICAL_DATE ? RG_ASPECT_DATE : 0;
        aspects |= annotation.logical == RG_LOGICAL_TIMESTAMP ? RG_ASPECT_TIMESTAMP : 0;
        aspects |= leaf->type == RG_TYPE_INT96 ? RG_ASPECT_INT96 : 0;
    }
    return aspects;
}

static void add_value(struct rg_hasher *hasher, const struct rg_key_value *pair)
{
    rg_hasher_add_u64(hasher, pair == NULL ? 0 : 1);
    if (pair != NULL)
        rg_hasher_add(hasher, pair->value);
}

static void add_spark(struct rg_hasher *hasher, const struct rg_file_meta *meta,
                      const char *version_min, const char *legacy_key)
{
    const struct rg_key_value *version = find(meta, "org.apache.spark.version");

    if (version == NULL) {
        rg_hasher_add_text(hasher, "no spark");
        return;
    }
    const bool is_old = rg_span_compare(version->value, rg_span_of(version_min)) < 0;
    if (!is_old && find(meta, legacy_key) == NULL) {
        rg_hasher_add_text(hasher, "proleptic");
        return;
    }
    rg_hasher_add_text(hasher, "legacy");
    add_value(hasher, find(meta, "org.apache.spark.timeZone"));
}

static void add_drill(struct rg_hasher *hasher, const struct rg_file_meta *meta)
{
    if (find(meta, "drill.version") == NULL) {
        rg_hasher_add_text(hasher, "no drill");
        return;
    }
    add_value(hasher, find(meta, "drill-writer.version"));
    add_value(hasher, find(meta, "is.date.correct"));
}

/* True for a column whose CRS is the value of that key. */
static bool is_crs_key(const struct rg_schema_element *element, struct rg_span key)
{
    static const char prefix[] = "projjson:";
    const size_t prefix_bytes = sizeof prefix - 1;
    const struct rg_span text = element->annotation;

    if (key.bytes == 0 || text.bytes < prefix_bytes + key.bytes)
        return false;
    for (size_t i = 0; i + prefix_bytes + key.bytes <= text.bytes; i++) {
        if (memcmp(text.data + i, prefix, prefix_bytes) == 0 &&
            memcmp(text.data + i + prefix_bytes, key.data, key.bytes) == 0)
            return true;
    }
    return false;
}

static bool is_geospatial(const struct rg_schema_element *element)
{
    return element->has_type &&
           (element->logical == RG_LOGICAL_GEOMETRY || element->logical == RG_LOGICAL_GEOGRAPHY);
}

static void add_geography(struct rg_hasher *hasher, const struct rg_file_meta *meta,
                          const struct rg_schema *schema)
{
    const struct rg_key_value *geo = find(meta, "geo");

    if (geo != NULL) {
        const struct rg_hash128 hash = rg_geo_semantics(geo->value);
        rg_hasher_add_text(hasher, "geo");
        rg_hasher_add_u64(hasher, hash.high);
        rg_hasher_add_u64(hasher, hash.low);
    }
    for (uint32_t i = 0; i < schema->element_count; i++) {
        if (!is_geospatial(&schema->elements[i]))
            continue;
        for (uint32_t j = 0; j < meta->key_value_count; j++) {
            if (!is_crs_key(&schema->elements[i], meta->key_values[j].key))
                continue;
            rg_hasher_add(hasher, meta->key_values[j].key);
            rg_hasher_add(hasher, meta->key_values[j].value);
        }
    }
}

/*
 * What readers that shift INT96 look for in created_by: Spark and Hive whether it begins with
 * "parquet-mr", Impala whether that is its first word, which Trino's "parquet-mr-trino" is not.
 */
static uint64_t int96_class(struct rg_span created_by)
{
    static const size_t name_bytes = sizeof "parquet-mr" - 1;

    if (!rg_created_by_is_parquet_mr(created_by))
        return 0;
    return created_by.bytes == name_bytes || created_by.data[name_bytes] == ' ' ? 1 : 2;
}

struct rg_hash128 rg_file_semantics(const struct rg_file_meta *meta, const struct rg_schema *schema)
{
    return rg_file_semantics_of(meta, schema, rg_file_aspects(schema));
}

struct rg_hash128 rg_file_semantics_of(const struct rg_file_meta *meta,
                                       const struct rg_schema *schema, unsigned aspects)
{
    const bool has_date = (aspects & RG_ASPECT_DATE) != 0;
    const bool has_timestamp = (aspects & RG_ASPECT_TIMESTAMP) != 0;
    const bool has_int96 = (aspects & RG_ASPECT_INT96) != 0;
    struct rg_hasher hasher;

    rg_hasher_init(&hasher);
    if (has_date || has_timestamp)
        add_spark(&hasher, meta, "3.0.0", "org.apache.spark.legacyDateTime");
    if (has_int96)
        add_spark(&hasher, meta, "3.1.0", "org.apache.spark.legacyINT96");
    if (has_date || has_timestamp || has_int96)
        add_value(&hasher, find(meta, "writer.date.proleptic"));
    if (has_timestamp || has_int96) {
        add_value(&hasher, find(meta, "writer.time.zone"));
        add_value(&hasher, find(meta, "writer.zone.conversion.legacy"));
    }
    if (has_date)
        add_drill(&hasher, meta);
    if (has_int96)
        rg_hasher_add_u64(&hasher, int96_class(meta->created_by));
    add_geography(&hasher, meta, schema);
    return rg_hasher_result(&hasher);
}

struct rg_hash128 rg_file_units(const struct rg_file_meta *meta)
{
    const struct rg_key_value *arrow = find(meta, "ARROW:schema");
    struct rg_arrow_facts facts = {.has_dictionary = false};

    if (arrow != NULL && rg_arrow_schema_names_units(arrow->value, &meta->schema) &&
        rg_arrow_schema_read(arrow->value, &facts))
        return facts.semantics;
    return (struct rg_hash128){0, 0};
}

struct rg_hash128 rg_file_shape(const struct rg_file_meta *meta)
{
    const struct rg_hash128 semantics = rg_file_semantics(meta, &meta->schema);
    const struct rg_hash128 units = rg_file_units(meta);
    struct rg_hasher hasher;

    rg_hasher_init(&hasher);
    rg_schema_hash(&meta->schema, &hasher);
    rg_hasher_add_u64(&hasher, semantics.high);
    rg_hasher_add_u64(&hasher, semantics.low);
    rg_hasher_add_u64(&hasher, units.high);
    rg_hasher_add_u64(&hasher, units.low);
    rg_hasher_add_u64(&hasher, meta->has_column_orders ? 1 : 0);
    return rg_hasher_result(&hasher);
}

bool rg_file_shape_is_shared(const struct rg_file_meta *a, const struct rg_file_meta *b)
{
    if (!rg_schema_is_shared(&a->schema, &b->schema) ||
        a->has_column_orders != b->has_column_orders ||
        !rg_span_equal(a->created_by, b->created_by) || a->key_value_count != b->key_value_count)
        return false;
    for (uint32_t i = 0; i < a->key_value_count; i++) {
        if (!rg_span_equal(a->key_values[i].key, b->key_values[i].key) ||
            !rg_span_equal(a->key_values[i].value, b->key_values[i].value))
            return false;
    }
    return true;
}

static enum rg_status check_key_values(const struct rg_file_meta *meta, struct rg_error *err)
{
    if (meta->key_value_count > rg_key_values_max)
        return rg_fail(err, RG_ERR_LIMIT, "%u key-values, more than %u", meta->key_value_count,
                       rg_key_values_max);
    for (uint32_t i = 0; i < meta->key_value_count; i++) {
        const struct rg_key_value *pair = &meta->key_values[i];

        if (is_key(pair, "delete-type") || is_key(pair, "delete-field-ids"))
            return rg_fail(err, RG_ERR_UNSUPPORTED, "an Iceberg delete file, not data");
        if (is_key(pair, "hoodie_min_record_key") || is_key(pair, "hoodie_max_record_key") ||
            is_key(pair, "org.apache.hudi.bloomfilter"))
            return rg_fail(err, RG_ERR_UNSUPPORTED,
                           "a base file of a Hudi table, which indexes it by name");
    }
    return RG_OK;
}

/*
 * Field 32767 carries what its writer likes (parquet-format BinaryProtocolExtensions.md), offsets
 * among it. Everywhere else it is left behind, but elements are copied as they are: type 8 (binary)
 * without a field delta, then 32767 in zigzag.
 */
static bool has_extension(struct rg_span raw)
{
    static const uint8_t field[] = {0x08, 0xfe, 0xff, 0x03};

    for (size_t i = 0; i + sizeof field <= raw.bytes; i++) {
        if (memcmp(raw.data + i, field, sizeof field) == 0)
            return true;
    }
    return false;
}

static enum rg_status check_schema(const struct rg_schema *schema, struct rg_error *err)
{
    bool has_delete_path = false;
    bool has_delete_pos = false;
    char path[RG_PATH_TEXT_BYTES];

    for (uint32_t i = 0; i < schema->element_count; i++) {
        const struct rg_schema_element *element = &schema->elements[i];
        const bool is_top_leaf = i > 0 && element->has_type && element->parent_index == 0;

        if (element->logical == RG_LOGICAL_FILE)
            return rg_fail(err, RG_ERR_UNSUPPORTED,
                           "FILE column %s may point into the file it stands in",
                           rg_schema_path_text(schema, i, path));
        if (has_extension(element->raw))
            return rg_fail(err, RG_ERR_UNSUPPORTED, "schema element %s carries an extension",
                           rg_schema_path_text(schema, i, path));
        if (is_top_leaf && element->has_field_id) {
            has_delete_path = has_delete_path || element->field_id == iceberg_delete_path_id;
            has_delete_pos = has_delete_pos || element->field_id == iceberg_delete_pos_id;
        }
    }
    if (has_delete_path && has_delete_pos)
        return rg_fail(err, RG_ERR_UNSUPPORTED, "an Iceberg position delete file, not data");
    return RG_OK;
}

/* Where a chunk's bytes lie. */
struct extent {
    uint64_t begin, end;
};

static bool extent_of(uint64_t begin, uint64_t bytes, struct extent *ret)
{
    ret->begin = begin;
    return !__builtin_add_overflow(begin, bytes, &ret->end);
}

/* `what` of a chunk, if the footer says that there is one, must lie before the footer. */
static enum rg_status check_part(const char *what, bool is_there, uint64_t offset, uint64_t bytes,
                                 uint64_t data_end, struct rg_error *err)
{
    struct extent part;

    if (!is_there || offset == 0)
        return RG_OK;
    if (!extent_of(offset, bytes, &part) || part.begin < sizeof rg_parquet_magic ||
        part.end > data_end)
        return rg_fail(err, RG_ERR_CORRUPT, "%s of %llu bytes at %llu is outside the file", what,
                       (unsigned long long)bytes, (unsigned long long)offset);
    return RG_OK;
}

static enum rg_status check_chunk(const struct rg_column_chunk *chunk, const struct rg_leaf *leaf,
                                  uint64_t row_count, uint64_t data_end, struct rg_error *err)
{
    const bool is_short =
        leaf->rep_max == 0 ? chunk->value_count != row_count : chunk->value_count < row_count;

    if (chunk->is_encrypted)
        return rg_fail(err, RG_ERR_UNSUPPORTED, "encrypted");
    if (chunk->is_elsewhere)
        return rg_fail(err, RG_ERR_UNSUPPORTED, "its data is in another file");
    if (is_short)
        return rg_fail(err, RG_ERR_CORRUPT, "%llu values in %llu rows",
                       (unsigned long long)chunk->value_count, (unsigned long long)row_count);
    if (chunk->compressed_bytes == 0 || rg_chunk_begin(chunk) == 0)
        return rg_fail(err, RG_ERR_CORRUPT, "no pages for %llu rows",
                       (unsigned long long)row_count);
    RG_TRY(
        check_part("chunk", true, rg_chunk_begin(chunk), chunk->compressed_bytes, data_end, err));
    RG_TRY(check_part("bloom filter", chunk->has_bloom_filter_offset, chunk->bloom_filter_offset,
                      chunk->has_bloom_filter_length ? chunk->bloom_filter_length : 0, data_end,
                      err));
    RG_TRY(check_part("offset index", true, chunk->offset_index_offset, chunk->offset_index_length,
                      data_end, err));
    return check_part("column index", true, chunk->column_index_offset, chunk->column_index_length,
                      data_end, err);
}

static struct extent chunk_extent(const struct rg_column_chunk *chunk)
{
    struct extent e = {0, 0};

    (void)extent_of(rg_chunk_begin(chunk), chunk->compressed_bytes, &e);
    return e;
}

/* The ordinary case: chunks one behind another. Counts them. */
static bool are_chunks_ascending(const struct rg_file_meta *meta, size_t *ret_count)
{
    bool is_ascending = true;
    uint64_t end = 0;
    size_t count = 0;

    for (uint32_t i = 0; i < meta->row_group_count; i++) {
        if (meta->row_groups[i].row_count == 0)
            continue;
        for (uint32_t j = 0; j < meta->schema.leaf_count; j++) {
            const struct extent e = chunk_extent(&meta->row_groups[i].columns[j]);

            is_ascending = is_ascending && e.begin >= end;
            end = e.end;
            count++;
        }
    }
    *ret_count = count;
    return is_ascending;
}

static int compare_begins(const void *a, const void *b)
{
    const struct extent *one = a;
    const struct extent *other = b;

    return (one->begin > other->begin) - (one->begin < other->begin);
}

static enum rg_status check_overlaps(const struct rg_file_meta *meta, struct rg_arena *scratch,
                                     struct rg_error *err)
{
    size_t count;

    if (are_chunks_ascending(meta, &count))
        return RG_OK;
    struct extent *extents = rg_arena_array(scratch, count, sizeof *extents);
    if (extents == NULL)
        return rg_fail(err, RG_ERR_NOMEM, "no memory for the places of %zu chunks", count);
    size_t used = 0;
    for (uint32_t i = 0; i < meta->row_group_count; i++) {
        if (meta->row_groups[i].row_count == 0)
            continue;
        for (uint32_t j = 0; j < meta->schema.leaf_count; j++)
            extents[used++] = chunk_extent(&meta->row_groups[i].columns[j]);
    }
    rg_sort_in_place(extents, count, sizeof *extents, compare_begins);
    for (size_t i = 1; i < count; i++) {
        if (extents[i].begin < extents[i - 1].end)
            return rg_fail(err, RG_ERR_CORRUPT, "chunks overlap at byte %llu of the file",
                           (unsigned long long)extents[i].begin);
    }
    return RG_OK;
}

enum rg_status rg_file_acceptable(const struct rg_file_meta *meta, uint64_t file_bytes,
                                  struct rg_arena *scratch, struct rg_error *err)
{
    const uint64_t tail_bytes = RG_FOOTER_TAIL_BYTES;
    const uint64_t data_end = file_bytes < tail_bytes ? 0 : file_bytes - tail_bytes;
    uint64_t row_count = 0;

    if (meta->is_encrypted)
        return rg_fail(err, RG_ERR_UNSUPPORTED, "encrypted with a plaintext footer");
    RG_TRY(check_key_values(meta, err));
    RG_TRY(check_schema(&meta->schema, err));
    for (uint32_t i = 0; i < meta->row_group_count; i++) {
        const struct rg_row_group *group = &meta->row_groups[i];

        /* FileMetaData.num_rows lies in some files; what row groups say is what counts. */
        if (!rg_add_u64(row_count, group->row_count, &row_count) || row_count > INT64_MAX)
            return rg_fail(err, RG_ERR_CORRUPT, "row groups up to %u have more rows than can be",
                           i);
        if (group->row_count == 0)
            continue; /* Left out, wherever its chunks point to. */
        for (uint32_t j = 0; j < meta->schema.leaf_count; j++) {
            if (check_chunk(&group->columns[j], &meta->schema.leaves[j], group->row_count, data_end,
                            err) == RG_OK)
                continue;
            const struct rg_span path = meta->schema.leaves[j].path;
            return rg_within(err, "row group %u: column %.*s", i,
                             (int)(path.bytes < 100 ? path.bytes : 100), (const char *)path.data);
        }
    }
    return check_overlaps(meta, scratch, err);
}
