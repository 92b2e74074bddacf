/* say: sentences for people, in their language (gettext). Without a catalogue, or in the C locale, they come out as written. */
#ifndef DRAY_BASE_SAY_H
#define DRAY_BASE_SAY_H

#include <libintl.h>

/* Here and now. */
#define _(text) gettext(text) /* NOLINT(bugprone-reserved-identifier,cert-*): the name by which everybody knows it */
/* In a table: whoever prints it says _(row->text). */
#define N_(text) text

#endif
