/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Every source answers with "found", "not mine" or an error. The first that is meant (by a variable
 * or a key of the profile) decides: when it fails, the next is not tried, because somebody chose
 * it.
 *
 * Roles chain: a profile's role is assumed with the credentials of its source profile, which may
 * have a role of its own, up to chain_max.
 */

#include "store/s3/credentials.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "store/s3/answer.h"
#include "store/s3/endpoint.h"
#include "store/s3/fetch.h"
#include "store/s3/json_field.h"
#include "store/s3/settings.h"
#include "store/s3/sigv4.h"
#include "store/s3/uri.h"

static const uint32_t chain_max = 5;
static const uint64_t service_timeout_ms = 10000;
/* The instance's and container's services answer at once or never. */
static const uint64_t local_timeout_ms = 1000;
static const uint64_t program_timeout_ms = 60000;
static const size_t answer_bytes_max = (size_t)64 << 10;
/* Of a service that cannot answer now: how often it is asked, and how long is waited first. */
static const uint32_t loads_max = 4;
static const uint64_t pause_ns_first = UINT64_C(300000000);
/* One that does not answer at all has had its time-out by then, and is not asked again. */
static const uint64_t patience_ns = UINT64_C(9000000000);

enum {
    URL_BYTES = 1024,
    HEADER_BYTES = 9000
};

struct loader {
    const struct rg_credentials_source *source;
    struct rg_settings settings;
    struct rg_credentials *ret; /* What is found. */
};

static enum rg_status take_text(const char *what, const char *text, char *to, size_t room,
                                struct rg_error *err)
{
    const size_t bytes = strlen(text);

    if (bytes >= room)
        return rg_fail(err, RG_ERR_INVALID, "%s of %zu bytes", what, bytes);
    memcpy(to, text, bytes + 1);
    return RG_OK;
}

static enum rg_status take_keys(struct loader *loader, const char *access, const char *secret,
                                const char *token, struct rg_error *err)
{
    struct rg_credentials *to = loader->ret;

    memset(to, 0, sizeof *to);
    RG_TRY(take_text("an access key", access, to->access_key, sizeof to->access_key, err));
    RG_TRY(take_text("a secret key", secret, to->secret_key, sizeof to->secret_key, err));
    return take_text("a session token", token != NULL ? token : "", to->session_token,
                     sizeof to->session_token, err);
}

static enum rg_status from_environment(struct loader *loader, bool *ret_found, struct rg_error *err)
{
    const char *access = rg_settings_variable("AWS_ACCESS_KEY_ID");
    const char *secret = rg_settings_variable("AWS_SECRET_ACCESS_KEY");

    *ret_found = access != NULL;
    if (access == NULL)
        return RG_OK;
    if (secret == NULL)
        return rg_fail(err, RG_ERR_INVALID,
                       "AWS_ACCESS_KEY_ID is set, but AWS_SECRET_ACCESS_KEY is not");
    return take_keys(loader, access, secret, rg_settings_variable("AWS_SESSION_TOKEN"), err);
}

static enum rg_status take_json_text(struct rg_span document, const char *name, bool is_needed,
                                     char *to, size_t room, struct rg_error *err)
{
    bool is_there = false;

    RG_TRY(rg_json_field(document, name, to, room, &is_there, err));
    if (is_needed && !is_there)
        return rg_fail(err, RG_ERR_CORRUPT, "no %s", name);
    return RG_OK;
}

/* `token_name` differs: "SessionToken" of programs, "Token" of endpoints. */
static enum rg_status take_json(struct loader *loader, struct rg_span document,
                                const char *token_name, struct rg_error *err)
{
    struct rg_credentials *to = loader->ret;
    char expiration[64];

    memset(to, 0, sizeof *to);
    RG_TRY(
        take_json_text(document, "AccessKeyId", true, to->access_key, sizeof to->access_key, err));
    RG_TRY(take_json_text(document, "SecretAccessKey", true, to->secret_key, sizeof to->secret_key,
                          err));
    RG_TRY(take_json_text(document, token_name, false, to->session_token, sizeof to->session_token,
                          err));
    RG_TRY(take_json_text(document, "Expiration", false, expiration, sizeof expiration, err));
    if (expiration[0] != '\0' && !rg_answer_parse_time(expiration, &to->expires_ns))
        return rg_fail(err, RG_ERR_CORRUPT, "\"%s\" is no time", expiration);
    return RG_OK;
}

