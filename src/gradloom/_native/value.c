/* gradloom._native.value: the twin of engine.py in C.
 *
 * Contract
 *   engine.py is the definition; this module gives the same Value, apply, order, read, write,
 *   set_silent, set_lines, set_tracer and get_tracer, and the same tests run on both, to the last bit. It holds arithmetic, attributes,
 *   order, backward and free. Everything else (printing, copying, NumPy) is Python, attached in
 *   protocols.py. No operation is named here but Python's own operators: values, derivatives and methods
 *   come from table.h, generated from ops.py.
 *   A result that is not finite is computed again by Python (arithmetic.evaluate), which returns it or
 *   raises Python's own error: so errors have one home, and the C expressions may be plain IEEE.
 *
 *   node.h   the node, its memory, its life with the cycle collector
 *   sweep.h  the order of a graph, the reverse sweep
 *   record.h the graph of a trace as the columns of a Program
 *   scopes.h which part of a model, or which block of the user, made a node
 */
#include "node.h"
#include "sweep.h"
#include "record.h"
#include "scopes.h"

static PyObject *py_number, *py_foreign, *py_evaluate, *py_evaluate_ieee, *py_not_accepted, *numpy_empty, *numpy_contiguous;
static THREAD_LOCAL int silent; /* inside no_grad(), in this thread */
static int silent_threads;      /* read first, so that no_grad costs nothing where nobody uses it */

/* ---- while a function is traced, its tracer is asked */
static PyObject *str_data, *str_compare, *str_truth;

/* 0 outside a trace; -1, with the tracer's error, inside one. */
static int only_outside_a_trace(const char *what, PyObject *value) {
    if (!TRACING)
        return 0;
    PyObject *none = PyObject_CallMethod(the_tracer, "refuse", "sO", what, value);
    Py_XDECREF(none);
    return none == NULL ? -1 : 0;
}

/* ---- operands */
typedef struct {
    Node *node; /* NULL for a constant */
    double x;
} Arg;

enum { BAD = -1, NOT_MINE = 0, GOOD = 1 };

static int as_arg_slow(PyObject *o, Arg *arg, const char *symbol) {
    arg->node = NULL;
    if (PyLong_CheckExact(o)) {
        arg->x = PyLong_AsDouble(o);
        return arg->x == -1.0 && PyErr_Occurred() ? BAD : GOOD;
    }
    if (IS_VALUE(o)) {
        arg->node = (Node *)o;
        arg->x = arg->node->data;
        return GOOD;
    }
    PyObject *x = PyObject_CallFunction(py_foreign, "Os", o, symbol);
    if (x == NULL)
        return BAD;
    int answer = PyFloat_Check(x) ? GOOD : NOT_MINE;
    if (answer == GOOD)
        arg->x = PyFloat_AS_DOUBLE(x);
    Py_DECREF(x);
    return answer;
}

static inline int as_arg(PyObject *o, Arg *arg, const char *symbol) {
    if (IS_EXACT(o)) {
        arg->node = (Node *)o;
        arg->x = arg->node->data;
        return GOOD;
    }
    if (PyFloat_CheckExact(o)) {
        arg->node = NULL;
        arg->x = PyFloat_AS_DOUBLE(o);
        return GOOD;
    }
    return as_arg_slow(o, arg, symbol);
}

static PyObject *arg_object(const Arg *a) {
    return a->node ? Py_NewRef((PyObject *)a->node) : PyFloat_FromDouble(a->x);
}

/* A number for an attribute: 0, or -1 with Python's TypeError naming `what`. */
static int as_number(PyObject *o, double *x, const char *what) {
    if (PyFloat_CheckExact(o)) {
        *x = PyFloat_AS_DOUBLE(o);
        return 0;
    }
    PyObject *number = PyObject_CallFunction(py_number, "Os", o, what);
    if (number == NULL)
        return -1;
    *x = PyFloat_AsDouble(number);
    Py_DECREF(number);
    return 0;
}

/* ---- results */
static int slots_set(Node *n, int row, const Arg *args, int count) {
    int tracked = 0;
    n->row = (uint16_t)row;
    n->count = (uint8_t)count;
    for (int i = 0; i < count; i++) {
        if (args[i].node == NULL) {
            n->operand[i].constant = args[i].x;
            continue;
        }
        n->operand[i].node = (Node *)Py_NewRef((PyObject *)args[i].node);
        n->flags |= (uint8_t)(FIRST_IS_NODE << i);
        tracked |= args[i].node->flags & TRACKED;
    }
    return UNLIKELY(tracked) ? track_below(n) : 0;
}

/* The value again, by Python, since the C value is not finite: it returns it or raises. */
static int evaluate_in_python(PyObject *row, const Arg *args, int count, double *result) {
    PyObject *numbers = PyTuple_New(count), *operands = PyTuple_New(count), *x = NULL;
    for (int i = 0; numbers && operands && i < count; i++) {
        PyObject *number = PyFloat_FromDouble(args[i].x), *operand = arg_object(&args[i]);
        PyTuple_SET_ITEM(numbers, i, number);
        PyTuple_SET_ITEM(operands, i, operand);
        if (number == NULL || operand == NULL)
            goto done;
    }
    if (numbers && operands)
        x = PyObject_CallFunctionObjArgs(py_evaluate, row, numbers, operands, NULL);
    if (x != NULL)
        *result = PyFloat_AsDouble(x);
done:
    Py_XDECREF(numbers);
    Py_XDECREF(operands);
    Py_XDECREF(x);
    return PyErr_Occurred() ? -1 : 0;
}

static PyObject *detached(Node *n);

static inline PyObject *result(int row, const Arg *args, int count, double r) {
    if (UNLIKELY(!isfinite(r)) && !TRACING && evaluate_in_python(PyList_GET_ITEM(table_rows, row), args, count, &r) < 0)
        return NULL;
    Node *n = node_new(r);
    if (UNLIKELY(n == NULL))
        return NULL;
    if (UNLIKELY(silent_threads) && silent && !TRACING)
        return (PyObject *)n;
    if (UNLIKELY(slots_set(n, row, args, count) < 0))
        Py_CLEAR(n);
    if (UNLIKELY(silent_threads) && silent && n != NULL)
        return detached(n);
    return (PyObject *)n;
}

