/* SPDX-License-Identifier: Apache-2.0 */

/*
 * A checker with a stack of bits, and walkers that rely on it.
 *
 * rg_json_check() is the only place where bytes are doubted. What it lets through has balanced
 * brackets outside of strings and strings that end, so that the walkers need no bounds of their
 * own beyond the end of the value they were given.
 */

#include "stitch/json_scan.h"

#include <string.h>

#include "base/utf8.h"

/* A resolved escape takes at most 3 bytes, a character 4. */
enum {
    CHARACTER_BYTES_MAX = 4
};

struct scanner {
    const uint8_t *next;
    const uint8_t *end;
};

static bool is_space(uint8_t byte)
{
    return byte == ' ' || byte == '\t' || byte == '\n' || byte == '\r';
}

static bool is_digit(uint8_t byte)
{
    return byte >= '0' && byte <= '9';
}

static void skip_space(struct scanner *s)
{
    while (s->next < s->end && is_space(*s->next))
        s->next++;
}

static bool take(struct scanner *s, uint8_t byte)
{
    if (s->next == s->end || *s->next != byte)
        return false;
    s->next++;
    return true;
}

static int hex_digit(uint8_t byte)
{
    if (is_digit(byte))
        return byte - '0';
    if (byte >= 'a' && byte <= 'f')
        return byte - 'a' + 10;
    return byte >= 'A' && byte <= 'F' ? byte - 'A' + 10 : -1;
}

/* What follows a backslash. */
static bool check_escape(struct scanner *s)
{
    if (s->next == s->end)
        return false;
    const uint8_t letter = *s->next++;
    if (letter != 'u')
        return letter != 0 && strchr("\"\\/bfnrt", letter) != NULL;
    for (int i = 0; i < 4; i++) {
        if (s->next == s->end || hex_digit(*s->next) < 0)
            return false;
        s->next++;
    }
    return true;
}

static bool check_string(struct scanner *s)
{
    if (!take(s, '"'))
        return false;
    while (s->next < s->end) {
        const uint8_t byte = *s->next++;

        if (byte == '"')
            return true;
        if (byte < 0x20 || (byte == '\\' && !check_escape(s)))
            return false;
    }
    return false;
}

static bool check_digits(struct scanner *s)
{
    const uint8_t *begin = s->next;

    while (s->next < s->end && is_digit(*s->next))
        s->next++;
    return s->next > begin;
}

static bool check_number(struct scanner *s)
{
    (void)take(s, '-');
    if (!take(s, '0') && !check_digits(s))
        return false;
    if (take(s, '.') && !check_digits(s))
        return false;
    if (take(s, 'e') || take(s, 'E')) {
        if (!take(s, '+'))
            (void)take(s, '-');
        return check_digits(s);
    }
    return true;
}

static bool check_word(struct scanner *s)
{
    static const char *const words[] = {"true", "false", "null"};

    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        const size_t bytes = strlen(words[i]);
        if ((size_t)(s->end - s->next) >= bytes && memcmp(s->next, words[i], bytes) == 0) {
            s->next += bytes;
            return true;
        }
    }
    return false;
}

static bool check_scalar(struct scanner *s)
{
    if (s->next == s->end)
        return false;
    if (*s->next == '"')
        return check_string(s);
    if (*s->next == '-' || is_digit(*s->next))
        return check_number(s);
    return check_word(s);
}

static bool check_key(struct scanner *s)
{
    skip_space(s);
    if (!check_string(s))
        return false;
    skip_space(s);
    return take(s, ':');
}

/* After a value: closes what ends here. False when neither a comma nor a bracket follows. */
static bool check_closing(struct scanner *s, uint64_t *objects, uint32_t *depth)
{
    while (*depth > 0) {
        const bool is_object = (*objects & 1) != 0;

        skip_space(s);
        if (take(s, ','))
            return !is_object || check_key(s);
        if (!take(s, is_object ? '}' : ']'))
            return false;
        *objects >>= 1;
        (*depth)--;
    }
    return true;
}

