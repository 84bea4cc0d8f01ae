/* SPDX-License-Identifier: Apache-2.0 */

#include "compact/left_files.h"

#include <stdio.h>

#include "support/test.h"

enum {
    names_max = 40,
    files_max = 300
};

/* Against a list of all that was added: the files of each name, the last first. */
static void every_name_finds_its_files(struct test *t, struct choices *c)
{
    struct rg_left_files files = {.allocator = &t->allocator};
    uint32_t names[files_max];
    const uint32_t count = choose(c, files_max);
    char name[32];

    for (uint32_t i = 0; i < count; i++) {
        names[i] = choose(c, names_max - 1);
        (void)snprintf(name, sizeof name, "f%u.parquet", names[i]);
        const struct rg_object_id id = {.bytes = i, .tag = choose_bool(c) ? "" : "tag"};
        struct rg_left_file *file = rg_left_files_add(&files, name, &id);
        CHECK_MEMORY(file);
        CHECK_U64(file->misses, 0);
    }
    CHECK_U64(files.count, count);
    for (uint32_t n = 0; n < names_max; n++) {
        (void)snprintf(name, sizeof name, "f%u.parquet", n);
        const struct rg_left_file *file = rg_left_files_find(&files, name);
        for (uint32_t i = count; i-- > 0;) {
            if (names[i] != n)
                continue;
            CHECK(file != NULL);
            CHECK_U64(file->id.bytes, i);
            CHECK_TEXT(file->name, name);
            file = rg_left_files_next(file);
        }
        CHECK(file == NULL);
    }
    rg_left_files_fini(&files);
    CHECK(rg_left_files_find(&files, "f1.parquet") == NULL);
    rg_left_files_fini(&files);
}

TEST(any_files)
{
    test_property(t, "every_name_finds_its_files", 300, every_name_finds_its_files);
}

int main(int argc, char **argv)
{
    static const struct test_case cases[] = {
        {"any_files", any_files},
    };

    return test_main("compact/left_files", cases, sizeof cases / sizeof cases[0], argc, argv);
}
