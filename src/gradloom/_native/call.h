/* Call: the short way from a compiled function's call to its Machine; part of vector.c.
 *
 * Contract
 *   A base class. `self._arm(machine, arguments, result, places)` allows the short way, and says whether
 *   there is one: a call whose arguments have the form `arguments` (forms.h), and nothing else, while nobody
 *   traces in this thread, and while every place holds what it held. Then the machine runs, and its outputs
 *   come in the form `result`. Every other call, and one in which a guard fails, is `self._call(args,
 *   kwargs)`, where args is a tuple and kwargs a dict. `self._disarm()` ends it. `self._runs` counts the
 *   calls that went the short way.
 *
 *   A place is (container, key, value):
 *       (list, None, tuple)     the list's items are those of the tuple, the same objects
 *       (dict, name, value)     the dict has the value under the name
 *       (dict, tuple, tuple)    the dict has these keys and values and no others, in this order
 *       (cell, None, value)     the closure's variable is the value
 *       (array, None, array)    the arrays have the same shape, type and bytes
 *   A change that keeps every bit (1.0 in place of another 1.0) takes the long way, which may arm again. */
#include "forms.h"

/* The short way that is armed; each call under way counts as one more who needs it, since `_arm` may be
 * called meanwhile. */
typedef struct {
    Py_ssize_t needed;
    Machine *machine;
    Form arguments, result;
    PyObject *places;
} Way;

typedef struct {
    PyObject_HEAD
    vectorcallfunc vectorcall;
    Way *way;
    long long runs;
} Call;

static void way_let_go(Way *way) {
    if (way == NULL || --way->needed > 0)
        return;
    Py_XDECREF(way->machine);
    Py_XDECREF(way->places);
    form_clear(&way->arguments);
    form_clear(&way->result);
    PyMem_Free(way);
}

static PyObject *get_tracer, *str_call;
static PyTypeObject *MachineType;

static int arrays_agree(PyObject *array, PyObject *copy) {
    Py_buffer x, y;
    if (PyObject_GetBuffer(array, &x, PyBUF_ND | PyBUF_FORMAT | PyBUF_C_CONTIGUOUS) < 0)
        return PyErr_Clear(), 0;
    if (PyObject_GetBuffer(copy, &y, PyBUF_ND | PyBUF_FORMAT | PyBUF_C_CONTIGUOUS) < 0) {
        PyBuffer_Release(&x);
        return PyErr_Clear(), 0;
    }
    int agree = x.ndim == y.ndim && x.len == y.len && strcmp(x.format, y.format) == 0 &&
                memcmp(x.shape, y.shape, (size_t)x.ndim * sizeof(Py_ssize_t)) == 0 &&
                memcmp(x.buf, y.buf, (size_t)x.len) == 0;
    PyBuffer_Release(&x);
    PyBuffer_Release(&y);
    return agree;
}

static int place_holds(PyObject *place) {
    PyObject *container = PyTuple_GET_ITEM(place, 0), *key = PyTuple_GET_ITEM(place, 1);
    PyObject *value = PyTuple_GET_ITEM(place, 2);
    if (PyList_Check(container)) {
        Py_ssize_t n = PyTuple_GET_SIZE(value);
        return PyList_GET_SIZE(container) == n &&
               (n == 0 || memcmp(((PyListObject *)container)->ob_item, ((PyTupleObject *)value)->ob_item,
                                 (size_t)n * sizeof(PyObject *)) == 0);
    }
    if (PyCell_Check(container))
        return PyCell_GET(container) == value;
    if (!PyDict_Check(container))
        return arrays_agree(container, value);
    if (!PyTuple_Check(key)) {
        PyObject *found = PyDict_GetItemWithError(container, key);
        PyErr_Clear();
        return found == value;
    }
    if (PyDict_GET_SIZE(container) != PyTuple_GET_SIZE(key))
        return 0;
    PyObject *k, *x;
    Py_ssize_t at = 0, i = 0;
    while (PyDict_Next(container, &at, &k, &x)) {
        if (k != PyTuple_GET_ITEM(key, i) || x != PyTuple_GET_ITEM(value, i))
            return 0;
        i++;
    }
    return 1;
}

