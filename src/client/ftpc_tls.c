/* ftpc_tls: TLS on the client's connections. Called before the login and at each transfer; what it begins belongs to the streams.
 * Fails as ftpc.h says; a handshake of the control connection that fails is its end. RFC 4217. */
#include <errno.h>

#include "base/cleanup.h"
#include "client/ftpc_impl.h"

int ftpc_auth(struct ftpc *ftp)
{
    int code = ftpc_ask(ftp, "AUTH", SPAN("TLS"));

    TRY(code);
    return code == 234 ? 0 : -EACCES;
}

int ftpc_starttls(struct ftpc *ftp, const struct tls_client *tls, const char *host)
{
    int rc;

    io_deadline(ftp->io, rt_after(ftp->task, ftp->how.patience));
    rc = io_starttls_client(ftp->io, tls, NULL, host);
    if (rc == 0)
        rc = io_handshake(ftp->io);
    if (rc == 0) {
        ftp->tls = tls;
        ftp->host = host;
        return 0;
    }
    ftp->lost = true;
    ftp->cause = rc;
    return rc;
}

int ftpc_peer(const struct ftpc *ftp, struct tls_peer *out)
{
    return io_tls_peer(ftp->io, out);
}

bool ftpc_is_tls(const struct ftpc *ftp)
{
    return ftp->tls;
}

bool ftpc_is_protected(const struct ftpc *ftp)
{
    return ftp->protect;
}

/* Whoever answers there must be whom the control connection leads to. */
int ftpc_shake_data(struct ftpc *ftp, struct io *data)
{
    int rc;

    if (!ftp->protect)
        return 0;
    io_deadline(data, rt_after(ftp->task, ftp->how.patience));
    rc = io_starttls_client(data, ftp->tls, ftp->fresh_tls ? NULL : ftp->io, ftp->host);
    if (rc == 0)
        rc = io_handshake(data);
    if (rc < 0 && rc != -EPROTO)
        return ftpc_data_failed(rc);
    return rc == 0 && io_tls_same_peer(data, ftp->io) ? 0 : -EPROTO;
}

/* Only a clean end says that all of it was handed over. With TLS the server may have said something that nobody has read (a
 * ticket): that is read away, or the close would be a reset, and cost the server what is still on its way. */
int ftpc_close_sent(struct ftpc *ftp, struct io **data)
{
    int rc = ftp->protect ? io_close_politely(data) : io_close(data);

    return rc == 0 || rc == -ECANCELED ? rc : -EPIPE;
}
