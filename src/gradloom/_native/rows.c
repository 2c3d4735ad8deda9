/* gradloom._native.rows: the compiler's interpreter over many rows.
 *
 * Contract
 *   interpreter.py is the definition; this module gives the same numbers (levels.h says how closely).
 *   LEVEL, LEVELS    the SIMD level in use, and all that this machine has, slowest first
 *   FUNCTIONS        {name: where it comes from}: "libmvec" (several numbers at a time) or "libm"
 *   Rows(...)        a Program over rows: uniform() computes what does not depend on the row, work() a range
 *                    of chunks, finish() adds the chunks' sums in their order. work() lets the GIL go and may
 *                    run in several threads at once on one `values`; the numbers do not depend on that.
 *   evaluate(...)    one kernel, for tests
 *
 *   plan.h what is known of a Program; regroup.h its sums; schedule.h its steps
 *   A chunk is a run of whole blocks, as many as make at most CHUNKS of the rows: its length depends on the
 *   number of rows only, and memory does not grow with them. */
#include "schedule.h"

enum { CHUNKS = 256, SHORTEST = 4 /* blocks */, SLICE = 1024 /* steps */ };
/* In operations (plan.cost), of which a nanosecond does about four: the GIL is kept for work below 20 us;
 * stop and signals are looked at every millisecond, between slices. */
static const double KEEP_GIL = 8e4, POLL = 4e6;

typedef struct {
    PyObject_HEAD
    Plan plan;
    double *spare; /* the memory of one run, kept for the next */
} Rows;

typedef struct {
    const char *first;
    Py_ssize_t stride;
} Column;

typedef struct {
    const Plan *plan;
    const Column *columns;
    double *base, *sums, *per_row;
    const volatile char *stop;
} Run;

/* ---- running */
static void load_column(const Column *column, Count row, Count n, double *out) {
    const char *x = column->first + row * column->stride;
    if (column->stride == sizeof(double)) {
        memcpy(out, x, (size_t)n * sizeof(double));
        for (Count next = 1; next <= LEVEL_BLOCK / 8; next++)
            FETCH(x + (n + 8 * next) * (Count)sizeof(double)); /* of the next block */
    } else
        for (Count i = 0; i < n; i++, x += column->stride)
            memcpy(out + i, x, sizeof(double)); /* perhaps unaligned */
}

/* Some columns, by one transposition if they stand side by side in a row-major array. */
static void load_columns(const Run *r, const Step *step, const int32_t *it, Count row, Count n) {
    const int32_t *numbers = it + step->writes;
    const Column *first = &r->columns[numbers[0]];
    int beside = step->writes > 1 && first->stride != sizeof(double);
    for (int32_t k = 1; k < step->writes && beside; k++) {
        const Column *column = &r->columns[numbers[k]];
        beside = column->first == first->first + k * (Count)sizeof(double) && column->stride == first->stride;
    }
    if (beside)
        r->plan->level->transpose(n, step->writes, r->base, it, first->first + row * first->stride,
                                  first->stride);
    else
        for (int32_t k = 0; k < step->writes; k++)
            load_column(&r->columns[numbers[k]], row, n, r->base + it[k]);
}

/* Some columns of the rows' outputs, in rising order, perhaps with uniform ones between them. */
static void store_columns(const Run *r, const Step *step, const int32_t *it, Count row, Count n) {
    const int32_t *numbers = it + step->reads, width = step->reads;
    const Count stride = r->plan->columns;
    double *to = r->per_row + row * stride;
    if (numbers[width - 1] - numbers[0] == width - 1)
        r->plan->level->untranspose(n, width, r->base, it, (char *)(to + numbers[0]),
                                    stride * (Count)sizeof(double));
    else
        for (Count i = 0; i < n; i++, to += stride)
            for (int32_t k = 0; k < width; k++)
                to[numbers[k]] = r->base[it[k] + i];
}

