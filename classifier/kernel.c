/* The inner loops of reading and scoring a complaint: exchanging characters, counting n-grams, summing weights.
 *
 * Every function has a plain twin in Python that gives the same answers to the last bit; see features.py,
 * normalisation.py and model.py. Without a compiler the package works by those alone.
 */
#include "kernel.h"
#include "tables.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define UNKNOWN (-1)
#define NO_WORD (-2)
#define BLOCKS 3
#define GRID 1073741824.0 /* 2 ** 30: squares are summed as whole numbers, so that their order is of no account */

/* ---- a table of narrow keys: a slot of 64 bits holds key << bits | place + 1, 0 for none ---- */

typedef struct {
    uint64_t *slots;
    uint64_t mask;
    int bits;
} Packed;

static int packed_make(Packed *table, Py_ssize_t count)
{
    uint64_t size = 16;
    while (size * 2 < (uint64_t)count * 3)
        size *= 2;
    for (table->bits = 1; (uint64_t)count >> table->bits; table->bits++)
        ;
    table->mask = size - 1;
    table->slots = calloc(size, sizeof(uint64_t));
    return table->slots ? 0 : -1;
}

/* Tell whether keys below `limit` leave room for the places. */
static int packed_holds(const Packed *table, double limit)
{
    return limit <= ldexp(1, 64 - table->bits);
}

static void packed_add(Packed *table, uint64_t key, Py_ssize_t place)
{
    uint64_t slot = spread(key) & table->mask;
    while (table->slots[slot])
        slot = (slot + 1) & table->mask;
    table->slots[slot] = key << table->bits | (uint64_t)(place + 1);
}

static inline void packed_expect(const Packed *table, uint64_t key)
{
    __builtin_prefetch(&table->slots[spread(key) & table->mask]);
}

static inline int32_t packed_find(const Packed *table, uint64_t key)
{
    uint64_t slot = spread(key) & table->mask, held;
    while ((held = table->slots[slot]) != 0) {
        if (held >> table->bits == key)
            return (int32_t)(held & ((1ULL << table->bits) - 1)) - 1;
        slot = (slot + 1) & table->mask;
    }
    return -1;
}

/* ---- a vocabulary ---- */

#define CODE_BITS 21
#define CODES (1 << CODE_BITS)
#define CODE (CODES - 1)

/* Grams of one to three characters. The characters are numbered from 1, so that a gram is a narrow key: the numbers as
 * digits of a number to the base `n_letters`, 0 for the third of two. */
typedef struct {
    uint16_t *letter; /* by code point; 0 for one that is in no gram */
    int32_t *single;  /* by letter: place of the gram of this one alone, -1 for none */
    uint32_t n_letters;
    Packed longer;
    int closed; /* whether the parts of every gram are grams themselves */
} Grams;

static inline uint64_t gram_of(const Grams *grams, const uint16_t *letters, int size)
{
    return ((uint64_t)letters[0] * grams->n_letters + letters[1]) * grams->n_letters + (size > 2 ? letters[2] : 0);
}

static inline int32_t gram_find(const Grams *grams, const uint16_t *letters, int size)
{
    return size == 1 ? grams->single[letters[0]] : packed_find(&grams->longer, gram_of(grams, letters, size));
}

static int gram_split(const Grams *grams, uint64_t key, uint16_t *letters)
{
    uint32_t codes[3] = {key >> 2 * CODE_BITS & CODE, key >> CODE_BITS & CODE, key & CODE};
    int size = 0;
    for (int at = 0; at < 3; at++)
        if (size || codes[at])
            letters[size++] = grams->letter[codes[at]];
    return size;
}

/* Tell whether for each gram its first and its last characters but one are a gram as well. */
static int is_closed(const Grams *grams, const uint64_t *keys, Py_ssize_t count)
{
    uint16_t letters[3] = {0};
    for (Py_ssize_t at = 0; at < count; at++) {
        int size = gram_split(grams, keys[at], letters);
        if (size > 1 && (gram_find(grams, letters, size - 1) < 0 || gram_find(grams, letters + 1, size - 1) < 0))
            return 0;
    }
    return 1;
}

/* Returns -1 without memory, 0 where there are too many grams of too many characters for narrow keys, else 1. */
static int grams_make(Grams *grams, const uint64_t *keys, Py_ssize_t count)
{
    uint32_t n_letters = 1;
    grams->letter = calloc(CODES, sizeof(uint16_t));
    grams->single = malloc((UINT16_MAX + 1) * sizeof(int32_t));
    if (!grams->letter || !grams->single || packed_make(&grams->longer, count) < 0)
        return -1;
    memset(grams->single, 0xFF, (UINT16_MAX + 1) * sizeof(int32_t));
    for (Py_ssize_t at = 0; at < count; at++)
        for (uint64_t key = keys[at]; key; key >>= CODE_BITS)
            if (!grams->letter[key & CODE]) {
                if (n_letters == UINT16_MAX)
                    return 0;
                grams->letter[key & CODE] = (uint16_t)n_letters++;
            }
    grams->n_letters = n_letters;
    if (!packed_holds(&grams->longer, pow(n_letters, 3)))
        return 0;
    for (Py_ssize_t at = 0; at < count; at++) {
        uint16_t letters[3] = {0};
        int size = gram_split(grams, keys[at], letters);
        if (size == 1)
            grams->single[letters[0]] = (int32_t)at;
        else if (size)
            packed_add(&grams->longer, gram_of(grams, letters, size), at);
    }
    grams->closed = is_closed(grams, keys, count);
    return 1;
}

