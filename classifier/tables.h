#ifndef CLASSIFIER_TABLES_H
#define CLASSIFIER_TABLES_H

#include "kernel.h"
#include <stdlib.h>
#include <string.h>

/* A table from 64-bit keys to their places. */
typedef struct {
    uint64_t key;
    int64_t place; /* -1: empty */
} Slot;

typedef struct {
    Slot *slots;
    uint64_t mask;
    uint8_t *firsts; /* a bit for the lower half of each first character; only of tables of pairs */
} Table;

static inline void table_add(Table *table, uint64_t key, Py_ssize_t place)
{
    uint64_t slot = spread(key) & table->mask;
    while (table->slots[slot].place >= 0)
        slot = (slot + 1) & table->mask;
    table->slots[slot].key = key;
    table->slots[slot].place = place;
}

/* Make room for `count` keys, and add `keys` where they are given. */
static inline int table_make(Table *table, const uint64_t *keys, Py_ssize_t count)
{
    uint64_t size = 16;
    while (size * 2 < (uint64_t)count * 3)
        size *= 2;
    table->mask = size - 1;
    table->slots = malloc(size * sizeof(Slot));
    if (!table->slots)
        return -1;
    memset(table->slots, 0xFF, size * sizeof(Slot));
    for (Py_ssize_t at = 0; keys && at < count; at++)
        table_add(table, keys[at], at);
    return 0;
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

static inline void table_free(Table *table)
{
    free(table->slots);
    free(table->firsts);
}

#endif
