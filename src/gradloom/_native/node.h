/* The node of the native engine: its layout, its birth and its death.
 *
 * Contract
 *   A node owns its operands, its extra and its dict. 96 bytes, 112 with the collector's header.
 *   A tracked node's operands are tracked (all the way down): a cycle can only close through a node
 *   whose state (an attribute, a label, a _backward) holds something the collector knows, and that node
 *   is tracked from then on, with all that is reachable below. Everything else is invisible to the
 *   collector, which is where the speed comes from.
 *   Death never recurses: a dying node leaves its operands on a list that the outermost death drains.
 */
#ifndef GRADLOOM_NODE_H
#define GRADLOOM_NODE_H

#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <structmember.h>

#if !defined(GRADLOOM_NO_SLABS) && !defined(Py_GIL_DISABLED) && !defined(Py_TRACE_REFS) && \
    !defined(PYPY_VERSION) && PY_VERSION_HEX < 0x030F0000 && SIZEOF_VOID_P == 8
#define GRADLOOM_SLABS 1
#include "slabs.h"
#else
#define GRADLOOM_SLABS 0
#endif

#if defined(__GNUC__) || defined(__clang__)
#define UNLIKELY(x) __builtin_expect(!!(x), 0)
#define PREFETCH(p) __builtin_prefetch(p)
#else
#define UNLIKELY(x) (x)
#define PREFETCH(p) ((void)0)
#endif

#ifdef _MSC_VER
#define THREAD_LOCAL __declspec(thread)
#else
#define THREAD_LOCAL _Thread_local
#endif

/* Read for every node inside a model: where the C library keeps room for it, without calling a function. */
#if defined(__GLIBC__) && defined(__GNUC__)
#define NEAR_THREAD_LOCAL THREAD_LOCAL __attribute__((tls_model("initial-exec")))
#else
#define NEAR_THREAD_LOCAL THREAD_LOCAL
#endif

/* Where a node came from: a row's number, or one of these. */
#define ROW_LEAF 0xFFFFu /* no row: a leaf, or a node made by hand */
#define ROW_USER 0xFFFEu /* gradloom.primitive: the Row is in extra */

enum {
    FIRST_IS_NODE = 1,  /* operand i is a node (bit i of the flags), else a constant */
    SECOND_IS_NODE = 2,
    TRACKED = 4,        /* known to the cycle collector */
    SWEEPING = 8,       /* in a backward() that runs Python */
    SWEPT = 16,         /* a backward() has passed on what its constants, still numbers, are owed */
    REACHED = 32,       /* something was passed on to it in the last backward() */
};

typedef union {
    struct Node *node;
    double constant;
} Operand;

/* What few nodes have. */
typedef struct {
    PyObject *label, *op, *handmade; /* as assigned, or NULL */
    PyObject *row;                   /* the Row of a user's primitive */
    PyObject *operands;              /* a tuple of Values and floats, where two slots do not do */
} Extra;

typedef struct Node {
    PyObject_HEAD
    double data, grad;
    uint64_t stamp; /* renewed when data is assigned */
    uint64_t mark;  /* of the last walk that met this node */
    Operand operand[2];
    uint16_t row;
    uint8_t flags, count; /* count: operands in the slots, a parameter included */
    uint32_t trace;       /* the trace that made it; outside, the scope or line, whose top bit is set, or 0 */
    Extra *extra;
    PyObject *dict, *weakrefs;
} Node;

static PyTypeObject *ValueType;
static uint64_t the_clock;

/* What watches this thread's Values while a function is traced (engine.set_tracer); NULL outside. One
 * count for the process is read first, so that it costs nothing where nobody traces. */
static THREAD_LOCAL PyObject *the_tracer;
static int tracing_threads;
#define TRACING (UNLIKELY(tracing_threads) && the_tracer != NULL)

/* What new nodes of this thread carry: the number of its trace, or outside of one that of its scope. The
 * count of threads with either is read first, as above. While lines of source are recorded, it is that of
 * the line that is running, which is to be asked for (scopes.h). */
static NEAR_THREAD_LOCAL uint32_t the_trace, the_scope, the_origin;
static int threads_with_origin;
static THREAD_LOCAL int the_lines;
#define ASK_FOR_LINE 0x7FFFFFFFu /* no trace and no scope has this number */
static uint32_t line_of_node(void);

static void renew_origin(void) {
    const uint32_t origin = the_tracer ? the_trace : the_lines ? ASK_FOR_LINE : the_scope;
    threads_with_origin += (origin != 0) - (the_origin != 0);
    the_origin = origin;
}

#define IS_EXACT(o) Py_IS_TYPE((PyObject *)(o), ValueType)
#define IS_VALUE(o) (IS_EXACT(o) || PyObject_TypeCheck((PyObject *)(o), ValueType))

