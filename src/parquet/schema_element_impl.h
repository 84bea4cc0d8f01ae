/* SPDX-License-Identifier: Apache-2.0 */

/* SchemaElement, in and out. */

#ifndef PARQUET_SCHEMA_ELEMENT_IMPL_H
#define PARQUET_SCHEMA_ELEMENT_IMPL_H

#include "parquet/meta_parser_impl.h"

/* A name's header and length, and the stop byte: the least an element takes. */
static const size_t rg_schema_element_bytes_min = 3;

/*
 * Parses one element; parent_index is left 0. A malformed one sticks to the reader.
 *
 * Errors:  RG_ERR_NOMEM.
 */
RG_MUST_CHECK enum rg_status rg_schema_element_parse(struct rg_meta_parser *parser,
                                                     struct rg_schema_element *ret_element,
                                                     struct rg_error *err);

/* Appends the raw bytes, or the fields where there are none. */
void rg_schema_element_emit(struct rg_thrift_writer *writer,
                            const struct rg_schema_element *element);

#endif