/* A result that was traced inside no_grad(): remembered, without a gradient. Takes the reference. */
static PyObject *detached(Node *n) {
    if (n->row == ROW_DETACH)
        return (PyObject *)n;
    const Arg x = {n, n->data};
    Node *leaf = node_new(n->data);
    if (leaf != NULL && slots_set(leaf, ROW_DETACH, &x, 1) < 0)
        Py_CLEAR(leaf);
    Py_DECREF(n);
    return (PyObject *)leaf;
}

/* ---- the rows as functions: op_add(left, right), op_tanh(self, NULL), ... */
#define OPERATION_1(NAME, name)                                      \
    static PyObject *op_##name(PyObject *self, PyObject *unused) {   \
        (void)unused;                                                \
        const Arg x = {(Node *)self, ((Node *)self)->data};          \
        return result(ROW_##NAME, &x, 1, value_##name(x.x));         \
    }
EACH_ROW_1(OPERATION_1)

#define OPERATION_2(NAME, name)                                                  \
    static PyObject *op_##name(PyObject *left, PyObject *right) {                \
        Arg args[2];                                                             \
        int found = as_arg(left, &args[0], ROWS[ROW_##NAME].symbol);             \
        if (found == GOOD)                                                       \
            found = as_arg(right, &args[1], ROWS[ROW_##NAME].symbol);            \
        if (UNLIKELY(found != GOOD))                                             \
            return found == BAD ? NULL : Py_NewRef(Py_NotImplemented);           \
        return result(ROW_##NAME, args, 2, value_##name(args[0].x, args[1].x));  \
    }
EACH_ROW_2(OPERATION_2)

#define TABLE_ENTRY(NAME, name) [ROW_##NAME] = op_##name,
static const PyCFunction OPERATIONS[ROW_COUNT] = {EACH_ROW_1(TABLE_ENTRY) EACH_ROW_2(TABLE_ENTRY)};

/* A named method of two operands: what it does not understand is an error, not NotImplemented. */
static PyObject *named(int row, const char *name, PyObject *self, PyObject *other) {
    PyObject *r = OPERATIONS[row](self, other);
    if (r != Py_NotImplemented)
        return r;
    Py_DECREF(r);
    return PyObject_CallFunction(py_not_accepted, "sO", name, other);
}

#define NAMED_2(NAME, name)                                                                    \
    static inline PyObject *method_##name(PyObject *self, PyObject *other) {                   \
        return named(ROW_##NAME, #name, self, other);                                          \
    }
EACH_ROW_2(NAMED_2)

static PyObject *value_negative(PyObject *self) { return op_neg(self, NULL); }
static PyObject *value_absolute(PyObject *self) { return op_abs(self, NULL); }

static int value_bool(PyObject *self) {
    if (!TRACING)
        return ((Node *)self)->data != 0.0;
    PyObject *truth = PyObject_CallMethodOneArg(the_tracer, str_truth, self);
    int answer = truth == NULL ? -1 : PyObject_IsTrue(truth);
    Py_XDECREF(truth);
    return answer;
}

static PyObject *value_power(PyObject *left, PyObject *right, PyObject *modulus) {
    if (modulus != Py_None)
        Py_RETURN_NOTIMPLEMENTED;
    return IS_VALUE(right) ? op_pow(left, right) : op_powc(left, right);
}

static PyObject *value_compare(PyObject *left, PyObject *right, int op) {
    Arg args[2];
    if (op == Py_EQ || op == Py_NE) { /* between Values: the same node? */
        if (IS_VALUE(right) && !TRACING)
            return PyBool_FromLong((left == right) == (op == Py_EQ));
        if (!IS_VALUE(right) && !PyNumber_Check(right) && !PyFloat_Check(right))
            Py_RETURN_NOTIMPLEMENTED;
    }
    static const char *const symbols[] = {"<", "<=", "==", "!=", ">", ">="};
    int found = as_arg(left, &args[0], symbols[op]);
    if (found == GOOD)
        found = as_arg(right, &args[1], symbols[op]);
    if (found != GOOD) {
        if (found == BAD && (op == Py_EQ || op == Py_NE) && PyErr_ExceptionMatches(PyExc_TypeError)) {
            PyErr_Clear(); /* a Value never equals what is no number */
            found = NOT_MINE;
        }
        return found == BAD ? NULL : Py_NewRef(Py_NotImplemented);
    }
    if (TRACING) {
        static const char *const names[] = {"lt", "le", "eq", "ne", "gt", "ge"};
        PyObject *condition = NULL, *name = PyUnicode_FromString(names[op]);
        PyObject *x = arg_object(&args[0]), *y = arg_object(&args[1]);
        if (name && x && y)
            condition = PyObject_CallMethodObjArgs(the_tracer, str_compare, name, x, y, NULL);
        Py_XDECREF(name);
        Py_XDECREF(x);
        Py_XDECREF(y);
        return condition;
    }
    Py_RETURN_RICHCOMPARE(args[0].x, args[1].x, op);
}

static Py_hash_t value_hash(PyObject *self) { return PyBaseObject_Type.tp_hash(self); }

/* ---- apply(row, *operands): any row, the user's own too */
static PyObject *apply_many(PyObject *row, int index, PyObject *const *operands, Py_ssize_t count) {
    PyObject *kept = PyTuple_New(count), *numbers = PyTuple_New(count), *x = NULL;
    Node *n = NULL;
    int tracked = 0, values = 0;
    for (Py_ssize_t i = 0; kept && numbers && i < count; i++) {
        Arg arg;
        int found = as_arg(operands[i], &arg, "apply");
        if (found != GOOD) {
            if (found == NOT_MINE)
                PyErr_Format(PyExc_TypeError, "an operand must be a Value or a number, not %.80s",
                             Py_TYPE(operands[i])->tp_name);
            goto done;
        }
        PyTuple_SET_ITEM(kept, i, arg_object(&arg));
        PyTuple_SET_ITEM(numbers, i, PyFloat_FromDouble(arg.x));
        tracked |= arg.node ? arg.node->flags & TRACKED : 0;
        values |= arg.node != NULL;
    }
    if (kept && numbers)
        x = TRACING ? PyObject_CallFunctionObjArgs(py_evaluate_ieee, row, numbers, NULL)
                    : PyObject_CallFunctionObjArgs(py_evaluate, row, numbers, kept, NULL);
    if (x == NULL || (n = node_new(PyFloat_AsDouble(x))) == NULL || !values ||
        (silent_threads && silent && !TRACING))
        goto done;
    if (node_extra(n) == NULL) {
        Py_CLEAR(n);
        goto done;
    }
    n->row = (uint16_t)(index < 0 ? (int)ROW_USER : index);
    n->extra->row = index < 0 ? Py_NewRef(row) : NULL;
    n->extra->operands = Py_NewRef(kept);
    if (tracked && track_below(n) < 0)
        Py_CLEAR(n);
    if (silent_threads && silent && n != NULL)
        n = (Node *)detached(n);
done:
    Py_XDECREF(kept);
    Py_XDECREF(numbers);
    Py_XDECREF(x);
    return (PyObject *)n;
}

/* The number of a Row object, -1 for a user's. */
static int row_index(PyObject *row) {
    for (int i = 0; i < ROW_COUNT; i++)
        if (PyList_GET_ITEM(table_rows, i) == row)
            return i;
    return -1;
}

static PyObject *value_apply(PyObject *module, PyObject *const *args, Py_ssize_t count) {
    if (count < 2) {
        PyErr_SetString(PyExc_TypeError, "apply(row, *operands) needs a row and its operands");
        return NULL;
    }
    int index = row_index(args[0]);
    if (index >= 0 && count - 1 != ROWS[index].arity) {
        PyErr_Format(PyExc_TypeError, "%s takes %d operands, not %zd", ROWS[index].symbol, ROWS[index].arity,
                     count - 1);
        return NULL;
    }
    if (index >= 0 && OPERATIONS[index] != NULL && (IS_VALUE(args[1]) || (count == 3 && IS_VALUE(args[2]))))
        return named(index, ROWS[index].symbol, args[1], count == 3 ? args[2] : NULL);
    return apply_many(args[0], index, args + 1, count - 1);
}

/* ---- construction */
/* The operands of a node made by hand, checked and in order (engine._by_hand does it). */
static PyObject *py_by_hand;

static int set_operands_tuple(Node *n, PyObject *operands) {
    if (PyTuple_GET_SIZE(operands) == 0)
        return 0;
    if (node_extra(n) == NULL)
        return -1;
    Py_XSETREF(n->extra->operands, Py_NewRef(operands));
    for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(operands); i++) {
        PyObject *x = PyTuple_GET_ITEM(operands, i);
        if (IS_VALUE(x) && ((Node *)x)->flags & TRACKED && !(n->flags & TRACKED) && track_below(n) < 0)
            return -1;
        if (IS_VALUE(x) && n->flags & TRACKED && track_below((Node *)x) < 0)
            return -1;
    }
    return 0;
}

static int set_label(Node *n, PyObject *label) {
    if (label == NULL || (PyUnicode_CheckExact(label) && PyUnicode_GET_LENGTH(label) == 0)) {
        if (n->extra)
            Py_CLEAR(n->extra->label);
        return 0;
    }
    if (node_extra(n) == NULL)
        return -1;
    Py_XSETREF(n->extra->label, Py_NewRef(label));
    return note_state(n, label);
}

static int initialise(Node *n, PyObject *data, PyObject *children, PyObject *op, PyObject *label) {
    if (as_number(data, &n->data, "data") < 0)
        return -1;
    if (label != NULL && set_label(n, label) < 0)
        return -1;
    if (silent_threads && silent)
        children = op = NULL;
    if (op != NULL && PyObject_IsTrue(op)) {
        if (node_extra(n) == NULL)
            return -1;
        Py_XSETREF(n->extra->op, Py_NewRef(op));
    }
    if (children == NULL)
        return 0;
    PyObject *operands = PyObject_CallOneArg(py_by_hand, children);
    int failed = operands == NULL || set_operands_tuple(n, operands) < 0 ||
                 (has_operands(n) && only_outside_a_trace("make a node by hand", (PyObject *)n) < 0);
    Py_XDECREF(operands);
    return failed ? -1 : 0;
}

static PyObject *value_tp_new(PyTypeObject *type, PyObject *args, PyObject *kwargs) {
    if (TRACING && PyTuple_GET_SIZE(args) > 0 && IS_VALUE(PyTuple_GET_ITEM(args, 0)))
        return Py_NewRef(PyTuple_GET_ITEM(args, 0)); /* Value(x) in a trace is x */
    if (type == ValueType)
        return (PyObject *)node_new(0.0);
    Node *n = (Node *)type->tp_alloc(type, 0);
    if (n != NULL) {
        PyObject_GC_UnTrack(n); /* a subclass's instance is tracked when its state asks for it, too */
        node_clear_fields(n, 0.0);
    }
    return (PyObject *)n;
}

static int value_init(PyObject *self, PyObject *args, PyObject *kwargs) {
    static char *names[] = {"data", "_children", "_op", "label", NULL};
    PyObject *data, *children = NULL, *op = NULL, *label = NULL;
    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "O|OOO:Value", names, &data, &children, &op, &label))
        return -1;
    Node *n = (Node *)self;
    if (data == self)
        return 0;
    if (has_operands(n))
        value_clear(self);
    n->stamp = ++the_clock;
    n->grad = 0.0;
    return initialise(n, data, children, op, label);
}

/* Value(2.0) and Value(2.0, label="a") without building a tuple and a dict. */
static PyObject *value_vectorcall(PyObject *type, PyObject *const *args, size_t flags, PyObject *names) {
    Py_ssize_t count = PyVectorcall_NARGS(flags), extra = names ? PyTuple_GET_SIZE(names) : 0;
    int plain = count == 1 && extra == 0;
    if (TRACING && count > 0 && IS_VALUE(args[0]))
        return Py_NewRef(args[0]); /* Value(x) in a trace is x */
    if (plain || (count == 1 && extra == 1 &&
                  PyUnicode_CompareWithASCIIString(PyTuple_GET_ITEM(names, 0), "label") == 0)) {
        Node *n = node_new(0.0);
        if (n != NULL && initialise(n, args[0], NULL, NULL, plain ? NULL : args[1]) < 0)
            Py_CLEAR(n);
        return (PyObject *)n;
    }
    PyObject *self = NULL, *tuple = PyTuple_New(count), *dict = names ? PyDict_New() : NULL;
    if (tuple == NULL || (names && dict == NULL))
        goto done;
    for (Py_ssize_t i = 0; i < count; i++)
        PyTuple_SET_ITEM(tuple, i, Py_NewRef(args[i]));
    for (Py_ssize_t i = 0; i < extra; i++)
        if (PyDict_SetItem(dict, PyTuple_GET_ITEM(names, i), args[count + i]) < 0)
            goto done;
    self = (PyObject *)node_new(0.0);
    if (self != NULL && value_init(self, tuple, dict) < 0)
        Py_CLEAR(self);
done:
    Py_XDECREF(tuple);
    Py_XDECREF(dict);
    return self;
}

/* ---- attributes */
static int setattr(PyObject *self, PyObject *name, PyObject *x) {
    int failed = PyObject_GenericSetAttr(self, name, x);
    if (failed || x == NULL || !PyObject_IS_GC(x))
        return failed;
    return note_state((Node *)self, x);
}

static PyObject *get_data(PyObject *self, void *c) {
    if (TRACING)
        return PyObject_CallMethodOneArg(the_tracer, str_data, self);
    return PyFloat_FromDouble(((Node *)self)->data);
}

static PyObject *get_grad(PyObject *self, void *c) {
    if (only_outside_a_trace("read .grad", self) < 0)
        return NULL;
    return PyFloat_FromDouble(((Node *)self)->grad);
}

static int refuse_delete(const char *name) {
    PyErr_Format(PyExc_AttributeError, "%s of a Value cannot be deleted; assign something else", name);
    return -1;
}

static int set_data(PyObject *self, PyObject *x, void *c) {
    Node *n = (Node *)self;
    if (x == NULL)
        return refuse_delete("data");
    if (only_outside_a_trace("assign .data", self) < 0)
        return -1;
    if (as_number(x, &n->data, "data") < 0)
        return -1;
    n->stamp = ++the_clock;
    return 0;
}

static int set_grad(PyObject *self, PyObject *x, void *c) {
    Node *n = (Node *)self;
    if (x == NULL)
        return refuse_delete("grad");
    if (only_outside_a_trace("assign .grad", self) < 0)
        return -1;
    if (n->flags & SWEPT && materialise(n) < 0) /* before it is forgotten what constants are owed */
        return -1;
    if (x == Py_None) {
        n->grad = 0.0;
        return 0;
    }
    return as_number(x, &n->grad, "grad");
}

static PyObject *get_label(PyObject *self, void *c) {
    Extra *extra = ((Node *)self)->extra;
    return extra && extra->label ? Py_NewRef(extra->label) : PyUnicode_FromString("");
}

static int set_label_attribute(PyObject *self, PyObject *x, void *c) { return set_label((Node *)self, x); }

/* The operands as they are kept: a tuple of Values and floats, a parameter included. */
static PyObject *raw_operands(const Node *n) {
    if (n->extra && n->extra->operands)
        return Py_NewRef(n->extra->operands);
    PyObject *operands = PyTuple_New(n->count);
    for (int i = 0; operands && i < n->count; i++) {
        Node *x = operand_node(n, i);
        PyObject *o = x ? Py_NewRef((PyObject *)x) : PyFloat_FromDouble(n->operand[i].constant);
        if (o == NULL)
            Py_CLEAR(operands);
        else
            PyTuple_SET_ITEM(operands, i, o);
    }
    return operands;
}

static PyObject *py_gradient_of_constant;

/* Operand i, a constant, as a leaf. */
static Node *constant_node(Node *n, Py_ssize_t i, double x) {
    double grad = 0.0;
    if (n->flags & SWEPT && n->grad != 0.0) {
        PyObject *number = PyObject_CallFunction(py_gradient_of_constant, "On", n, i);
        if (number == NULL)
            return NULL;
        grad = PyFloat_AsDouble(number);
        Py_DECREF(number);
    }
    Node *constant = node_new(x);
    if (constant != NULL) {
        constant->trace = n->trace;
        constant->stamp = n->stamp; /* as old as its result, or the result would be stale */
        constant->grad = grad;
    }
    return constant;
}

static int materialise_constants(Node *n);

/* Constants become Values, once. */
static int materialise(Node *n) {
    int failed = materialise_constants(n);
    if (!failed)
        n->flags &= (uint8_t)~SWEPT;
    return failed;
}

static int materialise_constants(Node *n) {
    PyObject *old = n->extra ? n->extra->operands : NULL;
    if (old != NULL && n->row != ROW_LEAF) {
        PyObject *fresh = PyTuple_New(PyTuple_GET_SIZE(old));
        for (Py_ssize_t i = 0; fresh && i < PyTuple_GET_SIZE(old); i++) {
            PyObject *x = PyTuple_GET_ITEM(old, i);
            x = IS_VALUE(x) ? Py_NewRef(x) : (PyObject *)constant_node(n, i, PyFloat_AsDouble(x));
            if (x == NULL)
                Py_CLEAR(fresh);
            else
                PyTuple_SET_ITEM(fresh, i, x);
        }
        if (fresh == NULL)
            return -1;
        int failed = set_operands_tuple(n, fresh);
        Py_DECREF(fresh);
        return failed;
    }
    int operands = n->count - (n->row < ROW_COUNT && ROWS[n->row].parameter);
    for (int i = 0; i < operands; i++) {
        if (operand_node(n, i))
            continue;
        Node *x = constant_node(n, i, n->operand[i].constant);
        if (x == NULL)
            return -1;
        n->operand[i].node = x;
        n->flags |= (uint8_t)(FIRST_IS_NODE << i);
        if (n->flags & TRACKED && track_below(x) < 0)
            return -1;
    }
    return 0;
}

static PyObject *get_operands(PyObject *self, void *c) {
    Node *n = (Node *)self;
    if (materialise(n) < 0)
        return NULL;
    PyObject *all = raw_operands(n);
    Py_ssize_t count = all ? PyTuple_GET_SIZE(all) : 0;
    if (count == 0 || IS_VALUE(PyTuple_GET_ITEM(all, count - 1)))
        return all;
    PyObject *operands = PyTuple_GetSlice(all, 0, count - 1); /* without the parameter */
    Py_DECREF(all);
    return operands;
}

static PyObject *get_prev(PyObject *self, void *c) {
    PyObject *operands = get_operands(self, NULL), *set = operands ? PySet_New(operands) : NULL;
    Py_XDECREF(operands);
    return set;
}

/* Drop what the node was made from. The old operands are released last: that may run any code. */
static int replace_recipe(Node *n, int row, PyObject *user_row, PyObject *operands) {
    Node *old[2] = {operand_node(n, 0), operand_node(n, 1)};
    PyObject *old_row = NULL, *old_operands = NULL;
    if (n->extra) {
        old_row = n->extra->row;
        old_operands = n->extra->operands;
        n->extra->row = n->extra->operands = NULL;
    }
    n->flags &= (uint8_t)~(FIRST_IS_NODE | SECOND_IS_NODE);
    n->count = 0;
    n->row = (uint16_t)row;
    int failed = 0;
    Py_ssize_t count = PyTuple_GET_SIZE(operands);
    if (row < ROW_COUNT && count <= 2) {
        Arg args[2];
        for (Py_ssize_t i = 0; i < count && !failed; i++)
            failed = as_arg(PyTuple_GET_ITEM(operands, i), &args[i], "_recipe") != GOOD;
        failed = failed || slots_set(n, row, args, (int)count) < 0;
        for (Py_ssize_t i = 0; n->flags & TRACKED && !failed && i < count; i++)
            failed = args[i].node && track_below(args[i].node) < 0;
    }
    else
        failed = set_operands_tuple(n, operands);
    if (!failed && user_row != NULL && (failed = node_extra(n) == NULL) == 0)
        n->extra->row = Py_NewRef(user_row);
    Py_XDECREF(old[0]);
    Py_XDECREF(old[1]);
    Py_XDECREF(old_row);
    Py_XDECREF(old_operands);
    return failed ? -1 : 0;
}

static PyObject *get_op(PyObject *self, void *c);
static int set_op(PyObject *self, PyObject *op, void *c);

static int set_prev(PyObject *self, PyObject *children, void *c) {
    PyObject *operands = children ? PyObject_CallOneArg(py_by_hand, children) : NULL;
    if (operands == NULL)
        return children ? -1 : refuse_delete("_prev");
    if (only_outside_a_trace("assign _prev", self) < 0) {
        Py_DECREF(operands);
        return -1;
    }
    PyObject *op = get_op(self, NULL); /* a node keeps its name */
    int failed = op == NULL || replace_recipe((Node *)self, ROW_LEAF, NULL, operands) < 0 ||
                 (PyUnicode_GET_LENGTH(op) > 0 && set_op(self, op, NULL) < 0);
    Py_XDECREF(op);
    Py_DECREF(operands);
    return failed ? -1 : 0;
}

static PyObject *get_recipe(PyObject *self, void *c) {
    Node *n = (Node *)self;
    PyObject *operands = raw_operands(n);
    if (operands == NULL)
        return NULL;
    return Py_BuildValue("ON", n->row == ROW_LEAF ? Py_None : row_object(n), operands);
}

static int set_recipe(PyObject *self, PyObject *recipe, void *c) {
    PyObject *row, *operands;
    if (recipe == NULL || !PyArg_ParseTuple(recipe, "OO!", &row, &PyTuple_Type, &operands))
        return recipe ? -1 : refuse_delete("_recipe");
    int index = row_index(row);
    if (row == Py_None)
        return replace_recipe((Node *)self, ROW_LEAF, NULL, operands);
    return replace_recipe((Node *)self, index < 0 ? (int)ROW_USER : index, index < 0 ? row : NULL, operands);
}

static PyObject *get_op(PyObject *self, void *c) {
    Node *n = (Node *)self;
    if (n->extra && n->extra->op)
        return Py_NewRef(n->extra->op);
    if (n->row == ROW_LEAF)
        return PyUnicode_FromString("");
    int parameter = n->row < ROW_COUNT && ROWS[n->row].parameter;
    PyObject *numbers = parameter ? Py_BuildValue("(d)", n->operand[n->count - 1].constant) : PyTuple_New(0);
    PyObject *op = numbers ? PyObject_CallMethod(row_object(n), "picture_symbol", "(O)", numbers) : NULL;
    Py_XDECREF(numbers);
    return op;
}

static int set_op(PyObject *self, PyObject *op, void *c) {
    Node *n = (Node *)self;
    if (op == NULL)
        return refuse_delete("_op");
    if (node_extra(n) == NULL)
        return -1;
    Py_XSETREF(n->extra->op, Py_NewRef(op));
    return 0;
}

static PyObject *get_handmade(PyObject *self, void *c) {
    Extra *extra = ((Node *)self)->extra;
    return Py_NewRef(extra && extra->handmade ? extra->handmade : Py_None);
}

/* Called by hand: constants become Values first, and get their part. */
static PyObject *one_step(PyObject *self, PyObject *unused) {
    if (materialise((Node *)self) < 0 || chain_rule((Node *)self) < 0)
        return NULL;
    ((Node *)self)->flags &= (uint8_t)~SWEPT;
    Py_RETURN_NONE;
}

static PyMethodDef ONE_STEP = {"_backward", one_step, METH_NOARGS,
                               "One step of the chain rule, from this node to its operands."};

static PyObject *get_backward(PyObject *self, void *c) {
    Extra *extra = ((Node *)self)->extra;
    return extra && extra->handmade ? Py_NewRef(extra->handmade) : PyCFunction_New(&ONE_STEP, self);
}

static int set_backward(PyObject *self, PyObject *function, void *c) {
    Node *n = (Node *)self;
    if (function == NULL)
        return refuse_delete("_backward");
    if (only_outside_a_trace("assign _backward", self) < 0)
        return -1;
    if (!PyCallable_Check(function)) {
        PyErr_Format(PyExc_TypeError, "_backward must be a function, not %.80s", Py_TYPE(function)->tp_name);
        return -1;
    }
    if (node_extra(n) == NULL)
        return -1;
    Py_XSETREF(n->extra->handmade, Py_NewRef(function));
    return 0;
}

/* What the user wrote on the node: (label, operation, attributes); None where nothing. */
static PyObject *get_notes(PyObject *self, void *c) {
    Node *n = (Node *)self;
    PyObject *label = n->extra ? n->extra->label : NULL, *op = n->extra ? n->extra->op : NULL;
    int hung = n->dict && PyDict_GET_SIZE(n->dict);
    if (label == NULL && op == NULL && !hung)
        Py_RETURN_NONE;
    PyObject *attributes = hung ? PyDict_Copy(n->dict) : Py_NewRef(Py_None);
    return attributes ? Py_BuildValue("NON", get_label(self, NULL), op ? op : Py_None, attributes) : NULL;
}

static PyObject *get_swept(PyObject *self, void *c) { return PyBool_FromLong(((Node *)self)->flags & SWEPT); }

static int set_swept(PyObject *self, PyObject *x, void *c) {
    int swept = x == NULL ? refuse_delete("_swept") : PyObject_IsTrue(x);
    if (swept >= 0)
        ((Node *)self)->flags = (uint8_t)((((Node *)self)->flags & ~SWEPT) | (swept ? SWEPT : 0));
    return swept < 0 ? -1 : 0;
}

static PyObject *get_dict(PyObject *self, void *c) {
    PyObject *dict = PyObject_GenericGetDict(self, c);
    if (dict != NULL && track_below((Node *)self) < 0) /* anything may be put into it behind our back */
        Py_CLEAR(dict);
    return dict;
}

static PyGetSetDef ATTRIBUTES[] = {
    {"data", get_data, set_data, "The number.", NULL},
    {"grad", get_grad, set_grad, "The gradient of the root by this number.", NULL},
    {"label", get_label, set_label_attribute, "A name for pictures and messages.", NULL},
    {"operands", get_operands, NULL, "The operands in order, so that ``a + a`` has two.", NULL},
    {"_prev", get_prev, set_prev, "The set of operands.", NULL},
    {"_op", get_op, set_op, "What a picture calls the operation.", NULL},
    {"_backward", get_backward, set_backward, "One step of the chain rule.", NULL},
    {"_handmade", get_handmade, NULL, "The _backward that the user assigned, or None.", NULL},
    {"_recipe", get_recipe, set_recipe, "The row and its operands: what a copy needs.", NULL},
    {"_notes", get_notes, NULL, "What the user wrote on the node: label, operation, attributes.", NULL},
    {"_swept", get_swept, set_swept, "Whether constants, still numbers, are owed a gradient.", NULL},
    {"__dict__", get_dict, PyObject_GenericSetDict, NULL, NULL},
    {NULL, NULL, NULL, NULL, NULL},
};

static PyMemberDef MEMBERS[] = {
    {"_data", T_DOUBLE, offsetof(Node, data), READONLY, "The number, in a trace too."},
    {"_grad", T_DOUBLE, offsetof(Node, grad), READONLY, "The gradient, in a trace too."},
    {"_stamp", T_ULONGLONG, offsetof(Node, stamp), 0, "Which of two Values is younger."},
    {"_trace", T_UINT, offsetof(Node, trace), READONLY, "The trace that made it; outside of one its line or scope, or 0."},
    {"__dictoffset__", T_PYSSIZET, offsetof(Node, dict), READONLY, NULL},
    {"__weaklistoffset__", T_PYSSIZET, offsetof(Node, weakrefs), READONLY, NULL},
    {NULL, 0, 0, 0, NULL},
};

/* ---- graphs */
static PyObject *py_check_value;

static int check_root(PyObject *o) {
    if (IS_VALUE(o))
        return 0;
    PyObject *none = PyObject_CallOneArg(py_check_value, o);
    Py_XDECREF(none);
    if (none != NULL)
        PyErr_SetString(PyExc_TypeError, "this needs a Value");
    return -1;
}

static PyObject *backward(PyObject *module, PyObject *const *args, Py_ssize_t count, PyObject *names) {
    double seed = 1.0;
    Py_ssize_t given = count + (names ? PyTuple_GET_SIZE(names) : 0);
    if (count < 1 || given > 2 ||
        (given > count && PyUnicode_CompareWithASCIIString(PyTuple_GET_ITEM(names, 0), "seed") != 0)) {
        PyErr_SetString(PyExc_TypeError, "backward() takes one argument at most: seed, a number");
        return NULL;
    }
    if (check_root(args[0]) < 0 || (given == 2 && as_number(args[1], &seed, "seed") < 0))
        return NULL;
    if (only_outside_a_trace("call backward()", args[0]) < 0 || backward_from((Node *)args[0], seed) < 0)
        return NULL;
    Py_RETURN_NONE;
}

static PyMethodDef BACKWARD = {"backward", (PyCFunction)(void (*)(void))backward,
                               METH_FASTCALL | METH_KEYWORDS, NULL};

static PyObject *zero_grad(PyObject *self, PyObject *unused) {
    Walk w;
    if (only_outside_a_trace("call zero_grad()", self) < 0)
        return NULL;
    int failed = walk(&w, (Node *)self, 0);
    for (Py_ssize_t i = 0; !failed && i < w.count; i++) {
        w.items[i].node->grad = 0.0;
        w.items[i].node->flags &= (uint8_t)~SWEPT;
    }
    walk_free(&w);
    if (failed)
        return NULL;
    Py_RETURN_NONE;
}

static PyObject *order(PyObject *module, PyObject *root) {
    Walk w;
    PyObject *list = NULL;
    if (check_root(root) < 0)
        return NULL;
    if (walk(&w, (Node *)root, 0) == 0 && (list = PyList_New(w.count)) != NULL)
        for (Py_ssize_t i = 0; i < w.count; i++)
            PyList_SET_ITEM(list, i, Py_NewRef((PyObject *)w.items[i].node));
    walk_free(&w);
    return list;
}

/* ---- many Values at once */
/* The offset of "data" or "grad" in a node, or -1 with an error. */
static Py_ssize_t field(PyObject *attribute) {
    if (attribute == NULL || PyUnicode_CompareWithASCIIString(attribute, "data") == 0)
        return offsetof(Node, data);
    if (PyUnicode_CompareWithASCIIString(attribute, "grad") == 0)
        return offsetof(Node, grad);
    PyErr_Format(PyExc_ValueError, "attribute must be 'data' or 'grad', not %R", attribute);
    return -1;
}

/* The Values as a fast sequence, all of them checked; NULL with an error. */
static PyObject *values_of(PyObject *values) {
    PyObject *sequence = PySequence_Fast(values, "values must be a list of Values");
    for (Py_ssize_t i = 0; sequence && i < PySequence_Fast_GET_SIZE(sequence); i++)
        if (!IS_VALUE(PySequence_Fast_GET_ITEM(sequence, i))) {
            PyErr_Format(PyExc_TypeError, "values must be a list of Values; item %zd is a %.80s", i,
                         Py_TYPE(PySequence_Fast_GET_ITEM(sequence, i))->tp_name);
            Py_CLEAR(sequence);
        }
    return sequence;
}

#define NUMBER(sequence, i, offset) (*(double *)((char *)PySequence_Fast_GET_ITEM(sequence, i) + (offset)))

static PyObject *read_values(PyObject *module, PyObject *args, PyObject *kwargs) {
    static char *names[] = {"values", "attribute", NULL};
    PyObject *values, *attribute = NULL, *array = NULL;
    Py_buffer buffer;
    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "O|U:read", names, &values, &attribute))
        return NULL;
    Py_ssize_t offset = field(attribute);
    PyObject *sequence = offset < 0 ? NULL : values_of(values);
    if (sequence == NULL)
        return NULL;
    Py_ssize_t count = PySequence_Fast_GET_SIZE(sequence);
    array = PyObject_CallFunction(numpy_empty, "n", count);
    if (array != NULL && PyObject_GetBuffer(array, &buffer, PyBUF_WRITABLE | PyBUF_C_CONTIGUOUS) == 0) {
        for (Py_ssize_t i = 0; i < count; i++)
            ((double *)buffer.buf)[i] = NUMBER(sequence, i, offset);
        PyBuffer_Release(&buffer);
    }
    else
        Py_CLEAR(array);
    Py_DECREF(sequence);
    return array;
}

