/* serve_tls: what `dray serve` needs for TLS: what the operator demands, and the certificate, his or one that is made at the first
 * start and kept. Called by serve.c before the first session. The context lives as long as the server. Fails with a sentence on
 * standard error and -EINVAL; a certificate that cannot be kept serves for this run, and the start-up lines say so. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/err.h"
#include "cmd/serve_impl.h"
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
    return serve_complain("--tls: \"%s\" is none of off, offer, require, require-login, require-data", word);
}

static int read_data_rule(struct span word, struct tls_rules *out)
{
    if (span_eq(word, SPAN("require")))
        out->resume = true;
    else if (span_eq(word, SPAN("strict-close")))
        out->strict = true;
    else if (!span_eq(word, SPAN("accept")))
        return serve_complain("--tls-data: \"%.*s\" is none of accept, require, strict-close", SPAN_ARG(word));
    return 0;
}

static int read_rules(const struct conf *c, struct serve_tls *out)
{
    struct span words = span_of(c->tls_data);

    TRY(read_mode(c, out));
    while (words.len)
        TRY(read_data_rule(span_cut(&words, ','), &out->rules));
    if (!out->on && c->ftps_port)
        return serve_complain("--ftps %u and --tls off: choose one", (unsigned)c->ftps_port);
    if (!c->tls_cert != !c->tls_key)
        return serve_complain("--tls-cert and --tls-key come together (they may name the same file)");
    return 0;
}

/* ---- the certificate ---- */

static int open_given(const struct conf *c, struct serve_tls *out)
{
    CLEANUP(free_text) char *cert = NULL, *key = NULL;
    char text[300];
    struct buf err = BUF(text);
    int rc = state_read(c->tls_cert, &cert);

    if (rc < 0)
        return serve_complain("cannot read --tls-cert %s: %s", c->tls_cert, err_text(rc));
    rc = state_read(c->tls_key, &key);
    if (rc < 0)
        return serve_complain("cannot read --tls-key %s: %s", c->tls_key, err_text(rc));
    rc = tls_new(cert, key, &out->tls, &err);
    if (rc < 0)
        return serve_complain("--tls-cert %s, --tls-key %s: %s", c->tls_cert, c->tls_key, buf_cstr(&err));
    snprintf(out->from, sizeof out->from, "%s", c->tls_cert);
    return 0;
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

static int open_own(struct serve_tls *out)
{
    CLEANUP(free_text) char *pem = NULL;
    char text[300];
    struct buf err = BUF(text);
    int rc = read_or_make(out, &pem);

    if (rc < 0) {
        if (!pem)
            pem = tls_cert_make();
        snprintf(out->from, sizeof out->from, "for this run only: it could not be kept, %s", err_text(rc));
    }
    if (!pem)
        return serve_complain("cannot make a certificate; --tls off serves without");
    if (tls_new(pem, pem, &out->tls, &err) < 0)
        return serve_complain("the certificate in %s: %s (without that file a new one is made)", out->from, buf_cstr(&err));
    return 0;
}

int serve_tls(const struct conf *c, struct serve_tls *out)
{
    TRY(read_rules(c, out));
    if (!out->on)
        return 0;
    return c->tls_cert ? open_given(c, out) : open_own(out);
}

void serve_tls_print(const struct serve_tls *t)
{
    const struct tls_rules *r = &t->rules;

    if (!t->on)
        printf("Passwords and files travel unencrypted.");
    else if (r->login && r->data)
        printf("Passwords and files travel encrypted.");
    else if (r->login)
        printf("Passwords travel encrypted, files where the client asks for it.");
    else if (r->data)
        printf("Files travel encrypted, passwords where the client asks for it.");
    else
        printf("Passwords and files travel encrypted where the client asks for it (AUTH TLS), else unencrypted.");
    if (t->on)
        printf("\nTLS certificate (%s): SHA-256 %s", t->from, tls_fingerprint(t->tls));
    printf("\n");
}
