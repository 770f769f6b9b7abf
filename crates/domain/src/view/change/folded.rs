//! A part of a list, and how long the list is: a page carries what it was drawn from, and few read the hundredth step.

use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Folded<T> {
    pub shown: Vec<T>,
    /// Of the whole list.
    pub of: u32,
}

impl<T> Folded<T> {
    /// The first, at most so many.
    pub fn first(mut items: Vec<T>, most: usize) -> Self {
        let of = count(items.len());
        items.truncate(most);
        Self { shown: items, of }
    }

    /// The last, at most so many.
    pub fn last(mut items: Vec<T>, most: usize) -> Self {
        let of = count(items.len());
        items.drain(..items.len().saturating_sub(most));
        Self { shown: items, of }
    }

    /// The first so many of those that may be left out, and all others, in their order.
    pub fn but(items: Vec<T>, most: usize, may_be_left_out: impl Fn(&T) -> bool) -> Self {
        let of = count(items.len());
        let mut room = most;
        let fits = |item: &T| {
            let takes = may_be_left_out(item);
            let fits = !takes || room > 0;
            room -= usize::from(takes && fits);
            fits
        };
        Self { shown: items.into_iter().filter(fits).collect(), of }
    }

    pub fn hidden(&self) -> u32 {
        self.of.saturating_sub(count(self.shown.len()))
    }

    pub const fn is_empty(&self) -> bool {
        self.of == 0
    }
}

pub(super) fn count(items: usize) -> u32 {
    u32::try_from(items).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_out_is_counted() {
        let first = Folded::first(vec![1, 2, 3], 2);
        assert_eq!((first.shown.as_slice(), first.of, first.hidden()), ([1, 2].as_slice(), 3, 1));
        assert_eq!(Folded::last(vec![1, 2, 3], 2).shown, [2, 3]);
        assert_eq!(Folded::last(vec![1], usize::MAX).hidden(), 0);
        assert!(Folded::first(Vec::<u8>::new(), 2).is_empty());
    }

    #[test]
    fn what_must_be_seen_is_never_left_out() {
        let odd = |number: &u32| number % 2 == 1;
        let shown = Folded::but(vec![1, 3, 5, 2, 7, 4], 1, odd);
        assert_eq!((shown.shown.as_slice(), shown.hidden()), ([1, 2, 4].as_slice(), 3));
    }
}