static inline int has_operands(const Node *n) { return n->count || (n->extra && n->extra->operands); }

/* Operand i as a node, or NULL where it is a constant. */
static inline Node *operand_node(const Node *n, int i) {
    return n->flags & (FIRST_IS_NODE << i) ? n->operand[i].node : NULL;
}

/* ---- birth */
static inline void node_clear_fields(Node *n, double data) {
    n->data = data;
    n->grad = 0.0;
    n->stamp = ++the_clock;
    n->mark = 0;
    n->row = ROW_LEAF;
    n->flags = n->count = 0;
    n->trace = threads_with_origin ? the_origin : 0;
    n->extra = NULL;
    n->dict = n->weakrefs = NULL;
    if (UNLIKELY(n->trace == ASK_FOR_LINE))
        n->trace = line_of_node();
}

/* A leaf of the exact type. */
static inline Node *node_new(double data) {
#if GRADLOOM_SLABS
    char *cell = cell_new(GC_HEADER_BYTES + sizeof(Node));
    if (UNLIKELY(cell == NULL))
        return (Node *)PyErr_NoMemory();
    memset(cell, 0, GC_HEADER_BYTES);
    Node *n = (Node *)(cell + GC_HEADER_BYTES);
    PyObject_Init((PyObject *)n, ValueType);
#else
    Node *n = PyObject_GC_New(Node, ValueType);
    if (n == NULL)
        return NULL;
#endif
    node_clear_fields(n, data);
    return n;
}

static Extra *node_extra(Node *n) {
    if (n->extra == NULL && (n->extra = PyMem_Calloc(1, sizeof(Extra))) == NULL)
        PyErr_NoMemory();
    return n->extra;
}

/* ---- a stack of nodes that grows; on failure it says so and keeps what it has */
typedef struct {
    Node **items;
    Py_ssize_t count, capacity;
} NodeStack;

static int stack_grow(NodeStack *s) {
    Py_ssize_t capacity = s->capacity ? 2 * s->capacity : 256;
    Node **items = PyMem_Realloc(s->items, capacity * sizeof(Node *));
    if (items == NULL)
        return -1;
    s->items = items;
    s->capacity = capacity;
    return 0;
}

static inline int stack_push(NodeStack *s, Node *n) {
    if (UNLIKELY(s->count == s->capacity) && stack_grow(s) < 0)
        return -1;
    s->items[s->count++] = n;
    return 0;
}

/* ---- death */
static NodeStack graveyard; /* operands whose last reference is owed */
static int digging;

static void extra_free(Extra *extra) {
    if (extra == NULL)
        return;
    PyObject *held[] = {extra->label, extra->op, extra->handmade, extra->row, extra->operands};
    PyMem_Free(extra);
    for (int i = 0; i < 5; i++)
        Py_XDECREF(held[i]);
}

/* Free one node; its operands are left in the graveyard. All pointers are taken out before any code of
 * the user (a weak reference's callback, an attribute's destructor) can run. */
static void bury(Node *n) {
    PyTypeObject *type = Py_TYPE(n);
    if (n->flags & TRACKED || !IS_EXACT(n))
        PyObject_GC_UnTrack(n);
    if (n->weakrefs != NULL)
        PyObject_ClearWeakRefs((PyObject *)n);
    Node *operands[2] = {operand_node(n, 0), operand_node(n, 1)};
    Extra *extra = n->extra;
    PyObject *dict = n->dict;
    n->extra = NULL;
    n->dict = NULL;
    n->flags = n->count = 0;
#if GRADLOOM_SLABS
    if (type == ValueType)
        cell_free((char *)n - GC_HEADER_BYTES);
    else
#endif
        type->tp_free((PyObject *)n);
    for (int i = 0; i < 2; i++) {
        Node *x = operands[i];
        if (x != NULL && (Py_REFCNT(x) > 1 || stack_push(&graveyard, x) < 0))
            Py_DECREF(x);
    }
    extra_free(extra);
    Py_XDECREF(dict);
    Py_DECREF(type);
}

static void value_dealloc(PyObject *self) {
    bury((Node *)self);
    if (digging)
        return;
    digging = 1;
    while (graveyard.count > 0) {
        Node *n = graveyard.items[--graveyard.count];
#ifndef Py_REF_DEBUG
        if (Py_REFCNT(n) == 1 && IS_EXACT(n) && n->weakrefs == NULL) {
            bury(n);
            continue;
        }
#endif
        Py_DECREF(n);
    }
    digging = 0;
    if (graveyard.capacity > 1 << 16) {
        PyMem_Free(graveyard.items);
        graveyard = (NodeStack){0};
    }
}

