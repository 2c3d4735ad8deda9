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
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "table.h"

/* ---- the opcodes of vector_program.py beside the rows */
enum { OP_SUM = ROW_COUNT + 2, OP_DOT, OP_MULADD, OP_MULSUB, OP_SUBMUL, OP_STRETCH, OP_END, OP_COUNT };

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
typedef struct {
    int op;
    size_t words; /* of a stretch: where its words begin */
} Step;

typedef struct {
    PyObject_HEAD
    Py_ssize_t inputs, constants, outputs, guards, slots, steps, scratch;
    int narrow;   /* the slots' numbers fit 16 bits */
    int release;  /* a run is long enough to release the GIL */
    int busy;     /* a thread is running on `memory`; read and written with the GIL held */
    double *memory; /* the slots, then scratch */
    Step *step;
    void *words; /* uint16_t or int32_t */
    int32_t *output, *guard; /* slots; a guard's truth after its slot */
} Machine;

static PyObject *numpy_empty;
enum { NANOSECONDS_FOR_RELEASE = 20000 };

static void run(const Machine *machine, double *s) {
    for (const Step *step = machine->step, *end = step + machine->steps; step < end; step++) {
        if (machine->narrow)
            run_narrow((const uint16_t *)machine->words + step->words, s);
        else
            run_wide((const int32_t *)machine->words + step->words, s);
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
        double *to = out.buf;
        for (Py_ssize_t i = 0; i < machine->outputs; i++)
            to[i] = s[machine->output[i]];
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
    int failed;
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
        for (Py_ssize_t j = i; j < end; j++)
            put(machine, (*filled)++, words[j]);
        work += op < ROW_COUNT && strchr("+-*", ROWS[op].symbol[0]) == NULL ? 8.0 : (double)terms;
        i = end;
    }
    put(machine, (*filled)++, OP_END);
    return work;
}

static int load_words(Machine *machine, const int32_t *words, Py_ssize_t count) {
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
    double nanoseconds = 0.0;
    for (Py_ssize_t i = 0; i < count; i += words[i + 1]) {
        Step *step = &machine->step[machine->steps++];
        step->op = words[i];
        step->words = filled;
        if (step->op == OP_STRETCH)
            nanoseconds += load_stretch(machine, words, i + 2, i + words[i + 1], &filled);
        else
            return invalid("there is no such operation", i);
        if (PyErr_Occurred())
            return -1;
    }
    machine->release = nanoseconds > NANOSECONDS_FOR_RELEASE;
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

static void machine_dealloc(Machine *machine) {
    PyTypeObject *type = Py_TYPE(machine);
    PyMem_RawFree(machine->memory);
    PyMem_RawFree(machine->step);
    PyMem_RawFree(machine->words);
    PyMem_RawFree(machine->output);
    PyMem_RawFree(machine->guard);
    type->tp_free((PyObject *)machine);
    Py_DECREF(type);
}

static PyObject *machine_new(PyTypeObject *type, PyObject *args, PyObject *kwargs) {
    static char *names[] = {"inputs", "slots", "constants", "words", "indices", "outputs", "guards", NULL};
    PyObject *constants, *words, *indices, *outputs, *guards;
    Py_ssize_t inputs, slots, count;
    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "nnOOOOO", names, &inputs, &slots, &constants, &words, &indices,
                                     &outputs, &guards))
        return NULL;
    Machine *machine = (Machine *)type->tp_alloc(type, 0);
    if (machine == NULL)
        return NULL;
    Py_buffer view;
    if (column(constants, &view, sizeof(double), &machine->constants) < 0)
        goto failed;
    machine->inputs = inputs;
    machine->slots = slots;
    machine->narrow = slots <= UINT16_MAX + 1;
    int fits = inputs >= 0 && slots >= 0 && slots <= INT32_MAX && machine->constants + inputs <= slots;
    if (fits)
        machine->memory = PyMem_RawCalloc((size_t)slots + 1, sizeof(double));
    if (machine->memory != NULL)
        memcpy(machine->memory, view.buf, (size_t)view.len);
    PyBuffer_Release(&view);
    if (machine->memory == NULL) {
        if (fits)
            PyErr_NoMemory();
        else
            invalid("its inputs and constants do not fit its slots", 0);
        goto failed;
    }
    if (column(words, &view, sizeof(int32_t), &count) < 0)
        goto failed;
    int loaded = load_words(machine, view.buf, count);
    PyBuffer_Release(&view);
    if (loaded < 0 || load_slots(machine, outputs, &machine->output, &machine->outputs, 1) < 0 ||
        load_slots(machine, guards, &machine->guard, &machine->guards, 2) < 0)
        goto failed;
    return (PyObject *)machine;
failed:
    Py_DECREF(machine);
    return NULL;
}

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

static int exec(PyObject *module) {
    PyObject *numpy = PyImport_ImportModule("numpy");
    numpy_empty = numpy ? PyObject_GetAttrString(numpy, "empty") : NULL;
    Py_XDECREF(numpy);
    PyObject *type = numpy_empty ? PyType_FromSpec(&SPEC) : NULL;
    if (type == NULL || PyModule_AddIntConstant(module, "ROWS", ROW_COUNT) < 0)
        return -1;
    return PyModule_AddObject(module, "Machine", type);
}

static PyModuleDef_Slot MODULE_SLOTS[] = {
    {Py_mod_exec, exec},
#ifdef Py_mod_multiple_interpreters
    {Py_mod_multiple_interpreters, Py_MOD_MULTIPLE_INTERPRETERS_NOT_SUPPORTED},
#endif
    {0, NULL},
};

static struct PyModuleDef MODULE = {
    PyModuleDef_HEAD_INIT, "gradloom._native.vector", "Runs VectorPrograms.", 0, NULL, MODULE_SLOTS, NULL, NULL, NULL,
};

PyMODINIT_FUNC PyInit_vector(void) { return PyModuleDef_Init(&MODULE); }