static enum rg_status from_program(struct loader *loader, const char *command, struct rg_error *err)
{
    struct rg_buffer out;

    rg_buffer_init(&out, loader->source->allocator, answer_bytes_max);
    enum rg_status status = rg_fetch_program(command, program_timeout_ms, &out, err);
    if (status == RG_OK)
        status = take_json(loader, rg_buffer_span(&out), "SessionToken", err);
    rg_buffer_fini(&out);
    if (status != RG_OK)
        return rg_within(err, "credential_process");
    return RG_OK;
}

static bool is_passing_status(uint32_t http_status)
{
    return http_status >= 500 || http_status == 429;
}

/* A GET that must be answered with 200. */
static enum rg_status get_text(const struct loader *loader, const struct rg_fetch *fetch,
                               struct rg_buffer *out, struct rg_error *err)
{
    uint32_t http_status;

    (void)loader;
    rg_buffer_reset(out);
    RG_TRY(rg_fetch_run(fetch, out, &http_status, err));
    if (http_status != 200)
        return rg_fail(err, is_passing_status(http_status) ? RG_ERR_AGAIN : RG_ERR_DENIED,
                       "it answered with status %" PRIu32, http_status);
    return RG_OK;
}

/* Plain HTTP with a token in it is for this machine and the fixed addresses of ECS and EKS. */
static bool may_be_asked(const char *url)
{
    static const char *const local[] = {
        "http://127.0.0.1",     "http://localhost",      "http://[::1]",
        "http://169.254.170.2", "http://169.254.170.23", "http://[fd00:ec2::23]",
    };

    if (strncmp(url, "https://", 8) == 0)
        return true;
    for (size_t i = 0; i < sizeof local / sizeof local[0]; i++) {
        const size_t bytes = strlen(local[i]);

        if (strncmp(url, local[i], bytes) == 0 &&
            (url[bytes] == '/' || url[bytes] == ':' || url[bytes] == '\0'))
            return true;
    }
    return false;
}

static enum rg_status container_token(struct loader *loader, char header[HEADER_BYTES],
                                      struct rg_error *err)
{
    const char *token = rg_settings_variable("AWS_CONTAINER_AUTHORIZATION_TOKEN");
    const char *path = rg_settings_variable("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE");
    struct rg_span text;

    header[0] = '\0';
    if (path != NULL) {
        RG_TRY(rg_settings_read_file(path, &loader->settings.arena, &text, err));
        if (text.data == NULL)
            return rg_fail(err, RG_ERR_INVALID, "%s: no such file", path);
        token = (const char *)text.data;
    }
    if (token == NULL)
        return RG_OK;
    const size_t bytes = strcspn(token, "\r\n");
    const int length = snprintf(header, HEADER_BYTES, "Authorization: %.*s", (int)bytes, token);
    if (length >= HEADER_BYTES)
        return rg_fail(err, RG_ERR_INVALID, "an authorization token of %zu bytes", bytes);
    return RG_OK;
}

static enum rg_status from_container(struct loader *loader, bool *ret_found, struct rg_error *err)
{
    const char *relative = rg_settings_variable("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI");
    const char *full = rg_settings_variable("AWS_CONTAINER_CREDENTIALS_FULL_URI");
    char url[URL_BYTES];
    char header[HEADER_BYTES];
    struct rg_buffer out;

