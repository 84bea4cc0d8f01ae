/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The INI dialect of AWS's shared files: sections, "key = value", and below a key without a value
 * indented keys of its own ("s3 =" and "  addressing_style = path", found as
 * "s3.addressing_style").
 */

#ifndef STORE_S3_INI_H
#define STORE_S3_INI_H

#include "base/arena.h"
#include "base/error.h"

/* Files larger than that are none of ours. */
static const size_t rg_ini_bytes_max = (size_t)1 << 20;

struct rg_ini_entry {
    const char *section; /* As in the brackets, one blank between words, no quotes. */
    const char *key;     /* Lower case. */
    const char *value;
};

struct rg_ini {
    struct rg_ini_entry *entries;
    size_t count;
};

/*
 * Reads a whole file. What is no line of this dialect is passed over, as AWS's own tools do.
 *
 * Errors:  RG_ERR_LIMIT (size); RG_ERR_NOMEM.
 */
RG_MUST_CHECK enum rg_status rg_ini_parse(struct rg_span text, struct rg_arena *arena,
                                          struct rg_ini *ret_ini, struct rg_error *err);

/* The value of the last such entry, or NULL. */
const char *rg_ini_find(const struct rg_ini *ini, const char *section, const char *key);

/* True when there is such a section with at least one entry. */
bool rg_ini_has_section(const struct rg_ini *ini, const char *section);

#endif
