/* Probabilities from scores: of all groups of outputs at once, calibrated, and the best of them.
 *
 * The plain twins in Python are in chances.py; the answers are the same to the last bit, which is why the exponential
 * and the logarithm are written out here (those of Moshier, Cephes Mathematical Library, good to the last place or so).
 */
#include "kernel.h"
#include <math.h>
#include <string.h>

#define FURTHEST 86.0f
#define LOG2_E 1.44269504f
#define LN2_HIGH 0.693359375f
#define LN2_LOW -2.12194440e-4f
#define SMALLEST 1e-9f

static inline float exponential(float x)
{
    x = x < -FURTHEST ? -FURTHEST : x > FURTHEST ? FURTHEST : x;
    float n = rintf(x * LOG2_E);
    x = x - n * LN2_HIGH;
    x = x - n * LN2_LOW;
    float y = 1.9875691500e-4f;
    y = y * x + 1.3981999507e-3f;
    y = y * x + 8.3334519073e-3f;
    y = y * x + 4.1665795894e-2f;
    y = y * x + 1.6666665459e-1f;
    y = y * x + 5.0000001201e-1f;
    y = y * (x * x) + x;
    y = y + 1.0f;
    uint32_t bits = (uint32_t)((int32_t)n + 127) << 23;
    float power;
    memcpy(&power, &bits, 4);
    return y * power;
}

/* Of normal numbers above 0. */
static inline float logarithm(float x)
{
    uint32_t bits;
    memcpy(&bits, &x, 4);
    int32_t e = (int32_t)(bits >> 23) - 126;
    bits = (bits & 0x7FFFFF) | 0x3F000000;
    float m;
    memcpy(&m, &bits, 4);
    int low = m < 0.707106781186547524f;
    float exponent = (float)(e - low);
    m = (low ? m + m : m) - 1.0f;
    float square = m * m;
    float y = 7.0376836292e-2f;
    y = y * m - 1.1514610310e-1f;
    y = y * m + 1.1676998740e-1f;
    y = y * m - 1.2420140846e-1f;
    y = y * m + 1.4249322787e-1f;
    y = y * m - 1.6668057665e-1f;
    y = y * m + 2.0000714765e-1f;
    y = y * m - 2.4999993993e-1f;
    y = y * m + 3.3333331174e-1f;
    y = y * m * square;
    y = y + exponent * LN2_LOW;
    y = y - 0.5f * square;
    return (m + y) + exponent * LN2_HIGH;
}

FOR_EACH_CPU static void exponentials(float *values, Py_ssize_t count, float most)
{
    for (Py_ssize_t at = 0; at < count; at++)
        values[at] = exponential(values[at] - most);
}

FOR_EACH_CPU static void powers(float *values, const float *given, Py_ssize_t count, float exponent)
{
    for (Py_ssize_t at = 0; at < count; at++)
        values[at] = exponential(exponent * logarithm(given[at] > SMALLEST ? given[at] : SMALLEST));
}

FOR_EACH_CPU static void favour(float *values, const float *evidence, Py_ssize_t count)
{
    for (Py_ssize_t at = 0; at < count; at++)
        values[at] *= exponential(evidence[at]);
}

static double sum_of(const float *values, Py_ssize_t count)
{
    double sum = 0;
    for (Py_ssize_t at = 0; at < count; at++)
        sum += values[at];
    return sum;
}