    *ret_found = relative != NULL || full != NULL;
    if (!*ret_found)
        return RG_OK;
    const int length =
        snprintf(url, sizeof url, "%s%s", relative != NULL ? "http://169.254.170.2" : "",
                 relative != NULL ? relative : full);
    if (length >= URL_BYTES || !may_be_asked(url))
        return rg_fail(err, RG_ERR_INVALID,
                       "AWS_CONTAINER_CREDENTIALS_FULL_URI: \"%.200s\" is neither https nor an "
                       "address of this machine",
                       url);
    RG_TRY(container_token(loader, header, err));
    struct rg_fetch fetch = {
        .method = "GET",
        .url = url,
        .headers = {header},
        .header_count = header[0] != '\0',
        .timeout_ms = local_timeout_ms,
        .skips_proxy = strncmp(url, "http://", 7) == 0,
        .ca_file = loader->source->ca_file,
    };
    rg_buffer_init(&out, loader->source->allocator, answer_bytes_max);
    enum rg_status status = get_text(loader, &fetch, &out, err);
    if (status == RG_OK)
        status = take_json(loader, rg_buffer_span(&out), "Token", err);
    rg_buffer_fini(&out);
    if (status != RG_OK)
        return rg_within(err, "credentials of the container");
    return RG_OK;
}

static const char *instance_base(const struct loader *loader)
{
    const char *url = rg_settings_choose(&loader->settings, "AWS_EC2_METADATA_SERVICE_ENDPOINT",
                                         NULL, "ec2_metadata_service_endpoint");
    const char *mode =
        rg_settings_choose(&loader->settings, "AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE", NULL,
                           "ec2_metadata_service_endpoint_mode");

    if (url != NULL)
        return url;
    return rg_settings_is(mode, "IPv6") ? "http://[fd00:ec2::254]" : "http://169.254.169.254";
}

/* The first line of a buffer, as a text in it. */
static const char *first_line(struct rg_buffer *out)
{
    rg_buffer_append_byte(out, 0);
    if (out->failed)
        return "";
    char *text = (char *)out->data;
    text[strcspn(text, "\r\n")] = '\0';
    return text;
}

static enum rg_status ask_instance(struct loader *loader, struct rg_buffer *out,
                                   struct rg_error *err)
{
    const char *base = instance_base(loader);
    const size_t base_bytes = strlen(base) - (base[strlen(base) - 1] == '/');
    char url[URL_BYTES];
    char header[HEADER_BYTES];
    struct rg_fetch fetch = {
        .method = "PUT",
        .url = url,
        .headers = {"X-aws-ec2-metadata-token-ttl-seconds: 21600"},
        .header_count = 1,
        .timeout_ms = local_timeout_ms,
        .skips_proxy = true,
    };

    (void)snprintf(url, sizeof url, "%.*s/latest/api/token", (int)base_bytes, base);
    RG_TRY(get_text(loader, &fetch, out, err));
    (void)snprintf(header, sizeof header, "X-aws-ec2-metadata-token: %s", first_line(out));
    fetch.method = "GET";
    fetch.headers[0] = header;
    (void)snprintf(url, sizeof url, "%.*s/latest/meta-data/iam/security-credentials/",
                   (int)base_bytes, base);
    RG_TRY(get_text(loader, &fetch, out, err));
    char role[256];
    (void)snprintf(role, sizeof role, "%.200s", first_line(out));
    (void)snprintf(url, sizeof url, "%.*s/latest/meta-data/iam/security-credentials/%s",
                   (int)base_bytes, base, role);
    RG_TRY(get_text(loader, &fetch, out, err));
    return take_json(loader, rg_buffer_span(out), "Token", err);
}

static enum rg_status from_instance(struct loader *loader, struct rg_error *err)
{
    const char *disabled = rg_settings_variable("AWS_EC2_METADATA_DISABLED");
    struct rg_error why = {0};
    struct rg_buffer out;

    if (rg_settings_is_true(disabled))
        return rg_fail(err, RG_ERR_DENIED, "the instance's service is disabled");
    rg_buffer_init(&out, loader->source->allocator, answer_bytes_max);
    const enum rg_status status = ask_instance(loader, &out, &why);
    rg_buffer_fini(&out);
    if (status == RG_OK || status == RG_ERR_NOMEM) {
        *err = why;
        return status;
    }
    return rg_fail(err, RG_ERR_DENIED,
                   "the instance's service (%s) gave none: %s; in a container its hop limit may "
                   "have to be 2",
                   instance_base(loader), why.text);
}

struct role {
    const char *arn;
    const char *session;
    const char *external_id;
    const char *duration; /* Seconds, or NULL. */
    const char *web_token;
};

