/* io: a buffered byte stream with a deadline. A socket, or TLS over one; memory and fault streams would look the same from here.
 *
 * A stream belongs to one task. Reads and writes wait no longer than the stream's deadline (io_deadline; RT_NEVER at first)
 * and fail with -errno: -ETIMEDOUT, -ECANCELED, -EPIPE/-ECONNRESET (the peer is gone), -EINTR (see io_hear).
 * The first write error sticks and is what io_close returns. */
#ifndef DRAY_IO_IO_H
#define DRAY_IO_IO_H

#include "base/span.h"
#include "io/tls.h"
#include "rt/rt.h"

struct io;

/* Takes over a connected, non-blocking socket, also on failure (-ENOMEM; the socket is closed then). */
int io_socket(struct rt_task *task, int fd, struct io **out);

void io_deadline(struct io *io, int64_t when);

/* While `io` waits, input on `control` interrupts it with -EINTR; NULL stops that. Bytes that `control` has buffered
 * already do not count: the caller has seen those. */
void io_hear(struct io *io, struct io *control);
/* The descriptor that is heard, for rt_turn, or -1. */
int io_hearing(const struct io *io);

/* The next line without its line end (LF, or CRLF), as a writable view that lives until the next read on io. At the end of
 * the stream a last line without a line end is dropped. Lines longer than max (at most IO_LINE_MAX): -EMSGSIZE once, after
 * the whole line was thrown away. End of stream: -ENODATA. */
int io_line(struct io *io, size_t max, char **line, size_t *len);
enum { IO_LINE_MAX = 8192 };

/* Is a whole line buffered, so that io_line would not wait? */
bool io_has_line(const struct io *io);
/* A view of the next line if one is buffered, without taking it; false if not. */
bool io_peek_line(const struct io *io, struct span *line);
/* A view of all that is buffered, without taking it. */
struct span io_peek(const struct io *io);
/* Receives what is there without waiting: 0 when something came or nothing is there (-EAGAIN is not an error here), -ENODATA
 * at the end of the stream, -ENOBUFS when the buffer is full. */
int io_fill_now(struct io *io);

/* Up to len bytes, at least one; 0 at the end of the stream. */
ssize_t io_read(struct io *io, void *buf, size_t len);

/* Waits until io_read_now has something to say. */
int io_await_input(struct io *io);
/* What is there, up to len, without waiting: 0 at the end of the stream, -EAGAIN when that is nothing. */
ssize_t io_read_now(struct io *io, void *buf, size_t len);

/* Into the output buffer, which flushes when it is full. */
int io_put(struct io *io, struct span s);
/* Sends what is buffered. Whoever is about to wait for the peer's answer flushes first. */
int io_flush(struct io *io);
/* All of it, past the buffer (flushed first). -EINTR loses nothing: *done says how much went. */
int io_write(struct io *io, const void *buf, size_t len, size_t *done);
/* Who is about to pause: what was written and waits for company (little, over TLS) leaves before. -EINTR loses nothing. */
int io_let_go(struct io *io);
/* Waits until io_write_now can send something. */
int io_await_room(struct io *io);
/* What goes without waiting, up to len, past the buffer (flushed first): -EAGAIN when that is nothing. */
ssize_t io_write_now(struct io *io, const void *buf, size_t len);
/* Up to len bytes of a file from *off, which moves on; zero-copy where it can be. 0: the file ended. */
ssize_t io_sendfile(struct io *io, int file, int64_t *off, size_t len);

/* Orderly end: flushes, then says so to the peer, then frees. *io becomes NULL. 0, or the first error of the stream: only 0
 * means that every byte was handed over. */
int io_close(struct io **io);
/* io_close for the control connection of a server: also reads away, without waiting long, what the peer still sends, so
 * that a last reply is not destroyed by a reset. */
int io_close_politely(struct io **io);
/* At once, without flushing: the peer sees a reset where data was lost. For CLEANUP; NULL is fine. */
void io_abort(struct io **io);

int io_fd(const struct io *io);

/* ---- TLS, our side being the server (io_tls.c) ---- */

/* From here on the stream speaks TLS; what it had buffered in the clear is thrown away. `control` (NULL: io is one itself): the
 * stream whose data connection this is; only its TLS session can be resumed then, and the rules hold. May wait, for files that have
 * changed. -ENOMEM: nothing changed. */
int io_starttls(struct io *io, struct tls *tls, const struct io *control, struct tls_rules rules);
/* Shakes hands, before anything else is said. -EINTR loses nothing: call again. Any other failure ends the stream: -EPROTO,
 * -EKEYREJECTED (it had to resume a session and did not), -ENETRESET (the peer left), or what waiting and sending say. */
int io_handshake(struct io *io);
bool io_is_tls(const struct io *io);
/* What was agreed on: "TLSv1.3 TLS_AES_128_GCM_SHA256", and ", resumed" if so. */
void io_tls_print(const struct io *io, struct buf *b);
/* Did the peer show a certificate that was vouched for, in that name: its common name, or an e-mail address among the others? */
bool io_peer_is(const struct io *io, struct span name);
/* Did the stream end without TLS being told (close_notify)? Then somebody may have cut it, though between two records: an end
 * within one is the error -ENETRESET. */
bool io_truncated(const struct io *io);

#endif
