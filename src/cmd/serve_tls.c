/* serve_tls: what `dray serve` needs for TLS: what the operator demands, and the certificate, his or one that is made at the first
 * start and kept. Called by serve.c before the first session. The context lives as long as the server. Fails with a sentence on
 * standard error and -EINVAL; a certificate that cannot be kept serves for this run, and the start-up lines say so. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/err.h"
#include "base/say.h"
#include "cmd/serve_impl.h"
#include "sys/sock.h"
#include "sys/state.h"

/* ---- the rules ---- */

static int read_mode(const struct conf *c, struct serve_tls *out)
{
    static const struct {
        const char *word;
        bool on, login, data;
    } modes[] = { { "off", false, false, false }, { "offer", true, false, false }, { "require", true, true, true },
                  { "require-login", true, true, false }, { "require-data", true, false, true } };
    const char *word = c->tls ? c->tls : "offer";

    for (size_t i = 0; i < sizeof modes / sizeof *modes; i++) {
        if (strcmp(word, modes[i].word) != 0)
            continue;
        out->on = modes[i].on;
        out->rules.login = modes[i].login;
        out->rules.data = modes[i].data;
        return 0;
    }
    return serve_complain(_("--tls: \"%s\" is none of off, offer, require, require-login, require-data"), word);
}

static int read_data_rule(struct span word, struct tls_rules *out)
{
    if (span_eq(word, SPAN("require")))
        out->resume = true;
    else if (span_eq(word, SPAN("strict-close")))
        out->strict = true;
    else if (!span_eq(word, SPAN("accept")))
        return serve_complain(_("--tls-data: \"%.*s\" is none of accept, require, strict-close"), SPAN_ARG(word));
    return 0;
}

static int read_rules(const struct conf *c, struct serve_tls *out)
{
    struct span words = span_of(c->tls_data);

    TRY(read_mode(c, out));
    while (words.len)
        TRY(read_data_rule(span_cut(&words, ','), &out->rules));
    if (!out->on && c->ftps_port)
        return serve_complain(_("--ftps %u and --tls off: choose one"), (unsigned)c->ftps_port);
    if (c->tls_cert.n != c->tls_key.n)
        return serve_complain(_("--tls-cert and --tls-key come together, one for one (they may name the same file)"));
    if (!out->on && c->client_ca)
        return serve_complain(_("--client-ca and --tls off: without TLS nobody shows a certificate"));
    return 0;
}

/* ---- the certificate ---- */

static int open_files(const struct conf *c, const struct log *log, unsigned n, struct serve_tls *out, struct buf *err)
{
    return tls_open(&(struct tls_from){ .files = out->files, .n = n, .client_ca = c->client_ca, .log = log }, &out->tls, err);
}

static int open_given(const struct conf *c, const struct log *log, struct serve_tls *out)
{
    char text[600];
    struct buf err = BUF(text);

    for (unsigned i = 0; i < c->tls_cert.n; i++)
        out->files[i] = (struct tls_files){ c->tls_cert.item[i], c->tls_key.item[i] };
    return open_files(c, log, c->tls_cert.n, out, &err) < 0 ? serve_complain("TLS: %s", buf_cstr(&err)) : 0;
}

/* Makes one and keeps it, unless another server was quicker: then his. */
static int make_own(const char *path, char **pem)
{
    int rc;

    *pem = tls_cert_make();
    if (!*pem)
        return -ENOMEM;
    rc = state_write_new(path, *pem);
    if (rc != -EEXIST)
        return rc;
    free_text(pem);
    return state_read(path, pem);
}

static int read_or_make(struct serve_tls *out, char **pem)
{
    int rc = state_path("tls.pem", out->from, sizeof out->from);

    if (rc == 0)
        rc = state_read(out->from, pem);
    if (rc == -ENOENT && out->from[0])
        rc = make_own(out->from, pem);
    return rc;
}

/* Clients cannot be asked for certificates then: what vouches for them is read with the server's own files. */
static int open_unkept(const struct conf *c, int why, const char *pem, struct serve_tls *out)
{
    char text[300];
    struct buf err = BUF(text);

    if (c->client_ca)
        return serve_complain(_("the certificate of this server could not be kept (%s): --client-ca wants --tls-cert"), _(err_text(why)));
    snprintf(out->from, sizeof out->from, _("for this run only: it could not be kept, %s"), _(err_text(why)));
    return tls_new(pem, pem, &out->tls, &err) < 0 ? serve_complain(_("cannot use what was made: %s"), buf_cstr(&err)) : 0;
}

static int open_own(const struct conf *c, const struct log *log, struct serve_tls *out)
{
    CLEANUP(free_text) char *pem = NULL;
    char text[600];
    struct buf err = BUF(text);
    int rc = read_or_make(out, &pem);

    if (rc < 0 && !pem)
        pem = tls_cert_make();
    if (!pem)
        return serve_complain(_("cannot make a certificate; --tls off serves without"));
    if (rc < 0)
        return open_unkept(c, rc, pem, out);
    out->files[0] = (struct tls_files){ out->from, out->from };
    if (open_files(c, log, 1, out, &err) == 0)
        return 0;
    if (!strstr(buf_cstr(&err), out->from)) /* what the operator gave */
        return serve_complain(_("TLS: %s"), buf_cstr(&err));
    return serve_complain(_("TLS: %s (without %s a new certificate is made)"), buf_cstr(&err), out->from);
}

int serve_tls(const struct conf *c, const struct log *log, struct serve_tls *out)
{
    TRY(read_rules(c, out));
    if (!out->on)
        return 0;
    return c->tls_cert.n ? open_given(c, log, out) : open_own(c, log, out);
}

static void print_certificates(const struct serve_tls *t)
{
    const char *fingerprint;

    printf(_("\nTLS 1.2 and 1.3 by OpenSSL; kernel TLS is not used (%s)."),
           sock_has_kernel_tls() ? _("this kernel has it, but dray seals records itself") : _("this kernel has none"));
    for (unsigned i = 0; (fingerprint = tls_fingerprint(t->tls, i)); i++)
        printf(_("\nTLS certificate (%s): SHA-256 %s"), t->files[i].cert ? t->files[i].cert : t->from, fingerprint);
}

/* Which words lead to it depends on the doors: browsers are told in one go (any rule means https), FTPS begins with it. */
static void print_how(const struct tls_rules *r, bool ftp, bool ftps, bool http)
{
    bool login = r->login || (!ftp && (!http || r->data)), data = r->data || (!ftp && !ftps && r->login);

    if (login && data)
        printf(_("Passwords and files travel encrypted."));
    else if (login)
        printf(_("Passwords travel encrypted, files where the client asks for it."));
    else if (data)
        printf(_("Files travel encrypted, passwords where the client asks for it."));
    else
        printf(_("Passwords and files travel encrypted where the client asks for it (%s), else unencrypted."),
               ftp && http ? "AUTH TLS, https" : ftp ? "AUTH TLS" : "https");
}

void serve_tls_print(const struct serve_tls *t, const struct listeners *all)
{
    bool open[SERVICES] = { false };

    for (unsigned i = 0; i < all->n; i++)
        open[all->l[i].service] = true;
    if (!t->on)
        printf(_("Passwords and files travel unencrypted."));
    else
        print_how(&t->rules, open[SERVICE_FTP], open[SERVICE_FTPS], open[SERVICE_HTTP]);
    if (t->on)
        print_certificates(t);
    printf("\n");
}
