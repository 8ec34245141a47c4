/* Sums over the 8-bit weights of a text's features: scores of all outputs, and what each feature says of a direction.
 *
 * The plain twins in Python are in sums.py; the answers are the same to the last bit on every processor.
 */
#include "kernel.h"
#include <math.h>
#include <string.h>

#if defined(__GNUC__) && defined(__x86_64__)
#include <immintrin.h>
#define WIDE 1
#endif

/* ---- scores ---- */

/* Factors are rounded to whole numbers, so that sums are exact whatever their order, and below 2 ** 31. */
#define LARGEST_FACTOR 32767
#define LARGEST_SUM 16777215 /* (2 ** 31 - 1) / 128 */

typedef struct {
    const int8_t *weights;
    const int32_t *columns;
    const int16_t *factors; /* an even number of them, the last 0 where columns are odd in number */
    Py_ssize_t n_columns, n_outputs;
} Rows;

#define ROWS_AHEAD 14

static inline const int8_t *row_of(const Rows *rows, Py_ssize_t at)
{
    return rows->weights + (Py_ssize_t)rows->columns[at < rows->n_columns ? at : rows->n_columns - 1] * rows->n_outputs;
}

static inline void expect_rows(const Rows *rows, Py_ssize_t at)
{
    for (Py_ssize_t one = at; one < at + 2 && one < rows->n_columns; one++) {
        const int8_t *row = row_of(rows, one);
        for (Py_ssize_t line = 0; line < rows->n_outputs; line += 64)
            __builtin_prefetch(row + line);
        __builtin_prefetch(row + rows->n_outputs - 1);
    }
}

/* Add the outputs from `first` on of two rows, each times its factor. */
static inline void add_rest(int32_t *sums, const Rows *rows, Py_ssize_t at, Py_ssize_t first)
{
    const int8_t *one = row_of(rows, at), *other = row_of(rows, at + 1);
    int32_t factor = rows->factors[at], next = rows->factors[at + 1];
    for (Py_ssize_t output = first; output < rows->n_outputs; output++)
        sums[output] += factor * one[output] + next * other[output];
}

static void add_plainly(int32_t *sums, const Rows *rows)
{
    for (Py_ssize_t at = 0; at < rows->n_columns; at += 2) {
        expect_rows(rows, at + ROWS_AHEAD);
        add_rest(sums, rows, at, 0);
    }
}

#ifdef WIDE
__attribute__((target("avx2"))) static void add_by_16(int32_t *sums, const Rows *rows)
{
    Py_ssize_t whole = rows->n_outputs / 16 * 16;
    for (Py_ssize_t at = 0; at < rows->n_columns; at += 2) {
        expect_rows(rows, at + ROWS_AHEAD);
        const int8_t *one = row_of(rows, at), *other = row_of(rows, at + 1);
        int32_t both;
        memcpy(&both, rows->factors + at, 4);
        __m256i factors = _mm256_set1_epi32(both);
        for (Py_ssize_t output = 0; output < whole; output += 16) {
            __m128i left = _mm_loadu_si128((const __m128i *)(one + output));
            __m128i right = _mm_loadu_si128((const __m128i *)(other + output));
            __m256i low = _mm256_cvtepi8_epi16(_mm_unpacklo_epi8(left, right));
            __m256i high = _mm256_cvtepi8_epi16(_mm_unpackhi_epi8(left, right));
            __m256i *to = (__m256i *)(sums + output);
            _mm256_storeu_si256(to, _mm256_add_epi32(_mm256_loadu_si256(to), _mm256_madd_epi16(low, factors)));
            to++;
            _mm256_storeu_si256(to, _mm256_add_epi32(_mm256_loadu_si256(to), _mm256_madd_epi16(high, factors)));
        }
        add_rest(sums, rows, at, whole);
    }
}

