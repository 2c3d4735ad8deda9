/* The steps of a Program, in order, and the vectors they work in. For rows.c.
 *
 * Contract
 *   schedule(plan) appends the steps to a Plan whose instructions are checked and marked. Mapped inputs are
 *   loaded just before their first reader; an output is stored or summed as soon as it is there; a vector is
 *   free for others after its last reader. Items are instructions while steps are made, places at the end. */
#ifndef GRADLOOM_SCHEDULE_H
#define GRADLOOM_SCHEDULE_H

#include "regroup.h"

enum { STARTS_AT_ZERO = -1 }; /* as an operand: the 0.0 */

typedef struct {
    Plan *plan;
    Sums *sums;
    char *loaded;          /* mapped inputs that have their LOAD */
    int32_t *inputs;       /* the mapped input of each column */
    int32_t *first, *more; /* the outputs of an instruction: first + 1, and the next + 1 of each */
    int32_t *columns;      /* the output of each column, -1 if it is uniform */
    Pair *pairs;
    int32_t pair_count;
    int32_t *outer, *width; /* of an instruction: 1 + the first pair of the outer that ends there */
} Schedule;

/* The columns that stand beside a mapped input are loaded with it: they share its cache lines. */
static int emit_load(Schedule *c, int32_t input) {
    Plan *p = c->plan;
    const int32_t first = p->place[input] / LEVEL_WIDTH * LEVEL_WIDTH;
    int32_t found[LEVEL_WIDTH], count = 0;
    for (int32_t column = first; column < first + LEVEL_WIDTH && column < p->mapped_inputs; column++)
        if (p->live[c->inputs[column]] && !c->loaded[c->inputs[column]])
            found[count++] = c->inputs[column];
    Step *load = add_step(p, STEP_LOAD);
    if (load == NULL)
        return -1;
    load->writes = load->rest = count;
    for (int32_t k = 0; k < count; k++) {
        c->loaded[found[k]] = 1;
        if (add_item(p, found[k]) < 0)
            return -1;
    }
    for (int32_t k = 0; k < count; k++)
        if (add_item(p, p->place[found[k]]) < 0)
            return -1;
    return 0;
}

/* A step whose writes and reads follow; the mapped inputs among the reads are loaded first. */
static Step *begin(Schedule *c, Kind kind, const int32_t *reads, Count count) {
    Plan *p = c->plan;
    for (Count k = 0; k < count; k++) {
        const int32_t i = reads[k];
        if (i < 0 || i >= p->inputs || !p->varies[i] || c->loaded[i])
            continue;
        if (emit_load(c, i) < 0)
            return NULL;
    }
    return add_step(p, kind);
}

static int read_items(Schedule *c, const int32_t *reads, Count count) {
    for (Count k = 0; k < count; k++)
        if (add_item(c->plan, reads[k]) < 0)
            return -1;
    c->plan->steps[c->plan->step_count - 1].reads += (int32_t)count;
    return 0;
}

static int emit_kernel(Schedule *c, int32_t i) {
    Plan *p = c->plan;
    const int32_t *operands = operands_of(p, i);
    const int arity = arity_of(p, i), code = p->code[i];
    Step *step = begin(c, STEP_KERNEL, operands, arity);
    if (step == NULL)
        return -1;
    int pattern = 0;
    for (int k = 0; k < arity; k++)
        pattern |= !p->varies[operands[k]] << k;
    step->block = (p->exact ? p->level->exact_block : p->level->block)[code][pattern];
    step->any = (p->exact ? p->level->exact : p->level->kernel)[code][pattern];
    step->writes = 1;
    step->a = arity;
    p->cost +=
        p->level->kernel[code][pattern] != p->level->exact[code][pattern] ? 8.0 : 1.0; /* calls a function? */
    return add_item(p, i) < 0 ? -1 : read_items(c, operands, arity);
}

