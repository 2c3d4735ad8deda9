/* Memory for nodes: cells of one size in 64 kB slabs, beside Python's allocator.
 *
 * Contract
 *   cell_new() returns CELL_BYTES of zeroed-where-needed memory for one object, NULL when there is none.
 *   cell_free(cell) takes it back. Both need the GIL.
 *
 * Why: the cycle collector is the enemy of scalar code. Each object of a collector-aware type is
 * counted, and every 700 of them start a collection; a graph of 64,000 numbers is forward-built 13
 * times slower that way. A cell reserves the collector's header and leaves it zero, so a node is
 * neither counted nor tracked, yet can be tracked later, when a user makes a cycle possible.
 *
 * Each slab has its own free list, and its bump pointer starts again when the slab is empty: a
 * training loop gets its nodes in address order at every step. One global free list scatters them and
 * was 2 to 3 times slower. Empty slabs above KEPT_SLABS go back to the system.
 *
 * The header's layout is private to CPython, the same in the GIL builds of 3.11 to 3.14. Elsewhere, and
 * with GRADLOOM_NO_SLABS (a sanitizer sees no use-after-free inside a slab), value.c allocates as usual.
 */
#ifndef GRADLOOM_SLABS_H
#define GRADLOOM_SLABS_H

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define SLAB_BYTES 65536u
#define SLAB_USABLE (SLAB_BYTES - 64u) /* leaves room for malloc's own header: slabs pack densely */
#define GC_HEADER_BYTES 16u
#define KEPT_SLABS 1024 /* 64 MB */

typedef struct Slab {
    struct Slab *next, *previous; /* in the list of slabs that have room */
    void *freed;                  /* cells given back, linked through their first word */
    char *fresh, *end;            /* cells never used since the slab was last empty */
    uint32_t used, listed;
} Slab;

static Slab *slabs_with_room; /* the head is the one in use */
static Slab *slabs_empty;     /* kept for the next graph; linked by next */
static int slabs_empty_count;

static Slab *slab_new(void) {
    void *memory = NULL;
#ifdef _WIN32
    memory = _aligned_malloc(SLAB_USABLE, SLAB_BYTES);
#else
    if (posix_memalign(&memory, SLAB_BYTES, SLAB_USABLE) != 0)
        memory = NULL;
#endif
    return (Slab *)memory;
}

static void slab_release(Slab *slab) {
#ifdef _WIN32
    _aligned_free(slab);
#else
    free(slab);
#endif
}

static void slab_list(Slab *slab) {
    slab->listed = 1;
    slab->previous = NULL;
    slab->next = slabs_with_room;
    if (slab->next)
        slab->next->previous = slab;
    slabs_with_room = slab;
}

static void slab_unlist(Slab *slab) {
    slab->listed = 0;
    if (slab->previous)
        slab->previous->next = slab->next;
    else
        slabs_with_room = slab->next;
    if (slab->next)
        slab->next->previous = slab->previous;
}

static void slab_restart(Slab *slab) {
    slab->freed = NULL;
    slab->used = 0;
    slab->fresh = (char *)slab + 64;
}

/* A slab with room at the head of the list. */
static Slab *slab_next(size_t cell_bytes) {
    Slab *slab = slabs_empty;
    if (slab != NULL) {
        slabs_empty = slab->next;
        slabs_empty_count--;
    }
    else if ((slab = slab_new()) == NULL)
        return NULL;
    slab_restart(slab);
    slab->end = slab->fresh + (SLAB_USABLE - 64u) / cell_bytes * cell_bytes;
    slab_list(slab);
    return slab;
}

static inline void *cell_new(size_t cell_bytes) {
    for (;;) {
        Slab *slab = slabs_with_room;
        if (slab == NULL && (slab = slab_next(cell_bytes)) == NULL)
            return NULL;
        void *cell = slab->freed;
        if (cell != NULL)
            slab->freed = *(void **)cell;
        else if (slab->fresh < slab->end) {
            cell = slab->fresh;
            slab->fresh += cell_bytes;
        }
        else {
            slab_unlist(slab);
            continue;
        }
        slab->used++;
        return cell;
    }
}

static inline void cell_free(void *cell) {
    Slab *slab = (Slab *)((uintptr_t)cell & ~(uintptr_t)(SLAB_BYTES - 1));
    *(void **)cell = slab->freed;
    slab->freed = cell;
    if (--slab->used > 0) {
        if (!slab->listed)
            slab_list(slab);
        return;
    }
    slab_restart(slab);
    if (slab == slabs_with_room && slab->next == NULL)
        return; /* the only one with room: keep using it */
    if (slab->listed)
        slab_unlist(slab);
    if (slabs_empty_count < KEPT_SLABS) {
        slab->next = slabs_empty;
        slabs_empty = slab;
        slabs_empty_count++;
    }
    else
        slab_release(slab);
}

#endif