__attribute__((target("avx512f,avx512bw"))) static void add_by_32(int32_t *sums, const Rows *rows)
{
    Py_ssize_t whole = rows->n_outputs / 32 * 32;
    for (Py_ssize_t at = 0; at < rows->n_columns; at += 2) {
        expect_rows(rows, at + ROWS_AHEAD);
        const int8_t *one = row_of(rows, at), *other = row_of(rows, at + 1);
        int32_t both;
        memcpy(&both, rows->factors + at, 4);
        __m512i factors = _mm512_set1_epi32(both);
        for (Py_ssize_t output = 0; output < whole; output += 32) {
            __m256i left = _mm256_loadu_si256((const __m256i *)(one + output));
            __m256i right = _mm256_loadu_si256((const __m256i *)(other + output));
            __m512i low = _mm512_cvtepi8_epi16(_mm256_unpacklo_epi8(left, right));
            __m512i high = _mm512_cvtepi8_epi16(_mm256_unpackhi_epi8(left, right));
            int32_t *to = sums + output;
            _mm512_storeu_si512(to, _mm512_add_epi32(_mm512_loadu_si512(to), _mm512_madd_epi16(low, factors)));
            to += 16;
            _mm512_storeu_si512(to, _mm512_add_epi32(_mm512_loadu_si512(to), _mm512_madd_epi16(high, factors)));
        }
        add_rest(sums, rows, at, whole);
    }
    /* Unpacked in halves, outputs 8 to 15 and 16 to 23 of each 32 stand in each other's place. */
    for (Py_ssize_t output = 0; output < whole; output += 32) {
        int32_t held[8];
        memcpy(held, sums + output + 8, sizeof held);
        memcpy(sums + output + 8, sums + output + 16, sizeof held);
        memcpy(sums + output + 16, held, sizeof held);
    }
}
#endif

static void add_rows(int32_t *sums, const Rows *rows)
{
#ifdef WIDE
    if (__builtin_cpu_supports("avx512bw")) {
        add_by_32(sums, rows);
        return;
    }
    if (__builtin_cpu_supports("avx2")) {
        add_by_16(sums, rows);
        return;
    }
#endif
    add_plainly(sums, rows);
}

/* Round values times scales to whole numbers; returns what one of these is worth. */
static float round_factors(int16_t *factors, const float *values, const int32_t *columns, const float *scale,
                           Py_ssize_t count)
{
    float largest = 0;
    for (Py_ssize_t at = 0; at < count; at++) {
        float factor = fabsf(values[at] * scale[columns[at]]);
        largest = factor > largest ? factor : largest;
    }
    float steps = (float)(count * LARGEST_FACTOR > LARGEST_SUM ? LARGEST_SUM / count : LARGEST_FACTOR);
    float finer = largest > 0 ? steps / largest : 0;
    for (Py_ssize_t at = 0; at < count; at++)
        factors[at] = (int16_t)rintf(values[at] * scale[columns[at]] * finer);
    factors[count] = 0;
    return largest / steps;
}

/* score(values, columns, scale, weights, n_outputs) -> bytes of n_outputs float32 */
PyObject *score(PyObject *self, PyObject *args)
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
    size_t need = n_outputs * 4 + (n_columns + 1) * 2;
    int32_t *sums = NULL;
    if (!good)
        PyErr_SetString(PyExc_ValueError, "values, columns, scale and weights do not fit each other");
    else if ((sums = borrow(need)) == NULL)
        PyErr_NoMemory();
    else if ((result = PyBytes_FromStringAndSize(NULL, n_outputs * 4)) != NULL) {
        int16_t *factors = (int16_t *)(sums + n_outputs);
        float *scores = (float *)PyBytes_AS_STRING(result);
        float worth = round_factors(factors, values.buf, column, scale.buf, n_columns);
        Rows rows = {weights.buf, column, factors, n_columns, n_outputs};
        memset(sums, 0, n_outputs * 4);
        add_rows(sums, &rows);
        for (Py_ssize_t output = 0; output < n_outputs; output++)
            scores[output] = (float)sums[output] * worth;
    }
    if (sums)
        give_back(sums, need);
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
PyObject *dot(PyObject *self, PyObject *args)
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