static void run_steps(const Run *r, int32_t from, int32_t to, Count row, Count n) {
    const Plan *p = r->plan;
    double *base = r->base;
    const int whole = n == LEVEL_BLOCK;
    for (const Step *step = p->steps + from; step < p->steps + to; step++) {
        const int32_t *it = p->items + step->first;
        switch (step->kind) {
        case STEP_KERNEL: {
            const Kernel kernel = whole ? step->block : step->any;
            kernel(n, base + it[0], base + it[1], base + it[step->a > 1 ? 2 : 1],
                   base + it[step->a > 2 ? 3 : 1]);
            break;
        }
        case STEP_LOAD: load_columns(r, step, it, row, n); break;
        case STEP_STORE: store_columns(r, step, it, row, n); break;
        case STEP_SUM: r->sums[it[1]] += p->level->sum(n, base + it[0]); break;
        case STEP_COMBINE: p->level->combine(n, base, it, step->a, step->b, step->c); break;
        case STEP_MATRIX: p->level->matrix(n, base, it, step->a, step->b); break;
        case STEP_OUTER: p->level->outer(n, base, it, step->a, step->b, r->sums); break;
        }
    }
}

static Count blocks_of(Count rows) { return rows / LEVEL_BLOCK + (rows % LEVEL_BLOCK != 0); }

static Count chunk_of(Count rows) { /* in blocks */
    const Count needed = blocks_of(rows) / CHUNKS + (blocks_of(rows) % CHUNKS != 0);
    return needed > SHORTEST ? needed : SHORTEST;
}

static Count chunks_of(Count rows) {
    return blocks_of(rows) / chunk_of(rows) + (blocks_of(rows) % chunk_of(rows) != 0);
}

/* Chunks [begin, end): 0, or -1 with an exception, or 1 if it was told to stop. *state is NULL with the
 * GIL. */
static int run_chunks(Run *r, Count rows, Count begin, Count end, PyThreadState **state) {
    const Plan *p = r->plan;
    double *sums = r->sums;
    const double each = p->step_count ? p->cost / p->step_count : 0.0;
    double work = 0.0;
    for (Count chunk = begin; chunk < end; chunk++) {
        r->sums = sums + chunk * p->reduced;
        const Count first = chunk * chunk_of(rows), last = first + chunk_of(rows);
        for (Count block = first; block < last && block < blocks_of(rows); block++) {
            const Count row = block * LEVEL_BLOCK, n = rows - row < LEVEL_BLOCK ? rows - row : LEVEL_BLOCK;
            for (int32_t from = 0; from < p->step_count; from += SLICE) {
                const int32_t to = p->step_count - from > SLICE ? from + SLICE : p->step_count;
                run_steps(r, from, to, row, n);
                work += each * (double)((to - from) * n);
                if (work < POLL)
                    continue;
                work = 0.0;
                if (*r->stop)
                    return 1;
                if (*state != NULL) {
                    PyEval_RestoreThread(*state);
                    const int failed = PyErr_CheckSignals();
                    *state = PyEval_SaveThread();
                    if (failed)
                        return -1;
                }
            }
        }
    }
    return 0;
}

/* ---- memory from Python */
/* Native doubles, int32 ("l" where a long is no longer), uint16; numpy writes '=' where they are not
 * aligned. */
static int is_format(const Py_buffer *view, char kind) {
    const char *f = view->format == NULL ? "" : view->format;
    f += f[0] == '=' || f[0] == '@' || f[0] == '^';
    return (f[0] == kind || (kind == 'i' && f[0] == 'l' && view->itemsize == 4)) && f[1] == 0;
}

/* A buffer of `count` numbers, C-contiguous, of this format; 0, or -1 with an error naming it. */
static int numbers(PyObject *o, Py_buffer *view, char kind, Py_ssize_t count, int writable,
                   const char *name) {
    if (PyObject_GetBuffer(o, view, PyBUF_C_CONTIGUOUS | PyBUF_FORMAT | (writable ? PyBUF_WRITABLE : 0)) < 0)
        return -1;
    if (!is_format(view, kind) || (count >= 0 && view->len != count * view->itemsize)) {
        PyErr_Format(PyExc_ValueError, "%s must hold %zd numbers of format '%c', not %zd of '%s'", name,
                     count, kind, view->itemsize ? view->len / view->itemsize : 0,
                     view->format ? view->format : "B");
        PyBuffer_Release(view);
        return -1;
    }
    return 0;
}

