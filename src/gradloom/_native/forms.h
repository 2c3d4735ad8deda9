/* Form: how arguments or results are nested, as the tuples of compiler/nesting.py say it, read off once.
 *
 * Contract
 *   form_load(form, tuple) reads the tuple: 1, 0 where it names what has no short way (Values, arrays of
 *   objects, named tuples, statics that are no atoms), -1 with an exception. form_clear undoes it.
 *   form_read(part, x, &to): whether x has the form from `part` on; its numbers go to `to`. Nothing of x is
 *   kept. Where it is not sure (an array with strides, an equal key that is another object) it says no.
 *   form_make(&maker): a new object of the form from `maker.part` on, made of the next outputs of a run. */
typedef enum { NUMBERS, ARRAY, LIST, TUPLE, DICT, STATIC } PartKind;

typedef struct {
    PartKind kind;
    Py_ssize_t n;   /* of numbers in a row, of an array's elements, of a container's items */
    PyObject *held; /* an array's shape, a dict's keys, a static */
} Part;

typedef struct {
    Part *part;
    Py_ssize_t count, room, numbers;
} Form;

static PyObject *numpy_ndarray, *numpy_float64;

static void form_clear(Form *form) {
    Part *part = form->part;
    Py_ssize_t count = form->count;
    *form = (Form){0};
    for (Py_ssize_t i = 0; i < count; i++)
        Py_XDECREF(part[i].held);
    PyMem_Free(part);
}

static int form_traverse(const Form *form, visitproc visit, void *arg) {
    for (Py_ssize_t i = 0; i < form->count; i++)
        Py_VISIT(form->part[i].held);
    return 0;
}

static int form_add(Form *form, PartKind kind, Py_ssize_t n, PyObject *held) {
    if (form->count == form->room) {
        Py_ssize_t room = form->room ? 2 * form->room : 4;
        Part *part = PyMem_Realloc(form->part, (size_t)room * sizeof(Part));
        if (part == NULL)
            return PyErr_NoMemory(), -1;
        form->part = part;
        form->room = room;
    }
    form->part[form->count++] = (Part){kind, n, Py_XNewRef(held)};
    return 1;
}

static int is_named(PyObject *kind, const char *name) {
    return PyUnicode_Check(kind) && PyUnicode_CompareWithASCIIString(kind, name) == 0;
}

static int is_number_form(PyObject *form) {
    return PyTuple_Check(form) && PyTuple_GET_SIZE(form) == 2 && is_named(PyTuple_GET_ITEM(form, 0), "number") &&
           PyTuple_GET_ITEM(form, 1) == Py_False;
}

static int form_load_part(Form *form, PyObject *tuple);

/* The items of a container; where `rows`, numbers side by side become one part. */
static int form_load_items(Form *form, PyObject *items, int rows) {
    for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(items); i++) {
        Py_ssize_t first = i;
        while (rows && i < PyTuple_GET_SIZE(items) && is_number_form(PyTuple_GET_ITEM(items, i)))
            i++;
        if (i > first) {
            form->numbers += i - first;
            if (form_add(form, NUMBERS, i-- - first, NULL) < 0)
                return -1;
            continue;
        }
        int loaded = form_load_part(form, PyTuple_GET_ITEM(items, i));
        if (loaded <= 0)
            return loaded;
    }
    return 1;
}

