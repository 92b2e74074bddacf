/* floor_recv_write: recv and write with a buffer of a MiB, into a new file. The floor of a bulk upload, of one
 * stream or several: each has a thread. */
#include "floor.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

static void store(struct floor_job *job)
{
    int file = openat(job->folder, job->name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    char *block = malloc(FLOOR_BLOCK);
    ssize_t n;

    floor_need(file >= 0 && block, job->name);
    FLOOR_SAY(job->control, "150 Let it come.");
    while ((n = recv(job->data, block, FLOOR_BLOCK, 0)) > 0) {
        floor_need(write(file, block, (size_t)n) == n, job->name);
        job->units += (uint64_t)n;
    }
    floor_need(n == 0, "recv");
    free(block);
    close(file);
    close(job->data);
    FLOOR_SAY(job->control, "226 Done.");
}

int main(int argc, char **argv)
{
    static const struct floor f = { .unit = "bytes", .transfer = store, .threads = true };

    return floor_main(&f, argc, argv);
}
