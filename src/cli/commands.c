/* SPDX-License-Identifier: Apache-2.0 */

#include "cli/commands.h"

#include <limits.h>

#include "cli/compact.h"
#include "cli/inspect.h"
#include "cli/ledger.h"
#include "cli/verify.h"

const struct command rg_commands[] = {
    {
        .name = "compact",
        .bit = RG_COMMAND_COMPACT,
        .usage = {"compact SOURCE DEST [options]", "compact --in-place SOURCE [options]"},
        .summary = "merges small Parquet files into few with large row groups",
        .about =
            "SOURCE and DEST are a path, file:///... or s3://bucket/prefix. The partitions of\n"
            "SOURCE are kept below DEST. A second run adds files that came late, and else\n"
            "writes nothing.",
        .place_min = 2,
        .place_max = 2,
        .run = rg_compact_command,
    },
    {
        .name = "plan",
        .bit = RG_COMMAND_PLAN,
        .usage = {"plan SOURCE DEST [options]", "plan --in-place SOURCE [options]"},
        .summary = "shows what compact would do, and writes nothing",
        .about = "Takes the options of compact; partitions that gain most come first.",
        .place_min = 2,
        .place_max = 2,
        .run = rg_plan_command,
    },
    {
        .name = "inspect",
        .bit = RG_COMMAND_INSPECT,
        .usage = {"inspect FILE... [options]", NULL},
        .summary = "shows footers and pages of Parquet files",
        .place_min = 1,
        .place_max = UINT_MAX,
        .run = rg_inspect_command,
    },
    {
        .name = "verify",
        .bit = RG_COMMAND_VERIFY,
        .usage = {"verify SOURCE DEST [options]", NULL},
        .summary = "decodes both sides, and tells whether DEST holds the rows of SOURCE",
        .about = "In the order that the ledger of DEST tells; without a ledger, file by file in\n"
                 "the order of their names. Exit 0: equal; 1: different; 3: equal, but some\n"
                 "files of SOURCE are not in DEST yet, or files lie in DEST that are no live\n"
                 "outputs.",
        .place_min = 2,
        .place_max = 2,
        .run = rg_verify_command,
    },
    {
        .name = "list",
        .bit = RG_COMMAND_LIST,
        .usage = {"list HOME [options]", NULL},
        .summary = "lists the live files of a home by its ledger, one a line",
        .about = "HOME is DEST of a compact, or SOURCE of one in place.",
        .place_min = 1,
        .place_max = 1,
        .run = rg_list_command,
    },
    {
        .name = "gc",
        .bit = RG_COMMAND_GC,
        .usage = {"gc HOME [options]", NULL},
        .summary = "removes what dead runs left behind",
        .about =
            "Nothing is touched but outputs that are dead, files that were replaced in place,\n"
            "intents and unfinished uploads.",
        .place_min = 1,
        .place_max = 1,
        .run = rg_gc_command,
    },
    {0},
};