static void add_form(struct rg_buffer *out, const char *name, const char *value)
{
    rg_buffer_printf(out, "%s%s=", out->bytes > 0 ? "&" : "", name);
    rg_uri_encode(out, rg_span_of(value), false);
}

static void write_form(const struct role *role, struct rg_buffer *out)
{
    char session[64];

    (void)snprintf(session, sizeof session, "regroup-%" PRIu64,
                   rg_clock_wall_ns() / UINT64_C(1000000));
    add_form(out, "Action", role->web_token != NULL ? "AssumeRoleWithWebIdentity" : "AssumeRole");
    add_form(out, "Version", "2011-06-15");
    add_form(out, "RoleArn", role->arn);
    add_form(out, "RoleSessionName", role->session != NULL ? role->session : session);
    if (role->external_id != NULL)
        add_form(out, "ExternalId", role->external_id);
    if (role->duration != NULL)
        add_form(out, "DurationSeconds", role->duration);
    if (role->web_token != NULL)
        add_form(out, "WebIdentityToken", role->web_token);
    rg_buffer_append_byte(out, 0);
}

static enum rg_status sign_form(const struct rg_credentials *by, const char *region,
                                const char *host, struct rg_span form, const char *date,
                                struct rg_buffer *out, struct rg_error *err)
{
    struct rg_sigv4_scope scope = {.region = region, .service = "sts"};
    struct rg_sigv4_key key;
    uint8_t digest[RG_SHA256_BYTES];
    char payload[RG_SHA256_HEX_BYTES];
    const struct rg_sigv4_header headers[] = {
        {"content-type", "application/x-www-form-urlencoded; charset=utf-8"},
        {"host", host},
        {"x-amz-date", date},
        {"x-amz-security-token", by->session_token},
    };

    memcpy(scope.date, date, sizeof scope.date);
    rg_sha256(form, digest);
    rg_sha256_hex(digest, payload);
    const struct rg_sigv4_request request = {
        "POST", "/", "", headers, by->session_token[0] != '\0' ? 4 : 3, payload};
    RG_TRY(rg_sigv4_derive_key(by->secret_key, &scope, &key, err));
    rg_buffer_append_text(out, "Authorization: ");
    RG_TRY(rg_sigv4_authorize(&request, &scope, by->access_key, &key, out, err));
    rg_buffer_append_byte(out, 0);
    return rg_buffer_check(out, "a signature", err);
}

static enum rg_status take_role(struct loader *loader, const struct rg_answer *answer,
                                struct rg_error *err)
{
    RG_TRY(take_keys(loader, answer->access_key, answer->secret_key, answer->session_token, err));
    if (answer->access_key[0] == '\0' || answer->secret_key[0] == '\0' ||
        !rg_answer_parse_time(answer->expiration, &loader->ret->expires_ns))
        return rg_fail(err, RG_ERR_CORRUPT, "the token service's answer has no credentials");
    return RG_OK;
}

/* Too many ask at once, or the token service itself could not reach who knows the identity. */
static bool is_passing_code(const char *code)
{
    static const char *const codes[] = {"Throttling", "ThrottlingException", "RequestLimitExceeded",
                                        "IDPCommunicationError"};

    for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++) {
        if (strcmp(code, codes[i]) == 0)
            return true;
    }
    return false;
}

static enum rg_status read_role(struct loader *loader, struct rg_span body, uint32_t http_status,
                                struct rg_error *err)
{
    const struct rg_allocator *allocator = loader->source->allocator;
    struct rg_answer *answer = rg_alloc(allocator, sizeof *answer);
    struct rg_xml *xml = answer != NULL ? rg_xml_new(allocator, rg_answer_take, answer) : NULL;
    enum rg_status status = RG_OK;

    if (xml == NULL) {
        status = rg_fail(err, RG_ERR_NOMEM, "no memory for an answer");
    } else {
        rg_answer_reset(answer, &loader->settings.arena, "", "");
        status = rg_xml_feed(xml, body, true, err);
        if (status == RG_OK && answer->kind == RG_ANSWER_ROLE && http_status == 200)
            status = take_role(loader, answer, err);
        else if (is_passing_status(http_status) || is_passing_code(answer->code))
            status = rg_fail(err, RG_ERR_AGAIN, "status %" PRIu32 " %s", http_status, answer->code);
        else if (status != RG_ERR_NOMEM)
            status = rg_fail(err, RG_ERR_DENIED, "status %" PRIu32 " %s: %.200s", http_status,
                             answer->code, answer->message);
        explicit_bzero(answer, sizeof *answer);
    }
    rg_xml_free(xml);
    if (answer != NULL)
        rg_release(allocator, answer, sizeof *answer);
    return status;
}

