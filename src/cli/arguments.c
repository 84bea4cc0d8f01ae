/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Our own reader of argv, because the option table is not getopt's: "--name value", "--name=value",
 * "-q", several short ones in one word, "--" before what only looks like an option. A switch takes
 * a value only with '='. The first word that is no option names the command.
 *
 * Places are moved to the front of argv, in order; nothing is allocated.
 */

#include "cli/arguments.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

struct parser {
    struct arguments *arguments;
    const struct command *commands;
    char **argv;
    int argc;
    int at; /* The next argument. */
    struct rg_error *err;
};

static enum rg_status RG_PRINTF(2, 3) refuse(struct rg_error *err, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    vsnprintf(err->text, sizeof err->text, format, args);
    va_end(args);
    err->status = RG_ERR_INVALID;
    return RG_ERR_INVALID;
}

/* Option names are shorter; what is longer is no typing error of one. */
enum {
    NAME_BYTES_MAX = 32
};

/* How many letters are to be put in, taken out or changed to make `b` of `a` (Levenshtein). */
static unsigned distance(const char *a, const char *b)
{
    const size_t a_bytes = strlen(a);
    const size_t b_bytes = strlen(b);
    unsigned
        row[NAME_BYTES_MAX + 1]; /* row[j]: from the letters of `a` so far to j letters of `b`. */

    if (a_bytes > NAME_BYTES_MAX || b_bytes > NAME_BYTES_MAX)
        return NAME_BYTES_MAX;
    for (size_t j = 0; j <= b_bytes; j++)
        row[j] = (unsigned)j;
    for (size_t i = 1; i <= a_bytes; i++) {
        unsigned diagonal = row[0];

        row[0] = (unsigned)i;
        for (size_t j = 1; j <= b_bytes; j++) {
            const unsigned changed = diagonal + (a[i - 1] != b[j - 1]);
            const unsigned least = row[j] < row[j - 1] ? row[j] : row[j - 1];

            diagonal = row[j];
            row[j] = changed < least + 1 ? changed : least + 1;
        }
    }
    return row[b_bytes];
}

/* The option that was probably meant, or NULL. */
static const char *guess_option(const char *name)
{
    const struct rg_option_info *option;
    const char *best = NULL;
    unsigned best_distance = 3;

    for (size_t i = 0; (option = rg_option_at(i)) != NULL; i++) {
        const unsigned d = distance(name, option->name);

        if (d < best_distance) {
            best_distance = d;
            best = option->name;
        }
    }
    return best;
}

static const struct command *find_command(const struct command *commands, const char *name)
{
    for (; commands->name != NULL; commands++)
        if (strcmp(commands->name, name) == 0)
            return commands;
    return NULL;
}

/* "compact" and "plan" for two bits, as words. */
static const char *commands_of(const struct command *commands, uint32_t bits, char *text,
                               size_t bytes)
{
    size_t at = 0;

    text[0] = 0;
    for (; commands->name != NULL; commands++) {
        if ((bits & (uint32_t)commands->bit) == 0 || at >= bytes)
            continue;
        const int length =
            snprintf(text + at, bytes - at, "%s%s", at > 0 ? ", " : "", commands->name);
        at += length > 0 ? (size_t)length : 0;
    }
    return text;
}

static enum rg_status check_taken(const struct parser *p, const struct rg_option_info *option)
{
    char names[100];
    const struct command *command = p->arguments->command;

    if (command != NULL && (option->commands & (uint32_t)command->bit) == 0)
        return refuse(p->err, "--%s is an option of: %s", option->name,
                      commands_of(p->commands, option->commands, names, sizeof names));
    return RG_OK;
}

static enum rg_status set_option(struct parser *p, const struct rg_option_info *option,
                                 const char *value)
{
    const enum rg_status status = check_taken(p, option);

    if (status != RG_OK)
        return status;
    if (strcmp(option->name, "help") == 0) {
        p->arguments->wants_help = true;
        return RG_OK;
    }
    if (strcmp(option->name, "version") == 0) {
        p->arguments->wants_version = true;
        return RG_OK;
    }
    return rg_options_set(p->arguments->options, option->name, value, RG_ORIGIN_FLAG, p->err);
}

/* The value behind an option: the rest of its word, or the next word. */
static enum rg_status take_value(struct parser *p, const struct rg_option_info *option,
                                 const char *rest, const char **ret_value)
{
    if (rest != NULL) {
        *ret_value = rest;
        return RG_OK;
    }
    if (option->argument == NULL) {
        *ret_value = "true";
        return RG_OK;
    }
    if (p->at == p->argc)
        return refuse(p->err, "--%s needs a value: %s", option->name, option->argument);
    *ret_value = p->argv[p->at++];
    return RG_OK;
}

static enum rg_status parse_long(struct parser *p, const char *word)
{
    const char *equals = strchr(word, '=');
    const size_t bytes = equals != NULL ? (size_t)(equals - word) : strlen(word);
    const struct rg_option_info *option;
    const char *value = NULL;
    const char *meant;
    char name[64];

    snprintf(name, sizeof name, "%.*s", bytes < 60 ? (int)bytes : 60, word);
    option = rg_option_find(name);
    if (option == NULL) {
        meant = guess_option(name);
        if (meant != NULL)
            return refuse(p->err, "there is no option --%s; did you mean --%s?", name, meant);
        return refuse(p->err, "there is no option --%s", name);
    }
    if (take_value(p, option, equals != NULL ? equals + 1 : NULL, &value) != RG_OK)
        return RG_ERR_INVALID;
    return set_option(p, option, value);
}

