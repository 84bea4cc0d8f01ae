/* SPDX-License-Identifier: Apache-2.0 */

#include "compact/memory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "support/test.h"

/* Writes `text` to root/path, making directories on the way. */
static void put(const char *root, const char *path, const char *text)
{
    char whole[512];

    (void)snprintf(whole, sizeof whole, "%s/%s", root, path);
    for (char *at = whole + strlen(root) + 1; (at = strchr(at, '/')) != NULL; at++) {
        *at = '\0';
        (void)mkdir(whole, 0755);
        *at = '/';
    }
    FILE *file = fopen(whole, "we");
    CHECK(file != NULL);
    CHECK(fputs(text, file) >= 0);
    CHECK_U64((uint64_t)fclose(file), 0);
}

struct row {
    const char *about;
    const char *cgroup;
    const char *files[3][2];
    uint64_t wanted;
};

TEST(limits_are_found)
{
    static const struct row rows[] = {
        {"v2, the parent is smaller",
         "0::/a/b\n",
         {{"sys/fs/cgroup/a/b/memory.max", "2000000\n"},
          {"sys/fs/cgroup/a/memory.max", "1000000\n"}},
         1000000},
        {"v2, none in the group", "0::/a\n", {{"sys/fs/cgroup/a/memory.max", "max\n"}}, 0},
        {"v1 beside other controllers",
         "4:memory:/x\n3:cpu,cpuacct:/\n",
         {{"sys/fs/cgroup/memory/x/memory.limit_in_bytes", "5000\n"}},
         5000},
        {"v1, no limit",
         "4:memory:/x\n",
         {{"sys/fs/cgroup/memory/x/memory.limit_in_bytes", "9223372036854771712\n"}},
         0},
        {"container: only the mount's root is there",
         "0::/docker/abc\n",
         {{"sys/fs/cgroup/memory.max", "777\n"}},
         777},
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char root[] = "/tmp/regroup-memory-XXXXXX";
        char remove[64];

        CHECK(mkdtemp(root) != NULL);
        put(root, "proc/self/cgroup", rows[i].cgroup);
        for (size_t j = 0; j < 3 && rows[i].files[j][0] != NULL; j++)
            put(root, rows[i].files[j][0], rows[i].files[j][1]);
        const uint64_t machine =
            (uint64_t)sysconf(_SC_PHYS_PAGES) * (uint64_t)sysconf(_SC_PAGESIZE);
        CHECK_U64(rg_memory_allowed_bytes(root), rows[i].wanted > 0 ? rows[i].wanted : machine);
        (void)snprintf(remove, sizeof remove, "rm -r %s", root);
        CHECK_U64((uint64_t)system(remove), 0);
    }
}

TEST(resident_size_is_plausible)
{
    CHECK(rg_memory_resident_bytes() > 100000);
    CHECK(rg_memory_resident_bytes_max() >= rg_memory_resident_bytes() / 2);
}

int main(int argc, char **argv)
{
    static const struct test_case cases[] = {
        {"limits_are_found", limits_are_found},
        {"resident_size_is_plausible", resident_size_is_plausible},
    };

    return test_main("compact/memory", cases, sizeof cases / sizeof cases[0], argc, argv);
}
