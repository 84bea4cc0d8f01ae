/* SPDX-License-Identifier: Apache-2.0 */

#include "store/s3/answer.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "store/s3/uri.h"

static const size_t objects_first = 64;

/* 2200-01-01: differences of such times, in ns, fit a signed number. */
static const time_t seconds_max = 7258118400;

static const struct {
    const char *root;
    enum rg_answer_kind kind;
} kinds[] = {
    {"Error", RG_ANSWER_ERROR},
    {"ErrorResponse", RG_ANSWER_ERROR}, /* Of the token service. */
    {"ListBucketResult", RG_ANSWER_LIST},
    {"ListMultipartUploadsResult", RG_ANSWER_LIST_UPLOADS},
    {"InitiateMultipartUploadResult", RG_ANSWER_UPLOAD},
    {"CompleteMultipartUploadResult", RG_ANSWER_COMPLETED},
    {"AssumeRoleResponse", RG_ANSWER_ROLE},
    {"AssumeRoleWithWebIdentityResponse", RG_ANSWER_ROLE},
};

/* Elements whose text goes to one field. */
static const struct {
    const char *path;
    size_t offset;
    size_t bytes;
} fields[] = {
#define FIELD(path, name)                                                                          \
    {                                                                                              \
        path, offsetof(struct rg_answer, name), sizeof((struct rg_answer *)NULL)->name             \
    }
    FIELD("Error/Code", code),
    FIELD("Error/Message", message),
    FIELD("Error/Region", region),
    FIELD("Error/ServerTime", server_time),
    FIELD("ErrorResponse/Error/Code", code),
    FIELD("ErrorResponse/Error/Message", message),
    FIELD("ListBucketResult/NextContinuationToken", next_token),
    FIELD("ListMultipartUploadsResult/NextKeyMarker", next_token),
    FIELD("ListMultipartUploadsResult/NextUploadIdMarker", next_upload_id),
    FIELD("ListMultipartUploadsResult/Upload/UploadId", object_tag),
    FIELD("InitiateMultipartUploadResult/UploadId", upload_id),
    FIELD("CompleteMultipartUploadResult/ETag", etag),
    FIELD("AssumeRoleResponse/AssumeRoleResult/Credentials/AccessKeyId", access_key),
    FIELD("AssumeRoleResponse/AssumeRoleResult/Credentials/SecretAccessKey", secret_key),
    FIELD("AssumeRoleResponse/AssumeRoleResult/Credentials/SessionToken", session_token),
    FIELD("AssumeRoleResponse/AssumeRoleResult/Credentials/Expiration", expiration),
    FIELD("AssumeRoleWithWebIdentityResponse/AssumeRoleWithWebIdentityResult/Credentials/"
          "AccessKeyId",
          access_key),
    FIELD("AssumeRoleWithWebIdentityResponse/AssumeRoleWithWebIdentityResult/Credentials/"
          "SecretAccessKey",
          secret_key),
    FIELD("AssumeRoleWithWebIdentityResponse/AssumeRoleWithWebIdentityResult/Credentials/"
          "SessionToken",
          session_token),
    FIELD("AssumeRoleWithWebIdentityResponse/AssumeRoleWithWebIdentityResult/Credentials/"
          "Expiration",
          expiration),
};

void rg_answer_reset(struct rg_answer *answer, struct rg_arena *arena, const char *root,
                     const char *prefix)
{
    memset(answer, 0, sizeof *answer);
    answer->arena = arena;
    answer->root = root;
    answer->prefix = prefix;
}

/* Seconds since 1970, or before; false of what is no time. */
static bool parse_seconds(const char *text, time_t *ret_seconds)
{
    struct tm parts = {0};
    const char *end = strptime(text, "%Y-%m-%dT%H:%M:%S", &parts);

    if (end == NULL) {
        memset(&parts, 0, sizeof parts);
        end = strptime(text, "%a, %d %b %Y %H:%M:%S", &parts);
    }
    if (end == NULL)
        return false;
    *ret_seconds = timegm(&parts);
    return true;
}

bool rg_answer_parse_time(const char *text, uint64_t *ret_ns)
{
    time_t seconds;

    if (!parse_seconds(text, &seconds) || seconds < 0)
        return false;
    *ret_ns = (uint64_t)(seconds < seconds_max ? seconds : seconds_max) * UINT64_C(1000000000);
    return true;
}

/* Of an entry: a time that cannot be (0001-01-01, as some say who have none) is not known. */
static bool parse_entry_time(const char *text, uint64_t *ret_ns)
{
    time_t seconds;

    if (parse_seconds(text, &seconds) && seconds < 0) {
        *ret_ns = 0;
        return true;
    }
    return rg_answer_parse_time(text, ret_ns);
}

