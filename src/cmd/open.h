/* open: the subcommand `dray open [HOST[:PORT]]`, the menu client. */
#ifndef DRAY_CMD_OPEN_H
#define DRAY_CMD_OPEN_H

/* argv[0] is "open". Returns the exit code:
 *
 * 0   done                                5  not found on the server 2   wrong usage, no such choice         6
 * refused by the server 3   cannot connect                      7  a file or disk of this computer 4   login refused
 * 9  transfer not whole, or connection lost 130 interrupted (Ctrl-C, SIGTERM, SIGHUP)
 *
 * (8, TLS, and 10, verification, are kept for later.) When commands come from a pipe, every line is carried out and
 * the code is that of the first one that failed; at a terminal the person has seen each failure, and the code is 0
 * after quit, 9 when the connection was lost, 130 after Ctrl-C twice. */
int cmd_open(int argc, char **argv);

#endif
