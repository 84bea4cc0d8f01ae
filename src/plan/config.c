/* SPDX-License-Identifier: Apache-2.0 */

#include "plan/config.h"

#include <string.h>

#include "plan/options.h"

static bool is_blank(uint8_t byte)
{
    return byte == ' ' || byte == '\t' || byte == '\r';
}

static struct rg_span trim(struct rg_span text)
{
    while (text.bytes > 0 && is_blank(text.data[0])) {
        text.data++;
        text.bytes--;
    }
    while (text.bytes > 0 && is_blank(text.data[text.bytes - 1]))
        text.bytes--;
    return text;
}

/* A NUL-terminated copy, or NULL. */
static const char *copy_text(struct rg_options *options, struct rg_span text)
{
    return (const char *)rg_arena_copy(&options->arena, text).data;
}

static enum rg_status set_line(struct rg_options *options, struct rg_span line,
                               struct rg_error *err)
{
    const struct rg_span text = trim(line);

    if (text.bytes == 0 || text.data[0] == '#')
        return RG_OK;
    if (memchr(text.data, 0, text.bytes) != NULL)
        return rg_fail(err, RG_ERR_INVALID, "a NUL byte");

    const uint8_t *equals = memchr(text.data, '=', text.bytes);
    if (equals == NULL)
        return rg_fail(err, RG_ERR_INVALID, "lines are like 'memory = 4G'");

    const size_t name_bytes = (size_t)(equals - text.data);
    const struct rg_span name = trim((struct rg_span){text.data, name_bytes});
    struct rg_span value = trim((struct rg_span){equals + 1, text.bytes - name_bytes - 1});
    const bool is_quoted =
        value.bytes >= 2 && value.data[0] == '"' && value.data[value.bytes - 1] == '"';
    if (is_quoted)
        value = (struct rg_span){value.data + 1, value.bytes - 2};

    const char *name_text = copy_text(options, name);
    const char *value_text = copy_text(options, value);
    if (name_text == NULL || value_text == NULL)
        return rg_fail(err, RG_ERR_NOMEM, "no memory for options");
    return rg_options_set(options, name_text, value_text, RG_ORIGIN_FILE, err);
}

enum rg_status rg_options_set_config(struct rg_options *options, const char *text, size_t bytes,
                                     const char *label, struct rg_error *err)
{
    struct rg_error ignored;
    struct rg_error *error = err != NULL ? err : &ignored;
    unsigned line_number = 1;

    if (bytes > RG_CONFIG_BYTES_MAX) {
        (void)rg_fail(error, RG_ERR_LIMIT, "a configuration of %zu bytes: at most %d", bytes,
                      RG_CONFIG_BYTES_MAX);
        return rg_within(error, "%s", label);
    }
    for (size_t begin = 0; begin < bytes; line_number++) {
        const char *newline = memchr(text + begin, '\n', bytes - begin);
        const size_t end = newline != NULL ? (size_t)(newline - text) : bytes;
        const struct rg_span line = {(const uint8_t *)text + begin, end - begin};

        if (set_line(options, line, error) != RG_OK)
            return rg_within(error, "%s:%u", label, line_number);
        begin = end + 1;
    }
    return RG_OK;
}
