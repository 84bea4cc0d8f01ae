/* SPDX-License-Identifier: Apache-2.0 */

#include "journal/minted.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/hash.h"

/* Up to so many outputs K has three digits. */
static const uint32_t narrow_parts_max = 1000;

static uint32_t check_of(const struct rg_home_id *home, const char *partition, uint32_t number,
                         uint32_t part, uint64_t hash)
{
    struct rg_hasher hasher;

    rg_hasher_init(&hasher);
    rg_hasher_add_text(&hasher, "regroup name");
    rg_hasher_add_text(&hasher, home->digits);
    rg_hasher_add_text(&hasher, partition);
    rg_hasher_add_u64(&hasher, number);
    rg_hasher_add_u64(&hasher, part);
    rg_hasher_add_u64(&hasher, hash);
    return (uint32_t)(rg_hasher_result(&hasher).low & UINT32_MAX);
}

enum rg_status rg_minted_check_count(uint64_t part_count, struct rg_error *err)
{
    if (part_count <= rg_record_outputs_max)
        return RG_OK;
    return rg_fail(err, RG_ERR_LIMIT, "%" PRIu64 " outputs of one batch are more than %" PRIu32,
                   part_count, rg_record_outputs_max);
}

void rg_minted_name(const struct rg_home_id *home, const char *partition, uint32_t number,
                    uint32_t part, uint32_t part_count, uint64_t hash,
                    char ret_name[rg_minted_name_bytes])
{
    assert(part < part_count && part_count <= rg_record_outputs_max);
    const int digits = part_count > narrow_parts_max ? 6 : 3;

    (void)snprintf(ret_name, rg_minted_name_bytes,
                   "part-%06" PRIu32 "-%0*" PRIu32 "-%016" PRIx64 "%08" PRIx32 ".parquet", number,
                   digits, part, hash, check_of(home, partition, number, part, hash));
}

/* Exactly `count` digits of `base`, lower case; moves *text behind them. */
static bool take_digits(const char **text, size_t count, uint64_t base, uint64_t *ret_value)
{
    uint64_t value = 0;

    for (size_t i = 0; i < count; i++) {
        const char c = (*text)[i];
        uint64_t digit;

        if (c >= '0' && c <= '9')
            digit = (uint64_t)(c - '0');
        else if (c >= 'a' && c <= 'f')
            digit = (uint64_t)(c - 'a') + 10;
        else
            return false;
        if (digit >= base)
            return false;
        value = value * base + digit;
    }
    *text += count;
    *ret_value = value;
    return true;
}

static bool take_text(const char **text, const char *wanted)
{
    const size_t bytes = strlen(wanted);

    if (strncmp(*text, wanted, bytes) != 0)
        return false;
    *text += bytes;
    return true;
}

bool rg_minted_parse(const char *name, struct rg_minted *ret_minted)
{
    uint64_t number;
    uint64_t part;
    uint64_t hash;
    uint64_t check;

    if (!take_text(&name, "part-") || !take_digits(&name, 6, 10, &number) ||
        !take_text(&name, "-") || !take_digits(&name, 3, 10, &part))
        return false;
    if (*name != '-') {
        uint64_t low;

        if (!take_digits(&name, 3, 10, &low))
            return false;
        part = part * 1000 + low;
    }
    if (!take_text(&name, "-") || !take_digits(&name, 16, 16, &hash) ||
        !take_digits(&name, 8, 16, &check) || strcmp(name, ".parquet") != 0 || number == 0)
        return false;
    *ret_minted = (struct rg_minted){(uint32_t)number, (uint32_t)part, hash, (uint32_t)check};
    return true;
}

bool rg_minted_is_of(const struct rg_minted *minted, const struct rg_home_id *home,
                     const char *partition)
{
    return home->digits[0] != '\0' &&
           minted->check == check_of(home, partition, minted->number, minted->part, minted->hash);
}

void rg_ledger_name_make(const struct rg_ledger_name *name, char ret_text[rg_minted_name_bytes])
{
    switch (name->kind) {
    case RG_LEDGER_RECORD:
        (void)snprintf(ret_text, rg_minted_name_bytes, "_%06" PRIu32 ".json", name->number);
        return;
    case RG_LEDGER_SNAPSHOT:
        (void)snprintf(ret_text, rg_minted_name_bytes, "_%06" PRIu32 ".snapshot", name->number);
        return;
    case RG_LEDGER_INTENT:
        (void)snprintf(ret_text, rg_minted_name_bytes,
                       "_%06" PRIu32 "-%016" PRIx64 "-%016" PRIx64 ".intent", name->number,
                       name->token, name->hash);
        return;
    case RG_LEDGER_OTHER:
        break;
    }
    ret_text[0] = '\0';
}

struct rg_ledger_name rg_ledger_name_parse(const char *text)
{
    static const struct rg_ledger_name other = {.kind = RG_LEDGER_OTHER};
    struct rg_ledger_name name = other;
    uint64_t number;

    if (!take_text(&text, "_") || !take_digits(&text, 6, 10, &number) || number == 0)
        return other;
    name.number = (uint32_t)number;
    if (strcmp(text, ".json") == 0) {
        name.kind = RG_LEDGER_RECORD;
        return name;
    }
    if (strcmp(text, ".snapshot") == 0) {
        name.kind = RG_LEDGER_SNAPSHOT;
        return name;
    }
    if (!take_text(&text, "-") || !take_digits(&text, 16, 16, &name.token) ||
        !take_text(&text, "-") || !take_digits(&text, 16, 16, &name.hash) ||
        strcmp(text, ".intent") != 0)
        return other;
    name.kind = RG_LEDGER_INTENT;
    return name;
}