static void *copied(const Py_buffer *view) {
    void *copy = PyMem_RawMalloc((size_t)view->len + 1);
    if (copy == NULL)
        PyErr_NoMemory();
    else
        memcpy(copy, view->buf, (size_t)view->len);
    return copy;
}

/* ---- Rows */
static int fill_plan(Plan *p, const Py_buffer *views, const int32_t *outputs, const char *mapped,
                     const char *reduce) {
    p->code = copied(&views[0]);
    p->start = copied(&views[1]);
    p->args = copied(&views[2]);
    p->number = copied(&views[3]);
    p->live = NEW(char, p->n);
    p->varies = NEW(char, p->n);
    p->place = NEW(int32_t, p->n + (Count)1);
    p->uniform = NEW(int32_t, p->n);
    p->output = NEW(Output, p->outputs);
    if (!p->code || !p->start || !p->args || !p->number || !p->live || !p->varies || !p->place ||
        !p->uniform || !p->output)
        return PyErr_Occurred() ? -1 : no_memory();
    for (int32_t j = 0; j < p->outputs; j++) {
        p->output[j].id = outputs[j];
        p->output[j].reduce = reduce[j];
        if (reduce[j] != 0 && reduce[j] != 's' && reduce[j] != 'm')
            return refuse("reduce must be 0, 's' or 'm' for each output");
    }
    if (check(p, views[2].len / (Count)sizeof(int32_t)) < 0 || place_uniform(p, mapped) < 0)
        return -1;
    return schedule(p);
}

static void rows_dealloc(Rows *self) {
    PyTypeObject *type = Py_TYPE(self);
    plan_free(&self->plan);
    PyMem_RawFree(self->spare);
    type->tp_free(self);
    Py_DECREF(type);
}

static PyObject *rows_new(PyTypeObject *type, PyObject *args, PyObject *keywords) {
    enum { COLUMNS = 5 };
    static const char FORMATS[COLUMNS] = {'H', 'i', 'i', 'd', 'i'};
    static const char *const NAMES[COLUMNS] = {"code", "start", "args", "number", "outputs"};
    static char *words[] = {"code",   "start",  "args",       "number", "outputs", "inputs",
                            "mapped", "reduce", "same_order", "level",  NULL};
    PyObject *columns[COLUMNS];
    const char *mapped, *reduce;
    Py_ssize_t inputs, mapped_length, reduce_length;
    int exact, level, held = 0, good = 0;
    if (!PyArg_ParseTupleAndKeywords(args, keywords, "OOOOOny#y#pi", words, &columns[0], &columns[1],
                                     &columns[2], &columns[3], &columns[4], &inputs, &mapped, &mapped_length,
                                     &reduce, &reduce_length, &exact, &level))
        return NULL;
    if (level < 0 || level >= levels_count())
        return PyErr_Format(PyExc_ValueError, "level must be 0 to %d", levels_count() - 1);
    Rows *self = (Rows *)type->tp_alloc(type, 0);
    if (self == NULL)
        return NULL;
    Py_buffer views[COLUMNS];
    for (; held < COLUMNS; held++)
        if (numbers(columns[held], &views[held], FORMATS[held], -1, 0, NAMES[held]) < 0)
            goto done;
    const Py_ssize_t n = views[0].len / (Py_ssize_t)sizeof(uint16_t);
    const Py_ssize_t outputs = views[4].len / (Py_ssize_t)sizeof(int32_t);
    if (views[1].len != (n + 1) * (Py_ssize_t)sizeof(int32_t) ||
        views[3].len != n * (Py_ssize_t)sizeof(double) || inputs < 0 || inputs > n ||
        mapped_length != inputs || reduce_length != outputs || n >= INT32_MAX / 8 ||
        outputs >= INT32_MAX / 8 || views[2].len / (Py_ssize_t)sizeof(int32_t) >= INT32_MAX / 8) {
        refuse("its columns are not of one length");
        goto done;
    }
    Plan *p = &self->plan;
    p->n = (int32_t)n;
    p->inputs = (int32_t)inputs;
    p->outputs = (int32_t)outputs;
    p->exact = exact;
    p->level = level_at(level);
    good = fill_plan(p, views, views[4].buf, mapped, reduce) == 0;
done:
    while (held-- > 0)
        PyBuffer_Release(&views[held]);
    if (!good)
        Py_CLEAR(self);
    return (PyObject *)self;
}

