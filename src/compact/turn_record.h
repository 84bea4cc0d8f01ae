/* SPDX-License-Identifier: Apache-2.0 */

/* From outputs that are made to the record that names them. */

#ifndef COMPACT_TURN_RECORD_H
#define COMPACT_TURN_RECORD_H

#include "compact/partition.h"

/*
 * Compares under --verify full, checks that inputs and outputs are still there, creates the record,
 * counts it and tells the caller. No record, and no error, where somebody else was faster or the
 * check failed: the next look tells.
 *
 * Errors:  RG_ERR_NOMEM; RG_ERR_CORRUPT where an output is not what its inputs say; those of
 *          rg_commit_check() and rg_commit_record().
 */
RG_MUST_CHECK enum rg_status rg_turn_record(struct rg_partition *partition, struct rg_error *err);

#endif
