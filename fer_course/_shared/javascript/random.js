// Random numbers by seed, the same in every browser: Mulberry32 (Tommy Ettinger, 2017; public domain).

export const generator = (seed) => {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
};

// How many of `n` tries succeed that each succeed with probability `p`.
export const successes = (random, n, p) => {
  let count = 0;
  for (let number = 0; number < n; number += 1) count += random() < p;
  return count;
};

// The numbers 0 … n - 1 in a random order (Fisher and Yates).
export const shuffled = (random, n) => {
  const order = Array.from({ length: n }, (_, number) => number);
  for (let last = n - 1; last > 0; last -= 1) {
    const other = Math.floor(random() * (last + 1));
    [order[last], order[other]] = [order[other], order[last]];
  }
  return order;
};
