/* Walking a graph: the order of the nodes, and the reverse sweep over it.
 *
 * Contract
 *   walk() lists the nodes below a root, operands before results, each once, in the same order as
 *   engine.py does, and raises for a circle. It runs no Python. With `check` it also makes sure that
 *   every derivative exists and belongs to the numbers it was made from.
 *   backward changes no gradient unless it finishes: while only rows of the table are met it cannot
 *   fail; where a user's Python runs, all gradients are kept and put back if it raises.
 */
#ifndef GRADLOOM_SWEEP_H
#define GRADLOOM_SWEEP_H

#include "node.h"
#include "table.h"

static PyObject *table_rows;              /* list of the Row objects, in order */
static PyObject *py_refuse, *py_local_derivatives; /* functions of arithmetic.py */
static PyObject *base_backward;           /* the descriptor Value._backward */
static PyObject *str_backward;

enum {
    SHORT_WALK = 48, /* nodes for which the stack has room */
    AHEAD = 8,       /* how far ahead of the sweep nodes are fetched into the cache */
};

typedef struct {
    Node *node;
    double before; /* its gradient when the walk met it */
} Met;

typedef struct {
    Met *items, few[SHORT_WALK]; /* operands first; small graphs need no allocation */
    Py_ssize_t count, capacity;
    int python; /* some node's derivative is the user's Python */
} Walk;

static void walk_free(Walk *w) {
    if (w->items != w->few)
        PyMem_Free(w->items);
}

/* Raise why there is no gradient; always -1. */
static int refuse(const char *kind, Node *n, PyObject *operand) {
    PyObject *none = PyObject_CallFunction(py_refuse, "sOO", kind, n, operand ? operand : Py_None);
    Py_XDECREF(none);
    return -1;
}

static PyObject *row_object(const Node *n) {
    return n->row == ROW_USER ? n->extra->row : PyList_GET_ITEM(table_rows, n->row);
}

/* The operand at position i of any node: borrowed; NULL where the slot holds a constant. */
static PyObject *operand_at(const Node *n, Py_ssize_t i) {
    if (n->extra && n->extra->operands)
        return PyTuple_GET_ITEM(n->extra->operands, i);
    return (PyObject *)operand_node(n, (int)i);
}

/* Whether the user wrote the node's step of the chain rule: assigned it, or overrode it in a subclass. */
static int is_by_hand(Node *n) {
    return (n->extra && n->extra->handmade) ||
           (!IS_EXACT(n) && _PyType_Lookup(Py_TYPE(n), str_backward) != base_backward);
}

/* A node that is not simply a row with its operands in the slots: is there a derivative, is it fresh? */
static int check_rare(Node *n, Walk *w) {
    if (is_by_hand(n)) {
        w->python = 1;
        return 0;
    }
    if (n->row == ROW_LEAF)
        return has_operands(n) ? refuse("underived", n, NULL) : 0;
    w->python = 1;
    PyObject *reads = PyObject_GetAttrString(row_object(n), "reads");
    int failed = reads == NULL;
    for (Py_ssize_t i = 0; !failed && i < PyTuple_GET_SIZE(reads); i++) {
        PyObject *x = operand_at(n, PyLong_AsSsize_t(PyTuple_GET_ITEM(reads, i)));
        if (x != NULL && IS_VALUE(x) && ((Node *)x)->stamp > n->stamp)
            failed = refuse("stale", n, x);
    }
    Py_XDECREF(reads);
    return failed ? -1 : 0;
}

static inline int check_derivative(Node *n, Walk *w) {
    if (UNLIKELY((n->extra != NULL && (n->extra->handmade || n->extra->operands)) || !IS_EXACT(n)))
        return check_rare(n, w);
    if (n->row == ROW_LEAF)
        return 0;
    unsigned reads = ROWS[n->row].reads & n->flags;
    if (UNLIKELY(reads & 1 && n->operand[0].node->stamp > n->stamp))
        return refuse("stale", n, (PyObject *)n->operand[0].node);
    if (UNLIKELY(reads & 2 && n->operand[1].node->stamp > n->stamp))
        return refuse("stale", n, (PyObject *)n->operand[1].node);
    return 0;
}

/* Twice the room, out of the fixed first part if that is where the items are; NULL with an error. */
static void *grown(void *items, const void *fixed, Py_ssize_t *capacity, size_t size) {
    void *more = PyMem_Realloc(items == fixed ? NULL : items, 2 * *capacity * size);
    if (more == NULL)
        return PyErr_NoMemory();
    if (items == fixed)
        memcpy(more, fixed, *capacity * size);
    *capacity *= 2;
    return more;
}

static inline int walk_append(Walk *w, Node *n) {
    if (UNLIKELY(w->count == w->capacity)) {
        Met *more = grown(w->items, w->few, &w->capacity, sizeof(Met));
        if (more == NULL)
            return -1;
        w->items = more;
    }
    w->items[w->count++] = (Met){n, n->grad};
    return 0;
}

/* The path from the root to the node that is being looked at. */
typedef struct {
    Node *node;
    Py_ssize_t next; /* the operand to look at next */
} Visit;

