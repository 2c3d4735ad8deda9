/* The native twin of define_vector (compiler/vector_program.py): runs a VectorProgram.
 *
 * Contract
 *   Machine(inputs, slots, constants, words, indices, outputs, guards): the columns of a VectorProgram.
 *   Every word is checked here, once, so that a run checks nothing: a slot is inside the array, an operand
 *   of n lanes stays inside, an opcode exists. Whether a slot is written before it is read is the concern
 *   of VectorProgram.verified; here the slots start as 0, so the worst is a wrong number, never a crash.
 *
 *   machine(inputs)      a float64 array (outputs,) from one of shape (inputs,)
 *   machine.run(inputs)  (outputs, failed): failed is the number of the first guard that does not hold, or -1
 *   machine.floats(*xs)  the same on Python numbers: a tuple of floats, or `failed` as an int
 *
 *   The slots belong to the Machine; while a thread runs it without the GIL, others work on copies. The
 *   GIL is released only where a run takes longer than about 20 us. */
#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <structmember.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "levels.h"
#include "products.h"

/* ---- the opcodes of vector_program.py beside the rows */
enum { EXACT = 1 << 16 };
enum { OP_SUM = ROW_COUNT + 2, OP_DOT, OP_MULADD, OP_MULSUB, OP_SUBMUL, OP_STRETCH, OP_END, OP_SUM3, OP_DOT2, OP_DOT3, OP_COUNT };

#define WORD uint16_t
#define RUN_STRETCH run_narrow
#include "stretch.h"
#define WORD int32_t
#define RUN_STRETCH run_wide
#include "stretch.h"

static int arity_of(int op) {
    if (op < 0 || op == ROW_COUNT || op == ROW_COUNT + 1 || op >= OP_STRETCH)
        return -1;
    return op < ROW_COUNT ? ROWS[op].arity : op == OP_SUM ? 1 : op == OP_DOT ? 2 : 3;
}

/* ---- a VectorProgram, ready to run */
enum { RUN_NARROW, RUN_WIDE, RUN_MAP, RUN_TWO, RUN_LANES, RUN_ROWS };

/* Numbers brought side by side in the scratch behind the slots, before the step that reads them. */
typedef struct {
    ptrdiff_t n;
    size_t from; /* where the list of their slots begins in `lists` */
    int32_t to;
} Gather;

typedef struct {
    int kind, op, spread, exact;
    int32_t slot;
    ptrdiff_t rows, lanes, terms;
    size_t first, second;   /* a stretch: where its words begin; sums: where the tables begin in `lists` */
    size_t gathers, gathered; /* which of `gather`, from and to */
    Kernel kernel, then;    /* a map; of a multiply-add, the product and what follows it */
    int32_t operand[3];     /* a map: where each operand lies */
} Step;

typedef struct {
    PyObject_HEAD
    Py_ssize_t inputs, constants, outputs, guards, slots, steps, scratch;
    int narrow;   /* the slots' numbers fit 16 bits */
    int release;  /* a run is long enough to release the GIL */
    int busy;     /* a thread is running on `memory`; read and written with the GIL held */
    double *memory; /* the slots, then scratch */
    int32_t *runs; /* the outputs as runs: slot, count; of neighbouring slots, or below 0 of one slot again and again */
    Step *step;
    void *words; /* uint16_t or int32_t */
    Gather *gather;
    int32_t *lists;
    size_t gathers, listed, gather_room, list_room;
    int32_t *output, *guard; /* slots; a guard's truth after its slot */
} Machine;

static PyObject *numpy_empty;
static const Level *level;
static const Products *products, *exact_products;
enum { NANOSECONDS_FOR_RELEASE = 20000, FEW_LANES = 4 };