static void grams_free(Grams *grams)
{
    free(grams->letter);
    free(grams->single);
    free(grams->longer.slots);
}

/* Words: those of up to three characters by these, longer ones by a hash, compared with their characters. */
typedef struct {
    Table brief, lengthy;
    uint32_t *codes; /* of all words, one behind the other */
    uint32_t *begin; /* by word, and one more */
} Words;

#define BRIEF 3

static inline uint64_t key_of(const uint32_t *codes, Py_ssize_t size)
{
    uint64_t key = 0;
    if (size <= BRIEF)
        for (Py_ssize_t at = 0; at < size; at++)
            key = key << CODE_BITS | codes[at];
    else
        for (Py_ssize_t at = 0; at < size; at++)
            key = spread(key ^ codes[at]) + (uint64_t)at;
    return key;
}

static int32_t word_find(const Words *words, const uint32_t *codes, Py_ssize_t size)
{
    uint64_t key = key_of(codes, size);
    if (size <= BRIEF)
        return table_find(&words->brief, key);
    const Table *table = &words->lengthy;
    for (uint64_t slot = spread(key) & table->mask; table->slots[slot].place >= 0; slot = (slot + 1) & table->mask) {
        int64_t place = table->slots[slot].place;
        if (table->slots[slot].key == key && words->begin[place + 1] - words->begin[place] == size &&
            !memcmp(words->codes + words->begin[place], codes, size * sizeof(uint32_t)))
            return (int32_t)place;
    }
    return -1;
}

static int words_make(Words *words, PyObject *given)
{
    Py_ssize_t count = PyTuple_GET_SIZE(given), total = 0;
    for (Py_ssize_t one = 0; one < count; one++) {
        if (!PyUnicode_Check(PyTuple_GET_ITEM(given, one))) {
            PyErr_SetString(PyExc_TypeError, "words are strings");
            return -1;
        }
        total += PyUnicode_GET_LENGTH(PyTuple_GET_ITEM(given, one));
    }
    words->begin = malloc((count + 1) * sizeof(uint32_t));
    words->codes = malloc((total + 1) * sizeof(uint32_t));
    if (!words->begin || !words->codes || table_make(&words->brief, NULL, count) < 0 ||
        table_make(&words->lengthy, NULL, count) < 0) {
        PyErr_NoMemory();
        return -1;
    }
    uint32_t *codes = words->codes;
    for (Py_ssize_t one = 0; one < count; one++) {
        PyObject *word = PyTuple_GET_ITEM(given, one);
        Py_ssize_t size = PyUnicode_GET_LENGTH(word);
        for (Py_ssize_t at = 0; at < size; at++)
            codes[at] = PyUnicode_READ_CHAR(word, at);
        table_add(size <= BRIEF ? &words->brief : &words->lengthy, key_of(codes, size), one);
        words->begin[one] = (uint32_t)(codes - words->codes);
        codes += size;
    }
    words->begin[count] = (uint32_t)(codes - words->codes);
    return 0;
}

static void words_free(Words *words)
{
    table_free(&words->brief);
    table_free(&words->lengthy);
    free(words->codes);
    free(words->begin);
}

typedef struct {
    Grams characters, title;
    Words words;
    Packed pairs; /* of two words: number of the first * n_words + that of the second */
    float *idf;
    float *tf; /* 1 + ln(count), by count */
    Py_ssize_t n_features, n_tf, n_words;
    int32_t bounds[BLOCKS];
    double rare;
    double weights[BLOCKS];
} Space;

static const char *SPACE = "classifier.kernel.space";

static void space_free(Space *space)
{
    if (!space)
        return;
    grams_free(&space->characters);
    grams_free(&space->title);
    words_free(&space->words);
    free(space->pairs.slots);
    free(space->idf);
    free(space->tf);
    free(space);
}

static void space_drop(PyObject *capsule)
{
    space_free(PyCapsule_GetPointer(capsule, SPACE));
}

static void *copied(const Py_buffer *view)
{
    void *copy = malloc(view->len ? view->len : 1);
    if (copy)
        memcpy(copy, view->buf, view->len);
    return copy;
}

/* Returns -1 without memory, 0 where there are too many pairs of too many words for narrow keys, else 1. */
static int pairs_make(Space *space, const uint64_t *keys, Py_ssize_t count)
{
    if (packed_make(&space->pairs, count) < 0)
        return -1;
    if (!packed_holds(&space->pairs, pow((double)space->n_words, 2)))
        return 0;
    for (Py_ssize_t at = 0; at < count; at++)
        packed_add(&space->pairs, (keys[at] >> 32) * space->n_words + (uint32_t)keys[at], at);
    return 1;
}

