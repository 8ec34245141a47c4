/* What the parts of the compiled kernel share. */
#ifndef CLASSIFIER_KERNEL_H
#define CLASSIFIER_KERNEL_H

#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <stdint.h>

/* A function compiled so is there once for each kind of processor, and the right one is taken at the start. */
#if defined(__GNUC__) && !defined(__clang__) && defined(__x86_64__) && defined(__GLIBC__)
#define FOR_EACH_CPU __attribute__((target_clones("avx512f", "avx2", "default")))
#else
#define FOR_EACH_CPU
#endif

/* Memory that one call after another works in, under the interpreter's lock; large pieces are not kept. */
void *borrow(size_t need);
void give_back(void *memory, size_t need);

static inline uint64_t spread(uint64_t key)
{
    key ^= key >> 31;
    key *= 0x9E3779B97F4A7C15ULL;
    return key ^ (key >> 29);
}

/* clues.c */
PyObject *make_table(PyObject *self, PyObject *args);
PyObject *stretches(PyObject *self, PyObject *args);
PyObject *make_clues(PyObject *self, PyObject *args);
PyObject *candidates(PyObject *self, PyObject *args);

/* segmenter.c */
PyObject *make_dictionary(PyObject *self, PyObject *args);
PyObject *cut(PyObject *self, PyObject *args);

/* scores.c */
PyObject *score(PyObject *self, PyObject *args);
PyObject *dot(PyObject *self, PyObject *args);

/* chances.c */
PyObject *softmax(PyObject *self, PyObject *args);
PyObject *calibrate(PyObject *self, PyObject *args);
PyObject *best(PyObject *self, PyObject *args);

/* leads.c */
PyObject *leads(PyObject *self, PyObject *args);

/* sketches.c */
PyObject *sketch(PyObject *self, PyObject *args);

#endif
