/* floor_small: a file of a page or less: accept on a listener that was there before, open, fstat, sendfile, close;
 * 150 and 226 in one packet. Two control packets each way. The floor of a small download. */
#include "floor.h"

#include <fcntl.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

static void fetch(struct floor_job *job)
{
    int file = openat(job->folder, job->name, O_RDONLY | O_CLOEXEC);
    struct stat st;

    floor_need(file >= 0 && fstat(file, &st) == 0, job->name);
    floor_need(sendfile(job->data, file, NULL, (size_t)st.st_size) == st.st_size, "sendfile");
    close(file);
    close(job->data);
    FLOOR_SAY(job->control, "150 Here it comes.\r\n226 Done.");
    job->units++;
}

int main(int argc, char **argv)
{
    static const struct floor f = { .unit = "files", .transfer = fetch };

    return floor_main(&f, argc, argv);
}
