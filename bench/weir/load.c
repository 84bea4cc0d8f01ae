/* SPDX-License-Identifier: Apache-2.0 */

#include "weir/load.h"

#include <math.h>
#include <string.h>

#include "sim/machine.h"

static const double mb = 1e6;

/* What makes a named workload: of each kind of item, sizes and costs per byte of input. */
struct kind {
    double size_mean;
    double size_sigma;                   /* Of the logarithm. */
    double expansion_min, expansion_max; /* Workspace over input. */
    double output_share;
    double cpu_ns_per_byte; /* On one core. */
    double request_bytes;   /* 0: one request. */
};

static const struct kind stitch = {64e6, 0.15, 0.05, 0.05, 0.97, 0.8, 0};
static const struct kind encode = {64e6, 0.15, 4, 4, 0.9, 18, 0};
static const struct kind even = {64e6, 0.15, 2, 2, 0.95, 6.4, 0};
static const struct kind tail = {48e6, 1.1, 2, 10, 0.9, 5, 0};
static const struct kind table = {48e6, 0.2, 3, 3, 0.9, 4, 0};
static const struct kind large = {64e6, 0.15, 8, 12, 0.9, 9, 0};
static const struct kind small = {32e6, 0.15, 0.1, 0.1, 0.97, 0.8, 262144};

static const struct load_machine machine = {
    .cores = 8,
    .down_rate = 1.25e9,
    .up_rate = 1.25e9,
    .stream_rate = 60e6,
    .latency_ns = 30000000,
    .slots_max = 512,
    .request_bytes = 16e6,
};

static double normal(uint64_t *seed)
{
    double sum = -6;

    for (int i = 0; i < 12; i++)
        sum += sim_uniform(seed);
    return sum;
}

void load_shrink(struct load *load, uint32_t cores, uint32_t item_count, double size, double speed)
{
    struct load_machine *m = &load->machine;
    const double fewer = (double)cores / m->cores;

    m->down_rate *= fewer * size * speed;
    m->up_rate *= fewer * size * speed;
    m->stream_rate *= size * speed;
    m->latency_ns = (uint64_t)((double)m->latency_ns / speed);
    m->cores = cores;
    m->request_bytes *= size;
    load->join_ns_per_byte /= size * speed;
    load->item_count = item_count / load->fan_in * load->fan_in;
    for (uint32_t i = 0; i < load->item_count; i++) {
        struct load_item *item = &load->items[i];

        item->input_bytes = floor(item->input_bytes * size);
        item->work_bytes = floor(item->work_bytes * size);
        item->output_bytes = floor(item->output_bytes * size);
        item->cpu_ns /= speed;
    }
}

/* Ranges, or parts of a multipart upload. */
static uint32_t requests_for(double bytes, double request_bytes)
{
    return (uint32_t)ceil(bytes / request_bytes);
}

static struct load_item draw_item(const struct load *load, const struct kind *kind, uint64_t *seed)
{
    const double sigma = kind->size_sigma;
    const double size = kind->size_mean * exp(sigma * normal(seed) - sigma * sigma / 2);
    const double bytes = size < mb ? mb : size;
    const double expansion =
        kind->expansion_min + (kind->expansion_max - kind->expansion_min) * sim_uniform(seed);

    return (struct load_item){
        .input_bytes = floor(bytes),
        .work_bytes = floor(bytes * expansion),
        .output_bytes = floor(bytes * kind->output_share),
        .cpu_ns = bytes * kind->cpu_ns_per_byte,
        .requests = requests_for(bytes, kind->request_bytes > 0 ? kind->request_bytes
                                                                : load->machine.request_bytes),
    };
}

const char *load_term_name(enum load_term term)
{
    static const char *const names[] = {"cpu", "down", "up", "slots", "longest", "memory"};

    return names[term];
}

uint32_t load_named_count(void)
{
    return 10;
}

void load_named(uint32_t index, struct load *ret)
{
    static const char *const names[] = {
        "stitch (network)",      "re-encode (CPU)", "balanced",
        "alternating blocks",    "mixed 70/30",     "heavy tail",
        "seed: 3 to 1",          "slow upload",     "expansion 8-12x",
        "small requests 256 KB",
    };
    uint64_t seed = 1000 + index;

    memset(ret, 0, sizeof *ret);
    ret->name = names[index];
    ret->machine = machine;
    ret->fan_in = index == 6 ? 3 : 1;
    ret->join_ns_per_byte = index == 6 ? 2 : 0;
    ret->item_count = index == 6 ? 402 : 400;
    if (index == 7)
        ret->machine.up_rate = 0.2e9;
    for (uint32_t i = 0; i < ret->item_count; i++) {
        const struct kind *kinds[] = {
            &stitch,
            &encode,
            &even,
            i / 50 % 2 == 0 ? &stitch : &encode,
            sim_uniform(&seed) < 0.7 ? &stitch : &encode,
            &tail,
            &table,
            &even,
            &large,
            &small,
        };

        ret->items[i] = draw_item(ret, kinds[index], &seed);
    }
}

