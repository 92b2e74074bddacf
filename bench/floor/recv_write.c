/* floor_recv_write: recv and write with a buffer of a MiB, into a new file. The floor of a bulk upload. Streams are served one
 * after another, whole. */
#include "floor.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

static void store(struct floor *f, int control, int data, const char *name)
{
    int file = openat(f->folder, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    ssize_t n;

    floor_need(file >= 0, name);
    FLOOR_SAY(control, "150 Let it come.");
    while ((n = recv(data, f->block, FLOOR_BLOCK, 0)) > 0) {
        floor_need(write(file, f->block, (size_t)n) == n, name);
        f->units += (double)n / (1 << 20);
    }
    floor_need(n == 0, "recv");
    close(file);
    close(data);
    FLOOR_SAY(control, "226 Done.");
}

int main(int argc, char **argv)
{
    struct floor f = { .unit = "MiB", .transfer = store };

    return floor_main(&f, argc, argv);
}