/* The URL of the token service, its host as it is signed, and the region that it is signed for. */
static enum rg_status find_service(const struct loader *loader, char url[URL_BYTES],
                                   char host[URL_BYTES], const char **ret_region,
                                   struct rg_error *err)
{
    const char *endpoint = rg_settings_endpoint(&loader->settings, "sts");
    const char *legacy = rg_settings_choose(&loader->settings, "AWS_STS_REGIONAL_ENDPOINTS", NULL,
                                            "sts_regional_endpoints");
    const char *region = loader->source->region;
    const bool is_global = endpoint == NULL && rg_settings_is(legacy, "legacy");
    int length;

    /* The one for all regions is in this one, and knows no other. */
    *ret_region = is_global ? "us-east-1" : region;
    if (endpoint != NULL)
        length = snprintf(url, URL_BYTES, "%s", endpoint);
    else if (is_global)
        length = snprintf(url, URL_BYTES, "https://sts.amazonaws.com");
    else
        length = snprintf(url, URL_BYTES, "https://sts.%s%s", region, rg_endpoint_suffix(region));
    const char *begin = strstr(url, "://");
    if (length >= URL_BYTES - 1 || begin == NULL)
        return rg_fail(err, RG_ERR_INVALID, "\"%.200s\" is no endpoint", url);
    (void)snprintf(host, URL_BYTES, "%.*s", (int)strcspn(begin + 3, "/"), begin + 3);
    url[(size_t)(begin + 3 - url) + strlen(host)] = '\0';
    return RG_OK;
}

/* Assumes a role; `by` is NULL for a web identity, which signs nothing. */
static enum rg_status assume(struct loader *loader, const struct role *role,
                             const struct rg_credentials *by, struct rg_error *err)
{
    const struct rg_allocator *allocator = loader->source->allocator;
    char url[URL_BYTES];
    char host[URL_BYTES];
    char date[RG_SIGV4_DATE_BYTES];
    char date_line[64];
    char token_line[HEADER_BYTES];
    struct rg_buffer form;
    struct rg_buffer authorization;
    struct rg_buffer out;
    uint32_t http_status = 0;
    const char *region;

    RG_TRY(find_service(loader, url, host, &region, err));
    rg_buffer_init(&form, allocator, answer_bytes_max);
    rg_buffer_init(&authorization, allocator, answer_bytes_max);
    rg_buffer_init(&out, allocator, answer_bytes_max);
    write_form(role, &form);
    struct rg_fetch fetch = {
        .method = "POST",
        .url = url,
        .headers = {"Content-Type: application/x-www-form-urlencoded; charset=utf-8"},
        .header_count = 1,
        .timeout_ms = service_timeout_ms,
        .ca_file = loader->source->ca_file,
    };
    enum rg_status status = rg_buffer_check(&form, "a request", err);
    if (status == RG_OK && by != NULL) {
        rg_sigv4_date(rg_clock_wall_ns(), date);
        status = sign_form(by, region, host, (struct rg_span){form.data, form.bytes - 1}, date,
                           &authorization, err);
        (void)snprintf(date_line, sizeof date_line, "X-Amz-Date: %s", date);
        (void)snprintf(token_line, sizeof token_line, "X-Amz-Security-Token: %s",
                       by->session_token);
        fetch.headers[fetch.header_count++] = date_line;
        fetch.headers[fetch.header_count++] = (const char *)authorization.data;
        if (by->session_token[0] != '\0')
            fetch.headers[fetch.header_count++] = token_line;
    }
    fetch.body = (const char *)form.data;
    if (status == RG_OK)
        status = rg_fetch_run(&fetch, &out, &http_status, err);
    if (status == RG_OK)
        status = read_role(loader, rg_buffer_span(&out), http_status, err);
    rg_buffer_fini(&out);
    rg_buffer_fini(&authorization);
    rg_buffer_fini(&form);
    if (status != RG_OK)
        return rg_within(err, "role %.200s: %s", role->arn, url);
    return RG_OK;
}