/* softmax(scores, sharpness of each output, where each group begins) -> float32 of each output */
PyObject *softmax(PyObject *self, PyObject *args)
{
    Py_buffer scores, sharpness, starts;
    (void)self;
    if (!PyArg_ParseTuple(args, "y*y*y*", &scores, &sharpness, &starts))
        return NULL;
    PyObject *result = NULL;
    Py_ssize_t n_outputs = scores.len / 4, n_groups = starts.len / 4;
    const int32_t *start = starts.buf;
    int good = sharpness.len == scores.len && (n_groups ? start[0] == 0 : !n_outputs);
    for (Py_ssize_t group = 0; good && group < n_groups; group++)
        good = start[group] < (group + 1 < n_groups ? start[group + 1] : n_outputs);
    if (!good)
        PyErr_SetString(PyExc_ValueError, "scores, sharpness and groups do not fit each other");
    else if ((result = PyBytes_FromStringAndSize(NULL, scores.len)) != NULL) {
        float *chances = (float *)PyBytes_AS_STRING(result);
        const float *score = scores.buf, *sharp = sharpness.buf;
        for (Py_ssize_t at = 0; at < n_outputs; at++)
            chances[at] = score[at] * sharp[at];
        for (Py_ssize_t group = 0; group < n_groups; group++) {
            float *here = chances + start[group];
            Py_ssize_t count = (group + 1 < n_groups ? start[group + 1] : n_outputs) - start[group];
            float most = here[0];
            for (Py_ssize_t at = 1; at < count; at++)
                most = here[at] > most ? here[at] : most;
            exponentials(here, count, most);
            float sum = (float)sum_of(here, count);
            for (Py_ssize_t at = 0; at < count; at++)
                here[at] /= sum;
        }
    }
    PyBuffer_Release(&scores);
    PyBuffer_Release(&sharpness);
    PyBuffer_Release(&starts);
    return result;
}

/* calibrate(probabilities, evidence, n_classes, sharpness, doubt) -> float32 of each; evidence may be empty */
PyObject *calibrate(PyObject *self, PyObject *args)
{
    Py_buffer given, evidence;
    Py_ssize_t n_classes;
    double sharpness, doubt;
    (void)self;
    if (!PyArg_ParseTuple(args, "y*y*ndd", &given, &evidence, &n_classes, &sharpness, &doubt))
        return NULL;
    PyObject *result = NULL;
    Py_ssize_t count = given.len / 4;
    if (n_classes <= 0 || count % n_classes || (evidence.len && evidence.len != given.len))
        PyErr_SetString(PyExc_ValueError, "probabilities, evidence and classes do not fit each other");
    else if ((result = PyBytes_FromStringAndSize(NULL, given.len)) != NULL) {
        float even = (float)(doubt / (double)n_classes);
        for (Py_ssize_t begin = 0; begin < count; begin += n_classes) {
            float *row = (float *)PyBytes_AS_STRING(result) + begin;
            powers(row, (const float *)given.buf + begin, n_classes, (float)sharpness);
            if (evidence.len)
                favour(row, (const float *)evidence.buf + begin, n_classes);
            float share = (float)((1 - doubt) / sum_of(row, n_classes));
            for (Py_ssize_t at = 0; at < n_classes; at++)
                row[at] = row[at] * share + even;
        }
    }
    PyBuffer_Release(&given);
    PyBuffer_Release(&evidence);
    return result;
}

/* best(values, how many) -> places of the largest, the largest first, of equal ones the earlier */
PyObject *best(PyObject *self, PyObject *args)
{
    Py_buffer values;
    Py_ssize_t count;
    (void)self;
    if (!PyArg_ParseTuple(args, "y*n", &values, &count))
        return NULL;
    const float *value = values.buf;
    Py_ssize_t n_values = values.len / 4;
    count = count < n_values ? count : n_values;
    PyObject *found = PyList_New(0);
    for (Py_ssize_t turn = 0, before = -1; found && turn < count; turn++) {
        Py_ssize_t next = -1;
        for (Py_ssize_t at = 0; at < n_values; at++) {
            int is_left = before < 0 || value[at] < value[before] || (value[at] == value[before] && at > before);
            if (is_left && (next < 0 || value[at] > value[next]))
                next = at;
        }
        PyObject *place = next < 0 ? NULL : PyLong_FromSsize_t(next);
        if (!place || PyList_Append(found, place) < 0)
            Py_CLEAR(found);
        Py_XDECREF(place);
        before = next;
    }
    PyBuffer_Release(&values);
    return found;
}