static PyObject *rows_uniform(Rows *self, PyObject *args) {
    const Plan *p = &self->plan;
    PyObject *inputs, *values;
    Py_buffer x, v;
    if (!PyArg_ParseTuple(args, "OO", &inputs, &values) ||
        numbers(inputs, &x, 'd', p->uniform_inputs, 0, "uniform") < 0)
        return NULL;
    if (numbers(values, &v, 'd', p->values, 1, "values") < 0) {
        PyBuffer_Release(&x);
        return NULL;
    }
    double *base = v.buf;
    memcpy(base, x.buf, (size_t)x.len);
    PyThreadState *state = p->uniforms > 2000 ? PyEval_SaveThread() : NULL;
    for (int32_t k = 0; k < p->uniforms; k++) {
        const int32_t i = p->uniform[k], *o = operands_of(p, i), arity = arity_of(p, i), code = p->code[i];
        if (code == CODE_CONSTANT)
            base[p->place[i]] = p->number[i];
        else
            (p->exact ? p->level->exact : p->level->kernel)[code][0](
                1, base + p->place[i], base + p->place[o[0]], base + p->place[o[arity > 1 ? 1 : 0]],
                base + p->place[o[arity > 2 ? 2 : 0]]);
    }
    base[p->place[p->n]] = 0.0;
    if (state != NULL)
        PyEval_RestoreThread(state);
    PyBuffer_Release(&x);
    PyBuffer_Release(&v);
    Py_RETURN_NONE;
}

/* The mapped inputs: columns of the arrays, side by side; how many arrays are held, or -1 with none held. */
static Py_ssize_t take_columns(const Plan *p, PyObject *arrays, Py_ssize_t rows, Py_buffer *views,
                               Column *columns) {
    Py_ssize_t held = 0, found = 0;
    for (; held < PyTuple_GET_SIZE(arrays); held++) {
        Py_buffer *view = &views[held];
        if (PyObject_GetBuffer(PyTuple_GET_ITEM(arrays, held), view, PyBUF_STRIDES | PyBUF_FORMAT) < 0)
            goto failed;
        if (view->ndim != 2 || !is_format(view, 'd') || view->shape[0] != rows ||
            view->shape[1] > p->mapped_inputs - found) {
            PyErr_Format(PyExc_ValueError, "columns must be float64 arrays of %zd rows, %d columns in all",
                         rows, p->mapped_inputs);
            PyBuffer_Release(view);
            goto failed;
        }
        for (Py_ssize_t k = 0; k < view->shape[1]; k++)
            columns[found++] = (Column){(const char *)view->buf + k * view->strides[1], view->strides[0]};
    }
    if (found == p->mapped_inputs)
        return held;
    PyErr_Format(PyExc_ValueError, "the program maps %d inputs, and there are %zd columns", p->mapped_inputs,
                 found);
failed:
    while (held-- > 0)
        PyBuffer_Release(&views[held]);
    return -1;
}

static double *take_memory(Rows *self) {
    const Plan *p = &self->plan;
    double *base = self->spare;
    self->spare = NULL;
    if (base == NULL) /* 8 numbers for alignment; the pointer to free is kept in front */
        base = NEW(double, ((Count)p->values + 7) / 8 * 8 + ((Count)p->vectors + 1) * LEVEL_BLOCK + 16);
    if (base == NULL)
        PyErr_NoMemory();
    return base;
}

static void give_memory(Rows *self, double *base) {
    if (self->spare == NULL)
        self->spare = base;
    else
        PyMem_RawFree(base);
}

static double *aligned(double *base) { return (double *)(((uintptr_t)base + 63) & ~(uintptr_t)63); }

