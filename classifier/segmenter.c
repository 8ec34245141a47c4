/* The cut of greatest probability into the words of jieba's dictionary, without guessing of new words.
 *
 * The words are those of jieba-rs (and jieba) with HMM off: stretches of Chinese characters, letters, digits and a few
 * signs are cut by dynamic programming over a prefix tree, single letters and digits that are left are joined, white
 * space and all else stands alone. The plain twin is rjieba; see segmentation.py.
 */
#include "kernel.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define DIRECT 0x10000 /* code points whose first node is looked up by an array */
#define NODE_BITS 22
#define NO_WORD_ENDS 0

/* A prefix tree of words. Node 0 is the root; a slot holds (parent << 21 | code point) << 22 | child, 0 for none. */
typedef struct {
    uint64_t *slots;
    uint64_t mask;
    uint32_t *first;
    uint16_t *weight;  /* by node: a place in weights, NO_WORD_ENDS where no word ends */
    double *weights;   /* logarithms of the words' probabilities */
    double unknown;    /* that of a character in no word */
    uint32_t n_nodes;
} Dictionary;

static const char *DICTIONARY = "classifier.kernel.dictionary";

static void dictionary_free(Dictionary *dictionary)
{
    if (!dictionary)
        return;
    free(dictionary->slots);
    free(dictionary->first);
    free(dictionary->weight);
    free(dictionary->weights);
    free(dictionary);
}

static void dictionary_drop(PyObject *capsule)
{
    dictionary_free(PyCapsule_GetPointer(capsule, DICTIONARY));
}

static inline uint64_t branch(uint32_t parent, uint32_t code)
{
    return (uint64_t)parent << 21 | code;
}

static inline uint32_t child_of(const Dictionary *dictionary, uint32_t parent, uint32_t code)
{
    uint64_t key = branch(parent, code), slot = spread(key) & dictionary->mask, held;
    while ((held = dictionary->slots[slot]) != 0) {
        if (held >> NODE_BITS == key)
            return held & ((1u << NODE_BITS) - 1);
        slot = (slot + 1) & dictionary->mask;
    }
    return 0;
}

static inline uint32_t first_of(const Dictionary *dictionary, uint32_t code)
{
    return code < DIRECT ? dictionary->first[code] : child_of(dictionary, 0, code);
}

/* Return the child, made where there is none yet. */
static uint32_t grow(Dictionary *dictionary, uint32_t parent, uint32_t code)
{
    uint32_t node = parent == 0 ? first_of(dictionary, code) : child_of(dictionary, parent, code);
    if (node)
        return node;
    node = ++dictionary->n_nodes;
    if (parent == 0 && code < DIRECT)
        dictionary->first[code] = node;
    else {
        uint64_t key = branch(parent, code), slot = spread(key) & dictionary->mask;
        while (dictionary->slots[slot])
            slot = (slot + 1) & dictionary->mask;
        dictionary->slots[slot] = key << NODE_BITS | node;
    }
    return node;
}

static const uint8_t *next_code(const uint8_t *at, const uint8_t *end, uint32_t *code)
{
    int more = *at < 0x80 ? 0 : *at < 0xE0 ? 1 : *at < 0xF0 ? 2 : 3;
    *code = more ? *at & (0x3F >> more) : *at;
    for (at++; more && at < end; more--, at++)
        *code = *code << 6 | (*at & 0x3F);
    return at;
}

/* Add each line `word frequency …` of the table; returns the sum of the frequencies, or -1 where there are too many.
 * `frequency` is, by node, 1 + that of the word that ends there. */
static double plant(Dictionary *dictionary, const uint8_t *at, const uint8_t *end, uint32_t *frequency, uint32_t most)
{
    double total = 0;
    while (at < end) {
        uint32_t node = 0, code, count = 0;
        while (at < end && *at != ' ' && *at != '\n') {
            at = next_code(at, end, &code);
            node = grow(dictionary, node, code);
            if (node >= most)
                return -1;
        }
        for (at += at < end && *at == ' '; at < end && *at >= '0' && *at <= '9'; at++)
            count = count * 10 + (*at - '0');
        if (node) {
            frequency[node] = count + 1;
            total += count;
        }
        while (at < end && *at++ != '\n')
            ;
    }
    return total;
}