/* make_space(characters, title, pairs, words, idf, tf, rare, weights) -> space, or None for one too large */
static PyObject *make_space(PyObject *self, PyObject *args)
{
    Py_buffer characters, title, pairs, idf, tf;
    PyObject *words;
    double rare, weights[BLOCKS];
    (void)self;
    if (!PyArg_ParseTuple(args, "y*y*y*O!y*y*d(ddd)", &characters, &title, &pairs, &PyTuple_Type, &words, &idf, &tf,
                          &rare, &weights[0], &weights[1], &weights[2]))
        return NULL;
    PyObject *capsule = NULL;
    Py_ssize_t n_characters = characters.len / 8, n_title = title.len / 8, n_pairs = pairs.len / 8;
    Py_ssize_t n_words = PyTuple_GET_SIZE(words);
    Space *space = calloc(1, sizeof(Space));
    if (!space)
        PyErr_NoMemory();
    else if (idf.len / 4 != n_characters + n_words + n_pairs + n_title || tf.len < 8)
        PyErr_SetString(PyExc_ValueError, "idf needs one value a feature, tf one a count");
    else {
        space->idf = copied(&idf);
        space->tf = copied(&tf);
        space->n_features = idf.len / 4;
        space->n_tf = tf.len / 4;
        space->n_words = n_words;
        space->bounds[0] = (int32_t)n_characters;
        space->bounds[1] = (int32_t)(n_characters + n_words);
        space->bounds[2] = (int32_t)(n_characters + n_words + n_pairs);
        space->rare = rare;
        memcpy(space->weights, weights, sizeof weights);
        int made[3] = {grams_make(&space->characters, characters.buf, n_characters),
                       grams_make(&space->title, title.buf, n_title), pairs_make(space, pairs.buf, n_pairs)};
        if (!space->idf || !space->tf || made[0] < 0 || made[1] < 0 || made[2] < 0)
            PyErr_NoMemory();
        else if (!made[0] || !made[1] || !made[2]) {
            Py_INCREF(Py_None);
            capsule = Py_None;
        } else if (words_make(&space->words, words) == 0)
            capsule = PyCapsule_New(space, SPACE, space_drop);
    }
    if (!capsule || capsule == Py_None)
        space_free(space);
    PyBuffer_Release(&characters);
    PyBuffer_Release(&title);
    PyBuffer_Release(&pairs);
    PyBuffer_Release(&idf);
    PyBuffer_Release(&tf);
    return capsule;
}

/* ---- where features stand in a complaint ---- */

typedef struct {
    int32_t *feature, *field, *start, *size;
    Py_ssize_t count;
} Found;

static inline void note(Found *found, int32_t feature, int32_t field, int32_t start, int32_t size)
{
    Py_ssize_t at = found->count++;
    found->feature[at] = feature;
    found->field[at] = field;
    found->start[at] = start;
    found->size[at] = size;
}

static inline int is_letter(uint32_t code)
{
    return (code >= 0x61 && code <= 0x7A) || (code >= 0x3400 && code <= 0x9FFF) || code >= 0x20000;
}

/* Note the known 1-3-grams of a field; returns how many there are, known or not. In a closed table a gram with a part
 * that is unknown is unknown as well: such ones are not looked for. `letters` has room for two more than the field. */
static Py_ssize_t note_grams(Found *found, const Grams *grams, const uint32_t *codes, const uint8_t *run,
                             uint16_t *letters, uint8_t *known, Py_ssize_t length, int32_t field, int32_t offset)
{
    static const int AHEAD = 12;
    Py_ssize_t total = 0;
    for (Py_ssize_t at = 0; at < length; at++)
        letters[at] = run[at] ? grams->letter[codes[at]] : 0;
    letters[length] = letters[length + 1] = 0;
    memset(known, 1, length);
    for (int size = 1; size <= 3; size++)
        for (Py_ssize_t at = 0; at + size <= length; at++) {
            if (size > 1 && at + AHEAD + size <= length && run[at + AHEAD] >= size && known[at + AHEAD])
                packed_expect(&grams->longer, gram_of(grams, letters + at + AHEAD, size));
            if (run[at] < size) {
                known[at] = 0;
                continue;
            }
            total++;
            /* known[at + 1] is still of the size before, as is known[at]. */
            if (grams->closed && (!known[at] || (size > 1 && !known[at + 1]))) {
                known[at] = 0;
                continue;
            }
            int named = letters[at] && (size < 2 || letters[at + 1]) && (size < 3 || letters[at + 2]);
            int32_t place = named ? gram_find(grams, letters + at, size) : -1;
            known[at] = place >= 0;
            if (place >= 0)
                note(found, place + offset, field, (int32_t)at, size);
        }
    return total;
}

static int32_t number_of(const Space *space, const uint32_t *codes, Py_ssize_t size)
{
    int32_t number = word_find(&space->words, codes, size);
    if (number >= 0)
        return number;
    for (Py_ssize_t at = 0; at < size; at++)
        if (is_letter(codes[at]))
            return UNKNOWN;
    return NO_WORD;
}