/* A piece of a tree: its number, its vectors, its products. */
static int emit_combine(Schedule *c, int32_t root) {
    Plan *p = c->plan;
    Sums *s = c->sums;
    const int32_t *terms = s->terms + s->at[root];
    int32_t reads[1 + 2 * (2 * LONGEST + 2)], count = 0, number, vector, adds = 0, scaled = 0, products = 0;
    reads[count++] = STARTS_AT_ZERO;
    for (int32_t k = 0; k < s->count[root]; k++)
        if (!p->varies[terms[k]])
            reads[0] = terms[k];
        else if (!is_product(p, s, terms[k])) {
            reads[count++] = terms[k];
            adds++;
        }
    for (int32_t k = 0; k < s->count[root]; k++)
        if (p->varies[terms[k]] && is_scaled(p, s, terms[k], &number, &vector)) {
            reads[count++] = number;
            reads[count++] = vector;
            scaled++;
        }
    for (int32_t k = 0; k < s->count[root]; k++)
        if (p->varies[terms[k]] && is_product(p, s, terms[k]) &&
            !is_scaled(p, s, terms[k], &number, &vector)) {
            reads[count++] = operands_of(p, terms[k])[0];
            reads[count++] = operands_of(p, terms[k])[1];
            products++;
        }
    Step *step = begin(c, STEP_COMBINE, reads, count);
    if (step == NULL)
        return -1;
    step->writes = 1;
    step->a = adds;
    step->b = scaled;
    step->c = products;
    return add_item(p, root) < 0 ? -1 : read_items(c, reads, count);
}

static int emit_matrix(Schedule *c, int32_t first) {
    Plan *p = c->plan;
    Sums *s = c->sums;
    int32_t outputs = 0, terms = 0, number, vector;
    for (int32_t k = 0; (vector = scaled_from(p, s, first, &k, &number)) >= 0; terms++)
        if (begin(c, STEP_KERNEL, &vector, 1) == NULL) /* loads it; the empty step is taken back */
            return -1;
        else
            p->step_count--;
    Step *step = add_step(p, STEP_MATRIX);
    if (step == NULL)
        return -1;
    for (int32_t i = first; i; i = s->next[i], outputs++)
        if (add_item(p, i) < 0)
            return -1;
    step->writes = step->a = outputs;
    step->b = terms;
    for (int32_t i = first; i; i = s->next[i]) {
        int32_t start = STARTS_AT_ZERO;
        for (int32_t k = 0; k < s->count[i]; k++)
            if (!p->varies[s->terms[s->at[i] + k]])
                start = s->terms[s->at[i] + k];
        if (read_items(c, &start, 1) < 0)
            return -1;
    }
    for (int32_t k = 0; (vector = scaled_from(p, s, first, &k, &number)) >= 0;)
        if (read_items(c, &vector, 1) < 0)
            return -1;
    for (int32_t i = first; i; i = s->next[i])
        for (int32_t k = 0; scaled_from(p, s, i, &k, &number) >= 0;)
            if (read_items(c, &number, 1) < 0)
                return -1;
    return 0;
}

static int emit_outer(Schedule *c, int32_t pair, int32_t left, int32_t right) {
    Plan *p = c->plan;
    const Pair *pairs = c->pairs + pair;
    for (int32_t k = 0; k < left * right; k++) {
        const int32_t both[2] = {pairs[k].left, pairs[k].right};
        if (begin(c, STEP_KERNEL, both, 2) == NULL)
            return -1;
        p->step_count--;
    }
    Step *step = add_step(p, STEP_OUTER);
    if (step == NULL)
        return -1;
    step->a = left;
    step->b = right;
    for (int32_t k = 0; k < left; k++)
        if (read_items(c, &pairs[(Count)k * right].left, 1) < 0)
            return -1;
    for (int32_t k = 0; k < right; k++)
        if (read_items(c, &pairs[k].right, 1) < 0)
            return -1;
    for (int32_t k = 0; k < left * right; k++)
        if (add_item(p, p->output[pairs[k].output].number) < 0)
            return -1;
    p->steps[p->step_count - 1].rest = left * right;
    return 0;
}

