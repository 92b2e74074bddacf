/* tls: what all contexts of TLS have in common (see tls.h): versions, ciphers, ALPN, session tickets. Called by tls_set.c, which makes
 * one for each certificate, and, through OpenSSL's callbacks, by streams that shake hands; those callbacks never wait. Owns nothing.
 * Nothing is cached. Tickets are stateless: their keys are derived from one secret made before the first fork and the time, so that all workers have
 * the same without talking, and a key serves half a day and is accepted for another half (RFC 5077 section 5.5). A ticket carries
 * the id of the control connection it was made for: a data connection does not resume another one's session. It can still shake
 * hands in full where the rules are content with its address: several sessions of one program (curl -Z) share what tickets they
 * have, and offer the wrong one.
 * ALPN that is not FTP is refused: a browser that was lured here must not get an answer (RFC 9325 section 3.7, ALPACA). */
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>
#include <stdlib.h>
#include <string.h>

#include "io/tls_impl.h"
#include "rt/rt.h"
#include "sys/clock.h"

enum { DAY = 24 * 3600 };

/* ---- tickets ---- */

static uint64_t half_day(void)
{
    return (uint64_t)(clock_mono() / RT_SECONDS(DAY / 2));
}

static void derive(const struct tls *tls, uint64_t when, struct tls_ticket_keys *out)
{
    unsigned char what[9], digest[2][64];

    for (int i = 0; i < 8; i++)
        what[i] = (unsigned char)(when >> (8 * i));
    for (what[8] = 0; what[8] < 2; what[8]++)
        HMAC(EVP_sha512(), tls->master, sizeof tls->master, what, sizeof what, digest[what[8]], NULL);
    memcpy(out->cipher, digest[0], TLS_KEY);
    memcpy(out->mac, digest[0] + TLS_KEY, TLS_KEY);
    memcpy(out->name, digest[1], TLS_KEY_NAME);
    out->serves = when + 1;
}

/* Derived once for each half day and process, not for each ticket. */
static void find_keys(struct tls *tls, uint64_t when, struct tls_ticket_keys *out)
{
    struct tls_ticket_keys *known = &tls->ticket_keys[when % 2];

    pthread_mutex_lock(&tls->lock);
    if (known->serves != when + 1)
        derive(tls, when, known);
    *out = *known;
    pthread_mutex_unlock(&tls->lock);
}

static int use_keys(const struct tls *tls, struct tls_ticket_keys *k, const unsigned char *iv, EVP_CIPHER_CTX *cipher, EVP_MAC_CTX *mac,
                    int encrypt)
{
    char digest[] = "sha256";
    OSSL_PARAM params[] = { OSSL_PARAM_construct_octet_string(OSSL_MAC_PARAM_KEY, k->mac, TLS_KEY),
                            OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0), OSSL_PARAM_construct_end() };

    if (EVP_MAC_CTX_set_params(mac, params) != 1)
        return -1;
    return EVP_CipherInit_ex2(cipher, tls->ticket_cipher, k->cipher, iv, encrypt, NULL) == 1 ? 1 : -1;
}

/* As OpenSSL asks: 1 done, 2 done and a newer ticket is due, 0 no key of that name, -1 failed. */
static int on_ticket_key(SSL *ssl, unsigned char *name, unsigned char *iv, EVP_CIPHER_CTX *cipher, EVP_MAC_CTX *mac, int encrypt)
{
    struct tls *tls = SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl));
    struct tls_ticket_keys k;
    uint64_t now = half_day();

    find_keys(tls, now, &k);
    if (encrypt) {
        memcpy(name, k.name, TLS_KEY_NAME);
        return RAND_bytes(iv, EVP_CIPHER_get_iv_length(tls->ticket_cipher)) == 1 ? use_keys(tls, &k, iv, cipher, mac, 1) : -1;
    }
    if (memcmp(name, k.name, TLS_KEY_NAME) == 0)
        return use_keys(tls, &k, iv, cipher, mac, 0);
    find_keys(tls, now - 1, &k);
    if (memcmp(name, k.name, TLS_KEY_NAME) != 0)
        return 0;
    return use_keys(tls, &k, iv, cipher, mac, 0) == 1 ? 2 : -1;
}

