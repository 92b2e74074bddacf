/* floor_tls_bulk: large files over TLS, a thread for each. Down: read, seal and send in steps; up: recv of a block, all that its
 * records bring gathered in a buffer of a MiB, write. The floor of bulk over TLS. */
#include "tls.h"

#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

enum { STEP = 128 * 1024, RECEIVE = 256 * 1024 };

static BIO *fetch(int file, SSL *ssl, struct floor_job *job, char *block)
{
    BIO *records;
    ssize_t n;

    tls_gather(ssl, &records);
    while ((n = read(file, block, STEP)) > 0) {
        floor_need(SSL_write(ssl, block, (int)n) == n, "SSL_write");
        tls_send(job->data, records);
        job->units += (uint64_t)n;
    }
    return records;
}

static size_t open_records(SSL *ssl, const char *raw, ssize_t len, char *to, size_t room)
{
    BIO *b = BIO_new_mem_buf(raw, (int)len);
    size_t sum = 0, n;

    floor_need(b != NULL, "BIO_new");
    BIO_set_mem_eof_return(b, -1);
    SSL_set0_rbio(ssl, b);
    while (SSL_read_ex(ssl, to + sum, room - sum, &n) == 1)
        sum += n;
    return sum;
}

/* The blocks are shared, so that they stay in the processor's cache: who has something to read has his turn with them. */
static ssize_t store_some(int file, SSL *ssl, struct floor_job *job)
{
    static char raw[RECEIVE], block[FLOOR_BLOCK];
    static pthread_mutex_t turn = PTHREAD_MUTEX_INITIALIZER;
    size_t have = 0;
    ssize_t n;

    pthread_mutex_lock(&turn);
    do {
        n = recv(job->data, raw, RECEIVE, MSG_DONTWAIT);
        have += open_records(ssl, raw, n > 0 ? n : 0, block + have, FLOOR_BLOCK - have);
    } while (n > 0 && FLOOR_BLOCK - have >= 2 * RECEIVE);
    floor_need(write(file, block, have) == (ssize_t)have, job->name);
    pthread_mutex_unlock(&turn);
    job->units += have;
    return n;
}

static void store(int file, SSL *ssl, struct floor_job *job)
{
    struct pollfd p = { .fd = job->data, .events = POLLIN };
    int much = RECEIVE / 2;

    setsockopt(job->data, SOL_SOCKET, SO_RCVLOWAT, &much, sizeof much); /* or each thread would be woken for little */
    SSL_set_read_ahead(ssl, 0);
    while (poll(&p, 1, -1) == 1 && store_some(file, ssl, job) != 0)
        continue;
}

static void transfer(struct floor_job *job)
{
    int file = tls_file(job);
    char *block = malloc(FLOOR_BLOCK);
    SSL *ssl = tls_take(job->data, true);
    BIO *records = NULL;

    floor_need(block != NULL, "malloc");
    if (job->store)
        store(file, ssl, job);
    else
        records = fetch(file, ssl, job, block);
    free(block);
    close(file);
    tls_end(job, ssl, records);
}

int main(int argc, char **argv)
{
    struct floor f = { .unit = "bytes", .transfer = transfer, .threads = true };

    return tls_main(&f, argc, argv);
}
