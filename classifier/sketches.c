/* Sketches of texts: the smallest hashes of their character triples.
 *
 * The plain twin in numpy is in text/sketches.py; the answers are the same to the last bit.
 */
#include "kernel.h"
#include <string.h>

#define HASHES 128

/* A number for three characters, as mixed as any hash; never 0, all of whose products are 0. */
static inline uint32_t hash_of(uint32_t first, uint32_t second, uint32_t third)
{
    uint64_t key = first | (uint64_t)second << 21 | (uint64_t)third << 42;
    key ^= key >> 33;
    key *= 0xFF51AFD7ED558CCDULL;
    key ^= key >> 33;
    key *= 0xC4CEB9FE1A85EC53ULL;
    uint32_t hash = (uint32_t)(key >> 32);
    return hash ? hash : 1;
}

FOR_EACH_CPU static void take_smaller(uint32_t *smallest, const uint32_t *factors, const uint32_t *hashes,
                                      Py_ssize_t count)
{
    /* Hashes in the outer loop: the smallest of 16 stay in registers while all triples pass. */
    for (Py_ssize_t at = 0; at < count; at++)
        for (int of = 0; of < HASHES; of++) {
            uint32_t value = hashes[at] * factors[of];
            smallest[of] = value < smallest[of] ? value : smallest[of];
        }
}

/* sketch(text, factors) -> for each of 128 odd factors the lower 16 bits of the smallest product with the hash of a
 * triple; the text itself is the only triple where it is shorter, and an empty one has a sketch of zeros */
PyObject *sketch(PyObject *self, PyObject *args)
{
    PyObject *text;
    Py_buffer factors;
    (void)self;
    if (!PyArg_ParseTuple(args, "Uy*", &text, &factors))
        return NULL;
    PyObject *result = NULL;
    Py_ssize_t length = PyUnicode_GET_LENGTH(text), count = length > 3 ? length - 2 : length > 0;
    uint32_t *hashes = NULL;
    if (factors.len != HASHES * sizeof(uint32_t))
        PyErr_SetString(PyExc_ValueError, "128 factors of 32 bits are expected");
    else if (!(hashes = borrow(count * sizeof(uint32_t))))
        PyErr_NoMemory();
    else {
        uint32_t smallest[HASHES];
        uint16_t lower[HASHES];
        int kind = PyUnicode_KIND(text);
        const void *data = PyUnicode_DATA(text);
        for (Py_ssize_t at = 0; at < count; at++) {
            uint32_t of[3];
            for (int next = 0; next < 3; next++)
                of[next] = at + next < length ? PyUnicode_READ(kind, data, at + next) : 0;
            hashes[at] = hash_of(of[0], of[1], of[2]);
        }
        memset(smallest, count ? 0xFF : 0, sizeof smallest);
        take_smaller(smallest, factors.buf, hashes, count);
        for (int of = 0; of < HASHES; of++)
            lower[of] = (uint16_t)smallest[of];
        result = PyBytes_FromStringAndSize((const char *)lower, sizeof lower);
    }
    if (hashes)
        give_back(hashes, count * sizeof(uint32_t));
    PyBuffer_Release(&factors);
    return result;
}
