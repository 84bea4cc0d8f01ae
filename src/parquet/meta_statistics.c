/* SPDX-License-Identifier: Apache-2.0 */

#include "parquet/meta_statistics_impl.h"

#include <math.h>

static const struct rg_meta_fields statistics_fields = {
    .wire_types =
        {
            [1] = RG_WIRE_BINARY,
            [2] = RG_WIRE_BINARY,
            [3] = RG_WIRE_INTEGER,
            [4] = RG_WIRE_INTEGER,
            [5] = RG_WIRE_BINARY,
            [6] = RG_WIRE_BINARY,
            [7] = RG_WIRE_BOOL,
            [8] = RG_WIRE_BOOL,
            [9] = RG_WIRE_INTEGER,
        },
};

static const struct rg_meta_fields size_statistics_fields = {
    .wire_types = {[1] = RG_WIRE_INTEGER, [2] = RG_WIRE_LIST, [3] = RG_WIRE_LIST},
};

static const struct rg_meta_fields box_fields = {
    .wire_types =
        {
            [1] = RG_WIRE_DOUBLE,
            [2] = RG_WIRE_DOUBLE,
            [3] = RG_WIRE_DOUBLE,
            [4] = RG_WIRE_DOUBLE,
            [5] = RG_WIRE_DOUBLE,
            [6] = RG_WIRE_DOUBLE,
            [7] = RG_WIRE_DOUBLE,
            [8] = RG_WIRE_DOUBLE,
        },
    .required = 0x1e, /* The bounds of x and y. */
};

static const struct rg_meta_fields geospatial_fields = {
    .wire_types = {[1] = RG_WIRE_STRUCT, [2] = RG_WIRE_LIST},
};

/* False for a negative count, by which some writers mean that they do not know. */
static bool read_count(struct rg_thrift_reader *reader, uint8_t type, uint64_t *ret_count)
{
    const int64_t count = rg_thrift_read_i64(reader, type);

    *ret_count = count < 0 ? 0 : (uint64_t)count;
    return count >= 0;
}

void rg_statistics_parse(struct rg_meta_parser *parser, uint8_t type,
                         struct rg_statistics *ret_statistics)
{
    struct rg_thrift_reader *reader = &parser->reader;
    struct rg_meta_cursor at = {0};
    struct rg_statistics *const s = ret_statistics;

    if (!rg_thrift_read_struct(reader, type))
        return;
    while (rg_meta_next(parser, &statistics_fields, &at)) {
        switch (at.field.id) {
        case 1:
            s->max = rg_thrift_read_binary(reader, at.field.type);
            break;
        case 2:
            s->min = rg_thrift_read_binary(reader, at.field.type);
            break;
        case 3:
            s->has_null_count = read_count(reader, at.field.type, &s->null_count);
            break;
        case 4:
            s->has_distinct_count = read_count(reader, at.field.type, &s->distinct_count);
            break;
        case 5:
            s->max_value = rg_thrift_read_binary(reader, at.field.type);
            break;
        case 6:
            s->min_value = rg_thrift_read_binary(reader, at.field.type);
            break;
        case 7:
            s->is_max_exact = rg_thrift_read_bool(reader, at.field.type);
            s->has_max_exact = true;
            break;
        case 8:
            s->is_min_exact = rg_thrift_read_bool(reader, at.field.type);
            s->has_min_exact = true;
            break;
        case 9:
            s->has_nan_count = read_count(reader, at.field.type, &s->nan_count);
            break;
        default:
            break;
        }
    }
}

enum rg_status rg_counts_parse(struct rg_meta_parser *parser, uint8_t type, uint64_t **ret_counts,
                               uint32_t *ret_count, struct rg_error *err)
{
    struct rg_thrift_reader *reader = &parser->reader;
    const struct rg_thrift_list list = rg_thrift_read_list(reader, type, RG_THRIFT_I64, 1);
    uint64_t *counts = rg_arena_array(parser->arena, list.count, sizeof *counts);

    if (counts == NULL)
        return rg_meta_no_memory(list.count, "counts", err);
    bool is_known = true;
    for (uint32_t i = 0; i < list.count; i++)
        is_known = read_count(reader, list.type, &counts[i]) && is_known;
    *ret_counts = is_known ? counts : NULL;
    *ret_count = is_known ? list.count : 0;
    return RG_OK;
}