static int form_load_part(Form *form, PyObject *tuple) {
    if (!PyTuple_CheckExact(tuple) || PyTuple_GET_SIZE(tuple) < 2)
        return 0;
    if (is_number_form(tuple)) {
        form->numbers++;
        return form_add(form, NUMBERS, 1, NULL);
    }
    PyObject *kind = PyTuple_GET_ITEM(tuple, 0), *first = PyTuple_GET_ITEM(tuple, 1);
    PyObject *last = PyTuple_GET_ITEM(tuple, PyTuple_GET_SIZE(tuple) - 1);
    if (is_named(kind, "array") && PyTuple_CheckExact(first)) {
        Py_ssize_t n = 1;
        for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(first); i++) {
            Py_ssize_t m = PyLong_AsSsize_t(PyTuple_GET_ITEM(first, i));
            if (m < 0 || (m > 0 && n > PY_SSIZE_T_MAX / m))
                return PyErr_Clear(), 0;
            n *= m;
        }
        form->numbers += n;
        return form_add(form, ARRAY, n, first);
    }
    if (is_named(kind, "static") && PyTuple_GET_SIZE(tuple) > 2) {
        PyObject *x = PyTuple_GET_ITEM(tuple, 2);
        int atom = x == Py_None || PyBool_Check(x) || PyLong_CheckExact(x) || PyUnicode_CheckExact(x);
        return atom ? form_add(form, STATIC, 1, x) : 0;
    }
    int is_list = is_named(kind, "list"), is_dict = is_named(kind, "dict");
    if ((!is_list && !is_dict && !is_named(kind, "tuple")) || !PyTuple_CheckExact(last) ||
        (is_dict && (!PyTuple_CheckExact(first) || PyTuple_GET_SIZE(first) != PyTuple_GET_SIZE(last))))
        return 0;
    if (form_add(form, is_list ? LIST : is_dict ? DICT : TUPLE, PyTuple_GET_SIZE(last), is_dict ? first : NULL) < 0 ||
        Py_EnterRecursiveCall(" in the form of a call"))
        return -1;
    int loaded = form_load_items(form, last, !is_dict);
    Py_LeaveRecursiveCall();
    return loaded;
}

static int form_load(Form *form, PyObject *tuple) {
    *form = (Form){0};
    int loaded = form_load_part(form, tuple);
    if (loaded <= 0)
        form_clear(form);
    return loaded;
}

/* ---- reading an argument */
static int is_same(PyObject *x, PyObject *y) {
    if (x == y)
        return 1;
    if (PyUnicode_CheckExact(x) && PyUnicode_CheckExact(y))
        return PyUnicode_Compare(x, y) == 0;
    if (PyLong_CheckExact(x) && PyLong_CheckExact(y)) {
        int overflow, other;
        long long a = PyLong_AsLongLongAndOverflow(x, &overflow), b = PyLong_AsLongLongAndOverflow(y, &other);
        return a == b && !overflow && !other;
    }
    return 0;
}

static int read_array(const Part *part, PyObject *x, double *to) {
    Py_buffer view;
    if ((PyObject *)Py_TYPE(x) != numpy_ndarray)
        return 0;
    if (PyObject_GetBuffer(x, &view, PyBUF_ND | PyBUF_FORMAT | PyBUF_C_CONTIGUOUS) < 0)
        return PyErr_Clear(), 0;
    int fits = is_float64(&view) && view.ndim == PyTuple_GET_SIZE(part->held);
    for (int i = 0; fits && i < view.ndim; i++)
        fits = PyLong_AsSsize_t(PyTuple_GET_ITEM(part->held, i)) == view.shape[i];
    if (fits)
        memcpy(to, view.buf, (size_t)part->n * sizeof(double));
    PyBuffer_Release(&view);
    return fits;
}

static const Part *form_read(const Part *part, PyObject *x, double **to);

static const Part *read_items(const Part *part, PyObject *const *items, Py_ssize_t n, double **to) {
    for (Py_ssize_t i = 0; i < n && part != NULL;) {
        if (part->kind != NUMBERS) {
            part = form_read(part, items[i++], to);
            continue;
        }
        Py_ssize_t end = i + part->n;
        double *number = *to;
        for (; i < end; i++) {
            PyTypeObject *type = Py_TYPE(items[i]);
            if (type != &PyFloat_Type && (PyObject *)type != numpy_float64) /* which is a float, too */
                return NULL;
            *number++ = PyFloat_AS_DOUBLE(items[i]);
        }
        *to = number;
        part++;
    }
    return part;
}

