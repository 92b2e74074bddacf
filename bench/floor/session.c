/* floor_session: connect, USER, PASS, PWD, QUIT with canned replies: five packets each way, an accept and a close. The floor of
 * a login. */
#include "floor.h"

#include <unistd.h>

static void refuse(struct floor *f, int control, int data, const char *name)
{
    (void)f;
    (void)name;
    close(data);
    FLOOR_SAY(control, "502 No files here.");
}

int main(int argc, char **argv)
{
    struct floor f = { .unit = "transfers", .transfer = refuse };

    return floor_main(&f, argc, argv);
}
