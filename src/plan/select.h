/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Which entries of a listing are data: pure functions on names. Paths are below SOURCE, components
 * joined by '/'; prefixes are "" or end in '/'.
 */

#ifndef PLAN_SELECT_H
#define PLAN_SELECT_H

#include "base/span.h"
#include "plan/options.h"

enum rg_select {
    RG_SELECT_NO,
    RG_SELECT_YES,   /* Data by its name. */
    RG_SELECT_MAGIC, /* Data if it has the magic at both ends. */
};

/*
 * True for a component that hides itself and what lies below: it begins with '.', or with '_' and
 * has no '='.
 */
bool rg_select_is_hidden(struct rg_span component);

/*
 * What the last component says: .parquet, .parq and .pq are data (in any case of letters), no
 * extension at all means: look at the magic; other extensions are not data.
 */
enum rg_select rg_select_by_name(struct rg_span name);

/* A file at `path`: hidden rules, name, --include, --exclude, --where. */
enum rg_select rg_select_file(const struct rg_options *options, struct rg_span path);

/* Whether listing below `prefix` can yield a file at all; false prunes it. */
bool rg_select_prefix(const struct rg_options *options, struct rg_span prefix);

/* --min-age: true when the file is old enough by the store's clock. */
bool rg_select_is_old_enough(const struct rg_options *options, uint64_t modified_ns,
                             uint64_t now_ns);

/* True when some option lets only some of the data files through. */
bool rg_select_is_selective(const struct rg_options *options);

/* The part of `path` up to and with its last '/': the partition it lies in. */
struct rg_span rg_select_partition_of(struct rg_span path);

/*
 * What a name in a listing gives away of a table format that owns its files: "Delta Lake",
 * "Iceberg", "Hudi", or NULL. `name` is an entry directly below SOURCE or DEST, prefixes with their
 * '/' (an Iceberg table is told by its "metadata/" with a "*.metadata.json" below it: pass that
 * path too).
 */
const char *rg_select_table_format(struct rg_span name);

#endif
