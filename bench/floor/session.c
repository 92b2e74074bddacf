/* floor_session: connect, USER, PASS, PWD, QUIT with canned replies: five packets each way, an accept and a close.
 * The floor of a login. */
#include "floor.h"

#include <unistd.h>

static void refuse(struct floor_job *job)
{
    close(job->data);
    FLOOR_SAY(job->control, "502 No files here.");
}

int main(int argc, char **argv)
{
    static const struct floor f = { .unit = "transfers", .transfer = refuse };

    return floor_main(&f, argc, argv);
}
