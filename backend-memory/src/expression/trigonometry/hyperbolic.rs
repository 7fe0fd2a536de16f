//! Inverse hyperbolic functions to the last bit of the server's, which are the C library's: the standard
//! library computes them otherwise.

use std::f64::consts::LN_2;

/// Beyond this, squares no longer feel a 1.
const LARGE: f64 = 268_435_456.0;

pub(super) fn asinh(x: f64) -> f64 {
    let n = x.abs();
    if !x.is_finite() || n < 1.0 / LARGE {
        return x;
    }
    let magnitude = if n > LARGE {
        n.ln() + LN_2
    } else if n > 2.0 {
        (2.0 * n + 1.0 / ((n * n + 1.0).sqrt() + n)).ln()
    } else {
        let square = n * n;
        (n + square / (1.0 + (1.0 + square).sqrt())).ln_1p()
    };
    magnitude.copysign(x)
}

pub(super) fn acosh(x: f64) -> f64 {
    if !x.is_finite() {
        x
    } else if x > LARGE {
        x.ln() + LN_2
    } else if x > 2.0 {
        (2.0 * x - 1.0 / (x + (x * x - 1.0).sqrt())).ln()
    } else {
        let over = x - 1.0;
        (over + (2.0 * over + over * over).sqrt()).ln_1p()
    }
}

pub(super) fn atanh(x: f64) -> f64 {
    let n = x.abs();
    if x.is_nan() || n < 1.0 / LARGE {
        return x;
    }
    let twice = n + n;
    let magnitude = if n < 0.5 {
        0.5 * (twice + twice * n / (1.0 - n)).ln_1p()
    } else {
        0.5 * (twice / (1.0 - n)).ln_1p()
    };
    magnitude.copysign(x)
}
