/* unban: `dray unban`: takes bans and counted failures away from running servers of this user, in their scoreboards, so that no server
 * has to be asked or restarted. Called by main; owns nothing. Exit code 1 when nothing was found, 2 for wrong usage, 3 when no
 * server runs. */
#include <stdio.h>
#include <string.h>

#include "base/say.h"
#include "base/span.h"
#include "client/ui.h"
#include "cmd/cmd.h"
#include "obs/bans.h"
#include "obs/board_file.h"
#include "sys/sock.h"

struct unban {
    const char *who; /* NULL: all */
    unsigned lifted;
};

const char unban_help[] =
    N_("dray unban ADDRESS|NAME|--all [PID]: forget wrong passwords that came from an address, or for a name\n\n"
    "In the servers of this user, or the one with this pid; `dray status` lists who is banned. An IPv6 address stands\n"
    "for its network (/64).\n\n"
    "  --all  everybody\n\nExit: 0, 1 when there was nothing to forget, 2 for wrong usage, 3 when no server runs.\n");

static int help(void)
{
    fputs(_(unban_help), stdout);
    return UNBAN_OK;
}

static bool same_address(const struct ban_view *v, const char *text)
{
    struct sock_addr a;
    const unsigned char *bytes;
    unsigned len;

    if (!v->addr_len || sock_addr_parse(text, 0, &a) < 0)
        return false;
    len = sock_addr_bytes(&a, &bytes);
    return len == v->addr_len && memcmp(bytes, v->addr, len == 4 ? 4 : 8) == 0;
}

static void lift(struct board *b, void *arg)
{
    struct unban *u = arg;
    struct ban_view v;

    for (unsigned i = 0; i < ban_places(); i++) {
        if (!ban_view(b, i, &v))
            continue;
        if (u->who && !same_address(&v, u->who) && (v.addr_len || strcmp(v.name, u->who) != 0))
            continue;
        ban_lift(b, i);
        u->lifted++;
    }
}

static int lift_all(const char *who, pid_t pid)
{
    struct unban u = { .who = strcmp(who, "--all") == 0 ? NULL : who };
    struct shown safe;

    if (board_change(pid, lift, &u) == 0) {
        fputs(_("dray unban: this user runs no such server\n"), stderr);
        return STATUS_NONE;
    }
    if (u.lifted)
        return UNBAN_OK;
    fprintf(stderr, _("dray unban: nothing is known against %s; `dray status` lists who is\n"),
            shown(&safe, span_of(u.who ? u.who : _("anybody"))));
    return UNBAN_NOBODY;
}

int cmd_unban(int argc, char **argv)
{
    uint64_t pid = 0;

    if (argc > 1 && (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0))
        return help();
    if (argc < 2 || argc > 3 || (argv[1][0] == '-' && strcmp(argv[1], "--all") != 0) ||
        (argc == 3 && (span_u64(span_of(argv[2]), INT32_MAX, &pid) < 0 || !pid))) {
        fputs(_("dray unban: it takes an address, a name or --all, and perhaps a process id; `dray unban --help` tells more\n"), stderr);
        return SERVE_USAGE;
    }
    return lift_all(argv[1], (pid_t)pid);
}
