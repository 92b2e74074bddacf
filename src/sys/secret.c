/* secret: crypt(3) of libxcrypt (see secret.h). Called by auth/ where blocking stops nobody, and by `dray user`. Owns nothing
 * for longer than a call: the library's state, which has seen the password, is wiped. */
#include "sys/secret.h"

#include <crypt.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"

static const char METHOD[] = "$y$"; /* yescrypt */

static void wipe_state(struct crypt_data **d)
{
    if (*d)
        explicit_bzero(*d, sizeof **d);
    free(*d);
    *d = NULL;
}

static void wipe_text(char **text)
{
    if (*text)
        explicit_bzero(*text, strlen(*text));
    free(*text);
    *text = NULL;
}

static int hash(struct span password, const char *setting, char out[SECRET_HASH])
{
    CLEANUP(wipe_state) struct crypt_data *d = calloc(1, sizeof *d);
    CLEANUP(wipe_text) char *text = span_dup(password);
    const char *made;

    if (!d || !text)
        return -ENOMEM;
    made = crypt_rn(text, setting, d, sizeof *d);
    if (!made || strlen(made) >= SECRET_HASH)
        return -EINVAL;
    strcpy(out, made);
    return 0;
}

static bool is_usable(struct span password)
{
    return password.len && password.len <= SECRET_MOST && !memchr(password.at, 0, password.len);
}

int secret_setting(char out[SECRET_HASH])
{
    return crypt_gensalt_rn(METHOD, 0, NULL, 0, out, SECRET_HASH) ? 0 : -EINVAL;
}

int secret_hash(struct span password, char out[SECRET_HASH])
{
    char setting[SECRET_HASH];

    if (!is_usable(password))
        return -EINVAL;
    TRY(secret_setting(setting));
    return hash(password, setting, out);
}

/* A password that cannot be one costs as much as any other. */
bool secret_is(struct span password, const char *known)
{
    bool usable = is_usable(password);
    char made[SECRET_HASH] = "";
    size_t len = strlen(known);
    unsigned diff;

    if (hash(usable ? password : SPAN("?"), known, made) < 0)
        return false;
    diff = (unsigned)(len != strlen(made));
    for (size_t i = 0; i < len && i < sizeof made; i++)
        diff |= (unsigned char)(made[i] ^ known[i]);
    return usable && !diff;
}

/* The library answers what it does not understand in no time: a hash of one byte costs less than a yescrypt. */
bool secret_known(const char *known)
{
    int rc = crypt_checksalt(known);

    return rc == CRYPT_SALT_OK || rc == CRYPT_SALT_METHOD_LEGACY || rc == CRYPT_SALT_TOO_CHEAP;
}
