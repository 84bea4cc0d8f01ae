/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Reads the XML of S3's answers as it arrives: element by element, in bounded memory.
 *
 * What no answer of S3 has is refused: a document type (hence entities of its own, hence their
 * expansion), depth beyond 8, names or texts beyond their caps. libexpat does the reading; its
 * memory (some tens of KiB for each reader) comes from malloc and is part of what a store says it
 * needs.
 */

#ifndef STORE_S3_XML_H
#define STORE_S3_XML_H

#include "base/allocator.h"
#include "base/error.h"
#include "base/span.h"

enum {
    RG_XML_DEPTH_MAX = 8,
    RG_XML_NAME_BYTES = 64,
    /* An encoded key of 1,024 bytes has 3,072; upload ids and tokens seen have some hundreds. */
    RG_XML_TEXT_BYTES = 8192
};

struct rg_xml; /* A reader. */

/* An element that ends: its path from the root, and its text if it has no elements. */
struct rg_xml_element {
    const char *names[RG_XML_DEPTH_MAX]; /* Without prefixes of name spaces. */
    uint32_t depth;                      /* 1: the root. */
    char *text;                          /* NUL-terminated; may be changed. */
    size_t text_bytes;                   /* May hold no NUL. */
};

/* Called where an element ends. Anything but RG_OK ends the reading with that. */
typedef enum rg_status rg_xml_fn(void *user, const struct rg_xml_element *element,
                                 struct rg_error *err);

/* NULL without memory. */
struct rg_xml *rg_xml_new(const struct rg_allocator *allocator, rg_xml_fn *on_end, void *user);
void rg_xml_free(struct rg_xml *xml);

/* Begins anew with another document. */
void rg_xml_reset(struct rg_xml *xml);

/*
 * Reads on. `is_last` with the last bytes (which may be none).
 *
 * Errors:  RG_ERR_CORRUPT for what is no such document, with the line; what `on_end` returned;
 *          RG_ERR_NOMEM. After a failure every call fails.
 */
RG_MUST_CHECK enum rg_status rg_xml_feed(struct rg_xml *xml, struct rg_span bytes, bool is_last,
                                         struct rg_error *err);

/* True when the element's path is exactly `path`: "A/B/C". */
bool rg_xml_is(const struct rg_xml_element *element, const char *path);

#endif
