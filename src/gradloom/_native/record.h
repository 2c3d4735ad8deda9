/* From the graph that a trace left to the columns of a Program (compiler/program.py).
 *
 * Contract
 *   record(trace, inputs, roots) is the twin of tracing.py's _columns: the same instructions in the same
 *   order. Nodes made by the trace become instructions, in the order in which they were made; other Values
 *   are captured, in the order in which they are met, as inputs behind the given ones; a constant is an
 *   instruction of its own, before the one that reads it.
 *   A node's mark holds its place while this runs: the top bit tells it from the marks of walks.
 */
#ifndef GRADLOOM_RECORD_H
#define GRADLOOM_RECORD_H

#include "sweep.h"

#define CODE_INPUT ROW_COUNT
#define CODE_CONSTANT (ROW_COUNT + 1)

typedef struct {
    uint64_t tag; /* in the upper half of the marks of this recording */
    uint32_t trace;
    NodeStack nodes, captured;
    Path path;
    PyObject *user_row; /* borrowed: a row made by gradloom.primitive, which no Program holds */
} Recording;

static inline int is_marked(const Recording *r, const Node *n) { return (n->mark >> 32) == (r->tag >> 32); }
static inline uint32_t place_of(const Node *n) { return (uint32_t)n->mark; }

/* Operand i of a node as a Node; NULL where it is a number, which goes to *x. */
static inline Node *operand_or_number(const Node *n, Py_ssize_t i, double *x) {
    if (n->extra && n->extra->operands) {
        PyObject *o = PyTuple_GET_ITEM(n->extra->operands, i);
        if (IS_VALUE(o))
            return (Node *)o;
        *x = PyFloat_AS_DOUBLE(o);
        return NULL;
    }
    Node *node = operand_node(n, (int)i);
    if (node == NULL)
        *x = n->operand[i].constant;
    return node;
}

static inline Py_ssize_t operand_count(const Node *n) {
    return n->extra && n->extra->operands ? PyTuple_GET_SIZE(n->extra->operands) : n->count;
}

/* List what is below a root and not listed yet. */
static int record_below(Recording *r, Node *root) {
    if (is_marked(r, root))
        return 0;
    root->mark = r->tag;
    if (root->trace != r->trace)
        return stack_push(&r->captured, root);
    if (path_push(&r->path, root) < 0)
        return -1;
    while (r->path.depth > 0) {
        Visit *top = &r->path.items[r->path.depth - 1];
        Node *n = top->node, *down = NULL;
        const Py_ssize_t count = operand_count(n);
        while (top->next < count && down == NULL) {
            double number;
            Node *x = operand_or_number(n, top->next++, &number);
            if (x == NULL || is_marked(r, x))
                continue;
            x->mark = r->tag;
            if (x->trace == r->trace)
                down = x;
            else if (stack_push(&r->captured, x) < 0)
                return -1;
        }
        if (down != NULL) {
            if (path_push(&r->path, down) < 0)
                return -1;
            continue;
        }
        r->path.depth--;
        if (n->row == ROW_USER)
            r->user_row = n->extra->row;
        if (stack_push(&r->nodes, n) < 0)
            return -1;
    }
    return 0;
}

/* The nodes sorted by their stamps; of equal ones, a constant before the node that has it. */
typedef struct {
    uint64_t stamp;
    Node *node;
} Aged;

enum { DIGIT = 11 };

static int by_age(NodeStack *nodes) {
    const Py_ssize_t n = nodes->count;
    uint64_t oldest = UINT64_MAX, youngest = 0;
    Aged *from = PyMem_Malloc(2 * (size_t)(n + 1) * sizeof(Aged)), *room = from, *to = from + n;
    if (from == NULL)
        return -1;
    for (Py_ssize_t i = 0; i < n; i++) {
        const uint64_t stamp = nodes->items[i]->stamp;
        from[i] = (Aged){stamp, nodes->items[i]};
        oldest = stamp < oldest ? stamp : oldest;
        youngest = stamp > youngest ? stamp : youngest;
    }
    for (int shift = 0; shift < 64 && n > 0 && (youngest - oldest) >> shift != 0; shift += DIGIT) {
        Py_ssize_t begin[(1 << DIGIT) + 1] = {0};
        for (Py_ssize_t i = 0; i < n; i++)
            begin[((from[i].stamp - oldest) >> shift & ((1 << DIGIT) - 1)) + 1]++;
        for (int d = 0; d < 1 << DIGIT; d++)
            begin[d + 1] += begin[d];
        for (Py_ssize_t i = 0; i < n; i++)
            to[begin[(from[i].stamp - oldest) >> shift & ((1 << DIGIT) - 1)]++] = from[i];
        Aged *other = from;
        from = to;
        to = other;
    }
    for (Py_ssize_t i = 0; i < n; i++)
        nodes->items[i] = from[i].node;
    PyMem_Free(room);
    return 0;
}