/* Note known words and pairs of words; returns how many words and pairs there are. */
static Py_ssize_t note_words(Found *found, const Space *space, const uint32_t *codes, const int32_t *ends,
                             Py_ssize_t count, int32_t field, int32_t *numbers)
{
    Py_ssize_t total = 0;
    for (Py_ssize_t one = 0; one < count; one++) {
        int32_t begin = one ? ends[one - 1] : 0;
        int32_t number = numbers[one] = number_of(space, codes + begin, ends[one] - begin);
        total += number > NO_WORD;
        if (one && numbers[one - 1] >= 0 && number >= 0)
            packed_expect(&space->pairs, (uint64_t)numbers[one - 1] * space->n_words + number);
        if (number >= 0)
            note(found, number + space->bounds[0], field, begin, ends[one] - begin);
    }
    for (Py_ssize_t one = 0; one + 1 < count; one++) {
        if (numbers[one] <= NO_WORD || numbers[one + 1] <= NO_WORD)
            continue;
        total++;
        if (numbers[one] < 0 || numbers[one + 1] < 0)
            continue;
        int32_t begin = one ? ends[one - 1] : 0;
        int32_t place = packed_find(&space->pairs, (uint64_t)numbers[one] * space->n_words + numbers[one + 1]);
        if (place >= 0)
            note(found, place + space->bounds[1], field, begin, ends[one + 1] - begin);
    }
    return total;
}

/* Sort occurrences by feature, keeping their order within one: 11 bits a pass. */
static uint64_t *sorted_by_feature(uint64_t *items, uint64_t *spare, Py_ssize_t count, Py_ssize_t n_features)
{
    static const int BITS = 11;
    Py_ssize_t places[1 << 11];
    for (int shift = 32; ((uint64_t)n_features >> (shift - 32)) > 0; shift += BITS) {
        memset(places, 0, sizeof places);
        for (Py_ssize_t at = 0; at < count; at++)
            places[(items[at] >> shift) & 0x7FF]++;
        Py_ssize_t sum = 0;
        for (int digit = 0; digit < 1 << 11; digit++) {
            Py_ssize_t here = places[digit];
            places[digit] = sum;
            sum += here;
        }
        for (Py_ssize_t at = 0; at < count; at++)
            spare[places[(items[at] >> shift) & 0x7FF]++] = items[at];
        uint64_t *other = items;
        items = spare;
        spare = other;
    }
    return items;
}

static void scale_blocks(const Space *space, const int32_t *columns, const int32_t *counts, float *values,
                         Py_ssize_t n_columns, const Py_ssize_t *totals)
{
    const int32_t ends[BLOCKS] = {space->bounds[0], space->bounds[2], INT32_MAX};
    Py_ssize_t begin = 0;
    for (int block = 0; block < BLOCKS; block++) {
        Py_ssize_t end = begin, known = 0;
        int64_t squares = 0;
        for (; end < n_columns && columns[end] < ends[block]; end++) {
            double value = values[end];
            squares += (int64_t)rint(value * value * GRID);
            known += counts[end];
        }
        Py_ssize_t unknown = totals[block] > known ? totals[block] - known : 0;
        double norm = sqrt((double)squares / GRID + space->rare * (double)unknown);
        if (norm > 0) {
            float factor = (float)(space->weights[block] / norm);
            for (Py_ssize_t at = begin; at < end; at++)
                values[at] *= factor;
        }
        begin = end;
    }
}

static PyObject *as_bytes(const void *data, Py_ssize_t count)
{
    return PyBytes_FromStringAndSize(data, count * 4);
}

#define KEPT (1 << 20)
static void *kept;

void *borrow(size_t need)
{
    if (need > KEPT)
        return malloc(need);
    void *memory = kept ? kept : malloc(KEPT);
    kept = NULL;
    return memory;
}

void give_back(void *memory, size_t need)
{
    if (need > KEPT || kept)
        free(memory);
    else
        kept = memory;
}

static int are_ends(const Py_buffer *view, Py_ssize_t length)
{
    const int32_t *ends = view->buf;
    Py_ssize_t count = view->len / 4;
    int32_t before = 0;
    for (Py_ssize_t at = 0; at < count; at++) {
        if (ends[at] <= before)
            return 0;
        before = ends[at];
    }
    return before == length;
}

/* encode(space, title, ends of its words, text, ends of its words)
 *   -> (columns, values, counts, found, (characters, words, title)); found holds, one behind the other, features,
 *      fields, starts, sizes and positions of all occurrences */