static int place_is_sound(PyObject *place) {
    if (!PyTuple_Check(place) || PyTuple_GET_SIZE(place) != 3)
        return 0;
    PyObject *container = PyTuple_GET_ITEM(place, 0), *key = PyTuple_GET_ITEM(place, 1);
    PyObject *value = PyTuple_GET_ITEM(place, 2);
    if (PyList_Check(container))
        return PyTuple_Check(value);
    if ((PyObject *)Py_TYPE(container) == numpy_ndarray)
        return (PyObject *)Py_TYPE(value) == numpy_ndarray;
    if (!PyDict_Check(container) || PyUnicode_Check(key))
        return PyCell_Check(container) || PyDict_Check(container);
    return PyTuple_Check(key) && PyTuple_Check(value) && PyTuple_GET_SIZE(key) == PyTuple_GET_SIZE(value);
}

/* places_hold(places): whether every place holds what it held. */
static PyObject *places_hold(PyObject *module, PyObject *places) {
    if (!PyTuple_Check(places))
        return PyErr_Format(PyExc_TypeError, "places must be a tuple, not %.80s", Py_TYPE(places)->tp_name);
    for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(places); i++)
        if (!place_is_sound(PyTuple_GET_ITEM(places, i)) || !place_holds(PyTuple_GET_ITEM(places, i)))
            Py_RETURN_FALSE;
    Py_RETURN_TRUE;
}

/* The short way: the result, or NULL without an exception where it cannot be gone. */
static PyObject *go(const Way *way, PyObject *const *args) {
    Machine *machine = way->machine;
    for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(way->places); i++)
        if (!place_holds(PyTuple_GET_ITEM(way->places, i)))
            return NULL;
    PyObject *tracer = PyObject_CallNoArgs(get_tracer);
    Py_XDECREF(tracer);
    if (tracer != Py_None)
        return NULL;
    double *s = borrow(machine), *to = s + machine->constants;
    if (s == NULL)
        return NULL;
    PyObject *result = NULL;
    if (read_items(way->arguments.part + 1, args, way->arguments.part->n, &to) != NULL) {
        run_released(machine, s);
        if (first_failed(machine, s) < 0) {
            Maker maker = {way->result.part, {s, machine->runs, 0}};
            result = form_make(&maker);
        }
    }
    give_back(machine, s);
    return result;
}

static PyObject *call_short(Call *self, PyObject *const *args, Py_ssize_t count) {
    Way *way = self->way;
    if (way == NULL || count != way->arguments.part->n)
        return NULL;
    way->needed++;
    PyObject *result = go(way, args);
    way_let_go(way);
    self->runs += result != NULL;
    return result;
}

static PyObject *call_vectorcall(PyObject *self, PyObject *const *args, size_t flags, PyObject *names) {
    Py_ssize_t count = PyVectorcall_NARGS(flags), named = names ? PyTuple_GET_SIZE(names) : 0;
    if (named == 0) {
        PyObject *result = call_short((Call *)self, args, count);
        if (result != NULL || PyErr_Occurred())
            return result;
    }
    PyObject *positional = PyTuple_New(count), *keywords = PyDict_New(), *result = NULL;
    for (Py_ssize_t i = 0; positional != NULL && i < count; i++)
        PyTuple_SET_ITEM(positional, i, Py_NewRef(args[i]));
    int failed = positional == NULL || keywords == NULL;
    for (Py_ssize_t i = 0; !failed && i < named; i++)
        failed = PyDict_SetItem(keywords, PyTuple_GET_ITEM(names, i), args[count + i]) < 0;
    if (!failed)
        result = PyObject_CallMethodObjArgs(self, str_call, positional, keywords, NULL);
    Py_XDECREF(positional);
    Py_XDECREF(keywords);
    return result;
}

