/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The three statistics structs of a column chunk. Malformed ones stick to the reader; what they
 * mean is judged elsewhere (stitch/statistics.h).
 */

#ifndef PARQUET_META_STATISTICS_IMPL_H
#define PARQUET_META_STATISTICS_IMPL_H

#include "parquet/meta_parser_impl.h"

/* Fills *ret_statistics, which is zeroed; allocates nothing. */
void rg_statistics_parse(struct rg_meta_parser *parser, uint8_t type,
                         struct rg_statistics *ret_statistics);

/*
 * Errors:  RG_ERR_NOMEM.
 */
RG_MUST_CHECK enum rg_status rg_size_statistics_parse(struct rg_meta_parser *parser, uint8_t type,
                                                      struct rg_size_statistics *ret_statistics,
                                                      struct rg_error *err);
RG_MUST_CHECK enum rg_status
rg_geospatial_statistics_parse(struct rg_meta_parser *parser, uint8_t type,
                               struct rg_geospatial_statistics **ret_statistics,
                               struct rg_error *err);

/*
 * list<i64> of counts. NULL when one of them is negative: some writers say -1 for "not known"
 * (column indexes of datapage_v1-*-checksum.parquet of parquet-testing).
 *
 * Errors:  RG_ERR_NOMEM.
 */
RG_MUST_CHECK enum rg_status rg_counts_parse(struct rg_meta_parser *parser, uint8_t type,
                                             uint64_t **ret_counts, uint32_t *ret_count,
                                             struct rg_error *err);
void rg_counts_emit(struct rg_thrift_writer *writer, int32_t id, const uint64_t *counts,
                    uint32_t count);

/* True when there is anything to write; the deprecated pair does not count. */
bool rg_statistics_is_any(const struct rg_statistics *statistics);
void rg_statistics_emit(struct rg_thrift_writer *writer, int32_t id,
                        const struct rg_statistics *statistics);
void rg_size_statistics_emit(struct rg_thrift_writer *writer, int32_t id,
                             const struct rg_size_statistics *statistics);
void rg_geospatial_statistics_emit(struct rg_thrift_writer *writer, int32_t id,
                                   const struct rg_geospatial_statistics *statistics);

#endif