static PyObject *encode(PyObject *self, PyObject *args)
{
    PyObject *capsule, *texts[2], *result = NULL;
    Py_buffer ends[2];
    (void)self;
    if (!PyArg_ParseTuple(args, "OUy*Uy*", &capsule, &texts[0], &ends[0], &texts[1], &ends[1]))
        return NULL;
    Space *space = PyCapsule_GetPointer(capsule, SPACE);
    void *memory = NULL;
    size_t need = 0;
    Py_ssize_t lengths[2] = {PyUnicode_GET_LENGTH(texts[0]), PyUnicode_GET_LENGTH(texts[1])};
    if (!space)
        goto done;
    if (!are_ends(&ends[0], lengths[0]) || !are_ends(&ends[1], lengths[1])) {
        PyErr_SetString(PyExc_ValueError, "words do not make up their text");
        goto done;
    }
    Py_ssize_t n_words[2] = {ends[0].len / 4, ends[1].len / 4};
    Py_ssize_t longest = lengths[0] > lengths[1] ? lengths[0] : lengths[1];
    Py_ssize_t most_words = n_words[0] > n_words[1] ? n_words[0] : n_words[1];
    Py_ssize_t most = 6 * lengths[0] + 3 * lengths[1] + 2 * (n_words[0] + n_words[1]) + 1;
    /* One piece of memory: sorting, occurrences, columns, then what one field needs. */
    need = most * (2 * 8 + 5 * 4 + 3 * 4) + (longest + 3) * (4 + 2 + 1 + 1) + most_words * 4;
    memory = borrow(need);
    if (!memory) {
        PyErr_NoMemory();
        goto done;
    }
    uint64_t *items = memory, *spare = items + most;
    Found found = {(int32_t *)(spare + most), NULL, NULL, NULL, 0};
    found.field = found.feature + most;
    found.start = found.field + most;
    found.size = found.start + most;
    int32_t *columns = found.size + most, *counts = columns + most, *position = counts + most;
    float *values = (float *)(position + most);
    int32_t *numbers = (int32_t *)(values + most);
    uint32_t *codes = (uint32_t *)(numbers + most_words);
    uint16_t *letters = (uint16_t *)(codes + longest + 3);
    uint8_t *run = (uint8_t *)(letters + longest + 3), *known = run + longest + 3;
    Py_ssize_t totals[BLOCKS] = {0, 0, 0};

    for (int field = 0; field < 2; field++) {
        int kind = PyUnicode_KIND(texts[field]);
        const void *data = PyUnicode_DATA(texts[field]);
        Py_ssize_t length = lengths[field];
        uint8_t together = 0;
        for (Py_ssize_t at = length - 1; at >= 0; at--) {
            codes[at] = PyUnicode_READ(kind, data, at);
            together = is_letter(codes[at]) ? (together < 3 ? together + 1 : 3) : 0;
            run[at] = together;
        }
        totals[0] += note_grams(&found, &space->characters, codes, run, letters, known, length, field, 0);
        if (field == 0)
            totals[2] = note_grams(&found, &space->title, codes, run, letters, known, length, field, space->bounds[2]);
        totals[1] += note_words(&found, space, codes, ends[field].buf, n_words[field], field, numbers);
    }
    for (Py_ssize_t at = 0; at < found.count; at++)
        items[at] = ((uint64_t)found.feature[at] << 32) | (uint64_t)at;
    const uint64_t *order = sorted_by_feature(items, spare, found.count, space->n_features);
    Py_ssize_t n_columns = 0;
    for (Py_ssize_t at = 0; at < found.count; at++) {
        int32_t column = (int32_t)(order[at] >> 32);
        if (n_columns == 0 || columns[n_columns - 1] != column) {
            columns[n_columns] = column;
            counts[n_columns++] = 0;
        }
        counts[n_columns - 1]++;
        position[(uint32_t)order[at]] = (int32_t)(n_columns - 1);
    }
    for (Py_ssize_t at = 0; at < n_columns; at++) {
        Py_ssize_t count = counts[at] < space->n_tf ? counts[at] : space->n_tf - 1;
        values[at] = space->tf[count] * space->idf[columns[at]];
    }
    scale_blocks(space, columns, counts, values, n_columns, totals);
    PyObject *all = PyBytes_FromStringAndSize(NULL, found.count * 5 * 4);
    if (all) {
        const int32_t *parts[5] = {found.feature, found.field, found.start, found.size, position};
        for (int part = 0; part < 5; part++)
            memcpy(PyBytes_AS_STRING(all) + part * found.count * 4, parts[part], found.count * 4);
    }
    result = Py_BuildValue("(NNNN(nnn))", as_bytes(columns, n_columns), as_bytes(values, n_columns),
                           as_bytes(counts, n_columns), all, totals[0], totals[1], totals[2]);
done:
    give_back(memory, need);
    PyBuffer_Release(&ends[0]);
    PyBuffer_Release(&ends[1]);
    return result;
}

/* ---- characters ---- */

