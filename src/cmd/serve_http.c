/* serve_http: the port for browsers, as the operator says. Called by serve.c. Fails with a sentence on standard error and -EINVAL. */
#include <string.h>

#include "cmd/serve_impl.h"

enum { HTTP_PORT = 8080 };

int serve_http_port(const struct conf *c, uint16_t *port)
{
    uint64_t n = HTTP_PORT;

    if (c->http && strcmp(c->http, "off") != 0 && span_u64(span_of(c->http), 65535, &n) < 0)
        return serve_complain("--http: \"%s\" is neither a port number nor off", c->http);
    *port = (uint16_t)n;
    return 0;
}