typedef struct {
    Visit *items, few[SHORT_WALK];
    Py_ssize_t depth, capacity;
} Path;

static inline int path_push(Path *p, Node *n) {
    if (UNLIKELY(p->depth == p->capacity)) {
        Visit *more = grown(p->items, p->few, &p->capacity, sizeof(Visit));
        if (more == NULL)
            return -1;
        p->items = more;
    }
    p->items[p->depth++] = (Visit){n, 0};
    if (n->flags & SECOND_IS_NODE) /* it is looked at when all below the first is done */
        PREFETCH(n->operand[1].node);
    return 0;
}

/* Give every node that the walk met the gradient that it had. */
static void walk_undo(Walk *w) {
    for (Py_ssize_t i = 0; i < w->count; i++)
        w->items[i].node->grad = w->items[i].before;
}

static int materialise(Node *n); /* value.c: constants become Values, with what they are owed */

/* What the last sweep left on a node is settled before the next one; one that is not over is let be. */
static int settle(Node *n) {
    if (n->flags & SWEEPING)
        return 0;
    n->flags &= (uint8_t)~REACHED;
    return n->flags & SWEPT ? materialise(n) : 0;
}

/* List the nodes below root. 0, or -1 with an exception; free with walk_free either way.
 * To sweep: check every derivative, and set the gradient of inner nodes to 0 in passing (a pass of its
 * own over a graph that no longer fits the cache costs as much as the chain rule). */
static int walk(Walk *w, Node *root, int to_sweep) {
    static uint64_t walks;
    const uint64_t entered = 2 * ++walks, finished = entered + 1;
    Path path;
    int failed = 0;
    path.items = path.few;
    path.depth = 0;
    path.capacity = SHORT_WALK;
    w->items = w->few;
    w->count = 0;
    w->capacity = SHORT_WALK;
    w->python = 0;
    root->mark = entered;
    failed = path_push(&path, root);
    while (path.depth > 0 && !failed) {
        Visit *top = &path.items[path.depth - 1];
        Node *n = top->node, *down = NULL;
        const int in_slots = !(n->extra && n->extra->operands);
        const Py_ssize_t count = in_slots ? n->count : PyTuple_GET_SIZE(n->extra->operands);
        while (top->next < count && down == NULL && !failed) {
            Py_ssize_t i = top->next++;
            Node *x = in_slots ? operand_node(n, (int)i) : (Node *)PyTuple_GET_ITEM(n->extra->operands, i);
            if (x == NULL || (!in_slots && !IS_VALUE(x)) || x->mark == finished)
                continue;
            if (UNLIKELY(x->mark == entered))
                failed = refuse("cycle", x, NULL);
            else if (x->count == 0 && x->extra == NULL && IS_EXACT(x)) { /* a plain leaf: no need to go down */
                x->mark = finished;
                failed = walk_append(w, x);
            }
            else
                down = x;
        }
        if (failed)
            break;
        if (down != NULL) {
            down->mark = entered;
            failed = path_push(&path, down);
            continue;
        }
        path.depth--;
        n->mark = finished;
        failed = (to_sweep && check_derivative(n, w) < 0) ||
                 (UNLIKELY(to_sweep && n->flags & (SWEPT | REACHED)) && settle(n) < 0) || walk_append(w, n) < 0;
        if (to_sweep && count > 0 && !failed)
            n->grad = 0.0;
    }
    if (failed && to_sweep)
        walk_undo(w);
    if (path.items != path.few)
        PyMem_Free(path.items);
    return failed ? -1 : 0;
}

/* ---- one step of the chain rule */
static inline void contribute(Node *x, double partial, double grad, int selects) {
    if (selects && partial == 0.0) /* not taken */
        return;
    x->grad += partial * grad;
    x->flags |= REACHED;
}

/* Whether a node passes on: not where all to which it was an operand did not take it. */
static inline int is_reached(const Node *n) { return n->flags & REACHED || n->grad != 0.0; }

