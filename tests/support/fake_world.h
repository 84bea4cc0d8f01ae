/* SPDX-License-Identifier: Apache-2.0 */

/* One partition of a home (and of a SOURCE) on a local disk, for fake jobs; and its oracle. */

#ifndef SUPPORT_FAKE_WORLD_H
#define SUPPORT_FAKE_WORLD_H

#include "support/fake_job.h"
#include "support/faulty_store.h"

struct fake_world {
    const char *root;
    const char *partition; /* "p=1/". */
    bool is_in_place;
    struct rg_store *home;
    struct rg_store *source; /* NULL in place. */
};

void fake_world_init(struct test *t, struct fake_world *w, bool is_in_place);
/* Listings come in pages of at most so many entries. */
void fake_world_init_paged(struct test *t, struct fake_world *w, bool is_in_place,
                           uint32_t page_key_max);
void fake_world_fini(struct fake_world *w);

/* A job on this world with its defaults; the stores may be replaced by faulty ones. */
struct fake_job fake_world_job(const struct fake_world *w);

/* What a user does to the partition's inputs: each file is made whole under another name first. */
void fake_world_write(const struct fake_world *w, const char *name, const char *text);
void fake_world_remove(const struct fake_world *w, const char *name);
/* The same in the home, for outputs. */
void fake_world_write_home(const struct fake_world *w, const char *name, const char *text);

/* Rows in all data files of the home's partition, as a reader of the plain prefix sees them. */
void fake_world_visible(struct test *t, const struct fake_world *w, unsigned counts[fake_rows_max]);

/* Rows in all files anywhere: home, SOURCE, trash. */
void fake_world_anywhere(struct test *t, const struct fake_world *w,
                         unsigned counts[fake_rows_max]);

/* Rows that are live by the ledger, read after a listing. False when a file went meanwhile. */
bool fake_world_live(struct test *t, const struct fake_world *w, unsigned counts[fake_rows_max]);

/* "a.parquet b.parquet" of the home's partition, minted names cut to "part-NNNNNN-KKK". */
const char *fake_world_home_text(struct test *t, const struct fake_world *w,
                                 struct rg_arena *arena);

/*
 * After a run to the end: rows 1 .. row_count are visible once each, and nothing is left of dead
 * runs: no intents, no outputs that are not live, no trash.
 */
void fake_world_check_clean(struct test *t, const struct fake_world *w, unsigned row_count,
                            const char *about);

#endif
