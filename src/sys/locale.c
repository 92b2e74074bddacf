/* locale: see locale.h. Called by main, and by the verbs for JSON; owns nothing. Cannot fail: without locale or catalogue the sentences
 * come out in English. */
#include "sys/locale.h"

#include <libintl.h>
#include <locale.h>
#include <stdlib.h>
#include <unistd.h>

#include "sys/child.h"

/* The person asks for a language whose locale is not installed, as on small machines: the sentences are there all the same. */
static void choose_language(void)
{
    static const char *const names[] = { "LC_ALL", "LC_MESSAGES", "LANG" };
    const char *wish = NULL, *language = getenv("LANGUAGE");

    if (setlocale(LC_MESSAGES, ""))
        return;
    for (unsigned i = 0; i < sizeof names / sizeof *names && (!wish || !*wish); i++)
        wish = getenv(names[i]);
    if (wish && *wish && setlocale(LC_MESSAGES, "C.UTF-8"))
        setenv("LANGUAGE", wish, !language || !*language);
}

void locale_begin(void)
{
    char beside[1024];

    if (!setlocale(LC_CTYPE, "") || MB_CUR_MAX == 1)
        setlocale(LC_CTYPE, "C.UTF-8");
    choose_language();
    if (child_beside("po", beside, sizeof beside) < 0 || access(beside, R_OK | X_OK) < 0)
        bindtextdomain("dray", DRAY_LOCALEDIR);
    else
        bindtextdomain("dray", beside);
    bind_textdomain_codeset("dray", "UTF-8");
    textdomain("dray");
}

void locale_plain(void)
{
    setlocale(LC_MESSAGES, "C");
}