static int compare(const void *left, const void *right)
{
    uint32_t a = *(const uint32_t *)left, b = *(const uint32_t *)right;
    return a < b ? -1 : a > b;
}

/* Give each node the number of its word's weight: words are many, different frequencies few. */
static int weigh(Dictionary *dictionary, const uint32_t *frequency, double total)
{
    uint32_t n_nodes = dictionary->n_nodes + 1, n_values = 0;
    uint32_t *values = malloc(n_nodes * sizeof(uint32_t));
    if (!values)
        return -1;
    memcpy(values, frequency, n_nodes * sizeof(uint32_t));
    qsort(values, n_nodes, sizeof(uint32_t), compare);
    for (uint32_t at = 0; at < n_nodes; at++)
        if (at == 0 || values[at] != values[n_values - 1])
            values[n_values++] = values[at];
    /* The first value is that of the root: no word ends there. */
    dictionary->weight = malloc(n_nodes * sizeof(uint16_t));
    dictionary->weights = malloc(n_values * sizeof(double));
    if (dictionary->weight && dictionary->weights && n_values <= UINT16_MAX) {
        for (uint32_t at = 1; at < n_values; at++)
            dictionary->weights[at] = log((double)(values[at] - 1)) - log(total);
        for (uint32_t at = 0; at < n_nodes; at++) {
            uint32_t *place = bsearch(&frequency[at], values, n_values, sizeof(uint32_t), compare);
            dictionary->weight[at] = (uint16_t)(place - values);
        }
        dictionary->unknown = log(1.0) - log(total);
    }
    free(values);
    return dictionary->weight && dictionary->weights && n_values <= UINT16_MAX ? 0 : -1;
}

/* make_dictionary(bytes of lines `word frequency …` in UTF-8) -> dictionary */
PyObject *make_dictionary(PyObject *self, PyObject *args)
{
    Py_buffer table;
    (void)self;
    if (!PyArg_ParseTuple(args, "y*", &table))
        return NULL;
    PyObject *capsule = NULL;
    uint64_t size = 16;
    /* A line has four bytes of word, number and tag for each new prefix at least. */
    while (size < (uint64_t)table.len / 4)
        size *= 2;
    uint32_t most = size < 1u << 21 ? (uint32_t)size : 1u << 21;
    uint32_t *frequency = calloc(most + 1, sizeof(uint32_t));
    Dictionary *dictionary = calloc(1, sizeof(Dictionary));
    if (frequency && dictionary) {
        dictionary->mask = size - 1;
        dictionary->slots = calloc(size, sizeof(uint64_t));
        dictionary->first = calloc(DIRECT, sizeof(uint32_t));
        double total = -1;
        if (dictionary->slots && dictionary->first)
            total = plant(dictionary, table.buf, (const uint8_t *)table.buf + table.len, frequency, most);
        if (total > 0 && weigh(dictionary, frequency, total) == 0)
            capsule = PyCapsule_New(dictionary, DICTIONARY, dictionary_drop);
        else
            PyErr_SetString(PyExc_ValueError, "no dictionary: lines of word, frequency and tag are expected");
    } else
        PyErr_NoMemory();
    free(frequency);
    if (!capsule)
        dictionary_free(dictionary);
    PyBuffer_Release(&table);
    return capsule;
}

static inline int is_in_words(uint32_t code)
{
    if (code < 0x80)
        return (code >= '0' && code <= '9') || (code >= 'a' && code <= 'z') || (code >= 'A' && code <= 'Z') ||
               code == '+' || code == '#' || code == '&' || code == '.' || code == '_' || code == '%' || code == '-';
    return (code >= 0x4E00 && code <= 0x9FFF) || (code >= 0x3400 && code <= 0x4DBF) ||
           (code >= 0xF900 && code <= 0xFAFF) || (code >= 0x20000 && code <= 0x2A6DF) ||
           (code >= 0x2A700 && code <= 0x2EBEF) || (code >= 0x2F800 && code <= 0x2FA1F);
}

