/* ftpc_pipe: more than one command before the first answer. Called by the rest of the ftpc files and at login; owns nothing but the
 * list of answers that are still to come (struct ftpc_ahead). A server answers in the order of the questions (RFC 959 section 5.4),
 * if it keeps what comes early: some throw it away, so that nobody is asked this way who was not tried. The trial is two commands
 * that change nothing and are needed anyway; a server that fails it is left, and met again one command at a time.
 *
 * How far this goes depends. dray keeps everything in its place, so that the questions after a transfer go with its command. Others
 * listen while they send, and refuse what they then hear: to them nothing is said between a transfer's command and its last word. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/cleanup.h"
#include "client/ftpc_impl.h"

enum { GRACE_SECONDS = 3, GRACE_ROUNDS = 4 };

/* ---- answers that are still to come ---- */

void ftpc_owe(struct ftpc *ftp, enum ftpc_answer kind)
{
    CHECK(ftp->ahead.count < AHEAD_MOST);
    ftp->ahead.due[ftp->ahead.count++] = kind;
}

bool ftpc_owed(const struct ftpc *ftp, enum ftpc_answer kind)
{
    for (unsigned i = 0; i < ftp->ahead.count; i++)
        if (ftp->ahead.due[i] == kind)
            return true;
    return false;
}

enum ftpc_answer ftpc_owed_next(struct ftpc *ftp)
{
    struct ftpc_ahead *a = &ftp->ahead;
    enum ftpc_answer kind = a->due[0];

    a->count--;
    memmove(a->due, a->due + 1, a->count * sizeof *a->due);
    return kind;
}

static int take_one(struct ftpc *ftp)
{
    enum ftpc_answer kind = ftpc_owed_next(ftp);
    int code = ftpc_final(ftp);

    TRY(code);
    if (kind == ANSWER_PORT)
        ftp->ahead.has_port = ftpc_port_of_reply(ftp, code, &ftp->ahead.port) == 0;
    ftp->ahead.astray |= kind == ANSWER_RANGE && code != 350;
    return 0;
}

int ftpc_take(struct ftpc *ftp, unsigned n)
{
    while (n--)
        TRY(take_one(ftp));
    return 0;
}

int ftpc_take_in(struct ftpc *ftp)
{
    return ftpc_take(ftp, ftp->ahead.count);
}

int ftpc_take_port(struct ftpc *ftp)
{
    while (ftpc_owed(ftp, ANSWER_PORT))
        TRY(take_one(ftp));
    return 0;
}

/* ---- with and after a transfer ---- */

void ftpc_ahead(struct ftpc *ftp, enum sum_id sum, bool another)
{
    ftp->ahead.sum = ftp->can->atomic && sum != SUMS && ftp->can->sums & SUM_BIT(sum);
    ftp->ahead.kind = sum;
    ftp->ahead.another = ftp->can->pipe && another && !ftp->how.active && !(ftp->can->no_way & 1u << FTPC_EPSV);
}

void ftpc_hurry(struct ftpc *ftp)
{
    ftp->ahead.hurry = ftp->can->atomic && !ftp->protect && !ftp->how.active;
}

void ftpc_expect(struct ftpc *ftp, int64_t bytes)
{
    ftp->ahead.bytes = ftp->can->atomic ? bytes : 0;
}

int ftpc_queue_port(struct ftpc *ftp)
{
    bool wanted = ftp->ahead.another && !ftp->ahead.has_port && !ftpc_owed(ftp, ANSWER_PORT);

    ftp->ahead.another = false;
    if (!wanted)
        return 0;
    TRY(ftpc_queue(ftp, "EPSV", (struct span){ 0 }));
    ftpc_owe(ftp, ANSWER_PORT);
    return 0;
}

int ftpc_queue_ahead(struct ftpc *ftp, struct span path)
{
    if (!ftp->can->atomic)
        return 0;
    if (ftp->ahead.sum) {
        TRY(ftpc_queue_sum(ftp, path, ftp->ahead.kind));
        ftpc_owe(ftp, ANSWER_SUM);
    }
    ftp->ahead.sum = false;
    return ftpc_queue_port(ftp);
}

int ftpc_read_over(struct ftpc *ftp, int (*read)(struct ftpc *))
{
    struct ftp_reply *said = malloc(sizeof *said);
    int rc;

    if (said)
        *said = ftp->reply;
    rc = read(ftp);
    if (rc >= 0 && said)
        ftp->reply = *said;
    free(said);
    return rc;
}

int ftpc_ask_two(struct ftpc *ftp, const char *verb, struct span arg, const char *then, struct span with)
{
    int rc;

    TRY(ftpc_take_in(ftp));
    TRY(ftpc_queue(ftp, verb, arg));
    TRY(ftpc_queue(ftp, then, with));
    TRY(ftpc_flush(ftp));
    TRY(ftpc_final(ftp));
    rc = ftpc_verdict(ftp);
    if (rc < 0) {
        TRY(ftpc_read_over(ftp, ftpc_final));
        return rc;
    }
    TRY(ftpc_final(ftp));
    return ftpc_verdict(ftp);
}

/* ---- the trial ---- */

/* FEAT may be unknown there, PWD refused; but each has its own answer. */
static bool answers_feat(int code)
{
    return code == 211 || code >= 500;
}

static bool answers_pwd(int code)
{
    return code == 257 || code >= 400;
}

/* What was not answered soon was thrown away. */
static int second_answer(struct ftpc *ftp)
{
    int64_t grace = GRACE_SECONDS * 1000000000LL + GRACE_ROUNDS * ftp->quickest;
    unsigned patience = ftp->how.patience, seconds = (unsigned)(grace / 1000000000);
    int code;

    ftp->how.patience = seconds < patience ? seconds : patience;
    code = ftpc_final(ftp);
    ftp->how.patience = patience;
    return code;
}