static bool parse_number(const char *text, uint64_t *ret_number)
{
    char *end;

    if (*text < '0' || *text > '9' || strlen(text) > 19)
        return false;
    *ret_number = strtoull(text, &end, 10);
    return *end == '\0';
}

/* Without the quotes around it: they are there or not, as the server likes. */
static void keep_tag(struct rg_answer *answer, const struct rg_xml_element *element)
{
    const char *text = element->text;
    size_t bytes = element->text_bytes;

    if (bytes >= 2 && text[0] == '"' && text[bytes - 1] == '"') {
        text++;
        bytes -= 2;
    }
    if (bytes >= sizeof answer->object_tag)
        bytes = 0; /* No tag at all rather than half of one. */
    memcpy(answer->object_tag, text, bytes);
    answer->object_tag[bytes] = '\0';
}

static void keep_key(struct rg_answer *answer, const struct rg_xml_element *element)
{
    memcpy(answer->key, element->text, element->text_bytes + 1);
    answer->key_bytes = element->text_bytes;
    answer->has_key = true;
}

static void begin_object(struct rg_answer *answer)
{
    answer->has_key = false;
    answer->object_bytes = 0;
    answer->modified_ns = 0;
    answer->object_tag[0] = '\0';
}

/* Where the next object goes; the array is an arena's, so it is copied when it grows. */
static struct rg_object *append_object(struct rg_answer *answer)
{
    struct rg_answer_list *list = &answer->list;

    if (list->count == list->capacity) {
        const size_t capacity = list->capacity > 0 ? list->capacity * 2 : objects_first;
        struct rg_object *objects = rg_arena_array(answer->arena, capacity, sizeof *objects);

        if (objects == NULL)
            return NULL;
        if (list->count > 0)
            memcpy(objects, list->objects, list->count * sizeof *objects);
        list->objects = objects;
        list->capacity = capacity;
    }
    return &list->objects[list->count++];
}

/*
 * Keys are decoded at the object's end and not before, since <EncodingType> may come after them;
 * a server that puts it last gets its keys decoded at the end of the list.
 */
static enum rg_status keep_object(struct rg_answer *answer, struct rg_error *err)
{
    const struct rg_span tag = rg_arena_copy(answer->arena, rg_span_of(answer->object_tag));
    const struct rg_span key =
        rg_arena_copy(answer->arena, (struct rg_span){(uint8_t *)answer->key, answer->key_bytes});
    struct rg_object *object = append_object(answer);

    if (tag.data == NULL || key.data == NULL || object == NULL)
        return rg_fail(err, RG_ERR_NOMEM, "no memory for a listing of %zu entries",
                       answer->list.count);
    *object = (struct rg_object){
        .key = (const char *)key.data,
        .id = {answer->object_bytes, answer->modified_ns, (const char *)tag.data},
    };
    return RG_OK;
}

/* Root and prefix, both as they were asked for. */
static bool is_below(const struct rg_answer *answer, const char *key)
{
    const size_t root_bytes = strlen(answer->root);

    return strncmp(key, answer->root, root_bytes) == 0 &&
           strncmp(key + root_bytes, answer->prefix, strlen(answer->prefix)) == 0;
}

/*
 * Decodes a key or a marker in place. Of uploads SeaweedFS says that keys are encoded, and writes
 * them as they are: where only the text as it stands is below what was asked for, it is that.
 */
static enum rg_status decode_key(const struct rg_answer *answer, bool is_of_upload, char *key,
                                 struct rg_error *err)
{
    const size_t bytes = strlen(key);
    const bool may_be_raw = is_of_upload && is_below(answer, key);
    const struct rg_span raw =
        may_be_raw ? rg_arena_copy(answer->arena, (struct rg_span){(uint8_t *)key, bytes})
                   : (struct rg_span){NULL, 0};

    if (may_be_raw && raw.data == NULL)
        return rg_fail(err, RG_ERR_NOMEM, "no memory for a key");
    const size_t decoded_bytes = rg_uri_decode(key, bytes, true);
    key[decoded_bytes] = '\0';
    if (strlen(key) != decoded_bytes)
        return rg_fail(err, RG_ERR_CORRUPT, "a key with a NUL in a listing");
    if (may_be_raw && !is_below(answer, key))
        memcpy(key, raw.data, bytes + 1);
    return RG_OK;
}

/*
 * Decodes keys, takes off the root, and drops the prefix itself. radosgw 16 encodes the keys of
 * uploads and does not say so: there is no <EncodingType>, but keys are not below what was asked
 * for ("p%3D1/" for "p=1/") until they are decoded.
 */
static enum rg_status finish_keys(struct rg_answer *answer, bool are_of_uploads,
                                  struct rg_error *err)
{
    const size_t root_bytes = strlen(answer->root);
    const size_t prefix_bytes = strlen(answer->prefix);
    size_t kept = 0;