static const Part *read_dict(const Part *part, PyObject *x, double **to) {
    PyObject *keys = part->held, *key, *item;
    Py_ssize_t at = 0, i = 0;
    if (!PyDict_CheckExact(x) || PyDict_GET_SIZE(x) != part->n)
        return NULL;
    for (part++; part != NULL && PyDict_Next(x, &at, &key, &item); i++)
        part = is_same(key, PyTuple_GET_ITEM(keys, i)) ? read_items(part, &item, 1, to) : NULL;
    return part;
}

/* The part behind those of `x`; NULL where it has another form. Runs no Python code. */
static const Part *form_read(const Part *part, PyObject *x, double **to) {
    switch (part->kind) {
    case NUMBERS:
        return read_items(part, &x, 1, to);
    case ARRAY:
        if (!read_array(part, x, *to))
            return NULL;
        *to += part->n;
        return part + 1;
    case LIST:
        return PyList_CheckExact(x) && PyList_GET_SIZE(x) == part->n
                   ? read_items(part + 1, ((PyListObject *)x)->ob_item, part->n, to)
                   : NULL;
    case TUPLE:
        return PyTuple_CheckExact(x) && PyTuple_GET_SIZE(x) == part->n
                   ? read_items(part + 1, ((PyTupleObject *)x)->ob_item, part->n, to)
                   : NULL;
    case DICT:
        return read_dict(part, x, to);
    case STATIC:
        return is_same(x, part->held) ? part + 1 : NULL;
    }
    return NULL;
}

/* ---- making a result */
typedef struct {
    const Part *part;
    Outputs from;
} Maker;

static PyObject *make_array(const Part *part, Outputs *from) {
    Py_buffer view;
    PyObject *array = PyObject_CallOneArg(numpy_empty, part->held);
    if (array != NULL && PyObject_GetBuffer(array, &view, PyBUF_WRITABLE) < 0)
        Py_CLEAR(array);
    if (array != NULL) {
        take(from, part->n, view.buf);
        PyBuffer_Release(&view);
    }
    return array;
}

static PyObject *form_make(Maker *maker);

static int make_items(Maker *maker, PyObject **to, Py_ssize_t n) {
    for (Py_ssize_t i = 0; i < n;) {
        if (maker->part->kind != NUMBERS) {
            if ((to[i++] = form_make(maker)) == NULL)
                return -1;
            continue;
        }
        for (Py_ssize_t end = i + maker->part++->n; i < end; i++) {
            double x;
            take(&maker->from, 1, &x);
            if ((to[i] = PyFloat_FromDouble(x)) == NULL)
                return -1;
        }
    }
    return 0;
}

static PyObject *make_dict(const Part *part, Maker *maker) {
    PyObject *dict = PyDict_New();
    for (Py_ssize_t i = 0; dict != NULL && i < part->n; i++) {
        PyObject *x = form_make(maker);
        if (x == NULL || PyDict_SetItem(dict, PyTuple_GET_ITEM(part->held, i), x) < 0)
            Py_CLEAR(dict);
        Py_XDECREF(x);
    }
    return dict;
}

static PyObject *form_make(Maker *maker) {
    const Part *part = maker->part;
    PyObject *made = NULL;
    if (part->kind == NUMBERS)
        return make_items(maker, &made, 1) < 0 ? NULL : made;
    maker->part++;
    switch (part->kind) {
    case ARRAY:
        return make_array(part, &maker->from);
    case LIST:
        made = PyList_New(part->n);
        if (made != NULL && make_items(maker, ((PyListObject *)made)->ob_item, part->n) < 0)
            Py_CLEAR(made);
        return made;
    case TUPLE:
        made = PyTuple_New(part->n);
        if (made != NULL && make_items(maker, ((PyTupleObject *)made)->ob_item, part->n) < 0)
            Py_CLEAR(made);
        return made;
    case DICT:
        return make_dict(part, maker);
    default:
        return Py_NewRef(part->held);
    }
}