static PyObject *rows_work(Rows *self, PyObject *args) {
    const Plan *p = &self->plan;
    PyObject *values, *arrays, *sums, *per_row, *stop;
    Py_ssize_t rows, begin, end;
    Py_buffer v, s, out, flag;
    if (!PyArg_ParseTuple(args, "OO!nnnOOO", &values, &PyTuple_Type, &arrays, &rows, &begin, &end, &sums,
                          &per_row, &stop))
        return NULL;
    if (rows < 0 || begin < 0 || begin > end || end > chunks_of(rows))
        return PyErr_Format(PyExc_ValueError, "%zd rows have %zd chunks", rows,
                            rows < 0 ? 0 : chunks_of(rows));
    PyObject *result = NULL;
    const Py_ssize_t count = PyTuple_GET_SIZE(arrays);
    Py_buffer *views = NEW(Py_buffer, count);
    Column *columns = NEW(Column, p->mapped_inputs);
    double *memory = NULL;
    Py_ssize_t held = -1;
    int opened = 0;
    if (views == NULL || columns == NULL) {
        no_memory();
        goto done;
    }
    if (numbers(values, &v, 'd', p->values, 0, "values") < 0)
        goto done;
    opened++;
    if (numbers(sums, &s, 'd', chunks_of(rows) * p->reduced, 1, "sums") < 0)
        goto done;
    opened++;
    if (numbers(per_row, &out, 'd', rows * p->columns, 1, "per_row") < 0)
        goto done;
    opened++;
    if (PyObject_GetBuffer(stop, &flag, PyBUF_SIMPLE) < 0)
        goto done;
    opened++;
    if (flag.len < 1) {
        PyErr_SetString(PyExc_ValueError, "stop must hold a byte");
        goto done;
    }
    held = take_columns(p, arrays, rows, views, columns);
    if (held < 0 || (memory = take_memory(self)) == NULL)
        goto done;
    Run run = {.plan = p,
               .columns = columns,
               .base = aligned(memory),
               .sums = s.buf,
               .per_row = out.buf,
               .stop = flag.buf};
    memcpy(run.base, v.buf, (size_t)p->values * sizeof(double));
    const double count_of = (double)((end - begin) * chunk_of(rows)) * LEVEL_BLOCK, most = (double)rows;
    PyThreadState *state =
        p->cost * (count_of < most ? count_of : most) > KEEP_GIL ? PyEval_SaveThread() : NULL;
    const int status = run_chunks(&run, rows, begin, end, &state);
    if (state != NULL)
        PyEval_RestoreThread(state);
    give_memory(self, memory);
    if (status >= 0)
        result = PyBool_FromLong(status == 0);
done:
    while (held-- > 0)
        PyBuffer_Release(&views[held]);
    if (opened > 3)
        PyBuffer_Release(&flag);
    if (opened > 2)
        PyBuffer_Release(&out);
    if (opened > 1)
        PyBuffer_Release(&s);
    if (opened > 0)
        PyBuffer_Release(&v);
    PyMem_RawFree(views);
    PyMem_RawFree(columns);
    return result;
}

static PyObject *rows_finish(Rows *self, PyObject *args) {
    const Plan *p = &self->plan;
    PyObject *objects[4];
    static const char *const NAMES[4] = {"values", "sums", "reduced", "per_row"};
    Py_ssize_t rows;
    Py_buffer views[4];
    int held = 0;
    PyObject *result = NULL;
    if (!PyArg_ParseTuple(args, "OnOOO", &objects[0], &rows, &objects[1], &objects[2], &objects[3]))
        return NULL;
    if (rows < 0)
        return PyErr_Format(PyExc_ValueError, "rows must not be negative");
    const Py_ssize_t counts[4] = {p->values, chunks_of(rows) * p->reduced, p->reduced, rows * p->columns};
    for (; held < 4; held++)
        if (numbers(objects[held], &views[held], 'd', counts[held], held > 1, NAMES[held]) < 0)
            goto done;
    const double *values = views[0].buf, *sums = views[1].buf;
    double *reduced = views[2].buf, *per_row = views[3].buf;
    memset(reduced, 0, (size_t)views[2].len);
    for (Count chunk = 0; chunk < chunks_of(rows); chunk++)
        for (int32_t j = 0; j < p->reduced; j++)
            reduced[j] += sums[chunk * p->reduced + j];
    for (int32_t k = 0; k < p->addends; k++)
        reduced[p->output[p->addend[2 * k]].number] += (double)rows * values[p->place[p->addend[2 * k + 1]]];
    for (int32_t j = 0; j < p->outputs; j++) {
        const Output *o = &p->output[j];
        if (!o->varies && !o->reduce)
            for (Count row = 0; row < rows; row++)
                per_row[row * p->columns + o->number] = values[p->place[o->id]];
        else if (!o->varies)
            reduced[o->number] =
                o->reduce == 'm' ? values[p->place[o->id]] : (double)rows * values[p->place[o->id]];
        else if (o->reduce == 'm')
            reduced[o->number] /= (double)rows;
    }
    result = Py_NewRef(Py_None);
done:
    while (held-- > 0)
        PyBuffer_Release(&views[held]);
    return result;
}

