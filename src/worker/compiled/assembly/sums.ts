// What all losses add up in the same way; no kernels by themselves.

export function addTo(sum: usize, value: f64): void {
  store<f64>(sum, load<f64>(sum) + value);
}

/** 1 where examples have no weights. */
export function weightOf(weights: usize, example: i32): f32 {
  return weights ? load<f32>(weights + (example << 2)) : 1;
}