static enum rg_status parse_short(struct parser *p, const char *word)
{
    for (; *word != 0; word++) {
        const struct rg_option_info *option;
        size_t i = 0;

        while ((option = rg_option_at(i)) != NULL && option->short_name != *word)
            i++;
        if (option == NULL)
            return refuse(p->err, "there is no option -%c", *word);
        const enum rg_status status = set_option(p, option, "true");
        if (status != RG_OK)
            return status;
    }
    return RG_OK;
}

/* The flags before the command's name, which was not known when they were read. */
static enum rg_status check_flags(const struct parser *p)
{
    const struct rg_option_info *option;
    enum rg_status status = RG_OK;

    for (size_t i = 0; status == RG_OK && (option = rg_option_at(i)) != NULL; i++)
        if (rg_options_origin(p->arguments->options, option->name) == RG_ORIGIN_FLAG)
            status = check_taken(p, option);
    return status;
}

static enum rg_status parse_plain(struct parser *p, char *word)
{
    struct arguments *a = p->arguments;

    if (a->command != NULL) {
        p->argv[a->place_count++] = word;
        return RG_OK;
    }
    a->command = find_command(p->commands, word);
    if (a->command == NULL)
        return refuse(p->err, "there is no command '%.40s'", word);
    return check_flags(p);
}

static enum rg_status parse_words(struct parser *p)
{
    bool is_ended = false; /* By "--". */

    while (p->at < p->argc) {
        char *word = p->argv[p->at++];
        enum rg_status status;

        if (!is_ended && strcmp(word, "--") == 0) {
            is_ended = true;
            continue;
        }
        if (!is_ended && strncmp(word, "--", 2) == 0)
            status = parse_long(p, word + 2);
        else if (!is_ended && word[0] == '-' && word[1] != 0)
            status = parse_short(p, word + 1);
        else
            status = parse_plain(p, word);
        if (status != RG_OK)
            return status;
    }
    return RG_OK;
}

static enum rg_status check_places(const struct arguments *a, struct rg_error *err)
{
    const struct command *command = a->command;
    /* In the environment or a file it may be on for commands that do not take it. */
    const bool is_taken = (rg_option_find("in-place")->commands & (uint32_t)command->bit) != 0;
    const unsigned in_place = is_taken && rg_options_is_on(a->options, "in-place") ? 1 : 0;

    if (a->place_count < command->place_min - in_place)
        return refuse(err, "%s needs more: regroup %s", command->name,
                      command->usage[in_place != 0 && command->usage[1] != NULL]);
    if (a->place_count > command->place_max - in_place)
        return refuse(err, "'%.100s' is one too many: regroup %s",
                      a->places[command->place_max - in_place],
                      command->usage[in_place != 0 && command->usage[1] != NULL]);
    return RG_OK;
}

enum rg_status rg_arguments_parse(struct arguments *arguments, const struct command *commands,
                                  int argc, char **argv, const char *const *environment,
                                  struct rg_error *err)
{
    struct parser p = {
        .arguments = arguments,
        .commands = commands,
        .argv = argv,
        .argc = argc,
        .at = 0,
        .err = err,
    };
    const char *config;
    enum rg_status status;

    arguments->places = argv;
    arguments->environment = environment;
    status = parse_words(&p);
    if (status != RG_OK)
        return status;
    if (arguments->wants_help || arguments->wants_version)
        return RG_OK;
    if (arguments->command == NULL)
        return refuse(err, "no command is given");
    status = rg_options_set_environment(arguments->options, environment, err);
    if (status != RG_OK)
        return status;
    config = rg_options_origin(arguments->options, "config") != RG_ORIGIN_DEFAULT
                 ? rg_options_get(arguments->options, "config")
                 : NULL;
    if (config != NULL)
        status = rg_options_read_config(arguments->options, config, err);
    if (status == RG_OK)
        status = rg_options_check(arguments->options, err);
    if (status == RG_OK)
        status = check_places(arguments, err);
    return status;
}

/* The option that a variable's name was probably meant for; NULL: it is one, or none comes near. */
static const struct rg_option_info *find_slip(const char *entry)
{
    static const char prefix[] = "REGROUP_";
    const size_t prefix_bytes = sizeof prefix - 1;
    char name[NAME_BYTES_MAX + 1];
    size_t bytes = 0;

    if (strncmp(entry, prefix, prefix_bytes) != 0)
        return NULL;
    for (const char *c = entry + prefix_bytes; *c != 0 && *c != '='; c++) {
        if (bytes == NAME_BYTES_MAX)
            return NULL;
        name[bytes++] = *c == '_' ? '-' : *c >= 'A' && *c <= 'Z' ? (char)(*c - 'A' + 'a') : *c;
    }
    name[bytes] = 0;
    const char *meant = rg_option_find(name) == NULL ? guess_option(name) : NULL;
    if (meant == NULL || distance(name, meant) * 3 > bytes)
        return NULL;
    const struct rg_option_info *option = rg_option_find(meant);
    return option->has_no_setting ? NULL : option;
}

bool rg_arguments_next_slip(const struct arguments *arguments, size_t *at,
                            char ret_text[RG_SLIP_BYTES])
{
    const char *entry;

    while ((entry = arguments->environment[*at]) != NULL) {
        const struct rg_option_info *option = find_slip(entry);
        char name[RG_OPTION_ENVIRONMENT_BYTES_MAX];

        (*at)++;
        if (option == NULL)
            continue;
        rg_option_environment(option, name);
        snprintf(ret_text, RG_SLIP_BYTES, "%.*s is no option; did you mean %s?",
                 (int)strcspn(entry, "="), entry, name);
        return true;
    }
    return false;
}
