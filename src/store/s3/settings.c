/* SPDX-License-Identifier: Apache-2.0 */

#include "store/s3/settings.h"

#include <errno.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

static const size_t arena_bytes_max = (size_t)8 << 20;

enum {
    PATH_BYTES = 4096,
    PASSWD_BYTES = 4096, /* Linux systems advise 1024; what does not fit counts as not there. */
    SECTION_BYTES = 256
};

const char *rg_settings_variable(const char *name)
{
    const char *value = getenv(name);

    return value != NULL && value[0] != '\0' ? value : NULL;
}

bool rg_settings_is(const char *value, const char *wanted)
{
    return value != NULL && strcasecmp(value, wanted) == 0;
}

bool rg_settings_is_true(const char *value)
{
    return rg_settings_is(value, "true");
}

enum rg_status rg_settings_read_file(const char *path, struct rg_arena *arena,
                                     struct rg_span *ret_text, struct rg_error *err)
{
    FILE *file = fopen(path, "re");
    struct rg_span text = {NULL, 0};

    *ret_text = text;
    if (file == NULL) {
        if (errno == ENOENT || errno == ENOTDIR)
            return RG_OK;
        return rg_fail(err, RG_ERR_INVALID, "%s: %s", path, strerror(errno));
    }
    enum rg_status status = RG_OK;
    uint8_t *bytes = rg_arena_alloc(arena, rg_ini_bytes_max + 1);
    if (bytes == NULL) {
        status = rg_fail(err, RG_ERR_NOMEM, "no memory to read %s", path);
    } else {
        const size_t got = fread(bytes, 1, rg_ini_bytes_max + 1, file);

        if (ferror(file))
            status = rg_fail(err, RG_ERR_INVALID, "%s: %s", path, strerror(errno));
        else if (got > rg_ini_bytes_max)
            status = rg_fail(err, RG_ERR_LIMIT, "%s: more than %zu bytes", path, rg_ini_bytes_max);
        text = rg_arena_copy(arena, (struct rg_span){bytes, got});
        if (status == RG_OK && text.data == NULL)
            status = rg_fail(err, RG_ERR_NOMEM, "no memory to read %s", path);
    }
    (void)fclose(file);
    if (status == RG_OK)
        *ret_text = text;
    return status;
}

/* The path that a variable names ("~/" is expanded), or one below the home directory. */
static bool find_path(const char *variable, const char *below_home, char path[PATH_BYTES])
{
    const char *given = rg_settings_variable(variable);
    const char *home = rg_settings_variable("HOME");
    struct passwd *found = NULL; /* `user`, whose texts are in `entries`. */
    struct passwd user;
    char entries[PASSWD_BYTES];
    int length;

    if (given != NULL && strncmp(given, "~/", 2) != 0) {
        length = snprintf(path, PATH_BYTES, "%s", given);
        return length < PATH_BYTES;
    }
    if (home == NULL) {
        (void)getpwuid_r(getuid(), &user, entries, sizeof entries, &found);
        home = found != NULL ? found->pw_dir : NULL;
    }
    if (home == NULL)
        return false;
    length = snprintf(path, PATH_BYTES, "%s/%s", home, given != NULL ? given + 2 : below_home);
    return length < PATH_BYTES;
}

static enum rg_status read_ini(struct rg_settings *settings, const char *variable,
                               const char *below_home, struct rg_ini *ini, struct rg_error *err)
{
    char path[PATH_BYTES];
    struct rg_span text;

    if (!find_path(variable, below_home, path))
        return RG_OK;
    RG_TRY(rg_settings_read_file(path, &settings->arena, &text, err));
    if (rg_ini_parse(text, &settings->arena, ini, err) != RG_OK)
        return rg_within(err, "%s", path);
    return RG_OK;
}