static PyObject *rows_chunks(Rows *self, PyObject *args) {
    Py_ssize_t rows;
    (void)self;
    if (!PyArg_ParseTuple(args, "n", &rows))
        return NULL;
    if (rows < 0)
        return PyErr_Format(PyExc_ValueError, "rows must not be negative");
    return PyLong_FromSsize_t(chunks_of(rows));
}

/* ---- what it looks like from outside */
#define FACT(name)                                           \
    static PyObject *get_##name(Rows *self, void *closure) { \
        (void)closure;                                       \
        return PyLong_FromLong(self->plan.name);             \
    }
FACT(values)
FACT(vectors) FACT(reduced) FACT(columns) FACT(step_count) FACT(uniforms)

    static PyObject *get_cost(Rows *self, void *closure) {
    (void)closure;
    return PyFloat_FromDouble(self->plan.cost);
}

static PyObject *get_steps(Rows *self, void *closure) {
    static const char *const KINDS[] = {"kernel", "load", "store", "sum", "combine", "matrix", "outer"};
    PyObject *list = PyList_New(self->plan.step_count);
    (void)closure;
    for (int32_t k = 0; list != NULL && k < self->plan.step_count; k++) {
        const Step *step = &self->plan.steps[k];
        PyObject *text = PyUnicode_FromFormat("%s %d %d %d", KINDS[step->kind], step->a, step->b, step->c);
        if (text == NULL)
            Py_CLEAR(list);
        else
            PyList_SET_ITEM(list, k, text);
    }
    return list;
}

static PyGetSetDef rows_facts[] = {
    {"values", (getter)get_values, NULL, "Uniform numbers of a run.", NULL},
    {"vectors", (getter)get_vectors, NULL, "Vectors of BLOCK numbers of a run.", NULL},
    {"reduced", (getter)get_reduced, NULL, "Outputs reduced over the rows.", NULL},
    {"columns", (getter)get_columns, NULL, "Outputs with a number for each row.", NULL},
    {"step_count", (getter)get_step_count, NULL, "Steps over each block.", NULL},
    {"uniforms", (getter)get_uniforms, NULL, "Instructions computed once a call.", NULL},
    {"cost", (getter)get_cost, NULL, "About how many operations a row takes.", NULL},
    {"steps", (getter)get_steps, NULL, "The steps as text: kind and counts.", NULL},
    {NULL, NULL, NULL, NULL, NULL},
};

static PyMethodDef rows_methods[] = {
    {"uniform", (PyCFunction)rows_uniform, METH_VARARGS, "uniform(inputs, values): fill values."},
    {"chunks", (PyCFunction)rows_chunks, METH_VARARGS, "chunks(rows): how many there are."},
    {"work", (PyCFunction)rows_work, METH_VARARGS,
     "work(values, columns, rows, begin, end, sums, per_row, stop): chunks begin to end; False if stop[0] "
     "was set."},
    {"finish", (PyCFunction)rows_finish, METH_VARARGS,
     "finish(values, rows, sums, reduced, per_row): the reduced outputs, and those that are uniform."},
    {NULL, NULL, 0, NULL},
};

static PyType_Slot rows_slots[] = {
    {Py_tp_doc, "Rows(code, start, args, number, outputs, inputs, mapped, reduce, same_order, level)"},
    {Py_tp_new, rows_new},
    {Py_tp_dealloc, rows_dealloc},
    {Py_tp_methods, rows_methods},
    {Py_tp_getset, rows_facts},
    {0, NULL},
};

