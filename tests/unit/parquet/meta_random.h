/* SPDX-License-Identifier: Apache-2.0 */

/* Random footers, and what makes two of them equal. */

#ifndef UNIT_PARQUET_META_RANDOM_H
#define UNIT_PARQUET_META_RANDOM_H

#include "base/arena.h"
#include "parquet/metadata.h"
#include "support/test.h"

/* A whole footer with everything in it that is written; ends the test where memory is short. */
void random_meta(struct test *t, struct choices *c, struct rg_arena *arena,
                 struct rg_file_meta *ret_meta);

/* Ends the test where the two differ in anything that is written. */
void check_same_meta(const struct rg_file_meta *got, const struct rg_file_meta *wanted);

#endif
