/* SPDX-License-Identifier: Apache-2.0 */

#include "journal/minted.h"

#include <string.h>

#include "support/test.h"

static const struct rg_home_id home = {"0123456789abcdef0123456789abcdef"};
static const struct rg_home_id other_home = {"1123456789abcdef0123456789abcdef"};
static const struct rg_home_id no_home = {""};

/* Frozen: names in every home depend on these bytes. */
TEST(names_never_change)
{
    char name[rg_minted_name_bytes];

    rg_minted_name(&home, "p=1/", 12, 3, 4, UINT64_C(0xfedcba9876543210), name);
    CHECK_TEXT(name, "part-000012-003-fedcba9876543210a88a6c05.parquet");
    rg_minted_name(&home, "", 1, 0, 1001, 1, name);
    CHECK_TEXT(name, "part-000001-000000-0000000000000001bcd5edcb.parquet");
}

TEST(names_come_back)
{
    static const uint32_t part_counts[] = {1, 1000, 1001, 1000000};
    char name[rg_minted_name_bytes];
    struct rg_minted minted;

    for (size_t i = 0; i < sizeof part_counts / sizeof part_counts[0]; i++) {
        const uint32_t part = part_counts[i] - 1;

        rg_minted_name(&home, "p=1/", 999999, part, part_counts[i], UINT64_MAX, name);
        CHECK(rg_minted_parse(name, &minted));
        CHECK_U64(minted.number, 999999);
        CHECK_U64(minted.part, part);
        CHECK_U64(minted.hash, UINT64_MAX);
        CHECK(rg_minted_is_of(&minted, &home, "p=1/"));
        CHECK(!rg_minted_is_of(&minted, &other_home, "p=1/"));
        CHECK(!rg_minted_is_of(&minted, &no_home, "p=1/"));
        CHECK(!rg_minted_is_of(&minted, &home, "p=2/"));
        CHECK(!rg_minted_is_of(&minted, &home, ""));
        minted.number--;
        CHECK(!rg_minted_is_of(&minted, &home, "p=1/"));
    }
}

TEST(names_are_in_row_order)
{
    static const struct {
        uint32_t number;
        uint32_t part;
        uint32_t part_count;
    } rows[] = {{1, 0, 2}, {1, 1, 2}, {2, 0, 1200}, {2, 999, 1200}, {2, 1000, 1200}, {10, 0, 1}};
    char before[rg_minted_name_bytes] = "";
    char name[rg_minted_name_bytes];

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        rg_minted_name(&home, "", rows[i].number, rows[i].part, rows[i].part_count, 7, name);
        CHECK(strcmp(before, name) < 0);
        memcpy(before, name, sizeof name);
    }
}

TEST(outputs_of_a_batch_are_as_many_as_six_digits_count)
{
    char last[rg_minted_name_bytes];
    char before[rg_minted_name_bytes];
    struct rg_minted minted;

    CHECK_OK(rg_minted_check_count(1000000, &t->err));
    rg_minted_name(&home, "", 1, 999998, 1000000, 7, before);
    rg_minted_name(&home, "", 1, 999999, 1000000, 7, last);
    CHECK(strcmp(before, last) < 0);
    CHECK(rg_minted_parse(last, &minted));
    CHECK_U64(minted.part, 999999);
    CHECK_ERROR(rg_minted_check_count(1000001, &t->err), RG_ERR_LIMIT,
                "1000001 outputs of one batch are more than 1000000");
    CHECK_ERROR(rg_minted_check_count(UINT64_MAX, &t->err), RG_ERR_LIMIT, "18446744073709551615");
}

TEST(other_names_are_not_minted)
{
    static const char *const names[] = {
        "",
        "part-",
        "part-0.parquet",
        "part-000012-003-fedcba9876543210d57f7a9d.parquet.tmp",
        "part-000012-003-fedcba9876543210d57f7a9d",
        "part-000012-003-fedcba9876543210d57f7a9.parquet",
        "part-000012-003-fedcba9876543210d57f7a9d0.parquet",
        "part-000012-0003-fedcba9876543210d57f7a9d.parquet",
        "part-00012-003-fedcba9876543210d57f7a9d.parquet",
        "part-000000-003-fedcba9876543210d57f7a9d.parquet",
        "part-000012-003-FEDCBA9876543210d57f7a9d.parquet",
        "part-000012-00a-fedcba9876543210d57f7a9d.parquet",
        "Part-000012-003-fedcba9876543210d57f7a9d.parquet",
        "part-00000-9f8c-c000.snappy.parquet",
    };
    struct rg_minted minted;

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        CHECK(!rg_minted_parse(names[i], &minted));
}

TEST(ledger_names_come_back)
{
    static const struct {
        struct rg_ledger_name name;
        const char *text;
    } rows[] = {
        {{RG_LEDGER_RECORD, 1, 0, 0}, "_000001.json"},
        {{RG_LEDGER_SNAPSHOT, 999999, 0, 0}, "_999999.snapshot"},
        {{RG_LEDGER_INTENT, 7, 0xab, UINT64_MAX},
         "_000007-00000000000000ab-ffffffffffffffff.intent"},
    };
    char text[rg_minted_name_bytes];

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        rg_ledger_name_make(&rows[i].name, text);
        CHECK_TEXT(text, rows[i].text);
        const struct rg_ledger_name name = rg_ledger_name_parse(text);
        CHECK(name.kind == rows[i].name.kind);
        CHECK_U64(name.number, rows[i].name.number);
        CHECK_U64(name.token, rows[i].name.token);
        CHECK_U64(name.hash, rows[i].name.hash);
    }
}

TEST(other_names_are_not_of_the_ledger)
{
    static const char *const names[] = {
        "",
        "_home",
        "_trash",
        "_probe",
        "000001.json",
        "_00001.json",
        "_000000.json",
        "_0000001.json",
        "_000001.json.tmp",
        "_000001.parquet",
        "_000001-00ab-ffff.intent",
        "_000001-00000000000000ab-ffffffffffffffff.json",
        "_000001-00000000000000ab-fffffffffffffffF.intent",
    };

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        CHECK(rg_ledger_name_parse(names[i]).kind == RG_LEDGER_OTHER);
}

int main(int argc, char **argv)
{
    static const struct test_case cases[] = {
        {"names_never_change", names_never_change},
        {"names_come_back", names_come_back},
        {"names_are_in_row_order", names_are_in_row_order},
        {"outputs_of_a_batch_are_as_many_as_six_digits_count",
         outputs_of_a_batch_are_as_many_as_six_digits_count},
        {"other_names_are_not_minted", other_names_are_not_minted},
        {"ledger_names_come_back", ledger_names_come_back},
        {"other_names_are_not_of_the_ledger", other_names_are_not_of_the_ledger},
    };

    return test_main("journal/minted", cases, sizeof cases / sizeof cases[0], argc, argv);
}
