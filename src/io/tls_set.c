/* tls_set: the certificates of a server: read at the start, read again when their files change, and chosen by the name that a client
 * asks for (SNI, RFC 6066 section 3). Called by the front door, and by streams that begin TLS. Owns the struct tls and its contexts.
 * Every process looks for itself, at most once a second and only when somebody shakes hands: where it waits for the disk nobody else
 * waits, and no lock is held. A stream keeps the context that it began with. Files that cannot be used change nothing; that is told
 * once, by whichever process is the first to see it. */
#include <errno.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/err.h"
#include "io/tls_impl.h"
#include "obs/log.h"
#include "sys/proc.h"
#include "sys/state.h"

static const int64_t every = RT_SECONDS(1);

struct tls_cert {
    SSL_CTX *ctx;
    char fingerprint[3 * 32];
};

struct tls_set {
    unsigned n;
    struct tls_cert cert[];
};

static void set_free(struct tls_set **set)
{
    for (unsigned i = 0; *set && i < (*set)->n; i++)
        SSL_CTX_free((*set)->cert[i].ctx);
    free(*set);
    *set = NULL;
}

/* ---- PEM ---- */

static int complain(struct buf *err, const char *where, const char *what)
{
    unsigned long code = ERR_peek_last_error();
    const char *why = code ? ERR_reason_error_string(code) : NULL;

    buf_printf(err, "%s%s%s%s", where, what, why ? ": " : "", why ? why : "");
    ERR_clear_error();
    return -EINVAL;
}

/* The certificate, then those that vouch for it. */
static bool use_chain(SSL_CTX *ctx, BIO *text)
{
    X509 *cert = PEM_read_bio_X509_AUX(text, NULL, NULL, NULL);
    bool ok = cert && SSL_CTX_use_certificate(ctx, cert) == 1;

    X509_free(cert);
    while (ok && (cert = PEM_read_bio_X509(text, NULL, NULL, NULL))) {
        ok = SSL_CTX_add0_chain_cert(ctx, cert) == 1;
        if (!ok)
            X509_free(cert);
    }
    return ok;
}

static int no_password(char *buf, int size, int writing, void *arg)
{
    (void)buf, (void)size, (void)writing, (void)arg;
    return 0; /* a server that asks for one at its start does not start */
}

static bool use_key(SSL_CTX *ctx, BIO *text)
{
    EVP_PKEY *key = PEM_read_bio_PrivateKey(text, NULL, no_password, NULL);
    bool ok = key && SSL_CTX_use_PrivateKey(ctx, key) == 1;
    bool other = key && !ok && ERR_GET_REASON(ERR_peek_last_error()) == X509_R_KEY_VALUES_MISMATCH;

    EVP_PKEY_free(key);
    return ok || other; /* whose it is, is asked later */
}

static bool use_pem(SSL_CTX *ctx, const char *pem, bool (*use)(SSL_CTX *, BIO *))
{
    BIO *text = BIO_new_mem_buf(pem, -1);
    bool ok = text && use(ctx, text);

    BIO_free(text);
    return ok;
}

static void take_fingerprint(struct tls_cert *c)
{
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned len = 0;
    struct buf b = BUF(c->fingerprint);

    X509_digest(SSL_CTX_get0_certificate(c->ctx), EVP_sha256(), digest, &len);
    for (unsigned i = 0; i < len; i++)
        buf_printf(&b, "%s%02X", i ? ":" : "", digest[i]);
    buf_cstr(&b);
}

/* What is found wrong is said to be in `where`. */
static int use_all(struct tls_cert *c, const char *cert, const char *key, const char *client_ca, const char *where, struct buf *err)
{
    if (!use_pem(c->ctx, cert, use_chain))
        return complain(err, where, "no certificate in PEM form");
    if (!use_pem(c->ctx, key, use_key))
        return complain(err, where, "no private key in PEM form, without a password");
    if (SSL_CTX_check_private_key(c->ctx) != 1)
        return complain(err, where, "the private key does not belong to the certificate");
    if (client_ca && !use_pem(c->ctx, client_ca, tls_ask_clients))
        return complain(err, "client CA: ", "no certificate in PEM form");
    take_fingerprint(c);
    ERR_clear_error(); /* the end of a PEM text counts as one */
    return 0;
}

/* ---- the choice ---- */

