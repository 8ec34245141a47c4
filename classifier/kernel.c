/* The inner loops of reading and scoring a complaint: exchanging characters, counting n-grams, summing weights.
 *
 * Every function has a plain twin in Python that gives the same answers to the last bit; see features.py,
 * normalisation.py and model.py. Without a compiler the package works by those alone.
 */
#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#if defined(__GNUC__) && !defined(__clang__) && defined(__x86_64__) && defined(__GLIBC__)
#define FOR_EACH_CPU __attribute__((target_clones("avx512f", "avx2", "default")))
#else
#define FOR_EACH_CPU
#endif

#define UNKNOWN (-1)
#define NO_WORD (-2)
#define BLOCKS 3
#define GRID 1073741824.0 /* 2 ** 30: squares are summed as whole numbers, so that their order is of no account */

/* ---- a table from 64-bit keys to their places ---- */

typedef struct {
    uint64_t key;
    int64_t place; /* -1: empty */
} Slot;

typedef struct {
    Slot *slots;
    uint64_t mask;
    uint8_t *firsts; /* a bit for the lower half of each first character; only of tables of pairs */
} Table;

static inline uint64_t spread(uint64_t key)
{
    key ^= key >> 31;
    key *= 0x9E3779B97F4A7C15ULL;
    return key ^ (key >> 29);
}

static int table_make(Table *table, const uint64_t *keys, Py_ssize_t count)
{
    uint64_t size = 16;
    while (size * 2 < (uint64_t)count * 3)
        size *= 2;
    table->mask = size - 1;
    table->slots = malloc(size * sizeof(Slot));
    if (!table->slots)
        return -1;
    memset(table->slots, 0xFF, size * sizeof(Slot));
    for (Py_ssize_t at = 0; at < count; at++) {
        uint64_t slot = spread(keys[at]) & table->mask;
        while (table->slots[slot].place >= 0)
            slot = (slot + 1) & table->mask;
        table->slots[slot].key = keys[at];
        table->slots[slot].place = at;
    }
    return 0;
}

static inline void table_expect(const Table *table, uint64_t key)
{
    __builtin_prefetch(&table->slots[spread(key) & table->mask]);
}

static inline int32_t table_find(const Table *table, uint64_t key)
{
    uint64_t slot = spread(key) & table->mask;
    while (table->slots[slot].place >= 0) {
        if (table->slots[slot].key == key)
            return (int32_t)table->slots[slot].place;
        slot = (slot + 1) & table->mask;
    }
    return -1;
}

static void table_free(Table *table)
{
    free(table->slots);
    free(table->firsts);
}

static int table_note_firsts(Table *table, const uint64_t *keys, Py_ssize_t count)
{
    table->firsts = calloc(1 << 13, 1);
    if (!table->firsts)
        return -1;
    for (Py_ssize_t at = 0; at < count; at++) {
        uint32_t low = (keys[at] >> 21) & 0xFFFF;
        table->firsts[low >> 3] |= 1 << (low & 7);
    }
    return 0;
}

#define CHARACTER 0x1FFFFFULL

/* Tell whether for each gram in the table its first and its last characters but one are in it as well. */
static int is_closed(const Table *table, const uint64_t *keys, Py_ssize_t count)
{
    for (Py_ssize_t at = 0; at < count; at++) {
        uint64_t key = keys[at], last = key & ((CHARACTER << 21) | CHARACTER);
        if (key <= CHARACTER)
            continue;
        if (last == key)
            last &= CHARACTER;
        if (table_find(table, key >> 21) < 0 || table_find(table, last) < 0)
            return 0;
    }
    return 1;
}

static const char *TABLE = "classifier.kernel.table";

static void table_drop(PyObject *capsule)
{
    Table *table = PyCapsule_GetPointer(capsule, TABLE);
    if (!table)
        return;
    table_free(table);
    free(table);
}

/* make_table(keys) -> table */
static PyObject *make_table(PyObject *self, PyObject *args)
{
    Py_buffer keys;
    (void)self;
    if (!PyArg_ParseTuple(args, "y*", &keys))
        return NULL;
    PyObject *capsule = NULL;
    Table *table = calloc(1, sizeof(Table));
    if (!table || table_make(table, keys.buf, keys.len / 8) < 0 ||
        table_note_firsts(table, keys.buf, keys.len / 8) < 0)
        PyErr_NoMemory();
    else
        capsule = PyCapsule_New(table, TABLE, table_drop);
    if (!capsule && table) {
        table_free(table);
        free(table);
    }
    PyBuffer_Release(&keys);
    return capsule;
}