static void run(const Machine *machine, double *s) {
    const int32_t *lists = machine->lists;
    const Products *with;
    for (const Step *step = machine->step, *end = step + machine->steps; step < end; step++) {
        for (size_t g = step->gathers; g < step->gathered; g++) {
            const Gather *gather = &machine->gather[g];
            products->gather(gather->n, s + gather->to, s, lists + gather->from);
        }
        double *out = s + step->slot;
        switch (step->kind) {
        case RUN_NARROW:
            run_narrow((const uint16_t *)machine->words + step->first, s);
            break;
        case RUN_WIDE:
            run_wide((const int32_t *)machine->words + step->first, s);
            break;
        case RUN_MAP:
            step->kernel(step->lanes, out, s + step->operand[0], s + step->operand[1], s + step->operand[2]);
            break;
        case RUN_TWO:
            step->kernel(step->lanes, out, s + step->operand[0], s + step->operand[1], NULL);
            if (step->op == OP_SUBMUL)
                step->then(step->lanes, out, s + step->operand[2], out, NULL);
            else
                step->then(step->lanes, out, out, s + step->operand[2], NULL);
            break;
        case RUN_LANES:
            with = step->exact ? exact_products : products;
            if (step->op == OP_SUM)
                with->sum(step->rows, step->lanes, step->terms, out, s, lists + step->first);
            else
                with->dot(step->rows, step->lanes, step->terms, out, s, lists + step->first,
                              lists + step->second, step->spread);
            break;
        case RUN_ROWS:
            for (ptrdiff_t i = 0; i < step->rows; i++) {
                const double *x = s + lists[step->first + i];
                out[i] = step->op == OP_SUM ? level->sum(step->terms, x)
                                            : level->dot(step->terms, x, s + lists[step->second + i]);
            }
            break;
        }
    }
}

static int first_failed(const Machine *machine, const double *s) {
    for (Py_ssize_t i = 0; i < machine->guards; i++)
        if ((s[machine->guard[2 * i]] != 0.0) != machine->guard[2 * i + 1])
            return (int)i;
    return -1;
}

/* The slots to run on: the Machine's own, or a copy while another thread has these. */
static double *borrow(Machine *machine) {
    if (!machine->busy) {
        machine->busy = 1;
        return machine->memory;
    }
    size_t count = (size_t)(machine->slots + machine->scratch);
    double *copy = PyMem_RawMalloc((count + 1) * sizeof(double));
    if (copy == NULL)
        return (double *)PyErr_NoMemory();
    memset(copy, 0, (count + 1) * sizeof(double));
    memcpy(copy, machine->memory, (size_t)machine->constants * sizeof(double));
    return copy;
}

static void give_back(Machine *machine, double *s) {
    if (s == machine->memory)
        machine->busy = 0;
    else
        PyMem_RawFree(s);
}

static void run_released(const Machine *machine, double *s) {
    if (machine->release) {
        Py_BEGIN_ALLOW_THREADS
        run(machine, s);
        Py_END_ALLOW_THREADS
    } else {
        run(machine, s);
    }
}

/* ---- calls */
/* Where the outputs of a run are, the next first. */
typedef struct {
    const double *slots;
    const int32_t *run;
    int32_t taken; /* of this run */
} Outputs;

/* The next n outputs. */
static void take(Outputs *from, Py_ssize_t n, double *to) {
    while (n > 0) {
        const int32_t count = from->run[1], left = abs(count) - from->taken, here = left < n ? left : (int32_t)n;
        const double *x = from->slots + from->run[0];
        if (here == 1)
            *to = count < 0 ? *x : x[from->taken];
        else if (count > 0)
            memcpy(to, x + from->taken, (size_t)here * sizeof(double));
        else
            for (int32_t i = 0; i < here; i++)
                to[i] = *x;
        to += here;
        n -= here;
        from->taken = here < left ? from->taken + here : 0;
        from->run += here < left ? 0 : 2;
    }
}

static int is_float64(const Py_buffer *view) {
    return view->itemsize == sizeof(double) && view->format != NULL &&
           (strcmp(view->format, "d") == 0 || strcmp(view->format, "=d") == 0 || strcmp(view->format, "<d") == 0);
}

static PyObject *run_array(Machine *machine, PyObject *inputs, int *failed) {
    Py_buffer view, out;
    if (PyObject_GetBuffer(inputs, &view, PyBUF_ND | PyBUF_FORMAT | PyBUF_C_CONTIGUOUS) < 0) {
        PyErr_Clear();
        return PyErr_Format(PyExc_TypeError, "inputs must be a contiguous float64 array of shape (%zd,), not %.100s",
                            machine->inputs, Py_TYPE(inputs)->tp_name);
    }
    if (!is_float64(&view) || view.ndim != 1 || view.shape[0] != machine->inputs) {
        PyBuffer_Release(&view);
        return PyErr_Format(PyExc_ValueError, "inputs must be a contiguous float64 array of shape (%zd,)",
                            machine->inputs);
    }
    double *s = borrow(machine);
    if (s == NULL) {
        PyBuffer_Release(&view);
        return NULL;
    }
    memcpy(s + machine->constants, view.buf, (size_t)machine->inputs * sizeof(double));
    PyBuffer_Release(&view);
    run_released(machine, s);
    if (failed != NULL)
        *failed = first_failed(machine, s);
    PyObject *count = PyLong_FromSsize_t(machine->outputs);
    PyObject *result = count ? PyObject_CallOneArg(numpy_empty, count) : NULL;
    Py_XDECREF(count);
    if (result != NULL && PyObject_GetBuffer(result, &out, PyBUF_WRITABLE) < 0)
        Py_CLEAR(result);
    if (result != NULL) {
        Outputs from = {s, machine->runs, 0};
        take(&from, machine->outputs, out.buf);
        PyBuffer_Release(&out);
    }
    give_back(machine, s);
    return result;
}