static SSL_CTX *context_for(const struct tls_set *set, const char *name)
{
    for (unsigned i = 0; i < set->n; i++)
        if (X509_check_host(SSL_CTX_get0_certificate(set->cert[i].ctx), name, strlen(name), 0, NULL) == 1)
            return set->cert[i].ctx;
    return set->cert[0].ctx;
}

static int on_server_name(SSL *ssl, int *alert, void *arg)
{
    const char *name = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
    struct tls *tls = arg;

    (void)alert;
    if (!name)
        return SSL_TLSEXT_ERR_NOACK;
    pthread_mutex_lock(&tls->lock);
    SSL_set_SSL_CTX(ssl, context_for(tls->set, name));
    pthread_mutex_unlock(&tls->lock);
    return SSL_TLSEXT_ERR_OK;
}

static int add(struct tls *tls, struct tls_set *set, const char *cert, const char *key, const char *client_ca, const char *where,
               struct buf *err)
{
    struct tls_cert *c = &set->cert[set->n];

    c->ctx = tls_context(tls);
    if (!c->ctx)
        return complain(err, "", "OpenSSL cannot be set up");
    set->n++;
    SSL_CTX_set_tlsext_servername_callback(c->ctx, on_server_name);
    SSL_CTX_set_tlsext_servername_arg(c->ctx, tls);
    return use_all(c, cert, key, client_ca, where, err);
}

static struct tls_set *set_new(unsigned n)
{
    return calloc(1, sizeof(struct tls_set) + n * sizeof(struct tls_cert));
}

/* ---- files ---- */

static int read_pem(const char *path, char **out, struct buf *err)
{
    int rc = state_read(path, out);

    if (rc < 0)
        buf_printf(err, "cannot read %s: %s", path, err_text(rc));
    return rc < 0 ? -EINVAL : 0;
}

static int add_files(struct tls *tls, struct tls_set *set, const struct tls_files *f, const char *client_ca, struct buf *err)
{
    CLEANUP(free_text) char *cert = NULL, *key = NULL, *where = NULL;
    int rc;

    TRY(read_pem(f->cert, &cert, err));
    TRY(read_pem(f->key, &key, err));
    where = malloc(strlen(f->cert) + 3);
    if (!where)
        return -ENOMEM;
    strcat(strcpy(where, f->cert), ": ");
    rc = add(tls, set, cert, key, client_ca, where, err);
    OPENSSL_cleanse(key, strlen(key));
    return rc;
}

static int read_set(struct tls *tls, struct tls_set **out, struct buf *err)
{
    CLEANUP(set_free) struct tls_set *set = set_new(tls->from.n);
    CLEANUP(free_text) char *client_ca = NULL;

    if (!set)
        return -ENOMEM;
    if (tls->from.client_ca)
        TRY(read_pem(tls->from.client_ca, &client_ca, err));
    for (unsigned i = 0; i < tls->from.n; i++)
        TRY(add_files(tls, set, &tls->from.files[i], client_ca, err));
    *out = set;
    set = NULL;
    return 0;
}

static void each_file(const struct tls_from *from, void (*each)(void *arg, const char *path), void *arg)
{
    for (unsigned i = 0; i < from->n; i++) {
        each(arg, from->files[i].cert);
        each(arg, from->files[i].key);
    }
    if (from->client_ca)
        each(arg, from->client_ca);
}

static void mix_version(void *arg, const char *path)
{
    uint64_t *sum = arg;

    *sum = *sum * 31 + state_version(path);
}

static uint64_t version_of(const struct tls_from *from)
{
    uint64_t sum = 1;

    each_file(from, mix_version, &sum);
    return sum;
}

/* ---- looking again ---- */

static void tell(const struct tls *tls, uint64_t version, const struct tls_set *set, struct buf *why)
{
    if (atomic_exchange(tls->told, version) == version)
        return;
    if (set)
        LOG(tls->from.log, "tls-reloaded", LOG_TEXT("certificate", span_of(tls->from.files[0].cert)),
            LOG_TEXT("sha256", span_of(set->cert[0].fingerprint)));
    else
        LOG(tls->from.log, "tls-not-reloaded", LOG_TEXT("why", buf_span(why)), LOG_TEXT("serving", SPAN("what was read before")));
}

