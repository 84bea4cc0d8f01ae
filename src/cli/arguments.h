/* SPDX-License-Identifier: Apache-2.0 */

/* From argv to options and places. */

#ifndef CLI_ARGUMENTS_H
#define CLI_ARGUMENTS_H

#include <regroup/regroup.h>

struct arguments;

/* Runs a command; returns the exit status. */
typedef int command_fn(const struct arguments *arguments);

struct command {
    const char *name;
    enum rg_command bit;
    const char *usage[2]; /* What stands behind "regroup ". */
    const char *summary;  /* One line. */
    const char *about;    /* Some lines; NULL: the summary says it. */
    unsigned place_min;   /* How many places it takes, in place one fewer. */
    unsigned place_max;
    command_fn *run;
};

struct arguments {
    const struct command *command; /* NULL: none was named. */
    struct rg_options *options;
    char **places; /* Arguments that are no options: in argv, moved to its front. */
    unsigned place_count;
    bool wants_help;
    bool wants_version;
    const char *const *environment; /* Borrowed. */
};

/*
 * Parses the arguments behind the program's name, then the environment and the configuration file
 * that those name. `commands` ends with a row without a name; argv is reordered.
 *
 * Errors:  RG_ERR_INVALID; RG_ERR_NOMEM.
 */
RG_MUST_CHECK enum rg_status rg_arguments_parse(struct arguments *arguments,
                                                const struct command *commands, int argc,
                                                char **argv, const char *const *environment,
                                                struct rg_error *err);

enum {
    RG_SLIP_BYTES = 128
};

/*
 * Finds the next variable, from *at on (0 at first), whose name is no option's but nearly: a slip
 * of the hand, since programs around this one have variables of their own. False: there is none.
 */
bool rg_arguments_next_slip(const struct arguments *arguments, size_t *at,
                            char ret_text[RG_SLIP_BYTES]);

#endif