/* The token file is read anew each time: who rotates it replaces it. */
static enum rg_status from_web_identity(struct loader *loader, const char *path,
                                        const struct role *role, struct rg_error *err)
{
    struct role with_token = *role;
    struct rg_span text;

    RG_TRY(rg_settings_read_file(path, &loader->settings.arena, &text, err));
    if (text.data == NULL)
        return rg_fail(err, RG_ERR_INVALID, "web identity: %s: no such file", path);
    char *token = (char *)(uintptr_t)text.data;
    token[strcspn(token, "\r\n")] = '\0';
    with_token.web_token = token;
    return assume(loader, &with_token, NULL, err);
}

static const char *find(const struct loader *loader, const char *profile, const char *key)
{
    return rg_settings_find(&loader->settings, profile, key);
}

/* Keys or a program of one profile, without its role. */
static enum rg_status from_profile_itself(struct loader *loader, const char *profile,
                                          bool *ret_found, struct rg_error *err)
{
    const char *access = find(loader, profile, "aws_access_key_id");
    const char *secret = find(loader, profile, "aws_secret_access_key");
    const char *command = find(loader, profile, "credential_process");

    *ret_found = true;
    if (access != NULL && secret != NULL)
        return take_keys(loader, access, secret, find(loader, profile, "aws_session_token"), err);
    if (access != NULL)
        return rg_fail(err, RG_ERR_INVALID, "profile \"%.100s\" has an access key without a secret",
                       profile);
    if (command != NULL)
        return from_program(loader, command, err);
    const bool is_login = find(loader, profile, "login_session") != NULL;
    if (is_login || find(loader, profile, "sso_session") != NULL ||
        find(loader, profile, "sso_start_url") != NULL)
        return rg_fail(err, RG_ERR_INVALID,
                       "profile \"%.100s\" is of %s, which is not spoken here; "
                       "give its credentials by credential_process = aws configure "
                       "export-credentials --profile %.100s --format process",
                       profile, is_login ? "aws login" : "IAM Identity Center", profile);
    *ret_found = false;
    return RG_OK;
}

static enum rg_status from_named_source(struct loader *loader, const char *name,
                                        struct rg_error *err)
{
    bool is_found = false;

    if (rg_settings_is(name, "Environment")) {
        RG_TRY(from_environment(loader, &is_found, err));
    } else if (rg_settings_is(name, "EcsContainer")) {
        RG_TRY(from_container(loader, &is_found, err));
    } else if (rg_settings_is(name, "Ec2InstanceMetadata")) {
        return from_instance(loader, err);
    }
    if (!is_found)
        return rg_fail(err, RG_ERR_DENIED, "credential_source = %.60s gives none", name);
    return RG_OK;
}

static struct role role_of(const struct loader *loader, const char *profile)
{
    return (struct role){
        .arn = find(loader, profile, "role_arn"),
        .session = find(loader, profile, "role_session_name"),
        .external_id = find(loader, profile, "external_id"),
        .duration = find(loader, profile, "duration_seconds"),
    };
}

/*
 * From the profile down its chain of source profiles to one that has credentials of its own, then
 * up again, assuming a role at each step.
 */
static enum rg_status from_profile(struct loader *loader, bool *ret_found, struct rg_error *err)
{
    const char *chain[8];
    uint32_t depth = 0;
    const char *profile = loader->settings.profile;
    const char *source = NULL;
    struct rg_credentials by;

    while (find(loader, profile, "role_arn") != NULL) {
        const char *token_file = find(loader, profile, "web_identity_token_file");
        const char *next = find(loader, profile, "source_profile");

        source = find(loader, profile, "credential_source");
        if (depth == chain_max)
            return rg_fail(err, RG_ERR_INVALID, "a chain of more than %" PRIu32 " roles",
                           chain_max);
        chain[depth++] = profile;
        if (token_file != NULL || next == NULL)
            break;
        /* A profile may be its own source: then its keys are meant. */
        if (strcmp(next, profile) == 0)
            break;
        if (!rg_settings_has_profile(&loader->settings, next))
            return rg_fail(err, RG_ERR_INVALID, "source_profile \"%.100s\" is not there", next);
        profile = next;
        source = NULL;
    }
    if (depth == 0)
        return from_profile_itself(loader, profile, ret_found, err);

