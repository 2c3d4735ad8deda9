/* The instructions of a STRETCH, one after the other, on single slots. Included by vector.c once for each
 * width of a slot's number: WORD is the type of a word, RUN_STRETCH the name of the function.
 *
 * The words are those of vector_program.py (opcode, slot, operands) and end with END; the shortest sums
 * have opcodes of their own, without a count. Each case is made
 * from a row of the table. Where the compiler has computed goto, each instruction jumps to the next by
 * itself, so that the processor predicts each jump apart. */
static void RUN_STRETCH(const WORD *at, double *s) {
#define S(i) s[at[i]]
#if defined(__GNUC__)
    static const void *const LABELS[OP_COUNT] = {
#define LABEL(NAME, name) [ROW_##NAME] = &&do_##NAME,
        EACH_ROW_1(LABEL) EACH_ROW_2(LABEL) EACH_ROW_3(LABEL)
#undef LABEL
        [OP_SUM] = &&do_SUM, [OP_DOT] = &&do_DOT, [OP_MULADD] = &&do_MULADD,
        [OP_SUM3] = &&do_SUM3, [OP_DOT2] = &&do_DOT2, [OP_DOT3] = &&do_DOT3,
        [OP_MULSUB] = &&do_MULSUB, [OP_SUBMUL] = &&do_SUBMUL, [OP_END] = &&do_END,
    };
#define CASE(NAME, number) do_##NAME
#define NEXT goto *LABELS[at[0]]
    NEXT;
    {
#else
#define CASE(NAME, number) case number
#define NEXT continue
    for (;;) switch (at[0]) {
#endif
#define DO_1(NAME, name) CASE(NAME, ROW_##NAME): S(1) = value_##name(S(2)); at += 3; NEXT;
#define DO_2(NAME, name) CASE(NAME, ROW_##NAME): S(1) = value_##name(S(2), S(3)); at += 4; NEXT;
#define DO_3(NAME, name) CASE(NAME, ROW_##NAME): S(1) = value_##name(S(2), S(3), S(4)); at += 5; NEXT;
    EACH_ROW_1(DO_1)
    EACH_ROW_2(DO_2)
    EACH_ROW_3(DO_3)
    CASE(MULADD, OP_MULADD): S(1) = S(2) * S(3) + S(4); at += 5; NEXT;
    CASE(MULSUB, OP_MULSUB): S(1) = S(2) * S(3) - S(4); at += 5; NEXT;
    CASE(SUBMUL, OP_SUBMUL): S(1) = S(4) - S(2) * S(3); at += 5; NEXT;
    CASE(SUM3, OP_SUM3): S(1) = S(2) + S(3) + S(4); at += 5; NEXT;
    CASE(DOT2, OP_DOT2): S(1) = S(2) * S(3) + S(4) * S(5); at += 6; NEXT;
    CASE(DOT3, OP_DOT3): S(1) = S(2) * S(3) + S(4) * S(5) + S(6) * S(7); at += 8; NEXT;
    CASE(SUM, OP_SUM): {
        const WORD *end = at + 3 + at[2];
        double sum = s[at[3]];
        WORD to = at[1];
        for (at += 4; at < end; at++)
            sum += s[at[0]];
        s[to] = sum;
        NEXT;
    }
    CASE(DOT, OP_DOT): {
        const WORD *end = at + 3 + 2 * (ptrdiff_t)at[2];
        double sum = s[at[3]] * s[at[4]];
        WORD to = at[1];
        for (at += 5; at < end; at += 2)
            sum += s[at[0]] * s[at[1]];
        s[to] = sum;
        NEXT;
    }
    CASE(END, OP_END): return;
    }
#undef DO_1
#undef DO_2
#undef DO_3
#undef CASE
#undef NEXT
#undef S
}
#undef WORD
#undef RUN_STRETCH
