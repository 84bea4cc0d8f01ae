/* SPDX-License-Identifier: Apache-2.0 */

#include "cli/output.h"

#include <errno.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

bool rg_output_write(void *user, const void *data, size_t bytes)
{
    FILE *file = user;

    return fwrite(data, 1, bytes, file) == bytes;
}

bool rg_output_finish(void)
{
    errno = 0;
    if (fflush(stdout) == 0 && ferror(stdout) == 0)
        return true;
    if (errno != EPIPE)
        fprintf(stderr, "error: standard output: %s\n",
                errno != 0 ? strerror(errno) : "cannot be written");
    return false;
}

/* True for what a terminal may obey: C0, DEL, and in UTF-8 the C1 controls (C2 80 to C2 9F). */
static bool is_control(const uint8_t *text, size_t *ret_bytes)
{
    *ret_bytes = text[0] == 0xc2 && text[1] >= 0x80 && text[1] < 0xa0 ? 2 : 1;
    return text[0] < 0x20 || text[0] == 0x7f || *ret_bytes == 2;
}

size_t rg_output_line(char line[RG_OUTPUT_LINE_BYTES], const char *format, va_list args)
{
    char text[RG_OUTPUT_LINE_BYTES - 1];
    size_t bytes = 0;
    size_t step;

    vsnprintf(text, sizeof text, format, args);
    for (const uint8_t *at = (const uint8_t *)text; *at != 0; at += step) {
        const bool is_harmless = !is_control(at, &step);

        line[bytes++] = is_harmless ? (char)*at : '?';
    }
    line[bytes++] = '\n';
    return bytes;
}

void rg_output_say(const char *format, ...)
{
    char line[RG_OUTPUT_LINE_BYTES];
    va_list args;

    va_start(args, format);
    const size_t bytes = rg_output_line(line, format, args);
    va_end(args);
    fwrite(line, 1, bytes, stderr);
}

const char *rg_output_plural(uint64_t count)
{
    return count == 1 ? "" : "s";
}
