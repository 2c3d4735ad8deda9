"""Narrow and deep: the Lorenz system by 1,000 steps of RK4; value and gradient by six numbers.

Three initial values and three parameters; what is differentiated is the squared distance from the
origin at the end.
"""

import numpy as np

STEPS, STEP = 1000, 0.005
START = np.array([1.0, 1.0, 1.0, 10.0, 28.0, 8.0 / 3.0])


def distance(numbers, steps=STEPS, step=STEP):
    x, y, z, sigma, rho, beta = numbers

    def slope(x, y, z):
        return sigma * (y - x), x * (rho - z) - y, x * y - beta * z

    for _ in range(steps):
        a1, b1, c1 = slope(x, y, z)
        a2, b2, c2 = slope(x + 0.5 * step * a1, y + 0.5 * step * b1, z + 0.5 * step * c1)
        a3, b3, c3 = slope(x + 0.5 * step * a2, y + 0.5 * step * b2, z + 0.5 * step * c2)
        a4, b4, c4 = slope(x + step * a3, y + step * b3, z + step * c3)
        x = x + step / 6.0 * (a1 + 2.0 * a2 + 2.0 * a3 + a4)
        y = y + step / 6.0 * (b1 + 2.0 * b2 + 2.0 * b3 + b4)
        z = z + step / 6.0 * (c1 + 2.0 * c2 + 2.0 * c3 + c4)
    return x * x + y * y + z * z


def gradloom():
    import gradloom

    return gradloom.value_and_grad(distance), (START,), lambda r: [r[0], *r[1]]


def gradloom_eager():
    from gradloom import Value

    def work(start):
        inputs = [Value(x) for x in start]
        root = distance(inputs)
        root.backward()
        return [root.data, *(v.grad for v in inputs)]

    return work, (START,), list


def casadi():
    import symbolic

    return symbolic.value_and_gradient(distance, START)


def jax():
    import jax
    import jax.numpy as jnp

    def distance(numbers):
        sigma, rho, beta = numbers[3:]

        def slope(p):
            x, y, z = p
            return jnp.stack([sigma * (y - x), x * (rho - z) - y, x * y - beta * z])

        def step(p, _):
            k1 = slope(p)
            k2 = slope(p + 0.5 * STEP * k1)
            k3 = slope(p + 0.5 * STEP * k2)
            k4 = slope(p + STEP * k3)
            return p + STEP / 6.0 * (k1 + 2.0 * k2 + 2.0 * k3 + k4), None

        end = jax.lax.scan(step, numbers[:3], None, length=STEPS)[0]
        return jnp.sum(end * end)

    step = jax.jit(jax.value_and_grad(distance))
    return lambda p: jax.block_until_ready(step(p)), (jnp.array(START),), lambda r: [r[0], *r[1]]