/* exchange(text, table) -> text with each character c below len(table) / 4 replaced by table[c] */
static PyObject *exchange(PyObject *self, PyObject *args)
{
    PyObject *text;
    Py_buffer table;
    (void)self;
    if (!PyArg_ParseTuple(args, "Uy*", &text, &table))
        return NULL;
    const uint32_t *to = table.buf;
    uint32_t size = (uint32_t)(table.len / 4), highest = 0;
    Py_ssize_t length = PyUnicode_GET_LENGTH(text), first = 0;
    int kind = PyUnicode_KIND(text);
    const void *data = PyUnicode_DATA(text);
    PyObject *result = NULL;
    for (; first < length; first++) {
        uint32_t code = PyUnicode_READ(kind, data, first);
        if (code < size && to[code] != code)
            break;
    }
    if (first == length) {
        Py_INCREF(text);
        result = text;
    } else {
        uint32_t *codes = malloc(length * sizeof(uint32_t));
        if (!codes)
            PyErr_NoMemory();
        else {
            for (Py_ssize_t at = 0; at < length; at++) {
                uint32_t code = PyUnicode_READ(kind, data, at);
                codes[at] = code < size ? to[code] : code;
                highest |= codes[at];
            }
            result = highest > 0x1FFFFF ? NULL : PyUnicode_FromKindAndData(PyUnicode_4BYTE_KIND, codes, length);
            if (!result && !PyErr_Occurred())
                PyErr_SetString(PyExc_ValueError, "the table holds what is no code point");
            free(codes);
        }
    }
    PyBuffer_Release(&table);
    return result;
}

static inline int is_han(uint32_t code)
{
    return (code >= 0x4E00 && code <= 0x9FFF) || (code >= 0x3400 && code <= 0x4DBF) ||
           (code >= 0x20000 && code <= 0x3134F);
}

/* count_han(text) -> how many of its characters are Chinese */
static PyObject *count_han(PyObject *self, PyObject *text)
{
    (void)self;
    if (!PyUnicode_Check(text)) {
        PyErr_SetString(PyExc_TypeError, "a text is a string");
        return NULL;
    }
    Py_ssize_t length = PyUnicode_GET_LENGTH(text), count = 0;
    int kind = PyUnicode_KIND(text);
    const void *data = PyUnicode_DATA(text);
    for (Py_ssize_t at = 0; at < length; at++)
        count += is_han(PyUnicode_READ(kind, data, at));
    return PyLong_FromSsize_t(count);
}

#define WHITE 2
#define AMPERSAND 8
#define LESS 16
#define BRACKET 32
#define QUESTION 64

static inline int is_latin(uint32_t code)
{
    return (code >= 'a' && code <= 'z') || (code >= 'A' && code <= 'Z');
}

/* Tell whether what follows a sign makes it worth a look: `&#`, `&a`, `<a`, `</`, `??`, a bracket before no number and
 * no Chinese character. */
static int is_worth_a_look(uint8_t sign, int kind, const void *data, Py_ssize_t at, Py_ssize_t length)
{
    uint32_t next = at + 1 < length ? PyUnicode_READ(kind, data, at + 1) : 0;
    if (sign == AMPERSAND)
        return next == '#' || is_latin(next);
    if (sign == LESS)
        return next == '/' || is_latin(next);
    if (sign == QUESTION)
        return next == '?';
    return next != 0 && !is_han(next) && !(next >= '0' && next <= '9');
}

/* doubts(text, table) -> the bits of all characters' classes, by a table of one byte a code point (the last one for
 * those beyond it); a sign's only where what follows makes it worth a look, and that of white space as well for a
 * space at either end or less than three characters from another */
static PyObject *doubts(PyObject *self, PyObject *args)
{
    PyObject *text;
    Py_buffer table;
    (void)self;
    if (!PyArg_ParseTuple(args, "Uy*", &text, &table))
        return NULL;
    const uint8_t *classes = table.buf;
    Py_ssize_t size = table.len, length = PyUnicode_GET_LENGTH(text), space = -3;
    int kind = PyUnicode_KIND(text), bits = 0;
    const void *data = PyUnicode_DATA(text);
    for (Py_ssize_t at = 0; size && at < length; at++) {
        uint32_t code = PyUnicode_READ(kind, data, at);
        uint8_t class = classes[code < size ? code : size - 1];
        if (class < AMPERSAND || is_worth_a_look(class, kind, data, at, length))
            bits |= class;
        if (code == ' ') {
            if (at == 0 || at == length - 1 || at - space <= 2)
                bits |= WHITE;
            space = at;
        }
    }
    PyBuffer_Release(&table);
    return PyLong_FromLong(bits);
}

/* places(text, table, bit) -> where its characters stand whose class, by a table as above, has `bit` */
static PyObject *places(PyObject *self, PyObject *args)
{
    PyObject *text;
    Py_buffer table;
    int bit;
    (void)self;
    if (!PyArg_ParseTuple(args, "Uy*i", &text, &table, &bit))
        return NULL;
    const uint8_t *classes = table.buf;
    Py_ssize_t size = table.len, length = PyUnicode_GET_LENGTH(text);
    int kind = PyUnicode_KIND(text);
    const void *data = PyUnicode_DATA(text);
    PyObject *found = PyList_New(0);
    for (Py_ssize_t at = 0; found && size && at < length; at++) {
        uint32_t code = PyUnicode_READ(kind, data, at);
        if (!(classes[code < size ? code : size - 1] & bit))
            continue;
        PyObject *place = PyLong_FromSsize_t(at);
        if (!place || PyList_Append(found, place) < 0)
            Py_CLEAR(found);
        Py_XDECREF(place);
    }
    PyBuffer_Release(&table);
    return found;
}

