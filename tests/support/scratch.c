/* SPDX-License-Identifier: Apache-2.0 */

#include "support/scratch.h"

#include <errno.h>
#include <fts.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "support/test.h"

static char base[128];
static pid_t owner; /* A forked child must not remove what its parent works in. */
static char *paths[100000];
static size_t path_count;

void scratch_remove(const char *path)
{
    char *roots[] = {strdup(path), NULL};
    FTS *tree = roots[0] == NULL ? NULL : fts_open(roots, FTS_PHYSICAL | FTS_NOSTAT, NULL);

    while (tree != NULL) {
        const FTSENT *entry = fts_read(tree);

        if (entry == NULL)
            break;
        if (entry->fts_info == FTS_D)
            (void)chmod(entry->fts_accpath, 0700);
        else
            (void)remove(entry->fts_accpath);
    }
    if (tree != NULL)
        (void)fts_close(tree);
    free(roots[0]);
}

static void remove_all(void)
{
    if (getpid() == owner)
        scratch_remove(base);
    for (size_t i = 0; i < path_count; i++)
        free(paths[i]);
}

const char *scratch_new(void)
{
    char path[160];

    if (owner == 0) {
        const char *parent = getenv("TMPDIR");

        (void)snprintf(base, sizeof base, "%s/regroup-test-XXXXXX",
                       parent == NULL || strlen(parent) > 90 ? "/tmp" : parent);
        /* Tests of permissions run as another user, who must get through. */
        if (mkdtemp(base) == NULL || chmod(base, 0755) != 0)
            test_fail(__FILE__, __LINE__, "%s: %s", base, strerror(errno));
        owner = getpid();
        (void)atexit(remove_all);
    }
    (void)snprintf(path, sizeof path, "%s/%zu", base, path_count);
    if (mkdir(path, 0777) != 0 || path_count == sizeof paths / sizeof paths[0])
        test_fail(__FILE__, __LINE__, "%s: %s", path, strerror(errno));
    paths[path_count] = strdup(path);
    if (paths[path_count] == NULL)
        test_fail(__FILE__, __LINE__, "no memory");
    return paths[path_count++];
}

static void make_parents(char *path)
{
    for (char *slash = strchr(path + 1, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        (void)mkdir(path, 0777);
        *slash = '/';
    }
}

void scratch_write(const char *directory, const char *name, const void *data, size_t bytes)
{
    char path[PATH_MAX];

    (void)snprintf(path, sizeof path, "%s/%s", directory, name);
    make_parents(path);
    FILE *file = fopen(path, "wb");
    if (file == NULL || fwrite(data, 1, bytes, file) != bytes || fclose(file) != 0)
        test_fail(__FILE__, __LINE__, "%s: %s", path, strerror(errno));
}

char *scratch_read(const char *directory, const char *name, size_t *ret_bytes)
{
    char path[PATH_MAX];
    struct stat found;

    (void)snprintf(path, sizeof path, "%s/%s", directory, name);
    FILE *file = fopen(path, "rb");
    if (file == NULL)
        return NULL;
    char *data = fstat(fileno(file), &found) == 0 ? malloc((size_t)found.st_size + 1) : NULL;
    if (data == NULL)
        test_fail(__FILE__, __LINE__, "%s: cannot be read", path);
    const size_t bytes = fread(data, 1, (size_t)found.st_size, file);
    (void)fclose(file);
    data[bytes] = '\0';
    if (ret_bytes != NULL)
        *ret_bytes = bytes;
    return data;
}