static enum rg_status read_files(struct rg_settings *settings, struct rg_error *err)
{
    RG_TRY(read_ini(settings, "AWS_CONFIG_FILE", ".aws/config", &settings->config, err));
    RG_TRY(read_ini(settings, "AWS_SHARED_CREDENTIALS_FILE", ".aws/credentials",
                    &settings->credentials, err));
    if (settings->must_have_profile && !rg_settings_has_profile(settings, settings->profile))
        return rg_fail(err, RG_ERR_INVALID,
                       "the profile \"%.100s\" is neither in the AWS config file nor in the "
                       "credentials file",
                       settings->profile);
    return RG_OK;
}

enum rg_status rg_settings_init(struct rg_settings *settings, const char *profile,
                                const struct rg_allocator *allocator, struct rg_error *err)
{
    const char *variable = rg_settings_variable("AWS_PROFILE");

    if (variable == NULL)
        variable = rg_settings_variable("AWS_DEFAULT_PROFILE");
    *settings = (struct rg_settings){.is_profile_given = profile != NULL};
    rg_arena_init(&settings->arena, allocator, arena_bytes_max);
    settings->profile = profile != NULL ? profile : variable != NULL ? variable : "default";
    settings->must_have_profile = profile != NULL || variable != NULL;
    const enum rg_status status = read_files(settings, err);
    if (status != RG_OK)
        rg_settings_fini(settings);
    return status;
}

void rg_settings_fini(struct rg_settings *settings)
{
    rg_arena_fini(&settings->arena);
}

/* Sections of the config file are called "profile x", but that of "default". */
static void name_section(const char *profile, char section[SECTION_BYTES])
{
    const bool is_default = strcmp(profile, "default") == 0;

    (void)snprintf(section, SECTION_BYTES, "%s%.200s", is_default ? "" : "profile ", profile);
}

const char *rg_settings_find(const struct rg_settings *settings, const char *profile,
                             const char *key)
{
    char section[SECTION_BYTES];
    const char *value = rg_ini_find(&settings->credentials, profile, key);

    if (value != NULL && value[0] != '\0')
        return value;
    name_section(profile, section);
    value = rg_ini_find(&settings->config, section, key);
    if (value == NULL && strcmp(profile, "default") == 0)
        value = rg_ini_find(&settings->config, "profile default", key);
    return value != NULL && value[0] != '\0' ? value : NULL;
}

bool rg_settings_has_profile(const struct rg_settings *settings, const char *profile)
{
    char section[SECTION_BYTES];

    name_section(profile, section);
    return rg_ini_has_section(&settings->credentials, profile) ||
           rg_ini_has_section(&settings->config, section) ||
           (strcmp(profile, "default") == 0 &&
            rg_ini_has_section(&settings->config, "profile default"));
}

const char *rg_settings_choose(const struct rg_settings *settings, const char *variable,
                               const char *other_variable, const char *key)
{
    const char *value = variable != NULL ? rg_settings_variable(variable) : NULL;

    if (value == NULL && other_variable != NULL)
        value = rg_settings_variable(other_variable);
    return value != NULL ? value : rg_settings_find(settings, settings->profile, key);
}

const char *rg_settings_endpoint(const struct rg_settings *settings, const char *service)
{
    const char *ignores = rg_settings_choose(settings, "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", NULL,
                                             "ignore_configured_endpoint_urls");
    char name[SECTION_BYTES];

    if (rg_settings_is_true(ignores))
        return NULL;
    (void)snprintf(name, sizeof name, "AWS_ENDPOINT_URL_%s",
                   strcmp(service, "s3") == 0 ? "S3" : "STS");
    const char *url = rg_settings_variable(name);
    if (url == NULL)
        url = rg_settings_variable("AWS_ENDPOINT_URL");
    if (url != NULL)
        return url;
    const char *services = rg_settings_find(settings, settings->profile, "services");
    if (services != NULL) {
        char key[64];

        (void)snprintf(name, sizeof name, "services %.200s", services);
        (void)snprintf(key, sizeof key, "%.20s.endpoint_url", service);
        url = rg_ini_find(&settings->config, name, key);
    }
    return url != NULL ? url : rg_settings_find(settings, settings->profile, "endpoint_url");
}
