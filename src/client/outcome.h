/* outcome: how an action of the client ended. Outcomes are exit codes. */
#ifndef DRAY_CLIENT_OUTCOME_H
#define DRAY_CLIENT_OUTCOME_H

enum outcome {
    OUT_DONE = 0,
    OUT_USAGE = 2,
    OUT_CONNECT = 3,
    OUT_LOGIN = 4,
    OUT_NOT_FOUND = 5,
    OUT_REFUSED = 6,
    OUT_LOCAL = 7,
    OUT_TLS = 8,
    OUT_INCOMPLETE = 9,
    OUT_UNVERIFIED = 10,
    OUT_FAULTY = 11,
    OUT_INTERRUPTED = 130
};

/* "done", "not-found": one word, for programs. */
const char *outcome_word(enum outcome out);

#endif
