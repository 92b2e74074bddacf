/* floor_sendfile: a large file by blocking sendfile calls of a MiB. The floor of a bulk download. Streams are served one after
 * another, whole. */
#include "floor.h"

#include <fcntl.h>
#include <sys/sendfile.h>
#include <unistd.h>

static void fetch(struct floor *f, int control, int data, const char *name)
{
    int file = openat(f->folder, name, O_RDONLY | O_CLOEXEC);
    ssize_t n;

    floor_need(file >= 0, name);
    FLOOR_SAY(control, "150 Here it comes.");
    while ((n = sendfile(data, file, NULL, FLOOR_BLOCK)) > 0)
        f->units += (double)n / (1 << 20);
    floor_need(n == 0, "sendfile");
    close(file);
    close(data);
    FLOOR_SAY(control, "226 Done.");
}

int main(int argc, char **argv)
{
    struct floor f = { .unit = "MiB", .transfer = fetch };

    return floor_main(&f, argc, argv);
}