static int try_both(struct ftpc *ftp, struct buf *home)
{
    int64_t asked = rt_now(ftp->task);
    int code;

    TRY(ftpc_queue(ftp, "FEAT", (struct span){ 0 }));
    TRY(ftpc_queue(ftp, "PWD", (struct span){ 0 }));
    TRY(ftpc_flush(ftp));
    code = ftpc_final(ftp);
    TRY(code);
    ftpc_measured(ftp, asked);
    if (!answers_feat(code))
        return -EAGAIN;
    ftpc_read_features(ftp, code);
    code = second_answer(ftp);
    TRY(code);
    if (!answers_pwd(code))
        return -EAGAIN;
    if (code == 257)
        ftp_reply_quoted(ftpc_words(ftp), home);
    ftp->can->pipe = true;
    return 0;
}

int ftpc_learn(struct ftpc *ftp, struct ftpc_can *keep, bool trial, struct buf *home)
{
    int rc;

    ftp->can = keep;
    if (trial) {
        rc = try_both(ftp, home);
        if (rc < 0)
            return rc == -ECANCELED ? rc : -EAGAIN;
        return ftpc_prepare_as(ftp, keep);
    }
    TRY(ftpc_prepare(ftp, keep));
    rc = ftpc_pwd(ftp, home);
    return rc == -ENOTCONN || rc == -ECANCELED ? rc : 0;
}

int64_t ftpc_round_trip(const struct ftpc *ftp)
{
    return ftp->quickest;
}

bool ftpc_was_ahead(const struct ftpc *ftp)
{
    return ftp->can->pipe && ftp->lost && ftp->cause == -ETIMEDOUT && ftp->due > 1;
}

/* ---- the beginning of a session ---- */

/* What a login says, and which answers matter: of TYPE that it is 200, of PROT whether. */
struct ftpc_step {
    const char *verb;
    const char *arg;
};

static int hear_step(struct ftpc *ftp, const struct ftpc_step *s)
{
    int code = ftpc_final(ftp);

    TRY(code);
    if (strcmp(s->verb, "PROT") == 0)
        ftp->protect = code == 200;
    return strcmp(s->verb, "TYPE") == 0 ? ftpc_verdict(ftp) : 0;
}

enum { STEPS = 4 };

/* Those that are wanted here; how many. */
static unsigned steps_of(const struct ftpc *ftp, struct ftpc_step steps[STEPS])
{
    unsigned n = 0;

    if (ftp->can->utf8)
        steps[n++] = (struct ftpc_step){ "OPTS", "UTF8 ON" };
    if (ftp->tls) {
        steps[n++] = (struct ftpc_step){ "PBSZ", "0" };
        steps[n++] = (struct ftpc_step){ "PROT", "P" };
    }
    steps[n++] = (struct ftpc_step){ "TYPE", "I" };
    return n;
}

/* dray refuses neither: their answers come with the next question's. */
static bool hears_later(const struct ftpc *ftp)
{
    return ftp->can->atomic && !ftp->tls;
}

static int queue_step(struct ftpc *ftp, const struct ftpc_step *s)
{
    TRY(ftpc_queue(ftp, s->verb, span_of(s->arg)));
    if (hears_later(ftp))
        ftpc_owe(ftp, ANSWER_ANY);
    return 0;
}

static int queue_steps(struct ftpc *ftp)
{
    struct ftpc_step steps[STEPS];
    unsigned n = steps_of(ftp, steps);

    for (unsigned i = 0; i < n; i++)
        TRY(queue_step(ftp, &steps[i]));
    return 0;
}

static int hear_steps(struct ftpc *ftp)
{
    struct ftpc_step steps[STEPS];
    unsigned n = hears_later(ftp) ? 0 : steps_of(ftp, steps);

    for (unsigned i = 0; i < n; i++)
        TRY(hear_step(ftp, &steps[i]));
    return 0;
}

static int one_by_one(struct ftpc *ftp)
{
    struct ftpc_step steps[STEPS];
    unsigned n = steps_of(ftp, steps);

    for (unsigned i = 0; i < n; i++) {
        TRY(queue_step(ftp, &steps[i]));
        TRY(ftpc_flush(ftp));
        TRY(hear_step(ftp, &steps[i]));
    }
    return 0;
}

int ftpc_prepare_as(struct ftpc *ftp, struct ftpc_can *keep)
{
    ftp->can = keep;
    if (!keep->pipe)
        return one_by_one(ftp);
    TRY(queue_steps(ftp));
    TRY(ftpc_flush(ftp));
    return hear_steps(ftp);
}

/* The port is for the job that this connection is made for. */
int ftpc_join_say(struct ftpc *ftp, struct ftpc_can *keep, struct span name, struct span password)
{
    ftp->can = keep;
    TRY(ftpc_queue(ftp, "USER", name));
    TRY(ftpc_queue(ftp, "PASS", password));
    TRY(queue_steps(ftp));
    ftpc_ahead(ftp, SUMS, true);
    TRY(ftpc_queue_port(ftp));
    return ftpc_flush(ftp);
}

/* Where the name is enough, the password's answer says nothing. */
int ftpc_join_hear(struct ftpc *ftp)
{
    bool wants;

    TRY(ftpc_final(ftp));
    TRY(ftpc_verdict(ftp));
    wants = ftp->reply.code == 331;
    TRY(ftpc_final(ftp));
    if (wants && ftp->reply.code / 100 != 2)
        return ftpc_verdict(ftp) < 0 ? ftpc_verdict(ftp) : -EACCES;
    return hear_steps(ftp);
}
