/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The parser walks the text once, left to right, with one cursor; the evaluator walks the
 * components of a path. Decimal numbers are never turned into machine numbers: they are compared as
 * digits, so that ids of any length compare right.
 */

#include "plan/where.h"

#include <string.h>
#include <strings.h>

/* Longest component whose key and value are looked at: an S3 key has at most 1,024 bytes. */
enum {
    COMPONENT_BYTES_MAX = 1024
};

static const char null_name[] = "__HIVE_DEFAULT_PARTITION__";

struct cursor {
    const char *text; /* The whole expression, for messages. */
    const char *at;
    struct rg_arena *arena;
    struct rg_error *err;
};

static enum rg_status fail_at(struct cursor *c, const char *wanted)
{
    if (*c->at == 0)
        return rg_fail(c->err, RG_ERR_INVALID, "ends where %s should be", wanted);
    return rg_fail(c->err, RG_ERR_INVALID, "at character %zu ('%.20s'): %s should be here",
                   (size_t)(c->at - c->text) + 1, c->at, wanted);
}

static void skip_blanks(struct cursor *c)
{
    c->at += strspn(c->at, " \t\r\n");
}

/* A quoted word; a doubled quote stands for one. */
static enum rg_status parse_quoted(struct cursor *c, struct rg_span *ret_word)
{
    const char quote = *c->at++;
    char *word = rg_arena_alloc(c->arena, strlen(c->at) + 1);
    size_t bytes = 0;

    if (word == NULL)
        return rg_fail(c->err, RG_ERR_NOMEM, "no memory for an expression");
    for (;; c->at++) {
        if (*c->at == 0)
            return rg_fail(c->err, RG_ERR_INVALID, "a quote (%c) is not closed", quote);
        if (*c->at == quote) {
            c->at++;
            if (*c->at != quote)
                break;
        }
        word[bytes++] = *c->at;
    }
    *ret_word = (struct rg_span){(const uint8_t *)word, bytes};
    return RG_OK;
}

/* A word that ends before any of `ends`, or a quoted one. */
static enum rg_status parse_word(struct cursor *c, const char *ends, const char *what,
                                 struct rg_span *ret_word)
{
    skip_blanks(c);
    if (*c->at == '\'' || *c->at == '"')
        return parse_quoted(c, ret_word);

    const size_t bytes = strcspn(c->at, ends);
    if (bytes == 0)
        return fail_at(c, what);
    *ret_word = rg_arena_copy(c->arena, (struct rg_span){(const uint8_t *)c->at, bytes});
    if (ret_word->data == NULL)
        return rg_fail(c->err, RG_ERR_NOMEM, "no memory for an expression");
    c->at += bytes;
    return RG_OK;
}

static enum rg_status parse_operator(struct cursor *c, enum rg_where_operator *ret_operator)
{
    static const struct {
        const char *text;
        enum rg_where_operator op;
    } operators[] = {
        /* Longer ones first. */
        {"!=", RG_WHERE_NOT_EQUAL}, {"<=", RG_WHERE_LESS_EQUAL}, {">=", RG_WHERE_GREATER_EQUAL},
        {"=", RG_WHERE_EQUAL},      {"<", RG_WHERE_LESS},        {">", RG_WHERE_GREATER},
    };

    skip_blanks(c);
    for (size_t i = 0; i < sizeof operators / sizeof operators[0]; i++) {
        const size_t bytes = strlen(operators[i].text);

        if (strncmp(c->at, operators[i].text, bytes) == 0) {
            c->at += bytes;
            if (strchr("=<>!", *c->at) != NULL && *c->at != 0)
                return fail_at(c, "a value");
            *ret_operator = operators[i].op;
            return RG_OK;
        }
    }
    return fail_at(c, "one of = != < <= > >=");
}

static enum rg_status parse_term(struct cursor *c, struct rg_where_term *term)
{
    RG_TRY(parse_word(c, " \t\r\n=!<>", "a key", &term->key));
    RG_TRY(parse_operator(c, &term->op));
    RG_TRY(parse_word(c, " \t\r\n", "a value", &term->value));
    return RG_OK;
}

