/* err: errno values in a few plain words, for replies, pages and messages. Called wherever a -errno
 * reaches a person. A table of our own, because strerror is not safe in every thread, speaks the
 * machine's language, and says "Is a directory" to people who see folders. Owns nothing, cannot fail:
 * what has no row is an "internal error", with no number, since clients are told nothing about the
 * machine. */
#include <errno.h>
#include <stddef.h>

#include "base/err.h"

static const char *const texts[] = {
    [0] = "done",
    [EPERM] = "not permitted",
    [ENOENT] = "no such file or folder",
    [EINTR] = "interrupted",
    [EIO] = "the disk or the connection failed",
    [ENXIO] = "no such device",
    [E2BIG] = "too long",
    [EBADF] = "not open",
    [EAGAIN] = "not ready, try again",
    [ENOMEM] = "out of memory",
    [EACCES] = "permission denied",
    [EFAULT] = "internal error",
    [EBUSY] = "in use",
    [EEXIST] = "already exists",
    [EXDEV] = "on another file system",
    [ENODEV] = "no such device",
    [ENOTDIR] = "not a folder",
    [EISDIR] = "is a folder",
    [EINVAL] = "not valid",
    [ENFILE] = "too many open files on this machine",
    [EMFILE] = "too many open files",
    [ETXTBSY] = "in use",
    [EFBIG] = "file too large",
    [ENOSPC] = "no space left",
    [ESPIPE] = "not a file with positions",
    [EROFS] = "read-only",
    [EMLINK] = "too many links",
    [EPIPE] = "the other side closed the connection",
    [EDOM] = "out of range",
    [ERANGE] = "out of range",
    [EDEADLK] = "in use",
    [ENAMETOOLONG] = "name too long",
    [ENOSYS] = "not available here",
    [ENOTEMPTY] = "folder not empty",
    [ELOOP] = "too many symbolic links",
    [ENODATA] = "nothing there",
    [ETIME] = "timed out",
    [EPROTO] = "protocol error",
    [EBADMSG] = "malformed message",
    [EOVERFLOW] = "number too large",
    [EILSEQ] = "malformed text",
    [EUSERS] = "too many users",
    [ENOTSOCK] = "not a connection",
    [EMSGSIZE] = "message too long",
    [EPROTONOSUPPORT] = "protocol not supported",
    [EOPNOTSUPP] = "not supported",
    [EAFNOSUPPORT] = "network not supported",
    [EADDRINUSE] = "address in use",
    [EADDRNOTAVAIL] = "no such address on this machine",
    [ENETDOWN] = "network down",
    [ENETUNREACH] = "network unreachable",
    [ENETRESET] = "connection lost",
    [ECONNABORTED] = "connection aborted",
    [ECONNRESET] = "connection reset",
    [ENOBUFS] = "out of memory for the network",
    [EISCONN] = "already connected",
    [ENOTCONN] = "not connected",
    [ETIMEDOUT] = "timed out",
    [ECONNREFUSED] = "connection refused",
    [EHOSTDOWN] = "host down",
    [EHOSTUNREACH] = "host unreachable",
    [EALREADY] = "already under way",
    [EINPROGRESS] = "under way",
    [ESTALE] = "file vanished",
    [EDQUOT] = "quota exceeded",
    [ECANCELED] = "cancelled",
    [EKEYREJECTED] = "refused",
};

const char *err_text(int err)
{
    unsigned n = err < 0 ? 0u - (unsigned)err : (unsigned)err;

    if (n >= sizeof texts / sizeof *texts || !texts[n])
        return "internal error";
    return texts[n];
}
