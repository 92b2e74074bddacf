/* check: invariants that stay on in every build. A broken one says where and ends the process: the worker dies,
 * its parent logs and replaces it, and no other session notices. Never for input from outside. */
#ifndef DRAY_BASE_CHECK_H
#define DRAY_BASE_CHECK_H

_Noreturn void check_failed(const char *file, int line, const char *what);

#define CHECK(cond) ((cond) ? (void)0 : check_failed(__FILE__, __LINE__, #cond))

#endif
