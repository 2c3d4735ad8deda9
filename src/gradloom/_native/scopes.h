/* Scopes: which `with scope(...)`, which part of a model, and which line of source made a node (scopes.py).
 *
 * Contract
 *   Every entry has a number of its own, with the top bit set, which no trace has. What it was is kept in a
 *   ring: the last SCOPES entries are known, older ones forgotten. A name is kept itself, of a line the file
 *   and the number, of anything else a weak reference and the type, so that no model lives longer for having
 *   been called.
 */
#ifndef GRADLOOM_SCOPES_H
#define GRADLOOM_SCOPES_H

#include "node.h"

#define SCOPE_BIT 0x80000000u
#define SCOPES (1u << 18) /* KEPT in scopes.py; 6 MB, of which unused parts are never touched */

typedef struct {
    uint32_t number, parent;
    PyObject *what; /* a str, a weak reference, or the tuple (file, line) */
    PyObject *type;
} Scope;

static Scope *scopes;
static uint32_t scopes_entered;

static PyObject *set_scope(PyObject *module, PyObject *number) {
    const unsigned long scope = PyLong_AsUnsignedLong(number);
    if (PyErr_Occurred())
        return NULL;
    PyObject *before = PyLong_FromUnsignedLong(the_scope);
    if (before != NULL) {
        the_scope = (uint32_t)scope;
        renew_origin();
    }
    return before;
}

/* A new entry inside the_scope; takes the reference to `what`. Its number, or 0 with an error. */
static inline uint32_t scope_new(PyObject *what, PyTypeObject *type) {
    if (what == NULL)
        return 0;
    if (UNLIKELY(scopes == NULL) && (scopes = PyMem_RawCalloc(SCOPES, sizeof(Scope))) == NULL) {
        Py_DECREF(what);
        PyErr_NoMemory();
        return 0;
    }
    const uint32_t number = SCOPE_BIT | ++scopes_entered;
    Scope *entry = &scopes[number % SCOPES];
    PREFETCH(&scopes[(number + 8) % SCOPES]);
    PyObject *old = entry->what, *old_type = entry->type;
    *entry = (Scope){number, the_scope, what, Py_NewRef(type)};
    Py_XDECREF(old);
    Py_XDECREF(old_type);
    return number;
}

static PyObject *enter_scope(PyObject *module, PyObject *what) {
    PyObject *kept = PyUnicode_CheckExact(what) ? Py_NewRef(what) : PyWeakref_NewRef(what, NULL);
    const uint32_t number = scope_new(kept, Py_TYPE(what));
    if (number == 0)
        return NULL;
    the_scope = number;
    renew_origin();
    Py_RETURN_NONE;
}

/* Where the scope is forgotten, so is all around it, which is older. */
static PyObject *leave_scope(PyObject *module, PyObject *unused) {
    const Scope *entry = scopes ? &scopes[the_scope % SCOPES] : NULL;
    the_scope = entry != NULL && entry->number == the_scope ? entry->parent : 0;
    renew_origin();
    Py_RETURN_NONE;
}

static PyObject *scope_of(PyObject *module, PyObject *number) {
    const unsigned long scope = PyLong_AsUnsignedLong(number);
    if (PyErr_Occurred())
        return NULL;
    const Scope *entry = scopes && scope & SCOPE_BIT ? &scopes[scope % SCOPES] : NULL;
    if (entry == NULL || entry->number != scope)
        Py_RETURN_NONE;
    return Py_BuildValue("kOO", (unsigned long)entry->parent, entry->what, entry->type);
}

/* ---- lines of source */
static PyObject *library, *examples; /* whose lines are not the user's, and whose are, though inside (lines.py) */

/* The function that finds lines is that of the plain engine; line_of_node is its twin. */
static PyObject *set_lines(PyObject *module, PyObject *find) {
    the_lines = find != Py_None;
    renew_origin();
    Py_RETURN_NONE;
}

static int is_users(PyObject *file) {
    static struct {
        PyObject *file;
        int users;
    } known[64];
    const size_t at = ((uintptr_t)file >> 4) % 64;
    if (known[at].file != file) {
        int inside = 0;
        for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(library) && !inside; i++)
            inside = PyUnicode_Tailmatch(file, PyTuple_GET_ITEM(library, i), 0, PY_SSIZE_T_MAX, -1) == 1;
        known[at].users = !inside || PyUnicode_Tailmatch(file, examples, 0, PY_SSIZE_T_MAX, -1) == 1;
        Py_XSETREF(known[at].file, Py_NewRef(file));
    }
    return known[at].users;
}

/* The entry, in the_scope, of the line that a frame is in. Python looks for the line's number from the start
 * of the code, so the entries of the last places are kept: a table of lines, a first line and an instruction
 * tell the line, without keeping the code. 0 with an error. */
static uint32_t line_entry(PyFrameObject *frame, const PyCodeObject *code) {
    static struct {
        PyObject *table;
        int first, instruction;
        uint32_t number;
    } known[256];
    PyObject *table = code->co_linetable;
    const int instruction = PyFrame_GetLasti(frame);
    const size_t at = (((uintptr_t)table >> 4) + 3u * (uint32_t)(instruction / 2) + 31u * the_scope) % 256;
    const Scope *entry = scopes ? &scopes[known[at].number % SCOPES] : NULL;
    if (known[at].table == table && known[at].first == code->co_firstlineno &&
        known[at].instruction == instruction && entry->number == known[at].number &&
        entry->parent == the_scope && PyTuple_GET_ITEM(entry->what, 0) == code->co_filename)
        return known[at].number;
    const int line = PyFrame_GetLineNumber(frame);
    const uint32_t number = scope_new(Py_BuildValue("Oi", code->co_filename, line > 0 ? line : 0), &PyTuple_Type);
    if (number != 0) {
        known[at].first = code->co_firstlineno;
        known[at].instruction = instruction;
        known[at].number = number;
        Py_XSETREF(known[at].table, Py_NewRef(table));
    }
    return number;
}

/* What a new node carries while lines are recorded. Where memory is short, it is the scope: no node fails. */
static uint32_t line_of_node(void) {
    uint32_t number = 0;
    PyFrameObject *frame = PyThreadState_GetFrame(PyThreadState_Get()), *outside;
    PyCodeObject *code = frame ? PyFrame_GetCode(frame) : NULL;
    while (code != NULL && !is_users(code->co_filename) && (outside = PyFrame_GetBack(frame)) != NULL) {
        Py_SETREF(frame, outside);
        Py_SETREF(code, PyFrame_GetCode(frame));
    }
    if (code != NULL)
        number = line_entry(frame, code);
    Py_XDECREF(code);
    Py_XDECREF(frame);
    if (number == 0)
        PyErr_Clear();
    return number ? number : the_scope;
}

#endif