static inline int is_plain_letter(uint32_t code)
{
    return (code >= '0' && code <= '9') || (code >= 'a' && code <= 'z') || (code >= 'A' && code <= 'Z');
}

#define AHEAD 8

/* Find, from the last character to the first, where the best word that begins there ends; of equal ones the longer. */
static void find_route(const Dictionary *dictionary, const uint32_t *codes, Py_ssize_t begin, Py_ssize_t end,
                       double *score, int32_t *next)
{
    score[end] = 0;
    for (Py_ssize_t at = end - 1; at >= begin; at--) {
        if (at - AHEAD >= begin)
            __builtin_prefetch(&dictionary->slots[spread(branch(first_of(dictionary, codes[at - AHEAD]),
                                                                codes[at - AHEAD + 1])) & dictionary->mask]);
        double best = dictionary->unknown + score[at + 1];
        Py_ssize_t stop = at + 1;
        int any = 0;
        uint32_t node = first_of(dictionary, codes[at]);
        for (Py_ssize_t to = at + 1; node; to++) {
            uint16_t weight = dictionary->weight[node];
            if (weight != NO_WORD_ENDS) {
                double here = dictionary->weights[weight] + score[to];
                if (!any || here >= best) {
                    best = here;
                    stop = to;
                }
                any = 1;
            }
            node = to < end ? child_of(dictionary, node, codes[to]) : 0;
        }
        score[at] = best;
        next[at] = (int32_t)stop;
    }
}

/* Write where the words of a stretch end; single letters and digits that follow each other are one word. */
static int32_t *follow_route(const uint32_t *codes, Py_ssize_t begin, Py_ssize_t end, const int32_t *next, int32_t *ends)
{
    for (Py_ssize_t at = begin; at < end;) {
        Py_ssize_t stop = next[at];
        if (stop == at + 1 && is_plain_letter(codes[at]))
            while (stop < end && next[stop] == stop + 1 && is_plain_letter(codes[stop]))
                stop++;
        *ends++ = (int32_t)stop;
        at = stop;
    }
    return ends;
}

/* cut(dictionary, text) -> int32 ends of the words of text */
PyObject *cut(PyObject *self, PyObject *args)
{
    PyObject *capsule, *text;
    (void)self;
    if (!PyArg_ParseTuple(args, "OU", &capsule, &text))
        return NULL;
    Dictionary *dictionary = PyCapsule_GetPointer(capsule, DICTIONARY);
    if (!dictionary)
        return NULL;
    Py_ssize_t length = PyUnicode_GET_LENGTH(text);
    size_t need = (length + 1) * (sizeof(double) + 3 * 4);
    double *score = borrow(need);
    if (!score)
        return PyErr_NoMemory();
    int32_t *next = (int32_t *)(score + length + 1), *ends = next + length + 1, *last = ends;
    uint32_t *codes = (uint32_t *)(ends + length + 1);
    int kind = PyUnicode_KIND(text);
    const void *data = PyUnicode_DATA(text);
    for (Py_ssize_t at = 0; at < length; at++)
        codes[at] = PyUnicode_READ(kind, data, at);
    for (Py_ssize_t at = 0; at < length;) {
        Py_ssize_t stop = at;
        while (stop < length && is_in_words(codes[stop]))
            stop++;
        if (stop > at) {
            find_route(dictionary, codes, at, stop, score, next);
            last = follow_route(codes, at, stop, next, last);
        } else {
            stop = at + 1 + (codes[at] == '\r' && at + 1 < length && codes[at + 1] == '\n');
            *last++ = (int32_t)stop;
        }
        at = stop;
    }
    PyObject *result = PyBytes_FromStringAndSize((const char *)ends, (last - ends) * 4);
    give_back(score, need);
    return result;
}
