/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The names of the ledger: of outputs ("minted" names), records, intents and snapshots.
 *
 *     part-NNNNNN-KKK-<16 digits H><8 digits C>.parquet      an output, in P/
 *     _NNNNNN.json   _NNNNNN.snapshot                        in _regroup/P/
 *     _NNNNNN-<16 digits token>-<16 digits H>.intent         in _regroup/P/
 *
 * N is the number of a record, K that of an output in it, from 0. C is a hash of the home's id, the
 * partition, N, K and H: it proves by the name alone that a ledger of this home minted it for this
 * partition, so a file copied from elsewhere is foreign. Byte order of names is row order; hence
 * all outputs of a record have K in three digits, or in six where there are more than 1000.
 */

#ifndef JOURNAL_MINTED_H
#define JOURNAL_MINTED_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"

/* Six digits, and no more: byte order. A record an hour is 114 years. */
static const uint32_t rg_record_number_max = 999999;
static const uint32_t rg_record_outputs_max = 1000000;

/* 128 bits as 32 lower-case hexadecimal digits; "" where a home has none yet. */
struct rg_home_id {
    char digits[33];
};

struct rg_minted {
    uint32_t number; /* N, from 1. */
    uint32_t part;   /* K, from 0. */
    uint64_t hash;   /* H. */
    uint32_t check;  /* C. */
};

/* Room for each kind of name here, with its NUL. */
enum {
    rg_minted_name_bytes = 64
};

/* RG_ERR_LIMIT where names have no room for the numbers of so many outputs of one batch. */
RG_MUST_CHECK enum rg_status rg_minted_check_count(uint64_t part_count, struct rg_error *err);

/* The name of output `part` of `part_count`, which passes the check. */
void rg_minted_name(const struct rg_home_id *home, const char *partition, uint32_t number,
                    uint32_t part, uint32_t part_count, uint64_t hash,
                    char ret_name[rg_minted_name_bytes]);

/* True when `name` has the form; says nothing about C. */
bool rg_minted_parse(const char *name, struct rg_minted *ret_minted);

/* True when C is right: a ledger of this home minted the name for this partition. */
bool rg_minted_is_of(const struct rg_minted *minted, const struct rg_home_id *home,
                     const char *partition);

enum rg_ledger_kind {
    RG_LEDGER_OTHER, /* Not one of ours. */
    RG_LEDGER_RECORD,
    RG_LEDGER_INTENT,
    RG_LEDGER_SNAPSHOT,
};

/* What a name in _regroup/P/ is, and its N; of intents also token and H. */
struct rg_ledger_name {
    enum rg_ledger_kind kind;
    uint32_t number;
    uint64_t token;
    uint64_t hash;
};

void rg_ledger_name_make(const struct rg_ledger_name *name, char ret_text[rg_minted_name_bytes]);
struct rg_ledger_name rg_ledger_name_parse(const char *text);

#endif
