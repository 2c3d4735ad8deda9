/* gradloom._native.rows: the compiler's interpreter over many rows.
 *
 * Contract
 *   interpreter.py is the definition; this module gives the same numbers (levels.h says how closely).
 *   LEVEL, LEVELS    the SIMD level in use, and all that this machine has, slowest first
 *   FUNCTIONS        {name: where it comes from}: "libmvec" (four, eight, ... at a time) or "libm"
 */
#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include "levels.h"

static PyObject *evaluate(PyObject *module, PyObject *args) {
    int level, code, exact;
    PyObject *operands;
    (void)module;
    if (!PyArg_ParseTuple(args, "iipO!", &level, &code, &exact, &PyTuple_Type, &operands))
        return NULL;
    if (level < 0 || level >= levels_count() || code < 0 || code >= ROW_COUNT)
        return PyErr_Format(PyExc_ValueError, "there is no level %d, or no row %d", level, code);
    const int arity = ROWS[code].arity;
    if (PyTuple_GET_SIZE(operands) != arity + 1)
        return PyErr_Format(PyExc_ValueError, "row %d takes %d operands and a result", code, arity);
    Py_buffer views[4];
    Count n = 0;
    int pattern = 0, held = 0;
    PyObject *result = NULL;
    for (; held <= arity; held++) {
        const int flags = PyBUF_C_CONTIGUOUS | PyBUF_FORMAT | (held == arity ? PyBUF_WRITABLE : 0);
        if (PyObject_GetBuffer(PyTuple_GET_ITEM(operands, held), &views[held], flags) < 0)
            goto done;
    }
    n = views[arity].len / 8;
    for (int i = 0; i < arity; i++) {
        const Count m = views[i].len / 8;
        if (m != n && m != 1) {
            PyErr_SetString(PyExc_ValueError, "operands must be one number or as many as results");
            goto done;
        }
        pattern |= (m == 1) << i;
    }
    const Level *l = level_at(level);
    const Kernel kernel = n == LEVEL_BLOCK ? (exact ? l->exact_block : l->block)[code][pattern]
                                           : (exact ? l->exact : l->kernel)[code][pattern];
    const double *xs[3] = {NULL, NULL, NULL};
    for (int i = 0; i < arity; i++)
        xs[i] = views[i].buf;
    kernel(n, views[arity].buf, xs[0], xs[1], xs[2]);
    result = Py_NewRef(Py_None);
done:
    while (held-- > 0)
        PyBuffer_Release(&views[held]);
    return result;
}

static PyMethodDef methods[] = {
    {"evaluate", evaluate, METH_VARARGS,
     "evaluate(level, opcode, exact, (x, ..., out)): one kernel over contiguous float64 arrays."},
    {NULL, NULL, 0, NULL},
};

static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT, "gradloom._native.rows", "The compiler's interpreter over many rows.", -1, methods,
};

PyMODINIT_FUNC PyInit_rows(void) {
    levels_load();
    PyObject *module = PyModule_Create(&definition);
    PyObject *names = PyTuple_New(levels_count()), *functions = PyDict_New();
    if (module == NULL || names == NULL || functions == NULL)
        goto failed;
    const Level *best = level_at(levels_count() - 1);
    for (int i = 0; i < levels_count(); i++) {
        PyObject *name = PyUnicode_FromString(level_at(i)->name);
        if (name == NULL)
            goto failed;
        PyTuple_SET_ITEM(names, i, name);
    }
    for (int f = 0; f < vector_count(); f++) {
        PyObject *where = PyUnicode_FromString(best->used(f) != NULL ? "libmvec" : "libm");
        if (where == NULL || PyDict_SetItemString(functions, vector_name(f), where) < 0) {
            Py_XDECREF(where);
            goto failed;
        }
        Py_DECREF(where);
    }
    if (PyModule_AddStringConstant(module, "LEVEL", best->name) < 0 ||
        PyModule_AddIntConstant(module, "BLOCK", LEVEL_BLOCK) < 0 ||
        PyModule_AddObjectRef(module, "LEVELS", names) < 0 ||
        PyModule_AddObjectRef(module, "FUNCTIONS", functions) < 0)
        goto failed;
    Py_DECREF(names);
    Py_DECREF(functions);
    return module;
failed:
    Py_XDECREF(module);
    Py_XDECREF(names);
    Py_XDECREF(functions);
    return NULL;
}
