/* Sums found again in a Program: trees of additions, matrices, outer products. For schedule.h.
 *
 * Contract
 *   Only where sums may be regrouped (not with same_order), and only sums and products that end in one:
 *     - a tree of additions, each read only by the next, is one `combine`, products read only by it
 *       included; at most LONGEST terms at a time, so that they need not live until the end
 *     - trees that scale the same vectors by uniform numbers are one `matrix`: the layers of a network
 *     - products that only a sum over rows reads are dots; those of the same vectors, one `outer` */
#ifndef GRADLOOM_REGROUP_H
#define GRADLOOM_REGROUP_H

#include "plan.h"

enum { LONGEST = 8, MANY = 16 };

/* ---- sums */
/* What becomes of an instruction: a step of its own; INSIDE a tree of additions or the SUM at its root;
 * MEMBER of the matrix that an earlier root stands for; GONE into its only reader. */
enum { PLAIN, INSIDE, SUM, MATRIX, MEMBER, GONE };

typedef struct {
    char *role;
    int32_t *uses, *reader; /* of each instruction: how often it is read (outputs count); who is last, or -1 */
    int32_t *size, *numbers; /* of the tree below an addition: its terms, and how many of them are uniform */
    int32_t *next;           /* the next root of the same matrix */
    int32_t *stack;
    int32_t *terms, *at, *count; /* of a root: terms[at ... at + count) */
    int32_t used;                /* terms so far */
} Sums;

static void sums_free(Sums *s) {
    void *owned[] = {s->role, s->uses,  s->reader, s->size, s->numbers,
                     s->next, s->stack, s->terms,  s->at,   s->count};
    for (size_t i = 0; i < sizeof owned / sizeof *owned; i++)
        PyMem_RawFree(owned[i]);
}

static int sums_new(Sums *s, const Plan *p) {
    int32_t **arrays[] = {&s->uses, &s->reader, &s->size, &s->numbers,
                          &s->next, &s->stack,  &s->at,   &s->count};
    int good =
        (s->role = NEW(char, p->n)) != NULL && (s->terms = NEW(int32_t, 3 * (Count)p->start[p->n])) != NULL;
    for (size_t i = 0; i < sizeof arrays / sizeof *arrays; i++)
        good = (*arrays[i] = NEW(int32_t, 2 * (Count)p->n)) != NULL && good;
    return good ? 0 : no_memory();
}

static int is_product(const Plan *p, const Sums *s, int32_t i) {
    return p->code[i] == ROW_MUL && p->varies[i] && s->uses[i] == 1;
}

/* A product of a uniform number and a vector, and which is which. */
static int is_scaled(const Plan *p, const Sums *s, int32_t i, int32_t *number, int32_t *vector) {
    if (!is_product(p, s, i))
        return 0;
    const int32_t *o = operands_of(p, i);
    if (p->varies[o[0]] == p->varies[o[1]])
        return 0;
    *number = p->varies[o[0]] ? o[1] : o[0];
    *vector = p->varies[o[0]] ? o[0] : o[1];
    return 1;
}

static int is_sum(const Plan *p, int32_t i) { return p->code[i] == ROW_ADD && p->live[i] && p->varies[i]; }

/* The terms of the tree of additions below `root`, from left to right; how many. `absorb` lets the tree
 * go. */
static int32_t collect(const Plan *p, Sums *s, int32_t root, int32_t *terms, int absorb) {
    int32_t depth = 0, count = 0;
    s->stack[depth++] = operands_of(p, root)[1];
    s->stack[depth++] = operands_of(p, root)[0];
    while (depth > 0) {
        const int32_t i = s->stack[--depth];
        if (s->role[i] != INSIDE) {
            terms[count++] = i;
            continue;
        }
        if (absorb)
            s->role[i] = GONE;
        s->stack[depth++] = operands_of(p, i)[1];
        s->stack[depth++] = operands_of(p, i)[0];
    }
    return count;
}

static void count_readers(const Plan *p, Sums *s) {
    for (int32_t i = 0; i < p->n; i++)
        for (int k = 0; p->live[i] && k < arity_of(p, i); k++) {
            s->uses[operands_of(p, i)[k]]++;
            s->reader[operands_of(p, i)[k]] = i;
        }
    for (int32_t j = 0; j < p->outputs; j++) {
        s->uses[p->output[j].id]++;
        s->reader[p->output[j].id] = -1;
    }
}