    const char *last = chain[depth - 1];
    const char *token_file = find(loader, last, "web_identity_token_file");
    if (profile == last && token_file != NULL) {
        const struct role role = role_of(loader, last);

        RG_TRY(from_web_identity(loader, token_file, &role, err));
        depth--;
    } else if (profile == last && source != NULL) {
        RG_TRY(from_named_source(loader, source, err));
    } else {
        RG_TRY(from_profile_itself(loader, profile, ret_found, err));
        if (!*ret_found)
            return rg_fail(err, RG_ERR_DENIED,
                           "profile \"%.100s\", the source of a role, has no credentials", profile);
    }
    *ret_found = true;
    while (depth > 0) {
        const struct role role = role_of(loader, chain[--depth]);

        by = *loader->ret;
        const enum rg_status status = assume(loader, &role, &by, err);
        explicit_bzero(&by, sizeof by);
        RG_TRY(status);
    }
    return RG_OK;
}

static enum rg_status from_web_identity_of_environment(struct loader *loader, bool *ret_found,
                                                       struct rg_error *err)
{
    const char *path = rg_settings_variable("AWS_WEB_IDENTITY_TOKEN_FILE");
    const struct role role = {
        .arn = rg_settings_variable("AWS_ROLE_ARN"),
        .session = rg_settings_variable("AWS_ROLE_SESSION_NAME"),
    };

    *ret_found = path != NULL && role.arn != NULL;
    if (!*ret_found)
        return RG_OK;
    return from_web_identity(loader, path, &role, err);
}

static enum rg_status load(struct loader *loader, struct rg_error *err)
{
    bool is_found = false;

    const bool has_role = find(loader, loader->settings.profile, "role_arn") != NULL;
    const bool asks_environment = !loader->settings.is_profile_given;

    if (asks_environment)
        RG_TRY(from_environment(loader, &is_found, err));
    if (asks_environment && !is_found && !has_role)
        RG_TRY(from_web_identity_of_environment(loader, &is_found, err));
    if (is_found)
        return RG_OK;
    RG_TRY(from_profile(loader, &is_found, err));
    if (is_found)
        return RG_OK;
    RG_TRY(from_container(loader, &is_found, err));
    if (is_found)
        return RG_OK;
    if (from_instance(loader, err) == RG_OK)
        return RG_OK;
    return rg_within(err, "no credentials in the environment, in the AWS files or from a "
                          "container (--no-sign-request for public buckets)");
}

static enum rg_status load_once(const struct rg_credentials_source *source,
                                struct rg_credentials *ret_credentials, struct rg_error *err)
{
    struct loader loader = {.source = source, .ret = ret_credentials};

    RG_TRY(rg_settings_init(&loader.settings, source->profile, source->allocator, err));
    const enum rg_status status = load(&loader, err);
    rg_settings_fini(&loader.settings);
    return status;
}

/* Many jobs begin at the same moment, and who gives out credentials bears so many requests. */
enum rg_status rg_credentials_load(void *user, struct rg_credentials *ret_credentials,
                                   struct rg_error *err)
{
    const uint64_t begin_ns = rg_clock_monotonic_ns();
    enum rg_status status = load_once(user, ret_credentials, err);
    uint64_t pause_ns = pause_ns_first;

    for (uint32_t i = 1; i < loads_max && status == RG_ERR_AGAIN; i++) {
        if (rg_clock_monotonic_ns() - begin_ns > patience_ns)
            break;
        const struct timespec pause = {.tv_sec = (time_t)(pause_ns / UINT64_C(1000000000)),
                                       .tv_nsec = (long)(pause_ns % UINT64_C(1000000000))};

        (void)nanosleep(&pause, NULL);
        pause_ns *= 2;
        status = load_once(user, ret_credentials, err);
    }
    return status;
}