static PyType_Spec rows_spec = {
    .name = "gradloom._native.rows.Rows",
    .basicsize = sizeof(Rows),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_IMMUTABLETYPE,
    .slots = rows_slots,
};

static PyObject *evaluate(PyObject *module, PyObject *args) {
    int level, code, exact;
    PyObject *operands;
    (void)module;
    if (!PyArg_ParseTuple(args, "iipO!", &level, &code, &exact, &PyTuple_Type, &operands))
        return NULL;
    if (level < 0 || level >= levels_count() || code < 0 || code >= ROW_COUNT)
        return PyErr_Format(PyExc_ValueError, "there is no level %d, or no row %d", level, code);
    const int arity = ROWS[code].arity;
    if (PyTuple_GET_SIZE(operands) != arity + 1)
        return PyErr_Format(PyExc_ValueError, "row %d takes %d operands and a result", code, arity);
    Py_buffer views[4];
    const double *xs[3] = {NULL, NULL, NULL};
    int pattern = 0, held = 0;
    PyObject *result = NULL;
    for (; held <= arity; held++)
        if (numbers(PyTuple_GET_ITEM(operands, held), &views[held], 'd', -1, held == arity, "an operand") < 0)
            goto done;
    const Count n = views[arity].len / (Count)sizeof(double);
    for (int i = 0; i < arity; i++) {
        const Count m = views[i].len / (Count)sizeof(double);
        if (m != n && m != 1) {
            PyErr_SetString(PyExc_ValueError, "operands must be one number or as many as results");
            goto done;
        }
        pattern |= (m == 1) << i;
        xs[i] = views[i].buf;
    }
    const Level *l = level_at(level);
    const Kernel kernel = n == LEVEL_BLOCK ? (exact ? l->exact_block : l->block)[code][pattern]
                                           : (exact ? l->exact : l->kernel)[code][pattern];
    kernel(n, views[arity].buf, xs[0], xs[1], xs[2]);
    result = Py_NewRef(Py_None);
done:
    while (held-- > 0)
        PyBuffer_Release(&views[held]);
    return result;
}

static PyMethodDef methods[] = {
    {"evaluate", evaluate, METH_VARARGS,
     "evaluate(level, opcode, exact, (x, ..., out)): one kernel over contiguous float64 arrays."},
    {NULL, NULL, 0, NULL},
};

static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT,
    "gradloom._native.rows",
    "The compiler's interpreter over many rows.",
    -1,
    methods,
    NULL,
    NULL,
    NULL,
    NULL,
};

PyMODINIT_FUNC PyInit_rows(void) {
    const Level *level = levels_load();
    if (level == NULL)
        level = level_at(0); /* vector.c says so */
    PyObject *module = PyModule_Create(&definition);
    PyObject *names = PyTuple_New(levels_count()), *functions = PyDict_New();
    PyObject *type = PyType_FromSpec(&rows_spec);
    if (module == NULL || names == NULL || functions == NULL || type == NULL)
        goto failed;
    for (int i = 0; i < levels_count(); i++) {
        PyObject *name = PyUnicode_FromString(level_at(i)->name);
        if (name == NULL)
            goto failed;
        PyTuple_SET_ITEM(names, i, name);
    }
    for (int f = 0; f < vector_count(); f++) {
        PyObject *where = PyUnicode_FromString(level->used(f) != NULL ? "libmvec" : "libm");
        if (where == NULL || PyDict_SetItemString(functions, vector_name(f), where) < 0) {
            Py_XDECREF(where);
            goto failed;
        }
        Py_DECREF(where);
    }
    if (PyModule_AddStringConstant(module, "LEVEL", level->name) < 0 ||
        PyModule_AddIntConstant(module, "BLOCK", LEVEL_BLOCK) < 0 ||
        PyModule_AddObjectRef(module, "LEVELS", names) < 0 ||
        PyModule_AddObjectRef(module, "FUNCTIONS", functions) < 0 ||
        PyModule_AddObjectRef(module, "Rows", type) < 0)
        goto failed;
    Py_DECREF(names);
    Py_DECREF(functions);
    Py_DECREF(type);
    return module;
failed:
    Py_XDECREF(module);
    Py_XDECREF(names);
    Py_XDECREF(functions);
    Py_XDECREF(type);
    return NULL;
}