static void find_trees(const Plan *p, Sums *s) {
    for (int32_t i = 0; i < p->n; i++)
        if (is_sum(p, i))
            s->role[i] = s->uses[i] == 1 && s->reader[i] >= 0 && is_sum(p, s->reader[i]) ? INSIDE : SUM;
}

/* Whether a root could be a row of a matrix: at most one uniform number, and two or more scaled vectors. */
static int fits_matrix(const Plan *p, const Sums *s, const int32_t *terms, int32_t count) {
    int32_t numbers = 0, number, vector;
    for (int32_t k = 0; k < count; k++)
        if (!p->varies[terms[k]])
            numbers++;
        else if (!is_scaled(p, s, terms[k], &number, &vector))
            return 0;
    return numbers <= 1 && count - numbers >= 2;
}

/* The next scaled term of a root from its k-th on, or -1. */
static int32_t scaled_from(const Plan *p, const Sums *s, int32_t root, int32_t *k, int32_t *number) {
    int32_t vector = -1;
    while (*k < s->count[root] && vector < 0)
        is_scaled(p, s, s->terms[s->at[root] + (*k)++], number, &vector);
    return vector;
}

static int same_vectors(const Plan *p, const Sums *s, int32_t a, int32_t b) {
    int32_t i = 0, j = 0, number;
    for (;;) {
        const int32_t x = scaled_from(p, s, a, &i, &number), y = scaled_from(p, s, b, &j, &number);
        if (x != y || x < 0)
            return x == y;
    }
}

/* Groups roots that scale the same vectors: the first becomes a MATRIX, `next` leads through its MEMBERs. */
static int find_matrices(const Plan *p, Sums *s) {
    int32_t buckets = 16, number, vector;
    while (buckets < 2 * p->n && buckets < 1 << 30)
        buckets *= 2;
    int32_t *bucket = NEW(int32_t, buckets), *last = NEW(int32_t, p->n);
    if (bucket == NULL || last == NULL) {
        PyMem_RawFree(bucket);
        PyMem_RawFree(last);
        return no_memory();
    }
    for (int32_t i = 0; i < p->n; i++) {
        if (s->role[i] != SUM)
            continue;
        s->at[i] = s->used;
        s->count[i] = collect(p, s, i, s->terms + s->used, 0);
        if (!fits_matrix(p, s, s->terms + s->used, s->count[i]))
            continue;
        s->used += s->count[i];
        uint32_t hash = 0x811c9dc5u;
        for (int32_t k = 0; (vector = scaled_from(p, s, i, &k, &number)) >= 0;)
            hash = (hash ^ (uint32_t)vector) * 0x01000193u;
        uint32_t b = (hash ^ hash >> 15) & (uint32_t)(buckets - 1);
        while (bucket[b] && !same_vectors(p, s, bucket[b], i))
            b = (b + 1) & (uint32_t)(buckets - 1);
        if (!bucket[b])
            bucket[b] = i; /* instruction 0 is never a sum */
        else
            s->next[last[bucket[b]]] = i;
        last[bucket[b]] = i;
    }
    for (int32_t b = 0; b < buckets; b++)
        if (bucket[b] && s->next[bucket[b]]) {
            for (int32_t i = bucket[b]; i; i = s->next[i]) {
                collect(p, s, i, s->terms + s->at[i], 1);
                for (int32_t k = 0; (vector = scaled_from(p, s, i, &k, &number)) >= 0;)
                    s->role[s->terms[s->at[i] + k - 1]] = GONE;
                s->role[i] = MEMBER;
            }
            s->role[bucket[b]] = MATRIX;
        }
    PyMem_RawFree(bucket);
    PyMem_RawFree(last);
    return 0;
}

/* Cuts the other trees into pieces of LONGEST terms and at most one uniform number; their products go. */
static void cut_trees(const Plan *p, Sums *s) {
    for (int32_t i = 0; i < p->n; i++) {
        if (s->role[i] != INSIDE && s->role[i] != SUM)
            continue;
        const int32_t *o = operands_of(p, i);
        int32_t numbers = 0;
        for (int k = 0; k < 2; k++)
            numbers += s->role[o[k]] == INSIDE ? s->numbers[o[k]] : !p->varies[o[k]];
        for (int k = 0; k < 2; k++) {
            if (s->role[o[k]] == INSIDE && (s->size[o[k]] >= LONGEST || (numbers > 1 && s->numbers[o[k]])))
                s->role[o[k]] = SUM;
            s->size[i] += s->role[o[k]] == INSIDE ? s->size[o[k]] : 1;
            s->numbers[i] += s->role[o[k]] == INSIDE ? s->numbers[o[k]] : !p->varies[o[k]];
        }
    }
    for (int32_t i = 0; i < p->n; i++) {
        if (s->role[i] != SUM)
            continue;
        s->at[i] = s->used;
        s->count[i] = collect(p, s, i, s->terms + s->used, 1);
        s->used += s->count[i];
        int32_t products = 0;
        for (int32_t k = s->at[i]; k < s->used; k++)
            if (is_product(p, s, s->terms[k])) {
                s->role[s->terms[k]] = GONE;
                products++;
            }
        if (s->count[i] == 2 && products == 0)
            s->role[i] = PLAIN;
    }
}