bool rg_json_check(struct rg_span text, struct rg_span *ret_value)
{
    uint64_t objects = 0; /* Open brackets, innermost lowest: 1 for an object. */
    uint32_t depth = 0;

    if (text.bytes == 0)
        return false;
    struct scanner s = {text.data, text.data + text.bytes};
    skip_space(&s);
    const uint8_t *begin = s.next;
    do {
        skip_space(&s);
        const bool is_object = s.next < s.end && *s.next == '{';
        const bool is_array = s.next < s.end && *s.next == '[';

        if (is_object || is_array) {
            if (depth == RG_JSON_DEPTH_MAX)
                return false;
            s.next++;
            skip_space(&s);
            if (!take(&s, is_object ? '}' : ']')) {
                objects = objects << 1 | (is_object ? 1U : 0U);
                depth++;
                if (is_object && !check_key(&s))
                    return false;
                continue;
            }
        } else if (!check_scalar(&s)) {
            return false;
        }
        if (!check_closing(&s, &objects, &depth))
            return false;
    } while (depth > 0);

    *ret_value = (struct rg_span){begin, (size_t)(s.next - begin)};
    skip_space(&s);
    return s.next == s.end;
}

enum rg_json_kind rg_json_kind_of(struct rg_span value)
{
    const uint8_t first = value.data[0];

    if (first == '{')
        return RG_JSON_OBJECT;
    if (first == '[')
        return RG_JSON_ARRAY;
    if (first == '"')
        return RG_JSON_STRING;
    return first == '-' || is_digit(first) ? RG_JSON_NUMBER : RG_JSON_WORD;
}

/* Behind the string that begins at `next`. */
static const uint8_t *skip_string(const uint8_t *next)
{
    for (next++; *next != '"'; next++) {
        if (*next == '\\')
            next++;
    }
    return next + 1;
}

/* Behind the value that begins at `next`. */
static const uint8_t *skip_value(const uint8_t *next, const uint8_t *end)
{
    uint32_t depth = 0;

    do {
        if (*next == '"') {
            next = skip_string(next);
            continue;
        }
        if (*next == '{' || *next == '[')
            depth++;
        else if (*next == '}' || *next == ']')
            depth--;
        else if (depth == 0) {
            while (next < end && strchr(",]} \t\n\r", *next) == NULL)
                next++;
            return next;
        }
        next++;
    } while (depth > 0);
    return next;
}

void rg_json_open(struct rg_json_cursor *cursor, struct rg_span value)
{
    *cursor = (struct rg_json_cursor){
        .next = value.data + 1,
        .end = value.data + value.bytes - 1,
        .is_object = value.data[0] == '{',
    };
}

bool rg_json_next(struct rg_json_cursor *cursor, struct rg_span *ret_key, struct rg_span *ret_value)
{
    struct scanner s = {cursor->next, cursor->end};

    skip_space(&s);
    (void)take(&s, ',');
    skip_space(&s);
    if (s.next == s.end)
        return false;
    *ret_key = (struct rg_span){NULL, 0};
    if (cursor->is_object) {
        const uint8_t *behind = skip_string(s.next);

        *ret_key = (struct rg_span){s.next, (size_t)(behind - s.next)};
        s.next = behind;
        skip_space(&s);
        s.next++; /* The colon. */
        skip_space(&s);
    }
    cursor->next = skip_value(s.next, s.end);
    *ret_value = (struct rg_span){s.next, (size_t)(cursor->next - s.next)};
    return true;
}

bool rg_json_find(struct rg_span object, const char *name, struct rg_span *ret_value)
{
    struct rg_json_cursor cursor;
    struct rg_span key;
    struct rg_span value;
    bool is_found = false;

    if (rg_json_kind_of(object) != RG_JSON_OBJECT)
        return false;
    rg_json_open(&cursor, object);
    while (rg_json_next(&cursor, &key, &value)) {
        if (rg_json_string_is(key, name)) {
            *ret_value = value;
            is_found = true;
        }
    }
    return is_found;
}

static uint32_t code_unit(const uint8_t *digits)
{
    uint32_t unit = 0;

    for (int i = 0; i < 4; i++)
        unit = unit << 4 | (uint32_t)hex_digit(digits[i]);
    return unit;
}

static uint8_t escaped(uint8_t letter)
{
    static const char letters[] = "bfnrt";
    static const uint8_t bytes[] = "\b\f\n\r\t";
    const char *at = strchr(letters, letter);

    return at == NULL ? letter : bytes[at - letters];
}

/*
 * The next bytes of a string, escapes resolved: a byte as it stands, or what an escape means.
 * `*next` is inside the quotes. Returns their number, 0 at the end.
 */