static PyObject *call_new(PyTypeObject *type, PyObject *args, PyObject *kwargs) {
    Call *self = (Call *)type->tp_alloc(type, 0);
    if (self != NULL)
        self->vectorcall = call_vectorcall;
    return (PyObject *)self;
}

static int call_clear(Call *self) {
    Way *way = self->way;
    self->way = NULL;
    way_let_go(way);
    return 0;
}

static int call_traverse(Call *self, visitproc visit, void *arg) {
    Py_VISIT(Py_TYPE(self));
    if (self->way == NULL)
        return 0;
    Py_VISIT(self->way->machine);
    Py_VISIT(self->way->places);
    int visited = form_traverse(&self->way->arguments, visit, arg);
    return visited ? visited : form_traverse(&self->way->result, visit, arg);
}

static void call_dealloc(Call *self) {
    PyTypeObject *type = Py_TYPE(self);
    PyObject_GC_UnTrack(self);
    call_clear(self);
    type->tp_free((PyObject *)self);
    Py_DECREF(type);
}

static PyObject *call_disarm(Call *self, PyObject *unused) {
    call_clear(self);
    Py_RETURN_NONE;
}

static PyObject *call_arm(Call *self, PyObject *args) {
    PyObject *machine, *arguments, *result, *places;
    if (!PyArg_ParseTuple(args, "O!O!O!O!", MachineType, &machine, &PyTuple_Type, &arguments, &PyTuple_Type, &result,
                          &PyTuple_Type, &places))
        return NULL;
    for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(places); i++)
        if (!place_is_sound(PyTuple_GET_ITEM(places, i)))
            return PyErr_Format(PyExc_TypeError, "place %zd is not (container, key, value)", i);
    Way *way = PyMem_Calloc(1, sizeof(Way));
    if (way == NULL)
        return PyErr_NoMemory();
    way->needed = 1;
    way->machine = (Machine *)Py_NewRef(machine);
    way->places = Py_NewRef(places);
    int loaded = form_load(&way->arguments, arguments);
    if (loaded > 0)
        loaded = form_load(&way->result, result);
    if (loaded > 0)
        loaded = way->arguments.part->kind == TUPLE && way->arguments.numbers == way->machine->inputs &&
                 way->result.numbers == way->machine->outputs;
    call_clear(self);
    if (loaded > 0)
        self->way = way;
    else
        way_let_go(way);
    return loaded < 0 ? NULL : PyBool_FromLong(loaded);
}

static PyMethodDef CALL_METHODS[] = {
    {"_arm", (PyCFunction)call_arm, METH_VARARGS, "Allow calls of this form to go the short way, to this machine."},
    {"_disarm", (PyCFunction)call_disarm, METH_NOARGS, "Every call is _call(args, kwargs) again."},
    {NULL, NULL, 0, NULL},
};

static PyMemberDef CALL_MEMBERS[] = {
    {"_runs", T_LONGLONG, offsetof(Call, runs), 0, "How many calls went the short way."},
    {"__vectorcalloffset__", T_PYSSIZET, offsetof(Call, vectorcall), READONLY, NULL},
    {NULL, 0, 0, 0, NULL},
};

static PyType_Slot CALL_SLOTS[] = {
    {Py_tp_new, call_new},
    {Py_tp_dealloc, call_dealloc},
    {Py_tp_traverse, call_traverse},
    {Py_tp_clear, call_clear},
    {Py_tp_call, PyVectorcall_Call},
    {Py_tp_methods, CALL_METHODS},
    {Py_tp_members, CALL_MEMBERS},
    {0, NULL},
};

static PyType_Spec CALL_SPEC = {
    .name = "gradloom._native.vector.Call",
    .basicsize = sizeof(Call),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE | Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_HAVE_VECTORCALL,
    .slots = CALL_SLOTS,
};