/* ---- products that only a sum over rows reads */
typedef struct {
    int32_t left, right, output, id; /* of the product id: left is the later of its operands */
} Pair;

static int compare_pairs(const void *a, const void *b) {
    const Pair *x = a, *y = b;
    if (x->left != y->left)
        return x->left < y->left ? -1 : 1;
    if (x->right != y->right)
        return x->right < y->right ? -1 : 1;
    return (x->output > y->output) - (x->output < y->output);
}

static int is_pair(const Plan *p, const Sums *s, int32_t i) {
    return is_product(p, s, i) && p->varies[operands_of(p, i)[0]] && p->varies[operands_of(p, i)[1]];
}

static Pair pair_of(const Plan *p, Sums *s, int32_t i, int32_t output) {
    const int32_t *o = operands_of(p, i);
    const int later = o[1] > o[0];
    s->role[i] = GONE;
    return (Pair){o[later], o[!later], output, i};
}

/* The products of a root whose terms are all products of two vectors or uniform numbers; 0 if some are
 * not. */
static int32_t products_of(const Plan *p, Sums *s, int32_t root) {
    int32_t products = 0, *terms = s->terms + s->used;
    const int32_t count = collect(p, s, root, terms, 0);
    for (int32_t k = 0; k < count; k++) {
        if (p->varies[terms[k]] && !is_pair(p, s, terms[k]))
            return 0;
        products += p->varies[terms[k]];
    }
    return products;
}

/* The pairs, those of one left operand together; how many. A sum over rows of a sum of products is one of
 * dots, and a uniform number among its terms is added once: the gradient of a weight that is penalised, or
 * used in several places. A dot costs about two terms of a combine, so that this is done for MANY such
 * outputs, not for a few. */
static int32_t find_pairs(Plan *p, Sums *s, Pair *pairs) {
    int32_t count = 0, many = 0;
    for (int32_t j = 0; j < p->outputs; j++) {
        const int32_t i = p->output[j].id;
        many += p->output[j].reduce && s->role[i] == SUM && s->uses[i] == 1 && products_of(p, s, i) > 1;
    }
    for (int32_t j = 0; j < p->outputs; j++) {
        const int32_t i = p->output[j].id;
        if (!p->output[j].reduce || s->uses[i] != 1)
            continue;
        if (is_pair(p, s, i))
            pairs[count++] = pair_of(p, s, i, j);
        if (s->role[i] != SUM)
            continue;
        const int32_t products = products_of(p, s, i);
        if (products == 0 || (products > 1 && many < MANY))
            continue;
        int32_t *terms = s->terms + s->used;
        const int32_t terms_count = collect(p, s, i, terms, 1);
        s->role[i] = GONE;
        for (int32_t k = 0; k < terms_count; k++)
            if (p->varies[terms[k]])
                pairs[count++] = pair_of(p, s, terms[k], j);
            else {
                p->addend[2 * p->addends] = j;
                p->addend[2 * p->addends++ + 1] = terms[k];
            }
    }
    qsort(pairs, (size_t)count, sizeof *pairs, compare_pairs);
    return count;
}

/* How many left operands from pairs[0] on have the same right operands as the first, of which there are
 * *right. */
static int32_t same_rights(const Pair *pairs, int32_t count, int32_t *right) {
    int32_t width = 1, left = 1;
    while (width < count && pairs[width].left == pairs[0].left)
        width++;
    *right = width;
    for (const Pair *row = pairs + width; row + width <= pairs + count; row += width, left++) {
        for (int32_t k = 0; k < width; k++)
            if (row[k].left != row[0].left || row[k].right != pairs[k].right)
                return left;
        if (row + width < pairs + count && row[width].left == row[0].left)
            return left;
    }
    return left;
}

#endif