typedef struct {
    PyObject *code, *start, *args, *number;
    uint32_t count, arg;
} Columns;

#define COLUMN(bytes, type) ((type *)PyBytes_AS_STRING(bytes))

static inline uint32_t column_add(Columns *c, unsigned code, double number) {
    COLUMN(c->code, uint16_t)[c->count] = (uint16_t)code;
    COLUMN(c->number, double)[c->count] = number;
    COLUMN(c->start, int32_t)[++c->count] = (int32_t)c->arg;
    return c->count - 1;
}

static int columns_make(Columns *c, Py_ssize_t instructions, Py_ssize_t args) {
    c->code = PyBytes_FromStringAndSize(NULL, instructions * 2);
    c->start = PyBytes_FromStringAndSize(NULL, (instructions + 1) * 4);
    c->args = PyBytes_FromStringAndSize(NULL, args * 4);
    c->number = PyBytes_FromStringAndSize(NULL, instructions * 8);
    if (!c->code || !c->start || !c->args || !c->number)
        return -1;
    COLUMN(c->start, int32_t)[0] = 0;
    return 0;
}

static void record_node(Columns *c, const Recording *r, Node *n) {
    const Py_ssize_t count = operand_count(n);
    double number;
    if (n->row == ROW_LEAF) {
        n->mark = r->tag | column_add(c, CODE_CONSTANT, n->data);
        return;
    }
    uint32_t constant = c->count; /* the constants come first */
    for (Py_ssize_t i = 0; i < count; i++)
        if (operand_or_number(n, i, &number) == NULL)
            column_add(c, CODE_CONSTANT, number);
    for (Py_ssize_t i = 0; i < count; i++) {
        Node *x = operand_or_number(n, i, &number);
        COLUMN(c->args, int32_t)[c->arg++] = (int32_t)(x ? place_of(x) : constant++);
    }
    n->mark = r->tag | column_add(c, n->row, 0.0);
}

static PyObject *node_list(const NodeStack *s) {
    PyObject *list = PyList_New(s->count);
    for (Py_ssize_t i = 0; list && i < s->count; i++)
        PyList_SET_ITEM(list, i, Py_NewRef((PyObject *)s->items[i]));
    return list;
}

/* (code, start, args, number, captured, places of the roots), or the Row of a user's primitive. */
static PyObject *record(PyObject *module, PyObject *arguments) {
    static uint32_t recordings;
    unsigned int trace;
    PyObject *inputs, *roots, *result = NULL, *places = NULL, *captured = NULL;
    if (!PyArg_ParseTuple(arguments, "IO!O!:record", &trace, &PyList_Type, &inputs, &PyList_Type, &roots))
        return NULL;
    Recording r = {.tag = (uint64_t)(0x80000000u | ++recordings) << 32, .trace = trace};
    Columns c = {0};
    r.path.items = r.path.few;
    r.path.capacity = SHORT_WALK;
    const Py_ssize_t given = PyList_GET_SIZE(inputs), wanted = PyList_GET_SIZE(roots);
    Py_ssize_t instructions = given, args = 0;
    int failed = 0;
    for (Py_ssize_t i = 0; i < given + wanted; i++) {
        PyObject *o = i < given ? PyList_GET_ITEM(inputs, i) : PyList_GET_ITEM(roots, i - given);
        if (!IS_VALUE(o)) {
            PyErr_SetString(PyExc_TypeError, "inputs and roots must be Values");
            goto done;
        }
    }
    for (Py_ssize_t i = 0; i < given; i++)
        ((Node *)PyList_GET_ITEM(inputs, i))->mark = r.tag | (uint32_t)i;
    for (Py_ssize_t i = 0; i < wanted && !failed; i++)
        failed = record_below(&r, (Node *)PyList_GET_ITEM(roots, i)) < 0;
    if (failed || by_age(&r.nodes) < 0) {
        PyErr_NoMemory();
        goto done;
    }
    if (r.user_row != NULL) {
        result = Py_NewRef(r.user_row);
        goto done;
    }
    for (Py_ssize_t i = 0; i < r.captured.count; i++)
        r.captured.items[i]->mark = r.tag | (uint32_t)(given + i);
    instructions += r.captured.count;
    for (Py_ssize_t i = 0; i < r.nodes.count; i++) {
        const Py_ssize_t count = operand_count(r.nodes.items[i]);
        double number;
        args += count;
        instructions++;
        for (Py_ssize_t k = 0; k < count; k++)
            instructions += operand_or_number(r.nodes.items[i], k, &number) == NULL;
    }
    if (instructions > INT32_MAX || args > INT32_MAX) {
        PyErr_SetString(PyExc_MemoryError, "a Program has at most 2**31 instructions; map over rows, or split it");
        goto done;
    }
    if (columns_make(&c, instructions, args) < 0)
        goto done;
    for (Py_ssize_t i = 0; i < given + r.captured.count; i++)
        column_add(&c, CODE_INPUT, 0.0);
    for (Py_ssize_t i = 0; i < r.nodes.count; i++)
        record_node(&c, &r, r.nodes.items[i]);
    places = PyList_New(wanted);
    captured = node_list(&r.captured);
    for (Py_ssize_t i = 0; places && i < wanted; i++) {
        PyObject *place = PyLong_FromUnsignedLong(place_of((Node *)PyList_GET_ITEM(roots, i)));
        if (place == NULL)
            Py_CLEAR(places);
        else
            PyList_SET_ITEM(places, i, place);
    }
    if (places && captured)
        result = PyTuple_Pack(6, c.code, c.start, c.args, c.number, captured, places);
done:
    Py_XDECREF(c.code);
    Py_XDECREF(c.start);
    Py_XDECREF(c.args);
    Py_XDECREF(c.number);
    Py_XDECREF(places);
    Py_XDECREF(captured);
    PyMem_Free(r.nodes.items);
    PyMem_Free(r.captured.items);
    if (r.path.items != r.path.few)
        PyMem_Free(r.path.items);
    return result;
}

