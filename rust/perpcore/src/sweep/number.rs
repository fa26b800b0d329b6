//! Accounts numbered from the codes of a column.

#[cfg(target_arch = "x86_64")]
use super::kernel::{Way, wide};

/// Numbers codes that never fall, from 0 on: one more wherever a code is not that of the row before. Appends the number
/// of every row and returns the code of every number. None, and nothing appended, where a code falls or more than `most`
/// are distinct. Each code is read once.
pub fn numbered(codes: &[u32], most: usize, numbers: &mut Vec<u32>) -> Option<Vec<u32>> {
    #[cfg(target_arch = "x86_64")]
    if Way::chosen() == Way::Wide {
        return wide::numbered(codes, most, numbers);
    }
    one_by_one(codes, most, numbers)
}

fn one_by_one(codes: &[u32], most: usize, numbers: &mut Vec<u32>) -> Option<Vec<u32>> {
    let old = numbers.len();
    // Written at every row, so that no branch is to be guessed.
    let mut places = vec![0; most];
    let (mut number, mut last, mut rises) = (0_u32, codes.first().copied()?, true);
    numbers.extend(codes.iter().map(|&code| {
        number = number.wrapping_add(u32::from(code != last));
        rises &= last <= code;
        last = code;
        if let Some(place) = places.get_mut(number as usize) {
            *place = code;
        }
        number
    }));
    if !rises || number as usize >= most {
        numbers.truncate(old);
        return None;
    }
    places.truncate(number as usize + 1);
    Some(places)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_that_never_fall_are_numbered_on_every_way() {
        for rows in [1, 2, 15, 16, 17, 31, 32, 33, 200] {
            for step in [1, 2, 3, 7, 16, 300] {
                let mut codes: Vec<u32> = (0..rows).map(|row| row / step * 5 + 3).collect();
                let wanted: Vec<u32> = (0..rows).map(|row| row / step).collect();
                let distinct = *wanted.last().unwrap() as usize + 1;
                let places: Vec<u32> = (0..distinct as u32).map(|number| number * 5 + 3).collect();
                for number in [numbered, one_by_one] {
                    let mut numbers = vec![9; 3];
                    assert_eq!(number(&codes, distinct, &mut numbers).as_ref(), Some(&places));
                    assert_eq!((&numbers[..3], &numbers[3..]), (&[9; 3][..], &wanted[..]));
                    assert_eq!(number(&codes, distinct - 1, &mut numbers), None);
                    assert_eq!(numbers.len(), rows as usize + 3);
                }
                for row in 1..codes.len() {
                    let old = std::mem::replace(&mut codes[row], 2);
                    for number in [numbered, one_by_one] {
                        let mut numbers = vec![9; 3];
                        assert_eq!((number(&codes, 1_000, &mut numbers), numbers.len()), (None, 3));
                    }
                    codes[row] = old;
                }
            }
        }
        assert_eq!(numbered(&[], 0, &mut Vec::new()), None);
    }
}
