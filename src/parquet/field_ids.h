/* SPDX-License-Identifier: Apache-2.0 */

/* Whether columns of a file can be told by their field ids. */

#ifndef PARQUET_FIELD_IDS_H
#define PARQUET_FIELD_IDS_H

#include "parquet/metadata.h"

/*
 * Whether all columns have field ids that somebody gave them. Those of LIST's and MAP's repeated
 * groups, and inside VARIANT, do not count. Arrow before 7 numbered columns as they stood
 * (PARQUET-1798), and parquet-go of xitongsys says 0 of each, which tells nothing about which is
 * which; nor do such ids once a rewriter passed them on.
 */
bool rg_field_ids_are_given(const struct rg_file_meta *meta);

#endif
