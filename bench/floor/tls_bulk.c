/* floor_tls_bulk: large files over TLS, a thread for each. Down: read, seal and send in steps; up: recv of a block, all that its
 * records bring gathered in a buffer of a MiB, write. The floor of bulk over TLS. */
#include "tls.h"

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

static void store(int file, SSL *ssl, struct floor_job *job, char *block)
{
    char *raw = malloc(RECEIVE);
    size_t have = 0;
    ssize_t n;

    floor_need(raw != NULL, "malloc");
    SSL_set_read_ahead(ssl, 0);
    do {
        n = recv(job->data, raw, RECEIVE, 0);
        have += open_records(ssl, raw, n > 0 ? n : 0, block + have, FLOOR_BLOCK - have);
        if (n <= 0 || FLOOR_BLOCK - have < 2 * RECEIVE) {
            floor_need(write(file, block, have) == (ssize_t)have, job->name);
            job->units += have;
            have = 0;
        }
    } while (n > 0);
    free(raw);
}

static void transfer(struct floor_job *job)
{
    int file = tls_file(job);
    char *block = malloc(FLOOR_BLOCK);
    SSL *ssl = tls_take(job->data, true);
    BIO *records = NULL;

    floor_need(block != NULL, "malloc");
    if (job->store)
        store(file, ssl, job, block);
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