static PyObject *machine_call(Machine *machine, PyObject *args, PyObject *kwargs) {
    if (PyTuple_GET_SIZE(args) != 1 || (kwargs != NULL && PyDict_GET_SIZE(kwargs) != 0)) {
        PyErr_SetString(PyExc_TypeError, "a prepared program takes one argument, the array of its inputs");
        return NULL;
    }
    return run_array(machine, PyTuple_GET_ITEM(args, 0), NULL);
}

static PyObject *machine_run(Machine *machine, PyObject *inputs) {
    int failed = -1;
    PyObject *outputs = run_array(machine, inputs, &failed);
    return outputs == NULL ? NULL : Py_BuildValue("(Ni)", outputs, failed);
}

static PyObject *machine_floats(Machine *machine, PyObject *const *args, Py_ssize_t count) {
    if (count != machine->inputs)
        return PyErr_Format(PyExc_TypeError, "this program has %zd inputs, not %zd", machine->inputs, count);
    double *s = borrow(machine);
    if (s == NULL)
        return NULL;
    PyObject *result = NULL;
    for (Py_ssize_t i = 0; i < count; i++) {
        double x = PyFloat_CheckExact(args[i]) ? PyFloat_AS_DOUBLE(args[i]) : PyFloat_AsDouble(args[i]);
        if (x == -1.0 && PyErr_Occurred())
            goto done;
        s[machine->constants + i] = x;
    }
    run_released(machine, s);
    int failed = machine->guards ? first_failed(machine, s) : -1;
    if (failed >= 0) {
        result = PyLong_FromLong(failed);
        goto done;
    }
    result = PyTuple_New(machine->outputs);
    for (Py_ssize_t i = 0; result != NULL && i < machine->outputs; i++) {
        PyObject *x = PyFloat_FromDouble(s[machine->output[i]]);
        if (x == NULL)
            Py_CLEAR(result);
        else
            PyTuple_SET_ITEM(result, i, x);
    }
done:
    give_back(machine, s);
    return result;
}

/* ---- preparing */
static int invalid(const char *what, Py_ssize_t at) {
    PyErr_Format(PyExc_ValueError, "the vector program is broken: %s, at word %zd; make it with vectorize()", what, at);
    return -1;
}

/* A column as int32_t or double numbers; the caller releases the view. */
static int column(PyObject *array, Py_buffer *view, Py_ssize_t itemsize, Py_ssize_t *count) {
    if (PyObject_GetBuffer(array, view, PyBUF_ND | PyBUF_C_CONTIGUOUS) < 0)
        return -1;
    if (view->itemsize != itemsize) {
        PyBuffer_Release(view);
        PyErr_SetString(PyExc_TypeError, "the columns of a vector program are contiguous int32 and float64 arrays");
        return -1;
    }
    *count = view->len / itemsize;
    return 0;
}

static void put(Machine *machine, size_t at, int32_t word) {
    if (machine->narrow)
        ((uint16_t *)machine->words)[at] = (uint16_t)word;
    else
        ((int32_t *)machine->words)[at] = word;
}

/* Check the words of a stretch and copy them, with END behind; how many additions they are worth. */
static double load_stretch(Machine *machine, const int32_t *words, Py_ssize_t from, Py_ssize_t to, size_t *filled) {
    double work = 0.0;
    for (Py_ssize_t i = from; i < to;) {
        int op = words[i], arity = arity_of(op), summed = op == OP_SUM || op == OP_DOT;
        if (arity < 0 || to - i < 3)
            return invalid("there is no such operation", i);
        if (summed && (words[i + 2] < 1 || words[i + 2] > to - i || (machine->narrow && words[i + 2] > UINT16_MAX)))
            return invalid("a sum of no terms, or of too many", i);
        Py_ssize_t first = i + 1, terms = summed ? words[i + 2] : 1, end = i + 2 + summed + terms * arity;
        if (end > to)
            return invalid("operands are missing", i);
        for (Py_ssize_t j = first; j < end; j++)
            if (!(summed && j == i + 2) && (words[j] < 0 || words[j] >= machine->slots))
                return invalid("a slot is outside of the array", j);
        if (words[first] < machine->constants + machine->inputs)
            return invalid("a constant or an input is written", first);
        int brief = op == OP_SUM && terms == 3 ? OP_SUM3 : op != OP_DOT ? 0 : terms == 2 ? OP_DOT2 : terms == 3 ? OP_DOT3 : 0;
        for (Py_ssize_t j = i; j < end; j++)
            if (!(brief && j == i + 2))
                put(machine, (*filled)++, brief && j == i ? brief : words[j]);
        work += op < ROW_COUNT && strchr("+-*", ROWS[op].symbol[0]) == NULL ? 8.0 : (double)terms;
        i = end;
    }
    put(machine, (*filled)++, OP_END);
    return work;
}

