/* Who may lead: the probability of categories shared among the departments that their duties name.
 *
 * The plain twin in Python is in leads.py; the answers are the same to the last bit.
 */
#include "kernel.h"
#include <math.h>
#include <string.h>

#define SMALLEST 1e-9f
#define MOST_FAVOUR 1000.0f
#define LEAST_FAVOUR ((float)(1 / 1000.0))

/* For each naming the duty, the department named, and its share; see DutyTable. */
typedef struct {
    const int32_t *duty, *department;
    const float *share;
    Py_ssize_t count;
} Namings;

/* Times likelier than usual that the text makes a department, 1 for one never seen to lead. */
static inline float favour(float told, float expected)
{
    if (!(expected > 0))
        return 1;
    float times = told / expected;
    return times < LEAST_FAVOUR ? LEAST_FAVOUR : times > MOST_FAVOUR ? MOST_FAVOUR : times;
}

/* Add to `held`, by department, what falls to it: each duty's mass by the shares of those named, as the text favours
 * them. `whole` has room for a number a duty. */
static void share_out(double *held, double *whole, const Namings *namings, const float *favours, const float *mass,
                      Py_ssize_t n_duties)
{
    memset(whole, 0, n_duties * sizeof(double));
    for (Py_ssize_t at = 0; at < namings->count; at++)
        whole[namings->duty[at]] += namings->share[at] * favours[namings->department[at]];
    for (Py_ssize_t at = 0; at < namings->count; at++) {
        Py_ssize_t duty = namings->duty[at], department = namings->department[at];
        double all = whole[duty] > SMALLEST ? whole[duty] : SMALLEST;
        float each = (float)(mass[duty] / all);
        held[department] += namings->share[at] * favours[department] * each;
    }
}

/* Return the naming by which most of its duty's mass falls to a department, -1 where it is not named. */
static Py_ssize_t likeliest(const Namings *namings, const float *mass, Py_ssize_t department)
{
    Py_ssize_t best = -1;
    float most = 0;
    for (Py_ssize_t at = 0; at < namings->count; at++) {
        if (namings->department[at] != department)
            continue;
        float falls = mass[namings->duty[at]] * namings->share[at];
        if (best < 0 || falls > most) {
            best = at;
            most = falls;
        }
    }
    return best;
}

static int fits(const Namings *namings, Py_ssize_t n_duties, Py_ssize_t n_departments)
{
    for (Py_ssize_t at = 0; at < namings->count; at++)
        if (namings->duty[at] < 0 || namings->duty[at] >= n_duties || namings->department[at] < 0 ||
            namings->department[at] >= n_departments)
            return 0;
    return 1;
}

/* List (department, probability, whether duties say it louder, naming) of the likeliest, the earlier of equal ones. */
static PyObject *list_best(const Namings *namings, const float *mass, float *total, const float *by_duty,
                           const float *learnt, Py_ssize_t n_departments, Py_ssize_t count)
{
    PyObject *found = PyList_New(0);
    for (Py_ssize_t turn = 0; found && turn < count && turn < n_departments; turn++) {
        Py_ssize_t best = 0;
        for (Py_ssize_t at = 1; at < n_departments; at++)
            best = total[at] > total[best] ? at : best;
        if (!(total[best] > 0))
            break;
        PyObject *one = Py_BuildValue("(ndOn)", best, (double)total[best],
                                      by_duty[best] >= learnt[best] ? Py_True : Py_False,
                                      likeliest(namings, mass, best));
        if (!one || PyList_Append(found, one) < 0)
            Py_CLEAR(found);
        Py_XDECREF(one);
        total[best] = -1;
    }
    return found;
}

/* leads(mass of duties, told of departments, expected of each, learnt, share of what is learnt,
 *       duty, department and share of each naming, how many) -> [(department, probability, by duty, naming), …] */
PyObject *leads(PyObject *self, PyObject *args)
{
    Py_buffer mass, told, expected, learnt, duty, department, share;
    double learnt_share;
    Py_ssize_t count;
    (void)self;
    if (!PyArg_ParseTuple(args, "y*y*y*y*dy*y*y*n", &mass, &told, &expected, &learnt, &learnt_share, &duty, &department,
                          &share, &count))
        return NULL;
    PyObject *found = NULL;
    Py_ssize_t n_duties = mass.len / 4, n_departments = told.len / 4;
    Namings namings = {duty.buf, department.buf, share.buf, share.len / 4};
    size_t need = (n_duties + n_departments) * sizeof(double) + 4 * n_departments * sizeof(float);
    double *whole = NULL;
    if (expected.len != told.len || learnt.len != told.len || duty.len != share.len || department.len != share.len ||
        !fits(&namings, n_duties, n_departments))
        PyErr_SetString(PyExc_ValueError, "mass, departments and namings do not fit each other");
    else if ((whole = borrow(need)) == NULL)
        PyErr_NoMemory();
    else {
        double *held = whole + n_duties, sum = 0;
        float *favours = (float *)(held + n_departments), *by_duty = favours + n_departments;
        float *past = by_duty + n_departments, *total = past + n_departments;
        const float *heard = told.buf, *usual = expected.buf, *seen = learnt.buf;
        float by_text = (float)learnt_share, by_duties = (float)(1 - learnt_share);
        for (Py_ssize_t at = 0; at < n_departments; at++)
            favours[at] = favour(heard[at], usual[at]);
        memset(held, 0, n_departments * sizeof(double));
        share_out(held, whole, &namings, favours, mass.buf, n_duties);
        for (Py_ssize_t at = 0; at < n_departments; at++) {
            by_duty[at] = by_duties * (float)held[at];
            past[at] = by_text * seen[at];
            total[at] = by_duty[at] + past[at];
            sum += total[at];
        }
        sum = sum > SMALLEST ? sum : SMALLEST;
        for (Py_ssize_t at = 0; at < n_departments; at++)
            total[at] = (float)(total[at] / sum);
        found = list_best(&namings, mass.buf, total, by_duty, past, n_departments, count);
    }
    if (whole)
        give_back(whole, need);
    PyBuffer_Release(&mass);
    PyBuffer_Release(&told);
    PyBuffer_Release(&expected);
    PyBuffer_Release(&learnt);
    PyBuffer_Release(&duty);
    PyBuffer_Release(&department);
    PyBuffer_Release(&share);
    return found;
}
