"""A small call: the five-line expression of micrograd's README, its value and both derivatives."""

A, B = -4.0, 2.0


def expression(a, b):
    c = a + b
    d = a * b + b**3
    e = c - d
    f = e**2
    return f / 2.0


def flat(result):
    return [result[0], *result[1]]


def gradloom():
    import gradloom

    return gradloom.value_and_grad(expression, argnums=(0, 1)), (A, B), flat


def gradloom_eager():
    from gradloom import Value

    def work(a, b):
        a, b = Value(a), Value(b)
        root = expression(a, b)
        root.backward()
        return root.data, (a.grad, b.grad)

    return work, (A, B), flat


def casadi():
    import symbolic

    return symbolic.value_and_gradient(lambda x: expression(*x), [A, B])


def jax():
    import jax

    step = jax.jit(jax.value_and_grad(expression, argnums=(0, 1)))
    return lambda a, b: jax.block_until_ready(step(a, b)), (A, B), flat