/* letters(text) -> its letters and digits alone, those of Python's \w but the underscore */
static PyObject *letters(PyObject *self, PyObject *text)
{
    (void)self;
    if (!PyUnicode_Check(text)) {
        PyErr_SetString(PyExc_TypeError, "a text is a string");
        return NULL;
    }
    Py_ssize_t length = PyUnicode_GET_LENGTH(text), count = 0;
    int kind = PyUnicode_KIND(text);
    const void *data = PyUnicode_DATA(text);
    uint32_t *codes = malloc((length + 1) * sizeof(uint32_t));
    if (!codes)
        return PyErr_NoMemory();
    for (Py_ssize_t at = 0; at < length; at++) {
        uint32_t code = PyUnicode_READ(kind, data, at);
        if (Py_UNICODE_ISALNUM(code))
            codes[count++] = code;
    }
    PyObject *result = PyUnicode_FromKindAndData(PyUnicode_4BYTE_KIND, codes, count);
    free(codes);
    return result;
}

/* triples(text) -> its runs of three characters, one after the other; the text itself where it is shorter */
static PyObject *triples(PyObject *self, PyObject *text)
{
    (void)self;
    if (!PyUnicode_Check(text)) {
        PyErr_SetString(PyExc_TypeError, "a string is expected");
        return NULL;
    }
    Py_ssize_t count = PyUnicode_GET_LENGTH(text) - 2;
    PyObject *found = PyList_New(count > 1 ? count : 1);
    for (Py_ssize_t at = 0; found && at < PyList_GET_SIZE(found); at++) {
        PyObject *one = PyUnicode_Substring(text, at, at + 3);
        if (one)
            PyList_SET_ITEM(found, at, one);
        else
            Py_CLEAR(found);
    }
    return found;
}

/* ---- characters that spoke ---- */

/* spread(parts, counts, found as from encode, lengths of both fields) -> float32 for each character of each field:
 * every feature's part, shared evenly among its occurrences and their characters */
static PyObject *spread_parts(PyObject *self, PyObject *args)
{
    Py_buffer given[3];
    Py_ssize_t lengths[2];
    (void)self;
    if (!PyArg_ParseTuple(args, "y*y*y*(nn)", &given[0], &given[1], &given[2], &lengths[0], &lengths[1]))
        return NULL;
    Py_ssize_t n_parts = given[0].len / 4, n_found = given[2].len / 20;
    const float *parts = given[0].buf;
    const int32_t *counts = given[1].buf, *field = (const int32_t *)given[2].buf + n_found, *start = field + n_found,
                  *size = start + n_found, *position = size + n_found;
    PyObject *spoken[2] = {NULL, NULL}, *result = NULL;
    double *memory = NULL;
    int good = given[1].len / 4 == n_parts && given[2].len == n_found * 20 && lengths[0] >= 0 && lengths[1] >= 0;
    for (Py_ssize_t at = 0; good && at < n_found; at++)
        good = position[at] >= 0 && position[at] < n_parts && (field[at] == 0 || field[at] == 1) && start[at] >= 0 &&
               size[at] >= 0 && (Py_ssize_t)start[at] + size[at] <= lengths[field[at]];
    if (!good) {
        PyErr_SetString(PyExc_ValueError, "parts and occurrences do not fit each other");
        goto done;
    }
    memory = calloc(2 * (lengths[0] + lengths[1] + 2), sizeof(double));
    if (!memory) {
        PyErr_NoMemory();
        goto done;
    }
    double *begun[2] = {memory, memory + 2 * (lengths[0] + 1)};
    double *ended[2] = {begun[0] + lengths[0] + 1, begun[1] + lengths[1] + 1};
    for (Py_ssize_t at = 0; at < n_found; at++) {
        double share = (double)parts[position[at]] / counts[position[at]] / (size[at] > 1 ? size[at] : 1);
        begun[field[at]][start[at]] += share;
        ended[field[at]][start[at] + size[at]] += share;
    }
    for (int one = 0; one < 2; one++) {
        spoken[one] = PyBytes_FromStringAndSize(NULL, lengths[one] * 4);
        if (!spoken[one])
            goto done;
        float *to = (float *)PyBytes_AS_STRING(spoken[one]);
        double sum = 0;
        for (Py_ssize_t at = 0; at < lengths[one]; at++) {
            sum += begun[one][at] - ended[one][at];
            to[at] = (float)sum;
        }
    }
    result = PyTuple_Pack(2, spoken[0], spoken[1]);
done:
    Py_XDECREF(spoken[0]);
    Py_XDECREF(spoken[1]);
    free(memory);
    for (int one = 0; one < 3; one++)
        PyBuffer_Release(&given[one]);
    return result;
}

/* runs(spoken by each character, ends of words, total, least of a word, least of a run) -> [(start, end, share), …]:
 * neighbouring words of which each has at least `least of a word` of the total, and all together `least of a run` */