/* ---- preparing a vector instruction: each operand becomes a table of places, or is gathered */
typedef struct {
    const int32_t *word;
    int listed;      /* how many words there are: 4, or 6 of a SUM or DOT */
    ptrdiff_t n, terms;
    ptrdiff_t period; /* neighbouring lanes of so many are `inner` apart */
    int32_t inner;
    int beside;      /* the terms of a lane lie side by side */
} Operand;

typedef struct {
    const int32_t *indices;
    ptrdiff_t count;
} Indices;

/* The slot of lane i, term j; checked before. */
static ptrdiff_t place(const Operand *o, const Indices *indices, ptrdiff_t i, ptrdiff_t j) {
    const int32_t *w = o->word;
    ptrdiff_t at, period = w[1];
    int32_t step = o->listed > 4 ? w[4] : 0, offsets = o->listed > 4 ? w[5] : -1;
    if (period < 0) {
        ptrdiff_t row = w[0] + i / -period + (offsets == -2 ? j * (o->n / -period) : 0);
        at = indices->indices[row] + i % -period * (ptrdiff_t)w[3];
    } else {
        at = w[0] + i / period * (ptrdiff_t)w[2] + i % period * (ptrdiff_t)w[3];
    }
    return at + (offsets >= 0 ? indices->indices[offsets + j] : offsets == -1 ? j * (ptrdiff_t)step : 0);
}

/* Read an operand and check every slot that it names. */
static int load_operand(const Machine *machine, Operand *o, const int32_t *words, int listed, ptrdiff_t n,
                        ptrdiff_t terms, const Indices *indices, Py_ssize_t at) {
    *o = (Operand){words, listed, n, terms, words[1] < 0 ? -(ptrdiff_t)words[1] : words[1], words[3], 0};
    ptrdiff_t offsets = listed > 4 ? words[5] : -1, count = indices->count;
    if (words[1] == 0 || words[1] == INT32_MIN || offsets < -2 || (words[1] > 0 && offsets == -2))
        return invalid("a period of 0", at);
    if (words[1] < 0) {
        ptrdiff_t lists = offsets == -2 ? terms : 1;
        if (n % o->period != 0 || words[0] < 0 || words[0] + n / o->period * lists > count)
            return invalid("an index list is too short", at);
    }
    if (offsets >= 0 && offsets + terms > count)
        return invalid("an index list is too short", at);
    for (ptrdiff_t j = 0; j < terms; j++)
        for (ptrdiff_t i = 0; i < n; i++) {
            ptrdiff_t slot = place(o, indices, i, j);
            if (slot < 0 || slot >= machine->slots)
                return invalid("a slot is outside of the array", at);
        }
    if (o->period >= n || n % o->period != 0)
        o->period = n % o->period ? 1 : n;
    o->beside = terms == 1 || (offsets == -1 && words[4] == 1);
    return 0;
}

/* Room for `n` numbers more in the lists, and for one more gather. */
static int room(Machine *machine, size_t n) {
    if (machine->listed + n > machine->list_room) {
        size_t more = 2 * (machine->listed + n);
        int32_t *lists = PyMem_RawRealloc(machine->lists, more * sizeof(int32_t));
        if (lists == NULL)
            return PyErr_NoMemory(), -1;
        machine->lists = lists;
        machine->list_room = more;
    }
    if (machine->gathers == machine->gather_room) {
        size_t more = 2 * machine->gathers + 16;
        Gather *gather = PyMem_RawRealloc(machine->gather, more * sizeof(Gather));
        if (gather == NULL)
            return PyErr_NoMemory(), -1;
        machine->gather = gather;
        machine->gather_room = more;
    }
    return 0;
}

