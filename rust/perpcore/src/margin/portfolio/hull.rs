//! Which scenarios can be the first of those that attain the worst loss. The others need no evaluation.
//!
//! The loss is a convex function f of the moves ([`super::offset`] says why). Let p be a point strictly between points
//! that stand in the table, p = Σ λᵢ·sᵢ with every λᵢ > 0 and Σ λᵢ = 1. Then f(p) ≤ Σ λᵢ·f(sᵢ) ≤ max f(sᵢ), and if p
//! attains the worst loss of the table, so does each sᵢ: none is above it, and were one below it, f(p) would be. So p
//! can be left out
//!
//! - if one of the sᵢ stands before it in the table: whatever p attains, that one attained before, and
//! - if it has the same moves as a scenario before it.
//!
//! In the plane (two underlyings) every point is a vertex of the convex hull, or strictly between points of it. Of the
//! points inside, only the table's first scenario can come first: if one of them attains the worst loss, f is constant
//! on the hull. Of the points on an edge, its ends and the one that stands first in the table. With more underlyings,
//! points are left out between the table's first scenario and the farthest one in the same direction: that takes the
//! inner steps of generated tables, and never one that could come first.
//!
//! Nothing here depends on an account: not on what it holds, nor on its orders, nor on the offset credit.

use std::collections::BTreeMap;

/// The rows to evaluate, ascending, of `rows`, which are ascending: `columns` has the moves of every row of the table
/// by underlying.
pub fn candidates(columns: &[&[i64]], rows: &[u32]) -> Vec<u32> {
    let mut kept = match columns {
        [] => Vec::new(),
        [x] => plane(rows, |row| (x[row as usize], 0)),
        [x, y] => plane(rows, |row| (x[row as usize], y[row as usize])),
        _ => rays(columns, rows),
    };
    kept.extend(rows.first());
    kept.sort_unstable();
    kept.dedup();
    kept
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Point {
    x: i64,
    y: i64,
    row: u32,
}

/// Twice the area of the triangle, positive where it turns left. Moves are below 2³¹, so it is exact.
fn turn(a: Point, b: Point, c: Point) -> i64 {
    (b.x - a.x) * (c.y - a.y) - (b.y - a.y) * (c.x - a.x)
}

/// The vertices of the convex hull, and of each edge the point that stands first in the table.
fn plane(rows: &[u32], at: impl Fn(u32) -> (i64, i64)) -> Vec<u32> {
    let point = |&row: &u32| {
        let (x, y) = at(row);
        Point { x, y, row }
    };
    let mut points: Vec<Point> = rows.iter().map(point).collect();
    points.sort_unstable();
    points.dedup_by_key(|point| (point.x, point.y));
    let mut kept = Vec::new();
    // The lower chain from left to right, then the upper one from right to left.
    for upper in [false, true] {
        let chain = chain(&points);
        kept.extend(chain.iter().map(|vertex| vertex.row));
        for edge in chain.windows(2) {
            let between = |point: &&Point| turn(edge[0], edge[1], **point) == 0;
            let span = span(&points, edge[0], edge[1], upper);
            kept.extend(span.iter().filter(between).map(|point| point.row).min());
        }
        points.reverse();
    }
    kept
}

/// The vertices that one meets turning left, from the first point to the last.
fn chain(points: &[Point]) -> Vec<Point> {
    let mut chain: Vec<Point> = Vec::new();
    for &point in points {
        while let [.., a, b] = chain[..]
            && turn(a, b, point) <= 0
        {
            chain.pop();
        }
        chain.push(point);
    }
    chain
}

/// The points from one end of an edge to the other in their order, which is reversed for the upper chain.
fn span(points: &[Point], from: Point, to: Point, reversed: bool) -> &[Point] {
    let before = |a: &Point, b: Point| if reversed { (a.x, a.y) > (b.x, b.y) } else { (a.x, a.y) < (b.x, b.y) };
    let start = points.partition_point(|point| before(point, from));
    let end = points.partition_point(|point| before(point, to));
    &points[start..=end]
}

/// In each direction from the first row the farthest one, the first of equals.
fn rays(columns: &[&[i64]], rows: &[u32]) -> Vec<u32> {
    let Some(&first) = rows.first() else { return Vec::new() };
    let mut farthest: BTreeMap<Vec<i64>, (i64, u32)> = BTreeMap::new();
    for &row in &rows[1..] {
        let way = columns.iter().map(|column| column[row as usize] - column[first as usize]);
        let mut direction: Vec<i64> = way.collect();
        let length = direction.iter().fold(0, |length, part| gcd(length, part.unsigned_abs())) as i64;
        if length == 0 {
            continue;
        }
        direction.iter_mut().for_each(|part| *part /= length);
        let known = farthest.entry(direction).or_insert((length, row));
        if length > known.0 {
            *known = (length, row);
        }
    }
    farthest.into_values().map(|(_, row)| row).collect()
}

/// The greatest common divisor; 0 has every divisor.
pub fn gcd(a: u64, b: u64) -> u64 {
    if b == 0 { a } else { gcd(b, a % b) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(count: usize) -> Vec<u32> {
        (0..count as u32).collect()
    }

    #[test]
    fn of_a_square_with_its_middle_and_edges_the_corners_and_what_comes_first_is_kept() {
        // 0 the middle; 1 to 4 the corners; 5 on the right edge, between 2 and 3, which stand before it; 6 inside; 7 as 1.
        let x = [0, -2, 2, 2, -2, 2, 1, -2];
        let y = [0, -2, -2, 2, 2, 0, 1, -2];
        assert_eq!(candidates(&[&x, &y], &rows(8)), [0, 1, 2, 3, 4]);
        // Before its ends the point of the edge stays, and a middle that is not the table's first does not.
        let (x, y) = ([2, 0, -2, 2, 2, -2], [0, 0, -2, -2, 2, 2]);
        assert_eq!(candidates(&[&x, &y], &rows(6)), [0, 2, 3, 4, 5]);
    }

    #[test]
    fn on_a_line_the_ends_and_the_first_are_kept() {
        let x = [0, -3, -2, -1, 1, 2, 3, 3];
        assert_eq!(candidates(&[&x], &rows(8)), [0, 1, 6]);
        let y: Vec<i64> = x.iter().map(|x| 2 * x).collect();
        assert_eq!(candidates(&[&x, &y], &rows(8)), [0, 1, 6]);
        assert_eq!(candidates(&[&[5, 5, 5], &[7, 7, 7]], &rows(3)), [0]);
        assert_eq!(candidates(&[], &rows(3)), [0]);
    }

    #[test]
    fn of_more_than_two_the_farthest_of_each_direction_is_kept() {
        // 1 is half of 2, 3 the other way, 4 as 2, 5 as 0, 6 in a direction of its own.
        let (x, y, z) = ([0, 1, 2, -1, 2, 0, 1], [0, 2, 4, -2, 4, 0, 2], [0, 3, 6, -3, 6, 0, 4]);
        assert_eq!(candidates(&[&x, &y, &z], &rows(7)), [0, 2, 3, 6]);
    }

    #[test]
    fn rows_that_are_not_asked_for_are_not_kept() {
        assert_eq!(candidates(&[&[9, 0, 1, -9, -1]], &[1, 2, 4]), [1, 2, 4]);
    }
}