/* True when an "and" was there; an error when anything else is left. */
static enum rg_status parse_and(struct cursor *c, bool *ret_goes_on)
{
    skip_blanks(c);
    *ret_goes_on = *c->at != 0;
    if (*c->at == 0)
        return RG_OK;
    const bool is_and = strncasecmp(c->at, "and", 3) == 0 && strchr(" \t\r\n'\"", c->at[3]) != NULL;
    if (!is_and)
        return fail_at(c, "'and', or the end,");
    c->at += 3;
    return RG_OK;
}

enum rg_status rg_where_parse(const char *text, struct rg_arena *arena, struct rg_where *ret_where,
                              struct rg_error *err)
{
    struct cursor c = {text, text, arena, err};
    struct rg_where where = {0};
    bool goes_on = true;

    if (strlen(text) > RG_WHERE_BYTES_MAX)
        return rg_fail(err, RG_ERR_INVALID, "an expression of %zu bytes: at most %d", strlen(text),
                       RG_WHERE_BYTES_MAX);
    where.terms = rg_arena_array(arena, RG_WHERE_TERMS_MAX, sizeof *where.terms);
    if (where.terms == NULL)
        return rg_fail(err, RG_ERR_NOMEM, "no memory for an expression");
    while (goes_on) {
        if (where.term_count == RG_WHERE_TERMS_MAX)
            return rg_fail(err, RG_ERR_INVALID, "more than %d conditions", RG_WHERE_TERMS_MAX);
        RG_TRY(parse_term(&c, &where.terms[where.term_count]));
        where.term_count++;
        RG_TRY(parse_and(&c, &goes_on));
    }
    *ret_where = where;
    return RG_OK;
}

/* A decimal number in pieces: no zeros in front of `whole`, none behind `fraction`. */
struct decimal {
    bool is_negative;
    struct rg_span whole;
    struct rg_span fraction;
};

static struct rg_span take_digits(struct rg_span *text)
{
    struct rg_span digits = {text->data, 0};

    while (text->bytes > 0 && text->data[0] >= '0' && text->data[0] <= '9') {
        digits.bytes++;
        text->data++;
        text->bytes--;
    }
    return digits;
}

static bool parse_decimal(struct rg_span text, struct decimal *ret_decimal)
{
    struct decimal decimal = {0};

    if (text.bytes > 0 && (text.data[0] == '-' || text.data[0] == '+')) {
        decimal.is_negative = text.data[0] == '-';
        text.data++;
        text.bytes--;
    }
    decimal.whole = take_digits(&text);
    if (decimal.whole.bytes == 0)
        return false;
    if (text.bytes > 0 && text.data[0] == '.') {
        text.data++;
        text.bytes--;
        decimal.fraction = take_digits(&text);
        if (decimal.fraction.bytes == 0)
            return false;
    }
    if (text.bytes > 0)
        return false;
    while (decimal.whole.bytes > 0 && decimal.whole.data[0] == '0') {
        decimal.whole.data++;
        decimal.whole.bytes--;
    }
    while (decimal.fraction.bytes > 0 && decimal.fraction.data[decimal.fraction.bytes - 1] == '0')
        decimal.fraction.bytes--;
    if (decimal.whole.bytes == 0 && decimal.fraction.bytes == 0)
        decimal.is_negative = false;
    *ret_decimal = decimal;
    return true;
}

static int compare_decimals(const struct decimal *a, const struct decimal *b)
{
    int order;

    if (a->is_negative != b->is_negative)
        return a->is_negative ? -1 : 1;
    if (a->whole.bytes != b->whole.bytes)
        order = a->whole.bytes < b->whole.bytes ? -1 : 1;
    else
        order = rg_span_compare(a->whole, b->whole);
    if (order == 0)
        order = rg_span_compare(a->fraction, b->fraction);
    return a->is_negative ? -order : order;
}

