//! Whole numbers without an end and fractions of them, as one would do it on paper: slow, and by nothing of the core.

#![allow(dead_code, reason = "each of its users takes a part")]

use std::cmp::Ordering;

/// A whole number, not below 0, in digits of 32 bits, the lowest first, without zeros in front.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Nat(Vec<u32>);

impl Nat {
    pub fn new(number: u128) -> Nat {
        Nat((0..4).map(|at| (number >> (32 * at)) as u32).collect()).trimmed()
    }

    pub fn power(base: u128, exponent: u64) -> Nat {
        let (mut result, mut square, mut left) = (Nat::new(1), Nat::new(base), exponent);
        while left > 0 {
            if left % 2 == 1 {
                result = result.times(&square);
            }
            left /= 2;
            if left > 0 {
                square = square.times(&square);
            }
        }
        result
    }

    /// Without its lowest digits.
    pub fn without_digits(&self, count: usize) -> Nat {
        Nat(self.0.iter().skip(count).copied().collect())
    }

    fn trimmed(mut self) -> Nat {
        while self.0.last() == Some(&0) {
            self.0.pop();
        }
        self
    }

    pub fn plus(&self, other: &Nat) -> Nat {
        let (mut sum, mut carry) = (Vec::new(), 0);
        for at in 0..self.0.len().max(other.0.len()) {
            let digit = |number: &Nat| u64::from(number.0.get(at).copied().unwrap_or(0));
            carry += digit(self) + digit(other);
            sum.push(carry as u32);
            carry >>= 32;
        }
        sum.push(carry as u32);
        Nat(sum).trimmed()
    }

    /// self − other, which is not larger.
    pub fn minus(&self, other: &Nat) -> Nat {
        let (mut left, mut borrow) = (Vec::new(), 0);
        for (at, digit) in self.0.iter().enumerate() {
            borrow += i64::from(*digit) - i64::from(other.0.get(at).copied().unwrap_or(0));
            left.push(borrow as u32);
            borrow >>= 32;
        }
        assert!(borrow == 0 && self.0.len() >= other.0.len(), "a difference below 0");
        Nat(left).trimmed()
    }

    pub fn times(&self, other: &Nat) -> Nat {
        let mut product = vec![0_u32; self.0.len() + other.0.len()];
        for (at, a) in self.0.iter().enumerate() {
            let mut carry = 0;
            for (by, b) in other.0.iter().enumerate() {
                carry += u64::from(product[at + by]) + u64::from(*a) * u64::from(*b);
                product[at + by] = carry as u32;
                carry >>= 32;
            }
            product[at + other.0.len()] = carry as u32;
        }
        Nat(product).trimmed()
    }
}

impl PartialOrd for Nat {
    fn partial_cmp(&self, other: &Nat) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Nat {
    fn cmp(&self, other: &Nat) -> Ordering {
        let digits = |number: &Nat| number.0.iter().rev().copied().collect::<Vec<_>>();
        self.0.len().cmp(&other.0.len()).then_with(|| digits(self).cmp(&digits(other)))
    }
}

/// A fraction, not below 0.
#[derive(Clone, Debug)]
pub struct Ratio {
    pub over: Nat,
    pub under: Nat,
}

impl Ratio {
    pub fn new(over: u128, under: u128) -> Ratio {
        Ratio { over: Nat::new(over), under: Nat::new(under) }
    }

    pub fn plus(&self, other: &Ratio) -> Ratio {
        let over = self.over.times(&other.under).plus(&other.over.times(&self.under));
        Ratio { over, under: self.under.times(&other.under) }
    }

    pub fn times(&self, other: &Ratio) -> Ratio {
        Ratio { over: self.over.times(&other.over), under: self.under.times(&other.under) }
    }

    pub fn compare(&self, other: &Ratio) -> Ordering {
        self.over.times(&other.under).cmp(&other.over.times(&self.under))
    }

    pub fn least(self, other: Ratio) -> Ratio {
        if self.compare(&other).is_le() { self } else { other }
    }

    pub fn greatest(self, other: Ratio) -> Ratio {
        if self.compare(&other).is_ge() { self } else { other }
    }

    /// The whole number below, bit by bit, and how what is left compares with a half. The result fits 127 bits.
    fn divided(&self) -> (u128, Ordering) {
        let (mut quotient, mut product) = (0, Nat::new(0));
        for bit in (0..127).rev() {
            let more = product.plus(&self.under.times(&Nat::new(1 << bit)));
            if more <= self.over {
                (quotient, product) = (quotient | 1 << bit, more);
            }
        }
        let left = self.over.minus(&product);
        (quotient, left.plus(&left).cmp(&self.under))
    }

    /// The whole number below, digit by digit.
    pub fn floor(&self) -> Nat {
        let (mut quotient, mut left) = (vec![0; self.over.0.len()], Nat::new(0));
        for (at, digit) in self.over.0.iter().enumerate().rev() {
            left = left.times(&Nat::new(1 << 32)).plus(&Nat::new(u128::from(*digit)));
            let part = Ratio { over: left.clone(), under: self.under.clone() }.divided().0;
            left = left.minus(&self.under.times(&Nat::new(part)));
            quotient[at] = part as u32;
        }
        Nat(quotient).trimmed()
    }

    pub fn half_even(&self) -> u128 {
        let (floor, half) = self.divided();
        floor + u128::from(half.is_gt() || half.is_eq() && floor % 2 == 1)
    }
}
