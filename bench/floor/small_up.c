/* floor_small_up: accept on a listener that was there before, open, recv until the end, write, close; 150 first, since the client
 * waits for it. The floor of a small upload. */
#include "floor.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

enum { BLOCK = 1024 };

static void store(struct floor_job *job)
{
    int file = openat(job->folder, job->name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    char block[BLOCK];
    ssize_t n;

    floor_need(file >= 0, job->name);
    FLOOR_SAY(job->control, "150 Let it come.");
    while ((n = recv(job->data, block, sizeof block, 0)) > 0)
        floor_need(write(file, block, (size_t)n) == n, job->name);
    floor_need(n == 0, "recv");
    close(file);
    close(job->data);
    FLOOR_SAY(job->control, "226 Done.");
    job->units++;
}

int main(int argc, char **argv)
{
    static const struct floor f = { .unit = "files", .transfer = store };

    return floor_main(&f, argc, argv);
}
