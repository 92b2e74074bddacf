/* tls: see tls.h. Its certificate is made at the start, as dray makes its own. Called by the main functions beside it, and by the loop of
 * floor.c; owns what is said over TLS, by descriptor. */
#include "tls.h"

#include <fcntl.h>
#include <openssl/pem.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "io/tls.h"

enum { DESCRIPTORS = 1024 };

static SSL_CTX *ctx;
static SSL *lines[DESCRIPTORS]; /* NULL: in the clear */

static SSL *begin(int fd, bool data)
{
    SSL *ssl = SSL_new(ctx);

    floor_need(ssl && SSL_set_fd(ssl, fd) == 1 && SSL_set_num_tickets(ssl, !data) == 1, "SSL_new");
    SSL_set_read_ahead(ssl, 1);
    return ssl;
}

static int shake(int fd, bool data)
{
    int rc;

    floor_need(fd < DESCRIPTORS, "descriptors");
    if (!lines[fd])
        lines[fd] = begin(fd, data);
    rc = SSL_accept(lines[fd]);
    floor_need(rc == 1 || SSL_get_error(lines[fd], rc) == SSL_ERROR_WANT_READ, "SSL_accept");
    return rc != 1 ? 0 : 1 + SSL_has_pending(lines[fd]);
}

static ssize_t receive(int fd, char *to, size_t cap)
{
    return lines[fd] ? SSL_read(lines[fd], to, (int)cap) : read(fd, to, cap);
}

static bool say(int fd, const char *text, size_t len)
{
    if (lines[fd])
        SSL_write(lines[fd], text, (int)len);
    return lines[fd];
}

static void forget(int fd)
{
    if (lines[fd])
        SSL_shutdown(lines[fd]);
    SSL_free(lines[fd]);
    lines[fd] = NULL;
}

static const struct floor_line line = { .shake = shake, .receive = receive, .send = say, .forget = forget };

/* ---- data connections ---- */

int tls_file(const struct floor_job *job)
{
    int file = openat(job->folder, job->name, job->store ? O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC : O_RDONLY | O_CLOEXEC, 0644);

    floor_need(file >= 0, job->name);
    return file;
}

SSL *tls_take(int data, bool wait)
{
    SSL *ssl = lines[data];

    lines[data] = NULL;
    if (wait)
        fcntl(data, F_SETFL, 0);
    return ssl;
}

void tls_gather(SSL *ssl, BIO **records)
{
    *records = BIO_new(BIO_s_mem());
    floor_need(*records != NULL, "BIO_new");
    SSL_set0_wbio(ssl, *records);
}

void tls_send(int data, BIO *records)
{
    char *at;
    long len = BIO_get_mem_data(records, &at);

    floor_send(data, at, (size_t)len);
    (void)BIO_reset(records);
}

void tls_end(const struct floor_job *job, SSL *ssl, BIO *records)
{
    SSL_shutdown(ssl);
    if (records)
        tls_send(job->data, records);
    SSL_free(ssl);
    close(job->data);
    FLOOR_SAY(job->control, "226 Done.");
}

/* ---- the program ---- */

static void use_certificate(void)
{
    char *pem = tls_cert_make();
    BIO *text = BIO_new_mem_buf(pem, -1);
    EVP_PKEY *key = PEM_read_bio_PrivateKey(text, NULL, NULL, NULL);
    X509 *cert = PEM_read_bio_X509(text, NULL, NULL, NULL);

    floor_need(SSL_CTX_use_certificate(ctx, cert) == 1 && SSL_CTX_use_PrivateKey(ctx, key) == 1, "certificate");
    X509_free(cert);
    EVP_PKEY_free(key);
    BIO_free(text);
    free(pem);
}

int tls_main(struct floor *f, int argc, char **argv)
{
    ctx = SSL_CTX_new(TLS_server_method());
    floor_need(ctx && SSL_CTX_set_min_proto_version(ctx, TLS1_3_VERSION) == 1 &&
               SSL_CTX_set_ciphersuites(ctx, "TLS_AES_128_GCM_SHA256") == 1, "SSL_CTX");
    SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
    use_certificate();
    signal(SIGPIPE, SIG_IGN);
    f->line = &line;
    return floor_main(f, argc, argv);
}