static PyObject *write_values(PyObject *module, PyObject *args, PyObject *kwargs) {
    static char *names[] = {"values", "numbers", "attribute", NULL};
    PyObject *values, *numbers, *attribute = NULL, *array = NULL, *sequence = NULL, *answer = NULL;
    Py_buffer buffer;
    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "OO|U:write", names, &values, &numbers, &attribute))
        return NULL;
    Py_ssize_t offset = field(attribute);
    if (offset < 0 || (sequence = values_of(values)) == NULL ||
        (array = PyObject_CallFunction(numpy_contiguous, "Os", numbers, "float64")) == NULL ||
        PyObject_GetBuffer(array, &buffer, PyBUF_C_CONTIGUOUS) < 0)
        goto done;
    Py_ssize_t count = PySequence_Fast_GET_SIZE(sequence), given = buffer.len / (Py_ssize_t)sizeof(double);
    if (given != count)
        PyErr_Format(PyExc_ValueError, "%zd numbers for %zd Values; give one for each", given, count);
    else {
        for (Py_ssize_t i = 0; i < count; i++) {
            NUMBER(sequence, i, offset) = ((double *)buffer.buf)[i];
            if (offset == offsetof(Node, data))
                ((Node *)PySequence_Fast_GET_ITEM(sequence, i))->stamp = ++the_clock;
        }
        answer = Py_NewRef(Py_None);
    }
    PyBuffer_Release(&buffer);
