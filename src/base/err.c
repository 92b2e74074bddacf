/* err: errno values in a few plain words, for replies, pages and messages. Called wherever a -errno
 * reaches a person. A table of our own, because strerror is not safe in every thread, speaks the
 * machine's language, and says "Is a directory" to people who see folders. Owns nothing, cannot fail:
 * what has no row is an "internal error", with no number, since clients are told nothing about the
 * machine. The words are English, as what goes to clients is; who tells a person says _(err_text(rc)). */
#include <errno.h>
#include <stddef.h>

#include "base/err.h"
#include "base/say.h"

static const char *const texts[] = {
    [0] = N_("done"),
    [EPERM] = N_("not permitted"),
    [ENOENT] = N_("no such file or folder"),
    [EINTR] = N_("interrupted"),
    [EIO] = N_("the disk or the connection failed"),
    [ENXIO] = N_("no such device"),
    [E2BIG] = N_("too long"),
    [EBADF] = N_("not open"),
    [EAGAIN] = N_("not ready, try again"),
    [ENOMEM] = N_("out of memory"),
    [EACCES] = N_("permission denied"),
    [EFAULT] = N_("internal error"),
    [EBUSY] = N_("in use"),
    [EEXIST] = N_("already exists"),
    [EXDEV] = N_("on another file system"),
    [ENODEV] = N_("no such device"),
    [ENOTDIR] = N_("not a folder"),
    [EISDIR] = N_("is a folder"),
    [EINVAL] = N_("not valid"),
    [ENFILE] = N_("too many open files on this machine"),
    [EMFILE] = N_("too many open files"),
    [ETXTBSY] = N_("in use"),
    [EFBIG] = N_("file too large"),
    [ENOSPC] = N_("no space left"),
    [ESPIPE] = N_("not a file with positions"),
    [EROFS] = N_("read-only"),
    [EMLINK] = N_("too many links"),
    [EPIPE] = N_("the other side closed the connection"),
    [EDOM] = N_("out of range"),
    [ERANGE] = N_("out of range"),
    [EDEADLK] = N_("in use"),
    [ENAMETOOLONG] = N_("name too long"),
    [ENOSYS] = N_("not available here"),
    [ENOTEMPTY] = N_("folder not empty"),
    [ELOOP] = N_("too many symbolic links"),
    [ENODATA] = N_("nothing there"),
    [ETIME] = N_("timed out"),
    [EPROTO] = N_("protocol error"),
    [EBADMSG] = N_("malformed message"),
    [EOVERFLOW] = N_("number too large"),
    [EILSEQ] = N_("malformed text"),
    [EUSERS] = N_("too many users"),
    [ENOTSOCK] = N_("not a connection"),
    [EMSGSIZE] = N_("message too long"),
    [EPROTONOSUPPORT] = N_("protocol not supported"),
    [EOPNOTSUPP] = N_("not supported"),
    [EAFNOSUPPORT] = N_("network not supported"),
    [EADDRINUSE] = N_("address in use"),
    [EADDRNOTAVAIL] = N_("no such address on this machine"),
    [ENETDOWN] = N_("network down"),
    [ENETUNREACH] = N_("network unreachable"),
    [ENETRESET] = N_("connection lost"),
    [ECONNABORTED] = N_("connection aborted"),
    [ECONNRESET] = N_("connection reset"),
    [ENOBUFS] = N_("out of memory for the network"),
    [EISCONN] = N_("already connected"),
    [ENOTCONN] = N_("not connected"),
    [ETIMEDOUT] = N_("timed out"),
    [ECONNREFUSED] = N_("connection refused"),
    [EHOSTDOWN] = N_("host down"),
    [EHOSTUNREACH] = N_("host unreachable"),
    [EALREADY] = N_("already under way"),
    [EINPROGRESS] = N_("under way"),
    [ESTALE] = N_("file vanished"),
    [EDQUOT] = N_("quota exceeded"),
    [ECANCELED] = N_("cancelled"),
    [EKEYREJECTED] = N_("refused"),
};

const char *err_text(int err)
{
    unsigned n = err < 0 ? 0u - (unsigned)err : (unsigned)err;

    if (n >= sizeof texts / sizeof *texts || !texts[n])
        return N_("internal error");
    return texts[n];
}
