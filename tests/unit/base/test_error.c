/* SPDX-License-Identifier: Apache-2.0 */

#include "base/error.h"

#include <string.h>

#include "support/test.h"

TEST(context_goes_in_front)
{
    CHECK(rg_fail(&t->err, RG_ERR_CORRUPT, "dictionary ends at entry %d of %d", 4, 9) ==
          RG_ERR_CORRUPT);
    CHECK(rg_within(&t->err, "column %u", 3u) == RG_ERR_CORRUPT);
    CHECK(rg_within(&t->err, "a/b.parquet") == RG_ERR_CORRUPT);
    CHECK_TEXT(t->err.text, "a/b.parquet: column 3: dictionary ends at entry 4 of 9");
}

TEST(context_is_cut_and_the_cause_kept)
{
    char context[600];

    memset(context, 'x', sizeof context - 1);
    context[sizeof context - 1] = '\0';
    (void)rg_fail(&t->err, RG_ERR_CORRUPT, "the cause");
    (void)rg_within(&t->err, "%s", context);
    (void)rg_within(&t->err, "%s", context);
    CHECK_U64(strlen(t->err.text), sizeof t->err.text - 1);
    CHECK_TEXT(t->err.text + strlen(t->err.text) - 11, ": the cause");
}

int main(int argc, char **argv)
{
    static const struct test_case cases[] = {
        {"context_goes_in_front", context_goes_in_front},
        {"context_is_cut_and_the_cause_kept", context_is_cut_and_the_cause_kept},
    };

    return test_main("base/error", cases, sizeof cases / sizeof cases[0], argc, argv);
}