void load_random(uint64_t seed, uint32_t item_count, struct load *ret)
{
    struct kind kinds[2];
    uint64_t *s = &seed;

    memset(ret, 0, sizeof *ret);
    ret->name = "random";
    ret->machine = machine;
    ret->machine.cores = 2 + (uint32_t)(30 * sim_uniform(s) * sim_uniform(s));
    ret->machine.down_rate = 0.1e9 * pow(30, sim_uniform(s));
    ret->machine.up_rate = ret->machine.down_rate * (0.3 + 0.7 * sim_uniform(s));
    ret->machine.latency_ns = (uint64_t)(10e6 + 90e6 * sim_uniform(s));
    ret->fan_in = sim_uniform(s) < 0.5 ? 1 : 2 + (uint32_t)(4 * sim_uniform(s));
    ret->join_ns_per_byte = ret->fan_in > 1 ? 3 * sim_uniform(s) : 0;
    ret->item_count = item_count / ret->fan_in * ret->fan_in;
    for (int i = 0; i < 2; i++) {
        const double size = 16e6 * pow(8, sim_uniform(s));
        const double sigma = 0.1 + 0.5 * sim_uniform(s) * sim_uniform(s);
        const double expansion = 0.05 + 8 * sim_uniform(s) * sim_uniform(s);
        const double cpu = 0.5 * pow(40, sim_uniform(s));

        kinds[i] = (struct kind){
            .size_mean = size,
            .size_sigma = sigma,
            .expansion_min = expansion,
            .expansion_max = expansion * (1 + sim_uniform(s)),
            .output_share = 0.3 + 0.9 * sim_uniform(s),
            .cpu_ns_per_byte = cpu,
        };
    }
    const double share = sim_uniform(s);
    const uint32_t block = sim_uniform(s) < 0.5 ? 1 : 1 + (uint32_t)(60 * sim_uniform(s));
    int current = 0;
    for (uint32_t i = 0; i < ret->item_count; i++) {
        if (i % block == 0)
            current = sim_uniform(s) < share;
        ret->items[i] = draw_item(ret, &kinds[current], s);
    }
}

static double fetch_ns(const struct load *load, const struct load_item *item)
{
    const double bytes = item->input_bytes / item->requests;

    return (double)load->machine.latency_ns + bytes / load->machine.stream_rate * 1e9;
}

uint32_t load_upload_requests(const struct load *load, double bytes)
{
    return requests_for(bytes, load->machine.request_bytes);
}

static double upload_ns(const struct load *load, double bytes)
{
    const double own = bytes / load_upload_requests(load, bytes);

    return (double)load->machine.latency_ns + own / load->machine.stream_rate * 1e9;
}

static double together(const struct load *load, uint32_t parts)
{
    return parts < load->machine.cores ? parts : load->machine.cores;
}

struct sums {
    double cpu_ns, input, output, slot_ns, byte_ns, longest_ns;
    double fetch_first, cpu_first, upload_first; /* The least of each. */
};

static double least(double a, double b)
{
    return a == 0 || b < a ? b : a;
}

static void add_item(const struct load *load, const struct load_item *item, double cores,
                     struct sums *s)
{
    const double fetch = fetch_ns(load, item);

    s->cpu_ns += item->cpu_ns;
    s->input += item->input_bytes;
    s->slot_ns += fetch * item->requests;
    s->byte_ns += fetch * item->input_bytes;
    s->byte_ns +=
        item->cpu_ns / cores * (item->input_bytes + item->work_bytes + item->output_bytes);
    s->fetch_first = least(s->fetch_first, fetch);
    s->cpu_first = least(s->cpu_first, item->cpu_ns / cores);
}

static void add_file(const struct load *load, const struct load_item *items, double cores,
                     struct sums *s)
{
    double bytes = 0;
    double before_ns = 0;

