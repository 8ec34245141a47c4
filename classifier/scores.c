/* Sums over the weights of a text's features, of 8 or 4 bits: scores of all outputs, and what each feature says of a
 * direction.
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

/* Rows of weights: a byte each, or, where there are `levels`, four bits each that name one of these. Of every 32 packed
 * weights the first 16 are the lower halves of 16 bytes, the others the upper halves. */
typedef struct {
    const uint8_t *weights;
    const int8_t *levels; /* 16 of them; NULL for plain rows */
    Py_ssize_t n_features, n_outputs;
} Weights;

typedef struct {
    Weights weights;
    const int32_t *columns;
    const int16_t *factors; /* an even number of them, the last 0 where columns are odd in number */
    Py_ssize_t n_columns;
} Rows;

#define PACK 32
#define ROWS_AHEAD 14

static inline Py_ssize_t row_size(const Weights *weights)
{
    return weights->levels ? (weights->n_outputs + PACK - 1) / PACK * (PACK / 2) : weights->n_outputs;
}

static inline int32_t weight_at(const Weights *weights, const uint8_t *row, Py_ssize_t output)
{
    if (!weights->levels)
        return (int8_t)row[output];
    uint8_t both = row[output / PACK * (PACK / 2) + output % (PACK / 2)];
    return weights->levels[output & (PACK / 2) ? both >> 4 : both & 15];
}

static inline const uint8_t *row_of(const Rows *rows, Py_ssize_t at)
{
    Py_ssize_t column = rows->columns[at < rows->n_columns ? at : rows->n_columns - 1];
    return rows->weights.weights + column * row_size(&rows->weights);
}

static inline void expect_rows(const Rows *rows, Py_ssize_t at)
{
    Py_ssize_t size = row_size(&rows->weights);
    for (Py_ssize_t one = at; one < at + 2 && one < rows->n_columns; one++) {
        const uint8_t *row = row_of(rows, one);
        for (Py_ssize_t line = 0; line < size; line += 64)
            __builtin_prefetch(row + line, 0, 1);
        __builtin_prefetch(row + size - 1, 0, 1);
    }
}

/* Add the outputs from `first` on of two rows, each times its factor. */
static inline void add_rest(int32_t *sums, const Rows *rows, Py_ssize_t at, Py_ssize_t first)
{
    const uint8_t *one = row_of(rows, at), *other = row_of(rows, at + 1);
    int32_t factor = rows->factors[at], next = rows->factors[at + 1];
    for (Py_ssize_t output = first; output < rows->weights.n_outputs; output++)
        sums[output] += factor * weight_at(&rows->weights, one, output) + next * weight_at(&rows->weights, other, output);
}

static void add_plainly(int32_t *sums, const Rows *rows)
{
    for (Py_ssize_t at = 0; at < rows->n_columns; at += 2) {
        expect_rows(rows, at + ROWS_AHEAD);
        add_rest(sums, rows, at, 0);
    }
}

#ifdef WIDE
#define INLINE(kind) __attribute__((target(kind), always_inline)) static inline

/* Return the 16 weights from `output` on, a multiple of 16. */
INLINE("avx2") __m128i sixteen(const uint8_t *row, Py_ssize_t output, __m128i levels, int packed)
{
    if (!packed)
        return _mm_loadu_si128((const __m128i *)(row + output));
    __m128i both = _mm_loadu_si128((const __m128i *)(row + output / PACK * (PACK / 2)));
    __m128i half = output & (PACK / 2) ? _mm_srli_epi16(both, 4) : both;
    return _mm_shuffle_epi8(levels, _mm_and_si128(half, _mm_set1_epi8(15)));
}