static PyObject *runs(PyObject *self, PyObject *args)
{
    Py_buffer part, ends;
    double total, least_word, least_run;
    (void)self;
    if (!PyArg_ParseTuple(args, "y*y*ddd", &part, &ends, &total, &least_word, &least_run))
        return NULL;
    const float *spoken = part.buf;
    const int32_t *end = ends.buf;
    Py_ssize_t count = ends.len / 4, at = 0, start = 0;
    double weight = 0;
    PyObject *found = are_ends(&ends, part.len / 4) ? PyList_New(0) : NULL;
    if (!found)
        PyErr_SetString(PyExc_ValueError, "words do not make up their text");
    for (Py_ssize_t word = 0; found && word <= count; word++) {
        Py_ssize_t begin = at;
        double share = 0;
        for (; word < count && at < end[word]; at++)
            share += spoken[at];
        share /= total;
        if (word < count && share >= least_word) {
            start = weight > 0 ? start : begin;
            weight += share;
        } else {
            PyObject *run = weight >= least_run ? Py_BuildValue("(nnd)", start, begin, weight) : NULL;
            if ((run && PyList_Append(found, run) < 0) || (!run && PyErr_Occurred()))
                Py_CLEAR(found);
            Py_XDECREF(run);
            weight = 0;
        }
    }
    PyBuffer_Release(&part);
    PyBuffer_Release(&ends);
    return found;
}

/* positive(spoken by each character) -> sum of the amounts above 0 */
static PyObject *positive(PyObject *self, PyObject *given)
{
    Py_buffer part;
    (void)self;
    if (PyObject_GetBuffer(given, &part, PyBUF_SIMPLE) < 0)
        return NULL;
    const float *spoken = part.buf;
    double sum = 0;
    for (Py_ssize_t at = 0; at < part.len / 4; at++)
        sum += spoken[at] > 0 ? spoken[at] : 0;
    PyBuffer_Release(&part);
    return PyFloat_FromDouble(sum);
}

static inline int ends_sentence(uint32_t code)
{
    return code == 0x3002 || code == '!' || code == '?' || code == ';' || code == '\n' || code == ',';
}

/* sides(text, spoken by each character) -> (sum of the sentences' sums above 0, of those below, sum of all amounts) */
static PyObject *sides(PyObject *self, PyObject *args)
{
    PyObject *text;
    Py_buffer part;
    (void)self;
    if (!PyArg_ParseTuple(args, "Uy*", &text, &part))
        return NULL;
    const float *spoken = part.buf;
    Py_ssize_t length = PyUnicode_GET_LENGTH(text);
    int kind = PyUnicode_KIND(text), fits = part.len == length * 4;
    const void *data = PyUnicode_DATA(text);
    double sum = 0, above = 0, below = 0, size = 0;
    for (Py_ssize_t at = 0; fits && at <= length; at++) {
        if (at < length)
            size += fabsf(spoken[at]);
        if (at < length && !ends_sentence(PyUnicode_READ(kind, data, at))) {
            sum += spoken[at];
            continue;
        }
        above += sum > 0 ? sum : 0;
        below += sum < 0 ? sum : 0;
        sum = 0;
    }
    PyBuffer_Release(&part);
    if (!fits) {
        PyErr_SetString(PyExc_ValueError, "a number for each character is expected");
        return NULL;
    }
    return Py_BuildValue("(ddd)", above, below, size);
}

static PyMethodDef METHODS[] = {
    {"make_space", make_space, METH_VARARGS, NULL},
    {"encode", encode, METH_VARARGS, NULL},
    {"score", score, METH_VARARGS, NULL},
    {"dot", dot, METH_VARARGS, NULL},
    {"softmax", softmax, METH_VARARGS, NULL},
    {"calibrate", calibrate, METH_VARARGS, NULL},
    {"best", best, METH_VARARGS, NULL},
    {"leads", leads, METH_VARARGS, NULL},
    {"make_table", make_table, METH_VARARGS, NULL},
    {"stretches", stretches, METH_VARARGS, NULL},
    {"make_clues", make_clues, METH_VARARGS, NULL},
    {"candidates", candidates, METH_VARARGS, NULL},
    {"letters", letters, METH_O, NULL},
    {"triples", triples, METH_O, NULL},
    {"sketch", sketch, METH_VARARGS, NULL},
    {"spread", spread_parts, METH_VARARGS, NULL},
    {"runs", runs, METH_VARARGS, NULL},
    {"positive", positive, METH_O, NULL},
    {"sides", sides, METH_VARARGS, NULL},
    {"count_han", count_han, METH_O, NULL},
    {"doubts", doubts, METH_VARARGS, NULL},
    {"places", places, METH_VARARGS, NULL},
    {"exchange", exchange, METH_VARARGS, NULL},
    {"make_dictionary", make_dictionary, METH_VARARGS, NULL},
    {"cut", cut, METH_VARARGS, NULL},
    {NULL, NULL, 0, NULL},
};

static struct PyModuleDef MODULE = {PyModuleDef_HEAD_INIT, "kernel", NULL, -1, METHODS, NULL, NULL, NULL, NULL};

PyMODINIT_FUNC PyInit_kernel(void)
{
    return PyModule_Create(&MODULE);
}