done:
    Py_XDECREF(sequence);
    Py_XDECREF(array);
    return answer;
}

static PyObject *set_silent(PyObject *module, PyObject *flag) {
    int before = silent, now = PyObject_IsTrue(flag);
    if (now < 0)
        return NULL;
    silent = now;
    silent_threads += now - before;
    return PyBool_FromLong(before);
}

static PyObject *get_tracer(PyObject *module, PyObject *unused) {
    return Py_NewRef(the_tracer ? the_tracer : Py_None);
}

static PyObject *set_tracer(PyObject *module, PyObject *tracer) {
    unsigned long number = 0;
    if (tracer != Py_None) {
        PyObject *attribute = PyObject_GetAttrString(tracer, "number");
        number = attribute ? PyLong_AsUnsignedLong(attribute) : 0;
        Py_XDECREF(attribute);
        if (PyErr_Occurred())
            return NULL;
    }
    PyObject *before = the_tracer ? the_tracer : Py_NewRef(Py_None); /* the reference goes to the caller */
    tracing_threads += (tracer != Py_None) - (the_tracer != NULL);
    the_tracer = tracer != Py_None ? Py_NewRef(tracer) : NULL;
    the_trace = (uint32_t)number;
    renew_origin();
    return before;
}

/* ---- the type and the module */
#define METHOD_ENTRY_1(name, method, doc) {method, op_##name, METH_NOARGS, doc},
#define METHOD_ENTRY_2(name, method, doc) {method, method_##name, METH_O, doc},
static PyMethodDef METHODS[] = {
    EACH_METHOD_1(METHOD_ENTRY_1) EACH_METHOD_2(METHOD_ENTRY_2)
    {"zero_grad", zero_grad, METH_NOARGS, "Set the gradient of this Value, and of all it was made from, to 0."},
    {NULL, NULL, 0, NULL},
};

