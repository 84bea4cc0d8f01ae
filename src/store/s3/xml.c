/* SPDX-License-Identifier: Apache-2.0 */

/*
 *   (1) names[0 .. depth) are the open elements, depth <= RG_XML_DEPTH_MAX.
 *   (2) text_bytes < RG_XML_TEXT_BYTES; text belongs to the innermost element and is forgotten when
 *       another begins or ends.
 *   (3) After a failure `status` is not RG_OK and expat is not called again before a reset.
 */

#include "store/s3/xml.h"

#include <expat.h>
#include <limits.h>
#include <string.h>

struct rg_xml {
    const struct rg_allocator *allocator;
    XML_Parser parser;
    rg_xml_fn *on_end;
    void *user;
    enum rg_status status;
    struct rg_error err;
    bool has_begun; /* More than blanks was seen. */
    uint32_t depth;
    char names[RG_XML_DEPTH_MAX][RG_XML_NAME_BYTES];
    size_t text_bytes;
    char text[RG_XML_TEXT_BYTES];
};

static void stop(struct rg_xml *xml, enum rg_status status)
{
    xml->status = status;
    (void)XML_StopParser(xml->parser, XML_FALSE);
}

static void refuse(struct rg_xml *xml, const char *what)
{
    if (xml->status == RG_OK)
        stop(xml, rg_fail(&xml->err, RG_ERR_CORRUPT, "line %lu of the XML: %s",
                          (unsigned long)XML_GetCurrentLineNumber(xml->parser), what));
}

static void on_begin(void *user, const XML_Char *name, const XML_Char **attributes)
{
    struct rg_xml *xml = user;
    const char *colon = strrchr(name, ':');
    const char *own = colon != NULL ? colon + 1 : name;
    const size_t bytes = strlen(own);

    (void)attributes;
    if (xml->status != RG_OK)
        return;
    if (xml->depth == RG_XML_DEPTH_MAX) {
        refuse(xml, "elements too deep");
        return;
    }
    if (bytes >= RG_XML_NAME_BYTES) {
        refuse(xml, "a name too long");
        return;
    }
    memcpy(xml->names[xml->depth++], own, bytes + 1);
    xml->text_bytes = 0;
}

static void on_text(void *user, const XML_Char *text, int bytes)
{
    struct rg_xml *xml = user;

    if (xml->status != RG_OK)
        return;
    if ((size_t)bytes >= RG_XML_TEXT_BYTES - xml->text_bytes) {
        refuse(xml, "a text too long");
        return;
    }
    memcpy(xml->text + xml->text_bytes, text, (size_t)bytes);
    xml->text_bytes += (size_t)bytes;
}

static void on_end(void *user, const XML_Char *name)
{
    struct rg_xml *xml = user;
    struct rg_xml_element element = {
        .depth = xml->depth, .text = xml->text, .text_bytes = xml->text_bytes};

    (void)name;
    if (xml->status != RG_OK || xml->depth == 0)
        return;
    for (uint32_t i = 0; i < xml->depth; i++)
        element.names[i] = xml->names[i];
    xml->text[xml->text_bytes] = '\0';
    const enum rg_status status = xml->on_end(xml->user, &element, &xml->err);
    if (status != RG_OK)
        stop(xml, status);
    xml->depth--;
    xml->text_bytes = 0;
}

static void on_doctype(void *user, const XML_Char *name, const XML_Char *system_id,
                       const XML_Char *public_id, int has_internal_subset)
{
    (void)name;
    (void)system_id;
    (void)public_id;
    (void)has_internal_subset;
    refuse(user, "a document type");
}

static void set_up(struct rg_xml *xml)
{
    XML_SetUserData(xml->parser, xml);
    XML_SetElementHandler(xml->parser, on_begin, on_end);
    XML_SetCharacterDataHandler(xml->parser, on_text);
    XML_SetStartDoctypeDeclHandler(xml->parser, on_doctype);
    xml->status = RG_OK;
    xml->has_begun = false;
    xml->depth = 0;
    xml->text_bytes = 0;
}

struct rg_xml *rg_xml_new(const struct rg_allocator *allocator, rg_xml_fn *on_end_fn, void *user)
{
    struct rg_xml *xml = rg_alloc(allocator, sizeof *xml);

    if (xml == NULL)
        return NULL;
    memset(xml, 0, sizeof *xml);
    xml->allocator = allocator;
    xml->on_end = on_end_fn;
    xml->user = user;
    /* S3 speaks UTF-8 whatever the document says. */
    xml->parser = XML_ParserCreate("UTF-8");
    if (xml->parser == NULL) {
        rg_release(allocator, xml, sizeof *xml);
        return NULL;
    }
    set_up(xml);
    return xml;
}

void rg_xml_free(struct rg_xml *xml)
{
    if (xml == NULL)
        return;
    XML_ParserFree(xml->parser);
    rg_release(xml->allocator, xml, sizeof *xml);
}

void rg_xml_reset(struct rg_xml *xml)
{
    (void)XML_ParserReset(xml->parser, "UTF-8");
    set_up(xml);
}

static void note_expat(struct rg_xml *xml)
{
    const enum XML_Error error = XML_GetErrorCode(xml->parser);

    if (error == XML_ERROR_NO_MEMORY)
        xml->status = rg_fail(&xml->err, RG_ERR_NOMEM, "no memory to read an answer");
    else
        xml->status =
            rg_fail(&xml->err, RG_ERR_CORRUPT, "line %lu of the XML: %s",
                    (unsigned long)XML_GetCurrentLineNumber(xml->parser), XML_ErrorString(error));
}

/* S3 sends blanks while it works, and then may begin with <?xml, before which XML allows none. */
static struct rg_span skip_blanks(struct rg_xml *xml, struct rg_span bytes)
{
    size_t at = 0;

    while (!xml->has_begun && at < bytes.bytes) {
        if (strchr(" \t\r\n", bytes.data[at]) == NULL || bytes.data[at] == '\0')
            xml->has_begun = true;
        else
            at++;
    }
    /* An empty span may have no address, and nothing may be added to that. */
    if (at == bytes.bytes)
        return (struct rg_span){(const uint8_t *)"", 0};
    return (struct rg_span){bytes.data + at, bytes.bytes - at};
}

enum rg_status rg_xml_feed(struct rg_xml *xml, struct rg_span bytes, bool is_last,
                           struct rg_error *err)
{
    static const size_t piece_bytes_max = (size_t)16 << 10;
    size_t done = 0;

    bytes = skip_blanks(xml, bytes);
    /* In pieces: expat keeps a copy of what it is given, as large as that. */
    while (xml->status == RG_OK && (done < bytes.bytes || is_last)) {
        const size_t left = bytes.bytes - done;
        const size_t piece = left < piece_bytes_max ? left : piece_bytes_max;
        const bool is_end = is_last && piece == left;

        if (XML_Parse(xml->parser, (const char *)bytes.data + done, (int)piece, is_end) ==
                XML_STATUS_ERROR &&
            xml->status == RG_OK)
            note_expat(xml);
        done += piece;
        if (is_end)
            break;
    }
    if (xml->status != RG_OK)
        *err = xml->err;
    return xml->status;
}

bool rg_xml_is(const struct rg_xml_element *element, const char *path)
{
    for (uint32_t i = 0; i < element->depth; i++) {
        const size_t bytes = strlen(element->names[i]);

        if (strncmp(path, element->names[i], bytes) != 0)
            return false;
        path += bytes;
        if (i + 1 < element->depth && *path++ != '/')
            return false;
    }
    return *path == '\0';
}
