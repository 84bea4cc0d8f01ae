/* SPDX-License-Identifier: Apache-2.0 */

/* Reads the tables of tests/data/sigv4; how they are written is told in make_vectors.py there. */

#ifndef UNIT_STORE_VECTORS_H
#define UNIT_STORE_VECTORS_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store/s3/sigv4.h"
#include "store/s3/uri.h"
#include "support/test.h"

enum {
    VECTOR_PAIRS_MAX = 16,
    VECTOR_FIELDS = 13
};

enum vector_field {
    VECTOR_NAME,
    VECTOR_METHOD,
    VECTOR_PATH,
    VECTOR_PARAMETERS,
    VECTOR_HEADERS,
    VECTOR_PAYLOAD,
    VECTOR_DATE,
    VECTOR_REGION,
    VECTOR_SERVICE,
    VECTOR_ACCESS_KEY,
    VECTOR_SECRET,
    VECTOR_CANONICAL,
    VECTOR_SIGNATURE,
};

struct vector {
    char *fields[VECTOR_FIELDS];
    struct rg_uri_parameter parameters[VECTOR_PAIRS_MAX];
    size_t parameter_count;
    struct rg_sigv4_header headers[VECTOR_PAIRS_MAX];
    size_t header_count;
};

/* Undoes \n, \t, \r and \\ in place. */
static void vector_unescape(char *text)
{
    char *to = text;

    for (const char *from = text; *from != '\0'; from++) {
        if (*from != '\\') {
            *to++ = *from;
            continue;
        }
        from++;
        *to++ = *from == 'n' ? '\n' : *from == 't' ? '\t' : *from == 'r' ? '\r' : '\\';
    }
    *to = '\0';
}

static size_t vector_split(char *text, const char *names[VECTOR_PAIRS_MAX],
                           const char *values[VECTOR_PAIRS_MAX])
{
    size_t count = 0;

    while (*text != '\0') {
        char *end = text + strcspn(text, "\x1e");
        char *value = strchr(text, '\x1f');
        const bool is_last = *end == '\0';

        CHECK(value != NULL && value < end && count < VECTOR_PAIRS_MAX);
        *end = '\0';
        *value++ = '\0';
        names[count] = text;
        values[count++] = value;
        text = is_last ? end : end + 1;
    }
    return count;
}

/* The next case of `file`, whose line is kept in `line`; false at its end. */
static bool vector_next(FILE *file, char *line, size_t line_bytes, struct vector *ret)
{
    const char *names[VECTOR_PAIRS_MAX];
    const char *values[VECTOR_PAIRS_MAX];

    if (fgets(line, (int)line_bytes, file) == NULL)
        return false;
    line[strcspn(line, "\n")] = '\0';
    char *at = line;
    for (int i = 0; i < VECTOR_FIELDS; i++) {
        char *end = at + strcspn(at, "\t");

        CHECK((*end == '\0') == (i == VECTOR_FIELDS - 1));
        *end = '\0';
        vector_unescape(at);
        ret->fields[i] = at;
        at = end + 1;
    }
    ret->parameter_count = vector_split(ret->fields[VECTOR_PARAMETERS], names, values);
    for (size_t i = 0; i < ret->parameter_count; i++)
        ret->parameters[i] = (struct rg_uri_parameter){names[i], values[i]};
    ret->header_count = vector_split(ret->fields[VECTOR_HEADERS], names, values);
    for (size_t i = 0; i < ret->header_count; i++)
        ret->headers[i] = (struct rg_sigv4_header){names[i], values[i]};
    return true;
}

#endif