/* ---- the cycle collector */
static int value_traverse(PyObject *self, visitproc visit, void *arg) {
    Node *n = (Node *)self;
    Py_VISIT(Py_TYPE(self));
    for (int i = 0; i < 2; i++)
        Py_VISIT(operand_node(n, i));
    if (n->extra != NULL) {
        Py_VISIT(n->extra->label);
        Py_VISIT(n->extra->op);
        Py_VISIT(n->extra->handmade);
        Py_VISIT(n->extra->row);
        Py_VISIT(n->extra->operands);
    }
    Py_VISIT(n->dict);
    return 0;
}

/* Make a leaf of the node: no operands, no state. */
static int value_clear(PyObject *self) {
    Node *n = (Node *)self;
    Node *operands[2] = {operand_node(n, 0), operand_node(n, 1)};
    Extra *extra = n->extra;
    n->flags &= (uint8_t)~(FIRST_IS_NODE | SECOND_IS_NODE);
    n->count = 0;
    n->row = ROW_LEAF;
    n->extra = NULL;
    Py_XDECREF(operands[0]);
    Py_XDECREF(operands[1]);
    extra_free(extra);
    Py_CLEAR(n->dict);
    return 0;
}

/* Track a node and all below it; those already tracked have all below them tracked. */
static int track_below(Node *root) {
    NodeStack stack = {0};
    int failed = stack_push(&stack, root) < 0;
    while (!failed && stack.count > 0) {
        Node *n = stack.items[--stack.count];
        if (n->flags & TRACKED)
            continue;
        n->flags |= TRACKED;
        PyObject_GC_Track((PyObject *)n);
        for (int i = 0; i < 2; i++)
            if (operand_node(n, i) && stack_push(&stack, operand_node(n, i)) < 0)
                failed = 1;
        PyObject *more = n->extra ? n->extra->operands : NULL;
        for (Py_ssize_t i = 0; more && i < PyTuple_GET_SIZE(more); i++)
            if (IS_VALUE(PyTuple_GET_ITEM(more, i)) && stack_push(&stack, (Node *)PyTuple_GET_ITEM(more, i)) < 0)
                failed = 1;
    }
    PyMem_Free(stack.items);
    if (failed)
        PyErr_NoMemory();
    return failed ? -1 : 0;
}

/* The Values that a state reaches through containers, closures and instances: worklist and the objects
 * already seen. Modules, types and a function's globals are not followed: no node's state owns them. */
typedef struct {
    PyObject *seen, *work;
} Search;

static int search_visit(PyObject *o, void *arg) {
    Search *search = arg;
    if (!PyObject_IS_GC(o) || PyType_Check(o) || PyModule_Check(o) || PyCode_Check(o))
        return 0;
    PyObject *address = PyLong_FromVoidPtr(o);
    if (address == NULL)
        return -1;
    int known = PySet_Contains(search->seen, address);
    int failed = known < 0 || (known == 0 && (PySet_Add(search->seen, address) < 0 ||
                                              PyList_Append(search->work, o) < 0));
    Py_DECREF(address);
    return failed ? -1 : 0;
}

static int search_function(PyObject *f, Search *search) {
    PyFunctionObject *function = (PyFunctionObject *)f;
    PyObject *parts[] = {function->func_closure, function->func_defaults, function->func_kwdefaults,
                         function->func_dict};
    for (int i = 0; i < 4; i++)
        if (parts[i] != NULL && search_visit(parts[i], search) < 0)
            return -1;
    return 0;
}

/* A node was given a state that the collector tracks: from now on a cycle may run through it. */
static int note_state(Node *n, PyObject *state) {
    if (state == NULL || !PyObject_IS_GC(state) || PyType_Check(state))
        return 0;
    if (track_below(n) < 0)
        return -1;
    Search search = {PySet_New(NULL), PyList_New(0)};
    int failed = search.seen == NULL || search.work == NULL || search_visit(state, &search) < 0;
    while (!failed && PyList_GET_SIZE(search.work) > 0) {
        Py_ssize_t last = PyList_GET_SIZE(search.work) - 1;
        PyObject *o = Py_NewRef(PyList_GET_ITEM(search.work, last));
        failed = PyList_SetSlice(search.work, last, last + 1, NULL) < 0;
        if (failed)
            ;
        else if (IS_VALUE(o))
            failed = track_below((Node *)o) < 0;
        else if (PyFunction_Check(o))
            failed = search_function(o, &search) < 0;
        else if (Py_TYPE(o)->tp_traverse != NULL)
            failed = Py_TYPE(o)->tp_traverse(o, search_visit, &search) < 0;
        Py_DECREF(o);
    }
    Py_XDECREF(search.seen);
    Py_XDECREF(search.work);
    return failed ? -1 : 0;
}

#endif