static size_t next_bytes(const uint8_t **next, uint8_t out[CHARACTER_BYTES_MAX])
{
    const uint8_t *p = *next;

    if (*p == '"')
        return 0;
    if (*p != '\\') {
        out[0] = *p;
        *next = p + 1;
        return 1;
    }
    if (p[1] != 'u') {
        out[0] = escaped(p[1]);
        *next = p + 2;
        return 1;
    }
    uint32_t point = code_unit(p + 2);
    p += 6;
    const bool is_high = point >= 0xd800 && point < 0xdc00;
    if (is_high && p[0] == '\\' && p[1] == 'u') {
        const uint32_t low = code_unit(p + 2);
        if (low >= 0xdc00 && low < 0xe000) {
            point = 0x10000 + ((point - 0xd800) << 10) + (low - 0xdc00);
            p += 6;
        }
    }
    *next = p;
    return rg_utf8_write(point, out);
}

/* A string, byte by byte. */
struct reader {
    const uint8_t *next;
    uint8_t bytes[CHARACTER_BYTES_MAX];
    size_t used;
    size_t count;
};

static int next_byte(struct reader *r)
{
    if (r->used == r->count) {
        r->used = 0;
        r->count = next_bytes(&r->next, r->bytes);
        if (r->count == 0)
            return -1;
    }
    return r->bytes[r->used++];
}

bool rg_json_string_equal(struct rg_span a, struct rg_span b)
{
    struct reader of_a = {.next = a.data + 1};
    struct reader of_b = {.next = b.data + 1};
    int byte;

    do {
        byte = next_byte(&of_a);
        if (next_byte(&of_b) != byte)
            return false;
    } while (byte >= 0);
    return true;
}

bool rg_json_string_is(struct rg_span string, const char *text)
{
    struct reader r = {.next = string.data + 1};

    for (; *text != 0; text++) {
        if (next_byte(&r) != (uint8_t)*text)
            return false;
    }
    return next_byte(&r) < 0;
}

bool rg_json_integer(struct rg_span number, int64_t *ret_integer)
{
    const bool is_negative = number.data[0] == '-';
    int64_t integer = 0;

    for (size_t i = is_negative ? 1 : 0; i < number.bytes; i++) {
        if (!is_digit(number.data[i]))
            return false;
        const int64_t digit = number.data[i] - '0';
        if (__builtin_mul_overflow(integer, 10, &integer) ||
            __builtin_sub_overflow(integer, digit, &integer))
            return false;
    }
    if (!is_negative && __builtin_sub_overflow(0, integer, &integer))
        return false;
    *ret_integer = integer;
    return true;
}

/* A number as .d1 d2 d3 ... times ten to the power of `exponent`; d1 is not 0, but for zero. */
struct decimal {
    bool is_negative;
    bool is_zero;
    const uint8_t *digit; /* The next one, maybe a point in front. */
    const uint8_t *end;   /* Of the digits. */
    int64_t exponent;
};

static const int64_t exponent_cap = INT64_C(1) << 40; /* Above what any text can shift. */

static int64_t parse_exponent(const uint8_t *next, const uint8_t *end)
{
    const bool is_negative = *next == '-';
    int64_t exponent = 0;

    if (*next == '-' || *next == '+')
        next++;
    for (; next < end; next++) {
        if (exponent < exponent_cap)
            exponent = exponent * 10 + (*next - '0');
    }
    return is_negative ? -exponent : exponent;
}

static struct decimal decimal_of(struct rg_span number)
{
    const uint8_t *end = number.data + number.bytes;
    const uint8_t *p = number.data;
    struct decimal d = {.is_negative = *p == '-', .is_zero = true};
    bool is_behind_point = false;

    if (d.is_negative)
        p++;
    for (d.end = p; d.end < end && *d.end != 'e' && *d.end != 'E'; d.end++)
        ;
    if (d.end < end)
        d.exponent = parse_exponent(d.end + 1, end);
    for (; p < d.end; p++) {
        if (*p == '.') {
            is_behind_point = true;
        } else if (d.is_zero && *p == '0') {
            d.exponent -= is_behind_point ? 1 : 0;
        } else {
            if (d.is_zero)
                d.digit = p;
            d.is_zero = false;
            d.exponent += is_behind_point ? 0 : 1;
        }
    }
    return d;
}

/* Zeros without end behind the last digit. */
static int next_digit(struct decimal *d)
{
    if (d->digit < d->end && *d->digit == '.')
        d->digit++;
    return d->digit < d->end ? *d->digit++ : '0';
}

static int compare_magnitudes(struct decimal a, struct decimal b)
{
    if (a.is_zero || b.is_zero)
        return (int)b.is_zero - (int)a.is_zero;
    if (a.exponent != b.exponent)
        return a.exponent < b.exponent ? -1 : 1;
    while (a.digit < a.end || b.digit < b.end) {
        const int order = next_digit(&a) - next_digit(&b);
        if (order != 0)
            return order;
    }
    return 0;
}

