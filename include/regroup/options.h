/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Options: one table describes them all, and one setter takes their text form.
 *
 * The names, arguments and defaults are those of the command line, so that what is written about
 * the command holds for the library, in any language: rg_options_set(o, "memory", "512MiB", ...).
 * An option that was never set has its default.
 *
 * An option that is set twice keeps the value of the higher origin, whatever the order of the
 * calls: flag over environment over file. Of one origin the last one counts; repeatable options
 * ("include", "exclude", "where") add up within one origin.
 *
 * Threads: a handle is used by one thread at a time; it may be read by any number once nobody sets.
 */

#ifndef REGROUP_OPTIONS_H
#define REGROUP_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <regroup/error.h>

#ifdef __cplusplus
extern "C" {
#endif

struct rg_options;

/* Where a value comes from; a later one here wins. */
enum rg_origin {
    RG_ORIGIN_DEFAULT = 0,
    RG_ORIGIN_FILE = 1,
    RG_ORIGIN_ENVIRONMENT = 2,
    RG_ORIGIN_FLAG = 3, /* A command line's flag, or a program that sets it. */
};

/* Bits of rg_option_info.commands. */
enum rg_command {
    RG_COMMAND_COMPACT = 1,
    RG_COMMAND_PLAN = 2,
    RG_COMMAND_INSPECT = 4,
    RG_COMMAND_VERIFY = 8,
    RG_COMMAND_LIST = 16,
    RG_COMMAND_GC = 32,
    RG_COMMAND_ALL = 63,
};

/* One row of the table. All text is static. */
struct rg_option_info {
    const char *name;     /* "row-group-size": without the dashes. */
    char short_name;      /* 'q', or 0. */
    bool is_repeatable;   /* May be given more than once. */
    bool has_no_setting;  /* Only a flag: neither in the environment nor in a file (help). */
    const char *argument; /* "SIZE"; NULL: a switch, set by "true" and "false". */
    const char *choices;  /* Words that the argument may be, separated by spaces; NULL: free. */
    const char *initial;  /* The default; NULL: off, or nothing to say. */
    const char *help;     /* A phrase or two, without a newline or a full stop at the end. */
    uint32_t commands;    /* enum rg_command, added up: who takes it. */
};

/* Row `index` of the table, in the order in which help shows it; NULL behind the last. */
RG_API const struct rg_option_info *rg_option_at(size_t index);

/* The row of that name, or NULL. */
RG_API const struct rg_option_info *rg_option_find(const char *name);

enum {
    RG_OPTION_ENVIRONMENT_BYTES_MAX = 64
};

/* "REGROUP_ROW_GROUP_SIZE" for "row-group-size". */
RG_API void rg_option_environment(const struct rg_option_info *option,
                                  char ret_name[RG_OPTION_ENVIRONMENT_BYTES_MAX]);

/* All defaults. NULL without memory. */
RG_API struct rg_options *rg_options_new(void);

/* NULL is fine. */
RG_API void rg_options_free(struct rg_options *options);

/*
 * Sets one option from its text. A value of a lower origin than the one that is set is checked, and
 * then ignored. "" unsets a repeatable option and otherwise is refused like any wrong value.
 *
 * Errors:  RG_ERR_INVALID for an unknown name or a value that makes no sense: the text names the
 *          option as its origin spells it ("--memory", "REGROUP_MEMORY", "memory") and says what
 *          would be right. RG_ERR_NOMEM. The options are unchanged then.
 */
RG_API RG_MUST_CHECK enum rg_status rg_options_set(struct rg_options *options, const char *name,
                                                   const char *value, enum rg_origin origin,
                                                   struct rg_error *err);

/*
 * Sets every option for which `environment` (an array like environ, ended by NULL) has a
 * REGROUP_<NAME> that is not empty. Other names are not looked at.
 *
 * Errors:  as rg_options_set(); what was set before the one at fault stays set.
 */
RG_API RG_MUST_CHECK enum rg_status rg_options_set_environment(struct rg_options *options,
                                                               const char *const *environment,
                                                               struct rg_error *err);

/*
 * Sets options from the text of a configuration file: lines `name = value`, `#` begins a comment
 * line, blanks around both are dropped, a value in double quotes keeps its own. `label` is the
 * file's name for messages.
 *
 * Errors:  as rg_options_set(), with file and line; lines before that one stay set. RG_ERR_LIMIT
 *          above 1 MiB.
 */
RG_API RG_MUST_CHECK enum rg_status rg_options_set_config(struct rg_options *options,
                                                          const char *text, size_t bytes,
                                                          const char *label, struct rg_error *err);

/*
 * The same from a file of that name.
 *
 * Errors:  RG_ERR_INVALID also when it cannot be read.
 */
RG_API RG_MUST_CHECK enum rg_status rg_options_read_config(struct rg_options *options,
                                                           const char *path, struct rg_error *err);

/* The text that was set, the default's text, or NULL; of a repeatable option the last one. */
RG_API const char *rg_options_get(const struct rg_options *options, const char *name);

/* Where that text comes from. */
RG_API enum rg_origin rg_options_origin(const struct rg_options *options, const char *name);

/* True for a switch that is on. */
RG_API bool rg_options_is_on(const struct rg_options *options, const char *name);

/* How often a counting switch was given ("verbose", "quiet"); 0 or 1 for others. */
RG_API uint32_t rg_options_count(const struct rg_options *options, const char *name);

/*
 * Checks what one option alone cannot know: options that exclude one another.
 *
 * Errors:  RG_ERR_INVALID.
 */
RG_API RG_MUST_CHECK enum rg_status rg_options_check(const struct rg_options *options,
                                                     struct rg_error *err);

#ifdef __cplusplus
}
#endif

#endif