    for (uint32_t i = 0; i < load->fan_in; i++) {
        const double own = fetch_ns(load, &items[i]) + items[i].cpu_ns / cores;

        add_item(load, &items[i], cores, s);
        bytes += items[i].output_bytes;
        before_ns = own > before_ns ? own : before_ns;
    }
    const double join_ns = bytes * load->join_ns_per_byte;
    const double upload = upload_ns(load, bytes);
    s->cpu_ns += join_ns;
    s->output += bytes;
    s->slot_ns += upload * load_upload_requests(load, bytes);
    s->byte_ns += bytes * (join_ns / cores + upload);
    s->upload_first = least(s->upload_first, upload);
    before_ns += join_ns / cores + upload;
    s->longest_ns = before_ns > s->longest_ns ? before_ns : s->longest_ns;
}

static struct sums sums_of(const struct load *load, uint32_t parts)
{
    struct sums s = {0};

    for (uint32_t i = 0; i + load->fan_in <= load->item_count; i += load->fan_in)
        add_file(load, &load->items[i], together(load, parts), &s);
    return s;
}

static struct load_bound bound_of(const struct load *load, uint32_t parts, double budget_bytes,
                                  enum load_term left_out)
{
    const struct sums s = sums_of(load, parts);
    const struct load_machine *m = &load->machine;
    const double terms[LOAD_TERM_COUNT] = {
        [LOAD_CPU] = s.cpu_ns / m->cores + s.fetch_first + s.upload_first,
        [LOAD_DOWN] = s.input / m->down_rate * 1e9 + s.cpu_first + s.upload_first,
        [LOAD_UP] = s.output / m->up_rate * 1e9 + s.fetch_first + s.cpu_first,
        [LOAD_SLOTS] = s.slot_ns / (2.0 * m->slots_max),
        [LOAD_LONGEST] = s.longest_ns,
        [LOAD_MEMORY] = budget_bytes > 0 ? s.byte_ns / budget_bytes : 0,
    };
    struct load_bound bound = {0};

    for (int i = 0; i < LOAD_TERM_COUNT; i++) {
        if (terms[i] > bound.ns && i != (int)left_out)
            bound = (struct load_bound){terms[i], (enum load_term)i};
    }
    return bound;
}

struct load_bound load_bound(const struct load *load, uint32_t parts, double budget_bytes)
{
    return bound_of(load, parts, budget_bytes, LOAD_TERM_COUNT);
}

struct load_bound load_bound_without(const struct load *load, uint32_t parts, double budget_bytes,
                                     enum load_term term)
{
    return bound_of(load, parts, budget_bytes, term);
}

double load_needed_bytes(const struct load *load, uint32_t parts)
{
    return sums_of(load, parts).byte_ns / load_bound(load, parts, 0).ns;
}

static double claim_of(const struct load *load, const struct load_item *items)
{
    double retained = 0;
    double largest = 0;

    for (uint32_t i = 0; i < load->fan_in; i++) {
        const double own = items[i].input_bytes + items[i].work_bytes +
                           (load->fan_in == 1 ? items[i].output_bytes : 0);

        retained += load->fan_in == 1 ? 0 : items[i].output_bytes;
        largest = own > largest ? own : largest;
    }
    return retained + largest;
}

double load_largest_bytes(const struct load *load)
{
    double largest = 0;

    for (uint32_t i = 0; i + load->fan_in <= load->item_count; i += load->fan_in) {
        const double claim = claim_of(load, &load->items[i]);

        largest = claim > largest ? claim : largest;
    }
    return largest;
}

void load_slice(struct load *load, double claim_max)
{
    while (load->fan_in > 1 && load_largest_bytes(load) > claim_max)
        load->fan_in--;
    if (load_largest_bytes(load) <= claim_max)
        return;

    const struct load whole = *load;
    load->item_count = 0;
    for (uint32_t i = 0; i < whole.item_count; i++) {
        const struct load_item *item = &whole.items[i];
        const double claim = claim_of(&whole, item);
        const uint32_t count = (uint32_t)ceil(claim / claim_max);

        for (uint32_t k = 0; k < count && load->item_count < LOAD_ITEMS_MAX; k++)
            load->items[load->item_count++] = (struct load_item){
                .input_bytes = floor(item->input_bytes / count),
                .work_bytes = floor(item->work_bytes / count),
                .output_bytes = floor(item->output_bytes / count),
                .cpu_ns = item->cpu_ns / count,
                .requests = (item->requests + count - 1) / count,
            };
    }
}

double load_mean_bytes(const struct load *load)
{
    double sum = 0;

    for (uint32_t i = 0; i + load->fan_in <= load->item_count; i += load->fan_in)
        sum += claim_of(load, &load->items[i]);
    return sum / (load->item_count / load->fan_in);
}