/* What a picture needs to know of many nodes (draw/network.py): for each the number of operands that are
 * among them, the places of these, the number of its constants, its row and its trace or scope. */
#define PLACED ((uint64_t)0x80000000u << 32) /* no recording has this tag, and no walk this mark */

static PyObject *columns_of(PyObject *module, PyObject *nodes) {
    if (!PyList_Check(nodes))
        return PyErr_Format(PyExc_TypeError, "nodes must be a list of Values");
    const Py_ssize_t n = PyList_GET_SIZE(nodes);
    Py_ssize_t all = 0, arg = 0;
    for (Py_ssize_t i = 0; i < n; i++) {
        if (!IS_VALUE(PyList_GET_ITEM(nodes, i)) || n > INT32_MAX)
            return PyErr_Format(PyExc_TypeError, "nodes must be a list of Values, at most 2**31");
        Node *node = (Node *)PyList_GET_ITEM(nodes, i);
        node->mark = PLACED | (uint32_t)i;
        all += operand_count(node);
    }
    PyObject *counts = PyBytes_FromStringAndSize(NULL, n * 4), *constants = PyBytes_FromStringAndSize(NULL, n * 4);
    PyObject *rows = PyBytes_FromStringAndSize(NULL, n * 2), *traces = PyBytes_FromStringAndSize(NULL, n * 4);
    PyObject *args = PyBytes_FromStringAndSize(NULL, all * 4), *result = NULL;
    if (counts && constants && rows && traces && args) {
        for (Py_ssize_t i = 0; i < n; i++) {
            Node *node = (Node *)PyList_GET_ITEM(nodes, i);
            const Py_ssize_t count = operand_count(node), first = arg;
            Py_ssize_t numbers = 0;
            double number;
            for (Py_ssize_t k = 0; k < count; k++) {
                Node *x = operand_or_number(node, k, &number);
                if (x == NULL)
                    numbers++;
                else if (place_of(x) < n && PyList_GET_ITEM(nodes, place_of(x)) == (PyObject *)x)
                    COLUMN(args, int32_t)[arg++] = (int32_t)place_of(x);
            }
            COLUMN(counts, int32_t)[i] = (int32_t)(arg - first);
            COLUMN(constants, int32_t)[i] = (int32_t)numbers;
            COLUMN(rows, uint16_t)[i] = node->row;
            COLUMN(traces, uint32_t)[i] = node->trace;
        }
        if (_PyBytes_Resize(&args, arg * 4) == 0)
            result = PyTuple_Pack(5, counts, args, constants, rows, traces);
    }
    Py_XDECREF(counts);
    Py_XDECREF(constants);
    Py_XDECREF(rows);
    Py_XDECREF(traces);
    Py_XDECREF(args);
    return result;
}

#endif