int rg_json_number_compare(struct rg_span a, struct rg_span b)
{
    const struct decimal of_a = decimal_of(a);
    const struct decimal of_b = decimal_of(b);
    const bool a_is_below_zero = of_a.is_negative && !of_a.is_zero;
    const bool b_is_below_zero = of_b.is_negative && !of_b.is_zero;

    if (a_is_below_zero != b_is_below_zero)
        return a_is_below_zero ? -1 : 1;
    const int order = compare_magnitudes(of_a, of_b);
    return a_is_below_zero ? -order : order;
}

/* In pieces, so that a string of any length needs no memory. */
static void add_string(struct rg_hasher *hasher, struct rg_span string)
{
    struct reader r = {.next = string.data + 1};
    uint8_t piece[256];
    size_t used;

    do {
        used = 0;
        while (used < sizeof piece) {
            const int byte = next_byte(&r);
            if (byte < 0)
                break;
            piece[used++] = (uint8_t)byte;
        }
        rg_hasher_add(hasher, (struct rg_span){piece, used});
    } while (used == sizeof piece);
}

/* An open object or array of a hash under way. */
struct frame {
    struct rg_json_cursor cursor;
    struct rg_hasher elements; /* Of an array, in order. */
    struct rg_hash128 members; /* Of an object: a sum, which knows no order. */
    struct rg_span key;        /* Of the member under way. */
};

static void open_frame(struct frame *f, struct rg_span value)
{
    *f = (struct frame){.members = {0, 0}};
    rg_json_open(&f->cursor, value);
    rg_hasher_init(&f->elements);
    rg_hasher_add_u64(&f->elements, RG_JSON_ARRAY);
}

static void add_hash(struct frame *f, struct rg_hash128 hash)
{
    struct rg_hasher hasher;

    if (!f->cursor.is_object) {
        rg_hasher_add_u64(&f->elements, hash.high);
        rg_hasher_add_u64(&f->elements, hash.low);
        return;
    }
    rg_hasher_init(&hasher);
    add_string(&hasher, f->key);
    rg_hasher_add_u64(&hasher, hash.high);
    rg_hasher_add_u64(&hasher, hash.low);
    f->members.high += rg_hasher_result(&hasher).high;
    f->members.low += rg_hasher_result(&hasher).low;
}

static struct rg_hash128 hash_of_frame(const struct frame *f)
{
    struct rg_hasher hasher;

    if (!f->cursor.is_object)
        return rg_hasher_result(&f->elements);
    rg_hasher_init(&hasher);
    rg_hasher_add_u64(&hasher, RG_JSON_OBJECT);
    rg_hasher_add_u64(&hasher, f->members.high);
    rg_hasher_add_u64(&hasher, f->members.low);
    return rg_hasher_result(&hasher);
}

static struct rg_hash128 hash_of_scalar(struct rg_span value)
{
    const enum rg_json_kind kind = rg_json_kind_of(value);
    struct rg_hasher hasher;

    rg_hasher_init(&hasher);
    rg_hasher_add_u64(&hasher, kind);
    if (kind == RG_JSON_STRING)
        add_string(&hasher, value);
    else
        rg_hasher_add(&hasher, value);
    return rg_hasher_result(&hasher);
}

static bool is_open(struct rg_span value)
{
    return value.data[0] == '{' || value.data[0] == '[';
}

struct rg_hash128 rg_json_hash(struct rg_span value, rg_json_filter_fn *is_left_out)
{
    struct frame frames[RG_JSON_DEPTH_MAX];
    uint32_t depth = 0;

    if (!is_open(value))
        return hash_of_scalar(value);
    open_frame(&frames[depth++], value);
    for (;;) {
        struct frame *f = &frames[depth - 1];
        struct rg_span member;

        if (!rg_json_next(&f->cursor, &f->key, &member)) {
            const struct rg_hash128 hash = hash_of_frame(f);
            if (--depth == 0)
                return hash;
            add_hash(&frames[depth - 1], hash);
            continue;
        }
        if (is_left_out != NULL && f->key.bytes > 0 && frames[0].key.bytes > 0 &&
            is_left_out(depth, frames[0].key, f->key))
            continue;
        if (is_open(member))
            open_frame(&frames[depth++], member);
        else
            add_hash(f, hash_of_scalar(member));
    }
}