/* A gather of `n` numbers, whose slots the caller appends to `lists`; where they will lie, or -1. */
static ptrdiff_t begin_gather(Machine *machine, Step *step, ptrdiff_t n, ptrdiff_t *used) {
    if (room(machine, (size_t)n) < 0)
        return -1;
    ptrdiff_t to = machine->slots + *used;
    *used += (n + 7) / 8 * 8;
    if (*used > machine->scratch)
        machine->scratch = *used;
    if (machine->slots + machine->scratch > INT32_MAX) {
        PyErr_SetString(PyExc_OverflowError, "the program is too large for 32-bit slots; cut it into smaller functions");
        return -1;
    }
    machine->gather[machine->gathers++] = (Gather){n, machine->listed, (int32_t)to};
    step->gathered = machine->gathers;
    return to;
}

static int load_map(Machine *machine, Step *step, const int32_t *words, ptrdiff_t n, const Indices *indices,
                    Py_ssize_t at) {
    int arity = arity_of(step->op), pattern = 0;
    ptrdiff_t used = 0;
    for (int k = 0; k < arity; k++) {
        Operand o;
        if (load_operand(machine, &o, words + 4 * k, 4, n, 1, indices, at) < 0)
            return -1;
        ptrdiff_t to = place(&o, indices, 0, 0);
        if (n == 1 || (o.period == n && o.inner == 0)) {
            pattern |= 1 << k;
        } else if (o.period != n || o.inner != 1) {
            if ((to = begin_gather(machine, step, n, &used)) < 0)
                return -1;
            for (ptrdiff_t i = 0; i < n; i++)
                machine->lists[machine->listed++] = (int32_t)place(&o, indices, i, 0);
        }
        step->operand[k] = (int32_t)to;
    }
    for (int k = arity; k < 3; k++)
        step->operand[k] = step->operand[0];
    step->lanes = n;
    step->kind = RUN_MAP;
    int op = step->op;
    if (op >= ROW_COUNT) {
        step->kind = RUN_TWO;
        int third = pattern >> 2;
        step->then = op == OP_MULADD   ? level->kernel[ROW_ADD][third << 1]
                     : op == OP_MULSUB ? level->kernel[ROW_SUB][third << 1]
                                       : level->kernel[ROW_SUB][third];
        pattern &= 3;
        op = ROW_MUL;
    }
    step->kernel = (step->exact ? level->exact : level->kernel)[op][pattern];
    return 0;
}

static ptrdiff_t gcd(ptrdiff_t a, ptrdiff_t b) {
    while (b != 0) {
        ptrdiff_t rest = a % b;
        a = b;
        b = rest;
    }
    return a;
}

/* Whether all rows of `lanes` lanes are the same. */
static int rows_repeat(const Operand *o, const Indices *indices, ptrdiff_t lanes) {
    for (ptrdiff_t j = 0; j < o->terms; j++)
        for (ptrdiff_t i = lanes; i < o->n; i++)
            if (place(o, indices, i, j) != place(o, indices, i - lanes, j))
                return 0;
    return 1;
}

/* The table of an operand of a SUM or DOT over `lanes` lanes: as it lies where `fits`, else gathered. */
static int load_table(Machine *machine, Step *step, const Operand *o, const Indices *indices, ptrdiff_t lanes, int fits,
                      int repeats, size_t *table, ptrdiff_t *used) {
    ptrdiff_t rows = o->n / lanes, terms = o->terms, to = 0;
    if (!fits) {
        if ((to = begin_gather(machine, step, (repeats ? lanes : o->n) * terms, used)) < 0)
            return -1;
        for (ptrdiff_t a = 0; a < (repeats ? 1 : rows); a++)
            for (ptrdiff_t j = 0; j < terms; j++)
                for (ptrdiff_t b = 0; b < lanes; b++)
                    machine->lists[machine->listed++] = (int32_t)place(o, indices, a * lanes + b, j);
    }
    if (room(machine, (size_t)(rows * terms)) < 0)
        return -1;
    *table = machine->listed;
    for (ptrdiff_t a = 0; a < rows; a++)
        for (ptrdiff_t j = 0; j < terms; j++)
            machine->lists[machine->listed++] =
                (int32_t)(fits ? place(o, indices, a * lanes, j) : to + ((repeats ? 0 : a) * terms + j) * lanes);
    return 0;
}

/* The table of an operand whose terms are to lie side by side. */
static int load_row_table(Machine *machine, Step *step, const Operand *o, const Indices *indices, size_t *table,
                          ptrdiff_t *used) {
    ptrdiff_t to = 0;
    if (!o->beside) {
        if ((to = begin_gather(machine, step, o->n * o->terms, used)) < 0)
            return -1;
        for (ptrdiff_t i = 0; i < o->n; i++)
            for (ptrdiff_t j = 0; j < o->terms; j++)
                machine->lists[machine->listed++] = (int32_t)place(o, indices, i, j);
    }
    if (room(machine, (size_t)o->n) < 0)
        return -1;
    *table = machine->listed;
    for (ptrdiff_t i = 0; i < o->n; i++)
        machine->lists[machine->listed++] = (int32_t)(o->beside ? place(o, indices, i, 0) : to + i * o->terms);
    return 0;
}

