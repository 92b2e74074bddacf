/* serve_ports: the doors of `dray serve`: which of FTP, FTPS and HTTP are open, and on what ports. Called by serve.c. What is opened
 * is the caller's to close. Fails with a sentence on standard error and -EINVAL. */
#include <errno.h>

#include "base/cleanup.h"
#include "base/err.h"
#include "base/say.h"
#include "cmd/serve_impl.h"
#include "sys/sock.h"

/* ---- what goes together ---- */

static bool has_ftp(const struct conf *c)
{
    return !c->ftp.off || c->ftps_port;
}

static int port_twice(unsigned port, const char *one, const char *other)
{
    return serve_complain(_("port %u cannot be for --%s and --%s; choose another one for one of them"), port, one, other);
}

/* Said here: the second would be told that we have taken it. The default of --http is nobody's wish, and gives way. */
static int check_they_differ(const struct conf *c)
{
    unsigned ftp = c->ftp.off ? 0 : c->ftp.port, http = c->http.said && !c->http.off ? c->http.port : 0;

    if (ftp && ftp == c->ftps_port)
        return port_twice(ftp, "ftp", "ftps");
    if (http && (http == ftp || http == c->ftps_port))
        return port_twice(http, http == ftp ? "ftp" : "ftps", "http");
    return 0;
}

/* One that is there for FTP's data connections shows that FTP was meant to be there. */
int serve_ports_check(const struct conf *c)
{
    const struct {
        const char *name;
        bool said;
    } ftps[] = { { "passive", c->passive.min }, { "passive-address", c->passive_address.n }, { "tls-data", c->tls_data } };

    if (!has_ftp(c) && c->http.off)
        return serve_complain(_("--ftp off and --http off leave no way in: leave one of them out, or open FTPS with --ftps PORT"));
    for (size_t i = 0; i < sizeof ftps / sizeof *ftps; i++)
        if (ftps[i].said && !has_ftp(c))
            return serve_complain(_("--%s is about FTP, which --ftp off closes: leave one of them out"), ftps[i].name);
    return check_they_differ(c);
}

/* ---- opening ---- */

static int port_failed(const char *flag, unsigned port, const char *host, int rc)
{
    char owner[128];
    struct buf b = BUF(owner);
    const char *where = host ? host : _("all addresses");

    if (rc == -EINVAL)
        return serve_complain(_("--bind: \"%s\" is not an address (write 192.0.2.1 or ::1)"), where);
    if (rc == -EACCES && port && port < 1024)
        return serve_complain(_("port %u is for root alone (ports below 1024 are): start it as root, or choose another port with --%s PORT"),
                              port, flag);
    if (rc != -EADDRINUSE)
        return serve_complain(_("cannot listen on port %u of %s: %s"), port, where, _(err_text(rc)));
    if (sock_port_owner((uint16_t)port, &b) == 0)
        return serve_complain(_("port %u is taken by %s; stop it, or choose another port with --%s PORT"), port, buf_cstr(&b), flag);
    return serve_complain(_("port %u is taken by another program; choose another one with --%s PORT"), port, flag);
}

/* At every address, until one fails: that one is *host. */
static int open_each(const struct conf *c, struct listeners *all, uint16_t port, unsigned service, const char **host)
{
    const struct conf_list *bind = &c->bind;
    int rc = 0;

    for (unsigned i = 0; (i < bind->n || i == 0) && rc == 0; i++) {
        *host = bind->n ? bind->item[i] : NULL;
        rc = listen_open(all, *host, port, service);
    }
    return rc;
}

/* A port that is free on the first address may be taken on the second: with 0 any other will do. */
static int open_door(const struct conf *c, struct listeners *all, uint16_t port, unsigned service, const char **host)
{
    unsigned before = all->n;
    int rc = open_each(c, all, port, service, host);

    for (int i = 0; i < 20 && rc == -EADDRINUSE && !port; i++) {
        listen_close_from(all, before);
        rc = open_each(c, all, port, service, host);
    }
    return rc;
}

/* A port that nobody asked for is no reason not to serve, where there is another. */
static int open_http(const struct conf *c, struct listeners *all)
{
    unsigned before = all->n;
    const char *host;
    int rc = open_door(c, all, c->http.port, SERVICE_HTTP, &host);

    if (rc == 0)
        return 0;
    if (c->http.said || !before)
        return port_failed("http", c->http.port, host, rc);
    listen_close_from(all, before);
    serve_complain(_("port %u is taken, so browsers are not served; --http PORT chooses another"), c->http.port);
    return 0;
}

int serve_ports(const struct conf *c, struct listeners *all)
{
    const char *host;
    int rc = c->ftp.off ? 0 : open_door(c, all, c->ftp.port, SERVICE_FTP, &host);

    if (rc < 0)
        return port_failed("ftp", c->ftp.port, host, rc);
    if (c->ftps_port)
        rc = open_each(c, all, c->ftps_port, SERVICE_FTPS, &host);
    if (rc < 0)
        return port_failed("ftps", c->ftps_port, host, rc);
    return c->http.off ? 0 : open_http(c, all);
}