int rg_where_compare(struct rg_span a, struct rg_span b)
{
    struct decimal left;
    struct decimal right;

    if (parse_decimal(a, &left) && parse_decimal(b, &right))
        return compare_decimals(&left, &right);
    return rg_span_compare(a, b);
}

static int hex_digit(uint8_t byte)
{
    if (byte >= '0' && byte <= '9')
        return byte - '0';
    if (byte >= 'a' && byte <= 'f')
        return byte - 'a' + 10;
    if (byte >= 'A' && byte <= 'F')
        return byte - 'A' + 10;
    return -1;
}

/* Undoes %XX; anything else stays. `room` has at least text.bytes. */
static struct rg_span unescape(struct rg_span text, uint8_t *room)
{
    size_t bytes = 0;

    for (size_t i = 0; i < text.bytes; i++) {
        const bool is_escape = text.data[i] == '%' && i + 2 < text.bytes &&
                               hex_digit(text.data[i + 1]) >= 0 && hex_digit(text.data[i + 2]) >= 0;

        if (is_escape) {
            room[bytes++] =
                (uint8_t)(hex_digit(text.data[i + 1]) << 4 | hex_digit(text.data[i + 2]));
            i += 2;
        } else {
            room[bytes++] = text.data[i];
        }
    }
    return (struct rg_span){room, bytes};
}

static bool holds(const struct rg_where_term *term, struct rg_span value)
{
    const struct rg_span null_word = rg_span_of(null_name);

    if (rg_span_equal(value, null_word) || rg_span_equal(term->value, null_word))
        return term->op == RG_WHERE_EQUAL && rg_span_equal(value, term->value);

    const int order = rg_where_compare(value, term->value);
    switch (term->op) {
    case RG_WHERE_EQUAL:
        return order == 0;
    case RG_WHERE_NOT_EQUAL:
        return order != 0;
    case RG_WHERE_LESS:
        return order < 0;
    case RG_WHERE_LESS_EQUAL:
        return order <= 0;
    case RG_WHERE_GREATER:
        return order > 0;
    case RG_WHERE_GREATER_EQUAL:
        return order >= 0;
    }
    return false;
}

enum answer {
    NO_SUCH_KEY,
    HOLDS,
    FAILS,
};

/* One term against all components; a key that comes twice must hold twice. */
static enum answer ask(const struct rg_where_term *term, struct rg_span path)
{
    enum answer answer = NO_SUCH_KEY;

    for (size_t begin = 0; begin < path.bytes;) {
        const uint8_t *slash = memchr(path.data + begin, '/', path.bytes - begin);
        const size_t end = slash != NULL ? (size_t)(slash - path.data) : path.bytes;
        const struct rg_span component = {path.data + begin, end - begin};
        const uint8_t *equals =
            component.bytes > 0 ? memchr(component.data, '=', component.bytes) : NULL;

        begin = end + 1;
        if (equals == NULL || component.bytes > COMPONENT_BYTES_MAX)
            continue;

        uint8_t room[COMPONENT_BYTES_MAX];
        const size_t key_bytes = (size_t)(equals - component.data);
        const struct rg_span key = unescape((struct rg_span){component.data, key_bytes}, room);
        if (!rg_span_equal(key, term->key))
            continue;
        const struct rg_span value =
            unescape((struct rg_span){equals + 1, component.bytes - key_bytes - 1}, room);
        if (!holds(term, value))
            return FAILS;
        answer = HOLDS;
    }
    return answer;
}

bool rg_where_matches(const struct rg_where *where, struct rg_span path)
{
    for (uint32_t i = 0; i < where->term_count; i++)
        if (ask(&where->terms[i], path) != HOLDS)
            return false;
    return true;
}

bool rg_where_may_match_below(const struct rg_where *where, struct rg_span prefix)
{
    for (uint32_t i = 0; i < where->term_count; i++)
        if (ask(&where->terms[i], prefix) == FAILS)
            return false;
    return true;
}