enum rg_status rg_size_statistics_parse(struct rg_meta_parser *parser, uint8_t type,
                                        struct rg_size_statistics *ret_statistics,
                                        struct rg_error *err)
{
    struct rg_thrift_reader *reader = &parser->reader;
    struct rg_meta_cursor at = {0};
    struct rg_size_statistics *const s = ret_statistics;

    *s = (struct rg_size_statistics){.is_present = true};
    if (!rg_thrift_read_struct(reader, type))
        return RG_OK;
    while (rg_meta_next(parser, &size_statistics_fields, &at)) {
        switch (at.field.id) {
        case 1:
            s->unencoded_bytes = rg_thrift_read_u63(reader, at.field.type);
            s->has_unencoded_bytes = true;
            break;
        case 2:
            RG_TRY(rg_counts_parse(parser, at.field.type, &s->rep_histogram,
                                   &s->rep_histogram_count, err));
            break;
        case 3:
            RG_TRY(rg_counts_parse(parser, at.field.type, &s->def_histogram,
                                   &s->def_histogram_count, err));
            break;
        default:
            break;
        }
    }
    return RG_OK;
}

static void parse_box(struct rg_meta_parser *parser, uint8_t type, struct rg_bounding_box *box)
{
    struct rg_thrift_reader *reader = &parser->reader;
    struct rg_meta_cursor at = {0};
    double *const bounds[] = {&box->xmin, &box->xmax, &box->ymin, &box->ymax,
                              &box->zmin, &box->zmax, &box->mmin, &box->mmax};

    for (size_t i = 0; i < sizeof bounds / sizeof bounds[0]; i++)
        *bounds[i] = NAN;
    if (!rg_thrift_read_struct(reader, type))
        return;
    while (rg_meta_next(parser, &box_fields, &at))
        *bounds[at.field.id - 1] = rg_thrift_read_double(reader, at.field.type);
    box->has_z = (at.seen & 0x60) == 0x60;
    box->has_m = (at.seen & 0x180) == 0x180;
}

static enum rg_status parse_geospatial_types(struct rg_meta_parser *parser, uint8_t type,
                                             struct rg_geospatial_statistics *statistics,
                                             struct rg_error *err)
{
    struct rg_thrift_reader *reader = &parser->reader;
    const struct rg_thrift_list list = rg_thrift_read_list(reader, type, RG_THRIFT_I32, 1);

    statistics->types = rg_arena_array(parser->arena, list.count, sizeof *statistics->types);
    if (statistics->types == NULL)
        return rg_meta_no_memory(list.count, "geospatial types", err);
    statistics->type_count = list.count;
    for (uint32_t i = 0; i < list.count; i++)
        statistics->types[i] = rg_thrift_read_i32(reader, list.type);
    return RG_OK;
}

enum rg_status rg_geospatial_statistics_parse(struct rg_meta_parser *parser, uint8_t type,
                                              struct rg_geospatial_statistics **ret_statistics,
                                              struct rg_error *err)
{
    struct rg_thrift_reader *reader = &parser->reader;
    struct rg_meta_cursor at = {0};
    struct rg_geospatial_statistics *s = rg_arena_array(parser->arena, 1, sizeof *s);

    if (s == NULL)
        return rg_meta_no_memory(1, "geospatial statistics", err);
    if (!rg_thrift_read_struct(reader, type))
        return RG_OK;
    while (rg_meta_next(parser, &geospatial_fields, &at)) {
        switch (at.field.id) {
        case 1:
            parse_box(parser, at.field.type, &s->box);
            s->has_box = true;
            break;
        case 2:
            RG_TRY(parse_geospatial_types(parser, at.field.type, s, err));
            break;
        default:
            break;
        }
    }
    *ret_statistics = s;
    return RG_OK;
}