INLINE("avx2") void add_16(int32_t *sums, const Rows *rows, int packed)
{
    Py_ssize_t whole = rows->weights.n_outputs / 16 * 16;
    __m128i levels = packed ? _mm_loadu_si128((const __m128i *)rows->weights.levels) : _mm_setzero_si128();
    for (Py_ssize_t at = 0; at < rows->n_columns; at += 2) {
        expect_rows(rows, at + ROWS_AHEAD);
        const uint8_t *one = row_of(rows, at), *other = row_of(rows, at + 1);
        int32_t both;
        memcpy(&both, rows->factors + at, 4);
        __m256i factors = _mm256_set1_epi32(both);
        for (Py_ssize_t output = 0; output < whole; output += 16) {
            __m128i left = sixteen(one, output, levels, packed), right = sixteen(other, output, levels, packed);
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

#define BLOCK 128 /* outputs of 64 bytes */
#define AT_ONCE 2 /* blocks whose sums are held in registers */

/* Return which output a lane stands for: `word` of the 32 of a block, and which of its four halves of a byte. */
static inline Py_ssize_t output_of(Py_ssize_t block, int word, int half)
{
    int byte = 2 * word + half / 2;
    return block * BLOCK + byte / (PACK / 2) * PACK + byte % (PACK / 2) + half % 2 * (PACK / 2);
}

/* Sum `blocks` blocks of packed rows, from `first` on. Words of two rows stand side by side, so that what the levels
 * make of them is multiplied and added in pairs; a level's number is the lowest four bits of a word, the fifth is left
 * out by levels that stand twice. */
INLINE("avx512f,avx512bw") void add_blocks(int32_t *sums, const Rows *rows, Py_ssize_t first, int blocks)
{
    Py_ssize_t size = row_size(&rows->weights), from = first * (BLOCK / 2);
    __m512i sum[AT_ONCE][8];
    __mmask64 there[AT_ONCE];
    for (int block = 0; block < blocks; block++) {
        Py_ssize_t left = size - from - block * (BLOCK / 2);
        there[block] = left >= 64 ? ~0ULL : (1ULL << left) - 1;
        for (int one = 0; one < 8; one++)
            sum[block][one] = _mm512_setzero_si512();
    }
    __m512i levels = _mm512_cvtepi8_epi16(
        _mm256_broadcastsi128_si256(_mm_loadu_si128((const __m128i *)rows->weights.levels)));
    for (Py_ssize_t at = 0; at < rows->n_columns; at += 2) {
        if (!first)
            expect_rows(rows, at + ROWS_AHEAD);
        const uint8_t *one = row_of(rows, at) + from, *other = row_of(rows, at + 1) + from;
        int32_t both;
        memcpy(&both, rows->factors + at, 4);
        __m512i factors = _mm512_set1_epi32(both);
        for (int block = 0; block < blocks; block++) {
            __m512i left = _mm512_maskz_loadu_epi8(there[block], one + block * 64);
            __m512i right = _mm512_maskz_loadu_epi8(there[block], other + block * 64);
            __m512i low = _mm512_unpacklo_epi16(left, right), high = _mm512_unpackhi_epi16(left, right);
            for (int half = 0; half < 4; half++) {
                __m512i these = _mm512_permutexvar_epi16(_mm512_srli_epi16(low, 4 * half), levels);
                __m512i those = _mm512_permutexvar_epi16(_mm512_srli_epi16(high, 4 * half), levels);
                sum[block][half] = _mm512_add_epi32(sum[block][half], _mm512_madd_epi16(these, factors));
                sum[block][half + 4] = _mm512_add_epi32(sum[block][half + 4], _mm512_madd_epi16(those, factors));
            }
        }
    }
    for (int block = 0; block < blocks; block++)
        for (int one = 0; one < 8; one++) {
            int32_t lanes[16];
            _mm512_storeu_si512(lanes, sum[block][one]);
            for (int lane = 0; lane < 16; lane++) {
                int word = lane / 4 * 8 + lane % 4 + (one >= 4 ? 4 : 0);
                Py_ssize_t output = output_of(first + block, word, one % 4);
                if (output < rows->weights.n_outputs)
                    sums[output] = lanes[lane];
            }
        }
}

__attribute__((target("avx512f,avx512bw"))) static void add_packed(int32_t *sums, const Rows *rows)
{
    Py_ssize_t blocks = (row_size(&rows->weights) + 63) / 64, first = 0;
    for (; first + AT_ONCE <= blocks; first += AT_ONCE)
        add_blocks(sums, rows, first, AT_ONCE);
    if (first < blocks)
        add_blocks(sums, rows, first, 1);
}

__attribute__((target("avx2"))) static void add_by_16(int32_t *sums, const Rows *rows)
{
    if (rows->weights.levels)
        add_16(sums, rows, 1);
    else
        add_16(sums, rows, 0);
}

__attribute__((target("avx2"))) static void unpack_by_16(int8_t *to, const Weights *weights, const uint8_t *row)
{
    __m128i levels = _mm_loadu_si128((const __m128i *)weights->levels);
    for (Py_ssize_t output = 0; output < weights->n_outputs; output += 16)
        _mm_storeu_si128((__m128i *)(to + output), sixteen(row, output, levels, 1));
}
#endif

/* Write a packed row's weights, up to 15 more than there are. */
static void unpack_row(int8_t *to, const Weights *weights, const uint8_t *row)
{
#ifdef WIDE
    if (__builtin_cpu_supports("avx2")) {
        unpack_by_16(to, weights, row);
        return;
    }
#endif
    for (Py_ssize_t output = 0; output < weights->n_outputs; output++)
        to[output] = (int8_t)weight_at(weights, row, output);
}

static void add_rows(int32_t *sums, const Rows *rows)
{
#ifdef WIDE
    if (rows->weights.levels && __builtin_cpu_supports("avx512bw")) {
        add_packed(sums, rows);
        return;
    }
    if (__builtin_cpu_supports("avx2")) {
        add_by_16(sums, rows);
        return;
    }
#endif
    add_plainly(sums, rows);
}

/* Tell whether buffers hold rows of `n_outputs`, and columns number some of them. */
static int holds(Weights *weights, const Py_buffer *numbers, const Py_buffer *levels, Py_ssize_t n_outputs,
                 const Py_buffer *columns)
{
    weights->weights = numbers->buf;
    weights->levels = levels->len ? levels->buf : NULL;
    weights->n_outputs = n_outputs;
    if (n_outputs <= 0 || (levels->len && levels->len != 16) || numbers->len % row_size(weights))
        return 0;
    weights->n_features = numbers->len / row_size(weights);
    const int32_t *column = columns->buf;
    for (Py_ssize_t at = 0; at < columns->len / 4; at++)
        if (column[at] < 0 || column[at] >= weights->n_features)
            return 0;
    return 1;
}

/* Round values times scales to whole numbers; returns what one of these is worth. `room` has place for `count`. */
FOR_EACH_CPU static float round_factors(int16_t *factors, const float *values, const int32_t *columns,
                                        const float *scale, float *room, Py_ssize_t count)
{
    float largest = 0;
    for (Py_ssize_t at = 0; at < count; at++) {
        room[at] = values[at] * scale[columns[at]];
        largest = fabsf(room[at]) > largest ? fabsf(room[at]) : largest;
    }
    float steps = (float)(count * LARGEST_FACTOR > LARGEST_SUM ? LARGEST_SUM / count : LARGEST_FACTOR);
    float finer = largest > 0 ? steps / largest : 0;
    for (Py_ssize_t at = 0; at < count; at++)
        factors[at] = (int16_t)rintf(room[at] * finer);
    factors[count] = 0;
    return largest / steps;
}

/* score(values, columns, scale, weights, levels, n_outputs) -> bytes of n_outputs float32 */
PyObject *score(PyObject *self, PyObject *args)
{
    Py_buffer values, columns, scale, numbers, levels;
    Py_ssize_t n_outputs;
    (void)self;
    if (!PyArg_ParseTuple(args, "y*y*y*y*y*n", &values, &columns, &scale, &numbers, &levels, &n_outputs))
        return NULL;
    PyObject *result = NULL;
    Py_ssize_t n_columns = columns.len / 4;
    Rows rows = {.columns = columns.buf, .n_columns = n_columns};
    size_t need = (n_outputs + n_columns) * 4 + (n_columns + 1) * 2;
    int32_t *sums = NULL;
    if (!holds(&rows.weights, &numbers, &levels, n_outputs, &columns) || values.len != columns.len ||
        scale.len / 4 != rows.weights.n_features)
        PyErr_SetString(PyExc_ValueError, "values, columns, scale and weights do not fit each other");
    else if ((sums = borrow(need)) == NULL)
        PyErr_NoMemory();
    else if ((result = PyBytes_FromStringAndSize(NULL, n_outputs * 4)) != NULL) {
        float *room = (float *)(sums + n_outputs);
        int16_t *factors = (int16_t *)(room + n_columns);
        float *scores = (float *)PyBytes_AS_STRING(result);
        float worth = round_factors(factors, values.buf, rows.columns, scale.buf, room, n_columns);
        rows.factors = factors;
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
    PyBuffer_Release(&numbers);
    PyBuffer_Release(&levels);
    return result;
}

/* ---- sums along rows ---- */

#define LANES 16

FOR_EACH_CPU static float along_row(const int8_t *row, const float *direction, Py_ssize_t count)
{
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
    return sum;
}

/* `room` has place for a row and 15 more. */
static void dot_rows(float *sums, const Rows *rows, const float *direction, Py_ssize_t first, Py_ssize_t count,
                     int8_t *room)
{
    for (Py_ssize_t at = 0; at < rows->n_columns; at++) {
        expect_rows(rows, at + 4);
        const uint8_t *row = row_of(rows, at);
        if (rows->weights.levels)
            unpack_row(room, &rows->weights, row);
        sums[at] = along_row((rows->weights.levels ? room : (const int8_t *)row) + first, direction, count);
    }
}

/* The same where most of direction is zero: `places` are those that are not. Nothing is added for the others, which
 * changes no sum. */
static void dot_few(float *sums, const Rows *rows, const float *direction, Py_ssize_t first, const int32_t *places,
                    Py_ssize_t n_places)
{
    for (Py_ssize_t at = 0; at < rows->n_columns; at++) {
        const uint8_t *row = row_of(rows, at);
        float lanes[LANES] = {0};
        for (Py_ssize_t one = 0; one < n_places; one++)
            lanes[places[one] % LANES] +=
                direction[places[one]] * (float)weight_at(&rows->weights, row, first + places[one]);
        float sum = 0;
        for (int lane = 0; lane < LANES; lane++)
            sum += lanes[lane];
        sums[at] = sum;
    }
}

#define FEW 16

/* dot(columns, weights, levels, n_outputs, first, direction) -> float32 for each column: its row's part from `first`
 * on, times direction, summed in 16 lanes */
PyObject *dot(PyObject *self, PyObject *args)
{
    Py_buffer columns, numbers, levels, direction;
    Py_ssize_t n_outputs, first;
    (void)self;
    if (!PyArg_ParseTuple(args, "y*y*y*nny*", &columns, &numbers, &levels, &n_outputs, &first, &direction))
        return NULL;
    PyObject *result = NULL;
    Py_ssize_t count = direction.len / 4;
    Rows rows = {.columns = columns.buf, .n_columns = columns.len / 4};
    size_t need = (n_outputs > 0 ? n_outputs : 0) + 16;
    int8_t *room = NULL;
    if (!holds(&rows.weights, &numbers, &levels, n_outputs, &columns) || first < 0 || first + count > n_outputs)
        PyErr_SetString(PyExc_ValueError, "columns, weights and direction do not fit each other");
    else if ((room = borrow(need)) == NULL)
        PyErr_NoMemory();
    else if ((result = PyBytes_FromStringAndSize(NULL, rows.n_columns * 4)) != NULL) {
        float *sums = (float *)PyBytes_AS_STRING(result);
        const float *towards = direction.buf;
        int32_t places[FEW];
        Py_ssize_t n_places = 0;
        for (Py_ssize_t one = 0; one < count && n_places <= FEW; one++)
            if (towards[one] != 0 && n_places++ < FEW)
                places[n_places - 1] = (int32_t)one;
        if (n_places <= FEW)
            dot_few(sums, &rows, towards, first, places, n_places);
        else
            dot_rows(sums, &rows, towards, first, count, room);
    }
    if (room)
        give_back(room, need);
    PyBuffer_Release(&columns);
    PyBuffer_Release(&numbers);
    PyBuffer_Release(&levels);
    PyBuffer_Release(&direction);
    return result;
}