static int load_sum(Machine *machine, Step *step, const int32_t *words, ptrdiff_t n, const Indices *indices,
                    Py_ssize_t at) {
    int factors = step->op == OP_DOT ? 2 : 1, fits[2] = {0, 0}, repeats[2] = {0, 0};
    ptrdiff_t terms = words[0], used = 0;
    Operand o[2];
    for (int k = 0; k < factors; k++) {
        if (load_operand(machine, &o[k], words + 1 + 6 * k, 6, n, terms, indices, at) < 0)
            return -1;
        fits[k] = o[k].period >= FEW_LANES && (o[k].inner == 1 || (o[k].inner == 0 && factors == 2));
    }
    if (factors == 2 && fits[0] && fits[1] && o[0].inner == 0 && o[1].inner == 0)
        fits[0] = 0;
    ptrdiff_t lanes = n;
    if (fits[0] && (factors == 1 || fits[1])) {
        lanes = factors == 1 ? o[0].period : gcd(o[0].period, o[1].period);
        if (lanes < FEW_LANES) {
            int larger = o[1].period > o[0].period;
            lanes = o[larger].period;
            fits[!larger] = 0;
        }
    } else if (fits[0] || (factors == 2 && fits[1])) {
        lanes = o[!fits[0]].period;
    }
    for (int k = 0; k < factors; k++)
        repeats[k] = n > lanes && rows_repeat(&o[k], indices, lanes);
    int beside = o[0].beside && (factors == 1 || o[1].beside), one = fits[0] && (factors == 1 || fits[1]);
    int shared = n / lanes >= 4 && (fits[0] || repeats[0]) && (factors == 1 || fits[1] || repeats[1]);
    size_t *tables[2] = {&step->first, &step->second};
    step->terms = terms;
    if (!step->exact && (n < FEW_LANES || (beside && !one && !shared && terms >= 8))) {
        step->kind = RUN_ROWS;
        step->rows = n;
        for (int k = 0; k < factors; k++)
            if (load_row_table(machine, step, &o[k], indices, tables[k], &used) < 0)
                return -1;
        return 0;
    }
    step->kind = RUN_LANES;
    step->rows = n / lanes;
    step->lanes = lanes;
    int inner[2] = {1, 1};
    for (int k = 0; k < factors; k++) {
        if (fits[k])
            inner[k] = o[k].inner;
        if (load_table(machine, step, &o[k], indices, lanes, fits[k], repeats[k], tables[k], &used) < 0)
            return -1;
    }
    step->spread = inner[0] && inner[1];
    if (inner[0] == 0) {
        size_t first = step->first;
        step->first = step->second;
        step->second = first;
    }
    return 0;
}

static int load_words(Machine *machine, const int32_t *words, Py_ssize_t count, const Indices *indices) {
    Py_ssize_t steps = 0;
    for (Py_ssize_t i = 0; i < count; i += words[i + 1], steps++)
        if (count - i < 2 || words[i + 1] < 2 || words[i + 1] > count - i)
            return invalid("a length does not fit", i);
    machine->step = PyMem_RawCalloc((size_t)steps + 1, sizeof(Step));
    machine->words = PyMem_RawCalloc((size_t)(count + steps + 1), machine->narrow ? sizeof(uint16_t) : sizeof(int32_t));
    if (machine->step == NULL || machine->words == NULL) {
        PyErr_NoMemory();
        return -1;
    }
    size_t filled = 0;
    double work = 0.0; /* nanoseconds */
    for (Py_ssize_t i = 0; i < count; i += words[i + 1]) {
        Step *step = &machine->step[machine->steps++];
        const int32_t *word = words + i;
        step->exact = (word[0] & EXACT) != 0;
        step->op = word[0] & ~EXACT;
        step->gathers = step->gathered = machine->gathers;
        if (step->op == OP_STRETCH) {
            step->kind = machine->narrow ? RUN_NARROW : RUN_WIDE;
            step->first = filled;
            double stretch = load_stretch(machine, words, i + 2, i + word[1], &filled);
            if (stretch < 0.0)
                return -1;
            work += stretch;
            continue;
        }
        int arity = arity_of(step->op), summed = step->op == OP_SUM || step->op == OP_DOT;
        if (arity < 0 || word[1] != (summed ? 5 + 6 * arity : 4 + 4 * arity))
            return invalid("there is no such operation", i);
        ptrdiff_t n = word[2], slot = word[3], terms = summed ? word[4] : 1;
        if (n < 1 || terms < 1 || (double)n * (double)terms > INT32_MAX || slot < machine->constants + machine->inputs || slot + n > machine->slots)
            return invalid("results do not fit the slots", i);
        step->slot = (int32_t)slot;
        if ((summed ? load_sum(machine, step, word + 4, n, indices, i)
                    : load_map(machine, step, word + 4, n, indices, i)) < 0)
            return -1;
        work += 30.0 + (double)n * (double)terms * (summed || step->op >= ROW_COUNT ? 0.1 : 2.0);
    }
    machine->release = work > NANOSECONDS_FOR_RELEASE;
    return 0;
}