void rg_counts_emit(struct rg_thrift_writer *writer, int32_t id, const uint64_t *counts,
                    uint32_t count)
{
    rg_thrift_list_begin(writer, id, RG_THRIFT_I64, count);
    for (uint32_t i = 0; i < count; i++)
        rg_thrift_write_integer_element(writer, (int64_t)counts[i]);
}

bool rg_statistics_is_any(const struct rg_statistics *statistics)
{
    return statistics->has_null_count || statistics->has_distinct_count ||
           statistics->has_nan_count || statistics->has_min_exact || statistics->has_max_exact ||
           statistics->max_value.data != NULL || statistics->min_value.data != NULL;
}

void rg_statistics_emit(struct rg_thrift_writer *writer, int32_t id,
                        const struct rg_statistics *statistics)
{
    const struct rg_statistics *const s = statistics;
    const int32_t outer = rg_thrift_struct_begin(writer, id);

    if (s->has_null_count)
        rg_thrift_write_i64(writer, 3, (int64_t)s->null_count);
    if (s->has_distinct_count)
        rg_thrift_write_i64(writer, 4, (int64_t)s->distinct_count);
    if (s->max_value.data != NULL)
        rg_thrift_write_binary(writer, 5, s->max_value);
    if (s->min_value.data != NULL)
        rg_thrift_write_binary(writer, 6, s->min_value);
    if (s->has_max_exact)
        rg_thrift_write_bool(writer, 7, s->is_max_exact);
    if (s->has_min_exact)
        rg_thrift_write_bool(writer, 8, s->is_min_exact);
    if (s->has_nan_count)
        rg_thrift_write_i64(writer, 9, (int64_t)s->nan_count);
    rg_thrift_struct_end(writer, outer);
}

void rg_size_statistics_emit(struct rg_thrift_writer *writer, int32_t id,
                             const struct rg_size_statistics *statistics)
{
    const int32_t outer = rg_thrift_struct_begin(writer, id);

    if (statistics->has_unencoded_bytes)
        rg_thrift_write_i64(writer, 1, (int64_t)statistics->unencoded_bytes);
    if (statistics->rep_histogram_count > 0)
        rg_counts_emit(writer, 2, statistics->rep_histogram, statistics->rep_histogram_count);
    if (statistics->def_histogram_count > 0)
        rg_counts_emit(writer, 3, statistics->def_histogram, statistics->def_histogram_count);
    rg_thrift_struct_end(writer, outer);
}

static void emit_box(struct rg_thrift_writer *writer, const struct rg_bounding_box *box)
{
    const int32_t outer = rg_thrift_struct_begin(writer, 1);

    rg_thrift_write_double(writer, 1, box->xmin);
    rg_thrift_write_double(writer, 2, box->xmax);
    rg_thrift_write_double(writer, 3, box->ymin);
    rg_thrift_write_double(writer, 4, box->ymax);
    if (box->has_z) {
        rg_thrift_write_double(writer, 5, box->zmin);
        rg_thrift_write_double(writer, 6, box->zmax);
    }
    if (box->has_m) {
        rg_thrift_write_double(writer, 7, box->mmin);
        rg_thrift_write_double(writer, 8, box->mmax);
    }
    rg_thrift_struct_end(writer, outer);
}

void rg_geospatial_statistics_emit(struct rg_thrift_writer *writer, int32_t id,
                                   const struct rg_geospatial_statistics *statistics)
{
    const int32_t outer = rg_thrift_struct_begin(writer, id);

    if (statistics->has_box)
        emit_box(writer, &statistics->box);
    if (statistics->types != NULL) {
        rg_thrift_list_begin(writer, 2, RG_THRIFT_I32, statistics->type_count);
        for (uint32_t i = 0; i < statistics->type_count; i++)
            rg_thrift_write_integer_element(writer, statistics->types[i]);
    }
    rg_thrift_struct_end(writer, outer);
}