/* A failure is tried again the next time: a key may come a moment after its certificate, without a trace in its time. */
static struct tls_set *read_again(struct tls *tls)
{
    uint64_t version = version_of(&tls->from);
    struct tls_set *set = NULL;
    char text[300];
    struct buf err = BUF(text);

    if (version == tls->version)
        return NULL;
    if (read_set(tls, &set, &err) == 0)
        tls->version = version;
    tell(tls, version, set, &err);
    return set;
}

static int look_call(void *arg)
{
    struct tls *tls = arg;
    CLEANUP(set_free) struct tls_set *old = read_again(tls);

    pthread_mutex_lock(&tls->lock);
    if (old) {
        struct tls_set *new = old;

        old = tls->set;
        tls->set = new;
    }
    tls->looking = false;
    pthread_mutex_unlock(&tls->lock);
    return 0;
}

static bool may_look(struct tls *tls, int64_t now)
{
    bool mine;

    pthread_mutex_lock(&tls->lock);
    mine = tls->from.n && !tls->looking && now >= tls->look_at;
    if (mine) {
        tls->looking = true;
        tls->look_at = now + every;
    }
    pthread_mutex_unlock(&tls->lock);
    return mine;
}

SSL_CTX *tls_now(struct tls *tls, struct rt_task *task)
{
    SSL_CTX *ctx;

    if (may_look(tls, rt_now(task)))
        rt_call(task, look_call, tls);
    pthread_mutex_lock(&tls->lock);
    ctx = tls->set->cert[0].ctx;
    SSL_CTX_up_ref(ctx);
    pthread_mutex_unlock(&tls->lock);
    return ctx;
}

/* ---- the beginning and the end ---- */

static struct tls *begin(void)
{
    struct tls *tls = calloc(1, sizeof *tls);

    if (!tls)
        return NULL;
    pthread_mutex_init(&tls->lock, NULL);
    tls->bio = io_tls_bio();
    tls->ticket_cipher = EVP_CIPHER_fetch(NULL, "AES-256-CBC", NULL);
    tls->told = proc_shared(sizeof *tls->told);
    if (!tls->bio || !tls->ticket_cipher || !tls->told || RAND_bytes(tls->master, sizeof tls->master) != 1)
        tls_free(&tls);
    return tls;
}

int tls_open(const struct tls_from *from, struct tls **out, struct buf *err)
{
    CLEANUP(tls_free) struct tls *tls = begin();

    if (!tls)
        return complain(err, "", "OpenSSL cannot be set up");
    tls->from = *from;
    tls->version = version_of(from);
    atomic_store(tls->told, tls->version);
    TRY(read_set(tls, &tls->set, err));
    *out = tls;
    tls = NULL;
    return 0;
}

int tls_new(const char *cert, const char *key, struct tls **out, struct buf *err)
{
    CLEANUP(tls_free) struct tls *tls = begin();

    if (!tls)
        return complain(err, "", "OpenSSL cannot be set up");
    tls->set = set_new(1);
    if (!tls->set)
        return -ENOMEM;
    TRY(add(tls, tls->set, cert, key, NULL, "", err));
    *out = tls;
    tls = NULL;
    return 0;
}

void tls_free(struct tls **ptls)
{
    struct tls *tls = *ptls;

    *ptls = NULL;
    if (!tls)
        return;
    set_free(&tls->set);
    BIO_meth_free(tls->bio);
    EVP_CIPHER_free(tls->ticket_cipher);
    proc_unshare(tls->told, sizeof *tls->told);
    pthread_mutex_destroy(&tls->lock);
    OPENSSL_cleanse(tls->master, sizeof tls->master);
    OPENSSL_cleanse(tls->ticket_keys, sizeof tls->ticket_keys);
    free(tls);
}

const char *tls_fingerprint(const struct tls *tls, unsigned n)
{
    return n < tls->set->n ? tls->set->cert[n].fingerprint : NULL;
}

struct asked {
    void (*each)(void *arg, const char *folder);
    void *arg;
};

static void each_folder(void *arg, const char *path)
{
    const struct asked *a = arg;

    state_folders(path, a->each, a->arg);
}

void tls_paths(const struct tls *tls, void (*each)(void *arg, const char *folder), void *arg)
{
    each_file(&tls->from, each_folder, &(struct asked){ each, arg });
}
