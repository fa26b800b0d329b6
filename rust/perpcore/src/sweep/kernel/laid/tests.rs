//! Rows laid out are those of the table, by account.

use super::*;

#[test]
fn rows_are_laid_out_by_account_in_table_order() {
    let rows = 20_000;
    let holders: Vec<u32> = (0..rows).map(|row: u32| row.wrapping_mul(2_654_435_761) % 9_001).collect();
    let names: Vec<u8> = (0..rows).map(|row| (row % 62) as u8).collect();
    let values: Vec<i64> = (0..rows)
        .map(|row| i64::from(row) * if row % 2 == 0 { -5_000_000_000_000 } else { 5_000_000_000_000 })
        .collect();
    let others: Vec<i64> = (0..rows).map(|row| i64::from(row) << 38).collect();
    let asked = Stop::default();
    for accounts in [0..9_001, 0..5_000, 1_234..8_000, 8_000..8_001, 9_001..9_300, 7..7] {
        for most in [5_000, 12_000, 20_000] {
            let table = Table::new(&holders, &names, [&values, &others], &accounts, &asked).unwrap().unwrap();
            let mut tables =
                Tables { positions: Some(Table { most, ..table }), balances: None, accounts: accounts.clone() };
            let mut next = accounts.start;
            for piece in tables.pieces() {
                assert_eq!(piece.start, next);
                next = piece.end;
                tables.lay(&piece, &asked).unwrap();
                let laid = tables.positions.as_ref().unwrap();
                for account in piece {
                    let beside = laid.of(&(account..account + 1));
                    let wanted: Vec<usize> =
                        (0..holders.len()).filter(|&row| holders[row] as usize == account).collect();
                    assert_eq!(beside.rows().len(), wanted.len());
                    for (at, row) in beside.rows().zip(wanted) {
                        let found = (beside.names[at], beside.values.map(|values| values[at]));
                        assert_eq!(found, (names[row], [values[row], others[row]]));
                    }
                }
            }
            assert_eq!(next, accounts.end);
        }
    }
}

#[test]
fn all_are_moved_at_once_or_about_as_many_each_time() {
    assert_eq!(most_moved(0, 1_000, 0), 0);
    assert_eq!(most_moved(900, 1_000, 50), 950);
    assert_eq!(most_moved(1_900, 1_000, 40), 990);
    assert_eq!(most_moved(1_990, 1_000, 40), 1_000);
}

#[test]
fn a_table_with_a_bucket_of_too_many_rows_is_not_laid_out() {
    let rows = (MOST_MOVED + 10_000 * MOST_MOVED_EACH) / size_of::<Keyed>();
    let (holders, names, values) = (vec![3; rows], vec![0; rows], vec![0; rows]);
    let table =
        |accounts| Table::<Keyed, 1>::new(&holders, &names, [&values], &(0..accounts), &Stop::default()).unwrap();
    assert!(table(1_000).is_none());
    assert!(table(20_000).is_some());
}

#[test]
fn a_row_is_moved_whole_and_what_is_beyond_its_bound_stays_so() {
    let key = (1 << KEY) - 1;
    for quantity in [0, 1, -1, QUANTITY.max as i64, QUANTITY.min as i64] {
        for entry in [0, 1, PRICE.max as i64] {
            let row = <u128 as Moved<2>>::new(key, [quantity, entry]);
            assert_eq!((row.key(), row.values()), (key, [quantity, entry]));
        }
    }
    for (quantity, entry) in [(i64::MIN, -1), (i64::MAX, i64::MAX)] {
        let [found, price] = <u128 as Moved<2>>::new(0, [quantity, entry]).values();
        assert!(!QUANTITY.holds(found.into()) && (found < 0) == (quantity < 0) && !PRICE.holds(price.into()));
    }
}

#[test]
fn what_is_stopped_gives_nothing() {
    let (holders, names, values) = ([1, 0, 2, 1], [0; 4], [5; 4]);
    let stop = Stop::new(|| true);
    assert!(Table::<Keyed, 1>::new(&holders, &names, [&values], &(0..3), &stop).is_none());
    let mut table = Table::<Keyed, 1>::new(&holders, &names, [&values], &(0..3), &Stop::default()).unwrap().unwrap();
    assert!(table.lay(0, &stop).is_none());
}