/* find_pairs(table, text) -> int32 places of the characters and pairs of characters of text that are keys:
 * a pair as first << 21 | second, a character as character << 21 */
static PyObject *find_pairs(PyObject *self, PyObject *args)
{
    PyObject *capsule, *text;
    (void)self;
    if (!PyArg_ParseTuple(args, "OU", &capsule, &text))
        return NULL;
    Table *table = PyCapsule_GetPointer(capsule, TABLE);
    if (!table)
        return NULL;
    Py_ssize_t length = PyUnicode_GET_LENGTH(text), count = 0;
    int kind = PyUnicode_KIND(text);
    const void *data = PyUnicode_DATA(text);
    int32_t *places = malloc((2 * length + 1) * sizeof(int32_t));
    if (!places)
        return PyErr_NoMemory();
    for (Py_ssize_t at = 0; at < length; at++) {
        uint32_t code = PyUnicode_READ(kind, data, at), low = code & 0xFFFF;
        if (!(table->firsts[low >> 3] & (1 << (low & 7))))
            continue;
        uint64_t first = (uint64_t)code << 21;
        int32_t place = table_find(table, first);
        if (place >= 0)
            places[count++] = place;
        place = at + 1 < length ? table_find(table, first | PyUnicode_READ(kind, data, at + 1)) : -1;
        if (place >= 0)
            places[count++] = place;
    }
    PyObject *result = PyBytes_FromStringAndSize((const char *)places, count * 4);
    free(places);
    return result;
}

/* ---- a vocabulary ---- */

typedef struct {
    Table characters, title, pairs;
    int characters_closed, title_closed; /* whether the parts of every gram are grams themselves */
    PyObject *words; /* dict from a word to its number */
    float *idf;
    float *tf; /* 1 + ln(count), by count */
    Py_ssize_t n_features, n_tf;
    int32_t bounds[BLOCKS];
    double rare;
    double weights[BLOCKS];
} Space;

static const char *SPACE = "classifier.kernel.space";

static void space_free(PyObject *capsule)
{
    Space *space = PyCapsule_GetPointer(capsule, SPACE);
    if (!space)
        return;
    table_free(&space->characters);
    table_free(&space->title);
    table_free(&space->pairs);
    Py_XDECREF(space->words);
    free(space->idf);
    free(space->tf);
    free(space);
}

static void *copied(const Py_buffer *view)
{
    void *copy = malloc(view->len ? view->len : 1);
    if (copy)
        memcpy(copy, view->buf, view->len);
    return copy;
}