/* A row of the table whose operands are in the slots. */
static inline void step_in_slots(Node *n) {
    const unsigned flags = n->flags;
    n->flags |= SWEPT;
    const double grad = n->grad, r = n->data;
    Node *first = flags & FIRST_IS_NODE ? n->operand[0].node : NULL;
    Node *second = flags & SECOND_IS_NODE ? n->operand[1].node : NULL;
    const double x = first ? first->data : n->operand[0].constant;
    const double y = second ? second->data : n->operand[1].constant;
    double d[3] = {0.0, 0.0, 0.0};
    switch (n->row) {
#define STEP_1(NAME, name)                                       \
    case ROW_##NAME:                                             \
        partials_##name(x, r, d);                                \
        if (first)                                               \
            contribute(first, d[0], grad, ROWS[ROW_##NAME].selects); \
        break;
        EACH_ROW_1(STEP_1)
#define STEP_2(NAME, name)                                            \
    case ROW_##NAME:                                                  \
        partials_##name(x, y, r, d);                                  \
        if (first)                                                    \
            contribute(first, d[0], grad, ROWS[ROW_##NAME].selects);  \
        if (second)                                                   \
            contribute(second, d[1], grad, ROWS[ROW_##NAME].selects); \
        break;
        EACH_ROW_2(STEP_2)
    default:
        break;
    }
}

/* A node whose operands are in a tuple, or whose row is the user's: the Python definition does it. */
static int step_in_python(Node *n) {
    if (n->row == ROW_LEAF)
        return has_operands(n) ? refuse("underived", n, NULL) : 0;
    PyObject *row = row_object(n), *numbers = NULL, *partials = NULL, *selects = NULL;
    PyObject *operands = Py_XNewRef(n->extra->operands);
    int failed = -1;
    Py_ssize_t count = PyTuple_GET_SIZE(operands);
    if ((numbers = PyList_New(count)) == NULL)
        goto done;
    for (Py_ssize_t i = 0; i < count; i++) {
        PyObject *x = PyTuple_GET_ITEM(operands, i);
        PyObject *data = IS_VALUE(x) ? PyFloat_FromDouble(((Node *)x)->data) : Py_NewRef(x);
        if (data == NULL)
            goto done;
        PyList_SET_ITEM(numbers, i, data);
    }
    selects = PyObject_GetAttrString(row, "selects");
    partials = PyObject_CallFunction(py_local_derivatives, "OOd", row, numbers, n->data);
    if (selects == NULL || partials == NULL)
        goto done;
    for (Py_ssize_t i = 0; i < count && i < PyTuple_GET_SIZE(partials); i++) {
        double partial = PyFloat_AsDouble(PyTuple_GET_ITEM(partials, i));
        if (partial == -1.0 && PyErr_Occurred())
            goto done;
        if (IS_VALUE(PyTuple_GET_ITEM(operands, i)))
            contribute((Node *)PyTuple_GET_ITEM(operands, i), partial, n->grad, selects == Py_True);
    }
    n->flags |= SWEPT;
    failed = 0;
done:
    Py_XDECREF(operands);
    Py_XDECREF(numbers);
    Py_XDECREF(selects);
    Py_XDECREF(partials);
    return failed;
}

static inline int chain_rule(Node *n) {
    if (n->row < ROW_COUNT && !(n->extra && n->extra->operands)) {
        step_in_slots(n);
        return 0;
    }
    return step_in_python(n);
}

/* ---- the sweep */
/* The user's step of the chain rule. What it passed on is not known, and may be 0.0: all count as reached. */
static int step_by_hand(Node *n) {
    PyObject *step = PyObject_GetAttr((PyObject *)n, str_backward);
    PyObject *none = step ? PyObject_CallNoArgs(step) : NULL;
    const Py_ssize_t count = n->extra && n->extra->operands ? PyTuple_GET_SIZE(n->extra->operands) : n->count;
    for (Py_ssize_t i = 0; none != NULL && i < count; i++) {
        PyObject *x = operand_at(n, i);
        if (x != NULL && IS_VALUE(x))
            ((Node *)x)->flags |= REACHED;
    }
    Py_XDECREF(step);
    Py_XDECREF(none);
    return none == NULL ? -1 : 0;
}

static int sweep_with_python(Walk *w) {
    int failed = 0;
    for (Py_ssize_t i = 0; i < w->count; i++) { /* the user's code may drop nodes: hold them */
        w->items[i].node->flags |= SWEEPING;
        Py_INCREF(w->items[i].node);
    }
    for (Py_ssize_t i = w->count; i-- > 0 && !failed;) {
        Node *n = w->items[i].node;
        if (is_reached(n))
            failed = (is_by_hand(n) ? step_by_hand(n) : chain_rule(n)) < 0;
    }
    if (failed)
        walk_undo(w);
    for (Py_ssize_t i = 0; i < w->count; i++)
        w->items[i].node->flags &= (uint8_t)~(failed ? SWEEPING | SWEPT : SWEEPING);
    for (Py_ssize_t i = 0; i < w->count; i++)
        Py_DECREF(w->items[i].node);
    return failed ? -1 : 0;
}

static int sweeps_with_python; /* how many are unfinished, in whatever thread */

static int backward_from(Node *root, double seed) {
    Walk w;
    int failed = walk(&w, root, 1);
    for (Py_ssize_t i = 0; sweeps_with_python && !failed && i < w.count; i++)
        if (w.items[i].node->flags & SWEEPING) {
            walk_undo(&w);
            failed = refuse("sweeping", root, NULL);
        }
    if (!failed) {
        root->grad = has_operands(root) ? seed : root->grad + seed;
        root->flags |= REACHED;
    }
    if (!failed && w.python) {
        sweeps_with_python++;
        failed = sweep_with_python(&w);
        sweeps_with_python--;
    }
    else if (!failed) {
        for (Py_ssize_t i = w.count; i-- > 0;) {
            PREFETCH(w.items[i > AHEAD ? i - AHEAD : 0].node);
            if (is_reached(w.items[i].node))
                step_in_slots(w.items[i].node);
        }
    }
    walk_free(&w);
    return failed;
}

#endif