static int on_ticket_made(SSL *ssl, void *arg)
{
    struct tls_who *who = SSL_get_app_data(ssl);

    (void)arg;
    return SSL_SESSION_set1_ticket_appdata(SSL_get_session(ssl), who->id, TLS_ID);
}

/* A control connection that resumes becomes the one it resumes: whoever can do that holds its secrets. */
static SSL_TICKET_RETURN on_ticket_seen(SSL *ssl, SSL_SESSION *session, const unsigned char *name, size_t len,
                                        SSL_TICKET_STATUS status, void *arg)
{
    struct tls_who *who = SSL_get_app_data(ssl);
    void *id;
    size_t id_len;

    (void)name, (void)len, (void)arg;
    if (status != SSL_TICKET_SUCCESS && status != SSL_TICKET_SUCCESS_RENEW)
        return SSL_TICKET_RETURN_IGNORE_RENEW;
    if (SSL_SESSION_get0_ticket_appdata(session, &id, &id_len) != 1 || id_len != TLS_ID)
        return SSL_TICKET_RETURN_IGNORE_RENEW;
    if (who->data && memcmp(who->id, id, TLS_ID) != 0)
        return SSL_TICKET_RETURN_IGNORE; /* and the rules decide what comes of that */
    memcpy(who->id, id, TLS_ID);
    return status == SSL_TICKET_SUCCESS ? SSL_TICKET_RETURN_USE : SSL_TICKET_RETURN_USE_RENEW;
}

/* ---- what a control connection has in hand ---- */

/* A ticket that tells all of its session is dear: encoded four times, sealed and signed, and all of that undone at its use. Only the first
 * is such a one: it serves whoever comes again. Those that follow, one for each data connection since many use one only once, are
 * numbers by which their control connection, and nobody else, finds the session. TLS 1.2 needs no further ones. */
void tls_give_ticket(SSL *control)
{
    unsigned len = 0;

    SSL_SESSION_get_id(SSL_get_session(control), &len); /* none: OpenSSL would make none for the next, either */
    if (SSL_version(control) == TLS1_3_VERSION && len == SSL_MAX_SSL_SESSION_ID_LENGTH)
        SSL_set_options(control, SSL_OP_NO_TICKET);
    SSL_new_session_ticket(control);
}

static void put_first(struct tls_who *who, unsigned from, SSL_SESSION *one)
{
    memmove(&who->given[1], &who->given[0], from * sizeof(SSL_SESSION *));
    who->given[0] = one;
}

/* As OpenSSL asks: 1 when it is kept. */
static int on_session_made(SSL *ssl, SSL_SESSION *session)
{
    struct tls_who *who = SSL_get_app_data(ssl);

    if (!(SSL_get_options(ssl) & SSL_OP_NO_TICKET))
        return 0;
    SSL_SESSION_free(who->given[TLS_GIVEN - 1]);
    put_first(who, TLS_GIVEN - 1, session);
    return 1;
}

/* A data connection that was broken off does not spoil the session, which is others', too (RFC 5246 section 7.2.1). */
void tls_let_go(SSL *ssl)
{
    struct tls_who *who = SSL_get_app_data(ssl);

    for (unsigned i = 0; i < TLS_GIVEN; i++)
        SSL_SESSION_free(who->given[i]);
    SSL_set_shutdown(ssl, SSL_SENT_SHUTDOWN);
    SSL_free(ssl);
}

/* Does the client offer such a number? It is for OpenSSL to be told, before it takes it for a ticket. (RFC 8446 section 4.2.11) */
static int on_hello(SSL *ssl, int *alert, void *arg)
{
    enum { IDENTITY = 4 }; /* behind the length of all, and its own */
    const struct tls_who *who = SSL_get_app_data(ssl);
    const unsigned char *at;
    size_t len;

    (void)alert, (void)arg;
    if (who->control && SSL_client_hello_get0_ext(ssl, TLSEXT_TYPE_psk, &at, &len) == 1 && len > IDENTITY && !at[2] &&
        at[3] == SSL_MAX_SSL_SESSION_ID_LENGTH)
        SSL_set_options(ssl, SSL_OP_NO_TICKET);
    return SSL_CLIENT_HELLO_SUCCESS;
}