static PyType_Slot SLOTS[] = {
    {Py_tp_doc, NULL}, /* first: exec() fills it in */
    {Py_tp_new, value_tp_new},
    {Py_tp_init, value_init},
    {Py_tp_dealloc, value_dealloc},
    {Py_tp_traverse, value_traverse},
    {Py_tp_clear, value_clear},
    {Py_tp_setattro, setattr},
    {Py_tp_richcompare, value_compare},
    {Py_tp_hash, value_hash},
    {Py_tp_methods, METHODS},
    {Py_tp_getset, ATTRIBUTES},
    {Py_tp_members, MEMBERS},
    {Py_nb_add, op_add},
    {Py_nb_subtract, op_sub},
    {Py_nb_multiply, op_mul},
    {Py_nb_true_divide, op_div},
    {Py_nb_remainder, op_mod},
    {Py_nb_floor_divide, op_floordiv},
    {Py_nb_power, value_power},
    {Py_nb_negative, value_negative},
    {Py_nb_absolute, value_absolute},
    {Py_nb_bool, value_bool},
    {0, NULL},
};

static PyType_Spec SPEC = {
    .name = "gradloom.Value",
    .basicsize = sizeof(Node),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE | Py_TPFLAGS_HAVE_GC,
    .slots = SLOTS,
};

