/* locale: in which language people are spoken to. */
#ifndef DRAY_SYS_LOCALE_H
#define DRAY_SYS_LOCALE_H

/* For the first line of main. Names are UTF-8 also where the environment says nothing, or names a locale that is not installed; the
 * language is the environment's (LANGUAGE, LC_ALL, LC_MESSAGES, LANG) as far as there is a catalogue: po/ beside the program, which
 * is how it is built, else the installed one. */
void locale_begin(void);

/* From now on in English: what programs read. */
void locale_plain(void);

#endif
