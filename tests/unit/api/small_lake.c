/* SPDX-License-Identifier: Apache-2.0 */

#include "small_lake.h"

#include <stdio.h>
#include <stdlib.h>

/* A column "a" of INT32, REQUIRED, with the values 1 and 2 in one PLAIN page. */
static const unsigned char small_file[] = {
    'P', 'A', 'R', '1',
    /* The page's header: kind, sizes, values, encodings. */
    0x15, 0x00, 0x15, 0x10, 0x15, 0x10, 0x2c, 0x15, 0x04, 0x15, 0x00, 0x15, 0x06, 0x15, 0x06, 0x00,
    0x00,
    /* Its values. */
    1, 0, 0, 0, 2, 0, 0, 0,
    /* The footer: version, schema, */
    0x15, 0x02, 0x19, 0x2c, 0x48, 0x01, 'm', 0x15, 0x02, 0x00, 0x15, 0x02, 0x25, 0x00, 0x18, 0x01,
    'a', 0x00,
    /* rows, row groups: the chunk's place, type, encodings, path, codec, values, sizes, page, */
    0x16, 0x04, 0x19, 0x1c, 0x19, 0x1c, 0x26, 0x08, 0x1c, 0x15, 0x02, 0x19, 0x15, 0x00, 0x19, 0x18,
    0x01, 'a', 0x15, 0x00, 0x16, 0x04, 0x16, 0x32, 0x16, 0x32, 0x26, 0x08, 0x00, 0x00,
    /* and the row group's bytes and rows. */
    0x16, 0x32, 0x16, 0x04, 0x00, 0x00,
    /* Its length. */
    54, 0, 0, 0, 'P', 'A', 'R', '1'};

bool rg_small_file_write(const char *path)
{
    FILE *file = fopen(path, "wb");

    return file != NULL && fwrite(small_file, sizeof small_file, 1, file) == 1 && fclose(file) == 0;
}

void rg_tree_remove(const char *path)
{
    char command[128];

    snprintf(command, sizeof command, "rm -rf '%s'", path);
    if (system(command) != 0)
        abort();
}
