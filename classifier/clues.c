/* Pairs of characters looked for in a text, and which expressions could match it by those it holds. The twin in Python
 * is catalogue/clues.py.
 */
#include "kernel.h"
#include "tables.h"

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

static int pairs_table_make(Table *table, const Py_buffer *keys)
{
    return table_make(table, keys->buf, keys->len / 8) < 0 ? -1 : table_note_firsts(table, keys->buf, keys->len / 8);
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
PyObject *make_table(PyObject *self, PyObject *args)
{
    Py_buffer keys;
    (void)self;
    if (!PyArg_ParseTuple(args, "y*", &keys))
        return NULL;
    PyObject *capsule = NULL;
    Table *table = calloc(1, sizeof(Table));
    if (!table || pairs_table_make(table, &keys) < 0)
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

/* Go over the keys that begin in a text from `begin` to `end`: characters as character << 21, pairs as
 * first << 21 | second. */
#define FOR_EACH_PLACE(table, text, begin, end, place, ...)                                                            \
    do {                                                                                                               \
        Py_ssize_t length_ = PyUnicode_GET_LENGTH(text), end_ = (end);                                                 \
        int kind_ = PyUnicode_KIND(text);                                                                              \
        const void *data_ = PyUnicode_DATA(text);                                                                      \
        for (Py_ssize_t at_ = (begin); at_ < end_; at_++) {                                                            \
            uint32_t code_ = PyUnicode_READ(kind_, data_, at_), low_ = code_ & 0xFFFF;                                 \
            if (!((table)->firsts[low_ >> 3] & (1 << (low_ & 7))))                                                     \
                continue;                                                                                              \
            uint64_t first_ = (uint64_t)code_ << 21;                                                                   \
            int32_t place = table_find((table), first_);                                                               \
            if (place >= 0)                                                                                            \
                __VA_ARGS__;                                                                                           \
            place = at_ + 1 < length_ ? table_find((table), first_ | PyUnicode_READ(kind_, data_, at_ + 1)) : -1;      \
            if (place >= 0)                                                                                            \
                __VA_ARGS__;                                                                                           \
        }                                                                                                              \
    } while (0)

/* Tell whether a character or pair of characters that begins in a text from `begin` to `end` is a key. */
static int holds_key(const Table *table, PyObject *text, Py_ssize_t begin, Py_ssize_t end)
{
    FOR_EACH_PLACE(table, text, begin, end, place, return 1);
    return 0;
}

static inline int is_one_of(const Py_buffer *characters, uint32_t code)
{
    return code < (uint32_t)characters->len && ((const uint8_t *)characters->buf)[code];
}

/* stretches(table, characters, text, least) -> [(start, end), …] of the stretches of text that are of these characters
 * alone (a byte for each code point, others are none), as long as can be and no shorter than `least`, and in which or
 * across whose end a character or pair of characters is a key */
PyObject *stretches(PyObject *self, PyObject *args)
{
    PyObject *capsule, *text;
    Py_buffer characters;
    Py_ssize_t least;
    (void)self;
    if (!PyArg_ParseTuple(args, "Oy*Un", &capsule, &characters, &text, &least))
        return NULL;
    const Table *table = PyCapsule_GetPointer(capsule, TABLE);
    Py_ssize_t length = PyUnicode_GET_LENGTH(text);
    int kind = PyUnicode_KIND(text);
    const void *data = PyUnicode_DATA(text);
    PyObject *found = table ? PyList_New(0) : NULL;
    for (Py_ssize_t begin = 0, end; found && begin < length; begin = end + 1) {
        for (end = begin; end < length && is_one_of(&characters, PyUnicode_READ(kind, data, end)); end++)
            ;
        int holds = end - begin >= least && holds_key(table, text, begin, end);
        PyObject *span = holds ? Py_BuildValue("(nn)", begin, end) : NULL;
        if (holds && (!span || PyList_Append(found, span) < 0))
            Py_CLEAR(found);
        Py_XDECREF(span);
    }
    PyBuffer_Release(&characters);
    return found;
}

/* ---- which expressions could match ---- */

/* `entries` begin for each clue in `entry`, one more than there are clues; an entry is of the expression `number`, and
 * of the groups of clues from `group[entry]` on, of each of which a match holds one; a group's `members` begin in
 * `member`. */
typedef struct {
    Table table;
    Py_ssize_t n_clues;
    int32_t *entry, *number, *group, *member, *members;
} Clues;

static const char *CLUES = "classifier.kernel.clues";

static void clues_free(Clues *clues)
{
    table_free(&clues->table);
    free(clues->entry);
    free(clues);
}

static void clues_drop(PyObject *capsule)
{
    clues_free(PyCapsule_GetPointer(capsule, CLUES));
}

/* Tell whether numbers begin with 0, never fall, and end with `last`. */
static int are_bounds(const Py_buffer *view, Py_ssize_t last)
{
    const int32_t *bounds = view->buf;
    Py_ssize_t count = view->len / 4;
    if (count < 1 || bounds[0] != 0 || bounds[count - 1] != last)
        return 0;
    for (Py_ssize_t at = 1; at < count; at++)
        if (bounds[at] < bounds[at - 1])
            return 0;
    return 1;
}

static int are_below(const Py_buffer *view, Py_ssize_t limit)
{
    const int32_t *numbers = view->buf;
    for (Py_ssize_t at = 0; at < view->len / 4; at++)
        if (numbers[at] < 0 || numbers[at] >= limit)
            return 0;
    return 1;
}

/* make_clues(keys, entries by clue, expressions of entries, groups by entry, members by group, members) -> clues */
PyObject *make_clues(PyObject *self, PyObject *args)
{
    Py_buffer keys, parts[5];
    (void)self;
    if (!PyArg_ParseTuple(args, "y*y*y*y*y*y*", &keys, &parts[0], &parts[1], &parts[2], &parts[3], &parts[4]))
        return NULL;
    PyObject *capsule = NULL;
    Clues *clues = calloc(1, sizeof(Clues));
    Py_ssize_t n_clues = keys.len / 8, size = 0;
    for (int part = 0; part < 5; part++)
        size += parts[part].len;
    int32_t *memory = malloc(size + 4);
    if (!clues || !memory)
        PyErr_NoMemory();
    else if (parts[0].len / 4 != n_clues + 1 || parts[2].len != parts[1].len + 4 ||
             !are_bounds(&parts[0], parts[1].len / 4) || !are_bounds(&parts[2], parts[3].len / 4 - 1) ||
             !are_bounds(&parts[3], parts[4].len / 4) || !are_below(&parts[4], n_clues))
        PyErr_SetString(PyExc_ValueError, "clues, entries and groups do not fit together");
    else if (pairs_table_make(&clues->table, &keys) < 0)
        PyErr_NoMemory();
    else {
        int32_t **to[5] = {&clues->entry, &clues->number, &clues->group, &clues->member, &clues->members};
        for (int part = 0; part < 5; part++) {
            memcpy(memory, parts[part].buf, parts[part].len);
            *to[part] = memory;
            memory += parts[part].len / 4;
        }
        memory = NULL;
        clues->n_clues = n_clues;
        capsule = PyCapsule_New(clues, CLUES, clues_drop);
    }
    free(memory);
    if (!capsule && clues)
        clues_free(clues);
    PyBuffer_Release(&keys);
    for (int part = 0; part < 5; part++)
        PyBuffer_Release(&parts[part]);
    return capsule;
}

/* Tell whether of each group of an entry a member has been met. */
static int could_match(const Clues *clues, int32_t entry, const uint8_t *met)
{
    for (int32_t group = clues->group[entry]; group < clues->group[entry + 1]; group++) {
        int32_t at = clues->member[group], end = clues->member[group + 1];
        while (at < end && !met[clues->members[at]])
            at++;
        if (at == end)
            return 0;
    }
    return 1;
}

/* candidates(clues, text) -> [(expression, clue that the text holds), …] */
PyObject *candidates(PyObject *self, PyObject *args)
{
    PyObject *capsule, *text;
    (void)self;
    if (!PyArg_ParseTuple(args, "OU", &capsule, &text))
        return NULL;
    const Clues *clues = PyCapsule_GetPointer(capsule, CLUES);
    if (!clues)
        return NULL;
    size_t need = clues->n_clues * 5 + 4;
    int32_t *order = borrow(need);
    if (!order)
        return PyErr_NoMemory();
    uint8_t *met = (uint8_t *)(order + clues->n_clues);
    Py_ssize_t count = 0;
    memset(met, 0, clues->n_clues);
    FOR_EACH_PLACE(&clues->table, text, 0, PyUnicode_GET_LENGTH(text), place, {
        if (!met[place])
            order[count++] = place;
        met[place] = 1;
    });
    PyObject *found = PyList_New(0);
    for (Py_ssize_t at = 0; found && at < count; at++)
        for (int32_t entry = clues->entry[order[at]]; found && entry < clues->entry[order[at] + 1]; entry++) {
            if (!could_match(clues, entry, met))
                continue;
            PyObject *pair = Py_BuildValue("(ii)", (int)clues->number[entry], (int)order[at]);
            if (!pair || PyList_Append(found, pair) < 0)
                Py_CLEAR(found);
            Py_XDECREF(pair);
        }
    give_back(order, need);
    return found;
}
