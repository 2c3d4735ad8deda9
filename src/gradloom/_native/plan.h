/* A Program as the rows interpreter holds it: checked, what it needs marked, its steps and their places.
 *
 * Contract
 *   Every index is checked once (check), so that running needs no checks. schedule.h makes the steps.
 *   Instructions that do not depend on a mapped input are *uniform*: computed once a call, one number each.
 *   The others *vary*: they run over blocks of rows, in vectors that are used again when the last reader is
 *   through (liveness), so that the working set stays in the caches. What no output needs is left out.
 *
 *   Memory of a run: `values` numbers (uniform inputs, constants, results, and one 0.0), then `vectors`
 *   vectors of LEVEL_BLOCK numbers. A place is an offset into it; `items` holds the places of each step.
 */
#ifndef GRADLOOM_PLAN_H
#define GRADLOOM_PLAN_H

#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include "levels.h"

enum { CODE_INPUT = ROW_COUNT, CODE_CONSTANT = ROW_COUNT + 1 };

typedef enum { STEP_KERNEL, STEP_LOAD, STEP_STORE, STEP_SUM, STEP_COMBINE, STEP_MATRIX, STEP_OUTER } Kind;

/* items of a step: `writes` places, `reads` places, then `rest` other numbers. */
typedef struct {
    Kind kind;
    int32_t first, writes, reads, rest;
    int32_t a, b, c; /* the counts that combine, matrix and outer take */
    Kernel block, any;
} Step;

/* One output: reduced over rows (its number among the reduced), or a column (its number among those). */
typedef struct {
    int32_t id, number;
    char reduce; /* 0: a column; 's': sum; 'm': mean */
    char varies;
} Output;

typedef struct {
    int32_t n, inputs, uniform_inputs, mapped_inputs, outputs, reduced, columns, values, vectors;
    int exact;
    double cost; /* of a row, in operations, roughly: what a number of an addition over a block costs */
    const Level *level;
    uint16_t *code;
    int32_t *start, *args;
    double *number;
    char *live, *varies;
    int32_t *place; /* of instruction i; place[n] is the 0.0 */
    Output *output;
    int32_t *uniform; /* the uniform instructions to compute, in order */
    int32_t uniforms;
    int32_t *addend; /* pairs: an output, and a uniform instruction that each row adds to it */
    int32_t addends;
    Step *steps;
    int32_t step_count, step_room;
    int32_t *items;
    Count item_count, item_room;
} Plan;

static void plan_free(Plan *p) {
    void *owned[] = {p->code,  p->start,  p->args,    p->number, p->live,  p->varies,
                     p->place, p->output, p->uniform, p->addend, p->steps, p->items};
    for (size_t i = 0; i < sizeof owned / sizeof *owned; i++)
        PyMem_RawFree(owned[i]);
    memset(p, 0, sizeof *p);
}

/* Memory of `count` things, zeroed; never NULL but for lack of memory. */
#define NEW(type, count) ((type *)PyMem_RawCalloc((size_t)(count) + 1, sizeof(type)))

static int no_memory(void) {
    PyErr_NoMemory();
    return -1;
}

static int refuse(const char *what) {
    PyErr_Format(PyExc_ValueError, "not a verified program: %s", what);
    return -1;
}

/* ---- building steps: items are instructions first, places at the end */
static int add_item(Plan *p, int32_t item) {
    if (p->item_count == p->item_room) {
        const Count room = p->item_room ? 2 * p->item_room : 1024;
        int32_t *items = room > INT32_MAX ? NULL : PyMem_RawRealloc(p->items, (size_t)room * sizeof *items);
        if (items == NULL)
            return no_memory();
        p->items = items;
        p->item_room = room;
    }
    p->items[p->item_count++] = item;
    return 0;
}

static Step *add_step(Plan *p, Kind kind) {
    if (p->step_count == p->step_room) {
        const int32_t room = p->step_room ? 2 * p->step_room : 256;
        Step *steps = PyMem_RawRealloc(p->steps, (size_t)room * sizeof *steps);
        if (steps == NULL) {
            PyErr_NoMemory();
            return NULL;
        }
        p->steps = steps;
        p->step_room = room;
    }
    Step *step = &p->steps[p->step_count++];
    memset(step, 0, sizeof *step);
    step->kind = kind;
    step->first = (int32_t)p->item_count;
    return step;
}

static inline int arity_of(const Plan *p, int32_t i) { return p->start[i + 1] - p->start[i]; }
static inline const int32_t *operands_of(const Plan *p, int32_t i) { return p->args + p->start[i]; }

/* ---- checking */
static int check(const Plan *p, Count args) {
    if (p->start[0] != 0 || p->start[p->n] != args)
        return refuse("the operands are not those that its instructions count");
    for (int32_t i = 0; i < p->n; i++) {
        const int code = p->code[i], arity = code < ROW_COUNT ? ROWS[code].arity : 0;
        if (code > CODE_CONSTANT || (code == CODE_INPUT) != (i < p->inputs))
            return refuse("an unknown opcode, or an input that is not in front");
        if (p->start[i + 1] - p->start[i] != arity)
            return refuse("an instruction has a wrong count of operands");
        for (int32_t k = p->start[i]; k < p->start[i + 1]; k++)
            if (p->args[k] < 0 || p->args[k] >= i)
                return refuse("an operand comes later than its reader");
    }
    for (int32_t j = 0; j < p->outputs; j++)
        if (p->output[j].id < 0 || p->output[j].id >= p->n)
            return refuse("an output is no instruction");
    return 0;
}

/* What is needed, what varies, and where the uniform numbers live. */
static int place_uniform(Plan *p, const char *mapped) {
    for (int32_t j = 0; j < p->outputs; j++)
        p->live[p->output[j].id] = 1;
    for (int32_t i = p->n; i-- > 0;)
        for (int k = 0; p->live[i] && k < arity_of(p, i); k++)
            p->live[operands_of(p, i)[k]] = 1;
    for (int32_t i = 0; i < p->n; i++) {
        if (i < p->inputs) {
            p->varies[i] = mapped[i] != 0;
            if (p->varies[i])
                p->place[i] = p->mapped_inputs++; /* its column, until it gets a vector */
            else
                p->place[i] = p->uniform_inputs++;
            continue;
        }
        for (int k = 0; k < arity_of(p, i); k++)
            p->varies[i] |= p->varies[operands_of(p, i)[k]];
    }
    p->values = p->uniform_inputs;
    for (int32_t i = p->inputs; i < p->n; i++)
        if (p->live[i] && !p->varies[i]) {
            p->place[i] = p->values++;
            p->uniform[p->uniforms++] = i;
        }
    p->place[p->n] = p->values++;
    for (int32_t j = 0; j < p->outputs; j++) {
        Output *o = &p->output[j];
        o->varies = p->varies[o->id];
        o->number = o->reduce ? p->reduced++ : p->columns++;
    }
    return 0;
}

#endif