static PyMethodDef FUNCTIONS[] = {
    {"apply", (PyCFunction)(void (*)(void))value_apply, METH_FASTCALL,
     "A new Value: the row's value of the operands (Values or floats), remembering both."},
    {"order", order, METH_O, "The nodes below a root, operands before results, each once."},
    {"read", (PyCFunction)(void (*)(void))read_values, METH_VARARGS | METH_KEYWORDS,
     "The data or grad of many Values as one float64 array of shape (n,)."},
    {"write", (PyCFunction)(void (*)(void))write_values, METH_VARARGS | METH_KEYWORDS,
     "Assign the data or grad of many Values from an array of shape (n,)."},
    {"set_silent", set_silent, METH_O,
     "Stop or start remembering operands in this thread; what it was before."},
    {"set_tracer", set_tracer, METH_O, "Let a tracer, or None, watch this thread's Values; what did before."},
    {"record", record, METH_VARARGS, "The columns of a Program, from the graph that a trace left."},
    {"columns_of", columns_of, METH_O, "Operands, constants, rows and traces of many Values, as bytes."},
    {"get_tracer", get_tracer, METH_NOARGS, "What watches this thread's Values, or None."},
    {"set_lines", set_lines, METH_O, "Let new Values of this thread carry the numbers of source lines, or (None) of scopes."},
    {"set_scope", set_scope, METH_O, "Let new Values of this thread carry the number of a scope; what they did before."},
    {"enter_scope", enter_scope, METH_O, "Begin a scope of this name, or of this object."},
    {"leave_scope", leave_scope, METH_NOARGS, "End the scope; that around it goes on."},
    {"scope_of", scope_of, METH_O, "The number outside of a scope, its name or a weak reference, the type; None if forgotten."},
    {NULL, NULL, 0, NULL},
};