static int load_slots(Machine *machine, PyObject *array, int32_t **to, Py_ssize_t *count, int width) {
    Py_buffer view;
    if (column(array, &view, sizeof(int32_t), count) < 0)
        return -1;
    *to = PyMem_RawMalloc((size_t)view.len + 1);
    if (*to == NULL)
        PyErr_NoMemory();
    else
        memcpy(*to, view.buf, (size_t)view.len);
    PyBuffer_Release(&view);
    *count /= width;
    for (Py_ssize_t i = 0; *to != NULL && i < *count; i++)
        if ((*to)[width * i] < 0 || (*to)[width * i] >= machine->slots)
            return invalid("an output or a guard is outside of the slots", i);
    return *to == NULL ? -1 : 0;
}

/* The outputs as runs: gradients come in blocks, and those of what was not used are one 0.0. */
static int load_runs(Machine *machine) {
    const int32_t *output = machine->output;
    int32_t *run = machine->runs = PyMem_RawMalloc((size_t)(2 * machine->outputs + 1) * sizeof(int32_t));
    if (run == NULL)
        return PyErr_NoMemory(), -1;
    for (Py_ssize_t i = 0, n; i < machine->outputs; i += n, run += 2) {
        const int32_t step = i + 1 < machine->outputs ? output[i + 1] - output[i] : 1;
        for (n = 1; (step == 0 || step == 1) && i + n < machine->outputs && output[i + n] - output[i + n - 1] == step;)
            n++;
        run[0] = output[i];
        run[1] = (int32_t)(step == 0 ? -n : n);
    }
    return 0;
}

static void machine_dealloc(Machine *machine) {
    PyTypeObject *type = Py_TYPE(machine);
    PyMem_RawFree(machine->memory);
    PyMem_RawFree(machine->step);
    PyMem_RawFree(machine->words);
    PyMem_RawFree(machine->gather);
    PyMem_RawFree(machine->lists);
    PyMem_RawFree(machine->output);
    PyMem_RawFree(machine->guard);
    PyMem_RawFree(machine->runs);
    type->tp_free((PyObject *)machine);
    Py_DECREF(type);
}

static PyObject *machine_new(PyTypeObject *type, PyObject *args, PyObject *kwargs) {
    static char *names[] = {"inputs", "slots", "constants", "words", "indices", "outputs", "guards", NULL};
    PyObject *columns[3], *outputs, *guards;
    Py_ssize_t inputs, slots, count;
    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "nnOOOOO", names, &inputs, &slots, &columns[0], &columns[1],
                                     &columns[2], &outputs, &guards))
        return NULL;
    Machine *machine = (Machine *)type->tp_alloc(type, 0);
    if (machine == NULL)
        return NULL;
    Py_buffer constants = {0}, words = {0}, indices = {0};
    Indices listed;
    if (column(columns[0], &constants, sizeof(double), &machine->constants) < 0 ||
        column(columns[1], &words, sizeof(int32_t), &count) < 0 ||
        column(columns[2], &indices, sizeof(int32_t), &listed.count) < 0)
        goto failed;
    machine->inputs = inputs;
    machine->slots = slots;
    machine->narrow = slots <= UINT16_MAX + 1;
    if (inputs < 0 || slots < 0 || slots > INT32_MAX || machine->constants > slots - inputs) {
        invalid("its inputs and constants do not fit its slots", 0);
        goto failed;
    }
    listed.indices = indices.buf;
    if (load_words(machine, words.buf, count, &listed) < 0 ||
        load_slots(machine, outputs, &machine->output, &machine->outputs, 1) < 0 ||
        load_slots(machine, guards, &machine->guard, &machine->guards, 2) < 0 || load_runs(machine) < 0)
        goto failed;
    machine->memory = PyMem_RawCalloc((size_t)(slots + machine->scratch) + 1, sizeof(double));
    if (machine->memory == NULL) {
        PyErr_NoMemory();
        goto failed;
    }
    memcpy(machine->memory, constants.buf, (size_t)constants.len);
    goto done;