static PyObject *make_space(PyObject *self, PyObject *args)
{
    Py_buffer characters, title, pairs, idf, tf;
    PyObject *words;
    double rare, weights[BLOCKS];
    (void)self;
    if (!PyArg_ParseTuple(args, "y*y*y*O!y*y*d(ddd)", &characters, &title, &pairs, &PyDict_Type, &words, &idf, &tf,
                          &rare, &weights[0], &weights[1], &weights[2]))
        return NULL;
    PyObject *capsule = NULL;
    Py_ssize_t n_characters = characters.len / 8, n_title = title.len / 8, n_pairs = pairs.len / 8;
    Py_ssize_t n_words = PyDict_Size(words);
    Space *space = calloc(1, sizeof(Space));
    if (!space)
        PyErr_NoMemory();
    else if (idf.len / 4 != n_characters + n_words + n_pairs + n_title || tf.len < 8)
        PyErr_SetString(PyExc_ValueError, "idf needs one value a feature, tf one a count");
    else {
        Py_INCREF(words);
        space->words = words;
        space->idf = copied(&idf);
        space->tf = copied(&tf);
        space->n_features = idf.len / 4;
        space->n_tf = tf.len / 4;
        space->bounds[0] = (int32_t)n_characters;
        space->bounds[1] = (int32_t)(n_characters + n_words);
        space->bounds[2] = (int32_t)(n_characters + n_words + n_pairs);
        space->rare = rare;
        memcpy(space->weights, weights, sizeof weights);
        int bad = !space->idf || !space->tf || table_make(&space->characters, characters.buf, n_characters) < 0 ||
                  table_make(&space->title, title.buf, n_title) < 0 || table_make(&space->pairs, pairs.buf, n_pairs) < 0;
        if (bad)
            PyErr_NoMemory();
        else {
            space->characters_closed = is_closed(&space->characters, characters.buf, n_characters);
            space->title_closed = is_closed(&space->title, title.buf, n_title);
            capsule = PyCapsule_New(space, SPACE, space_free);
        }
    }
    if (!capsule && space) {
        table_free(&space->characters);
        table_free(&space->title);
        table_free(&space->pairs);
        Py_XDECREF(space->words);
        free(space->idf);
        free(space->tf);
        free(space);
    }
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

static inline uint64_t gram(const uint32_t *codes, int size)
{
    uint64_t key = codes[0];
    for (int more = 1; more < size; more++)
        key = (key << 21) | codes[more];
    return key;
}

/* Note the known 1-3-grams of `codes`; returns how many there are, known or not. In a closed table a gram with a
 * part that is unknown is unknown as well: such ones are not looked for. */
static Py_ssize_t note_grams(Found *found, const Table *table, int closed, const uint32_t *codes, const uint8_t *run,
                             uint8_t *known, Py_ssize_t length, int32_t field, int32_t offset)
{
    static const int AHEAD = 12;
    Py_ssize_t total = 0;
    memset(known, 1, length);
    for (int size = 1; size <= 3; size++)
        for (Py_ssize_t at = 0; at + size <= length; at++) {
            if (at + AHEAD + size <= length && run[at + AHEAD] >= size && (known[at + AHEAD] || !closed))
                table_expect(table, gram(codes + at + AHEAD, size));
            if (run[at] < size) {
                known[at] = 0;
                continue;
            }
            total++;
            /* known[at + 1] is still of the size before, as is known[at]. */
            if (closed && (!known[at] || (size > 1 && !known[at + 1]))) {
                known[at] = 0;
                continue;
            }
            int32_t place = table_find(table, gram(codes + at, size));
            known[at] = place >= 0;
            if (place >= 0)
                note(found, place + offset, field, (int32_t)at, size);
        }
    return total;
}

static int32_t number_of(const Space *space, PyObject *word)
{
    PyObject *number = PyDict_GetItemWithError(space->words, word);
    if (number)
        return (int32_t)PyLong_AsLong(number);
    if (PyErr_Occurred())
        return NO_WORD - 1;
    Py_ssize_t length = PyUnicode_GET_LENGTH(word);
    int kind = PyUnicode_KIND(word);
    const void *data = PyUnicode_DATA(word);
    for (Py_ssize_t at = 0; at < length; at++)
        if (is_letter(PyUnicode_READ(kind, data, at)))
            return UNKNOWN;
    return NO_WORD;
}

/* Note known words and pairs of words; returns how many words and pairs there are, or -1 on error. */
static Py_ssize_t note_words(Found *found, const Space *space, PyObject *words, int32_t field, int32_t *numbers,
                             int32_t *starts)
{
    Py_ssize_t count = PyTuple_GET_SIZE(words), total = 0;
    int32_t at = 0;
    for (Py_ssize_t one = 0; one < count; one++) {
        PyObject *word = PyTuple_GET_ITEM(words, one);
        if (!PyUnicode_Check(word)) {
            PyErr_SetString(PyExc_TypeError, "words are strings");
            return -1;
        }
        int32_t number = numbers[one] = number_of(space, word);
        if (number < NO_WORD)
            return -1;
        starts[one] = at;
        at += (int32_t)PyUnicode_GET_LENGTH(word);
        total += number > NO_WORD;
        if (number >= 0)
            note(found, number + space->bounds[0], field, starts[one], at - starts[one]);
    }
    starts[count] = at;
    for (Py_ssize_t one = 0; one + 1 < count; one++) {
        if (numbers[one] <= NO_WORD || numbers[one + 1] <= NO_WORD)
            continue;
        total++;
        if (numbers[one] < 0 || numbers[one + 1] < 0)
            continue;
        int32_t place = table_find(&space->pairs, ((uint64_t)numbers[one] << 32) | (uint32_t)numbers[one + 1]);
        if (place >= 0)
            note(found, place + space->bounds[1], field, starts[one], starts[one + 2] - starts[one]);
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

/* Memory that one call after another works in, under the interpreter's lock; large pieces are not kept. */
#define KEPT (1 << 20)
static void *kept;

static void *borrow(size_t need)
{
    if (need > KEPT)
        return malloc(need);
    void *memory = kept ? kept : malloc(KEPT);
    kept = NULL;
    return memory;
}

static void give_back(void *memory, size_t need)
{
    if (need > KEPT || kept)
        free(memory);
    else
        kept = memory;
}

/* encode(space, title, title_words, text, text_words)
 *   -> (columns, values, counts, feature, field, start, size, position, (characters, words, title)) */
static PyObject *encode(PyObject *self, PyObject *args)
{
    PyObject *capsule, *texts[2], *words[2];
    (void)self;
    if (!PyArg_ParseTuple(args, "OUO!UO!", &capsule, &texts[0], &PyTuple_Type, &words[0], &texts[1], &PyTuple_Type,
                          &words[1]))
        return NULL;
    Space *space = PyCapsule_GetPointer(capsule, SPACE);
    if (!space)
        return NULL;
    Py_ssize_t lengths[2] = {PyUnicode_GET_LENGTH(texts[0]), PyUnicode_GET_LENGTH(texts[1])};
    Py_ssize_t n_words[2] = {PyTuple_GET_SIZE(words[0]), PyTuple_GET_SIZE(words[1])};
    Py_ssize_t longest = lengths[0] > lengths[1] ? lengths[0] : lengths[1];
    Py_ssize_t most_words = n_words[0] > n_words[1] ? n_words[0] : n_words[1];
    Py_ssize_t most = 6 * lengths[0] + 3 * lengths[1] + 2 * (n_words[0] + n_words[1]) + 1;
    /* One piece of memory: occurrences, sorting, columns, then what one field needs. */
    Py_ssize_t need = most * (4 * 4 + 2 * 8 + 4 * 4) + (longest + 1) * 6 + (most_words + 2) * 8;
    uint64_t *memory = borrow(need);
    if (!memory)
        return PyErr_NoMemory();
    uint64_t *items = memory, *spare = items + most;
    Found found = {(int32_t *)(spare + most), NULL, NULL, NULL, 0};
    found.field = found.feature + most;
    found.start = found.field + most;
    found.size = found.start + most;
    int32_t *columns = found.size + most, *counts = columns + most, *position = counts + most;
    float *values = (float *)(position + most);
    int32_t *numbers = (int32_t *)(values + most), *starts = numbers + most_words;
    uint32_t *codes = (uint32_t *)(starts + most_words + 2);
    uint8_t *run = (uint8_t *)(codes + longest + 1), *known = run + longest + 1;
    Py_ssize_t totals[BLOCKS] = {0, 0, 0};
    PyObject *result = NULL;

    for (int field = 0; field < 2; field++) {
        int kind = PyUnicode_KIND(texts[field]);
        const void *data = PyUnicode_DATA(texts[field]);
        Py_ssize_t length = lengths[field];
        uint8_t letters = 0;
        for (Py_ssize_t at = length - 1; at >= 0; at--) {
            codes[at] = PyUnicode_READ(kind, data, at);
            letters = is_letter(codes[at]) ? (letters < 3 ? letters + 1 : 3) : 0;
            run[at] = letters;
        }
        totals[0] += note_grams(&found, &space->characters, space->characters_closed, codes, run, known, length, field, 0);
        if (field == 0)
            totals[2] = note_grams(&found, &space->title, space->title_closed, codes, run, known, length, field, space->bounds[2]);
        Py_ssize_t told = note_words(&found, space, words[field], field, numbers, starts);
        if (told < 0)
            goto done;
        totals[1] += told;
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
    result = Py_BuildValue("(NNNNNNNN(nnn))", as_bytes(columns, n_columns), as_bytes(values, n_columns),
                           as_bytes(counts, n_columns), as_bytes(found.feature, found.count),
                           as_bytes(found.field, found.count), as_bytes(found.start, found.count),
                           as_bytes(found.size, found.count), as_bytes(position, found.count), totals[0], totals[1],
                           totals[2]);
done:
    give_back(memory, need);
    return result;
}

/* ---- scores ---- */

FOR_EACH_CPU static void add_rows(float *scores, const float *values, const int32_t *columns, const float *scale,
                                  const int8_t *weights, Py_ssize_t n_columns, Py_ssize_t n_outputs)
{
    for (Py_ssize_t at = 0; at < n_columns; at++) {
        if (at + 4 < n_columns) {
            const int8_t *ahead = weights + (Py_ssize_t)columns[at + 4] * n_outputs;
            for (Py_ssize_t line = 0; line < n_outputs; line += 64)
                __builtin_prefetch(ahead + line);
        }
        const int8_t *row = weights + (Py_ssize_t)columns[at] * n_outputs;
        float factor = values[at] * scale[columns[at]];
        for (Py_ssize_t one = 0; one < n_outputs; one++)
            scores[one] += factor * (float)row[one];
    }
}

/* score(values, columns, scale, weights, n_outputs) -> bytes of n_outputs float32 */
static PyObject *score(PyObject *self, PyObject *args)
{
    Py_buffer values, columns, scale, weights;
    Py_ssize_t n_outputs;
    (void)self;
    if (!PyArg_ParseTuple(args, "y*y*y*y*n", &values, &columns, &scale, &weights, &n_outputs))
        return NULL;
    PyObject *result = NULL;
    Py_ssize_t n_columns = columns.len / 4, n_features = scale.len / 4;
    const int32_t *column = columns.buf;
    int good = n_outputs >= 0 && values.len == columns.len && weights.len == n_features * n_outputs;
    for (Py_ssize_t at = 0; good && at < n_columns; at++)
        good = column[at] >= 0 && column[at] < n_features;
    if (!good)
        PyErr_SetString(PyExc_ValueError, "values, columns, scale and weights do not fit each other");
    else if ((result = PyBytes_FromStringAndSize(NULL, n_outputs * 4)) != NULL) {
        float *scores = (float *)PyBytes_AS_STRING(result);
        memset(scores, 0, n_outputs * 4);
        add_rows(scores, values.buf, column, scale.buf, weights.buf, n_columns, n_outputs);
    }
    PyBuffer_Release(&values);
    PyBuffer_Release(&columns);
    PyBuffer_Release(&scale);
    PyBuffer_Release(&weights);
    return result;
}

/* ---- sums along rows ---- */

#define LANES 16

FOR_EACH_CPU static void dot_rows(float *sums, const int32_t *columns, const int8_t *weights, const float *direction,
                                  Py_ssize_t n_columns, Py_ssize_t n_outputs, Py_ssize_t first, Py_ssize_t count)
{
    for (Py_ssize_t at = 0; at < n_columns; at++) {
        if (at + 4 < n_columns) {
            const int8_t *ahead = weights + (Py_ssize_t)columns[at + 4] * n_outputs + first;
            for (Py_ssize_t line = 0; line < count; line += 64)
                __builtin_prefetch(ahead + line);
        }
        const int8_t *row = weights + (Py_ssize_t)columns[at] * n_outputs + first;
        float lanes[LANES] = {0};
        Py_ssize_t one = 0;
        for (; one + LANES <= count; one += LANES)
            for (int lane = 0; lane < LANES; lane++)
                lanes[lane] += direction[one + lane] * (float)row[one + lane];
        for (int lane = 0; one + lane < count; lane++)
            lanes[lane] += direction[one + lane] * (float)row[one + lane];
        float sum = 0;
        for (int lane = 0; lane < LANES; lane++)
            sum += lanes[lane];
        sums[at] = sum;
    }
}

/* The same where most of direction is zero: `places` are those that are not. Nothing is added for the others, which
 * changes no sum. */
static void dot_few(float *sums, const int32_t *columns, const int8_t *weights, const float *direction,
                    Py_ssize_t n_columns, Py_ssize_t n_outputs, Py_ssize_t first, const int32_t *places, Py_ssize_t n_places)
{
    for (Py_ssize_t at = 0; at < n_columns; at++) {
        const int8_t *row = weights + (Py_ssize_t)columns[at] * n_outputs + first;
        float lanes[LANES] = {0};
        for (Py_ssize_t one = 0; one < n_places; one++)
            lanes[places[one] % LANES] += direction[places[one]] * (float)row[places[one]];
        float sum = 0;
        for (int lane = 0; lane < LANES; lane++)
            sum += lanes[lane];
        sums[at] = sum;
    }
}

#define FEW 16

/* dot(columns, weights, n_outputs, first, direction) -> float32 for each column: its row's part from `first` on,
 * times direction, summed in 16 lanes */
static PyObject *dot(PyObject *self, PyObject *args)
{
    Py_buffer columns, weights, direction;
    Py_ssize_t n_outputs, first;
    (void)self;
    if (!PyArg_ParseTuple(args, "y*y*nny*", &columns, &weights, &n_outputs, &first, &direction))
        return NULL;
    PyObject *result = NULL;
    Py_ssize_t n_columns = columns.len / 4, count = direction.len / 4;
    const int32_t *column = columns.buf;
    int good = n_outputs > 0 && first >= 0 && first + count <= n_outputs && weights.len % n_outputs == 0;
    for (Py_ssize_t at = 0; good && at < n_columns; at++)
        good = column[at] >= 0 && column[at] < weights.len / n_outputs;
    if (!good)
        PyErr_SetString(PyExc_ValueError, "columns, weights and direction do not fit each other");
    else if ((result = PyBytes_FromStringAndSize(NULL, n_columns * 4)) != NULL) {
        float *sums = (float *)PyBytes_AS_STRING(result);
        const float *towards = direction.buf;
        int32_t places[FEW];
        Py_ssize_t n_places = 0;
        for (Py_ssize_t one = 0; one < count && n_places <= FEW; one++)
            if (towards[one] != 0 && n_places++ < FEW)
                places[n_places - 1] = (int32_t)one;
        if (n_places <= FEW)
            dot_few(sums, column, weights.buf, towards, n_columns, n_outputs, first, places, n_places);
        else
            dot_rows(sums, column, weights.buf, towards, n_columns, n_outputs, first, count);
    }
    PyBuffer_Release(&columns);
    PyBuffer_Release(&weights);
    PyBuffer_Release(&direction);
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

/* ---- characters that spoke ---- */

/* spread(parts, counts, position, field, start, size, lengths of both fields) -> float32 for each character of each
 * field: every feature's part, shared evenly among its occurrences and their characters */
static PyObject *spread_parts(PyObject *self, PyObject *args)
{
    Py_buffer given[6];
    Py_ssize_t lengths[2];
    (void)self;
    if (!PyArg_ParseTuple(args, "y*y*y*y*y*y*(nn)", &given[0], &given[1], &given[2], &given[3], &given[4], &given[5],
                          &lengths[0], &lengths[1]))
        return NULL;
    const float *parts = given[0].buf;
    const int32_t *counts = given[1].buf, *position = given[2].buf, *field = given[3].buf, *start = given[4].buf,
                  *size = given[5].buf;
    Py_ssize_t n_parts = given[0].len / 4, n_found = given[2].len / 4;
    PyObject *spoken[2] = {NULL, NULL}, *result = NULL;
    double *memory = NULL;
    int good = given[1].len / 4 == n_parts && lengths[0] >= 0 && lengths[1] >= 0;
    for (int one = 3; one < 6; one++)
        good = good && given[one].len / 4 == n_found;
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
    for (int one = 0; one < 6; one++)
        PyBuffer_Release(&given[one]);
    return result;
}

static PyMethodDef METHODS[] = {
    {"make_space", make_space, METH_VARARGS, NULL},
    {"encode", encode, METH_VARARGS, NULL},
    {"score", score, METH_VARARGS, NULL},
    {"dot", dot, METH_VARARGS, NULL},
    {"make_table", make_table, METH_VARARGS, NULL},
    {"find_pairs", find_pairs, METH_VARARGS, NULL},
    {"letters", letters, METH_O, NULL},
    {"spread", spread_parts, METH_VARARGS, NULL},
    {"count_han", count_han, METH_O, NULL},
    {"doubts", doubts, METH_VARARGS, NULL},
    {"exchange", exchange, METH_VARARGS, NULL},
    {NULL, NULL, 0, NULL},
};

static struct PyModuleDef MODULE = {PyModuleDef_HEAD_INIT, "kernel", NULL, -1, METHODS, NULL, NULL, NULL, NULL};

PyMODINIT_FUNC PyInit_kernel(void)
{
    return PyModule_Create(&MODULE);
}
