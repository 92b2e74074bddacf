/* http_type: what a file is, by the end of its name: browsers are told not to guess. What is not here is bytes. Text is UTF-8. */
#include "proto/http/http.h"

static const struct {
    const char *end, *type;
} types[] = {
    { "txt", "text/plain; charset=utf-8" }, { "md", "text/plain; charset=utf-8" }, { "log", "text/plain; charset=utf-8" },
    { "c", "text/plain; charset=utf-8" }, { "h", "text/plain; charset=utf-8" }, { "py", "text/plain; charset=utf-8" },
    { "sh", "text/plain; charset=utf-8" }, { "conf", "text/plain; charset=utf-8" }, { "ini", "text/plain; charset=utf-8" },
    { "yml", "text/plain; charset=utf-8" }, { "yaml", "text/plain; charset=utf-8" }, { "csv", "text/csv; charset=utf-8" },
    { "html", "text/html; charset=utf-8" }, { "htm", "text/html; charset=utf-8" }, { "css", "text/css; charset=utf-8" },
    { "js", "text/javascript; charset=utf-8" }, { "mjs", "text/javascript; charset=utf-8" }, { "json", "application/json" },
    { "xml", "text/xml; charset=utf-8" }, { "vtt", "text/vtt; charset=utf-8" }, { "png", "image/png" }, { "jpg", "image/jpeg" },
    { "jpeg", "image/jpeg" }, { "gif", "image/gif" }, { "webp", "image/webp" }, { "avif", "image/avif" }, { "svg", "image/svg+xml" },
    { "ico", "image/x-icon" }, { "bmp", "image/bmp" }, { "tif", "image/tiff" }, { "tiff", "image/tiff" }, { "heic", "image/heic" },
    { "mp4", "video/mp4" }, { "m4v", "video/mp4" }, { "webm", "video/webm" }, { "mkv", "video/x-matroska" }, { "mov", "video/quicktime" },
    { "avi", "video/x-msvideo" }, { "ogv", "video/ogg" }, { "mp3", "audio/mpeg" }, { "m4a", "audio/mp4" }, { "aac", "audio/aac" },
    { "ogg", "audio/ogg" }, { "oga", "audio/ogg" }, { "opus", "audio/ogg" }, { "flac", "audio/flac" }, { "wav", "audio/wav" },
    { "pdf", "application/pdf" }, { "zip", "application/zip" }, { "gz", "application/gzip" }, { "tgz", "application/gzip" },
    { "xz", "application/x-xz" }, { "zst", "application/zstd" }, { "bz2", "application/x-bzip2" }, { "7z", "application/x-7z-compressed" },
    { "tar", "application/x-tar" }, { "epub", "application/epub+zip" }, { "wasm", "application/wasm" }, { "woff2", "font/woff2" },
    { "woff", "font/woff" }, { "ttf", "font/ttf" }, { "otf", "font/otf" },
};

const char *http_type(struct span name)
{
    struct span end = span_from(name, (size_t)(span_rfind(name, '.') + 1));

    for (size_t i = 0; i < sizeof types / sizeof *types && end.len < name.len; i++)
        if (span_ieq(end, span_of(types[i].end)))
            return types[i].type;
    return "application/octet-stream";
}