static bool has_id(const SSL_SESSION *session, const unsigned char *id, int len)
{
    unsigned own_len = 0;
    const unsigned char *own = session ? SSL_SESSION_get_id(session, &own_len) : NULL;

    return own && len > 0 && (unsigned)len == own_len && memcmp(own, id, own_len) == 0;
}

/* TLS 1.2 without tickets (curl): by its id, a data connection resumes what its control connection has in hand. */
static SSL_SESSION *on_session_id(SSL *ssl, const unsigned char *id, int len, int *count)
{
    SSL *control = ((struct tls_who *)SSL_get_app_data(ssl))->control;
    struct tls_who *who = control ? SSL_get_app_data(control) : NULL;

    *count = 1;
    for (unsigned i = 0; who && i < TLS_GIVEN; i++)
        if (has_id(who->given[i], id, len)) {
            put_first(who, i, who->given[i]);
            return who->given[0];
        }
    return control && has_id(SSL_get_session(control), id, len) ? SSL_get_session(control) : NULL;
}

/* ---- ALPN ---- */

static int on_alpn(SSL *ssl, const unsigned char **out, unsigned char *out_len, const unsigned char *in, unsigned len, void *arg)
{
    static const unsigned char ftp[] = "\003ftp\017x-filezilla-ftp\010ftp-data", web[] = "\010http/1.1";
    const struct tls_who *who = SSL_get_app_data(ssl);
    unsigned char *found;

    (void)arg;
    if (SSL_select_next_proto(&found, out_len, who->web ? web : ftp, who->web ? sizeof web - 1 : sizeof ftp - 1, in, len) != OPENSSL_NPN_NEGOTIATED)
        return SSL_TLSEXT_ERR_ALERT_FATAL;
    *out = found;
    return SSL_TLSEXT_ERR_OK;
}

/* ---- the context ---- */

/* Data connections ask for the session id that their control connection has in hand, whichever certificate serves them. */
static int set_up(SSL_CTX *ctx)
{
    SSL_CTX_set_options(ctx, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_CIPHER_SERVER_PREFERENCE |
                                 SSL_OP_PRIORITIZE_CHACHA);
    SSL_CTX_set_mode(ctx, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_NO_AUTO_CHAIN);
    SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_SERVER | SSL_SESS_CACHE_NO_INTERNAL); /* nothing is kept here */
    SSL_CTX_sess_set_get_cb(ctx, on_session_id);
    SSL_CTX_sess_set_new_cb(ctx, on_session_made);
    SSL_CTX_set_client_hello_cb(ctx, on_hello, NULL);
    SSL_CTX_set_timeout(ctx, DAY);
    SSL_CTX_set_num_tickets(ctx, 1);
    SSL_CTX_set_alpn_select_cb(ctx, on_alpn, NULL);
    return SSL_CTX_set_min_proto_version(ctx, TLS1_2_VERSION) == 1 &&
           SSL_CTX_set_cipher_list(ctx, "ECDHE+AES128+AESGCM:ECDHE+AESGCM:ECDHE+CHACHA20") == 1 &&
           SSL_CTX_set_ciphersuites(ctx, "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256") == 1 &&
           SSL_CTX_set1_groups_list(ctx, "X25519:P-256:P-384") == 1 &&
           SSL_CTX_set_session_id_context(ctx, (const unsigned char *)"dray", 4) == 1 &&
           SSL_CTX_set_tlsext_ticket_key_evp_cb(ctx, on_ticket_key) == 1 &&
           SSL_CTX_set_session_ticket_cb(ctx, on_ticket_made, on_ticket_seen, NULL) == 1;
}

SSL_CTX *tls_context(struct tls *tls)
{
    SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());

    if (!ctx)
        return NULL;
    SSL_CTX_set_app_data(ctx, tls);
    if (set_up(ctx))
        return ctx;
    SSL_CTX_free(ctx);
    return NULL;
}