/* A reduced output is summed. Columns that stand side by side are stored together, row after row. */
static int emit_output(Schedule *c, const Output *o) {
    Plan *p = c->plan;
    int32_t ids[LEVEL_WIDTH], numbers[LEVEL_WIDTH], count = 0;
    const int32_t group = o->number / LEVEL_WIDTH * LEVEL_WIDTH;
    if (o->reduce) {
        ids[0] = o->id;
        numbers[count++] = o->number;
    }
    for (int32_t k = group; !o->reduce && k < p->columns && k < group + LEVEL_WIDTH; k++)
        if (c->columns[k] >= 0) {
            ids[count] = p->output[c->columns[k]].id;
            numbers[count++] = k;
        }
    if (begin(c, o->reduce ? STEP_SUM : STEP_STORE, ids, count) == NULL || read_items(c, ids, count) < 0)
        return -1;
    for (int32_t k = 0; k < count; k++)
        if (add_item(p, numbers[k]) < 0)
            return -1;
    p->steps[p->step_count - 1].rest = count;
    return 0;
}

/* Whether this is the output of its group of columns that is there last, and so stores them all. */
static int is_last(const Schedule *c, int32_t j) {
    const Plan *p = c->plan;
    const Output *o = &p->output[j];
    const int32_t group = o->number / LEVEL_WIDTH * LEVEL_WIDTH;
    for (int32_t k = group; k < p->columns && k < group + LEVEL_WIDTH; k++)
        if (c->columns[k] >= 0) {
            const int32_t id = p->output[c->columns[k]].id;
            if (id > o->id || (id == o->id && k > o->number))
                return 0;
        }
    return 1;
}

static int emit_all(Schedule *c) {
    Plan *p = c->plan;
    Sums *s = c->sums;
    for (int32_t i = 0; i < p->n; i++) {
        int failed = 0;
        if (p->live[i] && p->varies[i] && i >= p->inputs) {
            if (s->role[i] == PLAIN)
                failed = emit_kernel(c, i);
            else if (s->role[i] == SUM)
                failed = emit_combine(c, i);
            else if (s->role[i] == MATRIX)
                failed = emit_matrix(c, i);
        }
        for (int32_t j = c->first[i]; j && !failed; j = c->more[j - 1])
            failed = emit_output(c, &p->output[j - 1]);
        if (c->outer[i] && !failed) {
            int32_t right;
            const int32_t pair = c->outer[i] - 1;
            const int32_t left = same_rights(c->pairs + pair, c->pair_count - pair, &right);
            failed = emit_outer(c, pair, left, right);
        }
        if (failed)
            return -1;
    }
    return 0;
}

/* ---- vectors: last readers, then places in order */
static int place_vectors(Plan *p) {
    int32_t *last = NEW(int32_t, p->n), *idle = NEW(int32_t, p->n), idle_count = 0;
    if (last == NULL || idle == NULL) {
        PyMem_RawFree(last);
        PyMem_RawFree(idle);
        return no_memory();
    }
    const int32_t first = (p->values + 7) / 8 * 8;
    for (int32_t k = 0; k < p->step_count; k++) {
        const Step *step = &p->steps[k];
        for (int32_t r = 0; r < step->writes + step->reads; r++)
            if (p->items[step->first + r] >= 0)
                last[p->items[step->first + r]] = k;
    }
    for (int32_t k = 0; k < p->step_count; k++) {
        const Step *step = &p->steps[k];
        const int32_t *writes = p->items + step->first, *reads = writes + step->writes;
        const int early =
            step->kind == STEP_KERNEL || step->kind == STEP_COMBINE; /* row by row: may overwrite */
        for (int phase = 0; phase < 2; phase++) {
            if (phase != early)
                for (int32_t w = 0; w < step->writes; w++)
                    p->place[writes[w]] = idle_count ? idle[--idle_count] : p->vectors++;
            for (int32_t r = 0; phase == !early && r < step->reads; r++) {
                const int32_t i = reads[r];
                if (i >= 0 && p->varies[i] && last[i] == k) {
                    last[i] = -1;
                    idle[idle_count++] = p->place[i];
                }
            }
        }
    }
    PyMem_RawFree(last);
    PyMem_RawFree(idle);
    if (p->vectors > (INT32_MAX - first) / LEVEL_BLOCK)
        return no_memory();
    for (int32_t k = 0; k < p->step_count; k++) {
        const Step *step = &p->steps[k];
        for (int32_t r = 0; r < step->writes + step->reads; r++) {
            int32_t *item = &p->items[step->first + r];
            const int32_t i = *item < 0 ? p->n : *item;
            *item = i < p->n && p->varies[i] ? first + p->place[i] * LEVEL_BLOCK : p->place[i];
        }
    }
    return 0;
}

