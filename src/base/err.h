/* err: what an errno value means to a person, in a few plain words. */
#ifndef DRAY_BASE_ERR_H
#define DRAY_BASE_ERR_H

/* Takes errno or -errno. The text is static, lower case, without a final stop; never NULL; safe in any thread. */
const char *err_text(int err);

#endif