    for (size_t i = 0; i < answer->list.count; i++) {
        struct rg_object object = answer->list.objects[i];
        char *key = (char *)(uintptr_t)object.key;

        if (answer->is_url_encoded || !is_below(answer, key))
            RG_TRY(decode_key(answer, are_of_uploads, key, err));
        const size_t bytes = strlen(key);
        if (!is_below(answer, key))
            return rg_fail(err, RG_ERR_CORRUPT, "a listing of \"%s%s\" names \"%.200s\"",
                           answer->root, answer->prefix, key);
        object.key = key + root_bytes;
        if (bytes == root_bytes + prefix_bytes)
            continue;
        object.is_prefix = key[bytes - 1] == '/';
        if (object.is_prefix)
            object.id = (struct rg_object_id){0, 0, ""};
        answer->list.objects[kept++] = object;
    }
    answer->list.count = kept;
    return RG_OK;
}

/* "true" of <IsTruncated>. */
static bool is_true(const struct rg_xml_element *element)
{
    return strcmp(element->text, "true") == 0;
}

static enum rg_status take_listed(struct rg_answer *answer, const struct rg_xml_element *element,
                                  struct rg_error *err)
{
    if (rg_xml_is(element, "ListBucketResult/Contents/Key") ||
        rg_xml_is(element, "ListBucketResult/CommonPrefixes/Prefix") ||
        rg_xml_is(element, "ListMultipartUploadsResult/Upload/Key")) {
        keep_key(answer, element);
    } else if (rg_xml_is(element, "ListBucketResult/Contents/ETag")) {
        keep_tag(answer, element);
    } else if (rg_xml_is(element, "ListBucketResult/Contents/Size")) {
        if (!parse_number(element->text, &answer->object_bytes))
            return rg_fail(err, RG_ERR_CORRUPT, "\"%.40s\" is no size", element->text);
    } else if (rg_xml_is(element, "ListBucketResult/Contents/LastModified") ||
               rg_xml_is(element, "ListMultipartUploadsResult/Upload/Initiated")) {
        if (!parse_entry_time(element->text, &answer->modified_ns))
            return rg_fail(err, RG_ERR_CORRUPT, "\"%.40s\" is no time", element->text);
    } else if (rg_xml_is(element, "ListBucketResult/Contents") ||
               rg_xml_is(element, "ListBucketResult/CommonPrefixes") ||
               rg_xml_is(element, "ListMultipartUploadsResult/Upload")) {
        if (!answer->has_key)
            return rg_fail(err, RG_ERR_CORRUPT, "an entry of a listing without a key");
        RG_TRY(keep_object(answer, err));
        begin_object(answer);
    } else if (rg_xml_is(element, "ListBucketResult/IsTruncated") ||
               rg_xml_is(element, "ListMultipartUploadsResult/IsTruncated")) {
        answer->list.is_truncated = is_true(element);
    } else if (rg_xml_is(element, "ListBucketResult/EncodingType") ||
               rg_xml_is(element, "ListMultipartUploadsResult/EncodingType")) {
        answer->is_url_encoded = strcmp(element->text, "url") == 0;
    }
    return RG_OK;
}

static enum rg_status finish(struct rg_answer *answer, const struct rg_xml_element *element,
                             struct rg_error *err)
{
    enum rg_answer_kind kind = RG_ANSWER_OTHER;

    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        if (strcmp(element->names[0], kinds[i].root) == 0)
            kind = kinds[i].kind;
    }
    if (kind == RG_ANSWER_LIST || kind == RG_ANSWER_LIST_UPLOADS)
        RG_TRY(finish_keys(answer, kind == RG_ANSWER_LIST_UPLOADS, err));
    /* A marker is a key, and encoded as keys are; a continuation token is opaque. */
    if (kind == RG_ANSWER_LIST_UPLOADS && answer->is_url_encoded)
        RG_TRY(decode_key(answer, true, answer->next_token, err));
    answer->kind = kind;
    return RG_OK;
}

enum rg_status rg_answer_take(void *user, const struct rg_xml_element *element,
                              struct rg_error *err)
{
    struct rg_answer *answer = user;

    if (element->depth == 1)
        return finish(answer, element, err);
    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++) {
        if (!rg_xml_is(element, fields[i].path))
            continue;
        char *field = (char *)answer + fields[i].offset;
        const bool fits = element->text_bytes < fields[i].bytes;
        const bool may_be_cut = field == answer->message;

        if (!fits && !may_be_cut)
            return rg_fail(err, RG_ERR_CORRUPT, "<%s> of %zu bytes",
                           element->names[element->depth - 1], element->text_bytes);
        const size_t bytes = fits ? element->text_bytes : fields[i].bytes - 1;
        memcpy(field, element->text, bytes);
        field[bytes] = '\0';
        return RG_OK;
    }
    return take_listed(answer, element, err);
}
