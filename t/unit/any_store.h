/* any_store: the promises of store_impl.h and store.h as cases that run on every kind of storage. A kind's test lists them with
 * ANY_OPS and ANY_FRONT in its table, beside its own, and says in `any_open` and `any_close` how one is made and removed: each
 * case gets an empty one. */
#ifndef DRAY_T_ANY_STORE_H
#define DRAY_T_ANY_STORE_H

#include "store/store_impl.h"
#include "unit.h"

/* The kind's own. */
int any_open(struct storage *out);
void any_close(struct storage *);

extern struct store any; /* a session that may do everything, on the storage of this case */

int any_set_up(void **state);
int any_tear_down(void **state);

/* ---- for cases, past the front ---- */

/* A whole file. 0 or -errno. */
int any_put(const char *path, const char *text);
void any_folder(const char *path);
int any_change(struct store_change c);
#define ANY_CHANGE(...) any_change((struct store_change){ __VA_ARGS__ })
/* What the open file holds; the same for a path. */
void any_holds(struct file *, const char *want);
void any_is(const char *path, const char *want);
/* 0: nothing is there. */
enum store_kind any_kind(const char *path);
/* A whole file, through the front. */
int any_store(const char *path, const char *text);
/* Shown entries. */
unsigned any_count(const char *path);
/* Bytes that tell where they stand: `len` from `off` on of the content number `seed`. */
void any_fill(char *buf, unsigned seed, int64_t off, size_t len);
int any_write_pattern(struct file *, unsigned seed, int64_t len);
void any_holds_pattern(struct file *, unsigned seed, int64_t len);

/* ---- the cases: store_ops, file_ops and dir_ops ---- */

#define ANY_OPS(X) \
    X(a_file_is_there_after_its_commit_and_not_before) X(what_is_closed_without_a_commit_never_was) \
    X(a_taken_name_is_replaced_only_when_asked) X(of_two_writers_the_last_wins_whole) \
    X(a_reader_keeps_its_version) X(any_piece_can_be_read) X(copies_are_exact) X(another_name_can_be_aimed_at) X(creating_where_no_file_can_be) \
    X(opening_what_is_no_file) X(a_file_arrives_in_its_folder_whatever_that_is_called) X(numbers_tell_versions_apart) \
    X(a_hidden_file_stays_without_a_commit) X(hiding_replaces_what_nobody_writes) X(one_at_a_time_continues_a_hidden_file) \
    X(a_hidden_file_is_continued_where_asked) X(a_hidden_file_becomes_the_real_one) X(dropping_takes_what_nobody_writes) \
    X(marks_hold_for_one_content) X(a_mark_says_who_stored_it) X(one_number_for_one_name) X(changes_and_their_refusals) \
    X(no_folder_moves_into_itself) X(listings_tell_everything_once) X(a_listing_survives_what_happens_meanwhile) \
    X(own_names_are_never_listed) X(looking_says_what_stands_there) X(every_file_is_counted) X(long_names) \
    X(random_changes_agree_with_a_model) X(open_files_agree_with_a_model)

/* ---- and those of store.h ---- */

#define ANY_FRONT(X) \
    X(an_upload_exists_only_after_its_commit) X(an_overwrite_is_old_or_new) X(rest_keeps_a_prefix) X(appends_add_up) \
    X(whoever_may_only_add_destroys_nothing) X(where_nothing_is_seen_nothing_is_told) \
    X(a_link_is_found_by_its_number_until_it_ends) X(links_are_few_and_their_makers_own) \
    X(whoever_may_only_read_brings_nothing) X(hidden_names_do_not_exist) \
    X(the_shared_folder_itself_stays) X(a_broken_upload_is_kept_for_its_account) X(a_broken_upload_is_continued) \
    X(what_shall_not_be_kept_is_not) X(a_broken_overwrite_leaves_both) X(sums_are_noted_while_bytes_arrive) \
    X(space_is_kept_free) X(a_long_upload_survives_its_server) X(removed_while_it_is_written_and_read)

#define ANY_DECLARE(name) void name(void **state);
#define ANY_TEST(name) cmocka_unit_test_setup_teardown(name, any_set_up, any_tear_down),

ANY_OPS(ANY_DECLARE)
ANY_FRONT(ANY_DECLARE)

#endif
