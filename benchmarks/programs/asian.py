"""An Asian option by simulation: 16,384 paths of 64 steps, the price and three of its derivatives.

The underlying follows a geometric Brownian motion, the payoff is the arithmetic average above the
strike. Value and derivatives by spot, rate and volatility, averaged over the paths.
"""

import numpy as np

from gradloom import math

STEPS, PATHS, STRIKE, YEARS = 64, 16_384, 100.0, 1.0
STEP = YEARS / STEPS
MARKET = (100.0, 0.03, 0.2)
SHOCKS = np.random.default_rng(0).standard_normal((PATHS, STEPS))


def payoff(spot, rate, volatility, shocks):
    drift, scale = (rate - 0.5 * volatility * volatility) * STEP, volatility * STEP**0.5
    price, total = spot, 0.0
    for z in shocks:
        price = price * math.exp(drift + scale * z)
        total += price
    return math.exp(-rate * YEARS) * math.relu(total / STEPS - STRIKE)


def flat(result):
    return [result[0], *result[1]]


def _ours(threads):
    import gradloom

    mean = gradloom.vmap(payoff, in_axes=(None, None, None, 0), reduce="mean", threads=threads)
    return mean, gradloom.value_and_grad(mean, argnums=(0, 1, 2))


def gradloom():
    return _ours(1)[1], (*MARKET, SHOCKS), flat


def gradloom_two_threads():
    return _ours(2)[1], (*MARKET, SHOCKS), flat


def gradloom_primal():
    return _ours(1)[0], (*MARKET, SHOCKS), lambda value: [value]


def numpy_primal():
    def work(spot, rate, volatility, shocks):
        increments = (rate - 0.5 * volatility**2) * STEP + volatility * STEP**0.5 * shocks
        prices = spot * np.exp(np.cumsum(increments, axis=1))
        return np.exp(-rate * YEARS) * np.maximum(prices.mean(axis=1) - STRIKE, 0.0).mean()

    return work, (*MARKET, SHOCKS), lambda value: [value]


def gradloom_eager():
    """On the first 64 paths only: a check, not a contender."""
    from gradloom import Value

    def work(*market):
        inputs = [Value(x) for x in market]
        total = sum(payoff(*inputs, row) for row in SHOCKS[:64].tolist()) / 64
        total.backward()
        return total.data, [v.grad for v in inputs]

    return work, MARKET, flat


def _jax(paths):
    """``paths`` gives the averages of the simulated prices from the log-increments' shocks."""
    import jax
    import jax.numpy as jnp

    def price(market, shocks):
        spot, rate, volatility = market
        drift, scale = (rate - 0.5 * volatility**2) * STEP, volatility * STEP**0.5
        average = paths(spot, drift, scale, shocks)
        return jnp.exp(-rate * YEARS) * jnp.mean(jax.nn.relu(average - STRIKE))

    step = jax.jit(jax.value_and_grad(price))
    return lambda market, shocks: jax.block_until_ready(step(market, shocks)), flat


def jax_cumsum():
    import jax.numpy as jnp

    def paths(spot, drift, scale, shocks):
        return jnp.mean(spot * jnp.exp(jnp.cumsum(drift + scale * shocks, axis=1)), axis=1)

    work, flat = _jax(paths)
    return work, (tuple(map(jnp.float64, MARKET)), jnp.array(SHOCKS)), flat


def jax_scan():
    import jax
    import jax.numpy as jnp

    def paths(spot, drift, scale, shocks):
        def step(state, z):
            price, total = state
            price = price * jnp.exp(drift + scale * z)
            return (price, total + price), None

        start = jnp.full(PATHS, 1.0) * spot, jnp.zeros(PATHS)
        return jax.lax.scan(step, start, shocks)[0][1] / STEPS

    work, flat = _jax(paths)
    return work, (tuple(map(jnp.float64, MARKET)), jnp.array(SHOCKS.T)), flat


def jax_unrolled():
    import jax.numpy as jnp

    def paths(spot, drift, scale, shocks):
        price, total = spot, 0.0
        for z in shocks:
            price = price * jnp.exp(drift + scale * z)
            total = total + price
        return total / STEPS

    work, flat = _jax(paths)
    return work, (tuple(map(jnp.float64, MARKET)), jnp.array(SHOCKS.T)), flat