static int schedule_with(Schedule *c) {
    Plan *p = c->plan;
    Sums *s = c->sums;
    if (sums_new(s, p) < 0)
        return -1;
    const char *owned[] = {
        (char *)(c->loaded = NEW(char, p->n)),           (char *)(c->first = NEW(int32_t, p->n)),
        (char *)(c->more = NEW(int32_t, p->outputs)),    (char *)(c->pairs = NEW(Pair, p->n)),
        (char *)(c->outer = NEW(int32_t, p->n)),         (char *)(c->inputs = NEW(int32_t, p->mapped_inputs)),
        (char *)(c->columns = NEW(int32_t, p->columns)), (char *)(p->addend = NEW(int32_t, 2 * (Count)p->n)),
    };
    for (size_t i = 0; i < sizeof owned / sizeof *owned; i++)
        if (owned[i] == NULL)
            return no_memory();
    for (int32_t i = 0; i < p->inputs; i++)
        if (p->varies[i])
            c->inputs[p->place[i]] = i;
    count_readers(p, s);
    if (!p->exact) {
        find_trees(p, s);
        c->pair_count = find_pairs(p, s, c->pairs);
        if (find_matrices(p, s) < 0)
            return -1;
        cut_trees(p, s);
    }
    for (int32_t k = 0, left, right; k < c->pair_count; k += left * right) {
        int32_t end = 0;
        left = same_rights(c->pairs + k, c->pair_count - k, &right);
        for (int32_t q = k; q < k + left * right; q++)
            end = c->pairs[q].id > end ? c->pairs[q].id : end;
        c->outer[end] = k + 1;
    }
    for (int32_t j = 0; j < p->outputs; j++)
        if (!p->output[j].reduce)
            c->columns[p->output[j].number] = p->output[j].varies ? j : -1;
    for (int32_t j = p->outputs; j-- > 0;) {
        const Output *o = &p->output[j];
        if (!o->varies || (o->reduce ? s->role[o->id] == GONE : !is_last(c, j)))
            continue;
        c->more[j] = c->first[o->id];
        c->first[o->id] = j + 1;
    }
    if (emit_all(c) < 0 || place_vectors(p) < 0)
        return -1;
    for (const Step *step = p->steps; step < p->steps + p->step_count; step++)
        if (step->kind != STEP_KERNEL) /* those were counted when they were made */
            p->cost += step->kind == STEP_MATRIX || step->kind == STEP_OUTER ? 0.2 * step->a * step->b
                                                                             : 0.5 + 0.3 * step->reads;
    return 0;
}

static int schedule(Plan *p) {
    Sums sums = {0};
    Schedule c = {.plan = p, .sums = &sums};
    const int failed = schedule_with(&c);
    sums_free(&sums);
    void *owned[] = {c.loaded, c.first, c.more, c.pairs, c.outer, c.inputs, c.columns};
    for (size_t i = 0; i < sizeof owned / sizeof *owned; i++)
        PyMem_RawFree(owned[i]);
    return failed;
}

#endif
