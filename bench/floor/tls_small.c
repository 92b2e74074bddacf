/* floor_tls_small: floor_session, floor_small and floor_small_up over TLS: for a file a resumed handshake on the data connection, a
 * record, close_notify. The floor of a login and of small files over TLS. */
#include "tls.h"

#include <unistd.h>

enum { BLOCK = 1024 };

static void fetch(int file, SSL *ssl, BIO **records)
{
    char block[BLOCK];
    ssize_t n = read(file, block, sizeof block);

    tls_gather(ssl, records);
    floor_need(n > 0 && SSL_write(ssl, block, (int)n) == n, "SSL_write");
}

static void store(int file, SSL *ssl)
{
    char block[BLOCK];

    for (int n; (n = SSL_read(ssl, block, sizeof block)) > 0;)
        floor_need(write(file, block, (size_t)n) == n, "write");
}

static void transfer(struct floor_job *job)
{
    int file = tls_file(job);
    SSL *ssl = tls_take(job->data, job->store);
    BIO *records = NULL;

    if (job->store)
        store(file, ssl);
    else
        fetch(file, ssl, &records);
    close(file);
    tls_end(job, ssl, records);
    job->units++;
}

int main(int argc, char **argv)
{
    struct floor f = { .unit = "files", .transfer = transfer };

    return tls_main(&f, argc, argv);
}