static PyObject *attribute_of(const char *module_name, const char *name) {
    PyObject *module = PyImport_ImportModule(module_name);
    PyObject *attribute = module ? PyObject_GetAttrString(module, name) : NULL;
    Py_XDECREF(module);
    return attribute;
}

/* The docstring of a class of the definition, or of its method, after `head`; it lives as long as the module. */
static const char *words_of(const char *module_name, const char *name, const char *method, const char *head) {
    PyObject *o = attribute_of(module_name, name), *doc = NULL, *all = NULL;
    if (o != NULL && method != NULL)
        Py_SETREF(o, PyObject_GetAttrString(o, method));
    if (o != NULL)
        doc = PyObject_GetAttrString(o, "__doc__");
    if (doc != NULL)
        all = doc == Py_None ? PyUnicode_FromString(head) : PyUnicode_FromFormat("%s%U", head, doc);
    Py_XDECREF(o);
    Py_XDECREF(doc);
    return all ? PyUnicode_AsUTF8(all) : NULL; /* `all` is kept on purpose */
}

static const struct {
    PyObject **here;
    const char *module, *name;
} PYTHON_PARTS[] = {
    {&py_number, "gradloom.arithmetic", "number"},
    {&py_foreign, "gradloom.arithmetic", "foreign"},
    {&py_evaluate, "gradloom.arithmetic", "evaluate"},
    {&py_evaluate_ieee, "gradloom.arithmetic", "evaluate_ieee"},
    {&py_not_accepted, "gradloom.arithmetic", "not_accepted"},
    {&py_refuse, "gradloom.arithmetic", "refuse"},
    {&py_gradient_of_constant, "gradloom.arithmetic", "gradient_of_constant"},
    {&py_local_derivatives, "gradloom.arithmetic", "local_derivatives"},
    {&library, "gradloom.lines", "LIBRARY"},
    {&examples, "gradloom.lines", "EXAMPLES"},
    {&py_by_hand, "gradloom.engine", "_by_hand"},
    {&py_check_value, "gradloom.engine", "_check_value"},
    {&numpy_empty, "numpy", "empty"},
    {&numpy_contiguous, "numpy", "ascontiguousarray"},
};

