/* SPDX-License-Identifier: Apache-2.0 */

#include "cli/completion.h"

#include <string.h>

static bool takes_file(const struct rg_option_info *option)
{
    return option->argument != NULL && strncmp(option->argument, "FILE", 4) == 0;
}

/* Escapes the characters of `special` with a backslash, and ends the single quotes around. */
static void write_quoted(FILE *out, const char *text, const char *special)
{
    for (; *text != 0; text++) {
        if (*text == '\'')
            fputs("'\\''", out);
        else if (strchr(special, *text) != NULL)
            fprintf(out, "\\%c", *text);
        else
            fputc(*text, out);
    }
}

/* The options of some commands' bits, as words. */
static void write_names(FILE *out, uint32_t takers)
{
    const struct rg_option_info *option;
    const char *between = "";

    for (size_t i = 0; (option = rg_option_at(i)) != NULL; i++) {
        if ((option->commands & takers) == 0)
            continue;
        fprintf(out, "%s--%s", between, option->name);
        between = " ";
        if (option->short_name != 0)
            fprintf(out, " -%c", option->short_name);
    }
}

static void write_command_names(FILE *out, const struct command *commands, const char *between)
{
    for (const struct command *command = commands; command->name != NULL; command++)
        fprintf(out, "%s%s", command != commands ? between : "", command->name);
}

/* bash splits words at '=' as well: "--schema=st" comes as "--schema", "=", "st". */
static const char bash_begin[] =
    "_regroup()\n"
    "{\n"
    "    local current=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]}\n"
    "    local command= options= word\n"
    "    COMPREPLY=()\n"
    "    if [[ $current == = ]]; then\n"
    "        current=\n"
    "    elif [[ $before == = ]]; then\n"
    "        before=${COMP_WORDS[COMP_CWORD - 2]}\n"
    "    fi\n"
    "    for word in \"${COMP_WORDS[@]:1:COMP_CWORD - 1}\"; do\n"
    "        case $word in\n";

void rg_completion_bash(FILE *out, const struct command *commands)
{
    const struct rg_option_info *option;

    fputs("# Completion of regroup for bash.\n\n", out);
    fputs(bash_begin, out);
    fputs("        ", out);
    write_command_names(out, commands, " | ");
    fputs(") command=$word && break ;;\n        esac\n    done\n    case $before in\n", out);
    for (size_t i = 0; (option = rg_option_at(i)) != NULL; i++) {
        if (option->argument == NULL)
            continue;
        fprintf(out, "    --%s)\n", option->name);
        if (option->choices != NULL)
            fprintf(out, "        mapfile -t COMPREPLY < <(compgen -W '%s' -- \"$current\")\n",
                    option->choices);
        else if (takes_file(option))
            fputs("        mapfile -t COMPREPLY < <(compgen -f -- \"$current\")\n", out);
        fputs("        return\n        ;;\n", out);
    }
    fputs("    esac\n    case $command in\n", out);
    for (const struct command *command = commands; command->name != NULL; command++) {
        fprintf(out, "    %s) options='", command->name);
        write_names(out, (uint32_t)command->bit);
        fputs("' ;;\n", out);
    }
    fputs("    '') options='--help --version -h -V' ;;\n    esac\n"
          "    if [[ $current == -* ]]; then\n"
          "        mapfile -t COMPREPLY < <(compgen -W \"$options\" -- \"$current\")\n"
          "    elif [[ -z $command ]]; then\n"
          "        mapfile -t COMPREPLY < <(compgen -W '",
          out);
    write_command_names(out, commands, " ");
    fputs("' -- \"$current\")\n"
          "    else\n"
          "        mapfile -t COMPREPLY < <(compgen -f -- \"$current\")\n"
          "    fi\n"
          "}\n"
          "complete -o filenames -F _regroup regroup\n",
          out);
}

