#pragma once
#include <archive.h>
#include <archive_entry.h>
#include <locale.h>
#include <zlib.h>

// inflateInit2 is a macro. Bits (zlib.h): 16 + MAX_WBITS selects gzip and MAX_WBITS zlib, both with header and trailer checks;
// -MAX_WBITS is deflate alone.
static inline int shim_inflate_init(z_streamp stream, int bits) { return inflateInit2(stream, bits); }

// libarchive converts names with the locale's character set; a thread-specific locale leaves the process's unchanged.
static inline void shim_thread_uses_utf8(void) {
    static locale_t utf8;
    locale_t found = __atomic_load_n(&utf8, __ATOMIC_ACQUIRE);
    if (!found) {
        found = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0);
        if (found) __atomic_store_n(&utf8, found, __ATOMIC_RELEASE);
    }
    if (found) uselocale(found);
}