failed:
    Py_CLEAR(machine);
done:
    PyBuffer_Release(&constants);
    PyBuffer_Release(&words);
    PyBuffer_Release(&indices);
    return (PyObject *)machine;
}

#include "call.h"

/* ---- the module */
static PyMethodDef METHODS[] = {
    {"run", (PyCFunction)machine_run, METH_O, "The outputs, and the number of the first guard that fails or -1."},
    {"floats", (PyCFunction)(void (*)(void))machine_floats, METH_FASTCALL,
     "The outputs for Python numbers, as a tuple of floats; the number of the first guard that fails."},
    {NULL, NULL, 0, NULL},
};

static PyType_Slot SLOTS[] = {
    {Py_tp_new, machine_new},
    {Py_tp_dealloc, machine_dealloc},
    {Py_tp_call, machine_call},
    {Py_tp_methods, METHODS},
    {0, NULL},
};

static PyType_Spec SPEC = {
    .name = "gradloom._native.vector.Machine",
    .basicsize = sizeof(Machine),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_IMMUTABLETYPE,
    .slots = SLOTS,
};

static PyObject *attribute_of(const char *module_name, const char *name) {
    PyObject *module = PyImport_ImportModule(module_name);
    PyObject *attribute = module ? PyObject_GetAttrString(module, name) : NULL;
    Py_XDECREF(module);
    return attribute;
}

#define BEST_PRODUCTS(at)                         \
    extern const Products PRODUCTS_##at;          \
    extern const Products PRODUCTS_exact_##at;    \
    if (strcmp(level->name, #at) == 0) {          \
        products = &PRODUCTS_##at;                \
        exact_products = &PRODUCTS_exact_##at;    \
    }

static int choose_level(void) {
    level = levels_load();
    if (level == NULL) {
        PyErr_Format(PyExc_ImportError, "GRADLOOM_LEVEL=%s: this machine has no such SIMD level; gradloom info "
                     "lists those that it has", getenv("GRADLOOM_LEVEL"));
        return -1;
    }
    BEST_PRODUCTS(baseline)
#ifdef GRADLOOM_AVX2
    BEST_PRODUCTS(avx2)
#endif
#ifdef GRADLOOM_AVX512
    BEST_PRODUCTS(avx512)
#endif
    return 0;
}

static int exec(PyObject *module) {
    if (choose_level() < 0)
        return -1;
    numpy_empty = attribute_of("numpy", "empty");
    numpy_ndarray = numpy_empty ? attribute_of("numpy", "ndarray") : NULL;
    numpy_float64 = numpy_ndarray ? attribute_of("numpy", "float64") : NULL;
    get_tracer = numpy_float64 ? attribute_of("gradloom._native.value", "get_tracer") : NULL;
    str_call = get_tracer ? PyUnicode_InternFromString("_call") : NULL;
    MachineType = str_call ? (PyTypeObject *)PyType_FromSpec(&SPEC) : NULL;
    PyObject *call = MachineType ? PyType_FromSpec(&CALL_SPEC) : NULL;
    if (call == NULL || PyModule_AddObject(module, "Call", call) < 0)
        return -1;
    if (PyModule_AddIntConstant(module, "ROWS", ROW_COUNT) < 0 ||
        PyModule_AddStringConstant(module, "LEVEL", level->name) < 0)
        return -1;
    return PyModule_AddObjectRef(module, "Machine", (PyObject *)MachineType);
}

static PyModuleDef_Slot MODULE_SLOTS[] = {
    {Py_mod_exec, exec},
#ifdef Py_mod_multiple_interpreters
    {Py_mod_multiple_interpreters, Py_MOD_MULTIPLE_INTERPRETERS_NOT_SUPPORTED},
#endif
    {0, NULL},
};

static PyMethodDef FUNCTIONS[] = {
    {"places_hold", places_hold, METH_O, "Whether every place holds what it held."},
    {NULL, NULL, 0, NULL},
};

static struct PyModuleDef MODULE = {
    PyModuleDef_HEAD_INIT, "gradloom._native.vector", "Runs VectorPrograms.", 0, FUNCTIONS, MODULE_SLOTS, NULL, NULL, NULL,
};

PyMODINIT_FUNC PyInit_vector(void) { return PyModuleDef_Init(&MODULE); }
