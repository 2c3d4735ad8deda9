/* Scopes: which `with scope(...)`, or which part of a model, made a node (scopes.py).
 *
 * Contract
 *   Every entry has a number of its own, with the top bit set, which no trace has. What it was is kept in a
 *   ring: the last SCOPES entries are known, older ones forgotten. A name is kept itself, of anything else a
 *   weak reference and the type, so that no model lives longer for having been called.
 */
#ifndef GRADLOOM_SCOPES_H
#define GRADLOOM_SCOPES_H

#include "node.h"

#define SCOPE_BIT 0x80000000u
#define SCOPES (1u << 18) /* KEPT in scopes.py; 6 MB, of which unused parts are never touched */

typedef struct {
    uint32_t number, parent;
    PyObject *what; /* a str, or a weak reference */
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

static PyObject *enter_scope(PyObject *module, PyObject *what) {
    if (UNLIKELY(scopes == NULL) && (scopes = PyMem_RawCalloc(SCOPES, sizeof(Scope))) == NULL)
        return PyErr_NoMemory();
    PyObject *kept = PyUnicode_CheckExact(what) ? Py_NewRef(what) : PyWeakref_NewRef(what, NULL);
    if (kept == NULL)
        return NULL;
    const uint32_t number = SCOPE_BIT | ++scopes_entered;
    Scope *entry = &scopes[number % SCOPES];
    PREFETCH(&scopes[(number + 8) % SCOPES]);
    PyObject *old = entry->what, *old_type = entry->type;
    *entry = (Scope){number, the_scope, kept, Py_NewRef(Py_TYPE(what))};
    the_scope = number;
    renew_origin();
    Py_XDECREF(old);
    Py_XDECREF(old_type);
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

#endif