/* The table's rows, in the order in which the header was generated from it. */
static int load_rows(void) {
    PyObject *table = attribute_of("gradloom.ops", "TABLE");
    table_rows = table ? PyMapping_Values(table) : NULL;
    Py_XDECREF(table);
    if (table_rows != NULL && PyList_GET_SIZE(table_rows) != ROW_COUNT)
        PyErr_SetString(PyExc_ImportError, "ops.py has changed since the native engine was built; build it again");
    return table_rows == NULL || PyErr_Occurred() ? -1 : 0;
}

static int exec(PyObject *module) {
    for (size_t i = 0; i < sizeof(PYTHON_PARTS) / sizeof(PYTHON_PARTS[0]); i++)
        if ((*PYTHON_PARTS[i].here = attribute_of(PYTHON_PARTS[i].module, PYTHON_PARTS[i].name)) == NULL)
            return -1;
    if (load_rows() < 0 || (str_backward = PyUnicode_InternFromString("_backward")) == NULL ||
        (str_data = PyUnicode_InternFromString("data")) == NULL ||
        (str_compare = PyUnicode_InternFromString("compare")) == NULL ||
        (str_truth = PyUnicode_InternFromString("truth")) == NULL)
        return -1;
    /* The words are those of the definition, whose class engine.Value still is. */
    const char *class_words = words_of("gradloom.engine", "Value", NULL,
                                       "Value(data, _children=(), _op='', label='')\n--\n\n");
    BACKWARD.ml_doc = words_of("gradloom.engine", "Value", "backward", "backward($self, seed=1.0)\n--\n\n");
    if (class_words == NULL || BACKWARD.ml_doc == NULL)
        return -1;
    SLOTS[0].pfunc = (void *)class_words;
    ValueType = (PyTypeObject *)PyType_FromSpec(&SPEC);
    if (ValueType == NULL)
        return -1;
    ValueType->tp_vectorcall = value_vectorcall;
    base_backward = PyDict_GetItemWithError(ValueType->tp_dict, str_backward);
    /* A method that takes any first argument, so that a list of losses is told what to do. */
    PyObject *function = PyCFunction_New(&BACKWARD, NULL);
    PyObject *method = function ? PyInstanceMethod_New(function) : NULL;
    int failed = method == NULL || PyObject_SetAttrString((PyObject *)ValueType, "backward", method) < 0;
    Py_XDECREF(function);
    Py_XDECREF(method);
    failed = failed || PyModule_AddIntConstant(module, "SLABS", GRADLOOM_SLABS) < 0;
    return failed ? -1 : PyModule_AddObjectRef(module, "Value", (PyObject *)ValueType);
}

static PyModuleDef_Slot MODULE_SLOTS[] = {
    {Py_mod_exec, exec},
#ifdef Py_mod_multiple_interpreters
    {Py_mod_multiple_interpreters, Py_MOD_MULTIPLE_INTERPRETERS_NOT_SUPPORTED},
#endif
    {0, NULL},
};

static struct PyModuleDef MODULE = {
    PyModuleDef_HEAD_INIT, "gradloom._native.value", "The native twin of gradloom.engine.", 0, FUNCTIONS,
    MODULE_SLOTS, NULL, NULL, NULL,
};

PyMODINIT_FUNC PyInit_value(void) { return PyModuleDef_Init(&MODULE); }