/* One specification of _arguments; those with a short name stand for both. */
static void write_zsh_option(FILE *out, const struct rg_option_info *option)
{
    /* In brackets a ']' and a ':' would end the text. */
    static const char special[] = "[]:\\";

    fputs("                '", out);
    if (option->short_name != 0)
        fprintf(out, "*'{-%c,--%s}'", option->short_name, option->name);
    else
        fprintf(out, "%s--%s%s", option->is_repeatable ? "*" : "", option->name,
                option->argument != NULL ? "=" : "");
    fputc('[', out);
    write_quoted(out, option->help, special);
    fputc(']', out);
    if (option->argument != NULL) {
        fputc(':', out);
        write_quoted(out, option->argument, special);
        fputc(':', out);
        if (option->choices != NULL)
            fprintf(out, "(%s)", option->choices);
        else if (takes_file(option))
            fputs("_files", out);
    }
    fputs("' \\\n", out);
}

void rg_completion_zsh(FILE *out, const struct command *commands)
{
    const struct rg_option_info *option;

    fputs("#compdef regroup\n\n"
          "_regroup() {\n"
          "    local context state state_descr line\n"
          "    local -A opt_args\n"
          "    local -a commands=(\n",
          out);
    for (const struct command *command = commands; command->name != NULL; command++) {
        fprintf(out, "        '%s:", command->name);
        write_quoted(out, command->summary, ":\\");
        fputs("'\n", out);
    }
    fputs("    )\n"
          "    _arguments -C \\\n"
          "        '(- *)'{-h,--help}'[show help]' \\\n"
          "        '(- *)'{-V,--version}'[show versions]' \\\n"
          "        '1:command:->command' \\\n"
          "        '*::argument:->argument'\n"
          "    case $state in\n"
          "    command)\n"
          "        _describe command commands\n"
          "        ;;\n"
          "    argument)\n"
          "        case $words[1] in\n",
          out);
    for (const struct command *command = commands; command->name != NULL; command++) {
        fprintf(out, "        %s)\n            _arguments -s -S \\\n", command->name);
        for (size_t i = 0; (option = rg_option_at(i)) != NULL; i++)
            if ((option->commands & (uint32_t)command->bit) != 0)
                write_zsh_option(out, option);
        fputs("                '*:place:_files'\n            ;;\n", out);
    }
    fputs("        esac\n        ;;\n    esac\n}\n\n_regroup \"$@\"\n", out);
}

static void write_fish_option(FILE *out, const struct command *commands,
                              const struct rg_option_info *option)
{
    const char *between = " ";

    fputs("complete -c regroup -n '__fish_seen_subcommand_from", out);
    for (; commands->name != NULL; commands++)
        if ((option->commands & (uint32_t)commands->bit) != 0)
            fprintf(out, "%s%s", between, commands->name);
    fprintf(out, "' -l %s", option->name);
    if (option->short_name != 0)
        fprintf(out, " -s %c", option->short_name);
    if (option->choices != NULL)
        fprintf(out, " -x -a '%s'", option->choices);
    else if (takes_file(option))
        fputs(" -r -F", out);
    else if (option->argument != NULL)
        fputs(" -x", out);
    fputs(" -d '", out);
    /* In single quotes fish knows \' and \\ alone. */
    for (const char *at = option->help; *at != 0; at++)
        fprintf(out, *at == '\'' || *at == '\\' ? "\\%c" : "%c", *at);
    fputs("'\n", out);
}

void rg_completion_fish(FILE *out, const struct command *commands)
{
    const struct rg_option_info *option;

    fputs("# Completion of regroup for fish.\n\n", out);
    for (const struct command *command = commands; command->name != NULL; command++)
        fprintf(out, "complete -c regroup -f -n __fish_use_subcommand -a %s -d '%s'\n",
                command->name, command->summary);
    fputs("complete -c regroup -n __fish_use_subcommand -s h -l help -d 'show help'\n"
          "complete -c regroup -n __fish_use_subcommand -s V -l version -d 'show versions'\n",
          out);
    for (size_t i = 0; (option = rg_option_at(i)) != NULL; i++)
        write_fish_option(out, commands, option);
}
