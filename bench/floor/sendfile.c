/* floor_sendfile: a large file by blocking sendfile calls of a MiB. The floor of a bulk download, of one stream or
 * several: each has a thread. */
#include "floor.h"

#include <fcntl.h>
#include <sys/sendfile.h>
#include <unistd.h>

static void fetch(struct floor_job *job)
{
    int file = openat(job->folder, job->name, O_RDONLY | O_CLOEXEC);
    ssize_t n;

    floor_need(file >= 0, job->name);
    FLOOR_SAY(job->control, "150 Here it comes.");
    while ((n = sendfile(job->data, file, NULL, FLOOR_BLOCK)) > 0)
        job->units += (uint64_t)n;
    floor_need(n == 0, "sendfile");
    close(file);
    close(job->data);
    FLOOR_SAY(job->control, "226 Done.");
}

int main(int argc, char **argv)
{
    static const struct floor f = { .unit = "bytes", .transfer = fetch, .threads = true };

    return floor_main(&f, argc, argv);
}
